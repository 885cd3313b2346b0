"""What windows are made of: recordings and files, in any iterable, and nothing else."""

import os
from collections import Counter

import mne
import numpy as np
import pytest

from eegaug.recordings import (
    ArrayFile,
    EpochsFile,
    Events,
    Recording,
    make_array_windows,
    make_block_windows,
    make_epoch_windows,
    make_event_windows,
    make_sleep_windows,
    make_windows,
    read_recordings,
)

from .bad_files import with_header

INFO = mne.create_info(["C3", "C4"], 100, "eeg")


def recording():
    signals = np.random.default_rng(0).normal(0, 1e-5, (2, 12000))
    raw = mne.io.RawArray(signals, INFO, verbose="error")
    return Recording("one", "anna", raw.set_annotations(mne.Annotations([0, 60], 60, ["W", "N2"])))


def epochs():
    signals = np.random.default_rng(0).normal(0, 1e-5, (4, 2, 300))
    events = np.column_stack([np.arange(4) * 500, np.zeros(4, int), [1, 2, 2, 1]])
    return EpochsFile("one", "anna", mne.EpochsArray(signals, INFO, events, verbose="error"))


def arrays():
    X = np.random.default_rng(0).normal(size=(4, 2, 300))
    return ArrayFile("one", X, [0, 1, 0, 1], ["anna"] * 4, 100.0, ["C3", "C4"])


def two_events(raw):
    return Events(np.array([1.0, 5.0]), np.array([0, 1]), Counter())


def around_events(recordings, **options):
    labels = (label for label in ("a", "b"))
    band = {"sfreq": 100, "l_freq": 1, "h_freq": 40}
    return make_windows(recordings, labels, two_events, tmin=0, tmax=2, **band, **options)


MAKERS = {
    around_events: recording,
    make_sleep_windows: recording,
    make_event_windows: recording,
    make_block_windows: recording,
    make_epoch_windows: epochs,
    make_array_windows: arrays,
}


@pytest.mark.parametrize(("make", "one"), MAKERS.items())
def test_whatever_can_be_iterated_is_taken_once(make, one):
    listed = make([one()], channels=["C4", "C3"])
    generated = make((each for each in [one()]), channels=(name for name in ["C4", "C3"]))
    assert listed.fingerprint == generated.fingerprint
    assert generated.info["ch_names"] == ["C4", "C3"]


@pytest.mark.parametrize(("make", "one"), MAKERS.items())
@pytest.mark.parametrize(
    ("given", "found"),
    [
        (lambda one: one, "in a list. Found a single {}."),
        (lambda one: "a.edf", "in a list. Found a single str."),
        (lambda one: None, "in a list. Found a single NoneType."),
        (lambda one: ["a.edf"], "made by `{}`. Found str."),
        (lambda one: [type(one)], "made by `{0}`. Found the class {0}."),
        (lambda one: [one, None], "made by `{}`. Found NoneType."),
    ],
)
def test_what_is_no_list_of_them_gives_one_line(make, one, given, found):
    with pytest.raises(TypeError) as caught:
        make(given(one()))
    message = str(caught.value)
    assert message.endswith(found.format(type(one()).__name__)) and "\n" not in message


@pytest.mark.parametrize(("make", "one"), MAKERS.items())
@pytest.mark.parametrize(("channels", "found"), [([], "none"), (["C3", "C4", "C3"], "C3, C4, C3")])
def test_channels_are_named_once_each(make, one, channels, found):
    with pytest.raises(ValueError, match=f"channel or more, each once. Found {found}."):
        make([one()], channels=channels)


@pytest.mark.parametrize("make", [make for make, one in MAKERS.items() if one is recording])
@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize(
    ("part", "number", "found"),
    [
        ("onset", np.nan, "Found nan s and 60 s."),
        ("onset", -1e12, "Found -1e+12 s and 60 s."),
        ("duration", np.inf, "Found 0 s and inf s."),
        ("duration", -1.0, "Found 0 s and -1 s."),
    ],
)
def test_annotations_without_a_time_give_one_line(make, labelled, part, number, found):
    given = recording()
    getattr(given.raw.annotations, part)[0] = number
    how = {"scored" if make is make_sleep_windows else "labelled": labelled}
    with pytest.raises(ValueError) as caught:
        make([given], **how)
    wanted = "one: annotation 'W' should have an onset and a duration. "
    assert str(caught.value) == wanted + found


def test_an_annotation_is_no_longer_than_its_recording():
    given = recording()
    given.raw.annotations.duration[1] = 9e9
    assert len(make_block_windows([given])) == 30


@pytest.mark.parametrize(
    ("onsets", "codes", "message"),
    [
        ([1.0, np.nan], [0, 1], "Found onsets of shape (2,), 1 of them finite, and codes of shape"),
        ([1.0, np.inf], [0, 1], "1 of them finite"),
        ([1.0, 5.0], [0], "Found onsets of shape (2,), 2 of them finite, and codes of shape (1,)."),
        ([1.0, 5.0], [0, 2], "one: codes of events should be -1 to 1, for 2 labels. Found 2."),
        ([1.0, 5.0], [-2, 1], "Found -2."),
    ],
)
def test_events_that_are_none_give_one_line(onsets, codes, message):
    events = Events(np.array(onsets), np.array(codes), Counter())
    with pytest.raises(ValueError) as caught:
        make_windows(
            [recording()], ["a", "b"], lambda raw: events, tmin=0, tmax=2, sfreq=100, l_freq=1,
            h_freq=40,
        )  # fmt: skip
    assert message in str(caught.value)


@pytest.mark.parametrize(("make", "one"), MAKERS.items())
def test_nothing_gives_one_line(make, one):
    with pytest.raises(ValueError, match=r"At least one .* is needed\. Found none\."):
        make(each for each in [])


def test_a_recording_that_does_not_fit_into_memory_gives_one_line(tmp_path, nights):
    """A file of 40 GB, but that none of it is on the disk."""
    path = with_header(tmp_path, nights[0], (236, 8, "99999999"))
    os.truncate(path, 768 + 99_999_999 * 400)
    wanted = r"^a\.edf: 9999999900 samples of 2 channels need 149\.0 GB of memory, and "
    with pytest.raises(ValueError, match=wanted):
        make_windows(
            read_recordings(path), ["a", "b"], two_events, tmin=0, tmax=2, sfreq=100, l_freq=1,
            h_freq=40,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Recording("one", "anna", None), "one: `raw` should be one of MNE. Found NoneType"),
        (
            lambda: EpochsFile("one", "anna", np.zeros((2, 3, 4))),
            "one: `epochs` should be those of MNE. Found ndarray.",
        ),
        (
            lambda: EpochsFile("one", "anna", recording().raw),
            "one: `epochs` should be those of MNE. Found RawArray.",
        ),
    ],
)
def test_what_holds_no_signals_of_mne_gives_one_line(make, message):
    with pytest.raises(TypeError) as caught:
        make()
    assert message in str(caught.value)
