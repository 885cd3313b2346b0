"""A training over its epochs: losses, weights and strengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eegaug.inspect.records import LearnedStrength, by_layer
from eegaug.plots.style import COLOURS, LINES, axes_or_new, figure_of, line_style, tidied


def plot_losses(
    losses: Mapping[str, Sequence[float]],
    best_epoch: int | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw losses over epochs.

    Parameters
    ----------
    losses : mapping of str to sequence of float
        Loss after each epoch, by its name in the legend.
    best_epoch : int, optional
        Epoch to mark, counted from 1.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    With a net of skorch, ``{"validation": net.history[:, "valid_loss"]}``.

    >>> figure = plot_losses({"training": [1.1, 0.6, 0.4], "validation": [1.2, 0.8, 0.9]}, 2)
    >>> figure.axes[0].get_ylabel()
    'loss (nats)'
    """
    ax = axes_or_new(ax, (6, 3))
    for number, (label, values) in enumerate(losses.items()):
        line = LINES[number % len(LINES)]
        _draw(ax, values, linestyle=line, color=COLOURS[0], label=label)
    _over_epochs(ax, None, best_epoch)
    ax.set_ylabel("loss (nats)")
    ax.legend(frameon=False)
    return figure_of(ax)


def plot_strengths(
    records: Sequence[LearnedStrength], best_epoch: int | None = None, ax: Axes | None = None
) -> Figure:
    """Draw all strengths over epochs in one figure, as fractions of their ranges.

    :func:`plot_learning` has one panel per strength, in its unit.

    Parameters
    ----------
    records : sequence of LearnedStrength
        What :func:`~eegaug.learned_strengths` returns for a model and the history of its training.
    best_epoch : int, optional
        Epoch to mark, counted from 1.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure
        The legend has the last value of each strength, in its unit.

    Raises
    ------
    ValueError
        If there is no learnable strength, or the records have no history.

    Examples
    --------
    >>> from eegaug import TimeShift, learned_strengths
    >>> history = [
    ...     {"layer 1 TimeShift weight": 1.0, "layer 1 TimeShift max_shift (s)": value}
    ...     for value in (0.2, 0.4, 0.6)
    ... ]
    >>> figure = plot_strengths(learned_strengths(TimeShift(100), history))
    >>> figure.axes[0].get_legend().get_texts()[0].get_text()
    'TimeShift max_shift: 0.6 s'
    """
    _check_history(records)
    layers = by_layer(records)
    several = len(layers) > 1 and any(len(layer) > 1 for layer in layers)
    ax = axes_or_new(ax, (8, 3.2))
    for number, record in enumerate(record for record in records if record.name):
        label = f"{record.transform} {record.name}: {record.history[-1]:.3g} {record.unit}"
        _draw(
            ax,
            [record.as_fraction(value) for value in record.history],
            label=f"{record.layer}: {label}" if several else label,
            **line_style(number),
        )
    _over_epochs(ax, 1.0, best_epoch)
    ax.set_ylabel("strength (fraction of its range)")
    _legend_beside(ax)
    return figure_of(ax)


