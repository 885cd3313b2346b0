"""Pictures of what was learned: readable in grey and by colour-blind people, with units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.signal import welch
from sklearn.metrics import ConfusionMatrixDisplay

from eegaug.layers import strength_key, weight_key
from eegaug.measures import Profile
from eegaug.recordings import STAGES
from eegaug.transforms import Augmentation

#: Okabe and Ito's colours, without the yellow that vanishes on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
LINES = ("-", "--", "-.", ":")
#: From top to bottom of a hypnogram.
HYPNOGRAM = ("W", "REM", "N1", "N2", "N3")


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
    """
    ax = _axes(ax, (6, 3))
    epochs = history[:, "epoch"]
    for key, label, line in (
        ("train_loss", "training (reward included)", "--"),
        ("valid_loss", "validation", "-"),
    ):
        ax.plot(epochs, history[:, key], line, color=COLOURS[0], label=label)
    _mark(ax, best_epoch)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="epoch", ylabel="loss (nats)")
    ax.legend(frameon=False)
    return _tidy(ax)


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
            for number, (key, label) in enumerate(panel["lines"]):
                style = {
                    "color": COLOURS[number % len(COLOURS)],
                    "linestyle": LINES[number % len(LINES)],
                }
                ax.plot(epochs, history[:, key], label=label, **style)
            _mark(ax, best_epoch)
            ax.xaxis.get_major_locator().set_params(integer=True)
            margin = 0.04 * panel["high"]
            ax.set(ylim=(-margin, panel["high"] + margin), xlabel="epoch")
            ax.set_ylabel(panel["ylabel"], fontsize="small")
            ax.set_title(panel["title"], fontsize="medium")
            if len(panel["lines"]) > 1:
                ax.legend(frameon=False, fontsize="x-small")
            ax.spines[["top", "right"]].set_visible(False)
    return figure


def plot_profiles(profiles: Sequence[Profile]) -> Figure:
    """Draw how the loss depends on each strength, the others as learned.

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
        ax.errorbar(
            profile.values,
            profile.excess,
            2 * np.array(profile.error),
            color=COLOURS[0],
            marker="o",
            markersize=4,
            capsize=2,
        )
        ax.axvline(profile.value, color="0.4", linestyle=":", linewidth=1)
        title = f"Layer {profile.layer}: {profile.transform}\n{profile.verdict}"
        ax.set_title(title, fontsize="medium")
        ax.set_xlabel(f"{profile.strength} ({profile.unit})", fontsize="small")
        ax.set_ylabel("loss, change (nats)", fontsize="small")
        ax.margins(y=0.15)
        ax.spines[["top", "right"]].set_visible(False)
    return figure


def plot_augmentation(
    augmentation: Augmentation, window: np.ndarray, sfreq: float, n_draws: int = 20, **kwargs: Any
) -> Figure:
    """Draw a window before and after an augmentation, and the spectra of the whole window.

    Of several draws, the one is shown that changes the window most: how far it reaches.

    Parameters
    ----------
    augmentation : Augmentation
        Transform at the strength to be shown.
    window : ndarray, shape (channels, times)
        Window of signal.
    sfreq : float
        Sampling rate (Hz).
    n_draws : int
        Number of draws to choose from.
    **kwargs
        As :func:`plot_before_after` takes them.

    Returns
    -------
    matplotlib.figure.Figure
    """
    after = _farthest_draw(augmentation, np.asarray(window), n_draws)
    return plot_before_after(window, after, sfreq, **kwargs)


def plot_before_after(
    before: np.ndarray,
    after: np.ndarray,
    sfreq: float,
    *,
    ch_names: Sequence[str] | None = None,
    seconds: float = 6.0,
    max_freq: float = 30.0,
    axes: Sequence[Axes] | None = None,
    title: str = "",
) -> Figure:
    """Draw a window before and after, and the spectra of the whole window.

    Parameters
    ----------
    before, after : ndarray, shape (channels, times)
        Windows of signal.
    sfreq : float
        Sampling rate (Hz).
    ch_names : sequence of str, optional
        Names of the channels.
    seconds : float
        Length of the excerpt from the middle of the window (s).
    max_freq : float
        Highest frequency of the spectra (Hz).
    axes : pair of matplotlib.axes.Axes, optional
        Where to draw signal and spectrum.
    title : str
        Title of the signal's axes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if axes is None:
        _, axes = plt.subplots(1, 2, figsize=(9, 2.2), width_ratios=(2.2, 1), layout="constrained")
    signal_ax, spectrum_ax = axes
    before, after = np.asarray(before), np.asarray(after)

    length = min(int(seconds * sfreq), before.shape[1])
    start = (before.shape[1] - length) // 2
    excerpt = slice(start, start + length)
    times = np.arange(length) / sfreq
    # No channel overlaps the next: one step is what both signals span.
    span = np.ptp(np.concatenate([before[:, excerpt], after[:, excerpt]], 1), axis=1).max()
    offsets = -span * np.arange(len(before))[:, None]
    signal_ax.plot(times, (before[:, excerpt] + offsets).T, color="0.6", lw=1.4)
    signal_ax.plot(times, (after[:, excerpt] + offsets).T, color=COLOURS[0], lw=0.8)
    signal_ax.set(xlabel="time (s)", xlim=(0, times[-1]))
    signal_ax.set_yticks(offsets.ravel(), ch_names or [f"{i + 1}" for i in range(len(before))])
    signal_ax.set_title(title, fontsize="medium", loc="left")

    n_fft = min(int(4 * sfreq), before.shape[1])
    for signal, style in ((before, {"color": "0.6", "lw": 3}), (after, {"color": COLOURS[0]})):
        freqs, power = welch(signal, sfreq, nperseg=n_fft)
        level = 10 * np.log10(np.maximum(power.mean(0), 1e-12))
        seen = (freqs > 0) & (freqs <= max_freq)
        spectrum_ax.plot(freqs[seen], level[seen], **style)
        if signal is before:  # where all channels are dropped, nothing is left to show
            spectrum_ax.set_ylim(level[seen].min() - 8, level[seen].max() + 8)
    spectrum_ax.set(xlabel="frequency (Hz)")
    spectrum_ax.set_ylabel("power (dB)", fontsize="small")
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    return signal_ax.figure


