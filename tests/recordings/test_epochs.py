"""Files of epochs: reading, labels, windows, and what is dropped or refused."""

import gc
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest

from eegaug.recordings import Recording, place_electrodes
from eegaug.recordings.epoch_windows import make_epoch_windows
from eegaug.recordings.epochs import EpochsFile, read_epochs
from eegaug.recordings.files import is_epochs_file

from ..conftest import SHARED

needs_ssvep = pytest.mark.skipif(
    not (SHARED / "ssvep").exists(), reason="no epochs of ssvep beside the project"
)
EVENTS = {"left": 1, "right": 2}


def make_epochs(
    n=6,
    ch_names=("C3", "C4"),
    sfreq=100.0,
    n_times=300,
    event_id=None,
    seed=0,
    place=True,
    **columns,
):
    """Return epochs from -0.5 s with two events in turn, and metadata of the columns given."""
    signals = np.random.default_rng(seed).normal(0, 1e-5, (n, len(ch_names), n_times))
    event_id = event_id or EVENTS
    codes = [list(event_id.values())[i % len(event_id)] for i in range(n)]
    epochs = mne.EpochsArray(
        signals,
        mne.create_info(list(ch_names), sfreq, "eeg"),
        np.column_stack([400 + 500 * np.arange(n), np.zeros(n, int), codes]),
        tmin=-0.5,
        event_id=event_id,
        metadata=pd.DataFrame(columns) if columns else None,
        verbose="error",
    )
    if place:
        place_electrodes(epochs)
    return epochs


def in_memory(name="one", subject="anna", **options):
    return EpochsFile(name, subject, make_epochs(**options))


def saved(path: Path, **options) -> Path:
    path.parent.mkdir(exist_ok=True)
    make_epochs(**options).save(path, verbose="error")
    return path


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("sub-01-epo.fif", True),
        ("folder/x_epo.fif", True),
        ("x-epo.fif.gz", True),
        ("X_EPO.FIF.GZ", True),
        ("x-epo-1.fif", True),
        ("x_raw.fif", False),
        ("depot.fif", False),
        ("x-epo.edf", False),
    ],
)
def test_files_of_epochs_are_known_by_their_names(name, is_one):
    assert is_epochs_file(name) is is_one and is_epochs_file(Path(name)) is is_one


@pytest.mark.parametrize(
    ("name", "pattern", "subject"),
    [
        ("sub-01-epo.fif", None, "sub-01"),
        ("sub-01_task-rest_epo.fif", None, "sub-01"),
        ("anna-epo.fif", None, "anna"),
        ("anna_epo.fif.gz", None, "anna"),
        ("anna-2-epo.fif", r"([a-z]+)-\d-epo", "anna"),
        ("anna-2-epo.fif", r"anna-\d", "anna-2"),
        ("anna.fif", None, "anna"),
    ],
)
def test_the_subject_is_in_the_name(tmp_path, name, pattern, subject):
    path = saved(tmp_path / "x-epo.fif.gz" if name.endswith(".gz") else tmp_path / "x-epo.fif")
    path = path.rename(tmp_path / name)
    (file,) = read_epochs(path, subject=pattern)
    assert (file.name, file.subject, file.path) == (name, subject, path)
    assert not file.epochs.preload


def test_the_patient_of_the_header_and_the_folder_name_subjects(tmp_path):
    epochs = make_epochs()
    epochs.info["subject_info"] = {"his_id": "P7"}
    epochs.save(tmp_path / "one-epo.fif", verbose="error")
    for folder in ("anna", "ben"):
        saved(tmp_path / folder / "two-epo.fif")
    files = read_epochs(tmp_path)
    assert [file.subject for file in files] == ["anna", "ben", "P7"]
    assert [file.name for file in files] == ["anna/two-epo.fif", "ben/two-epo.fif", "one-epo.fif"]


