"""How little a transform of the input changes the output of a model."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eegaug.transforms.augmentation import Augmentation
from eegaug.transforms.contexts import in_mode


@torch.no_grad()
def invariance(
    model: nn.Module,
    x: Tensor,
    transform: Augmentation,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Measure how little a transform of the input changes the output of a model.

    .. math:: \frac{d(z_i, z_{\pi(i)}) - d(z_i, z'_i)}{d(z_i, z_{\pi(i)})},

    with :math:`z` the outputs for the inputs, :math:`z'` those for the transformed inputs,
    :math:`\pi` a random permutation of the trials and :math:`d` the cosine distance. It is 1
    where the output stays, and 0 where the transform changes it as much as another trial would.

    Parameters
    ----------
    model : nn.Module
        Map of signals (batch, channels, times) to outputs (batch, ...), at least two per trial,
        since the direction of a single one is only its sign. To measure evaluation mode, set it
        first.
    x : Tensor
        Signals, shape (batch, channels, times), of at least two trials.
    transform : Augmentation
        The transform, at its strengths, applied as in evaluation mode: choices are whole.
    generator : torch.Generator, optional
        Source of the transform's draws and of the permutation, on the device of ``x``.

    Returns
    -------
    Tensor
        One number per trial, shape (batch,), at most 1; 0 where the other trial's output has the
        same direction. Its median over trials is what AugNet reports.

    Raises
    ------
    ValueError
        If there is only one trial, or only one output per trial.

    References
    ----------
    Rommel et al., *Deep invariant networks with differentiable augmentation layers*,
    NeurIPS 2022, arXiv 2202.02142, section 4.3.

    Examples
    --------
    >>> from eegaug import SignFlip, TimeShift
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(32, 2, 100)
    >>> class Power(nn.Module):
    ...     def forward(self, x):
    ...         return x.square().mean(-1)
    >>> round(invariance(Power(), x, SignFlip(p=1.0)).median().item(), 3)
    1.0
    >>> round(invariance(nn.Flatten(), x, SignFlip(p=1.0)).median().item(), 3)
    -1.0
    """
    if len(x) < 2:
        raise ValueError("Input `x` should hold two trials or more. Found one.")
    # double precision, since the distance of nearly equal outputs is a small difference
    outputs = model(x).flatten(1).double()
    if outputs.shape[1] < 2:
        raise ValueError("Outputs should hold two numbers per trial or more. Found one.")
    with in_mode(transform, training=False):
        transformed = transform(x, generator=generator)
    transformed = model(transformed).flatten(1).double()
    # a shift of the order, so that no trial is compared with itself
    order = torch.randperm(len(x), generator=generator, device=x.device)
    others = torch.empty_like(outputs)
    others[order] = outputs[order.roll(1)]
    apart = _cosine_distance(outputs, others)
    nearer = apart - _cosine_distance(outputs, transformed)
    return torch.where(apart > 1e-8, nearer / apart.clamp(min=1e-8), 0.0)


def _cosine_distance(a: Tensor, b: Tensor) -> Tensor:
    return 1 - nn.functional.cosine_similarity(a, b, dim=1)
