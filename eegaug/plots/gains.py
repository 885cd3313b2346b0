"""The gain of each person."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eegaug.plots.style import as_written, axes_or_new, figure_of, tidied

#: The axis reaches at least so far from zero: where nobody gains, rounding is not magnified.
LEAST_REACH = 0.05


def plot_gains(
    gains: Mapping[str, float], error: float, xlabel: str = "gain", ax: Axes | None = None
) -> Figure:
    """Draw a point for the gain of each person, sorted, and a band for the mean.

    Parameters
    ----------
    gains : mapping of str to float
        Gain of each person, by name.
    error : float
        Standard error of the mean gain, half the height of the band; no band where it is NaN.
    xlabel : str
        What the gains are.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Losses are hollow points.

    Raises
    ------
    ValueError
        If there is nobody.

    Examples
    --------
    >>> figure = plot_gains({"a": 0.05, "b": -0.01, "c": 0.08}, error=0.03)
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['b', 'a', 'c']
    """
    if not gains:
        raise ValueError("Argument `gains` should hold the gain of each person. Found none.")
    ax = axes_or_new(ax, (5.5, round(1.1 + 0.26 * len(gains), 1)))
    names = sorted(gains, key=gains.__getitem__)
    values = np.array([gains[name] for name in names])
    places, mean = np.arange(len(names)), values.mean()
    if np.isfinite(error):
        ax.axvspan(mean - error, mean + error, color="0.85", zorder=0)
    ax.axvline(0.0, color="0.3", linewidth=0.8)
    ax.axvline(mean, color="tab:blue", linewidth=1.5)
    ax.hlines(places, 0, values, color="0.6", linewidth=1)
    faces = np.where(values < 0, "white", "tab:blue")
    ax.scatter(values, places, s=30, color=faces, edgecolors="tab:blue", zorder=3)
    ax.set_yticks(places, [as_written(name) for name in names])
    ax.set_ylim(-0.6, len(names) - 0.4)
    left, right = ax.get_xlim()
    ax.set_xlim(min(left, -LEAST_REACH), max(right, LEAST_REACH))
    ax.set_xlabel(f"{xlabel}: {mean:+.3f} ± {error:.3f}" if np.isfinite(error) else xlabel)
    tidied(ax)
    return figure_of(ax)
