"""
Reading the answer
==================

A strength was learned: 0.5 Hz. Should you believe it? A value may be bounded by the data, may be
free, may be one of several that do as well, or may be an accident of the seed. eegaug tests all of
this on a trained model. This page shows how to read the results, also where the answer is *no*.
"""

# %%
# A task with a known truth
# -------------------------
#
# Two channels, three classes: a rhythm of 6 Hz in the first channel, one of 8.5 Hz, or none.
# Rhythms vary by up to half a hertz from trial to trial. The second channel has noise only.
# Polarity means nothing, and so does time.

import torch
from torch import nn

from eegaug import (
    AmplitudeScale,
    ChannelsDropout,
    Compose,
    FrequencyShift,
    InvarianceObjective,
    InvariantModel,
    SignFlip,
    Strength,
    TimeShift,
    identifiability,
    init_strengths,
    learned_strengths,
)

SFREQ = 64


def simulate(n, seed):
    """Return trials (n, 2, 192) and their classes."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 3
    t = torch.arange(3 * SFREQ) / SFREQ
    freqs = 6.0 + 2.5 * y + torch.rand(n, generator=generator) - 0.5
    phases = 2 * torch.pi * torch.rand(n, 1, generator=generator)
    x = 0.8 * torch.randn(n, 2, len(t), generator=generator)
    x[:, 0] += (y < 2)[:, None] * torch.sin(2 * torch.pi * freqs[:, None] * t + phases)
    return x, y


def train(seed, chain=None):
    """Train on 768 trials."""
    x, y = simulate(768, seed)
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Conv1d(2, 8, 49, padding=24),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(8, 3),
    )
    chain = chain or Compose(
        [
            FrequencyShift(SFREQ),
            TimeShift(SFREQ),
            SignFlip(),
            AmplitudeScale(),
            ChannelsDropout(),
        ]
    )
    model = InvariantModel(network, init_strengths(chain))
    objective = InvarianceObjective(model, nn.CrossEntropyLoss())
    optimizer = torch.optim.Adam(
        [
            {"params": model.model.parameters(), "lr": 3e-3},
            {"params": model.augmentation.parameters(), "lr": 1e-2},
        ]
    )
    for _ in range(40):
        for index in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            objective(x[index], y[index]).backward()
            optimizer.step()
    return model


model = train(seed=0)

# %%
# What do the data determine?
# ---------------------------
#
# :func:`~eegaug.identifiability` varies one strength at a time, on trials that were not trained
# on. It returns one profile per strength, with the strength's record and one of these verdicts:
#
# *bounded*
#   Reaching half as far again costs loss. The value is an answer.
# *free*
#   The strength is at the end of its range, or a flip near one half, at no cost: an invariance.
# *ruled out*
#   It is near zero, and a little of it would cost loss.
# *not determined*
#   It could be larger at no measurable cost. The value depends on when the training ended.
# *too wide*
#   Half of it would save more loss than the width is worth.

from eegaug.plots import plot_profiles

x, y = simulate(1000, seed=1000)
profiles = identifiability(model, nn.CrossEntropyLoss(), x, y)
for profile in profiles:
    record = profile.strength
    print(f"{record.transform:16} {record.value:6.3g} {record.unit:12} {profile.verdict}")
    print(f"    {profile.reason}")
plot_profiles(profiles)

# %%
# The time shift is at the end of its range. With fewer epochs it would stop short of it, and be
# *not determined*: the rest of the range would cost nothing either.
#
# Do restarts agree?
# ------------------
#
# Train again with other seeds of data, network and draws. What agrees is a property of the data;
# what does not agree should not be reported. ``eegaug learn --restarts 2`` trains again by itself.

import pandas as pd


def values(model):
    """Return the strengths by name."""
    return {
        f"{record.transform} ({record.unit})": record.value for record in learned_strengths(model)
    }


restarts = {f"seed {seed}": train(seed) if seed else model for seed in (0, 1, 2)}
print(pd.DataFrame({name: values(each) for name, each in restarts.items()}).round(3).to_string())

# %%
# They agree: the same candidates are used in all three, and each value is within a fifth of the
# others. The shift in frequency is wider than the half hertz by which trials differ. It ends where
# the two rhythms, 2.5 Hz apart, begin to be confused: a strength is how much this network tolerates
# in this task, which is not always how much the data vary.

# %%
# Did the model become invariant?
# -------------------------------
#
# A strength is what the network was trained with. :func:`~eegaug.invariance` measures its outputs:
# 1 where a transform leaves them as they are, 0 where it changes them as much as another trial
# would. The curve over strengths shows how far the invariance reaches, with and without learning,
# as the median over trials and, shaded, the middle half of them.

from eegaug.plots import plot_invariance

baseline = train(seed=0, chain=SignFlip())  # polarity alone
plot_invariance(
    {"learned": model.model, "without shifts": baseline.model},
    x[:400],
    FrequencyShift(SFREQ, Strength(0.5, high=2.5, unit="Hz")),
    n_values=11,
)

# %%
# Within the learned strength the outputs stay as they are. Beyond it, those of the network that
# was trained with shifts give way later, though not by much: with filters this long, and an average
# over time, it is robust by itself.
#
# Is it the same for every class?
# -------------------------------
#
# One strength serves all classes, and the most sensitive class bounds it. The verdicts for each
# class by itself:

names = {0: "6 Hz", 1: "8.5 Hz", 2: "no rhythm"}
table = {}
for label, name in names.items():
    of_class = y == label
    found = identifiability(model, nn.CrossEntropyLoss(), x[of_class], y[of_class])
    table[name] = {profile.strength.transform: profile.verdict for profile in found}
print(pd.DataFrame(table).to_string())

# %%
# Trials without a rhythm set no bound on the frequency shift; the two other classes do. Where
# classes differ as here, a strength is too small for some of them. If those are the ones with few
# trials, a transform that is applied to them alone may be worth a try.

# %%
# What to do about it
# -------------------
#
# - A verdict of *not determined*: leave that value out of the paper.
# - *Too wide*, or restarts that differ: report the range over restarts, not one value.
# - A strength at the end of its range: give it a wider one, ``Strength(0.1, high=10, unit="Hz")``.
# - Few trials, which the network memorises: it then resists nothing, and strengths reach too far.
#   Look at profiles on trials that were *not* trained on, as above.
# - An augmentation that lowers the score on new subjects: they differ in other ways than those that
#   were learned.
