"""What all transforms share: gates and draws."""

import pytest
import torch

from eegaug import FTSurrogate, SignFlip, Strength
from eegaug.transforms.draws import stratified

X = torch.randn(6, 3, 100, generator=torch.Generator().manual_seed(0))


def test_the_gate_opens_for_a_share_p_of_trials():
    transform = FTSurrogate(1.0, p=Strength(0.3, unit="probability")).eval()
    x = torch.randn(5000, 1, 16)
    changed = (transform(x) != x).any(-1).any(-1)
    assert changed.float().mean() == pytest.approx(0.3, abs=0.03)


def test_draws_are_spread_evenly_over_the_batch():
    draws = stratified(torch.zeros(50, 3, 10), 50, 3)
    assert draws.shape == (50, 3) and draws.min() >= 0 and draws.max() < 1
    counts = torch.stack([torch.histc(column, 50, 0, 1) for column in draws.T])
    assert (counts == 1).float().mean() > 0.95, "one in each of as many parts as trials"
    many = torch.stack([stratified(torch.zeros(4, 1, 1), 4) for _ in range(5000)])
    assert many.mean(0).tolist() == pytest.approx([0.5] * 4, abs=0.02)


def test_choices_do_not_depend_on_whether_a_graph_is_built():
    flip = SignFlip()
    draw = flip.sample(X)
    with torch.no_grad():
        without = flip(X, draw=draw)
    assert torch.equal(without, flip(X, draw=draw))
