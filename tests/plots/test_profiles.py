"""Profiles of the loss."""

import pytest
import torch
from torch import nn

from eegaug import (
    Compose,
    FrequencyShift,
    InvariantModel,
    SignFlip,
    identifiability,
    plots,
)

SFREQ = 100.0


class Power(nn.Module):
    """Powers of two channels: polarity and time do not matter."""

    def forward(self, x):
        return x.square().mean(-1)


def test_profiles_are_drawn_with_their_units_and_verdicts():
    torch.manual_seed(0)
    x, y = torch.randn(64, 2, 100), torch.arange(64) % 2
    chain = Compose([SignFlip(), FrequencyShift(SFREQ, 1.0)])
    profiles = identifiability(InvariantModel(Power(), chain), nn.CrossEntropyLoss(), x, y)
    flip, shift = plots.plot_profiles(profiles).axes
    assert flip.get_xlabel() == "p\n(probability)"
    assert flip.get_title().startswith("Layer 1: SignFlip")
    assert shift.get_xlabel() == "max_delta_freq\n(Hz)"
    assert shift.get_title().splitlines() == ["Layer 2: FrequencyShift", profiles[1].verdict]
    drawn = shift.containers[0].lines[0]
    assert tuple(drawn.get_xdata()) == profiles[1].values
    assert tuple(drawn.get_ydata()) == profiles[1].excess


def test_no_profile_is_an_error():
    with pytest.raises(ValueError, match=r"one profile or more\. Found none"):
        plots.plot_profiles([])
