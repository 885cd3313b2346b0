"""Measure gradient estimators for discrete random choices against the exact gradient.

Run ``python benchmarks/estimators.py`` from the root of the repository: it writes
``docs/benchmarks/estimators.md`` and ``docs/benchmarks/estimators.json``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from eegaug.functional import bernoulli, discrete

TRIALS, CHANNELS, TIMES, HIDDEN, CLASSES = 16, 6, 20, 16, 3
PROBABILITIES = (0.02, 0.1, 0.2, 0.5, 0.8)
MAIN_P = 0.2
WIDTHS = (0.05, 0.1, 0.2, 0.4)
WIDTH = discrete.RAMP
DRAWS = ("independent", "stratified", "per channel")
#: Repeats that share one backward pass; small enough for the processor's cache.
PASS = 250
PARTIAL = 1e-3
DEAD = 1e-3


@dataclass(frozen=True)
class Network:
    """A fixed network with one hidden layer, its trials and their labels.

    The weights are large, so that the loss is far from quadratic. Labels are drawn from what
    the network predicts for the trials: it fits them as well as it believes to.

    Parameters
    ----------
    seed : int
        Seed of weights, trials and labels.
    """

    seed: int

    def __post_init__(self) -> None:
        generator = torch.Generator().manual_seed(self.seed)

        def normal(*shape: int, scale: float = 1.0) -> Tensor:
            return scale * torch.randn(shape, generator=generator, dtype=torch.float64)

        values = {
            "x": normal(TRIALS, CHANNELS, TIMES),
            "into": normal(CHANNELS, TIMES, HIDDEN, scale=1.5 / math.sqrt(CHANNELS * TIMES)),
            "offset": normal(HIDDEN, scale=0.5),
            "out": normal(HIDDEN, CLASSES, scale=4 / math.sqrt(HIDDEN)),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        odds = (torch.tanh(self.project(self.x)) @ self.out).softmax(-1)
        labels = torch.multinomial(odds, 1, generator=generator)[:, 0]
        object.__setattr__(self, "labels", labels)

    def project(self, x: Tensor) -> Tensor:
        """Apply the first layer, to trials of shape (trials, channels, times)."""
        return torch.einsum("tcs,csh->th", x, self.into) + self.offset

    def loss(self, hidden: Tensor) -> Tensor:
        """Cross-entropy from the first layer's output, (repeats, trials, hidden), per trial."""
        scores = torch.tanh(hidden) @ self.out
        labels = self.labels[None, :, None].expand(len(hidden), -1, 1)
        return scores.logsumexp(-1) - scores.gather(-1, labels)[..., 0]


@dataclass(frozen=True)
class Problem:
    """A random choice, as steps of the first layer's output that it makes or does not make.

    Every choice here is linear in the signal, so the first layer is applied once to what each
    choice changes, and not for every draw.

    Parameters
    ----------
    choices : int
        Choices per trial.
    start : Tensor
        Output of the first layer without any choice, shape (trials, hidden).
    walk : callable
        From keys of shape (repeats, trials, choices), of which the smallest are chosen first,
        and a generator to the order of the steps, None where there is none, and the steps:
        (trials, choices, hidden), or with repeats in front.
    outcomes : Tensor
        First layer's outputs of all outcomes, shape (outcomes, trials, hidden).
    made : Tensor
        How many choices each outcome makes, shape (outcomes,).
    share : Tensor
        Probability of an outcome among those that make the same choices, shape (outcomes,).
    edges : Tensor
        Steps of single choices from ``start``, shape (edges, trials, hidden): the curvature is
        measured along them.
    """

    choices: int
    start: Tensor
    walk: Callable[[Tensor, torch.Generator], tuple[Tensor | None, Tensor]]
    outcomes: Tensor
    made: Tensor
    share: Tensor
    edges: Tensor


