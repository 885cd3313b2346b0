"""
Motor imagery with 64 channels
==============================

Which fist does a subject imagine to clench? The answer lies in *where* a rhythm desynchronises:
over the left or over the right motor cortex. Does the position of the cap matter, or a channel that
fails, or polarity? Transforms that act on the montage give the answer: rotations of the sensors,
channel dropout, polarity, and the exchange of left and right, which here **is** the class.

Strengths, and how they are learned, are introduced in :ref:`sphx_glr_tutorials_sleep_staging.py`.
"""

# %%
# Recordings
# ----------
#
# Simulated: five subjects whose caps are turned by some 6 degrees about each axis, annotated as the
# EEG Motor Movement/Imagery Dataset (T1 left fist, T2 right fist).

from eegaug import recordings

cues = recordings.simulate_motor_imagery(n_subjects=5, n_trials=90)

# %%
# **For real recordings, change that line** to
# ``recordings.read_recordings("my/folder", electrodes=True)``;
# ``recordings.fetch_eegbci([1, 2, 3])`` downloads subjects of that dataset. Channels spelt
# otherwise ("Fc5.") get their names in the 10-05 system, and files without positions a montage.
#
# Windows from 0.5 to 3.5 s after the cue, between 4 and 38 Hz, each recording divided by its
# standard deviation. Each label is named with its annotation;
# :ref:`sphx_glr_tutorials_own_events.py` has more of that.

windows = recordings.make_event_windows(cues, {"left fist": "T1", "right fist": "T2"})
print(*windows.notes, f"X of shape {windows.X.shape}, labels {windows.labels}", sep="\n")

# %%
# Imagined movements differ much between subjects, so that a network is usually calibrated. Here it
# is tested on the last third of what each subject did, and trained on what came before;
# :func:`~eegaug.recordings.split_by_subject` tests on new subjects instead.

split = recordings.split_in_time(windows.y, windows.subjects)
print(split.how)

# %%
# What a rotation does
# --------------------
#
# :class:`~eegaug.SensorsZRotation` turns the cap about the vertical axis; splines on the sphere
# give what the electrodes would then record. Here one window, turned by up to 30 degrees:

import torch

from eegaug import SensorsZRotation
from eegaug.plots import plot_topography

torch.manual_seed(0)
rotation = SensorsZRotation.from_info(windows.info, max_degrees=30.0)
window = torch.as_tensor(windows.X[:1])
draws = rotation(window.expand(16, -1, -1)).detach()
farthest = (draws - window).square().mean((1, 2)).argmax()
plot_topography(window[0], draws[farthest], windows.info, unit="standard deviations")

# %%
# Train, with the augmentations in front
# --------------------------------------
#
# The policy for motor imagery, :func:`eegaug.policies.imagery`, has the three rotations, channel
# dropout, symmetry and polarity, in sequence. :func:`~eegaug.study.learn` puts it in front of
# braindecode's ``ShallowFBCSPNet``, starts each strength at 2 % of its range, trains, keeps the
# epoch that validates best, and trains the same network without augmentation too. The question here
# is what the data are invariant to, so that all trials are augmented, in one network. The command
# is ``eegaug learn --task events --labels "left fist=T1" "right fist=T2" --policy imagery
# --objective invariance --networks 1 --compare``; without the last four options it asks what helps
# on new trials, see :doc:`/benchmarks/people`.

from eegaug.study import TASKS, Settings, learn

settings = Settings(
    TASKS["events"], policy="imagery", objective="invariance", n_networks=1, epochs=30
)
learned = learn(windows, settings, compare=True)
print(learned.scores().round(2).to_string())

# %%
# Look at this before anything else. Guessing is right in half of the trials, and with 30 trials per
# subject luck alone reaches from 0.3 to 0.7. Where a network does not know its task on new trials,
# its strengths mean nothing. An example are four subjects of the real dataset, which has 109:
# trained on 90 trials, the accuracy on 60 others is 0.60 with augmentation and 0.50 without, which
# is not above chance. ``learned.warnings()`` lists what limits the scores:

print(*learned.warnings(), sep="\n")

# %%
# By subject:

from eegaug.plots import plot_scores

scores = learned.scores_by_subject()[["baseline", "augmented"]]
plot_scores(scores.to_dict("list"), ylabel="accuracy", chance=0.5)

# %%
# What was learned
# ----------------
#
# Every strength is a record, with its value after each epoch. The dotted line is the epoch that was
# kept.

from eegaug.plots import plot_profiles, plot_strengths

plot_strengths(learned.strengths, learned.best_epoch)

# %%
# And how sure each is, on the trials that were validated on. (The verdicts are explained in
# :ref:`sphx_glr_tutorials_reading_the_answer.py`.)

print(learned.table().to_string(index=False))
plot_profiles(learned.profiles)

# %%
# So, does it matter
#
# - *which side is which?* Yes, it is the class: the exchange of left and right is ruled out;
# - *polarity?* No, it is free: the network uses power;
# - *which channels fail?* Yes: dropout ends at one channel in fifty, and more is ruled out;
# - *the position of the cap?* Less than one may think: rotations up to 20 degrees, far larger than
#   the 6 degrees of these caps, cost little loss. That does not mean that they help. Each subject
#   was trained on with the cap of the test, and robustness that is not needed may cost accuracy.
#
# The fewer the trials, the more it costs: a network that memorises its trials resists nothing, and
# strengths become too wide. Then lower the weight of the reward:
# A ``reward_weight`` of 0.01 gives rotations of 9 to 10 degrees, and an
# accuracy of 0.84. Or offer only what you have reason for, in ranges that you can defend, such as
# ``SensorsZRotation.from_info(info, max_degrees=Strength(1, high=10, unit="degrees"))``.
