"""Spherical splines against MNE's."""

import numpy as np
import pytest
import torch
from mne.channels.interpolation import _make_interpolation_matrix
from numpy.random import RandomState

from eegaug import functional

from ..helpers import standard_sensors


@pytest.mark.parametrize("n_channels", [4, 19, 64])
def test_interpolation_is_mnes(n_channels):
    _, positions = standard_sensors(n_channels)
    targets = RandomState(1).standard_normal((30, 3))
    wanted = _make_interpolation_matrix(positions, targets)
    unit = [torch.nn.functional.normalize(torch.as_tensor(p), dim=1) for p in (positions, targets)]
    ours = functional.interpolation_matrix(*unit).numpy()
    assert np.allclose(ours, wanted, atol=1e-8)
    assert np.allclose(ours.sum(1), 1)
