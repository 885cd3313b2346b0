"""The published penalty, and the objective with it."""

import pytest
import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    BreadthObjective,
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


def test_the_penalty_counts_in_training_only():
    model = InvariantModel(nn.Flatten(), FTSurrogate(0.5))
    objective = BreadthObjective(model, nn.MSELoss(), penalty_weight=0.2)
    x, y = torch.zeros(3, 1, 4), torch.zeros(3, 4)
    assert objective(x, y).item() == pytest.approx(-0.1, abs=1e-6)
    assert objective.step(x, y).outputs.shape == (3, 4)
    assert objective.eval()(x, y).item() == 0


def test_probabilities_learn_from_choices_in_part():
    model = InvariantModel(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), SignFlip(0.3))
    BreadthObjective(model, nn.CrossEntropyLoss(), 0.0)(
        torch.randn(40, 1, 4), torch.arange(40) % 2
    ).backward()
    assert model.augmentation.p.raw.grad != 0


class Silence(GainTransform):
    """A user's transform with nothing to learn."""

    def gain(self, x, noise):
        return torch.zeros_like(x[:, :1, :1])


def test_a_transform_with_nothing_to_learn_is_no_obstacle():
    assert width_penalty(Silence()) == 0
    layer = AugmentationLayer([Silence(), SignFlip()]).to("meta")
    assert width_penalty(layer).device.type == "meta"
    model = InvariantModel(nn.Flatten(), Silence())
    BreadthObjective(model, nn.MSELoss())(torch.zeros(3, 1, 4), torch.zeros(3, 4))


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (lambda: width_penalty(nn.Linear(2, 2)), ValueError, "Found none in Linear"),
        (
            lambda: width_penalty([SignFlip()]),
            TypeError,
            "`module` should be a torch .* Found list",
        ),
        (
            lambda: BreadthObjective(InvariantModel(nn.Flatten(), SignFlip()), nn.MSELoss(), -1),
            ValueError,
            "`penalty_weight` should be zero or more",
        ),
    ],
)
def test_bad_arguments_raise_one_line(build, error, match):
    with pytest.raises(error, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)