def independent_steps(network: Network, steps: Tensor) -> Problem:
    """Build the problem of independent choices, from what each changes."""
    start = network.project(network.x)
    n = steps.shape[1]
    masks = torch.tensor(list(itertools.product((0, 1), repeat=n)), dtype=torch.float64)
    return Problem(
        choices=n,
        start=start,
        walk=lambda keys, generator: (None, steps),
        outcomes=start + torch.einsum("mc,tch->mth", masks, steps),
        made=masks.sum(1),
        share=torch.ones(len(masks), dtype=torch.float64),
        edges=steps.transpose(0, 1),
    )


def sign_flip(network: Network) -> Problem:
    """Flip the sign of a trial: x' = (1 - 2 b) x."""
    step = -2 * (network.project(network.x) - network.offset)
    return independent_steps(network, step[:, None])


def channel_dropout(network: Network) -> Problem:
    """Set each channel to zero or not: x'_c = (1 - b_c) x_c."""
    return independent_steps(network, -torch.einsum("tcs,csh->tch", network.x, network.into))


def gate(network: Network) -> Problem:
    """Apply a transform or not, here time reversal: x' = x + b (T(x) - x)."""
    step = network.project(network.x.flip(-1)) - network.project(network.x)
    return independent_steps(network, step[:, None])


def swaps(order: Tensor, picks: Tensor) -> list[Tensor]:
    """Build permutations of the first one, two, ... channels of an order, each from the last.

    Parameters
    ----------
    order : Tensor
        Channels in their order, shape (..., channels).
    picks : Tensor
        Whom the j-th channel swaps with: a position from 0 to j, shape (..., channels).

    Returns
    -------
    list of Tensor
        Permutations P_0 (the identity) to P_6: where each channel's signal comes from.
    """
    permutation = torch.arange(order.shape[-1]).expand(order.shape)
    permutations = [permutation]
    partners = order.gather(-1, picks)
    for one, other in zip(order.split(1, -1), partners.split(1, -1), strict=True):
        here, there = permutation.gather(-1, one), permutation.gather(-1, other)
        permutation = permutation.scatter(-1, one, there).scatter(-1, other, here)
        permutations.append(permutation)
    return permutations


def check_swaps() -> None:
    """Check that P_k takes every permutation of the first k channels once over all picks."""
    picks = torch.tensor(list(itertools.product(*(range(j + 1) for j in range(CHANNELS)))))
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    for k, permutations in enumerate(swaps(order.expand_as(picks), picks)):
        found = [tuple(row) for row in permutations.tolist()]
        counts = {row: found.count(row) for row in set(found)}
        expected = set()
        for values in itertools.permutations(order[:k].tolist()):
            row = list(range(CHANNELS))
            for channel, value in zip(order[:k].tolist(), values, strict=True):
                row[channel] = value
            expected.add(tuple(row))
        if set(counts) != expected or len(set(counts.values())) != 1:
            raise AssertionError(f"P_{k} is not uniform over the permutations of {k} channels")


