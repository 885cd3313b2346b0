"""Checks of the rules that a custom transform has to follow."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from eegaug.strength import Strength
from eegaug.transforms.augmentation import Augmentation, as_trials
from eegaug.transforms.contexts import in_full_precision, in_mode, restored
from eegaug.transforms.draws import Draw
from eegaug.transforms.forms import fuses, sizes_of
from eegaug.transforms.transform import Transform
from eegaug.validation import found

#: Largest difference between two results for the same noise, as a fraction of the largest sample:
#: sums on a GPU have no fixed order.
ROUNDING = 1e-5


def check_transform(transform: Transform, x: Tensor) -> None:
    """Raise if a transform breaks a rule that layers, models and objectives rely on.

    A transform returns signals of the shape and dtype of its input (or of
    :meth:`~eegaug.Augmentation.resized`), does not modify its input, computes gains and matrices
    from the sizes of the signals alone, so that chains can fuse, returns the same result for
    the same noise, is the identity at zero strength, and has a gradient in the signals and in every
    learnable strength, which may be zero but not NaN. The probability of choices needs a gradient
    only where these are taken in part, if :meth:`~eegaug.Transform.own_choices` yields them.

    The check runs in training mode, and restores the transform and torch's random state afterwards.
    :class:`~eegaug.InvariantModel` checks every custom transform when it is built, if its network
    has ``n_chans`` and ``n_times``, and :class:`~eegaug.integrations.braindecode.EEGClassifier`
    checks on the first batch.

    Parameters
    ----------
    transform : Transform
        Transform to check, at its current strengths. At zero strength, randomness outside of
        ``noise`` has no effect and is not detected.
    x : Tensor
        Signals of the shape that the transform takes; two trials are enough.

    Raises
    ------
    TypeError
        If ``transform`` is not a :class:`~eegaug.Transform`, or ``x`` is not a floating-point
        tensor.
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
        raise TypeError(f"Argument `transform` should be a Transform. Found {found(transform)}.")
    trials = as_trials(x)
    if not x.isfinite().all():
        raise ValueError("Input `x` should be finite to check a transform on. Found NaN or inf.")
    with (
        in_mode(transform, training=True),
        _own_random_numbers(x),
        torch.inference_mode(False),
    ):
        x, trials = x.detach().clone(), trials.detach().clone()
        with torch.no_grad():
            _check_shape(transform, trials)
            draw = transform.sample(x)
            given = x.clone()
            first, second = transform(given, draw=draw), transform(x.clone(), draw=draw)
        if not torch.equal(given, x):
            raise _broken(transform, "leave its input unchanged", "modified signals")
        with torch.no_grad():
            _check_sizes(transform, trials[:, 0], draw)
        if (first - second).abs().max() > ROUNDING * x.abs().max():
            raise _broken(
                transform,
                "return the same for the same noise: what is random belongs in `noise`",
                "two results that differ",
            )
        _check_zero(transform, trials)
        with torch.enable_grad():
            _check_gradients(transform, x, draw)


def check_custom_transforms(augmentation: nn.Module, x: Tensor) -> None:
    """Check the custom transforms inside, each on the signals that it receives.

    Parameters
    ----------
    augmentation : Augmentation
        Transform, layer or chain.
    x : Tensor
        Signals (batch, channels, times) or (batch, windows, channels, times), as its input.
    """
    if isinstance(augmentation, Transform):
        if not _is_ours(augmentation):
            check_transform(augmentation, x)
    for child in augmentation.children():
        check_custom_transforms(child, x)
        if isinstance(child, Augmentation):
            x = child.resized(x)