def test_folders_are_searched_and_parts_are_read_with_the_first(tmp_path):
    big = make_epochs(200, n_times=2000)
    big.save(tmp_path / "x-epo.fif", split_size="2MB", verbose="error")
    big.save(tmp_path / "y_epo.fif", split_size="2MB", split_naming="bids", verbose="error")
    (tmp_path / ".z-epo.fif").touch()
    (tmp_path / "notes.txt").touch()
    files = read_epochs(tmp_path)
    assert [file.name for file in files] == ["x-epo.fif", "y_split-01_epo.fif"]
    assert [len(file.epochs) for file in files] == [200, 200]
    # as a wildcard names them, and one of them twice
    everything = [*sorted(tmp_path.glob("x-epo*.fif")), tmp_path / "." / "x-epo.fif"]
    assert [file.name for file in read_epochs(everything)] == ["x-epo.fif"]
    with pytest.raises(ValueError, match=r"x-epo-1\.fif: a further part of a split file"):
        read_epochs(tmp_path / "x-epo-1.fif")


def test_channels_get_names_and_positions_of_electrodes(tmp_path):
    (file,) = read_epochs(saved(tmp_path / "x-epo.fif", ch_names=("T3", "Cz.", "Foo"), place=False))
    assert file.epochs.ch_names == ["T7", "Cz", "Foo"]
    windows = make_epoch_windows([file])
    assert windows.notes == ["Channels without a position: Foo."]
    assert np.isfinite(windows.info["chs"][0]["loc"][:3]).all()


def not_there(folder):
    return folder / "x-epo.fif", FileNotFoundError, "x-epo.fif: no such file or folder."


def nothing(folder):
    return [], ValueError, "At least one file of epochs is needed. Found none."


def empty_folder(folder):
    return (
        folder,
        ValueError,
        "no file of epochs in this folder; wanted files that end in -epo.fif, _epo",
    )


def no_epochs(folder):
    (folder / "x-epo.fif").write_text("milk, bread")
    return folder, ValueError, "x-epo.fif: not a whole file of epochs that MNE can read ("


def a_recording(folder):
    raw = mne.io.RawArray(np.zeros((1, 500)), mne.create_info(1, 100), verbose="error")
    raw.save(folder / "x_raw.fif", verbose="error")
    return folder / "x_raw.fif", ValueError, "x_raw.fif: not a whole file of epochs"


def truncated(folder):
    path = saved(folder / "x-epo.fif")
    path.write_bytes(path.read_bytes()[:-1000])
    return path, ValueError, "x-epo.fif: not a whole file of epochs that MNE can read ("


def truncated_in_the_header(folder):
    path = saved(folder / "x-epo.fif")
    path.write_bytes(path.read_bytes()[:500])
    return path, ValueError, "x-epo.fif: not a whole file of epochs that MNE can read ("


def truncated_and_compressed(folder):
    path = saved(folder / "x-epo.fif.gz")
    path.write_bytes(path.read_bytes()[:-1000])
    return path, ValueError, "x-epo.fif.gz: not a whole file of epochs that MNE can read ("


def without_its_second_part(folder):
    make_epochs(200, n_times=2000).save(
        folder / "x-epo.fif", split_size="2MB", overwrite=True, verbose="error"
    )
    (folder / "x-epo-1.fif").unlink()
    return folder / "x-epo.fif", ValueError, "x-epo.fif: not a whole file of epochs"


@pytest.mark.parametrize(
    "make",
    [
        not_there,
        nothing,
        empty_folder,
        no_epochs,
        a_recording,
        truncated,
        truncated_in_the_header,
        truncated_and_compressed,
        without_its_second_part,
    ],
)
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_files_that_cannot_be_read_give_one_line(tmp_path, make):
    paths, error, message = make(tmp_path)
    with pytest.raises(error) as caught:
        read_epochs(paths)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    del caught
    gc.collect()  # of files that MNE leaves open where it fails


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "Parameter `subject` should be a regular expression. Found '('"),
        ("nobody", "no subject in this path by the expression 'nobody'"),
    ],
)
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_a_subject_that_cannot_be_found_gives_one_line(tmp_path, pattern, message):
    with pytest.raises(ValueError) as caught:
        read_epochs(saved(tmp_path / "x-epo.fif"), subject=pattern)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    del caught
    gc.collect()  # of the file, which MNE keeps open


