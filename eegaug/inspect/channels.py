"""Which channels a network uses."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn


@torch.no_grad()
def channel_importance(model: nn.Module, x: Tensor, y: Tensor, seed: int = 0) -> np.ndarray:
    r"""Return by how much the loss rises where a channel is that of another trial.

    .. math:: I_c = \ell\big(f(x^{c}), y\big) - \ell\big(f(x), y\big),

    with :math:`x^c` the trials in which channel :math:`c` was exchanged among trials.

    Parameters
    ----------
    model : nn.Module
        A classifier: (trials, channels, times) to (trials, classes).
    x : Tensor
        Signals, shape (trials, channels, times).
    y : Tensor
        Labels, shape (trials,).
    seed : int
        Seed of the exchange, the same for all channels.

    Returns
    -------
    ndarray, shape (channels,)
        Cross-entropy in nats; about zero where the network does without the channel.

    References
    ----------
    Breiman, *Random forests*, Machine Learning 45, 2001: permutation importance.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(64, 2, 10)
    >>> class Sign(nn.Module):  # of the first channel's mean
    ...     def forward(self, x):
    ...         return 5 * torch.stack([-x[:, 0].mean(-1), x[:, 0].mean(-1)], 1)
    >>> importance = channel_importance(Sign(), x, (x[:, 0].mean(-1) > 0).long())
    >>> importance[0] > 0.5, importance[1] == 0
    (np.True_, np.True_)
    """
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed)).to(x.device)
    loss = nn.CrossEntropyLoss()
    plain = loss(model(x), y)
    rises = []
    for channel in range(x.shape[1]):
        exchanged = x.clone()
        exchanged[:, channel] = x[order, channel]
        rises.append((loss(model(exchanged), y) - plain).item())
    return np.array(rises)
