"""The penalties of the two papers, as their repositories have them: one norm over all strengths.

Unlike :func:`eegaug.width_penalty`, a chance counts as it is, not by its variance.
"""

from __future__ import annotations

import torch
from torch import Tensor

from eegaug import Augmentation, AugmentationLayer, Compose

#: Added to each width of Augerino's. Its widths are softplus of a parameter: never zero, where the
#: norm of our fractions would have no gradient.
ROUNDING = 0.01


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
