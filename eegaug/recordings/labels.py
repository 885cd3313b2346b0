"""Labels, and what they are in the data: annotations, events, values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from eegaug.recordings.names import visible

#: How many of the values that occur are named in an error.
SHOWN = 8
#: Words of errors: for what does not occur, for what each label should have, for all there is.
ANNOTATIONS = ("No recording has an annotation", "an annotation of its own", "the annotations")
TRIALS = ("No trial is labelled", "trials of its own", "trials labelled")


def by_name(labels: Mapping[str, str] | Iterable[str]) -> dict[str, str]:
    """Return what each label is in the data; labels alone are that themselves.

    Both are escaped as labels in the data are, see :func:`spans`.

    Parameters
    ----------
    labels : mapping of str to str, or iterable of str
        Labels.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> by_name(["T1", "T2"])
    {'T1': 'T1', 'T2': 'T2'}
    """
    chosen = labels if isinstance(labels, Mapping) else {label: label for label in labels}
    return {visible(str(label)): visible(str(value)) for label, value in chosen.items()}


def choose_labels(
    found: Counter[str],
    labels: Mapping[str, str] | Iterable[str],
    words: tuple[str, str, str] = ANNOTATIONS,
) -> dict[str, str]:
    """Return what each label is in the data, after checking that it occurs.

    Parameters
    ----------
    found : Counter
        How often each value occurs.
    labels : mapping of str to str, or iterable of str
        Value of each label, or the values, which are then labels themselves.
    words : (str, str, str)
        :data:`ANNOTATIONS` or :data:`TRIALS`.

    Returns
    -------
    dict of str to str
        Label to value, in the order given.

    Raises
    ------
    ValueError
        If there are fewer than two labels, two labels have one value, or a value does not occur.

    Examples
    --------
    >>> choose_labels(Counter({"T1": 8, "T2": 7}), {"left": "T1", "right": "T2"})
    {'left': 'T1', 'right': 'T2'}
    """
    by_label, (none, own, everything) = by_name(labels), words
    missing = [
        f"{value!r}" + f" ({label})" * (label != value)
        for label, value in by_label.items()
        if value not in found
    ]
    if missing:
        raise ValueError(f"{none} {' or '.join(missing)}. Found {shown(found)}.")
    if len(by_label) < 2 or len(set(by_label.values())) < len(by_label):
        raise ValueError(
            f"There should be two labels or more, each with {own}."
            f" Found {by_label or 'none'}, among {everything} {shown(found)}."
            + " Choose some by `labels` or --labels."
            * (len(found) > 1)
        )
    return by_label


def shown(found: Counter[str]) -> str:
    """Return the commonest values with their numbers, as "'T1' (8), 'T2' (7)"."""
    text = ", ".join(f"{value!r} ({n})" for value, n in found.most_common(SHOWN)) or "none"
    return text + f" and {len(found) - SHOWN} more" * (len(found) > SHOWN)


def as_names(values: Iterable[Any], where: str) -> list[str | None]:
    """Return labels or subjects as text, None for those that are missing.

    Parameters
    ----------
    values : iterable
        Text or whole numbers, which may be stored as floats.
    where : str
        Where they are from, for the error.

    Returns
    -------
    list of str or None
        One per value.

    Raises
    ------
    ValueError
        If a number is not whole.

    Examples
    --------
    >>> as_names([1.0, float("nan")], "one-epo.fif: column 'trial_type'"), as_names("ab", "")
    (['1', None], ['a', 'b'])
    """
    names: list[str | None] = []
    for value in values:
        if pd.isna(value):
            names.append(None)
        elif isinstance(value, float | np.floating):
            if not float(value).is_integer():
                raise ValueError(
                    f"{where} holds {value:g}, which names nothing; names or whole numbers are"
                    " wanted."
                )
            names.append(str(int(value)))
        else:
            names.append(visible(str(value)))
    return names
