"""Names and labels from files, as text of one line that can be written anywhere."""

from __future__ import annotations

import re
import unicodedata
from typing import TypeVar

import mne

Signals = TypeVar("Signals", mne.io.BaseRaw, mne.BaseEpochs)

#: Kinds of character that are escaped: control characters, halves of pairs, as in names of files
#: that are not UTF-8, and ends of lines and paragraphs.
ESCAPED = ("Cc", "Cs", "Zl", "Zp")


def visible(text: str) -> str:
    r"""Return a text with characters escaped that end a line, or cannot be encoded.

    Parameters
    ----------
    text : str
        The name of a file, a subject, a channel or a label.

    Returns
    -------
    str
        The text as it is but for these characters.

    Examples
    --------
    >>> print(visible("Zoë\n2"), visible("caf\udce9.edf"))
    Zoë\n2 caf\udce9.edf
    """
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in ESCAPED
        else character
        for character in text
    )


def with_visible_channels(signals: Signals) -> Signals:
    """Return a recording or epochs, as a copy where names of channels have to be escaped."""
    names = {name: visible(name) for name in signals.ch_names}
    if all(name == shown for name, shown in names.items()):
        return signals
    return signals.copy().rename_channels(names, verbose="error")


def natural(name: str) -> tuple[list[str | int], str]:
    """Return what sorts names by the numbers in them, then as text: run2, run02, run10."""
    parts = enumerate(re.split(r"(\d+)", name))
    return [int(part) if place % 2 else part for place, part in parts], name
