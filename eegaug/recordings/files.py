"""Files of recordings, epochs and arrays: found in folders, and told by their names."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from eegaug.files import reason
from eegaug.recordings.names import natural

#: How names of files end that a folder is searched for, of recordings, of epochs and of arrays. A
#: recording of any kind that MNE reads can be named itself.
RECORDINGS = (".edf", ".bdf", ".gdf", ".vhdr", ".set", ".fif", ".fif.gz", ".cnt")
EPOCHS = ("-epo.fif", "_epo.fif", "-epo.fif.gz", "_epo.fif.gz")
ARRAYS = (".npz", ".ts")
#: How names of folders end that are one recording.
FOLDERS = (".mff", ".ds")


def find_files(
    paths: str | Path | Iterable[str | Path],
    is_wanted: Callable[[Path], bool],
    wanted: str,
    endings: Sequence[str],
) -> list[Path]:
    """Return files, and those of folders that are wanted, each once.

    Parameters
    ----------
    paths : path, or iterable of path
        Files, which are taken whatever their names, and folders, searched recursively.
    is_wanted : callable
        Whether a file in a folder is to be taken.
    wanted : str
        What such a file is called, for the error.
    endings : sequence of str
        How their names end, for the error.

    Returns
    -------
    list of Path
        In the order of the paths, within a folder in that of the names.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    OSError
        If a path cannot be followed, or a folder in it cannot be read.
    ValueError
        If there are no paths, one is neither a file nor a folder, or a folder has no such file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, "one.npz").touch()
    ...     [path.name for path in find_files(folder, is_array_file, "array", ARRAYS)]
    ['one.npz']
    """
    files: dict[Path, Path] = {}  # by resolved path: no file twice under two spellings
    for path in [Path(paths)] if isinstance(paths, str | Path) else map(Path, paths):
        check_kind(path)
        found = [path]
        if path.is_dir() and path.suffix not in FOLDERS:
            found = [p for p in files_in(path) if is_wanted(p)]
            if not found:
                raise ValueError(
                    f"{path}: no {wanted} in this folder; wanted files that end in"
                    f" {', '.join(endings)}."
                )
        files.update((p.resolve(), p) for p in found)
    if not files:
        raise ValueError(f"At least one {wanted} is needed. Found none.")
    return list(files.values())


def check_kind(path: Path) -> None:
    """Raise where there is neither a file nor a folder: a pipe or a device may have no end.

    Parameters
    ----------
    path : Path
        The file or folder.

    Raises
    ------
    FileNotFoundError
        If there is nothing.
    OSError
        If that cannot be told, as of links that lead to each other.
    ValueError
        If it is something else.

    Examples
    --------
    >>> check_kind(Path("nowhere"))
    Traceback (most recent call last):
    FileNotFoundError: nowhere: no such file or folder.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(f"{path}: no such file or folder.") from error
    except OSError as error:
        raise OSError(f"{path}: cannot be read ({reason(error)}).") from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ValueError(f"{path}: a pipe, a socket or a device, where a file is wanted.")


def files_in(folder: Path) -> list[Path]:
    """Return the files in a folder and those below, but for hidden ones, by name: 2 before 10.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    list of Path
        Files that are there: neither pipes, devices nor links that lead nowhere.

    Raises
    ------
    OSError
        If a folder cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("run10.npz", "run2.npz"):
    ...         Path(folder, name).touch()
    ...     [path.name for path in files_in(Path(folder))]
    ['run2.npz', 'run10.npz']
    """

    def refuse(error: OSError) -> None:
        raise OSError(f"{error.filename}: cannot be read ({reason(error)}).") from error

    found = [
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=refuse)
        for name in names
        if not name.startswith(".")
    ]
    return sorted((path for path in found if path.is_file()), key=_natural)


def _natural(path: Path) -> list[tuple[list[str | int], str]]:
    return [natural(part) for part in path.parts]


def is_recording(path: Path) -> bool:
    """Whether a file in a folder is a recording, by its name."""
    if path.name.startswith(".") or not path.name.lower().endswith(RECORDINGS):
        return False
    return not (is_hypnogram(path) or is_epochs_file(path) or is_further_part(path))


def is_hypnogram(path: Path) -> bool:
    """Whether a file holds a hypnogram, by its name."""
    return path.stem.lower().endswith("hypnogram")


def is_epochs_file(path: str | Path) -> bool:
    """Whether a file holds epochs, by its name, which MNE wants to end so.

    Parameters
    ----------
    path : path
        The file, which need not exist.

    Returns
    -------
    bool
        True for names that end in ``-epo.fif`` or ``_epo.fif``, compressed or not, and for further
        parts of such a file, as ``x-epo-1.fif``.

    Examples
    --------
    >>> is_epochs_file("sub-01-epo.fif"), is_epochs_file("sub-01_raw.fif")
    (True, False)
    """
    return re.search(r"[-_]epo(-\d+)?\.fif(\.gz)?$", Path(path).name.lower()) is not None


def is_array_file(path: str | Path) -> bool:
    """Whether a file holds arrays, by its name.

    Parameters
    ----------
    path : path
        The file, which need not exist.

    Returns
    -------
    bool
        True for names that end in ``.npz`` or ``.ts``.

    Examples
    --------
    >>> is_array_file("BasicMotions_TRAIN.ts"), is_array_file("BasicMotions.csv")
    (True, False)
    """
    return Path(path).name.lower().endswith(ARRAYS)


def is_further_part(path: Path) -> bool:
    """Whether MNE reads a file with the one before: x-epo-1.fif, x_split-02_epo.fif."""
    if part := re.fullmatch(r"(.+)-\d+(\.fif(\.gz)?)", path.name):
        return path.with_name(part[1] + part[2]).exists()
    if part := re.fullmatch(r"(.+_split-)(\d+)(_epo\.fif(\.gz)?)", path.name):
        first = path.with_name(f"{part[1]}{1:0{len(part[2])}}{part[3]}")
        return int(part[2]) > 1 and first.exists()
    return False


def check_whole(path: Path) -> None:
    """Raise where an EDF or BDF file is shorter than its header says: MNE reads what is there.

    Whatever the header announces, no more is read for it than the file holds.
    """
    check_kind(path)
    sample_size = {".edf": 2, ".bdf": 3}.get(path.suffix.lower())
    if sample_size is None:
        return
    with path.open("rb") as file:
        header = file.read(256)
        try:
            header_size, n_records, n_signals = (
                int(header[start:stop]) for start, stop in ((184, 192), (236, 244), (252, 256))
            )
            file.seek(256 + 216 * max(n_signals, 0))
            sizes = file.read(8 * max(n_signals, 0))
            n_samples = sum(int(sizes[8 * n : 8 * n + 8] or 0) for n in range(n_signals))
        except ValueError:  # not EDF: the reader raises
            return
    wanted, found = header_size + n_records * n_samples * sample_size, path.stat().st_size
    wanted = max(wanted, 256 * (n_signals + 1))
    if found < wanted or n_records < 0:
        raise ValueError(
            f"{path}: truncated: its header announces {n_records} records, {wanted} bytes in all;"
            f" found {found}. Copy it again, or repair its header."
        )
