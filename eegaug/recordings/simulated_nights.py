"""Simulated nights: sleep-like EEG with known stages, for use without data."""

from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
from filelock import FileLock
from tqdm.auto import tqdm

from eegaug.files import written_whole
from eegaug.recordings.noise import band_noise, falling_noise
from eegaug.recordings.recording import Recording
from eegaug.recordings.sleep import STAGES
from eegaug.validation import check_count, check_positive

#: Of the simulation, for nights that are kept in files.
VERSION = 1
#: Transition probabilities per epoch of 30 s; rows (from) and columns (to) are W, N1, N2, N3, REM.
TRANSITIONS = np.array(
    [
        [0.90, 0.09, 0.01, 0.00, 0.00],
        [0.06, 0.72, 0.19, 0.00, 0.03],
        [0.02, 0.03, 0.88, 0.05, 0.02],
        [0.01, 0.01, 0.06, 0.92, 0.00],
        [0.03, 0.03, 0.02, 0.00, 0.92],
    ]
)

#: Band-limited rhythms: frequency (Hz), half-width (Hz), amplitude (microvolts) in each stage,
#: share at the frontal and at the posterior channel.
RHYTHMS = {
    "slow wave": (0.9, 0.5, (2, 4, 14, 42, 4), (1.0, 0.6)),
    "theta": (5.5, 1.5, (4, 9, 8, 6, 9), (0.9, 0.8)),
    "alpha": (10.0, 0.7, (14, 5, 2, 1, 2), (0.5, 1.0)),
    "beta": (20.0, 5.0, (5, 4, 2, 1.5, 4), (1.0, 0.8)),
}
#: Events: mean rate (per minute) in each stage, share at the two channels.
EVENTS = {
    "spindle": ((0, 0, 5.0, 1.5, 0), (0.8, 1.0)),
    "K-complex": ((0, 0, 2.0, 0.4, 0), (1.0, 0.6)),
    "eye movement": ((6.0, 1.5, 0, 0, 9.0), (1.0, 0.15)),
}
CHANNELS = ("Fpz-Cz", "Pz-Oz")
EPOCH = 30.0
#: The most that is simulated: subjects, and the duration of a night (h).
MOST_SUBJECTS, LONGEST = 10_000, 24


def simulate_nights(
    n_subjects: int = 10,
    hours: float = 2.0,
    *,
    sfreq: float = 100.0,
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool = False,
) -> list[Recording]:
    """Simulate one night of each of several subjects.

    A hypnogram is drawn from a transition matrix. The signal is a 1/f background, rhythms
    whose amplitudes follow the stage, and events: spindles, K-complexes and eye movements.
    Subjects differ in the frequencies of alpha and spindles, in all amplitudes, in the slope of
    the background and in the noise.

    Parameters
    ----------
    n_subjects : int
        Number of subjects.
    hours : float
        Length of a night (h).
    sfreq : float
        Sampling rate (Hz).
    seed : int
        Seed; a subject is the same whatever the number of subjects.
    folder : path, optional
        Folder to write each night to, as it is made, instead of keeping them all in memory: the
        same numbers. Nights that are there already are not made again.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    list of Recording
        Channels Fpz-Cz and Pz-Oz, with stages annotated as in Sleep-EDF.

    Raises
    ------
    TypeError
        If the number of subjects is not an integer.
    ValueError
        If a number is not positive, a night is shorter than a window or longer than 24 h, or there
        are more than 10,000 subjects.
    OSError
        If a night cannot be written, as on a full disk.

    Examples
    --------
    >>> (night,) = simulate_nights(1, hours=0.5)
    >>> night.subject, night.raw.ch_names, len(night.raw.annotations) > 0
    ('sim00', ['Fpz-Cz', 'Pz-Oz'], True)
    """
    check_count("n_subjects", n_subjects, most=MOST_SUBJECTS)
    check_positive("sfreq", sfreq)
    check_positive("hours", hours)
    if not EPOCH / 3600 <= hours <= LONGEST:
        raise ValueError(
            f"Parameter `hours` should be between {EPOCH / 3600:.3f} and {LONGEST}. Found {hours}."
        )
    subjects = tqdm(range(n_subjects), "Simulating", unit="subject", disable=not progress)
    if folder is None:
        return [_simulate(subject, hours, sfreq, seed) for subject in subjects]
    # written first, opened afterwards: what stays in memory between large arrays splits it up
    paths = [_stored(subject, hours, sfreq, seed, Path(folder)) for subject in subjects]
    names = [f"sim{subject:02d}" for subject in range(n_subjects)]
    return [
        Recording(
            f"simulated night of {name}", name, mne.io.read_raw_fif(path, verbose="error"), path
        )
        for name, path in zip(names, paths, strict=True)
    ]


def _stored(subject: int, hours: float, sfreq: float, seed: int, folder: Path) -> Path:
    """Return the file of a night, which is written where absent."""
    path = folder / f"sim{subject:02d}_v{VERSION}_seed{seed}_{hours:g}h_{sfreq:g}Hz_raw.fif"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            if not path.exists():  # made by another process meanwhile
                _save(_simulate(subject, hours, sfreq, seed).raw, path)
    return path


