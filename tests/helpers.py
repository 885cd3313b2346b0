"""Signals, sensors and networks that several files of tests share."""

import numpy as np
import torch
from numpy.random import RandomState
from torch import nn

from eegaug import Choices, Draw, InvariantModel, SignFlip, init_strengths
from eegaug.transforms.draws import tensors_in

SFREQ = 100.0
TIMES = torch.arange(1000) / SFREQ
N_TRIALS, N_CHANNELS = 5, 4


def hand_made(noise, x):
    """The draw of this noise, one row per trial, for signals (batch, ..., channels, times)."""
    return Draw(noise, (len(x), *x.shape[-2:]))


def tensors(noise):
    """All tensors of nested noise, in order."""
    return list(tensors_in(noise))


def open_gate(transform, x):
    """The draws of a gate that transforms every trial; None where there is no gate."""
    gate = transform.gate(x)
    return None if gate is None else Choices(torch.zeros_like(gate.uniform), gate.in_part)


def replay(transform, x, own=None):
    """Transform every trial with these draws of the transform's own."""
    transform = transform.to(x.dtype)
    return transform(x, draw=hand_made((open_gate(transform, x), own), x)).detach()


def contents(module):
    """All that the modules inside hold, as text: tensors by their values, and plain attributes."""
    return {
        f"{name}.{key}": as_text(value)
        for name, each in module.named_modules(remove_duplicate=False)
        for key, value in vars(each).items()
    }


def as_text(value):
    """Values that are equal have the same text, and others another."""
    if isinstance(value, nn.Module):
        return f"module {id(value)}"
    if isinstance(value, torch.Tensor):
        grad = None if not value.is_leaf or value.grad is None else value.grad.tolist()
        numbers = None if value.is_meta else value.tolist()
        return f"{type(value)} {value.dtype} {value.device} {value.requires_grad} {numbers} {grad}"
    if isinstance(value, dict):
        return [(key, as_text(each)) for key, each in value.items()]
    if isinstance(value, (list, tuple, set)):
        return [as_text(each) for each in value]
    return repr(value)


# -- signals ------------------------------------------------------------------------------


def signal(*shape, dtype=torch.float32, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def waves(y, polarity):
    """Noisy sines of one frequency per class, and of the polarity of each trial."""
    phase = 2 * torch.pi * torch.arange(20) / 20
    clean = torch.sin((1 + y[:, None]) * phase) * polarity[:, None]
    return (clean + 0.3 * signal(*clean.shape))[:, None]


def learned_flip(kind, x, y, n_steps, strength_lr=0.01, **kwargs):
    """The flip probability that an objective learns from signals and classes."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(x[0].numel(), 32), nn.Tanh(), nn.Linear(32, 2))
    model = InvariantModel(network, init_strengths(SignFlip()), **kwargs)
    objective = kind(model, nn.CrossEntropyLoss())
    groups = [
        {"params": network.parameters()},
        {"params": model.augmentation.parameters(), "lr": strength_lr},
    ]
    optimizer = torch.optim.Adam(groups, lr=0.01)
    for _ in range(n_steps):
        optimizer.zero_grad()
        objective(x, y).backward()
        optimizer.step()
    return model.augmentation.p().item()


def trials(n_times=300, n_channels=N_CHANNELS, dtype=torch.float64):
    """Signals of a few trials, for comparisons with what draws from a ``RandomState``."""
    draws = RandomState(0).standard_normal((N_TRIALS, n_channels, n_times))
    return torch.as_tensor(draws).to(dtype)


def tone(freq, phase=0.0, times=TIMES):
    return torch.cos(2 * torch.pi * freq * times + phase)


def tones(*freqs, n_times=2000):
    """One channel for each frequency."""
    times = torch.arange(n_times, dtype=torch.float64) / SFREQ
    return torch.cos(2 * torch.pi * torch.tensor(freqs)[:, None] * times)[None]


def slow_waves(*shape):
    """Signals of up to 1.5 Hz that end where they began."""
    generator = torch.Generator().manual_seed(1)
    spectrum = torch.zeros(*shape[:-1], shape[-1] // 2 + 1, dtype=torch.complex64)
    spectrum[..., 1:10] = torch.randn(*shape[:-1], 9, dtype=torch.complex64, generator=generator)
    return torch.fft.irfft(shape[-1] * spectrum, n=shape[-1])


# -- sensors ------------------------------------------------------------------------------


def cap():
    """Names and positions of a cap of 64 sensors, on a sphere."""
    import mne

    montage = mne.channels.make_standard_montage("biosemi64").get_positions()["ch_pos"]
    return list(montage), torch.tensor([list(map(float, place)) for place in montage.values()])


def standard_sensors(n_channels=64):
    """Names and positions spread evenly over the 343 places of the 10-05 system."""
    import mne

    places = mne.channels.make_standard_montage("colin27_1005").get_positions()["ch_pos"]
    names = [name for name in places if name not in {"T3", "T4", "T5", "T6", "A1", "A2"}]
    names = names[:: len(names) // n_channels][:n_channels]
    return names, np.array([places[name] for name in names])


# -- networks -----------------------------------------------------------------------------


class Power(nn.Module):
    """Log-ratio of the powers of two channels: polarity and time do not matter."""

    def forward(self, x):
        power = x.square().mean(-1).clamp(min=1e-6).log()
        return torch.stack([power[:, 0] - power[:, 1], power[:, 1] - power[:, 0]], 1)


def powers(n=200):
    """Return trials whose class is the stronger channel."""
    torch.manual_seed(0)
    y = torch.arange(n) % 2
    x = torch.randn(n, 2, 100)
    x[y == 0, 0] *= 2
    x[y == 1, 1] *= 2
    return x, y
