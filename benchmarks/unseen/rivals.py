"""The rivals: a method is a function of a problem that returns a module from signals to scores."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from unseen.protocols import Problem
from unseen.training import train

Method = Callable[[Problem], nn.Module]


def plain(problem: Problem) -> nn.Module:
    """Train without augmentation."""
    network, loss = problem.network().train(), problem.loss()
    train(problem, lambda x, y: loss(network(x), y), network.parameters())
    return network
