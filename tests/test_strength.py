import numpy as np
import pytest
from torch import nn

from eegaug import (
    FlipProbability,
    FrequencyShift,
    SignFlip,
    Strength,
    TimeShift,
    as_strength,
    init_strengths,
)


def test_value_and_fraction():
    strength = Strength(2.0, low=1.0, high=5.0, unit="Hz")
    assert strength().item() == 2.0
    assert strength.fraction.item() == 0.25
    assert strength.as_numbers() == (2.0, "Hz", 1.0, 5.0)
    assert repr(strength) == "Strength(2 Hz in [1, 5])"


def test_a_frozen_strength_has_no_gradient_and_is_not_listed():
    transform = FrequencyShift(100, Strength(1.0, high=2.0, unit="Hz", learnable=False))
    assert transform.strengths() == {}
    assert not any(p.requires_grad for p in transform.parameters())


@pytest.mark.parametrize("fraction", [0, 0.02, 1])
def test_strengths_begin_at_a_fraction_of_their_ranges(fraction):
    transform = FrequencyShift(100, Strength(1.0, 0.5, 2.5, unit="Hz"))
    assert init_strengths(transform, fraction) is transform
    assert transform.max_delta_freq().item() == pytest.approx(0.5 + 2 * fraction)


def test_a_frozen_strength_says_so():
    assert repr(Strength(1.0, high=2.0, unit="Hz", learnable=False)).endswith("[0, 2], frozen)")
    assert not FlipProbability(0.3, learnable=False).learnable


@pytest.mark.parametrize(
    "ends", [(0, 1e-144), (1e9, 1e9 + 1), (-1e9 - 1, -1e9), (0, 1e39), (-1e31, 0), (1, 1 + 5e-7)]
)
def test_a_range_that_single_precision_does_not_resolve_is_refused(ends):
    with pytest.raises(ValueError, match="range that single precision resolves"):
        Strength(ends[0], *ends)


@pytest.mark.parametrize("ends", [(0, 1e-30), (1e9, 1e9 + 1e4), (-1e30, 1e30), (1, 1 + 2e-6)])
def test_a_range_that_single_precision_resolves(ends):
    middle = sum(ends) / 2
    values = {Strength(value, *ends)().item() for value in (ends[0], middle, ends[1])}
    assert len(values) == 3


def test_a_range_of_the_callers_own():
    transform = TimeShift(100, Strength(3.0, high=10.0, unit="s"))
    assert transform.max_shift().item() == pytest.approx(3.0)


def test_a_state_means_the_same_value_in_another_range():
    wide = TimeShift(100, Strength(3.0, high=10.0, unit="s"))
    narrow = TimeShift(100, 0.1)
    narrow.load_state_dict(wide.state_dict())
    assert narrow.max_shift().item() == pytest.approx(3.0)


def test_a_chance_is_widest_at_one_half():
    chance = FlipProbability(0.9)
    chance.width.backward()
    assert chance.raw.grad < 0


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (lambda: Strength(6.0, high=5.0, unit="Hz"), ValueError, r"between 0 and 5 Hz.*6\.0"),
        (lambda: Strength(0.5, low=1.0, high=1.0), ValueError, "`high` should be greater"),
        (lambda: Strength(float("nan")), ValueError, "finite"),
        (lambda: Strength("strong"), TypeError, "should be a number.*'strong'"),
        (lambda: Strength(True), TypeError, "should be a number"),
        (lambda: Strength(np.True_), TypeError, "should be a number"),
        (lambda: Strength(np.str_("0.5")), TypeError, "should be a number"),
        (lambda: Strength(10**400), ValueError, "`value` should be a finite float"),
        (lambda: Strength(0.5, high=10**400), ValueError, "`high` should be a finite float"),
        (lambda: TimeShift(-(10**5000)), ValueError, "`sfreq` should be a finite float"),
        (lambda: Strength(0.5, learnable="False"), TypeError, "`learnable` should be True or"),
        (lambda: init_strengths(None), TypeError, "`module` should be a torch module. Found None"),
        (lambda: init_strengths(SignFlip), TypeError, "a torch module. Found the class SignFlip"),
        (lambda: init_strengths(SignFlip(), "0.1"), TypeError, "`fraction` should be a number"),
        (lambda: init_strengths(SignFlip(), 1.01), ValueError, "between 0 and 1.*fraction = 1.01"),
        (lambda: init_strengths(nn.Identity()), ValueError, "with strengths. Found none in Ident"),
        (lambda: Strength(1.0, low="0"), TypeError, "`low` should be a number"),
        (lambda: TimeShift(100, -0.1), ValueError, r"`max_shift` should be between 0 and 2 \(s\)"),
        (lambda: TimeShift(100, 3.0), ValueError, "Strength"),
        (lambda: TimeShift(0, 0.1), ValueError, "`sfreq` should be positive"),
        (lambda: TimeShift("100"), TypeError, "`sfreq` should be a number"),
        (lambda: FrequencyShift(100, -1), ValueError, "`max_delta_freq`"),
        (lambda: SignFlip(1.5), ValueError, "between 0 and 1"),
        (lambda: SignFlip(Strength(1.7, high=2, unit="probability")), ValueError, "at most 1"),
        (lambda: TimeShift(100, Strength(0, low=-1, unit="s")), ValueError, "from zero or more"),
        (lambda: TimeShift(100, p=2), ValueError, "`p` should be between 0 and 1"),
        (lambda: as_strength("x", Strength(1, unit="s"), unit="Hz"), ValueError, "'Hz'.*'s'"),
    ],
)
def test_bad_values_are_reported_in_one_line(build, error, match):
    with pytest.raises(error, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_only_learnable_strengths_move():
    transform = FrequencyShift(100, 0.5)
    assert list(transform.strengths()) == ["max_delta_freq"]
    assert transform.p is None, "always: no chance to learn"
    assert list(FrequencyShift(100, 0.5, p=0.5).strengths()) == ["max_delta_freq"]
    learned = FrequencyShift(100, 0.5, p=Strength(0.5, unit="probability"))
    assert list(learned.strengths()) == ["max_delta_freq", "p"]


def test_a_strength_that_is_frozen_out_of_range_is_in_range():
    strength = Strength(4.9, high=5.0, unit="Hz")
    strength.raw.data.fill_(6.0)
    strength.requires_grad_(False)
    assert strength() == 5.0
