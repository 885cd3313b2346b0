"""
Sequences of epochs
===================

A scorer looks at what came before and after. So do networks that take a sequence of windows: some
predict the stage of the middle one, some of every one. A sequence is part of one recording, and an
augmentation should treat it so: a misplaced cap is misplaced in all windows. In
eegaug, signals of shape (batch, windows, channels, times) get **one draw per sequence**.
"""

# %%
# Windows as braindecode has them
# -------------------------------
#
# Simulated nights of six subjects; for your own, change that line as in
# :ref:`sphx_glr_tutorials_sleep_staging.py`. All else is braindecode: a data set of recordings,
# which are filtered, resampled, scaled from volts to units near one, and cut into windows of 30 s
# by their annotations.

import mne
from braindecode.datasets import BaseConcatDataset, RawDataset
from braindecode.preprocessing import Preprocessor, create_windows_from_events, preprocess
from sklearn.preprocessing import scale

from eegaug import recordings

nights = recordings.simulate_nights(n_subjects=6, hours=0.5)

SFREQ = 100
STAGES = {
    "Sleep stage W": 0,
    "Sleep stage 1": 1,
    "Sleep stage 2": 2,
    "Sleep stage 3": 3,
    "Sleep stage 4": 3,  # N3, since 2007
    "Sleep stage R": 4,
}
mne.set_log_level("error")

dataset = BaseConcatDataset(
    [RawDataset(night.raw.load_data(), {"subject": night.subject}) for night in nights]
)
preprocess(
    dataset,
    [
        Preprocessor("pick", picks="eeg", apply_on_array=False),
        Preprocessor("filter", l_freq=0.3, h_freq=30.0, apply_on_array=False),
        Preprocessor("resample", sfreq=SFREQ, apply_on_array=False),
        Preprocessor(scale, axis=1),  # each channel to unit variance
    ],
)
windows = create_windows_from_events(
    dataset,
    window_size_samples=30 * SFREQ,
    window_stride_samples=30 * SFREQ,
    mapping=STAGES,
    on_last_window="drop",
    preload=True,
)
n_chans, n_times = windows[0][0].shape
print(f"{len(windows)} windows of shape {(n_chans, n_times)}")

# %%
# The last two subjects are for validation.

subjects = windows.description["subject"]
held_out = subjects.isin(subjects.unique()[-2:])
parts = windows.split(
    {
        "train": held_out.index[~held_out].tolist(),
        "valid": held_out.index[held_out].tolist(),
    }
)

# %%
# The stage of the middle window
# ------------------------------
#
# :class:`~braindecode.samplers.SequenceSampler` draws sequences of five windows, and
# :class:`~braindecode.modules.TimeDistributed` takes the features of each by the same trunk. The
# target is the stage of the middle one.

import numpy as np
import torch
from braindecode.models import SleepStagerChambon2018
from braindecode.modules import TimeDistributed
from braindecode.samplers import SequenceSampler
from skorch.helper import predefined_split
from torch import nn

from eegaug import (
    Compose,
    FrequencyShift,
    InvariantModel,
    SignFlip,
    TimeShift,
    init_strengths,
    summary,
)
from eegaug.integrations.braindecode import EEGClassifier
from eegaug.integrations.skorch import TrainingProgress

N_WINDOWS = 5


def sampler(part, stride, randomize=False):
    """Return a sampler of sequences that start every ``stride`` windows."""
    return SequenceSampler(part.get_metadata(), N_WINDOWS, stride, randomize, random_state=0)


def build_model(network):
    """Return a network behind three candidates, each at 2 % of its range."""
    chain = init_strengths(Compose([SignFlip(), TimeShift(SFREQ), FrequencyShift(SFREQ)]))
    return InvariantModel(network, chain)


