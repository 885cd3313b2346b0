"""Events: reading, windows after cues, labels that do not occur."""

import mne
import numpy as np
import pytest

from eegaug.recordings import (
    Recording,
    fetch_eegbci,
    make_event_windows,
    read_recordings,
    simulate_motor_imagery,
    split_in_time,
)
from eegaug.recordings.events import MOST_LABELS

from ..conftest import SHARED, changed, needs_eegmmidb, write_edf

FISTS = {"left fist": "T1", "right fist": "T2"}


@pytest.fixture(scope="module")
def simulated():
    return simulate_motor_imagery(2, n_trials=8)


def test_windows_follow_their_cues(simulated):
    windows = make_event_windows(simulated, FISTS)
    assert windows.X.shape == (16, 64, 300) and windows.X.dtype == np.float32
    assert windows.labels == ("left fist", "right fist")
    cues = [c for r in simulated for c in r.raw.annotations.description if c != "T0"]
    assert [f"T{code + 1}" for code in windows.y] == cues
    assert windows.subject_names == ["sim00", "sim01"]
    assert windows.notes == ["Recordings resampled to 100 Hz: 2 from 160 Hz."]
    # one recording is scaled by one number: what channels have relative to each other stays
    first = windows.X[windows.subjects == "sim00"]
    assert first.std() == pytest.approx(1, abs=1e-3)
    raw = simulated[0].raw.copy().filter(4, 38, verbose="error").resample(100, verbose="error")
    events, _ = mne.events_from_annotations(raw, {"T1": 0, "T2": 1}, verbose="error")
    theirs = mne.Epochs(raw, events, tmin=0.5, tmax=3.49, baseline=None, verbose="error").get_data()
    assert np.allclose(first, theirs / theirs.std(), atol=1e-4)


def test_events_and_times_are_the_callers(simulated):
    windows = make_event_windows(simulated, {"rest": "T0", "left": "T1"}, window=(1.0, 3.0))
    assert windows.X.shape[-1] == 200 and windows.labels == ("rest", "left")
    assert np.bincount(windows.y).tolist() == [16, 8]


def test_a_recording_without_cues_gives_no_window(simulated):
    rest = changed(simulated[1], lambda raw: raw.set_annotations(None))
    windows = make_event_windows([simulated[0], rest], FISTS)
    assert windows.subject_names == ["sim00"]
    assert f"No window is left of {rest.name}." in windows.notes


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (
            {"labels": {"left": "T1", "feet": "T3"}},
            r"No recording has an annotation 'T3' \(feet\)\. Found 'T0' \(16\), 'T1' \(8\)",
        ),
        ({"labels": {"left": "T1"}}, "two labels or more"),
        ({"labels": {"left": "T1", "right": "T1"}}, "an annotation of its own"),
        ({"window": (3.5, 3.5)}, "`window` should end after its start. Found 3.5 to 3.5 s."),
        ({"h_freq": 50.0}, "Pass band"),
    ],
)
def test_bad_options_give_one_line(simulated, arguments, match):
    with pytest.raises(ValueError, match=match) as caught:
        make_event_windows(simulated, **({"labels": FISTS} | arguments))
    assert "\n" not in str(caught.value)


def test_no_recording_is_an_error():
    with pytest.raises(ValueError, match="At least one recording is needed"):
        make_event_windows([], FISTS)


def test_names_of_the_dataset_become_those_of_the_montage(tmp_path):
    signals = np.random.default_rng(0).normal(0, 1e-5, (4, 320))
    write_edf(tmp_path / "S007R04.edf", signals, ["Fc5.", "C3..", "Cz..", "Iz.."], sfreq=160)
    (recording,) = read_recordings(tmp_path, electrodes=True)
    assert recording.subject == "S007"
    assert recording.raw.ch_names == ["FC5", "C3", "Cz", "Iz"]
    assert recording.raw.get_montage().ch_names == ["FC5", "C3", "Cz", "Iz"]


def test_channels_outside_of_the_montage_have_no_position(tmp_path):
    signals = np.random.default_rng(0).normal(0, 1e-5, (3, 3200))
    write_edf(tmp_path / "one.edf", signals, ["EEG C3", "EEG Foo", "EEG T3"], sfreq=160)
    (recording,) = read_recordings(tmp_path, electrodes=True)
    assert recording.subject == "one" and recording.raw.ch_names == ["C3", "Foo", "T7"]
    recording.raw.set_annotations(mne.Annotations([1, 6, 11], 4, ["T1", "T2", "T1"]))
    windows = make_event_windows([recording], FISTS)
    assert windows.notes[-1] == "Channels without a position: Foo."


