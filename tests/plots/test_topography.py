"""The scalp before and after."""

import matplotlib.pyplot as plt
import mne
import numpy as np
import pytest
import torch

from eegaug import (
    SensorsZRotation,
    plots,
)

SFREQ = 100.0


@pytest.fixture(scope="module")
def info():
    info = mne.create_info(["F3", "F4", "C3", "C4", "O1", "O2"], SFREQ, "eeg")
    return info.set_montage("spherical_1005")


def test_the_scalp_before_and_after_on_one_scale(info):
    before = np.random.default_rng(0).standard_normal((6, 50))
    rotation = SensorsZRotation.from_info(info, max_degrees=20.0)
    after = rotation(torch.as_tensor(before)[None])[0].detach().numpy()
    figure = plots.plot_topography(before, after, info, sample=7, unit="µV")
    left, right, bar = figure.axes
    assert (left.get_title(), right.get_title(), bar.get_ylabel()) == (
        "before, at 0.07 s",
        "after",
        "µV",
    )
    scales = [ax.images[0].get_clim() for ax in (left, right)]
    reach = max(abs(before[:, 7]).max(), abs(after[:, 7]).max())
    assert scales[0] == scales[1] == pytest.approx((-reach, reach))
    fewer = mne.create_info(["a"], SFREQ, "eeg")
    with pytest.raises(ValueError, match="position"):
        plots.plot_topography(before[:1], after[:1], fewer)
    with pytest.raises(ValueError, match="same shape"):
        plots.plot_topography(before, after[:, 1:], info)


@pytest.mark.parametrize(
    ("channel", "left", "front"), [("F3", True, True), ("F4", False, True), ("O1", True, False)]
)
def test_one_value_per_channel_is_drawn_where_the_channel_is(info, channel, left, front):
    values = np.array([float(name == channel) for name in info["ch_names"]])
    figure = plots.plot_channels(values, info, unit="nats", title="what it uses")
    scalp, bar = figure.axes
    assert (scalp.get_title(), bar.get_ylabel()) == ("what it uses", "nats")
    (image,) = scalp.images
    drawn = np.ma.filled(image.get_array(), -np.inf)
    row, column = np.unravel_index(drawn.argmax(), drawn.shape)
    assert (column < drawn.shape[1] / 2) == left and (row > drawn.shape[0] / 2) == front
    assert image.origin == "lower" and image.get_cmap().name == "viridis"
    assert image.get_clim()[1] == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("ch_names", [["C3", "C4", "O1", "O2"], ["F3", "F4", "C3", "C4"]])
def test_electrodes_on_one_circle_are_drawn_too(ch_names):
    info = mne.create_info(ch_names, SFREQ, "eeg").set_montage("spherical_1005")
    before = np.array([channel["loc"] for channel in info["chs"]])
    figure = plots.plot_channels(np.array([1.0, 0.0, 0.0, 0.0]), info, unit="nats")
    drawn = np.ma.filled(figure.axes[0].images[0].get_array(), -np.inf)
    assert drawn.argmax() % drawn.shape[1] < drawn.shape[1] / 2, "the first is on the left"
    after = np.array([channel["loc"] for channel in info["chs"]])
    assert np.array_equal(before, after, equal_nan=True), "the info is left as it is"
    window = np.random.default_rng(0).normal(size=(4, 10))
    assert len(plots.plot_topography(window, -window, info).axes) == 3


def test_values_are_drawn_in_axes_that_are_given(info):
    _, (ax, other) = plt.subplots(1, 2)
    figure = plots.plot_channels(np.arange(6.0), info, unit="nats", ax=ax)
    assert figure is ax.figure and len(ax.images) == 1 and not other.images
    assert ax.get_title() == ""


@pytest.mark.parametrize(
    ("values", "ch_names", "match"),
    [
        (np.zeros(5), None, r"^There should be one value per channel, 6\. Found shape \(5,\)\.$"),
        (np.zeros((6, 2)), None, r"^There should be one value per channel, 6\. Found shape \(6, 2"),
        (0.0, None, r"^There should be one value per channel, 6\. Found shape \(\)\.$"),
        (np.zeros(1), ["a"], "position"),
    ],
)
def test_values_that_fit_no_channels_are_an_error(info, values, ch_names, match):
    info = info if ch_names is None else mne.create_info(ch_names, SFREQ, "eeg")
    with pytest.raises(ValueError, match=match):
        plots.plot_channels(values, info, unit="nats")
