"""The random values of an augmentation: drawn once, then replayed, moved, indexed, repeated."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from eegaug import functional
from eegaug.strength import Strength


@dataclass(frozen=True, eq=False)
class Choices:
    r"""Draws that decide choices: a choice is taken if its draw is below the probability.

    Parameters
    ----------
    uniform : Tensor
        Draws from U(0, 1), shape (batch, ...).
    in_part : bool
        Whether choices with a learnable probability are taken in part if their draw is close to it
        (:func:`eegaug.functional.bernoulli`), which gives the probability a gradient. Otherwise all
        choices are whole, and the probability learns through :meth:`log_prob`.

    Examples
    --------
    >>> draws = Choices(torch.tensor([[0.1], [0.45], [0.9]]))
    >>> probability = Strength(0.5, unit="probability")
    >>> draws.taken(probability).flatten().tolist()  # the second in part
    [1.0, 0.7500000596046448, 0.0]
    >>> Choices(draws.uniform, in_part=False).taken(probability).flatten().tolist()
    [1.0, 1.0, 0.0]
    """

    uniform: Tensor
    in_part: bool = True

    def taken(self, probability: Strength) -> Tensor:
        """Return the choices, 0, 1 or in between, in the shape and dtype of the draws."""
        p = probability()
        if self.in_part and probability.learnable:
            return functional.bernoulli(self.uniform, p)
        return (self.uniform < p).to(self.uniform.dtype)

    def log_prob(self, probability: Strength) -> Tensor:
        """Return the log-probability of each trial's whole choices, shape (batch,)."""
        p = probability()
        taken = (self.uniform < p).to(self.uniform.dtype).reshape(len(self.uniform), -1)
        tiny = torch.finfo(p.dtype).eps  # keeps the logarithm finite at 0 and 1
        return (taken * torch.log(p + tiny) + (1 - taken) * torch.log1p(tiny - p)).sum(1)


#: Draws of an augmentation: tensors with one row per trial, nested in tuples; None for no draw.
Noise: TypeAlias = Tensor | Choices | tuple["Noise", ...] | None


@dataclass(frozen=True, eq=False)
class Draw:
    """All random values in the augmentation of a batch.

    Replaying a draw at the same strengths returns the same signals; the draw itself holds no
    strength. ``len(draw)`` is its number of rows, one per trial, and ``draw[index]`` is the draw
    for some of the trials.

    Parameters
    ----------
    noise : nested tuple of Tensor
        Draws with one row per trial.
    shape : tuple of int
        Shape of the signals for which it was drawn, (batch, channels, times).

    Examples
    --------
    >>> from eegaug import TimeShift
    >>> shift, x = TimeShift(sfreq=100), torch.randn(8, 2, 300)
    >>> draw = shift.sample(x)
    >>> torch.equal(shift(x, draw=draw)[:3], shift(x[:3], draw=draw[:3]))
    True
    """

    noise: Noise
    shape: tuple[int, int, int]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: int | slice | Tensor | Sequence[int]) -> Draw:
        with suppress(TypeError):  # a scalar, also of numpy or torch
            index = operator.index(index)  # type: ignore[arg-type]
            index = slice(index, index + 1 or None)
        rows = torch.arange(len(self))[index.cpu() if isinstance(index, Tensor) else index]
        if len(rows) == 0:
            raise IndexError(
                f"The index of a draw should select some of its {len(self)} trials. Found {index}."
            )
        return self._mapped(lambda draws: draws[rows.to(draws.device)], len(rows))

    def to(self, device: torch.device | str) -> Draw:
        """Return the same draw on another device."""
        return self._mapped(lambda draws: draws.to(device), len(self))

    def repeat_interleave(self, repeats: int) -> Draw:
        """Return a draw with each row repeated in succession, such as once per window."""
        if repeats == 1:
            return self
        return self._mapped(
            lambda draws: draws.repeat_interleave(repeats, 0), repeats * self.shape[0]
        )

    def repeat(self, repeats: int) -> Draw:
        """Return a draw with all rows in order, repeated."""
        return self._mapped(
            lambda draws: draws.repeat(repeats, *[1] * (draws.ndim - 1)), repeats * self.shape[0]
        )

    def whole(self) -> Draw:
        """Return the same draw with all choices whole."""
        return Draw(whole_choices(self.noise), self.shape)

    def _mapped(self, function: Callable[[Tensor], Tensor], rows: int) -> Draw:
        return Draw(map_noise(function, self.noise), (rows, *self.shape[1:]))


