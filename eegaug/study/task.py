"""A task: what the rest of a study needs to know of a kind of recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eegaug.recordings import Recording, Split, Windows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from eegaug.study.result import Learned

#: Steps of a study that options of a task are passed to.
STEPS = ("fetch", "read", "simulate", "windows")


@dataclass(frozen=True)
class Option:
    """An option of the command that belongs to one task.

    Parameters
    ----------
    flag : str
        The option, as "--wake-margin"; its value is passed as the argument ``wake_margin``.
    step : str
        The step whose function takes it: "fetch", "read", "simulate" or "windows".
    help : str
        One line for ``--help``.
    parser : dict
        Keywords of :meth:`argparse.ArgumentParser.add_argument`.
    convert : callable, optional
        Function of the parsed value that returns the argument.

    Raises
    ------
    ValueError
        If there is no such step.

    Examples
    --------
    >>> Option("--wake-margin", "windows", "minutes of wake", {"type": float}).argument
    'wake_margin'
    """

    flag: str
    step: str
    help: str
    parser: dict[str, Any] = field(default_factory=dict)
    convert: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        if self.step not in STEPS:
            raise ValueError(
                f"Parameter `step` should be one of {', '.join(STEPS)}. Found {self.step!r}."
            )

    @property
    def argument(self) -> str:
        """Name of the argument."""
        return self.flag.lstrip("-").replace("-", "_")


@dataclass(frozen=True)
class Task:
    """What a study needs to know of a kind of recordings.

    Parameters
    ----------
    name : str
        Name, as the command takes it.
    title : str
        What the network does, as "sleep staging".
    kind : str
        What a label is, as "movement".
    labels : tuple of str
        Names of the labels.
    fetch : callable
        Function of (subjects) that downloads a public data set and returns its files.
    read : callable
        Function of (paths, subject=None, progress=False) that returns recordings.
    simulate : callable
        Function of (n_subjects, seed=0) that returns simulated recordings.
    make_windows : callable
        Function of (recordings, channels=None, progress=False) that returns windows.
    split : callable
        Function of (windows, test, seed) that returns a split; ``test`` lists the subjects to test
        on, or is None.
    model : str
        Default network, a model of braindecode.
    epochs, batch_size : int
        Default length of a training, and number of windows per step.
    scores : tuple of str
        What is scored, keys of :data:`eegaug.study.metrics.METRICS`; the first is the primary one.
    figures : callable
        Function of (learned) that yields title, caption and figure of the task's own figures.
    example : str, optional
        Label of the window that stands as the example; the most frequent one where absent.
    options : tuple of Option
        Options of the command.

    Examples
    --------
    >>> from eegaug.study import TASKS
    >>> TASKS["sleep"].labels
    ('W', 'N1', 'N2', 'N3', 'REM')
    """

    name: str
    title: str
    kind: str
    labels: tuple[str, ...]
    fetch: Callable[..., list[Path]]
    read: Callable[..., list[Recording]]
    simulate: Callable[..., list[Recording]]
    make_windows: Callable[..., Windows]
    split: Callable[[Windows, list[str] | None, int], Split]
    model: str
    epochs: int
    batch_size: int
    scores: tuple[str, ...]
    figures: Callable[[Learned], Iterator[tuple[str, str, Figure]]]
    example: str | None = None
    options: tuple[Option, ...] = ()
