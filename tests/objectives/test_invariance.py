"""The objective that widens strengths as far as the loss allows."""

import copy
import io
import itertools
import pickle

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from eegaug import (
    AugmentationLayer,
    BreadthObjective,
    ChannelsDropout,
    Choices,
    Compose,
    Draw,
    FlipProbability,
    FrequencyShift,
    FTSurrogate,
    GainTransform,
    InvarianceObjective,
    InvariantModel,
    Objective,
    ScoreObjective,
    SignFlip,
    Strength,
    TimeReverse,
    TimeShift,
    init_strengths,
)
from eegaug.objectives.invariance import NEGLIGIBLE
from eegaug.transforms.draws import map_noise

from ..helpers import learned_flip, waves

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


def fixed(model, draw):
    """The model, with this draw in training."""
    model.sample = lambda x, generator=None: draw
    return model


# The gradient of probabilities


def mean_loss(model, plain, x, y, probability, p):
    """The mean of the loss over all choices at a probability, by going through them all."""
    probability.raw.data.fill_(p)
    copies = model.n_copies_train
    rows = x.repeat_interleave(copies, 0)
    draw = model.augmentation.sample(rows)
    sizes = []
    map_noise(lambda draws: sizes.append(draws[0].numel()), draw.noise)
    total = 0.0
    for chosen in itertools.product([0.0, 1.0], repeat=copies * sum(sizes)):
        draws = torch.tensor(chosen, dtype=x.dtype).repeat(len(x))  # 0 is below p, and chooses
        noise = map_noise(lambda each, draws=draws: draws.reshape(each.shape), draw.noise)
        outputs = model(x, draw=Draw(noise, draw.shape).whole())
        n = chosen.count(0.0)
        total += p**n * (1 - p) ** (len(chosen) - n) * plain(outputs, y).item()
    return total


def score(model, plain, x, y, n_draws):
    """Mean and standard error of the gradient in the one probability of a model."""
    objective = InvarianceObjective(model, plain, reward_weight=0.0)
    (probability,) = [each for each in model.modules() if isinstance(each, Strength)]
    torch.manual_seed(0)
    draws = [torch.autograd.grad(objective(x, y), probability.raw)[0] for _ in range(n_draws)]
    draws = torch.stack(draws)
    return draws.mean().item(), draws.std().item() / n_draws**0.5


def check_score(model, plain, x, y, n_draws, rel=0.0):
    """Check the gradient in the one probability of a model against the slope of its mean loss."""
    found, error = score(model, plain, x, y, n_draws)
    (probability,) = [each for each in model.modules() if isinstance(each, Strength)]
    p, step = probability().item(), 1e-3
    higher, lower = (mean_loss(model, plain, x, y, probability, p + s) for s in (step, -step))
    true = (higher - lower) / (2 * step)
    assert error < 0.05 * abs(true), "this test would show nothing"
    assert found == pytest.approx(true, rel=rel, abs=4 * error)


@pytest.mark.parametrize(
    "augmentation",
    [lambda: SignFlip(0.4), lambda: ChannelsDropout(0.4), lambda: Third(0.4)],
    ids=["flip", "drop", "gate"],
)
def test_the_gradient_in_a_probability_is_that_of_the_mean_loss(augmentation):
    """Of few trials, too: a trial is compared with the others alone."""
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