def test_windows_are_the_trials_scaled_by_file():
    files = [in_memory("one"), in_memory("two", "ben", seed=1)]
    windows = make_epoch_windows(files)
    assert windows.X.shape == (12, 2, 300) and windows.X.dtype == np.float32
    for file in files:
        signals = file.epochs.get_data()
        own = windows.X[windows.metadata["recording"] == file.name]
        assert np.allclose(own, signals / signals.std(), atol=1e-5)
    assert windows.labels == ("left", "right") and windows.y.tolist() == [0, 1] * 6
    assert windows.subject_names == ["anna", "ben"] and windows.notes == []
    assert windows.metadata["onset"].tolist() == [5.0 * i for i in range(6)] * 2
    assert windows.tmin == -0.5 and windows.scaling == "recording"
    assert windows.sources[1]["windows"] == {"left": 3, "right": 3}
    assert windows.to_epochs().event_id == {"left": 0, "right": 1}


def test_windows_are_those_of_mne():
    file = in_memory(n_times=600, sfreq=200.0)
    windows = make_epoch_windows(
        [file], window=(0.25, 1.75), sfreq=128, l_freq=4, h_freq=40, channels="C4"
    )
    theirs = file.epochs.copy().pick(["C4"]).filter(4, 40, verbose="error")
    theirs = theirs.resample(128, verbose="error").get_data()
    start = round(0.75 * 128)
    theirs = theirs[:, :, start : start + 192]
    assert np.allclose(windows.X, theirs / theirs.std(), atol=1e-4)
    assert windows.notes == ["Files resampled to 128 Hz: 1 from 200 Hz."]
    # what is in `cutting` cuts others alike
    again = make_epoch_windows([file], channels="C4", **windows.cutting)
    assert again.fingerprint == windows.fingerprint
    assert windows.cutting["window"] == [0.25, 1.75] and windows.info["sfreq"] == 128


@pytest.mark.parametrize(
    ("arguments", "labels", "y"),
    [
        ({"labels": {"r": "right", "l": "left"}}, ("r", "l"), [1, 0, 1, 0, 1, 0]),
        ({"labels": ["right", "left"]}, ("right", "left"), [1, 0, 1, 0, 1, 0]),
        ({"label": "number"}, ("2", "3", "10"), [2, 1, 2, 1, 0, 0]),
        ({"label": "number", "labels": {"a": "3", "b": "2"}}, ("a", "b"), [0, 0, 1, 1]),
        ({"label": "number", "labels": ["10", "3"]}, ("10", "3"), [0, 1, 0, 1]),
        ({"label": "side"}, ("a", "b"), [0, 0, 1, 1, 0]),
    ],
)
def test_labels_are_events_or_a_column(arguments, labels, y):
    file = in_memory(number=[10, 3, 10, 3, 2, 2], side=["a", "a", "b", "b", None, "a"])
    windows = make_epoch_windows([file], **arguments)
    assert windows.labels == labels and windows.y.tolist() == y
    no_label = arguments.get("label") == "side"
    assert windows.notes == ["Windows dropped: 1 without a label."] * no_label


def test_events_of_all_files_are_labels():
    feet = in_memory("two", event_id={"left": 7, "feet": 1})
    windows = make_epoch_windows([in_memory(), feet])
    assert windows.labels == ("feet", "left", "right")
    assert windows.y.tolist() == [1, 2] * 3 + [1, 0] * 3


def test_one_file_of_several_subjects_gives_a_part_for_each():
    signals = make_epochs(subject=[1.0, 2.0, 1.0, np.nan, 1.0, 2.0])
    windows = make_epoch_windows([EpochsFile("all", "nobody", signals)])
    assert windows.subjects.tolist() == ["1"] * 3 + ["2"] * 2 + ["nobody"]
    assert [source["name"] for source in windows.sources] == ["all, 1", "all, 2", "all, nobody"]
    assert windows.metadata["onset"].tolist() == [0, 10, 20, 5, 25, 15]
    assert windows.y.tolist() == [0, 0, 0, 1, 1, 1]
    theirs = signals.get_data()[[1, 5]]
    assert np.allclose(windows.X[3:5], theirs / theirs.std(), atol=1e-5)


