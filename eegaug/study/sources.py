"""What is given to learn from: of which task it is, and how it is opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from eegaug.recordings import Recording, place_electrodes, read_recordings
from eegaug.recordings.bids import is_bids
from eegaug.recordings.events import is_label
from eegaug.recordings.files import files_in, is_array_file, is_epochs_file, is_recording
from eegaug.recordings.hypnograms import add_stages, is_sleep
from eegaug.recordings.recording import spans
from eegaug.study.task import Task
from eegaug.study.tasks import TASKS, find_task

#: Median duration (s) from which on annotations are blocks: two windows or more.
BLOCK = 8.0
#: Files that hold no recordings, by their task.
KINDS = {"arrays": is_array_file, "epochs": is_epochs_file}


def open_recordings(
    paths: Iterable[str | Path], task: str | None = None, **options: Any
) -> tuple[Task, list[Any]]:
    """Open what is given, and tell of which task it is.

    Files of arrays and of epochs are told by their names; all else is recordings, those of a BIDS
    root too. Recordings with sleep stages, inside or beside them, are those of sleep; with other
    annotations that last for two windows or more, they are blocks, else events.

    Parameters
    ----------
    paths : iterable of path
        Files and folders.
    task : str, optional
        Name of the task; told by what is given where absent.
    **options
        As the task's ``read`` takes them.

    Returns
    -------
    Task
        The task.
    list
        The recordings, epochs or arrays, as ``task.make_windows`` takes them.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    ValueError
        If there is no such task, or files cannot be opened or are of several kinds.

    Examples
    --------
    >>> import tempfile
    >>> from eegaug.recordings import simulate_nights
    >>> (night,) = simulate_nights(1, hours=0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = night.raw.save(Path(folder, "anna_raw.fif"), verbose="error")
    ...     task, recordings = open_recordings([folder])
    >>> task.name, len(recordings)
    ('sleep', 1)
    """
    given = [Path(path) for path in paths]
    name = task or _task_by_name(given)
    if name is None:
        return task_of(read_recordings(given, **options))
    chosen = find_task(name)
    if name in KINDS and "entities" in options:
        raise ValueError(f"Entities (--bids) are those of a BIDS root. Found {name}.")
    return chosen, chosen.read(given, **options)


def task_of(recordings: Sequence[Recording]) -> tuple[Task, list[Recording]]:
    """Tell the task of recordings by their annotations, and give them what it needs.

    Parameters
    ----------
    recordings : sequence of Recording
        The recordings; stages, or names and positions of electrodes, are set in place.

    Returns
    -------
    Task
        Sleep, blocks or events.
    list of Recording
        The recordings.

    Raises
    ------
    ValueError
        If some have sleep stages and others have none, or none has annotations.

    Examples
    --------
    >>> from eegaug.recordings import simulate_motor_imagery
    >>> task_of(simulate_motor_imagery(1, n_trials=4))[0].name
    'events'
    """
    recordings = list(recordings)
    durations = [
        duration
        for recording in recordings
        for _, duration, label in spans(recording.raw)
        if is_label(label)
    ]
    of_sleep = [is_sleep(recording) for recording in recordings]
    if any(of_sleep):
        for recording, own in zip(recordings, of_sleep, strict=True):
            if not own:
                _check_no_events(recording, recordings[of_sleep.index(True)])
            add_stages(recording)  # raises where there are none
        return TASKS["sleep"], recordings
    if not durations:
        raise ValueError(_nothing_in(recordings))
    for recording in recordings:
        place_electrodes(recording.raw)
    return TASKS["blocks" if median(durations) >= BLOCK else "events"], recordings


def _check_no_events(recording: Recording, scored: Recording) -> None:
    """Raise where a recording beside one of sleep has other annotations instead of stages."""
    labels = sorted({label for *_, label in spans(recording.raw) if is_label(label)})
    if labels:
        raise ValueError(
            f"{recording.path or recording.name}: no sleep stages, but {', '.join(labels)}, where"
            f" {scored.path or scored.name} has stages. Name recordings of one kind, or choose by"
            " --task events and --labels."
        )


def _nothing_in(recordings: Sequence[Recording]) -> str:
    """Return that recordings have no annotations to learn from, and what to do about it."""
    first = recordings[0]
    text = (
        f"{first.path or first.name}: no annotations, so no sleep stages, events or blocks to learn"
        " from"
    )
    if marks := sorted({label for each in recordings for *_, label in spans(each.raw)}):
        return (
            f"{text}; these label nothing: {', '.join(marks)}. --task events with --labels takes"
            " some all the same."
        )
    types = zip(first.raw.ch_names, first.raw.get_channel_types(), strict=True)
    if triggers := [name for name, kind in types if kind == "stim"]:
        return (
            f"{text}. Events of {', '.join(triggers)} become annotations by mne.find_events and"
            " mne.annotations_from_events."
        )
    return (
        f"{text}. Wanted are annotations inside the files, *Hypnogram.edf beside *PSG.edf, or"
        " events.tsv in a BIDS root."
    )


def _task_by_name(given: Sequence[Path]) -> str | None:
    """Return the task of arrays or epochs, by the names of the files; None for recordings."""
    found: dict[str | None, Path] = {}
    for path in given:
        if is_bids(path):  # which may hold epochs too, among what was derived
            found.setdefault(None, path)
            continue
        files = files_in(path) if path.is_dir() else [path]
        for file in files:
            kind = next((name for name, is_kind in KINDS.items() if is_kind(file)), None)
            if kind is not None or is_recording(file):
                found.setdefault(kind, file)
    if len(found) > 1:
        shown = " and ".join(f"{kind or 'recordings'} ({path})" for kind, path in found.items())
        raise ValueError(
            f"What is given is of several kinds: {shown}. Name files of one kind, or choose by"
            " --task."
        )
    return next(iter(found), None)
