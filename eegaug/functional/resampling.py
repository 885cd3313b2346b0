"""Interpolation of signals between samples."""

from __future__ import annotations

import torch
from torch import Tensor


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
