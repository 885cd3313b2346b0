"""From recordings to scored windows of one shape: pick, filter, resample, cut, scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mne
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from eegaug.recordings.recording import Recording
from eegaug.recordings.sleep import STAGES, stage_of
from eegaug.validation import check_number, check_positive

#: Length of a scored window (s): the epoch of both manuals of sleep scoring.
WINDOW = 30.0
#: What stands for a stage where there is none.
NOT_SCORED = -1
#: A signal that does not move for so long (s) counts as flat.
FLAT = 5.0


@dataclass
class SleepWindows:
    """Scored windows of all recordings, and what became of the rest.

    Parameters
    ----------
    epochs : mne.EpochsArray
        Windows of 30 s with ``metadata`` (person, recording, onset in seconds, stage). Each
        channel of each recording is scaled to median 0 and interquartile range 1, stored as
        1 microvolt, so that ``epochs.get_data(units="uV")`` is what a network takes.
    sources : list of dict
        One a recording: name, person, sampling rate, windows kept by stage, windows dropped
        by reason.
    notes : list of str
        What was changed on the way, for a person to read.

    Examples
    --------
    >>> from eegaug.recordings import simulate_nights
    >>> windows = make_windows(simulate_nights(2, hours=0.25))
    >>> windows.X.shape, windows.y.shape, windows.people
    ((60, 2, 3000), (60,), ['sim00', 'sim01'])
    """

    epochs: mne.EpochsArray
    sources: list[dict[str, Any]]
    notes: list[str]

    @cached_property
    def X(self) -> np.ndarray:
        """Signals, float32, shape (windows, channels, times)."""
        return self.epochs.get_data(units="uV", copy=False).astype(np.float32)

    @property
    def y(self) -> np.ndarray:
        """Stages as positions in :data:`~eegaug.recordings.STAGES`, or -1, shape (windows,)."""
        return self.epochs.events[:, 2].astype(np.int64)

    @property
    def persons(self) -> np.ndarray:
        """Whose each window is, shape (windows,)."""
        return self.epochs.metadata["person"].to_numpy(dtype=str)

    @property
    def people(self) -> list[str]:
        """Everyone whose windows these are, in the order of the alphabet."""
        return sorted(set(self.persons.tolist()))

    @property
    def info(self) -> mne.Info:
        """Channels and sampling rate of the windows."""
        return self.epochs.info


def make_windows(
    recordings: Sequence[Recording],
    *,
    sfreq: float = 100.0,
    l_freq: float = 0.3,
    h_freq: float = 30.0,
    channels: str | Sequence[str] | None = None,
    wake_margin: float = 30.0,
    scored: bool = True,
    progress: bool = False,
) -> SleepWindows:
    """Cut recordings into scored windows of 30 s with the same channels in the same order.

    Filtering, resampling, cutting and scaling are MNE's. Windows that are flat for 5 s or
    more, not finite, marked bad, not scored, or in wake long before or after sleep are
    dropped and counted.

    Parameters
    ----------
    recordings : sequence of Recording
        Recordings; their signals are loaded one after the other.
    sfreq : float
        Sampling rate of the windows (Hz).
    l_freq, h_freq : float
        Pass band (Hz).
    channels : str or sequence of str, optional
        Channels to take, in this order; where absent, the EEG channels that all recordings
        have, in the order of the first.
    wake_margin : float
        Minutes of wake that are kept before the first and after the last sleep.
    scored : bool
        Whether to cut what is scored. Where not, all is cut, whatever the stage, for a trained
        model to tell it: ``y`` is -1.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    SleepWindows
        The windows of all recordings, one recording after the other.

    Raises
    ------
    TypeError
        If a recording is no :class:`Recording`, or a rate or frequency is no number.
    ValueError
        If there is no recording, recordings share no channel, lack one of ``channels``, cannot be
        read or are sampled too slowly, the pass band does not lie below half of ``sfreq``, or no
        window or one stage only is left.

    Examples
    --------
    >>> from eegaug.recordings import simulate_nights
    >>> windows = make_windows(simulate_nights(2, hours=0.25), channels=["Pz-Oz"])
    >>> windows.X.shape, windows.info["ch_names"]
    ((60, 1, 3000), ['Pz-Oz'])
    """
    for name, value in {"sfreq": sfreq, "l_freq": l_freq, "h_freq": h_freq}.items():
        check_positive(name, value)
    check_number("wake_margin", wake_margin)
    if wake_margin < 0:
        raise ValueError(f"Parameter `wake_margin` should be 0 or more. Found {wake_margin}.")
    if not 0 < l_freq < h_freq < sfreq / 2:
        raise ValueError(
            "Pass band should lie between 0 Hz and half the sampling rate."
            f" Found {l_freq:g} to {h_freq:g} Hz at {sfreq:g} Hz."
        )
    if not recordings:
        raise ValueError("At least one recording is needed. Found none.")
    for recording in recordings:
        if not isinstance(recording, Recording):
            raise TypeError(
                "Recordings should be those of `read_recordings`, or be made by `Recording`."
                f" Found {type(recording).__name__}."
            )
    channels = [channels] if isinstance(channels, str) else channels
    names, notes = _common_channels(recordings, channels)
    rates = Counter(float(recording.raw.info["sfreq"]) for recording in recordings)
    resampled = [f"{n} from {rate:g} Hz" for rate, n in sorted(rates.items()) if rate != sfreq]
    if resampled:
        notes.append(f"Recordings resampled to {sfreq:g} Hz: {', '.join(resampled)}.")

    with tqdm(recordings, "Cutting windows", unit="file", disable=not progress) as bar:
        parts = [_windows_of(r, names, sfreq, l_freq, h_freq, wake_margin, scored) for r in bar]
    sources = [source for _, source in parts]
    kept = [epochs for epochs, _ in parts if epochs is not None]
    reasons = tell_dropped(sources)
    if not kept:
        kind = "scored window" if scored else "window"
        raise ValueError(
            f"No {kind} is left of {len(sources)} recordings: {reasons or 'none was scored'}."
        )
    if reasons:
        notes.append(f"Windows dropped: {reasons}.")
    empty = [source["name"] for epochs, source in parts if epochs is None]
    if empty:
        notes.append(f"No window is left of {', '.join(empty)}.")
    epochs = mne.concatenate_epochs(kept, on_mismatch="ignore", verbose="error")
    stages = sorted(set(epochs.events[:, 2].tolist()))
    if scored and len(stages) == 1:
        raise ValueError(
            f"All {len(epochs)} windows are scored {STAGES[stages[0]]}; learning needs at"
            " least two stages."
        )
    return SleepWindows(epochs, sources, notes)


def tell_dropped(sources: Sequence[dict[str, Any]]) -> str:
    """Say how many windows of all recordings were dropped and why, as "3 flat, 2 not scored"."""
    dropped = sum((Counter(source["dropped"]) for source in sources), Counter())
    return ", ".join(f"{n} {reason}" for reason, n in dropped.items())


def _windows_of(
    recording: Recording,
    names: list[str],
    sfreq: float,
    l_freq: float,
    h_freq: float,
    wake_margin: float,
    scored: bool,
) -> tuple[mne.EpochsArray | None, dict[str, Any]]:
    """Return the scaled windows of one recording, if any, and its account."""
    raw = _preprocess(recording, names, sfreq, l_freq, h_freq)
    events, dropped = _stage_events(raw) if scored else (_all_events(raw), Counter())
    epochs, dropped = _cut(raw, events, dropped, wake_margin)
    codes = [] if epochs is None else epochs.events[:, 2].tolist()
    kept = Counter(_stage(code) for code in sorted(codes))
    source = {
        "name": recording.name,
        "person": recording.person,
        "sfreq": float(recording.raw.info["sfreq"]),
        "windows": dict(kept),
        "dropped": dict(dropped),
    }
    if epochs is None:
        return None, source
    scaler = mne.decoding.Scaler(scalings="median")
    metadata = pd.DataFrame(
        {
            "person": recording.person,
            "recording": recording.name,
            "onset": (epochs.events[:, 0] - raw.first_samp) / sfreq,
            "stage": [_stage(code) for code in codes],
        }
    )
    scaled = mne.EpochsArray(
        scaler.fit_transform(epochs.get_data(copy=False)) * 1e-6,
        epochs.info,
        epochs.events,
        event_id={_stage(code): code for code in sorted(set(codes))},
        metadata=metadata,
        verbose="error",
    )
    return scaled, source


def _common_channels(
    recordings: Sequence[Recording], channels: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """Return the channels to take and notes on what that leaves out."""
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
    recording: Recording, names: list[str], sfreq: float, l_freq: float, h_freq: float
) -> mne.io.BaseRaw:
    """Return one recording loaded, marked, filtered and resampled."""
    rate = float(recording.raw.info["sfreq"])
    if rate <= 2 * h_freq:
        raise ValueError(
            f"{recording.name}: sampled at {rate:g} Hz; more than {2 * h_freq:g} Hz are wanted."
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
    _mark_unusable(raw)
    raw.filter(l_freq, h_freq, picks="all", verbose="error")
    return raw.resample(sfreq, verbose="error") if rate != sfreq else raw


def _stage_events(raw: mne.io.BaseRaw) -> tuple[np.ndarray, Counter[str]]:
    """Return an event for each scored window, and what of the hypnogram gives none.

    Epochs of one stage that follow each other are joined first: a hypnogram may hold epochs
    of 20 s.
    """
    runs: list[list[Any]] = []  # stage, onset, end
    tolerance = 1.5 / raw.info["sfreq"]
    for annotation in raw.annotations:  # in the order of time
        try:
            stage = stage_of(annotation["description"]) or "not scored"
        except ValueError:  # an event that has nothing to do with stages
            continue
        onset, end = annotation["onset"], annotation["onset"] + annotation["duration"]
        if runs and runs[-1][0] == stage and abs(onset - runs[-1][2]) < tolerance:
            runs[-1][2] = end
        else:
            runs.append([stage, onset, end])
    dropped: Counter[str] = Counter()
    for stage, onset, end in runs:
        windows = int((end - onset + tolerance) / WINDOW)
        if stage == "not scored":
            dropped[stage] += round((end - onset) / WINDOW)
        elif end - onset - windows * WINDOW > tolerance or windows == 0:
            dropped["shorter than 30 s"] += 1
    scored = [run for run in runs if run[0] != "not scored"]
    if not scored:
        return np.zeros((0, 3), dtype=int), dropped
    stages, onsets, ends = zip(*scored, strict=True)
    joined = mne.Annotations(
        onsets, np.subtract(ends, onsets), stages, orig_time=raw.annotations.orig_time
    )
    events, _ = mne.events_from_annotations(
        raw.copy().set_annotations(joined, emit_warning=False, verbose="error"),
        {stage: STAGES.index(stage) for stage in set(stages)},
        chunk_duration=WINDOW,
        tol=tolerance,
        verbose="error",
    )
    return events, dropped


def _all_events(raw: mne.io.BaseRaw) -> np.ndarray:
    """Return an event for each window of a recording that nobody scored."""
    if raw.times[-1] + 1 / raw.info["sfreq"] < WINDOW:
        return np.zeros((0, 3), dtype=int)
    return mne.make_fixed_length_events(raw, id=NOT_SCORED, duration=WINDOW)


def _stage(code: int) -> str:
    """Name the stage of a window."""
    return "not scored" if code == NOT_SCORED else STAGES[code]


def _cut(
    raw: mne.io.BaseRaw, events: np.ndarray, dropped: Counter[str], wake_margin: float
) -> tuple[mne.Epochs | None, Counter[str]]:
    """Return the windows of one recording, if any, and what was dropped and why."""
    sfreq = raw.info["sfreq"]
    near = _near_sleep(events, wake_margin * 60 * sfreq)
    dropped["wake far from sleep"] = int((~near).sum())
    if not near.any():
        return None, +dropped
    events = events[near]
    epochs = mne.Epochs(
        raw,
        events,
        {_stage(code): code for code in sorted(set(events[:, 2].tolist()))},
        tmin=0.0,
        tmax=WINDOW - 1 / sfreq,
        baseline=None,
        picks="all",
        preload=True,
        event_repeated="drop",
        verbose="error",
    )
    for reasons in epochs.drop_log:
        if reasons:
            dropped[_REASONS.get(reasons[0], "marked bad")] += 1
    return epochs if len(epochs) else None, +dropped


_REASONS = {
    "BAD_flat": "flat",
    "BAD_NAN": "not finite",
    "TOO_SHORT": "cut off by the end",
    "NO_DATA": "cut off by the end",
    "DROP DUPLICATE": "scored twice",
}


def _mark_unusable(raw: mne.io.BaseRaw) -> None:
    """Annotate flat and non-finite stretches, and make the latter safe to filter."""
    raw.apply_function(lambda signal: np.where(np.isfinite(signal), signal, np.nan), picks="all")
    not_finite = mne.preprocessing.annotate_nan(raw, verbose="error")
    annotations = raw.annotations + not_finite
    if raw.times[-1] > FLAT:
        flat, flat_channels = mne.preprocessing.annotate_amplitude(
            raw, flat=0.0, bad_percent=100, min_duration=FLAT, picks="all", verbose="error"
        )
        annotations = annotations + flat
        if flat_channels:  # flat throughout: MNE names the channel and annotates nothing
            annotations.append(raw.first_time, raw.times[-1], "BAD_flat")
    raw.apply_function(lambda signal: np.nan_to_num(signal), picks="all")
    raw.set_annotations(annotations, emit_warning=False, verbose="error")


def _near_sleep(events: np.ndarray, margin: float) -> np.ndarray:
    """Tell which events are sleep, or within ``margin`` samples of the first or last sleep."""
    asleep = events[events[:, 2] != STAGES.index("W"), 0]
    if len(asleep) == 0:
        return np.ones(len(events), dtype=bool)
    return (events[:, 0] >= asleep.min() - margin) & (events[:, 0] <= asleep.max() + margin)
