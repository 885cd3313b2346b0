"""Transforms of channels and sensors."""

from __future__ import annotations

import torch
from torch import Tensor

from eegaug import functional
from eegaug.strength import Strength, as_strength
from eegaug.transforms.base import GainTransform, Noise, uniform


class ChannelsDropout(GainTransform):
    r"""Set each channel to zero with probability ``p_drop``.

    .. math:: x'_c = (1 - b_c)\,x_c, \qquad b_c \sim \operatorname{Bernoulli}(p_\mathrm{drop}).

    What remains is not scaled up.

    Parameters
    ----------
    p_drop : float or Strength
        Chance that a channel is dropped; a number starts a learnable strength from 0 to 1.
    p : float or Strength
        Chance that a trial is transformed.

    References
    ----------
    Saeed et al., *Learning from heterogeneous EEG signals with differentiable channel
    reordering*, ICASSP 2021, arXiv 2010.13694.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> dropped = ChannelsDropout(p_drop=0.3)(torch.ones(1000, 6, 10))
    >>> bool(abs((dropped == 0).float().mean() - 0.3) < 0.02)
    True
    """

    def __init__(self, p_drop: float | Strength = 0.2, *, p: float | Strength = 1.0) -> None:
        super().__init__(p=p)
        self.p_drop = as_strength("p_drop", p_drop, unit="probability")

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw each channel's chance, U(0, 1)."""
        return uniform(x, len(x), x.shape[1], generator=generator)

    def gain(self, x: Tensor, noise: Noise) -> Tensor:
        """Return zeros for the channels that are dropped."""
        if noise.shape[1] != x.shape[1]:
            raise ValueError(
                f"Argument `noise` should be drawn for {x.shape[1]} channels."
                f" Found {noise.shape[1]}."
            )
        return 1 - functional.bernoulli(noise, self.p_drop())[:, :, None]
