"""Noise against answers that are known."""

import pytest
import torch

from eegaug import BandNoise, EMGNoise, EOGNoise, GaussianNoise, PowerlineNoise

from ..helpers import SFREQ, replay

SILENCE = torch.zeros(500, 2, 1000)
FREQS = torch.fft.rfftfreq(1000, 1 / SFREQ)


def mean_power(added):
    """Share of the power at each frequency, over trials and channels."""
    power = torch.fft.rfft(added.detach()).abs().square().mean((0, 1))
    return power / power.sum()


def test_gaussian_noise_is_white_with_its_standard_deviation():
    torch.manual_seed(0)
    added = GaussianNoise(0.3)(SILENCE)
    assert added.std().item() == pytest.approx(0.3, rel=0.01)
    power = mean_power(added)[1:-1]
    # each is a mean of 1000 exponential draws
    assert (power / power.mean() - 1).abs().max() < 0.2


@pytest.mark.parametrize(("low", "high"), [(8.0, 12.0), (0.0, 1.0), (30.0, 50.0)])
def test_band_noise_is_within_its_band_with_its_standard_deviation(low, high):
    torch.manual_seed(0)
    added = BandNoise(SFREQ, low, high, 0.3)(SILENCE)
    assert added.std().item() == pytest.approx(0.3, rel=0.02)
    power = mean_power(added)
    outside = (FREQS < low) | (FREQS > high) | (FREQS == 0) | (FREQS == 50)
    assert power[outside].max() < 1e-10
    inside = power[~outside]
    assert (inside / inside.mean() - 1).abs().max() < 0.2


@pytest.mark.parametrize("line_freq", [50.0, 60.0])
def test_the_mains_hum_at_their_frequency(line_freq):
    transform = PowerlineNoise(250.0, 0.4, line_freq)
    gain = torch.tensor([[[1.0], [0.25]]])
    added = replay(transform, torch.zeros(1, 2, 1000), (gain, torch.tensor([[[0.3]]])))
    spectrum = torch.fft.rfft(added[0]) / 500
    peak = spectrum.abs().argmax(-1)
    assert torch.fft.rfftfreq(1000, 1 / 250.0)[peak].tolist() == [line_freq, line_freq]
    assert torch.allclose(spectrum.abs()[[0, 1], peak], torch.tensor([0.4, 0.1]), atol=1e-3)
    assert torch.allclose(spectrum[[0, 1], peak].angle(), torch.tensor(0.6 * torch.pi), atol=1e-2)


def test_muscle_activity_is_a_burst_above_20_hz():
    """The burst's window is half as long as the signal or longer: it leaks by some 0.1 Hz."""
    torch.manual_seed(0)
    added = EMGNoise(SFREQ, 0.4)(SILENCE).detach()
    power = mean_power(added)
    assert power[FREQS < 19].sum() < 1e-5 and power[FREQS < 20].sum() < 0.01
    # a Hann window is below a millionth within a thousandth of its ends
    silent = (added.abs().amax(1) < 1e-6).float().mean(-1)
    assert silent.max() <= 0.5 + 0.003, "a burst lasts half of the window or longer"
    assert silent.mean() == pytest.approx(0.25, abs=0.02)


def test_a_bursts_peak_has_the_largest_standard_deviation():
    transform = EMGNoise(SFREQ, 0.4)
    torch.manual_seed(0)
    added = transform(torch.zeros(4000, 1, 400)).detach()
    # mean of u^2 over U(0, 1), and of sin^4 over the burst of 3/4 of the window
    assert added.square().mean().sqrt() == pytest.approx(
        0.4 * (1 / 3 * 3 / 8 * 3 / 4) ** 0.5, rel=0.02
    )


def test_a_blink_has_its_place_height_and_width():
    transform = EOGNoise(SFREQ, amplitude=0.5)
    draws = torch.tensor([[[0.2, 0.7], [1.0, 0.5]]])  # places, then heights
    added = replay(transform, torch.zeros(1, 3, 800), draws)
    assert torch.equal(added[0, 0], added[0, 2]), "without positions alike in all channels"
    blink = added[0, 0]
    assert blink[160].item() == pytest.approx(0.5) and blink[560].item() == pytest.approx(0.25)
    assert blink[170].item() == pytest.approx(0.5 * 0.6065, abs=1e-3), "0.1 s on"
    assert blink[350:370].max() < 1e-6


@pytest.mark.parametrize(("n_times", "n_blinks"), [(100, 1), (400, 1), (800, 2), (3000, 8)])
def test_eyes_blink_once_in_four_seconds(n_times, n_blinks):
    _, draws = EOGNoise(SFREQ).sample(torch.zeros(2, 3, n_times)).noise
    assert draws.shape == (2, 2, n_blinks)


def test_blinks_are_strongest_at_the_front():
    nose, vertex, inion, between = [0, 1.0, 0], [0, 0, 1.0], [0, -1.0, 0], [0, 1.0, 1.0]
    transform = EOGNoise(SFREQ, [nose, vertex, inion, between], 1.0)
    blink = replay(transform, torch.zeros(1, 4, 100), torch.tensor([[[0.5], [1.0]]]))
    wanted = torch.exp(-torch.tensor([0.0, 2.0, 4.0, 1.0]))
    assert torch.allclose(blink[0, :, 50], wanted, atol=1e-5)