def test_the_subject_of_a_file_is_that_of_its_metadata(tmp_path):
    path = saved(tmp_path / "sub-01-epo.fif", subject=["07"] * 6)
    files = read_epochs(path)
    windows = make_epoch_windows(files)
    assert windows.subject_names == ["07"]
    assert windows.metadata["recording"].unique().tolist() == ["sub-01-epo.fif"]


def test_trials_are_in_the_order_of_time():
    epochs = make_epochs()
    epochs = epochs[[3, 1, 0, 2]]
    windows = make_epoch_windows([EpochsFile("one", "anna", epochs)])
    assert windows.metadata["onset"].tolist() == [0, 5, 10, 15]
    assert windows.y.tolist() == [0, 1, 0, 1]


def test_events_that_number_the_trials_are_no_times():
    """As those of MNE are, where none are given."""
    made = make_epochs(12)
    made.events[:, 0] = np.arange(12)
    file = EpochsFile("one", "anna", made[[0, 1, 2, 4, 5, 8, 9]])
    assert make_epoch_windows([file]).metadata["onset"].tolist() == [0, 3, 6, 12, 15, 24, 27]


def spoilt(**options) -> EpochsFile:
    """Return epochs: one not finite before 0 s, one with a flat channel, one still for 1 s."""
    file = in_memory(**options)
    signals = file.epochs.get_data(copy=False)
    signals[1, 0, 10] = np.inf
    signals[2, 1] = 3e-6
    signals[4, 1, 100:200] = 3e-6
    return file


@pytest.mark.parametrize(
    ("arguments", "kept", "note"),
    [
        ({}, [0, 3, 4, 5], "Windows dropped: 1 flat, 1 not finite."),
        ({"window": (0, 2)}, [0, 1, 3, 4, 5], "Windows dropped: 1 flat."),
        ({"window": (0.5, 1.5)}, [0, 1, 3, 5], "Windows dropped: 2 flat."),
        # a filter spreads what is not finite
        ({"window": (0, 2), "h_freq": 40}, [0, 3, 4, 5], "Windows dropped: 1 flat, 1 not finite."),
        ({"window": (0, 2), "sfreq": 50}, [0, 3, 4, 5], "Windows dropped: 1 flat, 1 not finite."),
    ],
)
def test_flat_and_infinite_trials_are_dropped_and_counted(arguments, kept, note):
    windows = make_epoch_windows([spoilt()], **arguments)
    assert (windows.metadata["onset"] / 5).tolist() == kept
    assert windows.notes[-1] == note and np.isfinite(windows.X).all()


def test_still_channels_of_long_trials_are_flat():
    file = in_memory(n=4, n_times=900)
    signals = file.epochs.get_data(copy=False)
    signals[0, 1, 300:700] = 0  # 4 s
    signals[1, 1, 300:801] = 0  # 5 s
    windows = make_epoch_windows([file])
    assert windows.notes == ["Windows dropped: 1 flat."]
    assert windows.metadata["onset"].tolist() == [0, 10, 15]


def test_bad_channels_and_channels_of_some_files_are_left_out():
    one, two = in_memory("one", ch_names=("C3", "C4", "Pz", "Cz")), in_memory("two")
    one.epochs.info["bads"] = ["Cz"]
    two = EpochsFile("two", "ben", make_epochs(ch_names=("C4", "Cz", "C3")))
    windows = make_epoch_windows([one, two])
    assert windows.info["ch_names"] == ["C3", "C4"]
    theirs = two.epochs.get_data()[:, [2, 0]]
    assert np.allclose(windows.X[6:], theirs / theirs.std(), atol=1e-5)
    assert windows.notes == [
        "one: marked bad and not used: Cz.",
        "EEG channels that not all recordings have are left out: Cz, Pz.",
        "Channels were brought to the order of the first recording.",
    ]


