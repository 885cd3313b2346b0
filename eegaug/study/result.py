"""The result of a study: what was learned, how sure it is, and how well it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from torch import nn

import eegaug
from eegaug.inspect import CandidateComparison, LearnedStrength, Profile
from eegaug.inspect.losses import SIGNIFICANT, with_error
from eegaug.inspect.records import as_json, by_layer, summary_row
from eegaug.integrations.braindecode import EEGClassifier
from eegaug.policies import DEFAULT, Candidates, default_for
from eegaug.recordings import Split, Windows
from eegaug.study.environment import environment
from eegaug.study.gain import Gain, gain_by_person
from eegaug.study.metrics import METRICS
from eegaug.study.network import FOR_ONE_CHANNEL
from eegaug.study.settings import Settings

#: A transform is effectively inactive below this weight, or this fraction of a strength's range.
LEAST_WEIGHT, LEAST_FRACTION = 0.05, 0.02
#: The last part of a training, in which strengths should have settled.
SETTLED = 0.25
#: Verdict on a strength that costs this network nothing, where training by it did harm.
COSTLY = "costs others"
#: Verdict on every strength of a network that does not know its task.
AT_CHANCE = "at chance"
#: Restarts disagree where a strength is spread over more than this fraction of its range.
AGREEMENT = 0.2


@dataclass(frozen=True)
class Learned:
    """A trained model, what it learned and how well it does.

    Parameters
    ----------
    windows : Windows
        The data.
    split : Split
        Which windows were trained, validated and tested on.
    settings : Settings
        How it was trained.
    net : EEGClassifier
        The network that learned the strengths, with its augmentation and history.
    models : dict of str to nn.Module
        What the study compares: "augmented", the average of all networks, or the one that learned
        where it is alone; and, if trained, "baseline", the network without augmentation.
    strengths : list of LearnedStrength
        What the augmentation learned, with its history.
    profiles : list of Profile
        How sure each strength is, on windows that were validated on.
    comparisons : list of CandidateComparison
        What the second choice of each layer would have given.
    y_pred : dict of str to ndarray
        Predictions of the models for the test windows.
    validation : Gain, optional
        What augmentation does to the subjects that are validated on.
    seconds : dict of str to float
        Duration of each training (s), by the name of the network.
    restarts : list of list of LearnedStrength
        What further trainings, with other seeds, have learned.
    stopped : str, optional
        Where the study was stopped before its end, if it was, as "epoch 3 of 30 (learning)".

    Examples
    --------
    >>> from eegaug.recordings import make_sleep_windows, simulate_nights
    >>> from eegaug.study import learn
    >>> windows = make_sleep_windows(simulate_nights(n_subjects=3, hours=0.1))
    >>> learned = learn(windows, Settings(epochs=1, n_copies=1, device="cpu"))
    >>> learned.table()["transform"].tolist()[:4]
    ['SignFlip', 'TimeShift', 'FrequencyShift', 'FTSurrogate']
    >>> learned.scores().columns.tolist()
    ['balanced_accuracy', 'accuracy', 'macro_f1', 'kappa']
    """

    windows: Windows
    split: Split
    settings: Settings
    net: EEGClassifier
    models: dict[str, nn.Module]
    strengths: list[LearnedStrength]
    profiles: list[Profile]
    comparisons: list[CandidateComparison]
    y_pred: dict[str, np.ndarray]
    validation: Gain | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    restarts: list[list[LearnedStrength]] = field(default_factory=list)
    stopped: str | None = None

    @property
    def y_true(self) -> np.ndarray:
        """Labels of the test windows, shape (test windows,)."""
        return self.windows.y[self.split.test]

    @property
    def best_epoch(self) -> int:
        """Epoch, counted from 1, whose parameters were kept: that of the least validation loss."""
        return int(np.nanargmin(self.net.history[:, "valid_loss"])) + 1

    @property
    def is_off(self) -> bool:
        """Whether augmentation was switched off: it did harm on the subjects validated on."""
        return self.validation is not None and self.validation.verdict == "harms"

    @property
    def model(self) -> nn.Module:
        """The model to use: with augmentation, or without where it was switched off."""
        return self.models["baseline" if self.is_off else "augmented"]

    @property
    def gain(self) -> Gain | None:
        """What augmentation does to the tested subjects; None if nothing was compared."""
        if "baseline" not in self.y_pred:
            return None
        return gain_on(self.windows, self.split.test, self.y_pred, self.settings)

    @cached_property
    def candidates(self) -> Candidates | None:
        """The candidates of the default policy, with reasons; None for another policy."""
        if self.settings.policy != DEFAULT:
            return None
        n_times = self.windows.X.shape[-1]
        return default_for(self.settings.task.name, self.windows.info, n_times)

    @property
    def verdict(self) -> str:
        """Whether augmentation helps, in one sentence."""
        gain, title = self.gain, METRICS[self.settings.task.scores[0]].title
        if gain is None or self.validation is None:
            return "Not compared with a network without augmentation."
        if self.is_at_chance and not self.is_above_chance("baseline"):
            off = " Augmentation was switched off." * self.is_off
            return f"No verdict: no network is above chance.{off}"
        if not gain.people:
            return "No verdict: no tested subject has more than one label."
        tested = (
            f"{title} {gain.mean:+.3f} ± {gain.error:.3f} on the tested subjects,"
            f" {gain.n_losing} of {len(gain.people)} lose"
        )
        if self.is_off:
            return (
                f"Augmentation was switched off: {self.validation.mean:+.3f} ±"
                f" {self.validation.error:.3f} on the subjects validated on ({tested}). The model"
                " is the one without."
            )
        clear = gain.verdict in ("helps", "harms")
        word = gain.verdict if clear else "makes no clear difference"
        return f"Augmentation {word}: {tested}."

    @cached_property
    def is_at_chance(self) -> bool:
        """Whether the augmented model is at chance, so that its strengths mean nothing."""
        return not self.is_above_chance("augmented")

    def is_above_chance(self, network: str) -> bool:
        """Whether the primary score of a network on the test windows is above chance.

        Windows of one label say nothing of it: the score counts as above chance.
        """
        if len(set(self.y_true.tolist())) < 2:
            return True
        metric = METRICS[self.settings.task.scores[0]]
        chance = metric.chance(self.y_true)
        error = (chance * (1 - chance) / len(self.y_true)) ** 0.5
        own = metric.score(self.y_true, self.y_pred[network], len(self.windows.labels))
        return own >= chance + SIGNIFICANT * error

    @property
    def judged(self) -> list[Profile]:
        """The profiles with the study's verdicts: "at chance" and "costs others" where it is so."""
        return [replace(profile, verdict=self._verdict(profile)) for profile in self.profiles]

    def table(self) -> pd.DataFrame:
        """Return what was learned, one row per strength."""
        inactive = {
            (transform[0].layer, transform[0].transform)
            for layer in by_layer(self.strengths)
            for transform in layer
            if is_inactive(transform)
        }
        rows = []
        for record, profile in zip(self._learnable(), self.judged, strict=True):
            row = summary_row(record)
            row["learned"] = row.pop("value")
            note = "effectively inactive" if (record.layer, record.transform) in inactive else ""
            rows.append({**row, "verdict": profile.verdict, "note": note})
        columns = ["layer", "transform", "weight", "strength", "learned", "range", "unit"]
        return pd.DataFrame(rows, columns=[*columns, "verdict", "note"])

    def confidence_table(self) -> pd.DataFrame:
        """Return how sure each strength is, one row per strength."""
        rows = []
        for number, (record, profile) in enumerate(
            zip(self._learnable(), self.judged, strict=True)
        ):
            settled = record.history[-max(1, round(SETTLED * len(record.history))) :]
            row = {
                "layer": record.layer,
                "transform": record.transform,
                "strength": record.name,
                "unit": record.unit,
                "learned": f"{record.value:.3g}",
                "late epochs": f"{min(settled):.3g} to {max(settled):.3g}",
                "verdict": profile.verdict,
                "why": profile.reason,
            }
            if self.restarts:
                values = self._restarted(number)
                row["restarts"] = f"{min(values):.3g} to {max(values):.3g}"
            rows.append(row)
        return pd.DataFrame(rows)

    def caveats(self) -> list[str]:
        """Return which strengths and choices the data do not determine, one sentence each.

        There are none where the network is at chance, and :meth:`warnings` says so.
        """
        if self.is_at_chance:
            return []
        caveats = []
        for number, (record, profile) in enumerate(
            zip(self._learnable(), self.profiles, strict=True)
        ):
            if record.weight < LEAST_WEIGHT:
                continue
            name = f"{record.transform}, {record.name} = {record.value:.3g} {record.unit}"
            if profile.verdict == "not determined":
                caveats.append(f"{name}, is not determined by the data. {profile.reason}")
            if profile.verdict == "too wide":
                caveats.append(f"{name}, is too wide for windows not trained on. {profile.reason}")
            if self.restarts:
                values = self._restarted(number)
                spread = record.as_fraction(max(values)) - record.as_fraction(min(values))
                if spread > AGREEMENT:
                    caveats.append(
                        f"{name}, differs between restarts: {min(values):.3g} to"
                        f" {max(values):.3g} over {len(values)}."
                    )
        for layer in self.comparisons:
            if layer.excess < SIGNIFICANT * layer.error:
                caveats.append(
                    f"Layer {layer.layer} chose {layer.winner}, but {layer.runner_up} does as well:"
                    f" it changes the loss by {with_error(layer.excess, layer.error)}."
                )
        return caveats

    def scores(self) -> pd.DataFrame:
        """Return the scores on the test windows, one row per network, one column per score."""
        n_labels = len(self.windows.labels)
        return pd.DataFrame(
            {
                network: {
                    name: METRICS[name].score(self.y_true, y_pred, n_labels)
                    for name in self.settings.task.scores
                }
                for network, y_pred in self.y_pred.items()
            }
        ).T

    def scores_by_subject(self) -> pd.DataFrame:
        """Return the primary score of each tested subject, one column per network."""
        score, n_labels = METRICS[self.settings.task.scores[0]].score, len(self.windows.labels)
        subjects = self.windows.subjects[self.split.test]
        rows = {}
        for subject in sorted(set(subjects.tolist())):
            own = subjects == subject
            rows[subject] = {"windows": int(own.sum())} | {
                network: score(self.y_true[own], y_pred[own], n_labels)
                for network, y_pred in self.y_pred.items()
            }
        return pd.DataFrame(rows).T.astype({"windows": int})

    def warnings(self) -> list[str]:
        """Return what limits the scores, one sentence each."""
        warnings = [*self._warnings_of_split(), *self._warnings_of_scores()]
        if self.stopped is not None:
            warnings.insert(
                0, f"Stopped in {self.stopped}: these are not the results of a whole run."
            )
        if self.windows.X.shape[1] == 1 and self.settings.task.model in FOR_ONE_CHANNEL:
            warnings.append(
                f"The network is {self.settings.model}: braindecode's {self.settings.task.model}"
                " fails with one channel."
            )
        if ended := dict(self.net.callbacks_)["finite"].message_:
            warnings.append(ended)
        constant = {
            network: self.windows.labels[y_pred[0]]
            for network, y_pred in self.y_pred.items()
            if len(set(y_pred.tolist())) == 1 < len(set(self.y_true.tolist()))
        }
        for network, label in constant.items():
            warning = f"The {network} network predicts {label} throughout: it learned nothing"
            if network == "augmented":
                warning += ", and neither did its strengths"
                if "baseline" not in constant:  # which no strength keeps from learning
                    warning += ". Try a smaller --reward-weight"
            warnings.append(f"{warning}.")
        return warnings

    def invariances(self) -> dict[str, Any]:
        """Return the content of ``invariances.json``, as plain numbers and text."""
        windows, settings = self.windows, self.settings
        scores = {
            network: {name: round(float(score), 4) for name, score in row.items()}
            for network, row in self.scores().iterrows()
        }
        result = {
            "eegaug": eegaug.__version__,
            "task": settings.task.name,
            "verdict": self.verdict,
            "data": {
                "recordings": windows.sources,
                "notes": windows.notes,
                "channels": windows.info["ch_names"],
                "sfreq": windows.info["sfreq"],
                "windows": len(windows),
                "labels": list(windows.labels),
                "split": self.split.how,
                "warnings": self.warnings(),
            },
            "training": {
                **settings.as_json(),
                "best_epoch": self.best_epoch,
                "stopped": self.stopped,
                "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
            },
            "environment": environment(),
            "layers": as_json(self.strengths),
            "candidates": self.candidates.as_json() if self.candidates else None,
            "trust": {
                "caveats": self.caveats(),
                "strengths": [_profile_as_json(profile) for profile in self.judged],
                "candidates": [asdict(comparison) for comparison in self.comparisons],
                "restarts": [as_json(restart) for restart in self.restarts],
            },
            "scores": scores["augmented"],
        }
        if "baseline" in scores:
            result["scores_without_augmentation"] = scores["baseline"]
        if self.gain is not None and self.validation is not None:
            result["gain"] = {
                "score": settings.task.scores[0],
                "switched_off": self.is_off,
                "tested": self.gain.as_json(),
                "validated": self.validation.as_json(),
            }
        return result

    def _verdict(self, profile: Profile) -> str:
        """Return the verdict of a profile; what costs other people is not free."""
        if self.is_at_chance:
            return AT_CHANCE
        return COSTLY if self.is_off and profile.verdict == "free" else profile.verdict

    def _learnable(self) -> list[LearnedStrength]:
        """Return the records of strengths, without those of transforms that have none."""
        return [record for record in self.strengths if record.name]

    def _restarted(self, number: int) -> list[float]:
        """Return the values of a strength in this training and in all restarts."""
        others = [[record for record in each if record.name] for each in self.restarts]
        return [records[number].value for records in (self._learnable(), *others)]

    def _warnings_of_split(self) -> list[str]:
        warnings = []
        kind, labels = self.settings.task.kind, self.windows.labels
        subjects, y, train = self.windows.subjects, self.windows.y, self.split.train
        if len(self.windows.subject_names) == 1:
            warnings.append(
                f"All windows are of {subjects[0]}: training and test are parts of the same"
                " recordings, so the scores say nothing about other subjects."
            )
        elif self.split.is_calibrated(subjects):
            warnings.append(
                "Each tested subject is also trained on, on earlier windows: the scores are those"
                " of a calibrated network, and say nothing about new subjects."
            )
        trained = list(zip(y[train].tolist(), subjects[train].tolist(), strict=True))
        trainers = {
            label: sorted({subject for code, subject in trained if code == position})
            for position, label in enumerate(labels)
        }
        missing = [label for label, names in trainers.items() if not names]
        if missing:
            warnings.append(f"No window of {', '.join(missing)} is in training: never predicted.")
        several = len(set(subjects[train].tolist())) > 1
        alone = [label for label, names in trainers.items() if len(names) == 1 and several]
        if alone:
            whose = sorted({trainers[label][0] for label in alone})
            warnings.append(
                f"In training, {', '.join(alone)} come from {', '.join(whose)} alone: the network"
                f" may recognise the subject instead of the {kind}."
            )
        return warnings

    def _warnings_of_scores(self) -> list[str]:
        warnings = []
        primary = self.settings.task.scores[0]
        metric = METRICS[primary]
        title, score, chance = metric.title, metric.score, metric.chance(self.y_true)
        n_labels, n_windows = len(self.windows.labels), len(self.y_true)
        own = score(self.y_true, self.y_pred["augmented"], n_labels)
        if self.is_at_chance:
            warnings.append(
                f"The {title} of {own:.3f} on {n_windows} test windows is not above chance,"
                f" {chance:.3f}: the network does not know its task, and its strengths mean"
                " nothing."
            )
        compared = {"Subjects validated on": self.validation, "Tested subjects": self.gain}
        for who, gain in compared.items():
            warnings += [f"{who}: {note}" for note in (gain.notes if gain else ())]
        return warnings


