"""Stages by name, and scored windows."""

from pathlib import Path

import mne
import numpy as np
import pytest

from eegaug.recordings import (
    STAGES,
    make_sleep_windows,
    read_sleep_recordings,
)
from eegaug.recordings.sleep import stage_of

from ..conftest import SHARED, changed, needs_ucddb


@pytest.mark.parametrize(
    ("label", "stage"),
    [
        ("Sleep stage W", "W"),
        ("Sleep stage 1", "N1"),
        ("Sleep stage 3", "N3"),
        ("Sleep stage 4", "N3"),
        ("Sleep stage R", "REM"),
        ("Sleep stage N2", "N2"),
        ("Stage 2", "N2"),
        ("N3", "N3"),
        ("REM", "REM"),
        ("Sleep stage ?", None),
        ("Movement time", None),
    ],
)
def test_stages_by_label(label, stage):
    assert stage_of(label) == stage


@pytest.mark.parametrize("label", ["1", "2", "Lights off", "Sleep stage 7", ""])
def test_labels_that_are_no_stage(label):
    with pytest.raises(ValueError, match="not a sleep stage"):
        stage_of(label)


def test_windows_hold_the_scored_signal(nights, windows):
    n_epochs = sum(len(night.raw.annotations) for night in nights)
    assert windows.X.shape == (n_epochs, 2, 3000)
    assert windows.X.dtype == np.float32
    labels = [label for night in nights for label in night.raw.annotations.description]
    assert [STAGES[code] for code in windows.y] == [stage_of(label) for label in labels]
    # Scaled by channel and recording; in the pass band the shape is that of the recording.
    first = windows.subjects == nights[0].subject
    ours = windows.X[first][:, 0].ravel()
    assert np.median(ours) == pytest.approx(0, abs=1e-3)
    assert np.subtract(*np.percentile(ours, [75, 25])) == pytest.approx(1, abs=1e-3)
    theirs = mne.filter.filter_data(nights[0].raw.get_data()[0], 100, 0.3, 30, verbose="error")
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999


def test_resampling_keeps_a_rhythm_and_is_an_error(nights):
    other = changed(nights[1], lambda raw: raw.resample(128, verbose="error"))
    mixed = make_sleep_windows([nights[0], other])
    assert mixed.X.shape[-1] == 3000
    assert mixed.notes == ["Recordings resampled to 100 Hz: 1 from 128 Hz."]
    plain = make_sleep_windows([nights[0], nights[1]])
    assert np.corrcoef(mixed.X[-5:].ravel(), plain.X[-5:].ravel())[0, 1] > 0.99


def test_channels_come_in_one_order_whatever_the_files(nights):
    turned = changed(nights[1], lambda raw: raw.reorder_channels(raw.ch_names[::-1]))
    windows = make_sleep_windows([nights[0], turned])
    assert windows.info["ch_names"] == ["Fpz-Cz", "Pz-Oz"]
    assert np.allclose(windows.X, make_sleep_windows(nights[:2]).X)
    assert windows.notes == ["Channels were brought to the order of the first recording."]


def test_channels_that_some_lack_are_left_out_and_noted(nights):
    poorer = changed(nights[1], lambda raw: raw.drop_channels(["Fpz-Cz"]))
    windows = make_sleep_windows([nights[0], poorer])
    assert windows.info["ch_names"] == ["Pz-Oz"]
    assert "left out: Fpz-Cz" in windows.notes[0]


def test_channels_can_be_named_in_any_order(nights):
    windows = make_sleep_windows(nights, channels=["Pz-Oz", "Fpz-Cz"])
    assert windows.info["ch_names"] == ["Pz-Oz", "Fpz-Cz"]
    assert np.allclose(windows.X, make_sleep_windows(nights).X[:, ::-1])


def test_what_is_dropped_is_counted(nights):
    def spoil(raw):
        samples = int(30 * raw.info["sfreq"])
        raw._data[0, 3 * samples : 4 * samples] = 0.0  # a flat window
        raw._data[1, 5 * samples + 7] = np.nan
        raw._data[1, 8 * samples + 7] = np.inf
        raw.annotations.description[10] = "Sleep stage ?"
        raw.annotations.append(30.0 * 12 + 3, 1.0, "BAD_cough")

    spoilt = make_sleep_windows([changed(nights[0], spoil), nights[1]])
    source = spoilt.sources[0]
    assert source["dropped"] == {"not scored": 1, "flat": 1, "not finite": 2, "marked bad": 1}
    assert sum(source["windows"].values()) == len(nights[0].raw.annotations) - 5
    assert np.isfinite(spoilt.X).all()