@pytest.mark.parametrize("window", [None, (-0.5, 2.5), (-0.503, 2.503), (0.1, 1.033)])
@pytest.mark.parametrize("sfreq", [33.3, 90.0, 100.0, 128.0, 512.0])
def test_files_of_several_rates_give_windows_of_one_length(window, sfreq):
    files = [in_memory(), in_memory("two", sfreq=128.0, n_times=384)]
    windows = make_epoch_windows(files, sfreq=sfreq, window=window)
    start, end = (-0.5, 2.5) if window is None else np.clip(window, -0.5, 2.5)
    assert windows.X.shape == (12, 2, int((end - start) * sfreq + 1e-6))
    assert windows.cutting["window"] == [start, end]
    rates = ", ".join(f"1 from {rate} Hz" for rate in (100, 128) if rate != sfreq)
    assert windows.notes == [f"Files resampled to {sfreq:g} Hz: {rates}."]


def test_a_filter_longer_than_the_trials_is_told():
    windows = make_epoch_windows([in_memory()], l_freq=0.5)
    assert windows.notes[0] == (
        "Trials of 3 s are shorter than the filter of 6.6 s, which distorts them towards their"
        " edges."
    )


def test_epochs_that_are_read_lazily_lose_what_mne_rejects():
    raw = mne.io.RawArray(
        np.random.default_rng(0).normal(0, 1e-5, (1, 2000)),
        mne.create_info(["C3"], 100, "eeg"),
        verbose="error",
    )
    raw._data[0, 500] = 1e-3
    events = np.column_stack([200 + 300 * np.arange(5), np.zeros(5, int), [1, 2, 1, 2, 1]])
    epochs = mne.Epochs(
        raw, events, EVENTS, tmin=0, tmax=2, baseline=None, reject={"eeg": 5e-4}, verbose="error"
    )
    windows = make_epoch_windows([EpochsFile("one", "anna", epochs)])
    assert windows.metadata["onset"].tolist() == [0, 6, 9, 12] and windows.X.shape == (4, 1, 201)


@pytest.mark.parametrize(
    ("arguments", "counts"),
    [
        ({"labels": {"l": "left", "r": "right"}}, {"l": 3, "r": 3}),
        ({"labels": ["left", "feet"]}, {"left": 3, "unlabelled": 3}),
        ({"labels": ["up", "down"]}, {"unlabelled": 6}),
        ({}, {"unlabelled": 6}),
        ({"label": "nowhere", "labels": ["a", "b"]}, {"unlabelled": 6}),
        ({"label": "side", "labels": ["a", "b"]}, {"a": 2, "b": 1, "unlabelled": 3}),
    ],
)
def test_windows_to_be_scored_need_no_labels(arguments, counts):
    file = in_memory(side=["a", "c", "b", "c", None, "a"])
    windows = make_epoch_windows([file], labelled=False, **arguments)
    assert windows.counts == counts and windows.notes == []
    assert len(windows) == 6 and windows.X.shape == (6, 2, 300)


@pytest.mark.parametrize("preload", [False, True])
def test_the_cache_gives_the_same_windows(tmp_path, preload):
    paths = [
        saved(tmp_path / "in" / f"{name}-epo.fif", seed=seed) for seed, name in enumerate("ab")
    ]
    files = read_epochs(paths)
    if preload:
        files = [EpochsFile(file.name, file.subject, file.epochs.load_data()) for file in files]
    cut = {"window": (0, 2), "l_freq": 4, "h_freq": 30}
    cached = [make_epoch_windows(files, cache=tmp_path / "cache", **cut) for _ in range(2)]
    plain = make_epoch_windows(files, **cut)
    for windows in cached:
        assert np.array_equal(windows.X[:], plain.X) and windows.fingerprint == plain.fingerprint
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 2
    make_epoch_windows(files, cache=tmp_path / "cache", **(cut | {"h_freq": 35}))
    make_epoch_windows(files, cache=tmp_path / "cache", **cut, labels=["right", "left"])
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 4
    # labels and subjects are not what signals depend on, but other trials are
    make_epoch_windows(
        [EpochsFile("c", "c", files[0].epochs[:4], files[0].path)], cache=tmp_path / "cache", **cut
    )
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 5


