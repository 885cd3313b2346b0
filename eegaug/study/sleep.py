"""Sleep staging."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eegaug.recordings import (
    STAGES,
    Recording,
    Windows,
    make_sleep_windows,
    read_sleep_recordings,
    simulate_nights,
)
from eegaug.study.annotated import write_annotations
from eegaug.study.options import BAND, SFREQ
from eegaug.study.subjects import subject_figures
from eegaug.study.task import Option, Task

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from eegaug.study.result import Learned


#: Tested subjects whose hypnograms are drawn.
SHOWN = 12


def _read(paths: Iterable[Path], labelled: bool = True, **rest: Any) -> list[Recording]:
    return read_sleep_recordings(paths, scored=labelled, **rest)


def _make_windows(recordings: Sequence[Recording], labelled: bool = True, **rest: Any) -> Windows:
    return make_sleep_windows(recordings, scored=labelled, **rest)


def _hypnograms(learned: Learned) -> Iterator[tuple[str, str, Figure]]:
    """Yield scores by subject, and for each the scored and predicted stages of each night."""
    import matplotlib.pyplot as plt

    from eegaug.plots import plot_hypnogram

    yield from subject_figures(learned)
    caption = (
        "Gaps: windows of this subject that were trained on, not scored, or dropped."
        if learned.split.is_calibrated(learned.windows.subjects)
        else "A subject that the network was not trained on. Gaps: not scored, or dropped."
    )
    tested = learned.windows.metadata.iloc[learned.split.test].reset_index(drop=True)
    for subject, rows in islice(tested.groupby("subject", observed=True), SHOWN):
        nights = list(dict.fromkeys(rows["recording"]))
        figure, axes = plt.subplots(
            len(nights), 1, figsize=(9, 2.6 * len(nights)), squeeze=False, layout="constrained"
        )
        for night, (ax,) in zip(nights, axes, strict=True):
            places = rows.index[rows["recording"] == night].to_numpy()
            plot_hypnogram(
                tested["onset"].to_numpy()[places],
                learned.y_true[places],
                learned.y_pred["augmented"][places],
                ax=ax,
                title=night,
            )
        yield f"Hypnogram of {subject}", caption, figure


def _write_predicted(own: pd.DataFrame, stem: Path) -> None:
    """Write annotations, and draw the hypnogram."""
    import matplotlib.pyplot as plt

    from eegaug.plots import plot_hypnogram

    write_annotations(own, stem, prefix="Sleep stage ")
    stages = own["label"].map(STAGES.index).to_numpy()
    title = str(own["recording"].iloc[0])
    figure = plot_hypnogram(own["onset"].to_numpy(), None, stages, title=title)
    figure.savefig(stem.with_name(f"{stem.name}-hypnogram.png"), dpi=120, bbox_inches="tight")
    plt.close(figure)


SLEEP = Task(
    name="sleep",
    title="sleep staging",
    kind="stage",
    read=_read,
    simulate=simulate_nights,
    make_windows=_make_windows,
    write_predicted=_write_predicted,
    model="SleepStagerChambon2018",
    batch_size=64,
    scores=("balanced_accuracy", "accuracy", "macro_f1", "kappa"),
    figures=_hypnograms,
    example="N2",
    options=(
        Option(
            "--hours",
            "simulate",
            "duration of a simulated night (2)",
            {"type": float, "metavar": "H"},
        ),
        Option(
            "--wake-margin",
            "windows",
            "wake to keep before the first and after the last sleep (30)",
            {"type": float, "metavar": "MINUTES"},
        ),
        BAND,
        SFREQ,
    ),
)
