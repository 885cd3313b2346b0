"""What a transform of one's own has to keep, checked on signals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from eegaug.strength import Strength
from eegaug.transforms.base import (
    Augmentation,
    Transform,
    as_trials,
    in_full_precision,
    in_mode,
    map_noise,
    restored,
)

#: How far two results of the same noise may differ, as a fraction of the largest signal: sums of
#: a GPU come in no fixed order.
ROUNDING = 1e-5


def check_transform(transform: Transform, x: Tensor) -> None:
    """Raise where a transform breaks what layers, models and criteria build on.

    A transform returns signals of the shape and dtype of those it is given (or of
    :meth:`~eegaug.Augmentation.resized`), which it leaves as they are, does the same for the same
    noise, is the identity at zero strength, and lets a gradient through to the signals and to every
    learnable strength, which may be zero but not NaN. A chance whose choices are scored by
    :class:`~eegaug.InvarianceCriterion` needs none.

    The transform is checked as it is in training, and left as it was found; so are torch's random
    numbers. :class:`~eegaug.InvariantModel` does this by itself, on the first batch that it is
    trained on, for every transform that is not of this package.

    Parameters
    ----------
    transform : Transform
        What is to be checked, at the strengths it has. At zero it draws nothing that could differ.
    x : Tensor
        Signals, as the transform takes them: two trials are enough.

    Raises
    ------
    TypeError
        If it is no :class:`~eegaug.Transform`, or ``x`` is no floating-point tensor.
    ValueError
        If the transform breaks a rule, or ``x`` is not finite.

    Examples
    --------
    >>> from eegaug import GainTransform, as_strength
    >>> class Gain(GainTransform):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.amount = as_strength("amount", 0.2, unit="fraction")
    ...     def gain(self, x, noise):  # torch.rand belongs to `noise`
    ...         return 1 + self.amount() * torch.rand(len(x), 1, 1)
    >>> check_transform(Gain(), torch.randn(2, 3, 100))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: Transform Gain should return the same for the same noise: what is random belongs...
    """
    if not isinstance(transform, Transform):
        raise TypeError(
            f"Argument `transform` should be a Transform. Found {type(transform).__name__}."
        )
    trials = as_trials(x)
    if not x.isfinite().all():
        raise ValueError("Input `x` should be finite to check a transform on. Found NaN or inf.")
    with (
        in_mode(transform, training=True),
        _own_choices(transform),
        _own_random_numbers(x),
        torch.inference_mode(False),
    ):
        x, trials = x.detach().clone(), trials.detach().clone()
        with torch.no_grad():
            _check_shape(transform, trials)
            noise = transform.sample(x)
            given = x.clone()
            first, second = transform(given, noise=noise), transform(x.clone(), noise=noise)
        if not torch.equal(given, x):
            raise _broken(transform, "leave the signals that it is given", "other signals there")
        if (first - second).abs().max() > ROUNDING * x.abs().max():
            raise _broken(
                transform,
                "return the same for the same noise: what is random belongs in `noise`",
                "two results that differ",
            )
        _check_zero(transform, trials)
        with torch.enable_grad():
            _check_gradients(transform, x, noise)


def check_customs(augmentation: nn.Module, x: Tensor) -> None:
    """Check the transforms inside that are not of this package, on what each of them is given.

    Parameters
    ----------
    augmentation : Augmentation
        Transform, layer or chain.
    x : Tensor
        Signals (batch, channels, times) or (batch, windows, channels, times) in front of it.
    """
    if isinstance(augmentation, Transform):
        if not type(augmentation).__module__.startswith("eegaug."):
            check_transform(augmentation, x)
    for child in augmentation.children():
        check_customs(child, x)
        if isinstance(child, Augmentation):
            x = child.resized(x)


def _check_shape(transform: Transform, trials: Tensor) -> None:
    """Check what `augment` returns, before `forward` gives it the dtype of the signals."""
    rows = trials.flatten(0, 1)
    wanted = transform.resized(rows)
    noise = transform.draw(trials[:, 0])
    noise = map_noise(lambda draw: draw.repeat_interleave(trials.shape[1], 0), noise)
    with in_full_precision(rows):
        found = transform.augment(rows.clone(), noise)
    if (found.shape, found.dtype) != (wanted.shape, wanted.dtype):
        raise _broken(
            transform,
            f"return signals of shape {tuple(wanted.shape)} and dtype {wanted.dtype}",
            f"shape {tuple(found.shape)} and dtype {found.dtype}",
        )


def _check_zero(transform: Transform, trials: Tensor) -> None:
    """Check that nothing happens where all strengths are zero, the gate being open."""
    strengths = [m for m in transform.modules() if isinstance(m, Strength) and m.low.item() == 0]
    extents = [strength for strength in strengths if strength is not transform.p]
    if not extents or transform.resized(trials).shape != trials.shape:
        return
    with restored(*(strength.raw for strength in extents)), torch.no_grad():
        for strength in extents:
            strength.raw.data.zero_()
        change = (transform(trials.clone()) - trials).abs().max()
    if change > ROUNDING * trials.abs().max():
        raise _broken(transform, "be the identity at zero strength", f"a change of {change:.2g}")


def _check_gradients(transform: Transform, x: Tensor, noise: Any) -> None:
    """Check that a finite gradient reaches the signals, and each strength but for choices."""
    strengths = {f"its strength `{name}`": s for name, s in transform.strengths().items()}
    sources = {"the signals": x.requires_grad_(), **{key: s.raw for key, s in strengths.items()}}
    try:
        total = transform(x.clone(), noise=noise).sum()
        if not total.requires_grad:
            raise _broken(transform, "be differentiable in the signals", "no gradient")
        gradients = torch.autograd.grad(total, list(sources.values()), allow_unused=True)
    except RuntimeError as error:  # what torch says of numpy, and of what is overwritten
        message = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        raise _broken(transform, "be differentiable", message.rstrip(".")) from error
    for name, gradient in zip(sources, gradients, strict=True):
        strength = strengths.get(name)
        if gradient is None and (strength is None or strength.choices is None):
            raise _broken(transform, f"be differentiable in {name}", "no gradient")
        if gradient is not None and not gradient.isfinite().all():
            raise _broken(transform, f"be differentiable in {name}", "a gradient of NaN or inf")


def _broken(transform: Transform, rule: str, found: str) -> ValueError:
    return ValueError(f"Transform {type(transform).__name__} should {rule}. Found {found}.")


@contextmanager
def _own_choices(transform: Transform) -> Iterator[None]:
    """Forget the choices of the last call for a while, and put them back."""
    choices = {m: m.choices for m in transform.modules() if isinstance(m, Strength)}
    try:
        for strength in choices:
            strength.choices = None
        yield
    finally:
        for strength, chosen in choices.items():
            strength.choices = chosen


def _own_random_numbers(x: Tensor) -> AbstractContextManager:
    """Draw without a trace in torch's random numbers, of the CPU and of the signals' device."""
    if x.device.type == "cpu":
        return torch.random.fork_rng(devices=[])
    return torch.random.fork_rng(devices=[x.device], device_type=x.device.type)
