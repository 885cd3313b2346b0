"""Transforms of frequency and phase."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from eegaug import functional
from eegaug.strength import Strength, as_strength
from eegaug.transforms.draws import uniform
from eegaug.transforms.forms import ModulationTransform, SpectralTransform
from eegaug.validation import check_flag, check_positive


class FTSurrogate(SpectralTransform):
    r"""Randomise the phases and keep the power spectrum.

    .. math:: X'(f) = X(f)\, e^{2 \pi i\, m\, u_f}, \qquad u_f \sim U(0, 1),

    with :math:`m` the magnitude. The mean and the Nyquist frequency keep their phase.

    Parameters
    ----------
    phase_noise_magnitude : float or Strength
        Largest change of phase as a fraction of 2 pi; a number initialises a learnable strength
        from 0 to 1.
    channel_indep : bool
        Whether phases are drawn per channel. Shared phases, the default, preserve the correlations
        between channels.
    p : float or Strength
        Probability that a trial is transformed.

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
        check_flag("channel_indep", channel_indep)
        self.channel_indep = channel_indep
        self.phase_noise_magnitude = as_strength(
            "phase_noise_magnitude", phase_noise_magnitude, unit="fraction of 2π"
        )

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw a phase for each frequency, U(0, 1)."""
        n_channels = x.shape[1] if self.channel_indep else 1
        return uniform(x, len(x), n_channels, x.shape[-1] // 2 + 1, generator=generator)

    def response(self, freqs: Tensor, noise: Any) -> tuple[Tensor, Tensor]:
        """Return the phase change at each frequency."""
        inner = ((freqs > 0) & (freqs < 0.5)).to(noise.dtype)
        phase = (2 * torch.pi * self.phase_noise_magnitude() * inner) * noise
        return functional.cos_and_sin(phase)


class BandstopFilter(SpectralTransform):
    r"""Remove a band of frequencies at a random position in the spectrum.

    .. math:: X'(f) = X(f)\,\Big(1 - K\big(f - f_0 + \tfrac b2\big)
       + K\big(f - f_0 - \tfrac b2\big)\Big), \qquad
       f_0 \sim U\big(t + \tfrac b2,\ f_{\max} - t - \tfrac b2\big),

    with :math:`b` the bandwidth between half amplitudes and :math:`K` a step from 0 to 1 over the
    transition :math:`t`, the integral of a Hann window: the band of an FIR filter designed by
    windowing. A band narrower than the transition is attenuated in part, so that the filter
    approaches the identity smoothly at zero bandwidth. Braindecode's bandwidth is that of the band
    which is fully stopped, and removes as much power as one of 0.4 Hz more here.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    bandwidth : float or Strength
        Width of the band (Hz); a number initialises a learnable strength from 0 to 5 Hz.
    max_freq : float, optional
        Highest frequency that may be removed (Hz); by default the Nyquist frequency.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the widest band does not fit below ``max_freq``, or ``max_freq`` is above the Nyquist
        frequency.

    References
    ----------
    Cheng et al., *Subject-aware contrastive learning for biosignals*, 2020, arXiv 2007.04871.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(8, 2, 300)
    >>> filtered = BandstopFilter(sfreq=100, bandwidth=4.0)(x)
    >>> bool(filtered.square().sum() < x.square().sum())
    True
    """

    #: Width of each edge (Hz), at least two bins of the window's spectrum.
    TRANSITION = 1.0

    sfreq: float

    def __init__(
        self,
        sfreq: float,
        bandwidth: float | Strength = 1.0,
        max_freq: float | None = None,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        check_positive("sfreq", sfreq)
        self.sfreq = float(sfreq)
        self.max_freq = float(sfreq / 2 if max_freq is None else max_freq)
        check_positive("max_freq", self.max_freq)
        if self.max_freq > sfreq / 2:
            raise ValueError(
                f"Parameter `max_freq` should be at most the Nyquist frequency, {sfreq / 2:g} Hz."
                f" Found `max_freq = {max_freq}`."
            )
        self.bandwidth = as_strength("bandwidth", bandwidth, high=5.0, unit="Hz")
        widest = self.bandwidth.highest + 2 * self.TRANSITION
        if widest >= self.max_freq:
            raise ValueError(
                f"Parameter `bandwidth` should have a range that fits, with its edges, below"
                f" {self.max_freq:g} Hz. Found a widest band of {widest:g} Hz with edges."
            )

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw the position of the band, U(0, 1)."""
        return uniform(x, len(x), generator=generator)

    def response(self, freqs: Tensor, noise: Any) -> tuple[Tensor, Tensor]:
        """Return a real response that falls to zero within the band."""
        half = self.bandwidth() / 2
        lowest = self.TRANSITION + half
        centre = lowest + noise[:, None, None] * (self.max_freq - 2 * lowest)
        away = freqs * self.sfreq - centre
        resolution = self.sfreq / (2 * (len(freqs) - 1)) if len(freqs) > 1 else self.sfreq
        width = max(self.TRANSITION, 2 * resolution)
        response = 1 - _step_up((away + half) / width) + _step_up((away - half) / width)
        return response, torch.zeros_like(response)


