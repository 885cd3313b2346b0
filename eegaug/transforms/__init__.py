"""Augmentations: one class a transform, one file a domain."""

from eegaug.transforms.amplitude import AmplitudeScale, SignFlip
from eegaug.transforms.base import (
    AdditiveTransform,
    Augmentation,
    ChannelMixingTransform,
    GainTransform,
    ModulationTransform,
    NoiseTransform,
    SpectralTransform,
    Transform,
)
from eegaug.transforms.batch import BatchTransform, Mixup, SegmentationReconstruction
from eegaug.transforms.check import check_transform
from eegaug.transforms.noise import (
    BandNoise,
    EMGNoise,
    EOGNoise,
    GaussianNoise,
    PowerlineNoise,
)
from eegaug.transforms.spatial import (
    BandRotation,
    ChannelsDropout,
    ChannelsInterpolation,
    ChannelsReref,
    ChannelsShuffle,
    ChannelsSymmetry,
    SensorsRotation,
    SensorsXRotation,
    SensorsYRotation,
    SensorsZRotation,
)
from eegaug.transforms.spectral import BandstopFilter, FrequencyShift, FTSurrogate, PhaseJitter
from eegaug.transforms.temporal import (
    MaskEncoding,
    RandomCrop,
    SmoothTimeMask,
    TimeReverse,
    TimeShift,
    TimeWarp,
)

__all__ = [
    "AdditiveTransform",
    "AmplitudeScale",
    "Augmentation",
    "BandNoise",
    "BandRotation",
    "BandstopFilter",
    "BatchTransform",
    "ChannelMixingTransform",
    "ChannelsDropout",
    "ChannelsInterpolation",
    "ChannelsReref",
    "ChannelsShuffle",
    "ChannelsSymmetry",
    "EMGNoise",
    "EOGNoise",
    "FTSurrogate",
    "FrequencyShift",
    "GainTransform",
    "GaussianNoise",
    "MaskEncoding",
    "Mixup",
    "ModulationTransform",
    "NoiseTransform",
    "PhaseJitter",
    "PowerlineNoise",
    "RandomCrop",
    "SegmentationReconstruction",
    "SensorsRotation",
    "SensorsXRotation",
    "SensorsYRotation",
    "SensorsZRotation",
    "SignFlip",
    "SmoothTimeMask",
    "SpectralTransform",
    "TimeReverse",
    "TimeShift",
    "TimeWarp",
    "Transform",
    "check_transform",
]
