"""Shifts, warps, crops and masks against answers that are known."""

import pytest
import torch

from eegaug import (
    MaskEncoding,
    RandomCrop,
    SmoothTimeMask,
    Strength,
    TimeReverse,
    TimeShift,
    TimeWarp,
)

from ..helpers import SFREQ, TIMES, replay, tone


@pytest.mark.parametrize("n_times", [1000, 1001])
@pytest.mark.parametrize("noise", [1.0, -1.0])
def test_a_pulse_moves_by_a_quarter_second(n_times, noise):
    transform = TimeShift(SFREQ, max_shift=0.25)
    pulse = torch.zeros(1, 1, n_times)
    pulse[..., 500] = 1.0
    moved = replay(transform, pulse, torch.tensor([noise]))
    assert moved[0, 0].argmax() == 500 + 25 * noise
    assert moved.max().item() == pytest.approx(1.0, abs=1e-4)


def test_a_shift_by_a_fraction_of_a_sample_moves_the_wave():
    transform = TimeShift(SFREQ, max_shift=0.0033)
    wave = torch.sin(2 * torch.pi * 5 * TIMES)[None, None]
    moved = replay(transform, wave, torch.ones(1))
    wanted = torch.sin(2 * torch.pi * 5 * (TIMES - 0.0033))
    assert torch.allclose(moved[0, 0], wanted, atol=1e-4)


def test_reversal_is_exact_and_comes_with_its_chance():
    x = torch.arange(6.0).expand(20_000, 2, -1)
    out = TimeReverse(0.3).eval()(x)
    reversed_ = (out == x.flip(-1)).all(-1).all(-1)
    assert ((out == x).all(-1).all(-1) | reversed_).all()
    assert reversed_.float().mean() == pytest.approx(0.3, abs=0.001), "draws are stratified"


def test_a_smooth_mask_is_where_and_as_long_as_set():
    """Edges fall within ten thousandths of the window, here ten samples."""
    mask = replay(SmoothTimeMask(SFREQ, 2.0), torch.ones(1, 1, 1000), torch.tensor([0.25]))[0, 0]
    start = 0.25 * (1000 - 200)
    assert (mask[: int(start) - 10] > 0.999).all() and (mask[int(start) + 210 :] > 0.999).all()
    assert (mask[int(start) + 10 : int(start) + 190] < 0.001).all()
    assert (1 - mask).sum() == pytest.approx(200, abs=0.01)


@pytest.mark.parametrize("place", [0.0, 0.3, 1.0])
def test_a_hard_mask_is_where_and_as_long_as_set(place):
    """At any length: a sample that is covered in part is masked in part."""
    transform = MaskEncoding(0.1237)
    mask = replay(transform, torch.ones(1, 1, 1000), torch.tensor([[place]]))[0, 0]
    start, length = place * (1000 - 123.7), 123.7
    assert (1 - mask).sum() == pytest.approx(length, abs=1e-3)
    middle = (torch.arange(1000) + 0.5) * (1 - mask)
    assert middle.sum() / length == pytest.approx(start + length / 2, abs=0.1)
    assert ((mask > 0) & (mask < 1)).sum() <= 2


def test_two_hard_masks_share_the_length():
    places = torch.tensor([[0.0, 1.0], [0.5, 0.5]])
    masks = replay(MaskEncoding(0.4, n_segments=2), torch.ones(2, 1, 1000), places)
    apart, overlapping = (1 - masks[:, 0]).sum(-1).tolist()
    assert (apart, overlapping) == pytest.approx((400, 200), abs=0.01)


def test_a_warp_changes_speed_by_no_more_than_its_fraction():
    ramp = torch.arange(1000.0).expand(200, 1, -1)
    torch.manual_seed(0)
    read = TimeWarp(0.3)(ramp).detach()[:, 0]
    assert torch.allclose(read[:, [0, -1]], ramp[:, 0, [0, -1]], atol=1e-3), "both ends stay"
    # there signals are held, so that a ramp is read with a kink
    speed = read.diff(dim=-1)[:, 2:-2]
    assert speed.min() >= 0.7 - 1e-3 and speed.max() <= 1.3 + 1e-3
    assert (read - ramp[:, 0]).abs().max() > 10


def test_a_ramp_shows_the_map_of_time():
    ramp = torch.arange(1000.0)[None, None]
    u = torch.tensor([[0.5, -0.2, 1.0]])
    read = replay(TimeWarp(0.3), ramp, u)[0, 0]
    along = torch.pi * torch.arange(1000.0) / 999
    waves = sum(u[0, k - 1] / k * torch.sin(k * along) for k in (1, 2, 3))
    assert torch.allclose(read, ramp[0, 0] + 0.3 * 999 / (3 * torch.pi) * waves, atol=1e-2)
    fastest = replay(TimeWarp(0.3), ramp, torch.ones(1, 3))[0, 0]
    assert fastest[1] - fastest[0] == pytest.approx(1.3, abs=1e-3)


@pytest.mark.parametrize("strength", [0.01, 0.3])
def test_a_warp_keeps_the_power_of_fast_signals(strength):
    """Cubic convolution of the samples alone keeps .81 of white noise, and .80 at 30 Hz."""
    noise = torch.randn(20, 2, 1000, generator=torch.Generator().manual_seed(0))
    warp = TimeWarp(strength)
    for x, least in ((noise, 0.95), (tone(30.0).expand(20, 1, -1), 0.96)):
        assert least < warp(x).var() / x.var() < 1.01


@pytest.mark.parametrize(("noise", "first"), [(0.0, 100), (1.0, 70), (-1.0, 130), (0.5, 85)])
def test_a_crop_starts_at_the_margin_less_the_shift(noise, first):
    transform = RandomCrop(SFREQ, 2.0, Strength(0.3, high=0.5, unit="s"))
    ramp = torch.arange(400.0)[None, None]
    crop = replay(transform, ramp, torch.tensor([noise]))
    assert crop.shape == (1, 1, 200)
    # the ramp's fall at its end rings when shifted by rounded phases
    assert torch.allclose(crop[0, 0], torch.arange(first, first + 200.0), atol=0.01)


@pytest.mark.parametrize(("n_times", "first"), [(400, 100), (401, 100), (402, 101)])
def test_of_odd_margins_the_second_is_the_longer(n_times, first):
    crop = RandomCrop(SFREQ, 2.0, Strength(0.0, high=0.5, unit="s"))
    ramp = torch.arange(float(n_times))[None, None]
    assert torch.equal(crop(ramp)[0, 0], ramp[0, 0, first : first + 200])


def test_a_crop_shifts_by_a_fraction_of_a_sample():
    transform = RandomCrop(SFREQ, 2.0, Strength(0.0033, high=0.5, unit="s"))
    wave = tone(5.0, times=TIMES[:400])[None, None]
    crop = replay(transform, wave, torch.ones(1))
    assert torch.allclose(crop[0, 0], tone(5.0, times=TIMES[100:300] - 0.0033), atol=1e-4)


def test_the_ends_of_the_shortest_window_stay_in_place():
    warp, y = TimeWarp(0.9), torch.tensor([[[1.0, 2.0]]])
    draw = warp.sample(y)
    assert torch.allclose(warp.inverse(y, draw.noise), y, atol=1e-5)
    assert torch.equal(warp.relabel(y, draw.noise), y)
