"""Sleep recordings: hypnograms beside the signals, and stages inside the files."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import mne

from eegaug.files import first_line, reason
from eegaug.recordings.files import check_whole, is_hypnogram
from eegaug.recordings.recording import Recording, read_recordings
from eegaug.recordings.sleep import stage_of

_PSG, _HYPNOGRAM = "psg", "hypnogram"


def read_sleep_recordings(
    paths: str | Path | Iterable[str | Path],
    *,
    subject: str | None = None,
    scored: bool = True,
    entities: Mapping[str, str | Sequence[str]] | None = None,
    progress: bool = False,
) -> list[Recording]:
    """Read recordings with their sleep stages.

    ``*PSG.edf`` is paired with ``*Hypnogram.edf`` beside it, named as in Sleep-EDF (the last
    letter before the dash may differ); any other recording has its stages inside, as
    annotations. Subjects are named as by :func:`read_recordings`.

    Parameters
    ----------
    paths : path, or iterable of path
        Files that :func:`mne.io.read_raw` opens, and folders, searched recursively.
    subject : str, optional
        Regular expression that finds the subject in a file's name, or else in its path.
    scored : bool
        Whether stages are wanted. Where not, hypnograms are not read: recordings to be scored by a
        trained model.
    entities : mapping of str to str or sequence of str, optional
        What to read of a BIDS root, see :func:`read_recordings`.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    list of Recording
        In the order of the paths, within a folder in that of the names; signals are not loaded
        yet.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    ValueError
        If there is no recording, a file is unreadable, truncated, or without stages, or ``subject``
        is not a regular expression or matches nothing in a path.

    Examples
    --------
    >>> from eegaug.recordings import simulate_nights
    >>> (night,) = simulate_nights(1, hours=0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = night.raw.save(Path(folder, "anna_raw.fif"), verbose="error")
    ...     (recording,) = read_sleep_recordings([folder])
    >>> recording.subject, len(recording.raw.annotations)
    ('sim00', 12)
    """
    recordings = read_recordings(paths, subject=subject, entities=entities, progress=progress)
    if scored:
        for recording in recordings:
            add_stages(recording)
    return recordings


def is_sleep(recording: Recording) -> bool:
    """Whether a recording has sleep stages inside or beside it, or is named as one of sleep.

    Annotations as "W" and "N2" are stages where there are several; alone, they may be events.
    """
    path = Path(recording.path or recording.name)
    known, unknown = _stages_in(recording.raw)
    stages = {stage_of(label) for label in known}
    return (
        path.stem.lower().endswith(_PSG)
        or any("stage" in label.lower() for label in known + unknown)
        or (len(stages) > 1 and bool(stages & {"N1", "N2", "N3"}))
    )


def fetch_sleep_edf(subjects: Sequence[int], nights: Sequence[int] = (1, 2)) -> list[Path]:
    """Download nights of Sleep-EDF Expanded through MNE, or find them on disk.

    Parameters
    ----------
    subjects : sequence of int
        Numbers of the subjects, 0 to 82; 39, 68, 69, 78 and 79 do not exist.
    nights : sequence of int
        1, 2 or both; of a few subjects there is one night only.

    Returns
    -------
    list of Path
        The recordings, hypnograms beside them, for :func:`read_sleep_recordings`.

    Raises
    ------
    ValueError
        If there is no recording of one of them, or MNE cannot fetch it, as without a network.

    References
    ----------
    Kemp et al., *Analysis of a sleep-dependent neuronal feedback loop*, IEEE Trans. Biomed.
    Eng. 47(9), 2000.

    Examples
    --------
    >>> paths = fetch_sleep_edf([0, 1], nights=[1])  # doctest: +SKIP
    >>> recordings = read_sleep_recordings(paths)  # doctest: +SKIP
    """
    try:
        files = mne.datasets.sleep_physionet.age.fetch_data(
            list(subjects), recording=list(nights), on_missing="ignore", verbose="error"
        )
    except Exception as error:  # pooch, requests and MNE each raise their own
        raise ValueError(
            f"Sleep-EDF subjects {list(subjects)} could not be fetched: {first_line(error)}."
        ) from error
    recordings = [Path(psg) for psg, _ in files]
    found = {int(path.name[3:5]) for path in recordings}
    missing = [subject for subject in subjects if subject not in found]
    if missing:
        raise ValueError(f"Sleep-EDF has no recording of {', '.join(map(str, missing))}.")
    return recordings


def add_stages(recording: Recording) -> None:
    """Set the annotations of a recording from its hypnogram, if any, in place.

    Parameters
    ----------
    recording : Recording
        The recording.

    Raises
    ------
    ValueError
        If it has no stages.
    """
    raw, path = recording.raw, Path(recording.path or recording.name)
    hypnogram = _hypnogram_of(path)
    if hypnogram is not None:
        check_whole(hypnogram)
        raw.set_annotations(_open_hypnogram(hypnogram), emit_warning=False)
    elif path.stem.lower().endswith(_PSG) and not _stages_in(raw)[0]:
        raise ValueError(
            f"{path}: no hypnogram; wanted {_hypnogram_name(path)} beside it, or sleep stages"
            " as annotations inside."
        )
    known, unknown = _stages_in(raw)
    source, wanted = hypnogram or path, "wanted such as 'Sleep stage W', 'Sleep stage 2' or 'N2'."
    if not known and not unknown:
        raise ValueError(f"{source}: no annotations, so no sleep stages; {wanted}")
    # Other events may stand beside the stages in a recording, not in a hypnogram.
    strange = [label for label in unknown if hypnogram or "stage" in label.lower()]
    if strange or not known:
        shown = ", ".join(repr(label) for label in (strange or unknown)[:5])
        raise ValueError(f"{source}: unknown sleep stages {shown}; {wanted}")


def _open_hypnogram(path: Path) -> mne.Annotations:
    if path.suffix == path.suffix.lower():
        return _read_annotations(path, path)
    with ExitStack() as stack:  # MNE knows the lower-case suffix only
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            lower = shutil.copy(path, Path(folder, path.stem + path.suffix.lower()))
        except OSError as error:
            raise OSError(
                f"{path}: cannot be copied to a temporary folder, which TMPDIR names"
                f" ({reason(error)})."
            ) from error
        return _read_annotations(Path(lower), path)


def _read_annotations(path: Path, given: Path) -> mne.Annotations:
    try:
        with mne.use_log_level("error"):
            return mne.read_annotations(path)
    except Exception as error:  # each reader raises its own
        raise ValueError(
            f"{given}: not a hypnogram that MNE can read ({first_line(error)})."
        ) from error


def _hypnogram_name(path: Path) -> str:
    return f"{path.stem[: -len(_PSG)]}{_HYPNOGRAM.capitalize()}{path.suffix}"


def _hypnogram_of(path: Path) -> Path | None:
    """Return the hypnogram beside a PSG, if there is one."""
    if not path.stem.lower().endswith(_PSG):
        return None
    beside = {p.name.lower(): p for p in path.parent.iterdir() if is_hypnogram(p)}
    exact = _hypnogram_name(path).lower()
    if exact in beside:
        return beside[exact]
    # Sleep-EDF: SC4001E0-PSG.edf goes with SC4001EC-Hypnogram.edf, the scorer's letter last.
    night = re.fullmatch(r"(s[ct][47]\d{3}[a-z]).(-)" + _PSG, path.stem.lower())
    if night is None:
        return None
    scored = [p for name, p in sorted(beside.items()) if name.startswith(night[1])]
    if len(scored) > 1:
        names = " and ".join(p.name for p in scored)
        raise ValueError(f"{path}: one hypnogram is wanted. Found {names}.")
    return scored[0] if scored else None


def _stages_in(raw: mne.io.BaseRaw) -> tuple[list[str], list[str]]:
    """Return the labels of the annotations that name stages, and the others."""
    known, unknown = [], []
    for label in dict.fromkeys(str(label) for label in raw.annotations.description):
        try:
            stage_of(label)
            known.append(label)
        except ValueError:
            unknown.append(label)
    return known, unknown
