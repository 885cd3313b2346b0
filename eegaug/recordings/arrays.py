"""Arrays with labels, of any kind of time series: ``.npz`` files of NumPy and ``.ts`` files."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from eegaug.files import first_line
from eegaug.recordings.electrodes import place_electrodes
from eegaug.recordings.epoch_windows import make_epoch_windows
from eegaug.recordings.epochs import EpochsFile
from eegaug.recordings.files import ARRAYS, find_files, is_array_file
from eegaug.recordings.labels import as_names
from eegaug.recordings.memory import check_memory
from eegaug.recordings.names import visible
from eegaug.recordings.subjects import check_pattern, subject_of, tell_apart
from eegaug.recordings.ts import read_ts
from eegaug.recordings.windows import Windows
from eegaug.validation import check_list, check_positive

#: What is read of an ``.npz`` file.
PARTS = ("X", "y", "subject", "sfreq", "ch_names")


@dataclass(frozen=True)
class ArrayFile:
    """Trials of one file, as an array.

    Parameters
    ----------
    name : str
        Name of the file.
    X : ndarray of numbers, shape (trials, channels, times)
        Signals.
    y : sequence of str or int, optional
        Label of each trial; kept as text, None for NaN.
    subject : sequence of str or int, optional
        Whose each trial is, kept as text; absent where that is not known.
    sfreq : float, optional
        Sampling rate (Hz); absent where that is not known.
    ch_names : sequence of str, optional
        Names of the channels; "ch0", "ch1" and so on where absent.
    path : Path, optional
        File that was read.

    Raises
    ------
    ValueError
        If ``X`` is no such array, or another part does not fit it.

    Examples
    --------
    >>> file = ArrayFile("walks", np.zeros((2, 3, 100)), [1, 0], ["anna", "ben"], sfreq=50.0)
    >>> file.y, file.ch_names
    (['1', '0'], ['ch0', 'ch1', 'ch2'])
    """

    name: str
    X: np.ndarray
    y: Sequence[Any] | None = None
    subject: Sequence[Any] | None = None
    sfreq: float | None = None
    ch_names: Sequence[str] = ()
    path: Path | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", visible(str(self.name)))
        X = np.asarray(self.X)
        if X.dtype.kind not in "iuf" or X.ndim != 3 or not X.size:
            raise ValueError(
                f"{self.name}: `X` should be numbers of shape (trials, channels, times)."
                f" Found {X.dtype} of shape {X.shape}."
            )
        names = [f"ch{place}" for place in range(X.shape[1])]
        parts = {
            "y": self.y,
            "subject": self.subject,
            "ch_names": self.ch_names if len(self.ch_names) else names,
        }
        for part, values in parts.items():
            if values is None:
                continue
            wanted = X.shape[part == "ch_names"]
            if np.ndim(values) != 1 or len(values) != wanted:
                raise ValueError(
                    f"{self.name}: `{part}` should be {wanted} names or whole numbers, for `X` of"
                    f" shape {X.shape}, which is (trials, channels, times)."
                    f" Found shape {np.shape(values)}."
                )
            own = as_names(values, f"{self.name}: `{part}`")
            if part != "y" and None in own:
                raise ValueError(f"{self.name}: `{part}` has {own.count(None)} without a name.")
            object.__setattr__(self, part, own)
        object.__setattr__(self, "X", X)
        twice = [name for name, n in Counter(self.ch_names).items() if n > 1]
        if twice:
            raise ValueError(f"{self.name}: several channels are named {', '.join(twice)}.")


def read_arrays(
    paths: str | Path | Iterable[str | Path],
    *,
    subject: str | None = None,
    sfreq: float | None = None,
    progress: bool = False,
) -> list[ArrayFile]:
    """Read arrays of trials, with labels and subjects as far as files have them.

    A file of :func:`numpy.savez` has ``X``, of shape (trials, channels, times), or (trials, times)
    for one channel. It may have ``y``, the label of each trial, ``subject``, whose each trial is,
    both text or whole numbers, ``sfreq`` (Hz) and ``ch_names``. Files that end in ``.ts`` are those
    of aeon, sktime and the UCR and UEA archives, of series of one length without time stamps.

    Parameters
    ----------
    paths : path, or iterable of path
        Files, and folders, searched recursively.
    subject : str, optional
        Regular expression that finds the subject in the name, or else in the path, of a file that
        does not say whose its trials are: its first group if it has one, else the whole match.
    sfreq : float, optional
        Sampling rate (Hz) of files that do not say theirs, as those in ``.ts`` do not.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    list of ArrayFile
        In the order of the paths, within a folder in that of the names.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    TypeError
        If ``sfreq`` is not a number.
    ValueError
        If there is no file of arrays, one is unreadable or truncated, has no ``X``, trials that
        differ in length, or other parts that do not fit ``X``, or ``subject`` is not a regular
        expression or matches nothing in a path.

    References
    ----------
    Middlehurst et al., *aeon: a Python toolkit for learning from time series*, JMLR 25, 2024.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "walks.npz")
    ...     np.savez(file, X=np.zeros((4, 3, 100)), y=[0, 1, 1, 0], subject=list("aabb"), sfreq=50)
    ...     (walks,) = read_arrays(file)
    >>> walks.X.shape, walks.y, walks.subject, walks.sfreq
    ((4, 3, 100), ['0', '1', '1', '0'], ['a', 'a', 'b', 'b'], 50.0)
    """
    if sfreq is not None:
        check_positive("sfreq", sfreq)
    check_pattern(subject)
    found = find_files(paths, is_array_file, "file of arrays", ARRAYS)
    files = []
    bar = tqdm(found, "Reading arrays", unit="file", disable=not progress)
    for path, (name, _) in zip(bar, tell_apart(found), strict=True):
        if not is_array_file(path):
            raise ValueError(f"{path}: not a file of arrays, which end in .npz or .ts.")
        parts = read_ts(path) if path.suffix.lower() == ".ts" else _npz_parts(path)
        if subject is not None and "subject" not in parts:
            parts["subject"] = [subject_of(path, None, subject)] * len(parts["X"])
        files.append(ArrayFile(name, **({"sfreq": sfreq} | parts), path=path))
    return files


def make_array_windows(
    files: Iterable[ArrayFile],
    *,
    labels: Mapping[str, str] | Iterable[str] | None = None,
    one_subject: bool = False,
    sfreq: float | None = None,
    l_freq: float | None = None,
    h_freq: float | None = None,
    channels: str | Sequence[str] | None = None,
    labelled: bool = True,
    cache: str | Path | None = None,
    progress: bool = False,
) -> Windows:
    """Make windows of arrays; each trial is one.

    The trials of a subject in a file are divided by their standard deviation. Trials with a flat
    channel or numbers that are not finite are dropped and counted. Channels that are named after
    electrodes get their positions, see :func:`place_electrodes`.

    Parameters
    ----------
    files : iterable of ArrayFile
        Files of arrays, see :func:`read_arrays`.
    labels : mapping of str to str, or iterable of str, optional
        Value of ``y`` for each label, as ``{"left": "1", "right": "2"}``, or values that are labels
        themselves; other trials are left out. Where absent, all that occur, numbers by size and
        names by the alphabet.
    one_subject : bool
        Whether all trials of a file that does not say whose they are, are of one person, named as
        the file is. Where not, nothing is learned from such a file: people could not be kept apart.
    sfreq : float, optional
        Sampling rate of the windows (Hz), and of files that do not say theirs; where absent, that
        of the files.
    l_freq, h_freq : float, optional
        Pass band (Hz), see :func:`make_epoch_windows`; where both are absent, signals are not
        filtered.
    channels : str or sequence of str, optional
        Channels to take, in this order; all where absent.
    labelled : bool
        Whether windows are to be learned from. Where not, they are for a trained model to score:
        all trials are taken, and ``y`` is -1 for those without one of ``labels``.
    cache : path, optional
        Folder to keep the windows in, see :func:`make_windows`.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Windows
        The windows of all files, one file after the other, within a file by subject and place.

    Raises
    ------
    TypeError
        If a file is not an :class:`ArrayFile`, or a rate or a frequency is not a number.
    ValueError
        If there is no file, its sampling rate or its subjects are not known, files differ in
        channels, sampling rate or length, trials have no labels, one label only or none of
        ``labels``, or as by :func:`make_epoch_windows`.
    OSError
        If the cache cannot be written, as on a full disk.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(4, 3, 100))
    >>> file = ArrayFile("walks", X, ["slow", "fast"] * 2, ["anna", "anna", "ben", "ben"], 50.0)
    >>> windows = make_array_windows([file])
    >>> windows.X.shape, windows.y.tolist(), windows.subject_names
    ((4, 3, 100), [1, 0, 1, 0], ['anna', 'ben'])
    """
    files = check_list(files, ArrayFile, "file of arrays", "read_arrays")
    if sfreq is not None:
        check_positive("sfreq", sfreq)
    files = [replace(file, sfreq=sfreq if file.sfreq is None else file.sfreq) for file in files]
    _check_alike(files, any_channels=channels is not None)
    for file in files:
        if labelled and file.y is None:
            raise ValueError(
                f"{file.name}: trials without labels to learn from; wanted is `y`, one per trial,"
                " in an .npz file, or @classLabel in a .ts file."
            )
        if labelled and file.subject is None and not one_subject:
            raise ValueError(
                f"{file.name}: who each trial is of cannot be told, so people cannot be kept apart"
                " in training and test; wanted is `subject` in the file, or, where all trials are"
                " of one person, --one-subject and --split time."
            )
    windows = make_epoch_windows(
        [_as_epochs(file) for file in files],
        "label",
        labels=labels,
        sfreq=sfreq,
        l_freq=l_freq,
        h_freq=h_freq,
        channels=channels,
        labelled=labelled,
        cache=cache,
        progress=progress,
    )
    kept = ("labels", "sfreq", "l_freq", "h_freq")
    return replace(windows, cutting={name: windows.cutting[name] for name in kept})


def _npz_parts(path: Path) -> dict[str, Any]:
    """Return the parts of an ``.npz`` file, as arguments of :class:`ArrayFile`."""
    check_memory(f"{path}: its arrays", _unpacked_size(path))
    parts: dict[str, Any] = {}
    reading = "file"
    try:
        with np.load(path, allow_pickle=False) as stored:
            names = list(stored.files)
            for reading in PARTS:
                if reading in names:
                    parts[reading] = np.asarray(stored[reading])
    except Exception as error:  # zip files, their compression and NumPy each raise their own
        if "allow_pickle" in str(error):
            raise ValueError(
                f"{path}: `{reading}` is an array of objects, "
                + (
                    "as of trials that differ in length; an array of numbers is wanted."
                    if reading == "X"
                    else f"as text of pandas is; one of text is wanted: `{reading}.astype(str)`."
                )
            ) from error
        raise ValueError(f"{path}: not a whole .npz file ({first_line(error)}).") from error
    if "X" not in parts:
        raise ValueError(
            f"{path}: no `X`, the trials, in this file; it has"
            f" {', '.join(map(visible, names)) or 'nothing'}."
        )
    if parts["X"].ndim == 2:
        parts["X"] = parts["X"][:, None]
    for name in ("y", "subject", "ch_names"):
        if name in parts and parts[name].dtype.kind == "S":
            parts[name] = parts[name].astype(str)
    if "sfreq" in parts:
        rate = parts["sfreq"]
        if rate.dtype.kind not in "iuf" or rate.size != 1 or not 0 < float(rate.item()) < np.inf:
            raise ValueError(f"{path}: `sfreq` should be a positive number. Found {rate}.")
        parts["sfreq"] = float(rate.item())
    return parts


def _unpacked_size(path: Path) -> int:
    """Return the size of the arrays in an ``.npz`` file (bytes), which may be packed to little."""
    try:
        with zipfile.ZipFile(path) as packed:
            return sum(part.file_size for part in packed.infolist())
    except Exception as error:  # which parts of zip files raise differs
        raise ValueError(f"{path}: not a whole .npz file ({first_line(error)}).") from error


def _check_alike(files: Sequence[ArrayFile], any_channels: bool) -> None:
    """Raise where files do not fit each other; ``any_channels``: whatever channels they have."""
    first = files[0]
    for file in files:
        if file.sfreq is None:
            raise ValueError(
                f"{file.name}: its sampling rate is not known; wanted is `sfreq`, in the file or as"
                " an argument, or --sfreq."
            )
        check_positive("sfreq", file.sfreq)
        same_channels = any_channels or set(file.ch_names) == set(first.ch_names)
        if not same_channels or (file.X.shape[2], file.sfreq) != (first.X.shape[2], first.sfreq):
            raise ValueError(
                f"The files differ: {file.name} has {_shown(file)}, {first.name} {_shown(first)}."
            )


def _shown(file: ArrayFile) -> str:
    names = ", ".join(file.ch_names)
    return f"channels {names} and trials of {file.X.shape[2]} samples at {file.sfreq:g} Hz"


def _as_epochs(file: ArrayFile) -> EpochsFile:
    """Return the trials as epochs, one right after the other, with metadata."""
    n_trials, _, n_times = file.X.shape
    missing = [None] * n_trials
    places = n_times * np.arange(n_trials)
    epochs = mne.EpochsArray(
        np.asarray(file.X, dtype=float),
        mne.create_info(list(file.ch_names), file.sfreq, "eeg", verbose="error"),
        np.column_stack([places, np.zeros_like(places), np.ones_like(places)]),
        metadata=pd.DataFrame({"label": file.y or missing, "subject": file.subject or missing}),
        baseline=None,
        proj=False,
        verbose="error",
    )
    place_electrodes(epochs)
    return EpochsFile(file.name, file.name.rpartition(".")[0] or file.name, epochs)
