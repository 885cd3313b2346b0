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


def test_layers_are_looked_at_whatever_is_before_them():
    """A transform alone, a layer of one, one that chooses nothing; and what a network drops."""
    x, y = powers()
    layer = AugmentationLayer([ChannelsDropout(0.5), SignFlip()])
    alone, either = AugmentationLayer([TimeShift(SFREQ)]), OneOf([SignFlip(), GaussianNoise()])
    found = []
    for network in (Power(), nn.Sequential(nn.Dropout(0.9), Power())):
        model = InvariantModel(network, Compose([SignFlip(), alone, either, layer])).train()
        found.append(compare_top_candidates(model, nn.CrossEntropyLoss(), x, y))
    assert found[0] == found[1] and len(found[0]) == 1
    assert (found[0][0].layer, found[0][0].runner_up) == (4, "SignFlip")
    assert found[0][0].excess < -3 * found[0][0].error


def test_the_defaults_are_four_draws_of_256_trials_by_seed_0():
    x, y = powers(257)
    model = InvariantModel(Power(), AugmentationLayer([ChannelsDropout(0.5), SignFlip()]))
    loss = nn.CrossEntropyLoss()
    wanted = compare_top_candidates(model, loss, x, y, n_draws=4, batch_size=256, seed=0)
    assert compare_top_candidates(model, loss, x, y) == wanted
    for other in ({"n_draws": 5}, {"batch_size": 257}, {"seed": 1}):
        assert compare_top_candidates(model, loss, x, y, **other) != wanted, other
