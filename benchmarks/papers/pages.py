"""What the pages of these experiments share: figures as text, and lines readable in grey."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

#: Colour, line and marker of one series after the other, told apart without colour.
STYLES = (
    {"color": "black", "linestyle": "-", "marker": "o"},
    {"color": "tab:orange", "linestyle": "--", "marker": "s"},
    {"color": "tab:blue", "linestyle": ":", "marker": "^"},
    {"color": "0.6", "linestyle": "-.", "marker": "D"},
    {"color": "tab:purple", "linestyle": (0, (4, 1, 1, 1, 1, 1)), "marker": "v"},
)


def spread(values: Iterable[float], form: str = ".2f") -> str:
    """Format the median of values and their quartiles."""
    low, middle, high = (format(v, form) for v in np.quantile(list(values), (0.25, 0.5, 0.75)))
    return f"{middle} [{low}, {high}]"


def listed(values: Iterable[float | None], form: str = ".2f") -> str:
    """Format values in their order, a dash for none."""
    return ", ".join("-" if value is None else format(value, form) for value in values)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def save(figure: Figure, path: Path) -> None:
    """Save a figure in a format without time stamps, so that the same figure is the same file."""
    figure.savefig(path, dpi=120, metadata={"Software": None})