class Rows(nn.Module):
    """A row of scores for each window."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x.flatten(0, 1)).reshape(len(x), -1, 3).transpose(1, 2)


def test_the_gradient_where_windows_have_scores_each():
    inner = model_of(SignFlip(0.4))
    x, y = signal(10, 4, 3, 2), (Y[:, None] + torch.arange(4)) % 3
    flipped, kept = (
        nn.functional.cross_entropy(inner.model(sign * x.flatten(0, 1)), y.flatten())
        for sign in (-1, 1)
    )
    true = (flipped - kept).item()
    inner.model = Rows(inner.model)
    found, error = score(
        inner, nn.CrossEntropyLoss(), x.repeat(200, 1, 1, 1), y.repeat(200, 1), n_draws=30
    )
    assert error < 0.05 * abs(true)
    assert found == pytest.approx(true, abs=4 * error)


def test_a_single_trial_is_compared_with_the_running_mean():
    model = model_of(SignFlip(0.4))
    objective = InvarianceObjective(model, nn.CrossEntropyLoss(), reward_weight=0.0)
    p, x, y = model.augmentation.p.raw, signal(1, 3, 2), Y[:1]
    assert torch.autograd.grad(objective(x, y), p)[0] == 0, "there is no mean yet"
    mean = objective.running_loss.clone()
    taken = Choices(torch.zeros(1, dtype=x.dtype))
    fixed(model, Draw((taken, None), (1, 3, 2)))
    gradient = torch.autograd.grad(objective(x, y), p)[0]
    loss = nn.functional.cross_entropy(model.model(-x), y)
    assert gradient.item() == pytest.approx(((loss - mean) / 0.4).item(), rel=1e-5)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_probabilities_at_their_ends_have_a_finite_gradient(p):
    model = model_of(SignFlip(p))
    InvarianceObjective(model, nn.CrossEntropyLoss())(signal(10, 3, 2), Y).backward()
    assert model.augmentation.p.raw.grad.isfinite()


def test_the_score_has_no_value():
    model = model_of(SignFlip(0.4))
    objective = InvarianceObjective(model, nn.CrossEntropyLoss(), reward_weight=0.0)
    step = objective.step(signal(10, 3, 2), Y)
    assert step.loss.item() == pytest.approx(
        nn.functional.cross_entropy(step.outputs, Y).item(), rel=1e-6
    )
    assert torch.autograd.grad(step.loss, model.augmentation.p.raw)[0] != 0


def test_two_passes_and_then_two_losses_have_a_gradient_each():
    """Whatever is between a forward and a backward pass: nothing is kept in the model."""
    model = model_of(SignFlip(0.4))
    objective = InvarianceObjective(model, nn.CrossEntropyLoss(), reward_weight=0.0)
    x, p = signal(10, 3, 2), model.augmentation.p.raw

    def gradients(between):
        torch.manual_seed(0)
        first, second = objective(x, Y), objective(2 * x, Y)
        if between:
            model(x), model.eval()(x), model.train()
        return [torch.autograd.grad(loss, p)[0].item() for loss in (second, first)]

    assert gradients(False) == gradients(True)


def test_an_objective_leaves_the_model_as_it_is():
    x = torch.ones(1000, 1, 2)
    model = InvariantModel(nn.Flatten(), SignFlip(0.5))
    InvarianceObjective(model, nn.MSELoss())
    assert len(model(x).unique()) > 2, "in part, as without the objective"
    draw = model.sample(x)
    assert model(x, draw=draw.whole()).unique().tolist() == [-1.0, 1.0]


def test_losses_that_do_not_depend_on_the_choices_give_no_gradient():
    model = model_of(ChannelsDropout(0.3))
    objective = InvarianceObjective(model, nn.CrossEntropyLoss(), reward_weight=0.0)
    objective(torch.zeros(10, 3, 2).double(), torch.zeros(10).long()).backward()
    assert model.augmentation.p_drop.raw.grad.item() == pytest.approx(0, abs=1e-12)


def test_a_strength_that_two_transforms_share_learns_from_both():
    p = FlipProbability(0.4)
    model = model_of(Compose([SignFlip(p), TimeReverse(p)]))
    objective = InvarianceObjective(model, nn.CrossEntropyLoss(), reward_weight=0.0)
    x = signal(10, 3, 2)
    draw = model.sample(x)
    fixed(model, draw)
    together = torch.autograd.grad(objective(x, Y), p.raw)[0]
    apart = model_of(Compose([SignFlip(0.4), TimeReverse(0.4)]))
    objective = InvarianceObjective(fixed(apart, draw), nn.CrossEntropyLoss(), reward_weight=0.0)
    objective(x, Y).backward()
    sum_of_both = sum(each.p.raw.grad for each in apart.augmentation.augmentations)
    assert together.item() == pytest.approx(sum_of_both.item())


# The reward


class Scores(nn.Module):
    """A network whose scores are given, whatever the signals."""

    def __init__(self, scores):
        super().__init__()
        self.scores = scores

    def forward(self, x):
        return self.scores + 0 * x.mean()


def known_by(known, augmentation, reward_weight=0.1):
    """An objective after a batch of balanced classes, which its network knows or does not."""
    scores = 50.0 * known * nn.functional.one_hot(torch.arange(9) % 3, 3)
    model = InvariantModel(Scores(scores), augmentation)
    objective = InvarianceObjective(model, nn.CrossEntropyLoss(), reward_weight)
    return objective, objective(torch.ones(9, 1, 8), torch.arange(9) % 3)


def test_evaluation_gives_the_plain_loss():
    model = model_of(Compose([FTSurrogate(0.5), SignFlip()]))
    objective = InvarianceObjective(model, nn.CrossEntropyLoss()).eval()
    x = signal(10, 3, 2)
    assert objective(x, Y) == nn.functional.cross_entropy(model(x), Y)
    assert objective.running_loss.isnan(), "nor is it observed"


def test_a_network_that_knows_nothing_is_not_rewarded():
    surrogate = FTSurrogate(0.5)
    objective, loss = known_by(False, surrogate)
    loss.backward()
    assert objective.skill == 0
    assert surrogate.phase_noise_magnitude.raw.grad == 0
    assert loss.item() == pytest.approx(torch.tensor(3.0).log().item())


@pytest.mark.parametrize("weight", [0.0, 0.1, 0.3])
def test_a_network_that_knows_all_widens_by_the_weight_over_the_width(weight):
    chain = Compose([FTSurrogate(0.5), TimeShift(100, 0.2), FrequencyShift(100, 0.0)])
    objective, loss = known_by(True, chain, weight)
    loss.backward()
    assert objective.skill == pytest.approx(1)
    for transform, width in zip(chain.augmentations, (0.5, 0.1, 0.0), strict=True):
        (strength,) = transform.strengths().values()
        assert strength.fraction.item() == pytest.approx(width)
        assert strength.raw.grad.item() == pytest.approx(-weight / (width + NEGLIGIBLE))


def test_a_layers_weights_are_part_of_its_widths():
    layer = AugmentationLayer([FTSurrogate(0.8), TimeShift(100, 0.1)])
    _, loss = known_by(True, layer, 0.1)
    loss.backward()
    narrow, wide = layer.transforms[1].max_shift, layer.transforms[0].phase_noise_magnitude
    assert wide.raw.grad.item() == pytest.approx(-0.1 * 0.5 / (0.5 * 0.8 + NEGLIGIBLE))
    assert narrow.raw.grad.item() == pytest.approx(-0.1 * 0.5 / (0.5 * 0.05 + NEGLIGIBLE))
    assert layer.logits.grad.isfinite().all() and (layer.logits.grad != 0).all()


def test_a_probability_of_flips_widens_towards_one_half():
    gradients = []
    for p in (0.1, 0.5, 0.9):
        flip = SignFlip(p)
        known_by(True, flip)[1].backward()
        gradients.append(flip.p.raw.grad.item())
    assert gradients[0] < 0 == gradients[1] < gradients[2]


def test_skill_is_a_mean_over_recent_batches():
    surrogate = FTSurrogate(0.5)
    objective, _ = known_by(True, surrogate)
    baseline = torch.tensor(3.0).log()
    objective.model.model.scores = torch.zeros(9, 3)
    loss = objective(torch.ones(9, 1, 8), torch.arange(9) % 3)
    assert objective.running_loss.item() == pytest.approx(0.1 * baseline.item(), abs=1e-6)
    assert objective.skill.item() == pytest.approx(0.9)
    loss.backward()
    grad = surrogate.phase_noise_magnitude.raw.grad.item()
    assert grad == pytest.approx(-0.1 * 0.9**2 / (0.5 + NEGLIGIBLE))


@pytest.mark.parametrize("scale", [1.0, 20.0], ids=["priors", "too sure"])
def test_to_know_how_frequent_classes_are_is_to_know_nothing(scale):
    frequencies = torch.tensor([0.8, 0.1, 0.1])
    scores = Scores(scale * frequencies.log().expand(10, 3))
    objective = InvarianceObjective(InvariantModel(scores, FTSurrogate(0.5)), nn.CrossEntropyLoss())
    objective(torch.ones(10, 1, 8), torch.tensor([0] * 8 + [1, 2]))
    assert objective.skill.item() == pytest.approx(0, abs=1e-6)


# Arguments, copies, states


def model():
    return InvariantModel(nn.Flatten(), SignFlip())


class TwoRewards(Objective):
    def training_step(self, x, y):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (
            lambda: InvarianceObjective(model(), nn.CrossEntropyLoss(reduction="sum")),
            TypeError,
            r"`loss` should be .*'mean'.* Found CrossEntropyLoss",
        ),
        (lambda: InvarianceObjective(model(), nn.NLLLoss()), TypeError, "Found NLLLoss"),
        (
            lambda: InvarianceObjective(model(), nn.KLDivLoss(reduction="mean")),
            TypeError,
            "Found KLD",
        ),
        (lambda: InvarianceObjective(model(), nn.Identity()), TypeError, "Found Identity"),
        (lambda: InvarianceObjective(model(), nn.CrossEntropyLoss), TypeError, "a module of"),
        (
            lambda: InvarianceObjective(model(), nn.functional.cross_entropy),
            TypeError,
            "a module of",
        ),
        (
            lambda: InvarianceObjective(model(), nn.MSELoss(), -1),
            ValueError,
            "`reward_weight` should be zero or more",
        ),
        (lambda: InvarianceObjective(model(), nn.MSELoss(), "1"), TypeError, "`reward_weight`"),
        (
            lambda: InvarianceObjective(nn.Flatten(), nn.MSELoss()),
            TypeError,
            "should be an InvariantModel.* Found Flatten",
        ),
        (
            lambda: InvarianceObjective(SignFlip(), nn.MSELoss()),
            TypeError,
            "should be an InvariantModel.* Found SignFlip",
        ),
        (
            lambda: BreadthObjective(
                InvariantModel(InvarianceObjective(model(), nn.MSELoss()), SignFlip()),
                nn.MSELoss(),
            ),
            ValueError,
            "not contain another objective",
        ),
        (lambda: TwoRewards.__base__(model(), nn.MSELoss()), TypeError, "abstract"),
    ],
)
def test_bad_arguments_raise_one_line(build, error, match):
    with pytest.raises(error, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", [InvarianceObjective, ScoreObjective, BreadthObjective])
@pytest.mark.parametrize(
    "loss", [nn.MSELoss(), nn.L1Loss(), nn.SmoothL1Loss(), nn.HuberLoss(), nn.BCEWithLogitsLoss()]
)
@pytest.mark.parametrize("shape", [(10,), (10, 2), (10, 1, 1)])
def test_targets_of_another_shape_are_refused(kind, loss, shape, training):
    """Torch would compare all with all, or say which sizes do not match."""
    objective = kind(model_of(SignFlip(), n_outputs=1), loss).double().train(training)
    name = type(loss).__name__
    for _ in range(2):  # steps of one objective differ
        with pytest.raises(ValueError, match=rf"of {name} .*, \(\d+, 1\)\. Found") as caught:
            objective(signal(10, 3, 2), torch.zeros(shape).double())
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "twin_of",
    [copy.deepcopy, lambda objective: pickle.loads(pickle.dumps(objective))],
    ids=["copy", "pickle"],
)
def test_copies_learn_as_the_original_does(twin_of, when):
    x = signal(10, 3, 2)
    objective = InvarianceObjective(
        model_of(Compose([SignFlip(0.3), ChannelsDropout(0.3)])), nn.CrossEntropyLoss()
    )
    if when == "after":
        objective(x, Y).backward()
    twin = twin_of(objective)
    gradients = []
    for each in (objective, twin):
        torch.manual_seed(0)
        each.zero_grad()
        each(x, Y).backward()
        gradients.append([p.grad for p in each.parameters()])
    assert not {id(p) for p in objective.parameters()} & {id(p) for p in twin.parameters()}
    assert torch.equal(objective.running_loss, twin.running_loss)
    for a, b in zip(*gradients, strict=True):
        assert torch.equal(a, b)


def trained(objective, optimizer, epochs, seed):
    """Train, and return the values of the strength and of the loss on the way."""
    history = []
    for epoch in epochs:
        torch.manual_seed(seed + epoch)
        for batch in torch.randperm(40).split(8):
            optimizer.zero_grad()
            loss = objective(DATA[batch], LABELS[batch])
            loss.backward()
            optimizer.step()
            history.append((loss.item(), objective.model.augmentation.augmentations[0].p().item()))
    return history


DATA = signal(40, 3, 2)
LABELS = (DATA.sum((1, 2)) > 0).long()


def new_objective():
    model = init_strengths(model_of(Compose([SignFlip(), TimeShift(10), ChannelsDropout()])))
    objective = InvarianceObjective(model, nn.CrossEntropyLoss())
    return objective, torch.optim.Adam(objective.parameters(), lr=0.05)


def test_a_resumed_training_is_bit_for_bit_the_one_that_ran_through():
    through, optimizer = new_objective()
    history = trained(through, optimizer, range(6), seed=0)

    first, optimizer = new_objective()
    start = trained(first, optimizer, range(3), seed=0)
    file = io.BytesIO()
    torch.save([first.state_dict(), optimizer.state_dict()], file)
    file.seek(0)
    resumed, optimizer = new_objective()
    for each, state in zip((resumed, optimizer), torch.load(file), strict=True):
        each.load_state_dict(state)
    assert start + trained(resumed, optimizer, range(3, 6), seed=0) == history
    assert resumed.state_dict().keys() == through.state_dict().keys()
    for name, value in through.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    assert through.skill > 0, "else the reward would not have mattered"


def test_accumulated_batches_are_observed_one_by_one():
    objective, _ = new_objective()
    for batch in torch.arange(40).split(10):
        (objective(DATA[batch], LABELS[batch]) / 4).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in objective.parameters())
    assert 0 < objective.running_loss < objective.baseline_loss * 10


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_running_means_are_where_the_model_is(device):
    model = model_of(SignFlip(0.2)).to(device)
    for objective in (
        InvarianceObjective(model, nn.MSELoss()),
        ScoreObjective(model, nn.MSELoss()),
    ):
        assert {buffer.device.type for buffer in objective.buffers()} == {device}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of torch's own compiler
def test_an_objective_compiles_without_a_graph_break():
    torch.compiler.reset()
    objective, _ = new_objective()
    objective = objective.float()
    x = DATA.float()[:8]
    compiled = torch.compile(objective, fullgraph=True, backend="aot_eager")
    losses = []
    for each in (objective, compiled):
        torch.manual_seed(0)
        objective.running_loss.fill_(torch.nan), objective.baseline_loss.fill_(torch.nan)
        losses.append(each(x, LABELS[:8]).item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_an_objective_runs_in_mixed_precision():
    objective, _ = new_objective()
    objective = objective.float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = objective(DATA.float(), LABELS)
    loss.backward()
    assert all(p.grad.isfinite().all() for p in objective.parameters())


def test_checkpointed_activations_give_the_same_gradients():
    class Checkpointed(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, x):
            return checkpoint(self.network, x, use_reentrant=False)

    gradients = []
    for wrap in (nn.Sequential, Checkpointed):
        objective, _ = new_objective()
        objective.model.model = wrap(objective.model.model)
        torch.manual_seed(0)
        objective(DATA, LABELS).backward()
        gradients.append([p.grad for p in objective.parameters()])
    for a, b in zip(*gradients, strict=True):
        assert torch.equal(a, b)


# Recovery


def test_polarity_that_carries_nothing_is_learned_to_be_irrelevant():
    y, polarity = torch.arange(128) % 2, 2.0 * (torch.arange(128) // 2 % 2) - 1
    p = learned_flip(InvarianceObjective, waves(y, polarity), y, n_steps=250)
    assert p == pytest.approx(0.5, abs=0.1)


def test_polarity_that_is_the_class_is_kept():
    y = torch.arange(128) % 2
    x = waves(torch.zeros(128), 2.0 * y - 1)
    assert learned_flip(InvarianceObjective, x, y, n_steps=250) < 0.05


def test_evaluation_has_the_outputs_too_and_dense_outputs_a_loss_per_trial():
    torch.manual_seed(0)
    network = nn.Conv1d(3, 4, 5, padding="same")
    model = InvariantModel(network, SignFlip(0.3), equivariant=True)
    objective = InvarianceObjective(model, nn.CrossEntropyLoss())
    x, y = torch.randn(6, 3, 20), torch.arange(120).reshape(6, 20) % 4
    assert objective(x, y).isfinite()
    step = objective.eval().step(x, y)
    assert torch.equal(step.outputs, model(x)) and step.outputs.shape == (6, 4, 20)
    assert step.loss == nn.functional.cross_entropy(step.outputs, y)


@pytest.mark.parametrize("name", ["x", "y"])
def test_what_is_no_tensor_is_named(name):
    objective = InvarianceObjective(InvariantModel(nn.Flatten(), SignFlip()), nn.MSELoss())
    given = {"x": torch.zeros(4, 1, 5), "y": torch.zeros(4, 5)} | {name: [0.0]}
    with pytest.raises(TypeError, match=f"`{name}` should be a tensor"):
        objective(**given)
