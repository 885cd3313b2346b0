"""Blocks: long stretches of one state, such as rest and mental arithmetic."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from eegaug.recordings import make_block_windows, read_recordings
from eegaug.study.annotated import write_annotations
from eegaug.study.events import WINDOW
from eegaug.study.options import BAND, LABELS, SFREQ
from eegaug.study.task import Option, Task


def _length(times: list[float]) -> dict[str, float]:
    if len(times) != 1 or times[0] <= 0:
        raise ValueError(
            "--window should be the length of a window, in seconds."
            f" Found {' '.join(f'{time:g}' for time in times)}."
        )
    return {"length": times[0]}


BLOCKS = Task(
    name="blocks",
    title="states in blocks",
    kind="state",
    read=partial(read_recordings, electrodes=True),
    make_windows=make_block_windows,
    split="subjects",  # what a subject was in at a time, and when, are one
    write_predicted=write_annotations,
    options=(
        LABELS,
        replace(WINDOW, convert=_length),
        Option(
            "--overlap",
            "windows",
            "what a window shares with the one before (0)",
            {"type": float, "metavar": "SECONDS"},
        ),
        BAND,
        SFREQ,
    ),
)
