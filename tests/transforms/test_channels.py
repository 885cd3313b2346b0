"""Channels dropped, swapped, shuffled and referenced, against answers that are known."""

import itertools

import pytest
import torch

from eegaug import ChannelsDropout, ChannelsReref, ChannelsShuffle, ChannelsSymmetry

from ..helpers import cap, replay


@pytest.mark.parametrize("p", [0.2, 0.9])
def test_the_share_of_dropped_channels_is_p(p):
    out = ChannelsDropout(p).eval()(torch.ones(5000, 6, 2))
    dropped = (out == 0).all(-1)
    assert set(out.unique().tolist()) == {0.0, 1.0}
    assert dropped.float().mean() == pytest.approx(p, abs=0.015)
    assert dropped.float().std(0).min() > 0.2, "channels drop by themselves"


@pytest.mark.parametrize(
    ("names", "mirrored"),
    [
        (["C3", "Cz", "C4"], [2, 1, 0]),
        (["EEG C3-A2", "EEG C4-A1", "EEG Cz-A1", "EEG F3-A2"], [1, 0, 2, 3]),
        (["Fc5.", "Fc6.", "Fcz.", "Iz.."], [1, 0, 2, 3]),
        (["fp1", "FP2", "O1", "o2"], [1, 0, 3, 2]),
        (["F7", "F8", "F9", "F10", "AFF1h", "AFF2h", "AFF1"], [1, 0, 3, 2, 5, 4, 6]),
    ],
)
def test_names_tell_the_other_side(names, mirrored):
    x = torch.arange(float(len(names)))[None, :, None]
    assert replay(ChannelsSymmetry(names, p=1.0), x).flatten().tolist() == mirrored


def test_positions_tell_the_other_side():
    """Sensors on the midline, and those with none across, stay."""
    left, right = [-0.06, 0.03, 0.06], [0.061, 0.028, 0.06]
    midline, alone = [0.001, 0.05, 0.07], [0.08, -0.03, 0.02]
    transform = ChannelsSymmetry(positions=[left, midline, alone, right], p=1.0)
    x = torch.arange(4.0)[None, :, None]
    assert replay(transform, x).flatten().tolist() == [3, 1, 2, 0]


def test_names_and_positions_agree():
    names, positions = cap()
    by_name = ChannelsSymmetry(names).swap
    assert torch.equal(by_name, ChannelsSymmetry(positions=positions).swap)
    assert torch.equal(by_name @ by_name, torch.eye(len(names)))


def test_a_new_reference_keeps_the_differences_between_channels():
    x = torch.randn(1, 4, 50, generator=torch.Generator().manual_seed(0))
    reference = torch.tensor([2.5 / 4])
    once = replay(ChannelsReref(1.0), x, reference)
    assert torch.allclose(once[0, 2], -x[0, 2])
    others = [0, 1, 3]
    for a, b in itertools.combinations(others, 2):
        assert torch.allclose(once[0, a] - once[0, b], x[0, a] - x[0, b], atol=1e-6)
    assert torch.allclose(once[0, 0], x[0, 0] - x[0, 2], atol=1e-6)
    assert torch.allclose(replay(ChannelsReref(1.0), once, reference), x, atol=1e-6)


def test_every_channel_is_the_reference_as_often():
    torch.manual_seed(0)
    x = torch.eye(4)[None].expand(20_000, -1, -1)
    reference = ChannelsReref(1.0)(x).diagonal(dim1=1, dim2=2) == -1
    assert (reference.sum(1) == 1).all()
    assert (reference.float().mean(0) - 0.25).abs().max() < 0.016, "five standard deviations"


@pytest.mark.parametrize("p", [0.2, 0.5, 1.0])
def test_a_shuffle_permutes_the_expected_share(p):
    """Of k channels in the set, k >= 1, one stays in the mean."""
    torch.manual_seed(0)
    n = 6
    x = torch.arange(float(n))[None, :, None].expand(20_000, -1, 1)
    shuffled = ChannelsShuffle(p).eval()(x)
    assert torch.equal(shuffled.sort(1).values, x), "each channel once"
    moved = (shuffled != x).sum(1).float().mean()
    assert moved == pytest.approx(n * p - (1 - (1 - p) ** n), abs=0.05)


def test_a_whole_shuffle_is_uniform_over_permutations():
    torch.manual_seed(0)
    n = 48_000
    x = torch.arange(4.0)[None, :, None].expand(n, -1, -1)
    codes = (ChannelsShuffle(1.0)(x)[..., 0].detach() * 4 ** torch.arange(4.0)).sum(1).long()
    counts = torch.bincount(codes)
    counts = counts[counts > 0]
    assert len(counts) == 24
    assert (counts / n * 24 - 1).abs().max() < 0.11, "five standard deviations"
