"""The average of several networks."""

import copy

import pytest
import torch
from torch import nn

from eegaug import Ensemble, InvariantModel, SignFlip


class Scores(nn.Module):
    """A network whose probabilities are given, whatever the signals."""

    def __init__(self, *probabilities):
        super().__init__()
        self.register_buffer("probabilities", torch.tensor(probabilities))

    def forward(self, x):
        return 3.0 + self.probabilities.log().expand(len(x), -1)


X = torch.zeros(4, 2, 10)


def test_probabilities_are_averaged():
    """The average of scores would follow the one network that is surest."""
    networks = (Scores(*each) for each in ([0.98, 0.02], [0.2, 0.8], [0.2, 0.8]))
    probabilities = Ensemble(networks)(X).exp()
    assert torch.allclose(probabilities, torch.tensor([0.46, 0.54]).expand(4, 2))


def test_networks_are_trained_moved_and_copied_as_parts():
    ensemble = Ensemble([nn.Linear(10, 2), nn.Dropout()])
    assert not any(each.training for each in ensemble.eval().modules())
    twin = copy.deepcopy(ensemble).double()
    assert {each.dtype for each in twin.parameters()} == {torch.float64}
    assert {each.dtype for each in ensemble.parameters()} == {torch.float32}


def test_the_first_models_signal_attributes_are_kept():
    network = Scores(0.5, 0.5)
    network.n_outputs, network.sfreq = 2, 100.0
    ensemble = Ensemble([InvariantModel(network, SignFlip()), Scores(0.1, 0.9)])
    assert (ensemble.n_outputs, ensemble.sfreq) == (2, 100.0)
    for name in ("n_times", "other"):
        with pytest.raises(AttributeError, match=name):
            getattr(ensemble, name)


@pytest.mark.parametrize(
    ("models", "error", "match"),
    [
        ([], ValueError, r"At least one model is needed\. Found none"),
        ([nn.Flatten(), torch.zeros(2)], TypeError, r"an nn\.Module\. Found Tensor"),
        ([nn.Flatten], TypeError, "should be an nn.Module. Found"),
    ],
)
def test_other_items_are_refused_in_one_line(models, error, match):
    with pytest.raises(error, match=match) as caught:
        Ensemble(models)
    assert "\n" not in str(caught.value)
