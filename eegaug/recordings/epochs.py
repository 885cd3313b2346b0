"""Epochs that MNE has cut and saved."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import mne
from tqdm.auto import tqdm

from eegaug.files import first_line
from eegaug.recordings.electrodes import place_electrodes
from eegaug.recordings.files import EPOCHS, find_files, is_epochs_file, is_further_part
from eegaug.recordings.names import visible, with_visible_channels
from eegaug.recordings.subjects import check_pattern, subject_of, tell_apart
from eegaug.validation import found


@dataclass(frozen=True)
class EpochsFile:
    """Epochs of one file.

    Parameters
    ----------
    name : str
        Name of the file. Ends of lines, and what cannot be encoded, are escaped here, in
        ``subject`` and in the names of channels.
    subject : str
        Subject of the trials, but of those that a column ``subject`` of the metadata gives another.
    epochs : mne.BaseEpochs
        Trials (V), with their labels as events or in the metadata.
    path : Path, optional
        File that was read.

    Raises
    ------
    TypeError
        If ``epochs`` are something else.

    Examples
    --------
    >>> import numpy as np
    >>> info = mne.create_info(["C3", "C4"], 100, "eeg")
    >>> events = np.array([[0, 0, 1], [300, 0, 2]])
    >>> epochs = mne.EpochsArray(
    ...     np.zeros((2, 2, 200)), info, events, event_id={"left": 1, "right": 2}, verbose="error"
    ... )
    >>> EpochsFile("first session", "anna", epochs).epochs.get_data().shape
    (2, 2, 200)
    """

    name: str
    subject: str
    epochs: mne.BaseEpochs
    path: Path | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.epochs, mne.BaseEpochs):
            raise TypeError(
                f"{self.name}: `epochs` should be those of MNE. Found {found(self.epochs)}."
            )
        for part in ("name", "subject"):
            object.__setattr__(self, part, visible(str(getattr(self, part))))
        object.__setattr__(self, "epochs", with_visible_channels(self.epochs))


def read_epochs(
    paths: str | Path | Iterable[str | Path],
    *,
    subject: str | None = None,
    progress: bool = False,
) -> list[EpochsFile]:
    r"""Open files of epochs with MNE; signals stay in the files until they are needed.

    The subject is read from the file's name ("sub-01-epo.fif"), else from the header's patient
    code; else it is the file's name, or, where several files have the same name, that of the
    folder in which their paths begin to differ. A column ``subject`` of the metadata goes before
    all of these, trial by trial. Channels named after an electrode get its name and, where the file
    has no positions, its position, see :func:`place_electrodes`.

    Parameters
    ----------
    paths : path, or iterable of path
        Files of epochs, and folders, searched recursively for names that end in ``-epo.fif`` or
        ``_epo.fif``, compressed or not. Further parts of a file that MNE has split are read with
        the first.
    subject : str, optional
        Regular expression that finds the subject in a file's name, or else in its path: its first
        group if it has one, else the whole match.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    list of EpochsFile
        In the order of the paths, within a folder in that of the names.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    ValueError
        If there is no file of epochs, a file is unreadable or truncated, or ``subject`` is not a
        regular expression or matches nothing in a path.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> info = mne.create_info(["C3", "C4"], 100, "eeg")
    >>> epochs = mne.EpochsArray(np.zeros((2, 2, 200)), info, verbose="error")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = epochs.save(Path(folder, "sub-01-epo.fif"), verbose="error")
    ...     (file,) = read_epochs(folder)
    >>> file.name, file.subject, file.epochs.preload
    ('sub-01-epo.fif', 'sub-01', False)
    """
    check_pattern(subject)
    named = find_files(paths, is_epochs_file, "file of epochs", EPOCHS)
    whole = [path for path in named if not is_further_part(path)]
    if not whole:
        raise ValueError(f"{named[0]}: a further part of a split file; name the first part.")
    files = []
    bar = tqdm(whole, "Opening epochs", unit="file", disable=not progress)
    for path, (name, folder) in zip(bar, tell_apart(whole), strict=True):
        epochs = _open(path)
        place_electrodes(epochs)
        files.append(EpochsFile(name, _whose(path, epochs, subject, folder), epochs, path))
    return files


def _open(path: Path) -> mne.BaseEpochs:
    try:
        with warnings.catch_warnings(), mne.use_log_level("error"):
            warnings.simplefilter("ignore")
            epochs = mne.read_epochs(path, proj=False, preload=False)
            if len(epochs):
                epochs[-1].get_data()  # MNE opens what is truncated, and fails at its end
            return epochs
    except Exception as error:  # each part of the reader raises its own
        raise ValueError(
            f"{path}: not a whole file of epochs that MNE can read ({first_line(error)})."
        ) from error


def _whose(path: Path, epochs: mne.BaseEpochs, pattern: str | None, folder: str | None) -> str:
    if pattern is None:
        path = path.with_name(re.sub(r"[-_]epo\.fif(\.gz)?$", "", path.name) or path.name)
    return subject_of(path, epochs, pattern, folder)
