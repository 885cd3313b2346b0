"""Hypnograms: scored and predicted sleep stages over a night."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eegaug.plots.style import COLOURS, as_written, axes_or_new, tidied
from eegaug.recordings import STAGES

#: Stages from the top to the bottom of a hypnogram.
HYPNOGRAM = ("W", "REM", "N1", "N2", "N3")


def plot_hypnogram(
    onsets: np.ndarray,
    y_true: np.ndarray | None,
    y_pred: np.ndarray,
    ax: Axes | None = None,
    title: str = "",
    window: float = 30.0,
) -> Figure:
    """Draw scored and predicted stages over the night.

    Parameters
    ----------
    onsets : ndarray, shape (windows,)
        Onsets of the windows (s); gaps are left blank.
    y_true : ndarray of int, shape (windows,), or None
        Stages as scored; None for a night that was not scored.
    y_pred : ndarray of int, shape (windows,)
        Predicted stages.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    title : str
        Title of the axes.
    window : float
        Length of a window (s).

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> y_true, y_pred = np.array([0, 1, 2, 2]), np.array([0, 2, 2, 2])
    >>> figure = plot_hypnogram(30.0 * np.arange(4), y_true, y_pred)
    >>> figure.axes[0].get_legend().get_texts()[1].get_text()
    'predicted otherwise (1 of 4 windows)'
    """
    ax = axes_or_new(ax, (9, 2.4))
    position = {STAGES.index(stage): -level for level, stage in enumerate(HYPNOGRAM)}
    hours = np.asarray(onsets) / 3600
    if y_true is None:
        x, stages = _steps(hours, [position[stage] for stage in y_pred], window / 3600)
        ax.plot(x, stages, color=COLOURS[1], lw=1.2, label="predicted")
    else:
        wrong = y_true != y_pred
        x, scored = _steps(hours, [position[stage] for stage in y_true], window / 3600)
        ax.plot(x, scored, color="black", lw=1.2, label="scored by the expert")
        ax.plot(
            hours[wrong] + window / 7200,
            [position[stage] for stage in y_pred[wrong]],
            "x",
            color=COLOURS[1],
            ms=5,
            label=f"predicted otherwise ({wrong.sum()} of {len(wrong)} windows)",
        )
    ax.set_yticks(sorted(position.values()), HYPNOGRAM[::-1])
    ax.set(xlabel="time since the start of the recording (h)", ylim=(-4.6, 0.6))
    ax.set_title(as_written(title), loc="left", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="lower left", bbox_to_anchor=(0.3, 1), ncols=2)
    return tidied(ax)


def _steps(
    starts: np.ndarray, values: Sequence[float], length: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return a step function with a break wherever windows are not consecutive."""
    x, y = [], []
    for index, (start, value) in enumerate(zip(starts, values, strict=True)):
        if index and start - starts[index - 1] > 1.01 * length:
            x.append(np.nan)
            y.append(np.nan)
        x += [start, start + length]
        y += [value, value]
    return np.array(x), np.array(y)
