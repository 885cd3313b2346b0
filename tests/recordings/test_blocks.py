"""Blocks: windows lie in them, and have their label."""

import mne
import numpy as np
import pytest

from eegaug.recordings import Recording, make_block_windows, read_recordings
from eegaug.recordings.events import MOST_LABELS, is_label

from ..conftest import SHARED, changed

needs_eegmat = pytest.mark.skipif(
    not (SHARED / "eegmat").exists(), reason="no recordings of eegmat beside the project"
)
#: Frequency (Hz) of the signal in blocks of a label.
TONES = {"rest": 8.0, "task": 20.0, "sleep": 31.0}
NOISE = 0.05


def make_recording(*blocks, duration=None, sfreq=100.0, name="one", subject="anna"):
    """Return a recording with a tone in each block (onset, duration, label), and noise beside."""
    onsets, durations, labels = zip(*blocks, strict=True)
    duration = duration or max(np.add(onsets, durations))
    times = np.arange(round(duration * sfreq)) / sfreq
    signals = np.random.default_rng(0).normal(0, NOISE, (2, len(times)))
    for onset, length, label in blocks:
        inside = (times >= onset) & (times < onset + length)
        signals += inside * np.sin(2 * np.pi * TONES.get(label, 13.0) * times)
    info = mne.create_info(["C3", "C4"], sfreq, "eeg").set_montage("spherical_1005")
    raw = mne.io.RawArray(signals * 1e-5, info, verbose="error")
    return Recording(name, subject, raw.set_annotations(mne.Annotations(onsets, durations, labels)))


def rest_and_task(length=20.0, **rest):
    return make_recording((0, length, "rest"), (length, length, "task"), **rest)


def tones_of(windows):
    """Return the frequency that is strongest in each window, and its part of the power."""
    spectra = np.abs(np.fft.rfft(np.asarray(windows.X) * np.hanning(windows.X.shape[-1]))) ** 2
    power = spectra.sum(1)
    freqs = np.fft.rfftfreq(windows.X.shape[-1], 1 / windows.info["sfreq"])
    near = np.abs(freqs - freqs[power.argmax(-1)][:, None]) < 1
    return freqs[power.argmax(-1)], (power * near).sum(-1) / power.sum(-1)


@pytest.mark.parametrize("sfreq", [100.0, 128.0, 250.0])
@pytest.mark.parametrize("overlap", [0.0, 3.0])
def test_windows_hold_the_signal_of_their_block_alone(sfreq, overlap):
    blocks = [(3.3, 13, "task"), (16.3, 9, "rest"), (30, 8.5, "sleep"), (40, 4, "task")]
    recording = make_recording(*blocks, duration=50, sfreq=sfreq)
    windows = make_block_windows([recording], overlap=overlap)
    assert windows.X.shape[1:] == (2, 400) and windows.X.dtype == np.float32
    assert windows.labels == ("rest", "sleep", "task")  # in the order of the alphabet
    found, share = tones_of(windows)
    wanted = [TONES[label] for label in windows.metadata["label"]]
    assert np.allclose(found, wanted, atol=0.3) and share.min() > 0.97
    for onset, label in zip(windows.metadata["onset"], windows.metadata["label"], strict=True):
        assert any(
            start <= onset and onset + 4 <= start + duration + 0.015
            for start, duration, other in blocks
            if other == label
        )
    assert np.bincount(windows.y).tolist() == ([2, 2, 4] if not overlap else [6, 5, 11])


@pytest.mark.parametrize("start", [0.0, 7.5])
def test_windows_are_what_mne_filters_resamples_and_cuts(start):
    recording = make_recording((10, 20, "rest"), (30, 20, "task"), duration=60, sfreq=160.0)
    cropped = changed(recording, lambda raw: raw.crop(start))
    windows = make_block_windows([cropped], length=5.0, overlap=2.5, l_freq=2.0, h_freq=30.0)
    raw = cropped.raw.copy().filter(2, 30, verbose="error").resample(100, verbose="error")
    signal = raw.get_data()
    onsets = [*np.arange(10, 26, 2.5), *np.arange(30, 46, 2.5)]
    assert windows.metadata["onset"].tolist() == [onset - start for onset in onsets]
    places = [round((onset - start) * 100) for onset in onsets]
    theirs = np.stack([signal[:, place : place + 500] for place in places])
    assert np.allclose(windows.X, theirs / theirs.std(), atol=1e-5)
    assert windows.scaling == "recording" and windows.tmin == 0
    assert windows.cutting == {
        "sfreq": 100.0,
        "l_freq": 2.0,
        "h_freq": 30.0,
        "labels": {"rest": "rest", "task": "task"},
        "length": 5.0,
        "overlap": 2.5,
    }


