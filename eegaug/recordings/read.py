"""Find recordings, pair them with their hypnograms, and tell whose they are."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mne
from tqdm.auto import tqdm

from eegaug.recordings.stages import stage_of

#: What a folder is searched for; a file of any kind that MNE reads can be named itself.
SUFFIXES = (".edf", ".bdf", ".gdf", ".vhdr", ".set", ".fif", ".fif.gz", ".cnt")
_PSG, _HYPNOGRAM = "PSG", "Hypnogram"
_NOBODY = {"", "x", "0", "anonymous", "anonymized", "anonymised", "unknown", "none", "na", "n/a"}


@dataclass
class Recording:
    """One recording of one person.

    Attributes
    ----------
    name : str
        Name of the file, or of the simulated night.
    person : str
        Whose it is: what keeps a person on one side of a split.
    raw : mne.io.BaseRaw
        Signals, with the sleep stages as annotations.
    """

    name: str
    person: str
    raw: mne.io.BaseRaw


def read_recordings(paths: Iterable[str | Path], *, progress: bool = False) -> list[Recording]:
    """Read recordings with their sleep stages.

    ``*PSG.edf`` is paired with ``*Hypnogram.edf`` beside it as Sleep-EDF names them (the last
    letter before the dash may differ); any other recording has its stages inside, as
    annotations. The person is read from the name (Sleep-EDF, BIDS), else from the header's
    patient code, else it is the file's name.

    Parameters
    ----------
    paths : iterable of path
        Files that :func:`mne.io.read_raw` opens, and folders, searched with all below them.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    list of Recording
        In the order of the names; signals are not loaded yet.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    ValueError
        If a folder holds no recording, or a file is unreadable, truncated, or without stages.
    """
    files = _find(paths)
    with tqdm(files, "Reading recordings", unit="file", disable=not progress) as bar:
        return [_read(path) for path in bar]


def fetch_sleep_edf(subjects: Sequence[int], nights: Sequence[int] = (1, 2)) -> list[Path]:
    """Download nights of Sleep-EDF Expanded through MNE, or find them on disk.

    Parameters
    ----------
    subjects : sequence of int
        Numbers of people, 0 to 82.
    nights : sequence of int
        1, 2 or both.

    Returns
    -------
    list of Path
        The recordings, hypnograms beside them, for :func:`read_recordings`.

    Raises
    ------
    ValueError
        If MNE cannot fetch them: unknown numbers, or no network.

    References
    ----------
    Kemp et al., *Analysis of a sleep-dependent neuronal feedback loop*, IEEE Trans. Biomed.
    Eng. 47(9), 2000.
    """
    try:
        files = mne.datasets.sleep_physionet.age.fetch_data(
            list(subjects), recording=list(nights), on_missing="warn", verbose="error"
        )
    except Exception as error:  # pooch, requests and MNE each raise their own
        raise ValueError(
            f"Sleep-EDF subjects {list(subjects)} could not be fetched: {_first_line(error)}"
        ) from error
    return [Path(psg) for psg, _ in files]


def _find(paths: Iterable[str | Path]) -> list[Path]:
    files: dict[Path, None] = {}  # an ordered set
    for path in map(Path, paths):
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or folder.")
        if path.is_dir() and path.suffix not in (".mff", ".ds"):
            inside = sorted(p for p in path.rglob("*") if p.name.lower().endswith(SUFFIXES))
            found = [p for p in inside if not p.stem.endswith(_HYPNOGRAM)]
            if not found:
                raise ValueError(
                    f"{path}: no recording in this folder; wanted files that end in"
                    f" {', '.join(SUFFIXES)}."
                )
            files.update(dict.fromkeys(found))
        elif not path.stem.endswith(_HYPNOGRAM):  # named along with its recording by a wildcard
            files[path] = None
    if not files:
        raise ValueError("No recording among the files; a hypnogram alone is not enough.")
    return list(files)


def _read(path: Path) -> Recording:
    options = {"infer_types": True} if path.suffix.lower() in (".edf", ".bdf") else {}
    with warnings.catch_warnings(), mne.utils.catch_logging() as log:
        warnings.simplefilter("ignore")  # MNE logs what it warns of
        try:
            raw = mne.io.read_raw(path, preload=False, verbose="warning", **options)
        except Exception as error:  # each reader raises its own
            raise ValueError(
                f"{path}: not a recording that MNE can read ({_first_line(error)})."
            ) from error
    if "does not match the file size" in log.getvalue():
        raise ValueError(
            f"{path}: truncated: the file is shorter or longer than its header says."
            " Copy it again, or repair its header."
        )
    hypnogram = _hypnogram_of(path)
    if hypnogram is not None:
        try:
            with mne.use_log_level("error"):
                annotations = mne.read_annotations(hypnogram)
        except Exception as error:
            raise ValueError(
                f"{hypnogram}: not a hypnogram that MNE can read ({_first_line(error)})."
            ) from error
        raw.set_annotations(annotations, emit_warning=False)
    _check_stages(raw, hypnogram or path, dedicated=hypnogram is not None)
    return Recording(path.name, _person_of(path, raw), raw)


def _hypnogram_of(path: Path) -> Path | None:
    """Return the hypnogram beside a PSG; raise where it should be there and is not."""
    if not path.stem.endswith(_PSG):
        return None
    key = path.stem.removesuffix(_PSG)
    exact = path.with_name(f"{key}{_HYPNOGRAM}{path.suffix}")
    if exact.exists():
        return exact
    # Sleep-EDF: SC4001E0-PSG.edf goes with SC4001EC-Hypnogram.edf, the scorer's letter last.
    night = re.fullmatch(r"(.+).([-_ ])", key)
    if night:
        pattern = re.compile(
            rf"{re.escape(night[1])}.{re.escape(night[2])}{_HYPNOGRAM}\{path.suffix}"
        )
        beside = sorted(p for p in path.parent.iterdir() if pattern.fullmatch(p.name))
        if len(beside) == 1:
            return beside[0]
    raise ValueError(f"{path}: no hypnogram; wanted {exact.name} beside it.")


def _check_stages(raw: mne.io.BaseRaw, source: Path, *, dedicated: bool) -> None:
    """Raise where annotations name no stage or, in a hypnogram, anything else."""
    labels = dict.fromkeys(str(label) for label in raw.annotations.description)
    unknown, known = [], []
    for label in labels:
        try:
            stage_of(label)
            known.append(label)
        except ValueError:
            unknown.append(label)
    looks_like_stage = [label for label in unknown if "stage" in label.lower()]
    wanted = "wanted labels such as 'Sleep stage W', 'Sleep stage 2' or 'N2'."
    if not labels:
        raise ValueError(f"{source}: no annotations, so no sleep stages; {wanted}")
    if not known or looks_like_stage or (dedicated and unknown):
        shown = ", ".join(repr(label) for label in (looks_like_stage or unknown)[:5])
        raise ValueError(f"{source}: unknown sleep stages {shown}; {wanted}")


def _person_of(path: Path, raw: mne.io.BaseRaw) -> str:
    sleep_edf = re.match(r"(S[CT][47]\d\d)\d[A-Z].-PSG$", path.stem)
    if sleep_edf:
        return sleep_edf[1]
    bids = re.match(r"(sub-[A-Za-z0-9]+)_", path.name)
    if bids:
        return bids[1]
    patient = str((raw.info["subject_info"] or {}).get("his_id") or "").strip()
    if patient.lower() not in _NOBODY:
        return patient
    return re.sub(rf"[-_ ]?{_PSG}$", "", path.name.split(".")[0])


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
