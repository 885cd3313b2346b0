"""Estimators that choose in part, or in whole with a gradient that is made up."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from eegaug.functional import bernoulli, estimators

WIDTHS = (0.05, 0.1, 0.2, 0.4)
WIDTH = estimators.RAMP


def ramp(uniform: Tensor, p: Tensor, width: float) -> Tensor:
    """Choose by ``eegaug.functional.bernoulli`` with another width of its ramp."""
    before = estimators.RAMP
    estimators.RAMP = width
    try:
        return bernoulli(uniform, p)
    finally:
        estimators.RAMP = before


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
