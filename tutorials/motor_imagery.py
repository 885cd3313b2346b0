"""
Motor imagery with 64 channels
==============================

Which fist does someone imagine to clench? The answer lies in *where* a rhythm falls: over the left
or over the right motor cortex. Does it matter how the cap sits, which channels fail, which way
around the electrodes are? Candidates that act on the montage tell: rotations of the sensors,
dropped channels, polarity, and the exchange of left and right, which here **is** the class.
"""

# %%
# Recordings
# ----------
#
# Simulated: six people whose caps are turned by a few degrees about each axis, annotated as the
# EEG Motor Movement/Imagery Dataset is (T1 left fist, T2 right fist).

from pathlib import Path

import mne

from eegaug.recordings import Recording, simulate_motor_imagery


def read_motor_imagery(folder):
    """Read the files of the EEG Motor Movement/Imagery Dataset that lie in a folder."""
    recordings = []
    for path in sorted(Path(folder).glob("S*R*.edf")):
        raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
        mne.datasets.eegbci.standardize(raw)  # "Fc5." is FC5
        raw.set_montage("spherical_1005")
        recordings.append(Recording(path.name, path.name[:4], raw))
    return recordings


recordings = simulate_motor_imagery(n_people=6, n_trials=40)

# %%
# **For the real thing, change that line** to ``recordings = read_motor_imagery("my/folder")``;
# :func:`mne.datasets.eegbci.load_data` downloads it.
#
# Windows of 3 s from half a second after the cue, between 4 and 38 Hz, scaled by recording:

import numpy as np


def cut(recording):
    """Return windows of a recording, scaled to unit variance, and their fists."""
    raw = recording.raw.copy().filter(4.0, 38.0, verbose="error").resample(100.0, verbose="error")
    events, _ = mne.events_from_annotations(raw, {"T1": 0, "T2": 1}, verbose="error")
    epochs = mne.Epochs(
        raw, events, tmin=0.5, tmax=3.49, baseline=None, preload=True, verbose="error"
    )
    X = epochs.get_data()
    return (X / X.std()).astype(np.float32), epochs.events[:, 2].astype(np.int64), epochs.info


X, y, infos = zip(*map(cut, recordings), strict=True)
info = infos[0]
persons = np.repeat([recording.person for recording in recordings], [len(each) for each in y])
X, y = np.concatenate(X), np.concatenate(y)
print(f"{len(X)} windows of {len(set(persons))} people, X of shape {X.shape}")

# %%
# What a rotation does
# --------------------
#
# :class:`~eegaug.SensorsZRotation` turns the cap about the upright axis, and asks splines on the
# sphere what the electrodes would then record. Here one window, turned by up to 30 degrees:

import torch

from eegaug import SensorsZRotation
from eegaug.plots import plot_topography

torch.manual_seed(0)
rotation = SensorsZRotation.from_info(info, max_degrees=30.0)
window = torch.as_tensor(X[:1])
draws = rotation(window.expand(16, -1, -1)).detach()
farthest = (draws - window).square().mean((1, 2)).argmax()
plot_topography(window[0], draws[farthest], info, unit="standard deviations")

# %%
# Train, with the candidates in front
# -----------------------------------
#
# The last two people are left out for the test.

import braindecode
from braindecode.models import ShallowFBCSPNet

from eegaug import (
    ChannelsDropout,
    ChannelsSymmetry,
    Compose,
    InvariantModel,
    SensorsXRotation,
    SensorsYRotation,
    SignFlip,
    narrow,
)
from eegaug.integrations.braindecode import EEGClassifier
from eegaug.integrations.skorch import TrainingProgress

test = np.isin(persons, np.unique(persons)[-2:])
chain = Compose(
    [
        SensorsXRotation.from_info(info),
        SensorsYRotation.from_info(info),
        SensorsZRotation.from_info(info),
        ChannelsDropout(),
        ChannelsSymmetry.from_info(info),
        SignFlip(),
    ]
)
settings = {
    "optimizer": torch.optim.Adam,
    "optimizer__lr": 1e-3,
    "train_split": None,
    "batch_size": 32,
    "max_epochs": 40,
    "classes": [0, 1],
    "device": "cuda" if torch.cuda.is_available() else "cpu",
    "callbacks": [("progress", TrainingProgress())],
    "verbose": 0,
}


def build_network():
    """Return the network, with the same first parameters each time."""
    torch.manual_seed(0)
    return ShallowFBCSPNet(n_chans=X.shape[1], n_outputs=2, n_times=X.shape[2], sfreq=100)


plain = braindecode.EEGClassifier(build_network(), **settings)
plain.fit(X[~test], y[~test])

net = EEGClassifier(
    InvariantModel(build_network(), narrow(chain)),
    optimizer__param_groups=[("augmentation*", {"lr": 1e-2})],
    **settings,
)
net.fit(X[~test], y[~test])

for name, each in {"without": plain, "learned": net}.items():
    print(f"accuracy on those left out, {name}: {each.score(X[test], y[test]):.2f}")

# %%
# What was learned
# ----------------

from eegaug import describe, identifiability
from eegaug.plots import plot_strengths

layers = describe(net.module_)
plot_strengths(net.history, layers)

# %%
# The exchange of left and right should be *ruled out*: it turns one class into the other. That a
# rotation by 20 degrees is borne does not say that caps sit so askew; it says that this network can
# afford to be robust to it. *Not determined* says that these people, too few, do not tell.

x_test = torch.as_tensor(X[test], device=net.device)
y_test = torch.as_tensor(y[test], device=net.device)
for profile in identifiability(net.module_, net.criterion_, x_test, y_test):
    print(f"{profile.transform:18} {profile.value:6.3g} {profile.unit:12} {profile.verdict}")
