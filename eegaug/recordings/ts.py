"""Files that end in ``.ts``: series of aeon, sktime and the UCR and UEA archives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from eegaug.files import first_line


def read_ts(path: Path) -> dict[str, Any]:
    """Return the trials of a ``.ts`` file, as arguments of :class:`ArrayFile`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a text that can be read ({first_line(error)}).") from error
    header: dict[str, str] = {}
    trials: list[np.ndarray] = []
    labels: list[str] = []
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith(("#", "%")):
            continue
        try:
            if "data" not in header:
                _add_to_header(header, line)
            else:
                trial, label = _trial(header, line)
                if trials and trial.shape != trials[0].shape:
                    raise ValueError(
                        f"{trial.shape[0]} dimensions of {trial.shape[1]} values, where the first"
                        f" trial has {trials[0].shape[0]} of {trials[0].shape[1]}"
                    )
                trials.append(trial)
                labels += label
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {first_line(error)}.") from error
    if not trials:
        raise ValueError(f"{path}: no trials; lines of them are wanted after @data.")
    return {"X": np.stack(trials), "y": labels or None}


def _add_to_header(header: dict[str, str], line: str) -> None:
    """Add a line as "@classLabel true left right" to the header of a ``.ts`` file."""
    if not line.startswith("@"):
        raise ValueError(f"a line of the header, as @data, is wanted. Found {line[:40]!r}")
    name, *values = line[1:].split(maxsplit=1)
    name, value = name.lower(), values[0] if values else ""
    wrong = {
        "timestamps": ("true", "series with time stamps cannot be read"),
        "equallength": ("false", "series that differ in length cannot be read"),
        "targetlabel": ("true", "numbers to predict are no labels"),
    }
    if name in wrong and value.lower() == wrong[name][0]:
        raise ValueError(wrong[name][1])
    if name in ("serieslength", "dimensions", "dimension") and not value.isdigit():
        raise ValueError(f"a number is wanted. Found {line[:40]!r}")
    if name == "data" and "classlabel" not in header:
        raise ValueError("@classLabel, true with the labels or false, is wanted before @data")
    header[name] = value


def _trial(header: dict[str, str], line: str) -> tuple[np.ndarray, list[str]]:
    """Return a trial, shape (channels, times), and its label, if trials have one."""
    labelled, *classes = header["classlabel"].split() or ["false"]
    channels, label = line.split(":"), []
    if labelled.lower() == "true":
        label = [channels.pop().strip()]
        if label[0] not in classes:
            raise ValueError(f"label {label[0][:40]!r} is none of {', '.join(classes)}")
    signals = [np.array(each.replace("?", "nan").split(","), dtype=float) for each in channels]
    lengths = {len(signal) for signal in signals}
    if len(lengths) != 1:
        raise ValueError(f"dimensions of one length are wanted. Found {sorted(lengths)}")
    trial = np.stack(signals)
    announced = {
        "univariate": len(trial) == 1 or header.get("univariate", "").lower() != "true",
        "dimensions": header.get("dimensions", str(len(trial))) == str(len(trial)),
        "dimension": header.get("dimension", str(len(trial))) == str(len(trial)),
        "serieslength": header.get("serieslength", str(len(trial[0]))) == str(len(trial[0])),
    }
    for name, is_met in announced.items():
        if not is_met:
            raise ValueError(
                f"{trial.shape[0]} dimensions of {trial.shape[1]} values, where the header says"
                f" @{name} {header[name]}"
            )
    return trial, label
