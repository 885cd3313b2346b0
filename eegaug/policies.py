"""Ready-made policies: which augmentations, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from eegaug.layers import AugmentationLayer, Compose, OneOf
from eegaug.montage import has_pair, has_positions, read_channels, read_sfreq
from eegaug.strength import Strength
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
#: Why time may be shifted, by task.
WHEN = {
    "sleep": "windows are cut wherever an epoch of the hypnogram begins",
    "events": "a response comes earlier in one trial than in another",
    "blocks": "windows are cut anywhere in a block",
    "epochs": "a response comes earlier in one trial than in another",
}
#: Why each other transform is a candidate, whatever the task.
WHY = {
    "SignFlip": "polarity depends on reference and derivation",
    "FrequencyShift": "rhythms are faster in one person than in another",
    "FTSurrogate": "labels may show in the spectrum rather than in the waveform",
    "AmplitudeScale": "amplitudes differ between people, and with each electrode's contact",
    "SmoothTimeMask": "a stretch of signal may be lost or an artefact",
    "ChannelsDropout": "an electrode may fail",
}


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
        Four transforms: polarity, time, phase and frequency. In this order they fuse: one Fourier
        transform of the signals serves all.

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
    ['SignFlip', 'TimeShift', 'FTSurrogate', 'FrequencyShift']
    """
    return Compose([SignFlip(), TimeShift(sfreq), FTSurrogate(), FrequencyShift(sfreq)])


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
    channels, names = read_channels(info), _names(info)
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
    transforms, names = _of_people(info), _names(info)
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


class Candidates(NamedTuple):
    """A policy, and why each transform is in or left out.

    Parameters
    ----------
    augmentation : OneOf
        The layer.
    reasons : dict of str to str
        Why each transform is in, by its name, in the order of the layer.
    left_out : dict of str to str
        Why others are not.

    Examples
    --------
    See :func:`default_for`.
    """

    augmentation: OneOf
    reasons: dict[str, str]
    left_out: dict[str, str]

    def as_json(self) -> dict[str, dict[str, str]]:
        """Return the reasons as text."""
        return {"in": self.reasons, "left out": self.left_out}


def default_for(task: str, info: Any, n_times: int | None = None) -> Candidates:
    """Return the candidates that scores are learned with, by task and channels, with reasons.

    They are those of :func:`one_of`, as far as they reach in windows of this length and rate. Which
    of them helps is learned: a candidate that destroys what tells the labels stays narrow.

    Parameters
    ----------
    task : str
        "sleep", "events", "blocks", "epochs" or "arrays"; another task has the reasons of the last.
    info : mne.Info
        Channels and sampling rate.
    n_times : int, optional
        Length of a window in samples, beyond which nothing is shifted or masked.

    Returns
    -------
    Candidates
        The layer, and the reasons.

    Examples
    --------
    >>> import mne
    >>> candidates = default_for("events", mne.create_info(["C3", "C4"], 100, "eeg"))
    >>> candidates.reasons["TimeShift"]
    'a response comes earlier in one trial than in another'
    >>> candidates.left_out["ChannelsSymmetry"]
    'the side may be the label'
    """
    transforms = _of_people(info, n_times)
    when = WHEN.get(task, "a trial may start earlier or later")
    reasons = {
        type(each).__name__: when if isinstance(each, TimeShift) else WHY[type(each).__name__]
        for each in transforms
    }
    channels = read_channels(info)
    left_out = {"ChannelsSymmetry": "the side may be the label"}
    if not has_pair(_names(info)):
        left_out["ChannelsSymmetry"] = "no channels to the left and to the right of the midline"
    if len(channels) == 1:
        left_out["ChannelsDropout"] = "there is one channel only"
    left_out["SensorsRotation"] = (
        "no gain for people never seen was measured; the policy imagery has it"
        if len(channels) > 1 and has_positions(channels)
        else "channels have no positions"
    )
    return Candidates(OneOf(transforms), reasons, left_out)


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


def _of_people(info: Any, n_times: int | None = None) -> list[Transform]:
    """Return transforms by what may differ between people and sessions, whatever the task."""
    sfreq = read_sfreq(info)
    duration = float("inf") if n_times is None else n_times / sfreq
    transforms: list[Transform] = [
        SignFlip(),
        TimeShift(sfreq, _within(2.0, duration, "s")),
        FrequencyShift(sfreq, _within(5.0, sfreq / 4, "Hz")),
        FTSurrogate(),
        AmplitudeScale(),
        SmoothTimeMask(sfreq, _within(2.0, duration, "s", start=0.5)),
    ]
    if len(_names(info)) > 1:
        transforms.append(ChannelsDropout())
    return transforms


def _within(high: float, limit: float, unit: str, start: float = 0.1) -> Strength:
    """Return a strength at a part of its range, which ends at ``high`` or the limit."""
    high = min(high, limit)
    return Strength(start * high, high=high, unit=unit)


def _by_names(policy: Callable[[float, int, Sequence[str]], Compose]) -> Callable[[Any], Compose]:
    """Return a policy as a function of an ``mne.Info``."""
    return lambda info: policy(read_sfreq(info), len(_names(info)), _names(info))


def _names(info: Any) -> list[str]:
    return [channel["ch_name"] for channel in read_channels(info)]


#: Name of the policy that follows the task.
DEFAULT = "default"
#: The policies by name, each a function of an ``mne.Info``.
POLICIES: dict[str, Callable[[Any], Augmentation]] = {
    "chain": _by_names(chain),
    "general": general,
    "imagery": imagery,
    "one_of": one_of,
    "sleep": _by_names(sleep),
}


def make_policy(name: str, task: str, info: Any, n_times: int) -> Augmentation:
    """Return a policy by name; "default" is that of :func:`default_for`.

    Parameters
    ----------
    name : str
        "default", or a name in :data:`POLICIES`.
    task : str
        Name of the task.
    info : mne.Info
        Channels and sampling rate.
    n_times : int
        Length of a window in samples.

    Returns
    -------
    Augmentation

    Raises
    ------
    ValueError
        If there is no such policy.

    Examples
    --------
    >>> import mne
    >>> info = mne.create_info(["Fpz-Cz"], 100, "eeg")
    >>> len(make_policy("default", "sleep", info, 3000).transforms)
    6
    """
    check_policy(name)
    return (
        default_for(task, info, n_times).augmentation if name == DEFAULT else POLICIES[name](info)
    )


def check_policy(name: str) -> None:
    """Raise where no policy has a name.

    Parameters
    ----------
    name : str
        "default", or a name in :data:`POLICIES`.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> check_policy("slep")
    Traceback (most recent call last):
    ValueError: No policy is named 'slep'; there are chain, default, general, ...
    """
    if name != DEFAULT and name not in POLICIES:
        names = ", ".join(sorted([DEFAULT, *POLICIES]))
        raise ValueError(f"No policy is named {name!r}; there are {names}.")
