"""Split windows into training, validation and test, never one person on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

#: Blocks that a person's windows are cut into where nobody else is there to be held out.
N_BLOCKS = 12


@dataclass(frozen=True)
class Split:
    """Indices of windows, and how they were chosen.

    Parameters
    ----------
    train, valid, test : ndarray of int
        Indices of windows, shape (windows of this part,).
    how : str
        Who is in which part, in one sentence for the report.

    Examples
    --------
    >>> y, persons = np.tile([0, 1], 60), np.repeat(["a", "b", "c"], 40)
    >>> split = split_windows(y, persons, test=["b"])
    >>> set(persons[split.train]) & set(persons[split.test])
    set()
    """

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    how: str


def split_windows(
    y: np.ndarray, persons: np.ndarray, test: str | Sequence[str] | None = None, seed: int = 0
) -> Split:
    """Split windows by person, or one person's windows into contiguous blocks.

    About a quarter of the people is held out for the test and a fifth of the others for
    validation, such that as many stages as possible stay in training.

    Parameters
    ----------
    y : ndarray of int, shape (windows,)
        Stages.
    persons : ndarray of str, shape (windows,)
        Whose each window is; windows of a person are in the order of time.
    test : str or sequence of str, optional
        People to test on; chosen by ``seed`` where absent.
    seed : int
        Seed of the choice.

    Returns
    -------
    Split
        Indices into ``y``, in three parts that do not overlap.

    Raises
    ------
    ValueError
        If ``test`` names nobody or everybody, or there are too few windows to split.

    Examples
    --------
    >>> y = np.tile([0, 1], 60)
    >>> persons = np.repeat(["a", "b", "c"], 40)
    >>> split = split_windows(y, persons, test=["b"])
    >>> set(persons[split.test].tolist()), len(split.train), len(split.valid)
    ({'b'}, 40, 40)
    """
    y, persons = np.asarray(y), np.asarray(persons)
    everyone = sorted(set(persons.tolist()))
    test = [test] if isinstance(test, str) else test
    if test is not None:
        strangers = sorted(set(test) - set(everyone))
        if strangers:
            raise ValueError(
                f"Nobody to test on is named {', '.join(strangers)};"
                f" the recordings are of {', '.join(everyone)}."
            )
        if set(test) == set(everyone):
            raise ValueError(
                f"Nobody is left to train on: all of {', '.join(everyone)} are tested."
            )
        in_test = np.isin(persons, list(test))
        rest, held_out = np.flatnonzero(~in_test), np.flatnonzero(in_test)
        how_test = ", ".join(sorted(set(test)))
    else:
        rest, held_out, how_test = _hold_out(y, persons, np.arange(len(y)), 4, seed)
    train, valid, how_valid = _hold_out(y, persons, rest, 5, seed)
    trainers = ", ".join(sorted(set(persons[train].tolist())))
    how = f"tested on {how_test}; validated on {how_valid}; trained on {trainers}"
    return Split(train, valid, held_out, how)


def _hold_out(
    y: np.ndarray, persons: np.ndarray, index: np.ndarray, n_folds: int, seed: int
) -> tuple[np.ndarray, np.ndarray, str]:
    """Hold out one of ``n_folds`` parts: people, or blocks of the only person there is."""
    people = sorted(set(persons[index].tolist()))
    by_person = len(people) > 1
    if by_person:
        groups = persons[index]
    else:
        groups = np.arange(len(index)) * N_BLOCKS // len(index)
    n_groups = len(set(groups.tolist()))
    if not by_person and n_groups < N_BLOCKS:
        raise ValueError(
            f"{len(index)} windows of {people[0]} are too few to split into contiguous blocks;"
            f" at least {N_BLOCKS} are wanted."
        )
    folds = StratifiedGroupKFold(min(n_folds, n_groups), shuffle=True, random_state=seed)
    # The rarest stage may live in one group alone: scikit-learn warns only, so no class is
    # told to it that has fewer windows than there are folds.
    counts = np.bincount(y[index])
    strata = np.where(counts[y[index]] >= folds.n_splits, y[index], counts.argmax())
    candidates = list(folds.split(index, strata, groups))

    def merit(fold: tuple[np.ndarray, np.ndarray]) -> tuple[int, float, int]:
        """Many stages left to train on; then about the share that was asked for."""
        kept, out = fold
        excess = abs(len(out) / len(index) - 1 / folds.n_splits)
        return (
            len(set(y[index[kept]].tolist())),
            -round(excess, 1),
            len(set(y[index[out]].tolist())),
        )

    kept, out = max(candidates, key=merit)
    if by_person:
        how = ", ".join(sorted(set(groups[out].tolist())))
    else:
        n_out = len(set(groups[out].tolist()))
        how = f"{n_out} of {n_groups} contiguous blocks of {people[0]}"
    return index[kept], index[out], how
