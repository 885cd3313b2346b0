"""
Sleep staging with learned invariances
======================================

You have nights of sleep, scored in windows of 30 s, and a braindecode pipeline that trains a sleep
stager. To which changes of the signal should it be invariant, and how far: a shift in time by how
many seconds, in frequency by how many hertz? Here the network learns this while it trains.
Candidates stand in front of it: random changes, each with a *strength*, which is how far it may go.
Each strength widens as far as the loss allows.

At the end you have a trained stager, a list of its invariances in hertz, seconds and
probabilities, how sure each one is, the scores with and without, and a second stager that is
trained for the score.
"""

# %%
# The nights
# ----------
#
# Simulated nights let this page run anywhere: ten subjects who differ in their rhythms, three
# quarters of an hour each, in two channels as Sleep-EDF has them.

from eegaug import recordings

nights = recordings.simulate_nights(n_subjects=10, hours=0.75)

# %%
# **For nights of your own, change that line**, and nothing else:
#
# .. code-block:: python
#
#    nights = recordings.read_sleep_recordings(["my/recordings"])
#
# The folder holds pairs such as ``anna-PSG.edf`` and ``anna-Hypnogram.edf``, or files of any format
# that MNE reads (EDF, BDF, BrainVision, FIF, ...) with their stages inside, as annotations.
# Sleep-EDF itself is downloaded through MNE:
#
# .. code-block:: python
#
#    nights = recordings.read_sleep_recordings(recordings.fetch_sleep_edf(range(8)))
#
# MNE filters and resamples the nights and cuts them into windows of 30 s. What cannot be used is
# dropped, and the notes say how much and why; wake more than half an hour before or after sleep is
# (``make_sleep_windows(..., wake_margin=30)``).

import numpy as np
import pandas as pd

from eegaug.recordings import STAGES

windows = recordings.make_sleep_windows(nights)
X, y = windows.X, windows.y  # (windows, channels, times) and (windows,)
print(*windows.notes, f"X of shape {X.shape}", sep="\n")
stages = pd.Categorical.from_codes(y, STAGES)
print(pd.crosstab(windows.subjects, stages, rownames=["subject"], colnames=["stage"], dropna=False))

# %%
# No subject is on two sides of the split: a score on subjects who were trained on says nothing
# about the next patient.

split = recordings.split_by_subject(y, windows.subjects, seed=0)
print(split.how)
tested = np.bincount(y[split.test], minlength=len(STAGES))
print("stages tested:", {stage: int(n) for stage, n in zip(STAGES, tested, strict=True)})

# %%
# The pipeline, as it is
# ----------------------
#
# A network of braindecode and its classifier, which is a skorch net. Stages are weighted inversely
# to their number, and the epoch that validates best is kept.

import braindecode
import torch
from braindecode.models import SleepStagerChambon2018
from skorch.callbacks import EarlyStopping
from skorch.dataset import Dataset
from skorch.helper import predefined_split

from eegaug.integrations.skorch import TrainingProgress

counts = np.bincount(y[split.train], minlength=len(STAGES))
class_weights = np.where(counts > 0, counts.sum() / np.maximum(counts, 1), 0)
validation = split.valid[counts[y[split.valid]] > 0]  # stages that training has

settings = {
    "criterion": torch.nn.CrossEntropyLoss,
    "criterion__weight": torch.tensor(class_weights / class_weights.max(), dtype=torch.float32),
    "optimizer": torch.optim.Adam,
    "optimizer__lr": 1e-3,
    "batch_size": 32,
    "max_epochs": 25,
    "train_split": predefined_split(Dataset(X[validation], y[validation])),
    "classes": list(range(len(STAGES))),
    "callbacks": [
        ("best", EarlyStopping(patience=25, load_best=True)),
        ("progress", TrainingProgress()),
    ],
    "device": "cuda" if torch.cuda.is_available() else "cpu",
    "verbose": 0,
}


def build_network():
    """Return the network, with the same first parameters each time."""
    torch.manual_seed(0)
    n_chans, n_times = X.shape[1:]
    return SleepStagerChambon2018(
        n_chans=n_chans, sfreq=windows.info["sfreq"], n_times=n_times, n_outputs=len(STAGES)
    )


