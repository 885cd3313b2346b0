"""Recordings of a data set in BIDS, the Brain Imaging Data Structure."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import mne
from tqdm.auto import tqdm

from eegaug.files import first_line
from eegaug.recordings.electrodes import place_electrodes
from eegaug.recordings.files import check_whole
from eegaug.recordings.recording import Recording

#: File that marks the root of a data set.
MARK = "dataset_description.json"
#: Entities by which recordings are chosen.
ENTITIES = ("subject", "session", "task", "run", "acquisition")


def is_bids(folder: str | Path) -> bool:
    """Whether a folder is the root of a BIDS data set.

    Parameters
    ----------
    folder : path
        The folder, which need not exist.

    Returns
    -------
    bool
        True where it holds ``dataset_description.json``.

    Examples
    --------
    >>> is_bids("nowhere")
    False
    """
    return Path(folder, MARK).is_file()


def read_bids(
    root: str | Path,
    entities: Mapping[str, str | Sequence[str]] | None = None,
    *,
    progress: bool = False,
) -> list[Recording]:
    """Open the EEG recordings of a BIDS data set through MNE-BIDS.

    Annotations are the events of ``events.tsv``, types and bad channels those of ``channels.tsv``,
    positions those of ``electrodes.tsv``, or, where there are none, of the electrodes that channels
    are named after, see :func:`place_electrodes`. Derivatives are passed over.

    Parameters
    ----------
    root : path
        Folder of the data set, with ``dataset_description.json``.
    entities : mapping of str to str or sequence of str, optional
        Which recordings to take: values wanted, as they are in the names of files, of "subject",
        "session", "task", "run" or "acquisition", as ``{"task": "rest", "subject": ["01", "02"]}``.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    list of Recording
        In the order of their names; signals are not loaded yet.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If it is no BIDS data set, has no EEG or none that ``entities`` choose, an entity is
        unknown, or a file is unreadable or truncated.

    References
    ----------
    Pernet et al., *EEG-BIDS, an extension to the brain imaging data structure for
    electroencephalography*, Scientific Data 6:103, 2019.

    Appelhoff et al., *MNE-BIDS: Organizing electrophysiological data into the BIDS format and
    facilitating their analysis*, JOSS 4(44), 2019.

    Examples
    --------
    >>> recordings = read_bids("ds003478", {"task": "Rest", "run": "01"})  # doctest: +SKIP
    """
    import mne_bids  # slow to import, and of use here only

    root = Path(root)
    if not root.exists():
        raise FileNotFoundError(f"{root}: no such folder.")
    if not is_bids(root):
        raise ValueError(f"{root}: not the root of a BIDS data set; {MARK} is wanted in it.")
    wanted = _checked(entities or {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = mne_bids.find_matching_paths(
            root,
            datatypes="eeg",
            suffixes="eeg",
            extensions=mne_bids.config.ALLOWED_DATATYPE_EXTENSIONS["eeg"],
            ignore_nosub=True,
        )
    if not found:
        raise ValueError(f"{root}: no EEG in this BIDS data set.")
    chosen = [
        path
        for path in found
        if all(getattr(path, entity) in values for entity, values in wanted.items())
    ]
    if not chosen:
        asked = ", ".join(f"{entity} {' or '.join(values)}" for entity, values in wanted.items())
        there = "; ".join(
            f"{entity} {', '.join(sorted({getattr(path, entity) or 'none' for path in found}))}"
            for entity in wanted
        )
        raise ValueError(f"{root}: no EEG of {asked}. Found {there}.")
    recordings = []
    for path in tqdm(chosen, "Opening recordings", unit="file", disable=not progress):
        file = Path(path.fpath)
        check_whole(file)
        try:
            with warnings.catch_warnings(), mne.use_log_level("error"):
                warnings.simplefilter("ignore")
                raw = mne_bids.read_raw_bids(path, verbose="error")
        except Exception as error:  # each reader raises its own
            raise ValueError(
                f"{file}: not a recording that MNE-BIDS can read ({first_line(error)})."
            ) from error
        place_electrodes(raw)
        recordings.append(Recording(file.name, f"sub-{path.subject}", raw, file))
    return recordings


def _checked(entities: Mapping[str, str | Sequence[str]]) -> dict[str, list[str]]:
    """Return the values wanted of each entity."""
    wanted = {}
    for entity, values in entities.items():
        if entity not in ENTITIES:
            raise ValueError(
                f"There is no entity {entity!r} to choose recordings by; wanted are"
                f" {', '.join(ENTITIES)}."
            )
        wanted[entity] = list(map(str, [values] if isinstance(values, str | int) else values))
    return wanted