def plot_confusion(
    y_true: np.ndarray, y_pred: np.ndarray, ax: Axes | None = None, title: str = ""
) -> Figure:
    """Draw the confusion matrix of stages: the share of each true stage, and the numbers.

    Parameters
    ----------
    y_true, y_pred : ndarray of int, shape (windows,)
        True and predicted stages.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    title : str
        Title of the axes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    ax = _axes(ax, (4.2, 3.6))
    codes = np.union1d(y_true, y_pred)
    counts = np.array([[np.sum((y_true == t) & (y_pred == p)) for p in codes] for t in codes])
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    display = ConfusionMatrixDisplay(share, display_labels=[STAGES[code] for code in codes])
    display.plot(
        ax=ax, cmap="Blues", colorbar=False, include_values=False, im_kw={"vmin": 0, "vmax": 1}
    )
    for row, column in np.ndindex(counts.shape):
        if counts[row].sum() == 0:  # a stage that is predicted and does not occur
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
    ax.set(xlabel="predicted stage", ylabel="true stage", title=title)
    return ax.figure


def plot_hypnogram(
    onsets: np.ndarray,
    y_true: np.ndarray,
    y_pred: np.ndarray,
    ax: Axes | None = None,
    title: str = "",
    window: float = 30.0,
) -> Figure:
    """Draw scored and predicted stages over the night.

    Parameters
    ----------
    onsets : ndarray, shape (windows,)
        Onsets of the windows (s); gaps are left blank.
    y_true, y_pred : ndarray of int, shape (windows,)
        True and predicted stages.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    title : str
        Title of the axes.
    window : float
        Length of a window (s).

    Returns
    -------
    matplotlib.figure.Figure
    """
    ax = _axes(ax, (9, 2.4))
    position = {STAGES.index(stage): -level for level, stage in enumerate(HYPNOGRAM)}
    wrong = y_true != y_pred
    hours = np.asarray(onsets) / 3600
    x, scored = _steps(hours, [position[stage] for stage in y_true], window / 3600)
    ax.plot(x, scored, color="black", lw=1.2, label="scored by the expert")
    ax.plot(
        hours[wrong] + window / 7200,
        [position[stage] for stage in y_pred[wrong]],
        "x",
        color=COLOURS[1],
        ms=5,
        label=f"predicted otherwise ({wrong.sum()} of {len(wrong)} windows)",
    )
    ax.set_yticks(sorted(position.values()), HYPNOGRAM[::-1])
    ax.set(xlabel="time since the start of the recording (h)", ylim=(-4.6, 0.6))
    ax.set_title(title, loc="left", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="lower left", bbox_to_anchor=(0.3, 1), ncols=2)
    return _tidy(ax)


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


def _farthest_draw(augmentation: Augmentation, window: np.ndarray, n_draws: int) -> np.ndarray:
    """Return, of several draws from a fixed seed, the one that changes the window most."""
    parameter = next(augmentation.parameters())
    copies = torch.as_tensor(window, dtype=torch.float32).to(parameter.device)
    copies = copies.expand(n_draws, *window.shape)
    generator = torch.Generator(parameter.device).manual_seed(0)
    with torch.no_grad():
        augmented = augmentation(copies, generator=generator)
    farthest = (augmented - copies).square().mean((1, 2)).argmax()
    return augmented[farthest].cpu().numpy()


def _steps(
    starts: np.ndarray, values: Sequence[float], length: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return a step function with a break wherever windows do not follow each other."""
    x, y = [], []
    for index, (start, value) in enumerate(zip(starts, values, strict=True)):
        if index and start - starts[index - 1] > 1.01 * length:
            x.append(np.nan)
            y.append(np.nan)
        x += [start, start + length]
        y += [value, value]
    return np.array(x), np.array(y)


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    return ax if ax is not None else plt.subplots(figsize=size, layout="constrained")[1]


def _mark(ax: Axes, best_epoch: int | None) -> None:
    if best_epoch is not None:
        ax.axvline(best_epoch, color="0.5", lw=0.8, ls=":")


def _tidy(ax: Axes) -> Figure:
    ax.spines[["top", "right"]].set_visible(False)
    return ax.figure