def interleave(draws: Sequence[Draw]) -> Draw:
    """Return the draws of several copies as one, with the copies of each trial in succession.

    Parameters
    ----------
    draws : sequence of Draw
        Draws of the same augmentation for the same signals, one per copy.

    Returns
    -------
    Draw
        A draw with ``len(draws)`` rows per trial.
    """
    first = draws[0]
    if len(draws) == 1:
        return first
    noise = _interleaved([draw.noise for draw in draws])
    return Draw(noise, (len(draws) * len(first), *first.shape[1:]))


def map_noise(function: Callable[[Tensor], Tensor], noise: Noise) -> Noise:
    """Apply a function to every tensor of nested draws."""
    if isinstance(noise, Choices):
        return Choices(function(noise.uniform), noise.in_part)
    if isinstance(noise, tuple):
        return tuple([map_noise(function, part) for part in noise])
    return None if noise is None else function(noise)


def whole_choices(noise: Noise) -> Noise:
    """Return nested draws with all choices whole."""
    if isinstance(noise, Choices):
        return Choices(noise.uniform, False)
    if isinstance(noise, tuple):
        return tuple([whole_choices(part) for part in noise])
    return noise


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
        Signals, which determine device and dtype.
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
    draws = x.new_empty(shape)
    # meta tensors serve for the shapes of draws, which should not consume random numbers
    return draws if x.is_meta else draws.uniform_(low, high, generator=generator)


def normal(x: Tensor, *shape: int, generator: torch.Generator | None = None) -> Tensor:
    """Draw from N(0, 1) on the device and in the dtype of ``x``.

    Parameters
    ----------
    x : Tensor
        Signals, which determine device and dtype.
    *shape : int
        Shape of the draws.
    generator : torch.Generator, optional
        Source of the draws, on the device of ``x``.

    Returns
    -------
    Tensor
    """
    draws = x.new_empty(shape)
    return draws if x.is_meta else draws.normal_(generator=generator)


def stratified(x: Tensor, *shape: int, generator: torch.Generator | None = None) -> Tensor:
    """Draw from U(0, 1), spread evenly over the batch, so that choices occur in proportion.

    [0, 1] is divided into as many equal parts as there are trials, and each column has one draw in
    each part. A single draw is uniform, and the draws of one trial are independent.

    Parameters
    ----------
    x : Tensor
        Signals, which determine device and dtype.
    *shape : int
        Shape of the draws; the first is the batch.
    generator : torch.Generator, optional
        Source of the draws, on the device of ``x``.

    Returns
    -------
    Tensor
    """
    part, within = uniform(x, 2, *shape, generator=generator)
    # slightly less than the part: a draw rounded to one would not be below any probability
    return (part.argsort(0) + within) * ((1 - torch.finfo(x.dtype).eps) / shape[0])


def draw_choices(x: Tensor, *shape: int, generator: torch.Generator | None = None) -> Choices:
    """Draw choices, spread evenly over the batch as in :func:`stratified`.

    Parameters
    ----------
    x : Tensor
        Signals, which determine device and dtype.
    *shape : int
        Shape of the choices; the first is the batch.
    generator : torch.Generator, optional
        Source of the draws, on the device of ``x``.

    Returns
    -------
    Choices
    """
    return Choices(stratified(x, *shape, generator=generator))


def noise_shapes(noise: Noise) -> list[tuple[str | int, ...]]:
    """Return the shapes of all draws in order, choices marked; an empty shape for no draw."""
    if isinstance(noise, Choices):
        return [("choices", *noise.uniform.shape)]
    if isinstance(noise, tuple):
        return [shape for part in noise for shape in noise_shapes(part)]
    return [()] if noise is None else [tuple(noise.shape)]


def tensors_in(noise: Noise) -> Iterator[Tensor]:
    """Yield the tensors of nested draws."""
    if isinstance(noise, Choices):
        yield noise.uniform
    elif isinstance(noise, tuple):
        for part in noise:
            yield from tensors_in(part)
    elif noise is not None:
        yield noise


def _interleaved(parts: Sequence[Noise]) -> Noise:
    """Interleave the rows of several nested draws of the same structure."""
    first = parts[0]
    if isinstance(first, Choices):
        rows = torch.stack([part.uniform for part in parts if isinstance(part, Choices)], 1)
        return Choices(rows.flatten(0, 1), first.in_part)
    if isinstance(first, tuple):
        return tuple(
            [
                _interleaved(inner)
                for inner in zip(*[part for part in parts if isinstance(part, tuple)], strict=True)
            ]
        )
    if first is None:
        return None
    return torch.stack([part for part in parts if isinstance(part, Tensor)], 1).flatten(0, 1)