def test_recordings_that_cannot_be_fetched_are_an_error(monkeypatch):
    def no_network(*args, **kwargs):
        raise ConnectionError("no route to host\nwith details")

    monkeypatch.setattr(mne.datasets.eegbci, "load_data", no_network)
    with pytest.raises(ValueError, match=r"Subjects \[1\] of the EEG Motor.*fetched: no route"):
        fetch_eegbci([1])
    monkeypatch.setattr(mne.datasets.eegbci, "load_data", lambda *a, **k: ["S001R04.edf"])
    assert [path.name for path in fetch_eegbci([1])] == ["S001R04.edf"]


def cued(*cues, duration=30.0, name="one", subject="anna", sfreq=100.0):
    """Return a recording with cues (onset, label) in noise."""
    signals = np.random.default_rng(0).normal(0, 1e-5, (2, round(duration * sfreq)))
    info = mne.create_info(["C3", "C4"], sfreq, "eeg").set_montage("spherical_1005")
    raw = mne.io.RawArray(signals, info, verbose="error")
    onsets, labels = zip(*cues, strict=True) if cues else ((), ())
    return Recording(name, subject, raw.set_annotations(mne.Annotations(onsets, 0, labels)))


OVERLAP = (
    "{} of {} windows of 2 s share samples with the one before: events are as near as {} s. A"
    " shorter --window keeps them apart."
)


@pytest.mark.parametrize(
    ("recordings", "note"),
    [
        ([[(1, "l"), (3, "r"), (5, "l")]], None),
        ([[(1, "l"), (2.996, "r"), (5, "l")]], None),  # less than half a sample
        ([[(1, "l"), (2.98, "r"), (5, "l")]], OVERLAP.format(1, 3, 1.98)),
        ([[(1, "l"), (2.5, "r"), (3.25, "l"), (8, "r")]], OVERLAP.format(2, 4, 0.75)),
        ([[(1, "l"), (9, "r")], [(1.5, "l"), (9.5, "r")]], None),  # of two recordings
        ([[(1, "l"), (9, "r")], [(1, "l"), (2, "r")]], OVERLAP.format(1, 4, 1)),
        ([[(1, "l"), (2, "x"), (9, "r")]], None),  # no event of the labels
    ],
)
def test_windows_that_share_samples_are_noted(recordings, note):
    recordings = [cued(*cues, name=str(number)) for number, cues in enumerate(recordings)]
    windows = make_event_windows(recordings, ["l", "r"], window=(0.5, 2.5))
    assert windows.notes == ([note] if note else [])


@pytest.mark.parametrize(
    ("window", "onsets"),
    [((0, 3), [1, 10, 27]), ((0, 3.01), [1, 10]), ((-1, 2), [1, 10, 27]), ((-1.01, 2), [10, 27])],
)
def test_windows_beyond_the_recording_are_dropped_and_counted(window, onsets):
    recording = cued((1, "l"), (10, "r"), (27, "l"))
    windows = make_event_windows([recording], window=window)
    assert windows.metadata["onset"].tolist() == onsets
    beyond = 3 - len(onsets)
    assert windows.notes == [f"Windows dropped: {beyond} beyond the recording."][:beyond]


def test_where_one_label_is_left_the_error_says_what_was_dropped():
    with pytest.raises(ValueError) as caught:
        make_event_windows([cued((1, "l"), (10, "l"), (29, "r"))], window=(0, 3))
    assert str(caught.value) == (
        "All 2 windows are labelled l; learning needs at least two labels."
        " Windows dropped: 1 beyond the recording."
    )


def test_of_two_events_at_one_sample_the_first_is_taken_and_the_other_counted():
    windows = make_event_windows([cued((1, "l"), (1.001, "r"), (9, "r"))], window=(0, 3))
    assert windows.metadata["label"].tolist() == ["l", "r"]
    assert windows.notes == ["Windows dropped: 1 labelled twice."]


@pytest.mark.parametrize("window", [(0.5, 3.5), (0.006, 1.004), (-0.624, -0.425), (0.137, 1.184)])
@pytest.mark.parametrize("sfreq", [100.0, 128.0])
def test_windows_have_the_samples_of_their_length_wherever_they_start(window, sfreq):
    recording = cued((5, "l"), (10, "r"), sfreq=128.0)
    windows = make_event_windows([recording], window=window, sfreq=sfreq)
    n_times = round((window[1] - window[0]) * sfreq)
    assert windows.X.shape == (2, 2, n_times)
    raw = recording.raw.copy().filter(4, 38, verbose="error")
    signal = raw.resample(sfreq, verbose="error").get_data()
    starts = [round(onset * sfreq) + round(window[0] * sfreq) for onset in (5, 10)]
    theirs = np.stack([signal[:, start : start + n_times] for start in starts])
    assert np.allclose(windows.X, theirs / theirs.std(), atol=1e-5)


