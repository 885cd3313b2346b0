"""Gains and flips against answers that are known."""

import pytest
import scipy
import torch

from eegaug import AmplitudeScale, SignFlip

from ..helpers import replay


@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
def test_the_share_of_flipped_trials_is_p(p):
    out = SignFlip(p).eval()(torch.ones(20_000, 1, 2))
    assert set(out.unique().tolist()) == {-1.0, 1.0}
    assert (out[:, 0, 0] < 0).float().mean() == pytest.approx(p, abs=0.015)
    assert torch.equal(out[..., 0], out[..., 1]), "a trial flips as a whole"


@pytest.mark.parametrize(("place", "gain"), [(0.0, 0.4), (0.5, 1.05), (1.0, 1.7)])
def test_gains_have_the_ends_that_were_set(place, gain):
    scaled = replay(AmplitudeScale(0.7, 0.6), torch.ones(1, 1, 3), torch.tensor([[[place]]]))
    assert torch.allclose(scaled, torch.full((1, 1, 3), gain))


@pytest.mark.parametrize("channel_indep", [True, False])
def test_gains_are_even_between_their_ends(channel_indep):
    torch.manual_seed(0)
    gains = AmplitudeScale(0.5, channel_indep=channel_indep)(torch.ones(5000, 2, 2)).detach()
    assert torch.equal(gains[..., 0], gains[..., 1])
    assert torch.equal(gains[:, 0], gains[:, 1]) != channel_indep
    evenly = scipy.stats.uniform(0.5, 1.0).cdf
    assert scipy.stats.kstest(gains[:, 0, 0].numpy(), evenly).pvalue > 1e-4
