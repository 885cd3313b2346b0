"""Layers and chains."""

import pytest
import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    ChannelsDropout,
    ChannelsShuffle,
    Compose,
    FTSurrogate,
    GaussianNoise,
    Mixup,
    OneOf,
    RandomCrop,
    SignFlip,
    Strength,
    TimeReverse,
    TimeShift,
    TimeWarp,
)

from .helpers import SFREQ, hand_made
from .transforms.table import CANDIDATES

X = torch.randn(6, 3, 100, generator=torch.Generator().manual_seed(0))


def test_the_fused_mixture_is_the_sum_of_its_parts():
    layer = AugmentationLayer([build() for build in CANDIDATES.values()]).double()
    layer.logits.data.normal_()
    x = X.double().requires_grad_()
    draw = layer.sample(x)
    probe = torch.randn_like(x)

    def gradients(out):
        parameters = [p for p in layer.parameters() if p.requires_grad]
        return torch.autograd.grad((out * probe).sum(), [x, *parameters])

    fused = layer(x, draw=draw)
    pairs = zip(layer.weights, layer.transforms, draw.noise[1], strict=True)
    one_by_one = sum(
        weight * transform(x, draw=hand_made(noise, x)) for weight, transform, noise in pairs
    )
    assert torch.allclose(fused, one_by_one, atol=1e-10)
    for a, b in zip(gradients(fused), gradients(one_by_one), strict=True):
        assert torch.allclose(a, b, atol=1e-8)


def test_a_layer_draws_white_noise_once():
    layer = AugmentationLayer(
        [GaussianNoise(0.1), TimeShift(100), GaussianNoise(0.3), TimeShift(100)]
    )
    (_, first), (_, shift), (_, second), (_, other) = layer.sample(X).noise[1]
    assert first is second
    assert not torch.equal(shift, other)


@pytest.mark.parametrize("mixture", [True, False])
def test_evaluation_draws_one_transform_per_trial(mixture):
    layer = AugmentationLayer([SignFlip(1.0), ChannelsDropout(1.0)], mixture=mixture).eval()
    layer.logits.data = torch.tensor([0.0, 1.0])
    out = layer(torch.ones(5000, 2, 4))
    assert set(out.unique().tolist()) == {-1.0, 0.0}, "each trial is flipped or dropped"
    share = (out[:, 0, 0] == -1).float().mean().item()
    assert share == pytest.approx(layer.weights[0].item(), abs=0.02)


def test_one_transform_per_trial_gives_the_weights_a_gradient():
    layer = AugmentationLayer([SignFlip(), TimeShift(100)], mixture=False)
    (layer(X) ** 3).sum().backward()
    assert (layer.logits.grad != 0).all()


@pytest.mark.parametrize("training", [True, False])
def test_one_of_applies_one_transform_to_each_trial_all_equally_often(training):
    one_of = OneOf([SignFlip(1.0), ChannelsDropout(1.0)]).train(training).requires_grad_(True)
    out = one_of(torch.ones(300, 2, 4))
    counts = [(out == value).all((1, 2)).sum().item() for value in (-1, 0)]
    assert counts == [150, 150]
    assert set(dict(one_of.named_parameters())) == {
        f"transforms.{place}" for place in ("0.p.raw", "1.p_drop.raw")
    }, "how often each is used is not learned"
    assert repr(one_of).startswith("OneOf(\n  (transforms)")


def test_a_choice_transforms_each_trial_by_its_own_candidate_alone():
    layer = AugmentationLayer([build() for build in CANDIDATES.values()], mixture=False).double()
    x = torch.randn(90, 3, 100, dtype=torch.double, requires_grad=True)
    draw = layer.sample(x)

    def found(learns_the_choice):
        layer.logits.requires_grad_(learns_the_choice)
        out = layer(x, draw=draw)
        strengths = [each for each in layer.transforms.parameters() if each.requires_grad]
        return out, *torch.autograd.grad(out.square().sum(), [x, *strengths])

    for summed, alone in zip(found(True), found(False), strict=True):
        assert torch.allclose(alone, summed, atol=1e-8)


