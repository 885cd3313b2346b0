"""What all augmentations share: noise apart from strength, and the linear forms."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import get_worker_info

from eegaug import functional
from eegaug.strength import Strength, as_strength

#: Draws of an augmentation: tensors with one row a trial, nested in tuples; None for no draw.
Noise = Tensor | tuple | None


class Augmentation(nn.Module):
    """Base of transforms, layers and chains: a random map of signals to signals.

    The noise is drawn apart from the map: :meth:`draw` needs no strength, :meth:`augment` is
    a deterministic, differentiable function of signal, noise and strengths. Calling the
    module does both, or replays the noise it is given.
    """

    def forward(
        self,
        x: Tensor,
        y: Any = None,
        *,
        noise: Noise = None,
        generator: torch.Generator | None = None,
    ) -> Tensor | tuple[Tensor, Any]:
        """Augment each trial by a draw of its own.

        Parameters
        ----------
        x : Tensor
            Floating-point signals, shape (batch, channels, times), (channels, times) for one
            trial, or (batch, windows, channels, times), where a trial's windows share a draw.
        y : object, optional
            Labels, handed through.
        noise : nested tuple of Tensor, optional
            Draws of :meth:`sample` to replay.
        generator : torch.Generator, optional
            Source of the draws, on the device of ``x``; torch's own where absent.

        Returns
        -------
        Tensor or tuple
            ``x'``, of the shape, dtype and device of ``x``; ``(x', y)`` where ``y`` is given.

        Raises
        ------
        TypeError
            If ``x`` is no floating-point tensor.
        ValueError
            If ``x`` is empty or of another number of dimensions, or the noise was drawn for
            another number of trials.
        """
        trials = as_trials(x)
        if noise is None:
            noise = self.draw(trials[:, 0], generator)
        else:
            _check_noise(noise, trials)
        n_windows = trials.shape[1]
        if n_windows > 1:
            noise = map_noise(lambda draw: draw.repeat_interleave(n_windows, 0), noise)
        # A worker of a data loader hands its batch to another process: no graph can follow.
        with torch.set_grad_enabled(torch.is_grad_enabled() and get_worker_info() is None):
            out = self.augment(trials.flatten(0, 1), noise).to(x.dtype).reshape(x.shape)
        return out if y is None else (out, y)

    def sample(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw the noise for a batch, to be replayed by ``augmentation(x, noise=...)``.

        Parameters
        ----------
        x : Tensor
            Signals as :meth:`forward` takes them.
        generator : torch.Generator, optional
            Source of the draws, on the device of ``x``.

        Returns
        -------
        nested tuple of Tensor
            Draws with one row a trial, free of any learnable parameter.
        """
        return self.draw(as_trials(x)[:, 0], generator)

    @abstractmethod
    def draw(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw parameter-free noise, one row a trial of ``x`` (batch, channels, times)."""

    @abstractmethod
    def augment(self, x: Tensor, noise: Noise) -> Tensor:
        """Map signals (batch, channels, times) deterministically."""

    @abstractmethod
    def breadths(self) -> Iterator[Tensor]:
        """Yield, for each layer or chain link inside, how far it reaches: shape (strengths,)."""


class Transform(Augmentation):
    r"""Base of single transforms, each linear in the signal in the form that it states.

    With the gate :math:`g \in \{0, 1\}` of chance ``p``, and :math:`F_a` the form with
    operator :math:`a`, a trial becomes

    .. math:: x' = x + F_{g\,a}(x),

    so that :math:`a = 0` is the exact identity and a weighted mixture of transforms of one
    form is that form, with the weighted sum of the operators. A subclass of a form's base
    class gives the plain operator (response, carrier, gain, matrix, term); the base class
    takes the identity off it.

    Parameters
    ----------
    p : float or Strength
        Chance that a trial is transformed. A number is frozen; for a learnable chance pass
        ``Strength(0.5, unit="probability")``.
    """

    #: The form: a function of the signal, linear in its operator.
    form: ClassVar[Callable[[Tensor, Tensor], Tensor]]

    def __init__(self, *, p: float | Strength = 1.0) -> None:
        super().__init__()
        self.p = as_strength("p", p, unit="probability", learnable=False)

    @classmethod
    def from_info(cls, info: Any, **kwargs: Any) -> Transform:
        """Build the transform for recordings described by an :class:`mne.Info`.

        Parameters
        ----------
        info : mne.Info
            Where the sampling rate is read, if the transform needs one.
        **kwargs
            The other arguments of the transform.

        Returns
        -------
        Transform
        """
        if "sfreq" in inspect.signature(cls).parameters:
            kwargs.setdefault("sfreq", float(info["sfreq"]))
        return cls(**kwargs)

    def draw(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw the gate's noise and the transform's own, one row a trial."""
        return uniform(x, len(x), generator=generator), self.noise(x, generator)

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw the transform's own noise; none unless the subclass says so."""
        return None

    @abstractmethod
    def step(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the operator of the form, less the identity."""

    def operator(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the gated operator of the step from ``x`` to its transform."""
        gate, own = noise
        return functional.bernoulli(gate, self.p())[:, None, None] * self.step(x, own)

    def augment(self, x: Tensor, noise: Noise) -> Tensor:
        """Map signals (batch, channels, times) deterministically."""
        return x + self.form(x, self.operator(x, noise))

    def strengths(self) -> dict[str, Strength]:
        """Return the learnable strengths by name, in the order of their definition."""
        own = {name: s for name, s in self.named_children() if isinstance(s, Strength)}
        own["p"] = own.pop("p")
        return {name: strength for name, strength in own.items() if strength.learnable}

    def breadths(self) -> Iterator[Tensor]:
        """Yield the breadths of the learnable strengths: a transform is a link of a chain."""
        breadths = [strength.breadth for strength in self.strengths().values()]
        yield torch.stack(breadths) if breadths else self.p.raw.new_zeros(0)


class SpectralTransform(Transform):
    """Base of transforms that filter: ``irfft(response * rfft(x))``."""

    form = staticmethod(functional.spectral)

    @abstractmethod
    def response(self, freqs: Tensor, noise: Noise) -> Tensor:
        """Return the complex response, shape (batch, channels or 1, freqs).

        ``freqs`` holds the frequencies of ``rfft`` in cycles per sample, from 0 to at most
        0.5; the responses at 0 and at 0.5 must be real.
        """

    def step(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the response less that of the identity."""
        n_times = x.shape[-1]
        # Not rfftfreq, which misses 0.5 by rounding at some lengths.
        freqs = torch.arange(n_times // 2 + 1, device=x.device, dtype=x.dtype) / n_times
        return self.response(freqs, noise) - 1


class ModulationTransform(Transform):
    """Base of transforms that modulate the analytic signal: ``Re(carrier * analytic(x))``."""

    form = staticmethod(functional.modulation)

    @abstractmethod
    def carrier(self, times: Tensor, noise: Noise) -> Tensor:
        """Return the complex carrier, shape (batch, channels or 1, times).

        ``times`` counts samples: 0, 1, 2, ...
        """

    def step(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the carrier less that of the identity."""
        times = torch.arange(x.shape[-1], device=x.device, dtype=x.dtype)
        return self.carrier(times, noise) - 1


class GainTransform(Transform):
    """Base of transforms that multiply over channels and times: ``gain * x``."""

    form = staticmethod(functional.gain)

    @abstractmethod
    def gain(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the gain, shape (batch, channels or 1, times or 1); ``x`` tells the shape."""

    def step(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the gain less that of the identity."""
        return self.gain(x, noise) - 1


class MixingTransform(Transform):
    """Base of transforms that mix channels by a matrix: ``matrix @ x``."""

    form = staticmethod(functional.mixing)

    @abstractmethod
    def matrix(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the matrix, shape (batch, channels, channels); ``x`` tells the shape."""

    def step(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the matrix less that of the identity."""
        return self.matrix(x, noise) - torch.eye(x.shape[1], device=x.device, dtype=x.dtype)


class AdditiveTransform(Transform):
    """Base of transforms that add a term: ``x + term``.

    A transform that is not linear in the signal fits here too, its term the whole step from
    the signal to its transform.
    """

    form = staticmethod(functional.additive)

    @abstractmethod
    def term(self, x: Tensor, noise: Noise) -> Tensor:
        """Return what is added, broadcastable to (batch, channels, times)."""

    def step(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the term."""
        return self.term(x, noise)


class ReversalTransform(Transform):
    """Base of transforms that reverse time."""

    form = staticmethod(functional.reversal)

    def step(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the whole step: the gate alone decides."""
        return x.new_ones(len(x), 1, 1)


def uniform(
    x: Tensor,
    *shape: int,
    low: float = 0.0,
    high: float = 1.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw from U(low, high) on the device and in the dtype of ``x``.

    Parameters
    ----------
    x : Tensor
        Tells device and dtype.
    *shape : int
        Shape of the draws.
    low, high : float
        Ends of the interval.
    generator : torch.Generator, optional
        Source of the draws, on the device of ``x``.

    Returns
    -------
    Tensor
    """
    draw = torch.rand(shape, device=x.device, dtype=x.dtype, generator=generator)
    return draw if (low, high) == (0.0, 1.0) else low + (high - low) * draw


def map_noise(function: Callable[[Tensor], Tensor], noise: Noise) -> Noise:
    """Apply a function to every tensor of nested draws."""
    if isinstance(noise, tuple):
        return tuple(map_noise(function, part) for part in noise)
    return None if noise is None else function(noise)


def check_signals(x: Tensor) -> None:
    """Raise where ``x`` is no floating-point tensor of signals."""
    wanted = "a floating-point tensor of shape (batch, channels, times)"
    if not isinstance(x, Tensor):
        raise TypeError(f"Input `x` should be {wanted}. Found {type(x).__name__}.")
    if not x.is_floating_point():
        raise TypeError(f"Input `x` should be {wanted}. Found dtype {x.dtype}.")
    if x.ndim not in (2, 3, 4) or x.numel() == 0:
        kind = "an empty tensor" if x.numel() == 0 else "a tensor"
        raise ValueError(f"Input `x` should be {wanted}. Found {kind} of shape {tuple(x.shape)}.")


def as_trials(x: Tensor) -> Tensor:
    """Check the signals and view them as (batch, windows, channels, times)."""
    check_signals(x)
    if x.dtype in (torch.float16, torch.bfloat16):  # too coarse for phases, and for the FFT
        x = x.float()
    if x.ndim == 4:
        return x
    return x[:, None] if x.ndim == 3 else x[None, None]


def _check_noise(noise: Noise, trials: Tensor) -> None:
    """Raise where the noise was drawn for another number of trials."""

    def check(draw: Tensor) -> Tensor:
        if len(draw) != len(trials):
            raise ValueError(
                f"Argument `noise` should be drawn for {len(trials)} trials. Found {len(draw)}."
            )
        return draw

    map_noise(check, noise)
