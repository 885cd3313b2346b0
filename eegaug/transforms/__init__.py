"""Augmentations: one class per transform, one file per domain."""

from eegaug.transforms.amplitude import AmplitudeScale, SignFlip
from eegaug.transforms.augmentation import Augmentation
from eegaug.transforms.bands import BandRotation
from eegaug.transforms.batch import BatchTransform, Mixup, SegmentationReconstruction
from eegaug.transforms.channels import (
    ChannelsDropout,
    ChannelsInterpolation,
    ChannelsReref,
    ChannelsShuffle,
    ChannelsSymmetry,
)
from eegaug.transforms.check import check_transform
from eegaug.transforms.draws import Choices, Draw, draw_choices, normal, stratified, uniform
from eegaug.transforms.forms import (
    AdditiveTransform,
    ChannelMixingTransform,
    GainTransform,
    ModulationTransform,
    NoiseTransform,
    SpectralTransform,
)
from eegaug.transforms.noise import (
    BandNoise,
    EMGNoise,
    EOGNoise,
    GaussianNoise,
    PowerlineNoise,
)
from eegaug.transforms.sensors import (
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
from eegaug.transforms.transform import Transform

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
    "Choices",
    "Draw",
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
    "draw_choices",
    "normal",
    "stratified",
    "uniform",
]
