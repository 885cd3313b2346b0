"""From recordings to windows of one shape: pick, filter, resample, cut, scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mne
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from eegaug.recordings.recording import Recording
from eegaug.validation import check_number, check_positive

#: Code and name of windows without a label.
UNLABELLED, NO_LABEL = -1, "unlabelled"
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
    "TOO_SHORT": "cut off by the end",
    "NO_DATA": "cut off by the end",
    "DROP DUPLICATE": "labelled twice",
}


@dataclass(frozen=True)
class Windows:
    """Labelled windows of all recordings, and an account of the rest.

    Parameters
    ----------
    epochs : mne.EpochsArray
        Windows with ``metadata``: subject, recording, onset (s) and label. They are scaled to
        numbers about one, stored as microvolts: ``epochs.get_data(units="uV")`` is the input of a
        network.
    labels : tuple of str
        Names of the labels, in the order of the network's outputs.
    sources : list of dict
        One per recording: name, subject, sampling rate, windows kept by label, windows dropped
        by reason.
    notes : list of str
        What was changed or dropped, one sentence each.
    scaling : str
        "channel" or "recording", see :func:`make_windows`.

    Examples
    --------
    >>> from eegaug.recordings import make_sleep_windows, simulate_nights
    >>> windows = make_sleep_windows(simulate_nights(2, hours=0.25))
    >>> windows.X.shape, windows.y.shape, windows.subject_names
    ((60, 2, 3000), (60,), ['sim00', 'sim01'])
    """

    epochs: mne.EpochsArray
    labels: tuple[str, ...]
    sources: list[dict[str, Any]]
    notes: list[str]
    scaling: str

    @cached_property
    def X(self) -> np.ndarray:
        """Signals, float32, shape (windows, channels, times)."""
        return self.epochs.get_data(units="uV", copy=False).astype(np.float32)

    @property
    def y(self) -> np.ndarray:
        """Positions in ``labels``, -1 for unlabelled windows, shape (windows,)."""
        return self.epochs.events[:, 2].astype(np.int64)

    @property
    def subjects(self) -> np.ndarray:
        """Subject of each window, shape (windows,)."""
        return self.epochs.metadata["subject"].to_numpy(dtype=str)

    @property
    def subject_names(self) -> list[str]:
        """All subjects, in alphabetical order."""
        return sorted(set(self.subjects.tolist()))

    @property
    def info(self) -> mne.Info:
        """Channels, with their positions, and sampling rate of the windows."""
        return self.epochs.info


def make_windows(
    recordings: Sequence[Recording],
    labels: Sequence[str],
    find_events: Callable[[mne.io.BaseRaw], tuple[np.ndarray, Counter[str]]],
    *,
    tmin: float,
    tmax: float,
    sfreq: float,
    l_freq: float,
    h_freq: float,
    channels: str | Sequence[str] | None = None,
    scaling: str = "channel",
    progress: bool = False,
) -> Windows:
    """Cut recordings into windows around events, with the same channels in the same order.

    Filtering, resampling and cutting are MNE's. Windows with a flat or non-finite stretch and those
    marked bad are dropped and counted.

    Parameters
    ----------
    recordings : sequence of Recording
        Recordings; their signals are loaded one after the other.
    labels : sequence of str
        Names of the labels.
    find_events : callable
        Function of a preprocessed ``mne.io.BaseRaw`` that returns events as MNE has them, shape
        (events, 3), with positions in ``labels``, or -1, as codes; and the number of windows that
        it left out, by reason.
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
        read or are sampled too slowly, the pass band does not lie below half of ``sfreq``,
        ``tmax`` is not after ``tmin``, or no window or windows of one label only are left.

    Examples
    --------
    Windows of rest and of any imagined movement:

    >>> from collections import Counter
    >>> from eegaug.recordings import simulate_motor_imagery
    >>> def find_cues(raw):
    ...     codes = {"T0": 0, "T1": 1, "T2": 1}
    ...     return mne.events_from_annotations(raw, codes, verbose="error")[0], Counter()
    >>> recordings = simulate_motor_imagery(1, n_trials=4)
    >>> band = {"sfreq": 100.0, "l_freq": 4.0, "h_freq": 38.0}
    >>> windows = make_windows(recordings, ["rest", "task"], find_cues, tmin=0.5, tmax=2.5, **band)
    >>> windows.X.shape, windows.y.tolist()
    ((8, 64, 200), [0, 1, 0, 1, 0, 1, 0, 1])
    """
    for name, value in {"sfreq": sfreq, "l_freq": l_freq, "h_freq": h_freq}.items():
        check_positive(name, value)
    check_number("tmin", tmin)
    check_number("tmax", tmax)
    if tmax <= tmin:
        raise ValueError(f"Parameter `tmax` should be after `tmin`, {tmin:g} s. Found {tmax:g} s.")
    if scaling not in SCALINGS:
        raise ValueError(
            f"Parameter `scaling` should be {' or '.join(map(repr, SCALINGS))}. Found {scaling!r}."
        )
    if not 0 < l_freq < h_freq < sfreq / 2:
        raise ValueError(
            "Pass band should lie between 0 Hz and half the sampling rate."
            f" Found {l_freq:g} to {h_freq:g} Hz at {sfreq:g} Hz."
        )
    _check_recordings(recordings)
    channels = [channels] if isinstance(channels, str) else channels
    names, notes = _common_channels(recordings, channels)
    rates = Counter(float(recording.raw.info["sfreq"]) for recording in recordings)
    resampled = [f"{n} from {rate:g} Hz" for rate, n in sorted(rates.items()) if rate != sfreq]
    if resampled:
        notes.append(f"Recordings resampled to {sfreq:g} Hz: {', '.join(resampled)}.")

    sources, kept, empty = [], [], []
    flat = min(FLAT, tmax - tmin)
    for recording in tqdm(recordings, "Cutting windows", unit="file", disable=not progress):
        raw = _preprocess(recording, names, sfreq, l_freq, h_freq, flat)
        events, dropped = find_events(raw)
        epochs = _cut(raw, events, labels, tmin, tmax, dropped)
        codes = [] if epochs is None else epochs.events[:, 2].tolist()
        sources.append(
            {
                "name": recording.name,
                "subject": recording.subject,
                "sfreq": float(recording.raw.info["sfreq"]),
                "windows": dict(Counter(_label_of(code, labels) for code in sorted(codes))),
                "dropped": dict(+dropped),
            }
        )
        if epochs is None:
            empty.append(recording.name)
        else:
            onsets = (epochs.events[:, 0] - raw.first_samp) / sfreq
            kept.append(_scaled(epochs, recording, labels, onsets, scaling))

    reasons = dropped_by_reason(sources)
    if not kept:
        raise ValueError(
            f"No window is left of {len(sources)} recordings: {reasons or 'none has a label'}."
        )
    if reasons:
        notes.append(f"Windows dropped: {reasons}.")
    if empty:
        notes.append(f"No window is left of {', '.join(empty)}.")
    epochs = mne.concatenate_epochs(kept, on_mismatch="ignore", verbose="error")
    present = set(epochs.events[:, 2].tolist()) - {UNLABELLED}
    if len(present) == 1:
        raise ValueError(
            f"All {len(epochs)} windows are labelled {labels[present.pop()]}; learning needs at"
            " least two labels."
        )
    return Windows(epochs, tuple(labels), sources, notes, scaling)


def dropped_by_reason(sources: Sequence[dict[str, Any]]) -> str:
    """Return how many windows were dropped and why, as "3 flat, 2 not scored"."""
    dropped = sum((Counter(source["dropped"]) for source in sources), Counter())
    return ", ".join(f"{n} {reason}" for reason, n in dropped.items())


def _check_recordings(recordings: Sequence[Recording]) -> None:
    if not recordings:
        raise ValueError("At least one recording is needed. Found none.")
    for recording in recordings:
        if not isinstance(recording, Recording):
            raise TypeError(
                "Recordings should be those of `read_recordings`, or be made by `Recording`."
                f" Found {type(recording).__name__}."
            )


def _label_of(code: int, labels: Sequence[str]) -> str:
    return NO_LABEL if code == UNLABELLED else labels[code]


def _cut(
    raw: mne.io.BaseRaw,
    events: np.ndarray,
    labels: Sequence[str],
    tmin: float,
    tmax: float,
    dropped: Counter[str],
) -> mne.Epochs | None:
    """Return the windows of one recording, if any, and count in ``dropped`` those that are not."""
    if len(events) == 0:
        return None
    epochs = mne.Epochs(
        raw,
        events,
        {_label_of(code, labels): code for code in sorted(set(events[:, 2].tolist()))},
        tmin=tmin,
        tmax=tmax - 1 / raw.info["sfreq"],
        baseline=None,
        picks="all",
        preload=True,
        event_repeated="drop",
        verbose="error",
    )
    for reasons in epochs.drop_log:
        if reasons:
            dropped[REASONS.get(reasons[0], "marked bad")] += 1
    return epochs if len(epochs) else None


def _scaled(
    epochs: mne.Epochs,
    recording: Recording,
    labels: Sequence[str],
    onsets: np.ndarray,
    scaling: str,
) -> mne.EpochsArray:
    """Return the windows of one recording scaled, with metadata."""
    signals = epochs.get_data(copy=False)
    if scaling == "channel":
        signals = mne.decoding.Scaler(scalings="median").fit_transform(signals)
    else:
        signals = signals / signals.std()
    codes = epochs.events[:, 2].tolist()
    metadata = pd.DataFrame(
        {
            "subject": recording.subject,
            "recording": recording.name,
            "onset": onsets,
            "label": [_label_of(code, labels) for code in codes],
        }
    )
    return mne.EpochsArray(
        signals * 1e-6,
        epochs.info,
        epochs.events,
        tmin=epochs.tmin,
        event_id={_label_of(code, labels): code for code in sorted(set(codes))},
        metadata=metadata,
        verbose="error",
    )


def _common_channels(
    recordings: Sequence[Recording], channels: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """Return the names of the channels to take, and notes on those left out."""
    if channels is not None:
        for recording in recordings:
            missing = [name for name in channels if name not in recording.raw.ch_names]
            if missing:
                raise ValueError(
                    f"{recording.name}: no channel {', '.join(missing)};"
                    f" it has {', '.join(recording.raw.ch_names)}."
                )
        return list(channels), []
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


def _preprocess(
    recording: Recording,
    names: list[str],
    sfreq: float,
    l_freq: float,
    h_freq: float,
    flat: float,
) -> mne.io.BaseRaw:
    """Return one recording loaded, its unusable stretches marked, filtered and resampled."""
    rate = float(recording.raw.info["sfreq"])
    if rate <= 2 * h_freq:
        raise ValueError(
            f"{recording.name}: sampled at {rate:g} Hz; more than {2 * h_freq:g} Hz is wanted."
        )
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
    _mark_unusable(raw, flat)
    raw.filter(l_freq, h_freq, picks="all", verbose="error")
    return raw.resample(sfreq, verbose="error") if rate != sfreq else raw


def _mark_unusable(raw: mne.io.BaseRaw, flat: float) -> None:
    """Annotate what is flat for ``flat`` s or not finite, and set the latter to zero."""
    raw.apply_function(lambda signal: np.where(np.isfinite(signal), signal, np.nan), picks="all")
    not_finite = mne.preprocessing.annotate_nan(raw, verbose="error")
    annotations = raw.annotations + not_finite
    if raw.times[-1] > flat:
        flat_stretches, flat_channels = mne.preprocessing.annotate_amplitude(
            raw, flat=0.0, bad_percent=100, min_duration=flat, picks="all", verbose="error"
        )
        annotations = annotations + flat_stretches
        if flat_channels:  # flat throughout: MNE names the channel and annotates nothing
            annotations.append(raw.first_time, raw.times[-1], "BAD_flat")
    raw.apply_function(lambda signal: np.nan_to_num(signal), picks="all")
    raw.set_annotations(annotations, emit_warning=False, verbose="error")