class FrequencyShift(ModulationTransform):
    r"""Shift the whole spectrum up or down by a random frequency.

    .. math:: x'(t) = \operatorname{Re}\big((x + i\,\mathcal{H}x)(t)\, e^{2 \pi i\, \delta t}
       \big), \qquad \delta \sim U(-1, 1)\,\delta_{\max},

    with :math:`\mathcal{H}` the Hilbert transform. Frequencies shifted below 0 Hz are folded back.
    The Hilbert transform is circular here; the published one, and braindecode's, pads the signals
    with zeros to a power of two, and differs near the ends.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    max_delta_freq : float or Strength
        Largest shift (Hz); a number initialises a learnable strength from 0 to 5 Hz.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the sampling rate is not positive.

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

    sfreq: float

    def __init__(
        self,
        sfreq: float,
        max_delta_freq: float | Strength = 0.5,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        check_positive("sfreq", sfreq)
        self.sfreq = float(sfreq)
        self.max_delta_freq = as_strength("max_delta_freq", max_delta_freq, high=5.0, unit="Hz")

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw the shift relative to the largest, U(-1, 1)."""
        return uniform(x, len(x), low=-1.0, generator=generator)

    def carrier(self, times: Tensor, noise: Any) -> tuple[Tensor, Tensor]:
        """Return a complex wave of the shift's frequency."""
        shift = noise[:, None, None] * (2 * torch.pi / self.sfreq * self.max_delta_freq())
        phase = shift * times
        return functional.cos_and_sin(phase)


class PhaseJitter(ModulationTransform):
    r"""Rotate the phase of each channel by an independent angle, equal at all frequencies.

    .. math:: x'_c = \cos(\varphi_c)\, x_c - \sin(\varphi_c)\, \mathcal{H} x_c, \qquad
       \varphi_c \sim U(-1, 1)\,\varphi_{\max},

    with :math:`\mathcal{H}` the Hilbert transform: amplitudes stay, phase relations between
    channels do not. The mean and the Nyquist frequency, which have no phase, shrink by the cosine.

    Parameters
    ----------
    max_phase : float or Strength
        Largest angle (degrees); a number initialises a learnable strength from 0 to 180 degrees.
    p : float or Strength
        Probability that a trial is transformed.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> PhaseJitter(max_phase=30)(torch.randn(8, 2, 100)).shape
    torch.Size([8, 2, 100])
    """

    def __init__(self, max_phase: float | Strength = 30.0, *, p: float | Strength = 1.0) -> None:
        super().__init__(p=p)
        self.max_phase = as_strength("max_phase", max_phase, high=180.0, unit="degrees")

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw each channel's angle relative to the largest, U(-1, 1)."""
        return uniform(x, len(x), x.shape[1], low=-1.0, generator=generator)

    def carrier(self, times: Tensor, noise: Any) -> tuple[Tensor, Tensor]:
        """Return a complex number for each channel."""
        phase = torch.deg2rad(self.max_phase() * noise)[:, :, None]
        return functional.cos_and_sin(phase)


def _step_up(z: Tensor) -> Tensor:
    """Rise from 0 at -0.5 to 1 at 0.5, as the integral of a Hann window does."""
    z = z.clamp(-0.5, 0.5)
    return 0.5 + z + torch.sin(2 * torch.pi * z) / (2 * torch.pi)
