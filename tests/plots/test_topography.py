"""The scalp before and after."""

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
