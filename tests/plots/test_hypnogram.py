"""Hypnograms."""

import numpy as np

from eegaug import (
    plots,
)

from .reading import texts

SFREQ = 100.0


def test_a_hypnogram_breaks_where_windows_are_missing():
    onsets = np.array([0.0, 30.0, 120.0])
    (ax,) = plots.plot_hypnogram(onsets, np.array([0, 1, 2]), np.array([0, 1, 3])).axes
    scored, wrong = ax.lines
    assert np.isnan(scored.get_ydata()).sum() == 1
    assert list(wrong.get_xdata() * 3600) == [135.0]
    assert ax.get_xlabel() == "time since the start of the recording (h)"
    assert texts(ax)[1] == "predicted otherwise (1 of 3 windows)"
