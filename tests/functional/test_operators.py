"""Operators against SciPy's."""

import numpy as np
import pytest
import scipy

from eegaug import functional

from ..helpers import trials


@pytest.mark.parametrize("n_times", [1, 2, 3, 100, 101])
def test_hilbert(n_times):
    x = trials(n_times)
    wanted = scipy.signal.hilbert(x.numpy()).imag
    assert np.allclose(functional.hilbert(x).numpy(), wanted, atol=1e-12)
