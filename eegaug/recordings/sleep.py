"""Sleep: stages by name, and windows of 30 s labelled with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import mne
import numpy as np

from eegaug.recordings.cutting import Events
from eegaug.recordings.recording import Recording, spans
from eegaug.recordings.windows import UNLABELLED, Windows, make_windows
from eegaug.validation import check_number

#: Length of a window (s): the epoch of both manuals of sleep scoring.
WINDOW = 30.0
#: The stages of the AASM manual, in the order of the network's outputs.
STAGES = ("W", "N1", "N2", "N3", "REM")

_BY_LABEL = {
    "w": "W",
    "wake": "W",
    "n1": "N1",
    "n2": "N2",
    "n3": "N3",
    "n4": "N3",
    "r": "REM",
    "rem": "REM",
}
# Digits alone may be triggers: they are stages only where the label says "stage".
_BY_PREFIXED_LABEL = {**_BY_LABEL, "1": "N1", "2": "N2", "3": "N3", "4": "N3"}
_UNSCORED = ("?", "m", "mt", "movement", "u", "unknown", "unscored")


def stage_of(label: str) -> str | None:
    """Return the stage that an annotation names, stages 3 and 4 merged.

    Parameters
    ----------
    label : str
        Description of an annotation, as "Sleep stage 2", "Stage N2" or "N2".

    Returns
    -------
    str or None
        One of :data:`STAGES`; None for movement and for epochs that were not scored.

    Raises
    ------
    ValueError
        If the label names no stage.

    Examples
    --------
    >>> stage_of("Sleep stage 4"), stage_of("N2"), stage_of("Sleep stage ?")
    ('N3', 'N2', None)
    """
    text = label.strip().lower()
    if text == "movement time":
        return None
    bare = text.removeprefix("sleep").strip().removeprefix("stage").strip()
    known = _BY_LABEL if bare == text else _BY_PREFIXED_LABEL
    if bare in known:
        return known[bare]
    if bare != text and bare in _UNSCORED:
        return None
    raise ValueError(f"{label!r} is not a sleep stage")


def make_sleep_windows(
    recordings: Iterable[Recording],
    *,
    sfreq: float = 100.0,
    l_freq: float = 0.3,
    h_freq: float = 30.0,
    channels: str | Sequence[str] | None = None,
    wake_margin: float = 30.0,
    scored: bool = True,
    cache: str | Path | None = None,
    progress: bool = False,
) -> Windows:
    """Cut recordings into windows of 30 s, labelled with their sleep stages.

    Each channel of each recording is scaled to median 0 and interquartile range 1. Windows that
    are flat for 5 s or more, not finite, marked bad, not scored, scored twice, or in wake long
    before or after sleep are dropped and counted.

    Parameters
    ----------
    recordings : iterable of Recording
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
        Whether to cut scored epochs. Where not, a recording is cut from end to end whatever its
        stages, for a trained model to score: ``y`` is -1.
    cache : path, optional
        Folder to keep the windows in, see :func:`make_windows`.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Windows
        The windows of all recordings, one recording after the other; labels are :data:`STAGES`.

    Raises
    ------
    TypeError
        If a recording is not a :class:`Recording`, or a rate or frequency is not a number.
    ValueError
        If there is no recording, recordings share no channel, lack one of ``channels``, cannot be
        read, are sampled too slowly or are shorter than the filter, the pass band does not lie
        below half of ``sfreq``, ``wake_margin`` is negative, or no window or one stage only is
        left.

    Examples
    --------
    >>> from eegaug.recordings import simulate_nights
    >>> windows = make_sleep_windows(simulate_nights(2, hours=0.25), channels=["Pz-Oz"])
    >>> windows.X.shape, windows.info["ch_names"]
    ((60, 1, 3000), ['Pz-Oz'])
    """
    check_number("wake_margin", wake_margin)
    if wake_margin < 0:
        raise ValueError(f"Parameter `wake_margin` should be 0 or more. Found {wake_margin}.")
    return make_windows(
        recordings,
        STAGES,
        partial(_scored_events, wake_margin=wake_margin) if scored else _all_events,
        tmin=0.0,
        tmax=WINDOW,
        sfreq=sfreq,
        l_freq=l_freq,
        h_freq=h_freq,
        channels=channels,
        labelled=scored,
        cache=cache,
        progress=progress,
    )


def _scored_events(raw: mne.io.BaseRaw, wake_margin: float) -> Events:
    """Return the scored windows, without wake far from sleep.

    Epochs of one stage that follow each other or overlap are joined first: a hypnogram may hold
    epochs of 20 s, or one every 15 s. Windows that reach into another stage are left out.
    """
    runs: dict[str, list[list[float]]] = {}  # of each stage, onsets and ends
    tolerance = 1.5 / raw.info["sfreq"]
    for onset, duration, description in spans(raw):
        try:
            stage = stage_of(description) or "not scored"
        except ValueError:  # an event that has nothing to do with stages
            continue
        own, end = runs.setdefault(stage, []), onset + duration
        if own and onset - own[-1][1] < tolerance:
            own[-1][1] = max(own[-1][1], end)
        else:
            own.append([onset, end])
    dropped: Counter[str] = Counter()
    onsets, codes = [], []
    for stage, own in runs.items():
        for onset, end in own:
            if stage == "not scored":
                dropped[stage] += round((end - onset) / WINDOW)
                continue
            n_windows = int((end - onset + tolerance) / WINDOW)
            if end - onset - n_windows * WINDOW > tolerance or n_windows == 0:
                dropped["shorter than 30 s"] += 1
            onsets += (onset + WINDOW * np.arange(n_windows)).tolist()
            codes += [STAGES.index(stage)] * n_windows
    times, stages = np.array(onsets, dtype=float), np.array(codes, dtype=int)
    alone = np.ones(len(times), dtype=bool)
    for stage, own in runs.items():
        is_own = stages == (STAGES.index(stage) if stage in STAGES else UNLABELLED)
        alone &= is_own | ~_reach_into(own, times, tolerance)
    dropped["labelled twice"] = int((~alone).sum())
    times, stages = times[alone], stages[alone]
    near = _near_sleep(times, stages, wake_margin * 60)
    dropped["wake far from sleep"] = int((~near).sum())
    return Events(times[near], stages[near], dropped)


def _reach_into(runs: list[list[float]], onsets: np.ndarray, tolerance: float) -> np.ndarray:
    """Return which windows share more than a rounding error with one of a stage's runs."""
    lasting = [run for run in runs if run[1] - run[0] > tolerance] + [[np.inf, np.inf]]
    starts, ends = np.array(lasting).T
    first_left = np.searchsorted(ends, onsets + tolerance, side="right")
    return starts[first_left] < onsets + WINDOW - tolerance


def _all_events(raw: mne.io.BaseRaw) -> Events:
    """Return a window per 30 s from the start of a recording to its end."""
    n_windows = int(raw.n_times / raw.info["sfreq"] / WINDOW)
    return Events(
        WINDOW * np.arange(n_windows), np.full(n_windows, UNLABELLED, dtype=int), Counter()
    )


def _near_sleep(onsets: np.ndarray, stages: np.ndarray, margin: float) -> np.ndarray:
    """Return which windows are within ``margin`` seconds of the first or the last sleep."""
    asleep = onsets[stages != STAGES.index("W")]
    if len(asleep) == 0:
        return np.ones(len(onsets), dtype=bool)
    return (onsets >= asleep.min() - margin) & (onsets <= asleep.max() + margin)
