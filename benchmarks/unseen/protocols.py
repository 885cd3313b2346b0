"""Who is trained on, and who is tested: across people, and within a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from eegaug.study.network import build_network
from unseen.data import Data, load
from unseen.networks import quick


@dataclass(frozen=True)
class Setting:
    """A data set, a split and a network.

    Attributes
    ----------
    data : str
        Key of the data set.
    split : callable
        Function of (data, generator) that yields (training, test) indices, one pair per training.
    network : str
        Model of braindecode.
    steps, batch_size : int
        Length of a training, and windows per step.
    """

    data: str
    split: Callable[[Data, np.random.Generator], Iterator[tuple[np.ndarray, np.ndarray]]]
    network: str
    steps: int = 300
    batch_size: int = 32


@dataclass(frozen=True)
class Problem:
    """What a method may see: the training windows and the network to train.

    Attributes
    ----------
    X, y : Tensor
        Signals (windows, channels, times) and labels (windows,).
    people : np.ndarray
        Person of each window.
    data : Data
        The data set, for its channels and number of labels.
    setting : Setting
        Network and length of the training.
    seed : int
        Seed of everything random.
    """

    X: Tensor
    y: Tensor
    people: np.ndarray
    data: Data
    setting: Setting
    seed: int

    def network(self, seed: int | None = None) -> nn.Module:
        """Return the network with its first parameters, those of the seed."""
        _, n_chans, n_times = self.X.shape
        sfreq = float(self.data.info["sfreq"])
        seed = self.seed if seed is None else seed
        return quick(
            build_network(self.setting.network, n_chans, n_times, sfreq, self.data.n_labels, seed)
        )

    def loss(self) -> nn.Module:
        """Return the cross-entropy, with labels weighted as if all were equally frequent."""
        counts = torch.bincount(self.y, minlength=self.data.n_labels).float()
        present = counts > 0
        weights = torch.where(present, len(self.y) / (present.sum() * counts.clamp(min=1)), 0.0)
        return nn.CrossEntropyLoss(weight=weights)

    def batches(self, steps: int, seed: int | None = None) -> Iterator[Tensor]:
        """Yield the windows of each step: all in random order, again and again."""
        generator = torch.Generator().manual_seed(self.seed if seed is None else seed)
        size, order = min(self.setting.batch_size, len(self.y)), torch.empty(0, dtype=torch.long)
        for _ in range(steps):
            if len(order) < size:
                order = torch.randperm(len(self.y), generator=generator)
            yield order[:size]
            order = order[size:]

    def of(self, index: np.ndarray) -> Problem:
        """Return the problem with some of the windows only."""
        rows = torch.as_tensor(index)
        return Problem(
            self.X[rows], self.y[rows], self.people[index], self.data, self.setting, self.seed
        )


def across(n: int) -> Callable[[Data, np.random.Generator], Iterator]:
    """Train on ``n`` people, test on all others."""

    def split(data: Data, generator: np.random.Generator) -> Iterator:
        everyone = generator.permutation(np.unique(data.people))
        trained = np.isin(data.people, everyone[:n])
        yield np.flatnonzero(trained), np.flatnonzero(~trained)

    return split


def later_sessions(n_sessions: int) -> Callable[[Data, np.random.Generator], Iterator]:
    """Train on the first sessions of each person, test on the later ones."""

    def split(data: Data, generator: np.random.Generator) -> Iterator:
        for person in np.unique(data.people):
            own = data.people == person
            first = np.unique(data.sessions[own])[:n_sessions]
            trained = own & np.isin(data.sessions, first)
            yield np.flatnonzero(trained), np.flatnonzero(own & ~trained)

    return split


def other_blocks(n_windows: int) -> Callable[[Data, np.random.Generator], Iterator]:
    """Train on some windows of one half of the blocks, test on the other half."""

    def split(data: Data, generator: np.random.Generator) -> Iterator:
        blocks, n_labels = np.unique(data.sessions), len(data.y.unique())
        while True:
            chosen = generator.permutation(blocks)[: len(blocks) // 2]
            first = np.isin(data.sessions, chosen)
            halves = np.flatnonzero(first), np.flatnonzero(~first)
            if all(len(data.y[half].unique()) == n_labels for half in halves):
                train = np.sort(generator.permutation(halves[0])[:n_windows])
                if len(data.y[train].unique()) == n_labels:
                    yield train, halves[1]
                    return

    return split


CHAMBON, SHALLOW = "SleepStagerChambon2018", "ShallowFBCSPNet"

SETTINGS: dict[str, Setting] = {
    "sleep, 2 people": Setting("sleep", across(2), CHAMBON, batch_size=64),
    "sleep, 4 people": Setting("sleep", across(4), CHAMBON, batch_size=64),
    "sleep, 8 people": Setting("sleep", across(8), CHAMBON, batch_size=64),
    "stages, within": Setting("stages", other_blocks(180), CHAMBON),
    "arithmetic, 2 people": Setting("arithmetic", across(2), SHALLOW),
    "arithmetic, 4 people": Setting("arithmetic", across(4), SHALLOW),
    "arithmetic, 8 people": Setting("arithmetic", across(8), SHALLOW),
    "flicker, 2 people": Setting("flicker", across(2), SHALLOW),
    "flicker, 4 people": Setting("flicker", across(4), SHALLOW),
    "flicker, within": Setting("flicker", later_sessions(1), SHALLOW, steps=100),
    "imagery, 2 people": Setting("imagery", across(2), SHALLOW),
    "imagery, within": Setting("imagery", later_sessions(2), SHALLOW, steps=100),
    "simulated, 2 people": Setting("simulated", across(2), CHAMBON),
    "simulated, 4 people": Setting("simulated", across(4), CHAMBON),
}


def problems(key: str, seed: int) -> Iterator[tuple[Problem, np.ndarray]]:
    """Yield each training of a setting and seed, with the indices of its test windows."""
    setting = SETTINGS[key]
    data = load(setting.data)
    for train, test in setting.split(data, np.random.default_rng(seed)):
        yield (
            Problem(data.X[train], data.y[train], data.people[train], data, setting, seed),
            test,
        )
