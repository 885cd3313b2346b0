"""The task that all engines train on: two rhythms, whose phase and polarity do not matter."""

import math

import torch
from torch import nn
from torch.utils.data import TensorDataset

import eegaug

SFREQ, N_TIMES = 100.0, 200


def make_data(n_trials: int = 512, seed: int = 0) -> TensorDataset:
    """Return trials of 9 or 12 Hz in noise, with their classes."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n_trials) % 2
    phase = 2 * math.pi * torch.rand(n_trials, 1, generator=generator)
    times = torch.arange(N_TIMES) / SFREQ
    wave = torch.sin(2 * math.pi * (9.0 + 3.0 * y)[:, None] * times + phase)
    noise = torch.randn(n_trials, 1, N_TIMES, generator=generator)
    return TensorDataset(wave[:, None] + 0.5 * noise, y)


def make_model(seed: int = 0) -> eegaug.InvariantModel:
    """Return a small network behind three candidates, each at 2 % of its range."""
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Conv1d(1, 8, 50), nn.Hardtanh(-3, 3), nn.LPPool1d(2, 50), nn.Flatten(), nn.Linear(24, 2)
    )
    chain = [eegaug.SignFlip(), eegaug.TimeShift(SFREQ), eegaug.FrequencyShift(SFREQ)]
    return eegaug.InvariantModel(network, eegaug.init_strengths(eegaug.Compose(chain)))


def parameter_groups(model: eegaug.InvariantModel) -> list[dict]:
    """Return the optimiser's groups: strengths learn at a rate of their own."""
    return [
        {"params": model.model.parameters(), "lr": 3e-3},
        {"params": model.augmentation.parameters(), "lr": 1e-2},
    ]
