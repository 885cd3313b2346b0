"""Labels of each sample, which move in time with the signals."""

import pytest
import torch

from eegaug import (
    AugmentationLayer,
    Compose,
    FrequencyShift,
    RandomCrop,
    SignFlip,
    Strength,
    TimeReverse,
    TimeShift,
    TimeWarp,
)

from ..helpers import SFREQ, hand_made, open_gate, slow_waves

MOVING = {
    "TimeShift": lambda: TimeShift(SFREQ, 1.0),
    "TimeReverse": lambda: TimeReverse(0.5),
    "TimeWarp": lambda: TimeWarp(0.5),
    "RandomCrop": lambda: RandomCrop(SFREQ, 4.0, Strength(0.7, high=1.0, unit="s")),
    "layer": lambda: AugmentationLayer([TimeShift(SFREQ, 1.0), SignFlip(0.0), TimeReverse(1.0)]),
    "chain": lambda: Compose([MOVING["TimeReverse"](), MOVING["RandomCrop"](), TimeWarp(0.5)]),
}


@pytest.fixture(params=MOVING)
def moving(request):
    torch.manual_seed(0)
    return MOVING[request.param]().eval()


def agree(labels, signs, x):
    """Whether labels are where signals are positive, but for a sample at each crossing."""
    clear = x.abs() > x.diff(dim=-1).abs().amax()
    assert clear.float().mean() > 0.7
    return torch.equal(labels[clear], signs[clear])


@pytest.mark.parametrize("dtype", [torch.int64, torch.float32, torch.bool])
def test_labels_of_samples_move_with_the_signals(moving, dtype):
    x = slow_waves(16, 1, 600)
    y = (x[:, 0] > 0).to(dtype)
    out, labels = moving(x, y)
    out = out.detach()
    assert labels.dtype == dtype and labels.shape == out[:, 0].shape
    assert agree(labels, (out[:, 0] > 0).to(dtype), out[:, 0])
    assert (out != x[..., : out.shape[-1]]).any(), "some should move"


def test_class_probabilities_move_with_the_signals(moving):
    x = slow_waves(16, 1, 600)
    y = torch.cat([x > 0, x <= 0], 1).float()
    out, labels = moving(x, y)
    out = out.detach()
    assert labels.shape == (16, 2, out.shape[-1])
    assert torch.equal(labels.sum(1), torch.ones_like(labels[:, 0]))
    assert agree(labels[:, 0], (out[:, 0] > 0).float(), out[:, 0])


def test_labels_of_one_trial_move_with_it(moving):
    x = slow_waves(1, 600)
    out, labels = moving(x, x[0] > 0)
    out = out.detach()
    assert labels.shape == out[0].shape
    assert agree(labels, out[0] > 0, out[0])


def test_labels_of_windows_move_with_them(moving):
    x = slow_waves(8, 3, 1, 600)
    out, labels = moving(x, x[:, :, 0] > 0)
    out = out.detach()[:, :, 0]
    assert labels.shape == out.shape
    assert agree(labels, out > 0, out)


def test_labels_move_with_signals_of_double_precision(moving):
    x = slow_waves(8, 1, 600).double()
    out, labels = moving.double()(x, x[:, 0] > 0)
    assert agree(labels, out[:, 0] > 0, out[:, 0].detach())


def test_labels_keep_time_where_the_gate_is_closed():
    x, y = slow_waves(4, 1, 600), torch.arange(600).expand(4, -1)
    for transform in (TimeReverse(0.0), TimeShift(SFREQ, 1.0, p=0.0), TimeWarp(0.5, p=0.0)):
        assert torch.equal(transform(x, y)[1], y)


def test_labels_name_their_samples():
    """The label of a sample is its index: what is read is known."""
    y = torch.arange(600)[None]
    x = torch.zeros(1, 1, 600)

    def moved(transform, own=None):
        draw = hand_made((open_gate(transform, x), own), x)
        return transform(x, y, draw=draw)[1][0]

    assert torch.equal(moved(TimeReverse(1.0)), y[0].flip(0))
    assert torch.equal(moved(TimeShift(SFREQ, 0.124), torch.ones(1)), y[0].roll(12))
    crop = RandomCrop(SFREQ, 4.0, Strength(0.5, high=1.0, unit="s"))
    assert torch.equal(moved(crop, torch.ones(1)), torch.arange(50, 450))
    warped = moved(TimeWarp(0.5), torch.tensor([[1.0, 0.0, 0.0]]))
    assert (warped[0], warped[-1]) == (0, 599) and (warped.diff() >= 0).all()
    assert warped[300] - 300 == pytest.approx(0.5 * 599 / (3 * torch.pi), abs=1)


@pytest.mark.parametrize(
    "y",
    [torch.arange(4), torch.zeros(4, 5), torch.zeros(4, 599), torch.zeros(3, 600), list("abcd")],
    ids=["classes", "targets", "other times", "other trials", "no tensor"],
)
def test_labels_of_trials_are_handed_through(moving, y):
    assert moving(slow_waves(4, 1, 600), y)[1] is y


def test_labels_of_as_many_trials_as_samples_are_those_of_trials():
    y = torch.arange(8)
    assert TimeReverse(1.0)(torch.zeros(8, 1, 8), y)[1] is y


def test_dense_labels_are_handed_through_where_time_stays():
    x, y = slow_waves(4, 1, 600), torch.zeros(4, 600)
    layer = AugmentationLayer([SignFlip(), FrequencyShift(SFREQ)])
    for augmentation in (SignFlip(), layer, Compose([SignFlip(), layer])):
        assert augmentation(x, y)[1] is y


def test_a_mixture_mixes_class_probabilities_as_it_does_signals():
    layer = AugmentationLayer([TimeReverse(1.0), SignFlip(0.0)])
    layer.logits.data = torch.tensor([0.0, 1.0])
    x = slow_waves(4, 1, 600)
    y = torch.cat([x > 0, x <= 0], 1).float()
    out, labels = layer(x, y)
    weight = layer.weights[0]
    assert torch.allclose(out, weight * x.flip(-1) + (1 - weight) * x, atol=1e-4)
    assert torch.allclose(labels, weight * y.flip(-1) + (1 - weight) * y)
    labels[0, 0, 0].backward()
    assert (layer.logits.grad != 0).any() == (y[0, 0, 0] != y[0, 0, -1])


@pytest.mark.parametrize("y", [torch.zeros(4, 600), torch.zeros(4, 2, 600, dtype=torch.int64)])
def test_a_mixture_refuses_labels_that_cannot_be_mixed(y):
    layer = AugmentationLayer([TimeReverse(), SignFlip()])
    with pytest.raises(ValueError, match=r"probabilities of shape.*`mixture=False`") as caught:
        layer(slow_waves(4, 1, 600), y)
    assert "\n" not in str(caught.value)
    one_per_trial = AugmentationLayer([TimeReverse(), SignFlip()], mixture=False)
    assert one_per_trial(slow_waves(4, 1, 600), y)[1].dtype == y.dtype
