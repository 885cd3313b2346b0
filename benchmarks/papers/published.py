"""The objectives of the two papers, as their repositories have them: one norm over all strengths.

Unlike :func:`eegaug.width_penalty`, a flip probability counts as it is, not by its variance.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from eegaug import Augmentation, AugmentationLayer, Compose, InvariantModel, Objective
from eegaug.objectives import Step

#: Added to each width of Augerino's. Its widths are softplus of a parameter: never zero, where the
#: norm of our fractions would have no gradient.
ROUNDING = 0.01


class PublishedObjective(Objective):
    """The loss with a weighted penalty on the augmentation.

    Parameters
    ----------
    model : InvariantModel
        A network behind its augmentation.
    loss : nn.Module
        Loss of (outputs, targets).
    penalty : callable
        From the augmentation to the penalty.
    weight : float
        Weight of the penalty; zero for the loss alone.
    """

    def __init__(
        self,
        model: InvariantModel,
        loss: nn.Module,
        penalty: Callable[[Augmentation], Tensor],
        weight: float,
    ) -> None:
        super().__init__(model, loss)
        self.penalty = penalty
        self.weight = weight

    def training_step(self, x: Tensor, y: Tensor) -> Step:
        """Return the loss with the penalty, together with the outputs."""
        outputs = self.model(x)
        total = self.loss(outputs, y)
        if self.weight:
            total = total + self.weight * self.penalty(self.model.augmentation)
        return Step(total, outputs)


def augnet_penalty(augmentation: Augmentation) -> Tensor:
    """Return the negative L2 norm of weights times magnitudes, a scalar.

    Its gradient is zero where all magnitudes are.
    """
    return -torch.linalg.vector_norm(extents(augmentation))


def augerino_penalty(augmentation: Augmentation) -> Tensor:
    """Return the negative L2 norm of the widths, a scalar."""
    return -torch.linalg.vector_norm(extents(augmentation) + ROUNDING)


def extents(augmentation: Augmentation) -> Tensor:
    """Return all strengths as fractions of their ranges, times the weights of their transforms.

    Parameters
    ----------
    augmentation : Augmentation
        Transform, layer, or chain of them.

    Returns
    -------
    Tensor
        Shape (strengths,).
    """
    if isinstance(augmentation, Compose):
        return torch.cat([extents(each) for each in augmentation.augmentations])
    if isinstance(augmentation, AugmentationLayer):
        pairs = zip(augmentation.weights, augmentation.transforms, strict=True)
        return torch.cat([weight * extents(transform) for weight, transform in pairs])
    strengths = augmentation.strengths().values()
    return torch.stack([strength.fraction for strength in strengths])