def test_wake_far_from_sleep_is_dropped(nights):
    def sleep_late(raw):
        n = len(raw.annotations)
        raw.annotations.description[:] = ["Sleep stage W"] * (n - 10) + ["Sleep stage 2"] * 10

    late = changed(nights[0], sleep_late)
    n = len(nights[0].raw.annotations)
    windows = make_sleep_windows([late], wake_margin=5)
    assert windows.sources[0]["dropped"] == {"wake far from sleep": n - 10 - 10}
    assert make_sleep_windows([late], wake_margin=60).sources[0]["dropped"] == {}


@pytest.mark.parametrize("start", [30, 60, 300])
@pytest.mark.parametrize("dated", [False, True])
def test_a_cropped_recording_keeps_its_labels(nights, start, dated):
    def crop(raw):
        if dated:
            raw.set_meas_date(1_000_000_000)
        raw.crop(start)

    cropped = make_sleep_windows([changed(nights[0], crop)])
    whole = make_sleep_windows([nights[0]])
    skipped = start // 30
    assert np.array_equal(cropped.y, whole.y[skipped:])
    assert np.corrcoef(cropped.X[5:-5].ravel(), whole.X[skipped + 5 : -5].ravel())[0, 1] > 0.99


def rescored(night, onsets, durations, labels):
    return changed(
        night, lambda raw: raw.set_annotations(mne.Annotations(onsets, durations, labels))
    )


def test_epochs_of_20_seconds_are_joined(nights):
    labels = ["Sleep stage W"] * 6 + ["Sleep stage 2"] * 4
    short = rescored(nights[0], np.arange(10) * 20.0, 20.0, labels)
    windows = make_sleep_windows([short])
    assert windows.y.tolist() == [0] * 4 + [2] * 2
    assert windows.sources[0]["dropped"] == {"shorter than 30 s": 1}


W, N2, N3 = "Sleep stage W", "Sleep stage 2", "Sleep stage 3"


@pytest.mark.parametrize(
    ("scores", "kept", "dropped"),
    [
        # every 15 s: those of one stage are joined, and no window reaches into another
        (
            [(15 * n, 30, W) for n in range(7)] + [(135, 60, N2)],
            [(0, W), (30, W), (60, W), (90, W), (135, N2), (165, N2)],
            {},
        ),
        (
            [(15 * n, 30, W) for n in range(4)] + [(60, 30, N2), (90, 30, N2)],
            [(0, W), (30, W), (90, N2)],
            {"shorter than 30 s": 1, "labelled twice": 1},
        ),
        # a stage inside a longer one, whose end is not that of the last to begin
        (
            [(0, 180, W), (30, 30, N2), (60, 30, W), (180, 30, N2)],
            [(0, W), (60, W), (90, W), (120, W), (150, W), (180, N2)],
            {"labelled twice": 2},
        ),
        # three at once, and one over what was not scored
        (
            [
                (0, 60, W),
                (0, 30, N2),
                (0, 30, N3),
                (60, 30, N2),
                (60, 9, "Sleep stage ?"),
                (90, 30, N3),
            ],
            [(30, W), (90, N3)],
            {"labelled twice": 4},
        ),
        # events without a duration share nothing
        (
            [(0, 60, W), (15, 0, N2), (60, 30, N2)],
            [(0, W), (30, W), (60, N2)],
            {"shorter than 30 s": 1},
        ),
        # nor does a rounding error
        ([(0, 30.01, W), (30, 30.01, N2), (60, 30.01, W)], [(0, W), (30, N2), (60, W)], {}),
    ],
)
def test_windows_of_two_stages_share_no_samples(nights, scores, kept, dropped):
    windows = make_sleep_windows([rescored(nights[0], *zip(*scores, strict=True))])
    onsets, labels = windows.metadata["onset"], windows.metadata["label"]
    assert list(zip(onsets, labels, strict=True)) == [(t, stage_of(label)) for t, label in kept]
    assert windows.sources[0]["dropped"] == dropped


def test_a_night_scored_twice_throughout_gives_one_line(nights):
    onsets = 15.0 * np.arange(40)
    with pytest.raises(ValueError, match="No window is left of 1 recording: 40 labelled twice"):
        make_sleep_windows([rescored(nights[0], onsets, 30.0, [W, N2] * 20)])


