"""Ready-made policies: which augmentations, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from eegaug.layers import AugmentationLayer, Compose, OneOf
from eegaug.montage import has_pair, has_positions, read_channels
from eegaug.transforms import (
    AmplitudeScale,
    Augmentation,
    ChannelsDropout,
    ChannelsShuffle,
    ChannelsSymmetry,
    FrequencyShift,
    FTSurrogate,
    GaussianNoise,
    SegmentationReconstruction,
    SensorsXRotation,
    SensorsYRotation,
    SensorsZRotation,
    SignFlip,
    SmoothTimeMask,
    TimeReverse,
    TimeShift,
    Transform,
)
from eegaug.validation import check_count, check_positive

#: Segments of a window that :func:`recombination` exchanges, and their least length (s).
N_SEGMENTS, SEGMENT = 8, 0.5


def sleep(
    sfreq: float,
    n_chans: int,
    ch_names: Sequence[str] | None = None,
    temperature: float = 1.0,
) -> Compose:
    """Return AugNet's sleep policy: a spatial layer, then two time-frequency layers.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    n_chans : int
        Number of channels. A single channel is neither dropped nor shuffled.
    ch_names : sequence of str, optional
        Channel names. Left and right are exchanged if the names include a pair across the midline.
    temperature : float
        Temperature of the layers' weights.

    Returns
    -------
    Compose
        Three layers: one of 1 to 4 spatial candidates, and two of 5 time-frequency candidates.

    Raises
    ------
    ValueError
        If the sampling rate or the temperature is not positive.

    References
    ----------
    Rommel et al., *Deep invariant networks with differentiable augmentation layers*,
    NeurIPS 2022, arXiv 2202.02142.

    Examples
    --------
    >>> policy = sleep(sfreq=100, n_chans=2, ch_names=["C3", "C4"])
    >>> [len(layer.transforms) for layer in policy.augmentations]
    [4, 5, 5]
    """

    def time_frequency() -> AugmentationLayer:
        transforms = [
            TimeReverse(),
            GaussianNoise(),
            SmoothTimeMask(sfreq),
            FTSurrogate(),
            FrequencyShift(sfreq),
        ]
        return AugmentationLayer(transforms, temperature)

    spatial: list[Transform] = [SignFlip()]
    if n_chans > 1:
        spatial += [ChannelsDropout(), ChannelsShuffle()]
    if has_pair(ch_names or []):
        spatial.append(ChannelsSymmetry(ch_names))
    return Compose([AugmentationLayer(spatial, temperature), time_frequency(), time_frequency()])


def chain(sfreq: float, n_chans: int, ch_names: Sequence[str] | None = None) -> Compose:
    """Return Augerino's layout: transforms in sequence, with no choice between them.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    n_chans : int
        Number of channels; the chain does not depend on it.
    ch_names : sequence of str, optional
        Channel names; the chain does not depend on them.

    Returns
    -------
    Compose
        Four transforms: polarity, time, frequency and phase.

    Raises
    ------
    ValueError
        If the sampling rate is not positive.

    References
    ----------
    Benton et al., *Learning invariances in neural networks*, NeurIPS 2020, arXiv 2010.11882.

    Examples
    --------
    >>> [type(t).__name__ for t in chain(sfreq=100, n_chans=2).augmentations]
    ['SignFlip', 'TimeShift', 'FrequencyShift', 'FTSurrogate']
    """
    return Compose([SignFlip(), TimeShift(sfreq), FrequencyShift(sfreq), FTSurrogate()])


def imagery(info: Any) -> Compose:
    """Return a chain for motor imagery, of the transforms that a montage supports.

    Parameters
    ----------
    info : mne.Info
        Channels. If all have positions, the sensors are rotated about each axis; if there are
        several, channels are dropped; if there is a pair across the midline, left and right are
        exchanged.

    Returns
    -------
    Compose
        One to six transforms: rotations, channel dropout, symmetry and polarity.

    Examples
    --------
    >>> import mne
    >>> info = mne.create_info(["C3", "Cz", "C4"], 100, "eeg").set_montage("spherical_1005")
    >>> [type(t).__name__[:11] for t in imagery(info).augmentations]
    ['SensorsXRot', 'SensorsYRot', 'SensorsZRot', 'ChannelsDro', 'ChannelsSym', 'SignFlip']
    """
    channels = read_channels(info)
    names = [channel["ch_name"] for channel in channels]
    transforms: list[Transform] = []
    if len(channels) > 1 and has_positions(channels):
        rotations = (SensorsXRotation, SensorsYRotation, SensorsZRotation)
        transforms += [rotation.from_info(info) for rotation in rotations]
    if len(channels) > 1:
        transforms.append(ChannelsDropout())
    if has_pair(names):
        transforms.append(ChannelsSymmetry(names))
    return Compose([*transforms, SignFlip()])


def general(info: Any) -> Compose:
    """Return a chain for any EEG: what may differ between people, sessions and electrodes.

    Parameters
    ----------
    info : mne.Info
        Channels and sampling rate. If there are several channels, they are dropped; if there is a
        pair across the midline, left and right are exchanged.

    Returns
    -------
    Compose
        Six to eight transforms: polarity, time, frequency, phase, amplitude, mask, and those of
        channels.

    Examples
    --------
    >>> import mne
    >>> info = mne.create_info(["C3", "Cz", "C4"], 100, "eeg")
    >>> [type(t).__name__ for t in general(info).augmentations][4:]
    ['AmplitudeScale', 'SmoothTimeMask', 'ChannelsDropout', 'ChannelsSymmetry']
    """
    transforms, names = _of_people(info), list(info["ch_names"])
    if has_pair(names):
        transforms.append(ChannelsSymmetry(names))
    return Compose(transforms)


def one_of(info: Any) -> OneOf:
    """Return the transforms of :func:`general` but the exchange of sides; each trial gets one.

    Where the side is the class, as in motor imagery, an exchange gives trials the wrong label. A
    network that knows its trials by heart does not resist it, and does worse on other people.

    Parameters
    ----------
    info : mne.Info
        Channels and sampling rate.

    Returns
    -------
    OneOf
        A layer of six or seven transforms.

    Examples
    --------
    >>> import mne
    >>> info = mne.create_info(["Fpz-Cz"], 100, "eeg")
    >>> len(one_of(info).transforms)
    6
    """
    return OneOf(_of_people(info))


def recombination(n_times: int, sfreq: float) -> SegmentationReconstruction:
    """Return the exchange of segments between trials of a class, for three of four trials.

    A rebuilt trial has segments of several people, so that who it is from says less about its
    class. It is no part of the policies above, since it needs the labels.

    Parameters
    ----------
    n_times : int
        Length of a window in samples.
    sfreq : float
        Sampling rate (Hz).

    Returns
    -------
    SegmentationReconstruction
        With eight segments, or as many as have half a second: rhythms are cut where they join.

    Raises
    ------
    TypeError
        If the length is not an integer, or the rate not a number.
    ValueError
        If the length or the rate is not positive.

    Examples
    --------
    >>> [recombination(seconds * 100, sfreq=100).n_segments for seconds in (1, 2, 30)]
    [2, 4, 8]
    """
    check_count("n_times", n_times)
    check_positive("sfreq", sfreq)
    n_segments = int(n_times / sfreq / SEGMENT)
    return SegmentationReconstruction(min(max(n_segments, 1), N_SEGMENTS), p=0.75)


def _of_people(info: Any) -> list[Transform]:
    """Return transforms by what may differ between people and sessions, whatever the task."""
    sfreq = float(info["sfreq"])
    transforms: list[Transform] = [
        SignFlip(),
        TimeShift(sfreq),
        FrequencyShift(sfreq),
        FTSurrogate(),
        AmplitudeScale(),
        SmoothTimeMask(sfreq),
    ]
    if len(info["ch_names"]) > 1:
        transforms.append(ChannelsDropout())
    return transforms


def _by_names(policy: Callable[[float, int, Sequence[str]], Compose]) -> Callable[[Any], Compose]:
    """Return a policy as a function of an ``mne.Info``."""
    return lambda info: policy(float(info["sfreq"]), len(info["ch_names"]), info["ch_names"])


#: The policies by name, each a function of an ``mne.Info``.
POLICIES: dict[str, Callable[[Any], Augmentation]] = {
    "chain": _by_names(chain),
    "general": general,
    "imagery": imagery,
    "one_of": one_of,
    "sleep": _by_names(sleep),
}
