"""The loss of each trial under fixed draws, for profiles and comparisons of candidates."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eegaug.models import InvariantModel
from eegaug.objectives.losses import check_pairs, check_targets, per_trial, with_reduction
from eegaug.validation import check_count

#: Number of standard errors above which a difference of the loss is significant.
SIGNIFICANT = 2.0


def replayed_losses(
    model: InvariantModel,
    loss: nn.Module,
    x: Tensor,
    y: Tensor,
    n_draws: int,
    batch_size: int,
    seed: int,
) -> Tensor:
    """Return the loss of each trial, averaged over draws that are the same in each call.

    Parameters
    ----------
    model : InvariantModel
        The model, in evaluation mode.
    loss : nn.Module
        Loss of (outputs, targets) with a ``reduction``.
    x, y : Tensor
        Signals and targets.
    n_draws : int
        Draws per trial.
    batch_size : int
        Number of trials per batch.
    seed : int
        Seed of the draws.

    Returns
    -------
    Tensor
        Losses, shape (batch,).
    """
    each, together = with_reduction(loss, "none"), with_reduction(loss, "mean")
    generator = torch.Generator(x.device).manual_seed(seed)
    losses = []
    for _ in range(n_draws):
        outputs = torch.cat(
            [
                model(signals, draw=model.augmentation.sample(signals, generator))
                for signals in x.split(batch_size)
            ]
        )
        check_targets(loss, outputs, y)
        losses.append(per_trial(each, outputs, y, together(outputs, y)))
    return torch.stack(losses).mean(0)


def mean_and_error(differences: Tensor) -> tuple[float, float]:
    """Return the mean over trials, and its standard error."""
    return differences.mean().item(), (differences.std() / len(differences) ** 0.5).item()


def with_error(mean: float, error: float) -> str:
    """Return a mean change and its error in text, however small they are."""
    return f"{mean:+.2g} ± {error:.2g}"


def check_trials(
    model: object, x: Tensor, y: Tensor, n_draws: object, batch_size: object, seed: object
) -> None:
    """Raise if these are not a model, and trials on which to measure it."""
    if not isinstance(model, InvariantModel):
        raise TypeError(
            f"Argument `model` should be an InvariantModel. Found {type(model).__name__}."
        )
    check_pairs(x, y)
    if len(x) < 2:
        raise ValueError(f"Inputs `x` and `y` should hold two trials or more. Found {len(x)}.")
    check_count("n_draws", n_draws)
    check_count("batch_size", batch_size)
    check_count("seed", seed, least=0)
