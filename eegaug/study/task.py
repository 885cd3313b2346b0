"""A task: what the rest of a study needs to know of a kind of recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eegaug.recordings import Recording, Windows
from eegaug.study.subjects import subject_figures

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from eegaug.study.result import Learned

#: Steps of a study that options of a task are passed to.
STEPS = ("simulate", "windows")


@dataclass(frozen=True)
class Option:
    """An option of the command that belongs to some tasks.

    Parameters
    ----------
    flag : str
        The option, as "--wake-margin".
    step : str
        The step whose function takes it: "simulate" or "windows".
    help : str
        One line for ``--help``; that of the first task that has the option is shown.
    parser : dict
        Keywords of :meth:`argparse.ArgumentParser.add_argument`.
    convert : callable, optional
        Function of the parsed value that returns the arguments of the step, by name; where absent,
        the value is passed as the argument of the flag's name, ``wake_margin``.

    Raises
    ------
    ValueError
        If there is no such step.

    Examples
    --------
    >>> Option("--wake-margin", "windows", "minutes of wake", {"type": float}).arguments(5.0)
    {'wake_margin': 5.0}
    """

    flag: str
    step: str
    help: str
    parser: dict[str, Any] = field(default_factory=dict)
    convert: Callable[[Any], dict[str, Any]] | None = None

    def __post_init__(self) -> None:
        if self.step not in STEPS:
            raise ValueError(
                f"Parameter `step` should be one of {', '.join(STEPS)}. Found {self.step!r}."
            )

    @property
    def name(self) -> str:
        """Name of the parsed value."""
        return self.flag.lstrip("-").replace("-", "_")

    def arguments(self, value: Any) -> dict[str, Any]:
        """Return the arguments of the step for a parsed value."""
        return self.convert(value) if self.convert else {self.name: value}


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
        What a label is, as "stage".
    read : callable
        Function of (paths, subject=None, labelled=True, progress=False) that returns recordings,
        or whatever ``make_windows`` takes.
    make_windows : callable
        Function of (recordings, channels=None, labelled=True, cache=None, progress=False) that
        returns windows.
    split : str
        What a test is by default: "subjects" never trained on, or "time", the last part of what
        each subject did.
    model : str
        Default network, a model of braindecode.
    epochs, batch_size : int
        Default length of a training, and number of windows per step.
    scores : tuple of str
        What is scored, keys of :data:`eegaug.study.metrics.METRICS`; the first is the primary one.
    figures : callable
        Function of (learned) that yields title, caption and figure of the task's own figures;
        scores by subject where absent.
    simulate : callable, optional
        Function of (n_subjects, seed=0, progress=False) that returns simulated recordings.
    write_predicted : callable, optional
        Function of (predictions for one recording, path without an ending) that writes them as
        files; where absent, they are in the table of all alone.
    example : str, optional
        Label of the window that stands as the example; the most frequent one where absent.
    options : tuple of Option
        Options of the command.

    Examples
    --------
    >>> from eegaug.study import TASKS
    >>> TASKS["sleep"].split
    'subjects'
    """

    name: str
    title: str
    kind: str
    read: Callable[..., list[Any]]
    make_windows: Callable[..., Windows]
    split: str = "subjects"
    model: str = "ShallowFBCSPNet"
    epochs: int = 30
    batch_size: int = 32
    scores: tuple[str, ...] = ("balanced_accuracy", "accuracy", "kappa")
    figures: Callable[[Learned], Iterator[tuple[str, str, Figure]]] = subject_figures
    simulate: Callable[..., list[Recording]] | None = None
    write_predicted: Callable[[pd.DataFrame, Path], None] | None = None
    example: str | None = None
    options: tuple[Option, ...] = ()
