"""The published penalty, and the criterion that carries it."""

import pytest
import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    BreadthCriterion,
    FrequencyShift,
    FTSurrogate,
    GainTransform,
    InvariantModel,
    SignFlip,
    width_penalty,
)


def test_penalty_is_the_norm_of_weights_times_fractions():
    layer = AugmentationLayer([FTSurrogate(0.6), FrequencyShift(100, 4.0)])
    expected = -(((0.5 * 0.6) ** 2 + (0.5 * 0.8) ** 2) ** 0.5)
    assert width_penalty(layer).item() == pytest.approx(expected, abs=0.001)
    both = nn.ModuleList([layer, FTSurrogate(0.25)])
    together = -((expected**2 + 0.25**2) ** 0.5)  # one norm, whatever layer they are of
    assert width_penalty(both).item() == pytest.approx(together, abs=0.001)


def test_criterion_carries_the_penalty_in_training_only():
    model = InvariantModel(nn.Flatten(), FTSurrogate(0.5))
    criterion = BreadthCriterion(nn.MSELoss(), model, weight=0.2)
    outputs = torch.zeros(3)
    assert criterion(outputs, outputs).item() == pytest.approx(-0.1, abs=1e-6)
    model.eval()
    assert criterion(outputs, outputs).item() == 0
    assert list(criterion.parameters()) == []


class Silence(GainTransform):
    """A user's transform with nothing to learn."""

    def gain(self, x, noise):
        return torch.zeros_like(x[:, :1, :1])


def test_a_transform_with_nothing_to_learn_is_no_obstacle():
    assert width_penalty(Silence()) == 0
    layer = AugmentationLayer([Silence(), SignFlip()]).to("meta")
    assert width_penalty(layer).device.type == "meta"
    BreadthCriterion(nn.MSELoss(), InvariantModel(nn.Flatten(), Silence()))


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (lambda: width_penalty(nn.Linear(2, 2)), ValueError, "Found none in Linear"),
        (lambda: BreadthCriterion(nn.MSELoss(), SignFlip(), -1), ValueError, "zero or more"),
    ],
)
def test_bad_arguments_are_told_in_one_line(build, error, match):
    with pytest.raises(error, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)
