"""Whatever transforms, layers and models are given: what they promise, or one line."""

import inspect

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import eegaug
from eegaug import (
    AugmentationLayer,
    BreadthObjective,
    Compose,
    Ensemble,
    InvarianceObjective,
    InvariantModel,
    OneOf,
    ScoreObjective,
    Strength,
    identifiability,
    init_strengths,
)

from ..transforms.table import BATCH_TRANSFORMS, TRANSFORMS
from . import strategies as some
from .outcomes import outcome

#: Every class of a transform that can be built.
CLASSES = [
    value
    for value in vars(eegaug).values()
    if inspect.isclass(value)
    and issubclass(value, eegaug.Transform | eegaug.BatchTransform)
    and not inspect.isabstract(value)
]
#: Largest signals whose squares single precision holds.
LARGEST = 1e15


def check_augmented(augmentation, x):
    """Assert what holds of all augmentations, where the signals are not refused."""
    before, state = x.clone(), torch.get_rng_state()
    made = outcome(lambda: augmentation(x))
    assert x.equal(before) or before.isnan().any()
    if made is None:
        return
    torch.set_rng_state(state)
    signals, again = (m[0] if isinstance(m, tuple) else m for m in (made, augmentation(x)))
    crops = any(isinstance(module, eegaug.RandomCrop) for module in augmentation.modules())
    assert signals.dtype == x.dtype and signals.shape[:-1] == x.shape[:-1]
    assert signals.shape[-1] == x.shape[-1] or crops
    if x.isfinite().all() and x.abs().max() < LARGEST:
        assert signals.isfinite().all() and signals.equal(again)
        if signals.requires_grad:
            signals.float().square().mean().backward()
            grads = [p.grad for p in augmentation.parameters() if p.grad is not None]
            assert all(grad.isfinite().all() for grad in grads)


@given(data=st.data())
def test_transforms(data):
    cls = data.draw(st.sampled_from(CLASSES))
    arguments = data.draw(some.arguments(cls))
    transform = outcome(lambda: cls(**arguments))
    if transform is not None:
        check_augmented(transform, data.draw(some.signals()))


def transforms():
    """Return transforms of the table, and things that are none."""
    build = st.sampled_from([*TRANSFORMS.values(), *BATCH_TRANSFORMS.values()])
    return some.mostly(build.map(lambda built: built()), some.ODD_VALUES)


@given(data=st.data())
def test_layers(data):
    listed = data.draw(some.mostly(st.lists(transforms(), max_size=4), some.ODD_VALUES))
    kind = data.draw(st.sampled_from([AugmentationLayer, Compose, OneOf]))
    values = {"temperature": st.floats(0.1, 9), "mixture": st.booleans()}
    options = {
        name: data.draw(some.mostly(usual, some.ODD_VALUES))
        for name, usual in values.items()
        if kind is AugmentationLayer and data.draw(st.booleans())
    }
    layer = outcome(lambda: kind(listed, **options))
    if layer is not None:
        fraction = data.draw(some.mostly(st.floats(0, 1), some.ODD_VALUES))
        outcome(lambda: init_strengths(layer, fraction))
        check_augmented(layer, data.draw(some.signals()))


class Mean(nn.Module):
    """A network that takes any signals, so that what fails is not the user's own."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(1, 2)

    def forward(self, x):
        return self.linear(x.float().flatten(1).mean(1, keepdim=True))


@given(data=st.data())
def test_models_and_objectives(data):
    odd = some.ODD_VALUES
    augmentation = data.draw(transforms())
    counts = some.mostly(st.integers(1, 3), odd)
    names = ["n_copies", "n_copies_train", "seed"]
    options = {name: data.draw(counts) for name in names if data.draw(st.booleans())}
    no_net = odd.filter(lambda value: not isinstance(value, nn.Module))
    net = data.draw(some.mostly(st.builds(Mean), no_net))
    model = outcome(lambda: InvariantModel(net, augmentation, **options))
    if model is None:
        return
    x = data.draw(some.signals())
    labels = torch.zeros(len(x) if x.ndim else 1, dtype=torch.long)
    y = data.draw(some.mostly(st.just(labels), odd, st.just(labels[1:])))
    weights = {"reward_weight": data.draw(some.mostly(st.floats(0, 1), odd))}
    kind = data.draw(st.sampled_from([InvarianceObjective, ScoreObjective, BreadthObjective]))
    loss = data.draw(some.mostly(st.just(nn.CrossEntropyLoss()), odd, st.just(nn.MSELoss())))
    outcome(lambda: model.eval()(x))
    objective = outcome(
        lambda: kind(model, loss, *weights.values())  # a penalty of breadth has another name
    )
    model.train()
    if objective is not None:
        outcome(lambda: objective(x, y))
    outcome(lambda: identifiability(model, loss, x, y, n_draws=2, **weights))
    outcome(lambda: Ensemble([model, net]))


@given(data=st.data())
def test_numbers_of_strengths(data):
    number = some.mostly(st.floats(-2, 2), some.ODD_VALUES)
    value, low, high = (data.draw(number) for _ in range(3))
    learnable = data.draw(some.mostly(st.booleans(), some.ODD_VALUES))
    strength = outcome(lambda: Strength(value, low, high, "s", learnable))
    if strength is not None:
        rounding = 1e-6 * float(max(abs(low), abs(high))) + 1e-37  # of single precision
        assert abs(strength().item() - float(value)) <= rounding
        strength.raw.data.add_(data.draw(st.floats(-9, 9)))
        assert strength.low <= strength() <= strength.high
