"""Complex waves of a phase."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def cos_and_sin(phase: Tensor) -> tuple[Tensor, Tensor]:
    r"""Return real and imaginary part of :math:`e^{i \varphi}`.

    Parameters
    ----------
    phase : Tensor
        Phase (radians), any shape.

    Returns
    -------
    tuple of Tensor
        Cosine and sine, of the shape of ``phase``. Their derivative is made of them, where torch
        computes both anew.

    Examples
    --------
    >>> cos_and_sin(torch.tensor([0.0, torch.pi / 2]))[1]
    tensor([0., 1.])
    """
    if phase.requires_grad and torch.is_grad_enabled():
        return _Waves.apply(phase)
    return torch.cos(phase), torch.sin(phase)


class _Waves(torch.autograd.Function):
    """Cosine and sine, kept for the derivative."""

    generate_vmap_rule = True

    @staticmethod
    def forward(phase: Tensor) -> tuple[Tensor, Tensor]:
        """Return cosine and sine."""
        return torch.cos(phase), torch.sin(phase)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: tuple[Tensor, Tensor]) -> None:
        """Save both."""
        ctx.save_for_backward(*output)

    @staticmethod
    def backward(ctx: Any, in_cos: Tensor, in_sin: Tensor) -> Tensor:
        """Return the derivative with respect to the phase."""
        cos, sin = ctx.saved_tensors
        return torch.addcmul(in_sin * cos, in_cos, sin, value=-1)
