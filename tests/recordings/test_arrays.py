"""Arrays with labels: .npz and .ts files, windows, and what is dropped or refused."""

from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from eegaug.recordings.arrays import ArrayFile, make_array_windows, read_arrays
from eegaug.recordings.files import is_array_file

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 2, 100))
Y = [2, 10, 2, 10, 2, 10]
SUBJECT = list("aabbcc")
PARTS = {"X": X, "y": Y, "subject": SUBJECT, "sfreq": 50, "ch_names": ["C3", "T4"]}

TS = """\
%# a comment
# and another
@problemName Walks of people
@timeStamps false
@missing true
@univariate false
@dimensions 2
@equalLength true
@seriesLength 4
@classLabel true slow fast

@data
1,2,3,4:0.5,-1e-3,2,1:slow
4,?,2,1:1,2,1,2:fast
"""


def npz(folder, name="one.npz", **parts):
    """Write the parts given over those of :data:`PARTS`, without those that are None."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    np.savez(path, **{key: part for key, part in (PARTS | parts).items() if part is not None})
    return path


def in_memory(name="one", **parts):
    return ArrayFile(name, **(PARTS | parts))


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("a.npz", True), ("A_TRAIN.TS", True), ("a.npy", False), ("a.csv", False), ("ts", False)],
)
def test_files_of_arrays_are_known_by_their_names(name, is_one):
    assert is_array_file(name) is is_one


def test_npz_files_are_read_with_all_their_parts(tmp_path):
    (file,) = read_arrays(npz(tmp_path))
    assert np.array_equal(file.X, X)
    assert (file.y, file.subject, file.sfreq) == (list(map(str, Y)), SUBJECT, 50)
    assert (file.name, file.ch_names, file.path) == ("one.npz", ["C3", "T4"], tmp_path / "one.npz")


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ({"y": None, "subject": None, "sfreq": None, "ch_names": None}, (None, None, None)),
        ({"y": np.array(Y, float), "subject": np.arange(6)}, (list("2A2A2A"), list("012345"), 50)),
        ({"y": np.array([b"l", b"r"] * 3), "sfreq": [50.5]}, (list("lrlrlr"), SUBJECT, 50.5)),
        ({"y": np.array([1, np.nan] * 3)}, (["1", None] * 3, SUBJECT, 50)),
    ],
)
def test_parts_of_npz_files_may_be_absent_or_stored_otherwise(tmp_path, parts, wanted):
    y, subject, sfreq = wanted
    (file,) = read_arrays(npz(tmp_path, **parts))
    assert file.y == (y and [each and each.replace("A", "10") for each in y])
    assert (file.subject, file.sfreq) == (subject, sfreq)
    assert file.ch_names == (["C3", "T4"] if "ch_names" not in parts else ["ch0", "ch1"])


def test_two_dimensions_are_one_channel(tmp_path):
    (file,) = read_arrays(npz(tmp_path, X=X[:, 0].astype(np.int16), ch_names=None))
    assert file.X.shape == (6, 1, 100) and file.ch_names == ["ch0"]


@pytest.mark.parametrize(
    ("text", "shape", "y"),
    [
        (TS, (2, 2, 4), ["slow", "fast"]),
        (TS.replace("@classLabel", "@CLASSLABEL").replace("@data", "@DATA"), (2, 2, 4), None),
        ("@classLabel true 1 2\n@data\n1,2:1\n3,4:2\n3,4:2", (3, 1, 2), ["1", "2", "2"]),
        ("@univariate true\n@classLabel false\n@data\n1,2\n3,4", (2, 1, 2), []),
    ],
)
def test_ts_files_are_read(tmp_path, text, shape, y):
    path = tmp_path / "Walks_TRAIN.ts"
    path.write_text(text)
    (file,) = read_arrays(path, sfreq=20)
    assert file.X.shape == shape and (file.sfreq, file.subject) == (20, None)
    assert y is None or file.y == (y or None)
    if text == TS:
        assert file.X[0, 1].tolist() == [0.5, -0.001, 2, 1] and np.isnan(file.X[1, 0, 1])


def test_files_of_folders_are_found_and_named_apart(tmp_path):
    for folder in ("anna", "ben"):
        npz(tmp_path / folder, subject=None, sfreq=None)
    (tmp_path / "readme.txt").touch()
    files = read_arrays(tmp_path, subject=r"(\w+).one\.npz", sfreq=20)
    assert [file.name for file in files] == ["anna/one.npz", "ben/one.npz"]
    assert [set(file.subject) for file in files] == [{"anna"}, {"ben"}]
    assert [file.sfreq for file in files] == [20, 20]
    # what the file says goes first
    (file,) = read_arrays(npz(tmp_path, "two.npz"), subject="two", sfreq=20)
    assert (file.subject, file.sfreq) == (SUBJECT, 50)


def not_there(folder):
    return folder / "one.npz", FileNotFoundError, "one.npz: no such file or folder."


def empty_folder(folder):
    return (
        folder,
        ValueError,
        ": no file of arrays in this folder; wanted files that end in .npz, .ts.",
    )


def nothing(folder):
    return [], ValueError, "At least one file of arrays is needed. Found none."


def another_kind(folder):
    (folder / "one.csv").write_text("1,2")
    return folder / "one.csv", ValueError, "one.csv: not a file of arrays, which end in .npz or .ts"


def text_as_npz(folder):
    (folder / "one.npz").write_text("milk, bread")
    return folder, ValueError, "one.npz: not a whole .npz file (File is not a zip file)."


def truncated(folder):
    path = npz(folder)
    path.write_bytes(path.read_bytes()[:-500])
    return path, ValueError, "one.npz: not a whole .npz file (File is not a zip file)."


def damaged(folder):
    path = npz(folder)
    content = path.read_bytes()
    path.write_bytes(content[:1000] + bytes(100) + content[1100:])
    return path, ValueError, "one.npz: not a whole .npz file (Bad CRC-32 for file 'X.npy')."


def an_npy(folder):
    np.save(folder / "one.npy", X)
    (folder / "one.npy").rename(folder / "one.npz")
    return folder, ValueError, "one.npz: not a whole .npz file (File is not a zip file)."


def objects(folder):
    different = np.array([np.zeros(3), np.zeros(4)], dtype=object)
    message = "one.npz: `X` is an array of objects, as of trials that differ in length; an array of"
    return npz(folder, X=different), ValueError, message


def labels_as_objects(folder):
    path = npz(folder, y=np.array(list("ababab"), dtype=object))
    message = "one.npz: `y` is an array of objects, as text of pandas is; one of text is wanted:"
    return path, ValueError, f"{message} `y.astype(str)`."


def without_signals(folder):
    path = npz(folder, X=None, data=X)
    return path, ValueError, "one.npz: no `X`, the trials, in this file; it has y, subject, sfreq,"


def too_few_dimensions(folder):
    message = (
        "`X` should be numbers of shape (trials, channels, times). Found float64 of shape (6,)"
    )
    return npz(folder, X=np.zeros(6)), ValueError, message


def too_many_dimensions(folder):
    return npz(folder, X=np.zeros((6, 2, 3, 4))), ValueError, "Found float64 of shape (6, 2, 3, 4)."


def no_trials(folder):
    return npz(folder, X=np.zeros((0, 2, 9))), ValueError, "Found float64 of shape (0, 2, 9)."


def signals_of_text(folder):
    return npz(folder, X=X.astype(str)), ValueError, "of shape (6, 2, 100)."


def complex_signals(folder):
    return npz(folder, X=X + 0j), ValueError, "Found complex128 of shape (6, 2, 100)."


def labels_of_others(folder):
    message = "one.npz: `y` should be 6 names or whole numbers, for `X` of shape (6, 2, 100), "
    wanted = f"{message}which is (trials, channels, times). Found shape (5,)."
    return npz(folder, y=Y[:5]), ValueError, wanted


def labels_as_columns(folder):
    message = "one.npz: `y` should be 6 names or whole numbers, for `X` of shape (6, 2, 100), "
    wanted = f"{message}which is (trials, channels, times). Found shape (6, 6)."
    return npz(folder, y=np.eye(6)), ValueError, wanted


def labels_to_regress(folder):
    message = "one.npz: `y` holds 0.5, which names nothing; names or whole numbers are wanted."
    return npz(folder, y=np.linspace(0.5, 1, 6)), ValueError, message


def subjects_of_others(folder):
    return npz(folder, subject=SUBJECT[:3]), ValueError, "one.npz: `subject` should be 6 names or"


def subjects_missing(folder):
    path = npz(folder, subject=[1, 2, 3, np.nan, np.nan, 1])
    return path, ValueError, "one.npz: `subject` has 2 without a name."


def channels_of_others(folder):
    message = "one.npz: `ch_names` should be 2 names or whole numbers, for `X` of shape (6, 2, 100)"
    return npz(folder, ch_names=["C3"]), ValueError, message


def channels_twice(folder):
    message = "one.npz: several channels are named C3."
    return npz(folder, ch_names=["C3", "C3"]), ValueError, message


def rate_of_text(folder):
    message = "one.npz: `sfreq` should be a positive number. Found fast."
    return npz(folder, sfreq="fast"), ValueError, message


def negative_rate(folder):
    return npz(folder, sfreq=-50), ValueError, "`sfreq` should be a positive number. Found -50."


def no_subject_in_the_path(folder):
    return npz(folder, subject=None), ValueError, "no subject in this path by the expression 'zzz'"


@pytest.mark.parametrize(
    "make",
    [
        not_there,
        empty_folder,
        nothing,
        another_kind,
        text_as_npz,
        truncated,
        damaged,
        an_npy,
        objects,
        labels_as_objects,
        without_signals,
        too_few_dimensions,
        too_many_dimensions,
        no_trials,
        signals_of_text,
        complex_signals,
        labels_of_others,
        labels_as_columns,
        labels_to_regress,
        subjects_of_others,
        subjects_missing,
        channels_of_others,
        channels_twice,
        rate_of_text,
        negative_rate,
        no_subject_in_the_path,
    ],
)
def test_files_that_cannot_be_read_give_one_line(tmp_path, make):
    paths, error, message = make(tmp_path)
    with pytest.raises(error) as caught:
        read_arrays(paths, subject="zzz")
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("@timeStamps false", "@timeStamps true"), ", line 4: series with time stamps cannot be"),
        (("@equalLength true", "@equalLength false"), ", line 8: series that differ in length"),
        (
            ("@classLabel true slow fast", "@targetLabel true"),
            ", line 10: numbers to predict are no",
        ),
        (("@classLabel true slow fast\n", ""), ", line 11: @classLabel, true with the labels or f"),
        (("@seriesLength 4", "@seriesLength four"), ", line 9: a number is wanted. Found '@series"),
        (("@data\n", ""), ", line 12: a line of the header, as @data, is wanted. Found '1,2,3,4:0"),
        ((":slow", ":slwo"), ", line 13: label 'slwo' is none of slow, fast."),
        ((":slow", ""), ", line 13: label '0.5,-1e-3,2,1' is none of slow, fast."),
        (("1,2,3,4:", "1,x,3,4:"), ", line 13: could not convert string to float: 'x'."),
        (("1,2,3,4:", "(0,1),(1,2):"), ", line 13: could not convert string to float: '(0'."),
        (("1,2,3,4:", "1,2,3:"), ", line 13: dimensions of one length are wanted. Found [3, 4]."),
        (("2,1:slow", "2,1:1,1,1,1:slow"), ", line 13: 3 dimensions of 4 values, where the header"),
        (("@dimensions 2\n@", "@"), None),
        (("@dimensions 2", "@dimensions 3"), "values, where the header says @dimensions 3."),
        (("@univariate false", "@univariate true"), "values, where the header says @univariate tr"),
        (("@seriesLength 4", "@seriesLength 5"), "where the header says @serieslength 5."),
        (
            ("@seriesLength 4\n", "4,?,2,1:1,2,1,2:fast", "4,?,2:1,2,1:fast"),
            ", line 13: 2 dimensions of 3 values, where the first trial has 2 of 4.",
        ),
        (("?,2,1:1,2,1,2:fast", ""), ", line 14: label '4,' is none of slow, fast."),
        ((TS[TS.index("1,2,3,4") :], ""), ": no trials; lines of them are wanted after @data."),
        (("%# a comment", "\x00\udcff"), ": not a text that can be read ("),
    ],
)
def test_ts_files_that_cannot_be_read_say_where(tmp_path, change, message):
    text = TS
    if len(change) == 3:
        text, change = text.replace(change[0], ""), change[1:]
    path = tmp_path / "Walks.ts"
    path.write_bytes(text.replace(*change).encode(errors="surrogateescape"))
    if message is None:
        assert read_arrays(path)[0].X.shape == (2, 2, 4)
        return
    with pytest.raises(ValueError) as caught:
        read_arrays(path)
    assert f"{path}" in str(caught.value) and message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_windows_are_the_trials_scaled_by_subject():
    windows = make_array_windows([in_memory()])
    assert windows.X.shape == (6, 2, 100) and windows.X.dtype == np.float32
    for subject in "abc":
        own = X[np.array(SUBJECT) == subject]
        found = windows.X[windows.subjects == subject]
        assert np.allclose(found, own / own.std(), atol=1e-5)
    assert windows.labels == ("2", "10") and windows.y.tolist() == [0, 1] * 3
    assert windows.metadata["onset"].tolist() == [0, 2, 4, 6, 8, 10]
    assert windows.info["ch_names"] == ["C3", "T8"] and windows.notes == []
    assert np.isfinite(windows.info["chs"][1]["loc"][:3]).all()
    assert (windows.tmin, windows.scaling, windows.info["sfreq"]) == (0.0, "recording", 50)
    again = make_array_windows([in_memory()], **windows.cutting)
    assert again.fingerprint == windows.fingerprint


def test_windows_are_filtered_resampled_and_picked():
    windows = make_array_windows(
        [in_memory()], labels={"b": "10", "a": "2"}, sfreq=25, h_freq=10, channels="T8"
    )
    assert windows.X.shape == (6, 1, 50) and windows.y.tolist() == [1, 0] * 3
    assert windows.notes == ["Files resampled to 25 Hz: 1 from 50 Hz."]
    assert windows.cutting == {
        "labels": {"b": "10", "a": "2"},
        "sfreq": 25,
        "l_freq": None,
        "h_freq": 10,
    }


def test_a_rate_that_is_not_known_can_be_given():
    windows = make_array_windows([in_memory(sfreq=None)], sfreq=20)
    assert windows.X.shape == (6, 2, 100) and windows.info["sfreq"] == 20 and windows.notes == []


def test_what_is_flat_not_finite_or_unlabelled_is_dropped_and_counted():
    spoilt = X.copy()
    spoilt[0, 0, 3] = np.nan
    spoilt[1, 1] = 0
    file = in_memory(X=spoilt, y=[1, 2, 1, 2, np.nan, 1])
    windows = make_array_windows([file])
    assert windows.y.tolist() == [0, 1, 0]
    assert windows.subjects.tolist() == ["b", "b", "c"]
    assert windows.notes == [
        "Windows dropped: 1 flat, 1 not finite, 1 without a label.",
        "No window is left of one, a.",
    ]


def test_each_file_may_be_one_subject(tmp_path):
    for name in ("anna", "ben.1"):
        npz(tmp_path, f"{name}.npz", subject=None)
    windows = make_array_windows(read_arrays(tmp_path), one_subject=True)
    assert windows.subjects.tolist() == ["anna"] * 6 + ["ben.1"] * 6
    assert [source["name"] for source in windows.sources] == ["anna.npz", "ben.1.npz"]


@pytest.mark.parametrize(
    ("parts", "labels", "y"),
    [
        ({"y": None, "subject": None}, ["2", "10"], [-1] * 6),
        ({"subject": None}, ["2", "10"], [0, 1, 0, 1, 0, 1]),
        ({}, ["10", "3"], [-1, 0, -1, 0, -1, 0]),
        ({}, None, [-1] * 6),
        ({"y": [1, 2, 3, 1, 1, 1]}, ["1", "2"], [0, 1, -1, 0, 0, 0]),
    ],
)
def test_windows_to_be_scored_need_no_labels_and_no_subjects(parts, labels, y):
    windows = make_array_windows([in_memory(**parts)], labels=labels, labelled=False)
    assert windows.y.tolist() == y


def test_the_cache_gives_the_same_windows(tmp_path):
    cached = [make_array_windows([in_memory()], cache=tmp_path) for _ in range(2)]
    plain = make_array_windows([in_memory()])
    for windows in cached:
        assert np.array_equal(windows.X[:], plain.X) and windows.fingerprint == plain.fingerprint
    assert len(list(tmp_path.glob("*.npy"))) == 3
    make_array_windows([in_memory(X=X + np.arange(6)[:, None, None])], cache=tmp_path)
    assert len(list(tmp_path.glob("*.npy"))) == 6


@pytest.mark.parametrize(
    ("files", "arguments", "message"),
    [
        ([], {}, "At least one file of arrays is needed. Found none."),
        (
            [in_memory(sfreq=None)],
            {},
            "one: its sampling rate is not known; wanted is `sfreq`, in the file or as an argument,"
            " or --sfreq.",
        ),
        (
            [in_memory(sfreq=-1)],
            {},
            "Parameter `sfreq` should be positive. Found `sfreq = -1`.",
        ),
        (
            [in_memory(y=None)],
            {},
            "one: trials without labels to learn from; wanted is `y`, one per trial, in an .npz"
            " file, or @classLabel in a .ts file.",
        ),
        (
            [in_memory(subject=None)],
            {},
            "one: who each trial is of cannot be told, so people cannot be kept apart in training"
            " and test; wanted is `subject` in the file, or, where all trials are of one person,"
            " --one-subject and --split time.",
        ),
        (
            [in_memory(), in_memory("two", sfreq=100)],
            {},
            "The files differ: two has channels C3, T4 and trials of 100 samples at 100 Hz, one"
            " channels C3, T4 and trials of 100 samples at 50 Hz.",
        ),
        (
            [in_memory(), in_memory("two", X=X[:, :, :90])],
            {},
            "The files differ: two has channels C3, T4 and trials of 90 samples at 50 Hz, one"
            " channels C3, T4 and trials of 100 samples at 50 Hz.",
        ),
        (
            [in_memory(), in_memory("two", ch_names=["C3", "Cz"])],
            {},
            "The files differ: two has channels C3, Cz and trials of 100 samples at 50 Hz, one"
            " channels C3, T4 and trials of 100 samples at 50 Hz.",
        ),
        (
            [in_memory(), in_memory("two", ch_names=["C3", "Cz"])],
            {"channels": ["C3", "Cz"]},
            "one: no channel Cz; it has C3, T8.",
        ),
        (
            [in_memory()],
            {"labels": ["2", "4"]},
            "No trial is labelled '4'. Found '2' (3), '10' (3).",
        ),
        (
            [in_memory(y=[1] * 6)],
            {},
            "There should be two labels or more, each with trials of its own. Found {'1': '1'},"
            " among trials labelled '1' (6).",
        ),
        ([in_memory()], {"sfreq": 0}, "Parameter `sfreq` should be positive. Found `sfreq = 0`."),
        (
            [in_memory()],
            {"h_freq": 30},
            "Pass band should lie between 0 Hz and half the sampling rate. Found 0 to 30 Hz at"
            " 50 Hz.",
        ),
        ([in_memory(X=X * 0)], {}, "No window is left of 3 recordings: 6 flat."),
    ],
)
def test_what_cannot_be_cut_gives_one_line(files, arguments, message):
    with pytest.raises(ValueError) as caught:
        make_array_windows(files, **arguments)
    assert str(caught.value) == message


def test_channels_in_another_order_are_brought_to_that_of_the_first():
    other = in_memory("two", X=X[:, ::-1], ch_names=["T4", "C3"])
    windows = make_array_windows([in_memory(), other])
    assert np.allclose(windows.X[:6], windows.X[6:])
    # whatever else there is, where channels are named
    third = in_memory("three", ch_names=["C3", "Foo"])
    assert make_array_windows([other, third], channels="C3").X.shape == (12, 1, 100)


def test_arrays_alone_are_no_files():
    with pytest.raises(TypeError, match=r"be made by `ArrayFile`\. Found ndarray\."):
        make_array_windows([X])
    with pytest.raises(TypeError, match=r"Parameter `sfreq` should be a number"):
        read_arrays([], sfreq="50")


def test_arrays_that_do_not_fit_into_memory_give_one_line(tmp_path, monkeypatch):
    """Zeros that are small on the disk."""
    path = npz(tmp_path, X=np.zeros((6, 4, 10_000)))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10**6))
    with pytest.raises(
        ValueError, match=r"its arrays need 0\.0 GB of memory, and 0\.0 GB are free"
    ):
        read_arrays(path)


def test_a_single_number_is_not_divided_by_zero():
    windows = make_array_windows([ArrayFile("one", np.ones((1, 1, 1)), sfreq=50.0)], labelled=False)
    assert windows.X.tolist() == [[[1.0]]]
