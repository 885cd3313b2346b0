"""Arrays with labels, of any time series."""

from __future__ import annotations

from eegaug.recordings.arrays import make_array_windows, read_arrays
from eegaug.study.options import BAND, LABELS, SFREQ
from eegaug.study.task import Option, Task

ARRAYS = Task(
    name="arrays",
    title="labels of arrays",
    kind="label",
    read=read_arrays,
    make_windows=make_array_windows,
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
