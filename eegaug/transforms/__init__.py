"""Augmentations: one class a transform, one file a domain."""

from eegaug.transforms.base import (
    AdditiveTransform,
    Augmentation,
    GainTransform,
    MixingTransform,
    ModulationTransform,
    ReversalTransform,
    SpectralTransform,
    Transform,
)
from eegaug.transforms.spatial import ChannelsDropout
from eegaug.transforms.spectral import FrequencyShift, FTSurrogate
from eegaug.transforms.temporal import SignFlip, TimeShift

__all__ = [
    "AdditiveTransform",
    "Augmentation",
    "ChannelsDropout",
    "FTSurrogate",
    "FrequencyShift",
    "GainTransform",
    "MixingTransform",
    "ModulationTransform",
    "ReversalTransform",
    "SignFlip",
    "SpectralTransform",
    "TimeShift",
    "Transform",
]
