"""Tasks with known invariances: what varies within a class, and by how much, is what we put in.

Signals last 4 s at 64 Hz. Two things are in them: an event (a bump, or a burst of oscillation)
with a latency, and a rhythm with a frequency. In each task the class is told by some of latency,
frequency, phase, polarity, side and amplitude.

Where the class is a place on a scale (a latency, a frequency), trials vary around the place of
their class by half of the true extent :math:`e`, and neighbouring classes lie :math:`3 e` apart. A
transform may then reach as far as :math:`e` before classes touch: its extent is known. A transform
that leaves alone what tells the class may reach the end of its range, and one that takes it for
another class, or destroys it, should not be used at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from eegaug import (
    AmplitudeScale,
    BandNoise,
    ChannelsDropout,
    ChannelsShuffle,
    ChannelsSymmetry,
    FlipProbability,
    FrequencyShift,
    FTSurrogate,
    GainTransform,
    GaussianNoise,
    SensorsZRotation,
    SignFlip,
    Strength,
    TimeReverse,
    TimeShift,
    Transform,
)

SFREQ, N_TIMES = 64.0, 256
TIMES = np.arange(N_TIMES) / SFREQ
#: A true extent should be met within this part of it, and a false one stay under this fraction.
TOLERANCE, NEGLIGIBLE = 0.2, 0.05
#: Truth of a strength that is free to reach its end: the range's, or one half for a flip.
END = "end"


class ChannelDropout(GainTransform):
    """Set one channel to zero, with a chance."""

    def __init__(self, channel: int) -> None:
        super().__init__(p=_chance())
        self.channel = channel

    def gain(self, x: Tensor, noise: Tensor | None) -> Tensor:
        """Return zero for the channel, one for the others."""
        gain = x.new_ones(len(x), x.shape[1], 1)
        gain[:, self.channel] = 0
        return gain


@dataclass(frozen=True)
class Task:
    """Signals of several classes, and candidates with their true extents.

    Attributes
    ----------
    signal : callable
        Function of (generator, class) -> signal (channels, times).
    n_classes : int
        Number of classes.
    candidates : tuple of (callable, truth)
        Constructors, each with its truth: an extent in its unit, "end", or 0.
    noise : float
        Standard deviation of white noise on all channels.
    n_trials : int
        Trials to train on.
    """

    signal: Callable[[np.random.Generator, int], np.ndarray]
    n_classes: int
    candidates: tuple[tuple[Callable[[], Transform], float | str], ...]
    noise: float = 0.1
    n_trials: int = 640

    def draw(self, seed: int) -> tuple[Tensor, Tensor]:
        """Return signals (trials, channels, times) and classes (trials,), in random order."""
        generator = np.random.default_rng(seed)
        y = generator.permutation(np.arange(self.n_trials) % self.n_classes)
        X = np.stack([self.signal(generator, int(label)) for label in y])
        X = X + self.noise * generator.standard_normal(X.shape)
        return torch.as_tensor(X, dtype=torch.float32), torch.as_tensor(y)

    def transforms(self) -> list[Transform]:
        """Return new candidates."""
        return [construct() for construct, _ in self.candidates]

    def judge(self, fractions: np.ndarray) -> list[bool]:
        """Tell of each candidate whether its extent, a fraction of its range, is the true one."""
        verdicts = []
        for (construct, truth), fraction in zip(self.candidates, fractions, strict=True):
            (strength,) = construct().strengths().values()
            extent = fraction * strength.highest
            if truth == 0:
                verdicts.append(bool(fraction < NEGLIGIBLE))
                continue
            end = 0.5 if isinstance(strength, FlipProbability) else strength.highest
            true = end if truth == END else truth
            verdicts.append(bool(abs(extent - true) <= TOLERANCE * true))
        return verdicts

    def network(self) -> nn.Module:
        """Return a new network: filters in space and time, their envelopes, two layers on them."""
        n_chans = self.signal(np.random.default_rng(0), 0).shape[0]
        n_mixed = min(n_chans, 4)
        return nn.Sequential(
            nn.Conv1d(n_chans, n_mixed, 1),
            nn.Conv1d(n_mixed, 16, 65, padding=32),
            nn.BatchNorm1d(16),
            nn.ReLU(),
            nn.AvgPool1d(8),
            nn.Flatten(),
            nn.Linear(16 * N_TIMES // 8, 64),
            nn.ReLU(),
            nn.Linear(64, self.n_classes),
        )


def _event(latency: float, freq: float = 0.0, size: float = 2.0) -> np.ndarray:
    """Return a bump of 0.1 s, or a burst of that length where a frequency is given (Hz)."""
    since = (TIMES - latency + 2) % 4 - 2
    return size * np.exp(-((since / 0.1) ** 2) / 2) * np.cos(2 * np.pi * freq * since)


def _rhythm(freq: float, phase: float) -> np.ndarray:
    return np.sin(2 * np.pi * freq * TIMES + phase)


def _phase(generator: np.random.Generator) -> float:
    return generator.uniform(0, 2 * np.pi)


def _bits(label: int, n: int) -> list[int]:
    return [(label >> bit) & 1 for bit in range(n)]


def _on_side(x: np.ndarray, side: int) -> np.ndarray:
    """Put a signal on the left (0) or the right channel (1), nothing on the other."""
    return np.stack([x, 0 * x] if side == 0 else [0 * x, x])


def _frequency(generator: np.random.Generator, label: int) -> np.ndarray:
    return _rhythm(3 + 1.5 * label + generator.uniform(-0.25, 0.25), _phase(generator))[None]


def _latency(generator: np.random.Generator, label: int) -> np.ndarray:
    return _event(1.1 + 0.6 * label + generator.uniform(-0.1, 0.1))[None]


def _latency_of_either_polarity(generator: np.random.Generator, label: int) -> np.ndarray:
    return _latency(generator, label) * generator.choice([-1, 1])


def _polarity(generator: np.random.Generator, label: int) -> np.ndarray:
    return _latency(generator, label // 2) * (1 - 2 * (label % 2))


def _one_channel(generator: np.random.Generator, label: int) -> np.ndarray:
    return _on_side(_latency(generator, label)[0], 0)


def _waveform(generator: np.random.Generator, label: int) -> np.ndarray:
    """Return a rhythm whose harmonic has one of four phases, 0.3 rad apart."""
    return (_rhythm(4, 0) + _rhythm(8, 0.3 * label))[None]


def _topography(generator: np.random.Generator, label: int) -> np.ndarray:
    """Return a rhythm that is largest at one of eight places around the head, 45 degrees apart."""
    angle = np.deg2rad(45 * label + generator.uniform(-7.5, 7.5))
    place = np.array([np.cos(angle), np.sin(angle), 0.2])
    away = np.arccos(np.clip(SENSORS @ place / np.linalg.norm(place), -1, 1))
    return np.exp(-((away / 0.5) ** 2))[:, None] * _rhythm(8, _phase(generator))


def _amplitude(generator: np.random.Generator, label: int) -> np.ndarray:
    """Return a rhythm and noise, both of one of two amplitudes, one five times the other."""
    x = _rhythm(8, _phase(generator)) + 0.2 * generator.standard_normal(N_TIMES)
    return 5 ** (label - 0.5) * generator.uniform(0.75, 1.25) * x[None]


def _two_true(generator: np.random.Generator, label: int) -> np.ndarray:
    late, fast, side = _bits(label, 3)
    latency = 1.7 + 0.6 * late + generator.uniform(-0.1, 0.1)
    freq = 4 + 1.5 * fast + generator.uniform(-0.25, 0.25)
    return _on_side(_event(latency, freq=20, size=3) + _rhythm(freq, _phase(generator)), side)


def _none_true(generator: np.random.Generator, label: int) -> np.ndarray:
    late, fast, flipped, side = _bits(label, 4)
    x = _event(2 + 0.1 * late, freq=8) + _rhythm(4 + 0.25 * fast, 0)
    return _on_side(x if not flipped else -x, side)


def _chance() -> Strength:
    return Strength(0.1, unit="probability")


def _at(value: float, unit: str) -> Strength:
    return Strength(value, high=value, unit=unit, learnable=False)


def _frequency_shift() -> Transform:
    return FrequencyShift(SFREQ)


def _time_shift() -> Transform:
    return TimeShift(SFREQ)


def _drop(channel: int) -> Callable[[], Transform]:
    return lambda: ChannelDropout(channel)


def _symmetry() -> Transform:
    return ChannelsSymmetry(mirrored=[1, 0])


def _shuffle() -> Transform:
    """Return a shuffle of all channels, with a chance."""
    return ChannelsShuffle(_at(1.0, "probability"), p=_chance())


def _drowning_noise() -> Transform:
    """Return noise in which the signal drowns, with a chance."""
    return GaussianNoise(_at(5.0, "unit of the signal"), p=_chance())


def _drowning_band() -> Transform:
    """Return noise from 1 to 30 Hz in which the signal drowns, with a chance."""
    return BandNoise(SFREQ, 1.0, 30.0, _at(5.0, "unit of the signal"), p=_chance())


def _ring() -> np.ndarray:
    """Return 16 places around the head, alternately on the equator and above it."""
    azimuth = np.arange(16) * 2 * np.pi / 16
    elevation = np.where(np.arange(16) % 2, 0.35, 0.0)
    across = np.cos(elevation)
    return np.stack([np.cos(azimuth) * across, np.sin(azimuth) * across, np.sin(elevation)], 1)


#: Places of the sensors on the unit sphere.
SENSORS = _ring()

#: Name -> task, in the order of the page.
TASKS: dict[str, Task] = {
    "frequency shift ±0.5 Hz": Task(
        _frequency, 4, ((_frequency_shift, 0.5), (SignFlip, END), (_time_shift, END))
    ),
    "time shift ±0.2 s": Task(_latency, 4, ((_time_shift, 0.2), (SignFlip, END), (TimeReverse, 0))),
    "polarity irrelevant": Task(
        _latency_of_either_polarity,
        4,
        ((SignFlip, END), (_time_shift, 0.2), (TimeReverse, 0)),
    ),
    "polarity is the class": Task(
        _polarity, 8, ((SignFlip, 0), (_time_shift, 0.2), (TimeReverse, 0))
    ),
    "a redundant channel": Task(_one_channel, 4, ((_drop(1), END), (_time_shift, 0.2))),
    "the class in one channel": Task(_one_channel, 4, ((_drop(0), 0), (_time_shift, 0.2))),
    "phase irrelevant": Task(
        _frequency, 4, ((FTSurrogate, END), (SignFlip, END), (_time_shift, END))
    ),
    "waveform is the class": Task(_waveform, 4, ((FTSurrogate, 0),)),
    "sensor rotation ±15°": Task(
        _topography,
        8,
        (
            (lambda: SensorsZRotation(SENSORS * 0.09), 15.0),
            (SignFlip, END),
            (_time_shift, END),
        ),
    ),
    "amplitude ±50 %": Task(
        _amplitude, 2, ((AmplitudeScale, 0.5), (SignFlip, END), (_time_shift, END)), noise=0.0
    ),
    "two true of eight": Task(
        _two_true,
        8,
        (
            (_time_shift, 0.2),
            (_frequency_shift, 0.5),
            (TimeReverse, 0),
            (_symmetry, 0),
            (_shuffle, 0),
            (ChannelsDropout, 0),
            (_drowning_noise, 0),
            (_drowning_band, 0),
        ),
    ),
    "none true of eight": Task(
        _none_true,
        16,
        (
            (_time_shift, 0),
            (_frequency_shift, 0),
            (SignFlip, 0),
            (_symmetry, 0),
            (_shuffle, 0),
            (ChannelsDropout, 0),
            (_drowning_noise, 0),
            (_drowning_band, 0),
        ),
    ),
}
