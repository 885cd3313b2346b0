"""Base classes of the linear forms: a subclass defines one formula, and fuses in layers."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, TypeGuard

import torch
from torch import Tensor

from eegaug.functional.operators import Operators, real_view, times
from eegaug.transforms.augmentation import Augmentation
from eegaug.transforms.transform import Transform


class SpectralTransform(Transform):
    """Base of transforms that filter: ``irfft(response * rfft(x))``.

    Parameters
    ----------
    p : float or Strength
        Probability that a trial is transformed.

    Examples
    --------
    >>> class Halve(SpectralTransform):  # the upper half of the spectrum
    ...     def response(self, freqs, noise):
    ...         real = torch.where(freqs > 0.25, 0.5, 1.0)[None, None]
    ...         return real, torch.zeros_like(real)
    >>> Halve()(torch.tensor([[[1.0, -1.0, 1.0, -1.0]]])).tolist()
    [[[0.5, -0.5, 0.5, -0.5]]]
    """

    @abstractmethod
    def response(self, freqs: Tensor, noise: Any) -> tuple[Tensor, Tensor]:
        """Return real and imaginary part of the response, shape (batch, channels or 1, freqs).

        ``freqs`` holds the frequencies of ``rfft`` in cycles per sample, from 0 to at most 0.5;
        only the real part of the response is used at 0 and 0.5.
        """

    def step(self, x: Tensor, noise: Any) -> Operators:
        """Return the response less that of the identity."""
        freqs = frequencies(x)
        return Operators(response=less_one(*self.response(freqs, noise), freqs))


class ModulationTransform(Transform):
    """Base of transforms that modulate the analytic signal: ``Re(carrier * analytic(x))``.

    Parameters
    ----------
    p : float or Strength
        Probability that a trial is transformed.

    Examples
    --------
    >>> class Up(ModulationTransform):  # all frequencies, by a quarter of the sampling rate
    ...     def carrier(self, times, noise):
    ...         phase = torch.pi / 2 * times[None, None]
    ...         return torch.cos(phase), torch.sin(phase)
    >>> Up()(torch.ones(1, 1, 4)).round().int().tolist()
    [[[1, 0, -1, 0]]]
    """

    @abstractmethod
    def carrier(self, times: Tensor, noise: Any) -> tuple[Tensor, Tensor]:
        """Return real and imaginary part of the carrier, (batch, channels or 1, times or 1).

        ``times`` holds the sample indices 0, 1, 2, ...
        """

    def step(self, x: Tensor, noise: Any) -> Operators:
        """Return the carrier less that of the identity, as a gain and a quadrature."""
        times = torch.arange(x.shape[-1], device=x.device, dtype=x.dtype)
        real, imaginary = self.carrier(times, noise)
        return Operators(gain=real - 1, quadrature=-imaginary)


class GainTransform(Transform):
    """Base of transforms that multiply by a gain over channels and times: ``gain * x``.

    Parameters
    ----------
    p : float or Strength
        Probability that a trial is transformed.

    Examples
    --------
    >>> from eegaug import as_strength
    >>> class FadeIn(GainTransform):  # from a learned level
    ...     def __init__(self, depth=0.5, *, p=1.0):
    ...         super().__init__(p=p)
    ...         self.depth = as_strength("depth", depth, unit="fraction")
    ...     def gain(self, x, noise):
    ...         left = torch.linspace(1, 0, x.shape[-1]).to(x)
    ...         return 1 - self.depth() * left.expand(len(x), 1, -1)
    >>> FadeIn()(torch.ones(1, 1, 3)).tolist()
    [[[0.5, 0.75, 1.0]]]
    """

    @abstractmethod
    def gain(self, x: Tensor, noise: Any) -> Tensor:
        """Return the gain, shape (batch, channels or 1, times or 1).

        ``x`` gives the sizes alone: in a chain that fuses, its values are NaN.
        """

    def step(self, x: Tensor, noise: Any) -> Operators:
        """Return the gain less that of the identity."""
        return Operators(gain=self.gain(x, noise) - 1)


class ChannelMixingTransform(Transform):
    """Base of transforms that mix channels by a matrix: ``matrix @ x``.

    Parameters
    ----------
    p : float or Strength
        Probability that a trial is transformed.

    Examples
    --------
    >>> class AverageReference(ChannelMixingTransform):
    ...     def matrix(self, x, noise):
    ...         n_channels = x.shape[1]
    ...         return (torch.eye(n_channels) - 1 / n_channels).to(x).expand(len(x), -1, -1)
    >>> AverageReference()(torch.tensor([[[1.0], [3.0]]])).flatten().tolist()
    [-1.0, 1.0]
    """

    @abstractmethod
    def matrix(self, x: Tensor, noise: Any) -> Tensor:
        """Return the matrix, shape (batch, channels, channels).

        ``x`` gives the sizes alone: in a chain that fuses, its values are NaN.
        """

    def step(self, x: Tensor, noise: Any) -> Operators:
        """Return the matrix less that of the identity."""
        eye = torch.eye(x.shape[1], device=x.device, dtype=x.dtype)
        return Operators(matrix=self.matrix(x, noise) - eye)


class AdditiveTransform(Transform):
    """Base of transforms that add a term: ``x + term``.

    A transform in none of the other forms fits here too: its term is the whole step from the signal
    to its transform.

    Parameters
    ----------
    p : float or Strength
        Probability that a trial is transformed.

    Examples
    --------
    >>> class Rectify(AdditiveTransform):  # not linear in the signal
    ...     def term(self, x, noise):
    ...         return x.abs() - x
    >>> Rectify()(torch.tensor([[[1.0, -2.0]]])).tolist()
    [[[1.0, 2.0]]]
    """

    @abstractmethod
    def term(self, x: Tensor, noise: Any) -> Tensor:
        """Return the added term, shape (batch, channels, times)."""

    def step(self, x: Tensor, noise: Any) -> Operators:
        """Return the term."""
        return Operators(term=self.term(x, noise))


class NoiseTransform(Transform):
    """Base of transforms that add scaled noise: ``x + strength * field``.

    Parameters
    ----------
    p : float or Strength
        Probability that a trial is transformed.

    Examples
    --------
    >>> from eegaug import as_strength
    >>> class RandomWalk(NoiseTransform):
    ...     def __init__(self, pace=0.1, *, p=1.0):
    ...         super().__init__(p=p)
    ...         self.pace = as_strength("pace", pace, unit="unit of the signal")
    ...     def noise(self, x, generator=None):
    ...         return torch.empty_like(x).normal_(generator=generator).cumsum(-1)
    ...     def level(self):
    ...         return self.pace()
    >>> RandomWalk()(torch.randn(8, 2, 100)).shape
    torch.Size([8, 2, 100])
    """

    @abstractmethod
    def level(self) -> Tensor:
        """Return the strength, a scalar."""

    def field(self, x: Tensor, noise: Any) -> Tensor:
        """Return the noise at strength one, shape (batch, channels, times); by default the draw."""
        return noise

    def step(self, x: Tensor, noise: Any) -> Operators:
        """Return the noise at its strength, as a term."""
        return self.scaled_step(x, noise, None)

    def scaled_step(self, x: Tensor, noise: Any, scale: Tensor | None) -> Operators:
        """Return the term; all factors of a trial are combined before they multiply its samples."""
        if type(self).step is not NoiseTransform.step:  # overridden by a subclass
            return super().scaled_step(x, noise, scale)
        total = self.level() if scale is None else scale * self.level()
        return Operators(term=times(total, self.field(x, noise)))


#: Steps whose operators follow from the sizes of the signals, not from the signals themselves.
OF_SIZES = (
    SpectralTransform.step,
    ModulationTransform.step,
    GainTransform.step,
    ChannelMixingTransform.step,
)


def fuses(augmentation: Augmentation) -> TypeGuard[Transform]:
    """Return whether the operators are known before the signals, so that a chain can fuse them."""
    if not isinstance(augmentation, Transform):
        return False
    kind = type(augmentation)
    return (
        kind.step in OF_SIZES
        and kind.augment is Transform.augment
        and kind.operators is Transform.operators
        and kind.scaled_step is Transform.scaled_step
    )


def sizes_of(x: Tensor) -> Tensor:
    """Return signals of the same sizes and nothing else: what is made of their values is NaN."""
    return x.detach().new_full((), torch.nan).expand(x.shape)


def frequencies(x: Tensor) -> Tensor:
    """Return the frequencies of ``rfft`` in cycles per sample, shape (freqs,)."""
    n_times = x.shape[-1]
    # Not rfftfreq, which misses 0.5 by rounding at some lengths.
    return torch.arange(n_times // 2 + 1, device=x.device, dtype=x.dtype) / n_times


def less_one(real: Tensor, imaginary: Tensor, freqs: Tensor) -> Tensor:
    """Return the real view of a response less the identity, real at the mean and Nyquist."""
    inner = ((freqs > 0) & (freqs < 0.5)).to(imaginary.dtype)
    return real_view(*torch.broadcast_tensors(real - 1, imaginary * inner))
