"""What may be trusted of what was learned: invariance of a model, and of each strength how sure."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from eegaug.layers import AugmentationLayer
from eegaug.models import InvariantModel
from eegaug.objectives import INVARIANCE_WEIGHT, trial_losses
from eegaug.strength import Chance, Strength, check_count
from eegaug.summaries import describe
from eegaug.transforms.base import Augmentation, Transform, in_mode, restored

#: Multiples of a strength at which the loss is taken.
MULTIPLES = (0.0, 0.5, 1.0, 1.5, 2.0)
#: Fraction of its range below which a strength is none, and above which it is at its end.
NONE, END = 0.05, 0.97
#: A difference of the loss counts from this many standard errors on.
SIGNIFICANT = 2.0


@torch.no_grad()
def invariance(
    model: nn.Module,
    x: Tensor,
    transform: Augmentation,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Measure how little a transform of the input changes the output of a model.

    .. math:: \frac{d(z_i, z_{\pi(i)}) - d(z_i, z'_i)}{d(z_i, z_{\pi(i)})},

    with :math:`z` the outputs for the inputs, :math:`z'` those for the transformed inputs,
    :math:`\pi` a random permutation of the trials and :math:`d` the cosine distance. It is 1
    where the output stays, and 0 where the transform changes it as much as another trial would.

    Parameters
    ----------
    model : nn.Module
        From signals (batch, channels, times) to outputs (batch, ...), of two numbers a trial or
        more: one has no direction but its sign. Put it in evaluation mode before, if that is what
        is to be measured.
    x : Tensor
        Signals, shape (batch, channels, times), of two trials or more.
    transform : Augmentation
        The transform, at its strengths, asked as in evaluation: choices are whole.
    generator : torch.Generator, optional
        Source of the transform's draws and of the permutation, on the device of ``x``.

    Returns
    -------
    Tensor
        One number a trial, shape (batch,), at most 1; 0 where the other trial's output has the
        same direction. Its median over trials is what AugNet reports.

    Raises
    ------
    ValueError
        If there is one trial only, or one output a trial.

    References
    ----------
    Rommel et al., *Deep invariant networks with differentiable augmentation layers*,
    NeurIPS 2022, arXiv 2202.02142, section 4.3.

    Examples
    --------
    >>> from eegaug import SignFlip, TimeShift
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(32, 2, 100)
    >>> class Power(nn.Module):
    ...     def forward(self, x):
    ...         return x.square().mean(-1)
    >>> round(invariance(Power(), x, SignFlip(p=1.0)).median().item(), 3)
    1.0
    >>> round(invariance(nn.Flatten(), x, SignFlip(p=1.0)).median().item(), 3)
    -1.0
    """
    if len(x) < 2:
        raise ValueError("Input `x` should hold two trials or more. Found one.")
    # in double precision: of nearly equal outputs the distance is a small difference
    outputs = model(x).flatten(1).double()
    if outputs.shape[1] < 2:
        raise ValueError("Outputs should hold two numbers a trial or more. Found one.")
    with in_mode(transform, training=False):
        transformed = transform(x, generator=generator)
    transformed = model(transformed).flatten(1).double()
    # by a shift, so that no trial is compared with itself
    order = torch.randperm(len(x), generator=generator, device=x.device)
    others = torch.empty_like(outputs)
    others[order] = outputs[order.roll(1)]
    apart = _cosine_distance(outputs, others)
    nearer = apart - _cosine_distance(outputs, transformed)
    return torch.where(apart > 1e-8, nearer / apart.clamp(min=1e-8), 0.0)


def _cosine_distance(a: Tensor, b: Tensor) -> Tensor:
    return 1 - nn.functional.cosine_similarity(a, b, dim=1)