def _save(raw: mne.io.BaseRaw, path: Path) -> None:
    with written_whole(path) as part:
        # in long stretches, since an open file holds an entry of each in memory
        raw.save(part, fmt="double", buffer_size_sec=60.0, overwrite=True, verbose="error")


def _simulate(subject: int, hours: float, sfreq: float, seed: int) -> Recording:
    rng = np.random.default_rng([seed, subject])
    n_epochs = int(hours * 3600 / EPOCH)
    n_times = int(n_epochs * EPOCH * sfreq)
    stages = _hypnogram(rng, n_epochs)

    # Amplitudes follow the stage, vary between epochs, and change without a step.
    def by_stage(values: tuple[float, ...]) -> np.ndarray:
        amplitudes = np.asarray(values, float)[stages] * rng.lognormal(0, 0.3, n_epochs)
        centres = (np.arange(n_epochs) + 0.5) * EPOCH
        edges = np.stack([centres - EPOCH / 2 + 1, centres + EPOCH / 2 - 1], 1).ravel()
        times = np.arange(n_times) / sfreq
        return np.interp(times, edges, np.repeat(amplitudes, 2))

    background = (
        8 * rng.lognormal(0, 0.15) * falling_noise(rng, n_times, sfreq, rng.uniform(0.8, 1.2))
    )
    signal = np.stack([background, 0.5 * background])
    for channel in signal:  # what the two channels do not share
        channel += rng.lognormal(1.2, 0.2) * falling_noise(rng, n_times, sfreq, 0.8)
    for name, (freq, width, amplitudes, shares) in RHYTHMS.items():
        own = freq + (rng.normal(0, 0.8) if name == "alpha" else rng.normal(0, 0.05 * freq))
        rhythm = band_noise(rng, n_times, sfreq, own, width) * by_stage(amplitudes)
        signal += rng.lognormal(0, 0.2) * np.outer(shares, rhythm)
    spindle_freq = rng.normal(13.2, 0.6)
    for name, (rates, shares) in EVENTS.items():
        train = _events(rng, name, np.asarray(rates)[stages], n_times, sfreq, spindle_freq)
        signal += rng.lognormal(0, 0.15) * np.outer(shares, train)

    info = mne.create_info(list(CHANNELS), sfreq, "eeg", verbose="error")
    info["subject_info"] = {"his_id": f"sim{subject:02d}"}
    raw = mne.io.RawArray(signal * 1e-6, info, verbose="error")
    labels = np.array(["W", "1", "2", "3", "R"])[stages]
    raw.set_annotations(
        mne.Annotations(
            np.arange(n_epochs) * EPOCH, EPOCH, [f"Sleep stage {label}" for label in labels]
        )
    )
    return Recording(f"simulated night of sim{subject:02d}", f"sim{subject:02d}", raw)


def _hypnogram(rng: np.random.Generator, n_epochs: int) -> np.ndarray:
    stages = np.zeros(n_epochs, dtype=int)
    for epoch in range(1, n_epochs):
        stages[epoch] = rng.choice(len(STAGES), p=TRANSITIONS[stages[epoch - 1]])
    return stages


def _events(
    rng: np.random.Generator,
    name: str,
    rates: np.ndarray,
    n_times: int,
    sfreq: float,
    spindle_freq: float,
) -> np.ndarray:
    """Return a train of events; ``rates`` is their mean number per minute in each epoch."""
    train = np.zeros(n_times)
    for epoch, count in enumerate(rng.poisson(rates * EPOCH / 60)):
        for onset in (epoch + rng.uniform(0, 1, count)) * EPOCH:
            wave = _wave(rng, name, sfreq, spindle_freq)
            start = int(onset * sfreq)
            stop = min(start + len(wave), n_times)
            train[start:stop] += wave[: stop - start]
    return train


def _wave(rng: np.random.Generator, name: str, sfreq: float, spindle_freq: float) -> np.ndarray:
    """Return one event (microvolts): a spindle, a K-complex or an eye movement."""
    if name == "spindle":
        t = np.arange(0, rng.uniform(0.6, 1.5), 1 / sfreq)
        envelope = rng.uniform(15, 30) * np.hanning(len(t))
        return envelope * np.sin(2 * np.pi * (spindle_freq * t + rng.uniform()))
    if name == "K-complex":
        t = np.arange(0, 1.2, 1 / sfreq)
        sharp = np.exp(-(((t - 0.35) / 0.09) ** 2))
        slow = np.exp(-(((t - 0.70) / 0.17) ** 2))
        return rng.uniform(60, 110) * (0.6 * slow - sharp)
    t = np.arange(0, 1.0, 1 / sfreq)
    rise = 1 / (1 + np.exp(-(t - 0.15) / 0.02))
    return rng.choice([-1, 1]) * rng.uniform(30, 80) * rise * np.exp(-t / 0.3)
