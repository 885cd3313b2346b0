"""Windows of one recording: pick, filter, resample, cut, scale."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import mne
import numpy as np

from eegaug.recordings.filtering import check_filter
from eegaug.recordings.memory import check_memory
from eegaug.recordings.recording import Recording
from eegaug.recordings.signals import StoredSignals
from eegaug.validation import check_number, check_positive

#: A signal that is constant for so long (s), or throughout a shorter window, counts as flat.
FLAT = 5.0
#: How windows may be scaled.
SCALINGS = {
    "channel": "each channel of each recording to median 0 and interquartile range 1",
    "recording": "each recording by one number, to standard deviation 1",
}
#: Reasons of MNE for dropping a window, in words.
REASONS = {
    "BAD_flat": "flat",
    "BAD_NAN": "not finite",
    "TOO_SHORT": "beyond the recording",
    "NO_DATA": "beyond the recording",
    "DROP DUPLICATE": "labelled twice",
}


class Events(NamedTuple):
    """Where the windows of a recording are, and what was left out.

    Parameters
    ----------
    onsets : ndarray of float, shape (events,)
        Seconds from the first sample of the recording.
    codes : ndarray of int, shape (events,)
        Positions in the labels, -1 for windows without a label.
    dropped : Counter
        Number of windows that were left out, by reason.

    Examples
    --------
    >>> Events(np.array([0.0, 30.0]), np.array([0, 1]), Counter({"not scored": 3})).onsets
    array([ 0., 30.])
    """

    onsets: np.ndarray
    codes: np.ndarray
    dropped: Counter[str]


class Piece(NamedTuple):
    """Windows of one recording.

    Parameters
    ----------
    X : ndarray of float32 or StoredSignals, shape (windows, channels, times)
        Scaled signals.
    kept : ndarray of int, shape (windows,)
        Positions of the windows among the events.
    dropped : dict of str to int
        Number of events that gave no window, by reason.
    checksum : str
        Of the signals, to tell them from others.

    Examples
    --------
    >>> Piece(np.zeros((2, 1, 3000), np.float32), np.array([0, 2]), {"flat": 1}, "e0").kept
    array([0, 2])
    """

    X: np.ndarray | StoredSignals
    kept: np.ndarray
    dropped: dict[str, int]
    checksum: str


def check_window(window: tuple[float, float]) -> tuple[float, float]:
    """Return start and end of a window (s); raise where it does not end after its start."""
    tmin, tmax = window
    check_number("window", tmin)
    check_number("window", tmax)
    if tmax <= tmin:
        raise ValueError(
            f"Parameter `window` should end after its start. Found {tmin:g} to {tmax:g} s."
        )
    return tmin, tmax


@dataclass(frozen=True)
class Cutting:
    """How windows are cut from recordings.

    Parameters
    ----------
    tmin, tmax : float
        Start and end of a window after its event (s); the sample at ``tmax`` is not included.
    sfreq : float
        Sampling rate of the windows (Hz).
    l_freq, h_freq : float
        Pass band (Hz).
    scaling : str
        A key of :data:`SCALINGS`.

    Raises
    ------
    TypeError
        If a number is none.
    ValueError
        If a number is out of range, or there is no such scaling.

    Examples
    --------
    >>> Cutting(0.5, 3.5, sfreq=100.0, l_freq=4.0, h_freq=38.0, scaling="recording").n_times
    300
    """

    tmin: float
    tmax: float
    sfreq: float
    l_freq: float
    h_freq: float
    scaling: str

    def __post_init__(self) -> None:
        for name in ("sfreq", "l_freq", "h_freq"):
            check_positive(name, getattr(self, name))
        check_number("tmin", self.tmin)
        check_number("tmax", self.tmax)
        if self.tmax <= self.tmin:
            raise ValueError(
                f"Parameter `tmax` should be after `tmin`, {self.tmin:g} s. Found {self.tmax:g} s."
            )
        if self.scaling not in SCALINGS:
            raise ValueError(
                f"Parameter `scaling` should be {' or '.join(map(repr, SCALINGS))}."
                f" Found {self.scaling!r}."
            )
        if not self.l_freq < self.h_freq < self.sfreq / 2:
            raise ValueError(
                "Pass band should lie between 0 Hz and half the sampling rate."
                f" Found {self.l_freq:g} to {self.h_freq:g} Hz at {self.sfreq:g} Hz."
            )
        if self.n_times < 1:
            raise ValueError(
                f"A window from {self.tmin:g} to {self.tmax:g} s has no sample at {self.sfreq:g}"
                " Hz; a longer one is wanted."
            )

    @property
    def n_times(self) -> int:
        """Samples of a window."""
        return round((self.tmax - self.tmin) * self.sfreq)


def cut(recording: Recording, channels: Sequence[str], events: Events, cutting: Cutting) -> Piece:
    """Return the windows of one recording.

    Parameters
    ----------
    recording : Recording
        The recording, which stays as it is.
    channels : sequence of str
        Channels to take, in this order.
    events : Events
        Where the windows are.
    cutting : Cutting
        How to cut them.

    Returns
    -------
    Piece
        Windows with a flat or non-finite stretch, and those marked bad, are dropped and counted.

    Raises
    ------
    ValueError
        If the recording is sampled too slowly, shorter than the filter, larger than the memory
        that is free, or cannot be read.

    Examples
    --------
    >>> from eegaug.recordings import simulate_nights
    >>> (night,) = simulate_nights(1, hours=0.1)
    >>> cutting = Cutting(0, 30, sfreq=100.0, l_freq=0.3, h_freq=30.0, scaling="channel")
    >>> events = Events(np.array([0.0, 60.0]), np.array([0, 0]), Counter())
    >>> cut(night, ["Pz-Oz"], events, cutting).X.shape
    (2, 1, 3000)
    """
    nothing = np.zeros((0, len(channels), cutting.n_times), dtype=np.float32)
    if not len(events.onsets):
        return as_piece(nothing, np.zeros(0, dtype=int), Counter())
    raw = _preprocess(recording, list(channels), cutting)
    first = round(cutting.tmin * cutting.sfreq)
    order = np.argsort(events.onsets, kind="stable")
    samples = np.round(events.onsets[order] * cutting.sfreq).astype(int) + raw.first_samp
    epochs = mne.Epochs(
        raw,
        np.column_stack([samples, np.zeros_like(samples), np.ones_like(samples)]),
        tmin=first / cutting.sfreq,
        tmax=(first + cutting.n_times - 1) / cutting.sfreq,
        baseline=None,
        picks="all",
        preload=True,
        event_repeated="drop",
        verbose="error",
    )
    del raw  # a night is large
    dropped = Counter(
        REASONS.get(reasons[0], "marked bad") for reasons in epochs.drop_log if reasons
    )
    if not len(epochs):
        return as_piece(nothing, np.zeros(0, dtype=int), dropped)
    signals = scaled(epochs.get_data(copy=False), cutting.scaling)
    return as_piece(signals, order[epochs.selection], dropped)


def scaled(signals: np.ndarray, scaling: str) -> np.ndarray:
    """Return windows of one recording, shape (windows, channels, times), scaled, as float32."""
    if not len(signals):
        return signals.astype(np.float32)
    if scaling == "channel":
        signals = mne.decoding.Scaler(scalings="median").fit_transform(signals)
    else:
        signals = signals / (signals.std() or 1.0)
    return signals.astype(np.float32)


def as_piece(signals: np.ndarray, kept: np.ndarray, dropped: Counter[str]) -> Piece:
    """Return windows as a piece, with their checksum."""
    return Piece(signals, kept, dict(dropped), checksum_of(signals))


def checksum_of(signals: np.ndarray) -> str:
    """Return a short text that tells signals from others."""
    return hashlib.blake2b(np.ascontiguousarray(signals).data, digest_size=8).hexdigest()


def _preprocess(recording: Recording, names: list[str], cutting: Cutting) -> mne.io.BaseRaw:
    """Return one recording loaded, its unusable stretches marked, filtered and resampled."""
    rate, h_freq = float(recording.raw.info["sfreq"]), cutting.h_freq
    if rate <= 2 * h_freq:
        raise ValueError(
            f"{recording.name}: sampled at {rate:g} Hz; more than {2 * h_freq:g} Hz is wanted."
        )
    n_times = recording.raw.n_times
    # a longer filter would be of the edges alone
    check_filter(recording.name, n_times / rate, 1.0, (cutting.l_freq, h_freq, rate))
    shown = f"{recording.name}: {n_times} samples of {len(names)} channels"
    check_memory(shown, 8 * n_times * len(names))  # as numbers of MNE
    raw = recording.raw.copy().pick(names).reorder_channels(names)
    raw.info["bads"] = []
    if raw.info["meas_date"] is None:  # else MNE counts the start of a cropped recording twice
        raw.set_meas_date(0)
    try:
        raw.load_data(verbose="error").del_proj()
    except Exception as error:  # each reader raises its own
        raise ValueError(f"{recording.name}: signals cannot be read ({error}).") from error
    # Whatever they measure, all channels are scaled alike and go into one network.
    raw.set_channel_types(dict.fromkeys(names, "eeg"), on_unit_change="ignore", verbose="error")
    # as many samples as a window has are constant where the steps, one less, are zero
    _mark_unusable(raw, min(FLAT, cutting.tmax - cutting.tmin) - 1 / rate)
    raw.filter(cutting.l_freq, h_freq, picks="all", verbose="error")
    return raw.resample(cutting.sfreq, verbose="error") if rate != cutting.sfreq else raw


def _mark_unusable(raw: mne.io.BaseRaw, flat: float) -> None:
    """Annotate what is flat for ``flat`` s or not finite, and set the latter to zero."""
    annotations = raw.annotations
    if not all(np.isfinite(raw.get_data(picks=[name])).all() for name in raw.ch_names):
        raw.apply_function(
            lambda signal: np.where(np.isfinite(signal), signal, np.nan), picks="all"
        )
        annotations = annotations + mne.preprocessing.annotate_nan(raw, verbose="error")
    if raw.times[-1] > flat:
        flat_stretches, flat_channels = mne.preprocessing.annotate_amplitude(
            raw, flat=0.0, bad_percent=100, min_duration=flat, picks="all", verbose="error"
        )
        annotations = annotations + flat_stretches
        if flat_channels:  # flat throughout: MNE names the channel and annotates nothing
            annotations.append(raw.first_time, raw.times[-1], "BAD_flat")
    raw.apply_function(lambda signal: np.nan_to_num(signal), picks="all")
    raw.set_annotations(annotations, emit_warning=False, verbose="error")
