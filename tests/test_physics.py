"""Transforms against answers that are known."""

import pytest
import torch

from eegaug import ChannelsDropout, FrequencyShift, FTSurrogate, SignFlip, Strength, TimeShift
from eegaug.functional import bernoulli, categorical

SFREQ = 100.0
TIMES = torch.arange(1000) / SFREQ


def open_gate(n):
    return torch.zeros(n)


@pytest.mark.parametrize(("noise", "expected"), [(1.0, 13.0), (-1.0, 7.0), (0.5, 11.5)])
def test_a_tone_of_10_hz_moves(noise, expected):
    transform = FrequencyShift(SFREQ, max_delta_freq=3.0)
    tone = torch.cos(2 * torch.pi * 10 * TIMES)[None, None]
    moved = transform(tone, noise=(open_gate(1), torch.tensor([noise])))
    wanted = torch.cos(2 * torch.pi * expected * TIMES)
    assert torch.allclose(moved[0, 0], wanted, atol=1e-3)


@pytest.mark.parametrize("n_times", [1000, 1001])
@pytest.mark.parametrize("noise", [1.0, -1.0])
def test_a_pulse_moves_by_a_quarter_second(n_times, noise):
    transform = TimeShift(SFREQ, max_shift=0.25)
    pulse = torch.zeros(1, 1, n_times)
    pulse[..., 500] = 1.0
    moved = transform(pulse, noise=(open_gate(1), torch.tensor([noise])))
    assert moved[0, 0].argmax() == 500 + 25 * noise
    assert moved.max().item() == pytest.approx(1.0, abs=1e-4)


def test_a_shift_by_a_fraction_of_a_sample_moves_the_wave():
    transform = TimeShift(SFREQ, max_shift=0.0033)
    wave = torch.sin(2 * torch.pi * 5 * TIMES)[None, None]
    moved = transform(wave, noise=(open_gate(1), torch.ones(1)))
    wanted = torch.sin(2 * torch.pi * 5 * (TIMES - 0.0033))
    assert torch.allclose(moved[0, 0], wanted, atol=1e-4)


@pytest.mark.parametrize("n_times", [300, 301, 82])  # at 82, rfftfreq misses one half
@pytest.mark.parametrize("channel_indep", [False, True])
def test_a_surrogate_keeps_the_power_spectrum(n_times, channel_indep):
    x = torch.randn(16, 3, n_times, generator=torch.Generator().manual_seed(0)) + 2
    surrogate = FTSurrogate(1.0, channel_indep)(x)
    assert torch.allclose(torch.fft.rfft(surrogate).abs(), torch.fft.rfft(x).abs(), atol=1e-2)
    assert (surrogate - x).abs().mean() > 0.5, "phases should change"


def test_a_surrogate_keeps_the_cross_spectrum_unless_asked():
    x = torch.randn(4, 2, 300, generator=torch.Generator().manual_seed(0))

    def cross(x):
        spectrum = torch.fft.rfft(x)
        return spectrum[:, 0] * spectrum[:, 1].conj()

    assert torch.allclose(cross(FTSurrogate(1.0)(x)), cross(x), atol=1e-2)
    assert not torch.allclose(cross(FTSurrogate(1.0, True)(x)), cross(x), atol=1.0)


@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
def test_the_share_of_flipped_trials_is_p(p):
    out = SignFlip(p).eval()(torch.ones(20_000, 1, 2))
    assert set(out.unique().tolist()) == {-1.0, 1.0}
    assert (out[:, 0, 0] < 0).float().mean() == pytest.approx(p, abs=0.015)
    assert torch.equal(out[..., 0], out[..., 1]), "a trial flips as a whole"


@pytest.mark.parametrize("p", [0.2, 0.9])
def test_the_share_of_dropped_channels_is_p(p):
    out = ChannelsDropout(p).eval()(torch.ones(5000, 6, 2))
    dropped = (out == 0).all(-1)
    assert set(out.unique().tolist()) == {0.0, 1.0}
    assert dropped.float().mean() == pytest.approx(p, abs=0.015)
    assert dropped.float().std(0).min() > 0.2, "channels drop by themselves"


def test_the_gate_opens_for_a_share_p_of_trials():
    transform = FTSurrogate(1.0, p=Strength(0.3, unit="probability")).eval()
    x = torch.randn(5000, 1, 16)
    changed = (transform(x) != x).any(-1).any(-1)
    assert changed.float().mean() == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_the_estimator_is_unbiased_for_quadratic_losses(p):
    """For f(b) = (b - 2)^2 the mean is f(0) + p (f(1) - f(0)): its slope in p is 1 - 4."""
    p = torch.tensor(p, dtype=torch.float64, requires_grad=True)
    uniform = torch.rand(200_000, dtype=torch.float64)
    (bernoulli(uniform, p) - 2).square().mean().backward()
    assert p.grad.item() == pytest.approx(-3, abs=0.05)


def test_categorical_draws_by_weight_and_never_past_the_end():
    weights = torch.tensor([0.2, 0.0, 0.8])
    chosen = categorical(torch.rand(20_000), weights)
    assert torch.equal(chosen.sum(1), torch.ones(20_000))
    assert chosen.mean(0).tolist() == pytest.approx([0.2, 0.0, 0.8], abs=0.015)
    assert categorical(torch.tensor([1 - 2**-24]), torch.full((3,), 1 / 3)).tolist() == [[0, 0, 1]]
