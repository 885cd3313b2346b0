"""Draws as values, and the probabilities of the choices that they decide."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli

from eegaug import (
    AugmentationLayer,
    ChannelsDropout,
    ChannelsInterpolation,
    ChannelsReref,
    ChannelsShuffle,
    ChannelsSymmetry,
    Choices,
    Compose,
    Draw,
    FTSurrogate,
    PhaseJitter,
    SignFlip,
    Strength,
    TimeReverse,
    TimeShift,
)
from eegaug.transforms.draws import interleave

from ..helpers import SFREQ, hand_made, signal, tensors
from .table import POSITIONS, learnable_p

X = signal(6, 3, 100)


# -- draws as values ----------------------------------------------------------------------


def test_a_draw_cannot_be_changed():
    draw = TimeShift(SFREQ).sample(X)
    for field in ("noise", "shape", "other"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(draw, field, None)
    with pytest.raises(TypeError):
        draw[0] = draw[1]


def test_a_draw_knows_the_signals_it_was_drawn_for():
    draw = Compose([TimeShift(SFREQ), SignFlip()]).sample(signal(4, 5, 3, 100))
    assert len(draw) == 4 and draw.shape == (4, 3, 100)
    assert draw[1:3].shape == (2, 3, 100) and draw[0].shape == (1, 3, 100)
    assert draw.repeat_interleave(5).shape == draw.repeat(5).shape == (20, 3, 100)
    assert TimeShift(SFREQ).sample(X[0]).shape == (1, 3, 100)


def test_rows_are_those_of_the_tensors():
    numbers = torch.arange(12.0).reshape(6, 2)
    draw = hand_made((Choices(numbers), (numbers[:, 0], None)), X)
    for part, rows in [
        (draw[2], [2]),
        (draw[-1], [5]),
        (draw[1:4], [1, 2, 3]),
        (draw[[4, 0, 4]], [4, 0, 4]),
        (draw[np.array([3, 1])], [3, 1]),
        (draw[torch.tensor([5, 2])], [5, 2]),
        (draw[numbers[:, 0] > 7], [4, 5]),
        (draw[2:4].repeat_interleave(2), [2, 2, 3, 3]),
        (draw[2:4].repeat(2), [2, 3, 2, 3]),
    ]:
        choices, (own, nothing) = part.noise
        assert torch.equal(choices.uniform, numbers[rows]) and nothing is None
        assert torch.equal(own, numbers[rows, 0])
    assert [len(row) for row in draw] == [1] * 6


@pytest.mark.parametrize("index", [6, -7, slice(6, 9), [], [6], torch.zeros(6, dtype=torch.bool)])
def test_rows_that_are_not_there_are_reported(index):
    with pytest.raises(IndexError) as caught:
        TimeShift(SFREQ).sample(X)[index]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("index", [np.int64(2), torch.tensor(2)], ids=["NumPy", "torch"])
def test_an_index_may_be_a_scalar_of_numpy_or_torch(index):
    draw = TimeShift(SFREQ).sample(X)
    assert torch.equal(draw[index].noise[1], draw[2].noise[1])


def test_choices_are_whole_or_in_part():
    draws = Choices(torch.linspace(0.0, 0.99, 100)[:, None])
    probability = learnable_p(0.4)
    in_part = draws.taken(probability)
    assert ((in_part > 0) & (in_part < 1)).any(), "next to a learnable probability"
    whole = (draws.uniform < 0.4).float()
    assert torch.equal(Choices(draws.uniform, in_part=False).taken(probability), whole)
    frozen = Strength(0.4, unit="probability", learnable=False)
    assert torch.equal(draws.taken(frozen), whole), "there is nothing to learn"


def test_whole_draws_hold_whole_choices_everywhere():
    layer = AugmentationLayer([ChannelsShuffle(0.4, p=learnable_p()), SignFlip()])
    chain = Compose([layer, Compose([ChannelsDropout(0.3)])])

    def flags(noise):
        if isinstance(noise, Choices):
            return [noise.in_part]
        return [flag for part in noise for flag in flags(part)] if isinstance(noise, tuple) else []

    draw = chain.sample(X)
    assert flags(draw.noise) == [True] * 4
    assert flags(draw.whole().noise) == [False] * 4
    assert flags(draw.whole()[2:4].repeat(2).noise) == [False] * 4
    assert all(map(torch.equal, tensors(draw.noise), tensors(draw.whole().noise)))


@pytest.mark.parametrize("whole", [True, False])
def test_copies_are_joined_trial_by_trial(whole):
    flip = SignFlip()
    draws = [flip.sample(signal(3, 2, 8)) for _ in range(2)]
    joined = interleave([draw.whole() if whole else draw for draw in draws])
    gate, _ = joined.noise
    alone = torch.stack([draw.noise[0].uniform for draw in draws], 1)
    assert torch.equal(gate.uniform, alone.flatten(0, 1)) and gate.in_part == (not whole)
    shift = TimeShift(SFREQ, 0.1)
    copies = [shift.sample(signal(3, 2, 8)) for _ in range(2)]
    assert [len(each) for each in (joined, interleave(copies))] == [6, 6]
    (own,) = tensors(interleave(copies).noise)
    assert torch.equal(own[::2], tensors(copies[0].noise)[0])


def test_choices_are_in_part_in_training_alone():
    x = torch.ones(1000, 1, 4)
    for augmentation in (SignFlip(0.4), ChannelsDropout(0.4)):
        draw = augmentation.sample(x)
        assert len(augmentation.train()(x, draw=draw).unique()) > 2
        assert len(augmentation.eval()(x, draw=draw).unique()) == 2
        assert len(augmentation.train()(x, draw=draw.whole()).unique()) == 2


@pytest.mark.parametrize(
    ("augmentation", "other"),
    [(ChannelsDropout(), PhaseJitter()), (PhaseJitter(), ChannelsDropout())],
    ids=["choices wanted", "choices given"],
)
def test_choices_are_distinguished_from_other_draws_of_their_shape(augmentation, other):
    with pytest.raises(ValueError, match="should be drawn by this"):
        augmentation(X, draw=other.sample(X))


# -- probabilities ------------------------------------------------------------------------


def mirror(p):
    return ChannelsSymmetry(["C3", "Cz", "C4"], p=p)


#: Augmentation, and what returns the draws of its choices with their probabilities.
CHOOSING = {
    "flip": (lambda: SignFlip(0.3), lambda t, noise: [(noise[0], t.p)]),
    "reversal": (lambda: TimeReverse(0.3), lambda t, noise: [(noise[0], t.p)]),
    "symmetry": (lambda: mirror(0.3), lambda t, noise: [(noise[0], t.p)]),
    "reference": (lambda: ChannelsReref(0.3), lambda t, noise: [(noise[0], t.p)]),
    "gate": (
        lambda: FTSurrogate(0.3, p=learnable_p()),
        lambda t, noise: [(noise[0], t.p)],
    ),
    "dropped": (lambda: ChannelsDropout(0.3), lambda t, noise: [(noise[1], t.p_drop)]),
    "dropped, gate": (
        lambda: ChannelsDropout(0.3, p=learnable_p()),
        lambda t, noise: [(noise[0], t.p), (noise[1], t.p_drop)],
    ),
    "shuffled": (
        lambda: ChannelsShuffle(0.6, p=learnable_p(0.7)),
        lambda t, noise: [(noise[0], t.p), (noise[1][0], t.p_shuffle)],
    ),
    "interpolated": (
        lambda: ChannelsInterpolation(POSITIONS, 0.3),
        lambda t, noise: [(noise[1], t.p_interp)],
    ),
    "layer": (
        lambda: AugmentationLayer([SignFlip(0.3), TimeShift(SFREQ), ChannelsDropout(0.2)]),
        lambda t, noise: [
            (noise[1][0][0], t.transforms[0].p),
            (noise[1][2][1], t.transforms[2].p_drop),
        ],
    ),
    "chain": (
        lambda: Compose([TimeReverse(0.3), AugmentationLayer([SignFlip(0.6)]), mirror(0.4)]),
        lambda t, noise: [
            (noise[0][0], t.augmentations[0].p),
            (noise[1][1][0][0], t.augmentations[1].transforms[0].p),
            (noise[2][0], t.augmentations[2].p),
        ],
    ),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", CHOOSING)
def test_the_log_probability_is_that_of_bernoulli_choices(name, training):
    build, choices_of = CHOOSING[name]
    augmentation = build().double().train(training)
    draw = augmentation.sample(signal(40, 3, 100, dtype=torch.float64))
    pairs = choices_of(augmentation, draw.noise)
    wanted = torch.zeros(40, dtype=torch.float64)
    for choices, probability in pairs:
        p = probability()
        taken = (choices.uniform < p).double().reshape(40, -1)
        wanted = wanted + Bernoulli(probs=p).log_prob(taken).sum(1)
    found = augmentation.log_prob(draw)
    assert torch.allclose(found, wanted, atol=1e-12)
    assert torch.equal(augmentation.log_prob(draw.whole()), found)
    raws = [probability.raw for _, probability in pairs]
    weights = signal(40, dtype=torch.float64)
    slopes = [torch.autograd.grad((each * weights).sum(), raws) for each in (found, wanted)]
    for ours, theirs in zip(*slopes, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-9) and ours != 0


@pytest.mark.parametrize("name", ["flip", "dropped", "interpolated"])
def test_the_log_probability_is_that_of_what_happens_to_the_signals(name):
    build, _ = CHOOSING[name]
    transform = build().eval()
    x = torch.tensor([1.0, 2.0, 4.0])[:, None].expand(40, -1, 5)
    draw = transform.sample(x)
    changed = (transform(x, draw=draw) != x).all(-1)
    if name == "flip":
        changed = changed[:, :1]
    wanted = Bernoulli(probs=torch.tensor(0.3)).log_prob(changed.float()).sum(1)
    assert torch.allclose(transform.log_prob(draw), wanted, atol=1e-5)


def test_where_nothing_is_chosen_the_log_probability_is_zero():
    for augmentation in (TimeShift(SFREQ), Compose([TimeShift(SFREQ), FTSurrogate()])):
        assert torch.equal(augmentation.log_prob(augmentation.sample(X)), torch.zeros(6))


def test_the_log_probability_is_on_the_device_of_the_draw():
    draw = TimeShift(SFREQ).sample(X).to("meta")
    assert TimeShift(SFREQ).to("meta").log_prob(draw).is_meta


def test_draws_of_tensors_alone_need_no_augmentation():
    draw = Draw((None, torch.ones(6)), (6, 3, 100))
    shift = TimeShift(SFREQ, 0.1)
    assert torch.allclose(shift(X, draw=draw), X.roll(10, -1), atol=1e-4)
