"""Find recordings, pair them with their hypnograms, and tell whose they are."""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mne
from tqdm.auto import tqdm

from eegaug.recordings.sleep import stage_of

#: What a folder is searched for; a file of any kind that MNE reads can be named itself.
SUFFIXES = (".edf", ".bdf", ".gdf", ".vhdr", ".set", ".fif", ".fif.gz", ".cnt")
_PSG, _HYPNOGRAM = "psg", "hypnogram"
_NOBODY = {"", "x", "0", "anonymous", "anonymized", "anonymised", "unknown", "none", "na", "n/a"}


@dataclass
class Recording:
    """One recording of one person.

    Parameters
    ----------
    name : str
        Name of the file, or of the simulated recording.
    person : str
        Whose it is: what keeps a person on one side of a split.
    raw : mne.io.BaseRaw
        Signals (V), with the sleep stages, or the tasks, as annotations.

    Examples
    --------
    Arrays with stages are brought in by hand:

    >>> import numpy as np
    >>> info = mne.create_info(["Fpz-Cz"], sfreq=100, ch_types="eeg")
    >>> raw = mne.io.RawArray(np.zeros((1, 6000)), info, verbose="error")
    >>> stages = mne.Annotations([0, 30], 30, ["Sleep stage W", "Sleep stage 1"])
    >>> recording = Recording("first night of anna", "anna", raw.set_annotations(stages))
    >>> recording.raw.annotations.count()
    {'Sleep stage 1': 1, 'Sleep stage W': 1}
    """

    name: str
    person: str
    raw: mne.io.BaseRaw


def read_recordings(
    paths: str | Path | Iterable[str | Path],
    *,
    person: str | None = None,
    scored: bool = True,
    progress: bool = False,
) -> list[Recording]:
    r"""Read recordings with their sleep stages.

    ``*PSG.edf`` is paired with ``*Hypnogram.edf`` beside it as Sleep-EDF names them (the last
    letter before the dash may differ); any other recording has its stages inside, as
    annotations. The person is read from the name (Sleep-EDF, BIDS), else from the header's
    patient code, else it is the file's name, or its folder's where several files have one name.

    Parameters
    ----------
    paths : path, or iterable of path
        Files that :func:`mne.io.read_raw` opens, and folders, searched with all below them.
    person : str, optional
        Regular expression that finds the person in a file's path: its first group if it has
        one, else what it matches. ``r"(\w+)-\d+-PSG"`` reads "anna" off "anna-2-PSG.edf".
    scored : bool
        Whether stages are wanted. Where not, hypnograms are not looked for: recordings of whom a
        trained model is to tell the stages.
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
        If there is no recording, a file is unreadable, truncated, or without stages, or ``person``
        is no regular expression or matches nothing in a path.

    Examples
    --------
    >>> from eegaug.recordings import simulate_nights
    >>> (night,) = simulate_nights(1, hours=0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = night.raw.save(Path(folder, "anna-2_raw.fif"), verbose="error")
    ...     (recording,) = read_recordings([folder], person=r"(\w+)-\d+_raw")
    >>> recording.name, recording.person
    ('anna-2_raw.fif', 'anna')
    """
    if person is not None:
        try:
            re.compile(person)
        except re.error as error:
            raise ValueError(
                f"Parameter `person` should be a regular expression. Found {person!r}: {error}."
            ) from error
    files = _find(paths)
    with tqdm(files, "Reading recordings", unit="file", disable=not progress) as bar:
        raws = [_read(path, scored) for path in bar]
    names = Counter(path.name for path in files)
    return [
        Recording(
            path.name if names[path.name] == 1 else f"{path.parent.name}/{path.name}",
            _person_of(path, raw, person, alone=names[path.name] == 1),
            raw,
        )
        for path, raw in zip(files, raws, strict=True)
    ]


