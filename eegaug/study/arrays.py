"""Arrays with labels, of any time series."""

from __future__ import annotations

from eegaug.recordings.arrays import make_array_windows, read_arrays
from eegaug.study.options import BAND, LABELS, SFREQ
from eegaug.study.subjects import subject_figures
from eegaug.study.task import Option, Task

ARRAYS = Task(
    name="arrays",
    title="labels of arrays",
    kind="label",
    read=read_arrays,
    make_windows=make_array_windows,
    split="subjects",
    model="ShallowFBCSPNet",
    epochs=30,
    batch_size=32,
    scores=("balanced_accuracy", "accuracy", "kappa"),
    figures=subject_figures,
    options=(
        LABELS,
        Option(
            "--one-subject",
            "windows",
            "all trials of a file are of one person, where it does not say whose they are",
            {"action": "store_const", "const": True},
        ),
        BAND,
        SFREQ,
    ),
)