def test_a_file_that_was_written_anew_is_not_found_in_the_cache(tmp_path):
    path = tmp_path / "x-epo.fif"
    for seed in (0, 1):
        make_epochs(seed=seed).save(path, overwrite=True, verbose="error")
        files = read_epochs(path)
        cached = make_epoch_windows(files, cache=tmp_path / "cache")
        assert np.array_equal(cached.X[:], make_epoch_windows(files).X)


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_signals_that_are_lost_after_opening_give_one_line(tmp_path):
    path = saved(tmp_path / "x-epo.fif")
    files = read_epochs(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ValueError, match=r"^x-epo\.fif: signals cannot be read \(") as caught:
        make_epoch_windows(files)
    del caught
    gc.collect()  # of the file that MNE leaves open where it fails


FILES = {
    "plain": [in_memory()],
    "one event": [in_memory(event_id={"stimulus": 1})],
    "one event and metadata": [
        in_memory(event_id={"stimulus": 1}, side=list("lrlrlr"), rt=[1] * 6)
    ],
    "metadata": [in_memory(side=list("lrlrlr"), rt=[0.43, 1, 2, 1, 1, 2], same=["x"] * 6)],
    "two rates": [in_memory(), in_memory("two", sfreq=128.0)],
    "two lengths": [in_memory(), in_memory("two", n_times=200)],
    "two montages": [in_memory(), in_memory("two", ch_names=("O1", "O2"))],
    "flat": [in_memory()],
    "nothing": [],
}
FILES["flat"][0].epochs.get_data(copy=False)[:] = 0


@pytest.mark.parametrize(
    ("files", "arguments", "message"),
    [
        ("nothing", {}, "At least one file of epochs is needed. Found none."),
        (
            "one event",
            {},
            "Epochs without labels: all events are 'stimulus'; events of two names, or metadata,"
            " are wanted.",
        ),
        (
            "one event and metadata",
            {},
            "Epochs without labels: all events are 'stimulus'; name a column of the metadata by"
            " `label` or --label: side, rt.",
        ),
        (
            "plain",
            {"label": "side"},
            "one: no metadata, so no column 'side'; its events are 'left', 'right'.",
        ),
        (
            "metadata",
            {"label": "hand"},
            "one: no column 'hand' in the metadata; it has side, rt, same.",
        ),
        (
            "metadata",
            {"label": "rt"},
            "one: column 'rt' holds 0.43, which names nothing; names or whole numbers are wanted.",
        ),
        (
            "metadata",
            {"label": "same"},
            "There should be two labels or more, each with trials of its own. Found {'x': 'x'},"
            " among trials labelled 'x' (6).",
        ),
        (
            "plain",
            {"labels": ["left"]},
            "There should be two labels or more, each with trials of its own. Found"
            " {'left': 'left'}, among trials labelled 'left' (3), 'right' (3)."
            " Choose some by `labels` or --labels.",
        ),
        (
            "plain",
            {"labels": {"a": "left", "b": "left"}},
            "There should be two labels or more, each with trials of its own. Found"
            " {'a': 'left', 'b': 'left'}, among trials labelled 'left' (3), 'right' (3)."
            " Choose some by `labels` or --labels.",
        ),
        (
            "plain",
            {"labels": {"left": "left", "b": "feet"}},
            "No trial is labelled 'feet' (b). Found 'left' (3), 'right' (3).",
        ),
        (
            "two rates",
            {},
            "The files differ in sampling rate: 1 at 100 Hz, 1 at 128 Hz. Choose one for all by"
            " `sfreq` or --sfreq.",
        ),
        (
            "two lengths",
            {},
            "The files differ in time: one is from -0.5 to 2.5 s, two from -0.5 to 1.5 s. Choose a"
            " `window` or --window that is in all.",
        ),
        (
            "two lengths",
            {"window": (0, 2)},
            "two: the window, 0 to 2 s, is beyond the epochs, -0.5 to 1.5 s.",
        ),
        (
            "plain",
            {"window": (-1, 2)},
            "one: the window, -1 to 2 s, is beyond the epochs, -0.5 to 2.5 s.",
        ),
        (
            "plain",
            {"window": (2, 1)},
            "Parameter `window` should end after its start. Found 2 to 1 s.",
        ),
        (
            "two montages",
            {},
            "The 2 recordings have no EEG channel in common: 1 with C3, C4; 1 with O1, O2. Name the"
            " channels to take, or recordings of one montage.",
        ),
        ("plain", {"channels": ["C3", "Oz"]}, "one: no channel Oz; it has C3, C4."),
        ("plain", {"sfreq": -1}, "Parameter `sfreq` should be positive. Found `sfreq = -1`."),
        ("plain", {"l_freq": 0}, "Parameter `l_freq` should be positive. Found `l_freq = 0`."),
        (
            "plain",
            {"l_freq": 60},
            "Pass band should lie between 0 Hz and half the sampling rate. Found 60 to 50 Hz at"
            " 100 Hz.",
        ),
        (
            "plain",
            {"h_freq": 50},
            "Pass band should lie between 0 Hz and half the sampling rate. Found 0 to 50 Hz at"
            " 100 Hz.",
        ),
        (
            "plain",
            {"h_freq": 50, "sfreq": 200},
            "one: sampled at 100 Hz; more than 100 Hz is wanted.",
        ),
        ("flat", {}, "No window is left of 1 recording: 6 flat."),
    ],
)
def test_what_cannot_be_cut_gives_one_line(files, arguments, message):
    with pytest.raises(ValueError) as caught:
        make_epoch_windows(FILES[files], **arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sfreq": "fast"}, "Parameter `sfreq` should be a number. Found `sfreq = 'fast'`."),
        ({"window": ("0", 1)}, "Parameter `window` should be a number. Found `window = '0'`."),
    ],
)
def test_what_is_no_number_gives_one_line(arguments, message):
    with pytest.raises(TypeError) as caught:
        make_epoch_windows([in_memory()], **arguments)
    assert str(caught.value) == message


