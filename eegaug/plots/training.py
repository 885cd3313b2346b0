"""Pictures of a training: losses, weights and strengths over epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eegaug.inspect.records import strength_key, weight_key
from eegaug.plots.style import COLOURS, axes_or_new, line_style, tidied


def plot_losses(history: Any, best_epoch: int | None = None, ax: Axes | None = None) -> Figure:
    """Draw training and validation loss over epochs.

    Parameters
    ----------
    history : skorch.history.History
        History of a net.
    best_epoch : int, optional
        Epoch to mark, counted from 1.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from eegaug import InvariantModel, TimeShift
    >>> from eegaug.integrations.braindecode import EEGClassifier
    >>> from skorch.dataset import ValidSplit
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(200, 2))
    >>> net = EEGClassifier(
    ...     InvariantModel(network, TimeShift(100)),
    ...     batch_size=20,
    ...     max_epochs=2,
    ...     train_split=ValidSplit(4),
    ...     verbose=0,
    ... )
    >>> x = np.random.default_rng(0).normal(size=(40, 2, 100)).astype("float32")
    >>> _ = net.fit(x, np.arange(40) % 2)
    >>> plot_losses(net.history).axes[0].get_ylabel()
    'loss (nats)'
    """
    ax = axes_or_new(ax, (6, 3))
    epochs = history[:, "epoch"]
    for key, label, line in (
        ("train_loss", "training (reward included)", "--"),
        ("valid_loss", "validation", "-"),
    ):
        ax.plot(epochs, history[:, key], line, color=COLOURS[0], label=label)
    _over_epochs(ax, None, best_epoch)
    ax.set_ylabel("loss (nats)")
    ax.legend(frameon=False)
    return ax.figure


def plot_strengths(
    history: Any,
    layers: Sequence[Mapping[str, Any]],
    best_epoch: int | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw all strengths over epochs in one picture, as fractions of their ranges.

    :func:`plot_learning` has a panel a strength, in its unit.

    Parameters
    ----------
    history : skorch.history.History
        History of a net that recorded them.
    layers : sequence of dict
        What :func:`~eegaug.describe` tells of the model.
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
        If nothing is learnable.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from eegaug import InvariantModel, TimeShift, describe
    >>> from eegaug.integrations.braindecode import EEGClassifier
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(200, 2))
    >>> net = EEGClassifier(
    ...     InvariantModel(network, TimeShift(100)),
    ...     batch_size=20,
    ...     max_epochs=2,
    ...     train_split=None,
    ...     verbose=0,
    ... )
    >>> x = np.random.default_rng(0).normal(size=(40, 2, 100)).astype("float32")
    >>> _ = net.fit(x, np.arange(40) % 2)
    >>> plot_strengths(net.history, describe(net.module_)).axes[0].get_ylabel()
    'strength (fraction of its range)'
    """
    several = len(layers) > 1 and any(len(layer["transforms"]) > 1 for layer in layers)
    lines = []
    for number, layer in enumerate(layers, 1):
        for transform in layer["transforms"]:
            for name, strength in transform["strengths"].items():
                values = np.array(history[:, strength_key(number, transform, name)])
                label = f"{transform['name']} {name}: {values[-1]:.3g} {strength['unit']}"
                label = f"{number}: {label}" if several else label
                width = strength["high"] - strength["low"]
                lines.append((label, (values - strength["low"]) / width))
    if not lines:
        raise ValueError("Argument `layers` should hold something learnable. Found nothing.")
    ax = axes_or_new(ax, (8, 3.2))
    for number, (label, fractions) in enumerate(lines):
        ax.plot(history[:, "epoch"], fractions, label=label, **line_style(number))
    _over_epochs(ax, 1.0, best_epoch)
    ax.set_ylabel("strength (fraction of its range)")
    _legend_beside(ax)
    return ax.figure


