"""The method of ``eegaug learn``: networks with and without augmentation, averaged."""

from __future__ import annotations

from torch import nn

from eegaug import Ensemble, InvariantModel, ScoreObjective, init_strengths
from eegaug.policies import general
from unseen.protocols import Problem
from unseen.rivals import learned, plain


def ours(problem: Problem) -> nn.Module:
    """Average two networks without augmentation and one that learns strengths."""
    learner = quick(problem, problem.seed + 1000)
    return Ensemble([plain(problem), learner.model, plain(problem, problem.seed + 2000)])


def quick(problem: Problem, seed: int | None = None) -> InvariantModel:
    """Return the network that learns strengths, alone."""
    return learned(problem, _policy, ScoreObjective, n_copies=0, seed=seed)


def _policy(problem: Problem) -> nn.Module:
    return init_strengths(general(problem.data.info))
