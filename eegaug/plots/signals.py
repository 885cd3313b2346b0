"""Signals before and after a transform, in time and in frequency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.signal import welch
from torch import Tensor

from eegaug.plots.style import COLOURS, as_written, figure_of, tidied
from eegaug.transforms import Augmentation, Transform


def plot_augmentation(
    augmentation: Augmentation,
    window: np.ndarray,
    sfreq: float,
    *,
    n_draws: int = 20,
    **kwargs: Any,
) -> Figure:
    """Draw a window before and after an augmentation, and the spectra of the whole window.

    Of several draws, the farthest is shown: the largest shift or turn, or where a draw has no size,
    the one that changes the window most.

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
        Other arguments of :func:`plot_before_after`.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from eegaug import FrequencyShift
    >>> window = np.sin(2 * np.pi * 10 * np.arange(1000) / 100)[None]
    >>> shift = FrequencyShift(100, max_delta_freq=2.0)
    >>> figure = plot_augmentation(shift, window, 100, ch_names=["Oz"])
    >>> [ax.get_xlabel() for ax in figure.axes]
    ['time (s)', 'frequency (Hz)']
    """
    window = np.asarray(window)
    after = _farthest_draw(augmentation, window, n_draws)
    return plot_before_after(window, after, sfreq, **kwargs)


def plot_before_after(
    before: np.ndarray,
    after: np.ndarray,
    sfreq: float,
    *,
    ch_names: Sequence[str] | None = None,
    n_channels: int = 6,
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
    n_channels : int
        Largest number of channels to draw; of more, those that change most. Spectra are the mean
        of all.
    seconds : float
        Duration of the excerpt from the middle of the window (s).
    max_freq : float
        Highest frequency of the spectra (Hz).
    axes : pair of matplotlib.axes.Axes, optional
        Where to draw signal and spectrum.
    title : str
        Title of the signal's axes.

    Returns
    -------
    matplotlib.figure.Figure
        Signals on the left, in one unit for all channels, and on the right the power spectra,
        averaged over channels: before in grey, after in blue.

    Examples
    --------
    >>> import numpy as np
    >>> window = np.random.default_rng(0).normal(size=(2, 600))
    >>> figure = plot_before_after(window, -window, 100, ch_names=["C3", "C4"], seconds=2)
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['C3', 'C4']
    """
    if axes is None:
        _, axes = plt.subplots(1, 2, figsize=(9, 2.2), width_ratios=(2.2, 1), layout="constrained")
    signal_ax, spectrum_ax = axes
    before, after = np.asarray(before), np.asarray(after)

    length = min(int(seconds * sfreq), before.shape[1])
    start = (before.shape[1] - length) // 2
    excerpt = slice(start, start + length)
    times = np.arange(length) / sfreq
    names = ch_names or [f"{channel + 1}" for channel in range(len(before))]
    shown = np.sort(np.argsort(-np.square(after - before).sum(1), kind="stable")[:n_channels])
    # One step is the span of both signals: no channel overlaps the next.
    drawn = before[shown, excerpt], after[shown, excerpt]
    span = np.ptp(np.concatenate(drawn, 1), axis=1).max()
    offsets = -span * np.arange(len(shown))[:, None]
    n_fft = min(int(4 * sfreq), before.shape[1])
    for name, signal, colour, thin, thick in (
        ("before", before, "0.6", 1.4, 3),
        ("after", after, COLOURS[0], 0.8, 1.5),
    ):
        signal_ax.plot(times, (signal[shown, excerpt] + offsets).T, color=colour, lw=thin)
        freqs, power = welch(signal, sfreq, nperseg=n_fft)
        level = 10 * np.log10(np.maximum(power.mean(0), 1e-12))
        seen = (freqs > 0) & (freqs <= max_freq)
        spectrum_ax.plot(freqs[seen], level[seen], color=colour, lw=thick, label=name)
        if signal is before:  # and not after, where all channels may be dropped
            spectrum_ax.set_ylim(level[seen].min() - 8, level[seen].max() + 8)
    signal_ax.set(xlabel="time (s)", xlim=(0, times[-1]))
    signal_ax.set_yticks(offsets.ravel(), [as_written(names[channel]) for channel in shown])
    signal_ax.set_title(title, fontsize="medium", loc="left")

    # beside the title of the signals, which may be long
    spectrum_ax.legend(
        frameon=False, fontsize="small", ncols=2, loc="lower right", bbox_to_anchor=(1, 0.97)
    )
    spectrum_ax.set(xlabel="frequency (Hz)")
    spectrum_ax.set_ylabel("mean power (dB)", fontsize="small")
    for ax in axes:
        tidied(ax)
    return figure_of(signal_ax)


def _farthest_draw(augmentation: Augmentation, window: np.ndarray, n_draws: int) -> np.ndarray:
    """Return the farthest of several draws from a fixed seed."""
    parameter = next(augmentation.parameters())
    copies = torch.as_tensor(window, dtype=torch.float32).to(parameter.device)
    copies = copies.expand(n_draws, *window.shape)
    generator = torch.Generator(parameter.device).manual_seed(0)
    with torch.no_grad():
        draw = augmentation.sample(copies, generator)
        augmented = augmentation(copies, draw=draw)
    reach = (augmented - copies).square().mean((1, 2))
    noise = draw.noise
    drawn = noise[1] if isinstance(augmentation, Transform) and isinstance(noise, tuple) else None
    if isinstance(drawn, Tensor) and drawn.shape == (n_draws,) and (drawn < 0).any():
        # the draw multiplies the strength by a number from -1 to 1: a small shift of a rhythm may
        # change the waveform more than a large one
        reach = drawn.abs() * (reach > 0)
    return augmented[reach.argmax()].cpu().numpy()
