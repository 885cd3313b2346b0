"""What is given to learn from: of which task it is, and how it is opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from eegaug.recordings import Recording, place_electrodes, read_recordings
from eegaug.recordings.arrays import is_array_file
from eegaug.recordings.epochs import is_epochs_file
from eegaug.recordings.events import NO_LABELS
from eegaug.recordings.hypnograms import add_stages, is_sleep
from eegaug.recordings.recording import spans
from eegaug.study.task import Task
from eegaug.study.tasks import TASKS, find_task

#: Median duration (s) from which on annotations are blocks: two windows or more.
BLOCK = 8.0


def open_recordings(
    paths: Iterable[str | Path], task: str | None = None, **options: Any
) -> tuple[Task, list[Any]]:
    """Open what is given, and tell of which task it is.

    Files of arrays and of epochs are told by their names. Recordings with sleep stages, inside or
    beside them, are those of sleep; with other annotations that last for two windows or more, they
    are blocks, else events.

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
    if task is not None:
        chosen = find_task(task)
        return chosen, chosen.read(given, **options)
    for name, is_kind in (("arrays", is_array_file), ("epochs", is_epochs_file)):
        if any(_holds(path, is_kind) for path in given):
            return TASKS[name], TASKS[name].read(given, **options)
    return task_of(read_recordings(given, **options))


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
        If some have sleep stages and others have none.

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
        if not label.lower().startswith(NO_LABELS)
    ]
    if not durations or any(is_sleep(recording) for recording in recordings):
        for recording in recordings:
            add_stages(recording)  # raises where there are none
        return TASKS["sleep"], recordings
    for recording in recordings:
        place_electrodes(recording.raw)
    return TASKS["blocks" if median(durations) >= BLOCK else "events"], recordings


def _holds(path: Path, is_kind: Any) -> bool:
    """Whether a path is a file of a kind, or a folder with one."""
    if path.is_dir():
        return any(is_kind(file) for file in path.rglob("*"))
    return bool(is_kind(path))
