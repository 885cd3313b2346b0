"""The symmetric beta distribution, differentiable in its parameter."""

from __future__ import annotations

import torch
from torch import Tensor

#: Number of grid points of the distribution function that is inverted.
POINTS = 512


def smaller_share(uniform: Tensor, alpha: Tensor) -> Tensor:
    r"""Return the smaller of the two shares of a Beta(alpha, alpha) split, from its quantile.

    With :math:`\lambda = \tfrac12 z^{1 / \alpha}` the density in :math:`z \in [0, 1]` is smooth,
    :math:`(1 - \lambda)^{\alpha - 1}` up to a factor, whatever the singularity of the density in
    :math:`\lambda`; its integral is inverted by linear interpolation.

    Parameters
    ----------
    uniform : Tensor
        Draws from U(0, 1), shape (batch,).
    alpha : Tensor
        Parameter, a positive scalar.

    Returns
    -------
    Tensor
        Shares in [0, 0.5], shape (batch,), differentiable in ``alpha``.

    Examples
    --------
    >>> smaller_share(torch.tensor([0.2, 0.5, 1.0]), torch.tensor(1.0))
    tensor([0.1000, 0.2500, 0.5000])
    """
    z = torch.linspace(0, 1, POINTS, device=uniform.device, dtype=uniform.dtype)
    exponent = torch.where(alpha < 2, 1 / alpha, torch.ones_like(alpha))
    density = (1 - _share(z, exponent)) ** (alpha - 1) * _power(z, exponent * alpha - 1)
    steps = (density[1:] + density[:-1]) / 2
    distribution = torch.cat([steps.new_zeros(1), steps.cumsum(0)])
    distribution = distribution / distribution[-1]
    right = torch.searchsorted(distribution.detach(), uniform.contiguous()).clamp_min(1)
    low, high = distribution[right - 1], distribution[right]
    fraction = (uniform - low) / (high - low)
    return _share(z[right - 1] + fraction * z[1], exponent)


def _share(z: Tensor, exponent: Tensor) -> Tensor:
    return _power(z, exponent) / 2


def _power(z: Tensor, exponent: Tensor) -> Tensor:
    # by the logarithm, so that the gradient in alpha is finite at zero
    return torch.exp(torch.log(z.clamp_min(torch.finfo(z.dtype).tiny)) * exponent)
