"""How well a strength is determined: the loss at values other than the learned one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from eegaug.inspect.losses import (
    SIGNIFICANT,
    check_trials,
    mean_and_error,
    replayed_losses,
    with_error,
)
from eegaug.inspect.records import LearnedStrength, strengths_with_records
from eegaug.models import InvariantModel
from eegaug.objectives import REWARD_WEIGHT
from eegaug.strength import FlipProbability, Strength
from eegaug.transforms.contexts import in_mode, restored
from eegaug.validation import check_not_negative

#: Multiples of a strength at which the loss is evaluated.
MULTIPLES = (0.0, 0.5, 1.0, 1.5, 2.0)
#: Fractions of its range below which a strength counts as zero, and above which it is at its end.
NONE, END = 0.05, 0.97


@dataclass(frozen=True)
class Profile:
    """How the loss depends on one strength, with the others as learned.

    Parameters
    ----------
    strength : LearnedStrength
        The strength as learned.
    values : tuple of float
        Values at which the loss was evaluated, in the unit of the strength.
    excess : tuple of float
        Mean loss there, less that at the learned value, in units of the loss.
    error : tuple of float
        Standard error of each excess, over trials.
    verdict : str
        "bounded", "ruled out", "free", "not determined" or "too wide".
    reason : str
        Reason for the verdict, with its figure.

    Examples
    --------
    >>> from eegaug import TimeShift
    >>> model = InvariantModel(nn.Flatten(), TimeShift(sfreq=10, max_shift=1.0))
    >>> x, y = torch.randn(8, 1, 20), torch.arange(8)
    >>> (profile,) = identifiability(model, nn.CrossEntropyLoss(), x, y)
    >>> profile.strength.name, profile.strength.unit, profile.values
    ('max_shift', 's', (0.0, 0.5, 1.0, 1.5, 2.0))
    """

    strength: LearnedStrength
    values: tuple[float, ...]
    excess: tuple[float, ...]
    error: tuple[float, ...]
    verdict: str
    reason: str


def identifiability(
    model: InvariantModel,
    loss: nn.Module,
    x: Tensor,
    y: Tensor,
    n_draws: int = 4,
    batch_size: int = 256,
    seed: int = 0,
    reward_weight: float = REWARD_WEIGHT,
) -> list[Profile]:
    r"""Return how well the data determine each learned strength.

    The loss of the trained network, in evaluation mode, is computed on trials augmented by
    independent draws, which are the same at 0, 0.5, 1, 1.5 and 2 times the learned strength, so
    that differences are due to the strength alone. A flip is compared with never and always
    flipping.

    - *bounded*: reaching half as far again increases the loss.
    - *ruled out*: it is close to zero, and a small reach (a tenth of the range, or always instead
      of never) increases the loss.
    - *free*: it is at the end of its range (a flip: near one half), and nothing limited it.
    - *not determined*: it could be wider, or, if close to zero, be used, at no measurable cost.
    - *too wide*: on these trials, half of it (or never) would save more than its width is worth:
      the strengths were learned on trials that the network has memorised, or under other weights.

    A cost is significant above two standard errors over trials. Where a strength settles under
    :class:`~eegaug.InvarianceObjective` with a reward weight :math:`\mu`, half of it saves at most
    :math:`\mu \log 2`, for any loss that grows like a power of the strength; and never flipping
    saves at most :math:`\mu`.

    Parameters
    ----------
    model : InvariantModel
        The trained model.
    loss : nn.Module
        Loss of (outputs, targets) with a ``reduction``.
    x, y : Tensor
        Signals (batch, channels, times) and targets (batch, ...): training trials show what
        determined the strengths, held-out trials what generalises.
    n_draws : int
        Draws per trial.
    batch_size : int
        Number of trials per batch.
    seed : int
        Seed of the draws.
    reward_weight : float
        Reward weight :math:`\mu` of the training (nats).

    Returns
    -------
    list of Profile
        One per learnable strength, in the order of :func:`~eegaug.learned_strengths`.

    Raises
    ------
    TypeError
        If the model is not an InvariantModel, signals or targets are not tensors, or a number is
        none.
    ValueError
        If a number is out of its range, there is only one trial, or the number of targets differs.

    Examples
    --------
    >>> from eegaug import SignFlip
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(64, 1, 20)
    >>> y = (x.mean((1, 2)) > 0).long()  # the class is the polarity
    >>> class Mean(nn.Module):
    ...     def forward(self, x):
    ...         return torch.stack([-x.mean((1, 2)), x.mean((1, 2))], 1)
    >>> model = InvariantModel(Mean(), SignFlip(p=0.01))
    >>> identifiability(model, nn.CrossEntropyLoss(), x, y)[0].verdict
    'ruled out'
    """
    check_trials(model, x, y, n_draws, batch_size, seed)
    check_not_negative("reward_weight", reward_weight)
    profiles = []
    with torch.no_grad(), in_mode(model, training=False):

        def losses() -> Tensor:
            return replayed_losses(model, loss, x, y, n_draws, batch_size, seed)

        learned = losses()
        for record, strength in strengths_with_records(model.augmentation):
            if strength is None:
                continue
            excess, errors = [], []
            fractions = _fractions(strength)
            learned_fraction = strength.fraction.item()
            with restored(strength.raw):
                for fraction in fractions:
                    mean, error = 0.0, 0.0
                    if fraction != learned_fraction:
                        strength.raw.data.fill_(fraction)
                        mean, error = mean_and_error(losses() - learned)
                    excess.append(mean)
                    errors.append(error)
            verdict, reason = _judge(
                strength, learned_fraction, fractions, excess, errors, reward_weight
            )
            values = (record.low + each * (record.high - record.low) for each in fractions)
            profiles.append(
                Profile(record, tuple(values), tuple(excess), tuple(errors), verdict, reason)
            )
    return profiles


def _fractions(strength: Strength) -> list[float]:
    """Return the fractions of the range at which the loss is evaluated, in order."""
    fraction = strength.fraction.item()
    if isinstance(strength, FlipProbability):
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

    def figure(index: int) -> str:
        return with_error(excess[index], errors[index])

    def costs(index: int) -> bool:
        return excess[index] > SIGNIFICANT * errors[index]

    def saves(index: int, worth: float) -> bool:
        return -excess[index] - worth > SIGNIFICANT * errors[index]

    last = len(values) - 1
    if isinstance(strength, FlipProbability):
        more = excess[1] - excess[0]
        always = f"always instead of never changes the loss by {more:+.2g}"
        if fraction < NONE and more > SIGNIFICANT * (errors[0] + errors[1]):
            return "ruled out", f"It costs loss: {always}."
        if saves(0, weight):
            return "too wide", f"Never would change the loss by {figure(0)}."
        if 0.25 <= fraction <= 0.75 and not saves(1, weight):
            return "free", f"Both ways are as good: {always}."
        return "not determined", f"Neither used evenly nor ruled out: {always}."
    if fraction < NONE:
        where = "A tenth of the range"
        if costs(last):
            return "ruled out", f"{where} changes the loss by {figure(last)}."
        return "not determined", f"{where} costs nothing measurable: {figure(last)}."
    half = next(index for index, value in enumerate(values) if value > 0)
    if saves(half, weight * math.log(2)):
        return "too wide", f"Half of it would change the loss by {figure(half)}."
    if fraction > END:
        return "free", "It reached the end of its range, and nothing in the data bounds it."
    farther = next(index for index, value in enumerate(values) if value > fraction * 1.01)
    reaching = (
        "Reaching half as far again" if values[farther] < 1 else "Reaching the end of the range"
    )
    if costs(farther):
        return "bounded", f"{reaching} changes the loss by {figure(farther)}."
    return "not determined", f"{reaching} costs nothing measurable: {figure(farther)}."
