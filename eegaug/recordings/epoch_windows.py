"""Windows of epochs that MNE has cut and saved: labels by event, or by a column of metadata."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import mne
import numpy as np
from tqdm.auto import tqdm

from eegaug.files import first_line
from eegaug.recordings.cache import WindowCache, make_pieces
from eegaug.recordings.cutting import FLAT, Piece, as_piece, check_window, scaled
from eegaug.recordings.electrodes import position_notes
from eegaug.recordings.epochs import EpochsFile
from eegaug.recordings.filtering import check_filter, filter_duration
from eegaug.recordings.labels import TRIALS, as_names, by_name, choose_labels
from eegaug.recordings.memory import check_memory
from eegaug.recordings.names import visible
from eegaug.recordings.recording import Recording
from eegaug.recordings.windows import (
    CUT_VERSION,
    KEEP,
    UNLABELLED,
    Part,
    Windows,
    common_channels,
    common_info,
    join_windows,
)
from eegaug.validation import check_list, check_positive

#: Column of the metadata that says whose a trial is.
SUBJECT = "subject"
#: How many times as long as a trial a filter may be.
LONGEST_FILTER = 100.0


def make_epoch_windows(
    files: Iterable[EpochsFile],
    label: str | None = None,
    *,
    labels: Mapping[str, str] | Iterable[str] | None = None,
    window: tuple[float, float] | None = None,
    sfreq: float | None = None,
    l_freq: float | None = None,
    h_freq: float | None = None,
    channels: str | Sequence[str] | None = None,
    labelled: bool = True,
    cache: str | Path | None = None,
    progress: bool = False,
) -> Windows:
    """Make windows of epochs, with the same channels in the same order.

    Filtering and resampling are MNE's, of whole trials, before they are cropped. The trials of a
    subject in a file are divided by their standard deviation. Trials with a flat channel or
    numbers that are not finite are dropped and counted.

    Parameters
    ----------
    files : iterable of EpochsFile
        Files of epochs, see :func:`read_epochs`; their signals are loaded one after the other.
    label : str, optional
        Column of the metadata that has the labels; where absent, the names of the events are.
    labels : mapping of str to str, or iterable of str, optional
        Event, or value of the column, of each label, as ``{"left": "T1", "right": "T2"}``, or
        those that are labels themselves; other trials are left out. Where absent, all that occur.
    window : (float, float), optional
        Start and end of a window (s), in the time of the epochs; the sample at the end is not
        included. The whole trial where absent.
    sfreq : float, optional
        Sampling rate of the windows (Hz); where absent, that of the files.
    l_freq, h_freq : float, optional
        Pass band (Hz); where both are absent, signals are not filtered, where one is, they are
        filtered on the other side only.
    channels : str or sequence of str, optional
        Channels to take, in this order; where absent, the EEG channels that all files have and
        that are not marked bad, in the order of the first.
    labelled : bool
        Whether windows are to be learned from. Where not, they are for a trained model to score:
        all trials are taken, and ``y`` is -1 for those without one of ``labels``.
    cache : path, optional
        Folder to keep the windows in, see :func:`make_windows`; one file is in memory at a time.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Windows
        The windows of all files, one file after the other, within a file by subject and time.

    Raises
    ------
    TypeError
        If a file is not an :class:`EpochsFile`, or a rate, a frequency or a time is not a number.
    ValueError
        If there is no file, trials have no labels, one label only or none of ``labels``, a column
        of the metadata is missing, files share no channel, differ in rate or time where ``sfreq``
        or ``window`` is absent, ``window`` is beyond a trial, the pass band does not lie below half
        of the sampling rate or needs too long a filter, signals cannot be read or do not fit into
        memory, or ``cache`` is no folder for windows.
    OSError
        If the cache cannot be written, as on a full disk.

    Examples
    --------
    >>> signals = np.random.default_rng(0).normal(0, 1e-5, (4, 2, 300))
    >>> events = np.column_stack([np.arange(4) * 500, np.zeros(4, int), [1, 2, 2, 1]])
    >>> epochs = mne.EpochsArray(
    ...     signals,
    ...     mne.create_info(["C3", "C4"], 100, "eeg"),
    ...     events,
    ...     tmin=-0.5,
    ...     event_id={"left": 1, "right": 2},
    ...     verbose="error",
    ... )
    >>> windows = make_epoch_windows([EpochsFile("one", "anna", epochs)], window=(0, 2))
    >>> windows.X.shape, windows.metadata["label"].tolist()
    ((4, 2, 200), ['left', 'right', 'right', 'left'])
    """
    files = check_list(files, EpochsFile, "file of epochs", "read_epochs")
    for file in files:
        file.epochs.drop_bad(verbose="error")  # else their number is not known
    recordings = [Recording(file.name, file.subject, file.epochs) for file in files]
    names, notes = common_channels(recordings, channels)
    rate = _common_rate(files) if sfreq is None else sfreq
    cutting = _Cutting(*_common_window(files, window), rate, l_freq, h_freq)
    notes += _changes(files, cutting)

    values = [_values(file, label, labelled) for file in files]
    found = Counter(value for own in values for value in own if value is not None)
    if labelled:
        _check_labels_there(files, label, found)
        chosen = _in_order(found) if labels is None else labels
        by_label = choose_labels(found, chosen, TRIALS)
    else:
        by_label = by_name(labels or {})
    codes = {value: code for code, value in enumerate(by_label.values())}
    trials = [
        each
        for file, own in zip(files, values, strict=True)
        for each in _by_subject(file, own, codes, labelled)
    ]

    store = WindowCache(cache) if cache is not None else None
    if store is None:
        n_windows = sum(len(own.chosen) for own in trials)
        check_memory(f"{n_windows} windows", 4 * n_windows * len(names) * cutting.n_times, KEEP)
    parts = []
    makes = [partial(_cut, own, names, cutting) for own in trials]
    keys = [store.key(_made_by(own, names, cutting)) for own in trials] if store else None
    bar = tqdm(total=len(trials), desc="Making windows", unit="subject", disable=not progress)
    for own, piece in zip(trials, make_pieces(makes, store, keys, bar), strict=True):
        without = Counter({"without a label": own.n_unlabelled})
        piece = piece._replace(dropped=dict(+(Counter(piece.dropped) + without)))
        sfreq_of_file = float(own.epochs.info["sfreq"])
        onsets, own_codes = own.onsets[piece.kept], own.codes[piece.kept]
        places = own.chosen[piece.kept]
        parts.append(Part(own.name, own.subject, sfreq_of_file, onsets, own_codes, piece, places))
    notes += store.notes if store else []
    info = common_info(recordings, names, cutting.sfreq)
    notes += position_notes(info)
    windows = join_windows(parts, tuple(by_label), info, notes, labelled=labelled)
    return replace(
        windows,
        scaling="recording",
        tmin=cutting.tmin,
        cutting={
            "label": label,
            "labels": by_label,
            "window": [cutting.tmin, cutting.tmax],
            "sfreq": cutting.sfreq,
            "l_freq": l_freq,
            "h_freq": h_freq,
        },
    )


@dataclass(frozen=True)
class _Cutting:
    """How windows are made of trials."""

    tmin: float
    tmax: float
    sfreq: float
    l_freq: float | None
    h_freq: float | None

    def __post_init__(self) -> None:
        check_positive("sfreq", self.sfreq)
        for name in ("l_freq", "h_freq"):
            if getattr(self, name) is not None:
                check_positive(name, getattr(self, name))
        low, high = self.l_freq or 0.0, self.h_freq or self.sfreq / 2
        if low >= high or (self.h_freq or 0.0) >= self.sfreq / 2:
            raise ValueError(
                "Pass band should lie between 0 Hz and half the sampling rate."
                f" Found {low:g} to {high:g} Hz at {self.sfreq:g} Hz."
            )

        if self.n_times < 1:
            raise ValueError(
                f"A window of {_shown((self.tmin, self.tmax))} has no sample at {self.sfreq:g} Hz;"
                " a longer one is wanted."
            )

    @property
    def n_times(self) -> int:
        """Samples of a window, no more than resampled trials have."""
        return _samples(self.tmax - self.tmin, self.sfreq)

    @property
    def filters(self) -> bool:
        return self.l_freq is not None or self.h_freq is not None

    def crop(self, signals: np.ndarray, sfreq: float, start: float) -> np.ndarray:
        """Return the window in trials that start at ``start`` s, sampled at ``sfreq``."""
        n_times = _samples(self.tmax - self.tmin, sfreq)
        first = min(round((self.tmin - start) * sfreq), signals.shape[-1] - n_times)
        return signals[..., max(first, 0) :][..., :n_times]


def _samples(duration: float, sfreq: float) -> int:
    """Return how many whole samples there are in a time (s), up to rounding."""
    return int(duration * sfreq + 1e-6)


class _Trials(NamedTuple):
    """The trials of one subject in one file."""

    name: str
    subject: str
    path: Path | None
    epochs: mne.BaseEpochs
    chosen: np.ndarray
    onsets: np.ndarray
    codes: np.ndarray
    n_unlabelled: int


def _common_rate(files: Sequence[EpochsFile]) -> float:
    rates = Counter(float(file.epochs.info["sfreq"]) for file in files)
    if len(rates) > 1:
        shown = ", ".join(f"{n} at {rate:g} Hz" for rate, n in sorted(rates.items()))
        raise ValueError(
            f"The files differ in sampling rate: {shown}. Choose one for all by `sfreq` or --sfreq."
        )
    return next(iter(rates))


def _common_window(
    files: Sequence[EpochsFile], window: tuple[float, float] | None
) -> tuple[float, float]:
    """Return start and end of the windows (s), after checking that they are in all trials."""
    reach = [_reach(file) for file in files]
    if window is None:
        for file, other in zip(files, reach, strict=True):
            if np.abs(np.subtract(reach[0], other)).max() > 0.5 / file.epochs.info["sfreq"]:
                raise ValueError(
                    f"The files differ in time: {files[0].name} is from {_shown(reach[0])},"
                    f" {file.name} from {_shown(other)}. Choose a `window` or --window that is in"
                    " all."
                )
        window = reach[0]
    tmin, tmax = check_window(window)
    for file, (start, end) in zip(files, reach, strict=True):
        tolerance = 0.5 / file.epochs.info["sfreq"]
        if tmin < start - tolerance or tmax > end + tolerance:
            raise ValueError(
                f"{file.name}: the window, {_shown((tmin, tmax))}, is beyond the epochs,"
                f" {_shown((start, end))}."
            )
    starts, ends = zip(*reach, strict=True)  # which may be beyond by less than a sample
    return max(float(tmin), *starts), min(float(tmax), *ends)


def _reach(file: EpochsFile) -> tuple[float, float]:
    """Return start and end of the trials of a file (s), the last sample included."""
    times = file.epochs.times
    return float(times[0]), float(times[-1] + 1 / file.epochs.info["sfreq"])


def _shown(window: tuple[float, float]) -> str:
    return f"{window[0]:g} to {window[1]:g} s"


def _changes(files: Sequence[EpochsFile], cutting: _Cutting) -> list[str]:
    """Return notes on what the signals go through, after checking that they can."""
    rates = Counter(float(file.epochs.info["sfreq"]) for file in files)
    notes = []
    if changed := [f"{n} from {r:g} Hz" for r, n in sorted(rates.items()) if r != cutting.sfreq]:
        notes.append(f"Files resampled to {cutting.sfreq:g} Hz: {', '.join(changed)}.")
    if not cutting.filters:
        return notes
    for file in files:
        rate = float(file.epochs.info["sfreq"])
        if cutting.h_freq is not None and rate <= 2 * cutting.h_freq:
            raise ValueError(
                f"{file.name}: sampled at {rate:g} Hz; more than {2 * cutting.h_freq:g} Hz is"
                " wanted."
            )
        band = cutting.l_freq, cutting.h_freq, rate
        check_filter(file.name, len(file.epochs.times) / rate, LONGEST_FILTER, band)
    shortest = min(files, key=lambda file: np.diff(_reach(file)).item())
    rate = float(shortest.epochs.info["sfreq"])
    duration = len(shortest.epochs.times) / rate
    filtered = filter_duration(cutting.l_freq, cutting.h_freq, rate)
    if filtered > duration:
        notes.append(
            f"Trials of {duration:.3g} s are shorter than the filter of {filtered:.3g} s, which"
            " distorts them towards their edges."
        )
    return notes


def _values(file: EpochsFile, label: str | None, labelled: bool) -> list[str | None]:
    """Return what each trial is labelled with: its event, or a value of the metadata."""
    epochs = file.epochs
    if label is None:
        events = {code: visible(name) for name, code in epochs.event_id.items()}
        return [events.get(code) for code in epochs.events[:, 2].tolist()]
    columns = [] if epochs.metadata is None else list(epochs.metadata.columns)
    if label in columns:
        return as_names(epochs.metadata[label], f"{file.name}: column {label!r}")
    if not labelled:
        return [None] * len(epochs)
    if epochs.metadata is None:
        raise ValueError(
            f"{file.name}: no metadata, so no column {label!r}; its events are"
            f" {', '.join(map(repr, sorted(epochs.event_id)))}."
        )
    raise ValueError(
        f"{file.name}: no column {label!r} in the metadata; it has {_listed(columns)}."
    )


def _check_labels_there(
    files: Sequence[EpochsFile], label: str | None, found: Counter[str]
) -> None:
    """Raise where all events are the same, and labels are to be those of the events."""
    if label is not None or len(found) > 1:
        return
    metadata = [file.epochs.metadata for file in files if file.epochs.metadata is not None]
    columns = _listed(metadata[0].columns) if metadata else ""
    raise ValueError(
        f"Epochs without labels: all events are {''.join(map(repr, found)) or 'missing'};"
        + (
            f" name a column of the metadata by `label` or --label: {columns}."
            if columns
            else " events of two names, or metadata, are wanted."
        )
    )


def _listed(columns: Iterable[Any]) -> str:
    return ", ".join(visible(str(name)) for name in columns)


def _in_order(values: Iterable[str]) -> list[str]:
    """Return numbers by size, and names by the alphabet."""
    values = list(values)
    try:
        return sorted(values, key=float)
    except ValueError:
        return sorted(values)


def _by_subject(
    file: EpochsFile, values: list[str | None], codes: dict[str, int], labelled: bool
) -> list[_Trials]:
    """Return the trials of a file by subject, in the order of time."""
    epochs, subjects = file.epochs, [file.subject] * len(values)
    if epochs.metadata is not None and SUBJECT in epochs.metadata:
        own = as_names(epochs.metadata[SUBJECT], f"{file.name}: column {SUBJECT!r}")
        subjects = [name or file.subject for name in own]
    samples = epochs.events[:, 0]
    order = np.argsort(samples, kind="stable")
    if len(samples) > 1 and np.median(np.diff(samples[order])) <= 1:
        # they number the trials, as MNE and NumPy do where no times are known
        samples = (samples - samples.min()) * len(epochs.times)
    onsets = (samples - samples[order[:1]]) / epochs.info["sfreq"]
    everyone = sorted(set(subjects)) or [file.subject]
    trials = []
    for subject in everyone:
        theirs = [int(i) for i in order if subjects[i] == subject]
        index = [i for i in theirs if values[i] in codes] if labelled else theirs
        trials.append(
            _Trials(
                file.name if len(everyone) == 1 else f"{file.name}, {subject}",
                subject,
                file.path,
                epochs,
                np.array(index, dtype=int),
                onsets[index],
                np.array([codes.get(values[i] or "", UNLABELLED) for i in index], dtype=int),
                sum(values[i] is None for i in theirs) if labelled else 0,
            )
        )
    return trials


def _cut(own: _Trials, names: Sequence[str], cutting: _Cutting) -> Piece:
    """Return the windows of one subject in one file."""
    nothing = np.zeros((0, len(names), cutting.n_times), dtype=np.float32)
    if not len(own.chosen):
        return as_piece(nothing, np.zeros(0, dtype=int), Counter())
    signals = _signals(own, names)
    rate, start = float(own.epochs.info["sfreq"]), float(own.epochs.times[0])
    resamples = rate != cutting.sfreq
    windows = cutting.crop(signals, rate, start)
    # A filter spreads what is not finite over the whole trial.
    finite = np.isfinite(signals if cutting.filters or resamples else windows).all(axis=(1, 2))
    with np.errstate(invalid="ignore"):  # of steps between infinities
        flat = np.array([_is_flat(window, rate) for window in windows])
    kept = np.flatnonzero(finite & ~flat)
    dropped = Counter({"flat": int((finite & flat).sum()), "not finite": int((~finite).sum())})
    if not len(kept):
        return as_piece(nothing, kept, +dropped)
    signals = signals[kept]
    if cutting.filters:
        band = cutting.l_freq, cutting.h_freq
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "filter_length", RuntimeWarning)  # noted already
            signals = mne.filter.filter_data(
                signals, rate, *band, copy=False, pad="edge", verbose="error"
            )
    if resamples:
        signals = mne.filter.resample(
            signals, cutting.sfreq, rate, npad="auto", pad="edge", verbose="error"
        )
    windows = cutting.crop(signals, cutting.sfreq, start)
    return as_piece(scaled(windows, "recording"), kept, +dropped)


def _signals(own: _Trials, names: Sequence[str]) -> np.ndarray:
    with warnings.catch_warnings(), mne.use_log_level("error"):
        warnings.simplefilter("ignore")
        try:
            return own.epochs[own.chosen].get_data(picks=list(names))
        except Exception as error:  # each part of the reader raises its own
            raise ValueError(
                f"{own.name}: signals cannot be read ({first_line(error)})."
            ) from error


def _is_flat(window: np.ndarray, sfreq: float) -> bool:
    """Whether a channel stays the same for :data:`FLAT` s, or throughout a shorter window."""
    n_steps = min(round(FLAT * sfreq), window.shape[-1]) - 1
    if n_steps < 1:
        return False
    changes = np.cumsum(np.diff(window, axis=-1, prepend=window[:, :1]) != 0, axis=-1)
    return bool((changes[:, n_steps:] == changes[:, : changes.shape[-1] - n_steps]).any())


def _made_by(own: _Trials, names: Sequence[str], cutting: _Cutting) -> dict[str, Any]:
    """Return all that the windows of a subject in a file depend on."""
    epochs = own.epochs
    if epochs.preload or own.path is None:
        signals = _signals(own, names) if len(own.chosen) else np.zeros(0)
        source: Any = hashlib.blake2b(
            np.ascontiguousarray(signals).data, digest_size=16
        ).hexdigest()
    else:
        status = own.path.stat()
        source = [str(own.path.resolve()), status.st_size, status.st_mtime_ns]
    return {
        "version": CUT_VERSION,
        "mne": mne.__version__,
        "source": source,
        "trials": epochs.selection[own.chosen].tolist(),
        "times": [float(epochs.times[0]), len(epochs.times), float(epochs.info["sfreq"])],
        "baseline": epochs.baseline,
        "channels": list(names),
        "cutting": asdict(cutting),
    }
