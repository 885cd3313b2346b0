"""The table of all transforms, and of a minimal one for each form that none has yet."""

from __future__ import annotations

import torch

from eegaug import (
    AdditiveTransform,
    Chance,
    ChannelsDropout,
    FrequencyShift,
    FTSurrogate,
    MixingTransform,
    ReversalTransform,
    SignFlip,
    Strength,
    TimeShift,
    as_strength,
)

SFREQ = 100.0


class Noise(AdditiveTransform):
    """A user's transform: white noise."""

    def __init__(self, std=0.3, *, p=1.0):
        super().__init__(p=p)
        self.std = as_strength("std", std, unit="unit of the signal")

    def noise(self, x, generator=None):
        return torch.randn(x.shape, dtype=x.dtype, device=x.device, generator=generator)

    def term(self, x, noise):
        return self.std() * noise


class Leak(MixingTransform):
    """A user's transform: each channel takes in some of its neighbour."""

    def __init__(self, amount=0.3, *, p=1.0):
        super().__init__(p=p)
        self.amount = as_strength("amount", amount, unit="fraction")

    def noise(self, x, generator=None):
        return torch.rand(len(x), dtype=x.dtype, device=x.device, generator=generator)

    def matrix(self, x, noise):
        eye = torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
        share = (self.amount() * noise)[:, None, None]
        return (1 - share) * eye + share * eye.roll(1, 0)


class Reverse(ReversalTransform):
    """A user's transform: time reversed."""

    def __init__(self, p=0.5):
        super().__init__(p=Chance(p))


def learnable_p(value=0.4):
    return Strength(value, unit="probability")


#: Name -> a function that builds the transform at a strength inside of its range.
TRANSFORMS = {
    "TimeShift": lambda: TimeShift(SFREQ, 0.2),
    "FrequencyShift": lambda: FrequencyShift(SFREQ, 1.5),
    "FrequencyShift, learnable p": lambda: FrequencyShift(SFREQ, 1.5, p=learnable_p()),
    "FTSurrogate": lambda: FTSurrogate(0.4),
    "FTSurrogate, channel_indep": lambda: FTSurrogate(0.4, channel_indep=True),
    "SignFlip": lambda: SignFlip(0.4),
    "ChannelsDropout": lambda: ChannelsDropout(0.3),
    "ChannelsDropout, learnable p": lambda: ChannelsDropout(0.3, p=learnable_p()),
    "additive": lambda: Noise(0.3),
    "mixing": lambda: Leak(0.3),
    "reversal": lambda: Reverse(0.4),
}
#: Those that map a whole batch smoothly in their strengths; others choose, and their gradient
#: is an estimate of the mean's.
SMOOTH = {
    "TimeShift": "max_shift",
    "FrequencyShift": "max_delta_freq",
    "FrequencyShift, learnable p": "max_delta_freq",
    "FTSurrogate": "phase_noise_magnitude",
    "FTSurrogate, channel_indep": "phase_noise_magnitude",
    "additive": "std",
    "mixing": "amount",
}
