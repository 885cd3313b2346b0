"""The methods that learn an invariance, each with one setting for all tasks.

All train the same network for as long, by Adam with a learning rate of 0.01 and batches of 32;
what differs is how candidates are laid out and what rewards their width.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from papers.published import PublishedObjective, augerino_penalty, augnet_penalty
from torch import Tensor, nn

from eegaug import (
    AugmentationLayer,
    Compose,
    InvarianceObjective,
    InvariantModel,
    Objective,
    Transform,
    init_strengths,
)

BATCH_SIZE, LEARNING_RATE = 32, 0.01
#: The extent is the mean over this last part of the training, in which strengths have settled.
SETTLED = 0.25


@dataclass(frozen=True)
class Method:
    """How candidates become an augmentation, and what is minimised.

    Attributes
    ----------
    augmentation : callable
        Function of a constructor of candidates -> augmentation.
    objective : callable
        Function of (model, loss) -> objective that rewards width.
    weight_decay : float
        Weight decay of the optimiser.
    """

    augmentation: Callable[[Callable[[], list[Transform]]], nn.Module]
    objective: Callable[[InvariantModel, nn.Module], Objective]
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Fit:
    """What a training gave.

    Attributes
    ----------
    model : InvariantModel
        The trained model.
    fractions : np.ndarray
        Extent of each candidate as a fraction of its range.
    history : np.ndarray
        The same at each step, shape (steps, candidates).
    seconds : float
        Time that the training took.
    """

    model: InvariantModel
    fractions: np.ndarray
    history: np.ndarray
    seconds: float


def _eegaug(candidates: Callable[[], list[Transform]]) -> nn.Module:
    """Lay all candidates out in a chain, narrow at first."""
    return init_strengths(Compose(candidates()))


def _augnet(candidates: Callable[[], list[Transform]]) -> nn.Module:
    """Lay them out in three layers that choose, at a temperature of 0.01, from strength zero."""
    layers = [AugmentationLayer(candidates(), temperature=0.01) for _ in range(3)]
    return init_strengths(Compose(layers), 0.0)


#: The published weights: AugNet's of its section 4.2, and the middle one of Augerino's three.
METHODS = {
    "eegaug": Method(_eegaug, InvarianceObjective),
    "AugNet": Method(
        _augnet,
        partial(PublishedObjective, penalty=augnet_penalty, weight=0.2),
        weight_decay=1e-4,
    ),
    "Augerino": Method(_eegaug, partial(PublishedObjective, penalty=augerino_penalty, weight=0.05)),
}


def fit(
    method: Method,
    network: nn.Module,
    candidates: Callable[[], list[Transform]],
    X: Tensor,
    y: Tensor,
    epochs: int,
    seed: int,
) -> Fit:
    """Train a network with learned augmentations.

    Parameters
    ----------
    method : Method
        How.
    network : nn.Module
        The network, with its first parameters.
    candidates : callable
        Function that returns new candidates, each with one learnable strength.
    X, y : Tensor
        Signals (trials, channels, times) and classes (trials,).
    epochs : int
        Length of the training.
    seed : int
        Seed of the order of the trials and of the draws.

    Returns
    -------
    Fit
    """
    torch.manual_seed(seed)
    model = InvariantModel(network, method.augmentation(candidates))
    objective = method.objective(model, nn.CrossEntropyLoss())
    optimizer = torch.optim.Adam(
        model.parameters(), lr=LEARNING_RATE, weight_decay=method.weight_decay
    )
    history = []
    start = time.perf_counter()
    model.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(y)).split(BATCH_SIZE):
            optimizer.zero_grad()
            objective(X[batch], y[batch]).backward()
            optimizer.step()
            history.append(_extents(model.augmentation))
    seconds = time.perf_counter() - start
    steps = np.array(history)
    settled = steps[-max(1, round(SETTLED * len(steps))) :].mean(0)
    return Fit(model.eval(), settled, steps, seconds)


def accuracy(model: nn.Module, X: Tensor, y: Tensor) -> float:
    """Return the share of trials whose class a model in evaluation tells."""
    with torch.no_grad():
        return (model(X).argmax(1) == y).float().mean().item()


def _extents(augmentation: Compose) -> list[float]:
    """Return how far each candidate reaches: in layers that choose, the farthest of those chosen.

    Evaluation takes the chosen transform alone, as good as always at a temperature of 0.01.
    """
    if not isinstance(augmentation.augmentations[0], AugmentationLayer):
        return [_fraction(transform) for transform in augmentation.augmentations]
    extents = [0.0] * len(augmentation.augmentations[0].transforms)
    for layer in augmentation.augmentations:
        chosen = int(layer.logits.argmax())
        extents[chosen] = max(extents[chosen], _fraction(layer.transforms[chosen]))
    return extents


def _fraction(transform: Transform) -> float:
    (strength,) = transform.strengths().values()
    return strength.fraction.item()
