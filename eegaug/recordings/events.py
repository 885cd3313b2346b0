"""Windows after events: cues, stimuli, responses, as annotations of the recordings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import mne
import numpy as np

from eegaug.files import first_line
from eegaug.recordings.cutting import Events, check_window
from eegaug.recordings.electrodes import position_notes
from eegaug.recordings.labels import by_name, choose_labels, shown
from eegaug.recordings.recording import Recording, spans
from eegaug.recordings.windows import UNLABELLED, Windows, check_recordings, make_windows

#: Annotations that label nothing: marks of breaks, of recorders and of what is unusable.
NO_LABELS = re.compile(
    r"bad|(edge|boundary|new segment|start(s|ed)?|rec(ording)?)(?![a-z])", re.IGNORECASE
)
#: Kinds of annotation that are taken for labels without being asked.
MOST_LABELS = 12


def find_labels(
    recordings: Sequence[Recording],
    labels: Mapping[str, str] | Iterable[str] | None,
    shortest: float = 0.0,
) -> dict[str, str]:
    """Return the annotation of each label, after checking that they occur.

    Parameters
    ----------
    recordings : sequence of Recording
        The recordings.
    labels : mapping of str to str, or iterable of str, optional
        Annotation of each label, or the annotations, which are then labels themselves; where
        absent, all annotations but those of breaks and of what is bad.
    shortest : float
        Where ``labels`` are absent, and two annotations or more last so long (s), others are none.

    Returns
    -------
    dict of str to str
        Label to annotation, in the order given, or that of the alphabet.

    Raises
    ------
    ValueError
        If there are fewer than two labels, two labels have one annotation, an annotation occurs in
        no recording, or there are too many to be labels.

    Examples
    --------
    >>> from eegaug.recordings import simulate_motor_imagery
    >>> find_labels(simulate_motor_imagery(1, n_trials=4), {"left": "T1", "right": "T2"})
    {'left': 'T1', 'right': 'T2'}
    """
    everything = [span for recording in recordings for span in spans(recording.raw)]
    found = Counter(event for *_, event in everything)
    if labels is None:
        candidates = sorted(event for event in found if is_label(event))
        lasting = {event for _, duration, event in everything if duration >= shortest}
        if len(lasting.intersection(candidates)) > 1:
            candidates = [event for event in candidates if event in lasting]
        if len(candidates) > MOST_LABELS:
            raise ValueError(
                f"{len(candidates)} kinds of annotation are too many to be labels; choose some by"
                f" `labels` or --labels. Found {shown(found)}."
            )
        labels = candidates
    return choose_labels(found, labels)


def is_label(event: str) -> bool:
    """Whether an annotation may be a label; marks of breaks and of what is bad are none."""
    return NO_LABELS.match(event) is None


def make_event_windows(
    recordings: Iterable[Recording],
    labels: Mapping[str, str] | Iterable[str] | None = None,
    *,
    window: tuple[float, float] = (0.5, 3.5),
    sfreq: float = 100.0,
    l_freq: float = 4.0,
    h_freq: float = 38.0,
    channels: str | Sequence[str] | None = None,
    labelled: bool = True,
    cache: str | Path | None = None,
    progress: bool = False,
) -> Windows:
    """Cut recordings into windows after their events.

    Each recording is divided by its standard deviation. Windows with a flat or non-finite stretch,
    and those marked bad, are dropped and counted.

    Parameters
    ----------
    recordings : iterable of Recording
        Recordings; their signals are loaded one after the other.
    labels : mapping of str to str, or iterable of str, optional
        Description of the annotation for each label, as ``{"left": "T1", "right": "T2"}``, or
        descriptions that are labels themselves; where absent, all annotations but those of breaks
        and of what is bad.
    window : (float, float)
        Start and end of a window after the onset of the annotation (s).
    sfreq : float
        Sampling rate of the windows (Hz).
    l_freq, h_freq : float
        Pass band (Hz). The default, for rhythms as in motor imagery, takes slow evoked potentials
        out: from 0.5 Hz for these.
    channels : str or sequence of str, optional
        Channels to take, in this order; where absent, the EEG channels that all recordings
        have, in the order of the first.
    labelled : bool
        Whether windows are to be learned from. Where not, they are for a trained model to score: a
        recording that has none of the annotations of ``labels`` is cut after all that it has, and
        ``y`` is -1 there.
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
        annotation of a label, or as by :func:`make_windows`.

    Examples
    --------
    >>> from eegaug.recordings import simulate_motor_imagery
    >>> recordings = simulate_motor_imagery(1, n_trials=4)
    >>> windows = make_event_windows(recordings, {"left": "T1", "right": "T2"})
    >>> windows.X.shape, windows.labels
    ((4, 64, 300), ('left', 'right'))
    """
    recordings = check_recordings(recordings)
    by_label = find_labels(recordings, labels) if labelled else by_name(labels or {})
    tmin, tmax = check_window(window)
    codes = {event: code for code, event in enumerate(by_label.values())}
    windows = make_windows(
        recordings,
        tuple(by_label),
        partial(_events, codes=codes, labelled=labelled),
        tmin=tmin,
        tmax=tmax,
        sfreq=sfreq,
        l_freq=l_freq,
        h_freq=h_freq,
        channels=channels,
        scaling="recording",
        labelled=labelled,
        cache=cache,
        progress=progress,
    )
    windows.notes.extend(_overlaps(windows, tmax - tmin))
    windows.notes.extend(position_notes(windows.info))
    cutting = windows.cutting | {"labels": by_label, "window": [float(tmin), float(tmax)]}
    return replace(windows, cutting=cutting)


def fetch_eegbci(subjects: Sequence[int], runs: Sequence[int] = (4, 8, 12)) -> list[Path]:
    """Download runs of the EEG Motor Movement/Imagery Dataset through MNE, or find them on disk.

    Parameters
    ----------
    subjects : sequence of int
        Numbers of the subjects, 1 to 109.
    runs : sequence of int
        Numbers of the runs: 4, 8 and 12 are those of imagined movements of the left and the right
        fist.

    Returns
    -------
    list of Path
        The recordings, for :func:`read_recordings`.

    Raises
    ------
    ValueError
        If MNE cannot fetch them, as without a network.

    References
    ----------
    Schalk et al., *BCI2000: a general-purpose brain-computer interface (BCI) system*, IEEE Trans.
    Biomed. Eng. 51(6), 2004.

    Examples
    --------
    >>> paths = fetch_eegbci([1, 2])  # doctest: +SKIP
    >>> recordings = read_recordings(paths, electrodes=True)  # doctest: +SKIP
    """
    try:
        files = mne.datasets.eegbci.load_data(
            list(subjects), list(runs), update_path=False, verbose="error"
        )
    except Exception as error:  # pooch, requests and MNE each raise their own
        raise ValueError(
            f"Subjects {list(subjects)} of the EEG Motor Movement/Imagery Dataset could not be"
            f" fetched: {first_line(error)}."
        ) from error
    return [Path(file) for file in files]


def _events(raw: mne.io.BaseRaw, codes: dict[str, int], labelled: bool) -> Events:
    """Return the events that have a label; to be scored, all events where none has one."""
    found = [(onset, codes[event]) for onset, _, event in spans(raw) if event in codes]
    if not found and not labelled:
        found = [(onset, UNLABELLED) for onset, _, event in spans(raw) if is_label(event)]
    onsets, labels = zip(*found, strict=True) if found else ((), ())
    return Events(np.array(onsets, dtype=float), np.array(labels, dtype=int), Counter())


def _overlaps(windows: Windows, duration: float) -> list[str]:
    """Return a note where windows of a recording share samples."""
    onsets = windows.metadata.groupby("recording", observed=True)["onset"]
    apart = onsets.apply(lambda own: own.sort_values().diff()).dropna()
    near = apart[apart < duration - 0.5 / windows.info["sfreq"]]
    if near.empty:
        return []
    return [
        f"{len(near)} of {len(windows)} windows of {duration:g} s share samples with the one"
        f" before: events are as near as {near.min():.3g} s. A shorter --window keeps them apart."
    ]
