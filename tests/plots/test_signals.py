"""Signals before and after."""

import numpy as np
from matplotlib.legend import Legend
from matplotlib.text import Text

from eegaug import (
    FrequencyShift,
    SignFlip,
    plots,
)

from .reading import texts

SFREQ = 100.0


def test_before_and_after_in_time_and_frequency():
    t = np.arange(600) / SFREQ
    before = np.stack([np.sin(2 * np.pi * 10 * t), np.sin(2 * np.pi * 5 * t)])
    signal, spectrum = plots.plot_before_after(before, -before, SFREQ, ch_names=["C3", "C4"]).axes
    assert [label.get_text() for label in signal.get_yticklabels()] == ["C3", "C4"]
    assert signal.get_xlabel() == "time (s)" and spectrum.get_xlabel() == "frequency (Hz)"
    grey, blue = spectrum.lines
    assert np.array_equal(grey.get_ydata(), blue.get_ydata()), "a flip keeps the spectrum"
    assert grey.get_xdata()[grey.get_ydata().argmax()] in (5, 10)
    assert np.allclose(signal.lines[0].get_ydata(), -signal.lines[2].get_ydata())
    assert texts(spectrum) == ["before", "after"]


def test_no_legend_lies_on_a_long_title():
    window = np.random.default_rng(0).standard_normal((2, 600))
    title = "Layer 2: FTSurrogate, phase_noise_magnitude = 0.00597 (fraction of 2π), weight 0.14"
    figure = plots.plot_before_after(window, -window, SFREQ, title=title)
    figure.draw_without_rendering()
    (written,) = figure.findobj(lambda each: isinstance(each, Text) and each.get_text() == title)
    (legend,) = figure.findobj(Legend)
    assert not legend.get_window_extent().overlaps(written.get_window_extent())


def test_an_augmentation_is_drawn_at_the_draw_that_changes_most():
    window = np.random.default_rng(0).standard_normal((1, 300)).astype(np.float32)
    signal, _ = plots.plot_augmentation(SignFlip(0.3), window, SFREQ).axes
    assert np.allclose(signal.lines[1].get_ydata(), -window[0], atol=1e-6)


def test_a_shift_is_drawn_at_the_largest_and_not_where_a_rhythm_is_upside_down():
    rhythm = np.sin(2 * np.pi * 12 * np.arange(800) / SFREQ)[None]
    _, spectrum = plots.plot_augmentation(FrequencyShift(SFREQ, 4.0), rhythm, SFREQ).axes
    before, after = (line.get_xdata()[line.get_ydata().argmax()] for line in spectrum.lines)
    assert before == 12 and abs(after - before) > 3


def test_of_many_channels_those_that_change_most_are_drawn():
    before = np.random.default_rng(0).standard_normal((20, 300))
    after = before.copy()
    after[[3, 11]] = 0
    names = [f"E{channel}" for channel in range(20)]
    signal, spectrum = plots.plot_before_after(before, after, SFREQ, ch_names=names).axes
    labels = [label.get_text() for label in signal.get_yticklabels()]
    assert len(labels) == 6 and {"E3", "E11"} <= set(labels)
    grey, blue = (line.get_ydata() for line in spectrum.lines)
    assert np.allclose((grey - blue).mean(), 10 * np.log10(20 / 18), atol=0.2), "mean of all"
