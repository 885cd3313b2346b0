"""How close the runner-up of a layer comes."""

import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    CandidateComparison,
    ChannelsDropout,
    Compose,
    GaussianNoise,
    InvariantModel,
    OneOf,
    SignFlip,
    TimeShift,
    compare_top_candidates,
)

from ..helpers import SFREQ, Power, powers


def test_the_runner_up_of_a_layer_comes_with_its_cost():
    x, y = powers()
    layer = AugmentationLayer([ChannelsDropout(0.5), SignFlip(), TimeShift(SFREQ)])
    layer.logits.data.copy_(torch.tensor([1.0, 2.0, 0.0]))
    weights = layer.logits.detach().clone()
    model = InvariantModel(Power(), Compose([layer, GaussianNoise()]))
    (found,) = compare_top_candidates(model, nn.CrossEntropyLoss(), x, y)
    assert isinstance(found, CandidateComparison)
    assert (found.winner, found.runner_up, found.layer) == ("SignFlip", "ChannelsDropout", 1)
    assert found.excess > 3 * found.error > 0
    assert torch.equal(layer.logits, weights)


def test_a_layer_that_chooses_nothing_has_no_runner_up():
    x, y = powers()
    model = InvariantModel(Power(), OneOf([ChannelsDropout(0.5), SignFlip()]))
    assert compare_top_candidates(model, nn.CrossEntropyLoss(), x, y) == []
