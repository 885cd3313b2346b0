"""Invariant and equivariant models."""

import pytest
import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    Compose,
    FTSurrogate,
    InvariantModel,
    Operators,
    RandomCrop,
    SignFlip,
    TimeReverse,
    TimeShift,
    TimeWarp,
    Transform,
)
from eegaug.transforms.draws import tensors_in

from .helpers import SFREQ, slow_waves

X = torch.randn(6, 3, 100, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def model():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(300, 5))
    network.n_chans, network.sfreq = 3, 100.0
    layer = AugmentationLayer([SignFlip(), TimeShift(100), FTSurrogate()])
    return InvariantModel(network, layer, n_copies=8).eval()


def test_predictions_repeat_whatever_the_batch(model):
    together = model(X)
    assert torch.equal(model(X), together)
    assert torch.allclose(model(X[:2]), together[:2], atol=1e-6)
    assert torch.allclose(model(X.flip(0)).flip(0), together, atol=1e-6)


def test_dense_predictions_repeat_whatever_the_batch():
    chain = Compose([TimeShift(100), TimeWarp(0.5), SignFlip()])
    model = InvariantModel(nn.Conv1d(3, 2, 1), chain, n_copies=8, equivariant=True).eval()
    together = model(X)
    assert torch.equal(model(X), together)
    assert torch.allclose(model(X[:2]), together[:2], atol=1e-5)
    assert torch.allclose(model(X.flip(0)).flip(0), together, atol=1e-5)


def test_predictions_do_not_disturb_the_callers_random_numbers(model):
    state = torch.get_rng_state()
    model(X)
    assert torch.equal(torch.get_rng_state(), state)


def test_prediction_is_the_mean_over_copies(model):
    generator = torch.Generator().manual_seed(model.seed)
    copies = X[:1].expand(8, -1, -1)
    draw = model.augmentation.sample(copies, generator)
    by_hand = model.model(model.augmentation(copies, draw=draw)).mean(0)
    assert torch.allclose(model(X[:1])[0], by_hand, atol=1e-6)


def test_training_averages_over_its_own_number_of_copies(model):
    model.n_copies_train = 3
    seen = []
    model.model.register_forward_hook(lambda module, args, out: seen.append(len(args[0])))
    assert model.train()(X).shape == (6, 5)
    assert model.eval()(X).shape == (6, 5)
    assert seen == [3 * 6, *[6] * 8], "in evaluation copy by copy"


def test_copies_in_training_are_independent_and_each_is_spread_evenly():
    n_trials, n_copies = 400, 3
    model = InvariantModel(nn.Flatten(), SignFlip(), n_copies_train=n_copies).train()
    draw = model.sample(torch.zeros(n_trials, 2, 10))
    assert len(draw) == n_trials * n_copies
    copies = draw.noise[0].uniform.unflatten(0, (n_trials, n_copies)).T
    in_each_part = (n_trials * copies).long().sort(1).values
    shares = (in_each_part == torch.arange(n_trials)).float().mean(1)
    assert (shares > 0.95).all(), "one draw in each of as many parts as trials"
    ranks = copies.argsort(1).argsort(1).float()
    correlations = torch.corrcoef(ranks) - torch.eye(n_copies)
    assert correlations.abs().max() < 0.25, "five standard deviations"


@pytest.mark.parametrize("training", [True, False])
def test_the_copies_of_a_trial_follow_one_another(model, training):
    model.train(training)
    model.n_copies_train = 3
    n_copies = 3 if training else 8
    draw = model.sample(X)
    assert len(draw) == n_copies * len(X)
    outputs = [model.model(model.augmentation(X, draw=draw[k::n_copies])) for k in range(n_copies)]
    assert torch.allclose(model(X, draw=draw), torch.stack(outputs).mean(0), atol=1e-5)
    assert torch.equal(model(X, draw=draw), model(X, draw=draw))
    one = model.augmentation.sample(X)
    alone = model.model(model.augmentation(X, draw=one))
    assert torch.allclose(model(X, draw=one), alone, atol=1e-6), "one row per trial is one copy"


