"""What to say where a library of the extra is missing: the core wants torch alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needs_extra(part: str) -> Iterator[None]:
    """Import libraries of the extra, or say how to install them.

    Parameters
    ----------
    part : str
        What needs them.

    Yields
    ------
    None

    Raises
    ------
    ImportError
        If a library is not installed.

    Examples
    --------
    >>> with needs_extra("this example"):
    ...     import no_such_library
    Traceback (most recent call last):
    ImportError: this example needs no_such_library: pip install "eegaug[eeg]".
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "eegaug"):
            raise
        raise ImportError(
            f'{part} needs {missing}: pip install "eegaug[eeg]".', name=missing
        ) from None
