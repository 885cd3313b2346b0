"""
What does each augmentation do?
===============================

A strength of 0.5 - is that a lot? This page shows the transforms on one window, each at three
strengths, as signal and as spectrum, and those that move sensors on the scalp. Change the window
to one of yours, and see where *your* signal stops being what it was.
"""

# %%
# A window
# --------
#
# Four seconds of simulated sleep, from the window that is richest in spindles, in standard
# deviations. Any array of shape (channels, times) will do.

import matplotlib.pyplot as plt
import torch

from eegaug.recordings import make_windows, simulate_nights

windows = make_windows(simulate_nights(n_people=1, hours=2))
sfreq = windows.info["sfreq"]
spindles = windows.epochs.compute_psd(fmin=11, fmax=16, verbose="error").get_data().mean((1, 2))
window = windows.X[spindles.argmax(), :, :1000] / windows.X.std()

# %%
# Three strengths side by side
# ----------------------------
#
# Of twenty draws, the one that changes the window most is shown in blue; the window itself in
# grey. Time is in seconds, frequency in hertz.

from eegaug.plots import plot_augmentation

ch_names = windows.info["ch_names"]


def show(build, *strengths):
    """Draw a transform at several strengths, one row each."""
    figure, axes = plt.subplots(
        len(strengths),
        2,
        figsize=(9, 1.9 * len(strengths)),
        width_ratios=(2.2, 1),
        layout="constrained",
        squeeze=False,
    )
    for value, row in zip(strengths, axes, strict=True):
        transform = build(value)
        ((name, strength),) = transform.strengths().items()
        title = f"{type(transform).__name__}, {name} = {value:g} {strength.unit}"
        plot_augmentation(
            transform, window, sfreq, axes=row, title=title, seconds=4.0, ch_names=ch_names
        )
    return figure


# %%
# Time
# ^^^^
#
# A shift leaves the spectrum as it is: in grey and blue the same.

from eegaug import SmoothTimeMask, TimeShift, TimeWarp

show(lambda seconds: TimeShift(sfreq, seconds), 0.1, 0.5, 2.0)

# %%
# A warp plays parts of the window faster and slower: frequencies spread, the more the higher they
# are.

show(TimeWarp, 0.1, 0.3, 0.9)

# %%
# A mask hides a stretch, without the step that an edge would put into the spectrum.

show(lambda seconds: SmoothTimeMask(sfreq, seconds), 0.3, 1.0, 2.0)

# %%
# Frequency and phase
# ^^^^^^^^^^^^^^^^^^^
#
# All rhythms move by the same number of hertz: watch the spindle's peak.

from eegaug import BandstopFilter, FrequencyShift, FTSurrogate, PhaseJitter

show(lambda hertz: FrequencyShift(sfreq, hertz), 0.5, 2.0, 5.0)

# %%
# The surrogate keeps the spectrum, and takes the waveform apart: at 1, phases are random.

show(FTSurrogate, 0.1, 0.3, 1.0)

# %%
# A jitter turns all phases alike.

show(PhaseJitter, 20.0, 60.0, 180.0)

# %%
# A notch of random centre: no band may be decisive.

show(lambda hertz: BandstopFilter(sfreq, hertz), 1.0, 3.0, 5.0)

# %%
# Amplitude and noise
# ^^^^^^^^^^^^^^^^^^^

from eegaug import AmplitudeScale, BandNoise, EMGNoise, GaussianNoise

show(AmplitudeScale, 0.1, 0.3, 0.9)

# %%

show(GaussianNoise, 0.1, 0.3, 1.0)

# %%

show(lambda level: BandNoise(sfreq, 8.0, 12.0, level), 0.1, 0.3, 1.0)

# %%

show(lambda level: EMGNoise(sfreq, level), 0.1, 0.3, 1.0)

# %%
# Flips and channels
# ^^^^^^^^^^^^^^^^^^
#
# Their strength is a chance: how often, not how far. So there is one picture each.

from eegaug import ChannelsDropout, ChannelsShuffle, SignFlip, TimeReverse

for transform in (SignFlip(1.0), TimeReverse(1.0), ChannelsDropout(0.5), ChannelsShuffle(1.0)):
    title = type(transform).__name__
    plot_augmentation(transform, window, sfreq, title=title, seconds=4.0, ch_names=ch_names)

# %%
# Sensors
# ^^^^^^^
#
# On 64 channels, a rotation by 10, 20 and 30 degrees about the upright axis, at one instant:

from eegaug import SensorsZRotation
from eegaug.plots import plot_topography
from eegaug.recordings import simulate_motor_imagery

raw = simulate_motor_imagery(n_people=1, n_trials=2)[0].raw.filter(4, 38, verbose="error")
x = torch.as_tensor(raw.get_data()[:, 1000:1400] * 1e6, dtype=torch.float32)
for degrees in (10.0, 20.0, 30.0):
    rotation = SensorsZRotation.from_info(raw.info, max_degrees=degrees)
    gate, _ = rotation.sample(x)
    turned = rotation(x, noise=(gate, torch.ones(1)))  # a draw of 1: the whole strength
    plot_topography(x, turned.detach(), raw.info, unit="µV", titles=("before", f"{degrees:g}°"))

# %%
# The :doc:`catalogue </catalogue>` has all of them, each with its formula. Which of them, and how
# much, your data can bear is what :ref:`sphx_glr_tutorials_sleep_staging.py` learns.
