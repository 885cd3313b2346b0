"""
Your own events
===============

From recordings with annotations to a verdict: does augmentation help on trials that the network has
never seen? Annotations that label windows are of two kinds. *Events* are moments, such as cues,
stimuli and responses; a window follows each of them. *Blocks* are stretches of one state, such as
rest and arithmetic; windows are cut from them one after the other. Either takes one line of the
command ``eegaug learn``, or a few lines of Python.
"""

# %%
# Recordings on disk
# ------------------
#
# For the sake of the example, four subjects are simulated and written to files, as they would come
# from a recorder. The fourth is kept aside, for the end of this page. **For your own, skip this**,
# and name your folder instead. Any format that MNE reads will do: EDF, BrainVision, FIF, ...

import tempfile
from pathlib import Path

from eegaug import recordings

folder, new = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
for subject in recordings.simulate_motor_imagery(n_subjects=4, n_trials=60):
    place = new if subject.subject == "sim03" else folder
    subject.raw.save(place / f"{subject.subject}_raw.fif", verbose="error")

# %%
# What is annotated?
# ------------------
#
# The subject of each file is read from its name or its header. Where that guess is wrong, give a
# regular expression, ``subject=`` in Python, ``--subject`` in the command. ``electrodes=True``
# gives channels their names in the 10-05 system, and adds positions where a file has none.

opened = recordings.read_recordings(folder, electrodes=True)
for recording in opened:
    print(recording.subject, recording.raw.annotations.count())

# %%
# One line
# --------
#
# ``eegaug learn my/folder`` would take all three annotations for labels, and say so. Here T0 is the
# rest between cues, which is left out: labels are named, each with its annotation.
#
# .. code-block:: bash
#
#    eegaug learn my/folder --labels left=T1 right=T2 --window 0.5 3.5 --band 4 38
#
# writes the report, the numbers and the model. What is inside is shown below, step by step.
#
# Windows
# -------
#
# A window starts half a second after its cue and lasts three. The pass band is that of the rhythms
# over the motor cortex; evoked potentials, as after a stimulus, want ``l_freq=0.5``.

windows = recordings.make_event_windows(
    opened, {"left": "T1", "right": "T2"}, window=(0.5, 3.5), l_freq=4.0, h_freq=38.0
)
print(windows.counts, windows.X.shape, *windows.notes, sep="\n")

# %%
# Labels that do not occur are an error that lists those that do; windows that reach beyond the end
# of a recording are dropped and counted; windows that share samples are noted.
#
# Candidates
# ----------
#
# Which augmentations are tried follows from the task and the channels. Whether one of them helps,
# and how far it should reach, is learned.

from eegaug.policies import default_for

candidates = default_for("events", windows.info, windows.X.shape[-1])
for name, why in candidates.reasons.items():
    print(f"{name}: {why}")

# %%
# Learn, and ask for the verdict
# ------------------------------
#
# Three networks are trained and averaged: one without augmentation, one that learns, and one on
# windows rebuilt of segments of their class. For events, the test is on the last third of each
# subject's trials; ``split="subjects"`` and ``--split subjects`` test on people never trained on.

from eegaug.study import TASKS, Settings, learn

learned = learn(windows, Settings(TASKS["events"], epochs=10, device="cpu"))
print(learned.verdict)
print(learned.scores().round(2).to_string())

# %%
# A few trials of three people say little: the verdict comes with its error, and with warnings.

print(*learned.warnings(), sep="\n")

# %%
# Which channels does the network use? Each channel in turn is exchanged among the test trials; the
# more the loss rises, the more the network depends on it. Channels with positions make a map. Where
# it falls, that is chance, and counts as none.

import numpy as np
import torch

from eegaug.inspect import channel_importance
from eegaug.plots import plot_channels

x, y = (torch.as_tensor(each[learned.split.test]) for each in (windows.X, windows.y))
importance = channel_importance(learned.model.eval(), x, y)
plot_channels(np.maximum(importance, 0), windows.info, unit="loss (nats)")

# %%
# Blocks
# ------
#
# Where annotations last for several windows, they are blocks: ``eegaug learn`` tells the two apart
# by their durations. In a simulated night each epoch of 30 s is a block. Three windows of 10 s fit
# into each of them, and none crosses a border.

nights = recordings.simulate_nights(n_subjects=8, hours=0.5)
states = recordings.make_block_windows(
    nights,
    {"awake": "Sleep stage W", "asleep": "Sleep stage 2"},
    length=10.0,
    l_freq=0.5,
    h_freq=30.0,
)
print(states.counts, states.X.shape)

# %%
# In the command, that is ``eegaug learn my/nights --task blocks --labels "awake=Sleep stage W"
# "asleep=Sleep stage 2" --window 10 --band 0.5 30``. Windows of one block are alike because they
# are close in time, whatever the state: a network trained on some of them recognises the others. So
# blocks are tested on subjects never trained on.

told = learn(states, Settings(TASKS["blocks"], epochs=5, device="cpu"))
print(told.split.how, told.verdict, sep="\n")

# %%
# New recordings
# --------------
#
# A trained model scores recordings, with labels or without: ``eegaug predict results/model.pt new``
# writes a table and, for each recording, annotations that MNE reads. In Python, for the subject
# that was kept aside, whose labels are used for nothing but the last line:

from eegaug.study import predict_recordings, save_model

save_model(learned, folder / "model.pt")
predicted = predict_recordings(folder / "model.pt", [new], device="cpu")
print(predicted.table.head().to_string())
right = predicted.table["label"] == predicted.windows.metadata["label"].astype(str)
print(f"{right.mean():.0%} of {len(right)} windows are right.")

# %%
# Epochs that MNE wrote (``*-epo.fif``), arrays (``.npz``, ``.ts``), BIDS folders and data sets of
# MOABB go the same way: :doc:`/guide/data` has a line for each. More than fits into memory, or more
# than one GPU: :ref:`sphx_glr_tutorials_more_than_memory.py`.
