"""Recordings in: read, simulate, preprocess, cut into windows, split (needs MNE)."""

from eegaug.recordings.hypnograms import fetch_sleep_edf, read_sleep_recordings
from eegaug.recordings.imagery import fetch_eegbci, make_imagery_windows, read_imagery_recordings
from eegaug.recordings.recording import Recording, read_recordings
from eegaug.recordings.simulated_imagery import simulate_motor_imagery
from eegaug.recordings.simulated_nights import simulate_nights
from eegaug.recordings.sleep import STAGES, make_sleep_windows
from eegaug.recordings.split import Split, split_by_subject, split_in_time
from eegaug.recordings.windows import Windows, make_windows

__all__ = [
    "STAGES",
    "Recording",
    "Split",
    "Windows",
    "fetch_eegbci",
    "fetch_sleep_edf",
    "make_imagery_windows",
    "make_sleep_windows",
    "make_windows",
    "read_imagery_recordings",
    "read_recordings",
    "read_sleep_recordings",
    "simulate_motor_imagery",
    "simulate_nights",
    "split_by_subject",
    "split_in_time",
]
