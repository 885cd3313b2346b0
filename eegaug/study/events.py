"""Events: cues, stimuli and responses in annotations, motor imagery among them."""

from __future__ import annotations

from functools import partial
from typing import Any

from eegaug.recordings import (
    Recording,
    make_event_windows,
    read_recordings,
    simulate_motor_imagery,
)
from eegaug.study.annotated import write_annotations
from eegaug.study.options import BAND, LABELS, SFREQ
from eegaug.study.task import Option, Task


def _simulate(n_subjects: int = 5, trials: int = 90, **rest: Any) -> list[Recording]:
    return simulate_motor_imagery(n_subjects, trials, **rest)


def _window(times: list[float]) -> dict[str, tuple[float, float]]:
    if len(times) != 2:
        raise ValueError(
            "--window should be the start and the end of a window after its event, in seconds."
            f" Found {' '.join(f'{time:g}' for time in times)}."
        )
    return {"window": (times[0], times[1])}


WINDOW = Option(
    "--window",
    "windows",
    "events: start and end after the event (0.5 3.5); blocks: length (4); epochs: start and end of"
    " a part (all)",
    {"nargs": "+", "type": float, "metavar": "SECONDS"},
    _window,
)

EVENTS = Task(
    name="events",
    title="responses to events",
    kind="event",
    read=partial(read_recordings, electrodes=True),
    simulate=_simulate,
    make_windows=make_event_windows,
    split="time",
    write_predicted=write_annotations,
    options=(
        LABELS,
        WINDOW,
        BAND,
        SFREQ,
        Option(
            "--trials",
            "simulate",
            "imagined movements per simulated subject (90)",
            {"type": int, "metavar": "N"},
        ),
    ),
)
