"""The method of ``eegaug learn``: networks with and without augmentation, averaged."""

from __future__ import annotations

from torch import nn

from eegaug import Ensemble, InvariantModel, ScoreObjective, init_strengths
from eegaug.policies import general
from unseen.protocols import Problem
from unseen.rivals import STRENGTH_RATE, plain
from unseen.training import train


def ours(problem: Problem) -> nn.Module:
    """Average two networks without augmentation and one that learns strengths."""
    seed = problem.seed
    learner = _augmented(problem, seed + 1000)
    return Ensemble([plain(problem), learner.model, plain(problem, seed + 2000)])


def quick(problem: Problem) -> nn.Module:
    """Return the network that learns strengths, alone."""
    return _augmented(problem, problem.seed)


def _augmented(problem: Problem, seed: int) -> InvariantModel:
    augmentation = init_strengths(general(problem.data.info))
    model = InvariantModel(problem.network(seed), augmentation, n_copies=0)
    objective = ScoreObjective(model, problem.loss()).train()
    groups = [
        {"params": model.model.parameters()},
        {"params": augmentation.parameters(), "lr": STRENGTH_RATE},
    ]
    train(problem, objective, groups, seed=seed)
    return model
