"""Discrete choices, and the gradients of their probabilities."""

from __future__ import annotations

import torch
from torch import Tensor

#: Share of the draws whose choices are taken in part, and carry the gradient.
RAMP = 0.2


def bernoulli(uniform: Tensor, p: Tensor) -> Tensor:
    r"""Choose 1 with probability ``p``, differentiably: a share of 0.2 is taken in part.

    For a loss :math:`f` of the choice :math:`b \in \{0, 1\}` the slope of its mean in :math:`p` is
    :math:`f(1) - f(0) = \int_0^1 f'(m)\,dm`. Draws close to :math:`p` become choices taken in part,
    evenly spread over [0, 1], which carry the gradient:

    .. math:: m = \operatorname{clip}\Big(\tfrac12 + \frac{p - u}{w},\ 0,\ 1\Big), \qquad
       \frac{\partial m}{\partial p} = \frac1w \ \text{ where } |p - u| < \tfrac w2,

    with :math:`w = 0.2`. For a trial with one choice, and :math:`p` from :math:`w / 2` to
    :math:`1 - w / 2`, the expected slope is thus exact, whatever the loss; with several choices it
    is biased to the extent that the loss is curved where others, too, are taken in part. Closer to
    0 and 1 the ramp is lower, so that the mean choice stays :math:`p`: at the ends the choice is
    exact, and the slope is that at the end, which is biased unless the loss is linear.

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
    ``docs/benchmarks/estimators.md`` compares it with straight-through and relaxed estimators.

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


def leave_one_out(losses: Tensor, total: Tensor, count: Tensor, alone: Tensor) -> Tensor:
    r"""Return the loss of each trial less the mean loss of all others, for score gradients.

    .. math:: \ell_i - \frac{1}{N - 1} \Big(\sum_j \ell_j - \ell_i\Big).

    Parameters
    ----------
    losses : Tensor
        Losses of trials; the last dimension is the batch.
    total, count : Tensor
        Sum of the losses of all compared trials, those of other processes included, and their
        number :math:`N`.
    alone : Tensor
        Reference loss for :math:`N = 1`.

    Returns
    -------
    Tensor
        Differences, of the shape of ``losses``.

    Examples
    --------
    >>> losses = torch.tensor([1.0, 2.0, 6.0])
    >>> leave_one_out(losses, losses.sum(), torch.tensor(3.0), torch.tensor(0.0))
    tensor([-3.0000, -1.5000,  4.5000])
    """
    return losses - torch.where(count > 1, (total - losses) / (count - 1).clamp(min=1), alone)


def evenness(p: Tensor, n_trials: int, count: Tensor) -> Tensor:
    r"""Return the factor by which even draws scale the score gradient of :func:`leave_one_out`.

    .. math:: c = 1 + \frac{1 - \rho}{N - 1}, \qquad
       \rho = \frac{r (1 - r)}{n\, p (1 - p)},\ r = n p - \lfloor n p \rfloor.

    Where draws are spread evenly over a batch of :math:`n` trials, the number of choices taken is
    :math:`\lfloor n p \rfloor` or one more: its variance is :math:`r (1 - r)`, a fraction
    :math:`\rho` of that of independent draws. The choices of two trials thus have the covariance
    :math:`-(1 - \rho)\,p (1 - p) / (n - 1)`, and the loss of one trial is correlated with the score
    of another: the expected gradient is :math:`c` times too large.

    Parameters
    ----------
    p : Tensor
        Probability.
    n_trials : int
        Number :math:`n` of trials over which the draws are spread.
    count : Tensor
        Number :math:`N` of compared trials, those of other processes included.

    Returns
    -------
    Tensor
        A factor from 1 to 2, of the shape of ``p``.

    Examples
    --------
    >>> evenness(torch.tensor(0.5), 4, torch.tensor(4.0))
    tensor(1.3333)
    """
    fractional = (n_trials * p) % 1
    variance = p * (1 - p)
    even = fractional * (1 - fractional) / (n_trials * variance)
    share = torch.where(variance > 0, even.clamp(0, 1), torch.ones_like(p))
    return 1 + (1 - share) / (count - 1).clamp(min=1)
