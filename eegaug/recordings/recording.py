"""Recordings: find files, open them with MNE, and name the subject of each."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mne
from tqdm.auto import tqdm

from eegaug.files import first_line
from eegaug.recordings.electrodes import place_electrodes
from eegaug.recordings.files import RECORDINGS, check_whole, find_files, is_hypnogram, is_recording
from eegaug.recordings.names import visible, with_visible_channels
from eegaug.recordings.subjects import check_pattern, subject_of, tell_apart
from eegaug.validation import found


@dataclass(frozen=True)
class Recording:
    """One recording of one subject.

    Parameters
    ----------
    name : str
        Name of the file, or of the simulated recording. Ends of lines, and what cannot be encoded,
        are escaped here, in ``subject`` and in the names of channels.
    subject : str
        Subject, as far as splits are concerned: one subject is never trained and tested on, unless
        a split calibrates by subject.
    raw : mne.io.BaseRaw
        Signals (V), with sleep stages, cues or other events as annotations.
    path : Path, optional
        File that was read.

    Raises
    ------
    TypeError
        If ``raw`` is something else.
    ValueError
        If there are no samples, or no sampling rate.

    Examples
    --------
    Arrays with annotations become a recording by hand:

    >>> import numpy as np
    >>> info = mne.create_info(["Fpz-Cz"], sfreq=100, ch_types="eeg")
    >>> raw = mne.io.RawArray(np.zeros((1, 6000)), info, verbose="error")
    >>> stages = mne.Annotations([0, 30], 30, ["Sleep stage W", "Sleep stage 1"])
    >>> recording = Recording("first night of anna", "anna", raw.set_annotations(stages))
    >>> recording.raw.annotations.count()
    {'Sleep stage 1': 1, 'Sleep stage W': 1}
    """

    name: str
    subject: str
    raw: mne.io.BaseRaw
    path: Path | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.raw, mne.io.BaseRaw | mne.BaseEpochs):
            raise TypeError(f"{self.name}: `raw` should be one of MNE. Found {found(self.raw)}.")
        for part in ("name", "subject"):
            object.__setattr__(self, part, visible(str(getattr(self, part))))
        object.__setattr__(self, "raw", with_visible_channels(self.raw))
        rate = float(self.raw.info["sfreq"])
        n_times = self.raw.n_times if isinstance(self.raw, mne.io.BaseRaw) else len(self.raw.times)
        if not (0 < rate < math.inf and n_times):
            raise ValueError(f"{self.name}: no signals: {n_times} samples at {rate:g} Hz.")


def read_recordings(
    paths: str | Path | Iterable[str | Path],
    *,
    subject: str | None = None,
    entities: Mapping[str, str | Sequence[str]] | None = None,
    electrodes: bool = False,
    progress: bool = False,
) -> list[Recording]:
    r"""Open recordings with MNE, with the annotations that are inside the files.

    The subject is read from the file's name (Sleep-EDF, EEG Motor Movement/Imagery, BIDS), else
    from the header's patient code; else it is the file's name, or, where several files have the
    same name, that of the folder in which their paths begin to differ. Files named ``*Hypnogram``
    are not recordings and are passed over, see :func:`read_sleep_recordings`.

    Parameters
    ----------
    paths : path, or iterable of path
        Files that :func:`mne.io.read_raw` opens, and folders, searched recursively.
    subject : str, optional
        Regular expression that finds the subject in a file's name, or else in its path: its first
        group if it has one, else the whole match. ``r"(\w+)-\d+-PSG"`` finds "anna" in
        "anna-2-PSG.edf".
    entities : mapping of str to str or sequence of str, optional
        What to read of folders that are BIDS roots, as ``{"task": "rest", "run": ["1", "2"]}``.
    electrodes : bool
        Whether channels that are named after an electrode of the 10-05 system in another spelling
        ("Fc5.", "FCZ"), or by an older name ("T3"), get its name, and recordings without positions
        those of MNE's montage ``spherical_1005``.
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
        If there is no recording, a file is unreadable or truncated, or ``subject`` is not a regular
        expression or matches nothing in a path.

    Examples
    --------
    >>> import tempfile
    >>> from eegaug.recordings import simulate_nights
    >>> (night,) = simulate_nights(1, hours=0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = night.raw.save(Path(folder, "anna-2_raw.fif"), verbose="error")
    ...     (recording,) = read_recordings([folder], subject=r"(\w+)-\d+_raw")
    >>> recording.name, recording.subject
    ('anna-2_raw.fif', 'anna')
    """
    check_pattern(subject)
    from eegaug.recordings.bids import is_bids, read_bids  # which makes recordings too

    given = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    roots = [path for path in given if is_bids(path)]
    if entities and not roots:
        raise ValueError("Entities (--bids) are those of a BIDS root. Found none.")
    recordings = [each for root in roots for each in read_bids(root, entities, progress=progress)]
    if subject is not None:
        recordings = [
            replace(each, subject=subject_of(Path(each.path or each.name), each.raw, subject))
            for each in recordings
        ]
    others = [path for path in given if path not in roots]
    if roots and not others:
        return recordings
    named = find_files(others, is_recording, "recording", RECORDINGS)
    files = [path for path in named if not is_hypnogram(path)]  # matched along by a wildcard
    if not files:
        raise ValueError("No recording among the files; a hypnogram alone is not enough.")
    bar = tqdm(files, "Opening recordings", unit="file", disable=not progress)
    for path, (name, folder) in zip(bar, tell_apart(files), strict=True):
        raw = _open(path)
        if electrodes:
            place_electrodes(raw)
        recordings.append(Recording(name, subject_of(path, raw, subject, folder), raw, path))
    return recordings


def spans(raw: mne.io.BaseRaw) -> list[tuple[float, float, str]]:
    """Return the annotations of a recording, in the order of time.

    In descriptions, which may be labels, ends of lines and what cannot be encoded are escaped.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        The recording.

    Returns
    -------
    list of (float, float, str)
        Onset (s) from the first sample, cropped or not, duration (s), no longer than that of the
        recording, and description.

    Examples
    --------
    >>> import numpy as np
    >>> raw = mne.io.RawArray(np.zeros((1, 6000)), mne.create_info(1, 100), verbose="error")
    >>> cropped = raw.set_annotations(mne.Annotations([30], [5], ["lights off"])).crop(10)
    >>> spans(cropped)
    [(20.0, 5.0, 'lights off')]
    """
    annotations, longest = raw.annotations, raw.n_times / float(raw.info["sfreq"])
    return [
        (float(onset - raw.first_time), min(float(duration), longest), visible(str(description)))
        for onset, duration, description in zip(
            annotations.onset, annotations.duration, annotations.description, strict=True
        )
    ]


def _open(path: Path) -> mne.io.BaseRaw:
    check_whole(path)
    is_edf = path.suffix.lower() in (".edf", ".bdf")
    with warnings.catch_warnings(), mne.use_log_level("error"):
        warnings.simplefilter("ignore")
        try:
            raw = mne.io.read_raw(path, preload=False, **({"infer_types": True} if is_edf else {}))
            labels = mne.io.read_raw(path, preload=False).ch_names if is_edf else []
        except Exception as error:  # each reader raises its own
            raise ValueError(
                f"{path}: not a recording that MNE can read ({first_line(error)})."
            ) from error
    if is_edf:
        _mark_other_channels(raw, labels)
    return raw


def _mark_other_channels(raw: mne.io.BaseRaw, labels: Sequence[str]) -> None:
    """Set the type of channels to misc unless their EDF label shows EEG: MNE takes all for EEG.

    Where some labels say "EEG", those are EEG; else those that name electrodes.
    """
    says_eeg = [label.upper().startswith("EEG") for label in labels]
    is_eeg = says_eeg if any(says_eeg) else [_is_electrode(label) for label in labels]
    if not any(is_eeg):
        return
    types = zip(raw.ch_names, raw.get_channel_types(), is_eeg, strict=True)
    others = {name: "misc" for name, kind, eeg in types if kind == "eeg" and not eeg}
    raw.set_channel_types(others, on_unit_change="ignore", verbose="error")


def _is_electrode(label: str) -> bool:
    """Whether a label names an electrode of the 10-05 system, or a derivation: C3, C4-A1."""
    electrode = r"(fp|af|f|ft|fc|t|tp|c|cp|p|po|o|i|n)(z|\d{1,2})h?|[am][12]"
    parts = [part for part in re.split(r"[-:/\s.]+", label.strip().lower()) if part]
    parts = parts[:1] + [part for part in parts[1:] if part not in ("ref", "le", "avg", "ar", "m")]
    return bool(parts) and all(re.fullmatch(electrode, part) for part in parts)
