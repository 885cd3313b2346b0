"""The transforms that are timed, beside braindecode's, and the policies built of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mne
import numpy as np
from braindecode import augmentation as published
from torch import nn

import eegaug as ours

SFREQ = 100.0
#: The first channels; the others of a cap of 64 follow.
CHANNELS = ("F3", "F4", "C3", "C4", "O1", "O2", "P3", "P4")

#: Names of what is timed.
FORWARD, BOTH, RIVAL = "forward", "forward + backward", "braindecode"
FIXED = "forward, strengths fixed"
FFT, COPY, RANDN = "FFT pair", "copy", "randn"
CAPTURED, CAPTURED_BOTH = "captured forward", "captured forward + backward"
COMPILED, COMPILED_BOTH = "compiled forward", "compiled forward + backward"
TRUNK, POLICY, TOGETHER = "trunk", "policy", "policy and trunk"
PLAIN_BATCH, PER_TRIAL = "policy, batch without gradient", "policy, one transform per trial"
OTHERS, TWICE = "policy, as many others added", "policy, each transform twice"


@dataclass(frozen=True)
class Head:
    """Sensors of the signals.

    Parameters
    ----------
    names : list of str
        Names of the channels in the 10-20 system.
    positions : ndarray
        Positions, shape (channels, 3).
    """

    names: list[str]
    positions: np.ndarray

    @classmethod
    def of(cls, n_channels: int) -> Head:
        """Take so many channels of the standard 10-20 positions."""
        known = mne.channels.make_standard_montage("colin27_1020").get_positions()["ch_pos"]
        cap = mne.channels.make_standard_montage("biosemi64").ch_names
        names = [*CHANNELS, *(name for name in cap if name not in CHANNELS)][:n_channels]
        return cls(names, np.stack([known[name] for name in names]))


Build = Callable[[Head], nn.Module]

#: Transforms of eegaug, each with braindecode's at the same strength where there is one.
TRANSFORMS: dict[str, tuple[Build, Build | None]] = {
    "AmplitudeScale": (
        lambda head: ours.AmplitudeScale(0.5),
        lambda head: published.AmplitudeScale(1.0, interval=(0.5, 1.5)),
    ),
    "BandNoise": (lambda head: ours.BandNoise(SFREQ, 8.0, 12.0), None),
    "BandRotation": (
        lambda head: ours.BandRotation(2, len(head.names) // 2),
        lambda head: published.BandRotation(1.0, 2, len(head.names) // 2),
    ),
    "BandRotation, jitter": (
        lambda head: ours.BandRotation(2, len(head.names) // 2, max_temporal_jitter=10.0),
        lambda head: published.BandRotation(1.0, 2, len(head.names) // 2, max_temporal_jitter=10),
    ),
    "BandstopFilter": (
        lambda head: ours.BandstopFilter(SFREQ, 1.0),
        lambda head: published.BandstopFilter(1.0, SFREQ, bandwidth=1.0, max_freq=SFREQ / 2),
    ),
    "ChannelsDropout": (
        lambda head: ours.ChannelsDropout(0.2),
        lambda head: published.ChannelsDropout(1.0, p_drop=0.2),
    ),
    "ChannelsInterpolation": (lambda head: ours.ChannelsInterpolation(head.positions), None),
    "ChannelsReref": (
        lambda head: ours.ChannelsReref(p=1.0),
        lambda head: published.ChannelsReref(1.0),
    ),
    "ChannelsShuffle": (
        lambda head: ours.ChannelsShuffle(0.2),
        lambda head: published.ChannelsShuffle(1.0, p_shuffle=0.2),
    ),
    "ChannelsSymmetry": (
        lambda head: ours.ChannelsSymmetry(head.names, p=1.0),
        lambda head: published.ChannelsSymmetry(1.0, head.names),
    ),
    "EMGNoise": (lambda head: ours.EMGNoise(SFREQ), None),
    "EOGNoise": (lambda head: ours.EOGNoise(SFREQ, head.positions), None),
    "FTSurrogate": (
        lambda head: ours.FTSurrogate(0.5),
        lambda head: published.FTSurrogate(1.0, phase_noise_magnitude=0.5),
    ),
    "FTSurrogate, channel_indep": (
        lambda head: ours.FTSurrogate(0.5, channel_indep=True),
        lambda head: published.FTSurrogate(1.0, phase_noise_magnitude=0.5, channel_indep=True),
    ),
    "FrequencyShift": (
        lambda head: ours.FrequencyShift(SFREQ, 0.5),
        lambda head: published.FrequencyShift(1.0, SFREQ, max_delta_freq=0.5),
    ),
    "GaussianNoise": (
        lambda head: ours.GaussianNoise(0.1),
        lambda head: published.GaussianNoise(1.0, std=0.1),
    ),
    "MaskEncoding": (
        lambda head: ours.MaskEncoding(0.1),
        lambda head: published.MaskEncoding(1.0, max_mask_ratio=0.1),
    ),
    "Mixup": (lambda head: ours.Mixup(0.4), lambda head: published.Mixup(0.4)),
    "PhaseJitter": (lambda head: ours.PhaseJitter(30.0), None),
    "PowerlineNoise": (lambda head: ours.PowerlineNoise(SFREQ, line_freq=40.0), None),
    "RandomCrop": (lambda head: ours.RandomCrop(SFREQ, duration=20.0), None),
    "SegmentationReconstruction": (
        lambda head: ours.SegmentationReconstruction(8, p=1.0),
        lambda head: published.SegmentationReconstruction(1.0, n_segments=8),
    ),
    "SensorsRotation": (
        lambda head: ours.SensorsRotation(head.positions, "z", 15.0),
        lambda head: published.SensorsRotation(1.0, head.positions.T, "z", max_degrees=15),
    ),
    "SensorsXRotation": (
        lambda head: ours.SensorsXRotation(head.positions, 15.0),
        lambda head: published.SensorsXRotation(1.0, head.names, max_degrees=15),
    ),
    "SensorsYRotation": (
        lambda head: ours.SensorsYRotation(head.positions, 15.0),
        lambda head: published.SensorsYRotation(1.0, head.names, max_degrees=15),
    ),
    "SensorsZRotation": (
        lambda head: ours.SensorsZRotation(head.positions, 15.0),
        lambda head: published.SensorsZRotation(1.0, head.names, max_degrees=15),
    ),
    "SignFlip": (lambda head: ours.SignFlip(p=1.0), lambda head: published.SignFlip(1.0)),
    "SmoothTimeMask": (
        lambda head: ours.SmoothTimeMask(SFREQ, 1.0),
        lambda head: published.SmoothTimeMask(1.0, mask_len_samples=100),
    ),
    "TimeReverse": (
        lambda head: ours.TimeReverse(p=1.0),
        lambda head: published.TimeReverse(1.0),
    ),
    "TimeShift": (lambda head: ours.TimeShift(SFREQ), None),
    "TimeWarp": (lambda head: ours.TimeWarp(), None),
}
ROTATIONS = ("SensorsRotation", "SensorsXRotation", "SensorsYRotation", "SensorsZRotation")
#: Transforms whose form is a filter or the analytic signal: one FFT pair is their floor.
BY_FFT = (
    "BandstopFilter",
    "FTSurrogate",
    "FTSurrogate, channel_indep",
    "FrequencyShift",
    "PhaseJitter",
    "RandomCrop",
    "TimeShift",
)


def spatial(head: Head) -> list[ours.Transform]:
    """Return the candidates of AugNet's spatial layer."""
    return [
        ours.SignFlip(),
        ours.ChannelsSymmetry(head.names),
        ours.ChannelsDropout(),
        ours.ChannelsShuffle(),
    ]


