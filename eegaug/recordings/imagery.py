"""Motor imagery: recordings with a montage, and windows after the cues in their annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import mne
import numpy as np

from eegaug.recordings.recording import Recording, first_line, read_recordings
from eegaug.recordings.windows import Windows, make_windows

#: Label -> annotation, as in the runs 4, 8 and 12 of the EEG Motor Movement/Imagery Dataset.
EVENTS = {"left fist": "T1", "right fist": "T2"}
#: Montage of recordings that come without positions.
MONTAGE = "spherical_1005"
#: Names of the 10-20 system that the 10-05 system has replaced.
REPLACED = {"t3": "T7", "t4": "T8", "t5": "P7", "t6": "P8"}


def read_imagery_recordings(
    paths: str | Path | Iterable[str | Path],
    *,
    subject: str | None = None,
    progress: bool = False,
) -> list[Recording]:
    """Read recordings with their cues as annotations, and with electrode positions.

    Channels named after an electrode of the 10-05 system in another spelling ("Fc5.", "FCZ"), or
    by an older name ("T3"), get its name, and recordings without positions those of MNE's montage
    ``spherical_1005``. Subjects are named as by :func:`read_recordings`; that of "S001R04.edf" is
    "S001".

    Parameters
    ----------
    paths : path, or iterable of path
        Files that :func:`mne.io.read_raw` opens, and folders, searched recursively.
    subject : str, optional
        Regular expression that finds the subject in a file's path.
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
    >>> from eegaug.recordings import simulate_motor_imagery
    >>> (simulated,) = simulate_motor_imagery(1, n_trials=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = simulated.raw.save(Path(folder, "sub-01_raw.fif"), verbose="error")
    ...     (recording,) = read_imagery_recordings([folder])
    >>> recording.subject, recording.raw.get_montage() is not None
    ('sub-01', True)
    """
    recordings = read_recordings(paths, subject=subject, progress=progress)
    montage = mne.channels.make_standard_montage(MONTAGE)
    electrodes = REPLACED | {name.lower(): name for name in montage.ch_names}
    for recording in recordings:
        raw = recording.raw
        names = {name: electrodes.get(name.strip(". ").lower(), name) for name in raw.ch_names}
        if len(set(names.values())) == len(names):
            raw.rename_channels(names, verbose="error")
        if raw.get_montage() is None:
            raw.set_montage(montage, on_missing="ignore", verbose="error")
    return recordings


def fetch_eegbci(subjects: Sequence[int], runs: Sequence[int] = (4, 8, 12)) -> list[Path]:
    """Download runs of the EEG Motor Movement/Imagery Dataset through MNE, or find them on disk.

    Parameters
    ----------
    subjects : sequence of int
        Numbers of the subjects, 1 to 109.
    runs : sequence of int
        Numbers of the runs: 4, 8 and 12 are those of imagined movements of the left and the right
        fist.

    Returns
    -------
    list of Path
        The recordings, for :func:`read_imagery_recordings`.

    Raises
    ------
    ValueError
        If MNE cannot fetch them, as without a network.

    References
    ----------
    Schalk et al., *BCI2000: a general-purpose brain-computer interface (BCI) system*, IEEE Trans.
    Biomed. Eng. 51(6), 2004.

    Examples
    --------
    >>> paths = fetch_eegbci([1, 2])  # doctest: +SKIP
    >>> recordings = read_imagery_recordings(paths)  # doctest: +SKIP
    """
    try:
        files = mne.datasets.eegbci.load_data(
            list(subjects), list(runs), update_path=False, verbose="error"
        )
    except Exception as error:  # pooch, requests and MNE each raise their own
        raise ValueError(
            f"Subjects {list(subjects)} of the EEG Motor Movement/Imagery Dataset could not be"
            f" fetched: {first_line(error)}."
        ) from error
    return [Path(file) for file in files]


def make_imagery_windows(
    recordings: Sequence[Recording],
    events: Mapping[str, str] | None = None,
    *,
    tmin: float = 0.5,
    tmax: float = 3.5,
    sfreq: float = 100.0,
    l_freq: float = 4.0,
    h_freq: float = 38.0,
    channels: str | Sequence[str] | None = None,
    progress: bool = False,
) -> Windows:
    """Cut recordings into windows after their cues.

    Each recording is divided by its standard deviation. Windows with a flat or non-finite stretch,
    and those marked bad, are dropped and counted.

    Parameters
    ----------
    recordings : sequence of Recording
        Recordings; their signals are loaded one after the other.
    events : mapping of str to str, optional
        Description of the annotation for each label; where absent,
        ``{"left fist": "T1", "right fist": "T2"}``.
    tmin, tmax : float
        Start and end of a window after the onset of the annotation (s).
    sfreq : float
        Sampling rate of the windows (Hz).
    l_freq, h_freq : float
        Pass band (Hz).
    channels : str or sequence of str, optional
        Channels to take, in this order; where absent, the EEG channels that all recordings
        have, in the order of the first.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Windows
        The windows of all recordings, one recording after the other; labels are those of
        ``events``.

    Raises
    ------
    TypeError
        If a recording is not a :class:`Recording`, or a rate, a frequency or a time is not a
        number.
    ValueError
        If there are fewer than two labels, two labels have one annotation, no recording has the
        annotation of a label, or as by :func:`make_windows`.

    Examples
    --------
    >>> from eegaug.recordings import simulate_motor_imagery
    >>> windows = make_imagery_windows(simulate_motor_imagery(1, n_trials=4))
    >>> windows.X.shape, windows.labels
    ((4, 64, 300), ('left fist', 'right fist'))
    """
    events = EVENTS if events is None else events
    if len(events) < 2 or len(set(events.values())) < len(events):
        raise ValueError(
            "Parameter `events` should have two labels or more, each with an annotation of its own."
            f" Found {dict(events)}."
        )
    found: Counter[str] = Counter()
    for recording in recordings:
        found.update(str(each) for each in recording.raw.annotations.description)
    missing = [f"{event!r} ({label})" for label, event in events.items() if event not in found]
    if recordings and missing:
        shown = ", ".join(f"{event!r} ({n})" for event, n in found.most_common(6))
        raise ValueError(
            f"No recording has an annotation {' or '.join(missing)}. Found {shown or 'none'}."
        )
    codes = {event: code for code, event in enumerate(events.values())}

    def find_events(raw: mne.io.BaseRaw) -> tuple[np.ndarray, Counter[str]]:
        here = {event: codes[event] for event in codes if event in raw.annotations.description}
        if not here:
            return np.zeros((0, 3), dtype=int), Counter()
        return mne.events_from_annotations(raw, here, verbose="error")[0], Counter()

    windows = make_windows(
        recordings,
        tuple(events),
        find_events,
        tmin=tmin,
        tmax=tmax,
        sfreq=sfreq,
        l_freq=l_freq,
        h_freq=h_freq,
        channels=channels,
        scaling="recording",
        progress=progress,
    )
    nowhere = [ch["ch_name"] for ch in windows.info["chs"] if not np.isfinite(ch["loc"][:3]).all()]
    if nowhere:
        windows.notes.append(f"Channels without a position: {', '.join(nowhere)}.")
    return windows
