"""The published objective: a penalty on the norm of all widths."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eegaug.models import InvariantModel
from eegaug.objectives.base import Objective, Step
from eegaug.transforms.augmentation import Augmentation, augmentation_layers
from eegaug.validation import check_module, check_not_negative

#: Default weight of the published penalty.
PENALTY_WEIGHT = 0.001
#: Offset that smooths the norm at zero, as a fraction of a strength's range.
ROUNDING = 0.01


def width_penalty(module: nn.Module) -> Tensor:
    r"""Return the negative norm of the widths of all augmentations, to be added to a loss.

    .. math:: -\lVert w \odot r \rVert_2,

    with :math:`r` the strengths of all layers as fractions of their ranges, and :math:`w` the
    weights of their transforms, 1 outside of layers. It differs from the publication in two ways: a
    :class:`~eegaug.FlipProbability` counts by its variance, and the norm is that of
    :math:`w \odot r + \epsilon` less that of :math:`\epsilon = 0.01`, so that its gradient does not
    vanish where all strengths are zero: there, all of them widen equally.

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
    TypeError
        If ``module`` is not a module.
    ValueError
        If ``module`` contains no augmentation.

    References
    ----------
    Rommel et al., *Deep invariant networks with differentiable augmentation layers*,
    NeurIPS 2022, arXiv 2202.02142.

    Benton et al., *Learning invariances in neural networks*, NeurIPS 2020, arXiv 2010.11882.

    Examples
    --------
    >>> from eegaug import FTSurrogate, TimeShift
    >>> chain = nn.Sequential(FTSurrogate(0.3), TimeShift(sfreq=100, max_shift=0.8))
    >>> round(width_penalty(chain).item(), 3)
    -0.5
    """
    check_module("module", module)
    if not any(isinstance(each, Augmentation) for each in module.modules()):
        raise ValueError(
            "Argument `module` should contain an augmentation."
            f" Found none in {type(module).__name__}."
        )
    widths = [each for layer in augmentation_layers(module) for each in layer.widths()]
    if not widths:
        return torch.zeros(())
    width = torch.cat(widths)
    return ROUNDING * len(width) ** 0.5 - torch.linalg.vector_norm(width + ROUNDING)


class BreadthObjective(Objective):
    """The loss with the published penalty, which rewards all widths by their norm.

    Parameters
    ----------
    model : InvariantModel
        A network preceded by its augmentation.
    loss : nn.Module
        Loss of (outputs, targets).
    penalty_weight : float
        Weight of the penalty, zero or more.

    Raises
    ------
    TypeError
        If the model is not an :class:`~eegaug.InvariantModel`, ``loss`` is not a module, or the
        weight is not a number.
    ValueError
        If the weight is negative, or the model contains another objective.

    References
    ----------
    Rommel et al., *Deep invariant networks with differentiable augmentation layers*,
    NeurIPS 2022, arXiv 2202.02142.

    Benton et al., *Learning invariances in neural networks*, NeurIPS 2020, arXiv 2010.11882.

    Examples
    --------
    >>> from eegaug import FTSurrogate
    >>> model = InvariantModel(nn.Flatten(), FTSurrogate(0.3))
    >>> objective = BreadthObjective(model, nn.CrossEntropyLoss(), penalty_weight=0.2)
    >>> x, y = torch.zeros(4, 1, 5), torch.arange(4)
    >>> round(objective(x, y).item(), 2)
    1.55
    >>> round(objective.eval()(x, y).item(), 2)
    1.61
    """

    def __init__(
        self, model: InvariantModel, loss: nn.Module, penalty_weight: float = PENALTY_WEIGHT
    ) -> None:
        super().__init__(model, loss)
        check_not_negative("penalty_weight", penalty_weight)
        self.penalty_weight = float(penalty_weight)

    def training_step(self, x: Tensor, y: Tensor) -> Step:
        """Return the loss with the penalty, together with the outputs."""
        outputs = self.model(x)
        penalty = self.penalty_weight * width_penalty(self.model)
        return Step(self.mean_loss(outputs, y) + penalty, outputs)
