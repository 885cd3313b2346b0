"""Simulated motor imagery: 64 channels, two imagined movements, caps at varying positions."""

from __future__ import annotations

import mne
import numpy as np
from scipy.spatial.transform import Rotation
from tqdm.auto import tqdm

from eegaug.recordings.noise import band_noise, falling_noise
from eegaug.recordings.recording import Recording
from eegaug.recordings.simulated_nights import MOST_SUBJECTS
from eegaug.validation import check_count, check_positive

#: The 64 electrodes of the EEG Motor Movement/Imagery Dataset, in its order.
CHANNELS = (
    "FC5 FC3 FC1 FCz FC2 FC4 FC6 C5 C3 C1 Cz C2 C4 C6 CP5 CP3 CP1 CPz CP2 CP4 CP6 Fp1 Fpz Fp2 AF7"
    " AF3 AFz AF4 AF8 F7 F5 F3 F1 Fz F2 F4 F6 F8 FT7 FT8 T7 T8 T9 T10 TP7 TP8 P7 P5 P3 P1 Pz P2 P4"
    " P6 P8 PO7 PO3 POz PO4 PO8 O1 Oz O2 Iz"
).split()
MONTAGE = "spherical_1005"
#: Duration (s) of a rest and of an imagined movement.
REST, TASK = 4.2, 4.1
#: Rhythms: electrode over the source, frequency (Hz), half-width (Hz), amplitude (microvolts), and
#: the factor on the amplitude while the left and while the right fist is imagined.
RHYTHMS = (
    ("C3", 11.0, 1.0, 9.0, (0.9, 0.6)),
    ("C4", 11.0, 1.0, 9.0, (0.6, 0.9)),
    ("C3", 21.0, 2.5, 4.0, (0.9, 0.7)),
    ("C4", 21.0, 2.5, 4.0, (0.7, 0.9)),
    ("Oz", 10.0, 1.0, 12.0, (0.8, 0.8)),
    ("Fz", 6.0, 1.5, 5.0, (1.1, 1.1)),
)
#: Concentration of the von Mises-Fisher field of a source on the scalp.
CONCENTRATION = 8.0
N_BACKGROUND = 40
#: Standard deviation over subjects of the cap's rotation about each axis (degrees).
TILT = 6.0
#: Standard deviation over trials of the logarithm of the factor on the amplitude.
EFFORT = 0.15
#: The most that is simulated: imagined movements per subject.
MOST_TRIALS = 10_000


def simulate_motor_imagery(
    n_subjects: int = 4,
    n_trials: int = 45,
    *,
    sfreq: float = 160.0,
    seed: int = 0,
    progress: bool = False,
) -> list[Recording]:
    """Simulate imagined movements of the left and the right fist, one recording per subject.

    Periods of rest (4.2 s) and of imagined movement (4.1 s) alternate. While a fist is imagined,
    the rhythms of 11 and 21 Hz over the contralateral motor cortex desynchronise; alpha over the
    occiput, theta over the frontal midline and a 1/f background of 40 sources hardly change. The
    desynchronisation varies from trial to trial. Each source has a smooth field on the scalp.
    Subjects differ in frequencies, in amplitudes, and in the position of the cap: it is turned
    about each axis by a normal draw of standard deviation 6 degrees, while the positions in the
    recording are those of the montage.

    Parameters
    ----------
    n_subjects : int
        Number of subjects.
    n_trials : int
        Number of imagined movements per subject.
    sfreq : float
        Sampling rate (Hz).
    seed : int
        Seed; a subject is the same whatever the number of subjects.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    list of Recording
        64 channels with positions, annotated as in the EEG Motor Movement/Imagery Dataset: T0 rest,
        T1 left fist, T2 right fist.

    Raises
    ------
    TypeError
        If the number of subjects or of trials is not an integer.
    ValueError
        If a number is not positive, or above 10,000, of subjects or of imagined movements.

    References
    ----------
    Schalk et al., *BCI2000: a general-purpose brain-computer interface (BCI) system*, IEEE Trans.
    Biomed. Eng. 51(6), 2004, for the dataset that the simulation imitates.

    Examples
    --------
    >>> (recording,) = simulate_motor_imagery(1, n_trials=2)
    >>> len(recording.raw.ch_names), recording.raw.annotations.count()
    (64, {'T0': 2, 'T1': 1, 'T2': 1})
    """
    check_count("n_subjects", n_subjects, most=MOST_SUBJECTS)
    check_count("n_trials", n_trials, most=MOST_TRIALS)
    check_positive("sfreq", sfreq)
    subjects = tqdm(range(n_subjects), "Simulating", unit="subject", disable=not progress)
    return [_simulate(subject, n_trials, sfreq, seed) for subject in subjects]


def _simulate(subject: int, n_trials: int, sfreq: float, seed: int) -> Recording:
    rng = np.random.default_rng([seed, subject])
    info = mne.create_info(CHANNELS, sfreq, "eeg", verbose="error")
    info.set_montage(MONTAGE)
    electrodes = np.array([channel["loc"][:3] for channel in info["chs"]])
    electrodes /= np.linalg.norm(electrodes, axis=1, keepdims=True)
    above = dict(zip(CHANNELS, electrodes, strict=True))  # the sources, under a cap in its place
    electrodes = Rotation.from_euler("xyz", rng.normal(0, TILT, 3), degrees=True).apply(electrodes)

    fists = rng.permutation(np.arange(n_trials) % 2)
    n_times = round(n_trials * (REST + TASK) * sfreq)
    onsets = np.arange(n_trials) * (REST + TASK)
    times = np.arange(n_times) / sfreq

    signal = 2 * rng.standard_normal((len(CHANNELS), n_times))  # sensor noise
    for where in rng.standard_normal((N_BACKGROUND, 3)):
        source = (
            4 * rng.lognormal(0, 0.3) * falling_noise(rng, n_times, sfreq, rng.uniform(0.8, 1.2))
        )
        signal += np.outer(_field(electrodes, where / np.linalg.norm(where)), source)
    slower = rng.normal(1, 0.05)
    for name, freq, width, amplitude, left in RHYTHMS:
        # half a second to fall, and to recover
        edges = np.stack([onsets + REST, onsets + REST + 0.5, onsets + REST + TASK - 0.2])
        edges = np.vstack([edges, onsets + REST + TASK + 0.2]).T.ravel()
        reached = np.array(left)[fists] * rng.lognormal(0, EFFORT, n_trials)
        levels = np.repeat(reached, 4).reshape(-1, 4)
        levels[:, [0, 3]] = 1.0
        level = np.interp(times, edges, levels.ravel(), left=1.0, right=1.0)
        source = (
            amplitude
            * rng.lognormal(0, 0.2)
            * band_noise(rng, n_times, sfreq, slower * freq, width)
        )
        signal += np.outer(_field(electrodes, above[name]), level * source)

    raw = mne.io.RawArray(signal * 1e-6, info, verbose="error")
    labels = np.stack([np.full(n_trials, "T0"), np.array(["T1", "T2"])[fists]], 1).ravel()
    starts = np.stack([onsets, onsets + REST], 1).ravel()
    raw.set_annotations(mne.Annotations(starts, np.tile([REST, TASK], n_trials), labels))
    name = f"sim{subject:02d}"
    return Recording(f"simulated motor imagery of {name}", name, raw)


def _field(electrodes: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Return the amplitude at each electrode of a source of unit amplitude, shape (electrodes,)."""
    return np.exp(CONCENTRATION * (electrodes @ source - 1))