def other_spatial(head: Head) -> list[ours.Transform]:
    """Return as many other candidates of a spatial layer."""
    return [
        ours.ChannelsReref(),
        ours.SensorsXRotation(head.positions),
        ours.SensorsYRotation(head.positions),
        ours.SensorsZRotation(head.positions),
    ]


def time_frequency() -> list[ours.Transform]:
    """Return the candidates of AugNet's time-frequency layers."""
    return [
        ours.TimeReverse(),
        ours.GaussianNoise(),
        ours.SmoothTimeMask(SFREQ),
        ours.FTSurrogate(),
        ours.FrequencyShift(SFREQ),
    ]


def other_time_frequency() -> list[ours.Transform]:
    """Return as many other candidates of a time-frequency layer."""
    return [
        ours.TimeShift(SFREQ),
        ours.BandstopFilter(SFREQ),
        ours.PhaseJitter(),
        ours.AmplitudeScale(),
        ours.MaskEncoding(),
    ]


def policy(head: Head, mixture: bool = True, added: str | None = None) -> ours.Compose:
    """Return AugNet's sleep policy: a spatial layer, then two time-frequency layers.

    Parameters
    ----------
    head : Head
        Sensors.
    mixture : bool
        Whether training uses mixtures, or one transform per trial.
    added : {"others", "same"}, optional
        What doubles the number of candidates: as many others, or second instances.
    """
    lists = [spatial(head), time_frequency(), time_frequency()]
    if added == "others":
        more = [other_spatial(head), other_time_frequency(), other_time_frequency()]
    elif added == "same":
        more = [spatial(head), time_frequency(), time_frequency()]
    else:
        more = [[], [], []]
    return ours.Compose(
        ours.AugmentationLayer([*first, *second], mixture=mixture)
        for first, second in zip(lists, more, strict=True)
    )


def layer(n_transforms: int) -> ours.AugmentationLayer:
    """Return a time-frequency layer of so many candidates, those with an FFT first."""
    candidates = sorted(time_frequency(), key=lambda t: type(t).__name__ not in BY_FFT)
    return ours.AugmentationLayer([*candidates, *other_time_frequency()][:n_transforms])