@pytest.mark.parametrize(
    ("duration", "length", "overlap", "n_windows"),
    [
        (60, 4, 0, 15),
        (63.9, 4, 0, 15),
        (60, 4, 2, 29),
        (12, 4, 3, 9),
        (10, 4, 1, 3),
        (4, 4, 3.9, 1),
        # ends that are rounded, to a sample and a half of 10 ms
        (59.99, 4, 0, 15),
        (59.98, 4, 0, 14),
        (3.99, 4, 0, 1),
        # numbers that have no end in binary
        (0.7, 0.1, 0, 7),
        (2.1, 0.3, 0, 7),
        (1.1, 0.3, 0.1, 5),
        (10, 1.1, 0.9, 45),
    ],
)
def test_as_many_windows_as_a_block_holds(duration, length, overlap, n_windows):
    blocks = [(0, duration, "rest"), (70, duration, "task")]
    recording = make_recording(*blocks, duration=140)
    windows = make_block_windows([recording], length=length, overlap=overlap)
    assert windows.counts == {"rest": n_windows, "task": n_windows}
    own = windows.metadata["onset"].to_numpy()[n_windows:]
    assert np.allclose(own, 70 + (length - overlap) * np.arange(n_windows))
    assert windows.X.shape[-1] == round(length * 100)
    assert windows.notes == []


def test_blocks_shorter_than_a_window_are_dropped_and_counted():
    blocks = [(0, 20, "rest"), (20, 3.98, "task"), (24, 20, "task"), (50, 2, "rest")]
    windows = make_block_windows([make_recording(*blocks)])
    assert windows.counts == {"rest": 5, "task": 5}
    assert windows.notes == ["Windows dropped: 2 in a block shorter than 4 s."]
    assert windows.sources[0]["dropped"] == {"in a block shorter than 4 s": 2}
    with pytest.raises(ValueError) as caught:
        make_block_windows([make_recording((0, 3, "rest"), (3, 3.5, "task"))])
    assert str(caught.value) == ("No window is left of 1 recording: 2 in a block shorter than 4 s.")


def test_windows_that_are_flat_bad_or_beyond_the_end_are_dropped_and_counted():
    def spoil(raw):
        raw._data[:, 800:1200] = 0
        raw.annotations.append(21, 0.5, "BAD_electrode")
        raw.annotations.duration[-2] = 30  # a block that is announced longer than it lasts

    recording = changed(rest_and_task(), spoil)
    windows = make_block_windows([recording])
    assert windows.metadata["onset"].tolist() == [0, 4, 12, 16, 24, 28, 32, 36]
    assert windows.metadata["label"].tolist() == ["rest"] * 4 + ["task"] * 4
    assert windows.sources[0]["dropped"] == {"flat": 1, "marked bad": 1, "beyond the recording": 2}


# -- which annotations are labels ---------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "wanted", "onsets"),
    [
        (None, ("rest", "sleep", "task"), [0, 4, 8, 12, 16, 20, 24]),
        (["task", "rest"], ("task", "rest"), [0, 4, 8, 12, 16]),
        ({"asleep": "sleep", "awake": "rest"}, ("asleep", "awake"), [0, 4, 20, 24]),
    ],
)
def test_labels_are_all_annotations_or_those_named(labels, wanted, onsets):
    recording = make_recording((0, 8, "rest"), (8, 12, "task"), (20, 8, "sleep"))
    windows = make_block_windows([recording], labels)
    assert windows.labels == wanted and windows.metadata["onset"].tolist() == onsets
    assert sorted(set(windows.metadata["label"])) == sorted(wanted)


def test_marks_of_breaks_and_events_among_the_blocks_are_no_labels():
    def mark(raw):
        raw.annotations.append([0, 39, 20], [40, 1, 0], ["Recording", "BAD_x", "EDGE boundary"])
        raw.annotations.append([1, 5, 25], [0, 0.2, 0], ["key", "key", "beep"])

    windows = make_block_windows([changed(rest_and_task(), mark)])
    assert windows.labels == ("rest", "task")
    assert windows.notes == [
        "Windows dropped: 1 marked bad.",
        "Annotations shorter than a window are no labels: beep, key.",
    ]
    named = make_block_windows([changed(rest_and_task(), mark)], ["rest", "task"])
    assert named.notes == windows.notes[:1]


