"""Policies that are drawn at random, with nothing to search: RandAugment and TrivialAugment."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eegaug import init_strengths
from unseen.candidates import apply_chosen, operations, train_augmented
from unseen.protocols import Problem

#: Number of TrivialAugment's strengths, from zero to the end of the range.
LEVELS = 31


def rand_augment(problem: Problem, n_ops: int, magnitude: float) -> nn.Module:
    """Train with several random operations per trial, all at the same part of their range.

    Each operation is drawn uniformly, the identity among them. Cubuk et al., *RandAugment:
    practical automated data augmentation with a reduced search space*, 2020, arXiv 1909.13719.

    Parameters
    ----------
    problem : Problem
        What to train on.
    n_ops : int
        Number of operations in a row.
    magnitude : float
        Strength as a fraction of the range.

    Returns
    -------
    nn.Module
        The trained network.
    """
    choices = init_strengths(nn.ModuleList(operations(problem)), magnitude).requires_grad_(False)

    def augment(x: Tensor, _: Tensor) -> Tensor:
        for _ in range(n_ops):
            x = apply_chosen(choices, torch.randint(-1, len(choices), (len(x),)), x)
        return x

    return train_augmented(problem, augment)


def trivial_augment(problem: Problem) -> nn.Module:
    """Train with one random operation per trial, at a random strength within its range.

    Both are drawn uniformly, the identity among the operations. Müller & Hutter, *TrivialAugment:
    tuning-free yet state-of-the-art data augmentation*, ICCV 2021, arXiv 2103.10158.
    """
    levels = [
        init_strengths(nn.ModuleList(operations(problem)), fraction).requires_grad_(False)
        for fraction in torch.linspace(0, 1, LEVELS).tolist()
    ]
    choices, n_ops = [each for level in levels for each in level], len(levels[0])

    def augment(x: Tensor, _: Tensor) -> Tensor:
        level, operation = torch.randint(LEVELS, (len(x),)), torch.randint(-1, n_ops, (len(x),))
        return apply_chosen(choices, operation.where(operation < 0, level * n_ops + operation), x)

    return train_augmented(problem, augment)