def channel_shuffle(network: Network) -> Problem:
    """Permute a random set of channels: each joins the set with probability p.

    Channels are walked through by their draws, from the smallest. P_j is P_{j-1} with the j-th
    channel swapped with one of the first j, itself included, and x' = M x with
    M = P_0 + sum_j m_j (P_j - P_{j-1}): choices of 0 and 1 permute those that were chosen.
    """
    # [trial, channel, source]: what the channel contributes with the source's signal in it
    table = torch.einsum("tds,csh->tcdh", network.x, network.into).reshape(-1, HIDDEN)
    trial = torch.arange(TRIALS)[:, None]
    channel = torch.arange(CHANNELS)

    def place(permutation: Tensor) -> Tensor:
        flat = (trial * CHANNELS + channel) * CHANNELS + permutation
        return table[flat].sum(-2)

    def walk(keys: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        order = keys.argsort(-1)
        random = torch.rand(keys.shape, generator=generator, dtype=keys.dtype)
        picks = (random * (channel + 1)).long()
        return order, torch.stack([place(p) for p in swaps(order, picks)], -2).diff(dim=-2)

    rows, made = [], []
    for k in range(CHANNELS + 1):
        for chosen in itertools.combinations(range(CHANNELS), k):
            for values in itertools.permutations(chosen):
                row = torch.arange(CHANNELS)
                row[list(chosen)] = torch.tensor(values, dtype=torch.long)
                rows.append(row)
                made.append(k)
    outcomes = place(torch.stack(rows)[:, None].expand(-1, TRIALS, -1)) + network.offset
    share = torch.tensor([1 / math.factorial(k) for k in made], dtype=torch.float64)
    start = network.project(network.x)
    moved = torch.stack([(row != channel).sum() for row in rows])
    pairs = (torch.tensor(made) == 2) & (moved == 2)
    return Problem(
        choices=CHANNELS,
        start=start,
        walk=walk,
        outcomes=outcomes,
        made=torch.tensor(made, dtype=torch.float64),
        share=share,
        edges=outcomes[pairs] - start,
    )


PROBLEMS = {
    "sign flip": sign_flip,
    "channel dropout": channel_dropout,
    "channel shuffle": channel_shuffle,
    "gate": gate,
}


def ramp(uniform: Tensor, p: Tensor, width: float) -> Tensor:
    """Choose by ``eegaug.functional.bernoulli`` with another width of its ramp."""
    before = discrete.RAMP
    discrete.RAMP = width
    try:
        return bernoulli(uniform, p)
    finally:
        discrete.RAMP = before


def trapezoid(uniform: Tensor, p: Tensor) -> Tensor:
    """Choose 0 or 1, with a gradient of 1 / (2 P(choice)), P bounded from below by 0.05."""
    hard = uniform < p
    chance = torch.where(hard, p, 1 - p).detach().clamp_min(0.05)
    return hard.to(uniform.dtype) + (p - p.detach()) / (2 * chance)


def straight_through(uniform: Tensor, p: Tensor) -> Tensor:
    """Choose 0 or 1, with a gradient of 1."""
    return (uniform < p).to(uniform.dtype) + (p - p.detach())


def relaxed(uniform: Tensor, p: Tensor) -> Tensor:
    """Choose by a relaxed Bernoulli variable of temperature 0.05."""
    return torch.sigmoid((p.logit() - uniform.logit()) / 0.05)


def steep(uniform: Tensor, p: Tensor) -> Tensor:
    """Choose by a sigmoid of slope 1000, as published channel dropout does."""
    return torch.sigmoid(1000 * (p - uniform))


ESTIMATORS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    f"ramp {width:g}": (lambda uniform, p, width=width: ramp(uniform, p, width)) for width in WIDTHS
} | {
    "trapezoid": trapezoid,
    "straight-through": straight_through,
    "relaxed 0.05": relaxed,
    "sigmoid 1000": steep,
}
#: Width of the ramp of which one choice of a trial at most stays in part.
SINGLE = {f"ramp {width:g}, one": width for width in WIDTHS if width >= WIDTH}
OURS = f"ramp {WIDTH:g}"
OURS_ONE = f"ramp {WIDTH:g}, one"


def single(uniform: Tensor, p: Tensor, width: float, generator: torch.Generator) -> Tensor:
    """Choose by the ramp, and leave at most one choice of a trial in part.

    Of the K choices of a trial that are in part one, at random, stays so, and its gradient counts
    K times. The others become 1 with the probability that is their value, else 0.
    """
    part = ramp(uniform, p, width)
    at = part.detach()
    carries = (at > 0) & (at < 1)
    random = torch.rand((2, *uniform.shape), generator=generator, dtype=uniform.dtype)
    score = random[0].masked_fill(~carries, -1)
    kept = carries & (score == score.amax(-1, keepdim=True))
    weighted = at + carries.sum(-1, keepdim=True) * (part - at)
    return torch.where(kept, weighted, torch.where(carries, (random[1] < at).to(at.dtype), at))


