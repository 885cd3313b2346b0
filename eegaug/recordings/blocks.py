"""Windows of blocks: long stretches of one state, as annotations with a duration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import mne
import numpy as np

from eegaug.recordings.cutting import Events
from eegaug.recordings.electrodes import position_notes
from eegaug.recordings.events import find_labels, is_label
from eegaug.recordings.labels import by_name
from eegaug.recordings.recording import Recording, spans
from eegaug.recordings.windows import UNLABELLED, Windows, check_recordings, make_windows
from eegaug.validation import check_number, check_positive


def make_block_windows(
    recordings: Iterable[Recording],
    labels: Mapping[str, str] | Iterable[str] | None = None,
    *,
    length: float = 4.0,
    overlap: float = 0.0,
    sfreq: float = 100.0,
    l_freq: float = 1.0,
    h_freq: float = 40.0,
    channels: str | Sequence[str] | None = None,
    labelled: bool = True,
    cache: str | Path | None = None,
    progress: bool = False,
) -> Windows:
    """Cut long annotations into windows; each has the label of the block that it is from.

    Each recording is divided by its standard deviation. Windows with a flat or non-finite stretch,
    and those marked bad, are dropped and counted, as are blocks shorter than a window.

    Parameters
    ----------
    recordings : iterable of Recording
        Recordings; their signals are loaded one after the other.
    labels : mapping of str to str, or iterable of str, optional
        Description of the annotation for each label, or descriptions that are labels themselves;
        where absent, all annotations but those of breaks and of what is bad, and, where two or
        more last for a window, those that do not.
    length : float
        Duration of a window (s).
    overlap : float
        What a window shares with the one before (s), less than ``length``.
    sfreq : float
        Sampling rate of the windows (Hz).
    l_freq, h_freq : float
        Pass band (Hz).
    channels : str or sequence of str, optional
        Channels to take, in this order; where absent, the EEG channels that all recordings
        have, in the order of the first.
    labelled : bool
        Whether windows are to be learned from. Where not, recordings are cut from end to end,
        whatever their annotations, for a trained model to score: ``y`` is -1.
    cache : path, optional
        Folder to keep the windows in, see :func:`make_windows`.
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
        If there are fewer than two labels, two labels have one annotation, no recording has the
        annotation of a label, blocks of two labels overlap, ``overlap`` is not less than
        ``length``, or as by :func:`make_windows`.

    Examples
    --------
    >>> info = mne.create_info(["Cz"], sfreq=100, ch_types="eeg")
    >>> signal = np.random.default_rng(0).normal(0, 1e-5, (1, 6000))
    >>> raw = mne.io.RawArray(signal, info, verbose="error")
    >>> raw = raw.set_annotations(mne.Annotations([0, 20], [20, 30], ["rest", "task"]))
    >>> windows = make_block_windows([Recording("one", "anna", raw)], length=10.0)
    >>> windows.metadata["label"].tolist()
    ['rest', 'rest', 'task', 'task', 'task']
    """
    check_positive("length", length)
    check_number("overlap", overlap)
    if not 0 <= overlap < length:
        raise ValueError(
            f"Parameter `overlap` should be from 0 to less than the length, {length:g} s."
            f" Found {overlap:g} s."
        )
    recordings = check_recordings(recordings)
    by_label = find_labels(recordings, labels, length) if labelled else by_name(labels or {})
    if labelled:
        for recording in recordings:
            _check_apart(recording, set(by_label.values()))
    codes = {event: code for code, event in enumerate(by_label.values())}
    windows = make_windows(
        recordings,
        tuple(by_label),
        partial(_in_blocks, codes=codes, length=length, step=length - overlap)
        if labelled
        else partial(_throughout, length=length, step=length - overlap),
        tmin=0.0,
        tmax=length,
        sfreq=sfreq,
        l_freq=l_freq,
        h_freq=h_freq,
        channels=channels,
        scaling="recording",
        labelled=labelled,
        cache=cache,
        progress=progress,
    )
    if labelled and labels is None and (others := _others(recordings, set(by_label))):
        windows.notes.append(f"Annotations shorter than a window are no labels: {others}.")
    windows.notes.extend(position_notes(windows.info))
    how = {"labels": by_label, "length": float(length), "overlap": float(overlap)}
    return replace(windows, cutting=windows.cutting | how)


def _in_blocks(raw: mne.io.BaseRaw, codes: dict[str, int], length: float, step: float) -> Events:
    """Return the windows that lie in blocks."""
    tolerance = 1.5 / raw.info["sfreq"]  # an end that is rounded
    dropped: Counter[str] = Counter()
    onsets: list[float] = []
    labels: list[int] = []
    for onset, duration, description in spans(raw):
        if description not in codes:
            continue
        starts = _starts(duration + tolerance, length, step)
        if not len(starts):
            dropped[f"in a block shorter than {length:g} s"] += 1
        onsets += (onset + starts).tolist()
        labels += [codes[description]] * len(starts)
    return Events(np.array(onsets, dtype=float), np.array(labels, dtype=int), dropped)


def _throughout(raw: mne.io.BaseRaw, length: float, step: float) -> Events:
    """Return the windows of a recording from end to end."""
    onsets = _starts(raw.n_times / raw.info["sfreq"], length, step)
    return Events(onsets, np.full(len(onsets), UNLABELLED), Counter())


def _starts(duration: float, length: float, step: float) -> np.ndarray:
    """Return the onsets of all windows that fit into a duration (s)."""
    n_windows = int((duration - length) / step + 1e-9) + 1 if duration >= length else 0
    return step * np.arange(n_windows)


def _others(recordings: Sequence[Recording], labels: set[str]) -> str:
    """Return the annotations that might be labels, and are none."""
    found = {event for recording in recordings for *_, event in spans(recording.raw)}
    return ", ".join(sorted(event for event in found - labels if is_label(event)))


def _check_apart(recording: Recording, blocks: set[str]) -> None:
    """Raise where blocks of two labels overlap."""
    tolerance = 1.5 / recording.raw.info["sfreq"]
    last: dict[str, tuple[float, float]] = {}  # of each label, the block that ends last
    for start, duration, label in spans(recording.raw):
        if label not in blocks:
            continue
        for other, (onset, end) in last.items():
            if other != label and start < end - tolerance:
                raise ValueError(
                    f"{recording.name}: blocks of two labels overlap: {other!r}, {onset:g} to"
                    f" {end:g} s, and {label!r}, from {start:g} s."
                )
        if label not in last or start + duration > last[label][1]:
            last[label] = (start, start + duration)