baseline = braindecode.EEGClassifier(build_network(), **settings)
_ = baseline.fit(X[split.train], y[split.train])

# %%
# The same, with augmentations that are learned
# ---------------------------------------------
#
# Three things change. The network is wrapped in an :class:`~eegaug.InvariantModel`, with a chain of
# candidates in front: flips of polarity, shifts in time and in frequency, and the surrogate that
# keeps the spectrum and randomises phases (:ref:`sphx_glr_tutorials_what_each_does.py`). The
# classifier is eegaug's, whose objective rewards wide strengths. And strengths get a learning rate
# of their own; :func:`~eegaug.init_strengths` starts each at 2 % of the range that it may learn.
#
# The training loss that the bar shows includes the reward: do not compare it with that of
# validation, or with the one above.

from eegaug import (
    Compose,
    FrequencyShift,
    FTSurrogate,
    InvariantModel,
    SignFlip,
    TimeShift,
    init_strengths,
    learned_strengths,
    summary,
)
from eegaug.integrations.braindecode import EEGClassifier

sfreq = windows.info["sfreq"]


def build_model():
    """Return the network behind its candidates, each at 2 % of its range."""
    chain = Compose(
        [
            SignFlip(),
            TimeShift(sfreq),
            FrequencyShift(sfreq),
            FTSurrogate(),
        ]
    )
    return InvariantModel(build_network(), init_strengths(chain))


net = EEGClassifier(
    build_model(),
    optimizer__param_groups=[("augmentation*", {"lr": 1e-2})],
    **settings,
)
_ = net.fit(X[split.train], y[split.train])

# %%
# What was learned
# ----------------
#
# Every strength was recorded in ``net.history``, as were the losses.
# :func:`~eegaug.learned_strengths` returns one record per strength, with its value after each
# epoch. The dotted line is the epoch that was kept.

from eegaug.plots import plot_learning, plot_profiles

best_epoch = int(np.argmin(net.history[:, "valid_loss"])) + 1
records = learned_strengths(net.module_, net.history)
plot_learning(records, best_epoch)

# %%
# In numbers. A shift of ``max_shift`` is drawn for each trial between minus and plus that value;
# the range is how far it was allowed to go. (Each transform of a chain counts as a layer, of weight
# 1.)

print(summary(net.module_))

# %%
# How sure is that? :func:`~eegaug.identifiability` takes the loss on windows that were not trained
# on, at other strengths than those learned. *Free* is an invariance that costs nothing up to the
# end of its range, *bounded* one that ends where it was learned to end, *ruled out* none at all.
# *Not determined* means that these data do not bound it, and *too wide* that less would be better
# on these subjects. Bars are two standard errors.

from eegaug import identifiability

device = settings["device"]
chosen = np.random.default_rng(0).permutation(validation)[:256]
x_valid, y_valid = (
    torch.as_tensor(X[chosen], device=device),
    torch.as_tensor(y[chosen], device=device),
)
profiles = identifiability(net.module_, net.criterion_, x_valid, y_valid, n_draws=2)
for profile in profiles:
    print(f"{profile.strength.transform}: {profile.verdict}. {profile.reason}")
plot_profiles(profiles)

# %%
# With and without
# ----------------
#
# On each of the subjects whom neither network has seen. The learned model predicts the mean over
# four augmented copies of each window.

from sklearn.metrics import recall_score

from eegaug.plots import plot_scores

subjects, y_true = windows.subjects[split.test], y[split.test]
predicted = {"without": baseline.predict(X[split.test]), "learned": net.predict(X[split.test])}


def balanced_accuracy(y_true, y_pred):
    """Return the mean recall of the stages that there are."""
    return recall_score(y_true, y_pred, labels=np.unique(y_true), average="macro", zero_division=0)


scores = pd.DataFrame(
    {
        name: {
            subject: balanced_accuracy(y_true[subjects == subject], y_pred[subjects == subject])
            for subject in np.unique(subjects)
        }
        for name, y_pred in predicted.items()
    }
)
print(scores.round(3))
plot_scores(scores.to_dict("list"))

