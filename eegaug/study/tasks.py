"""The tasks by name."""

from __future__ import annotations

from eegaug.study.imagery import MOTOR_IMAGERY
from eegaug.study.sleep import SLEEP
from eegaug.study.task import Task

#: The tasks that the command knows, by name.
TASKS: dict[str, Task] = {task.name: task for task in (SLEEP, MOTOR_IMAGERY)}


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
    >>> find_task("imagery").title
    'motor imagery'
    """
    if name not in TASKS:
        raise ValueError(f"No task is named {name!r}; there are {', '.join(sorted(TASKS))}.")
    return TASKS[name]
