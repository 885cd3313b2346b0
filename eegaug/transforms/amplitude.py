"""Transforms of polarity and amplitude."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from eegaug.strength import FlipProbability, Strength, as_strength
from eegaug.transforms.draws import uniform
from eegaug.transforms.forms import GainTransform
from eegaug.validation import check_flag


class SignFlip(GainTransform):
    r"""Flip the polarity of all channels, :math:`x' = -x`, with probability ``p``.

    Parameters
    ----------
    p : float or Strength
        Probability of a flip; a number initialises a learnable :class:`~eegaug.FlipProbability`.

    References
    ----------
    Rommel et al., *CADDA: class-wise automatic differentiable data augmentation for EEG
    signals*, ICLR 2022, arXiv 2106.13695.

    Examples
    --------
    >>> SignFlip(p=1.0)(torch.ones(1, 1, 3)).tolist()
    [[[-1.0, -1.0, -1.0]]]
    """

    def __init__(self, p: float | Strength = 0.5) -> None:
        super().__init__(p=p if isinstance(p, Strength) else FlipProbability(p))

    def gain(self, x: Tensor, noise: Any) -> Tensor:
        """Return -1; the gate decides whether it applies."""
        return -x.new_ones(x.shape[0], 1, 1)


class AmplitudeScale(GainTransform):
    r"""Scale each channel by an independent gain.

    .. math:: x'_c = (1 + u_c\, a)\, x_c, \qquad u_c \sim U(-1, 1).

    Parameters
    ----------
    max_change : float or Strength
        Largest change :math:`a` as a fraction of the amplitude; a number initialises a learnable
        strength from 0 to 1.
    max_decrease : float or Strength, optional
        Largest decrease, as a separate strength, if it differs from ``max_change``: gains are then
        uniform from ``1 - max_decrease`` to ``1 + max_change``.
    channel_indep : bool
        Whether gains are drawn per channel, the default, or per trial.
    p : float or Strength
        Probability that a trial is transformed.

    References
    ----------
    Mohsenvand et al., *Contrastive representation learning for electroencephalogram
    classification*, Machine Learning for Health, 2020.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> scaled = AmplitudeScale(max_change=0.5)(torch.ones(100, 2, 3))
    >>> bool(scaled.min() >= 0.5), bool(scaled.max() <= 1.5)
    (True, True)
    """

    def __init__(
        self,
        max_change: float | Strength = 0.5,
        max_decrease: float | Strength | None = None,
        channel_indep: bool = True,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        check_flag("channel_indep", channel_indep)
        self.channel_indep = channel_indep
        self.max_change = as_strength("max_change", max_change, unit="fraction")
        self.max_decrease = (
            None
            if max_decrease is None
            else as_strength("max_decrease", max_decrease, unit="fraction")
        )

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw the position of the gain within its range, U(0, 1)."""
        n_channels = x.shape[1] if self.channel_indep else 1
        return uniform(x, len(x), n_channels, 1, generator=generator)

    def gain(self, x: Tensor, noise: Any) -> Tensor:
        """Return the gains within their range."""
        up = self.max_change()
        down = up if self.max_decrease is None else self.max_decrease()
        return 1 - down + noise * (up + down)
