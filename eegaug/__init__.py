"""Differentiable, learnable signal augmentations for EEG and other time series."""

from importlib.metadata import version

from eegaug import functional, policies
from eegaug.layers import AugmentationLayer, Compose, describe
from eegaug.models import InvariantModel
from eegaug.objectives import BreadthCriterion, breadth_penalty
from eegaug.strength import Chance, Strength, as_strength
from eegaug.transforms import (
    AdditiveTransform,
    Augmentation,
    ChannelsDropout,
    FrequencyShift,
    FTSurrogate,
    GainTransform,
    MixingTransform,
    ModulationTransform,
    ReversalTransform,
    SignFlip,
    SpectralTransform,
    TimeShift,
    Transform,
)

__version__ = version("eegaug")

__all__ = [
    "AdditiveTransform",
    "Augmentation",
    "AugmentationLayer",
    "BreadthCriterion",
    "Chance",
    "ChannelsDropout",
    "Compose",
    "FTSurrogate",
    "FrequencyShift",
    "GainTransform",
    "InvariantModel",
    "MixingTransform",
    "ModulationTransform",
    "ReversalTransform",
    "SignFlip",
    "SpectralTransform",
    "Strength",
    "TimeShift",
    "Transform",
    "as_strength",
    "breadth_penalty",
    "describe",
    "functional",
    "policies",
]
