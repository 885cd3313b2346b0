"""Files that are written whole or not at all, and why one could not be."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

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


def load_whole(path: str | Path) -> Any:
    """Return what :func:`torch.save` saved, on the CPU, by ``weights_only=True``.

    torch itself reads numbers that were damaged.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, or something else.
    """
    try:
        with zipfile.ZipFile(path) as file:
            if (part := file.testzip()) is not None:
                raise ValueError(f"{part} is damaged")
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except Exception as error:  # torch, pickle and zipfile raise many
        raise ValueError(f"{path}: damaged, or not a file of torch.") from error


def reason(error: Exception) -> str:
    """Return why a file cannot be read or written, without its path where that is known."""
    return getattr(error, "strerror", None) or first_line(error)


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its type where there is none."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