# %%
# A line joins the scores of one subject. Subjects differ by more than the two models do, and three
# subjects and one seed are few: before you report that learning helped, or that it did not, test on
# every subject in turn and train with other seeds. How far time and frequency may shift, these few
# nights do not settle: another number of threads, or another processor, whose sums differ in the
# last digit, is enough for another answer, and for other scores.
#
# For a better score on new subjects
# ----------------------------------
#
# That is another question. On real nights of fifteen people this chain, learned from two of them,
# *cost* 0.09 of Cohen's kappa on the others: trained on shifted windows alone, the network gave up
# the slow waves that deep sleep consists of (:doc:`/benchmarks/cues`). For the score, leave some
# windows as they are, and change each of the others in one way only: that is what
# :class:`~eegaug.ScoreObjective` and :func:`~eegaug.policies.one_of` do. Train a second network on
# windows that :func:`~eegaug.policies.recombination` rebuilds of segments of one stage, of several
# subjects, so that whose they are says less about it. And average both with the network that has no
# augmentation, since two trainings differ widely on new subjects. ``eegaug learn`` does the same.

from braindecode.augmentation import AugmentedDataLoader

from eegaug import ScoreObjective, policies
from eegaug.plots import plot_gains
from eegaug.study import gain_by_person

candidates = init_strengths(policies.one_of(windows.info))
second = EEGClassifier(
    InvariantModel(build_network(), candidates, n_copies=0),
    objective=ScoreObjective,
    optimizer__param_groups=[("augmentation*", {"lr": 1e-2})],
    **settings,
)
_ = second.fit(X[split.train], y[split.train])

third = braindecode.EEGClassifier(
    build_network(),
    iterator_train=AugmentedDataLoader,
    iterator_train__transforms=policies.recombination(X.shape[-1], sfreq),
    **settings,
)
_ = third.fit(X[split.train], y[split.train])

# %%
# What the average of the three gains over the first, subject by subject:

probabilities = [each.predict_proba(X[split.test]) for each in (baseline, second, third)]
predicted["averaged"] = np.mean(probabilities, axis=0).argmax(1)
gain = gain_by_person(
    y_true, predicted["without"], predicted["averaged"], subjects, balanced_accuracy
)
print(f"{gain.mean:+.3f} ± {gain.error:.3f}: {gain.verdict}")
plot_gains(dict(zip(gain.people, gain.each, strict=True)), gain.error, "gain in balanced accuracy")

# %%
# Three simulated subjects say little here too. On people never seen, in recordings of sleep,
# mental arithmetic, flicker and imagery, the average of the three gains 0.018 ± 0.004 of Cohen's
# kappa over the network without augmentation, most of it by averaging: two networks without
# augmentation gain 0.014. In one of seven trainings it loses more than 0.02, as two networks
# without do in one of nine (:doc:`/benchmarks/people`).
#
# The night of one of them, as scored and as predicted:

from eegaug.plots import plot_hypnogram

someone = subjects == np.unique(subjects)[0]
onsets = windows.metadata["onset"].to_numpy()[split.test]
plot_hypnogram(
    onsets[someone], y_true[someone], predicted["learned"][someone], title=subjects[someone][0]
)

# %%
# Save it, and score a new night
# ------------------------------
#
# The state holds the network, and every strength with its range. It is loaded into a model that is
# built in the same way, so save what it was built with too:

import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:  # a folder that you keep, in earnest
    path = Path(folder, "stager.pt")
    kept = {"state": net.module_.state_dict(), "channels": windows.info["ch_names"]}
    torch.save(kept, path)

    loaded = torch.load(path, weights_only=True, map_location="cpu")
again = build_model()
again.load_state_dict(loaded["state"])
again.eval()

# %%
# Then a night of the same channels that was not scored: here the last of those above, and for a new
# one of yours ``recordings.read_sleep_recordings("new.edf", scored=False)``.

new = recordings.make_sleep_windows(nights[-1:], channels=loaded["channels"], scored=False)
with torch.no_grad():
    stages = again(torch.as_tensor(new.X)).argmax(1)
print(pd.Series(pd.Categorical.from_codes(stages, STAGES)).value_counts(sort=False).to_string())

# %%
# ``eegaug learn`` does all of this from the command line, and writes a report: see
# :ref:`getting-started`. Whether to trust an answer is the subject of
# :ref:`sphx_glr_tutorials_reading_the_answer.py`.
