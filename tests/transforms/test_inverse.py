"""Outputs per sample, moved back to where the signals were."""

import pytest
import torch

from eegaug import (
    AugmentationLayer,
    Choices,
    Compose,
    FrequencyShift,
    SignFlip,
    Strength,
    TimeReverse,
    TimeShift,
    TimeWarp,
)

from ..helpers import SFREQ, slow_waves


def test_only_trials_that_were_transformed_are_inverted():
    y = slow_waves(50, 600)
    shift = TimeShift(SFREQ, 1.0, p=0.5)
    noise = shift.sample(y[:, None]).noise
    back = shift.inverse(y, noise)
    kept = noise[0].uniform >= 0.5
    assert 10 < kept.sum() < 40
    assert torch.equal(back[kept], y[kept])
    assert ((back - y).abs().amax(-1)[~kept] > 0.01).float().mean() > 0.9


def test_a_chain_is_inverted_from_its_end():
    """An event at 349 is at 449 when shifted by 100 samples, and at 150 when then reversed."""
    chain = Compose([TimeShift(SFREQ, 1.0), TimeReverse(1.0)])
    noise = ((None, torch.ones(1)), (Choices(torch.zeros(1)), None))
    y = torch.zeros(1, 600)
    y[0, 150] = 1
    assert chain.inverse(y, noise)[0].argmax() == 349


def test_a_layer_inverts_what_was_chosen_for_the_trial():
    layer = AugmentationLayer([TimeReverse(1.0), TimeShift(SFREQ, 1.0), SignFlip()], mixture=False)
    _, draws = layer.sample(torch.zeros(3, 1, 600)).noise
    y = slow_waves(3, 2, 600)
    back = layer.inverse(y, (torch.tensor([0.1, 0.5, 0.9]), draws))
    shifted = layer.transforms[1].inverse(y, draws[1])
    assert not torch.allclose(shifted[1], y[1], atol=0.01)
    assert torch.allclose(back, torch.stack([y[0].flip(-1), shifted[1], y[2]]), atol=1e-5)
    back.square().sum().backward()
    assert (layer.logits.grad != 0).all()


@pytest.mark.parametrize("speed", [0.2, 0.5, 0.9])
def test_a_warp_is_inverted_to_interpolation_precision(speed):
    x = slow_waves(32, 1, 600)
    warp = TimeWarp(speed)
    draw = warp.sample(x, torch.Generator().manual_seed(0))
    warped = warp(x, draw=draw)
    error = (warp.inverse(warped, draw.noise) - x).abs()
    assert error[..., 20:-20].max() < 0.002
    assert error.max() < 0.03, "at its ends a signal is read by less than a cubic"
    assert (warped - x).abs().amax() > 1
    # times themselves, which need no interpolation: the inverse is one
    times = torch.arange(600.0).expand(32, 600)
    back = warp.inverse(warp.sources(times[0], draw.noise[1]), draw.noise)
    assert torch.allclose(back[:, 3:-3], times[:, 3:-3], atol=0.02)


def test_a_standstill_of_time_is_no_obstacle():
    warp = TimeWarp(Strength(1.0, high=1.0, unit="fraction"))
    noise = None, torch.ones(1, 3)
    back = warp.inverse(slow_waves(1, 1, 600), noise)
    back.square().sum().backward()
    assert back.isfinite().all() and warp.max_speed_change.raw.grad.isfinite()


def test_a_mixture_where_time_stays_is_handed_through():
    layer = AugmentationLayer([SignFlip(), FrequencyShift(SFREQ)])
    y = torch.zeros(4, 600)
    assert layer.inverse(y, layer.sample(slow_waves(4, 1, 600)).noise) is y