@pytest.mark.parametrize(
    ("draw", "error", "match"),
    [
        (lambda model: model.sample(X).noise, TypeError, r"should be a Draw.* Found tuple\."),
        (lambda model: model.sample(X[:4]), ValueError, r"for each of 6 trials\. Found \d+ rows"),
        (lambda model: model.augmentation.sample(X[:5]), ValueError, "Found 5 rows"),
        (
            lambda model: model.augmentation.sample(X[..., :90]),
            ValueError,
            "6 trials of 3 channels and 100 times. Found one for 6 trials of 3 channels and 90",
        ),
        (lambda model: TimeShift(100).sample(X), ValueError, "by this AugmentationLayer"),
    ],
    ids=["tuple", "other copies", "other batch", "other length", "other augmentation"],
)
@pytest.mark.parametrize("training", [True, False])
def test_draws_that_do_not_fit_are_reported_in_one_line(model, training, draw, error, match):
    draw = draw(model.train(training))
    with pytest.raises(error, match=match) as caught:
        model(X, draw=draw)
    assert "\n" not in str(caught.value)


def test_the_wrapped_models_signal_attributes_are_kept(model):
    assert (model.n_chans, model.sfreq) == (3, 100.0)
    with pytest.raises(AttributeError):
        _ = model.n_outputs


