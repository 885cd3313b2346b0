"""Signals of windows in files, read when they are indexed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eegaug.files import first_line

#: Numbers of the files, whatever the machine.
DTYPE = np.dtype("<f4")


class StoredSignals:
    """Signals of windows in files, read when they are indexed.

    As an array of shape (windows, channels, times), it has ``shape``, ``dtype`` and a length, and
    takes integers, slices and arrays of integers or bools for the windows. ``np.asarray`` reads
    all. Nothing stays open or mapped, so that processes share it freely and memory stays as it is.

    Parameters
    ----------
    files : sequence of path
        Files of :func:`numpy.save`, float32, each of shape (windows, channels, times).

    Raises
    ------
    ValueError
        If there are no files, a file is none of numpy or truncated, or their windows differ in
        shape.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "one.npy")
    ...     np.save(file, np.ones((4, 2, 100), np.float32))
    ...     signals = StoredSignals([file, file])
    ...     signals.shape, signals[[0, 7]].shape, signals[3].mean()
    ((8, 2, 100), (2, 2, 100), np.float32(1.0))
    """

    dtype = np.dtype(np.float32)

    def __init__(self, files: Sequence[str | Path]) -> None:
        if not files:
            raise ValueError("At least one file of windows is needed. Found none.")
        self.files = [Path(file) for file in files]
        headers = [_header(file) for file in self.files]
        shapes = {shape[1:] for shape, _ in headers}
        if len(shapes) > 1:
            raise ValueError(f"Windows should have one shape. Found {sorted(shapes)}.")
        self._offsets = [offset for _, offset in headers]
        self._ends = np.cumsum([shape[0] for shape, _ in headers])
        self.shape = (int(self._ends[-1]), *shapes.pop())

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> np.ndarray:
        if isinstance(index, (int, np.integer)):
            return self._read(range(len(self))[index])
        chosen = np.arange(len(self))[index]
        if chosen.ndim != 1:
            raise IndexError(
                "Windows are taken by a number, a slice, or a list of numbers or bools. Found"
                f" {type(index).__name__} for {chosen.ndim} dimensions."
            )
        signals = np.empty((len(chosen), *self.shape[1:]), dtype=self.dtype)
        for place, window in enumerate(chosen.tolist()):
            signals[place] = self._read(window)
        return signals

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("Signals in files are read, which makes a copy.")
        return self[:].astype(dtype or self.dtype, copy=False)

    def _read(self, window: int) -> np.ndarray:
        place = int(np.searchsorted(self._ends, window, side="right"))
        n_values = self.shape[1] * self.shape[2]
        window -= int(self._ends[place - 1]) if place else 0
        start = self._offsets[place] + window * n_values * DTYPE.itemsize
        values = np.fromfile(self.files[place], DTYPE, n_values, offset=start)
        if len(values) < n_values:
            raise ValueError(f"{self.files[place]}: truncated since it was opened.")
        return values.reshape(self.shape[1:])


def _header(file: Path) -> tuple[tuple[int, ...], int]:
    """Return the shape of an array in a file, and where its numbers start."""
    try:
        with file.open("rb") as opened:
            version = np.lib.format.read_magic(opened)
            read = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }
            shape, fortran, dtype = read[version](opened)
            offset = opened.tell()
    except Exception as error:  # NumPy takes the header for Python, and raises what that does
        raise ValueError(f"{file}: not a file of windows ({first_line(error)}).") from error
    if dtype != DTYPE or fortran or len(shape) != 3:
        raise ValueError(f"{file}: not a file of windows, but {dtype} of shape {shape}.")
    wanted, found = offset + int(np.prod(shape)) * DTYPE.itemsize, file.stat().st_size
    if found != wanted:
        raise ValueError(f"{file}: truncated: {found} bytes, where its header wants {wanted}.")
    return shape, offset
