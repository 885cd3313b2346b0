"""How well other people are predicted."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import cohen_kappa_score
from torch import Tensor

from unseen.data import Data


def kappas(data: Data, windows: np.ndarray, scores: Tensor) -> dict[str, float]:
    """Return Cohen's kappa of each person, zero where it is not defined.

    Parameters
    ----------
    data : Data
        Labels and people of all windows.
    windows : np.ndarray
        Indices of those that were predicted.
    scores : Tensor
        Predictions, shape (predicted, labels).

    Returns
    -------
    dict of str to float
        By person.
    """
    y, chosen, people = data.y[windows].numpy(), scores.argmax(1).numpy(), data.people[windows]
    found = {}
    for person in np.unique(people):
        own = people == person
        kappa = cohen_kappa_score(y[own], chosen[own], labels=range(data.n_labels))
        found[str(person)] = round(float(np.nan_to_num(kappa)), 4)
    return found
