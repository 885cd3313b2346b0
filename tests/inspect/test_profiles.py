"""How sure a strength is."""

import re

import pytest
import torch
from torch import nn

from eegaug import (
    ChannelsDropout,
    ChannelsReref,
    Compose,
    FlipProbability,
    FrequencyShift,
    InvariantModel,
    SignFlip,
    Strength,
    TimeShift,
    identifiability,
)
from eegaug.inspect.profiles import END, NONE, _fractions, _judge

from ..helpers import SFREQ, Power, powers


class Polarity(nn.Module):
    """The mean, for and against."""

    def forward(self, x):
        mean = 20 * x.mean((1, 2))
        return torch.stack([mean, -mean], 1)


def judged(model, x, y, **kwargs):
    """Return the verdicts by transform."""
    profiles = identifiability(model, nn.CrossEntropyLoss(), x, y, **kwargs)
    return {profile.strength.transform: profile.verdict for profile in profiles}


def test_polarity_is_free_where_it_does_not_matter_and_ruled_out_where_it_does():
    x, y = powers()
    assert judged(InvariantModel(Power(), SignFlip(p=0.5)), x, y) == {"SignFlip": "free"}
    signs = 1 - 2 * y.float()[:, None, None]
    verdicts = judged(InvariantModel(Polarity(), SignFlip(p=0.01)), 0.3 * x.abs() * signs, y)
    assert verdicts == {"SignFlip": "ruled out"}


def test_what_costs_is_bounded_and_what_does_not_is_not_determined():
    x, y = powers()
    chain = Compose([ChannelsDropout(0.2), TimeShift(SFREQ, 0.1)])
    verdicts = judged(InvariantModel(Power(), chain), x, y, reward_weight=10.0)
    assert verdicts == {"ChannelsDropout": "bounded", "TimeShift": "not determined"}


def test_what_costs_more_than_its_width_is_worth_is_too_wide():
    x, y = powers()
    chain = Compose([ChannelsDropout(0.2), TimeShift(SFREQ, 0.1)])
    verdicts = judged(InvariantModel(Power(), chain), x, y)
    assert verdicts == {"ChannelsDropout": "too wide", "TimeShift": "not determined"}
    signs = 1 - 2 * y.float()[:, None, None]
    verdicts = judged(InvariantModel(Polarity(), SignFlip(p=0.5)), 3 * x.abs() * signs, y)
    assert verdicts == {"SignFlip": "too wide"}


@pytest.mark.parametrize("transform", [TimeShift(SFREQ, 0.5), SignFlip(p=0.2)])
def test_a_change_of_the_loss_is_told_however_small(transform):
    """Of outputs that hardly differ, a loss changes by less than a thousandth of a nat."""

    class Faint(nn.Module):
        def forward(self, x):
            return 1e-3 * x[..., 0]

    x, y = powers()
    (profile,) = identifiability(InvariantModel(Faint(), transform), nn.CrossEntropyLoss(), x, y)
    assert profile.verdict == "not determined"
    told = [float(each) for each in re.findall(r"[+-]?\d\S*\d", profile.reason)]
    if isinstance(transform, SignFlip):
        exact = [profile.excess[1] - profile.excess[0]]
    else:
        exact = [profile.excess[3], profile.error[3]]
    assert max(map(abs, exact)) < 5e-4 and told == pytest.approx(exact, rel=0.06)


def test_an_unused_transform_that_would_cost_nothing_is_not_ruled_out():
    x, y = powers()
    chain = Compose([ChannelsDropout(0.0), TimeShift(SFREQ, 0.0)])
    verdicts = judged(InvariantModel(Power(), chain), x, y)
    assert verdicts == {"ChannelsDropout": "ruled out", "TimeShift": "not determined"}


def test_the_end_of_the_range_is_free():
    x, y = powers()
    assert judged(InvariantModel(Power(), TimeShift(SFREQ, 2.0)), x, y) == {"TimeShift": "free"}


