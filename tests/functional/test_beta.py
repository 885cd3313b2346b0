"""Quantiles of the beta distribution against SciPy's."""

import numpy as np
import pytest
import scipy
import torch

from eegaug import functional


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("alpha", [0.1, 0.2, 0.4, 1.0, 2.0])
def test_the_smaller_share_is_a_quantile_of_beta(alpha, dtype):
    uniform = torch.linspace(0.001, 0.999, 999, dtype=dtype)
    found = functional.smaller_share(uniform, torch.tensor(alpha, dtype=dtype))
    wanted = scipy.stats.beta.ppf(uniform.double().numpy() / 2, alpha, alpha)
    assert np.abs(found.numpy() - wanted).max() < 1e-4


@pytest.mark.parametrize("alpha", [3.0, 5.0, 10.0])
def test_the_smaller_share_is_right_over_the_range_of_mixup(alpha):
    uniform = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
    found = functional.smaller_share(uniform, torch.tensor(alpha, dtype=torch.float64))
    wanted = scipy.stats.beta.ppf(uniform.numpy() / 2, alpha, alpha)
    assert np.abs(found.numpy() - wanted).max() < 1e-3


@pytest.mark.parametrize("alpha", [0.3, 1.0, 4.0])
def test_the_ends_of_the_uniform_are_the_ends_of_the_share(alpha):
    ends, alpha = torch.tensor([0.0, 1.0], dtype=torch.float64), torch.tensor(alpha).double()
    assert functional.smaller_share(ends, alpha).tolist() == pytest.approx([0, 0.5], abs=1e-12)


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_the_smallest_shares_are_right_relative_to_themselves(alpha):
    uniform = torch.tensor([1e-4, 1e-3], dtype=torch.float64)
    found = functional.smaller_share(uniform, torch.tensor(alpha, dtype=torch.float64))
    wanted = scipy.stats.beta.ppf(uniform.numpy() / 2, alpha, alpha)
    assert found.tolist() == pytest.approx(wanted.tolist(), rel=1e-5)
