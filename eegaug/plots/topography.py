"""The scalp before and after a transform."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import matplotlib.pyplot as plt
import mne
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from scipy.spatial import QhullError

from eegaug.montage import read_positions
from eegaug.plots.style import figure_of

#: What electrodes on one circle are moved by to be interpolated between (m).
NUDGE = 1e-5


def plot_topography(
    before: np.ndarray,
    after: np.ndarray,
    info: mne.Info,
    *,
    sample: int | None = None,
    unit: str = "unit of the signal",
    axes: Sequence[Axes] | None = None,
    titles: Sequence[str] = ("before", "after"),
) -> Figure:
    """Draw the scalp at one instant before and after a transform, on one scale.

    Parameters
    ----------
    before, after : ndarray, shape (channels, times)
        Windows of signal.
    info : mne.Info
        Channels with positions, in the order of the signals.
    sample : int, optional
        Sample to show; where absent, that at which channels differ most before the transform.
    unit : str
        Unit of the signals, for the colour bar.
    axes : pair of matplotlib.axes.Axes, optional
        Where to draw.
    titles : pair of str
        Titles.

    Returns
    -------
    matplotlib.figure.Figure
        The time from the start of the window is in the first title.

    Raises
    ------
    ValueError
        If the windows differ in shape, or a channel has no position.

    Examples
    --------
    >>> import mne
    >>> import numpy as np
    >>> ch_names = ["Fz", "C3", "Cz", "C4", "Pz"]
    >>> info = mne.create_info(ch_names, 100, "eeg").set_montage("spherical_1005")
    >>> window = np.random.default_rng(0).normal(size=(5, 100))
    >>> figure = plot_topography(window, -window, info, sample=50, unit="µV")
    >>> [ax.get_title() for ax in figure.axes[:2]]
    ['before, at 0.50 s', 'after']
    """
    before, after = np.asarray(before), np.asarray(after)
    if before.shape != after.shape:
        raise ValueError(
            "Windows before and after should have the same shape."
            f" Found {before.shape} and {after.shape}."
        )
    read_positions(info["chs"])  # raises where there are none
    if sample is None:
        sample = int(before.std(0).argmax())
    if axes is None:
        _, axes = plt.subplots(1, 2, figsize=(6, 2.8), layout="constrained")
    reach = max(np.abs(before[:, sample]).max(), np.abs(after[:, sample]).max())
    titles = (f"{titles[0]}, at {sample / info['sfreq']:.2f} s", titles[1])
    for window, ax, title in zip((before, after), axes, titles, strict=True):
        image = _draw(window[:, sample], info, ax, vlim=(-reach, reach))
        ax.set_title(title, fontsize="medium")
    figure = figure_of(axes[0])
    figure.colorbar(image, ax=list(axes), shrink=0.7, label=unit)
    return figure


def plot_channels(
    values: np.ndarray, info: mne.Info, *, unit: str, ax: Axes | None = None, title: str = ""
) -> Figure:
    """Draw one value per channel on the scalp.

    Parameters
    ----------
    values : ndarray, shape (channels,)
        The values.
    info : mne.Info
        Channels with positions, in this order.
    unit : str
        Unit of the values, for the colour bar.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    title : str
        Title.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are more or fewer values than channels, or a channel has no position.

    Examples
    --------
    >>> ch_names = ["Fz", "C3", "Cz", "C4", "Pz"]
    >>> info = mne.create_info(ch_names, 100, "eeg").set_montage("spherical_1005")
    >>> figure = plot_channels(np.arange(5.0), info, unit="nats")
    >>> len(figure.axes)
    2
    """
    values = np.asarray(values)
    if values.shape != (len(info["ch_names"]),):
        raise ValueError(
            f"There should be one value per channel, {len(info['ch_names'])}."
            f" Found shape {values.shape}."
        )
    read_positions(info["chs"])  # raises where there are none
    if ax is None:
        _, ax = plt.subplots(figsize=(4, 3.2), layout="constrained")
    image = _draw(values, info, ax)
    ax.set_title(title, fontsize="medium")
    figure = figure_of(ax)
    figure.colorbar(image, ax=ax, shrink=0.8, label=unit)
    return figure


def _draw(values: np.ndarray, info: mne.Info, ax: Axes, **limits: Any) -> AxesImage:
    """Draw a map of MNE."""
    draw = partial(mne.viz.plot_topomap, axes=ax, cmap="viridis", show=False, **limits)
    try:
        return draw(values, info)[0]
    except QhullError:  # electrodes on one circle, as four in a rectangle
        info = info.copy()
        steps = np.random.default_rng(0).normal(0, NUDGE, (len(values), 3))
        for channel, step in zip(info["chs"], steps, strict=True):
            channel["loc"][:3] += step
        ax.clear()
        return draw(values, info)[0]
