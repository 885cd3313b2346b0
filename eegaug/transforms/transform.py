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
from eegaug.montage import read_channels, read_positions, read_sfreq
from eegaug.strength import Strength, as_strength
from eegaug.transforms.augmentation import Augmentation
from eegaug.transforms.draws import Choices, Noise, draw_choices


class Transform(Augmentation):
    r"""Base of single transforms, each a step from the signal in one or more linear forms.

    With the gate :math:`g \in \{0, 1\}` of probability ``p``, and :math:`F_a` a form with operator
    :math:`a` (:func:`eegaug.functional.apply` lists them), a trial becomes

    .. math:: x' = x + F_{g\,a}(x),

    so that :math:`a = 0` is the exact identity and a weighted mixture of transforms is one step,
    with the weighted sums of the operators. A subclass of a form's base class returns the plain
    operator (response, carrier, gain, matrix, term), from which the base class subtracts the
    identity.

    Parameters
    ----------
    p : float or Strength
        Probability that a trial is transformed. A number is frozen; for a learnable probability
        pass ``Strength(0.5, unit="probability")``.

    Attributes
    ----------
    p : Strength or None
        The probability; None for the number 1, where every trial is transformed and no gate is
        drawn.

    Raises
    ------
    TypeError
        If ``p``, or a strength of a subclass, is neither a number nor a
        :class:`~eegaug.Strength`.
    ValueError
        If one of them is out of its range, or in another unit.

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

    #: Sampling rate (Hz), of transforms that need one.
    sfreq: float | None = None
    #: Whether candidates of one layer with the same :meth:`noise` may share its draw: for noise of
    #: the size of the signals, which costs more to draw than to add.
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
            Source of sampling rate, channel names and sensor positions, as the transform needs
            them. A ``chs_info`` of braindecode, a list of MNE's channels, has no sampling rate:
            pass ``sfreq`` as well.
        **kwargs
            Further arguments of the transform.

        Returns
        -------
        Transform
            A transform of this class.

        Raises
        ------
        TypeError
            If ``info`` is neither.
        ValueError
            If the transform needs sensor positions or a sampling rate, and ``info`` has none.
        """
        needed = inspect.signature(cls).parameters
        channels = read_channels(info)
        if "sfreq" in needed and "sfreq" not in kwargs:
            kwargs["sfreq"] = read_sfreq(info)
        if "ch_names" in needed:
            kwargs.setdefault("ch_names", [channel["ch_name"] for channel in channels])
        if "positions" in needed and "positions" not in kwargs:
            kwargs["positions"] = read_positions(channels)
        return cls(**kwargs)

    def draw(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Return the draws of the gate and those of the transform itself, one row per trial."""
        return self.gate(x, generator), self.noise(x, generator)

    def gate(self, x: Tensor, generator: torch.Generator | None = None) -> Choices | None:
        """Return the draws of the gate, one per trial; None if every trial is transformed."""
        return None if self.p is None else draw_choices(x, len(x), generator=generator)

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Return the draws of the transform itself, None by default.

        Draws that decide choices are made by :func:`eegaug.transforms.draw_choices`.
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
        """Return the gated operators, multiplied by a share: a scalar, or one per trial."""
        gate, own = _gate_and_own(noise)
        return self.scaled_step(x, own, self.scale(gate, share))

    def scaled_step(self, x: Tensor, noise: Any, scale: Tensor | None) -> Operators:
        """Return the operators of the step, multiplied by a scale: a scalar, or one per trial."""
        step = self.step(x, noise)
        if not isinstance(step, Operators):
            raise TypeError(
                f"Method `step` of {type(self).__name__} should return Operators."
                f" Found {type(step).__name__}."
            )
        return step if scale is None else step.scaled(scale)

    def scale(self, gate: Choices | None, share: Tensor | None = None) -> Tensor | None:
        """Return the gate multiplied by a share, a scalar or one per trial; None for 1."""
        if gate is None or self.p is None:
            return share
        taken = gate.taken(self.p)
        return taken if share is None else share * taken

    def augment(self, x: Tensor, noise: Noise) -> Tensor:
        """Map signals (batch, channels, times) deterministically."""
        return functional.apply(x, self.operators(x, noise))

    def sources(self, times: Tensor, noise: Any) -> Tensor | None:
        """Return the time that each sample comes from, shape (batch, times), in samples.

        ``None``, the default, if time does not move. Sources outside the window wrap around.
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
        """Map dense outputs (batch, rows, times) linearly to the times before the transform.

        Returns ``y`` itself, the default, if time does not move.
        """
        if type(self).sources is not Transform.sources:
            raise TypeError(
                "Dense outputs should come from transforms that invert their movement of time by"
                f" `inverse_map`. Found {type(self).__name__}, which has none."
            )
        return y

    def inverse(self, y: Tensor, noise: Noise) -> Tensor:
        """Move dense outputs (batch, ..., times) back, in part where the gate was taken in part."""
        gate, own = _gate_and_own(noise)
        rows = y.reshape(y.shape[0], -1, y.shape[-1])
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
        """Yield the transform itself, which counts as one layer."""
        yield self

    def candidates(self) -> Iterator[tuple[Transform, Tensor | float]]:
        """Yield the transform, with a weight of one."""
        yield self, 1.0

    def extra_repr(self) -> str:
        """Show the sampling rate."""
        return "" if self.sfreq is None else f"sfreq={self.sfreq:g}"


def check_channels(n_channels: int, x: Tensor) -> None:
    """Raise if the number of channels differs from that of the transform."""
    if x.shape[1] != n_channels:
        raise ValueError(
            f"Input `x` should have {n_channels} channels, as the transform was built for."
            f" Found {x.shape[1]}."
        )


def _gate_and_own(noise: Noise) -> tuple[Choices | None, Any]:
    """Return the two parts of a transform's draws."""
    gate, own = noise  # type: ignore[misc]
    return gate, own  # type: ignore[return-value]