@dataclass(frozen=True)
class Profile:
    """How the loss depends on one strength, all else as learned.

    Parameters
    ----------
    layer : int
        Number of the layer, from 1, as :func:`~eegaug.describe` counts those of
        ``model.augmentation``.
    transform, strength, unit : str
        Names and unit.
    value : float
        The learned value.
    values : tuple of float
        Values at which the loss was taken, in the unit.
    excess : tuple of float
        Mean loss there, less that at the learned value, in units of the loss.
    error : tuple of float
        Standard error of each excess, over trials.
    verdict : str
        "bounded", "ruled out", "free", "not determined" or "too wide".
    reason : str
        The verdict's sentence, with its figure.

    Examples
    --------
    >>> from eegaug import TimeShift
    >>> model = InvariantModel(nn.Flatten(), TimeShift(sfreq=10, max_shift=1.0))
    >>> x, y = torch.randn(8, 1, 20), torch.arange(8)
    >>> (profile,) = identifiability(model, nn.CrossEntropyLoss(), x, y)
    >>> profile.strength, profile.unit, profile.values
    ('max_shift', 's', (0.0, 0.5, 1.0, 1.5, 2.0))
    """

    layer: int
    transform: str
    strength: str
    unit: str
    value: float
    values: tuple[float, ...]
    excess: tuple[float, ...]
    error: tuple[float, ...]
    verdict: str
    reason: str


def identifiability(
    model: InvariantModel,
    criterion: nn.Module,
    x: Tensor,
    y: Tensor,
    n_draws: int = 4,
    batch_size: int = 256,
    seed: int = 0,
    weight: float = INVARIANCE_WEIGHT,
) -> list[Profile]:
    r"""Tell of each learned strength how far the data determine it.

    The loss of the trained network, in evaluation mode, is taken on trials augmented by draws of
    their own, the same at 0, 0.5, 1, 1.5 and 2 times the learned strength, so that differences are
    those of the strength alone. A chance is held against never and always.

    - *bounded*: reaching half as far again costs loss.
    - *ruled out*: it is next to zero, and a small reach (a tenth of the range, or always instead of
      never) costs loss.
    - *free*: it is at the end of its range (a flip: near one half), and nothing resisted.
    - *not determined*: it could be wider, or, next to zero, could be used, at no measurable cost.
    - *too wide*: on these trials, half of it (or never) would save more than its breadth is worth:
      the strengths were learned on trials that the network knows by heart, or under other weights.

    Cost is told from chance at two standard errors over trials. Where a strength comes to rest
    under :class:`~eegaug.InvarianceCriterion` with weight :math:`\mu`, half of it saves at most
    :math:`\mu \log 2`, for any loss that grows like a power of the strength; and to take a chance
    never saves at most :math:`\mu`.

    Parameters
    ----------
    model : InvariantModel
        The trained model.
    criterion : nn.Module
        Loss of (outputs, targets) with a ``reduction``.
    x, y : Tensor
        Signals (batch, channels, times) and targets (batch, ...): those trained on tell what the
        strengths saw, others what holds beyond.
    n_draws : int
        Draws a trial.
    batch_size : int
        Trials at a time.
    seed : int
        Seed of the draws.
    weight : float
        Weight :math:`\mu` of the criterion that was trained by (nats): what breadth is worth.

    Returns
    -------
    list of Profile
        One a learnable strength, in the order of :func:`~eegaug.describe`.

    Raises
    ------
    TypeError
        If the model is no InvariantModel, signals or targets are no tensors, or the number of draws
        is not whole.
    ValueError
        If the number of draws is not positive, there is one trial only, or not one target a trial.

    Examples
    --------
    >>> from eegaug import SignFlip
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(64, 1, 20)
    >>> y = (x.mean((1, 2)) > 0).long()  # told by polarity
    >>> class Mean(nn.Module):
    ...     def forward(self, x):
    ...         return torch.stack([-x.mean((1, 2)), x.mean((1, 2))], 1)
    >>> model = InvariantModel(Mean(), SignFlip(p=0.01))
    >>> identifiability(model, nn.CrossEntropyLoss(), x, y)[0].verdict
    'ruled out'
    """
    _check(model, x, y, n_draws)
    profiles = []
    with torch.no_grad(), in_mode(model, training=False):

        def losses() -> Tensor:
            return _losses(model, criterion, x, y, n_draws, batch_size, seed)

        learned = losses()
        for layer, transform, name, strength in _strengths(model):
            excess, errors = [], []
            values = _values(strength)
            fraction = strength.fraction.item()
            with restored(strength.raw):
                for value in values:
                    mean, error = 0.0, 0.0
                    if value != fraction:
                        strength.raw.data.fill_(value)
                        mean, error = _mean_and_error(losses() - learned)
                    excess.append(mean)
                    errors.append(error)
            verdict, reason = _judge(strength, fraction, values, excess, errors, weight)
            low, width = strength.low.item(), (strength.high - strength.low).item()
            profiles.append(
                Profile(
                    layer,
                    transform,
                    name,
                    strength.unit,
                    low + fraction * width,
                    tuple(low + value * width for value in values),
                    tuple(excess),
                    tuple(errors),
                    verdict,
                    reason,
                )
            )
    return profiles