def fetch_sleep_edf(subjects: Sequence[int], nights: Sequence[int] = (1, 2)) -> list[Path]:
    """Download nights of Sleep-EDF Expanded through MNE, or find them on disk.

    Parameters
    ----------
    subjects : sequence of int
        Numbers of people, 0 to 82; 39, 68, 69, 78 and 79 are not there.
    nights : sequence of int
        1, 2 or both; of a few people there is one night only.

    Returns
    -------
    list of Path
        The recordings, hypnograms beside them, for :func:`read_recordings`.

    Raises
    ------
    ValueError
        If there is no recording of one of them, or MNE cannot fetch it: no network, say.

    References
    ----------
    Kemp et al., *Analysis of a sleep-dependent neuronal feedback loop*, IEEE Trans. Biomed.
    Eng. 47(9), 2000.

    Examples
    --------
    >>> paths = fetch_sleep_edf([0, 1], nights=[1])  # doctest: +SKIP
    >>> recordings = read_recordings(paths)  # doctest: +SKIP
    """
    try:
        files = mne.datasets.sleep_physionet.age.fetch_data(
            list(subjects), recording=list(nights), on_missing="ignore", verbose="error"
        )
    except Exception as error:  # pooch, requests and MNE each raise their own
        raise ValueError(
            f"Sleep-EDF subjects {list(subjects)} could not be fetched: {_first_line(error)}."
        ) from error
    recordings = [Path(psg) for psg, _ in files]
    found = {int(path.name[3:5]) for path in recordings}
    missing = [subject for subject in subjects if subject not in found]
    if missing:
        raise ValueError(f"Sleep-EDF has no recording of {', '.join(map(str, missing))}.")
    return recordings


