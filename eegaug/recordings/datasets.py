"""Public data sets by name, through braindecode and MOABB."""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Sequence
from typing import Any

import mne

from eegaug.files import first_line
from eegaug.recordings.electrodes import place_electrodes
from eegaug.recordings.recording import Recording
from eegaug.validation import did_you_mean

#: What names recordings of a data set, in this order, as far as its description has it.
NAMED_BY = ("subject", "session", "run", "recording")
#: Shown where a name is not known.
EXAMPLES = "MOABB:BNCI2014_001 or braindecode:SleepPhysionet"


def fetch_dataset(name: str, subjects: Sequence[int] | None = None) -> list[Recording]:
    """Download a public data set through braindecode, or find it on disk.

    Channels named after an electrode get its name and, where there are no positions, its position,
    see :func:`place_electrodes`.

    Parameters
    ----------
    name : str
        "MOABB:" and a data set of MOABB, as "MOABB:BNCI2014_001"; or "braindecode:" and a class of
        ``braindecode.datasets``, as "braindecode:SleepPhysionet".
    subjects : sequence of int, optional
        Numbers of the subjects; all where absent.

    Returns
    -------
    list of Recording
        In the order of the data set.

    Raises
    ------
    ValueError
        If the name is not known, MOABB is wanted and not installed, the data set cannot be
        fetched, as without a network, or it has no recordings or does not say whose they are.

    References
    ----------
    Jayaram and Barachant, *MOABB: trustworthy algorithm benchmarking for BCIs*, J. Neural Eng.
    15(6):066011, 2018.

    Examples
    --------
    >>> recordings = fetch_dataset("MOABB:BNCI2014_001", [1, 2])  # doctest: +SKIP
    """
    source, _, short = name.partition(":")
    if source not in ("MOABB", "braindecode") or not short:
        raise ValueError(f"A data set is named as {EXAMPLES}. Found {name!r}.")
    if subjects is not None and not len(subjects):
        raise ValueError(f"{name}: at least one subject is wanted. Found none.")
    with warnings.catch_warnings(), mne.use_log_level("error"):
        warnings.simplefilter("ignore")
        make, arguments = (_of_moabb if source == "MOABB" else _of_braindecode)(name, short)
        if subjects is not None:
            if "subject_ids" not in inspect.signature(make).parameters:
                raise ValueError(
                    f"{name}: its subjects cannot be chosen; it is fetched as a whole."
                )
            arguments["subject_ids"] = [int(subject) for subject in subjects]
        try:
            fetched = make(**arguments)
        except Exception as error:  # those of downloads, of readers, and of each data set
            raise ValueError(f"{name}: could not be fetched ({first_line(error)}).") from error
    recordings = [_recording(name, short, each) for each in fetched.datasets]
    if not recordings:
        raise ValueError(f"{name}: no recordings in this data set.")
    return recordings


def _of_moabb(name: str, short: str) -> tuple[Any, dict[str, Any]]:
    """Return what makes a data set of MOABB, and its arguments."""
    from braindecode.datasets import MOABBDataset

    try:
        known = importlib.import_module("moabb.datasets.utils").dataset_list
    except ImportError as error:
        raise ValueError(
            f"{name}: data sets of MOABB want a package that is not installed: pip install moabb."
        ) from error
    _check_known(name, short, [each.__name__ for each in known])
    return MOABBDataset, {"dataset_name": short}


def _of_braindecode(name: str, short: str) -> tuple[Any, dict[str, Any]]:
    """Return a class of data sets of braindecode, and no arguments."""
    import braindecode.datasets as module

    known = {
        each: found
        for each, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, module.BaseConcatDataset) and found is not module.BaseConcatDataset
    }
    _check_known(name, short, list(known))
    return known[short], {}


def _check_known(name: str, short: str, known: list[str]) -> None:
    if short in known:
        return
    raise ValueError(f"{name}: no such data set; {did_you_mean(short, known)}")


def _recording(name: str, short: str, dataset: Any) -> Recording:
    raw, about = getattr(dataset, "raw", None), dataset.description
    if raw is None:
        raise ValueError(f"{name}: holds no recordings, but {type(dataset).__name__}.")
    if about is None or "subject" not in about:
        raise ValueError(f"{name}: does not say whose its recordings are.")
    place_electrodes(raw)
    named = " ".join(str(about[key]) for key in NAMED_BY if key in about)
    return Recording(f"{short} {named}", str(about["subject"]), raw)
