"""Operators against SciPy's."""

import numpy as np
import pytest
import scipy
import torch

from eegaug import functional

from ..helpers import trials


@pytest.mark.parametrize("n_times", [1, 2, 3, 100, 101])
def test_hilbert(n_times):
    x = trials(n_times)
    wanted = scipy.signal.hilbert(x.numpy()).imag
    assert np.allclose(functional.hilbert(x).numpy(), wanted, atol=1e-12)


@pytest.mark.parametrize("n_times", [5, 6])
def test_a_filter_has_the_derivatives_of_its_formula(n_times):
    """At the mean and at the Nyquist frequency too, where none of our own responses changes."""
    x = trials(n_times)[:2, :2].requires_grad_()
    shape = (2, 1, n_times // 2 + 1)
    real, imaginary = (trials(n_times)[:2, :1, : shape[-1]].clone() for _ in range(2))
    inner = torch.arange(shape[-1]) * 2 % n_times != 0  # what is imaginary elsewhere is ignored
    response = torch.stack([real, imaginary * inner], -1).requires_grad_()
    only_real = torch.stack([torch.ones_like(real), inner.expand(shape).double()], -1)

    def filtered(x, response):
        return functional.spectral(x, response * only_real)

    assert torch.autograd.gradcheck(filtered, (x, response))
