"""Sensors interpolated and turned, against answers that are known."""

import pytest
import scipy
import torch

from eegaug import BandRotation, ChannelsInterpolation, Choices, SensorsRotation, SensorsZRotation

from ..helpers import cap, replay


def field(places, direction=(0.3, 0.8, 0.5)):
    """A potential that is linear in space: smooth over the whole head."""
    places = torch.as_tensor(places, dtype=torch.float64)
    places = places / places.norm(dim=1, keepdim=True)
    return (places @ torch.tensor(direction, dtype=torch.float64)).float()


def test_others_tell_a_channel_of_a_smooth_field():
    _, positions = cap()
    transform = ChannelsInterpolation(positions)
    assert torch.allclose(transform.weights.sum(1), torch.ones(64), atol=1e-5)
    assert (transform.weights.diagonal() == 0).all(), "a channel does not tell of itself"
    x = field(positions)[None, :, None]
    for channel in range(64):
        draws = torch.ones(1, 64)
        draws[0, channel] = 0
        out = replay(transform.eval(), x, Choices(draws))
        assert torch.equal(out[0, :channel], x[0, :channel])
        # at the rim the others are on one side only
        assert (out - x).abs().max() < 0.02


def turned(positions, axis, degrees):
    turn = scipy.spatial.transform.Rotation.from_euler(axis, degrees, degrees=True)
    return turn.apply(positions)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
@pytest.mark.parametrize("degrees", [-20.0, 5.0, 20.0])
def test_a_turned_cap_sees_the_field_at_its_new_places(axis, degrees):
    """Within the cap: where it turns beyond its rim the field is not known."""
    _, positions = cap()
    where = turned(positions, axis, degrees)
    x = field(positions)[None, :, None]
    seen = replay(SensorsRotation(positions, axis, 20.0), x, torch.tensor([degrees / 20]))
    inner = positions[:, 2] / positions.norm(dim=1) > 0.35
    assert (seen[0, :, 0] - field(where))[inner].abs().max() < 0.01
    assert (seen - x)[0, inner].abs().max() > 0.05


def test_turning_twice_is_turning_by_the_sum():
    _, positions = cap()
    x = field(positions)[None, :, None]
    transform = SensorsZRotation(positions, 30.0)
    twice = replay(transform, replay(transform, x, torch.tensor([0.2])), torch.tensor([0.5]))
    assert torch.allclose(twice, replay(transform, x, torch.tensor([0.7])), atol=1e-3)
    back = replay(transform, replay(transform, x, torch.tensor([0.2])), torch.tensor([-0.2]))
    assert torch.allclose(back, x, atol=1e-3)


def test_no_turn_is_the_exact_identity():
    _, positions = cap()
    x = torch.randn(1, 64, 20, generator=torch.Generator().manual_seed(0))
    assert torch.equal(replay(SensorsZRotation(positions, 30.0), x, torch.zeros(1)), x)


@pytest.mark.parametrize("shift", [1.0, 0.37, -1.6])
def test_a_wave_round_the_limb_turns_with_its_band(shift):
    """The first band by the shift, the second back; between electrodes too."""
    place = 2 * torch.pi * torch.arange(8.0) / 8
    step = 2 * torch.pi * shift / 8

    def waves(step):
        return torch.cos(2 * (place - step)) + torch.sin(place - step) + 1

    x = torch.cat([waves(0), waves(0)])[None, :, None].expand(-1, -1, 5)
    out = replay(BandRotation(2, 8, 2.0), x, torch.tensor([[shift / 2, -shift / 2, 0.9]]))
    assert torch.allclose(out[0, :, 0], torch.cat([waves(step), waves(-step)]), atol=1e-5)


def test_jitter_moves_the_second_band_alone():
    x = torch.randn(1, 6, 50, generator=torch.Generator().manual_seed(0))
    out = replay(BandRotation(3, 2, 1.0, 10.0), x, torch.tensor([[0.0, 0.0, 0.0, 0.7]]))
    assert torch.allclose(out[:, [0, 1, 4, 5]], x[:, [0, 1, 4, 5]], atol=1e-5)
    assert torch.allclose(out[:, [2, 3]], x[:, [2, 3]].roll(7, -1), atol=1e-5)
