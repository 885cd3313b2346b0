"""What may be trusted: the invariance of a model, and how sure a strength is."""

import pytest
import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    ChannelsDropout,
    Compose,
    FrequencyShift,
    GaussianNoise,
    InvariantModel,
    SignFlip,
    TimeShift,
    compare_top_candidates,
    identifiability,
    invariance,
)

SFREQ = 100.0


class Power(nn.Module):
    """Log-ratio of the powers of two channels: polarity and time do not matter."""

    def forward(self, x):
        power = x.square().mean(-1).clamp(min=1e-6).log()
        return torch.stack([power[:, 0] - power[:, 1], power[:, 1] - power[:, 0]], 1)


class Polarity(nn.Module):
    """The mean, for and against."""

    def forward(self, x):
        mean = 20 * x.mean((1, 2))
        return torch.stack([mean, -mean], 1)


def powers(n=200):
    """Return trials whose class is the stronger channel."""
    torch.manual_seed(0)
    y = torch.arange(n) % 2
    x = torch.randn(n, 2, 100)
    x[y == 0, 0] *= 2
    x[y == 1, 1] *= 2
    return x, y


def judged(model, x, y, **kwargs):
    """Return the verdicts by transform."""
    profiles = identifiability(model, nn.CrossEntropyLoss(), x, y, **kwargs)
    return {profile.transform: profile.verdict for profile in profiles}


# -- invariance ---------------------------------------------------------------------------


def test_invariance_is_one_where_nothing_changes_and_less_where_it_does():
    x, _ = powers()
    even = nn.Sequential(nn.LPPool1d(2, 100), nn.Flatten())  # the norm of each channel
    assert invariance(even, x, SignFlip(p=1.0)).median() == pytest.approx(1, abs=1e-6)
    assert invariance(nn.Flatten(), x, SignFlip(p=1.0)).median() < -0.5


def test_invariance_compares_with_other_trials_and_repeats():
    x, _ = powers(2)
    outputs = []

    class Record(Power):
        def forward(self, x):
            outputs.append(super().forward(x).double() + 1)
            return outputs[-1]

    seeded = [torch.Generator().manual_seed(0) for _ in range(2)]
    first, second = (invariance(Record(), x, TimeShift(SFREQ), generator=g) for g in seeded)
    assert torch.equal(first, second)
    plain, shifted = outputs[:2]
    cosine = nn.functional.cosine_similarity
    apart, moved = 1 - cosine(plain, plain.flip(0)), 1 - cosine(plain, shifted)
    assert torch.allclose(first, (apart - moved) / apart, atol=1e-4)


def test_one_trial_has_no_other_and_one_output_no_direction():
    with pytest.raises(ValueError, match=r"two trials or more\. Found one"):
        invariance(nn.Flatten(), torch.zeros(1, 2, 10), SignFlip())
    mean = nn.Sequential(nn.Flatten(), nn.Linear(20, 1))
    with pytest.raises(ValueError, match=r"two numbers a trial or more\. Found one"):
        invariance(mean, torch.randn(4, 2, 10), SignFlip())


def test_invariance_is_zero_where_the_other_trial_points_the_same_way():
    x = torch.ones(4, 2, 10)
    assert torch.equal(invariance(nn.Flatten(), x, SignFlip(p=1.0)), torch.zeros(4).double())


def test_invariance_asks_for_whole_choices_of_a_transform_in_training():
    x, _ = powers()
    even = nn.Sequential(nn.LPPool1d(2, 100), nn.Flatten())
    flip = SignFlip(p=0.5).train()
    assert invariance(even, x, flip).min() == pytest.approx(1, abs=1e-6)
    assert flip.training


# -- identifiability ----------------------------------------------------------------------


def test_polarity_is_free_where_it_does_not_matter_and_ruled_out_where_it_does():
    x, y = powers()
    assert judged(InvariantModel(Power(), SignFlip(p=0.5)), x, y) == {"SignFlip": "free"}
    signs = 1 - 2 * y.float()[:, None, None]
    told = judged(InvariantModel(Polarity(), SignFlip(p=0.01)), 0.3 * x.abs() * signs, y)
    assert told == {"SignFlip": "ruled out"}


