"""The base of all augmentations: draws separate from the map, one per trial; moving labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from eegaug.strength import Strength
from eegaug.transforms.contexts import (
    in_export,
    in_full_precision,
    in_graph,
    in_loader,
    own_generator,
    without_graph_in_loader,
)
from eegaug.transforms.draws import Choices, Draw, Noise, map_noise, noise_shapes, tensors_in

if TYPE_CHECKING:
    from eegaug.transforms.transform import Transform


class Random(nn.Module, ABC):
    """Base of modules whose randomness is a value, drawn by :meth:`sample` and replayed."""

    def sample(self, x: Tensor, generator: torch.Generator | None = None) -> Draw:
        """Draw the random values for a batch, to replay by passing it as ``draw``.

        In distributed training, processes draw independently, even if they share a seed.

        Parameters
        ----------
        x : Tensor
            Signals as :meth:`forward` takes them.
        generator : torch.Generator, optional
            Source of the draws, on the device of ``x``.

        Returns
        -------
        Draw
            One row per trial, independent of any learnable parameter.

        Raises
        ------
        RuntimeError
            Under ``torch.export`` and ``torch.jit.trace``, which do not repeat the draws of a seed.
        """
        if torch.jit.is_tracing() or in_export():
            raise RuntimeError(
                "A model to export or to trace should draw nothing, as what `exportable(model, x)`"
                f" returns. Found {type(self).__name__}."
            )
        trials = as_trials(x)[:, 0]
        if generator is None:
            generator = own_generator(x.device)
        return Draw(self.draw(trials, generator), (len(trials), *trials.shape[1:]))

    @abstractmethod
    def draw(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Return parameter-free draws, one row per trial of ``x`` (batch, channels, times)."""

    def drawn(self, x: Tensor, draw: Draw | None, generator: torch.Generator | None) -> Draw:
        """Return a new draw, or the given one checked; outside of training, of whole choices."""
        if draw is None:
            draw = self.sample(x, generator)
        elif not in_graph():  # where the batch may be a symbol
            check_draw(self, draw, as_trials(x))
        return draw.whole() if not self.training or in_loader() else draw


class Augmentation(Random):
    """Base of transforms, layers and chains: a random map of signals to signals.

    Draws are separate from the map. :meth:`sample` does not depend on strengths and returns a
    :class:`~eegaug.Draw`; given that draw, the map is a deterministic, differentiable function of
    signals and strengths. Calling the module does both, or replays a draw. The module keeps no
    state between calls.

    In training mode, choices with a learnable probability (flips, dropped channels) are taken in
    part if their draw is close to it, which gives it a gradient; with
    :meth:`Draw.whole <eegaug.Draw.whole>` they are whole, and :meth:`log_prob` is differentiable in
    the probabilities instead.

    Examples
    --------
    >>> from eegaug import TimeShift
    >>> shift, x = TimeShift(sfreq=100), torch.randn(8, 2, 300)
    >>> draw = shift.sample(x)
    >>> torch.equal(shift(x, draw=draw), shift(x, draw=draw))
    True
    """

    def forward(
        self,
        x: Tensor,
        y: Any = None,
        *,
        draw: Draw | None = None,
        generator: torch.Generator | None = None,
    ) -> Any:
        """Augment each trial by an independent draw.

        Parameters
        ----------
        x : Tensor
            Floating-point signals, shape (batch, channels, times), (channels, times) for one
            trial, or (batch, windows, channels, times), where the windows of a trial share a draw.
        y : object, optional
            Labels. Dense ones, a tensor of shape (batch, ..., times) such as (batch, times) or
            (batch, classes, times), move with the signals where time moves, to the nearest sample;
            all others are returned unchanged.
        draw : Draw, optional
            Draw of :meth:`sample` to replay.
        generator : torch.Generator, optional
            Source of the draws, on the device of ``x``; torch's default generator if absent.

        Returns
        -------
        Tensor or tuple
            ``x'``, of the shape, dtype and device of ``x``; ``(x', y)`` if ``y`` is given.

        Raises
        ------
        TypeError
            If ``x`` is not a dense floating-point tensor, or ``draw`` is not a Draw.
        ValueError
            If ``x`` is empty, has another number of dimensions or is on another device than the
            augmentation, or the draw was made for another batch or by another augmentation.
        """
        trials = as_trials(x)
        check_device(self, x)
        with without_graph_in_loader():
            draw = self.drawn(x, draw, generator)
            out = self.augmented(x, draw)
        if y is None:
            return out
        labels = y[None] if isinstance(y, Tensor) and x.ndim == 2 else y
        if not _is_dense(labels, trials):
            return out, y
        labels = self.relabel(labels, draw.noise)
        return out, labels[0] if x.ndim == 2 else labels

    def augmented(self, x: Tensor, draw: Draw, alike: bool = False) -> Tensor:
        """Return the signals augmented by a draw that fits: :meth:`forward` without its checks.

        Where all trials are augmented alike, the draw has one row.
        """
        trials = as_trials(x)
        signals = trials.flatten(0, 1)
        with in_full_precision(x):
            if alike:
                out = self.augment_alike(signals, draw.noise)
            else:
                out = self.augment(signals, draw.repeat_interleave(trials.shape[1]).noise)
        return out.to(x.dtype).reshape(*x.shape[:-1], out.shape[-1])

    def log_prob(self, draw: Draw) -> Tensor:
        """Return the log-probability of all choices of each trial, taken as whole.

        Parameters
        ----------
        draw : Draw
            Draw of :meth:`sample`.

        Returns
        -------
        Tensor
            Shape (batch,), differentiable in the probabilities; zeros for an augmentation without
            choices.
        """
        like = next(tensors_in(draw.noise), torch.zeros(()))
        total = like.new_zeros(len(draw))
        for choices, probability in self.all_choices(draw.noise):
            total = total + choices.log_prob(probability)
        return total

    @abstractmethod
    def augment(self, x: Tensor, noise: Noise) -> Tensor:
        """Map signals (batch, channels, times) deterministically; ``noise`` is that of a draw."""

    def augment_alike(self, x: Tensor, noise: Noise) -> Tensor:
        """Map all signals (batch, channels, times) by the draw of one trial."""
        return self.augment(x, map_noise(lambda row: row.repeat_interleave(len(x), 0), noise))

    @abstractmethod
    def layers(self) -> Iterator[Augmentation]:
        """Yield the layers inside, in order; a transform yields itself."""

    @abstractmethod
    def all_choices(self, noise: Noise) -> Iterator[tuple[Choices, Strength]]:
        """Yield all choices of a draw, each with its probability."""

    def candidates(self) -> Iterator[tuple[Transform, Tensor | float]]:
        """Yield the transforms that a layer chooses among, each with its weight."""
        raise NotImplementedError

    def resized(self, x: Tensor) -> Tensor:
        """Return signals of the shape that :meth:`augment` returns; by default ``x`` itself."""
        return x

    def relabel(self, y: Tensor, noise: Noise) -> Tensor:
        """Move dense labels (batch, ..., times) along with the signals; unchanged by default."""
        return y

    def inverse(self, y: Tensor, noise: Noise) -> Tensor:
        """Move dense outputs back to the times before the augmentation; unchanged by default.

        Parameters
        ----------
        y : Tensor
            Outputs for the augmented signals, one per sample: shape (batch, ..., times).
        noise : nested tuple of Tensor
            ``noise`` of the draw with which the signals were augmented.

        Returns
        -------
        Tensor
            Outputs of the same shape, differentiable in ``y`` and in the strengths.

        Raises
        ------
        TypeError
            If a transform moves time in a way that has no inverse.
        ValueError
            If the signals were a mixture, which no single movement can invert.
        """
        return y

    def widths(self) -> Iterator[Tensor]:
        """Yield, for each layer inside, the widths of its strengths times their weights."""
        for layer in self.layers():
            widths = [
                weight * strength.width
                for transform, weight in layer.candidates()
                for strength in transform.strengths().values()
            ]
            if widths:
                yield torch.stack(widths)


