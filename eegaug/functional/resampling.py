"""Interpolation of signals between samples."""

from __future__ import annotations

import torch
from torch import Tensor

from eegaug.functional.operators import real_view, spectral


def resample(x: Tensor, times: Tensor) -> Tensor:
    r"""Interpolate signals at any times, by cubic convolution of the four nearest samples.

    The cubic is Keys' (Catmull and Rom's): exact at the samples, smooth in the times. Beyond its
    ends a signal is constant.

    Parameters
    ----------
    x : Tensor
        Signals, shape (batch, channels, times).
    times : Tensor
        Times of the new samples, in samples, shape (batch, new times).

    Returns
    -------
    Tensor
        Signals, shape (batch, channels, new times).

    References
    ----------
    Keys, *Cubic convolution interpolation for digital image processing*, IEEE Transactions on
    Acoustics, Speech, and Signal Processing, 1981.

    Examples
    --------
    >>> x = torch.tensor([[[0.0, 1.0, 2.0, 3.0, 4.0]]])
    >>> resample(x, torch.tensor([[2.0, 1.5]]))
    tensor([[[2.0000, 1.5000]]])
    """
    first = times.detach().floor()
    u = (times - first)[:, None]
    weights = (
        ((2 - u) * u - 1) * u / 2,
        ((3 * u - 5) * u * u + 2) / 2,
        ((4 - 3 * u) * u + 1) * u / 2,
        (u - 1) * u * u / 2,
    )
    out = torch.zeros_like(x[..., :1])
    for offset, weight in enumerate(weights, start=-1):
        index = (first.long() + offset).clamp(0, x.shape[-1] - 1)[:, None]
        out = out + weight * x.gather(-1, index.expand(-1, x.shape[1], -1))
    return out


def double_rate(x: Tensor) -> Tensor:
    r"""Return the signals with a sample between any two, by Fourier series.

    The series is that of the signals less a line, by which the last sample goes on to the first
    with the mean of the steps at both ends, so that little rings there. Cubic convolution keeps .81
    of the power of white noise, and .97 at the double rate.

    Parameters
    ----------
    x : Tensor
        Signals, shape (batch, channels, times).

    Returns
    -------
    Tensor
        Signals, shape (batch, channels, 2 * times - 1), with those of ``x`` at every second time.

    Examples
    --------
    >>> double_rate(torch.tensor([[[0.0, 1.0, 2.0]]]))
    tensor([[[0.0000, 0.5000, 1.0000, 1.5000, 2.0000]]])
    """
    n_times = x.shape[-1]
    times = torch.arange(n_times, device=x.device, dtype=x.dtype)
    first, last = x[..., :1], x[..., -1:]
    step = (x[..., 1:2] - first + last - x[..., -2:-1]) / 2 if n_times > 1 else 0.0
    slope = (last - first + step) / n_times
    line = first + slope * times
    phase = torch.pi / n_times * times[: n_times // 2 + 1]
    real, imaginary = torch.cos(phase), torch.sin(phase)
    imaginary = imaginary * (2 * times[: len(phase)] != n_times)  # none at the Nyquist frequency
    half_earlier = real_view(real, imaginary)[None, None]
    between = spectral(x - line, half_earlier) + line + slope / 2
    return torch.stack([x, between], -1).flatten(-2)[..., :-1]
