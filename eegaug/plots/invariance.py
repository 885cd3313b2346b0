"""Invariance of a model against the strength of a transform."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from eegaug.inspect import invariance
from eegaug.plots.style import axes_or_new, line_style, tidied
from eegaug.transforms import Transform
from eegaug.transforms.contexts import in_mode


def plot_invariance(
    models: nn.Module | Mapping[str, nn.Module],
    x: Tensor,
    transform: Transform,
    n_values: int = 9,
    seed: int = 0,
    ax: Axes | None = None,
) -> Figure:
    """Draw how invariant models are to a transform, against its strength.

    Parameters
    ----------
    models : nn.Module or mapping of str to nn.Module
        From signals (batch, channels, times) to outputs (batch, ...); several by name. They are
        measured in evaluation mode.
    x : Tensor
        Signals, shape (batch, channels, times), of two trials or more.
    transform : Transform
        A transform with one learnable strength, which is taken from 0 to the end of its range.
    n_values : int
        Number of strengths.
    seed : int
        Seed of the transform's draws.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Median and quartiles over trials of :func:`~eegaug.invariance`, one line per model. The axis
        ends at -1, as the measure is unbounded where the outputs of two trials nearly agree.

    Raises
    ------
    ValueError
        If the transform does not have exactly one learnable strength.

    Examples
    --------
    >>> from eegaug import TimeShift
    >>> x = torch.randn(40, 2, 100, generator=torch.Generator().manual_seed(0))
    >>> models = {"pooled": nn.AdaptiveAvgPool1d(1), "flat": nn.Flatten()}
    >>> figure = plot_invariance(models, x, TimeShift(100), n_values=3)
    >>> figure.axes[0].lines[1].get_ydata().round(3).tolist()  # the first of two models
    [1.0, 1.0, 1.0]
    """
    transform = copy.deepcopy(transform)
    if len(transform.strengths()) != 1:
        raise ValueError(
            "Argument `transform` should have one learnable strength."
            f" Found {len(transform.strengths())} in {type(transform).__name__}."
        )
    ((name, strength),) = transform.strengths().items()
    models = models if isinstance(models, Mapping) else {"": models}
    low, high = strength.low.item(), strength.high.item()
    values = np.linspace(low, high, n_values)
    ax = axes_or_new(ax, (5, 3.2))
    ax.axhline(1, color="0.7", linewidth=0.8)
    for number, (label, model) in enumerate(models.items()):
        curve = []
        with in_mode(model, training=False):
            for value in values:
                strength.raw.data.fill_((value - low) / (high - low))
                generator = torch.Generator(x.device).manual_seed(seed)
                curve.append(invariance(model, x, transform, generator).cpu().numpy())
        lower, middle, upper = np.quantile(curve, (0.25, 0.5, 0.75), axis=1)
        style = line_style(number) | {"markevery": 1}
        ax.plot(values, middle, label=label, **style)
        ax.fill_between(values, lower, upper, color=style["color"], alpha=0.15, linewidth=0)
    bottom, top = ax.get_ylim()
    ax.set(xlabel=f"{name} ({strength.unit})", ylabel="invariance", ylim=(max(bottom, -1.0), top))
    ax.set_title(type(transform).__name__, fontsize="medium", loc="left")
    if len(models) > 1:
        ax.legend(frameon=False)
    return tidied(ax)