def gain_on(
    windows: Windows, index: np.ndarray, y_pred: dict[str, np.ndarray], settings: Settings
) -> Gain:
    """Return what augmentation does to the task's primary score of each subject.

    Parameters
    ----------
    windows : Windows
        The data.
    index : ndarray of int, shape (predicted,)
        Windows that were predicted.
    y_pred : dict of str to ndarray
        Predictions for them, "augmented" and "baseline".
    settings : Settings
        How the networks were trained, with the task.

    Returns
    -------
    Gain
    """
    score, n_labels = METRICS[settings.task.scores[0]].score, len(windows.labels)
    return gain_by_person(
        windows.y[index],
        y_pred["baseline"],
        y_pred["augmented"],
        windows.subjects[index],
        lambda true, given: score(true, given, n_labels),
    )


def is_inactive(transform: Sequence[LearnedStrength]) -> bool:
    """Whether a transform is effectively inactive: it hardly changes what the network sees.

    Parameters
    ----------
    transform : sequence of LearnedStrength
        The records of one transform.

    Returns
    -------
    bool
        True below a weight of 0.05, or where a strength is below 2 % of its range.

    Examples
    --------
    >>> from eegaug import TimeShift, learned_strengths
    >>> is_inactive(learned_strengths(TimeShift(sfreq=100, max_shift=0.01)))  # of a range of 2 s
    True
    """
    if transform[0].weight < LEAST_WEIGHT:
        return True
    return any(record.name and record.fraction < LEAST_FRACTION for record in transform)


def _profile_as_json(profile: Profile) -> dict[str, Any]:
    record = profile.strength
    rest = {name: value for name, value in asdict(profile).items() if name != "strength"}
    return {
        "layer": record.layer,
        "transform": record.transform,
        "strength": record.name,
        "value": record.value,
        "unit": record.unit,
        **rest,
    }
