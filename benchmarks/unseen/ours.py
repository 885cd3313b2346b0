"""The method of ``eegaug learn``: networks with and without augmentation, averaged."""

from __future__ import annotations

from torch import nn

from eegaug import Ensemble, InvariantModel, ScoreObjective, init_strengths
from eegaug.policies import one_of, recombination
from unseen.candidates import train_augmented
from unseen.protocols import Problem
from unseen.rivals import learned, plain


def ours(problem: Problem) -> nn.Module:
    """Average a network without augmentation, one that learns strengths, and a recombined one."""
    learner = quick(problem, problem.seed + 1000)
    return Ensemble([plain(problem), learner.model, recombined(problem, problem.seed + 2000)])


def with_recombined(problem: Problem) -> nn.Module:
    """Average a network without augmentation and a recombined one."""
    return Ensemble([plain(problem), recombined(problem, problem.seed + 2000)])


def recombined(problem: Problem, seed: int | None = None) -> nn.Module:
    """Train on trials rebuilt of segments of their class."""
    transform = recombination(problem.X.shape[-1], float(problem.data.info["sfreq"]))
    return train_augmented(problem, lambda x, y: transform(x, y)[0], seed)


def quick(problem: Problem, seed: int | None = None) -> InvariantModel:
    """Return the network that learns strengths, alone."""
    return learned(problem, _policy, ScoreObjective, n_copies=0, seed=seed)


def _policy(problem: Problem) -> nn.Module:
    return init_strengths(one_of(problem.data.info))