def plot_weights(
    records: Sequence[LearnedStrength],
    layer: int = 1,
    best_epoch: int | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the weights of the transforms in one layer over epochs.

    Parameters
    ----------
    records : sequence of LearnedStrength
        What :func:`~eegaug.learned_strengths` returns for a model and the history of its training.
    layer : int
        Number of the layer, counted from 1.
    best_epoch : int, optional
        Epoch to mark, counted from 1.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no such layer, or the records have no history.

    Examples
    --------
    >>> from eegaug import AugmentationLayer, SignFlip, TimeShift, learned_strengths
    >>> from eegaug.inspect.records import history_row
    >>> module = AugmentationLayer([SignFlip(), TimeShift(100)])
    >>> history = [history_row(learned_strengths(module))]
    >>> figure = plot_weights(learned_strengths(module, history))
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['SignFlip', 'TimeShift']
    """
    _check_history(records)
    layers = by_layer(records)
    if not 1 <= layer <= len(layers):
        raise ValueError(
            f"Parameter `layer` should be from 1 to {len(layers)}. Found `layer = {layer}`."
        )
    ax = axes_or_new(ax, (6, 3))
    for number, (record, *_) in enumerate(layers[layer - 1]):
        weights = record.weight_history
        _draw(ax, weights, label=record.transform, **line_style(number))
    _over_epochs(ax, 1.0, best_epoch)
    ax.set_ylabel(f"weight in layer {layer}")
    _legend_beside(ax)
    return figure_of(ax)


def plot_learning(records: Sequence[LearnedStrength], best_epoch: int | None = None) -> Figure:
    """Draw the weights and the strengths of every layer over epochs, each in its unit.

    Parameters
    ----------
    records : sequence of LearnedStrength
        What :func:`~eegaug.learned_strengths` returns for a model and the history of its training.
    best_epoch : int, optional
        Epoch to mark, counted from 1.

    Returns
    -------
    matplotlib.figure.Figure
        One row per layer that chooses among transforms: their weights, then their strengths. The
        others share rows.

    Raises
    ------
    ValueError
        If there is no learnable strength, or the records have no history.

    Examples
    --------
    >>> from eegaug import Compose, SignFlip, TimeShift, learned_strengths
    >>> from eegaug.inspect.records import history_row
    >>> module = Compose([SignFlip(), TimeShift(100)])
    >>> history = [history_row(learned_strengths(module))]
    >>> figure = plot_learning(learned_strengths(module, history))
    >>> [ax.get_title() for ax in figure.axes]
    ['Layer 1: SignFlip', 'Layer 2: TimeShift']
    """
    _check_history(records)
    rows = _panel_rows(records)
    columns = max(len(row) for row in rows)
    figure, axes = plt.subplots(
        len(rows),
        columns,
        figsize=(3.0 * columns, 2.3 * len(rows)),
        squeeze=False,
        layout="constrained",
    )
    for row, row_axes in zip(rows, axes, strict=True):
        for ax in row_axes[len(row) :]:
            ax.remove()
        for panel, ax in zip(row, row_axes, strict=False):
            several = len(panel.lines) > 1
            for number, (label, values) in enumerate(panel.lines.items()):
                style = line_style(number) if several else {"color": COLOURS[0]}
                _draw(ax, values, label=label, **style)
            _over_epochs(ax, panel.high, best_epoch)
            ax.set_ylabel(panel.ylabel, fontsize="small")
            ax.set_title(panel.title, fontsize="medium")
            if several:
                ax.legend(frameon=False, fontsize="x-small")
    return figure


@dataclass(frozen=True)
class _Panel:
    """One panel of :func:`plot_learning`; lines by their label."""

    title: str
    ylabel: str
    high: float
    lines: dict[str, tuple[float, ...]]


def _panel_rows(records: Sequence[LearnedStrength]) -> list[list[_Panel]]:
    """Return the panels of :func:`plot_learning` row by row."""
    rows: list[list[_Panel]] = []
    alone: list[_Panel] = []
    for layer in by_layer(records):
        title = f"Layer {layer[0][0].layer}"
        chosen = len({w for record, *_ in layer for w in record.weight_history}) > 1
        panels = []
        if chosen:
            weights = {record.transform: record.weight_history for record, *_ in layer}
            panels.append(_Panel(title, "weight", 1.0, weights))
        for record in (record for transform in layer for record in transform if record.name):
            panels.append(
                _Panel(
                    record.transform if chosen else f"{title}: {record.transform}",
                    f"{record.name}\n({record.unit})",
                    record.high,
                    {record.name: record.history},
                )
            )
        if chosen:
            rows.append(panels)
        else:
            alone.extend(panels)
    per_row = max((len(row) for row in rows), default=4)
    return [alone[i : i + per_row] for i in range(0, len(alone), per_row)] + rows


def _check_history(records: Sequence[LearnedStrength]) -> None:
    if not any(record.name for record in records):
        raise ValueError("Argument `records` should hold a learnable strength. Found none.")
    if not records[0].weight_history:
        raise ValueError(
            "Argument `records` should have a history, as"
            " `learned_strengths(net.module_, net.history)`. Found none."
        )


def _draw(ax: Axes, values: Sequence[float], **style: Any) -> None:
    """Draw values over epochs; a single one as a point."""
    if len(values) == 1:
        style = {"marker": "o"} | style | {"markevery": 1}
    ax.plot(range(1, len(values) + 1), values, **style)


def _over_epochs(ax: Axes, high: float | None, best_epoch: int | None) -> None:
    """Set axes over epochs, from 0 to ``high``; mark the epoch that was kept."""
    if best_epoch is not None:
        ax.axvline(best_epoch, color="0.5", lw=0.8, ls=":")
    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    ax.set_xlabel("epoch")
    if high is not None:
        ax.set_ylim(-0.04 * high, 1.04 * high)
    tidied(ax)


def _legend_beside(ax: Axes) -> None:
    ax.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
