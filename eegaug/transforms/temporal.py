"""Transforms of time."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from eegaug import functional
from eegaug.functional.operators import Operators
from eegaug.strength import FlipProbability, Strength, as_strength
from eegaug.transforms.draws import uniform
from eegaug.transforms.forms import AdditiveTransform, GainTransform, SpectralTransform
from eegaug.transforms.transform import Transform
from eegaug.validation import check_count, check_positive


class TimeShift(SpectralTransform):
    r"""Shift circularly in time, by any fraction of a sample.

    .. math:: x'(t) = x(t - \tau), \qquad X'(f) = X(f)\, e^{-2 \pi i f \tau}, \qquad
       \tau \sim U(-1, 1)\,\tau_{\max}.

    Dense labels move with the signals; dense outputs are moved back by :math:`-\tau`.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    max_shift : float or Strength
        Largest shift (s); a number initialises a learnable strength from 0 to 2 s.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the sampling rate is not positive.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> shift = TimeShift(sfreq=100, max_shift=0.25)
    >>> shift(torch.randn(8, 2, 100)).shape
    torch.Size([8, 2, 100])
    """

    sfreq: float

    def __init__(
        self, sfreq: float, max_shift: float | Strength = 0.2, *, p: float | Strength = 1.0
    ) -> None:
        super().__init__(p=p)
        check_positive("sfreq", sfreq)
        self.sfreq = float(sfreq)
        self.max_shift = as_strength("max_shift", max_shift, high=2.0, unit="s")

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw the shift relative to the largest, U(-1, 1)."""
        return uniform(x, len(x), low=-1.0, generator=generator)

    def response(self, freqs: Tensor, noise: Any) -> tuple[Tensor, Tensor]:
        """Return a phase linear in frequency."""
        phase = (-2 * torch.pi * freqs) * self._samples(noise)[:, None, None]
        return functional.cos_and_sin(phase)

    def sources(self, times: Tensor, noise: Any) -> Tensor:
        """Return the times before the shift."""
        return times - self._samples(noise)[:, None]

    def inverse_map(self, y: Tensor, noise: Any) -> Tensor:
        """Shift back."""
        return functional.apply(y, self.step(y, -noise))

    def _samples(self, noise: Any) -> Tensor:
        return noise * self.max_shift() * self.sfreq


class RandomCrop(TimeShift):
    r"""Crop a shorter window at a random position around the middle of a longer one.

    .. math:: x'(t) = x(t + m - \tau), \qquad \tau \sim U(-1, 1)\,\tau_{\max}, \qquad
       0 \le t < T',

    with :math:`m` the margin on either side. It is a :class:`TimeShift` of the longer window, whose
    margins absorb what wraps around at the ends. A strength of zero crops the middle. The result is
    shorter than the signals, so a crop comes first in a chain and cannot be a candidate of a layer.
    Dense labels are cropped with the signals; dense outputs cannot be moved back, since the margins
    have no outputs.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    duration : float
        Length of the crop (s).
    max_shift : float or Strength
        Largest distance from the middle (s); a number initialises a learnable strength from 0 to
        2 s. Its range should fit in the margin.

    Raises
    ------
    TypeError
        If dense outputs are to be moved back.
    ValueError
        If the signals are too short for the crop with its margins.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> crop = RandomCrop(sfreq=100, duration=2.0, max_shift=Strength(0.3, high=0.5, unit="s"))
    >>> crop(torch.randn(8, 2, 300)).shape
    torch.Size([8, 2, 200])
    """

    def __init__(self, sfreq: float, duration: float, max_shift: float | Strength = 0.2) -> None:
        super().__init__(sfreq, max_shift)
        check_positive("duration", duration)
        self.duration = float(duration)

    def augment(self, x: Tensor, noise: Any) -> Tensor:
        """Shift, then crop the middle."""
        return self.resized(super().augment(x, noise))

    def relabel(self, y: Tensor, noise: Any) -> Tensor:
        """Shift dense labels (batch, ..., times), then crop the middle."""
        return self.resized(super().relabel(y, noise))

    def inverse_map(self, y: Tensor, noise: Any) -> Tensor:
        """Raise an error, since there are no outputs for the margins."""
        raise TypeError(
            "Dense outputs should come from transforms that keep every sample, such as TimeShift."
            f" Found {type(self).__name__}, whose margins have no outputs."
        )

    def resized(self, x: Tensor) -> Tensor:
        """Crop the middle."""
        length = round(self.duration * self.sfreq)
        margin = (x.shape[-1] - length) // 2
        farthest = self.max_shift.highest
        if margin + 1e-6 < farthest * self.sfreq or length < 1:
            wanted = self.duration + 2 * farthest
            raise ValueError(
                f"Signals should last at least {wanted:g} s for a crop of {self.duration:g} s with"
                f" the range of `max_shift` on either side. Found {x.shape[-1] / self.sfreq:g} s."
            )
        return x[..., margin : margin + length]


