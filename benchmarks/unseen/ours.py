"""The method of ``eegaug learn``: networks with and without augmentation, averaged."""

from __future__ import annotations

import copy

from torch import nn

from eegaug import Augmentation, Ensemble, InvariantModel, ScoreObjective, init_strengths
from eegaug.policies import POLICIES
from unseen.protocols import Problem
from unseen.rivals import STRENGTH_RATE, plain
from unseen.training import train


def ours(problem: Problem) -> nn.Module:
    """Average a plain network, one that learns strengths, and one that takes them as they are."""
    unaugmented = plain(problem)
    learner = _augmented(problem, _policy(problem), problem.seed + 1000)
    learned = copy.deepcopy(learner.augmentation).requires_grad_(False)
    follower = _augmented(problem, learned, problem.seed + 2000)
    return Ensemble([unaugmented, learner.model, follower.model])


def quick(problem: Problem) -> nn.Module:
    """Return the network that learns strengths, alone."""
    return _augmented(problem, _policy(problem), problem.seed)


def _policy(problem: Problem) -> Augmentation:
    return init_strengths(POLICIES["general"](problem.data.info))


def _augmented(problem: Problem, augmentation: Augmentation, seed: int) -> InvariantModel:
    model = InvariantModel(problem.network(seed), augmentation, n_copies=0)
    objective = ScoreObjective(model, problem.loss()).train()
    groups = [
        {"params": model.model.parameters()},
        {"params": augmentation.parameters(), "lr": STRENGTH_RATE},
    ]
    train(problem, objective, groups, seed=seed)
    return model
