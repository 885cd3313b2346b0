"""Profiles of the loss: how sure each strength is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from eegaug.inspect import Profile
from eegaug.plots.style import COLOURS, tidied


def plot_profiles(profiles: Sequence[Profile]) -> Figure:
    r"""Draw how the loss depends on each strength, the others as learned.

    Parameters
    ----------
    profiles : sequence of Profile
        What :func:`~eegaug.identifiability` returns.

    Returns
    -------
    matplotlib.figure.Figure
        One panel per strength: the loss less that at the learned value, with two standard errors,
        and a dotted line at the learned value.

    Raises
    ------
    ValueError
        If there is no profile.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from eegaug import InvariantModel, TimeShift, identifiability
    >>> _ = torch.manual_seed(0)
    >>> model = InvariantModel(nn.Sequential(nn.Flatten(), nn.Linear(200, 2)), TimeShift(100))
    >>> x, y = torch.randn(40, 2, 100), torch.arange(40) % 2
    >>> figure = plot_profiles(identifiability(model, nn.CrossEntropyLoss(), x, y))
    >>> figure.axes[0].get_xlabel()
    'max_shift\n(s)'
    """
    if not profiles:
        raise ValueError("Argument `profiles` should hold one profile or more. Found none.")
    columns = min(4, len(profiles))
    rows = -(-len(profiles) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3.0 * columns, 2.5 * rows), squeeze=False, layout="constrained"
    )
    for ax in axes.flat[len(profiles) :]:
        ax.remove()
    for profile, ax in zip(profiles, axes.flat, strict=False):
        ax.axhline(0, color="0.7", linewidth=0.8)
        learned = profile.strength
        taken = zip(profile.values, profile.excess, profile.error, strict=True)
        points = {value: (excess, 2 * error) for value, excess, error in taken}
        if not any(math.isclose(value, learned.value, rel_tol=1e-4) for value in points):
            points[learned.value] = (0.0, 0.0)  # such as the learned value of a flip
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
        ax.axvline(learned.value, color="0.4", linestyle=":", linewidth=1)
        title = f"Layer {learned.layer}: {learned.transform}\n{profile.verdict}"
        ax.set_title(title, fontsize="medium")
        ax.set_xlabel(f"{learned.name}\n({learned.unit})", fontsize="small")
        ax.set_ylabel("loss, change (nats)", fontsize="small")
        ax.margins(y=0.15)
        tidied(ax)
    return figure
