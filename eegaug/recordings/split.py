"""Split windows into training, validation and test: by subject, or in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

#: Blocks that one subject's windows are cut into where there is no other subject to hold out.
N_BLOCKS = 12
#: Windows of a subject from which on they can be split in time.
LEAST_IN_TIME = 6
#: Windows of training, and of validation, that are to be left where some share samples.
LEAST_LEFT = 2
#: Samples that windows may share by a rounding of their onsets.
ROUNDING = 1.5


@dataclass(frozen=True)
class Split:
    """Indices of windows, and how they were chosen.

    Parameters
    ----------
    train, valid, test : ndarray of int
        Indices of windows, shape (windows of this part,).
    how : str
        Which subjects are in which part, in one sentence.

    Examples
    --------
    >>> y, subjects = np.tile([0, 1], 60), np.repeat(["a", "b", "c"], 40)
    >>> split = split_by_subject(y, subjects, test=["b"])
    >>> set(subjects[split.train]) & set(subjects[split.test])
    set()
    """

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    how: str

    def is_calibrated(self, subjects: np.ndarray) -> bool:
        """Whether a tested subject is also trained on.

        Parameters
        ----------
        subjects : ndarray of str, shape (windows,)
            Subject of each window.

        Returns
        -------
        bool
            True for :func:`split_in_time`, and where there is one subject only.
        """
        return bool(np.isin(subjects[self.test], subjects[self.train]).any())


def split_by_subject(
    y: np.ndarray, subjects: np.ndarray, test: str | Sequence[str] | None = None, seed: int = 0
) -> Split:
    """Split windows by subject, or the windows of one subject into contiguous blocks.

    About a quarter of the subjects is held out for the test and a fifth of the others for
    validation, such that as many labels as possible remain in training.

    Parameters
    ----------
    y : ndarray of int, shape (windows,)
        Labels.
    subjects : ndarray of str, shape (windows,)
        Subject of each window; windows of a subject are in the order of time.
    test : str or sequence of str, optional
        Subjects to test on; chosen by ``seed`` where absent.
    seed : int
        Seed of the choice.

    Returns
    -------
    Split
        Indices into ``y``, in three parts that do not overlap.

    Raises
    ------
    ValueError
        If ``test`` names an unknown subject or all subjects, or there are too few windows to split.

    Examples
    --------
    >>> y = np.tile([0, 1], 60)
    >>> subjects = np.repeat(["a", "b", "c"], 40)
    >>> split = split_by_subject(y, subjects, test=["b"])
    >>> set(subjects[split.test].tolist()), len(split.train), len(split.valid)
    ({'b'}, 40, 40)
    """
    y, subjects = np.asarray(y), np.asarray(subjects)
    everyone = sorted(set(subjects.tolist()))
    test = [test] if isinstance(test, str) else test
    if test is not None:
        check_tested(test, everyone)
        in_test = np.isin(subjects, list(test))
        rest, held_out = np.flatnonzero(~in_test), np.flatnonzero(in_test)
        how_test = ", ".join(sorted(set(test)))
    else:
        rest, held_out, how_test = _hold_out(y, subjects, np.arange(len(y)), 4, seed)
    train, valid, how_valid = _hold_out(y, subjects, rest, 5, seed)
    trainers = ", ".join(sorted(set(subjects[train].tolist())))
    how = f"tested on {how_test}; validated on {how_valid}; trained on {trainers}"
    return Split(train, valid, held_out, how)


def check_tested(test: Sequence[str], everyone: Sequence[str]) -> None:
    """Raise where subjects to test on are not there, or none is left to train on."""
    strangers = sorted(set(test) - set(everyone))
    if strangers:
        raise ValueError(
            f"No subject to test on is named {', '.join(strangers)};"
            f" the recordings are of {', '.join(everyone)}."
        )
    if set(test) == set(everyone):
        raise ValueError(
            f"No subject is left to train on: all of {', '.join(everyone)} are tested."
        )


def _hold_out(
    y: np.ndarray, subjects: np.ndarray, index: np.ndarray, n_folds: int, seed: int
) -> tuple[np.ndarray, np.ndarray, str]:
    """Hold out one of ``n_folds`` parts: subjects, or blocks of the only subject."""
    names = sorted(set(subjects[index].tolist()))
    per_subject = len(names) > 1
    if per_subject:
        groups = subjects[index]
    else:
        groups = np.arange(len(index)) * N_BLOCKS // len(index)
    n_groups = len(set(groups.tolist()))
    if not per_subject and n_groups < N_BLOCKS:
        raise ValueError(
            f"{len(index)} windows of {names[0]} are too few to split into contiguous blocks;"
            f" at least {N_BLOCKS} are wanted."
        )
    folds = StratifiedGroupKFold(min(n_folds, n_groups), shuffle=True, random_state=seed)
    # scikit-learn warns of labels that have fewer windows than there are folds: they are taken for
    # the rarest one.
    counts = np.bincount(y[index])
    strata = np.where(counts[y[index]] >= folds.n_splits, y[index], counts.argmax())
    candidates = list(folds.split(index, strata, groups))

    def merit(fold: tuple[np.ndarray, np.ndarray]) -> tuple[int, float, int]:
        """Many labels left to train on; then about the share that is wanted."""
        kept, out = fold
        excess = abs(len(out) / len(index) - 1 / folds.n_splits)
        return (
            len(set(y[index[kept]].tolist())),
            -round(excess, 1),
            len(set(y[index[out]].tolist())),
        )

    kept, out = max(candidates, key=merit)
    if per_subject:
        how = ", ".join(sorted(set(groups[out].tolist())))
    else:
        n_out = len(set(groups[out].tolist()))
        how = f"{n_out} of {n_groups} contiguous blocks of {names[0]}"
    return index[kept], index[out], how


def split_in_time(y: np.ndarray, subjects: np.ndarray) -> Split:
    """Split the windows of each subject in time: training, then validation, then test.

    This is the calibrated setting of brain-computer interfaces: the test is the last third of each
    subject's windows, the validation the sixth before it, and the rest is for training.

    Parameters
    ----------
    y : ndarray of int, shape (windows,)
        Labels.
    subjects : ndarray of str, shape (windows,)
        Subject of each window; windows of a subject are in the order of time.

    Returns
    -------
    Split
        Indices into ``y``, in three parts that do not overlap.

    Raises
    ------
    ValueError
        If a subject has too few windows.

    Examples
    --------
    >>> split = split_in_time(np.tile([0, 1], 12), np.repeat(["a", "b"], 12))
    >>> split.test.tolist()
    [8, 9, 10, 11, 20, 21, 22, 23]
    """
    y, subjects = np.asarray(y), np.asarray(subjects)
    parts: list[list[np.ndarray]] = []
    for subject in np.unique(subjects):
        (index,) = np.nonzero(subjects == subject)
        if len(index) < LEAST_IN_TIME:
            raise ValueError(
                f"{len(index)} windows of {subject} are too few to split in time; at least"
                f" {LEAST_IN_TIME} are wanted."
            )
        end = 2 * len(index) // 3
        parts.append(np.split(index, [3 * end // 4, end]))
    train, valid, test = (np.concatenate(part) for part in zip(*parts, strict=True))
    everyone = ", ".join(np.unique(subjects).tolist())
    how = (
        f"trained, validated and tested on {everyone}: tested on the last third of each subject's"
        " windows, validated on the sixth before"
    )
    return Split(train, valid, test, how)


def without_shared_samples(
    split: Split, metadata: pd.DataFrame, n_times: int, sfreq: float
) -> Split:
    """Leave out windows that share samples with those that they are judged on.

    Windows of one recording may overlap: a training window that begins before a test window ends
    holds a part of it. Left out are windows of validation that share samples with test windows, and
    then those of training that share samples with windows of test or validation.

    Parameters
    ----------
    split : Split
        Which windows are in which part.
    metadata : pandas.DataFrame
        One row per window, with subject, recording and onset (s), as that of
        :class:`~eegaug.recordings.Windows`.
    n_times : int
        Samples of a window.
    sfreq : float
        Sampling rate of the windows (Hz).

    Returns
    -------
    Split
        The same one where no windows overlap across its parts; else a smaller one, whose ``how``
        counts what was left out.

    Raises
    ------
    ValueError
        If fewer than two windows of training or of validation are left.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": "a", "recording": "one", "onset": np.arange(8.0)})
    >>> split = Split(np.arange(4), np.array([4, 5, 6]), np.array([7]), "in time")
    >>> split = without_shared_samples(split, table, n_times=150, sfreq=100.0)
    >>> split.train, split.valid
    (array([0, 1, 2]), array([4, 5]))
    >>> split.how
    'in time; left out, for samples that they share: 1 of training, 1 of validation'
    """
    recordings = metadata.groupby(["subject", "recording"], observed=True).ngroup().to_numpy()
    onsets, nearest = metadata["onset"].to_numpy(dtype=float), (n_times - ROUNDING) / sfreq

    def apart(index: np.ndarray, judged: np.ndarray) -> np.ndarray:
        kept = np.ones(len(index), dtype=bool)
        for recording in np.intersect1d(recordings[index], recordings[judged]):
            own = recordings[index] == recording
            theirs = np.sort(onsets[judged][recordings[judged] == recording])
            theirs = np.concatenate([[-np.inf], theirs, [np.inf]])
            after = np.searchsorted(theirs, onsets[index][own])
            gaps = np.abs(theirs[[after - 1, after]] - onsets[index][own])
            kept[own] = gaps.min(axis=0) > nearest
        return index[kept]

    valid = apart(split.valid, split.test)
    train = apart(split.train, np.concatenate([valid, split.test]))
    counted = []
    parts = {"training": (split.train, train), "validation": (split.valid, valid)}
    for name, (before, after) in parts.items():
        if len(before) == len(after):
            continue
        if len(after) < LEAST_LEFT:
            raise ValueError(
                f"Too few windows are left for {name}: {len(after)} of {len(before)}, the others"
                " share samples with windows that they are judged on; a smaller --overlap or a"
                " shorter --window keeps them apart."
            )
        counted.append(f"{len(before) - len(after)} of {name}")
    if not counted:
        return split
    how = f"{split.how}; left out, for samples that they share: {', '.join(counted)}"
    return replace(split, train=train, valid=valid, how=how)
