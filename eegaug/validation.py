"""Checks of arguments, each with a one-line error."""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from numbers import Integral, Real

from torch import nn

#: The largest count: what a tensor can hold.
LARGEST = 2**63 - 1


def found(value: object) -> str:
    """Return how an error names a value that is not an instance of the expected class."""
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def check_module(name: str, value: object) -> None:
    """Raise if ``value`` is not a torch module."""
    if not isinstance(value, nn.Module):
        raise TypeError(f"Argument `{name}` should be a torch module. Found {found(value)}.")


def check_number(name: str, value: object) -> None:
    """Raise if ``value`` is not a finite real number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"Parameter `{name}` should be a number. Found `{name} = {value!r}`.")
    if isinstance(value, Integral) and abs(int(value)) > sys.float_info.max:
        raise ValueError(f"Parameter `{name}` should be a finite float. Found a larger integer.")
    if not math.isfinite(value):
        raise ValueError(f"Parameter `{name}` should be finite. Found `{name} = {value}`.")


def check_positive(name: str, value: object) -> None:
    """Raise if ``value`` is not a positive finite number."""
    check_number(name, value)
    if not value > 0:  # type: ignore[operator]
        raise ValueError(f"Parameter `{name}` should be positive. Found `{name} = {value}`.")


def check_not_negative(name: str, value: object) -> None:
    """Raise if ``value`` is not a finite number of zero or more."""
    check_number(name, value)
    if value < 0:  # type: ignore[operator]
        raise ValueError(f"Parameter `{name}` should be zero or more. Found `{name} = {value}`.")


def check_list(values: object, kind: type, one: str, reader: str) -> list:
    """Return ``values`` as a list; raise unless they are one or more instances of a class.

    ``one`` is what an instance is called, ``reader`` the function that returns them.
    """
    noun, *of_what = one.capitalize().split()
    many = " ".join([f"{noun}s", *of_what])
    wanted = f"{many} should be those of `{reader}`, or be made by `{kind.__name__}`"
    if isinstance(values, str | kind) or not isinstance(values, Iterable):
        raise TypeError(f"{wanted}, in a list. Found a single {type(values).__name__}.")
    listed = list(values)
    for value in listed:
        if not isinstance(value, kind):
            raise TypeError(f"{wanted}. Found {found(value)}.")
    if not listed:
        raise ValueError(f"At least one {one} is needed. Found none.")
    return listed


def check_count(name: str, value: object, least: int = 1, most: int = LARGEST) -> None:
    """Raise if ``value`` is not a whole number from ``least`` to ``most``."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"Parameter `{name}` should be an integer. Found `{name} = {value!r}`.")
    if abs(int(value)) > LARGEST:
        raise ValueError(f"Parameter `{name}` should be of 64 bits. Found a larger integer.")
    if value < least:
        wanted = "positive" if least == 1 else f"{least} or more"
        raise ValueError(f"Parameter `{name}` should be {wanted}. Found `{name} = {value}`.")
    if value > most:  # type: ignore[operator]
        raise ValueError(f"Parameter `{name}` should be at most {most}. Found `{name} = {value}`.")


def check_flag(name: str, value: object) -> None:
    """Raise if ``value`` is neither True nor False."""
    if not isinstance(value, bool):
        raise TypeError(f"Parameter `{name}` should be True or False. Found `{name} = {value!r}`.")


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return the end of an error about a name: those that it is like, else all there are.

    Parameters
    ----------
    name : str
        The name that does not exist.
    known : collection of str
        The names that exist.

    Returns
    -------
    str

    Examples
    --------
    >>> did_you_mean("eegnet", ["EEGNet", "ShallowFBCSPNet", "TCN"])
    'did you mean EEGNet?'
    >>> did_you_mean("Foo", ["EEGNet", "ShallowFBCSPNet", "TCN"])
    'there is EEGNet, ShallowFBCSPNet, TCN.'
    """
    folded = {each.lower(): each for each in known}
    close = [folded[each] for each in get_close_matches(name.lower(), folded, cutoff=0.45)]
    return f"did you mean {' or '.join(close)}?" if close else f"there is {', '.join(known)}."
