"""Epochs that MNE wrote, with labels by their events or in their metadata."""

from __future__ import annotations

from eegaug.recordings.epoch_windows import make_epoch_windows
from eegaug.recordings.epochs import read_epochs
from eegaug.study.events import WINDOW
from eegaug.study.options import BAND, LABELS, SFREQ
from eegaug.study.task import Option, Task

EPOCHS = Task(
    name="epochs",
    title="labels of epochs",
    kind="label",
    read=read_epochs,
    make_windows=make_epoch_windows,
    options=(
        Option(
            "--label",
            "windows",
            "column of the metadata that has the labels (the names of the events)",
            {"metavar": "COLUMN"},
        ),
        LABELS,
        WINDOW,
        BAND,
        SFREQ,
    ),
)