class TimeReverse(Transform):
    r"""Reverse time, :math:`x'(t) = x(T - t)`, with probability ``p``.

    Its form is the reversal: the signal reversed, less the signal. Dense labels move with the
    signals; dense outputs are moved back by the same reversal.

    Parameters
    ----------
    p : float or Strength
        Probability of a reversal; a number initialises a learnable
        :class:`~eegaug.FlipProbability`.

    References
    ----------
    Rommel et al., *CADDA: class-wise automatic differentiable data augmentation for EEG
    signals*, ICLR 2022, arXiv 2106.13695.

    Examples
    --------
    >>> TimeReverse(p=1.0)(torch.tensor([[1.0, 2.0, 3.0]])).tolist()
    [[3.0, 2.0, 1.0]]
    """

    def __init__(self, p: float | Strength = 0.5) -> None:
        super().__init__(p=p if isinstance(p, Strength) else FlipProbability(p))

    def step(self, x: Tensor, noise: Any) -> Operators:
        """Return the whole step; the gate decides whether it applies."""
        return Operators(reversal=x.new_ones(x.shape[0], 1, 1))

    def sources(self, times: Tensor, noise: Any) -> Tensor:
        """Return the times from the last to the first."""
        return times.flip(0)[None]

    def inverse_map(self, y: Tensor, noise: Any) -> Tensor:
        """Reverse again."""
        return y.flip(-1)


class SmoothTimeMask(GainTransform):
    r"""Set a stretch of all channels to zero, with smooth edges.

    .. math:: x'(t) = \Big(1 - \sigma\big(s\,(t - t_0)\big) + \sigma\big(s\,(t - t_0 - \ell)
       \big)\Big)\, x(t), \qquad t_0 \sim U(0,\ T - \ell),

    with :math:`\ell` the length of the mask, :math:`\sigma` the sigmoid and :math:`s` such that the
    width of an edge is about a thousandth of the window.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    mask_len : float or Strength
        Length of the mask (s); a number initialises a learnable strength from 0 to 2 s.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the longest mask of the range, 2 s by default, is longer than the window.

    References
    ----------
    Cheng et al., *Subject-aware contrastive learning for biosignals*, 2020, arXiv 2007.04871.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> masked = SmoothTimeMask(sfreq=100, mask_len=1.0)(torch.ones(8, 2, 1000))
    >>> round(masked.mean().item(), 2)
    0.9
    """

    sfreq: float

    def __init__(
        self, sfreq: float, mask_len: float | Strength = 1.0, *, p: float | Strength = 1.0
    ) -> None:
        super().__init__(p=p)
        check_positive("sfreq", sfreq)
        self.sfreq = float(sfreq)
        self.mask_len = as_strength("mask_len", mask_len, high=2.0, unit="s")

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw the position of the mask, U(0, 1)."""
        return uniform(x, len(x), generator=generator)

    def gain(self, x: Tensor, noise: Any) -> Tensor:
        """Return a gain that falls to zero within the mask."""
        n_times = x.shape[-1]
        longest = self.mask_len.highest
        if longest * self.sfreq > n_times + 1e-6:
            raise ValueError(
                f"Parameter `mask_len` should have a range within the window,"
                f" {n_times / self.sfreq:g} s. Found masks of up to {longest:g} s."
            )
        length = self.mask_len() * self.sfreq
        start = noise[:, None, None] * (n_times - length)
        steepness = 1000 / n_times
        since = steepness * (torch.arange(n_times, device=x.device, dtype=x.dtype) - start)
        return 1 - torch.sigmoid(since) + torch.sigmoid(since - steepness * length)


class MaskEncoding(GainTransform):
    r"""Set several stretches of all channels to zero, at random places that may overlap.

    .. math:: x'(t) = \prod_{k=1}^{n} \big(1 - [t_k \le t < t_k + \ell / n]\big)\, x(t), \qquad
       t_k \sim U(0,\ T - \ell / n),

    with :math:`\ell` the masked share of the window. A partly covered sample is masked in part,
    which gives the strength its gradient.

    Parameters
    ----------
    max_mask_ratio : float or Strength
        Masked fraction of the window, less if stretches overlap; a number initialises a learnable
        strength from 0 to 1.
    n_segments : int
        Number of stretches.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    TypeError
        If ``n_segments`` is not an integer.
    ValueError
        If ``n_segments`` is not positive.

    References
    ----------
    Ding et al., *A novel data augmentation approach using mask encoding for deep learning-based
    asynchronous SSVEP-BCI*, IEEE Transactions on Neural Systems and Rehabilitation Engineering,
    2024.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> masked = MaskEncoding(0.1)(torch.ones(8, 2, 1000))
    >>> round(masked.mean().item(), 2)
    0.9
    """

    def __init__(
        self,
        max_mask_ratio: float | Strength = 0.1,
        n_segments: int = 1,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        check_count("n_segments", n_segments)
        self.max_mask_ratio = as_strength("max_mask_ratio", max_mask_ratio, unit="fraction")
        self.n_segments = n_segments

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw the position of each stretch, U(0, 1)."""
        return uniform(x, len(x), self.n_segments, generator=generator)

    def gain(self, x: Tensor, noise: Any) -> Tensor:
        """Return the product over the stretches."""
        n_times = x.shape[-1]
        length = self.max_mask_ratio() * n_times / self.n_segments
        start = noise[:, :, None] * (n_times - length)
        times = torch.arange(n_times, device=x.device, dtype=x.dtype)
        # how much of the sample from t to t + 1 lies after the start, and how much after the end
        since = times + 1 - start
        covered = since.clamp(0, 1) - (since - length).clamp(0, 1)
        return math.prod((1 - covered).split(1, 1))


