"""Augmentation layers in braindecode's classifiers and regressors."""

from __future__ import annotations

from typing import Any

import braindecode
from torch import Tensor

from eegaug.integrations.skorch import StrengthHistory
from eegaug.objectives import PENALTY_WEIGHT, breadth_penalty, check_penalty_weight


class _BreadthLoss:
    """Add the breadth penalty to the training loss of a net, and record the strengths."""

    def __init__(self, *args: Any, penalty_weight: float = PENALTY_WEIGHT, **kwargs: Any) -> None:
        check_penalty_weight("penalty_weight", penalty_weight)
        self.penalty_weight = penalty_weight
        super().__init__(*args, **kwargs)

    def get_loss(
        self, y_pred: Tensor, y_true: Tensor, X: Any = None, training: bool = False
    ) -> Tensor:
        """Return the loss; in training, with the penalty."""
        loss = super().get_loss(y_pred, y_true, X=X, training=training)
        if training and self.penalty_weight:
            loss = loss + self.penalty_weight * breadth_penalty(self.module_)
        return loss

    @property
    def _default_callbacks(self) -> list[tuple[str, Any]]:
        return [("strengths", StrengthHistory()), *super()._default_callbacks]


class EEGClassifier(_BreadthLoss, braindecode.EEGClassifier):
    """braindecode's classifier, with the breadth penalty in its training loss.

    The validation loss has no penalty. Weights and strengths are in ``net.history``.

    Parameters
    ----------
    module : nn.Module
        A model with augmentations inside, such as :class:`~eegaug.InvariantModel`.
    penalty_weight : float
        Weight of the penalty, zero or more.
    *args, **kwargs
        As :class:`braindecode.EEGClassifier` takes them.

    Raises
    ------
    ValueError
        If the weight is negative.
    """


class EEGRegressor(_BreadthLoss, braindecode.EEGRegressor):
    """braindecode's regressor, with the breadth penalty in its training loss.

    The validation loss has no penalty. Weights and strengths are in ``net.history``.

    Parameters
    ----------
    module : nn.Module
        A model with augmentations inside, such as :class:`~eegaug.InvariantModel`.
    penalty_weight : float
        Weight of the penalty, zero or more.
    *args, **kwargs
        As :class:`braindecode.EEGRegressor` takes them.

    Raises
    ------
    ValueError
        If the weight is negative.
    """
