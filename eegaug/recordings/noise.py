"""Coloured noise, of which simulated recordings are made."""

from __future__ import annotations

import numpy as np


def falling_noise(rng: np.random.Generator, n_times: int, sfreq: float, slope: float) -> np.ndarray:
    """Return noise of unit variance and power 1/f to the power of ``slope``, shape (n_times,)."""
    freqs = np.fft.rfftfreq(n_times, 1 / sfreq)
    return _shaped(rng, n_times, np.maximum(freqs, 0.3) ** (-slope / 2))


def band_noise(
    rng: np.random.Generator, n_times: int, sfreq: float, freq: float, width: float
) -> np.ndarray:
    """Return noise of unit variance in a band: centre and half-width in Hz, shape (n_times,)."""
    freqs = np.fft.rfftfreq(n_times, 1 / sfreq)
    return _shaped(rng, n_times, np.exp(-0.5 * ((freqs - freq) / width) ** 2))


def _shaped(rng: np.random.Generator, n_times: int, gain: np.ndarray) -> np.ndarray:
    """Return noise of unit variance with a given amplitude spectrum."""
    noise = np.fft.irfft(gain * np.fft.rfft(rng.standard_normal(n_times)), n_times)
    return noise / noise.std()