def test_a_profile_has_the_loss_at_each_value_in_its_unit():
    x, y = powers()
    model = InvariantModel(Power(), FrequencyShift(SFREQ, 1.0)).train()
    (profile,) = identifiability(model, nn.CrossEntropyLoss(), x, y, batch_size=64)
    assert profile.values == pytest.approx((0.0, 0.5, 1.0, 1.5, 2.0))
    assert profile.excess[2] == 0 and profile.error[2] == 0
    assert all(error > 0 for error in profile.error[:2])
    plain = nn.functional.cross_entropy(Power()(x), y)
    again = model.augmentation.max_delta_freq
    assert again().item() == 1.0, "the strength is as it was"
    assert model.training and model.augmentation.training, "and so is the mode"
    generator = torch.Generator().manual_seed(0)
    at_value = []
    for _ in range(4):
        for signals, targets in zip(x.split(64), y.split(64), strict=True):
            draw = model.augmentation.sample(signals, generator)
            outputs = Power()(model.augmentation(signals, draw=draw))
            at_value.append(nn.functional.cross_entropy(outputs, targets, reduction="none"))
    learned = torch.cat(at_value).mean()
    assert profile.excess[0] == pytest.approx((plain - learned).item(), abs=1e-5)
    each = nn.functional.cross_entropy(Power()(x), y, reduction="none")
    differences = each - torch.cat(at_value).reshape(4, -1).mean(0)
    assert profile.error[0] == pytest.approx(differences.std().item() / len(x) ** 0.5, rel=1e-3)


def test_batches_do_not_change_the_verdict_nor_the_global_generator():
    x, y = powers()
    model = InvariantModel(Power(), ChannelsDropout(0.2))
    state = torch.get_rng_state()
    assert judged(model, x, y, batch_size=32) == judged(model, x, y, batch_size=200)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_scale_of_class_weights_does_not_change_the_answer():
    x, y = powers()
    model = InvariantModel(Power(), Compose([ChannelsDropout(0.2), TimeShift(SFREQ, 0.1)]))
    by_scale = []
    for scale in (1.0, 0.02):
        criterion = nn.CrossEntropyLoss(weight=scale * torch.tensor([1.0, 3.0]))
        by_scale.append(identifiability(model, criterion, x, y))
    for one, other in zip(*by_scale, strict=True):
        assert one.excess == pytest.approx(other.excess, abs=1e-6)
        assert one.error == pytest.approx(other.error, abs=1e-6) and max(one.error) > 1e-4
        assert one.verdict == other.verdict


#: A tenth of the range, a half, the end; and what decides between never and always.
LOW, MIDDLE, HIGH = [0.0, 0.1], [0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.4, 0.8, 1.0]


@pytest.mark.parametrize(
    ("fraction", "values", "excess", "error", "verdict", "reason"),
    [
        (0.01, LOW, [0, 0.21], 0.1, "ruled out", "A tenth of the range changes the loss by +0.21"),
        (0.01, LOW, [0, 0.2], 0.1, "not determined", "A tenth of the range costs nothing measu"),
        (
            NONE,
            [0.0, 0.025, NONE, 0.075, 0.1],
            [0, 0, 0, 0.3, 0],
            0.1,
            "bounded",
            "Reaching half as far again changes",
        ),
        (0.5, MIDDLE, [0, 0, 0, 0.21, 0], 0.1, "bounded", "Reaching half as far again changes"),
        (0.5, MIDDLE, [0, 0, 0, 0.2, 9], 0.1, "not determined", "Reaching half as far again cost"),
        (0.8, HIGH, [0, 0, 0, 0.21], 0.1, "bounded", "Reaching the end of the range changes the"),
        (0.8, HIGH, [0, 0, 0, 0.2], 0.1, "not determined", "Reaching the end of the range costs"),
        # half of it saves more, or not more, than the logarithm of two times the weight
        (0.5, MIDDLE, [0, -0.0895, 0, 0, 0], 0.01, "too wide", "Half of it would change the loss"),
        (0.5, MIDDLE, [0, -0.0892, 0, 0, 0], 0.01, "not determined", "Reaching half as far again"),
        (0.5, MIDDLE, [-9, 0, 0, 0, 0], 0.01, "not determined", "Reaching half as far again"),
        (0.98, [0.0, 0.49, 0.98, 1.0], [0] * 4, 0.1, "free", "It reached the end of its range,"),
        (END, [0.0, 0.485, END, 1.0], [0] * 4, 0.1, "not determined", "Reaching the end of the"),
    ],
)
def test_the_verdict_of_a_strength(fraction, values, excess, error, verdict, reason):
    errors = [error] * len(values)
    found = _judge(Strength(0.5), fraction, values, excess, errors, weight=0.1)
    assert found[0] == verdict and found[1].startswith(reason)


