"""Bases of transforms: each wants its formula, and states its step as operators."""

import dataclasses

import pytest
import torch

from eegaug import (
    AdditiveTransform,
    Augmentation,
    AugmentationLayer,
    BatchTransform,
    ChannelMixingTransform,
    Compose,
    GainTransform,
    ModulationTransform,
    NoiseTransform,
    Operators,
    SignFlip,
    SpectralTransform,
    Transform,
)

from ..helpers import signal

#: Each base, and the methods that a subclass has to define.
FORMULAS = {
    SpectralTransform: ["response"],
    ModulationTransform: ["carrier"],
    GainTransform: ["gain"],
    ChannelMixingTransform: ["matrix"],
    AdditiveTransform: ["term"],
    NoiseTransform: ["level"],
    Transform: ["step"],
    BatchTransform: ["draw", "mix"],
    Augmentation: ["draw", "augment", "layers", "all_choices"],
}


@pytest.mark.parametrize("base", FORMULAS, ids=lambda base: base.__name__)
def test_a_base_cannot_be_used_without_its_formula(base):
    class Empty(base):
        pass

    for kind in (base, Empty):
        with pytest.raises(TypeError, match=FORMULAS[base][0]):
            kind()
    formulas = {name: lambda self, *args: None for name in FORMULAS[base]}
    assert isinstance(type("Complete", (base,), formulas)(), base)
    for missing in FORMULAS[base]:
        others = {name: each for name, each in formulas.items() if name != missing}
        with pytest.raises(TypeError, match=missing):
            type("Incomplete", (base,), others)()


def test_an_unknown_form_is_refused_at_once():
    with pytest.raises(TypeError, match="gian"):
        Operators(gian=torch.ones(1, 1, 1))


def test_operators_cannot_be_changed():
    step = Operators(gain=torch.ones(1, 1, 1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        step.gain = None


class Mapping(Transform):
    """Returns its operators as earlier versions had them."""

    def step(self, x, noise):
        return {"gain": x.new_zeros(len(x), 1, 1)}


@pytest.mark.parametrize(
    "wrap",
    [lambda each: each, lambda each: AugmentationLayer([each, SignFlip()]), lambda e: Compose([e])],
    ids=["alone", "layer", "chain"],
)
@pytest.mark.parametrize("p", [1.0, 0.5])
def test_a_step_that_is_no_operators_is_reported_in_one_line(wrap, p):
    match = r"`step` of Mapping should return Operators\. Found dict"
    with pytest.raises(TypeError, match=match) as caught:
        wrap(Mapping(p=p))(signal(4, 3, 100))
    assert "\n" not in str(caught.value)
