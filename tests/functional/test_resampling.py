"""Resampling against SciPy's."""

import numpy as np
import pytest
import scipy
import torch
from numpy.random import RandomState

from eegaug import functional

from ..helpers import N_TRIALS, SFREQ, tones, trials


def test_resample_is_the_cubic_with_centred_slopes():
    x = trials(60)
    times = torch.as_tensor(RandomState(1).uniform(1, 58, (N_TRIALS, 200)))
    slopes = np.gradient(x.numpy(), axis=-1)
    wanted = [
        scipy.interpolate.CubicHermiteSpline(np.arange(60), each.T, slope.T)(where).T
        for each, slope, where in zip(x.numpy(), slopes, times.numpy(), strict=True)
    ]
    assert np.allclose(functional.resample(x, times).numpy(), np.array(wanted), atol=1e-12)


def test_resample_reads_a_slow_sine_between_samples():
    """At a twentieth of the sampling rate cubic convolution is right to a thousandth.

    Its error is of third order: at a fifth of the rate it would be a twentieth.
    """
    freq = 5 / SFREQ
    x = torch.sin(2 * torch.pi * freq * torch.arange(400.0).double())[None, None]
    times = torch.linspace(2, 397, 1111, dtype=torch.float64)[None]
    found = functional.resample(x, times)[0, 0]
    assert (found - torch.sin(2 * torch.pi * freq * times[0])).abs().max() < 1e-3


def test_resample_at_another_rate_is_scipys():
    """SciPy's is by Fourier series and exact here; cubic convolution comes close."""
    x = tones(1.0, 2.5, 4.0, n_times=400)
    times = torch.arange(0, 400, 2 / 3, dtype=torch.float64)[None]
    wanted = scipy.signal.resample(x.numpy(), times.shape[1], axis=-1)
    difference = functional.resample(x, times).numpy() - wanted
    inside = slice(5, -5)  # at its ends ours holds the signal, SciPy's is circular
    assert np.abs(difference[..., inside]).max() < 1e-3


@pytest.mark.parametrize("n_times", [1, 2, 3, 60, 61])
def test_the_double_rate_keeps_samples_and_ramps(n_times):
    x = trials(n_times)
    assert torch.equal(functional.double_rate(x)[..., ::2], x)
    ramp = torch.linspace(3, 7, 2 * n_times - 1).double()[None, None]
    assert torch.allclose(functional.double_rate(ramp[..., ::2]), ramp, atol=1e-12)


@pytest.mark.parametrize("n_times", [60, 61])
def test_the_double_rate_is_scipys_where_a_signal_goes_on_from_its_end(n_times):
    x = trials(n_times)
    # so that from the last sample to the first it is the mean of the steps at both ends
    x[..., -1] = x[..., 0] + (x[..., -2] - x[..., 1]) / 3
    wanted = scipy.signal.resample(x.numpy(), 2 * n_times, axis=-1)[..., :-1]
    assert np.allclose(functional.double_rate(x).numpy(), wanted, atol=1e-12)


def test_the_double_rate_of_a_constant_and_of_the_fastest_tone():
    ones = torch.ones(1, 1, 1)
    assert torch.equal(functional.double_rate(3 * ones), 3 * ones)
    pair = torch.tensor([[[1.0, 5.0]]])
    assert torch.allclose(functional.double_rate(pair), torch.tensor([[[1.0, 3.0, 5.0]]]))
    fastest = torch.tensor([1.0, -1.0]).repeat(8)[None, None].double()
    between = functional.double_rate(fastest)[..., 1::2]
    # the line is taken out, and nothing is left of the tone where it has no phase
    wanted = scipy.signal.resample(_less_line(fastest)[0].numpy(), 32, axis=-1)[..., 1:-1:2]
    assert np.allclose((between - _line(fastest)[1])[0].numpy(), wanted, atol=1e-12)


def _line(x):
    """Return the line of the formula at the samples, and between them."""
    n_times = x.shape[-1]
    first, last = x[..., :1], x[..., -1:]
    step = (x[..., 1:2] - first + last - x[..., -2:-1]) / 2
    slope = (last - first + step) / n_times
    times = torch.arange(n_times).to(x)
    return first + slope * times, first + slope * (times[:-1] + 0.5)


def _less_line(x):
    return x - _line(x)[0]