def _values(strength: Strength) -> list[float]:
    """Return the fractions of the range at which the loss is taken, in order."""
    fraction = strength.fraction.item()
    if isinstance(strength, Chance):
        return [0.0, 1.0]
    if fraction < NONE:
        return [0.0, 0.1]
    return sorted({min(1.0, multiple * fraction) for multiple in MULTIPLES})


def _judge(
    strength: Strength,
    fraction: float,
    values: list[float],
    excess: list[float],
    errors: list[float],
    weight: float,
) -> tuple[str, str]:
    """Return verdict and reason from the excess of the loss at each value."""

    def told(index: int) -> str:
        return f"{excess[index]:+.3f} ± {errors[index]:.3f}"

    def costs(index: int) -> bool:
        return excess[index] > SIGNIFICANT * errors[index]

    def saves(index: int, worth: float) -> bool:
        return -excess[index] - worth > SIGNIFICANT * errors[index]

    last = len(values) - 1
    if isinstance(strength, Chance):
        more = excess[1] - excess[0]
        always = f"always instead of never changes the loss by {more:+.3f}"
        if fraction < NONE and more > SIGNIFICANT * (errors[0] + errors[1]):
            return "ruled out", f"It costs loss: {always}."
        if saves(0, weight):
            return "too wide", f"Never would change the loss by {told(0)}."
        if 0.25 <= fraction <= 0.75 and not saves(1, weight):
            return "free", f"Both ways are as good: {always}."
        return "not determined", f"Neither used evenly nor ruled out: {always}."
    if fraction < NONE:
        where = "A tenth of the range"
        if costs(last):
            return "ruled out", f"{where} changes the loss by {told(last)}."
        return "not determined", f"{where} costs nothing measurable: {told(last)}."
    half = next(index for index, value in enumerate(values) if value > 0)
    if saves(half, weight * math.log(2)):
        return "too wide", f"Half of it would change the loss by {told(half)}."
    if fraction > END:
        return "free", "It reached the end of its range, and nothing in the data bounds it."
    farther = next(index for index, value in enumerate(values) if value > fraction * 1.01)
    half = "Reaching half as far again" if values[farther] < 1 else "Reaching the end of the range"
    if costs(farther):
        return "bounded", f"{half} changes the loss by {told(farther)}."
    return "not determined", f"{half} costs nothing measurable: {told(farther)}."