@pytest.mark.parametrize(
    ("event", "is_one"),
    [
        ("BAD_acq_skip", False),
        ("bad electrode", False),
        ("EDGE boundary", False),
        ("edge_1", False),
        ("boundary", False),
        ("New Segment/", False),
        ("Start", False),
        ("started", False),
        ("Rec. start", False),
        ("RECORDING 1", False),
        ("rest", True),
        ("recall", True),
        ("recognition", True),
        ("startle", True),
        ("T1", True),
        ("a bad one", True),
    ],
)
def test_marks_are_known_by_their_first_word(event, is_one):
    assert is_label(event) is is_one


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            ["rest", "nap"],
            "No recording has an annotation 'nap'. Found 'rest' (1), 'task' (1).",
        ),
        (
            {"rest": "rest", "asleep": "nap", "awake": "w"},
            "No recording has an annotation 'nap' (asleep) or 'w' (awake). Found 'rest' (1),"
            " 'task' (1).",
        ),
        (
            ["rest"],
            "There should be two labels or more, each with an annotation of its own."
            " Found {'rest': 'rest'}, among the annotations 'rest' (1), 'task' (1)."
            " Choose some by `labels` or --labels.",
        ),
        (
            {"a": "rest", "b": "rest"},
            "There should be two labels or more, each with an annotation of its own."
            " Found {'a': 'rest', 'b': 'rest'}, among the annotations 'rest' (1), 'task' (1)."
            " Choose some by `labels` or --labels.",
        ),
    ],
)
def test_labels_that_cannot_be_learned_give_one_line(labels, message):
    with pytest.raises(ValueError) as caught:
        make_block_windows([rest_and_task()], labels)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("blocks", "found"),
    [
        ([], "none, among the annotations none"),
        ([(0, 20, "bad"), (20, 9, "edge")], "none, among the annotations 'bad' (1), 'edge' (1)"),
        (
            [(0, 20, "rest"), (20, 9, "bad")],
            "{'rest': 'rest'}, among the annotations 'rest' (1), 'bad' (1)",
        ),
    ],
)
def test_recordings_without_two_labels_give_one_line(blocks, found):
    recording = rest_and_task()
    onsets, durations, labels = zip(*blocks, strict=True) if blocks else ([], [], [])
    recording.raw.set_annotations(mne.Annotations(onsets, durations, labels))
    with pytest.raises(ValueError) as caught:
        make_block_windows([recording])
    assert str(caught.value) == (
        f"There should be two labels or more, each with an annotation of its own. Found {found}."
        + " Choose some by `labels` or --labels." * (len(blocks) > 1)
    )


def test_too_many_kinds_of_annotation_are_no_labels():
    blocks = [(5 * n, 5, f"block {n:02d}") for n in range(MOST_LABELS + 1)]
    windows = make_block_windows([make_recording(*blocks[:-1])])
    assert len(windows.labels) == MOST_LABELS
    recording = make_recording(*blocks)
    with pytest.raises(ValueError) as caught:
        make_block_windows([recording])
    shown = ", ".join(f"'block {n:02d}' (1)" for n in range(8))
    assert str(caught.value) == (
        "13 kinds of annotation are too many to be labels; choose some by `labels` or --labels."
        f" Found {shown} and 5 more."
    )
    chosen = make_block_windows([recording], ["block 03", "block 12"])
    assert chosen.metadata["onset"].tolist() == [15, 60]


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (
            [(0, 20, "rest"), (19.9, 20, "task")],
            "one: blocks of two labels overlap: 'rest', 0 to 20 s, and 'task', from 19.9 s.",
        ),
        (
            [(0, 40, "rest"), (5, 5, "rest"), (20, 10, "task")],
            "one: blocks of two labels overlap: 'rest', 0 to 40 s, and 'task', from 20 s.",
        ),
        (
            [(0, 40, "rest"), (5, 10, "task")],
            "one: blocks of two labels overlap: 'rest', 0 to 40 s, and 'task', from 5 s.",
        ),
        (
            [(0, 10, "rest"), (10, 30, "sleep"), (15, 9, "sleep"), (30, 5, "task")],
            "one: blocks of two labels overlap: 'sleep', 10 to 40 s, and 'task', from 30 s.",
        ),
        ([(0, 20, "rest"), (19.99, 20, "task")], None),  # rounded
        ([(0, 20, "rest"), (10, 20, "rest"), (30, 9, "task")], None),  # of one label
        ([(0, 20, "rest"), (10, 30, "break"), (20, 20, "task")], None),  # not of the labels
    ],
)
def test_blocks_of_two_labels_do_not_overlap(blocks, message):
    labels = sorted({label for *_, label in blocks} - {"break"})
    others = rest_and_task(name="other")
    if "sleep" in labels:
        others = make_recording((0, 5, "sleep"), (5, 5, "task"), (10, 5, "rest"))
    recordings = [others, make_recording(*blocks)]
    if message is None:
        assert make_block_windows(recordings, labels).subject_names == ["anna"]
        return
    with pytest.raises(ValueError) as caught:
        make_block_windows(recordings, labels)
    assert str(caught.value) == message


