"""Transforms of frequency and phase."""

from __future__ import annotations

import torch
from torch import Tensor

from eegaug import functional
from eegaug.strength import Strength, as_strength, check_positive
from eegaug.transforms.base import ModulationTransform, Noise, SpectralTransform, uniform


class FTSurrogate(SpectralTransform):
    r"""Randomise the phases and keep the power spectrum.

    .. math:: X'(f) = X(f)\, e^{2 \pi i\, m\, u_f}, \qquad u_f \sim U(0, 1),

    with :math:`m` the magnitude. The mean and the Nyquist frequency keep their phase.

    Parameters
    ----------
    phase_noise_magnitude : float or Strength
        Largest change of phase as a fraction of 2 pi; a number starts a learnable strength
        from 0 to 1.
    channel_indep : bool
        Whether each channel has phases of its own. Shared phases, the default, keep the
        correlations between channels.
    p : float or Strength
        Chance that a trial is transformed.

    References
    ----------
    Schwabedal et al., *Addressing class imbalance in classification problems of noisy signals
    by using Fourier transform surrogates*, 2018, arXiv 1806.08675.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(8, 2, 100)
    >>> surrogate = FTSurrogate(0.5)(x)
    >>> torch.allclose(torch.fft.rfft(surrogate).abs(), torch.fft.rfft(x).abs(), atol=1e-4)
    True
    """

    def __init__(
        self,
        phase_noise_magnitude: float | Strength = 0.5,
        channel_indep: bool = False,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        self.channel_indep = channel_indep
        self.phase_noise_magnitude = as_strength(
            "phase_noise_magnitude", phase_noise_magnitude, unit="fraction of 2π"
        )

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw a phase for each frequency, U(0, 1)."""
        n_channels = x.shape[1] if self.channel_indep else 1
        return uniform(x, len(x), n_channels, x.shape[-1] // 2 + 1, generator=generator)

    def response(self, freqs: Tensor, noise: Noise) -> Tensor:
        """Return a change of phase at each frequency."""
        phase = 2 * torch.pi * self.phase_noise_magnitude() * noise
        real_ones = (freqs == 0) | (freqs == 0.5)
        return functional.phasor(phase.masked_fill(real_ones, 0.0))


class FrequencyShift(ModulationTransform):
    r"""Move the whole spectrum by some hertz, up or down.

    .. math:: x'(t) = \operatorname{Re}\big((x + i\,\mathcal{H}x)(t)\, e^{2 \pi i\, \delta t}
       \big), \qquad \delta \sim U(-1, 1)\,\delta_{\max},

    with :math:`\mathcal{H}` the Hilbert transform. What moves below 0 Hz is folded back.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    max_delta_freq : float or Strength
        Largest shift (Hz); a number starts a learnable strength from 0 to 5 Hz.
    p : float or Strength
        Chance that a trial is transformed.

    References
    ----------
    Rommel et al., *CADDA: class-wise automatic differentiable data augmentation for EEG
    signals*, ICLR 2022, arXiv 2106.13695.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> shift = FrequencyShift(sfreq=100, max_delta_freq=0.5)
    >>> shift(torch.randn(8, 2, 100)).shape
    torch.Size([8, 2, 100])
    """

    def __init__(
        self,
        sfreq: float,
        max_delta_freq: float | Strength = 0.5,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        check_positive("sfreq", sfreq)
        self.sfreq = sfreq
        self.max_delta_freq = as_strength("max_delta_freq", max_delta_freq, high=5.0, unit="Hz")

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw the shift relative to the largest, U(-1, 1)."""
        return uniform(x, len(x), low=-1.0, generator=generator)

    def carrier(self, times: Tensor, noise: Noise) -> Tensor:
        """Return a complex wave of the shift's frequency."""
        shift = noise[:, None, None] * self.max_delta_freq()
        return functional.phasor(2 * torch.pi * shift * times / self.sfreq)

    def extra_repr(self) -> str:
        """Show the sampling rate."""
        return f"sfreq={self.sfreq:g}"
