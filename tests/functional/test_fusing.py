"""Chains that fuse, against their links one by one."""

import random

import pytest
import torch
from torch import fft

from eegaug import (
    AdditiveTransform,
    AmplitudeScale,
    Compose,
    FrequencyShift,
    FTSurrogate,
    GainTransform,
    SignFlip,
    TimeShift,
)
from eegaug.transforms.forms import fuses

from ..helpers import SFREQ, signal
from ..transforms.table import TRANSFORMS

#: Those that fuse, and those that other links wait for.
FUSING = [name for name, build in TRANSFORMS.items() if fuses(build())]
OTHERS = [name for name in TRANSFORMS if name not in FUSING and name != "RandomCrop"]


def one_by_one(chain, x, draw):
    for link, noise in zip(chain.augmentations, draw.noise, strict=True):
        x = link.augment(x, noise)
    return x


def assert_same(links, n_times=60):
    """Assert that values and gradients are those of the links one by one."""
    torch.manual_seed(0)
    chain = Compose(links).double()
    x = signal(4, 3, n_times, dtype=torch.float64).requires_grad_()
    draw = chain.sample(x)
    found, wanted = chain(x, draw=draw), one_by_one(chain, x, draw)
    assert torch.allclose(found, wanted, atol=1e-12)
    sources = [x, *(each for each in chain.parameters() if each.requires_grad)]
    weights = torch.randn_like(wanted)
    gradients = (
        torch.autograd.grad((out * weights).sum(), sources, allow_unused=True)
        for out in (found, wanted)
    )
    for one, other in zip(*gradients, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.allclose(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("first", FUSING)
def test_every_pair_is_what_its_links_are(first):
    for second in FUSING:
        assert_same([TRANSFORMS[first](), TRANSFORMS[second]()])


@pytest.mark.parametrize("seed", range(40))
def test_longer_chains_are_what_their_links_are(seed):
    draw = random.Random(seed)
    names = draw.choices(FUSING, k=draw.randint(3, 5)) + draw.choices(OTHERS, k=draw.randint(0, 1))
    draw.shuffle(names)
    assert_same([TRANSFORMS[name]() for name in names], n_times=draw.choice([60, 61]))


@pytest.mark.parametrize(
    ("links", "n_forward", "n_inverse"),
    [
        (lambda: [TimeShift(SFREQ), FTSurrogate()], 1, 1),
        (lambda: [TimeShift(SFREQ), SignFlip(), FTSurrogate(), TimeShift(SFREQ)], 1, 1),
        (lambda: [SignFlip(), TimeShift(SFREQ), FTSurrogate(), FrequencyShift(SFREQ)], 1, 2),
        (lambda: [TimeShift(SFREQ), FrequencyShift(SFREQ), AmplitudeScale()], 1, 2),
        (lambda: [FrequencyShift(SFREQ), FTSurrogate()], 2, 2),
        (lambda: [SignFlip(), AmplitudeScale()], 0, 0),
    ],
)
def test_a_chain_costs_the_transforms_of_one(monkeypatch, links, n_forward, n_inverse):
    counts = {"rfft": 0, "irfft": 0}
    for name, function in ((name, getattr(fft, name)) for name in counts):

        def counted(*args, name=name, function=function, **kwargs):
            counts[name] += 1
            return function(*args, **kwargs)

        monkeypatch.setattr(fft, name, counted)
    with torch.no_grad():
        Compose(links())(signal(4, 3, 60))
    assert counts == {"rfft": n_forward, "irfft": n_inverse}


class Normalised(AdditiveTransform):
    """A user's transform that looks at the signals, in the form for such."""

    def term(self, x, noise):
        return x / x.std() - x


class NormalisedByGain(GainTransform):
    """The same in a form that fuses."""

    def gain(self, x, noise):
        return 1 / x.std() * x.new_ones(len(x), 1, 1)


def test_what_looks_at_the_signals_sees_those_of_its_place():
    chain, x = Compose([AmplitudeScale(0.9), TimeShift(SFREQ), Normalised()]), signal(4, 3, 60)
    assert chain(x).std().item() == pytest.approx(1, rel=1e-4)


def test_a_gain_that_looks_at_the_signals_is_not_silently_wrong():
    chain = Compose([AmplitudeScale(0.9), NormalisedByGain()])
    assert chain(signal(4, 3, 60)).isnan().all()
