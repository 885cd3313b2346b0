"""The average of several networks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from eegaug.models import SIGNAL_ATTRIBUTES


class Ensemble(nn.Module):
    r"""Average the probabilities of several classifiers.

    .. math:: \bar f(x) = \log \tfrac1n \sum_{k=1}^n \operatorname{softmax} f_k(x).

    Averaged with networks that were trained without augmentation, one that was harmed by its
    augmentation costs less than alone.

    Parameters
    ----------
    models : iterable of nn.Module
        Classifiers, from signals (batch, channels, times) to scores (batch, classes). The
        attributes of a braindecode model are those of the first.

    Raises
    ------
    TypeError
        If an item is not a module.
    ValueError
        If there are no models.

    Examples
    --------
    >>> networks = [nn.Sequential(nn.Flatten(), nn.Linear(200, 5)) for _ in range(3)]
    >>> ensemble = Ensemble(networks).eval()
    >>> ensemble(torch.zeros(8, 2, 100)).exp().sum(1).allclose(torch.ones(8))
    True
    """

    def __init__(self, models: Iterable[nn.Module]) -> None:
        super().__init__()
        models = list(models)
        if not models:
            raise ValueError("At least one model is needed. Found none.")
        for model in models:
            if not isinstance(model, nn.Module):
                raise TypeError(f"Each item should be an nn.Module. Found {type(model).__name__}.")
        self.models = nn.ModuleList(models)

    def __getattr__(self, name: str) -> Any:
        if name in SIGNAL_ATTRIBUTES:
            return getattr(self.models[0], name)
        return super().__getattr__(name)

    def forward(self, x: Tensor) -> Tensor:
        """Return log-probabilities.

        Parameters
        ----------
        x : Tensor
            Signals, shape (batch, channels, times).

        Returns
        -------
        Tensor
            Shape (batch, classes).
        """
        scores = torch.stack([model(x).log_softmax(1) for model in self.models], -1)
        return torch.logsumexp(scores - math.log(len(self.models)), -1)
