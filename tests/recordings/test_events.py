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
        ({"window": (3.5, 3.5)}, "`tmax` should be after `tmin`"),
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
