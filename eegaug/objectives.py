"""What makes a strength grow: the breadth penalty, and the criterion that carries it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from eegaug.strength import check_number
from eegaug.transforms.base import Augmentation

#: Weight of the penalty where none is given.
PENALTY_WEIGHT = 0.001
#: Width of the rounding of the norm at zero, as a fraction of a strength's range.
ROUNDING = 0.01


def breadth_penalty(module: nn.Module) -> Tensor:
    r"""Return the negative breadth of all augmentations of a model, to be added to its loss.

    .. math:: -\sum_l \lVert w_l \odot r_l \rVert_2,

    with :math:`w` the weights and :math:`r` the strengths of layer :math:`l`, as fractions of
    their ranges (for a :class:`~eegaug.Chance`, its variance). The norm is taken between
    :math:`w \odot r + \epsilon` and :math:`\epsilon = 0.01`, so that its gradient is alive
    where all strengths are zero: there all of them widen alike.

    Parameters
    ----------
    module : nn.Module
        A model with augmentations anywhere inside, or an augmentation.

    Returns
    -------
    Tensor
        Scalar, at most zero, differentiable in weights and strengths.

    Raises
    ------
    ValueError
        If there is no augmentation inside.

    References
    ----------
    Rommel et al., *Deep invariant networks with differentiable augmentation layers*,
    NeurIPS 2022, arXiv 2202.02142.

    Examples
    --------
    >>> from eegaug import FTSurrogate, TimeShift
    >>> chain = nn.Sequential(FTSurrogate(0.3), TimeShift(sfreq=100, max_shift=0.8))
    >>> round(breadth_penalty(chain).item(), 3)
    -0.7
    """
    augmentations = list(_outermost(module))
    if not augmentations:
        raise ValueError(
            f"Argument `module` should hold an augmentation. Found none in {type(module).__name__}."
        )
    penalty = torch.zeros(())
    for augmentation in augmentations:
        for breadth in augmentation.breadths():
            at_zero = ROUNDING * len(breadth) ** 0.5
            penalty = penalty + (at_zero - torch.linalg.vector_norm(breadth + ROUNDING))
    return penalty


class BreadthCriterion(nn.Module):
    """Add the breadth penalty to a loss while the model is in training mode.

    Parameters
    ----------
    criterion : nn.Module
        Loss of (outputs, targets).
    model : nn.Module
        Model with augmentations inside. It is referred to, not owned: its parameters are not
        parameters of the criterion.
    weight : float
        Weight of the penalty, zero or more.

    Raises
    ------
    ValueError
        If the weight is negative, or the model holds no augmentation.

    Examples
    --------
    >>> from eegaug import FTSurrogate, InvariantModel
    >>> model = InvariantModel(nn.Flatten(), FTSurrogate(0.3))
    >>> criterion = BreadthCriterion(nn.CrossEntropyLoss(), model, weight=0.2)
    >>> outputs, targets = torch.zeros(4, 5), torch.arange(4)
    >>> round(criterion(outputs, targets).item(), 2)
    1.55
    >>> _ = model.eval()
    >>> round(criterion(outputs, targets).item(), 2)
    1.61
    """

    def __init__(
        self, criterion: nn.Module, model: nn.Module, weight: float = PENALTY_WEIGHT
    ) -> None:
        super().__init__()
        check_penalty_weight("weight", weight)
        breadth_penalty(model)
        self.criterion = criterion
        self.weight = weight
        self._model = (model,)  # in a tuple, it is not registered as a child

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss, with the penalty while the model is in training mode."""
        loss = self.criterion(outputs, targets)
        (model,) = self._model
        return loss + self.weight * breadth_penalty(model) if model.training else loss


def check_penalty_weight(name: str, weight: object) -> None:
    """Raise where the weight of a penalty is not zero or more."""
    check_number(name, weight)
    if weight < 0:
        raise ValueError(f"Parameter `{name}` should be zero or more. Found `{name} = {weight}`.")


def _outermost(module: nn.Module) -> Iterator[Augmentation]:
    if isinstance(module, Augmentation):
        yield module
        return
    for child in module.children():
        yield from _outermost(child)
