"""Reading sleep recordings: hypnograms, stages, subjects."""

import errno
import os
import shutil
import tempfile

import mne
import numpy as np
import pytest

from eegaug.recordings import (
    fetch_sleep_edf,
    make_sleep_windows,
    read_sleep_recordings,
    split_by_subject,
)

from ..conftest import changed, write_edf, write_hypnogram, write_psg
from .bad_files import BAD_FILES


def test_psgs_are_paired_with_their_hypnograms(psg_folder, nights):
    recordings = read_sleep_recordings([psg_folder])
    assert [r.subject for r in recordings] == ["SC400", "SC401", "anna"]
    for recording, night in zip(recordings, nights, strict=True):
        assert recording.raw.ch_names == night.raw.ch_names
        stages = list(recording.raw.annotations.description)
        assert stages == list(night.raw.annotations.description)


def test_all_files_of_a_wildcard_are_the_folder(psg_folder):
    named = read_sleep_recordings(sorted(psg_folder.iterdir()))
    assert [r.name for r in named] == [r.name for r in read_sleep_recordings([psg_folder])]


def test_one_path_or_name_is_not_taken_letter_by_letter(psg_folder, nights):
    named = [r.name for r in read_sleep_recordings([psg_folder])]
    assert [r.name for r in read_sleep_recordings(str(psg_folder))] == named
    assert [r.name for r in read_sleep_recordings(psg_folder)] == named
    windows = make_sleep_windows(nights, channels="Pz-Oz")
    assert windows.info["ch_names"] == ["Pz-Oz"]
    split = split_by_subject(windows.y, windows.subjects, test="sim01")
    assert set(windows.subjects[split.test]) == {"sim01"}


def test_recordings_without_stages_are_cut_from_end_to_end(tmp_path, nights):
    def unscored(raw):
        raw.set_annotations(None)
        raw._data[0, 100:1000] = 0.0  # a flat window

    raw = changed(nights[0], unscored).raw
    write_edf(tmp_path / "new.edf", raw.get_data(), raw.ch_names)
    with pytest.raises(ValueError, match="no annotations, so no sleep stages"):
        read_sleep_recordings(tmp_path)
    windows = make_sleep_windows(read_sleep_recordings(tmp_path, scored=False), scored=False)
    n_windows = len(nights[0].raw.times) // 3000
    assert len(windows.X) == n_windows - 1 and (windows.y == -1).all()
    assert windows.notes == ["Windows dropped: 1 flat."]
    metadata = windows.metadata
    assert set(metadata["label"]) == {"unlabelled"} and metadata["onset"].tolist()[:2] == [30, 60]
    assert windows.sources[0]["windows"] == {"unlabelled": n_windows - 1}
    expected = make_sleep_windows(nights[:1]).X[5]
    # each channel is scaled by its median and quartiles, which other windows have changed
    assert np.corrcoef(windows.X[4].ravel(), expected.ravel())[0, 1] > 0.99


def test_stages_inside_the_file(tmp_path, nights):
    path = tmp_path / "sub-07_raw.fif"
    nights[0].raw.save(path)
    (recording,) = read_sleep_recordings([path])
    assert recording.subject == "sub-07"
    assert len(recording.raw.annotations) == len(nights[0].raw.annotations)


def test_the_subject_is_the_patient_of_the_header(tmp_path, nights):
    for name in ("monday", "tuesday"):
        write_psg(tmp_path / f"{name}-PSG.edf", nights[0], patient="P12")
        write_hypnogram(tmp_path / f"{name}-Hypnogram.edf", nights[0])
    assert [r.subject for r in read_sleep_recordings([tmp_path])] == ["P12", "P12"]


@pytest.mark.parametrize(
    ("labels", "eeg"),
    [
        (  # Sleep-EDF's seven
            [
                "EEG Fpz-Cz",
                "EEG Pz-Oz",
                "EOG horizontal",
                "Resp oro-nasal",
                "EMG submental",
                "Temp rectal",
                "Event marker",
            ],
            ["Fpz-Cz", "Pz-Oz"],
        ),
        (["C3-A2", "O1:M2", "ECG", "EOG(L)", "SaO2", "EMG", "AIRFLOW"], ["C3-A2", "O1:M2"]),
        (["Fc5.", "Cz.", "Fp1."], ["Fc5.", "Cz.", "Fp1."]),
        (["one", "two"], ["one", "two"]),
    ],
)
def test_only_eeg_counts_as_eeg(labels, eeg, tmp_path, nights):
    signal = nights[0].raw.get_data()[0, :6000]
    write_edf(tmp_path / "a-PSG.edf", [signal] * len(labels), labels)
    write_hypnogram(tmp_path / "a-Hypnogram.edf", nights[0])
    (recording,) = read_sleep_recordings([tmp_path])
    assert recording.raw.copy().pick("eeg").ch_names == eeg


