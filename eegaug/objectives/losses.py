"""The loss of each trial, on the scale of the mean loss."""

from __future__ import annotations

import copy

from torch import Tensor, nn

#: Losses that compare outputs and targets number by number.
BY_NUMBER = (nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss, nn.BCEWithLogitsLoss)


def check_targets(loss: nn.Module, outputs: Tensor, targets: Tensor) -> None:
    """Raise if targets have another shape than the outputs that they are compared with."""
    if isinstance(loss, BY_NUMBER) and outputs.shape != targets.shape:
        raise ValueError(
            f"Targets of {type(loss).__name__} should have the shape of the outputs,"
            f" {tuple(outputs.shape)}. Found {tuple(targets.shape)}."
        )


def with_reduction(loss: nn.Module, reduction: str) -> nn.Module:
    """Return a copy of a loss with another ``reduction``."""
    loss = copy.deepcopy(loss)
    loss.reduction = reduction  # type: ignore[assignment]
    return loss


def per_trial(loss: nn.Module, outputs: Tensor, targets: Tensor, mean: Tensor) -> Tensor:
    """Return the loss of each trial, scaled so that their mean is the mean loss.

    Class weights do not sum to one over a batch, so that the mean loss is not the mean of the
    losses.

    Parameters
    ----------
    loss : nn.Module
        Loss of (outputs, targets) with a ``reduction`` of "none".
    outputs, targets : Tensor
        Outputs of the network, and targets, shape (batch, ...).
    mean : Tensor
        Mean loss of the batch.

    Returns
    -------
    Tensor
        Losses, shape (batch,).
    """
    losses = loss(outputs, targets).reshape(len(outputs), -1).mean(1)
    return losses * (mean / losses.mean()).nan_to_num(1.0)
