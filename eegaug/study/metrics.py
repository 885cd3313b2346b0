"""Scores of predicted labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score, recall_score


@dataclass(frozen=True)
class Metric:
    """A score and its name.

    Parameters
    ----------
    title : str
        Name in texts and tables.
    score : callable
        Function of (y_true, y_pred, n_labels) that returns the score.
    chance : callable
        Function of (y_true) that returns the expected score of the best constant or random guess.

    Examples
    --------
    >>> METRICS["kappa"].title
    "Cohen's kappa"
    """

    title: str
    score: Callable[[np.ndarray, np.ndarray, int], float]
    chance: Callable[[np.ndarray], float]


def balanced_accuracy(y_true: np.ndarray, y_pred: np.ndarray, n_labels: int) -> float:
    """Return the mean recall of the labels that occur.

    Unlike that of scikit-learn, it does not warn where other labels are predicted.

    Parameters
    ----------
    y_true, y_pred : ndarray of int, shape (windows,)
        True and predicted labels.
    n_labels : int
        Number of labels; not used.

    Returns
    -------
    float
        Mean recall.

    Examples
    --------
    >>> balanced_accuracy(np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1]), 3)
    0.75
    """
    present = np.unique(y_true)
    recall = recall_score(y_true, y_pred, labels=present, average="macro", zero_division=0)
    return float(recall)


def _accuracy(y_true: np.ndarray, y_pred: np.ndarray, n_labels: int) -> float:
    return float(accuracy_score(y_true, y_pred))


def _macro_f1(y_true: np.ndarray, y_pred: np.ndarray, n_labels: int) -> float:
    present = np.unique(y_true)
    return float(f1_score(y_true, y_pred, labels=present, average="macro", zero_division=0))


def _kappa(y_true: np.ndarray, y_pred: np.ndarray, n_labels: int) -> float:
    return float(cohen_kappa_score(y_true, y_pred, labels=range(n_labels)))


def _one_in_labels(y_true: np.ndarray) -> float:
    return 1 / len(np.unique(y_true))


def _commonest(y_true: np.ndarray) -> float:
    return float(np.bincount(y_true).max() / len(y_true))


#: Scores by name.
METRICS = {
    "balanced_accuracy": Metric("balanced accuracy", balanced_accuracy, _one_in_labels),
    "accuracy": Metric("accuracy", _accuracy, _commonest),
    "macro_f1": Metric("macro F1", _macro_f1, _one_in_labels),
    "kappa": Metric("Cohen's kappa", _kappa, lambda y_true: 0.0),
}
