"""What all transforms share: gates and draws."""

import mne
import pytest
import torch

from eegaug import (
    AugmentationLayer,
    ChannelsSymmetry,
    FTSurrogate,
    GainTransform,
    NoiseTransform,
    Operators,
    SignFlip,
    Strength,
    TimeShift,
    as_strength,
    functional,
)
from eegaug.functional.operators import times
from eegaug.montage import read_positions
from eegaug.transforms.draws import stratified, tensors_in

from .table import TRANSFORMS

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


class Placed(GainTransform):
    """A user's transform, which needs to know of the recording."""

    def __init__(self, sfreq, ch_names, positions, *, p=1.0):
        super().__init__(p=p)
        self.sfreq, self.ch_names, self.positions = sfreq, ch_names, positions

    def gain(self, x, noise):
        return torch.ones_like(x[:, :1, :1])


def test_a_users_transform_is_built_of_what_an_info_has():
    info = mne.create_info(["C3", "C4"], 128.0, "eeg").set_montage("spherical_1005")
    built = Placed.from_info(info)
    assert (built.sfreq, built.ch_names) == (128.0, ["C3", "C4"])
    assert torch.equal(built.positions, read_positions(info["chs"]))
    given = Placed.from_info(info, sfreq=1.0, ch_names=["a", "b"], positions=None, p=0.5)
    assert (given.sfreq, given.ch_names, given.positions) == (1.0, ["a", "b"], None)
    assert given.p().item() == 0.5
    assert SignFlip.from_info(mne.create_info(["x", "y"], 128.0, "eeg")).sfreq is None


def test_a_symmetry_is_built_of_names_unless_it_is_told_otherwise():
    info = mne.create_info(["C3", "C4"], 128.0, "eeg")
    x = torch.randn(1, 2, 4)
    for more in ({}, {"mirrored": [1, 0]}, {"positions": [[-1.0, 0.0, 1.0], [1.0, 0.0, 1.0]]}):
        assert torch.equal(ChannelsSymmetry.from_info(info, p=1.0, **more)(x), x.flip(1))


def test_a_transform_shows_its_rate_where_it_has_one():
    assert "sfreq=128\n" in repr(TimeShift(128.0)) and "sfreq" not in repr(SignFlip())


@pytest.mark.parametrize("name", [name for name in TRANSFORMS if "crop" not in name.lower()])
def test_the_step_is_what_a_transform_adds(name):
    transform = TRANSFORMS[name]()
    gate, own = (draw := transform.sample(X)).noise
    stepped = functional.apply(X, transform.step(X, own))
    if gate is not None:
        stepped = X + times(gate.taken(transform.p), stepped - X)
    assert torch.allclose(transform(X, draw=draw), stepped, atol=1e-5)


class Half(GainTransform):
    """A user's transform, which draws nothing."""

    def gain(self, x, noise):
        return x.new_full((1, 1, 1), 0.5)


def test_a_transform_that_draws_nothing_is_certain():
    half = Half()
    draw = half.sample(X)
    assert not list(tensors_in(draw.noise))
    assert torch.equal(half.log_prob(draw), torch.zeros(len(X)))


class Fading(NoiseTransform):
    """A user's noise with a step of its own."""

    def __init__(self, *, p=1.0):
        super().__init__(p=p)
        self.amount = as_strength("amount", 0.5, unit="fraction")

    def level(self):
        return self.amount()

    def noise(self, x, generator=None):
        return torch.randn(x.shape, generator=generator)

    def step(self, x, noise):
        return Operators(gain=-self.level() * x.new_ones(len(x), 1, 1), term=0 * noise)


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_a_step_of_the_users_own_is_gated_too(chance):
    fading = Fading(p=Strength(chance, unit="probability"))
    assert torch.allclose(fading(X), X * (1 - 0.5 * chance))
    layer = AugmentationLayer([fading, SignFlip(p=0.0)])
    assert torch.allclose(layer(X), X * (1 - 0.25 * chance), atol=1e-6)
