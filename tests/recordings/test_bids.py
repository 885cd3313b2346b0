"""Recordings of BIDS data sets: which are found, chosen and opened."""

from pathlib import Path

import mne
import mne_bids
import numpy as np
import pytest

from eegaug.recordings.bids import is_bids, read_bids


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Two subjects with two runs of one task, and one of another in a session."""
    folder = tmp_path_factory.mktemp("bids")
    for subject in ("01", "02"):
        for run in ("1", "2"):
            write(folder, subject=subject, task="imagery", run=run)
    write(folder, subject="03", session="a", task="rest")
    derived = folder / "derivatives" / "cleaned"
    derived.mkdir(parents=True)
    write(derived, subject="01", task="imagery")
    return folder


def write(root: Path, **entities: str) -> Path:
    """Write a recording with two events, and a channel that is marked bad."""
    info = mne.create_info(["C3", "T3", "Foo", "EOG"], 100, ["eeg"] * 3 + ["eog"])
    info["line_freq"] = 50
    signals = np.random.default_rng(0).normal(0, 1e-5, (4, 1000))
    raw = mne.io.RawArray(signals, info, verbose="error")
    raw.set_annotations(mne.Annotations([1, 4], [1, 2], ["left", "right"]))
    raw.info["bads"] = ["Foo"]
    path = mne_bids.BIDSPath(root=root, datatype="eeg", **entities)
    written = mne_bids.write_raw_bids(
        raw, path, allow_preload=True, format="EDF", overwrite=True, verbose="error"
    )
    return Path(written.fpath)


def test_a_root_is_known_by_its_description(root, tmp_path):
    assert is_bids(root) and is_bids(str(root))
    assert not is_bids(root / "sub-01") and not is_bids(tmp_path / "nowhere")


def test_recordings_have_events_channels_and_subjects(root, capsys):
    recordings = read_bids(root)
    assert [recording.name for recording in recordings] == [
        "sub-01_task-imagery_run-1_eeg.edf",
        "sub-01_task-imagery_run-2_eeg.edf",
        "sub-02_task-imagery_run-1_eeg.edf",
        "sub-02_task-imagery_run-2_eeg.edf",
        "sub-03_ses-a_task-rest_eeg.edf",
    ]
    assert [each.subject for each in recordings] == ["sub-01"] * 2 + ["sub-02"] * 2 + ["sub-03"]
    first = recordings[0]
    assert first.path == root / "sub-01" / "eeg" / first.name and not first.raw.preload
    assert first.raw.ch_names == ["C3", "T7", "Foo", "EOG"]  # T3 has its name of today
    assert first.raw.get_channel_types() == ["eeg"] * 3 + ["eog"]
    assert first.raw.info["bads"] == ["Foo"]
    assert np.isfinite(first.raw.info["chs"][0]["loc"][:3]).all()
    assert first.raw.annotations.description.tolist() == ["left", "right"]
    assert first.raw.annotations.onset.tolist() == [1, 4]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("entities", "names"),
    [
        ({"subject": "02"}, ["sub-02_task-imagery_run-1", "sub-02_task-imagery_run-2"]),
        (
            {"subject": ["01", "03"], "run": ["1"]},
            ["sub-01_task-imagery_run-1"],
        ),
        (
            {"subject": ("01", "02"), "run": 2},
            ["sub-01_task-imagery_run-2", "sub-02_task-imagery_run-2"],
        ),
        ({"task": "rest"}, ["sub-03_ses-a_task-rest"]),
        ({"session": "a"}, ["sub-03_ses-a_task-rest"]),
    ],
)
def test_entities_choose(root, entities, names):
    found = [recording.name for recording in read_bids(root, entities)]
    assert found == [f"{name}_eeg.edf" for name in names]


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        (
            {"subject": "07", "task": ["imagery", "sleep"]},
            ": no EEG of subject 07, task imagery or sleep. Found subject 01, 02, 03; task imagery,"
            " rest.",
        ),
        ({"session": "b"}, ": no EEG of session b. Found session a, none."),
        (
            {"sub": "01"},
            "There is no entity 'sub' to choose recordings by; wanted are subject, session, task,"
            " run, acquisition.",
        ),
    ],
)
def test_what_is_not_there_gives_one_line(root, entities, message):
    with pytest.raises(ValueError) as caught:
        read_bids(root, entities)
    assert str(caught.value).removeprefix(str(root)) == message


def not_there(folder):
    return folder / "nowhere", FileNotFoundError, "nowhere: no such folder."


def no_root(folder):
    write(folder, subject="01", task="rest")
    message = "not the root of a BIDS data set; dataset_description.json is wanted in it."
    return folder / "sub-01", ValueError, message


def a_file(folder):
    file = write(folder, subject="01", task="rest")
    return file, ValueError, "rest_eeg.edf: not the root of a BIDS data set"


def no_eeg(folder):
    (folder / "dataset_description.json").write_text("{}")
    return folder, ValueError, "no EEG in this BIDS data set."


def truncated(folder):
    file = write(folder, subject="01", task="rest")
    file.write_bytes(file.read_bytes()[:-500])
    return folder, ValueError, "sub-01_task-rest_eeg.edf: truncated: its header announces"


def no_recording(folder):
    write(folder, subject="01", task="rest").write_text("milk, bread")
    message = "sub-01_task-rest_eeg.edf: not a recording that MNE-BIDS can read ("
    return folder, ValueError, message


def broken_events(folder):
    file = write(folder, subject="01", task="rest")
    file.with_name("sub-01_task-rest_events.tsv").write_text("onset\nsoon\n")
    message = "sub-01_task-rest_eeg.edf: not a recording that MNE-BIDS can read ("
    return folder, ValueError, message


@pytest.mark.parametrize(
    "make", [not_there, no_root, a_file, no_eeg, truncated, no_recording, broken_events]
)
def test_roots_that_cannot_be_read_give_one_line(tmp_path, make):
    path, error, message = make(tmp_path)
    with pytest.raises(error) as caught:
        read_bids(path)
    assert message in str(caught.value) and "\n" not in str(caught.value)
