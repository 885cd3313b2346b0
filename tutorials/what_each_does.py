"""
What does each augmentation do?
===============================

Is a strength of 0.5 a lot? This page shows the transforms on one window, each at three strengths,
as signal and as spectrum, and those that move sensors on the scalp. Replace the window by one of
yours, and see where your signal is no longer what it was.
"""

# %%
# A window
# --------
#
# Four seconds of a simulated subject awake with closed eyes, from the window whose alpha rhythm is
# the clearest, in standard deviations. Any array of shape (channels, times) will do.

import matplotlib.pyplot as plt
import torch

from eegaug.recordings import make_sleep_windows, simulate_nights

windows = make_sleep_windows(simulate_nights(n_subjects=1, hours=2))
sfreq, ch_names = windows.info["sfreq"], windows.info["ch_names"]
spectra = windows.to_epochs().compute_psd(fmin=1, fmax=30, verbose="error")
power, freqs = spectra.get_data(return_freqs=True)
alpha = power[..., (freqs > 8) & (freqs < 12)].sum((1, 2)) / power.sum((1, 2))
window = windows.X[alpha.argmax(), :, :1000] / windows.X[alpha.argmax()].std()

# %%
# Three strengths side by side
# ----------------------------
#
# The window is in grey. In blue is the one of twenty draws that reaches farthest. Time is in
# seconds, frequency in hertz.

from eegaug.plots import plot_augmentation


def show(transforms):
    """Draw transforms at their strengths, one row each."""
    _, axes = plt.subplots(
        len(transforms),
        2,
        figsize=(9, 1.9 * len(transforms)),
        width_ratios=(2.2, 1),
        layout="constrained",
    )
    for transform, row in zip(transforms, axes, strict=True):
        values = [f"{name} = {s().item():g} {s.unit}" for name, s in transform.strengths().items()]
        plot_augmentation(
            transform,
            window,
            sfreq,
            axes=row,
            title=", ".join([type(transform).__name__, *values]),
            seconds=4.0,
            ch_names=ch_names,
        )


# %%
# Time
# ^^^^
#
# A shift leaves the spectrum as it is: in grey and blue the same.

from eegaug import SmoothTimeMask, TimeShift, TimeWarp

show([TimeShift(sfreq, seconds) for seconds in (0.1, 0.5, 2.0)])

# %%
# A warp plays parts of the window faster and slower. The spectrum spreads, and more so at higher
# frequencies.

show([TimeWarp(change) for change in (0.1, 0.3, 0.9)])

# %%
# A mask sets a stretch to zero. Its edges are smooth, and so do not spread the spectrum.

show([SmoothTimeMask(sfreq, seconds) for seconds in (0.3, 1.0, 2.0)])

# %%
# Frequency and phase
# ^^^^^^^^^^^^^^^^^^^
#
# All rhythms move by the same number of hertz: watch the peak of alpha.

from eegaug import BandstopFilter, FrequencyShift, FTSurrogate, PhaseJitter

show([FrequencyShift(sfreq, hertz) for hertz in (0.5, 2.0, 5.0)])

# %%
# The surrogate keeps the power spectrum and randomises the phases, all of them at a strength of 1.

show([FTSurrogate(magnitude) for magnitude in (0.1, 0.3, 1.0)])

# %%
# A jitter rotates the phases of a channel by one angle at all frequencies.

show([PhaseJitter(degrees) for degrees in (20.0, 60.0, 180.0)])

# %%
# A notch at a random frequency, so that no band is decisive.

show([BandstopFilter(sfreq, hertz) for hertz in (1.0, 3.0, 5.0)])

# %%
# Amplitude and noise
# ^^^^^^^^^^^^^^^^^^^
#
# A gain for each channel; white noise; noise in a band; muscle activity.

from eegaug import AmplitudeScale, BandNoise, EMGNoise, GaussianNoise

show([AmplitudeScale(change) for change in (0.1, 0.3, 0.9)])

# %%

show([GaussianNoise(std) for std in (0.1, 0.3, 1.0)])

# %%

show([BandNoise(sfreq, 15.0, 20.0, std) for std in (0.1, 0.3, 1.0)])

# %%

show([EMGNoise(sfreq, amplitude) for amplitude in (0.1, 0.3, 1.0)])

# %%
# Flips and channels
# ^^^^^^^^^^^^^^^^^^
#
# Their strength is a probability: how often, not how far. So one row each will do.

from eegaug import ChannelsDropout, ChannelsShuffle, SignFlip, TimeReverse

show([SignFlip(1.0), TimeReverse(1.0), ChannelsDropout(0.5), ChannelsShuffle(1.0)])

# %%
# Sensors
# ^^^^^^^
#
# On 64 channels, a rotation by 10, 20 and 30 degrees about the vertical axis, at one instant:

from eegaug import Draw, SensorsZRotation
from eegaug.plots import plot_topography
from eegaug.recordings import simulate_motor_imagery

raw = simulate_motor_imagery(n_subjects=1, n_trials=2)[0].raw.filter(4, 38, verbose="error")
x = torch.as_tensor(raw.get_data()[:, 1000:1400] * 1e6, dtype=torch.float32)
figure, axes = plt.subplots(3, 2, figsize=(6, 8), layout="constrained")
for degrees, row in zip((10.0, 20.0, 30.0), axes, strict=True):
    rotation = SensorsZRotation.from_info(raw.info, max_degrees=degrees)
    draw = Draw(
        (None, torch.ones(1)), (1, *x.shape)
    )  # no gate, and a draw of 1: the whole strength
    turned = rotation(x, draw=draw)
    titles = ("before", f"{degrees:g}° to the left")
    plot_topography(x, turned.detach(), raw.info, unit="µV", axes=row, titles=titles)

# %%
# The :doc:`catalogue </catalogue>` has all of them, each with its formula. Which of them your task
# tolerates, and how far, is learned in :ref:`sphx_glr_tutorials_sleep_staging.py`.
