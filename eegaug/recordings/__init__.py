"""Recordings in: read, simulate, preprocess, cut into windows, split (needs MNE)."""

from eegaug.recordings.blocks import make_block_windows
from eegaug.recordings.cutting import Events
from eegaug.recordings.dataset import WindowDataset
from eegaug.recordings.electrodes import place_electrodes
from eegaug.recordings.events import fetch_eegbci, make_event_windows
from eegaug.recordings.hypnograms import fetch_sleep_edf, read_sleep_recordings
from eegaug.recordings.recording import Recording, read_recordings
from eegaug.recordings.signals import StoredSignals
from eegaug.recordings.simulated_imagery import simulate_motor_imagery
from eegaug.recordings.simulated_nights import simulate_nights
from eegaug.recordings.sleep import STAGES, make_sleep_windows
from eegaug.recordings.split import Split, split_by_subject, split_in_time
from eegaug.recordings.windows import Windows, make_windows

__all__ = [
    "STAGES",
    "Events",
    "Recording",
    "Split",
    "StoredSignals",
    "WindowDataset",
    "Windows",
    "fetch_eegbci",
    "fetch_sleep_edf",
    "make_block_windows",
    "make_event_windows",
    "make_sleep_windows",
    "make_windows",
    "place_electrodes",
    "read_recordings",
    "read_sleep_recordings",
    "simulate_motor_imagery",
    "simulate_nights",
    "split_by_subject",
    "split_in_time",
]
