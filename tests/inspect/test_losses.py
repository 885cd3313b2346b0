"""What profiles and comparisons have in common."""

import pytest
import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    InvariantModel,
    SignFlip,
    TimeShift,
    compare_top_candidates,
    identifiability,
)

from ..helpers import SFREQ, Power, powers


def test_the_model_is_restored_after_an_error():
    x, y = powers(8)
    layer = AugmentationLayer([TimeShift(SFREQ, 0.5), SignFlip(0.3)])
    model = InvariantModel(Power(), layer)
    before = {name: value.clone() for name, value in model.state_dict().items()}

    class Interrupted(nn.CrossEntropyLoss):
        calls = 0

        def forward(self, outputs, targets):
            type(self).calls += 1
            if self.calls % 3 == 0:
                raise KeyboardInterrupt
            return super().forward(outputs, targets)

    for ask in (identifiability, compare_top_candidates):
        Interrupted.calls = 0
        with pytest.raises(KeyboardInterrupt):
            ask(model, Interrupted(), x, y, n_draws=2)
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("ask", [identifiability, compare_top_candidates])
def test_bad_arguments_are_reported(ask):
    x, y = powers(4)
    model = InvariantModel(Power(), SignFlip())
    with pytest.raises(TypeError, match=r"`x` should be a tensor.*Found ndarray"):
        ask(model, nn.CrossEntropyLoss(), x.numpy(), y)
    with pytest.raises(ValueError, match=r"same number of trials\. Found 4 and 3"):
        ask(model, nn.CrossEntropyLoss(), x, y[:3])
    with pytest.raises(ValueError, match=r"two trials or more\. Found 1"):
        ask(model, nn.CrossEntropyLoss(), x[:1], y[:1])
    with pytest.raises(ValueError, match="`n_draws` should be positive"):
        ask(model, nn.CrossEntropyLoss(), x, y, n_draws=0)
    with pytest.raises(ValueError, match="`batch_size` should be positive"):
        ask(model, nn.CrossEntropyLoss(), x, y, batch_size=0)
    with pytest.raises(TypeError, match="`seed` should be an integer"):
        ask(model, nn.CrossEntropyLoss(), x, y, seed=0.5)
    layer = InvariantModel(Power(), AugmentationLayer([SignFlip(), TimeShift(100)]))
    with pytest.raises(ValueError, match=r"shape of the outputs, \(4, 2\)\. Found \(4,\)"):
        ask(layer, nn.MSELoss(), x, y.float())
    with pytest.raises(TypeError, match=r"`loss` should have a `reduction`.*Found Power"):
        ask(layer, Power(), x, y)


@pytest.mark.parametrize("reward_weight", [float("nan"), float("inf"), -0.1])
def test_a_reward_that_is_no_weight_is_refused(reward_weight):
    with pytest.raises(ValueError, match="`reward_weight` should be"):
        identifiability(
            InvariantModel(Power(), SignFlip()),
            nn.CrossEntropyLoss(),
            *powers(4),
            reward_weight=reward_weight,
        )


@pytest.mark.parametrize("ask", [identifiability, compare_top_candidates])
def test_a_bare_network_is_refused(ask):
    x, y = powers(4)
    with pytest.raises(TypeError, match=r"should be an InvariantModel\. Found Power"):
        ask(Power(), nn.CrossEntropyLoss(), x, y)
