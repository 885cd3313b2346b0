"""The tasks by name."""

from __future__ import annotations

from eegaug.study.arrays import ARRAYS
from eegaug.study.blocks import BLOCKS
from eegaug.study.epochs import EPOCHS
from eegaug.study.events import EVENTS
from eegaug.study.sleep import SLEEP
from eegaug.study.task import Task

#: The tasks that the command knows, by name.
TASKS: dict[str, Task] = {task.name: task for task in (SLEEP, EVENTS, BLOCKS, EPOCHS, ARRAYS)}


def find_task(name: str) -> Task:
    """Return the task of a name.

    Parameters
    ----------
    name : str
        Name of a task.

    Returns
    -------
    Task
        The task.

    Raises
    ------
    ValueError
        If there is no task of this name.

    Examples
    --------
    >>> find_task("events").split
    'time'
    """
    if name not in TASKS:
        raise ValueError(f"No task is named {name!r}; there are {', '.join(sorted(TASKS))}.")
    return TASKS[name]
