"""Windows on disk: one file of signals per recording, found again by what made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from tqdm.auto import tqdm

from eegaug.files import PART, reason, written_whole
from eegaug.recordings.cutting import Piece
from eegaug.recordings.names import visible
from eegaug.recordings.signals import DTYPE, StoredSignals

#: Name of the file that marks a folder as a cache, and the layout of what is in it.
MARK, LAYOUT = "eegaug-cache.json", 1
#: Name of the file that a process holds while it writes the mark.
LOCK = ".lock"


class WindowCache:
    """A folder of windows, one file per recording and setting.

    Several processes may use it at once: each file is made by one of them, is there whole or not at
    all, and what a killed run left is removed and made again.

    Parameters
    ----------
    folder : path
        The folder, which is created where absent.

    Raises
    ------
    ValueError
        If it is no folder, cannot be written to, or holds other files than a cache.

    Examples
    --------
    >>> import tempfile
    >>> piece = Piece(np.ones((4, 2, 100), np.float32), np.arange(4), {"flat": 1}, "sum")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = WindowCache(folder)
    ...     key = cache.key({"recording": "one", "sfreq": 100.0})
    ...     made, found = (cache.get(key, lambda: piece) for _ in range(2))
    ...     len(made.X), found.dropped, cache.n_made, cache.n_asked
    (4, {'flat': 1}, 1, 2)
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.n_made = self.n_asked = 0
        self.notes: list[str] = []
        mark = self.folder / MARK
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            found = {path.name for path in self.folder.iterdir()}
            # another process writes the mark first of all, so what it has written since is no sign
            if found - {LOCK, f"{PART}{MARK}"} and not mark.exists():
                raise ValueError(
                    f"{self.folder}: not a cache of windows, but not empty either; a folder of its"
                    " own is wanted."
                )
            with FileLock(self.folder / LOCK):
                if not mark.exists():
                    _write_json(mark, {"layout": LAYOUT})
            self._sweep(found)
            content = mark.read_bytes()
        except OSError as error:
            raise ValueError(
                f"{self.folder}: not a folder that windows can be written to ({reason(error)})."
            ) from error
        try:
            layout = json.loads(content)["layout"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{mark}: damaged; name another folder.") from error
        if layout != LAYOUT:
            raise ValueError(
                f"{self.folder}: a cache of another version (layout {layout}, wanted {LAYOUT});"
                " name another folder."
            )

    @staticmethod
    def key(made_by: dict[str, Any]) -> str:
        """Return the name of a file by all that its content depends on."""
        text = json.dumps(made_by, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]

    def get(self, key: str, make: Callable[[], Piece], wait: bool = True) -> Piece:
        """Return the piece of a key, its signals as :class:`StoredSignals`; make it where absent.

        Raises
        ------
        OSError
            If it cannot be written; what was there before stays.
        filelock.Timeout
            If another process makes it at the moment, and ``wait`` is false.
        """
        piece = self._find(key)
        if piece is None:
            lock = self.folder / f"{key}.lock"
            with FileLock(lock, timeout=-1 if wait else 0):
                piece = self._find(key)  # made by another process meanwhile
                if piece is None:
                    self.n_made += 1
                    piece = self._written(key, make())
                lock.unlink(missing_ok=True)  # whoever waits for it finds the piece
        self.n_asked += 1
        return piece

    def _sweep(self, found: set[str]) -> None:
        """Remove what killed runs left half written, and nobody writes any more."""
        for name in found - {f"{PART}{MARK}"}:
            if name.startswith(PART):
                key = Path(name.removeprefix(PART)).stem
                with suppress(Timeout), FileLock(self.folder / f"{key}.lock", timeout=0):
                    (self.folder / name).unlink(missing_ok=True)

    def _find(self, key: str) -> Piece | None:
        table, signals = self.folder / f"{key}.json", self.folder / f"{key}.npy"
        if not table.exists():
            return None
        try:
            about = json.loads(table.read_text(encoding="utf-8"))
            stored, kept = StoredSignals([signals]), np.array(about["kept"], int)
            if len(kept) != len(stored):
                raise ValueError(f"{table}: of other windows than {signals.name}.")
            return Piece(stored, kept, about["dropped"], about["checksum"])
        except (OSError, ValueError, KeyError, TypeError):
            self.notes.append(f"A file of the cache was damaged, and made again: {signals.name}.")
            table.unlink(missing_ok=True)
            return None

    def _written(self, key: str, piece: Piece) -> Piece:
        signals, kept = self.folder / f"{key}.npy", "Windows cut before are kept."
        with written_whole(signals, kept) as part:
            np.save(part, np.asarray(piece.X, DTYPE))
        about = {"kept": piece.kept.tolist(), "dropped": piece.dropped, "checksum": piece.checksum}
        _write_json(self.folder / f"{key}.json", about, kept)  # from here on it is there
        return piece._replace(X=StoredSignals([signals]))


def make_pieces(
    makes: Sequence[Callable[[], Piece]],
    cache: WindowCache | None,
    keys: Sequence[str] | None,
    bar: tqdm,
) -> list[Piece]:
    """Return pieces, from the cache where they are there; each process makes some of the others.

    Parameters
    ----------
    makes : sequence of callable
        Functions that make the pieces.
    cache : WindowCache, optional
        Where they are kept; in memory where absent.
    keys : sequence of str, optional
        Their keys in the cache.
    bar : tqdm
        Progress bar, which is moved and closed.

    Returns
    -------
    list of Piece
        In the order of ``makes``.

    Raises
    ------
    OSError
        If one cannot be written; what was there before stays.

    Examples
    --------
    >>> piece = Piece(np.ones((4, 2, 100), np.float32), np.arange(4), {"flat": 1}, "sum")
    >>> with tqdm(total=1, disable=True) as bar:
    ...     len(make_pieces([lambda: piece], None, None, bar))
    1
    """
    pieces: dict[int, Piece] = {}
    with bar:
        for wait in (False, True):  # what another process makes at the moment is left for the end
            for place, make in enumerate(makes):
                if place in pieces:
                    continue
                if cache is None or keys is None:
                    pieces[place] = make()
                else:
                    try:
                        pieces[place] = cache.get(keys[place], make, wait)
                    except Timeout:
                        continue
                    where = visible(str(cache.folder))
                    bar.set_postfix_str(f"{cache.n_asked - cache.n_made} found in {where}")
                bar.update()
    return [pieces[place] for place in range(len(makes))]


def _write_json(path: Path, content: dict[str, Any], kept: str = "") -> None:
    with written_whole(path, kept) as part:
        part.write_text(json.dumps(content), encoding="utf-8")
