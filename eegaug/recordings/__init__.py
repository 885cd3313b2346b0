"""Recordings in: read, simulate, preprocess, cut into windows, split (needs MNE)."""

from eegaug.extra import needs_extra

with needs_extra(__name__):
    from eegaug.recordings.arrays import ArrayFile, make_array_windows, read_arrays
    from eegaug.recordings.bids import read_bids
    from eegaug.recordings.blocks import make_block_windows
    from eegaug.recordings.cutting import Events
    from eegaug.recordings.dataset import WindowDataset
    from eegaug.recordings.datasets import fetch_dataset
    from eegaug.recordings.electrodes import place_electrodes
    from eegaug.recordings.epoch_windows import make_epoch_windows
    from eegaug.recordings.epochs import EpochsFile, read_epochs
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
    "ArrayFile",
    "EpochsFile",
    "Events",
    "Recording",
    "Split",
    "StoredSignals",
    "WindowDataset",
    "Windows",
    "fetch_dataset",
    "fetch_eegbci",
    "fetch_sleep_edf",
    "make_array_windows",
    "make_block_windows",
    "make_epoch_windows",
    "make_event_windows",
    "make_sleep_windows",
    "make_windows",
    "place_electrodes",
    "read_arrays",
    "read_bids",
    "read_epochs",
    "read_recordings",
    "read_sleep_recordings",
    "simulate_motor_imagery",
    "simulate_nights",
    "split_by_subject",
    "split_in_time",
]