# -- for a model to score -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("duration", "overlap", "onsets"),
    [
        (20, 0, [0, 4, 8, 12, 16]),
        (23.9, 0, [0, 4, 8, 12, 16]),
        (12, 2, [0, 2, 4, 6, 8]),
        (4, 0, [0]),
    ],
)
@pytest.mark.parametrize("labels", [None, {"rest": "rest", "task": "elsewhere"}])
def test_recordings_to_be_scored_are_cut_from_end_to_end(duration, overlap, onsets, labels):
    recording = make_recording((1, 2, "rest"), (1.5, 2, "task"), duration=duration, sfreq=128.0)
    windows = make_block_windows([recording], labels, overlap=overlap, labelled=False)
    assert windows.metadata["onset"].tolist() == onsets and set(windows.y) == {-1}
    assert windows.labels == tuple(labels or ()) and windows.counts == {"unlabelled": len(onsets)}
    assert windows.notes == ["Recordings resampled to 100 Hz: 1 from 128 Hz."]
    bare = changed(recording, lambda raw: raw.set_annotations(None))
    again = make_block_windows([bare], labels, overlap=overlap, labelled=False)
    assert np.array_equal(again.X, windows.X)


@pytest.mark.parametrize(("duration", "length"), [(13.2, 1.1), (15.6, 1.3), (34.8, 1.2)])
def test_the_last_window_ends_with_the_recording(duration, length):
    """Of lengths that have no end in binary."""
    recording = make_recording((0, 1, "rest"), duration=duration)
    windows = make_block_windows([recording], length=length, labelled=False)
    assert len(windows) == round(duration / length) and windows.notes == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"length": 0}, ValueError, "Parameter `length` should be positive. Found `length = 0`."),
        ({"length": -4.0}, ValueError, "Parameter `length` should be positive. Found `length ="),
        ({"length": "4"}, TypeError, "Parameter `length` should be a number. Found `length = '4'`"),
        ({"length": np.nan}, ValueError, "Parameter `length` should be finite. Found `length = n"),
        ({"length": 0.001}, ValueError, "A window from 0 to 0.001 s has no sample at 100 Hz; a lo"),
        (
            {"overlap": 4},
            ValueError,
            "Parameter `overlap` should be from 0 to less than the length, 4 s. Found 4 s.",
        ),
        (
            {"overlap": -0.5},
            ValueError,
            "Parameter `overlap` should be from 0 to less than the length, 4 s. Found -0.5 s.",
        ),
        ({"overlap": "1"}, TypeError, "Parameter `overlap` should be a number. Found `overlap = "),
        ({"sfreq": 0.0}, ValueError, "Parameter `sfreq` should be positive. Found `sfreq = 0.0`."),
        ({"l_freq": 40.0}, ValueError, "Pass band should lie between 0 Hz and half the sampling"),
        ({"h_freq": 50.0}, ValueError, "Pass band should lie between 0 Hz and half the sampling"),
        ({"channels": ["Cz"]}, ValueError, "one: no channel Cz; it has C3, C4."),
        (
            {"sfreq": 300.0, "h_freq": 60.0},
            ValueError,
            "one: sampled at 100 Hz; more than 120 Hz is wanted.",
        ),
    ],
)
def test_bad_arguments_give_one_line(arguments, error, message):
    with pytest.raises(error) as caught:
        make_block_windows([rest_and_task()], **arguments)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("recordings", "error", "message"),
    [
        ([], ValueError, "At least one recording is needed. Found none."),
        (["one.edf"], TypeError, "Recordings should be those of `read_recordings`, or be made by"),
    ],
)
def test_what_is_no_recording_gives_one_line(recordings, error, message):
    with pytest.raises(error) as caught:
        make_block_windows(recordings)
    assert str(caught.value).startswith(message)


# -- real recordings ----------------------------------------------------------------------


@needs_eegmat
@pytest.mark.parametrize("overlap", [0.0, 3.0])
def test_no_window_is_across_the_seam_of_two_recordings(overlap):
    files = sorted((SHARED / "eegmat").glob("*.edf"))[:3]
    recordings = read_recordings(files, electrodes=True)
    windows = make_block_windows(recordings, overlap=overlap)
    onsets = windows.metadata["onset"].to_numpy()
    label = windows.metadata["label"].to_numpy(dtype=str)
    seam, tolerance = 62.0, 1.5 / 128
    assert windows.labels == ("arithmetic", "rest") and windows.info["ch_names"][0] == "Fp1"
    assert (onsets[label == "rest"] + 4 <= seam + tolerance).all()
    assert (onsets[label == "arithmetic"] >= seam - tolerance).all()
    n = 15 if not overlap else 59
    assert windows.counts == {"arithmetic": 3 * n, "rest": 3 * n}
    assert windows.X.shape == (6 * n, 19, 400)
    assert windows.info.get_montage() is not None and len(windows.subject_names) == 3
