"""Recordings to test with: small simulations, in memory and as files."""

import os
from pathlib import Path

import edfio
import numpy as np
import pytest
import torch

from eegaug.recordings import Recording, make_sleep_windows, simulate_nights

# One thread for each process, and for those that tests start: pytest runs one on each core.
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"

#: Real recordings beside the project, where there are any.
SHARED = Path(__file__).parents[2] / "shared" / "data"


needs_ucddb = pytest.mark.skipif(
    not (SHARED / "ucddb").exists(), reason="no recordings of ucddb beside the project"
)
needs_eegmmidb = pytest.mark.skipif(
    not (SHARED / "eegmmidb").exists(), reason="no recordings of eegmmidb beside the project"
)


def pytest_addoption(parser):
    parser.addoption(
        "--fuzz",
        type=int,
        default=1,
        metavar="N",
        help="try N times as many examples of what recordings may hold, and new ones each time",
    )


@pytest.fixture(autouse=True)
def seeded():
    """Draw the same in every run, in whichever order and process a test runs."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def nights():
    return simulate_nights(3, hours=0.5, seed=0)


@pytest.fixture(scope="session")
def windows(nights):
    return make_sleep_windows(nights)


@pytest.fixture(scope="session")
def psg_folder(nights, tmp_path_factory):
    """Three subjects as PSG and hypnogram files, named as Sleep-EDF and otherwise."""
    folder = tmp_path_factory.mktemp("psg")
    for night, names in zip(
        nights,
        [("SC4001E0", "SC4001EC"), ("SC4011E0", "SC4011EH"), ("anna", "anna")],
        strict=True,
    ):
        write_psg(folder / f"{names[0]}-PSG.edf", night)
        write_hypnogram(folder / f"{names[1]}-Hypnogram.edf", night)
    return folder


def write_psg(path: Path, night: Recording, names=None, patient=None) -> Path:
    """Write the signals of a night as EDF."""
    labels = [f"EEG {name}" for name in names or night.raw.ch_names]
    return write_edf(path, night.raw.get_data(), labels, night.raw.info["sfreq"], patient)


def write_edf(path: Path, signals, labels, sfreq=100.0, patient=None) -> Path:
    """Write signals (V) as EDF."""
    channels = [
        edfio.EdfSignal(
            np.clip(signal * 1e6, -1000, 1000),
            sfreq,
            label=label,
            physical_dimension="uV",
            physical_range=(-1000, 1000),
        )
        for signal, label in zip(signals, labels, strict=True)
    ]
    edfio.Edf(channels, patient=edfio.Patient(code=patient) if patient else None).write(path)
    return path


def write_hypnogram(path: Path, night: Recording, relabel=lambda label: label) -> Path:
    """Write the stages of a night as EDF+ annotations."""
    annotations = [
        edfio.EdfAnnotation(a["onset"], a["duration"], relabel(a["description"]))
        for a in night.raw.annotations
    ]
    edfio.Edf([], annotations=annotations).write(path)
    return path


def changed(night, change):
    """Return a copy of a recording with its raw changed in place by a function."""
    raw = night.raw.copy()
    change(raw)
    return Recording(night.name, night.subject, raw)
