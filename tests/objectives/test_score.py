"""The objective that keeps a quarter of each batch as it is."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn

from eegaug import (
    ChannelsDropout,
    Compose,
    FTSurrogate,
    InvariantModel,
    ScoreObjective,
    SignFlip,
    TimeShift,
    init_strengths,
)
from eegaug.objectives.invariance import NEGLIGIBLE

from ..helpers import learned_flip, signal, waves

#: Strengths have a gradient at every fourth step.
LONGER = {"n_steps": 300, "strength_lr": 0.05, "n_copies": 0}

cross_entropy = nn.functional.cross_entropy


def model_of(augmentation, **kwargs):
    torch.manual_seed(1)
    network = nn.Sequential(nn.Flatten(), nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
    network[1].weight.data.mul_(3)
    return InvariantModel(network, augmentation, **{"n_copies": 0, **kwargs}).double()


def objective_at(phase):
    """An objective of which so many steps were taken since one that learns, and a batch.

    Its network knows the classes of the 9 trials.
    """
    model = model_of(Compose([FTSurrogate(0.3), SignFlip(0.2)]))
    objective = ScoreObjective(model, nn.CrossEntropyLoss())
    objective.set_extra_state({"phase": phase})
    x = signal(9, 3, 2, dtype=torch.float64)
    return objective, x, model.model(x).argmax(1)


def seeded(function, *args):
    torch.manual_seed(2)
    return function(*args)


def by_place(objective, x, n_clean):
    """Order of the trials in a step, and the outputs: of trials augmented by the draws of that
    step, of whole choices, and of the last as they are."""
    model, order = objective.model, torch.randperm(len(x))
    changed, clean = x[order].split([len(x) - n_clean, n_clean])
    return order, model(changed, draw=model.sample(changed).whole()), model.model(clean)


def test_the_loss_where_strengths_learn():
    objective, x, y = objective_at(0)
    order, outputs, clean = seeded(by_place, objective, x, 2)
    y_changed, y_clean = y[order].split([7, 2])
    loss = cross_entropy(outputs, y_changed)
    ignoring = (outputs.mean(0).expand_as(outputs), torch.zeros_like(outputs))
    skill = 1 - loss / min(cross_entropy(each, y_changed) for each in ignoring)
    assert 0.1 < skill < 0.9, "else the reward would not matter"
    widths = torch.tensor([0.3, 4 * 0.2 * 0.8])  # a flip is widest at one half
    reward = 0.1 * skill**2 * torch.log(widths + NEGLIGIBLE).sum()
    by_hand = (7 * (loss - reward) + 2 * cross_entropy(clean, y_clean)) / 9
    step = seeded(objective.step, x, y)
    assert step.loss.item() == pytest.approx(by_hand.item(), rel=1e-6)
    assert torch.allclose(step.outputs[order], torch.cat([outputs, clean]))


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_the_loss_at_constant_strengths(phase):
    objective, x, y = objective_at(phase)
    order, *outputs = seeded(by_place, objective, x, {1: 2, 2: 2, 3: 3}[phase])
    by_hand = cross_entropy(torch.cat(outputs), y[order])
    step = seeded(objective.step, x, y)
    assert step.loss.item() == pytest.approx(by_hand.item(), rel=1e-6), "no reward"
    assert torch.allclose(step.outputs[order], torch.cat(outputs))
    assert objective.running_loss.isnan(), "the skill is that of steps which learn"


def test_strengths_have_a_gradient_at_every_fourth_step():
    objective, x, y = objective_at(0)
    learned = []
    for _ in range(9):
        objective.zero_grad()
        objective(x, y).backward()
        grads = [each.grad for each in objective.model.augmentation.parameters()]
        assert len({grad is None for grad in grads}) == 1
        learned.append(grads[0] is not None)
        assert all(each.grad.abs().sum() > 0 for each in objective.model.model.parameters())
    assert learned == 2 * [True, False, False, False] + [True]


@pytest.mark.parametrize("n_trials", [1, 2, 3, 4, 5, 9])
def test_a_quarter_of_the_trials_is_clean_in_batches_of_any_size(n_trials):
    objective, x, y = objective_at(0)
    objective.model.augmentation = SignFlip(1.0).double()
    n_clean = 0
    for _ in range(4):
        outputs = objective.step(x[:n_trials], y[:n_trials]).outputs
        as_it_is = objective.model.model(x[:n_trials])
        n_clean += torch.isclose(outputs, as_it_is).all(1).sum().item()
    assert n_clean == n_trials


@pytest.mark.parametrize("phase", [0, 3])
def test_clean_trials_are_drawn_anew_in_each_step(phase):
    """Batches in the order of labels would else be augmented for one label alone."""
    objective, x, y = objective_at(phase)
    objective.model.augmentation = SignFlip(1.0).double()
    as_it_is = objective.model.model(x)
    often = torch.zeros(len(x))
    for _ in range(60):
        objective.set_extra_state({"phase": phase})
        often += torch.isclose(objective.step(x, y).outputs, as_it_is).all(1)
    assert often.min() > 3, "each trial is clean in 13 or 20 of 60 steps"


@pytest.mark.parametrize("phase", [0, 1, 2, 3])
@pytest.mark.parametrize("n_trials", [1, 2])
def test_a_trial_or_two_are_enough(phase, n_trials):
    objective, x, y = objective_at(phase)
    step = objective.step(x[:n_trials], y[:n_trials])
    step.loss.backward()
    assert step.outputs.shape == (n_trials, 3) and step.loss.isfinite()
    assert all(each.grad.isfinite().all() for each in objective.model.model.parameters())


def test_evaluation_gives_the_plain_loss_of_the_signals_as_they_are():
    objective, x, y = objective_at(0)
    assert objective.eval()(x, y) == cross_entropy(objective.model.model(x), y)
    assert objective.get_extra_state() == {"phase": 0}, "nor is it counted"


@pytest.mark.parametrize(
    ("kwargs", "found"),
    [
        ({"n_copies_train": 2}, "Found 2 copies"),
        ({"equivariant": True}, "Found 1 copies, equivariant"),
    ],
)
def test_other_models_are_refused_in_one_line(kwargs, found):
    with pytest.raises(ValueError, match=f"one copy and have one output.* {found}") as caught:
        ScoreObjective(model_of(SignFlip(), **kwargs), nn.CrossEntropyLoss())
    assert "\n" not in str(caught.value)


# Trainings

DATA = signal(40, 3, 2, dtype=torch.float64)
LABELS = (DATA.sum((1, 2)) > 0).long()


def new_objective():
    model = model_of(init_strengths(Compose([SignFlip(), TimeShift(10), ChannelsDropout()])))
    objective = ScoreObjective(model, nn.CrossEntropyLoss())
    return objective, torch.optim.Adam(objective.parameters(), lr=0.05)


def trained(objective, optimizer, epochs):
    """Train on 5 batches per epoch, and return losses and a strength on the way."""
    history = []
    for epoch in epochs:
        torch.manual_seed(epoch)
        for batch in torch.randperm(40).split(8):
            optimizer.zero_grad()
            loss = objective(DATA[batch], LABELS[batch])
            loss.backward()
            optimizer.step()
            history.append((loss.item(), objective.model.augmentation.augmentations[0].p().item()))
    return history


def saved_and_loaded(objective):
    file = io.BytesIO()
    torch.save(objective.state_dict(), file)
    file.seek(0)
    fresh, _ = new_objective()
    fresh.load_state_dict(torch.load(file))
    return fresh


@pytest.mark.parametrize(
    "twin_of",
    [copy.deepcopy, lambda objective: pickle.loads(pickle.dumps(objective)), saved_and_loaded],
    ids=["copy", "pickle", "state dict"],
)
def test_a_stopped_training_goes_on_as_the_one_that_ran_through(twin_of):
    through, optimizer = new_objective()
    history = trained(through, optimizer, range(6))

    first, optimizer = new_objective()
    start = trained(first, optimizer, range(3))  # 15 steps: the next one does not learn
    resumed, state = twin_of(first), optimizer.state_dict()
    optimizer = torch.optim.Adam(resumed.parameters(), lr=0.05)
    optimizer.load_state_dict(state)
    assert start + trained(resumed, optimizer, range(3, 6)) == history
    assert through.skill > 0, "else the reward would not have mattered"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of torch's own compiler
def test_an_objective_compiles_once_for_each_step_of_four():
    torch.compiler.reset()
    objective = ScoreObjective(model_of(SignFlip(0.2)), nn.CrossEntropyLoss()).float()
    x, y = DATA.float()[:8], LABELS[:8]
    compiled = torch.compile(objective, fullgraph=True)
    losses = []
    for each in (objective, compiled):
        objective.running_loss.fill_(torch.nan), objective.baseline_loss.fill_(torch.nan)
        losses.append([seeded(each, x, y).item() for _ in range(12)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_constant_strengths_stay_and_the_network_learns():
    objective, optimizer = new_objective()
    augmentation = objective.model.augmentation.requires_grad_(False)
    before = [each.clone() for each in augmentation.parameters()]
    losses = [loss for loss, _ in trained(objective, optimizer, range(8))]
    assert all(map(torch.equal, before, augmentation.parameters()))
    assert objective.running_loss.isnan(), "no step is one that learns"
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def shuffled(n=128):
    """Classes and polarities, independent of each other and of the place in the batch."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(0))
    return order % 2, 2.0 * (order // 2 % 2) - 1


def test_polarity_that_carries_nothing_is_learned_to_be_irrelevant():
    y, polarity = shuffled()
    p = learned_flip(ScoreObjective, waves(y, polarity), y, **LONGER)
    assert p == pytest.approx(0.5, abs=0.1)


def test_polarity_that_is_the_class_is_kept():
    y, _ = shuffled()
    x = waves(torch.zeros(128), 2.0 * y - 1)
    assert learned_flip(ScoreObjective, x, y, **LONGER) < 0.05


def test_the_reward_is_the_one_that_is_given_and_the_first_step_learns():
    model = model_of(SignFlip(0.2))
    objective = ScoreObjective(model, nn.CrossEntropyLoss(), reward_weight=0.7)
    assert objective.reward_weight == 0.7
    assert objective.get_extra_state() == {"phase": 0}
