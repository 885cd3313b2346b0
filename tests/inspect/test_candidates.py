"""How close the runner-up of a layer comes."""

import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    ChannelsDropout,
    Compose,
    GaussianNoise,
    InvariantModel,
    SignFlip,
    TimeShift,
    compare_top_candidates,
)

from ..helpers import SFREQ, Power, powers


def test_the_runner_up_of_a_layer_is_told_with_its_cost():
    x, y = powers()
    layer = AugmentationLayer([ChannelsDropout(0.5), SignFlip(), TimeShift(SFREQ)])
    layer.logits.data.copy_(torch.tensor([1.0, 2.0, 0.0]))
    weights = layer.logits.detach().clone()
    model = InvariantModel(Power(), Compose([layer, GaussianNoise()]))
    (told,) = compare_top_candidates(model, nn.CrossEntropyLoss(), x, y)
    assert (told["winner"], told["runner_up"], told["layer"]) == ("SignFlip", "ChannelsDropout", 1)
    assert told["excess"] > 3 * told["error"] > 0
    assert torch.equal(layer.logits, weights)
