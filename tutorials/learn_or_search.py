"""
Learning against searching
==========================

The usual way to set the strength of an augmentation is a grid: train with each of several values,
and take the one that validates best. What does that cost for *one* strength, and what does it
find? And what if there are three? Here the same task is solved by a grid search, by scikit-learn's
own, and by learning; the truth is known.
"""

# %%
# The task
# --------
#
# Four rhythms, 4 to 10 Hz, each of which varies by up to half a hertz from trial to trial; phase
# and polarity mean nothing. Little data: 160 trials to train on.

import time

import numpy as np
import torch
from torch import nn

SFREQ, TRUE = 64, 0.5


def simulate(n, seed):
    """Return trials of (1, 192) samples, and which rhythm each has."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 4
    t = np.arange(3 * SFREQ) / SFREQ
    freqs = 4.0 + 2.0 * y + rng.uniform(-TRUE, TRUE, n)
    x = np.sin(2 * np.pi * (freqs[:, None] * t + rng.uniform(size=(n, 1))))
    return (x + rng.standard_normal(x.shape)).astype(np.float32)[:, None], y


X, y = simulate(160, seed=0)
X_test, y_test = simulate(1000, seed=1)


def build_network():
    """Return a small network, with the same first parameters each time."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(1, 12, 48, padding=24),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(12, 4),
    )


# %%
# Searching one strength
# ----------------------
#
# A frozen :class:`~eegaug.FrequencyShift` in front of the network is an augmentation as ever. Its
# strength is a parameter of scikit-learn's grid: six values, four folds, 24 trainings, and one
# more with the best.

from sklearn.model_selection import GridSearchCV

import eegaug
from eegaug import Compose, FrequencyShift, InvariantModel, SignFlip, Strength, TimeShift
from eegaug.integrations.braindecode import EEGClassifier

settings = {
    "criterion": nn.CrossEntropyLoss,
    "optimizer": torch.optim.Adam,
    "optimizer__lr": 3e-3,
    "batch_size": 32,
    "max_epochs": 60,
    "train_split": None,
    "classes": [0, 1, 2, 3],
    "verbose": 0,
}


class Fixed(InvariantModel):
    """The network behind a frequency shift that is fixed."""

    def __init__(self, hertz):
        strength = Strength(hertz, high=5.0, unit="Hz", learnable=False)
        super().__init__(build_network(), FrequencyShift(SFREQ, strength))


from skorch import NeuralNetClassifier

grid = [0.0, 0.25, 0.5, 1.0, 2.0, 4.0]
began = time.perf_counter()
search = GridSearchCV(
    NeuralNetClassifier(Fixed, module__hertz=0.0, **settings),
    {"module__hertz": grid},
    cv=4,
    scoring="accuracy",
)
search.fit(X, y)
seconds = {"grid search": time.perf_counter() - began}
print(f"best on the grid: {search.best_params_['module__hertz']} Hz; the truth: {TRUE} Hz")

# %%
# What it costs to search three strengths, six values each? 216 points. So nobody does.
#
# Learning three
# --------------
#
# One training, with three candidates:

chain = eegaug.narrow(Compose([FrequencyShift(SFREQ), TimeShift(SFREQ), SignFlip()]))
began = time.perf_counter()
net = EEGClassifier(
    InvariantModel(build_network(), chain),
    optimizer__param_groups=[("augmentation*", {"lr": 1e-2})],
    **settings,
)
net.fit(X, y)
seconds["learning"] = time.perf_counter() - began
for layer in eegaug.describe(net.module_):
    print(layer["transforms"][0]["name"], layer["transforms"][0]["strengths"])

# %%
# Side by side
# ------------

import pandas as pd

none = NeuralNetClassifier(build_network(), **settings)
began = time.perf_counter()
none.fit(X, y)
seconds["no augmentation"] = time.perf_counter() - began
table = pd.DataFrame(
    {
        "seconds": seconds,
        "trainings": {"grid search": 25, "learning": 1, "no augmentation": 1},
        "strengths": {"grid search": 1, "learning": 3, "no augmentation": 0},
        "test accuracy": {
            "grid search": search.score(X_test, y_test),
            "learning": net.score(X_test, y_test),
            "no augmentation": none.score(X_test, y_test),
        },
    }
)
print(table.round(3).to_string())

# %%
# How it got there: the score of each point of the grid, and the strength that was learned over
# epochs.

import matplotlib.pyplot as plt

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
left.errorbar(
    grid,
    search.cv_results_["mean_test_score"],
    search.cv_results_["std_test_score"],
    marker="o",
    capsize=2,
)
left.axvline(TRUE, color="0.4", linestyle=":")
left.set(xlabel="max_delta_freq (Hz)", ylabel="accuracy, four folds", title="searched")
key = "layer 1 FrequencyShift max_delta_freq (Hz)"
right.plot(net.history[:, "epoch"], net.history[:, key])
right.axhline(TRUE, color="0.4", linestyle=":")
right.set(xlabel="epoch", ylabel="max_delta_freq (Hz)", title="learned")