def test_compose_applies_in_order():
    chain = Compose([TimeShift(100, 0.3), SignFlip(1.0)])
    draw = chain.sample(X)
    shift, flip = (hand_made(noise, X) for noise in draw.noise)
    by_hand = chain.augmentations[1](chain.augmentations[0](X, draw=shift), draw=flip)
    assert torch.allclose(chain(X, draw=draw), by_hand, atol=1e-6)


def theirs():
    """Return a transform of braindecode."""
    from braindecode.augmentation import SignFlip

    return SignFlip(probability=0.5)


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (lambda: AugmentationLayer([]), ValueError, "Found none"),
        (lambda: AugmentationLayer([nn.Identity()]), TypeError, "Found Identity"),
        (lambda: AugmentationLayer([SignFlip()], temperature=0), ValueError, "`temperature`"),
        (lambda: Compose([]), ValueError, "Found none"),
        pytest.param(
            lambda: Compose([SignFlip]),
            TypeError,
            "Found .*SignFlip",
        ),
        (lambda: Compose([Mixup()]), TypeError, r"Augmentation\. Found Mixup.* before the model"),
        (lambda: Compose([theirs()]), TypeError, r"Found braindecode's SignFlip.*from_braindecode"),
        (lambda: Compose(SignFlip()), TypeError, r"A list of Augmentations .* Found SignFlip"),
    ],
)
def test_bad_arguments_are_reported_in_one_line(build, error, match):
    with pytest.raises(error, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_a_crop_is_no_candidate_of_a_layer():
    with pytest.raises(TypeError, match="Found RandomCrop") as caught:
        AugmentationLayer([SignFlip(), RandomCrop(SFREQ, 2.0)])
    assert "\n" not in str(caught.value)


def test_a_crop_stands_first_in_a_chain():
    crop = RandomCrop(100, 0.5, Strength(0.05, high=0.1, unit="s"))
    chain = Compose([crop, FTSurrogate(), GaussianNoise()])
    y = torch.arange(100).expand(6, -1)
    out, labels = chain(X, y)
    assert out.shape == (6, 3, 50) and labels.shape == (6, 50)
    draw = chain.sample(X)
    assert torch.equal(chain(X, draw=draw), chain(X, draw=draw))


def test_a_chain_that_crops_stands_first_in_another():
    crop = RandomCrop(100, 0.5, Strength(0.05, high=0.1, unit="s"))
    chain = Compose([Compose([crop, SignFlip(0.0)]), GaussianNoise(0.0)])
    assert chain(X).shape == (6, 3, 50)


def test_weights_are_the_softmax_of_the_logits():
    layer = AugmentationLayer([SignFlip(), TimeShift(100)])
    layer.logits.data.copy_(torch.tensor([0.0, 1.0]))
    assert torch.allclose(layer.weights, torch.tensor([0.0, 1.0]).softmax(0))
    cold = AugmentationLayer([SignFlip(), TimeShift(100)], temperature=0.5)
    cold.load_state_dict(layer.state_dict())
    assert torch.allclose(cold.weights, torch.tensor([0.0, 2.0]).softmax(0))
    assert "temperature=0.5" in repr(cold)


def test_mixed_precision_leaves_augmentations_exact():
    chain = Compose([ChannelsShuffle(0.0), TimeWarp(0.5)])
    draw = chain.sample(X)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = chain(X, draw=draw)
    assert torch.equal(mixed, chain(X, draw=draw))


@pytest.mark.parametrize("training", [True, False])
def test_a_layer_of_one_moves_labels_and_outputs_as_its_transform(training):
    reverse = TimeReverse(p=1.0)
    layer = AugmentationLayer([reverse]).train(training)
    x = torch.arange(12.0).reshape(1, 3, 4)
    noise = layer.sample(x).noise
    assert torch.equal(layer.relabel(x, noise), x.flip(-1))
    assert torch.equal(layer.inverse(x, noise), x.flip(-1))
