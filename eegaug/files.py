"""Files that are written whole or not at all, and why one could not be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: How the name of a file begins while it is written; one that a killed run left is written over.
PART = ".part-"


@contextmanager
def written_whole(path: Path, kept: str = "") -> Iterator[Path]:
    """Give a path to write to, which becomes the file at the end of the ``with`` statement.

    After an error, what was there before stays, and nothing else.

    Parameters
    ----------
    path : Path
        The file.
    kept : str
        What to say after an error of what is not lost.

    Yields
    ------
    Path
        A file beside it, whose name ends as that of the file does.

    Raises
    ------
    OSError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with written_whole(Path(folder, "one.txt")) as part:
    ...         _ = part.write_text("1")
    ...     os.listdir(folder)
    ['one.txt']
    """
    part = path.with_name(f"{PART}{path.name}")
    try:
        yield part
        os.replace(part, path)
    except (OSError, RuntimeError) as error:  # torch has its own for a full disk
        raise OSError(
            f"{path}: cannot be written ({reason(error)}).{f' {kept}' * bool(kept)}"
        ) from error
    finally:
        part.unlink(missing_ok=True)  # of an interruption too


def reason(error: Exception) -> str:
    """Return why a file cannot be read or written, without its path where that is known."""
    return getattr(error, "strerror", None) or first_line(error)


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its type where there is none."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