def test_what_costs_is_bounded_and_what_does_not_is_not_determined():
    x, y = powers()
    chain = Compose([ChannelsDropout(0.2), TimeShift(SFREQ, 0.1)])
    told = judged(InvariantModel(Power(), chain), x, y, weight=10.0)
    assert told == {"ChannelsDropout": "bounded", "TimeShift": "not determined"}


def test_what_costs_more_than_its_width_is_worth_is_too_wide():
    x, y = powers()
    chain = Compose([ChannelsDropout(0.2), TimeShift(SFREQ, 0.1)])
    told = judged(InvariantModel(Power(), chain), x, y)
    assert told == {"ChannelsDropout": "too wide", "TimeShift": "not determined"}
    signs = 1 - 2 * y.float()[:, None, None]
    told = judged(InvariantModel(Polarity(), SignFlip(p=0.5)), 3 * x.abs() * signs, y)
    assert told == {"SignFlip": "too wide"}


def test_what_is_asked_is_put_back_where_asking_fails():
    x, y = powers(8)
    layer = AugmentationLayer([TimeShift(SFREQ, 0.5), SignFlip(0.3)])
    model = InvariantModel(Power(), layer)
    before = {name: value.clone() for name, value in model.state_dict().items()}

    class Interrupted(nn.CrossEntropyLoss):
        calls = 0

        def forward(self, outputs, targets):
            type(self).calls += 1
            if self.calls % 3 == 0:
                raise KeyboardInterrupt
            return super().forward(outputs, targets)

    for ask in (identifiability, compare_top_candidates):
        Interrupted.calls = 0
        with pytest.raises(KeyboardInterrupt):
            ask(model, Interrupted(), x, y, n_draws=2)
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_an_unused_transform_that_would_cost_nothing_is_not_ruled_out():
    x, y = powers()
    chain = Compose([ChannelsDropout(0.0), TimeShift(SFREQ, 0.0)])
    told = judged(InvariantModel(Power(), chain), x, y)
    assert told == {"ChannelsDropout": "ruled out", "TimeShift": "not determined"}


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
            noise = model.augmentation.sample(signals, generator)
            outputs = Power()(model.augmentation(signals, noise=noise))
            at_value.append(nn.functional.cross_entropy(outputs, targets, reduction="none"))
    learned = torch.cat(at_value).mean()
    assert profile.excess[0] == pytest.approx((plain - learned).item(), abs=1e-5)


def test_batches_do_not_change_the_verdict_nor_the_global_generator():
    x, y = powers()
    model = InvariantModel(Power(), ChannelsDropout(0.2))
    state = torch.get_rng_state()
    assert judged(model, x, y, batch_size=32) == judged(model, x, y, batch_size=200)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_runner_up_of_a_layer_is_told_with_its_cost():
    x, y = powers()
    layer = AugmentationLayer([ChannelsDropout(0.5), SignFlip(), TimeShift(SFREQ)])
    layer.logits.data.copy_(torch.tensor([1.0, 2.0, 0.0]))
    weights = layer.logits.detach().clone()
    model = InvariantModel(Power(), Compose([layer, GaussianNoise()]))
    (told,) = compare_top_candidates(model, nn.CrossEntropyLoss(), x, y)
    assert (told["winner"], told["runner_up"], told["layer"]) == ("SignFlip", "ChannelsDropout", 1)
    assert told["excess"] > 3 * told["error"] > 0
    assert torch.equal(layer.logits, weights)


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


@pytest.mark.parametrize("ask", [identifiability, compare_top_candidates])
def test_what_cannot_be_asked_is_told(ask):
    x, y = powers(4)
    model = InvariantModel(Power(), SignFlip())
    with pytest.raises(TypeError, match=r"`x` should be a tensor.*Found ndarray"):
        ask(model, nn.CrossEntropyLoss(), x.numpy(), y)
    with pytest.raises(ValueError, match=r"as many trials, two or more\. Found 4 and 3"):
        ask(model, nn.CrossEntropyLoss(), x, y[:3])
    with pytest.raises(ValueError, match=r"Found 1 and 1"):
        ask(model, nn.CrossEntropyLoss(), x[:1], y[:1])


@pytest.mark.parametrize("ask", [identifiability, compare_top_candidates])
def test_a_bare_network_has_no_strengths_to_ask_for(ask):
    x, y = powers(4)
    with pytest.raises(TypeError, match=r"should be an InvariantModel\. Found Power"):
        ask(Power(), nn.CrossEntropyLoss(), x, y)
