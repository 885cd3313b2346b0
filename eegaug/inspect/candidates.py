"""Comparison of the two leading candidates of a layer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from eegaug.inspect.losses import check_trials, mean_and_error, replayed_losses
from eegaug.inspect.records import by_layer, learned_strengths
from eegaug.layers import AugmentationLayer, OneOf
from eegaug.models import InvariantModel
from eegaug.transforms.augmentation import augmentation_layers
from eegaug.transforms.contexts import in_mode, restored


@dataclass(frozen=True)
class CandidateComparison:
    """Comparison of the two candidates of largest weight in a layer, each used alone.

    Parameters
    ----------
    layer : int
        Number of the layer, counted from 1.
    winner, runner_up : str
        Names of the transforms.
    excess : float
        Mean loss with the runner-up alone, less that with the winner alone, in units of the loss.
    error : float
        Standard error of the excess, over trials.

    Examples
    --------
    >>> CandidateComparison(1, "TimeShift", "SignFlip", excess=0.02, error=0.01).winner
    'TimeShift'
    """

    layer: int
    winner: str
    runner_up: str
    excess: float
    error: float


def compare_top_candidates(
    model: InvariantModel,
    loss: nn.Module,
    x: Tensor,
    y: Tensor,
    n_draws: int = 4,
    batch_size: int = 256,
    seed: int = 0,
) -> list[CandidateComparison]:
    """Compare the two candidates of largest weight in each layer with several.

    Parameters
    ----------
    model : InvariantModel
        The trained model.
    loss : nn.Module
        Loss of (outputs, targets) with a ``reduction``.
    x, y : Tensor
        Signals (batch, channels, times) and targets (batch, ...).
    n_draws, batch_size, seed : int
        As in :func:`~eegaug.identifiability`.

    Returns
    -------
    list of CandidateComparison
        One per layer that chooses among several candidates, at their learned strengths.

    Raises
    ------
    TypeError
        If the model is not an InvariantModel, signals or targets are not tensors, or a number is
        none.
    ValueError
        If a number is out of its range, there is only one trial, or the number of targets differs.

    Examples
    --------
    >>> from eegaug import SignFlip, TimeShift
    >>> model = InvariantModel(nn.Flatten(), AugmentationLayer([TimeShift(100), SignFlip()]))
    >>> x, y = torch.randn(8, 1, 20), torch.arange(8)
    >>> (comparison,) = compare_top_candidates(model, nn.CrossEntropyLoss(), x, y)
    >>> comparison.winner, comparison.runner_up
    ('TimeShift', 'SignFlip')
    """
    check_trials(model, x, y, n_draws, batch_size, seed)
    comparisons = []
    records = by_layer(learned_strengths(model.augmentation))
    with torch.no_grad(), in_mode(model, training=False):
        layers = augmentation_layers(model.augmentation)
        for layer, transforms in zip(layers, records, strict=True):
            if not isinstance(layer, AugmentationLayer) or len(transforms) < 2:
                continue
            if isinstance(layer, OneOf):  # which chooses nothing
                continue
            best = layer.logits.argsort(descending=True)[:2].tolist()
            alone = []
            with restored(layer.logits):
                for index in best:
                    layer.logits.data.fill_(-torch.inf)
                    layer.logits.data[index] = 0.0
                    alone.append(replayed_losses(model, loss, x, y, n_draws, batch_size, seed))
            winner, runner_up = (transforms[index][0] for index in best)
            comparisons.append(
                CandidateComparison(
                    winner.layer,
                    winner.transform,
                    runner_up.transform,
                    *mean_and_error(alone[1] - alone[0]),
                )
            )
    return comparisons
