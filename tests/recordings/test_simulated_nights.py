"""Simulated nights."""

import numpy as np
import pytest

from eegaug.recordings import (
    STAGES,
    simulate_nights,
)
from eegaug.recordings.sleep import stage_of


def test_simulated_nights_repeat_and_subjects_differ():
    first, second = simulate_nights(2, hours=0.2, seed=1)
    again, *_ = simulate_nights(5, hours=0.2, seed=1)
    other, *_ = simulate_nights(1, hours=0.2, seed=2)
    assert np.array_equal(first.raw.get_data(), again.raw.get_data())
    assert not np.allclose(first.raw.get_data(), second.raw.get_data())
    assert not np.allclose(first.raw.get_data(), other.raw.get_data())


@pytest.mark.slow
def test_simulated_stages_sound_like_stages():
    """Slow waves in N3, alpha behind in W, spindles in N2 more than in W or REM."""
    recordings = simulate_nights(4, hours=2, seed=0)
    power = {stage: [] for stage in STAGES}
    for recording in recordings:
        for annotation in recording.raw.annotations:
            segment = recording.raw.copy().crop(annotation["onset"], annotation["onset"] + 29.9)
            psd = segment.compute_psd(fmax=40, n_fft=512, verbose="error")
            power[stage_of(annotation["description"])].append(psd.get_data())
    freqs = psd.freqs

    def band(stage, channel, low, high):
        seen = (freqs >= low) & (freqs <= high)
        return np.median([p[channel, seen].mean() for p in power[stage]])

    assert band("N3", 0, 0.5, 2) > 10 * band("W", 0, 0.5, 2)
    assert band("W", 1, 8, 12) > 3 * band("N2", 1, 8, 12)
    assert band("N2", 1, 12, 15) > 1.5 * band("REM", 1, 12, 15)


@pytest.mark.parametrize(
    "arguments",
    [{"n_subjects": n} for n in (0, 2.5, 10**9)]
    + [{"hours": h} for h in (0.001, 1e9)]
    + [{"sfreq": -1}],
)
def test_nights_that_cannot_be_simulated_give_one_line(arguments):
    with pytest.raises((TypeError, ValueError), match="Parameter"):
        simulate_nights(**arguments)
