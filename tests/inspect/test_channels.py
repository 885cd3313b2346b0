"""Which channels a network uses."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from eegaug.inspect import channel_importance

STEEPNESS = 2.0


class Sign(nn.Module):
    """Tell two classes by the mean of one channel, which is 1 or -1."""

    def __init__(self, channel=1):
        super().__init__()
        self.channel = channel
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        mean = x[:, self.channel].mean(-1)
        return STEEPNESS / 2 * self.drop(torch.stack([-mean, mean], 1))


def trials(n=60, n_chans=3):
    """Return trials of which channel 1 has the class in its mean, and the classes."""
    y = torch.arange(n) % 3 // 2
    x = torch.randn(n, n_chans, 20, generator=torch.Generator().manual_seed(0))
    x[:, 1] += (2.0 * y - 1 - x[:, 1].mean(-1))[:, None]
    return x, y


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_the_loss_rises_by_what_exchanged_trials_cost(seed):
    """A trial that gets the channel of the other class costs the steepness more, in nats."""
    x, y = trials()
    order = torch.randperm(60, generator=torch.Generator().manual_seed(seed))
    wanted = STEEPNESS * (y[order] != y).double().mean().item()
    importance = channel_importance(Sign().eval(), x, y, seed)
    assert importance.shape == (3,) and importance.dtype == np.float64
    assert importance == pytest.approx([0, wanted, 0], abs=1e-6) and wanted > 0.5
    assert importance[0] == importance[2] == 0, "channels that are not used cost nothing at all"


def test_all_channels_are_exchanged_alike_and_nothing_is_changed():
    x, y = trials()
    x[:, 2] = x[:, 1]
    before, state = x.clone(), torch.random.get_rng_state()
    model = nn.Sequential(Sign(1)).eval()
    first, again = (channel_importance(model, x, y) for _ in range(2))
    assert np.array_equal(first, again)
    assert first[1] == channel_importance(nn.Sequential(Sign(2)).eval(), x, y)[2]
    assert torch.equal(x, before) and torch.equal(torch.random.get_rng_state(), state)
    assert not model.training and all(p.grad is None for p in model.parameters())
    assert not np.array_equal(first, channel_importance(model, x, y, seed=1))


def test_a_channel_that_a_neighbour_records_too_is_worth_less():
    class Both(nn.Module):
        def forward(self, x):
            mean = x[:, 1:].mean((1, 2))
            return STEEPNESS / 2 * torch.stack([-mean, mean], 1)

    x, y = trials()
    x[:, 2] = x[:, 1]
    alone, shared = channel_importance(Sign().eval(), x, y), channel_importance(Both(), x, y)
    # of a trial whose channels disagree, nothing is known
    exchanged = alone[1] / STEEPNESS
    loss = math.log(2) - math.log1p(math.exp(-STEEPNESS))
    assert shared == pytest.approx([0, exchanged * loss, exchanged * loss], abs=1e-6)


def test_one_trial_has_no_other_to_take_a_channel_from():
    x, y = trials()
    assert channel_importance(Sign().eval(), x[:1], y[:1]).tolist() == [0, 0, 0]
