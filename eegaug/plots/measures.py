"""Pictures of what may be trusted: profiles of the loss, invariance, and scores side by side."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from eegaug.inspect.profiles import Profile, invariance
from eegaug.plots.style import COLOURS, axes_or_new, line_style, tidied
from eegaug.transforms import Transform
from eegaug.transforms.contexts import in_mode


def plot_profiles(profiles: Sequence[Profile]) -> Figure:
    r"""Draw how the loss depends on each strength, the others as learned.

    Parameters
    ----------
    profiles : sequence of Profile
        What :func:`~eegaug.identifiability` tells of the model.

    Returns
    -------
    matplotlib.figure.Figure
        A panel a strength: the loss less that at the learned value, with two standard errors, and
        a dotted line at the learned value.

    Raises
    ------
    ValueError
        If there is no profile.

    Examples
    --------
    >>> import torch
    >>> from eegaug import InvariantModel, TimeShift, identifiability
    >>> _ = torch.manual_seed(0)
    >>> model = InvariantModel(nn.Sequential(nn.Flatten(), nn.Linear(200, 2)), TimeShift(100))
    >>> x, y = torch.randn(40, 2, 100), torch.arange(40) % 2
    >>> figure = plot_profiles(identifiability(model, nn.CrossEntropyLoss(), x, y))
    >>> figure.axes[0].get_xlabel()
    'max_shift\n(s)'
    """
    if not profiles:
        raise ValueError("Argument `profiles` should hold a profile or more. Found none.")
    columns = min(4, len(profiles))
    rows = -(-len(profiles) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3.0 * columns, 2.5 * rows), squeeze=False, layout="constrained"
    )
    for ax in axes.flat[len(profiles) :]:
        ax.remove()
    for profile, ax in zip(profiles, axes.flat, strict=False):
        ax.axhline(0, color="0.7", linewidth=0.8)
        points = {profile.value: (0.0, 0.0)}  # that of a chance is not among its values
        taken = zip(profile.values, profile.excess, profile.error, strict=True)
        points |= {value: (excess, 2 * error) for value, excess, error in taken}
        values = sorted(points)
        ax.errorbar(
            values,
            [points[value][0] for value in values],
            [points[value][1] for value in values],
            color=COLOURS[0],
            marker="o",
            markersize=4,
            capsize=2,
        )
        ax.axvline(profile.value, color="0.4", linestyle=":", linewidth=1)
        title = f"Layer {profile.layer}: {profile.transform}\n{profile.verdict}"
        ax.set_title(title, fontsize="medium")
        ax.set_xlabel(f"{profile.strength}\n({profile.unit})", fontsize="small")
        ax.set_ylabel("loss, change (nats)", fontsize="small")
        ax.margins(y=0.15)
        tidied(ax)
    return figure


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
        asked in evaluation mode.
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
        Median and quartiles over trials of :func:`~eegaug.invariance`, a line a model. The axis
        ends at -1: where the outputs of two trials nearly agree, the measure has no end.

    Raises
    ------
    ValueError
        If the transform has not one learnable strength.

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
        Scores of the runs (seeds, people) of each method.
    ylabel : str
        What the scores are.
    chance : float, optional
        Score of guessing, drawn as a dotted line.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Where all methods have as many runs, those of the same place are joined by a line.

    Raises
    ------
    ValueError
        If there is no method, or a method without a score.

    Examples
    --------
    >>> figure = plot_scores({"without": [0.70, 0.74], "learned": [0.73, 0.79]}, chance=0.2)
    >>> [bar.get_height().round(2).item() for bar in figure.axes[0].patches]
    [0.72, 0.76]
    """
    if not scores or not all(len(each) for each in scores.values()):
        raise ValueError("Argument `scores` should hold scores of each method. Found none.")
    ax = axes_or_new(ax, (1.2 + 1.2 * len(scores), 3.2))
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
    ax.set_xticks(places, list(scores))
    ax.set_ylabel(ylabel)
    return tidied(ax)
