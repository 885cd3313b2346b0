"""The loss of each trial, on the scale of the mean loss."""

from __future__ import annotations

import copy

from torch import Tensor, nn

#: Losses that compare outputs and targets number by number.
BY_NUMBER = (nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss, nn.BCEWithLogitsLoss)


def check_loss(loss: object) -> None:
    """Raise if ``loss`` is not a module."""
    if not isinstance(loss, nn.Module):
        raise TypeError(
            "Parameter `loss` should be a module of (outputs, targets), such as"
            f" CrossEntropyLoss(). Found {loss!r}."
        )


def check_pairs(x: object, y: object) -> None:
    """Raise if these are not tensors of as many trials as targets."""
    for name, value in (("x", x), ("y", y)):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"Input `{name}` should be a tensor, such as torch.as_tensor({name})."
                f" Found {type(value).__name__}."
            )
        if value.ndim == 0:
            raise ValueError(f"Input `{name}` should hold trials. Found a single number.")
    if len(x) != len(y):  # type: ignore[arg-type]
        raise ValueError(
            "Inputs `x` and `y` should hold the same number of trials."
            f" Found {len(x)} and {len(y)}."  # type: ignore[arg-type]
        )


def check_targets(loss: nn.Module, outputs: Tensor, targets: Tensor) -> None:
    """Raise if targets have another shape than the outputs that they are compared with."""
    if isinstance(loss, BY_NUMBER) and outputs.shape != targets.shape:
        raise ValueError(
            f"Targets of {type(loss).__name__} should have the shape of the outputs,"
            f" {tuple(outputs.shape)}. Found {tuple(targets.shape)}."
        )


def with_reduction(loss: nn.Module, reduction: str) -> nn.Module:
    """Return a copy of a loss with another ``reduction``; raise if it has none."""
    check_loss(loss)
    if not hasattr(loss, "reduction"):
        raise TypeError(
            "Parameter `loss` should have a `reduction`, by which the loss of each trial is"
            f" computed. Found {type(loss).__name__}, which has none."
        )
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
