"""The table of all transforms, and of a user's own for forms that need a custom operator."""

from __future__ import annotations

import torch

from eegaug import (
    AmplitudeScale,
    BandNoise,
    BandRotation,
    BandstopFilter,
    ChannelMixingTransform,
    ChannelsDropout,
    ChannelsInterpolation,
    ChannelsReref,
    ChannelsShuffle,
    ChannelsSymmetry,
    EMGNoise,
    EOGNoise,
    FrequencyShift,
    FTSurrogate,
    GaussianNoise,
    MaskEncoding,
    Mixup,
    PhaseJitter,
    PowerlineNoise,
    RandomCrop,
    SegmentationReconstruction,
    SensorsRotation,
    SensorsXRotation,
    SensorsYRotation,
    SensorsZRotation,
    SignFlip,
    SmoothTimeMask,
    Strength,
    TimeReverse,
    TimeShift,
    TimeWarp,
    as_strength,
)
from eegaug.transforms.draws import uniform

from ..helpers import SFREQ

#: Length of the crop (samples): shorter than every window of the tests.
CROP = 8
#: Three sensors: left, midline, right.
POSITIONS = torch.tensor([[-0.08, 0.02, 0.06], [0.0, 0.05, 0.1], [0.08, 0.02, 0.06]])


class Leak(ChannelMixingTransform):
    """A user's transform: each channel takes in some of its neighbour."""

    def __init__(self, amount=0.3, *, p=1.0):
        super().__init__(p=p)
        self.amount = as_strength("amount", amount, unit="fraction")

    def noise(self, x, generator=None):
        return uniform(x, len(x), generator=generator)

    def matrix(self, x, noise):
        eye = torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
        share = (self.amount() * noise)[:, None, None]
        return (1 - share) * eye + share * eye.roll(1, 0)


def frozen_offset():
    """Return what a band of one electrode needs: turning it changes nothing."""
    return Strength(0.7, high=2.0, unit="electrodes", learnable=False)


def learnable_p(value=0.4):
    return Strength(value, unit="probability")


#: Name -> a function that builds the transform, for three channels, at a strength inside of its
#: range.
TRANSFORMS = {
    "AmplitudeScale": lambda: AmplitudeScale(0.4),
    "AmplitudeScale, one per trial": lambda: AmplitudeScale(0.4, 0.2, channel_indep=False),
    "BandNoise": lambda: BandNoise(SFREQ, 10.0, 40.0, 0.3),
    "BandRotation": lambda: BandRotation(1, 3, 0.7),
    "BandRotation, jitter": lambda: BandRotation(3, 1, frozen_offset(), 5.0),
    "BandstopFilter": lambda: BandstopFilter(SFREQ, 3.0),
    "ChannelsDropout": lambda: ChannelsDropout(0.3),
    "ChannelsDropout, learnable p": lambda: ChannelsDropout(0.3, p=learnable_p()),
    "ChannelsInterpolation": lambda: ChannelsInterpolation(POSITIONS, 0.3),
    "ChannelsReref": lambda: ChannelsReref(0.4),
    "ChannelsShuffle": lambda: ChannelsShuffle(0.6),
    "ChannelsSymmetry": lambda: ChannelsSymmetry(["C3", "Cz", "C4"], p=0.4),
    "EMGNoise": lambda: EMGNoise(SFREQ, 0.3),
    "EOGNoise": lambda: EOGNoise(SFREQ, amplitude=0.3),
    "EOGNoise, positions": lambda: EOGNoise(SFREQ, POSITIONS, 0.3),
    "FTSurrogate": lambda: FTSurrogate(0.4),
    "FTSurrogate, channel_indep": lambda: FTSurrogate(0.4, channel_indep=True),
    "FrequencyShift": lambda: FrequencyShift(SFREQ, 1.5),
    "FrequencyShift, learnable p": lambda: FrequencyShift(SFREQ, 1.5, p=learnable_p()),
    "GaussianNoise": lambda: GaussianNoise(0.3),
    "MaskEncoding": lambda: MaskEncoding(0.3, n_segments=2),
    "PhaseJitter": lambda: PhaseJitter(50.0),
    "PowerlineNoise": lambda: PowerlineNoise(SFREQ, 0.3, line_freq=30.0),
    "RandomCrop": lambda: RandomCrop(SFREQ, CROP / SFREQ, Strength(0.01, high=0.02, unit="s")),
    "SensorsRotation": lambda: SensorsRotation(POSITIONS, "y", 20.0),
    "SensorsXRotation": lambda: SensorsXRotation(POSITIONS, 20.0),
    "SensorsYRotation": lambda: SensorsYRotation(POSITIONS, 20.0),
    "SensorsZRotation": lambda: SensorsZRotation(POSITIONS, 20.0),
    "SignFlip": lambda: SignFlip(0.4),
    "SmoothTimeMask": lambda: SmoothTimeMask(SFREQ, Strength(0.05, high=0.1, unit="s")),
    "TimeReverse": lambda: TimeReverse(0.4),
    "TimeShift": lambda: TimeShift(SFREQ, 0.2),
    "TimeWarp": lambda: TimeWarp(0.3),
    "a user's mixing": lambda: Leak(0.3),
}
#: Those that a layer may choose among.
CANDIDATES = {name: build for name, build in TRANSFORMS.items() if name != "RandomCrop"}
#: Those that choose, so that their gradient is an estimate of the mean's; all others map a whole
#: batch smoothly in their strengths.
CHOOSING = {
    "ChannelsDropout",
    "ChannelsDropout, learnable p",
    "ChannelsInterpolation",
    "ChannelsReref",
    "ChannelsShuffle",
    "ChannelsSymmetry",
    "SignFlip",
    "TimeReverse",
}
#: Those where time moves, and with it dense labels.
MOVING = {"RandomCrop", "TimeReverse", "TimeShift", "TimeWarp"}
#: Those that mix the trials of a batch.
BATCH_TRANSFORMS = {
    "Mixup": lambda: Mixup(Strength(0.4, high=2.0)),
    "Mixup, beta_per_sample": lambda: Mixup(Strength(0.4, high=2.0), beta_per_sample=True),
    "SegmentationReconstruction": lambda: SegmentationReconstruction(4, p=learnable_p()),
}


def untransformed(name, x):
    """Return what the transform makes of x at strength zero."""
    if name != "RandomCrop":
        return x
    margin = (x.shape[-1] - CROP) // 2
    return x[..., margin : margin + CROP]