def _find(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    if isinstance(paths, str | Path):
        paths = [paths]
    files: dict[Path, Path] = {}  # by what they are, in order: no file twice by two spellings
    for path in map(Path, paths):
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or folder.")
        if path.is_dir() and path.suffix not in (".mff", ".ds"):
            found = [p for p in sorted(path.rglob("*")) if _is_recording(p)]
            if not found:
                raise ValueError(
                    f"{path}: no recording in this folder; wanted files that end in"
                    f" {', '.join(SUFFIXES)}."
                )
            files.update((p.resolve(), p) for p in found)
        elif not _is_hypnogram(path):  # named along with its recording by a wildcard
            files[path.resolve()] = path
    if not files:
        raise ValueError("No recording among the files; a hypnogram alone is not enough.")
    return list(files.values())


def _is_hypnogram(path: Path) -> bool:
    return path.stem.lower().endswith(_HYPNOGRAM)


def _is_recording(path: Path) -> bool:
    """Tell whether a file in a folder is a recording by its name."""
    if path.name.startswith(".") or not path.name.lower().endswith(SUFFIXES):
        return False
    part = re.fullmatch(r"(.+)-\d+(\.fif(\.gz)?)", path.name)  # MNE reads it with the first part
    return not _is_hypnogram(path) and not (part and path.with_name(part[1] + part[2]).exists())


def _read(path: Path, scored: bool) -> mne.io.BaseRaw:
    _check_whole(path)
    raw = _open(path)
    if not scored:
        return raw
    hypnogram = _hypnogram_of(path)
    if hypnogram is not None:
        _check_whole(hypnogram)
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
    # Any other event may stand beside the stages in a recording, not in a hypnogram.
    strange = [label for label in unknown if hypnogram or "stage" in label.lower()]
    if strange or not known:
        shown = ", ".join(repr(label) for label in (strange or unknown)[:5])
        raise ValueError(f"{source}: unknown sleep stages {shown}; {wanted}")
    return raw


def _open(path: Path) -> mne.io.BaseRaw:
    is_edf = path.suffix.lower() in (".edf", ".bdf")
    with warnings.catch_warnings(), mne.use_log_level("error"):
        warnings.simplefilter("ignore")
        try:
            raw = mne.io.read_raw(path, preload=False, **({"infer_types": True} if is_edf else {}))
            labels = mne.io.read_raw(path, preload=False).ch_names if is_edf else []
        except Exception as error:  # each reader raises its own
            raise ValueError(
                f"{path}: not a recording that MNE can read ({_first_line(error)})."
            ) from error
    if is_edf:
        _tell_eeg_apart(raw, labels)
    return raw


def _tell_eeg_apart(raw: mne.io.BaseRaw, labels: Sequence[str]) -> None:
    """Type as misc what EDF labels do not show to be EEG: MNE takes all for EEG.

    Where some labels say "EEG", those are; else those that are made of electrodes' names.
    """
    says_eeg = [label.upper().startswith("EEG") for label in labels]
    is_eeg = says_eeg if any(says_eeg) else [_is_electrode(label) for label in labels]
    if not any(is_eeg):
        return
    types = zip(raw.ch_names, raw.get_channel_types(), is_eeg, strict=True)
    others = {name: "misc" for name, kind, eeg in types if kind == "eeg" and not eeg}
    raw.set_channel_types(others, on_unit_change="ignore", verbose="error")


def _is_electrode(label: str) -> bool:
    """Tell whether a label names an electrode of the 10-5 system, or a pair: C3, C4-A1."""
    electrode = r"(fp|af|f|ft|fc|t|tp|c|cp|p|po|o|i|n)(z|\d{1,2})h?|[am][12]"
    parts = [part for part in re.split(r"[-:/\s.]+", label.strip().lower()) if part]
    parts = parts[:1] + [part for part in parts[1:] if part not in ("ref", "le", "avg", "ar", "m")]
    return bool(parts) and all(re.fullmatch(electrode, part) for part in parts)


def _open_hypnogram(path: Path) -> mne.Annotations:
    with tempfile.TemporaryDirectory() as folder, mne.use_log_level("error"):
        lower = path
        if path.suffix != path.suffix.lower():  # MNE goes by the letters as they are
            lower = Path(shutil.copy(path, Path(folder, path.stem + path.suffix.lower())))
        try:
            return mne.read_annotations(lower)
        except Exception as error:  # each reader raises its own
            raise ValueError(
                f"{path}: not a hypnogram that MNE can read ({_first_line(error)})."
            ) from error


def _check_whole(path: Path) -> None:
    """Raise where an EDF or BDF file holds less than its header says: MNE would read the rest."""
    sample_size = {".edf": 2, ".bdf": 3}.get(path.suffix.lower())
    if sample_size is None:
        return
    with path.open("rb") as file:
        header = file.read(256)
        try:
            header_size, n_records, n_signals = (
                int(header[start:stop]) for start, stop in ((184, 192), (236, 244), (252, 256))
            )
            file.seek(256 + 216 * n_signals)
            n_samples = sum(int(file.read(8)) for _ in range(n_signals))
        except ValueError:  # no EDF at all, which the reader will tell
            return
    wanted, found = header_size + n_records * n_samples * sample_size, path.stat().st_size
    if found < wanted or n_records < 0:
        raise ValueError(
            f"{path}: truncated: its header announces {n_records} records, {wanted} bytes in all;"
            f" found {found}. Copy it again, or repair its header."
        )


def _hypnogram_name(path: Path) -> str:
    return f"{path.stem[: -len(_PSG)]}{_HYPNOGRAM.capitalize()}{path.suffix}"


def _hypnogram_of(path: Path) -> Path | None:
    """Return the hypnogram beside a PSG, if there is one."""
    if not path.stem.lower().endswith(_PSG):
        return None
    beside = {p.name.lower(): p for p in path.parent.iterdir() if _is_hypnogram(p)}
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


def _person_of(path: Path, raw: mne.io.BaseRaw, person: str | None, alone: bool) -> str:
    """Return whose a recording is; ``alone`` tells that no other has its file's name."""
    if person is not None:
        found = re.search(person, str(path))
        if not found:
            raise ValueError(f"{path}: no person in this path by the expression {person!r}.")
        return found[1] if found.re.groups else found[0]
    sleep_edf = re.match(r"(S[CT][47]\d\d)\d[A-Z].-PSG$", path.stem)
    if sleep_edf:
        return sleep_edf[1]
    bids = re.match(r"(sub-[A-Za-z0-9]+)_", path.name)
    if bids:
        return bids[1]
    patient = str((raw.info["subject_info"] or {}).get("his_id") or "").strip()
    if patient.lower() not in _NOBODY:
        return patient
    if not alone:
        return path.parent.name
    return re.sub(rf"[-_ ]?{_PSG}$", "", path.name.split(".")[0], flags=re.IGNORECASE)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
