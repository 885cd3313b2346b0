"""Simulated motor imagery: what is known of it."""

import mne
import numpy as np
import pytest

from eegaug.recordings import simulate_motor_imagery


@pytest.fixture(scope="module")
def recording():
    return simulate_motor_imagery(1, n_trials=20)[0]


def test_it_looks_like_the_recordings_it_stands_in_for(recording):
    raw = recording.raw
    assert recording.subject == "sim00" and len(raw.ch_names) == 64 and raw.info["sfreq"] == 160
    assert raw.annotations.count() == {"T0": 20, "T1": 10, "T2": 10}
    assert raw.get_montage() is not None
    assert 1e-6 < raw.get_data().std() < 100e-6


def test_the_rhythm_falls_over_the_other_side(recording):
    raw = recording.raw.copy().filter(8, 14, verbose="error")
    events, _ = mne.events_from_annotations(raw, {"T1": 0, "T2": 1}, verbose="error")
    epochs = mne.Epochs(raw, events, tmin=0.5, tmax=3.5, baseline=None, verbose="error")
    power = np.log(epochs.get_data(picks=["C3", "C4"]).var(-1))
    left = power[:, 0] - power[:, 1]  # is greater while the left fist falls on the right side
    fist = epochs.events[:, 2]
    assert left[fist == 0].mean() - left[fist == 1].mean() > 0.5


def test_a_subject_is_the_same_whatever_the_number_of_subjects():
    alone = simulate_motor_imagery(1, n_trials=2, seed=3)[0].raw.get_data()
    both = simulate_motor_imagery(2, n_trials=2, seed=3)
    assert np.array_equal(alone, both[0].raw.get_data())
    assert not np.array_equal(alone, both[1].raw.get_data())


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_subjects": 0},
        {"n_subjects": 10**9},
        {"n_trials": 1.5},
        {"n_trials": 10**9},
        {"sfreq": 0},
    ],
)
def test_what_cannot_be_simulated_is_an_error(arguments):
    with pytest.raises((TypeError, ValueError), match="Parameter"):
        simulate_motor_imagery(**arguments)
