"""The linear forms of augmentations, and the function that applies them.

Each form is linear in its operator, so a weighted sum of transforms is one step with the weighted
sums of their operators. Complex operators are real views, as returned by
:func:`torch.view_as_real`: the last dimension holds real and imaginary part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Operators:
    r"""Operators of a step from the signals, :math:`x' = x + \sum_F F(x)`, one per form.

    Parameters
    ----------
    gain : Tensor, optional
        Adds ``gain * x``; shape (batch, channels or 1, times or 1).
    quadrature : Tensor, optional
        Adds ``quadrature * hilbert(x)``; shape (batch, channels or 1, times or 1).
    response : Tensor, optional
        Adds ``irfft(response * rfft(x))``; real view, shape (batch, channels or 1, freqs, 2).
    matrix : Tensor, optional
        Adds ``matrix @ x``; shape (batch, channels, channels).
    reversal : Tensor, optional
        Adds ``reversal * (x reversed in time - x)``; shape (batch, 1, 1).
    term : Tensor, optional
        Adds ``term``, whatever the signals; shape (batch, channels, times).

    Examples
    --------
    >>> step = Operators(gain=torch.tensor([[[-0.5]]]))
    >>> apply(torch.ones(1, 1, 3), step)
    tensor([[[0.5000, 0.5000, 0.5000]]])
    """

    gain: Tensor | None = None
    quadrature: Tensor | None = None
    response: Tensor | None = None
    matrix: Tensor | None = None
    reversal: Tensor | None = None
    term: Tensor | None = None

    def items(self) -> Iterator[tuple[str, Tensor]]:
        """Yield name and operator of each form that is set."""
        for form in FORMS:
            operator = getattr(self, form)
            if operator is not None:
                yield form, operator

    def scaled(self, scale: Tensor) -> Operators:
        """Return all operators multiplied by a scalar, or by one number per trial."""
        return Operators(**{form: times(scale, operator) for form, operator in self.items()})


#: Names of the forms.
FORMS = ("gain", "quadrature", "response", "matrix", "reversal", "term")


def times(scale: Tensor, operator: Tensor) -> Tensor:
    """Multiply an operator by a scalar, or by one number per trial."""
    return operator * (scale.reshape(-1, *[1] * (operator.ndim - 1)) if scale.ndim else scale)


def apply(x: Tensor, operators: Operators) -> Tensor:
    """Apply a step, in any of the forms, to the signals.

    The response and the Hilbert transform share one FFT of the signals.

    Parameters
    ----------
    x : Tensor
        Signals, shape (batch, channels, times).
    operators : Operators
        Operators of the step.

    Returns
    -------
    Tensor
        Signals, shape (batch, channels, times).

    Examples
    --------
    >>> x = torch.tensor([[[1.0, 2.0, 3.0]]])
    >>> apply(x, Operators(reversal=torch.tensor([[[1.0]]])))
    tensor([[[3., 2., 1.]]])
    """
    out = _weighted(x, operators.gain, operators.matrix, operators.reversal)
    response, quadrature = operators.response, operators.quadrature
    responses = [] if response is None else [response]
    if quadrature is not None:
        responses.append(_hilbert_response(x))
    if responses:
        parts = filtered(x, *responses)
        if response is not None:
            out = out + parts[0]
        if quadrature is not None:
            out = torch.addcmul(out, quadrature, parts[-1])
    return out if operators.term is None else out + operators.term


def spectral(x: Tensor, response: Tensor) -> Tensor:
    """Filter circularly by a frequency response, ``irfft(response * rfft(x))``.

    Parameters
    ----------
    x : Tensor
        Signals, shape (batch, channels, times).
    response : Tensor
        Real view of the response at the frequencies of ``rfft``, shape (batch or 1, channels
        or 1, times // 2 + 1, 2). Its imaginary part at 0 and at the Nyquist frequency should
        be zero.

    Returns
    -------
    Tensor
        Filtered signals, shape (batch, channels, times).

    Examples
    --------
    >>> x = torch.tensor([[[1.0, 0.0, 0.0, 0.0]]])
    >>> phase = -2 * torch.pi * torch.fft.rfftfreq(4)[None, None]
    >>> delay = torch.stack([phase.cos(), phase.sin()], -1)
    >>> spectral(x, delay).round(decimals=3).abs()
    tensor([[[0., 1., 0., 0.]]])
    """
    return filtered(x, response)[0]


def hilbert(x: Tensor) -> Tensor:
    """Return the Hilbert transform, the imaginary part of the analytic signal.

    Parameters
    ----------
    x : Tensor
        Signals, shape (batch, channels, times).

    Returns
    -------
    Tensor
        Signals with every frequency delayed by a quarter of a period; the mean and, for an even
        number of times, the Nyquist frequency are zero.

    Examples
    --------
    >>> t = torch.arange(8) / 8
    >>> wave = hilbert(torch.cos(2 * torch.pi * t)[None, None])
    >>> torch.allclose(wave[0, 0], torch.sin(2 * torch.pi * t), atol=1e-6)
    True
    """
    return spectral(x, _hilbert_response(x))


def _hilbert_response(x: Tensor) -> Tensor:
    """Return minus i at every frequency but 0 and Nyquist, shape (1, 1, freqs, 2)."""
    n_times = x.shape[-1]
    response = x.new_zeros(1, 1, n_times // 2 + 1, 2)
    response[:, :, 1 : (n_times + 1) // 2, 1] = -1
    return response


def then_hilbert(response: Tensor, x: Tensor) -> Tensor:
    """Return the response of a filter and the Hilbert transform in sequence."""
    return torch.view_as_real(complex_view(response) * complex_view(_hilbert_response(x)))


def real_view(real: Tensor, imaginary: Tensor) -> Tensor:
    """Return the parts of complex numbers side by side, in a new last dimension."""
    return torch.view_as_real(torch.complex(real, imaginary))  # a stack takes eight times as long


def _weighted(
    x: Tensor, gain: Tensor | None, matrix: Tensor | None, reversal: Tensor | None
) -> Tensor:
    """Return ``x + gain * x + matrix @ x + reversal * (x reversed - x)``."""
    if reversal is not None:
        if gain is None and matrix is None:
            return x.lerp(x.flip(-1), reversal)
        gain = -reversal if gain is None else gain - reversal
    if matrix is None:
        out = x if gain is None else (1 + gain) * x
    else:
        # The identity, and a gain that is constant in time, are added to the matrix: this is
        # exact for permutations.
        diagonal = torch.ones_like(matrix[..., 0])
        if gain is not None and gain.shape[-1] == 1:
            diagonal, gain = diagonal + gain[..., 0], None
        out = (matrix + torch.diag_embed(diagonal)) @ x
        out = out if gain is None else torch.addcmul(out, gain, x)
    return out if reversal is None else torch.addcmul(out, reversal, x.flip(-1))


def filtered(x: Tensor, *responses: Tensor) -> tuple[Tensor, ...]:
    """Filter the same signals by several responses, with one FFT of the signals."""
    differentiated = any(tensor.requires_grad for tensor in (x, *responses))
    run = _Filters.apply if differentiated and torch.is_grad_enabled() else _Filters.forward
    return run(x, *responses)[1:]


class _Filters(torch.autograd.Function):
    """Filters whose derivatives are filters.

    Torch's derivative of ``rfft`` takes a complex FFT of full length. The adjoint of a filter is
    the filter with the conjugate response, at the same cost.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, *responses: Tensor) -> tuple[Tensor, ...]:
        """Return the spectrum, for the derivative, and the filtered signals."""
        spectrum = torch.fft.rfft(x)
        n_times = x.shape[-1]
        filtered = [torch.fft.irfft(complex_view(h) * spectrum, n=n_times) for h in responses]
        return (spectrum, *filtered)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
        """Save the tensors that the derivative needs."""
        ctx.mark_non_differentiable(output[0])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(output[0], *inputs)

    @staticmethod
    def backward(ctx: Any, _: None, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the derivatives with respect to the signals and the responses."""
        spectrum, x, *responses = ctx.saved_tensors
        if torch.is_grad_enabled():  # second derivatives need the graph to x
            spectrum = torch.fft.rfft(x)
        # Conjugated in place: copying a spectrum costs more than multiplying it.
        in_spectrum, in_responses = None, []
        for needed, response, grad in zip(ctx.needs_input_grad[1:], responses, grads, strict=True):
            in_response = None
            if grad is not None:
                grad_spectrum = _conjugate(torch.fft.rfft(grad))
                if needed:
                    cross = spectrum * grad_spectrum
                    shared = [d for d in (0, 1) if response.shape[d] < cross.shape[d]]
                    cross = cross.sum(shared, keepdim=True) if shared else cross
                    in_response = _as_counted(cross, x.shape[-1])
                if ctx.needs_input_grad[0]:
                    response = complex_view(response)
                    in_spectrum = (
                        response * grad_spectrum
                        if in_spectrum is None
                        else torch.addcmul(in_spectrum, response, grad_spectrum)
                    )
            in_responses.append(in_response)
        if in_spectrum is None:
            return (None, *in_responses)
        return (torch.fft.irfft(_conjugate(in_spectrum), n=x.shape[-1]), *in_responses)


def complex_view(view: Tensor) -> Tensor:
    """Return the complex numbers of a real view."""
    return torch.view_as_complex(view.contiguous())


def _conjugate(spectrum: Tensor) -> Tensor:
    """Conjugate a newly computed spectrum in place."""
    torch.view_as_real(spectrum)[..., 1].neg_()
    return spectrum


def _as_counted(cross: Tensor, n_times: int) -> Tensor:
    """Return the real view of newly computed conjugates, each as often as ``irfft`` counts it."""
    cross = cross.mul_(2 / n_times)
    cross[..., :1].mul_(0.5)
    if n_times % 2 == 0:
        cross[..., -1:].mul_(0.5)
    return torch.view_as_real(_conjugate(cross))
