"""Additive noise and artefacts."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from eegaug.montage import on_sphere
from eegaug.strength import Strength, as_strength
from eegaug.transforms.draws import normal, uniform
from eegaug.transforms.forms import NoiseTransform
from eegaug.transforms.transform import check_channels
from eegaug.validation import check_number, check_positive

#: Unit of the added noise: that of the signals.
UNIT = "unit of the signal"


class GaussianNoise(NoiseTransform):
    r"""Add white Gaussian noise.

    .. math:: x' = x + \sigma\, n, \qquad n \sim \mathcal{N}(0, 1).

    Parameters
    ----------
    std : float or Strength
        Standard deviation (unit of the signal); a number initialises a learnable strength from 0 to
        1.
    p : float or Strength
        Probability that a trial is transformed.

    References
    ----------
    Wang et al., *Data augmentation for EEG-based emotion recognition with deep convolutional
    neural networks*, MultiMedia Modeling, 2018.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> noisy = GaussianNoise(std=0.1)(torch.zeros(100, 2, 100))
    >>> round(noisy.std().item(), 2)
    0.1
    """

    shares_noise = True

    def __init__(self, std: float | Strength = 0.1, *, p: float | Strength = 1.0) -> None:
        super().__init__(p=p)
        self.std = as_strength("std", std, unit=UNIT)

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw N(0, 1) for each sample."""
        return normal(x, *x.shape, generator=generator)

    def level(self) -> Tensor:
        """Return the standard deviation."""
        return self.std()


