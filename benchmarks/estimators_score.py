"""The score gradient of probabilities: its expectation, exactly, and over many draws.

It is composed of what ``InvarianceObjective`` takes it from: draws by ``stratified``, choices and
their log-probability by ``Choices``, ``leave_one_out`` and ``evenness``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from estimators_problems import (
    Network,
    Problem,
    channel_dropout,
    cross_entropy,
    gate,
    sign_flip,
)
from torch import Tensor
from tqdm import tqdm

from eegaug import InvarianceObjective, Strength
from eegaug.functional.estimators import evenness, leave_one_out
from eegaug.transforms.draws import Choices, stratified

SCORE_PROBLEMS = {"sign flip": sign_flip, "channel dropout": channel_dropout, "gate": gate}
SCORE_PROBABILITIES = (0.02, 0.1, 0.3, 0.5, 0.9)
BATCHES, RANKS, COPIES = (2, 4, 8, 32), (1, 2), (1, 2, 3, 4)
#: Choices drawn at once; as many as fit into memory.
DRAWN = 2**22
#: Outcomes of several copies that are gone through at once.
AT_ONCE = 2**16
#: Most choices of which the losses of all outcomes are kept.
MOST_BITS = 12
#: Trials that a training with batches of one goes through again and again, and how often.
CYCLE, PASSES = 16, 5


@dataclass(frozen=True)
class Copies:
    """Trials of which several copies are drawn: the scores are the mean of those of the copies.

    Parameters
    ----------
    network : Network
        Network, trials and labels.
    problem : Problem
        Independent choices of one copy.
    copies : int
        Copies per trial.
    """

    network: Network
    problem: Problem
    copies: int

    @property
    def choices(self) -> int:
        """Choices per trial, in all its copies."""
        return self.copies * self.problem.choices

    @cached_property
    def scores(self) -> Tensor:
        """Scores of one copy for each outcome of its choices, (outcomes, trials, classes)."""
        return self.network.scores(self.problem.outcomes)

    @cached_property
    def sums(self) -> Tensor:
        """Losses summed over all outcomes that take 0, 1, ... choices, (choices + 1, trials).

        The probability of an outcome depends on the number of choices that it takes alone. The
        order of the copies does not matter either: each combination of the copies' outcomes is
        gone through once, and counts as often as it has orders.
        """
        outcomes = torch.arange(len(self.scores))
        rows = torch.combinations(outcomes, self.copies, with_replacement=True)
        same = (rows[:, :, None] == rows[:, None, :]).tril().sum(-1)
        orders = math.factorial(self.copies) / same.prod(-1)
        taken = self.problem.made[rows].sum(1).long()
        sums = self.scores.new_zeros(self.choices + 1, len(self.network.x))
        for part in torch.arange(len(rows)).split(AT_ONCE):
            for trial, label in enumerate(self.network.labels):
                scores = self.scores[:, trial][rows[part]].mean(1)
                losses = cross_entropy(scores, label.expand(len(scores)))
                sums[:, trial].index_add_(0, taken[part], orders[part] * losses)
        return sums

    @cached_property
    def table(self) -> Tensor:
        """Losses for all choices in all copies, (outcomes, trials), where they are few."""
        outcomes = torch.cartesian_prod(*[torch.arange(len(self.scores))] * self.copies)
        scores = self.scores[outcomes.view(-1, self.copies)].mean(1)
        return cross_entropy(scores, self.network.labels.expand(scores.shape[:-1]))

    def losses(self, taken: Tensor, trials: Tensor) -> Tensor:
        """Return the losses of trials with these choices, (rows, choices), 0 or 1."""
        few = self.choices <= MOST_BITS
        single = taken.float().reshape(len(taken), 1 if few else self.copies, -1)
        places = 2.0 ** torch.arange(single.shape[-1]).flip(0)  # the first choice varies slowest
        outcomes = (single @ places).long()
        if few:
            return self.table[outcomes[:, 0], trials]
        scores = self.scores[outcomes, trials[:, None]].mean(1)
        return cross_entropy(scores, self.network.labels[trials])


def score_slopes(uniform: Tensor, p: Tensor) -> Tensor:
    """Return the slope in ``p`` of each trial's log-probability, for draws (trials, choices)."""

    def log_prob(p: Tensor) -> Tensor:
        return Choices(uniform, in_part=False).log_prob(lambda: p)

    return torch.func.jvp(log_prob, (p,), (torch.ones_like(p),))[1].double()


def enumerated(sums: Tensor, p: float) -> Tensor:
    """Return the slope in ``p`` of the expected loss of each trial, from the losses' sums."""
    taken = torch.arange(len(sums), dtype=torch.float64)

    def expected(at: Tensor) -> Tensor:
        return (at**taken * (1 - at) ** taken.flip(0)) @ sums

    at = torch.tensor(p, dtype=torch.float64)
    return torch.func.jvp(expected, (at,), (torch.ones_like(at),))[1]


