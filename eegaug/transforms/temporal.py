"""Transforms of time and polarity."""

from __future__ import annotations

import torch
from torch import Tensor

from eegaug import functional
from eegaug.strength import Chance, Strength, as_strength, check_positive
from eegaug.transforms.base import GainTransform, Noise, SpectralTransform, uniform


class TimeShift(SpectralTransform):
    r"""Shift in time, by any fraction of a sample, with what leaves one end entering at the other.

    .. math:: x'(t) = x(t - \tau), \qquad X'(f) = X(f)\, e^{-2 \pi i f \tau}, \qquad
       \tau \sim U(-1, 1)\,\tau_{\max}.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    max_shift : float or Strength
        Largest shift (s); a number starts a learnable strength from 0 to 2 s.
    p : float or Strength
        Chance that a trial is transformed.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> shift = TimeShift(sfreq=100, max_shift=0.25)
    >>> shift(torch.randn(8, 2, 100)).shape
    torch.Size([8, 2, 100])
    """

    def __init__(
        self, sfreq: float, max_shift: float | Strength = 0.2, *, p: float | Strength = 1.0
    ) -> None:
        super().__init__(p=p)
        check_positive("sfreq", sfreq)
        self.sfreq = sfreq
        self.max_shift = as_strength("max_shift", max_shift, high=2.0, unit="s")

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw the shift relative to the largest, U(-1, 1)."""
        return uniform(x, len(x), low=-1.0, generator=generator)

    def response(self, freqs: Tensor, noise: Noise) -> Tensor:
        """Return a phase linear in frequency; its real part at the Nyquist frequency."""
        shift = noise[:, None, None] * self.max_shift() * self.sfreq
        return functional.phasor(-2 * torch.pi * freqs * shift)

    def extra_repr(self) -> str:
        """Show the sampling rate."""
        return f"sfreq={self.sfreq:g}"


class SignFlip(GainTransform):
    r"""Flip the polarity of all channels, :math:`x' = -x`, with probability ``p``.

    Parameters
    ----------
    p : float or Strength
        Chance of a flip; a number starts a learnable :class:`~eegaug.Chance`.

    References
    ----------
    Rommel et al., *CADDA: class-wise automatic differentiable data augmentation for EEG
    signals*, ICLR 2022, arXiv 2106.13695.

    Examples
    --------
    >>> SignFlip(p=1.0)(torch.ones(1, 1, 3))
    tensor([[[-1., -1., -1.]]], grad_fn=<ViewBackward0>)
    """

    def __init__(self, p: float | Strength = 0.5) -> None:
        super().__init__(p=p if isinstance(p, Strength) else Chance(p))

    def gain(self, x: Tensor, noise: Noise) -> Tensor:
        """Return -1: the gate alone decides."""
        return -x.new_ones(len(x), 1, 1)
