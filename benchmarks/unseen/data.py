"""Recordings of several people, as labelled windows of one shape.

Real recordings are read from a folder beside the project, and left out where it is absent.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import mne
import numpy as np
import torch
from torch import Tensor

from eegaug.recordings import (
    make_block_windows,
    make_event_windows,
    make_sleep_windows,
    read_recordings,
    read_sleep_recordings,
    simulate_nights,
)
from eegaug.recordings.sleep import STAGES

FOLDER = Path(__file__).parents[3] / "shared" / "data"
#: Channels over the motor cortex, of the 64 of eegmmidb.
MOTOR = [f"{row}{place}" for row in ("FC", "C", "CP") for place in "3z4"]
#: Blocks that the whole night is cut into, of about six minutes.
N_BLOCKS = 60


@dataclass(frozen=True)
class Data:
    """Windows of several people.

    Attributes
    ----------
    name : str
        Name of the data set and its labels.
    X, y : Tensor
        Signals (windows, channels, times) and labels (windows,), in the order of time within each
        person.
    people : np.ndarray
        Person of each window.
    sessions : np.ndarray
        Part of the recordings of a person that a window is from, in the order of time.
    info : mne.Info
        Channels and sampling rate.
    n_labels : int
        Number of labels.
    """

    name: str
    X: Tensor
    y: Tensor
    people: np.ndarray
    sessions: np.ndarray
    info: mne.Info
    n_labels: int


def _of_windows(name: str, windows: Any, keep: np.ndarray, labels: list[int]) -> Data:
    codes = np.searchsorted(labels, windows.y[keep])
    X = torch.as_tensor(windows.X[keep])
    recordings = windows.metadata["recording"].to_numpy(dtype=str)[keep]
    return Data(
        name,
        X,
        torch.as_tensor(codes),
        windows.subjects[keep],
        recordings,
        windows.info,
        len(labels),
    )


def _nights() -> Any:
    return make_sleep_windows(read_sleep_recordings([FOLDER / "ucddb"]))


def wake_or_deep() -> Data:
    """Return wake and deep sleep of 15 people, one channel, windows of 30 s (ucddb)."""
    windows = _nights()
    labels = [STAGES.index("W"), STAGES.index("N3")]
    return _of_windows("wake or deep sleep", windows, np.isin(windows.y, labels), labels)


def five_stages() -> Data:
    """Return the five stages of the one person with a whole night (ucddb)."""
    windows = _nights()
    whole = np.char.find(windows.subjects, "018") >= 0
    data = _of_windows("five stages", windows, whole, list(range(5)))
    blocks = (np.arange(len(data.y)) * N_BLOCKS // len(data.y)).astype(str)
    return Data(data.name, data.X, data.y, data.people, blocks, data.info, 5)


def arithmetic() -> Data:
    """Return rest and mental arithmetic of 24 people, 19 channels, windows of 2 s (eegmat)."""
    windows = make_block_windows(
        read_recordings([FOLDER / "eegmat"]),
        ["rest", "arithmetic"],
        length=2.0,
        sfreq=128.0,
        l_freq=1.0,
        h_freq=45.0,
    )
    windows.info.set_montage("standard_1020", verbose="error")
    return _of_windows("rest or arithmetic", windows, np.full(len(windows.y), True), [0, 1])


def steady_state() -> Data:
    """Return responses to 13, 17, 21 Hz and rest of 8 people, 8 channels, 2 s each (ssvep)."""
    X, y, people, sessions = [], [], [], []
    for file in sorted((FOLDER / "ssvep").glob("*-epo.fif")):
        epochs = mne.read_epochs(file, verbose="error")
        names = sorted(epochs.event_id)
        epochs.filter(5.0, 45.0, verbose="error").crop(2.0, 6.0, include_tmax=False)
        signals = epochs.get_data(copy=False)
        halves = np.split(signals / signals.std(), 2, axis=-1)
        X.append(np.stack(halves, 1).reshape(-1, *halves[0].shape[1:]))
        code = {epochs.event_id[name]: place for place, name in enumerate(names)}
        y += [code[event] for event in epochs.events[:, 2] for _ in halves]
        people += [file.name[:6]] * len(epochs) * len(halves)
        sessions += np.repeat(epochs.metadata["session"].astype(str), len(halves)).tolist()
    return Data(
        "flicker",
        torch.as_tensor(np.concatenate(X), dtype=torch.float32),
        torch.as_tensor(y),
        np.array(people),
        np.array(sessions),
        epochs.info,
        4,
    )


def imagery() -> Data:
    """Return imagined left and right fists of 4 people, 9 channels, 3 s (eegmmidb)."""
    recordings = read_recordings([FOLDER / "eegmmidb"], electrodes=True)
    windows = make_event_windows(recordings, {"left": "T1", "right": "T2"}, channels=MOTOR)
    return _of_windows("left or right", windows, np.full(len(windows.y), True), [0, 1])


def simulated() -> Data:
    """Return five stages of 12 simulated people, one channel, windows of 30 s."""
    windows = make_sleep_windows(simulate_nights(12, hours=1.0, seed=0), channels="Fpz-Cz")
    return _of_windows("simulated", windows, windows.y >= 0, list(range(5)))


DATA: dict[str, Callable[[], Data]] = {
    "sleep": wake_or_deep,
    "stages": five_stages,
    "arithmetic": arithmetic,
    "flicker": steady_state,
    "imagery": imagery,
    "simulated": simulated,
}


@cache
def load(key: str) -> Data:
    """Return one of :data:`DATA`, read once per process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return DATA[key]()
