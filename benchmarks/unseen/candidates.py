"""The operations that all rivals choose among, and how a trial gets the one it has chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from eegaug import (
    BandstopFilter,
    ChannelsDropout,
    ChannelsShuffle,
    ChannelsSymmetry,
    FrequencyShift,
    FTSurrogate,
    GaussianNoise,
    SignFlip,
    SmoothTimeMask,
    Strength,
    TimeReverse,
    Transform,
)
from eegaug.montage import has_pair
from unseen.protocols import Problem
from unseen.training import train

#: Longest mask (s), at most half of the window.
MASK = 2.0
#: Highest frequency that the published band-stop filter removes (Hz).
MAX_FREQ = 30.0
#: Windows from this length on (s) count as sleep, shorter ones as a brain-computer interface: the
#: published strengths differ.
SLEEP = 10.0


def candidates(problem: Problem) -> list[Transform]:
    """Return new transforms with learnable strengths, those that the channels permit."""
    sfreq, mask = float(problem.data.info["sfreq"]), _longest_mask(problem)
    transforms: list[Transform] = [
        SignFlip(),
        TimeReverse(),
        FTSurrogate(channel_indep=True),
        FrequencyShift(sfreq),
        GaussianNoise(),
        SmoothTimeMask(sfreq, Strength(mask / 2, high=mask, unit="s")),
        BandstopFilter(sfreq),
    ]
    if problem.X.shape[1] > 1:
        transforms += [ChannelsDropout(), ChannelsShuffle()]
    if has_pair(problem.data.info["ch_names"]):
        transforms.append(ChannelsSymmetry(problem.data.info["ch_names"]))
    return transforms


def published(problem: Problem) -> dict[str, Transform]:
    """Return the candidates by name, frozen at published strengths, each for half of the trials.

    The strengths are those in the code of Rommel et al., *Data augmentation for learning predictive
    models on EEG*, 2022, arXiv 2206.14483, which has one set for sleep and one for motor imagery.
    """
    sfreq, mask = float(problem.data.info["sfreq"]), _longest_mask(problem)
    if problem.X.shape[-1] >= SLEEP * sfreq:
        phase, by_channel, shift, noise, dropout, shuffle, band = (
            0.8,
            True,
            0.3,
            0.12,
            0.4,
            0.8,
            1.2,
        )
    else:
        phase, by_channel, shift, noise, dropout, shuffle, band = 0.9, False, 2.7, 0.16, 1, 0.1, 0.4
    transforms: list[Transform] = [
        SignFlip(0.5),
        TimeReverse(0.5),
        FTSurrogate(phase, by_channel, p=0.5),
        FrequencyShift(sfreq, shift, p=0.5),
        GaussianNoise(noise, p=0.5),
        SmoothTimeMask(sfreq, Strength(mask, high=mask, unit="s"), p=0.5),
        BandstopFilter(sfreq, band, MAX_FREQ, p=0.5),
    ]
    if problem.X.shape[1] > 1:
        transforms += [ChannelsDropout(dropout, p=0.5), ChannelsShuffle(shuffle, p=0.5)]
    if has_pair(problem.data.info["ch_names"]):
        transforms.append(ChannelsSymmetry(problem.data.info["ch_names"], p=0.5))
    return {type(each).__name__: each.requires_grad_(False) for each in transforms}


def operations(problem: Problem) -> list[Transform]:
    """Return the candidates without gates: flips, too, transform every trial they are given."""
    transforms = candidates(problem)
    for transform in transforms:
        transform.p = None
    return transforms


def apply_chosen(transforms: Sequence[Transform], index: Tensor, x: Tensor) -> Tensor:
    """Transform each trial by the one it has chosen.

    Parameters
    ----------
    transforms : sequence of Transform
        Operations, without gates.
    index : Tensor
        Place of each trial's operation, shape (batch,); none where negative.
    x : Tensor
        Signals, shape (batch, channels, times).

    Returns
    -------
    Tensor
        Signals of the same shape, differentiable in the strengths.
    """
    order = index.argsort()
    chosen, counts = index[order].unique_consecutive(return_counts=True)
    parts = list(x[order].split(counts.tolist()))
    for place, which in enumerate(chosen.tolist()):
        if which >= 0:
            transform = transforms[which]
            parts[place] = transform.augment(parts[place], transform.draw(parts[place]))
    return torch.cat(parts)[order.argsort()]


def train_augmented(
    problem: Problem, augment: Callable[[Tensor, Tensor], Tensor], seed: int | None = None
) -> nn.Module:
    """Train on augmented trials; a function of (signals, labels) augments them."""
    network, loss = problem.network(seed).train(), problem.loss()
    train(problem, lambda x, y: loss(network(augment(x, y)), y), network.parameters(), seed=seed)
    return network


def _longest_mask(problem: Problem) -> float:
    return min(MASK, problem.X.shape[-1] / float(problem.data.info["sfreq"]) / 2)