def exact(network: Network, problem: Problem, p: float) -> tuple[float, float]:
    """Return the expected loss and its gradient in ``p``, over all outcomes."""
    with torch.no_grad():
        losses = network.loss(problem.outcomes).mean(-1)
    at = torch.tensor(p, dtype=torch.float64, requires_grad=True)
    chance = at**problem.made * (1 - at) ** (problem.choices - problem.made) * problem.share
    mean = (chance * losses).sum()
    return mean.item(), torch.autograd.grad(mean, at)[0].item()


def curvature(network: Network, problem: Problem) -> dict[str, float]:
    """Measure how far the loss is from linear and from quadratic along single choices.

    Returns
    -------
    dict
        Root mean squares over choices and trials, relative to that of f(1) - f(0): ``slope`` of
        f'(1) - f'(0), ``rest`` of (f'(0) + f'(1)) / 2 - (f(1) - f(0)), zero if quadratic.
    """
    ends = torch.stack([problem.start.expand_as(problem.edges), problem.start + problem.edges])
    ends.requires_grad_()
    loss = network.loss(ends.flatten(0, 1)).view(ends.shape[:-1])
    slope = (torch.autograd.grad(loss.sum(), ends)[0] * problem.edges).sum(-1)
    rise = (loss[1] - loss[0]).detach()
    scale = rise.square().mean().sqrt()
    bent = {"slope": slope[1] - slope[0], "rest": slope.mean(0) - rise}
    return {name: (value.square().mean().sqrt() / scale).item() for name, value in bent.items()}


def draw(kind: str, repeats: int, choices: int, generator: torch.Generator) -> Tensor:
    """Draw from U(0, 1), shape (repeats, trials, choices).

    ``stratified`` draws one from each of trials x choices strata; ``per channel`` draws, for
    each choice of a trial on its own, one from each of as many strata as trials.
    """
    shape = (repeats, TRIALS, choices)
    uniform, rank = torch.rand((2, *shape), generator=generator, dtype=torch.float64)
    if kind == "stratified":
        strata = rank.flatten(1).argsort(-1).view(shape)
        return (strata + uniform) / (TRIALS * choices)
    if kind == "per channel":
        return (rank.argsort(1) + uniform) / TRIALS
    return uniform


def cells(choices: int) -> list[tuple[str, float, str]]:
    """List kind of draws, probability and estimator of all that is measured.

    With one choice per trial, strata per channel are those of the batch, and there is nothing
    to leave in part but the one choice.
    """
    kinds = DRAWS if choices > 1 else DRAWS[:2]
    names = [*ESTIMATORS, *(SINGLE if choices > 1 else [])]
    return [
        (kind, p, name)
        for kind, p, name in itertools.product(kinds, PROBABILITIES, names)
        if kind == "independent"
        or name.startswith(OURS)
        or (p == MAIN_P and kind == "stratified")
        or (p == MAIN_P and name.startswith("ramp"))
    ]


