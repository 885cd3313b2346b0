"""The page of the benchmark of estimators, written from what was measured."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from estimators_measure import DEAD, DRAWS, MAIN_P, PARTIAL, PROBABILITIES
from estimators_problems import CHANNELS, CLASSES, HIDDEN, PROBLEMS, TIMES, TRIALS
from estimators_rivals import ESTIMATORS, OURS, OURS_ONE, SINGLE, WIDTH, WIDTHS
from estimators_score_page import score_section


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
{CLASSES} classes, cross-entropy, float64), and a batch is always the same trials: only the choices
are random.

- **sign flip**: x' = (1 - 2 b) x, one choice per trial.
- **channel dropout**: x'_c = (1 - b_c) x_c, {CHANNELS} choices per trial.
- **channel shuffle**: each of {CHANNELS} channels joins a set, which is permuted at random.
- **gate**: x' = x + b (T(x) - x), T the reversal of time, one choice per trial.

Two ways to learn p follow: from the losses of whole choices, as `InvarianceObjective` does, and
from choices that have a gradient of their own, as all other objectives do.
"""

IN_PART = f"""## Choices with a gradient of their own

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
channel. A batch has {TRIALS} trials, with labels drawn from the network's own predictions.

### How to read it

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
        f"Measured in {data['seconds'] / 60:.1f} minutes on one thread of {machine['cpus']} CPUs "
        f"({machine['processor']}), torch {machine['torch']}, Python {machine['python']}.",
        "",
        *score_section(data["score"]),
        "",
        IN_PART,
        f"Seeds {', '.join(map(str, data['seeds']))} of network and trials; {data['repeats']:,} "
        "batches for each number.",
        "",
        "### How curved the loss is",
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
    lines += ["", "### Conclusion", "", f"At p = {MAIN_P:g}, unless it says otherwise:", ""]
    lines += conclusions(results)
    for choice in PROBLEMS:
        lines += ["", f"### {choice.capitalize()}, p = {MAIN_P:g}", ""]
        lines += main_table(results, choice)
    lines += [
        "",
        "### Over p",
        "",
        "Bias in % of exact ± its standard error; std / exact. Medians.",
    ]
    lines += [
        f"Nearer than {WIDTH / 2:g} to 0 or 1 the ramp is biased by design: the choices in part "
        "reach only so far that the mean choice stays p.",
    ]
    for choice in PROBLEMS:
        lines += ["", f"#### {choice.capitalize()}", ""]
        lines += compact_table(results, choice)
    return "\n".join(lines) + "\n"
