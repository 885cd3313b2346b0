"""The rivals that need no search: no augmentation, fixed ones, and the published objectives."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from papers.published import PublishedObjective, augerino_penalty, augnet_penalty
from sklearn.model_selection import GroupKFold
from torch import nn

from eegaug import (
    Compose,
    Ensemble,
    InvarianceObjective,
    InvariantModel,
    Objective,
    init_strengths,
)
from eegaug.policies import POLICIES
from unseen.candidates import candidates, published, train_augmented
from unseen.protocols import Problem
from unseen.training import predict, train

#: A method: from what may be seen to a module from signals to scores.
Method = Callable[[Problem], nn.Module]
#: Learning rate of weights and strengths of augmentations.
STRENGTH_RATE = 1e-2
#: Step of the running mean of the weights.
EMA_RATE = 0.02
#: Parts of the training windows, by people where there are several, that choices are made on.
N_FOLDS = 2


def plain(problem: Problem, seed: int | None = None) -> nn.Module:
    """Train without augmentation."""
    network, loss = problem.network(seed).train(), problem.loss()
    train(problem, lambda x, y: loss(network(x), y), network.parameters(), seed=seed)
    return network


def another_seed(problem: Problem) -> nn.Module:
    """Train without augmentation from another seed: what changes where nothing does."""
    return plain(problem, problem.seed + 1000)


def averaged_weights(problem: Problem) -> nn.Module:
    """Train without augmentation, and return the running mean of the weights."""
    network, loss = problem.network().train(), problem.loss()
    mean = copy.deepcopy(network)

    @torch.no_grad()
    def follow() -> None:
        for old, new in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
            if old.is_floating_point():
                old.lerp_(new, EMA_RATE)

    train(problem, lambda x, y: loss(network(x), y), network.parameters(), after=follow)
    return mean


def several(problem: Problem, n: int) -> nn.Module:
    """Train several networks without augmentation, and average their predictions."""
    return Ensemble([plain(problem, problem.seed + 1000 * place) for place in range(n)])


def fixed(problem: Problem, name: str) -> nn.Module:
    """Train with one transform at its published strength; without where it does not apply."""
    transforms = published(problem)
    if name not in transforms:
        return plain(problem)
    return train_augmented(problem, lambda x, y: transforms[name](x))


def best_fixed(problem: Problem) -> nn.Module:
    """Choose among fixed transforms and none by cross-validation, then train with the chosen."""
    names = ["none", *published(problem)]
    if len(set(problem.people.tolist())) > 1:
        groups = problem.people
    else:  # one person: halves in time
        groups = np.arange(len(problem.y)) * N_FOLDS // len(problem.y)
    losses = dict.fromkeys(names, 0.0)
    for kept, out in GroupKFold(N_FOLDS).split(groups, groups=groups):
        part, loss = problem.of(kept), problem.loss()
        for name in names:
            scores = predict(fixed(part, name), problem.X[out])
            losses[name] += len(out) * loss(scores, problem.y[out]).item()
    return fixed(problem, min(losses, key=losses.__getitem__))


def learned(
    problem: Problem,
    augmentation: Callable[[Problem], nn.Module],
    objective: Callable[[InvariantModel, nn.Module], Objective],
    n_copies: int = 4,
    seed: int | None = None,
) -> InvariantModel:
    """Train by an objective that learns the strengths."""
    model = InvariantModel(problem.network(seed), augmentation(problem), n_copies).train()
    trained = objective(model, problem.loss()).train()
    groups = [
        {"params": model.model.parameters()},
        {"params": model.augmentation.parameters(), "lr": STRENGTH_RATE},
    ]
    train(problem, trained, groups, seed=seed)
    return model


def chain(problem: Problem) -> nn.Module:
    """Return the policy that was the default: flip, time shift, frequency shift, FT surrogate."""
    return init_strengths(POLICIES["chain"](problem.data.info))


def _layers(problem: Problem) -> nn.Module:
    """Return AugNet's layers: two over the time-frequency candidates, one over the spatial."""
    return init_strengths(POLICIES["sleep"](problem.data.info))


def _all(problem: Problem) -> nn.Module:
    """Return all candidates in a chain, as Augerino has them."""
    return init_strengths(Compose(candidates(problem)))


invariance = partial(learned, augmentation=chain, objective=InvarianceObjective)
augnet = partial(
    learned,
    augmentation=_layers,
    objective=partial(PublishedObjective, penalty=augnet_penalty, weight=0.2),
)
augerino = partial(
    learned,
    augmentation=_all,
    objective=partial(PublishedObjective, penalty=augerino_penalty, weight=0.05),
)
