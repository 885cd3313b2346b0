"""The base of all objectives: a module of (model, loss), called with signals and targets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from torch import Tensor, nn

from eegaug.models import InvariantModel
from eegaug.objectives.losses import check_loss, check_pairs, check_targets
from eegaug.validation import found


class Step(NamedTuple):
    """Result of an objective for a batch.

    Parameters
    ----------
    loss : Tensor
        Scalar to minimise.
    outputs : Tensor
        Outputs of the model, shape (batch, ...).

    Examples
    --------
    >>> import torch
    >>> Step(loss=torch.tensor(0.5), outputs=torch.zeros(8, 2)).loss
    tensor(0.5000)
    """

    loss: Tensor
    outputs: Tensor


class Objective(nn.Module, ABC):
    """Base of objectives: ``objective(x, y)`` runs the model and returns the loss to minimise.

    An objective contains its model, so that it works unchanged in a plain loop,
    ``DistributedDataParallel``, Accelerate or Lightning, and is copied, saved and moved as a unit.
    In evaluation mode it returns the plain loss.

    Parameters
    ----------
    model : InvariantModel
        A network preceded by its augmentation.
    loss : nn.Module
        Loss of (outputs, targets).

    Raises
    ------
    TypeError
        If the model is not an :class:`~eegaug.InvariantModel`, or ``loss`` is not a module.
    ValueError
        If the model contains another objective.

    Examples
    --------
    >>> import torch
    >>> from eegaug import TimeShift
    >>> class Plain(Objective):  # the loss alone
    ...     def training_step(self, x, y):
    ...         outputs = self.model(x)
    ...         return Step(self.mean_loss(outputs, y), outputs)
    >>> model = InvariantModel(nn.Flatten(), TimeShift(sfreq=10))
    >>> objective = Plain(model, nn.CrossEntropyLoss())
    >>> objective(torch.zeros(4, 1, 20), torch.arange(4)).item()
    2.995732307434082
    """

    def __init__(self, model: InvariantModel, loss: nn.Module) -> None:
        super().__init__()
        if not isinstance(model, InvariantModel):
            raise TypeError(
                "Parameter `model` should be an InvariantModel, a network with an augmentation."
                f" Found {found(model)}."
            )
        check_loss(loss)
        if any(isinstance(each, Objective) for each in model.modules()):
            raise ValueError(
                "Parameter `model` should not contain another objective, since each strength should"
                " have one reward. Found one inside."
            )
        self.model = model
        self.loss = loss

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the loss to minimise, in training mode with the reward for width.

        Parameters
        ----------
        x : Tensor
            Signals, shape (batch, channels, times).
        y : Tensor
            Targets, as the loss takes them, shape (batch, ...).

        Returns
        -------
        Tensor
            Scalar.

        Raises
        ------
        TypeError
            If one of them is not a tensor.
        ValueError
            If the number of targets differs, or they have another shape than the loss takes.
        """
        return self.step(x, y).loss

    def step(self, x: Tensor, y: Tensor) -> Step:
        """Return the loss to minimise and the outputs of the model, as a :class:`Step`."""
        check_pairs(x, y)
        if self.training:
            return self.training_step(x, y)
        outputs = self.model(x)
        return Step(self.mean_loss(outputs, y), outputs)

    def mean_loss(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Return the loss, or raise a ValueError for targets of another shape."""
        check_targets(self.loss, outputs, y)
        return self.loss(outputs, y)

    @abstractmethod
    def training_step(self, x: Tensor, y: Tensor) -> Step:
        """Return the loss to minimise in training, and the outputs of the model."""
