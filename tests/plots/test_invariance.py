"""Invariance against strength."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from eegaug import (
    TimeShift,
    invariance,
    plots,
)

from .reading import lines

SFREQ = 100.0


class Power(nn.Module):
    """Powers of two channels: polarity and time do not matter."""

    def forward(self, x):
        return x.square().mean(-1)


def test_invariance_against_strength():
    torch.manual_seed(0)
    x = torch.randn(32, 2, 200)
    models = {"power": Power(), "all samples": nn.Flatten()}
    transform = TimeShift(SFREQ, 0.5)
    state = copy.deepcopy(transform.state_dict())
    (ax,) = plots.plot_invariance(models, x, transform, n_values=3).axes
    power, flat = lines(ax)["power"], lines(ax)["all samples"]
    assert np.allclose(power, 1, atol=1e-3) and flat[0] == pytest.approx(1) and flat[2] < 0.5
    assert list(ax.lines[1].get_xdata()) == [0, 1, 2] and ax.get_xlabel() == "max_shift (s)"
    assert all(torch.equal(value, state[key]) for key, value in transform.state_dict().items())
    expected = invariance(nn.Flatten(), x, TimeShift(SFREQ, 2.0), torch.Generator().manual_seed(0))
    assert flat[2] == pytest.approx(np.median(expected))
    with pytest.raises(ValueError, match=r"one learnable strength\. Found 2 in"):
        plots.plot_invariance(Power(), x, TwoStrengths())


class TwoStrengths(TimeShift):
    """A transform with two strengths."""

    def __init__(self):
        super().__init__(SFREQ)
        self.other = copy.deepcopy(self.max_shift)
