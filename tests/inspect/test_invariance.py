"""The invariance of a model."""

import pytest
import torch
from torch import nn

from eegaug import SignFlip, TimeShift, invariance

from ..helpers import SFREQ, Power, powers


def test_invariance_is_one_where_nothing_changes_and_less_where_it_does():
    x, _ = powers()
    even = nn.Sequential(nn.LPPool1d(2, 100), nn.Flatten())  # the norm of each channel
    assert invariance(even, x, SignFlip(p=1.0)).median() == pytest.approx(1, abs=1e-6)
    assert invariance(nn.Flatten(), x, SignFlip(p=1.0)).median() < -0.5


def test_invariance_compares_with_other_trials_and_repeats():
    x, _ = powers(2)
    outputs = []

    class Record(Power):
        def forward(self, x):
            outputs.append(super().forward(x).double() + 1)
            return outputs[-1]

    seeded = [torch.Generator().manual_seed(0) for _ in range(2)]
    first, second = (invariance(Record(), x, TimeShift(SFREQ), generator=g) for g in seeded)
    assert torch.equal(first, second)
    plain, shifted = outputs[:2]
    cosine = nn.functional.cosine_similarity
    apart, moved = 1 - cosine(plain, plain.flip(0)), 1 - cosine(plain, shifted)
    assert torch.allclose(first, (apart - moved) / apart, atol=1e-4)


def test_one_trial_has_no_other_and_one_output_no_direction():
    with pytest.raises(ValueError, match=r"two trials or more\. Found one"):
        invariance(nn.Flatten(), torch.zeros(1, 2, 10), SignFlip())
    mean = nn.Sequential(nn.Flatten(), nn.Linear(20, 1))
    with pytest.raises(ValueError, match=r"two numbers per trial or more\. Found one"):
        invariance(mean, torch.randn(4, 2, 10), SignFlip())


def test_invariance_is_zero_where_the_other_trial_points_the_same_way():
    x = torch.ones(4, 2, 10)
    assert torch.equal(invariance(nn.Flatten(), x, SignFlip(p=1.0)), torch.zeros(4).double())


def test_invariance_asks_for_whole_choices_of_a_transform_in_training():
    x, _ = powers()
    even = nn.Sequential(nn.LPPool1d(2, 100), nn.Flatten())
    flip = SignFlip(p=0.5).train()
    assert invariance(even, x, flip).min() == pytest.approx(1, abs=1e-6)
    assert flip.training
