"""Public data sets by name: what is fetched stands for by small ones in memory."""

import sys
from types import ModuleType, SimpleNamespace

import braindecode.datasets
import mne
import numpy as np
import pytest
from braindecode.datasets import BaseConcatDataset, RawDataset

from eegaug.recordings.datasets import fetch_dataset


def make_raw():
    raw = mne.io.RawArray(
        np.random.default_rng(0).normal(0, 1e-5, (2, 1000)),
        mne.create_info(["C3", "T4"], 100, "eeg"),
        verbose="error",
    )
    return raw.set_annotations(mne.Annotations([1, 4], 0.0, ["left", "right"]))


class Hands:
    """A data set as MOABB has them: recordings by subject, session and run."""

    event_id = {"left": 1, "right": 2}  # noqa: RUF012
    interval = (0.5, 2.5)

    def get_data(self, subjects):
        chosen = [1, 2] if subjects is None else subjects
        return {each: {"0train": {"0": make_raw(), "1": make_raw()}} for each in chosen}


class BNCI2014_001:
    pass


class Nights(BaseConcatDataset):
    """A data set of braindecode."""

    describe = staticmethod(lambda number: {"subject": number, "recording": 1})

    def __init__(self, subject_ids=None):
        numbers = [3, 4] if subject_ids is None else subject_ids
        super().__init__([RawDataset(make_raw(), self.describe(number)) for number in numbers])


class Whole(BaseConcatDataset):
    """A data set that is fetched as a whole, from a path."""

    def __init__(self, path):
        raise AssertionError


class Nobody(Nights):
    describe = staticmethod(lambda number: {"age": 20})


class Unreachable(Nights):
    def __init__(self, subject_ids=None):
        raise ConnectionError("no route to host\nwith details")


class NoRecordings(Nights):
    def __init__(self, subject_ids=None):
        self.datasets = []


class NoSignals(Nights):
    def __init__(self, subject_ids=None):
        self.datasets = [SimpleNamespace(description={"subject": 1})]


@pytest.fixture(autouse=True)
def datasets(monkeypatch):
    for each in (Nights, Whole, Nobody, Unreachable, NoRecordings, NoSignals):
        monkeypatch.setattr(braindecode.datasets, each.__name__, each, raising=False)


@pytest.fixture
def moabb(monkeypatch):
    """Stand in for MOABB, as far as braindecode asks for it."""
    modules = {
        name: ModuleType(name) for name in ("moabb", "moabb.datasets", "moabb.datasets.utils")
    }
    modules["moabb"].__version__ = "1.2.0"
    modules["moabb.datasets.utils"].dataset_list = [Hands, BNCI2014_001]
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize(("subjects", "wanted"), [(None, "1122"), ([2], "22")])
def test_data_sets_of_moabb(moabb, subjects, wanted):
    recordings = fetch_dataset("MOABB:Hands", subjects)
    assert [recording.subject for recording in recordings] == list(wanted)
    first, second = recordings[-2:]
    assert (first.name, second.name) == ("Hands 2 0train 0", "Hands 2 0train 1")
    assert first.raw.ch_names == ["C3", "T8"] and first.raw.get_montage() is not None
    assert first.raw.annotations.description.tolist() == ["left", "right"]
    assert first.raw.annotations.onset.tolist() == [1.5, 4.5] and first.path is None


@pytest.mark.parametrize(("subjects", "wanted"), [(None, "34"), ([np.int64(7)], "7")])
def test_data_sets_of_braindecode(subjects, wanted):
    recordings = fetch_dataset("braindecode:Nights", subjects)
    assert [recording.subject for recording in recordings] == list(wanted)
    assert recordings[0].name == f"Nights {wanted[0]} 1"


@pytest.mark.parametrize(
    ("name", "subjects", "message"),
    [
        (
            "Nights",
            None,
            "A data set is named as MOABB:BNCI2014_001 or braindecode:SleepPhysionet."
            " Found 'Nights'.",
        ),
        (
            "moabb:Hands",
            None,
            "A data set is named as MOABB:BNCI2014_001 or braindecode:SleepPhysionet."
            " Found 'moabb:Hands'.",
        ),
        (
            "MOABB:",
            None,
            "A data set is named as MOABB:BNCI2014_001 or braindecode:SleepPhysionet."
            " Found 'MOABB:'.",
        ),
        (
            "MOABB:bnci2014001",
            None,
            "MOABB:bnci2014001: no such data set; did you mean BNCI2014_001?",
        ),
        ("MOABB:xyz", None, "MOABB:xyz: no such data set; there is Hands, BNCI2014_001."),
        (
            "braindecode:SleepPhysionett",
            None,
            "braindecode:SleepPhysionett: no such data set; did you mean SleepPhysionet or",
        ),
        (
            "braindecode:BaseConcatDataset",
            None,
            "braindecode:BaseConcatDataset: no such data set;",
        ),
        ("braindecode:Nights", [], "braindecode:Nights: at least one subject is wanted. Found non"),
        (
            "braindecode:Whole",
            [1],
            "braindecode:Whole: its subjects cannot be chosen; it is fetched as a whole.",
        ),
        ("braindecode:Whole", None, "braindecode:Whole: could not be fetched (Whole.__init__() mi"),
        (
            "braindecode:Unreachable",
            None,
            "braindecode:Unreachable: could not be fetched (no route to host).",
        ),
        (
            "braindecode:NoRecordings",
            None,
            "braindecode:NoRecordings: no recordings in this data set.",
        ),
        (
            "braindecode:NoSignals",
            None,
            "braindecode:NoSignals: holds no recordings, but SimpleNamespace.",
        ),
        (
            "braindecode:Nobody",
            None,
            "braindecode:Nobody: does not say whose its recordings are.",
        ),
        (
            "MOABB:BNCI2014_001",
            None,
            "MOABB:BNCI2014_001: could not be fetched ('BNCI2014_001' object has no attribute",
        ),
    ],
)
def test_what_cannot_be_fetched_gives_one_line(moabb, name, subjects, message):
    with pytest.raises(ValueError) as caught:
        fetch_dataset(name, subjects)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


def test_moabb_may_have_to_be_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "moabb", None)
    with pytest.raises(ValueError) as caught:
        fetch_dataset("MOABB:Hands")
    assert str(caught.value) == (
        "MOABB:Hands: data sets of MOABB want a package that is not installed: pip install moabb."
    )


@pytest.mark.parametrize("name", ["SleepPhysionet", "HGD", "BNCI2014_001"])
def test_subjects_of_the_data_sets_that_are_there_can_be_chosen(monkeypatch, name):
    def fetch(self, subject_ids=None, **rest):
        raise ConnectionError(f"asked for {subject_ids}")

    monkeypatch.setattr(getattr(braindecode.datasets, name), "__init__", fetch)
    with pytest.raises(ValueError, match=r"could not be fetched \(asked for \[1, 2\]\)"):
        fetch_dataset(f"braindecode:{name}", [1, 2])
