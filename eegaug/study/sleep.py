"""Sleep staging."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from eegaug.recordings import (
    STAGES,
    Split,
    Windows,
    fetch_sleep_edf,
    make_sleep_windows,
    read_sleep_recordings,
    simulate_nights,
    split_by_subject,
)
from eegaug.study.task import Option, Task

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from eegaug.study.result import Learned


def _split(windows: Windows, test: list[str] | None, seed: int) -> Split:
    return split_by_subject(windows.y, windows.subjects, test, seed)


def _hypnograms(learned: Learned) -> Iterator[tuple[str, str, Figure]]:
    """Yield a figure per tested subject: scored and predicted stages of each night."""
    import matplotlib.pyplot as plt

    from eegaug.plots import plot_hypnogram

    caption = (
        "Gaps: windows of this subject that were trained on, not scored, or dropped."
        if learned.split.is_calibrated(learned.windows.subjects)
        else "A subject that the network was not trained on. Gaps: not scored, or dropped."
    )
    tested = learned.windows.epochs.metadata.iloc[learned.split.test].reset_index(drop=True)
    for subject, rows in tested.groupby("subject"):
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


SLEEP = Task(
    name="sleep",
    title="sleep staging",
    kind="stage",
    labels=STAGES,
    fetch=fetch_sleep_edf,
    read=read_sleep_recordings,
    simulate=simulate_nights,
    make_windows=make_sleep_windows,
    split=_split,
    model="SleepStagerChambon2018",
    epochs=30,
    batch_size=64,
    scores=("balanced_accuracy", "accuracy", "macro_f1", "kappa"),
    figures=_hypnograms,
    example="N2",
    options=(
        Option(
            "--sleep-edf",
            "fetch",
            "subjects of Sleep-EDF Expanded by number (0 to 82), downloaded by MNE",
            {"nargs": "+", "type": int, "metavar": "N"},
        ),
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
    ),
)