def test_a_wrong_number_of_channels_is_reported(model):
    with pytest.raises(ValueError, match=r"should have 3 channels.*Found 2"):
        model(X[:, :2])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("bad", "error", "match"),
    [
        (X[:0], ValueError, "empty tensor"),
        (X[0], ValueError, "batch dimension"),
        (X.numpy(), TypeError, "Found ndarray"),
        (X.long(), TypeError, r"Found dtype torch\.int64"),
    ],
)
def test_input_that_is_no_batch_is_reported(model, training, bad, error, match):
    with pytest.raises(error, match=match):
        model.train(training)(bad)


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (lambda: InvariantModel(nn.Identity(), nn.Identity()), TypeError, "Found Identity"),
        (lambda: InvariantModel(nn.Identity(), SignFlip(), n_copies=-1), ValueError, "`n_copies`"),
        (lambda: InvariantModel(nn.Identity(), SignFlip(), n_copies=1.5), TypeError, "`n_copies`"),
        (
            lambda: InvariantModel(nn.Identity(), SignFlip(), n_copies=10**400),
            ValueError,
            "`n_copies` should be of 64 bits",
        ),
        (lambda: InvariantModel(nn.Identity(), SignFlip(), seed="0"), TypeError, "`seed`"),
        (
            lambda: InvariantModel(nn.Identity(), SignFlip(), equivariant="no"),
            TypeError,
            "`equivariant` should be True or False",
        ),
        (lambda: InvariantModel(len, SignFlip()), TypeError, "`model` should be a torch module"),
    ],
)
def test_bad_arguments_are_reported_in_one_line(build, error, match):
    with pytest.raises(error, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_without_copies_signals_are_predicted_as_they_are(model):
    model.n_copies = 0
    assert torch.equal(model(X), model.model(X))
    with pytest.raises(ValueError, match=r"`n_copies` should be positive.* Found 0") as caught:
        model.sample(X)
    assert "\n" not in str(caught.value)
    draw = model.augmentation.sample(X).whole()
    by_hand = model.model(model.augmentation(X, draw=draw))
    assert torch.equal(model(X, draw=draw), by_hand), "a draw is replayed all the same"
    torch.manual_seed(0)
    trained = model.train()(X)
    torch.manual_seed(0)
    assert torch.equal(trained, model.model(model.augmentation(X))), "training augments"


# -- dense outputs moved back -------------------------------------------------------------


class Everywhere(torch.nn.Module):
    """A network with an output for each sample that treats all places alike."""

    def forward(self, x):
        return torch.cat([x.square().sum(1, keepdim=True), x[:, :1] - x[:, :1].roll(3, -1)], 1)


EXACT = {
    "TimeShift": lambda: TimeShift(SFREQ, 1.0),
    "TimeShift, p": lambda: TimeShift(SFREQ, 1.0, p=0.5),
    "layer": lambda: AugmentationLayer([TimeShift(SFREQ, 1.0), SignFlip(0.0)]),
    "chain": lambda: Compose([TimeShift(SFREQ, 1.0), TimeShift(SFREQ, 0.5)]),
}


@pytest.mark.parametrize("name", EXACT)
def test_an_equivariant_network_is_left_as_it_is(name):
    """Shifted, filtered and shifted back is filtered; without the way back it is smeared."""
    x = slow_waves(8, 2, 600)
    network = Everywhere()
    model = InvariantModel(network, EXACT[name](), n_copies=8, equivariant=True).eval()
    assert torch.allclose(model(x), network(x), atol=1e-3)
    model.equivariant = False
    assert not torch.allclose(model(x), network(x), atol=0.1)


class FirstHalf(torch.nn.Module):
    """A network that sees nothing in the second half of its window."""

    def forward(self, x):
        seen = torch.arange(x.shape[-1], device=x.device) < x.shape[-1] // 2
        return x * seen


class Total(torch.nn.Module):
    """A network with one output for each sample, shape (batch, times)."""

    def forward(self, x):
        return x.sum(1)


def test_one_output_for_each_sample_is_moved_back():
    x = slow_waves(8, 2, 600)
    model = InvariantModel(Total(), TimeReverse(1.0), equivariant=True).eval()
    assert torch.allclose(model(x), x.sum(1), atol=1e-6)


@pytest.mark.parametrize("windows", [(), (3,)], ids=["trials", "sequences"])
def test_what_is_seen_in_some_copies_is_averaged_where_it_is(windows):
    """A copy shifted by s samples sees the samples -s <= t < 300 - s of its window."""
    x = torch.ones(2, *windows, 1, 600)
    model = InvariantModel(FirstHalf(), TimeShift(SFREQ, 1.0), n_copies=64, equivariant=True)
    model.eval()
    generator = torch.Generator().manual_seed(model.seed)
    _, shifts = model.augmentation.sample(x[:1].expand(64, *x.shape[1:]), generator).noise
    seen = ((torch.arange(600) + SFREQ * shifts[:, None]) % 600 < 300).float().mean(0)
    assert 0.1 < seen[10] < 0.9 and seen[150] == 1 and seen[450] == 0
    out = model(x)
    # a step that is shifted by a fraction of a sample rings
    assert torch.allclose(out, seen.expand_as(out), atol=0.05)
    model.equivariant = False
    assert torch.allclose(model(x)[..., 10], torch.ones(()), atol=0.05)


def test_outputs_of_reversed_trials_are_reversed_back():
    x = torch.ones(4, 1, 600)
    model = InvariantModel(FirstHalf(), TimeReverse(1.0), equivariant=True)
    seen = torch.zeros(600)
    seen[300:] = 1
    assert torch.equal(model(x), seen.expand(4, 1, 600))
    model.augmentation.p.raw.data.fill_(0.0)
    assert torch.equal(model(x), 1 - seen.expand(4, 1, 600))


@pytest.mark.parametrize(
    ("training", "whole"),
    [
        (True, True),
        (True, False),
        (False, True),
        pytest.param(
            False,
            False,
        ),
    ],
)
def test_replayed_reversals_are_inverted_as_they_were_made(training, whole):
    """In evaluation choices are whole, whether the draw says so or not."""
    model = InvariantModel(nn.Identity(), TimeReverse(0.5), equivariant=True).train(training)
    x = slow_waves(50, 1, 600)
    draw = model.augmentation.sample(x)
    out = model(x, draw=draw.whole() if whole else draw)
    moved = model.augmentation(x, draw=draw) != x
    assert moved.any()
    if training and not whole:
        kept = ((draw.noise[0].uniform - 0.5).abs() > 0.45)[:, None, None]
        out, x = torch.where(kept, out, 0.0), torch.where(kept, x, 0.0)
    assert torch.allclose(out, x, atol=1e-5)


def test_the_strength_has_the_gradient_of_what_it_lets_see():
    """A shift costs nothing in a network that treats places alike, but in one that does not."""
    x, y = slow_waves(16, 1, 600), slow_waves(16, 1, 600)
    slopes = []
    for network in (torch.nn.Identity(), FirstHalf()):
        torch.manual_seed(0)
        model = InvariantModel(network, TimeShift(SFREQ, 0.5), equivariant=True)
        (model(x) - 2 * y).square().mean().backward()
        slopes.append(model.augmentation.max_shift.raw.grad.abs().item())
    assert slopes[0] < 1e-4 < slopes[1]


def test_mixed_precision_leaves_the_way_back_exact():
    x = slow_waves(4, 2, 600)
    model = InvariantModel(torch.nn.Conv1d(2, 3, 1), TimeShift(SFREQ, 1.0), equivariant=True).eval()
    exact = model(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = model(x)
    assert mixed.dtype == torch.bfloat16
    assert torch.allclose(mixed.float(), exact, atol=0.02 * exact.abs().max().item())


class Swap(Transform):
    """A user's transform that exchanges the halves of a window, and has no inverse."""

    def step(self, x, noise):
        return Operators(term=x.roll(x.shape[-1] // 2, -1) - x)

    def sources(self, times, noise):
        return times.roll(len(times) // 2)[None]


@pytest.mark.parametrize(
    ("network", "augmentation", "error", "match"),
    [
        (torch.nn.Flatten(), SignFlip(), ValueError, r"here \(4, ..., 600\)\. Found \(4, 1200\)"),
        (torch.nn.AvgPool1d(2), SignFlip(), ValueError, r"Found \(4, 2, 300\)"),
        (torch.nn.Identity(), Swap(), TypeError, "Found Swap"),
        (torch.nn.Identity(), RandomCrop(SFREQ, 2.0), TypeError, "Found RandomCrop, whose margins"),
        (
            torch.nn.Identity(),
            Compose([RandomCrop(SFREQ, 2.0), SignFlip()]),
            TypeError,
            "Found RandomCrop",
        ),
        (
            torch.nn.Identity(),
            AugmentationLayer([TimeShift(SFREQ), SignFlip()]),
            ValueError,
            "`mixture=False`. Found a mixture",
        ),
    ],
    ids=["flat", "coarse", "a user's", "crop", "chain with a crop", "mixture"],
)
def test_outputs_that_cannot_be_moved_back_are_reported(network, augmentation, error, match):
    model = InvariantModel(network, augmentation, equivariant=True)
    with pytest.raises(error, match=match) as caught:
        model(slow_waves(4, 2, 600))
    assert "\n" not in str(caught.value)


def test_a_generator_repeats_the_draws_of_training(model):
    draws = [model.train().sample(X, torch.Generator().manual_seed(3)).noise for _ in range(2)]
    one, other = (list(tensors_in(noise)) for noise in draws)
    assert one and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("training", [True, False])
def test_an_augmentation_on_another_device_is_reported_in_one_line(training):
    layer = AugmentationLayer([SignFlip(), FTSurrogate()]).to("meta")
    model = InvariantModel(nn.Flatten(), layer).train(training)
    with pytest.raises(ValueError, match="should be on meta, as the augmentation is") as caught:
        model(torch.zeros(4, 2, 10))
    assert "\n" not in str(caught.value)


def test_choices_of_an_augmentation_in_evaluation_are_whole_in_a_model_that_trains():
    model = InvariantModel(nn.Flatten(), SignFlip(0.5)).train()
    model.augmentation.eval()
    out = model(torch.ones(50, 1, 4))
    assert set(out.unique().tolist()) == {-1.0, 1.0}
