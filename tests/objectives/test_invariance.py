"""Criteria that make strengths grow as far as the loss allows."""

import copy
import itertools
import pickle

import pytest
import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    BreadthCriterion,
    ChannelsDropout,
    Compose,
    FrequencyShift,
    FTSurrogate,
    GainTransform,
    InvarianceCriterion,
    InvariantModel,
    SignFlip,
    Strength,
    TimeShift,
    init_strengths,
)
from eegaug.objectives import NEGLIGIBLE, START
from eegaug.transforms.draws import map_noise

Y = torch.arange(10) % 3


def signal(*shape, dtype=torch.float64, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


class Third(GainTransform):
    """A gated transform that draws nothing but its gate."""

    def __init__(self, p):
        super().__init__(p=Strength(p, unit="probability"))

    def gain(self, x, noise):
        return x.new_full((len(x), 1, 1), 1 / 3)


def model_of(augmentation, n_inputs=6, n_outputs=3, **kwargs):
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(n_inputs, 8), nn.Tanh(), nn.Linear(8, n_outputs)
    )
    network[1].weight.data.mul_(3)
    return InvariantModel(network, augmentation, **kwargs).double()


def train_step(criterion, model, x, y):
    model.zero_grad()
    criterion(model(x), y).backward()


# The gradient of chances


def mean_loss(model, plain, x, y, chance, p):
    """The mean of the loss over all choices at a chance, by going through them all."""
    chance.raw.data.fill_(p)
    copies = model.n_copies_train
    rows = x.repeat_interleave(copies, 0)
    draw = model.augmentation.sample(rows)
    sizes = []
    map_noise(lambda draw: sizes.append(draw[0].numel()), noise)
    total = 0.0
    for chosen in itertools.product([0.0, 1.0], repeat=copies * sum(sizes)):
        draws = torch.tensor(chosen, dtype=x.dtype).repeat(len(x))  # 0 is below p, and chooses
        replayed = map_noise(lambda draw, draws=draws: draws.reshape(draw.shape), noise)
        outputs = model.model(model.augmentation(rows, noise=replayed))
        loss = plain(outputs.unflatten(0, (len(x), copies)).mean(1), y)
        n = chosen.count(0.0)
        total += p**n * (1 - p) ** (len(chosen) - n) * loss.item()
    return total


def scored(model, plain, x, y, n_draws):
    """Mean and standard error of the gradient in the one chance of a model."""
    criterion = InvarianceCriterion(plain, model, weight=0.0)
    (chance,) = [each for each in model.modules() if isinstance(each, Strength)]
    torch.manual_seed(0)
    draws = [torch.autograd.grad(criterion(model(x), y), chance.raw)[0] for _ in range(n_draws)]
    draws = torch.stack(draws)
    return draws.mean().item(), draws.std().item() / n_draws**0.5


def check_score(model, plain, x, y, n_draws, rel=0.0):
    """Check the gradient in the one chance of a model against the slope of its mean loss."""
    found, error = scored(model, plain, x, y, n_draws)
    (chance,) = [each for each in model.modules() if isinstance(each, Strength)]
    p, step = chance().item(), 1e-3
    higher, lower = (mean_loss(model, plain, x, y, chance, p + s) for s in (step, -step))
    true = (higher - lower) / (2 * step)
    assert error < 0.05 * abs(true), "this test would tell nothing"
    assert found == pytest.approx(true, rel=rel, abs=4 * error)


@pytest.mark.parametrize(
    "augmentation",
    [lambda: SignFlip(0.4), lambda: ChannelsDropout(0.4), lambda: Third(0.4)],
    ids=["flip", "drop", "gate"],
)
def test_the_gradient_in_a_chance_is_that_of_the_mean_loss(augmentation):
    """Of few trials, too, where a trial's own loss is part of what is subtracted from it."""
    check_score(model_of(augmentation()), nn.CrossEntropyLoss(), signal(5, 3, 2), Y[:5], 800)


CLASS_WEIGHTS = torch.tensor([0.2, 1.0, 5.0]).double()


@pytest.mark.parametrize(
    "plain",
    [
        nn.CrossEntropyLoss(CLASS_WEIGHTS),
        nn.CrossEntropyLoss(CLASS_WEIGHTS, label_smoothing=0.1, ignore_index=0),
    ],
    ids=["class weights", "ignored"],
)
def test_the_gradient_where_trials_count_differently(plain):
    model = model_of(ChannelsDropout(0.4))
    check_score(model, plain, signal(10, 3, 2).repeat(400, 1, 1), Y.repeat(400), 30)


