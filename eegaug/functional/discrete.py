"""Discrete choices whose probabilities have a gradient in every batch."""

from __future__ import annotations

import torch
from torch import Tensor

#: Probability below which a choice is not weighted any higher: bounds the variance.
RAREST = 0.05


def bernoulli(uniform: Tensor, p: Tensor) -> Tensor:
    r"""Choose 1 with probability ``p``, differentiably.

    The value is exactly 0 or 1. For a loss :math:`f` of the choice :math:`b` the exact
    gradient of the mean is :math:`f(1) - f(0)`; the trapezoidal rule makes it
    :math:`\tfrac12 (f'(0) + f'(1))`, which the choice that was drawn estimates when weighted
    by the inverse of its probability:

    .. math:: \partial b / \partial p = 1 / (2\,P(b)), \qquad P(1) = p,\ P(0) = 1 - p.

    It is exact in the mean for quadratic losses, and there is a gradient whichever way the
    choice falls. :math:`P(b)` is bounded from below by 0.05, so that rare choices do not give
    huge gradients: for ``p`` below 0.05 or above 0.95 the rarer choice counts for less than it
    should, and the estimate is biased.

    Parameters
    ----------
    uniform : Tensor
        Draws from U(0, 1), any shape.
    p : Tensor
        Probability, broadcastable to ``uniform``.

    Returns
    -------
    Tensor
        Zeros and ones of the shape and dtype of ``uniform``.

    References
    ----------
    Liu et al., *Bridging discrete and backpropagation: straight-through and beyond*,
    NeurIPS 2023: the same rule for categorical choices.

    Examples
    --------
    >>> p = torch.tensor(0.25, requires_grad=True)
    >>> choice = bernoulli(torch.tensor([0.1, 0.9]), p)
    >>> choice.tolist()
    [1.0, 0.0]
    >>> choice.sum().backward()  # 1 / (2 * 0.25) + 1 / (2 * 0.75)
    >>> round(p.grad.item(), 4)
    2.6667
    """
    chosen = (uniform < p).to(uniform.dtype)
    p_chosen = torch.where(uniform < p, p, 1 - p).detach().clamp_min(RAREST)
    return chosen + (p - p.detach()) / (2 * p_chosen)


def categorical(uniform: Tensor, weights: Tensor) -> Tensor:
    """Choose one of several by its weight, as a one-hot vector with a gradient.

    The value is exactly one-hot; the gradient is that of the weights (straight-through).

    Parameters
    ----------
    uniform : Tensor
        Draws from U(0, 1), shape (batch,).
    weights : Tensor
        Probabilities that sum to one, shape (choices,).

    Returns
    -------
    Tensor
        One-hot rows, shape (batch, choices).

    Examples
    --------
    >>> categorical(torch.tensor([0.1, 0.6]), torch.tensor([0.5, 0.5]))
    tensor([[1., 0.],
            [0., 1.]])
    """
    weights = weights.to(uniform.dtype)
    # Rounding may leave the last edge below one: the last choice takes what is left.
    edges = weights.detach().cumsum(0)[:-1]
    index = torch.bucketize(uniform, edges, right=True)
    choices = torch.arange(len(weights), device=uniform.device)
    one_hot = (index[:, None] == choices).to(uniform.dtype)
    return one_hot + (weights - weights.detach())
