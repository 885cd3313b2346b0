"""Bias and noise of estimators, measured over many draws."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
from estimators_problems import TRIALS, Network, Problem
from estimators_rivals import ESTIMATORS, OURS, SINGLE, single
from torch import Tensor
from tqdm import tqdm

PROBABILITIES = (0.02, 0.1, 0.2, 0.5, 0.8)
MAIN_P = 0.2
DRAWS = ("independent", "stratified", "per channel")
#: Repeats that share one backward pass; small enough for the processor's cache.
PASS = 250
PARTIAL = 1e-3
DEAD = 1e-3


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
