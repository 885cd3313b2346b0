"""
From a raw recording to windows with MNE
========================================

eegaug takes arrays, and MNE makes them. This page goes from a continuous recording with a bad
channel to windows of shape (channels, times). Some transforms need to know the channels:
``from_info`` reads sampling rate, names and positions from MNE's ``info``.
"""

# %%
# A recording
# -----------
#
# Two minutes of simulated EEG, with 64 channels. For your own file, change the line to
# ``raw = mne.io.read_raw("my.edf", preload=True)``, and the names in capitals to yours: a channel
# that is bad, and the annotations to cut windows from.

import mne

from eegaug.recordings import simulate_motor_imagery

raw = simulate_motor_imagery(n_subjects=1, n_trials=16)[0].raw
BAD = ["T7"]
EVENTS = {"T1": "left fist", "T2": "right fist"}

print(raw)
print(raw.annotations.count())

# %%
# Channels: types, positions, bad ones
# ------------------------------------
#
# Transforms change all channels that they get, so pick the EEG first. EDF files do not state which
# channels are EEG; set the types with ``raw.set_channel_types({"EOG": "eog"})``. Positions come
# from a montage. The simulated recording has one, a file from a clinic rarely does. A montage has
# the names of the 10-05 system, such as C3 and not "EEG C3-REF": ``raw.rename_channels`` changes
# names, and ``mne.datasets.eegbci.standardize(raw)`` those of the EEG Motor Movement/Imagery
# Dataset.

raw.pick("eeg")
if raw.get_montage() is None:
    raw.set_montage("spherical_1005", match_case=False)
raw.info["bads"] = BAD  # found by eye, or by your own check
raw.interpolate_bads()  # a network needs the same channels of all subjects

# %%
# Filtering, before windows are cut
# ---------------------------------
#
# Filter the continuous signal, so that no window has edge artefacts, and resample afterwards.

raw.filter(4.0, 38.0, verbose="error")
raw.resample(100.0, verbose="error")

# %%
# Windows
# -------
#
# Annotations become events, and events windows. Flat windows and those with huge jumps are
# dropped, and MNE says how many.

codes = {label: code for code, label in enumerate(EVENTS)}
events, _ = mne.events_from_annotations(raw, codes, verbose="error")
epochs = mne.Epochs(
    raw,
    events,
    {EVENTS[label]: code for label, code in codes.items()},
    tmin=0.5,
    tmax=3.5 - 1 / raw.info["sfreq"],
    baseline=None,
    reject={"eeg": 500e-6},
    flat={"eeg": 0.1e-6},
    preload=True,
    verbose="error",
)
print(epochs)

# %%
# MNE has volts. Networks, and the amplitudes of :class:`~eegaug.GaussianNoise` and other noise,
# expect values near one: divide by one number for the whole data set, or scale each channel.

import numpy as np
import torch

X = epochs.get_data()
X = torch.as_tensor((X / X.std()).astype(np.float32))
y = torch.as_tensor(epochs.events[:, 2])
print(X.shape, f"{len(y)} labels")

# %%
# What the transforms read from ``info``
# --------------------------------------

from eegaug import (
    BandNoise,
    ChannelsInterpolation,
    ChannelsSymmetry,
    EOGNoise,
    FrequencyShift,
    SensorsZRotation,
)

info = epochs.info
shift = FrequencyShift.from_info(info)  # the sampling rate
symmetry = ChannelsSymmetry.from_info(info)  # names: which channel mirrors which
rotation = SensorsZRotation.from_info(info, max_degrees=20.0)  # positions
interpolation = ChannelsInterpolation.from_info(info)
blinks = EOGNoise.from_info(info)
alpha = BandNoise.from_info(info, low=8.0, high=12.0)
for transform in (shift, symmetry, rotation, interpolation, blinks, alpha):
    print(transform)

# %%
# Each is a torch layer, and is called with the batch, with or without labels:

torch.manual_seed(0)
augmented, labels = rotation(X, y)
print(augmented.shape, torch.equal(labels, y))

# %%
# Look before you train
# ---------------------
#
# What does a rotation by up to 20 degrees do to a window? Here are signal and spectrum of the
# channels that change most:

from eegaug.plots import plot_before_after, plot_topography

window = X[0]
draws = rotation(window.expand(8, -1, -1)).detach()  # eight rotations of it
turned = draws[(draws - window).square().mean((1, 2)).argmax()]  # the farthest
some = (turned - window).square().mean(1).topk(4).indices  # channels that change most

plot_before_after(
    window[some],
    turned[some],
    info["sfreq"],
    ch_names=[info["ch_names"][channel] for channel in some],
    seconds=3.0,
)

# %%
# On the scalp, at the instant at which channels differ most:

plot_topography(window, turned, info, unit="standard deviations")

# %%
# From here, :ref:`sphx_glr_tutorials_motor_imagery.py` trains on such windows, and
# :ref:`sphx_glr_tutorials_any_loop.py` trains the model in every engine.