class TimeWarp(AdditiveTransform):
    r"""Stretch and squeeze time smoothly.

    .. math:: x'(t) = x\Big(t + \frac{v T}{\pi K} \sum_{k=1}^{K} \frac{u_k}{k}
       \sin \frac{\pi k t}{T}\Big), \qquad u_k \sim U(-1, 1),\ K = 3,

    so that both ends stay in place and the speed changes by at most the fraction :math:`v`; time
    never runs backwards. Signals are interpolated by cubic convolution at twice their rate, dense
    outputs at their own. This keeps all amplitudes up to a third of the sampling rate to 2 %, and
    .97 of the power of white noise, at any strength above zero. The warp is linear in the signal,
    but as a matrix over times, so its form is a term, the whole step. Dense labels move with the
    signals; dense outputs are moved back by the inverse warp.

    Parameters
    ----------
    max_speed_change : float or Strength
        Largest relative change of speed :math:`v`; a number initialises a learnable strength from 0
        to 0.9.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the range of a strength goes beyond 1, where time stands still.

    References
    ----------
    Um et al., *Data augmentation of wearable sensor data for Parkinson's disease monitoring
    using convolutional neural networks*, ICMI 2017, arXiv 1706.00527.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> TimeWarp(max_speed_change=0.2)(torch.randn(8, 2, 100)).shape
    torch.Size([8, 2, 100])
    """

    #: Number of waves of the warp.
    WAVES = 3
    #: Newton steps for the inverse, from a start less than a sample away.
    NEWTON = 4

    def __init__(
        self, max_speed_change: float | Strength = 0.2, *, p: float | Strength = 1.0
    ) -> None:
        super().__init__(p=p)
        self.max_speed_change = as_strength(
            "max_speed_change", max_speed_change, high=0.9, unit="fraction"
        )
        if self.max_speed_change.highest > 1:
            raise ValueError(
                "Parameter `max_speed_change` should have a range up to at most 1, where time"
                f" stands still. Found {self.max_speed_change!r}."
            )

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw the amplitude of each wave, U(-1, 1)."""
        return uniform(x, len(x), self.WAVES, low=-1.0, generator=generator)

    def term(self, x: Tensor, noise: Any) -> Tensor:
        """Return the warped signal less the signal."""
        times = torch.arange(x.shape[-1], device=x.device, dtype=x.dtype)
        return functional.resample(functional.double_rate(x), 2 * self.sources(times, noise)) - x

    def sources(self, times: Tensor, noise: Any) -> Tensor:
        """Return the source times, shape (batch, times)."""
        return self._warp(times, max(len(times) - 1, 1), noise)[0]

    def inverse_map(self, y: Tensor, noise: Any) -> Tensor:
        """Invert the warp by Newton's method, and interpolate."""
        last = max(y.shape[-1] - 1, 1)
        wanted = torch.arange(y.shape[-1], device=y.device, dtype=y.dtype).expand(y.shape[0], -1)
        warped, _ = self._warp(wanted, last, noise)
        places = torch.searchsorted(warped.detach(), wanted.contiguous()).to(y.dtype)
        for _ in range(self.NEWTON):
            places = places.detach()  # the last step alone has the full derivative
            warped, speed = self._warp(places, last, noise)
            # limits the slope of the inverse where time nearly stands still
            places = (places + (wanted - warped) / speed.clamp(min=0.01)).clamp(0, last)
        return functional.resample(y, places)

    def _warp(self, times: Tensor, last: int, noise: Any) -> tuple[Tensor, Tensor]:
        """Return the source times of ``times``, shape (batch, times), and the speed there."""
        wave = torch.arange(1, self.WAVES + 1, device=times.device, dtype=times.dtype)[:, None]
        angle = torch.pi / last * wave * times[..., None, :]
        speed = self.max_speed_change() / self.WAVES * noise[:, None].to(times.dtype)
        warped = times + last / torch.pi * (speed @ (torch.sin(angle) / wave))[:, 0]
        return warped.clamp(0, last), 1 + (speed @ torch.cos(angle))[:, 0]
