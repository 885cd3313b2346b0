"""Whether what is to be read fits into memory."""

from __future__ import annotations

import psutil

#: Part of the free memory that may be taken.
SHARE = 0.8


def check_memory(what: str, n_bytes: float, otherwise: str = "") -> None:
    """Raise where something does not fit into the memory that is free.

    Parameters
    ----------
    what : str
        What is to be kept in memory, in the plural.
    n_bytes : float
        How large it is.
    otherwise : str
        What to do then.

    Raises
    ------
    ValueError
        If it is more than four fifths of what is free.

    Examples
    --------
    >>> check_memory("100 windows", 4 * 100 * 2 * 3000)
    """
    free = psutil.virtual_memory().available
    if n_bytes > SHARE * free:
        raise ValueError(
            f"{what} need {n_bytes / 2**30:.1f} GB of memory, and {free / 2**30:.1f} GB are free"
            f"{otherwise}."
        )