settings = {
    "criterion": nn.CrossEntropyLoss,
    "optimizer": torch.optim.Adam,
    "optimizer__lr": 1e-3,
    "optimizer__param_groups": [("augmentation*", {"lr": 1e-2})],
    "iterator_train__sampler": sampler(parts["train"], stride=1, randomize=True),
    "iterator_train__shuffle": False,  # the sampler does
    "iterator_valid__sampler": sampler(parts["valid"], stride=1),
    "train_split": predefined_split(parts["valid"]),
    "callbacks__valid_acc": None,  # needs one label per sequence
    "batch_size": 32,
    "max_epochs": 6,
    "classes": list(range(5)),
    "callbacks": [("progress", TrainingProgress())],
    "verbose": 0,
}


@torch.no_grad()
def print_result(net):
    """Print the accuracy on subjects who were not trained on, and the strengths."""
    right = [
        (net.infer(x).argmax(1) == y).float().mean().item()
        for x, y in net.get_iterator(parts["valid"])
    ]
    print(f"accuracy {np.mean(right):.2f}")
    print(summary(net.module_))


for part in parts.values():
    part.target_transform = lambda stages: stages[N_WINDOWS // 2]

torch.manual_seed(0)
trunk = SleepStagerChambon2018(
    n_chans=n_chans, sfreq=SFREQ, n_times=n_times, n_outputs=5, return_feats=True
)
network = nn.Sequential(TimeDistributed(trunk), nn.Flatten(), nn.Dropout(0.5), nn.LazyLinear(5))
network(torch.zeros(2, N_WINDOWS, n_chans, n_times))  # the lazy layer counts its inputs
net = EEGClassifier(build_model(network), **settings)
net.fit(parts["train"], y=None)
print_result(net)

# %%
# One draw per sequence
# ---------------------
#
# All five windows of a sequence were shifted, flipped and moved in frequency alike. To see it:
# five equal windows stay equal.

shift = FrequencyShift(SFREQ, max_delta_freq=2.0)
five = torch.as_tensor(windows[0][0]).expand(1, N_WINDOWS, n_chans, n_times)
shifted = shift(five)
print("alike:", torch.equal(shifted[:, 0], shifted[:, 4]), "| changed:", not shifted.equal(five))

# %%
# The stage of every window: U-Sleep
# ----------------------------------
#
# :class:`~braindecode.models.USleep` reads the sequence as one long signal and predicts all five
# stages: outputs (batch, classes, windows), targets (batch, windows). Nothing else changes.

from braindecode.models import USleep

for part in parts.values():
    part.target_transform = None

torch.manual_seed(0)
network = USleep(n_chans=n_chans, sfreq=SFREQ, n_times=n_times, n_outputs=5, depth=6)
settings.update(
    iterator_train__sampler=sampler(parts["train"], stride=N_WINDOWS, randomize=True),
    batch_size=8,
    max_epochs=14,
)
net = EEGClassifier(build_model(network), **settings)
net.fit(parts["train"], y=None)
print_result(net)

# %%
# How far the candidates came in these few epochs:

from eegaug import learned_strengths
from eegaug.plots import plot_strengths

plot_strengths(learned_strengths(net.module_, net.history))

# %%
# Labels for each sample
# ----------------------
#
# Where a target has a label for each sample - spindles, K-complexes, artefacts - it has to move
# with the signal. A transform that moves time moves dense labels too, to the nearest sample:

x = torch.zeros(1, 1, 1000)
labels = torch.zeros(1, 1000, dtype=torch.long)
x[..., 300:350], labels[..., 300:350] = 1.0, 1

moved, moved_labels = TimeShift(SFREQ, max_shift=2.0)(x, labels)
event = moved[0, 0] > 0.5
onset, by_label = int(event.nonzero()[0]), int(moved_labels.argmax())
print(f"onset before: 300, after: {onset}, by its label: {by_label}")

# %%
# For a model whose outputs are dense, ``InvariantModel(..., equivariant=True)`` does the converse:
# it moves the *outputs* back before copies are averaged, see :doc:`/guide/equivariance`.