@dataclass(frozen=True)
class Moments:
    """What the expectation of the score gradient is made of: that of losses times scores.

    In a column of even draws over n trials, floor(n p) choices are taken, or one more, and any
    trials are as likely as any others to be those: that gives the joint distribution of two.

    Parameters
    ----------
    sums : Tensor
        Losses of all trials of all ranks, as :attr:`Copies.sums`.
    p : Tensor
        Probability.
    batch : int
        Trials of one rank.
    """

    sums: Tensor
    p: Tensor
    batch: int

    @cached_property
    def products(self) -> Tensor:
        """Expectation of the loss of trial j times the score of trial i, shape (i, j)."""
        choices, trials = len(self.sums) - 1, self.sums.shape[1]
        p = self.p.item()
        taken = torch.arange(choices + 1, dtype=torch.float64)
        chance = p**taken * (1 - p) ** taken.flip(0)
        one, zero = score_slopes(torch.tensor([[0.0], [1.0]]), self.p).tolist()
        own = (chance * (one * taken + zero * taken.flip(0))) @ self.sums
        # of another rank: independent, and the expected score is zero but for rounding
        score = choices * (p * one + (1 - p) * zero)
        products = (score * (chance @ self.sums)).expand(trials, trials)
        if self.batch > 1:
            certain, rest = divmod(self.batch * p, 1)
            both = certain * (certain - 1 + 2 * rest) / (self.batch * (self.batch - 1))
            after_one, after_zero = both / p, (p - both) / (1 - p)
            # the expected score of a choice, given that of another trial in the same column
            given_one, given_zero = (
                zero + (one - zero) * after for after in (after_one, after_zero)
            )
            others = (chance * (given_one * taken + given_zero * taken.flip(0))) @ self.sums
            rank = torch.arange(trials) // self.batch
            products = torch.where(rank[:, None] == rank, others, products)
        return products.where(~torch.eye(trials, dtype=torch.bool), torch.diag(own))

    @property
    def count(self) -> Tensor:
        """Trials of all ranks."""
        return torch.tensor(float(self.sums.shape[1]), dtype=torch.float64)

    @property
    def factor(self) -> Tensor:
        """What even draws make of the gradient."""
        return evenness(self.p, self.batch, self.count)

    def left_out(self) -> Tensor:
        """Return the expected gradient where each trial is compared with all others."""
        # linear in the losses, and so of their products with a score as of themselves
        total = self.products.sum(1, keepdim=True)
        alone = torch.zeros(())
        return leave_one_out(self.products, total, self.count, alone).diagonal().mean()

    def left_in(self) -> Tensor:
        """Return the expected gradient where each trial is compared with all, itself included."""
        return (self.products.diagonal() - self.products.mean(1)).mean()


#: The estimator, and what it is without one of its parts.
VARIANTS: dict[str, Callable[[Moments], Tensor]] = {
    "left in": Moments.left_in,
    "left out": Moments.left_out,
    "left out, divided by c": lambda moments: moments.left_out() / moments.factor,
}
OURS_SCORE = "left out, divided by c"


def probability(p: float) -> Tensor:
    """Return a probability as a transform has it, in single precision."""
    return Strength(p, unit="probability")().detach()


def exact_ratios(of: dict, case: Copies) -> list[dict]:
    """Divide expected gradients by the enumerated one, for all batches, ranks, probabilities."""
    found = []
    for ranks, batch, p in itertools.product(RANKS, (1, *BATCHES), SCORE_PROBABILITIES):
        at, trials = probability(p), ranks * batch
        # the first batch; trials by themselves are many batches of one
        sums = case.sums[:, : trials if trials > 1 else CYCLE]
        slope = enumerated(sums, at.item()).mean()
        batches = [Moments(part, at, batch) for part in sums.split(trials, 1)]
        ratios = {
            name: round((torch.stack([*map(variant, batches)]).mean() / slope).item(), 8)
            for name, variant in VARIANTS.items()
        }
        found.append({**of, "ranks": ranks, "batch": batch, "p": p, **ratios})
    return found