def check_when_built(augmentation: nn.Module, n_chans: int | None, n_times: int | None) -> None:
    """Check the custom transforms inside, on signals of a network's input shape.

    Parameters
    ----------
    augmentation : Augmentation
        Transform, layer or chain.
    n_chans, n_times : int or None
        Input shape of the network. If it is unknown, nothing is checked; transforms that change the
        length are skipped.
    """
    if not n_chans or not n_times:
        return
    for transform in augmentation.modules():
        if not isinstance(transform, Transform) or _is_ours(transform):
            continue
        values = [each for each in transform.state_dict().values() if each.is_floating_point()]
        like = values[0] if values else torch.zeros(())
        if type(transform).resized is Transform.resized and not like.is_meta:
            generator = torch.Generator().manual_seed(0)
            check_transform(
                transform, torch.randn(2, n_chans, n_times, generator=generator).to(like)
            )


def _is_ours(transform: Transform) -> bool:
    return type(transform).__module__.startswith("eegaug.")


def _check_shape(transform: Transform, trials: Tensor) -> None:
    """Check shape and dtype of what `augment` returns, before `forward` casts it."""
    rows = trials.flatten(0, 1)
    wanted = transform.resized(rows)
    draw = transform.sample(trials).repeat_interleave(trials.shape[1])
    with in_full_precision(rows):
        result = transform.augment(rows.clone(), draw.noise)
    if (result.shape, result.dtype) != (wanted.shape, wanted.dtype):
        raise _broken(
            transform,
            f"return signals of shape {tuple(wanted.shape)} and dtype {wanted.dtype}",
            f"shape {tuple(result.shape)} and dtype {result.dtype}",
        )


def _check_sizes(transform: Transform, x: Tensor, draw: Draw) -> None:
    """Check that gain or matrix depend on no signals, which a chain that fuses does not have."""
    if not fuses(transform):
        return
    operators = transform.operators(sizes_of(x), draw.noise)
    if not all(part.isfinite().all() for _, part in operators.items()):
        raise _broken(
            transform,
            "compute its operator from the sizes of the signals alone, or be an AdditiveTransform",
            "an operator that depends on the signals",
        )


def _check_zero(transform: Transform, trials: Tensor) -> None:
    """Check that the transform is the identity at zero strength, with the gate open."""
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


def _check_gradients(transform: Transform, x: Tensor, draw: Draw) -> None:
    """Check that a finite gradient reaches the signals and each strength, choices whole or not."""
    strengths = {f"its strength `{name}`": s for name, s in transform.strengths().items()}
    sources = {"the signals": x.requires_grad_(), **{key: s.raw for key, s in strengths.items()}}
    chosen = {probability for _, probability in transform.all_choices(draw.noise)}
    for replayed in (draw, draw.whole()):
        try:
            total = transform(x.clone(), draw=replayed).sum()
            if not total.requires_grad:
                raise _broken(transform, "be differentiable in the signals", "no gradient")
            gradients = torch.autograd.grad(total, list(sources.values()), allow_unused=True)
        except RuntimeError as error:  # numpy conversions, in-place changes
            message = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            raise _broken(transform, "be differentiable", message.rstrip(".")) from error
        for name, gradient in zip(sources, gradients, strict=True):
            if gradient is not None and not gradient.isfinite().all():
                raise _broken(transform, f"be differentiable in {name}", "a gradient of NaN or inf")
            if gradient is not None:
                continue
            if replayed is draw:
                raise _broken(transform, f"be differentiable in {name}", "no gradient")
            if strengths.get(name) in chosen:
                continue
            raise _broken(
                transform,
                f"yield the choices made with {name} in `own_choices`",
                "whole choices without a probability",
            )


def _broken(transform: Transform, rule: str, found: str) -> ValueError:
    return ValueError(f"Transform {type(transform).__name__} should {rule}. Found {found}.")


def _own_random_numbers(x: Tensor) -> AbstractContextManager[None]:
    """Preserve torch's random state, on the CPU and on the signals' device."""
    if x.device.type == "cpu":
        return torch.random.fork_rng(devices=[])
    return torch.random.fork_rng(devices=[x.device], device_type=x.device.type)
