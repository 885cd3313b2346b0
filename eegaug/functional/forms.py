"""The linear forms that augmentations take.

Each form is linear in its operator: a weighted sum of operators applied once equals the
weighted sum of the operators applied one by one. A layer of many transforms therefore costs
one application per form.
"""

from __future__ import annotations

import torch
from torch import Tensor


def phasor(phase: Tensor) -> Tensor:
    """Return ``exp(i * phase)``, from cosine and sine: torch's complex exponential is slow.

    Parameters
    ----------
    phase : Tensor
        Phase (rad), any shape.

    Returns
    -------
    Tensor
        Complex numbers of modulus one, of the same shape.

    Examples
    --------
    >>> phasor(torch.tensor(torch.pi)).real
    tensor(-1.)
    """
    return torch.complex(torch.cos(phase), torch.sin(phase))


def spectral(x: Tensor, response: Tensor) -> Tensor:
    r"""Filter circularly by a frequency response, ``irfft(response * rfft(x))``.

    Parameters
    ----------
    x : Tensor
        Signals, shape (batch, channels, times).
    response : Tensor
        Complex response at the frequencies of ``rfft``, shape (batch, channels or 1,
        times // 2 + 1).

    Returns
    -------
    Tensor
        Filtered signals, shape (batch, channels, times).

    Examples
    --------
    >>> x = torch.tensor([[[1.0, 0.0, 0.0, 0.0]]])
    >>> delay = phasor(-2 * torch.pi * torch.fft.rfftfreq(4))
    >>> spectral(x, delay).round(decimals=3).abs()
    tensor([[[0., 1., 0., 0.]]])
    """
    return torch.fft.irfft(response * torch.fft.rfft(x), n=x.shape[-1])


def hilbert(x: Tensor) -> Tensor:
    """Return the Hilbert transform, the imaginary part of the analytic signal.

    Parameters
    ----------
    x : Tensor
        Signals, shape (..., times).

    Returns
    -------
    Tensor
        Signals with every frequency a quarter of a period later; the mean and, for an even
        number of times, the Nyquist frequency are zero.

    Examples
    --------
    >>> t = torch.arange(8) / 8
    >>> wave = hilbert(torch.cos(2 * torch.pi * t))
    >>> torch.allclose(wave, torch.sin(2 * torch.pi * t), atol=1e-6)
    True
    """
    n_times = x.shape[-1]
    spectrum = torch.fft.rfft(x)
    positive = torch.ones(spectrum.shape[-1], dtype=x.dtype, device=x.device)
    positive[0] = 0.0
    if n_times % 2 == 0:
        positive[-1] = 0.0
    return torch.fft.irfft(spectrum * (-1j * positive), n=n_times)


def modulation(x: Tensor, carrier: Tensor) -> Tensor:
    """Multiply the analytic signal by a carrier and take the real part.

    Parameters
    ----------
    x : Tensor
        Signals, shape (batch, channels, times).
    carrier : Tensor
        Complex carrier, shape (batch, channels or 1, times).

    Returns
    -------
    Tensor
        Modulated signals, shape (batch, channels, times).

    Examples
    --------
    >>> t = torch.arange(100) / 100
    >>> carrier = phasor(2 * torch.pi * 3 * t)
    >>> moved = modulation(torch.cos(2 * torch.pi * 10 * t), carrier)
    >>> torch.allclose(moved, torch.cos(2 * torch.pi * 13 * t), atol=1e-5)
    True
    """
    return carrier.real * x - carrier.imag * hilbert(x)


def gain(x: Tensor, factor: Tensor) -> Tensor:
    """Multiply by a factor over channels and times.

    Parameters
    ----------
    x : Tensor
        Signals, shape (batch, channels, times).
    factor : Tensor
        Real factor, shape (batch, channels or 1, times or 1).

    Returns
    -------
    Tensor
        Scaled signals, shape (batch, channels, times).
    """
    return factor * x


def mixing(x: Tensor, matrix: Tensor) -> Tensor:
    """Mix channels by a matrix.

    Parameters
    ----------
    x : Tensor
        Signals, shape (batch, channels, times).
    matrix : Tensor
        Real matrix, shape (batch, channels, channels).

    Returns
    -------
    Tensor
        Mixed signals, shape (batch, channels, times).
    """
    return matrix @ x


def additive(x: Tensor, term: Tensor) -> Tensor:
    """Return a term of the signal's shape: what is added, whatever the signal.

    Parameters
    ----------
    x : Tensor
        Signals, shape (batch, channels, times).
    term : Tensor
        Term, broadcastable to the shape of ``x``.

    Returns
    -------
    Tensor
        The term, shape (batch, channels, times).
    """
    return term.expand_as(x)


def reversal(x: Tensor, share: Tensor) -> Tensor:
    """Return a share of the step from the signal to its reversal in time.

    Parameters
    ----------
    x : Tensor
        Signals, shape (batch, channels, times).
    share : Tensor
        Share, shape (batch, 1, 1); at 1 the result added to ``x`` is ``x`` reversed.

    Returns
    -------
    Tensor
        ``share * (reversed - x)``, shape (batch, channels, times).
    """
    return share * (x.flip(-1) - x)
