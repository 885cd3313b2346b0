"""What augmentation does to the score of each person, and whether it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eegaug.inspect.losses import SIGNIFICANT

#: People from which on the error of the mean gain is that over people.
LEAST_PEOPLE = 3


@dataclass(frozen=True)
class Gain:
    """Scores of each person without and with augmentation.

    Parameters
    ----------
    people : tuple of str
        Names, in alphabetical order.
    before, after : ndarray of float, shape (people,)
        Scores without and with augmentation.
    error : float
        Standard error of the mean gain; NaN where there is nobody.
    notes : tuple of str
        Who was left out, and what the error is taken over, one sentence each.

    Examples
    --------
    >>> gain = Gain(("a", "b", "c"), np.array([0.5, 0.6, 0.7]), np.array([0.6, 0.7, 0.7]), 0.03)
    >>> round(gain.mean, 3), gain.n_losing, gain.verdict
    (0.067, 0, 'helps')
    """

    people: tuple[str, ...]
    before: np.ndarray
    after: np.ndarray
    error: float
    notes: tuple[str, ...] = ()

    @property
    def each(self) -> np.ndarray:
        """Gain of each person."""
        return self.after - self.before

    @property
    def mean(self) -> float:
        """Mean gain over people; NaN where there is nobody."""
        return float(self.each.mean()) if len(self.people) else float("nan")

    @property
    def n_losing(self) -> int:
        """Number of people whose score is lower with augmentation."""
        return int((self.each < 0).sum())

    @property
    def verdict(self) -> str:
        """What the mean gain amounts to, at two standard errors.

        One of "helps", "harms" and "no difference beyond its error".
        """
        if self.mean > SIGNIFICANT * self.error:
            return "helps"
        if self.mean < -SIGNIFICANT * self.error:
            return "harms"
        return "no difference beyond its error"

    def as_json(self) -> dict[str, Any]:
        """Return all numbers as plain numbers and text."""
        return {
            "mean": _rounded(self.mean),
            "error": _rounded(self.error),
            "people": {
                name: {"without": _rounded(before), "with": _rounded(after)}
                for name, before, after in zip(self.people, self.before, self.after, strict=True)
            },
            "notes": list(self.notes),
        }


def gain_by_person(
    y: Any,
    before: Any,
    after: Any,
    people: Sequence[str] | np.ndarray,
    score: Callable[[np.ndarray, np.ndarray], float],
) -> Gain:
    """Compare two predictions of the same trials, person by person.

    Parameters
    ----------
    y : array of int, shape (trials,)
        True labels.
    before, after : array of int, shape (trials,)
        Labels predicted without and with augmentation.
    people : array of str, shape (trials,)
        Person of each trial.
    score : callable
        Function of (true, predicted) labels, the higher the better.

    Returns
    -------
    Gain
        People with one label only are left out. For fewer than three people the standard error is
        that of the share of correct trials, over trials.

    Raises
    ------
    ValueError
        If the arrays differ in length, there are no trials, or people are missing.

    Examples
    --------
    >>> from sklearn.metrics import balanced_accuracy_score
    >>> y, people = np.tile([0, 1], 6), np.repeat(["a", "b", "c"], 4)
    >>> before, after = np.zeros(12, int), y
    >>> gain = gain_by_person(y, before, after, people, balanced_accuracy_score)
    >>> gain.mean, gain.error, gain.verdict
    (0.5, 0.0, 'helps')
    """
    if np.ndim(people) != 1:
        raise ValueError(
            "Parameter `people` should name the person of each trial, shape (trials,). Found"
            f" {'nobody' if people is None else f'shape {np.shape(people)}'}."
        )
    missing = int(pd.isna(np.asarray(people, dtype=object)).sum())
    if missing:
        raise ValueError(f"Each trial should have a person. Found {missing} without.")
    y, before, after, people = (np.asarray(each) for each in (y, before, after, people))
    lengths = [len(each) for each in (y, before, after, people)]
    if len(set(lengths)) > 1 or not lengths[0]:
        raise ValueError(
            "Labels, predictions and people should be of one length, one per trial. Found"
            f" {lengths[0]} labels, {lengths[1]} and {lengths[2]} predictions and {lengths[3]}"
            " people."
        )
    names, left_out, scores = [], [], []
    for name in np.unique(people).tolist():
        own = people == name
        if len(np.unique(y[own])) < 2:
            left_out.append(str(name))
            continue
        names.append(str(name))
        scores.append([score(y[own], before[own]), score(y[own], after[own])])
    table = np.array(scores, dtype=float).reshape(-1, 2)
    notes = []
    if left_out:
        notes.append(f"{', '.join(left_out)} left out, with one label only.")
    counted = np.isin(people, names)
    if len(names) >= LEAST_PEOPLE:
        sample = table[:, 1] - table[:, 0]
    else:
        sample = (after == y)[counted].astype(float) - (before == y)[counted]
        notes.append(
            f"{len(names) or 'No'} {'person' if len(names) == 1 else 'people'} to compare,"
            " so the error is taken over trials, and says nothing about other people."
        )
    error = float(sample.std(ddof=1) / len(sample) ** 0.5) if len(sample) > 1 else float("nan")
    return Gain(tuple(names), table[:, 0], table[:, 1], error, tuple(notes))


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