def runners_up(
    model: InvariantModel,
    criterion: nn.Module,
    x: Tensor,
    y: Tensor,
    n_draws: int = 4,
    batch_size: int = 256,
    seed: int = 0,
) -> list[dict[str, object]]:
    """Tell of each layer that chooses what its other candidates would have given.

    Parameters
    ----------
    model : InvariantModel
        The trained model.
    criterion : nn.Module
        Loss of (outputs, targets) with a ``reduction``.
    x, y : Tensor
        Signals (batch, channels, times) and targets (batch, ...).
    n_draws, batch_size, seed : int
        As :func:`identifiability` has them.

    Returns
    -------
    list of dict
        One a layer of several candidates: its number ``layer``, the ``winner`` by weight, the
        ``runner_up``, and ``excess`` and ``error``: the loss with the runner-up alone less that
        with the winner alone, at their learned strengths, and its standard error over trials.

    Raises
    ------
    TypeError
        If the model is no InvariantModel, signals or targets are no tensors, or the number of draws
        is not whole.
    ValueError
        If the number of draws is not positive, there is one trial only, or not one target a trial.

    Examples
    --------
    >>> from eegaug import AugmentationLayer, SignFlip, TimeShift
    >>> model = InvariantModel(nn.Flatten(), AugmentationLayer([TimeShift(100), SignFlip()]))
    >>> x, y = torch.randn(8, 1, 20), torch.arange(8)
    >>> told = runners_up(model, nn.CrossEntropyLoss(), x, y)
    >>> told[0]["winner"], told[0]["runner_up"]
    ('TimeShift', 'SignFlip')
    """
    _check(model, x, y, n_draws)
    told = []
    with torch.no_grad(), in_mode(model, training=False):
        for number, layer in enumerate(_layers(model.augmentation), 1):
            if not isinstance(layer, AugmentationLayer) or len(layer.transforms) < 2:
                continue
            names = [each["name"] for each in describe(layer)[0]["transforms"]]
            best = layer.logits.argsort(descending=True)[:2].tolist()
            alone = []
            with restored(layer.logits):
                for index in best:
                    layer.logits.data.fill_(-torch.inf)
                    layer.logits.data[index] = 0.0
                    alone.append(_losses(model, criterion, x, y, n_draws, batch_size, seed))
            excess, error = _mean_and_error(alone[1] - alone[0])
            told.append(
                {
                    "layer": number,
                    "winner": names[best[0]],
                    "runner_up": names[best[1]],
                    "excess": excess,
                    "error": error,
                }
            )
    return told


def _check(model: object, x: object, y: object, n_draws: object) -> None:
    if not isinstance(model, InvariantModel):
        raise TypeError(
            f"Argument `model` should be an InvariantModel. Found {type(model).__name__}."
        )
    for name, value in {"x": x, "y": y}.items():
        if not isinstance(value, Tensor):
            raise TypeError(
                f"Input `{name}` should be a tensor, such as torch.as_tensor({name})."
                f" Found {type(value).__name__}."
            )
    if len(x) < 2 or len(x) != len(y):
        raise ValueError(
            "Inputs `x` and `y` should hold as many trials, two or more."
            f" Found {len(x)} and {len(y)}."
        )
    check_count("n_draws", n_draws)


def _losses(
    model: InvariantModel,
    criterion: nn.Module,
    x: Tensor,
    y: Tensor,
    n_draws: int,
    batch_size: int,
    seed: int,
) -> Tensor:
    """Return the loss of each trial, its mean over draws that are the same in each call."""
    each, together = copy.deepcopy(criterion), copy.deepcopy(criterion)
    each.reduction, together.reduction = "none", "mean"
    generator = torch.Generator(x.device).manual_seed(seed)
    draws = []
    for _ in range(n_draws):
        outputs = []
        for signals in x.split(batch_size):
            noise = model.augmentation.sample(signals, generator)
            outputs.append(model.of_one_copy(signals, noise))
        outputs = torch.cat(outputs)
        draws.append(trial_losses(each, outputs, y, together(outputs, y)))
    return torch.stack(draws).mean(0)


def _mean_and_error(differences: Tensor) -> tuple[float, float]:
    """Return the mean over trials, and its standard error."""
    return differences.mean().item(), (differences.std() / len(differences) ** 0.5).item()


def _layers(augmentation: nn.Module) -> list[nn.Module]:
    """Return the layers and lone transforms in the order of :func:`~eegaug.describe`."""
    if isinstance(augmentation, (AugmentationLayer, Transform)):
        return [augmentation]
    return [layer for child in augmentation.children() for layer in _layers(child)]


def _strengths(model: InvariantModel) -> Iterator[tuple[int, str, str, Strength]]:
    """Yield layer number, transform, name and strength of every learnable strength."""
    for number, layer in enumerate(_layers(model.augmentation), 1):
        transforms = layer.transforms if isinstance(layer, AugmentationLayer) else [layer]
        for transform, told in zip(transforms, describe(layer)[0]["transforms"], strict=True):
            for name, strength in transform.strengths().items():
                yield number, told["name"], name, strength
