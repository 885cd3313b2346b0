"""The method of ``eegaug learn``: networks with and without augmentation, averaged."""

from __future__ import annotations

import copy

from torch import nn

from eegaug import Ensemble, InvariantModel, ScoreObjective, init_strengths
from eegaug.policies import one_of
from unseen.protocols import Problem
from unseen.rivals import learned, plain


def ours(problem: Problem) -> nn.Module:
    """Average a network without augmentation, one that learns strengths, and one that has them."""
    learner = quick(problem, problem.seed + 1000)
    strengths = copy.deepcopy(learner.augmentation).requires_grad_(False)
    follower = learned(
        problem, lambda _: strengths, ScoreObjective, n_copies=0, seed=problem.seed + 2000
    )
    return Ensemble([plain(problem), learner.model, follower.model], weights=[2, 1, 1])


def quick(problem: Problem, seed: int | None = None) -> InvariantModel:
    """Return the network that learns strengths, alone."""
    return learned(problem, _policy, ScoreObjective, n_copies=0, seed=seed)


def _policy(problem: Problem) -> nn.Module:
    return init_strengths(one_of(problem.data.info))
