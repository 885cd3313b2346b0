"""Filters, phases and frequencies against answers that are known."""

import pytest
import torch

from eegaug import BandstopFilter, FrequencyShift, FTSurrogate, PhaseJitter

from ..helpers import SFREQ, TIMES, replay, tone


@pytest.mark.parametrize(("noise", "expected"), [(1.0, 13.0), (-1.0, 7.0), (0.5, 11.5)])
def test_a_tone_of_10_hz_moves(noise, expected):
    transform = FrequencyShift(SFREQ, max_delta_freq=3.0)
    tone = torch.cos(2 * torch.pi * 10 * TIMES)[None, None]
    moved = replay(transform, tone, torch.tensor([noise]))
    wanted = torch.cos(2 * torch.pi * expected * TIMES)
    assert torch.allclose(moved[0, 0], wanted, atol=1e-3)


@pytest.mark.parametrize("n_times", [300, 301, 82])  # at 82, rfftfreq misses one half
@pytest.mark.parametrize("channel_indep", [False, True])
def test_a_surrogate_keeps_the_power_spectrum(n_times, channel_indep):
    x = torch.randn(16, 3, n_times, generator=torch.Generator().manual_seed(0)) + 2
    surrogate = FTSurrogate(1.0, channel_indep)(x)
    assert torch.allclose(torch.fft.rfft(surrogate).abs(), torch.fft.rfft(x).abs(), atol=1e-2)
    assert (surrogate - x).abs().mean() > 0.5, "phases should change"


def test_a_surrogate_keeps_the_cross_spectrum_by_default():
    x = torch.randn(4, 2, 300, generator=torch.Generator().manual_seed(0))

    def cross(x):
        spectrum = torch.fft.rfft(x)
        return spectrum[:, 0] * spectrum[:, 1].conj()

    assert torch.allclose(cross(FTSurrogate(1.0)(x)), cross(x), atol=1e-2)
    assert not torch.allclose(cross(FTSurrogate(1.0, True)(x)), cross(x), atol=1.0)


@pytest.mark.parametrize("place", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("bandwidth", [2.0, 5.0])
def test_tones_in_the_band_vanish_and_others_stay(bandwidth, place):
    lowest = 1 + bandwidth / 2
    centre = lowest + place * (40 - 2 * lowest)
    # on the grid of the window, so that a tone is one line
    grid = torch.arange(1, 499) / 10
    x = tone(grid[None, :, None])
    transform = BandstopFilter(SFREQ, bandwidth, max_freq=40.0)
    gain = replay(transform, x, torch.tensor([place]))[0].std(-1) / x[0].std(-1)
    away = (grid - centre).abs()
    assert (gain[away < bandwidth / 2 - 0.5] < 1e-3).all()
    assert (gain[away > bandwidth / 2 + 0.5] > 0.999).all()
    assert (gain[grid > 40] > 0.999).all()
    assert gain.sum() == pytest.approx(len(grid) - bandwidth * 10, abs=0.5), "half at the edges"


def test_a_narrow_band_is_taken_out_in_part():
    x = tone(20.0)[None, None]
    lowest = 1 + 0.1 / 2
    place = torch.tensor([(20 - lowest) / (50 - 2 * lowest)])
    kept = replay(BandstopFilter(SFREQ, 0.1), x, place).std() / x.std()
    assert kept == pytest.approx(1 - 0.2, abs=0.01), "the Hann window's peak times the width"
    assert torch.equal(replay(BandstopFilter(SFREQ, 0.0), x, place), x)


def test_angles_are_drawn_to_both_sides_and_no_farther():
    angles = PhaseJitter(90.0).noise(torch.zeros(500, 4, 1))
    assert angles.shape == (500, 4) and angles.abs().max() <= 1
    assert angles.mean() == pytest.approx(0, abs=0.05) and angles.std() == pytest.approx(
        3**-0.5, rel=0.05
    )


@pytest.mark.parametrize("share", [1.0, -0.5, 0.25])
def test_a_cosine_turns_by_the_angle(share):
    x = torch.stack([tone(5.0), tone(17.0)])[None]
    out = replay(PhaseJitter(90.0), x, torch.tensor([[share, -share]]))
    phase = share * torch.pi / 2
    wanted = torch.stack([tone(5.0, phase), tone(17.0, -phase)])[None]
    # 17 Hz for 10 s is a phase of 1000, in float32
    assert torch.allclose(out, wanted, atol=5e-4)
