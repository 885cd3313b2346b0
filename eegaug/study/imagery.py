"""Motor imagery from cues in annotations."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from eegaug.recordings import (
    Recording,
    Split,
    Windows,
    fetch_eegbci,
    make_imagery_windows,
    read_imagery_recordings,
    simulate_motor_imagery,
    split_by_subject,
    split_in_time,
)
from eegaug.recordings.imagery import EVENTS
from eegaug.study.task import Option, Task

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from eegaug.study.result import Learned


def _simulate(n_subjects: int = 5, trials: int = 90, *, seed: int = 0) -> list[Recording]:
    return simulate_motor_imagery(n_subjects, trials, seed=seed)


def _split(windows: Windows, test: list[str] | None, seed: int) -> Split:
    """Split in time, which calibrates the network to each subject, or by the subjects to test."""
    if test is None:
        return split_in_time(windows.y, windows.subjects)
    return split_by_subject(windows.y, windows.subjects, test, seed)


def _subjects(learned: Learned) -> Iterator[tuple[str, str, Figure]]:
    """Yield a figure of the primary score of each tested subject."""
    from eegaug.plots import plot_scores
    from eegaug.study.metrics import METRICS

    metric = METRICS[learned.settings.task.scores[0]]
    scores = learned.scores_by_subject().drop(columns="windows")
    named = {
        "augmented": "with learned\naugmentation",
        "baseline": "without\naugmentation",
    }
    figure = plot_scores(
        {named[name]: scores[name].tolist() for name in reversed(scores.columns)},
        ylabel=metric.title,
        chance=metric.chance(learned.y_true),
    )
    figure.axes[0].set_ylim(0, 1.03)
    yield f"{metric.title.capitalize()} by subject", "Points are subjects, bars their mean.", figure


def _event(text: str) -> tuple[str, str]:
    label, separator, annotation = text.partition("=")
    if not (label and separator and annotation):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form LABEL=ANNOTATION")
    return label, annotation


MOTOR_IMAGERY = Task(
    name="imagery",
    title="motor imagery",
    kind="movement",
    labels=tuple(EVENTS),
    fetch=fetch_eegbci,
    read=read_imagery_recordings,
    simulate=_simulate,
    make_windows=make_imagery_windows,
    split=_split,
    model="ShallowFBCSPNet",
    epochs=30,
    batch_size=32,
    scores=("accuracy", "balanced_accuracy", "kappa"),
    figures=_subjects,
    options=(
        Option(
            "--eegbci",
            "fetch",
            "subjects of the EEG Motor Movement/Imagery Dataset by number (1 to 109), downloaded"
            " by MNE",
            {"nargs": "+", "type": int, "metavar": "N"},
        ),
        Option(
            "--trials",
            "simulate",
            "imagined movements per simulated subject (90)",
            {"type": int, "metavar": "N"},
        ),
        Option(
            "--events",
            "windows",
            "annotation of each label ('left fist=T1' 'right fist=T2')",
            {"nargs": "+", "type": _event, "metavar": "LABEL=ANNOTATION"},
            convert=dict,
        ),
        Option(
            "--tmin",
            "windows",
            "start of a window after its cue (0.5)",
            {"type": float, "metavar": "SECONDS"},
        ),
        Option(
            "--tmax",
            "windows",
            "end of a window after its cue (3.5)",
            {"type": float, "metavar": "SECONDS"},
        ),
    ),
)
