"""How sure a strength is."""

import re

import pytest
import torch
from torch import nn

from eegaug import (
    ChannelsDropout,
    Compose,
    FrequencyShift,
    InvariantModel,
    SignFlip,
    TimeShift,
    identifiability,
)

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