class BandNoise(NoiseTransform):
    r"""Add Gaussian noise whose frequencies lie in a band.

    .. math:: x' = x + \sigma\, n, \qquad N(f) \sim \mathcal{CN}(0, 1)
       \text{ for } f_1 \le f \le f_2, \text{ else } 0,

    with :math:`n` of unit variance, without the mean and the Nyquist frequency.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    low, high : float
        Ends of the band (Hz).
    std : float or Strength
        Standard deviation (unit of the signal); a number initialises a learnable strength from 0 to
        1.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the band is empty, goes beyond the Nyquist frequency, or contains no frequency of the
        window.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> noisy = BandNoise(sfreq=100, low=8.0, high=12.0, std=0.5)(torch.zeros(100, 2, 300))
    >>> round(noisy.std().item(), 1)
    0.5
    """

    sfreq: float

    def __init__(
        self,
        sfreq: float,
        low: float,
        high: float,
        std: float | Strength = 0.1,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        check_positive("sfreq", sfreq)
        check_number("low", low)
        check_number("high", high)
        if not 0 <= low < high <= sfreq / 2:
            raise ValueError(
                f"Parameters `low` and `high` should be a band from 0 to {sfreq / 2:g} Hz, the"
                f" Nyquist frequency. Found {low = } and {high = }."
            )
        self.sfreq = float(sfreq)
        self.low, self.high = float(low), float(high)
        self.std = as_strength("std", std, unit=UNIT)

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw the spectrum within the band, and return the noise, of unit variance."""
        return _band_noise(x, self.sfreq, self.low, self.high, generator)

    def level(self) -> Tensor:
        """Return the standard deviation."""
        return self.std()

    def extra_repr(self) -> str:
        """Show sampling rate and band."""
        return f"{super().extra_repr()}, low={self.low:g}, high={self.high:g}"


class PowerlineNoise(NoiseTransform):
    r"""Add mains hum, with a random amplitude per channel.

    .. math:: x'_c(t) = x_c(t) + a\, u_c \cos(2 \pi f t + 2 \pi v), \qquad
       u_c, v \sim U(0, 1).

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    amplitude : float or Strength
        Largest amplitude :math:`a` (unit of the signal); a number initialises a learnable strength
        from 0 to 1.
    line_freq : float
        Mains frequency (Hz).
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If ``line_freq`` is not below the Nyquist frequency.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> PowerlineNoise(sfreq=256, amplitude=0.1)(torch.randn(8, 2, 256)).shape
    torch.Size([8, 2, 256])
    """

    sfreq: float

    def __init__(
        self,
        sfreq: float,
        amplitude: float | Strength = 0.1,
        line_freq: float = 50.0,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        check_positive("sfreq", sfreq)
        check_positive("line_freq", line_freq)
        if line_freq >= sfreq / 2:
            raise ValueError(
                "Parameter `line_freq` should be below the Nyquist frequency,"
                f" {sfreq / 2:g} Hz. Found `line_freq = {line_freq}`."
            )
        self.sfreq = float(sfreq)
        self.line_freq = float(line_freq)
        self.amplitude = as_strength("amplitude", amplitude, unit=UNIT)

    def level(self) -> Tensor:
        """Return the largest amplitude."""
        return self.amplitude()

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw each channel's amplitude and the trial's phase, U(0, 1)."""
        gain = uniform(x, len(x), x.shape[1], 1, generator=generator)
        return gain, uniform(x, len(x), 1, 1, generator=generator)

    def field(self, x: Tensor, noise: Any) -> Tensor:
        """Return the hum."""
        gain, phase = noise
        times = torch.arange(x.shape[-1], device=x.device, dtype=x.dtype)
        hum = torch.cos(2 * torch.pi * (self.line_freq / self.sfreq * times + phase))
        return gain * hum

    def extra_repr(self) -> str:
        """Show sampling rate and mains frequency."""
        return f"{super().extra_repr()}, line_freq={self.line_freq:g}"


class EMGNoise(NoiseTransform):
    r"""Add a burst of muscle activity: noise above 20 Hz that rises and falls.

    .. math:: x'_c(t) = x_c(t) + a\, u_c\, h(t)\, n_c(t), \qquad u_c \sim U(0, 1),

    with :math:`n` band noise of unit variance and :math:`h` a Hann window at a random position, of
    a random length from half of the signal to all of it.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz), above 40 Hz.
    amplitude : float or Strength
        Largest standard deviation :math:`a` (unit of the signal), at the burst's peak; a number
        initialises a learnable strength from 0 to 1.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the Nyquist frequency is not above 20 Hz.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> EMGNoise(sfreq=100, amplitude=0.1)(torch.randn(8, 2, 300)).shape
    torch.Size([8, 2, 300])
    """

    #: Lowest frequency of muscle activity (Hz).
    LOW = 20.0

    sfreq: float

    def __init__(
        self, sfreq: float, amplitude: float | Strength = 0.1, *, p: float | Strength = 1.0
    ) -> None:
        super().__init__(p=p)
        check_positive("sfreq", sfreq)
        if sfreq / 2 <= self.LOW:
            raise ValueError(
                f"Parameter `sfreq` should be above {2 * self.LOW:g} Hz for muscle activity."
                f" Found `sfreq = {sfreq}`."
            )
        self.sfreq = float(sfreq)
        self.amplitude = as_strength("amplitude", amplitude, unit=UNIT)

    def level(self) -> Tensor:
        """Return the largest standard deviation."""
        return self.amplitude()

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw the burst, of at most unit variance at its peak."""
        length, place = uniform(x, 2, len(x), 1, 1, generator=generator)
        length = (1 + length) / 2
        within = _relative_times(x) - place * (1 - length)
        swell = torch.sin(torch.pi * (within / length).clamp(0, 1)).square()
        gain = uniform(x, len(x), x.shape[1], 1, generator=generator)
        return gain * swell * _band_noise(x, self.sfreq, self.LOW, self.sfreq / 2, generator)


class EOGNoise(NoiseTransform):
    r"""Add eye blinks, strongest at the front.

    .. math:: x'_c(t) = x_c(t) + a\, u\, w_c\, e^{-\frac12 (t - t_0)^2 / s^2}, \qquad
       u, t_0 / T \sim U(0, 1),\ s = 0.1\,\mathrm{s},

    one blink per four seconds. The weight :math:`w_c` falls from 1 at the nose by a factor of
    :math:`e` every 45 degrees.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    positions : array-like, optional
        Sensor positions relative to the head's centre, shape (channels, 3), y to the front; if
        absent, blinks are equal in all channels.
    amplitude : float or Strength
        Largest peak :math:`a` (unit of the signal); a number initialises a learnable strength from
        0 to 1.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the positions do not lie on a sphere, or do not match the signals' channels.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> EOGNoise(sfreq=100, amplitude=0.5)(torch.randn(8, 2, 300)).shape
    torch.Size([8, 2, 300])
    """

    #: Time per blink, and width of a blink (s).
    EVERY, WIDTH = 4.0, 0.1

    sfreq: float
    weights: Tensor | None

    def __init__(
        self,
        sfreq: float,
        positions: Tensor | None = None,
        amplitude: float | Strength = 0.1,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        check_positive("sfreq", sfreq)
        self.sfreq = float(sfreq)
        weights = None
        if positions is not None:
            from_nose = torch.acos(on_sphere(positions)[:, 1].clamp(-1, 1))
            weights = torch.exp(-from_nose / (torch.pi / 4)).to(torch.get_default_dtype())
        self.register_buffer("weights", weights, persistent=False)
        self.amplitude = as_strength("amplitude", amplitude, unit=UNIT)

    def level(self) -> Tensor:
        """Return the largest peak."""
        return self.amplitude()

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw position and height of each blink, U(0, 1)."""
        duration = x.shape[-1] / self.sfreq
        return uniform(x, len(x), 2, max(1, round(duration / self.EVERY)), generator=generator)

    def field(self, x: Tensor, noise: Any) -> Tensor:
        """Return the blinks."""
        place, height = noise.unbind(1)
        duration = x.shape[-1] / self.sfreq
        since = duration * (_relative_times(x) - place[:, :, None])
        # clamped, since exponentials in the denormal range are slow
        exponent = (-0.5 * (since / self.WIDTH).square()).clamp_min(-50)
        blinks = height[:, None] @ torch.exp(exponent)
        weights = x.new_ones(x.shape[1]) if self.weights is None else self.weights.to(x.dtype)
        check_channels(len(weights), x)
        return weights[:, None] * blinks


def _relative_times(x: Tensor) -> Tensor:
    """Return the times as fractions of the window, shape (times,)."""
    return torch.arange(x.shape[-1], device=x.device, dtype=x.dtype) / x.shape[-1]


def _band_noise(
    x: Tensor, sfreq: float, low: float, high: float, generator: torch.Generator | None
) -> Tensor:
    """Draw Gaussian noise of unit variance whose frequencies lie in a band, of x's shape."""
    n_times = x.shape[-1]
    # the tolerance keeps bins at the ends of the band despite rounding
    first = max(1, math.ceil(low * n_times / sfreq - 1e-6))
    last = min((n_times - 1) // 2, math.floor(high * n_times / sfreq + 1e-6))
    if last < first:
        raise ValueError(
            f"A window of {n_times / sfreq:g} s should be longer for noise from {low:g} to"
            f" {high:g} Hz. Found no frequency of the window in the band."
        )
    n_freqs = last - first + 1
    parts = normal(x, *x.shape[:2], n_freqs, 2, generator=generator)
    spectrum = torch.nn.functional.pad(parts, (0, 0, first, n_times // 2 - last))
    scale = n_times / (2 * n_freqs**0.5)
    return torch.fft.irfft(torch.view_as_complex(spectrum * scale), n=n_times)
