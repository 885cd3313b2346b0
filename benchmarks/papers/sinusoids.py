"""Data, networks and measures that the experiments on sinusoids share.

Rommel, Moreau, Gramfort, *Deep invariant networks with differentiable augmentation layers*,
NeurIPS 2022, arXiv 2202.02142, sections 4.2 and 4.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from eegaug import Strength
from eegaug.transforms.augmentation import Augmentation

SFREQ = 100.0
SECONDS = 10
FREQS = (2, 4, 6, 8)
#: Largest shift of a trial's frequency in the data (Hz): what is to be found.
TRUE_SHIFT = 0.5
#: Upper end of the range of the frequency shift that is learned (Hz).
MAX_SHIFT = 2.0
NOISE = 0.5
PER_CLASS = 150
BATCH_SIZE = 32
EPOCHS = 50
LEARNING_RATE = 0.01
WEIGHT_DECAY = 1e-4


@dataclass(frozen=True)
class Data:
    """Signals of shape (trials, 1, times) and their classes.

    Parameters
    ----------
    x_train, y_train : Tensor
        400 trials to train on, in the order in which they are trained on.
    x_test, y_test : Tensor
        200 trials to test on.
    """

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor


@cache
def make_data(seed: int) -> Data:
    """Draw noisy sinusoids, whose class is their frequency but for a shift of up to 0.5 Hz.

    The phase at the start is uniform from 0 to ``4 pi / f``, as in the published code: a full
    circle, or more, for 2 and 4 Hz, a third of one for 6 Hz and a quarter for 8 Hz.

    Parameters
    ----------
    seed : int
        Seed of the draws, which are made in the published order.

    Returns
    -------
    Data
    """
    rng = np.random.RandomState(seed)  # the published draws
    times = np.arange(0, SECONDS, 1 / SFREQ)
    waves, labels = [], []
    for label, freq in enumerate(FREQS):
        for _ in range(PER_CLASS):
            shift = (2 * rng.rand() - 1) * TRUE_SHIFT
            phase = rng.rand() * 4 * np.pi / freq
            wave = np.sin(2 * np.pi * (freq + shift) * times + phase)
            waves.append(wave + NOISE * rng.normal(size=wave.shape))
            labels.append(label)
    order = rng.permutation(len(waves))
    x = torch.as_tensor(np.stack(waves)[order], dtype=torch.float32)[:, None]
    y = torch.as_tensor(np.array(labels)[order])
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, train_size=2 / 3, random_state=rng, stratify=y
    )
    return Data(x_train, y_train, x_test, y_test)


class FreqNet(nn.Module):
    """Two convolutions, a maximum over pairs, a mean over time, a linear layer.

    Parameters
    ----------
    n_filters : int
        Filters of both convolutions.
    """

    def __init__(self, n_filters: int = 2) -> None:
        super().__init__()
        # In this order, the initial weights of a seed are those of the published code.
        second = _block(n_filters, n_filters, kernel=3)
        first = _block(1, n_filters, kernel=int(2 * SFREQ / min(FREQS)))
        self.features = nn.Sequential(first, second, nn.MaxPool1d(2))
        self.linear = nn.Linear(n_filters, len(FREQS))

    def forward(self, x: Tensor) -> Tensor:
        """Map signals (batch, 1, times) to logits (batch, 4)."""
        return self.linear(self.features(x).mean(-1))


class LongConv1d(nn.Conv1d):
    """A convolution of one channel by FFT: for long kernels, several times as fast on a CPU."""

    def forward(self, x: Tensor) -> Tensor:
        """Filter signals (batch, 1, times) as ``Conv1d`` does, up to rounding."""
        (kernel,), (padding,) = self.kernel_size, self.padding
        x = nn.functional.pad(x, (padding, padding))
        n_times = x.shape[-1]
        spectrum = torch.fft.rfft(x) * torch.fft.rfft(self.weight[:, 0], n_times).conj()
        out = torch.fft.irfft(spectrum, n_times)[..., : n_times - kernel + 1]
        return out + self.bias[:, None]


def _block(n_in: int, n_out: int, kernel: int) -> nn.Sequential:
    conv = (LongConv1d if n_in == 1 else nn.Conv1d)(n_in, n_out, kernel, padding=1)
    return nn.Sequential(conv, nn.BatchNorm1d(n_out), nn.ReLU())


def mlp(neurons: int, layers: int) -> nn.Sequential:
    """Build a perceptron on all samples of a trial, with hidden layers of a few neurons.

    Parameters
    ----------
    neurons : int
        Neurons of each hidden layer.
    layers : int
        Hidden layers.

    Returns
    -------
    nn.Sequential
        From signals (batch, 1, times) to logits (batch, 4).
    """
    steps: list[nn.Module] = [nn.Flatten()]
    width = int(SFREQ * SECONDS)
    for _ in range(layers):
        steps += [nn.Linear(width, neurons), nn.ReLU()]
        width = neurons
    return nn.Sequential(*steps, nn.Linear(width, len(FREQS)))


class ClampedStrength(Strength):
    """A strength as published: clamped to its range in the forward pass, not put back into it.

    The gradient is zero where the parameter is outside of its range: there only the weight
    decay and the momentum of the optimiser move it.
    """

    @property
    def fraction(self) -> Tensor:
        """Value as a fraction of the range."""
        return self.raw.clamp(0.0, 1.0)

    def forward(self) -> Tensor:
        """Return the physical value, and leave the parameter where it is."""
        return self.value


def epochs_of_training(
    model: nn.Module,
    data: Data,
    objective: Callable[[Tensor, Tensor], Tensor],
    augment: Augmentation | None = None,
    epochs: int = EPOCHS,
) -> Iterator[int]:
    """Train, and yield the number of each epoch when it is done.

    One Adam has the network, the weights and the strengths; trials come in the same order in
    each epoch.

    Parameters
    ----------
    model : nn.Module
        From signals to logits or to log-probabilities.
    data : Data
        What to train on.
    objective : callable
        Function of (signals, targets) -> loss; a module, or one of the model.
    augment : Augmentation, optional
        Applied to each batch before the model.
    epochs : int
        How many.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    for epoch in range(1, epochs + 1):
        model.train()
        pairs = zip(data.x_train.split(BATCH_SIZE), data.y_train.split(BATCH_SIZE), strict=True)
        for x, y in pairs:
            optimizer.zero_grad()
            objective(x if augment is None else augment(x), y).backward()
            optimizer.step()
        yield epoch


@torch.no_grad()
def accuracy(model: nn.Module, data: Data) -> float:
    """Return the share of test trials that are classified rightly."""
    model.eval()
    return (model(data.x_test).argmax(1) == data.y_test).float().mean().item()