def test_upper_case_names_are_paired(tmp_path, nights):
    write_psg(tmp_path / "ANNA-PSG.EDF", nights[0])
    write_hypnogram(tmp_path / "ANNA-Hypnogram.EDF", nights[0])
    (recording,) = read_sleep_recordings([tmp_path])
    assert len(recording.raw.annotations) == len(nights[0].raw.annotations)


def test_a_psg_may_have_its_stages_inside(tmp_path, nights):
    nights[0].raw.save(tmp_path / "anna_PSG_raw.fif")
    nights[0].raw.save(tmp_path / "anna-PSG.fif", verbose="error")
    assert len(read_sleep_recordings([tmp_path / "anna-PSG.fif"])) == 1


def test_a_folder_gives_each_recording_once(tmp_path, psg_folder, nights):
    spelled = [psg_folder, psg_folder / ".." / psg_folder.name / "anna-PSG.edf"]
    assert len(read_sleep_recordings(spelled)) == 3
    (tmp_path / "._anna-PSG.edf").write_bytes(b"what other systems leave behind")
    nights[0].raw.save(tmp_path / "anna_raw.fif")
    nights[0].raw.save(tmp_path / "anna_raw-1.fif", verbose="error")  # as MNE names a second part
    assert [r.name for r in read_sleep_recordings([tmp_path])] == ["anna_raw.fif"]


def test_files_of_one_name_in_two_folders_are_two_subjects(tmp_path, nights):
    for subject, night in zip(("anna", "bert"), nights, strict=False):
        (tmp_path / subject).mkdir()
        write_psg(tmp_path / subject / "night-PSG.edf", night)
        write_hypnogram(tmp_path / subject / "night-Hypnogram.edf", night)
    recordings = read_sleep_recordings([tmp_path])
    assert [r.subject for r in recordings] == ["anna", "bert"]
    assert [r.name for r in recordings] == ["anna/night-PSG.edf", "bert/night-PSG.edf"]
    assert set(make_sleep_windows(recordings).subjects) == {"anna", "bert"}


def test_the_subject_by_an_expression_of_the_callers(tmp_path, nights):
    for night in ("anna-1", "anna-2"):
        write_psg(tmp_path / f"{night}-PSG.edf", nights[0])
        write_hypnogram(tmp_path / f"{night}-Hypnogram.edf", nights[0])
    read = read_sleep_recordings([tmp_path], subject=r"([a-z]+)-\d-PSG")
    assert [r.subject for r in read] == ["anna", "anna"]
    with pytest.raises(ValueError, match="no subject in this path"):
        read_sleep_recordings([tmp_path], subject="zoe")
    with pytest.raises(ValueError, match="regular expression"):
        read_sleep_recordings([tmp_path], subject="(")


@pytest.mark.parametrize("make", BAD_FILES)
def test_bad_files_give_one_line(make, tmp_path, nights):
    path, error, message = make(tmp_path, nights[0])
    with pytest.raises(error) as caught:
        read_sleep_recordings([path])
    assert message in str(caught.value)


def test_sleep_edf_that_cannot_be_fetched_is_an_error(monkeypatch):
    def no_network(*args, **kwargs):
        raise ConnectionError("no route to host\nwith details")

    monkeypatch.setattr(mne.datasets.sleep_physionet.age, "fetch_data", no_network)
    with pytest.raises(ValueError, match=r"subjects \[0\] could not be fetched: no route"):
        fetch_sleep_edf([0])


def test_sleep_edf_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr(
        mne.datasets.sleep_physionet.age,
        "fetch_data",
        lambda *args, **kwargs: [["SC4001E0-PSG.edf", "SC4001EC-Hypnogram.edf"]],
    )
    assert [path.name for path in fetch_sleep_edf([0])] == ["SC4001E0-PSG.edf"]
    with pytest.raises(ValueError, match="no recording of 39"):
        fetch_sleep_edf([0, 39])


def upper_case(folder, night):
    for write, name in ((write_psg, "A-PSG"), (write_hypnogram, "A-Hypnogram")):
        write(folder / f"{name}.edf", night).rename(folder / f"{name}.EDF")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EINVAL])
@pytest.mark.parametrize("step", [(shutil, "copy"), (tempfile, "TemporaryDirectory")])
def test_a_full_temporary_folder_gives_one_line(tmp_path, nights, monkeypatch, number, step):
    upper_case(tmp_path, nights[0])

    def full(*args, **rest):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(*step, full)
    with pytest.raises(OSError) as caught:
        read_sleep_recordings(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'A-Hypnogram.EDF'}: cannot be copied to a temporary folder, which TMPDIR"
        f" names ({os.strerror(number)})."
    )


def test_no_temporary_folder_is_wanted_without_need(psg_folder, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryDirectory", None)
    assert len(read_sleep_recordings(psg_folder)) == 3
