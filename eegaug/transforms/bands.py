"""Rotation of electrode bands worn around the limbs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from eegaug import functional
from eegaug.functional.operators import Operators
from eegaug.strength import Strength, as_strength
from eegaug.transforms.draws import uniform
from eegaug.transforms.forms import frequencies, less_one
from eegaug.transforms.transform import Transform, check_channels
from eegaug.validation import check_count, check_positive


class BandRotation(Transform):
    r"""Rotate bands of electrodes worn around the limbs, each by an independent angle.

    .. math:: x'_b = D(s_b)\, x_b, \qquad s_b \sim U(-1, 1)\,s_{\max},

    with :math:`D(s)` the circular shift by :math:`s` electrodes, with band-limited interpolation
    between them. With ``max_temporal_jitter`` the second band is also shifted circularly in time,
    relative to the others; labels do not move. The form is channel mixing; with jitter, mixing is
    followed by filtering, so the whole step is a term.

    Parameters
    ----------
    num_bands, electrodes_per_band : int
        Layout; the channels of a band are consecutive.
    max_offset : float or Strength
        Largest rotation (electrodes); a number initialises a learnable strength from 0 to 2.
    max_temporal_jitter : float or Strength, optional
        Largest shift of the second band (samples), in either direction; a number initialises a
        learnable strength from 0 to twice its value. By default there is no jitter.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the layout is empty or does not match the signals, or jitter is requested for a single
        band.

    References
    ----------
    Sivakumar et al., *emg2qwerty: a large dataset with baselines for touch typing using surface
    electromyography*, NeurIPS Datasets and Benchmarks, 2024.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> BandRotation(num_bands=2, electrodes_per_band=4)(torch.randn(8, 8, 100)).shape
    torch.Size([8, 8, 100])
    """

    def __init__(
        self,
        num_bands: int = 2,
        electrodes_per_band: int = 16,
        max_offset: float | Strength = 1.0,
        max_temporal_jitter: float | Strength | None = None,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        check_count("num_bands", num_bands)
        check_count("electrodes_per_band", electrodes_per_band)
        self.num_bands = num_bands
        self.electrodes_per_band = electrodes_per_band
        self.max_offset = as_strength("max_offset", max_offset, high=2.0, unit="electrodes")
        self.max_temporal_jitter = None
        if max_temporal_jitter is not None:
            if num_bands < 2:
                raise ValueError(
                    "Parameter `num_bands` should be 2 or more for jitter between bands. Found 1."
                )
            high = 1.0
            if not isinstance(max_temporal_jitter, Strength):
                check_positive("max_temporal_jitter", max_temporal_jitter)
                high = 2 * max_temporal_jitter
            self.max_temporal_jitter = as_strength(
                "max_temporal_jitter", max_temporal_jitter, high=high, unit="samples"
            )

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw each band's rotation, and the shift in time, U(-1, 1)."""
        return uniform(x, len(x), self.num_bands + 1, low=-1.0, generator=generator)

    def step(self, x: Tensor, noise: Any) -> Operators:
        """Return the matrix of all bands, or with jitter the whole step."""
        matrix = self._rotation(x, noise[:, :-1])
        if self.max_temporal_jitter is None:
            return Operators(matrix=matrix)
        turned = functional.apply(x, Operators(matrix=matrix))
        first, second, *rest = turned.split(self.electrodes_per_band, 1)
        freqs = frequencies(x)
        shift = self.max_temporal_jitter() * noise[:, -1, None, None]
        phase = -2 * torch.pi * freqs * shift
        response = less_one(*functional.cos_and_sin(phase), freqs)
        second = functional.apply(second, Operators(response=response))
        return Operators(term=torch.cat([first, second, *rest], 1) - x)

    def _rotation(self, x: Tensor, noise: Tensor) -> Tensor:
        """Return the block matrix of all bands less the identity, from its Fourier series."""
        n = self.electrodes_per_band
        check_channels(self.num_bands * n, x)
        place = torch.arange(n, device=x.device, dtype=x.dtype)
        distance = place[:, None] - place
        degree = torch.arange(1, n // 2 + 1, device=x.device, dtype=x.dtype)[:, None, None]
        weight = (2 - (2 * degree == n).to(x.dtype)) / n
        angle = 2 * torch.pi / n * degree
        shift = (noise * self.max_offset())[:, :, None, None, None]
        waves = torch.cos(angle * (distance - shift)) - torch.cos(angle * distance)
        blocks = (weight * waves).sum(2)
        own_band = torch.eye(self.num_bands, device=x.device, dtype=x.dtype)[:, None, :, None]
        matrix = own_band * blocks[:, :, :, None]
        return matrix.flatten(3).flatten(1, 2)