def measure(
    network: Network, problem: Problem, repeats: int, generator: torch.Generator, bar: tqdm
) -> list[dict]:
    """Measure every estimator at every probability, as far as possible with the same draws.

    Returns
    -------
    list of dict
        One row per kind of draws, probability and estimator.
    """
    found: dict[tuple[str, float, str], list] = {cell: [] for cell in cells(problem.choices)}
    for _ in range(repeats // PASS):
        for kind, group in itertools.groupby(found, key=lambda cell: cell[0]):
            uniform = draw(kind, PASS, problem.choices, generator)
            walked = problem.walk(uniform, generator)
            for cell in group:
                _, p, name = cell
                at = torch.full((PASS, 1, 1), p, dtype=torch.float64, requires_grad=True)
                if name in SINGLE:
                    choice = single(uniform, at, SINGLE[name], generator)
                    order, steps = problem.walk(-choice.detach(), generator)
                else:
                    choice = ESTIMATORS[name](uniform, at)
                    order, steps = walked
                made = choice if order is None else choice.gather(-1, order)
                letters = "rtc,tch->rth" if steps.ndim == 3 else "rtc,rtch->rth"
                hidden = problem.start + torch.einsum(letters, made, steps)
                loss = network.loss(hidden).mean(-1)
                gradient = torch.autograd.grad(loss.sum(), at)[0].view(-1)
                partial = (choice > PARTIAL) & (choice < 1 - PARTIAL)
                found[cell].append((gradient, loss.detach(), partial.double().mean().item()))
        bar.update(PASS)
    return [summary(network, problem, *cell, parts) for cell, parts in found.items()]


def summary(
    network: Network, problem: Problem, kind: str, p: float, name: str, parts: list
) -> dict:
    """Summarise the one-batch gradients and losses of one cell."""
    gradients, losses, partial = zip(*parts, strict=True)
    gradient, loss = torch.cat(gradients).numpy(), torch.cat(losses).numpy()
    mean_loss, slope = exact(network, problem, p)
    std = float(gradient.std(ddof=1))
    row = {
        "exact": slope,
        "bias": float(gradient.mean()) - slope,
        "bias_se": std / math.sqrt(len(gradient)),
        "std": std,
        "dead": float(np.mean(np.abs(gradient) < DEAD * abs(slope))),
        "zero": float(np.mean(gradient == 0)),
        "partial": float(np.mean(partial)),
        "exact_loss": mean_loss,
        "loss_bias": float(loss.mean()) - mean_loss,
        "loss_bias_se": float(loss.std(ddof=1)) / math.sqrt(len(loss)),
    }
    rounded = {key: float(f"{value:.6g}") for key, value in row.items()}
    return {"estimator": name, "draws": kind, "p": p, **rounded}


@dataclass(frozen=True)
class Cell:
    """One estimator at one probability, over the seeds, relative to the exact values.

    Parameters
    ----------
    rows : list of dict
        Its rows, one per seed.
    """

    rows: list[dict]

    def relative(self, name: str) -> np.ndarray:
        """Return a quantity of each seed relative to the size of its exact value."""
        unit = "exact_loss" if name.startswith("loss") else "exact"
        return np.array([row[name] / abs(row[unit]) for row in self.rows])

    def share(self, name: str) -> float:
        """Return the mean of a share over the seeds."""
        return float(np.mean([row[name] for row in self.rows]))

    def pooled(self) -> tuple[float, float]:
        """Return the mean relative bias over the seeds, and its standard error."""
        error = np.sqrt(np.sum(self.relative("bias_se") ** 2)) / len(self.rows)
        return float(self.relative("bias").mean()), float(error)


class Results:
    """What was measured, by choice.

    Parameters
    ----------
    runs : list of dict
        One per seed and choice, as in the JSON file.
    """

    def __init__(self, runs: list[dict]) -> None:
        self.runs = runs

    def cell(self, choice: str, name: str, kind: str = "independent", p: float = MAIN_P) -> Cell:
        """Return one cell; it has no rows if it was not measured."""
        key = (name, kind, p)
        rows = [row for run in self.runs if run["choice"] == choice for row in run["rows"]]
        return Cell([row for row in rows if (row["estimator"], row["draws"], row["p"]) == key])

    def names(self, choice: str) -> list[tuple[str, str]]:
        """Return estimators and draws measured for a choice at the main probability."""
        rows = next(run for run in self.runs if run["choice"] == choice)["rows"]
        names = sorted([*ESTIMATORS, *SINGLE], key=lambda name: not name.startswith("ramp"))
        pairs = [(row["estimator"], row["draws"]) for row in rows if row["p"] == MAIN_P]
        return sorted(pairs, key=lambda pair: (names.index(pair[0]), DRAWS.index(pair[1])))


def spread(values: np.ndarray, form: str) -> str:
    """Format the median of values, and their range."""
    low, middle, high = (format(float(v), form) for v in np.quantile(values, (0, 0.5, 1)))
    return f"{middle} [{low}, {high}]"


def main_table(results: Results, choice: str) -> list[str]:
    """Tabulate all estimators of one choice at the main probability."""
    lines = [
        "| estimator | draws | bias, % of exact | s.e. | std / exact | dead, % | in part, % "
        "| loss off by, % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, kind in results.names(choice):
        cell = results.cell(choice, name, kind)
        shown = f"**{name}**" if name == OURS else name
        lines.append(
            f"| {shown} | {kind} | {spread(100 * cell.relative('bias'), '+.1f')} "
            f"| {np.median(100 * cell.relative('bias_se')):.1f} "
            f"| {spread(cell.relative('std'), '.2f')} | {100 * cell.share('dead'):.1f} "
            f"| {100 * cell.share('partial'):.1f} "
            f"| {np.median(100 * cell.relative('loss_bias')):+.1f} |"
        )
    if choice == "channel shuffle":
        lines.append("| rounded mask (published) | any | -100 | 0 | 0 | 100 | 0 | 0 |")
    return lines


def compact_table(results: Results, choice: str) -> list[str]:
    """Tabulate bias and standard deviation of one choice over all probabilities."""
    heads = " | ".join(f"p = {p:g}" for p in PROBABILITIES)
    lines = [f"| estimator | draws | {heads} |", "|---|---|" + "---|" * len(PROBABILITIES)]
    for name, kind in results.names(choice):
        found = [results.cell(choice, name, kind, p) for p in PROBABILITIES]
        if all(cell.rows for cell in found):
            values = [
                f"{np.median(100 * cell.relative('bias')):+.0f} "
                f"± {np.median(100 * cell.relative('bias_se')):.0f}; "
                f"{np.median(cell.relative('std')):.2f}"
                for cell in found
            ]
            lines.append(f"| {name} | {kind} | {' | '.join(values)} |")
    return lines


def percent(bias: tuple[float, float]) -> str:
    """Format a pooled bias and its standard error."""
    return f"{100 * bias[0]:+.1f} ± {100 * bias[1]:.1f} %"


def conclusions(results: Results) -> list[str]:
    """Say in words what the numbers say."""
    lines = []
    for choice in PROBLEMS:
        ours = results.cell(choice, OURS)
        steep_cell = results.cell(choice, "sigmoid 1000")
        ratio = ours.relative("std") / steep_cell.relative("std")
        (bias, error), (other, other_error) = ours.pooled(), steep_cell.pooled()
        excess = abs(bias) - abs(other)
        margin = 2 * math.hypot(error, other_error)
        if excess <= 0:
            verdict = "no larger"
        elif excess <= margin:
            verdict = "larger, but by less than two standard errors,"
        else:
            verdict = "**larger**, beyond two standard errors,"
        lines.append(
            f"- **{choice.capitalize()}**: the standard deviation of {OURS} is "
            f"{spread(ratio, '.2f')} times that of sigmoid 1000, so that one batch is worth "
            f"{np.median(ratio) ** -2:.0f} of its. Mean bias over the seeds "
            f"{percent(ours.pooled())}, against {percent(steep_cell.pooled())}: {verdict} in size. "
            f"Dead batches {100 * ours.share('dead'):.1f} % against "
            f"{100 * steep_cell.share('dead'):.1f} %; "
            f"choices in part {100 * ours.share('partial'):.1f} % against "
            f"{100 * steep_cell.share('partial'):.1f} %."
        )
    losses = []
    for choice, p in itertools.product(PROBLEMS, PROBABILITIES):
        pooled = results.cell(choice, OURS, p=p).pooled()
        if abs(pooled[0]) > 0.03 + 2 * pooled[1]:
            losses.append(f"{choice} at p = {p:g} ({percent(pooled)})")
    lines.append(
        f"- {OURS} is off by more than 3 % of the exact gradient, beyond two standard errors, for: "
        + ("; ".join(losses) or "nothing measured")
        + "."
    )
    lower = [
        f"{name} for {choice} (std {np.median(results.cell(choice, name).relative('std')):.2f} "
        f"against {np.median(results.cell(choice, OURS).relative('std')):.2f}, bias "
        f"{percent(results.cell(choice, name).pooled())})"
        for choice, name in itertools.product(PROBLEMS, ESTIMATORS)
        if name not in {f"ramp {width:g}" for width in WIDTHS}
        and np.median(results.cell(choice, name).relative("std"))
        < np.median(results.cell(choice, OURS).relative("std"))
    ]
    lines.append(f"- Less noisy than {OURS}: {'; '.join(lower) or 'none'}.")
    for choice in ("channel dropout", "channel shuffle"):
        both = [results.cell(choice, name, "per channel") for name in (OURS, OURS_ONE)]
        ratio = np.median(both[1].relative("std") / both[0].relative("std"))
        lines.append(
            f"- Leaving at most one choice of a trial in part changes the bias for {choice} from "
            f"{percent(both[0].pooled())} to {percent(both[1].pooled())}, at {ratio:.2f} times the "
            f"standard deviation, with {100 * both[1].share('partial'):.1f} instead of "
            f"{100 * both[0].share('partial'):.1f} % of the choices in part."
        )
    for choice in PROBLEMS:
        plain = results.cell(choice, OURS)
        parts = []
        for kind in DRAWS[1:]:
            cell = results.cell(choice, OURS, kind)
            if cell.rows:
                ratio = np.median(cell.relative("std") / plain.relative("std"))
                parts.append(f"{ratio:.2f} times the std ({kind}; bias {percent(cell.pooled())})")
        lines.append(f"- {choice.capitalize()}, strata against independent: {', '.join(parts)}.")
    return lines


INTRODUCTION = f"""# Gradient estimators for discrete choices

A transform that flips, drops, shuffles or is applied with probability p has a loss whose mean is
smooth in p, but each draw of it is not. This page measures what several estimators make of the
gradient of the mean loss in p, against the exact one, which is computed by going through all
outcomes: both choices of a trial, the {2**CHANNELS} masks of {CHANNELS} channels, or all subsets
of the channels with all their permutations.

The network is small and fixed ({CHANNELS} channels x {TIMES} times, {HIDDEN} tanh units,
{CLASSES} classes, cross-entropy, float64); its labels are drawn from its own predictions, and a
batch is always the same {TRIALS} trials. Only the choices are random.

- **sign flip**: x' = (1 - 2 b) x, one choice per trial.
- **channel dropout**: x'_c = (1 - b_c) x_c, {CHANNELS} choices per trial.
- **channel shuffle**: each of {CHANNELS} channels joins a set, which is permuted at random.
- **gate**: x' = x + b (T(x) - x), T the reversal of time, one choice per trial.

The estimators, for a draw u from U(0, 1):

- **ramp w**: `eegaug.functional.bernoulli` with a ramp of width w; eegaug uses {WIDTH:g}. Draws
  nearer than w / 2 to p give a choice in part, which carries the gradient.
- **ramp w, one**: the same, but of the choices of a trial that are in part one stays so, and its
  gradient counts for all of them; the others are rounded at random. Not in eegaug.
- **trapezoid**: 0 or 1, with a gradient of 1 / (2 P(choice)), P at least 0.05: eegaug's before.
- **straight-through**: 0 or 1, with a gradient of 1.
- **relaxed 0.05**: sigmoid((logit p - logit u) / 0.05).
- **sigmoid 1000**: sigmoid(1000 (p - u)), as published channel dropout does.

The shuffle walks through the channels by u and builds permutations P_0 = I, P_1, ..., P_{CHANNELS},
each from the last by swapping the j-th channel with one of the first j; the signal becomes M x,
M = P_0 + sum_j m_j (P_j - P_(j-1)). Any estimator may give the choices m_j. The published way
rounds the relaxed mask, which has no gradient at all: its estimate is zero, its bias -100 %.

Draws are **independent**, **stratified** over the batch (one from each of trials x channels
strata), or stratified **per channel** (for each channel on its own, one from each of as many
strata as trials: the draws within a trial stay independent). eegaug's are per
channel.

## How to read it

*Bias* is mean minus exact, in percent of the size of the exact gradient, and does not average
out over batches. *std* is that of the estimate from one batch, in units of the exact gradient,
and does: a ratio of 1 / 6 in std is worth 36 batches. *Dead* batches give an estimate below
{DEAD:g} of the exact gradient (the tails of a sigmoid are never exactly zero in float64). Choices
*in part* are farther than {PARTIAL:g} from both 0 and 1: they are the price of the gradient, since
the network then sees what is no outcome of the choice, and the mean loss is *off by* what the
last column says. Bias and std are medians over the seeds, with the range; standard errors
are of one seed's bias.
"""


def page(data: dict) -> str:
    """Write the page from what was measured."""
    results = Results(data["runs"])
    machine = data["machine"]
    lines = [
        INTRODUCTION,
        f"Seeds {', '.join(map(str, data['seeds']))} of network and trials; {data['repeats']:,} "
        f"batches for each number; {data['seconds'] / 60:.1f} minutes on one thread of "
        f"{machine['cpus']} CPUs ({machine['processor']}), torch {machine['torch']}, Python "
        f"{machine['python']}.",
        "",
        "## How curved the loss is",
        "",
        "Along single choices: the change of the slope, f'(1) - f'(0), and the error of the "
        "trapezoidal rule, (f'(0) + f'(1)) / 2 - (f(1) - f(0)), which is zero for quadratic "
        "losses. Both as root mean squares relative to f(1) - f(0). Medians and ranges over seeds.",
        "",
        f"| choice | exact gradient at p = {MAIN_P:g} | change of slope | error of the trapezoid |",
        "|---|---|---|---|",
    ]
    for choice in PROBLEMS:
        bent = [run["curvature"] for run in data["runs"] if run["choice"] == choice]
        slope = np.array([row["exact"] for row in results.cell(choice, OURS).rows])
        lines.append(
            f"| {choice} | {spread(slope, '.2f')} "
            f"| {spread(np.array([b['slope'] for b in bent]), '.2f')} "
            f"| {spread(np.array([b['rest'] for b in bent]), '.2f')} |"
        )
    lines += ["", "## Conclusion", "", f"At p = {MAIN_P:g}, unless it says otherwise:", ""]
    lines += conclusions(results)
    for choice in PROBLEMS:
        lines += ["", f"## {choice.capitalize()}, p = {MAIN_P:g}", ""]
        lines += main_table(results, choice)
    lines += ["", "## Over p", "", "Bias in % of exact ± its standard error; std / exact. Medians."]
    lines += [
        f"Nearer than {WIDTH / 2:g} to 0 or 1 the ramp is biased by design: the choices in part "
        "reach only so far that the mean choice stays p.",
    ]
    for choice in PROBLEMS:
        lines += ["", f"### {choice.capitalize()}", ""]
        lines += compact_table(results, choice)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--repeats", type=int, default=20_000, help="batches for each number")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    options = parser.parse_args()
    repeats = max(1, options.repeats // PASS) * PASS
    torch.set_num_threads(1)
    check_swaps()
    options.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    data = {
        "seeds": options.seeds,
        "repeats": repeats,
        "machine": {
            "cpus": os.cpu_count(),
            "processor": platform.machine(),
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "runs": [],
    }
    with tqdm(total=repeats * len(options.seeds) * len(PROBLEMS), unit="batch") as bar:
        for seed, (choice, build) in itertools.product(options.seeds, PROBLEMS.items()):
            bar.set_description(f"{choice}, seed {seed}")
            network = Network(seed)
            problem = build(network)
            generator = torch.Generator().manual_seed(1000 + seed)
            data["runs"].append(
                {
                    "choice": choice,
                    "seed": seed,
                    "curvature": curvature(network, problem),
                    "rows": measure(network, problem, repeats, generator, bar),
                }
            )
            data["seconds"] = time.monotonic() - began
            (options.out / "estimators.json").write_text(json.dumps(data) + "\n")
    (options.out / "estimators.md").write_text(page(data))


if __name__ == "__main__":
    main()
