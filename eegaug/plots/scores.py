"""Scores side by side, and confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from sklearn.metrics import ConfusionMatrixDisplay

from eegaug.plots.style import as_written, axes_or_new, figure_of, line_style, tidied


def plot_scores(
    scores: Mapping[str, Sequence[float]],
    ylabel: str = "balanced accuracy",
    chance: float | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw bars of mean scores, with the score of every run as a point.

    Parameters
    ----------
    scores : mapping of str to sequence of float
        Scores of the runs (seeds, subjects) of each method.
    ylabel : str
        What the scores are.
    chance : float, optional
        Score at chance level, drawn as a dotted line.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Where all methods have the same number of runs, corresponding runs are joined by a line.

    Raises
    ------
    ValueError
        If there is no method, or a method has no score.

    Examples
    --------
    >>> figure = plot_scores({"without": [0.70, 0.74], "learned": [0.73, 0.79]}, chance=0.2)
    >>> [bar.get_height().round(2).item() for bar in figure.axes[0].patches]
    [0.72, 0.76]
    """
    if not scores or not all(len(each) for each in scores.values()):
        raise ValueError("Argument `scores` should hold scores of each method. Found none.")
    ax = axes_or_new(ax, (round(1.2 + 1.2 * len(scores), 1), 3.2))
    runs = [np.asarray(each, float) for each in scores.values()]
    places = np.arange(len(runs))
    ax.bar(places, [each.mean() for each in runs], width=0.6, color="0.8", edgecolor="0.3")
    if len({len(each) for each in runs}) == 1:
        ax.plot(places, np.stack(runs), color="0.5", linewidth=0.8)
    for number, each in enumerate(runs):
        style = line_style(number) | {"linestyle": "none", "markersize": 5, "markevery": 1}
        ax.plot(np.full(len(each), number), each, **style)
    if chance is not None:
        ax.axhline(chance, color="0.4", linestyle=":", linewidth=1)
        ax.annotate(
            "chance", (1, chance), xycoords=("axes fraction", "data"), ha="right", va="bottom"
        )
    ax.set_xticks(places, [as_written(name) for name in scores])
    ax.set_ylabel(ylabel)
    return tidied(ax)


def plot_confusion(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    labels: Sequence[str],
    *,
    kind: str = "label",
    ax: Axes | None = None,
    title: str = "",
) -> Figure:
    r"""Draw a confusion matrix: the share of each true label, and the numbers.

    Parameters
    ----------
    y_true, y_pred : array-like of int, shape (windows,)
        True and predicted labels, as positions in ``labels``.
    labels : sequence of str
        Names of the labels.
    kind : str
        What a label is, as "stage".
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    title : str
        Title of the axes.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = plot_confusion([0, 0, 1, 1], [0, 1, 1, 1], ["left fist", "right fist"])
    >>> figure.axes[0].texts[1].get_text()  # left, taken for right
    '50 %\n(1)'
    """
    ax = axes_or_new(ax, (4.2, 3.6))
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    codes = np.union1d(y_true, y_pred)
    counts = np.array([[np.sum((y_true == t) & (y_pred == p)) for p in codes] for t in codes])
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    display = ConfusionMatrixDisplay(
        share, display_labels=[as_written(labels[code]) for code in codes]
    )
    display.plot(
        ax=ax, cmap="Blues", colorbar=False, include_values=False, im_kw={"vmin": 0, "vmax": 1}
    )
    for row, column in np.ndindex(counts.shape):
        if counts[row].sum() == 0:  # a label that is predicted and does not occur
            continue
        ax.text(
            column,
            row,
            f"{100 * share[row, column]:.0f} %\n({counts[row, column]})",
            ha="center",
            va="center",
            fontsize="small",
            color="white" if share[row, column] > 0.5 else "black",
        )
    ax.set(xlabel=f"predicted {kind}", ylabel=f"true {kind}", title=title)
    return figure_of(ax)
