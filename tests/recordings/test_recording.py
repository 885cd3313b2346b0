"""Recordings by their files: what each is called, and whose it is."""

import os
from pathlib import Path

import mne
import numpy as np
import pytest

from eegaug.recordings import read_arrays, read_epochs, read_recordings
from eegaug.recordings.files import files_in
from eegaug.recordings.subjects import guessed_subjects, tell_apart
from eegaug.study.sources import open_recordings


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (["a.edf", "b.edf"], [("a.edf", None), ("b.edf", None)]),
        (["x/a.edf", "y/b.edf"], [("a.edf", None), ("b.edf", None)]),
        (["anna/x.edf", "ben/x.edf"], [("anna/x.edf", "anna"), ("ben/x.edf", "ben")]),
        (["p/1/x.edf", "p/2/x.edf"], [("1/x.edf", "1"), ("2/x.edf", "2")]),
        # sessions below people, some of which have a name of their own
        (
            ["anna/1/x.edf", "anna/2/x.edf", "ben/1/x.edf"],
            [("anna/1/x.edf", "anna"), ("anna/2/x.edf", "anna"), ("ben/1/x.edf", "ben")],
        ),
        (
            ["anna/x.edf", "anna/y.edf", "ben/x.edf", "z.edf"],
            [("anna/x.edf", "anna"), ("y.edf", "anna"), ("ben/x.edf", "ben"), ("z.edf", None)],
        ),
        (
            ["anna/x.edf", "ben/x.edf", "anna/1/y.edf", "anna/2/y.edf"],
            [
                ("anna/x.edf", "anna"),
                ("ben/x.edf", "ben"),
                ("1/y.edf", "anna"),
                ("2/y.edf", "anna"),
            ],
        ),
        (["x.edf", "ben/x.edf"], [("x.edf", None), ("ben/x.edf", "ben")]),
        ([], []),
    ],
)
def test_files_of_one_name_are_told_apart_by_the_folder_of_a_person(paths, told):
    assert tell_apart([Path("data", path) for path in paths]) == told
    assert len({name for name, _ in told}) == len(paths)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("anna_raw.fif", "anna"),
        ("anna-raw.fif", "anna"),
        ("anna_eeg.fif", "anna"),
        ("anna-psg_raw.fif", "anna-psg"),
        ("anna-PSG.fif", "anna"),
        ("draw.fif", "draw"),
        ("anna_2_raw.fif", "anna_2"),
        ("sub-07_task-rest_raw.fif", "sub-07"),
        ("S007R04.fif", "S007"),
    ],
)
def test_the_subject_is_in_the_name_without_its_ending(tmp_path, name, subject):
    raw = mne.io.RawArray(np.zeros((1, 500)), mne.create_info(1, 100, "eeg"), verbose="error")
    raw.save(tmp_path / name, verbose="error")
    (recording,) = read_recordings(tmp_path)
    assert (recording.name, recording.subject) == (name, subject)


def noise(path):
    raw = mne.io.RawArray(np.zeros((1, 500)), mne.create_info(1, 100, "eeg"), verbose="error")
    path.parent.mkdir(exist_ok=True)
    raw.save(path, verbose="error")


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [(r"([a-z]+)_", "anna"), (r"p\d+", "p7"), (r"(p\d+)/", "p7"), (r"a(\d+)", "3")],
)
def test_an_expression_is_looked_for_in_the_name_before_the_path(tmp_path, pattern, subject):
    noise(tmp_path / "p7" / "anna_a3_raw.fif")
    (recording,) = read_recordings(tmp_path / "p7", subject=pattern)
    assert recording.subject == subject


def test_files_are_in_the_order_of_their_numbers(tmp_path):
    names = ["s2/run2", "s2/run10", "s10/02", "s10/2", "s10/3", "s10/run"]
    for name in reversed(names):
        noise(tmp_path / f"{name}_raw.fif")
    found = [path.relative_to(tmp_path).as_posix() for path in files_in(tmp_path)]
    assert found == [f"{name}_raw.fif" for name in names]


@pytest.mark.parametrize(
    ("names", "guessed"),
    [
        (["anna_run2", "anna_run9"], ["anna_run2", "anna_run9"]),
        (["sub-01_run-1", "S007R04.", "sub-02"], []),
        (["a/x", "b/x"], []),
    ],
)
def test_subjects_that_names_of_files_tell_alone_are_guessed(tmp_path, names, guessed):
    for name in names:
        noise(tmp_path / f"{name}_raw.fif")
    assert guessed_subjects(read_recordings(tmp_path)) == guessed


def test_sessions_of_one_person_are_of_one_person(tmp_path):
    raw = mne.io.RawArray(np.zeros((1, 500)), mne.create_info(1, 100, "eeg"), verbose="error")
    for folder in ("anna/1", "anna/2", "ben/1", "ben/2"):
        (tmp_path / folder).mkdir(parents=True)
        raw.save(tmp_path / folder / "night_raw.fif", verbose="error")
    recordings = read_recordings(tmp_path)
    assert [each.subject for each in recordings] == ["anna", "anna", "ben", "ben"]
    assert len({each.name for each in recordings}) == 4


READERS = [read_recordings, read_epochs, read_arrays, lambda path: open_recordings([path])]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", ["x.edf", "x-epo.fif", "x.npz", "x.ts"])
def test_what_may_have_no_end_is_not_opened(tmp_path, read, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(ValueError, match=f"{name}: a pipe, a socket or a device, where a file is"):
        read(tmp_path / name)


@pytest.mark.parametrize("read", READERS)
def test_links_that_lead_in_a_circle_give_one_line(tmp_path, read):
    (tmp_path / "a.npz").symlink_to("b.npz")
    (tmp_path / "b.npz").symlink_to("a.npz")
    (tmp_path / "c").symlink_to(tmp_path)
    with pytest.raises(OSError, match=r"a\.npz: cannot be read \(Too many levels of symbolic"):
        read(tmp_path / "a.npz")
    with pytest.raises(ValueError, match=r"in this folder|At least one recording is needed"):
        read(tmp_path)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("at", ["", "below"])
def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch, read, at):
    (tmp_path / "below").mkdir()
    scan = os.scandir

    def refused(folder="."):
        if Path(folder) == tmp_path / at:
            raise PermissionError(13, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(OSError) as caught:
        read(tmp_path)
    assert str(caught.value) == f"{tmp_path / at}: cannot be read (Permission denied)."
