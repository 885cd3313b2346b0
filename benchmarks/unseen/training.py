"""The one training that all methods share, and the networks that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from unseen.protocols import Problem

LEARNING_RATE = 1e-3


def train(
    problem: Problem,
    step: Callable[[Tensor, Tensor], Tensor],
    parameters: Iterable[Any],
    *,
    steps: int | None = None,
    seed: int | None = None,
    after: Callable[[], None] | None = None,
) -> None:
    """Minimise a loss by Adam, with the batches of the problem's seed.

    Parameters
    ----------
    problem : Problem
        The training windows, and the length of the training.
    step : callable
        Function of a batch (x, y) that returns the loss.
    parameters : iterable
        Parameters, or groups of them, as an optimiser takes them.
    steps : int, optional
        Length of the training; the setting's where absent.
    seed : int, optional
        Seed of batches and draws; the problem's where absent.
    after : callable, optional
        Called after each step.
    """
    seed = problem.seed if seed is None else seed
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE)
    for batch in problem.batches(problem.setting.steps if steps is None else steps, seed):
        optimizer.zero_grad()
        step(problem.X[batch], problem.y[batch]).backward()
        optimizer.step()
        if after is not None:
            after()


@torch.no_grad()
def predict(model: nn.Module, X: Tensor, batch_size: int = 128) -> Tensor:
    """Return log-probabilities (windows, labels) of a model in evaluation."""
    model.eval()
    return torch.cat([model(x) for x in X.split(batch_size)]).log_softmax(-1)