def plot_weights(
    history: Any,
    layers: Sequence[Mapping[str, Any]],
    number: int = 1,
    best_epoch: int | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the weights of one layer that chooses among transforms, over epochs.

    Parameters
    ----------
    history : skorch.history.History
        History of a net that recorded them.
    layers : sequence of dict
        What :func:`~eegaug.describe` tells of the model.
    number : int
        Number of the layer, from 1.
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
        If there is no such layer.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from eegaug import AugmentationLayer, InvariantModel, SignFlip, TimeShift, describe
    >>> from eegaug.integrations.braindecode import EEGClassifier
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(200, 2))
    >>> layer = AugmentationLayer([SignFlip(), TimeShift(100)])
    >>> net = EEGClassifier(
    ...     InvariantModel(network, layer),
    ...     batch_size=20,
    ...     max_epochs=2,
    ...     train_split=None,
    ...     verbose=0,
    ... )
    >>> x = np.random.default_rng(0).normal(size=(40, 2, 100)).astype("float32")
    >>> _ = net.fit(x, np.arange(40) % 2)
    >>> figure = plot_weights(net.history, describe(net.module_))
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['SignFlip', 'TimeShift']
    """
    if not 1 <= number <= len(layers):
        raise ValueError(
            f"Parameter `number` should be from 1 to {len(layers)}. Found `number = {number}`."
        )
    ax = axes_or_new(ax, (6, 3))
    for place, transform in enumerate(layers[number - 1]["transforms"]):
        weights = history[:, weight_key(number, transform)]
        ax.plot(history[:, "epoch"], weights, label=transform["name"], **line_style(place))
    _over_epochs(ax, 1.0, best_epoch)
    ax.set_ylabel(f"weight in layer {number}")
    _legend_beside(ax)
    return ax.figure


def plot_learning(
    history: Any, layers: Sequence[Mapping[str, Any]], best_epoch: int | None = None
) -> Figure:
    """Draw the weights and the strengths of every layer over epochs, each in its unit.

    Parameters
    ----------
    history : skorch.history.History
        History of a net that recorded them, see
        :class:`~eegaug.integrations.skorch.StrengthHistory`.
    layers : sequence of dict
        What :func:`~eegaug.describe` tells of the model.
    best_epoch : int, optional
        Epoch to mark, counted from 1.

    Returns
    -------
    matplotlib.figure.Figure
        A row a layer that chooses: its weights, then its strengths. Transforms that stand by
        themselves share rows.

    Raises
    ------
    ValueError
        If nothing is learnable.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from eegaug import Compose, InvariantModel, SignFlip, TimeShift, describe
    >>> from eegaug.integrations.braindecode import EEGClassifier
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(200, 2))
    >>> chain = Compose([SignFlip(), TimeShift(100)])
    >>> net = EEGClassifier(
    ...     InvariantModel(network, chain),
    ...     batch_size=20,
    ...     max_epochs=2,
    ...     train_split=None,
    ...     verbose=0,
    ... )
    >>> x = np.random.default_rng(0).normal(size=(40, 2, 100)).astype("float32")
    >>> _ = net.fit(x, np.arange(40) % 2)
    >>> figure = plot_learning(net.history, describe(net.module_))
    >>> [ax.get_title() for ax in figure.axes]
    ['Layer 1: SignFlip', 'Layer 2: TimeShift']
    """
    rows = _panel_rows(layers)
    if not rows:
        raise ValueError("Argument `layers` should hold something learnable. Found nothing.")
    columns = max(len(row) for row in rows)
    figure, axes = plt.subplots(
        len(rows),
        columns,
        figsize=(3.0 * columns, 2.3 * len(rows)),
        squeeze=False,
        layout="constrained",
    )
    epochs = history[:, "epoch"]
    for row, row_axes in zip(rows, axes, strict=True):
        for ax in row_axes[len(row) :]:
            ax.remove()
        for panel, ax in zip(row, row_axes, strict=False):
            several = len(panel["lines"]) > 1
            for number, (key, label) in enumerate(panel["lines"]):
                style = line_style(number) if several else {"color": COLOURS[0]}
                ax.plot(epochs, history[:, key], label=label, **style)
            _over_epochs(ax, panel["high"], best_epoch)
            ax.set_ylabel(panel["ylabel"], fontsize="small")
            ax.set_title(panel["title"], fontsize="medium")
            if several:
                ax.legend(frameon=False, fontsize="x-small")
    return figure


def _over_epochs(ax: Axes, high: float | None, best_epoch: int | None) -> None:
    """Set axes that count epochs, from 0 to ``high``; mark the epoch that was kept."""
    if best_epoch is not None:
        ax.axvline(best_epoch, color="0.5", lw=0.8, ls=":")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("epoch")
    if high is not None:
        ax.set_ylim(-0.04 * high, 1.04 * high)
    tidied(ax)


def _legend_beside(ax: Axes) -> None:
    ax.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))


def _panel_rows(layers: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the panels of :func:`plot_learning` row by row: title, axis label, range, lines."""
    rows, alone = [], []
    for number, layer in enumerate(layers, 1):
        transforms = layer["transforms"]
        panels = []
        if len(transforms) > 1:
            lines = [(weight_key(number, t), t["name"]) for t in transforms]
            panels.append(
                {"title": f"Layer {number}", "ylabel": "weight", "high": 1.0, "lines": lines}
            )
        for transform in transforms:
            for name, strength in transform["strengths"].items():
                key = strength_key(number, transform, name)
                label = f"{name}\n({strength['unit']})"
                title = transform["name"]
                if len(transforms) == 1:
                    title = f"Layer {number}: {title}"
                panel = {"title": title, "ylabel": label, "high": strength["high"]}
                panels.append({**panel, "lines": [(key, name)]})
        (rows.append if len(transforms) > 1 else alone.extend)(panels)
    per_row = max((len(row) for row in rows), default=4)
    return [alone[i : i + per_row] for i in range(0, len(alone), per_row)] + rows