@pytest.mark.parametrize(
    ("p", "excess", "errors", "verdict", "reason"),
    [
        (0.01, [0, 0.376], [0.125, 0.0625], "ruled out", "It costs loss: always instead of never"),
        (0.01, [0, 0.375], [0.125, 0.0625], "not determined", "Neither used evenly nor ruled out"),
        (0.01, [0, 0.3], [0.125, 0.0625], "not determined", "Neither used evenly nor ruled out"),
        (NONE, [0, 0.376], [0.125, 0.0625], "not determined", "Neither used evenly nor ruled out"),
        (0.5, [-0.376, 0], [0.125, 0.0], "too wide", "Never would change the loss by -0.38"),
        (0.5, [-0.375, 0], [0.125, 0.0], "free", "Both ways are as good: always instead of never"),
        (0.5, [0, -0.376], [0.0, 0.125], "not determined", "Neither used evenly nor ruled out"),
        (0.25, [0, 0], [0.1, 0.1], "free", "Both ways are as good"),
        (0.75, [0, 0], [0.1, 0.1], "free", "Both ways are as good"),
        (0.24, [0, 0], [0.1, 0.1], "not determined", "Neither used evenly nor ruled out"),
        (0.76, [0, 0], [0.1, 0.1], "not determined", "Neither used evenly nor ruled out"),
    ],
)
def test_the_verdict_of_a_flip(p, excess, errors, verdict, reason):
    found = _judge(FlipProbability(p), p, [0.0, 1.0], excess, errors, weight=0.125)
    assert found[0] == verdict and found[1].startswith(reason)


@pytest.mark.parametrize(
    ("strength", "fractions"),
    [
        (FlipProbability(0.3), [0.0, 1.0]),
        (FlipProbability(0.01), [0.0, 1.0]),
        (Strength(0.0), [0.0, 0.1]),
        (Strength(0.4), [0.0, 0.2, 0.4, 0.6, 0.8]),
        (Strength(0.8), [0.0, 0.4, 0.8, 1.0]),
    ],
)
def test_where_the_loss_is_looked_at(strength, fractions):
    assert _fractions(strength) == pytest.approx(fractions)


def test_a_range_that_does_not_begin_at_zero_and_a_transform_without_a_strength():
    """The first has no profile; the second's is in its unit. Two trials are enough."""
    x, y = powers(2)
    shift = TimeShift(SFREQ, Strength(0.3, 0.2, 0.6, "s"))
    without = ChannelsReref(Strength(0.5, unit="probability", learnable=False))
    model = InvariantModel(Power(), Compose([without, shift]))
    (profile,) = identifiability(model, nn.CrossEntropyLoss(), x, y)
    assert profile.strength.name == "max_shift"
    assert profile.values == pytest.approx((0.2, 0.25, 0.3, 0.35, 0.4))
    assert profile.strength.as_fraction(0.3) == pytest.approx(0.25)


@pytest.mark.parametrize("training", [True, False])
def test_the_network_drops_nothing_while_it_is_looked_at(training):
    x, y = powers()
    network = nn.Sequential(nn.Dropout(0.9), Power())
    model = InvariantModel(network, TimeShift(SFREQ, 0.0)).train(training)
    plain = InvariantModel(Power(), TimeShift(SFREQ, 0.0))
    one, other = (identifiability(m, nn.CrossEntropyLoss(), x, y) for m in (model, plain))
    assert one[0].excess == other[0].excess and model.training == training


def test_the_defaults_are_four_draws_of_256_trials_by_seed_0():
    x, y = powers(257)
    model, loss = InvariantModel(Power(), ChannelsDropout(0.5)), nn.CrossEntropyLoss()
    wanted = identifiability(model, loss, x, y, n_draws=4, batch_size=256, seed=0)
    assert identifiability(model, loss, x, y) == wanted
    for other in ({"n_draws": 5}, {"batch_size": 257}, {"seed": 1}):
        assert identifiability(model, loss, x, y, **other) != wanted, other
