"""Ready-made policies: which augmentations, in which order."""

from __future__ import annotations

from collections.abc import Callable

from eegaug.layers import AugmentationLayer, Compose
from eegaug.transforms import (
    Augmentation,
    ChannelsDropout,
    FrequencyShift,
    FTSurrogate,
    SignFlip,
    TimeShift,
)


def sleep(sfreq: float, n_chans: int, temperature: float = 1.0) -> Compose:
    """Return the layout of AugNet's sleep policy: a spatial layer, two time-frequency layers.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    n_chans : int
        Number of channels. With one alone, channels are not dropped.
    temperature : float
        Temperature of the layers' weights.

    Returns
    -------
    Compose

    References
    ----------
    Rommel et al., *Deep invariant networks with differentiable augmentation layers*,
    NeurIPS 2022, arXiv 2202.02142.

    Examples
    --------
    >>> len(sleep(sfreq=100, n_chans=2).augmentations)
    3
    """

    def time_frequency() -> AugmentationLayer:
        transforms = [TimeShift(sfreq), FrequencyShift(sfreq), FTSurrogate()]
        return AugmentationLayer(transforms, temperature)

    spatial = [SignFlip(), ChannelsDropout()] if n_chans > 1 else [SignFlip()]
    return Compose([AugmentationLayer(spatial, temperature), time_frequency(), time_frequency()])


def chain(sfreq: float, n_chans: int) -> Compose:
    """Return Augerino's layout: every transform in sequence, with no choice between them.

    Channels are not dropped. Where nothing competes with it, the chance of a drop is at the
    mercy of its gradient, which is an estimate, and can drift to where training suffers.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    n_chans : int
        Number of channels; the chain is the same for all.

    Returns
    -------
    Compose

    References
    ----------
    Benton et al., *Learning invariances in neural networks*, NeurIPS 2020, arXiv 2010.11882.

    Examples
    --------
    >>> [type(t).__name__ for t in chain(sfreq=100, n_chans=2).augmentations]
    ['SignFlip', 'TimeShift', 'FrequencyShift', 'FTSurrogate']
    """
    return Compose([SignFlip(), TimeShift(sfreq), FrequencyShift(sfreq), FTSurrogate()])


#: The policies by name, each a function of sampling rate and number of channels.
POLICIES: dict[str, Callable[..., Augmentation]] = {"sleep": sleep, "chain": chain}
