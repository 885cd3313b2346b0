"""Style of all figures: lines that differ in grey too, and axes made where none is given."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: Okabe and Ito's colours, without the yellow that vanishes on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def line_style(number: int) -> dict[str, Any]:
    """Return colour, dashes and markers of a line, by its number within one figure."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": LINES[number % len(LINES)],
        "marker": MARKERS[number % len(MARKERS)],
        "markersize": 4,
        "markevery": (0.02 * (number % len(MARKERS)), 0.15),
    }


def axes_or_new(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the axes given, else those of a new figure of a size in inches."""
    return ax if ax is not None else plt.subplots(figsize=size, layout="constrained")[1]


def tidied(ax: Axes) -> Figure:
    """Remove the top and right spines of the axes, and return their figure."""
    ax.spines[["top", "right"]].set_visible(False)
    return figure_of(ax)


def figure_of(ax: Axes) -> Figure:
    """Return the figure that axes are in, whether in a subfigure or not."""
    figure = ax.get_figure(root=True)
    assert figure is not None  # only removed axes have none
    return figure


def as_written(name: object) -> str:
    """Return a name so that matplotlib draws it as it is written: no dollar begins a formula."""
    return str(name).replace("$", r"\$")