def augmentation_layers(module: nn.Module) -> Iterator[Augmentation]:
    """Yield the layers of all augmentations of a model, in order."""
    if isinstance(module, Augmentation):
        yield from module.layers()
    else:
        for child in module.children():
            yield from augmentation_layers(child)


def check_signals(x: object) -> None:
    """Raise if ``x`` is not a floating-point tensor of signals."""
    wanted = "a floating-point tensor of shape (batch, channels, times)"
    if not isinstance(x, Tensor):
        raise TypeError(f"Input `x` should be {wanted}. Found {type(x).__name__}.")
    if not x.is_floating_point():
        raise TypeError(f"Input `x` should be {wanted}. Found dtype {x.dtype}.")
    if x.layout is not torch.strided:
        raise TypeError(f"Input `x` should be {wanted}. Found layout {x.layout}.")
    if x.ndim not in (2, 3, 4) or x.numel() == 0:
        kind = "an empty tensor" if x.numel() == 0 else "a tensor"
        raise ValueError(f"Input `x` should be {wanted}. Found {kind} of shape {tuple(x.shape)}.")


def check_device(augmentation: nn.Module, x: Tensor) -> None:
    """Raise if signals are not where the augmentation is; scalars go with any signals."""
    for held in chain(augmentation.parameters(), augmentation.buffers()):
        if held.ndim and held.device != x.device:
            raise ValueError(
                f"Input `x` should be on {held.device}, as the augmentation is, which"
                f" `augmentation.to(x.device)` moves. Found {x.device}."
            )


def as_trials(x: Tensor) -> Tensor:
    """Check the signals and view them as (batch, windows, channels, times)."""
    check_signals(x)
    if x.dtype in (torch.float16, torch.bfloat16):  # too coarse for phases and the FFT
        x = x.float()
    if x.ndim == 4:
        return x
    return x[:, None] if x.ndim == 3 else x[None, None]


def check_draw(augmentation: Any, draw: object, trials: Tensor) -> None:
    """Raise if a draw was not made by this augmentation for signals of this shape."""
    if not isinstance(draw, Draw):
        raise TypeError(
            f"Argument `draw` should be a Draw, as `sample` returns it. Found"
            f" {type(draw).__name__}."
        )
    first = trials[:, 0]
    if draw.shape != tuple(first.shape):
        wanted, found = (
            f"{rows} trials of {channels} channels and {times} times"
            for rows, channels, times in (first.shape, draw.shape)
        )
        raise ValueError(f"Argument `draw` should be drawn for {wanted}. Found one for {found}.")
    if noise_shapes(draw.noise) != noise_shapes(augmentation.draw(first.to("meta"))):
        raise ValueError(
            f"Argument `draw` should be drawn by this {type(augmentation).__name__}."
            " Found a draw of another augmentation."
        )


def _is_dense(y: Any, trials: Tensor) -> bool:
    """Return whether these are labels (batch, ..., times), one per sample."""
    return (
        isinstance(y, Tensor)
        and y.ndim > 1
        and len(y) == len(trials)
        and y.shape[-1] == trials.shape[-1]
    )