def test_epochs_a_rounding_error_short_are_windows(nights):
    labels = ["Sleep stage W", "Sleep stage 2"] * 5
    windows = make_sleep_windows([rescored(nights[0], np.arange(10) * 30.0, 29.99, labels)])
    assert windows.y.tolist() == [0, 2] * 5 and windows.sources[0]["dropped"] == {}


def test_events_that_are_no_epochs_are_counted(nights):
    points = rescored(nights[0], np.arange(10) * 30.0, 0.0, ["Sleep stage W"] * 10)
    with pytest.raises(ValueError, match="10 shorter than 30 s"):
        make_sleep_windows([points])


def test_channels_marked_bad_are_not_used_and_noted(nights):
    bad = changed(nights[1], lambda raw: raw.info["bads"].append("Fpz-Cz"))
    windows = make_sleep_windows([nights[0], bad])
    assert windows.info["ch_names"] == ["Pz-Oz"]
    assert "marked bad and not used: Fpz-Cz" in windows.notes[0]


def test_channels_of_several_kinds_go_together(nights):
    mixed = changed(
        nights[0],
        lambda raw: raw.set_channel_types({"Pz-Oz": "emg"}, on_unit_change="ignore"),
    )
    windows = make_sleep_windows([mixed], channels=["Fpz-Cz", "Pz-Oz"])
    assert np.allclose(windows.X, make_sleep_windows([nights[0]]).X)


def test_a_stage_may_vanish_from_a_recording(nights):
    def spoil(raw):
        raw.annotations.description[:] = "Sleep stage W"
        raw.annotations.description[1::2] = "Sleep stage 2"
        raw.annotations.description[20] = "Sleep stage R"
        raw._data[:, 20 * 3000 : 21 * 3000] = 0

    windows = make_sleep_windows([changed(nights[0], spoil)])
    assert windows.sources[0]["dropped"] == {"flat": 1}
    assert set(windows.y) == {0, 2}


def relabel(night, label):
    return changed(night, lambda raw: raw.annotations.description.__setitem__(slice(None), label))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda n: [], "Found none"),
        (
            lambda n: [relabel(n[0], "Sleep stage ?")],
            "No window is left .*not scored",
        ),
        (
            lambda n: [relabel(n[0], "Sleep stage W")],
            "All 60 windows are labelled W",
        ),
        (
            lambda n: [n[0], changed(n[1], lambda raw: raw.rename_channels(lambda c: c + "'"))],
            "no EEG channel in common: .*Fpz-Cz'",
        ),
        (
            lambda n: [changed(n[0], lambda raw: raw.resample(50, verbose="error"))],
            "sampled at 50 Hz; more than 60 Hz is wanted",
        ),
        (
            lambda n: [changed(n[0], lambda raw: raw._data.fill(0))],
            "No window is left of 1 recording: 60 flat",
        ),
    ],
)
def test_recordings_that_cannot_be_used_give_one_line(make, match, nights):
    with pytest.raises(ValueError, match=match) as caught:
        make_sleep_windows(make(nights))
    assert "\n" not in str(caught.value)


def test_bad_options_give_one_line(nights):
    with pytest.raises(ValueError, match=r"no channel Cz; it has Fpz-Cz, Pz-Oz"):
        make_sleep_windows(nights, channels=["Cz"])
    with pytest.raises(TypeError, match="`l_freq` should be a number"):
        make_sleep_windows(nights, l_freq="0.5")
    with pytest.raises(TypeError, match=r"those of `read_recordings`.* Found PosixPath"):
        make_sleep_windows([Path("anna-PSG.edf")])
    with pytest.raises(ValueError, match="Pass band"):
        make_sleep_windows(nights, h_freq=50)
    with pytest.raises(ValueError, match="`wake_margin` should be 0 or more"):
        make_sleep_windows(nights, wake_margin=-5)


@needs_ucddb
def test_real_nights():
    recordings = read_sleep_recordings(
        [SHARED / "ucddb" / f"UCD{n}-PSG.edf" for n in ("006", "018")]
    )
    windows = make_sleep_windows(recordings)
    flat, whole = windows.sources
    assert (flat["subject"], whole["subject"]) == ("UCD006", "UCD018")
    assert flat["dropped"]["flat"] == 23 and flat["dropped"]["not scored"] == 103
    assert set(whole["windows"]) == set(STAGES)
    assert np.isfinite(windows.X).all()
    assert windows.X.std((1, 2)).min() > 0.05
