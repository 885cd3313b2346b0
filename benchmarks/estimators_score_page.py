"""The section on the score gradient, written from what was measured."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

import numpy as np
from estimators_score import (
    BATCHES,
    COPIES,
    CYCLE,
    OURS_SCORE,
    PASSES,
    RANKS,
    SCORE_PROBABILITIES,
    SCORE_PROBLEMS,
    VARIANTS,
)

from eegaug import InvarianceObjective

SCORE = f"""## The score gradient

`InvarianceObjective` takes whole choices, and gives their probability the gradient

    (1 / c) mean over i of (l_i - mean of the other trials' l) d log P(choices of trial i) / dp,
    c = 1 + (1 - r (1 - r) / (n p (1 - p))) / (N - 1),  r = n p - floor(n p),

from the losses l of single trials. A batch has n trials. Where training runs on two processes
(ranks), each has n trials and draws of its own, and losses are compared over all N = 2 n. Draws
are spread evenly over the n trials, separately for each choice and each copy, so that the choices
of two trials are not independent; c is what that makes of the mean. The prediction for a trial is
the mean of the network's scores over its copies.

A *ratio* is the mean of this gradient over the enumerated one: 1 is unbiased. The gradient is
composed of the package's own parts, `stratified`, `Choices`, `leave_one_out` and `evenness`, with
draws and probabilities in single precision, as in training. Labels are the likeliest classes here,
so that the slopes of the trials of a small batch seldom cancel. The ratio is computed in two ways:

- **exact**: with even draws, floor(n p) or one more trials take a choice, any of them with the
  same probability. That is the joint distribution of two trials, and the expectation of the
  gradient needs no more. The loss of a trial is summed over all outcomes, for {max(COPIES)} copies
  of 6 channels 2^{6 * max(COPIES)} of them; outcomes that differ only in the order of the copies
  have the same loss, and are computed once.
- **drawn**: the mean over many batches, ± its standard error, as a check.

### Result
"""


#: What was measured, besides what it was measured for.
NUMBERS = ("ratio", "se", "std", "number")


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Write a table of names, then one column per probability."""
    heads = [*heads, *(f"p = {p:g}" for p in SCORE_PROBABILITIES)]
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def where(rows: list[dict], **wanted: object) -> list[dict]:
    """Return the rows with these values."""
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def farthest(ratios: Iterable[float]) -> float:
    """Return the ratio that is farthest from one."""
    return max(ratios, key=lambda ratio: abs(ratio - 1))


def pooled(rows: list[dict]) -> tuple[float, float]:
    """Return the mean of ratios, weighted by their precision, and its standard error."""
    weights = np.array([row["se"] ** -2.0 for row in rows])
    mean = np.average([row["ratio"] for row in rows], weights=weights)
    return float(mean), float(weights.sum() ** -0.5)


def part_rows(exact: list[dict]) -> Iterable[list[str]]:
    """Yield what the gradient is without one of its parts, one row per variant and batch."""
    names = {
        "left in": "all trials, itself included",
        "left out": "the others, without c",
        OURS_SCORE: "**the others, with c**",
    }
    for name, batch in itertools.product(VARIANTS, (1, *BATCHES)):
        found = [
            farthest(row[name] for row in where(exact, ranks=1, batch=batch, p=p))
            for p in SCORE_PROBABILITIES
        ]
        compared = names[name]
        if batch == 1 and name != "left in":
            compared = compared.replace("the others", "a constant")
        yield [compared, str(batch), *(f"{ratio:.3f}" for ratio in found)]


def exact_rows(exact: list[dict]) -> Iterable[list[str]]:
    """Yield exact ratios, one row per choice, number of ranks and batch."""
    for choice, ranks, batch in itertools.product(SCORE_PROBLEMS, RANKS, BATCHES):
        rows = where(exact, choice=choice, ranks=ranks, batch=batch)
        ratios = [
            farthest(row[OURS_SCORE] for row in where(rows, p=p)) for p in SCORE_PROBABILITIES
        ]
        yield [choice, str(ranks), str(batch), *(f"{ratio:.6f}" for ratio in ratios)]


def drawn_rows(drawn: list[dict]) -> Iterable[list[str]]:
    """Yield drawn ratios, one row per choice, number of ranks and batch."""
    for choice, ranks, batch in itertools.product(SCORE_PROBLEMS, RANKS, BATCHES):
        rows = where(drawn, choice=choice, ranks=ranks, batch=batch)
        ratios = [pooled(where(rows, p=p)) for p in SCORE_PROBABILITIES]
        cells = [f"{ratio:.4f} ± {error:.4f}" for ratio, error in ratios]
        yield [choice, str(ranks), str(batch), *cells]


def noise_rows(drawn: list[dict]) -> Iterable[list[str]]:
    """Yield the noise of one batch, one row per choice and batch."""
    for choice, batch in itertools.product(SCORE_PROBLEMS, BATCHES):
        cells = []
        for p in SCORE_PROBABILITIES:
            (row,) = where(drawn, choice=choice, ranks=1, copies=1, batch=batch, p=p)
            cells.append(f"{row['std']:.2f}")
        yield [choice, str(batch), *cells]


def single_rows(single: list[dict]) -> Iterable[list[str]]:
    """Yield ratio and noise for a batch of one, one row per choice and baseline."""
    baselines = list(dict.fromkeys(row["baseline"] for row in single))
    for choice, baseline in itertools.product(SCORE_PROBLEMS, baselines):
        cells = []
        for p in SCORE_PROBABILITIES:
            (row,) = where(single, choice=choice, baseline=baseline, p=p)
            cells.append(f"{row['ratio']:.4f} ± {row['se']:.4f}; {row['std']:.2f}")
        yield [choice, baseline, *cells]


def score_conclusions(exact: list[dict], drawn: list[dict], single: list[dict]) -> list[str]:
    """Say in words what the numbers say."""
    batches = [row for row in exact if row["batch"] > 1]
    worst = max(batches, key=lambda row: abs(row[OURS_SCORE] - 1))
    alone = [row for row in exact if row["batch"] == row["ranks"] == 1]
    lines = [
        f"- **Exact**: of {len(batches):,} settings (choice, seed, copies, ranks, batch, p) the "
        f"ratio that is farthest from 1 is {worst[OURS_SCORE]:.6f}, at p = {worst['p']:g}. "
        "What is left is single precision: the logarithm of p is that of p + 1.2e-7."
    ]
    for name, rows in (("Drawn", drawn), ("A batch of one, drawn", single)):
        deviations = np.abs([(row["ratio"] - 1) / row["se"] for row in rows])
        largest = dict(rows[int(deviations.argmax())])
        named = ", ".join(f"{k} {v}" for k, v in largest.items() if k not in NUMBERS)
        lines.append(
            f"- **{name}**: {len(rows)} settings, {min(row['number'] for row in rows):,} to "
            f"{max(row['number'] for row in rows):,} repeats each. The standard error of the ratio "
            f"is {np.median([row['se'] for row in rows]):.4f} in the median. "
            f"{np.sum(deviations > 2)} of the ratios are more than two standard errors from 1, and "
            f"{np.sum(deviations > 3)} more than three (by chance {0.0455 * len(rows):.0f} and "
            f"{0.0027 * len(rows):.0f} would be). The root mean square is "
            f"{math.sqrt(np.mean(deviations**2)):.2f} standard errors, the largest "
            f"{deviations.max():.1f} ({named})."
        )
    lines.append(
        f"- **A batch of one, exact**: compared with a constant, "
        f"{farthest(row[OURS_SCORE] for row in alone):.6f} is the ratio farthest from 1. The "
        "expectation of the score is zero, so that any number serves that does not depend on the "
        "trial's own choices: the running mean of the losses before it is one."
    )
    return lines


def score_section(score: dict) -> list[str]:
    """Write the section from what was measured."""
    exact, drawn, single = score["exact"], score["drawn"], score["single"]
    momentum = InvarianceObjective.MOMENTUM
    spreads = []
    for ranks, batch, p in {(row["ranks"], row["batch"], row["p"]) for row in exact}:
        rows = where(exact, ranks=ranks, batch=batch, p=p)
        spreads += [np.ptp([row[name] for row in rows]) for name in VARIANTS]
    return [
        SCORE,
        *score_conclusions(exact, drawn, single),
        "",
        "### What each part is for",
        "",
        "Exact ratios on one rank. Each trial's loss is compared with the mean loss of all trials, "
        "its own included, as in earlier versions of eegaug, or of the others, without or with "
        "division by c. The ratios depend neither on what is chosen, nor on the number of copies, "
        f"nor on the network: over all of these each varies by {max(spreads):.0e} at most. With "
        "its own loss included a single trial has no gradient at all, and small batches too little "
        "of it, unless n p is a whole number: then both errors cancel, since 1 - 1 / n = 1 / c.",
        "",
        *table(["compared with the mean of", "batch"], part_rows(exact)),
        "",
        "### Ratio to enumeration, exact",
        "",
        f"Of all seeds and of {min(COPIES)} to {max(COPIES)} copies the ratio farthest from 1. "
        "*Batch* is the number of trials of one rank.",
        "",
        *table(["choice", "ranks", "batch"], exact_rows(exact)),
        "",
        "### Ratio to enumeration, drawn",
        "",
        f"Of the first seed the mean over {min(COPIES)} to {max(COPIES)} copies, weighted by "
        "precision, ± its standard error.",
        "",
        *table(["choice", "ranks", "batch"], drawn_rows(drawn)),
        "",
        "### Noise of one batch",
        "",
        "Standard deviation of the estimate from one batch, in units of the exact gradient, for "
        "one copy and one rank. With two trials and p = 0.5 one of the two is always taken, and "
        "the two ways to do so may give nearly the same estimate.",
        "",
        *table(["choice", "batch"], noise_rows(drawn)),
        "",
        "### A batch of one",
        "",
        f"Trainings that go through {CYCLE} trials, one at a time, {PASSES - 1} times after a "
        "first pass. Each loss is compared with zero, with the mean loss, or with the running mean "
        f"of the losses before it, of which {momentum:g} stay at each step. Drawn ratio ± its "
        "standard error; behind the semicolon the standard deviation of the estimate from one "
        "trial, in units of the exact gradient.",
        "",
        *table(["choice", "compared with"], single_rows(single)),
    ]
