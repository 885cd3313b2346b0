"""Epochs that MNE wrote, with labels by their events or in their metadata."""

from __future__ import annotations

from eegaug.recordings.epochs import make_epoch_windows, read_epochs
from eegaug.study.events import WINDOW
from eegaug.study.options import BAND, LABELS, SFREQ
from eegaug.study.subjects import subject_figures
from eegaug.study.task import Option, Task

EPOCHS = Task(
    name="epochs",
    title="labels of epochs",
    kind="label",
    read=read_epochs,
    make_windows=make_epoch_windows,
    split="subjects",
    model="ShallowFBCSPNet",
    epochs=30,
    batch_size=32,
    scores=("balanced_accuracy", "accuracy", "kappa"),
    figures=subject_figures,
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
