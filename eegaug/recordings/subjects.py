"""Whose a recording is: by an expression, its name, its header or its folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import mne

#: Patient codes that name nobody.
ANONYMOUS = {"", "x", "0", "anonymous", "anonymized", "anonymised", "unknown", "none", "na", "n/a"}
#: File names that public datasets give; the first group is the subject.
SUBJECT_NAMES = (
    r"(S[CT][47]\d\d)\d[A-Z].-PSG\.",  # Sleep-EDF Expanded
    r"(S\d{3})R\d\d\.",  # EEG Motor Movement/Imagery Dataset
    r"(sub-[A-Za-z0-9]+)",  # BIDS
)


def check_pattern(subject: str | None) -> None:
    """Raise where what finds subjects in paths is not a regular expression."""
    if subject is not None:
        try:
            re.compile(subject)
        except re.error as error:
            raise ValueError(
                f"Parameter `subject` should be a regular expression. Found {subject!r}: {error}."
            ) from error


def tell_apart(paths: Sequence[Path]) -> list[tuple[str, str | None]]:
    """Return a name of its own for each file, and the folder that says whose it is, if one does.

    Files of one name differ in a folder. What else is below that folder is of the same person.
    """
    files = [path.absolute() for path in paths]
    same: dict[str, list[Path]] = {}
    for file in files:
        same.setdefault(file.name, []).append(file)
    names: dict[Path, str] = {}
    people: set[Path] = set()
    for each in same.values():
        common = Path(os.path.commonpath([file.parent for file in each]))
        for file in each:
            own = file.relative_to(common)
            names[file] = own.as_posix()
            people.add(common / own.parts[0])  # the file itself is above none
    told = []
    for file in files:
        above = [folder.name for folder in file.parents if folder in people]
        told.append((names[file], above[-1] if above else None))  # the outermost: a session is none
    return told


def subject_of(
    path: Path, raw: mne.io.BaseRaw, pattern: str | None, folder: str | None = None
) -> str:
    """Return the subject of a recording; ``folder``: see :func:`tell_apart`."""
    if pattern is not None:
        found = re.search(pattern, path.name) or re.search(pattern, str(path))
        if not found:
            raise ValueError(f"{path}: no subject in this path by the expression {pattern!r}.")
        return found[1] if found.re.groups else found[0]
    known = _known_subject(path, raw) or folder
    if known is not None:
        return known
    return re.sub(r"[-_ ]?psg$|[-_](raw|eeg)$", "", path.name.split(".")[0], flags=re.IGNORECASE)


def guessed_subjects(recordings: Iterable[Any]) -> list[str]:
    """Return the subjects that the names of files alone tell, which may be those of one person.

    Parameters
    ----------
    recordings : iterable of Recording, EpochsFile or ArrayFile
        What was read without an expression that finds subjects. Arrays say whose their trials are.

    Returns
    -------
    list of str
    """
    guessed = {
        each.subject
        for each in recordings
        if isinstance(each.subject, str)
        and each.path is not None
        and each.path.name.startswith(each.subject)
        and _known_subject(each.path, getattr(each, "raw", None) or each.epochs) is None
    }
    return sorted(guessed)


def _known_subject(path: Path, raw: mne.io.BaseRaw) -> str | None:
    """Return the subject that a data set's name of a file, or its header, tells."""
    for known in SUBJECT_NAMES:
        if found := re.match(known, path.name):
            return found[1]
    patient = str((raw.info["subject_info"] or {}).get("his_id") or "").strip()
    return None if patient.lower() in ANONYMOUS else patient
