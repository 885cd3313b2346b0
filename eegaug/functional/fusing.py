"""Linear maps one after the other, applied as one: a chain costs the Fourier transforms of one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from eegaug.functional.operators import (
    Operators,
    apply,
    complex_view,
    filtered,
    hilbert,
    then_hilbert,
)


@dataclass(frozen=True)
class Product:
    r"""Steps in sequence: matrices, then filters, then a carrier of the analytic signal.

    .. math:: x' = g\,y + q\,\mathcal{H}y, \qquad y = h * M x,

    with :math:`\mathcal{H}` the Hilbert transform. Matrices multiply, as do responses and gains,
    and each may come after the others as far as they commute.

    Parameters
    ----------
    steps : tuple of Operators
        The steps, in order.
    matrix : Tensor, optional
        Shape (batch, channels, channels).
    response : Tensor, optional
        Real view, shape (batch, channels or 1, freqs, 2).
    gain, quadrature : Tensor, optional
        Factors of the signals and of their Hilbert transform, shape (batch, channels or 1, times
        or 1).

    Examples
    --------
    >>> half, double = (Operators(gain=torch.full((1, 1, 1), gain - 1)) for gain in (0.5, 2.0))
    >>> both = Product().then(half).then(double)
    >>> both.apply(torch.ones(1, 1, 3))
    tensor([[[1., 1., 1.]]])
    """

    steps: tuple[Operators, ...] = ()
    matrix: Tensor | None = None
    response: Tensor | None = None
    gain: Tensor | None = None
    quadrature: Tensor | None = None

    def then(self, step: Operators) -> Product | None:
        """Return the product with one step more; None where it cannot be taken in."""
        longer = self._longer(**dict(step.items()))
        return None if longer is None else replace(longer, steps=(*self.steps, step))

    def apply(self, x: Tensor) -> Tensor:
        """Apply the steps to signals (batch, channels, times)."""
        if len(self.steps) < 2:  # exact at zero strength, where a product may round
            for step in self.steps:
                x = apply(x, step)
            return x
        if self.matrix is not None:
            x = self.matrix @ x
        if self.quadrature is None:
            if self.response is not None:
                (x,) = filtered(x, self.response)
            return x if self.gain is None else self.gain * x
        if self.response is None:
            quadrature = hilbert(x)
        else:
            x, quadrature = filtered(x, self.response, then_hilbert(self.response, x))
        in_phase = x if self.gain is None else self.gain * x
        return torch.addcmul(in_phase, self.quadrature, quadrature)

    def _longer(
        self,
        gain: Tensor | None = None,
        quadrature: Tensor | None = None,
        response: Tensor | None = None,
        matrix: Tensor | None = None,
        **others: Tensor,
    ) -> Product | None:
        """Return the product with the operators of one step, in one form or as a carrier."""
        if others or sum(part is not None for part in (gain, response, matrix)) != 1:
            return None
        if gain is not None:
            return self._modulated(1 + gain, quadrature)
        if quadrature is not None:
            return None
        if response is not None and self._is_constant_in_time:
            return replace(self, response=_multiplied(_with_identity(response), self.response))
        if matrix is not None and self._is_same_for_all_channels:
            whole = matrix + torch.eye(matrix.shape[-1], device=matrix.device, dtype=matrix.dtype)
            return replace(self, matrix=whole if self.matrix is None else whole @ self.matrix)
        return None

    def _modulated(self, gain: Tensor, quadrature: Tensor | None) -> Product | None:
        """Return the product with a gain, or with a carrier if there is none that moves."""
        if quadrature is None:
            quadrature = None if self.quadrature is None else gain * self.quadrature
        elif not self._is_constant_in_time:
            return None
        elif self.gain is not None:
            quadrature = quadrature * self.gain
        return replace(
            self, gain=gain if self.gain is None else gain * self.gain, quadrature=quadrature
        )

    @property
    def _is_constant_in_time(self) -> bool:
        """Whether gains commute with filters."""
        return self.quadrature is None and (self.gain is None or self.gain.shape[-1] == 1)

    @property
    def _is_same_for_all_channels(self) -> bool:
        """Whether filters and gains commute with matrices."""
        parts = (self.response, self.gain, self.quadrature)
        return all(part is None or part.shape[1] == 1 for part in parts)


def _with_identity(response: Tensor) -> Tensor:
    """Return the whole response of a step, which is less the identity."""
    return torch.view_as_real(complex_view(response) + 1)


def _multiplied(one: Tensor, other: Tensor | None) -> Tensor:
    """Multiply real views of complex numbers."""
    if other is None:
        return one
    return torch.view_as_real(complex_view(one) * complex_view(other))
