"""Recordings in: read, pair, simulate, preprocess, window, split (needs MNE)."""

from eegaug.recordings.imagery import simulate_motor_imagery
from eegaug.recordings.recording import Recording, fetch_sleep_edf, read_recordings
from eegaug.recordings.simulate import simulate_nights
from eegaug.recordings.sleep import STAGES
from eegaug.recordings.split import Split, split_windows
from eegaug.recordings.windows import SleepWindows, make_windows

__all__ = [
    "STAGES",
    "Recording",
    "SleepWindows",
    "Split",
    "fetch_sleep_edf",
    "make_windows",
    "read_recordings",
    "simulate_motor_imagery",
    "simulate_nights",
    "split_windows",
]
