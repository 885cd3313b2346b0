"""Figures that all tasks have: scores by subject, and what the network uses on the scalp."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from eegaug.inspect import channel_importance
from eegaug.recordings.electrodes import without_position
from eegaug.study.metrics import METRICS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from eegaug.study.result import Learned

#: Channels from which on there is a map, and test windows that it is taken from.
LEAST_CHANNELS, MAPPED = 4, 256


def subject_figures(learned: Learned) -> Iterator[tuple[str, str, Figure]]:
    """Yield title, caption and figure: the primary score of each subject, and a scalp map.

    Parameters
    ----------
    learned : Learned
        What was learned.

    Yields
    ------
    title, caption : str
    figure : matplotlib.figure.Figure
    """
    yield _scores(learned)
    info = learned.windows.info
    if len(info["ch_names"]) >= LEAST_CHANNELS and not without_position(info):
        yield _scalp(learned)


def _scores(learned: Learned) -> tuple[str, str, Figure]:
    from eegaug.plots import plot_scores

    metric = METRICS[learned.settings.task.scores[0]]
    scores = learned.scores_by_subject().drop(columns="windows")
    named = {"augmented": "with\naugmentation", "baseline": "without\naugmentation"}
    figure = plot_scores(
        {named[name]: scores[name].tolist() for name in reversed(scores.columns)},
        ylabel=metric.title,
        chance=metric.chance(learned.y_true),
    )
    figure.axes[0].set_ylim(0, 1.03)
    title = f"{metric.title.capitalize()} by subject"
    return title, "Points are subjects, bars their mean.", figure


def _scalp(learned: Learned) -> tuple[str, str, Figure]:
    from eegaug.plots import plot_channels

    generator = np.random.default_rng(learned.settings.seed)
    chosen = generator.permutation(learned.split.test)[:MAPPED]
    device = learned.settings.device
    x = torch.as_tensor(np.asarray(learned.windows.X[np.sort(chosen)]), device=device)
    y = torch.as_tensor(learned.windows.y[np.sort(chosen)], device=device)
    importance = channel_importance(learned.model.to(device).eval(), x, y)
    figure = plot_channels(np.maximum(importance, 0), learned.windows.info, unit="loss (nats)")
    caption = (
        "By how much the loss on test windows rises where one channel is that of another window."
        " About zero: the network does without it, or with a neighbour that records the same. Where"
        " it falls, that is chance, and counts as none."
    )
    return "What the network uses", caption, figure