def test_the_gradient_of_a_regression():
    model, x = model_of(ChannelsDropout(0.4), n_outputs=1), signal(10, 3, 2).repeat(400, 1, 1)
    check_score(model, nn.MSELoss(), x, x[:, 0, :1], 30)


def test_the_gradient_where_a_prediction_is_a_mean_over_copies():
    model = model_of(SignFlip(0.4), n_copies_train=2)
    check_score(model, nn.CrossEntropyLoss(), signal(10, 3, 2).repeat(400, 1, 1), Y.repeat(400), 30)


class EachWindow(nn.Module):
    """Scores of each window: (batch, classes, windows)."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x.flatten(0, 1)).unflatten(0, x.shape[:2]).transpose(1, 2)


@pytest.mark.parametrize("scores", ["of each trial", "of each window"])
def test_the_gradient_where_windows_share_a_draw(scores):
    x, y = signal(10, 4, 3, 2).repeat(200, 1, 1, 1), Y.repeat(200)
    if scores == "of each trial":
        model = model_of(SignFlip(0.4), n_inputs=24)
    else:
        model, y = model_of(SignFlip(0.4)), (y[:, None] + torch.arange(4)) % 3
        model.model = EachWindow(model.model)
    check_score(model, nn.CrossEntropyLoss(), x, y, 30)


class Rows(nn.Sequential):
    """A row of scores for each window."""

    def forward(self, x):
        return self[1](self[0](x).flatten(0, 1))


def test_the_gradient_where_windows_become_rows():
    inner = model_of(SignFlip(0.4))
    x, y = signal(10, 4, 3, 2), (Y[:, None] + torch.arange(4)).flatten() % 3
    flipped, kept = (
        nn.functional.cross_entropy(inner.model(sign * x.flatten(0, 1)), y) for sign in (-1, 1)
    )
    true = (flipped - kept).item()
    rows = Rows(inner.augmentation, inner.model)
    found, error = scored(
        rows, nn.CrossEntropyLoss(), x.repeat(200, 1, 1, 1), y.repeat(200), n_draws=30
    )
    assert error < 0.05 * abs(true)
    assert found == pytest.approx(true, abs=4 * error)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_chances_at_their_ends_have_a_finite_gradient(p):
    model = model_of(SignFlip(p))
    criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model)
    train_step(criterion, model, signal(10, 3, 2), Y)
    assert model.augmentation.p.raw.grad.isfinite()


def test_the_score_has_no_value_and_is_the_same_when_asked_again():
    model = model_of(SignFlip(0.4))
    criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model, weight=0.0)
    outputs = model(signal(10, 3, 2))
    p = model.augmentation.p.raw
    gradients = []
    for _ in range(2):
        loss = criterion(outputs, Y)
        assert loss.item() == pytest.approx(nn.functional.cross_entropy(outputs, Y).item())
        gradients += torch.autograd.grad(loss, p, retain_graph=True)
    assert gradients[0] == gradients[1] != 0


def test_another_criterion_on_the_model_learns_chances_in_its_own_way():
    model = model_of(SignFlip(0.4))
    InvarianceCriterion(nn.CrossEntropyLoss(), model)
    criterion = BreadthCriterion(nn.CrossEntropyLoss(), model, weight=0.0)
    criterion(model(signal(10, 3, 2)), Y).backward()
    assert model.augmentation.p.raw.grad != 0


def test_a_chance_that_is_frozen_at_first_is_scored_too():
    model = model_of(SignFlip(0.4))
    model.augmentation.p.raw.requires_grad_(False)
    criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model)
    model.augmentation.p.raw.requires_grad_(True)
    model(signal(10, 3, 2))
    assert set(model.augmentation.p.choices.unique().tolist()) <= {0.0, 1.0}
    assert model.augmentation.p.scored and criterion.skill == 0


def test_losses_that_do_not_depend_on_the_choices_give_no_gradient():
    model = model_of(ChannelsDropout(0.3))
    criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model, weight=0.0)
    train_step(criterion, model, torch.zeros(10, 3, 2).double(), torch.zeros(10).long())
    assert model.augmentation.p_drop.raw.grad.item() == pytest.approx(0, abs=1e-12)


def test_choices_are_whole_while_they_are_scored():
    x = torch.ones(1000, 1, 2)
    flip = SignFlip(0.5)
    assert len(flip(x).unique()) > 2, "in part, without the criterion"
    InvarianceCriterion(nn.MSELoss(), InvariantModel(nn.Flatten(), flip))
    assert flip(x).unique().tolist() == [-1.0, 1.0]


# The reward


def known_by(known, model, weight=0.1):
    """A criterion in training, after outputs that know all, or nothing, of balanced classes."""
    criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model, weight)
    scores = 50.0 * known * nn.functional.one_hot(torch.arange(9) % 3, 3)
    return criterion, criterion(scores, torch.arange(9) % 3)


def test_evaluation_gives_the_plain_loss():
    model = InvariantModel(nn.Flatten(), Compose([FTSurrogate(0.5), SignFlip()])).eval()
    criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model)
    outputs, targets = signal(10, 3) + 5 * nn.functional.one_hot(Y), Y
    assert criterion(outputs, targets) == nn.functional.cross_entropy(outputs, targets)
    assert criterion.loss.isnan(), "nor is it observed"
    model.train()
    assert criterion(outputs, targets) != nn.functional.cross_entropy(outputs, targets)


def test_a_network_that_knows_nothing_is_not_rewarded():
    model = InvariantModel(nn.Flatten(), FTSurrogate(0.5))
    criterion, loss = known_by(False, model)
    loss.backward()
    assert criterion.skill == 0
    assert model.augmentation.phase_noise_magnitude.raw.grad == 0
    assert loss.item() == pytest.approx(torch.tensor(3.0).log().item())


@pytest.mark.parametrize("weight", [0.0, 0.1, 0.3])
def test_a_network_that_knows_all_widens_by_the_weight_over_the_width(weight):
    chain = Compose([FTSurrogate(0.5), TimeShift(100, 0.2), FrequencyShift(100, 0.0)])
    model = InvariantModel(nn.Flatten(), chain)
    criterion, loss = known_by(True, model, weight)
    loss.backward()
    assert criterion.skill == pytest.approx(1)
    for transform, width in zip(chain.augmentations, (0.5, 0.1, 0.0), strict=True):
        (strength,) = transform.strengths().values()
        assert strength.fraction.item() == pytest.approx(width)
        assert strength.raw.grad.item() == pytest.approx(-weight / (width + NEGLIGIBLE))


def test_a_layers_weights_are_part_of_its_widths():
    layer = AugmentationLayer([FTSurrogate(0.8), TimeShift(100, 0.1)])
    _, loss = known_by(True, InvariantModel(nn.Flatten(), layer), weight=0.1)
    loss.backward()
    narrow_one, wide_one = layer.transforms[1].max_shift, layer.transforms[0]
    grad = wide_one.phase_noise_magnitude.raw.grad.item()
    assert grad == pytest.approx(-0.1 * 0.5 / (0.5 * 0.8 + NEGLIGIBLE))
    assert narrow_one.raw.grad.item() == pytest.approx(-0.1 * 0.5 / (0.5 * 0.05 + NEGLIGIBLE))
    assert layer.logits.grad.isfinite().all() and (layer.logits.grad != 0).all()


def test_a_chance_of_flips_widens_towards_one_half():
    gradients = []
    for p in (0.1, 0.5, 0.9):
        model = InvariantModel(nn.Flatten(), SignFlip(p))
        known_by(True, model)[1].backward()
        gradients.append(model.augmentation.p.raw.grad.item())
    assert gradients[0] < 0 == gradients[1] < gradients[2]


def test_what_is_known_is_a_mean_over_recent_batches():
    model = InvariantModel(nn.Flatten(), FTSurrogate(0.5))
    criterion, _ = known_by(True, model)
    ignorant = torch.tensor(3.0).log()
    loss = criterion(torch.zeros(9, 3), torch.arange(9) % 3)
    assert criterion.loss.item() == pytest.approx(0.1 * ignorant.item(), abs=1e-6)
    assert criterion.skill.item() == pytest.approx(0.9)
    loss.backward()
    grad = model.augmentation.phase_noise_magnitude.raw.grad.item()
    assert grad == pytest.approx(-0.1 * 0.9**2 / (0.5 + NEGLIGIBLE))


@pytest.mark.parametrize("scale", [1.0, 20.0], ids=["priors", "too sure"])
def test_to_know_how_frequent_classes_are_is_to_know_nothing(scale):
    model = InvariantModel(nn.Flatten(), FTSurrogate(0.5))
    criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model)
    frequencies = torch.tensor([0.8, 0.1, 0.1])
    criterion(scale * frequencies.log().expand(10, 3), torch.tensor([0] * 8 + [1, 2]))
    assert criterion.skill.item() == pytest.approx(0, abs=1e-6)


# Arguments, copies, states


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (
            lambda: InvarianceCriterion(nn.CrossEntropyLoss(reduction="sum"), SignFlip()),
            TypeError,
            r"`criterion` should be .*'mean'.* Found CrossEntropyLoss",
        ),
        (lambda: InvarianceCriterion(nn.NLLLoss(), SignFlip()), TypeError, "Found NLLLoss"),
        (
            lambda: InvarianceCriterion(nn.KLDivLoss(reduction="mean"), SignFlip()),
            TypeError,
            "Found KLD",
        ),
        (lambda: InvarianceCriterion(nn.Identity(), SignFlip()), TypeError, "Found Identity"),
        (
            lambda: InvarianceCriterion(nn.MSELoss(), SignFlip(), -1),
            ValueError,
            "`weight` should be zero or more",
        ),
        (lambda: InvarianceCriterion(nn.MSELoss(), SignFlip(), "1"), TypeError, "`weight`"),
        (
            lambda: InvarianceCriterion(nn.MSELoss(), nn.Flatten()),
            ValueError,
            "Found none in Flatten",
        ),
        (
            lambda: init_strengths(SignFlip(), 1.1),
            ValueError,
            "`fraction` should be between 0 and 1",
        ),
        (
            lambda: init_strengths(SignFlip(), -0.1),
            ValueError,
            "`fraction` should be between 0 and 1",
        ),
        (lambda: init_strengths(SignFlip(), "0"), TypeError, "`fraction`"),
        (lambda: init_strengths(nn.Flatten()), ValueError, "Found none in Flatten"),
    ],
)
def test_bad_arguments_are_told_in_one_line(build, error, match):
    with pytest.raises(error, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_narrow_reaches_every_learnable_strength_and_no_other():
    frozen = Strength(0.7, unit="fraction of 2π", learnable=False)
    layer = AugmentationLayer([TimeShift(100, 0.4), SignFlip()])
    model = InvariantModel(nn.Flatten(), Compose([layer, FTSurrogate(frozen), ChannelsDropout()]))
    assert init_strengths(model) is model
    shift, flip = layer.transforms
    drop = model.augmentation.augmentations[2]
    for strength in (shift.max_shift, flip.p, drop.p_drop):
        assert strength.fraction.item() == pytest.approx(START)
    assert frozen().item() == pytest.approx(0.7)
    assert init_strengths(flip, 0.5).p().item() == 0.5


@pytest.mark.parametrize("scored", ["before", "after"])
@pytest.mark.parametrize(
    "twin_of",
    [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))],
    ids=["copy", "pickle"],
)
def test_copies_learn_as_the_original_does(twin_of, scored):
    x = signal(10, 3, 2)
    model = model_of(Compose([SignFlip(0.3), ChannelsDropout(0.3)]))
    criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model)
    outputs = model(x)
    if scored == "after":
        criterion(outputs, Y).backward()
    pairs = [(criterion, model), twin_of((criterion, model))]
    gradients = []
    for each, its_model in pairs:
        torch.manual_seed(0)
        train_step(each, its_model, x, Y)
        gradients.append([p.grad for p in its_model.parameters()])
    assert pairs[1][1].augmentation.augmentations[0].p.scored
    assert gradients[0][0] is not gradients[1][0]
    for a, b in zip(*gradients, strict=True):
        assert torch.equal(a, b)


def test_the_state_holds_the_running_means_and_no_parameter_of_the_model():
    model = model_of(SignFlip())
    criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model)
    train_step(criterion, model, signal(10, 3, 2), Y)
    assert list(criterion.parameters()) == []
    twin = InvarianceCriterion(nn.CrossEntropyLoss(), model_of(SignFlip()))
    assert twin.known == 0
    twin.load_state_dict(criterion.state_dict())
    assert twin.loss.item() == pytest.approx(criterion.loss.item())
    assert twin.baseline_loss.item() == pytest.approx(criterion.baseline_loss.item())
    assert set(criterion.state_dict()) >= {"loss", "baseline_loss"}


# Recovery


def recovered(x, y, n_steps=250):
    """The chance of a flip that is learned from signals and classes."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(x[0].numel(), 32), nn.Tanh(), nn.Linear(32, 2))
    model = InvariantModel(network, init_strengths(SignFlip()))
    criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(n_steps):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    return model.augmentation.p().item()


def waves(y, polarity):
    """Noisy sines of one frequency a class, and of the polarity of each trial."""
    phase = 2 * torch.pi * torch.arange(20) / 20
    clean = torch.sin((1 + y[:, None]) * phase) * polarity[:, None]
    return (clean + 0.3 * signal(*clean.shape, dtype=torch.float32))[:, None]


def test_polarity_that_tells_nothing_is_learned_to_be_irrelevant():
    y, polarity = torch.arange(128) % 2, 2.0 * (torch.arange(128) // 2 % 2) - 1
    assert recovered(waves(y, polarity), y) == pytest.approx(0.5, abs=0.1)


def test_polarity_that_tells_the_class_is_kept():
    y = torch.arange(128) % 2
    assert recovered(waves(torch.zeros(128), 2.0 * y - 1), y) < 0.05
