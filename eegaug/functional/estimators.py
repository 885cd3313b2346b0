"""Discrete choices whose probabilities have a gradient in every batch."""

from __future__ import annotations

import torch
from torch import Tensor

#: Share of the choices that are made in part, and carry the gradient.
RAMP = 0.2


def bernoulli(uniform: Tensor, p: Tensor) -> Tensor:
    r"""Choose 1 with probability ``p``, differentiably: a share of 0.2 is chosen in part.

    For a loss :math:`f` of the choice :math:`b \in \{0, 1\}` the slope of its mean in
    :math:`p` is :math:`f(1) - f(0) = \int_0^1 f'(m)\,dm`. Draws next to :math:`p` become a
    choice in part, evenly spread over [0, 1], and carry the gradient:

    .. math:: m = \operatorname{clip}\Big(\tfrac12 + \frac{p - u}{w},\ 0,\ 1\Big), \qquad
       \frac{\partial m}{\partial p} = \frac1w \ \text{ where } |p - u| < \tfrac w2,

    with :math:`w = 0.2`. For a trial with one choice, and :math:`p` from :math:`w / 2` to
    :math:`1 - w / 2`, the slope is thus exact in the mean, whatever the loss; among several
    choices it is biased as far as the loss bends when others, too, are made in part. Nearer to 0
    and 1 the draws in part reach only so far that the mean choice stays :math:`p`: at the ends
    the choice is exact, and the slope is that from the end, which is biased unless the loss is
    linear.

    Parameters
    ----------
    uniform : Tensor
        Draws from U(0, 1), any shape.
    p : Tensor
        Probability, broadcastable to ``uniform``.

    Returns
    -------
    Tensor
        Choices in [0, 1] of the shape and dtype of ``uniform``, with mean ``p``.

    Notes
    -----
    ``docs/benchmarks/estimators.md`` holds it against straight-through and relaxed estimators.

    Examples
    --------
    >>> p = torch.tensor(0.5, requires_grad=True)
    >>> choice = bernoulli(torch.tensor([0.1, 0.45, 0.9]), p)
    >>> [round(c, 2) for c in choice.tolist()]
    [1.0, 0.75, 0.0]
    >>> choice.sum().backward()  # one of three, with a slope of 1 / 0.2
    >>> round(p.grad.item(), 4)
    5.0
    """
    with torch.no_grad():
        at = p.detach()
        middle = at.clamp(RAMP / 2, 1 - RAMP / 2)
        ramp = torch.sub(middle / RAMP + 0.5, uniform, alpha=1 / RAMP).clamp(0, 1)
        # towards 0 and 1 the ramp is lower: it starts at `1 - near_one` and rises less
        near_zero = (at * (2 / RAMP)).clamp(max=1)
        near_one = ((1 - at) * (2 / RAMP)).clamp(max=1)
        choice = torch.addcmul(1 - near_one, near_zero * near_one, ramp)
        slope = (ramp * (1 - ramp) > 0) * (1 / RAMP)
    return torch.addcmul(choice, slope, p - at).to(uniform.dtype)


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

    References
    ----------
    Bengio et al., *Estimating or propagating gradients through stochastic neurons for conditional
    computation*, 2013, arXiv 1308.3432.

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
