"""The base of single transforms: a gated step from the signals, in linear forms."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, Self

import torch
from torch import Tensor

from eegaug import functional
from eegaug.functional.operators import Operators, times
from eegaug.montage import read_channels, read_positions
from eegaug.strength import Strength, as_strength
from eegaug.transforms.augmentation import Augmentation
from eegaug.transforms.draws import Choices, Noise, draw_choices


class Transform(Augmentation):
    r"""Base of single transforms, each a step from the signal in the forms that it states.

    With the gate :math:`g \in \{0, 1\}` of probability ``p``, and :math:`F_a` a form with operator
    :math:`a` (:func:`eegaug.functional.apply` lists them), a trial becomes

    .. math:: x' = x + F_{g\,a}(x),

    so that :math:`a = 0` is the exact identity and a weighted mixture of transforms is one
    step, with the weighted sums of the operators. A subclass of a form's base class gives the
    plain operator (response, carrier, gain, matrix, term); the base class takes the identity
    off it.

    Parameters
    ----------
    p : float or Strength
        Probability that a trial is transformed. A number is frozen; for a learnable chance pass
        ``Strength(0.5, unit="probability")``.

    Attributes
    ----------
    p : Strength or None
        The probability; None where it is the number 1: every trial is transformed, with no gate
        to draw.

    Raises
    ------
    TypeError
        If ``p``, or a strength of a subclass, is neither a number nor a
        :class:`~eegaug.Strength`.
    ValueError
        If it is out of its range, or in another unit.

    Examples
    --------
    The strengths that a transform learns:

    >>> from eegaug import FrequencyShift
    >>> FrequencyShift(sfreq=100, p=Strength(0.5, unit="probability")).strengths()
    {'max_delta_freq': Strength(0.5 Hz in [0, 5]), 'p': Strength(0.5 probability in [0, 1])}

    A transform in a form without a base class:

    >>> from eegaug import Operators
    >>> class Echo(Transform):  # half of the signal, half of it reversed
    ...     def step(self, x, noise):
    ...         return Operators(reversal=x.new_full((len(x), 1, 1), 0.5))
    >>> Echo()(torch.tensor([[1.0, 2.0, 6.0]])).tolist()
    [[3.5, 2.0, 3.5]]
    """

    #: Sampling rate (Hz), of those that need one.
    sfreq: float | None = None
    #: Whether candidates of one layer with the same :meth:`noise` may share its draw: for noise as
    #: large as the signals, which costs more to draw than to use.
    shares_noise = False

    def __init__(self, *, p: float | Strength = 1.0) -> None:
        super().__init__()
        chance = as_strength("p", p, unit="probability", learnable=False)
        self.p = None if chance is not p and p == 1 else chance

    @classmethod
    def from_info(cls, info: Any, **kwargs: Any) -> Self:
        """Build the transform for recordings described by MNE or by braindecode.

        Parameters
        ----------
        info : mne.Info or list of dict
            Where sampling rate, channel names and sensor positions are read, as the transform
            needs them. A ``chs_info`` of braindecode, a list of MNE's channels, holds no
            sampling rate: pass ``sfreq`` beside it.
        **kwargs
            The other arguments of the transform.

        Returns
        -------
        Transform
            One of this class.

        Raises
        ------
        TypeError
            If ``info`` is neither.
        ValueError
            If the transform needs sensor positions and channels have none, or a sampling rate and
            there is none.
        """
        needed = inspect.signature(cls).parameters
        channels = read_channels(info)
        if "sfreq" in needed and "sfreq" not in kwargs:
            if channels is info:
                raise ValueError("Argument `sfreq` should be given beside a list of channels.")
            kwargs["sfreq"] = float(info["sfreq"])
        if "ch_names" in needed:
            kwargs.setdefault("ch_names", [channel["ch_name"] for channel in channels])
        if "positions" in needed and "positions" not in kwargs:
            kwargs["positions"] = read_positions(channels)
        return cls(**kwargs)

    def draw(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Return the draws of the gate and the transform's own, one row per trial."""
        return self.gate(x, generator), self.noise(x, generator)

    def gate(self, x: Tensor, generator: torch.Generator | None = None) -> Choices | None:
        """Return the draws of the gate, one per trial; none where every trial is transformed."""
        return None if self.p is None else draw_choices(x, len(x), generator=generator)

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Return the transform's own draws, none unless a subclass makes some.

        What decides choices is drawn by :func:`eegaug.transforms.draw_choices`.
        """
        return None

    def own_choices(self, noise: Any) -> Iterator[tuple[Choices, Strength]]:
        """Yield the choices among the transform's own draws, each with its probability.

        A subclass whose :meth:`noise` draws choices yields them here, so that their probability
        can be learned from the losses of whole choices.
        """
        yield from ()

    def all_choices(self, noise: Noise) -> Iterator[tuple[Choices, Strength]]:
        """Yield the gate and the transform's own choices, each with its probability."""
        gate, own = _gate_and_own(noise)
        if gate is not None and self.p is not None:
            yield gate, self.p
        yield from self.own_choices(own)

    @abstractmethod
    def step(self, x: Tensor, noise: Any) -> Operators:
        """Return the operators of the step from ``x`` to its transform."""

    def operators(self, x: Tensor, noise: Noise, share: Tensor | None = None) -> Operators:
        """Return the gated operators, times a share: a scalar, or one per trial."""
        gate, own = _gate_and_own(noise)
        return self.scaled_step(x, own, self.scale(gate, share))

    def scaled_step(self, x: Tensor, noise: Any, scale: Tensor | None) -> Operators:
        """Return the operators of the step, times a scale: a scalar, or one per trial."""
        step = self.step(x, noise)
        if not isinstance(step, Operators):
            raise TypeError(
                f"Method `step` of {type(self).__name__} should return Operators."
                f" Found {type(step).__name__}."
            )
        return step if scale is None else step.scaled(scale)

    def scale(self, gate: Choices | None, share: Tensor | None = None) -> Tensor | None:
        """Return the gate times a share, a scalar or one per trial; None for 1."""
        if gate is None or self.p is None:
            return share
        taken = gate.taken(self.p)
        return taken if share is None else share * taken

    def augment(self, x: Tensor, noise: Noise) -> Tensor:
        """Map signals (batch, channels, times) deterministically."""
        return functional.apply(x, self.operators(x, noise))

    def sources(self, times: Tensor, noise: Any) -> Tensor | None:
        """Return the time that each sample comes from, shape (batch, times), in samples.

        ``None``, the default, where time stays. Sources outside of the window are taken from
        its other end.
        """
        return None

    def relabel(self, y: Tensor, noise: Noise) -> Tensor:
        """Move dense labels (batch, ..., times) along with the signals, to the nearest sample."""
        gate, own = _gate_and_own(noise)
        times = torch.arange(y.shape[-1], device=y.device, dtype=torch.get_default_dtype())
        with torch.no_grad():
            sources = self.sources(times, own)
            if sources is None:
                return y
            taken = self.scale(gate)
            if taken is not None:
                sources = torch.where(taken[:, None] >= 0.5, sources, times)
            index = sources.round().long() % y.shape[-1]
        index = index.expand(len(y), -1).reshape(len(y), *[1] * (y.ndim - 2), -1)
        return y.gather(-1, index.expand(*y.shape[:-1], -1))

    def inverse_map(self, y: Tensor, noise: Any) -> Tensor:
        """Return dense outputs (batch, rows, times), linearly, at the times before the transform.

        ``y`` itself, the default, where time stays.
        """
        if type(self).sources is not Transform.sources:
            raise TypeError(
                "Dense outputs should come from transforms whose movement of time has an"
                f" `inverse_map`. Found {type(self).__name__}, which has none."
            )
        return y

    def inverse(self, y: Tensor, noise: Noise) -> Tensor:
        """Move dense outputs (batch, ..., times) back, in part where the gate was taken in part."""
        gate, own = _gate_and_own(noise)
        rows = y.reshape(len(y), -1, y.shape[-1])
        back = self.inverse_map(rows, own)
        if back is rows:
            return y
        taken = self.scale(gate)
        return (back if taken is None else rows + times(taken, back - rows)).reshape(y.shape)

    def strengths(self) -> dict[str, Strength]:
        """Return the learnable strengths by name, in the order of their definition."""
        own = {name: s for name, s in self.named_children() if isinstance(s, Strength)}
        if self.p is not None:
            own["p"] = own.pop("p", self.p)
        return {name: strength for name, strength in own.items() if strength.learnable}

    def layers(self) -> Iterator[Augmentation]:
        """Yield the transform: it counts as a layer of its own."""
        yield self

    def candidates(self) -> Iterator[tuple[Transform, Tensor | float]]:
        """Yield the transform, with a weight of one."""
        yield self, 1.0

    def extra_repr(self) -> str:
        """Show the sampling rate."""
        return "" if self.sfreq is None else f"sfreq={self.sfreq:g}"


def check_channels(n_channels: int, x: Tensor) -> None:
    """Raise where the signals have another number of channels than the transform is for."""
    if x.shape[1] != n_channels:
        raise ValueError(
            f"Input `x` should have {n_channels} channels, as the transform was built for."
            f" Found {x.shape[1]}."
        )


def _gate_and_own(noise: Noise) -> tuple[Choices | None, Any]:
    """Return the two parts of a transform's draws."""
    gate, own = noise  # type: ignore[misc]
    return gate, own  # type: ignore[return-value]
