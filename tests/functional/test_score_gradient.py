"""The score gradient of probabilities in its exact expectation: over all even draws of a batch."""

import itertools
from collections import Counter
from math import factorial, floor

import pytest
import torch
from torch import nn

from eegaug import ChannelsDropout, InvarianceObjective, InvariantModel, SignFlip, Strength
from eegaug.objectives import invariance
from eegaug.transforms.draws import Draw, map_noise

N_CHANNELS = 2
DROPOUT, FLIP = "dropout", "flip"


def even_columns(n_trials, p):
    """Which trials take a choice, with the probability of it: one draw in each equal part."""
    columns = Counter()
    certain = floor(n_trials * p)
    rest = n_trials * p - certain
    for parts in itertools.permutations(range(n_trials)):
        for inside, chance in ((True, rest), (False, 1 - rest)):  # of the part that p divides
            taken = tuple(part < certain or (part == certain and inside) for part in parts)
            columns[taken] += chance / factorial(n_trials)
    return columns


def even_draws(n_trials, p, n_columns):
    """All draws of a batch, (trials, columns): 0 where a choice is taken, else 1."""
    columns = even_columns(n_trials, p).items()
    for chosen in itertools.product(columns, repeat=n_columns):
        chance = torch.tensor([each for _, each in chosen]).double().prod()
        yield 1.0 - torch.tensor([taken for taken, _ in chosen]).double().T, chance


class Replayed(InvariantModel):
    """A model that draws what it is given, (trials, copies x choices)."""

    given = None

    def sample(self, x, generator=None):
        draw = super().sample(x, generator)
        return Draw(map_noise(lambda each: self.given.reshape(each.shape), draw.noise), draw.shape)


class Setting:
    """A batch, its model and objective; the loss is far from linear in the choices."""

    def __init__(self, kind, n_trials, p, copies, seed=0):
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Flatten(), nn.Linear(2 * N_CHANNELS, 8), nn.Tanh())
        network.append(nn.Linear(8, 3))
        for layer in network[1], network[3]:
            layer.weight.data.mul_(4)
        augmentation = SignFlip(p) if kind == FLIP else ChannelsDropout(p)
        model = Replayed(network, augmentation, n_copies_train=copies).double()
        (self.strength,) = [each for each in model.modules() if isinstance(each, Strength)]
        self.p = self.strength().item()
        self.x, self.n_columns = torch.randn(n_trials, N_CHANNELS, 2).double(), copies
        if kind == DROPOUT:
            self.n_columns *= N_CHANNELS
        self.y = network(self.x).argmax(1)
        self.objective = InvarianceObjective(model, nn.CrossEntropyLoss(), reward_weight=0.0)

    def gradient(self, given):
        """The gradient that these draws give."""
        self.objective.model.given = given
        return torch.autograd.grad(self.objective(self.x, self.y), self.strength.raw)[0]

    def losses(self, given):
        self.objective.model.given = given
        draw = self.objective.model.sample(self.x).whole()
        outputs = self.objective.model(self.x, draw=draw)
        return nn.functional.cross_entropy(outputs, self.y, reduction="none").detach()

    def true(self):
        """The slope of the mean loss, all trials having the same outcome in turn."""
        p = torch.tensor(self.p, dtype=torch.float64, requires_grad=True)
        mean = 0.0
        for taken in itertools.product([0, 1], repeat=self.n_columns):
            given = 1.0 - torch.tensor(taken).double().expand(len(self.x), -1)
            chance = p ** sum(taken) * (1 - p) ** (len(taken) - sum(taken))
            mean = mean + chance * self.losses(given).mean()
        return torch.autograd.grad(mean, p)[0].item()

    def ratio(self):
        """The expected gradient over the true one."""
        draws = even_draws(len(self.x), self.p, self.n_columns)
        return sum(chance * self.gradient(given) for given, chance in draws).item() / self.true()


CASES = [
    (FLIP, 2, 1),
    (FLIP, 2, 3),
    (FLIP, 4, 1),
    (FLIP, 4, 2),
    (DROPOUT, 2, 1),
    (DROPOUT, 2, 2),
    (DROPOUT, 4, 1),
]


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5, 0.9])
@pytest.mark.parametrize(("kind", "n_trials", "copies"), CASES)
def test_the_gradient_is_exact_in_the_mean_over_even_draws(kind, n_trials, copies, p):
    assert Setting(kind, n_trials, p, copies).ratio() == pytest.approx(1, abs=1e-6)


def correction(n_trials, p):
    """By how much two trials' even choices enlarge the gradient, from how they are drawn."""
    both = sum(chance for taken, chance in even_columns(n_trials, p).items() if all(taken[:2]))
    return 1 - (both - p**2) / (p * (1 - p))


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5])
@pytest.mark.parametrize("n_trials", [2, 4])
def test_without_either_part_of_the_estimator_the_gradient_is_biased(n_trials, p, monkeypatch):
    setting = Setting(FLIP, n_trials, p, copies=1)
    with monkeypatch.context() as patch:
        patch.setattr(invariance, "leave_one_out", lambda losses, total, n, _: losses - total / n)
        assert setting.ratio() == pytest.approx(1 - 1 / n_trials, abs=1e-6)
    monkeypatch.setattr(invariance, "evenness", lambda p, *_: torch.ones_like(p))
    assert setting.ratio() == pytest.approx(correction(n_trials, setting.p), abs=1e-6)
    assert correction(n_trials, setting.p) > 1.02


@pytest.mark.parametrize("p", [0.02, 0.3, 0.9])
def test_the_gradient_is_exact_over_two_processes(p, monkeypatch):
    """Each draws evenly over its own trials; losses are compared over both."""
    ranks = [Setting(FLIP, 2, p, copies=1, seed=0), Setting(FLIP, 2, p, copies=1, seed=1)]
    ranks[1].objective.model.model.load_state_dict(ranks[0].objective.model.model.state_dict())
    monkeypatch.setattr(invariance, "n_processes", lambda: 2)
    found = 0.0
    for pair in itertools.product(even_draws(2, ranks[0].p, 1), repeat=2):
        for rank, other in ((0, 1), (1, 0)):
            (given, chance), (others, other_chance) = pair[rank], pair[other]
            elsewhere = ranks[other].losses(others)
            totals = torch.stack([elsewhere.mean()] * 2 + [elsewhere.sum(), torch.tensor(2.0)])
            monkeypatch.setattr(
                torch.distributed, "all_reduce", lambda each, t=totals: each.add_(t)
            )
            found = found + chance * other_chance * ranks[rank].gradient(given) / 2
    true = sum(rank.true() for rank in ranks) / 2
    assert found.item() / true == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("baseline", [0.0, 0.7, 5.0])
@pytest.mark.parametrize("kind", [FLIP, DROPOUT])
def test_the_gradient_of_a_single_trial_is_exact_whatever_it_is_compared_with(kind, baseline):
    setting = Setting(kind, 1, 0.3, copies=2)
    found = 0.0
    for given, chance in even_draws(1, setting.p, setting.n_columns):
        setting.objective.running_loss.fill_(baseline)
        found = found + chance * setting.gradient(given)
    assert found.item() / setting.true() == pytest.approx(1, abs=1e-6)