# -- which annotations are labels ---------------------------------------------------------

CUES = [(2, "right"), (6, "left"), (10, "right"), (14, "rest")]
MARKS = [(1, "BAD_x"), (2, "boundary"), (3, "EDGE boundary"), (4, "New Segment/"), (5, "start")]


@pytest.mark.parametrize(
    ("labels", "names", "y"),
    [
        (None, ("left", "rest", "right"), [2, 0, 2, 1]),
        (["right", "left"], ("right", "left"), [0, 1, 0]),
        (("rest", "right"), ("rest", "right"), [1, 1, 0]),
        ({"go": "right", "stay": "rest"}, ("go", "stay"), [0, 0, 1]),
    ],
)
def test_labels_are_all_events_or_those_named(labels, names, y):
    recording = cued(*CUES, *[(onset + 15, mark) for onset, mark in MARKS])
    windows = make_event_windows([recording], labels, window=(0, 1))
    assert windows.labels == names and windows.y.tolist() == y
    assert windows.cutting["labels"] == (
        labels if isinstance(labels, dict) else {name: name for name in names}
    )


def test_labels_of_recordings_that_differ_are_put_together():
    one = cued((2, "left"), (6, "right"), name="one")
    two = cued((2, "feet"), (6, "feet"), name="two", subject="ben")
    windows = make_event_windows([one, two], window=(0, 1))
    assert windows.labels == ("feet", "left", "right") and windows.y.tolist() == [1, 2, 0, 0]
    assert [source["windows"] for source in windows.sources] == [
        {"left": 1, "right": 1},
        {"feet": 2},
    ]
    named = make_event_windows([one, two], ["left", "right"], window=(0, 1))
    assert named.notes == ["No window is left of two."]


def test_more_events_than_are_taken_for_labels_are_to_be_chosen_from():
    cues = [(2 * n, f"trigger {n:02d}") for n in range(MOST_LABELS + 1)]
    assert len(make_event_windows([cued(*cues[1:])], window=(0, 1)).labels) == MOST_LABELS
    with pytest.raises(ValueError) as caught:
        make_event_windows([cued(*cues)], window=(0, 1))
    shown = ", ".join(f"'trigger {n:02d}' (1)" for n in range(8))
    assert str(caught.value) == (
        "13 kinds of annotation are too many to be labels; choose some by `labels` or --labels."
        f" Found {shown} and 5 more."
    )


@pytest.mark.parametrize(
    ("cues", "labels", "onsets", "y"),
    [
        # where the model's events are, they are scored, and others are not
        (CUES, {"l": "left", "r": "right"}, [2, 6, 10], [1, 0, 1]),
        (CUES, {"l": "left", "x": "no such"}, [6], [0]),
        # where none is, all are but marks
        ([(2, "S 1"), *MARKS, (8, "S 2")], {"l": "left", "r": "right"}, [2, 8], [-1, -1]),
        ([(2, "S 1"), (8, "S 2")], None, [2, 8], [-1, -1]),
    ],
)
def test_events_to_be_scored_are_those_of_the_model_or_all(cues, labels, onsets, y):
    windows = make_event_windows([cued(*cues)], labels, window=(0, 1), labelled=False)
    assert windows.metadata["onset"].tolist() == onsets and windows.y.tolist() == y


def test_a_recording_without_events_cannot_be_scored():
    with pytest.raises(ValueError) as caught:
        make_event_windows([cued(*MARKS)], {"l": "left"}, window=(0, 1), labelled=False)
    wanted = "No window is left of 1 recording: none has an event, or is too short."
    assert str(caught.value) == wanted


def test_what_is_no_recording_is_an_error():
    with pytest.raises(TypeError, match="Recordings should be those of `read_recordings`, or"):
        make_event_windows(["one.edf"])


@needs_eegmmidb
def test_real_recordings():
    recordings = read_recordings(SHARED / "eegmmidb", electrodes=True)
    assert all(isinstance(recording, Recording) for recording in recordings)
    windows = make_event_windows(recordings, FISTS)
    assert windows.X.shape == (180, 64, 300) and np.bincount(windows.y).tolist() == [92, 88]
    assert windows.subject_names == ["S001", "S002", "S003", "S007"]
    assert windows.info.get_montage() is not None and windows.info["ch_names"][0] == "FC5"
    split = split_in_time(windows.y, windows.subjects)
    last = windows.metadata["recording"].str.contains("R12").to_numpy()
    assert np.array_equal(np.sort(split.test), np.flatnonzero(last))