def test_recordings_are_no_epochs():
    raw = mne.io.RawArray(np.zeros((1, 100)), mne.create_info(1, 100), verbose="error")
    with pytest.raises(TypeError, match=r"made by `EpochsFile`\. Found Recording\."):
        make_epoch_windows([Recording("one", "anna", raw)])


@needs_ssvep
def test_real_epochs():
    files = read_epochs(SHARED / "ssvep")
    assert [file.subject for file in files] == [f"sub-0{number}" for number in range(1, 9)]
    windows = make_epoch_windows(files, window=(2, 6), l_freq=5, h_freq=45)
    assert windows.X.shape == (503, 8, 512) and windows.notes == []
    assert windows.counts == {"13Hz": 119, "17Hz": 128, "21Hz": 128, "rest": 128}
    assert windows.subject_names == [f"0{number}" for number in range(1, 9)]
    # the response is a peak at the frequency of the label
    powers = (np.abs(np.fft.rfft(windows.X[:, windows.info["ch_names"].index("Oz")])) ** 2)[:, :181]
    for label in ("13Hz", "17Hz", "21Hz"):
        ratio = powers[windows.metadata["label"] == label].mean(0) / powers.mean(0)
        assert abs(np.argmax(ratio[32:100]) + 32 - 4 * int(label[:2])) <= 1


def test_a_trial_that_is_infinite_throughout_is_dropped():
    file = in_memory()
    signals = file.epochs.get_data()
    signals[0] = np.inf
    file.epochs._data[:] = signals
    windows = make_epoch_windows([file])
    assert windows.sources[0]["dropped"] == {"not finite": 1}


def test_a_window_without_a_sample_gives_one_line():
    with pytest.raises(ValueError, match=r"A window of 0 to 0\.001 s has no sample at 100 Hz; a"):
        make_epoch_windows([in_memory()], window=(0.0, 0.001))
