"""Options of the command that several tasks have."""

from __future__ import annotations

import argparse
from pathlib import Path

from eegaug.study.task import Option


def pair(text: str) -> tuple[str, str]:
    """Return the parts of NAME=VALUE; a name alone stands for both."""
    name, separator, value = text.partition("=")
    if not name or (separator and not value):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, value if separator else name


def path(text: str) -> Path:
    """Return a path; "~" is the home folder, also after "=", where the shell leaves it."""
    if not text:
        raise argparse.ArgumentTypeError("a path is wanted. Found ''")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # "~nobody"
        raise argparse.ArgumentTypeError(f"{text}: there is no such home folder") from error


def _labels(pairs: list[tuple[str, str]]) -> dict[str, dict[str, str]]:
    labels: dict[str, str] = {}
    for label, value in pairs:
        if label in labels:
            raise ValueError(
                f"--labels should name each label once. Found {label!r} twice, for"
                f" {labels[label]!r} and {value!r}."
            )
        labels[label] = value
    return {"labels": labels}


LABELS = Option(
    "--labels",
    "windows",
    "labels, each with its annotation where that has another name; all annotations where absent",
    {"nargs": "+", "type": pair, "metavar": "LABEL[=ANNOTATION]"},
    _labels,
)
BAND = Option(
    "--band",
    "windows",
    "pass band in Hz (sleep 0.3 30, events 4 38, blocks 1 40; epochs and arrays: no filter)",
    {"nargs": 2, "type": float, "metavar": ("LOW", "HIGH")},
    lambda band: {"l_freq": band[0], "h_freq": band[1]},
)
SFREQ = Option(
    "--sfreq",
    "windows",
    "sampling rate of the windows in Hz (100; epochs and arrays: that of the files)",
    {"type": float, "metavar": "HZ"},
)
