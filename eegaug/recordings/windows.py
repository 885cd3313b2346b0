"""Windows of all recordings, of one shape."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import mne
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from eegaug.recordings.cache import WindowCache, make_pieces
from eegaug.recordings.cutting import Cutting, Events, Piece, checksum_of, cut
from eegaug.recordings.memory import check_memory
from eegaug.recordings.names import visible
from eegaug.recordings.recording import Recording, spans
from eegaug.recordings.signals import StoredSignals
from eegaug.validation import check_list

#: Code and name of windows without a label.
UNLABELLED, NO_LABEL = -1, "unlabelled"
#: What to do where windows do not fit into memory.
KEEP = ": name a folder to keep them in, by `cache` or --cache"
#: Seconds, centuries, from which on a time is none; dates of MNE end later.
END_OF_TIME = 1e10
#: What cuts windows; a change of its numbers is a change of this one, for the cache.
CUT_VERSION = 1


@dataclass(frozen=True)
class Windows:
    """Labelled windows of all recordings, and an account of the rest.

    Parameters
    ----------
    X : ndarray of float32 or StoredSignals, shape (windows, channels, times)
        Signals, scaled to numbers about one: the input of a network. In memory, or in the files of
        a cache, read when they are indexed.
    metadata : pandas.DataFrame
        One row per window: subject, recording, onset (s) and label; of epochs and arrays also
        trial, its place in its file, from 0.
    labels : tuple of str
        Names of the labels, in the order of the network's outputs.
    info : mne.Info
        Channels, with their positions, and sampling rate of the windows.
    sources : list of dict
        One per recording: name, subject, sampling rate, windows kept by label, windows dropped
        by reason, and a checksum of the signals.
    notes : list of str
        What was changed or dropped, one sentence each.
    scaling : str
        "channel" or "recording", see :func:`make_windows`.
    tmin : float
        Start of a window after its onset (s).
    cutting : dict
        Arguments, as numbers and text, by which the function that made these windows cuts other
        recordings alike.

    Examples
    --------
    >>> from eegaug.recordings import make_sleep_windows, simulate_nights
    >>> windows = make_sleep_windows(simulate_nights(2, hours=0.25))
    >>> windows.X.shape, windows.y.shape, windows.subject_names
    ((60, 2, 3000), (60,), ['sim00', 'sim01'])
    """

    X: np.ndarray | StoredSignals
    metadata: pd.DataFrame
    labels: tuple[str, ...]
    info: mne.Info
    sources: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    scaling: str = "recording"
    tmin: float = 0.0
    cutting: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.metadata)

    @cached_property
    def y(self) -> np.ndarray:
        """Positions in ``labels``, -1 for unlabelled windows, shape (windows,)."""
        codes = {label: code for code, label in enumerate(self.labels)} | {NO_LABEL: UNLABELLED}
        return self.metadata["label"].map(codes).to_numpy(dtype=np.int64)

    @cached_property
    def subjects(self) -> np.ndarray:
        """Subject of each window, shape (windows,)."""
        return self.metadata["subject"].to_numpy(dtype=str)

    @property
    def subject_names(self) -> list[str]:
        """All subjects, in alphabetical order."""
        return sorted(set(self.subjects.tolist()))

    @property
    def counts(self) -> dict[str, int]:
        """Number of windows of each label that occurs, in the order of the labels."""
        found = Counter(self.metadata["label"].tolist())
        return {label: found[label] for label in (*self.labels, NO_LABEL) if found[label]}

    @property
    def fingerprint(self) -> str:
        """Tell these windows from others, by signals, labels, subjects and channels."""
        made_of = {
            "signals": self._checksums(),
            "y": self.y.tolist(),
            "subjects": self.subjects.tolist(),
            "labels": self.labels,
            "channels": self.info["ch_names"],
            "cutting": self.cutting,
        }
        return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]

    def _checksums(self) -> list[str]:
        """Return the checksums of the signals by recording, taken anew of those in memory."""
        if isinstance(self.X, StoredSignals):
            return [source["checksum"] for source in self.sources]
        ends = np.cumsum([sum(source["windows"].values()) for source in self.sources])
        return [checksum_of(part) for part in np.split(self.X, ends[:-1])]

    def to_epochs(self) -> mne.EpochsArray:
        """Return the windows as epochs of MNE, with ``metadata``; numbers are stored as microvolts.

        ``epochs.get_data(units="uV")`` returns them. All windows are read into memory.
        """
        codes = self.y
        return mne.EpochsArray(
            np.asarray(self.X) * 1e-6,
            self.info,
            np.column_stack([np.arange(len(self)), np.zeros_like(codes), codes]),
            tmin=self.tmin,
            event_id={label: self._code(label) for label in self.counts},
            metadata=self.metadata.reset_index(drop=True),
            verbose="error",
        )

    def _code(self, label: str) -> int:
        return UNLABELLED if label == NO_LABEL else self.labels.index(label)


def make_windows(
    recordings: Iterable[Recording],
    labels: Iterable[str],
    find_events: Callable[[mne.io.BaseRaw], Events],
    *,
    tmin: float,
    tmax: float,
    sfreq: float,
    l_freq: float,
    h_freq: float,
    channels: str | Sequence[str] | None = None,
    scaling: str = "channel",
    labelled: bool = True,
    cache: str | Path | None = None,
    progress: bool = False,
) -> Windows:
    """Cut recordings into windows around events, with the same channels in the same order.

    Filtering, resampling and cutting are MNE's. Windows with a flat or non-finite stretch and those
    marked bad are dropped and counted.

    Parameters
    ----------
    recordings : iterable of Recording
        Recordings; their signals are loaded one after the other.
    labels : sequence of str
        Names of the labels.
    find_events : callable
        Function of a ``mne.io.BaseRaw`` that returns :class:`Events`: where windows are, with
        positions in ``labels``, or -1, as codes, and the number of windows that it left out.
    tmin, tmax : float
        Start and end of a window after its event (s); the sample at ``tmax`` is not included.
    sfreq : float
        Sampling rate of the windows (Hz).
    l_freq, h_freq : float
        Pass band (Hz).
    channels : str or sequence of str, optional
        Channels to take, in this order; where absent, the EEG channels that all recordings
        have, in the order of the first.
    scaling : str
        "channel" scales each channel of each recording to median 0 and interquartile range 1;
        "recording" divides each recording by its standard deviation, which keeps the amplitudes of
        channels relative to each other.
    labelled : bool
        Whether windows are to be learned from, and should be of two labels or more.
    cache : path, optional
        Folder to keep the windows in, as 32-bit floats, from which they are read when they are
        needed, in this run and later ones; in memory where absent. The numbers are the same.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Windows
        The windows of all recordings, one recording after the other.

    Raises
    ------
    TypeError
        If a recording is not a :class:`Recording`, or a rate, a frequency or a time is not a
        number.
    ValueError
        If there is no recording, recordings share no channel, lack one of ``channels``, cannot be
        read, are sampled too slowly or are shorter than the filter, the pass band does not lie
        below half of ``sfreq``, ``tmax`` is not after ``tmin``, no window or windows of one label
        only are left, they do not fit into memory, or ``cache`` is no folder for windows.
    OSError
        If the cache cannot be written, as on a full disk.

    Examples
    --------
    Windows of rest and of any imagined movement:

    >>> from eegaug.recordings import simulate_motor_imagery
    >>> from eegaug.recordings.recording import spans
    >>> def find_cues(raw):
    ...     cues = [span for span in spans(raw) if span[2] in ("T0", "T1", "T2")]
    ...     codes = [int(description != "T0") for _, _, description in cues]
    ...     return Events(np.array([onset for onset, *_ in cues]), np.array(codes), Counter())
    >>> recordings = simulate_motor_imagery(1, n_trials=4)
    >>> band = {"sfreq": 100.0, "l_freq": 4.0, "h_freq": 38.0}
    >>> windows = make_windows(recordings, ["rest", "task"], find_cues, tmin=0.5, tmax=2.5, **band)
    >>> windows.X.shape, windows.y.tolist()
    ((8, 64, 200), [0, 1, 0, 1, 0, 1, 0, 1])
    """
    cutting = Cutting(tmin, tmax, sfreq, l_freq, h_freq, scaling)
    recordings, labels = check_recordings(recordings), list(labels)
    names, notes = common_channels(recordings, channels)
    rates = Counter(float(recording.raw.info["sfreq"]) for recording in recordings)
    resampled = [f"{n} from {rate:g} Hz" for rate, n in sorted(rates.items()) if rate != sfreq]
    if resampled:
        notes.append(f"Recordings resampled to {sfreq:g} Hz: {', '.join(resampled)}.")

    found = [find_events(recording.raw) for recording in recordings]
    for recording, events in zip(recordings, found, strict=True):
        _check_events(recording.name, events, len(labels))
    store = WindowCache(cache) if cache is not None else None
    if store is None:
        n_windows = sum(len(events.onsets) for events in found)
        check_memory(f"{n_windows} windows", 4 * n_windows * len(names) * cutting.n_times, KEEP)
    cuts = [
        (recording, names, events, cutting)
        for recording, events in zip(recordings, found, strict=True)
    ]
    makes = [partial(cut, *each) for each in cuts]
    keys = [store.key(_made_by(*each)) for each in cuts] if store else None
    bar = tqdm(total=len(cuts), desc="Cutting windows", unit="file", disable=not progress)
    parts = []
    pieces = make_pieces(makes, store, keys, bar)
    for recording, events, piece in zip(recordings, found, pieces, strict=True):
        rate, codes = float(recording.raw.info["sfreq"]), events.codes[piece.kept]
        dropped = Counter(piece.dropped) + events.dropped
        piece = piece._replace(dropped=dict(dropped))
        onsets = events.onsets[piece.kept]
        parts.append(Part(recording.name, recording.subject, rate, onsets, codes, piece))
    notes += store.notes if store is not None else []
    info = common_info(recordings, names, sfreq)
    windows = join_windows(parts, labels, info, notes, labelled)
    return replace(
        windows,
        scaling=scaling,
        tmin=float(tmin),
        cutting={"sfreq": sfreq, "l_freq": l_freq, "h_freq": h_freq},
    )


class Part(NamedTuple):
    """The windows of one recording, on their way to those of all.

    Parameters
    ----------
    name, subject : str
        The recording, and whose it is.
    sfreq : float
        Sampling rate of the recording (Hz).
    onsets : ndarray of float, shape (windows,)
        Seconds from the start of the recording.
    codes : ndarray of int, shape (windows,)
        Positions in the labels, or -1.
    piece : Piece
        The signals, and what was dropped.
    trials : ndarray of int, shape (windows,), optional
        Places of the windows in a file of trials.

    Examples
    --------
    See :func:`join_windows`.
    """

    name: str
    subject: str
    sfreq: float
    onsets: np.ndarray
    codes: np.ndarray
    piece: Piece
    trials: np.ndarray | None = None


def join_windows(
    parts: list[Part],
    labels: Sequence[str],
    info: mne.Info,
    notes: Sequence[str] = (),
    labelled: bool = True,
) -> Windows:
    """Join the windows of several recordings, and count what was dropped.

    Parameters
    ----------
    parts : list of Part
        The windows by recording. The list is emptied, so that signals are in memory once.
    labels : sequence of str
        Names of the labels.
    info : mne.Info
        Channels and sampling rate.
    notes : sequence of str
        What was changed, one sentence each.
    labelled : bool
        Whether windows are to be learned from.

    Returns
    -------
    Windows
        The windows of all recordings, one recording after the other.

    Raises
    ------
    ValueError
        If there are no windows, or, to be learned from, those of one label only.

    Examples
    --------
    >>> info = mne.create_info(["Cz"], 100.0, "eeg")
    >>> piece = Piece(np.zeros((2, 1, 100), np.float32), np.arange(2), {"flat": 1}, "e0")
    >>> parts = [Part("one", "anna", 100.0, np.array([0.0, 2.0]), np.array([0, 1]), piece)]
    >>> windows = join_windows(parts, ["rest", "task"], info)
    >>> windows.metadata["label"].tolist(), windows.notes
    (['rest', 'task'], ['Windows dropped: 1 flat.'])
    """
    notes, tables, sources = list(notes), [], []
    names = {code: label for code, label in enumerate(labels)} | {UNLABELLED: NO_LABEL}
    for part in parts:
        own = [names[code] for code in part.codes.tolist()]
        counts = Counter(own)
        sources.append(
            {
                "name": part.name,
                "subject": part.subject,
                "sfreq": part.sfreq,
                "windows": {label: counts[label] for label in names.values() if counts[label]},
                "dropped": dict(+Counter(part.piece.dropped)),
                "checksum": part.piece.checksum,
            }
        )
        trials = {} if part.trials is None else {"trial": part.trials}
        about = {"subject": part.subject, "recording": part.name, **trials, "onset": part.onsets}
        tables.append(pd.DataFrame({**about, "label": own}))
    metadata = pd.concat(tables, ignore_index=True)
    reasons = dropped_by_reason(sources)
    if not len(metadata):
        why = reasons or ("none has a label" if labelled else "none has an event, or is too short")
        raise ValueError(
            f"No window is left of {len(sources)} recording{'s' * (len(sources) > 1)}: {why}."
        )
    if reasons:
        notes.append(f"Windows dropped: {reasons}.")
    empty = [str(source["name"]) for source in sources if not source["windows"]]
    if empty:
        notes.append(f"No window is left of {', '.join(empty)}.")
    present = set(metadata["label"]) - {NO_LABEL}
    if labelled and len(present) == 1:
        raise ValueError(
            f"All {len(metadata)} windows are labelled {present.pop()}; learning needs at least two"
            f" labels.{f' Windows dropped: {reasons}.' if reasons else ''}"
        )
    for column in ("subject", "recording", "label"):  # a million windows name few of them
        metadata[column] = metadata[column].astype("category")
    return Windows(_joined(parts), metadata, tuple(labels), info, sources, notes)


def dropped_by_reason(sources: Sequence[dict[str, Any]]) -> str:
    """Return how many windows were dropped and why, as "3 flat, 2 not scored"."""
    dropped = sum((Counter(source["dropped"]) for source in sources), Counter())
    return ", ".join(f"{n} {reason}" for reason, n in dropped.items())


def _joined(parts: list[Part]) -> np.ndarray | StoredSignals:
    """Return the signals of all parts as one, and empty the list."""
    stored = [part.piece.X for part in parts if isinstance(part.piece.X, StoredSignals)]
    if stored:
        return StoredSignals([file for each in stored for file in each.files])
    total = sum(len(part.piece.X) for part in parts)
    X = np.empty((total, *parts[0].piece.X.shape[1:]), dtype=np.float32)
    filled = 0
    while parts:
        signals = parts.pop(0).piece.X
        X[filled : filled + len(signals)] = signals
        filled += len(signals)
    return X


def _made_by(
    recording: Recording, names: Sequence[str], events: Events, cutting: Cutting
) -> dict[str, Any]:
    """Return all that the windows of a recording depend on."""
    raw = recording.raw
    if raw.preload:
        data = np.ascontiguousarray(raw.get_data()).data
        source: Any = hashlib.blake2b(data, digest_size=16).hexdigest()
    else:
        files = [Path(file).resolve() for file in raw.filenames]
        source = [[str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in files]
    return {
        "version": CUT_VERSION,
        "mne": mne.__version__,
        "source": source,
        "samples": [int(raw.first_samp), int(raw.n_times), float(raw.info["sfreq"])],
        "channels": [list(names), raw.ch_names],  # which may be renamed
        "cutting": asdict(cutting),
        "onsets": events.onsets.tolist(),
        "breaks": [span for span in spans(raw) if span[2].lower().startswith(("bad", "edge"))],
    }


def _check_events(name: str, events: Events, n_labels: int) -> None:
    onsets, codes = np.asarray(events.onsets), np.asarray(events.codes)
    if onsets.shape != codes.shape or onsets.ndim != 1 or not np.isfinite(onsets).all():
        raise ValueError(
            f"{name}: events should have an onset and a code each. Found onsets of shape"
            f" {onsets.shape}, {np.isfinite(onsets).sum()} of them finite, and codes of shape"
            f" {codes.shape}."
        )
    strange = sorted(set(codes.tolist()) - set(range(UNLABELLED, n_labels)))
    if strange:
        raise ValueError(
            f"{name}: codes of events should be -1 to {n_labels - 1}, for {n_labels} labels. Found"
            f" {', '.join(map(str, strange[:5]))}."
        )


def common_info(recordings: Sequence[Recording], names: list[str], sfreq: float) -> mne.Info:
    """Return channels, with the positions that the first recording has, and the new rate."""
    info = mne.create_info(names, sfreq, "eeg", verbose="error")
    montage = recordings[0].raw.get_montage()
    if montage is not None:
        info.set_montage(montage, on_missing="ignore", verbose="error")
    return info


def check_recordings(recordings: Iterable[Recording]) -> list[Recording]:
    """Return recordings as a list; raise where there are none, or annotations have no time."""
    listed = check_list(recordings, Recording, "recording", "read_recordings")
    for recording in listed:
        own = recording.raw.annotations
        for onset, duration, label in zip(own.onset, own.duration, own.description, strict=True):
            if not (abs(onset) < END_OF_TIME and 0 <= duration < END_OF_TIME):
                raise ValueError(
                    f"{recording.name}: annotation {str(label)!r} should have an onset and a"
                    f" duration. Found {onset:g} s and {duration:g} s."
                )
    return listed


def common_channels(
    recordings: Sequence[Recording], channels: str | Iterable[str] | None
) -> tuple[list[str], list[str]]:
    """Return the names of the channels to take, and notes on those left out."""
    if channels is not None:
        chosen = [channels] if isinstance(channels, str) else channels
        names = [visible(str(name)) for name in chosen]
        if not names or len(set(names)) < len(names):
            raise ValueError(
                "Parameter `channels` should name one channel or more, each once. Found"
                f" {', '.join(names) or 'none'}."
            )
        for recording in recordings:
            missing = [name for name in names if name not in recording.raw.ch_names]
            if missing:
                raise ValueError(
                    f"{recording.name}: no channel {', '.join(missing)};"
                    f" it has {', '.join(recording.raw.ch_names)}."
                )
        return names, []
    eeg, notes = [], []
    for recording in recordings:
        bads = recording.raw.info["bads"]
        kinds = zip(recording.raw.ch_names, recording.raw.get_channel_types(), strict=True)
        eeg.append([name for name, kind in kinds if kind == "eeg" and name not in bads])
        if bads:
            notes.append(f"{recording.name}: marked bad and not used: {', '.join(bads)}.")
    names = [name for name in eeg[0] if all(name in found for found in eeg)]
    if not names:
        sets = Counter(", ".join(found) or "none" for found in eeg)
        shown = "; ".join(f"{n} with {found}" for found, n in sets.most_common(4))
        raise ValueError(
            f"The {len(recordings)} recordings have no EEG channel in common: {shown}."
            " Name the channels to take, or recordings of one montage."
        )
    unused = {name for found in eeg for name in found} - set(names)
    if unused:
        notes.append(
            f"EEG channels that not all recordings have are left out: {', '.join(sorted(unused))}."
        )
    if any([name for name in found if name in names] != names for found in eeg):
        notes.append("Channels were brought to the order of the first recording.")
    return names, notes
