"""A training over its epochs."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from eegaug import (
    AugmentationLayer,
    Compose,
    FrequencyShift,
    SignFlip,
    TimeShift,
    learned_strengths,
    plots,
)

from .reading import lines, texts

SFREQ = 100.0


MODULE = Compose([AugmentationLayer([SignFlip(), TimeShift(SFREQ)]), FrequencyShift(SFREQ)])
COLUMNS = {
    "layer 1 SignFlip weight": [0.5, 0.6, 0.7],
    "layer 1 TimeShift weight": [0.5, 0.4, 0.3],
    "layer 2 FrequencyShift weight": [1.0, 1.0, 1.0],
    "layer 1 SignFlip p (probability)": [0.1, 0.3, 0.5],
    "layer 1 TimeShift max_shift (s)": [0.2, 0.4, 0.6],
    "layer 2 FrequencyShift max_delta_freq (Hz)": [0.5, 1.0, 1.5],
}
HISTORY = [{key: values[epoch] for key, values in COLUMNS.items()} for epoch in range(3)]
RECORDS = learned_strengths(MODULE, HISTORY)


def test_losses_over_epochs():
    (ax,) = plots.plot_losses(
        {"training": [1.0, 0.5, 0.4], "validation": [1.1, 0.7, 0.8]}, best_epoch=2
    ).axes
    drawn = lines(ax)
    assert drawn["validation"] == [1.1, 0.7, 0.8] and len(drawn) == 2
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss (nats)")
    assert [2, 2] in [list(line.get_xdata()) for line in ax.lines]


def test_a_single_epoch_is_a_point_where_several_are_a_line():
    records = learned_strengths(MODULE, HISTORY[:1])
    for figure in (
        plots.plot_losses({"training": [1.0], "validation": [1.1]}),
        plots.plot_strengths(records),
        plots.plot_weights(records),
        plots.plot_learning(records),
    ):
        drawn = [line for ax in figure.axes for line in ax.lines]
        assert drawn and all(line.get_marker() not in ("", "None") for line in drawn)
        assert all(line.get_markevery() == 1 for line in drawn)
        assert all([t for t in ax.get_xticks() if 0.9 < t < 1.1] == [1] for ax in figure.axes)
    (line, *_) = plots.plot_losses({"training": [1.0, 0.5]}).axes[0].lines
    assert line.get_marker() == "None"


def test_strengths_share_one_picture_as_fractions_of_their_ranges():
    _, ax = plt.subplots()
    assert plots.plot_strengths(RECORDS, ax=ax) is ax.figure
    drawn = lines(ax)
    assert list(drawn) == texts(ax)
    assert list(drawn) == [
        "1: SignFlip p: 0.5 probability",
        "1: TimeShift max_shift: 0.6 s",
        "2: FrequencyShift max_delta_freq: 1.5 Hz",
    ]
    assert np.allclose(drawn["1: TimeShift max_shift: 0.6 s"], [0.1, 0.2, 0.3])
    assert ax.get_ylabel() == "strength (fraction of its range)"
    styles = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(styles) == len({style[1] for style in styles}) == 3, "told apart in grey too"


def test_weights_of_one_layer():
    (ax,) = plots.plot_weights(RECORDS, best_epoch=3).axes
    assert lines(ax) == {"SignFlip": [0.5, 0.6, 0.7], "TimeShift": [0.5, 0.4, 0.3]}
    assert ax.get_ylabel() == "weight in layer 1"
    with pytest.raises(ValueError, match=r"from 1 to 2\. Found `layer = 3`"):
        plots.plot_weights(RECORDS, 3)


def test_every_strength_has_a_panel_in_its_unit():
    figure = plots.plot_learning(RECORDS)
    labels = [ax.get_ylabel() for ax in figure.axes]
    assert labels == ["max_delta_freq\n(Hz)", "weight", "p\n(probability)", "max_shift\n(s)"]


def test_weights_that_are_equal_throughout_have_no_panel():
    records = [replace(record, weight_history=3 * (0.5,)) for record in RECORDS]
    labels = [ax.get_ylabel() for ax in plots.plot_learning(records[:2]).axes]
    assert labels == ["p\n(probability)", "max_shift\n(s)"]


@pytest.mark.parametrize("plot", [plots.plot_strengths, plots.plot_learning, plots.plot_weights])
def test_nothing_to_draw_is_an_error(plot):
    with pytest.raises(ValueError, match=r"hold a learnable strength\. Found none"):
        plot([])
    with pytest.raises(ValueError, match=r"should have a history.*Found none"):
        plot(learned_strengths(MODULE))