def drawn_ratios(
    of: dict, case: Copies, generator: torch.Generator, rounds: int, bar: tqdm
) -> list[dict]:
    """Divide the mean gradient over many batches by the enumerated one.

    All probabilities share their draws.
    """
    found = []
    for ranks, batch in itertools.product(RANKS, BATCHES):
        trials = ranks * batch
        repeats = DRAWN // (trials * case.choices)
        # Rows go by trial within its rank, batch, and rank.
        shape = (batch, repeats, ranks)
        numbers = torch.arange(batch)[:, None, None] + batch * torch.arange(ranks)
        numbers = numbers.expand(shape).flatten()
        count = torch.tensor(float(trials), dtype=torch.float64)
        alone = torch.zeros(())
        gradients: dict[float, list[Tensor]] = {p: [] for p in SCORE_PROBABILITIES}
        for _ in range(rounds):
            columns = repeats * ranks * case.choices
            uniform = stratified(torch.empty(0), batch, columns, generator=generator)
            uniform = uniform.view(-1, case.choices)
            for p, gradient in gradients.items():
                at = probability(p)
                losses, slopes = (
                    each.view(shape).transpose(0, 1).flatten(1)
                    for each in (case.losses(uniform < at, numbers), score_slopes(uniform, at))
                )
                advantage = leave_one_out(losses, losses.sum(1, keepdim=True), count, alone)
                gradient.append((advantage * slopes).mean(1) / evenness(at, batch, count))
            bar.update()
        for p, parts in gradients.items():
            slope = enumerated(case.sums[:, :trials], probability(p).item()).mean()
            cell = {"ranks": ranks, "batch": batch, "p": p}
            found.append({**of, **cell, **mean_ratio(torch.cat(parts) / slope)})
    return found


def mean_ratio(ratios: Tensor) -> dict[str, float]:
    """Return the mean of ratios, their standard deviation, and how many there are."""
    number = len(ratios)
    error = ratios.std().item() / math.sqrt(number)
    found = {"ratio": ratios.mean().item(), "se": error, "std": error * math.sqrt(number)}
    return {key: float(f"{value:.6g}") for key, value in found.items()} | {"number": number}


def single_ratios(of: dict, case: Copies, generator: torch.Generator, rounds: int) -> list[dict]:
    """Divide the mean gradient over batches of one trial by the enumerated one.

    Trainings go through the same trials again and again. Each trial is compared with a constant,
    or with the running mean of the losses before it.
    """
    runs = rounds * DRAWN // (CYCLE * PASSES * case.choices)
    sums = case.sums[:, :CYCLE]
    taken = torch.arange(len(sums), dtype=torch.float64)
    count = torch.ones((), dtype=torch.float64)
    found = []
    for p in SCORE_PROBABILITIES:
        at = probability(p)
        slope = enumerated(sums, at.item()).mean()
        mean = ((at.item() ** taken * (1 - at.item()) ** taken.flip(0)) @ sums).mean()
        baselines = {"zero": torch.zeros(()), "mean loss": mean, "running mean": torch.zeros(())}
        gradients = {name: torch.zeros(runs, dtype=torch.float64) for name in baselines}
        for step in range(CYCLE * PASSES):
            uniform = stratified(torch.empty(0), 1, runs * case.choices, generator=generator)
            uniform = uniform.view(runs, case.choices)
            losses = case.losses(uniform < at, torch.full((runs,), step % CYCLE))
            slopes = score_slopes(uniform, at)
            if step >= CYCLE:  # in the first pass the running mean begins
                for name, alone in baselines.items():
                    advantage = leave_one_out(losses, losses, count, alone)
                    gradients[name] += advantage * slopes / evenness(at, 1, count)
            running = baselines["running mean"]
            weight = 1 - InvarianceObjective.MOMENTUM if step else 1.0
            baselines["running mean"] = running.double().lerp(losses, weight)
        steps = CYCLE * (PASSES - 1)
        for name, gradient in gradients.items():
            row = mean_ratio(gradient / steps / slope)
            row["std"] = float(f"{row['std'] * math.sqrt(steps):.6g}")  # of one batch
            found.append({**of, "p": p, "baseline": name, **row})
    return found


def measure_score(seeds: list[int], rounds: int) -> dict:
    """Measure the score gradient: exactly for all seeds, over many draws for the first.

    Returns
    -------
    dict
        ``exact``, ``drawn`` and ``single``: rows of ratios.
    """
    found: dict[str, list[dict]] = {"exact": [], "drawn": [], "single": []}
    networks = [Network(seed, trials=max(RANKS) * max(BATCHES), sure=True) for seed in seeds]
    cells = list(itertools.product(SCORE_PROBLEMS.items(), networks, COPIES))
    draws = len(SCORE_PROBLEMS) * len(COPIES) * len(RANKS) * len(BATCHES) * rounds
    generator = torch.Generator().manual_seed(1000)
    with tqdm(total=draws, unit="draw") as bar:
        for (choice, build), network, copies in cells:
            bar.set_description(f"{choice}, score, seed {network.seed}, copies {copies}")
            case = Copies(network, build(network), copies)
            of = {"choice": choice, "copies": copies}
            found["exact"] += exact_ratios({"seed": network.seed, **of}, case)
            if network is networks[0]:
                found["drawn"] += drawn_ratios(of, case, generator, rounds, bar)
                if copies == 1:
                    found["single"] += single_ratios(of, case, generator, rounds)
    return found
