"""Windows on disk: as those in memory, made once, and whole whatever happens."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import mne
import numpy as np
import psutil
import pytest
import torch
from filelock import FileLock
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from eegaug.recordings import (
    Recording,
    StoredSignals,
    WindowDataset,
    make_block_windows,
    make_event_windows,
    make_sleep_windows,
    read_sleep_recordings,
    simulate_motor_imagery,
    simulate_nights,
    simulated_nights,
)
from eegaug.recordings.cache import MARK, WindowCache, make_pieces
from eegaug.recordings.cutting import as_piece, cut
from eegaug.recordings.memory import check_memory

from ..conftest import changed

X = np.random.default_rng(0).standard_normal((8, 2, 50)).astype(np.float32)
PIECE = as_piece(X, np.arange(0, 16, 2), Counter({"flat": 1}))


@pytest.fixture
def stored(tmp_path):
    """The windows of X in three files, the second of none."""
    for place, part in enumerate((X[:3], X[:0], X[3:])):
        np.save(tmp_path / f"{place}.npy", part)
    return StoredSignals(sorted(tmp_path.glob("*.npy")))


@pytest.fixture(scope="module")
def night_files(tmp_path_factory):
    """Two nights as files."""
    folder = tmp_path_factory.mktemp("nights")
    for name, night in zip("ab", simulate_nights(2, hours=0.2), strict=True):
        night.raw.save(folder / f"{name}_raw.fif", fmt="double", verbose="error")
    return folder


@pytest.fixture
def nights(night_files):
    return read_sleep_recordings(night_files)


@pytest.fixture
def cuts(monkeypatch):
    """Names of the recordings that were cut."""
    names = []

    def noted(recording, *rest):
        names.append(recording.name)
        return cut(recording, *rest)

    monkeypatch.setattr("eegaug.recordings.windows.cut", noted)
    return names


def assert_same(windows, wanted):
    """All of two windows is equal, bit for bit, but where the signals are."""
    assert windows.X.shape == wanted.X.shape and windows.X.dtype == wanted.X.dtype
    assert np.array_equal(np.asarray(windows.X), np.asarray(wanted.X))
    assert windows.metadata.equals(wanted.metadata)
    assert windows.info["ch_names"] == wanted.info["ch_names"]
    assert windows.info["sfreq"] == wanted.info["sfreq"]
    assert np.array_equal(windows.y, wanted.y) and windows.labels == wanted.labels
    for name in ("sources", "notes", "cutting", "scaling", "tmin", "fingerprint"):
        assert getattr(windows, name) == getattr(wanted, name), name


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


# -- signals in files ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "index",
    [
        0,
        7,
        3,
        -1,
        -8,
        np.int64(2),
        np.uint8(7),
        slice(None),
        slice(2, 6),
        slice(None, None, -2),
        slice(5, 2),
        slice(-3, 100),
        [7, 0, 0, 3],
        [],
        np.array([-1, 2]),
        np.array([5], np.uint8),
        range(1, 8, 3),
        X[:, 0, 0] > 0,
        [True, False] * 4,
        np.zeros(8, bool),
        torch.tensor([6, 1]),
    ],
    ids=str,
)
def test_signals_in_files_are_indexed_as_an_array(stored, index):
    found, wanted = stored[index], X[index]
    assert np.array_equal(found, wanted) and found.shape == wanted.shape
    assert found.dtype == np.float32 and found.flags.writeable


def test_signals_in_files_become_arrays(stored):
    assert (stored.shape, stored.dtype, len(stored)) == (X.shape, X.dtype, 8)
    for found in (np.asarray(stored), np.array(stored), np.stack(list(stored))):
        assert np.array_equal(found, X) and found.dtype == np.float32
    doubles = np.asarray(stored, dtype=np.float64)
    assert doubles.dtype == np.float64 and np.array_equal(doubles, X)
    with pytest.raises(ValueError, match=r"^Signals in files are read, which makes a copy\.$"):
        np.asarray(stored, copy=False)


@pytest.mark.parametrize(
    "index",
    [8, -9, np.int64(8), [8], np.array([-9]), np.ones(7, bool), (0, 1), [[0, 1]], None, 1.5, "a"],
    ids=str,
)
def test_windows_that_are_not_there_are_an_index_error(stored, index):
    with pytest.raises(IndexError) as caught:
        stored[index]
    assert "\n" not in str(caught.value)


def nothing(folder):
    return [], "At least one file of windows is needed. Found none."


def missing(folder):
    return [folder / "x.npy"], f"{folder / 'x.npy'}: not a file of windows ([Errno 2] No such file"


def foreign(folder):
    path = folder / "x.npy"
    path.write_text("milk, bread")
    return [path], f"{path}: not a file of windows (the magic string is not correct; expected b'"


def of_a_later_format(folder):
    path = folder / "x.npy"
    path.write_bytes(b"\x93NUMPY\x03\x00" + bytes(120))
    return [path], f"{path}: not a file of windows (("


def damaged_in_the_header(folder):
    path = saved(folder, X)
    path.write_bytes(path.read_bytes()[:8] + b"\n" + path.read_bytes()[9:])
    return [path], f"{path}: not a file of windows ("


def with_a_header_that_numpy_refuses_in_three_lines(folder):
    path = folder / "x.npy"
    header = b" " * 20000 + b"\n"
    path.write_bytes(b"\x93NUMPY\x02\x00" + len(header).to_bytes(4, "little") + header)
    return [path], f"{path}: not a file of windows (Header info length (20001) is large"


def truncated_in_the_header(folder):
    path = saved(folder, X)
    path.write_bytes(path.read_bytes()[:40])
    return [path], f"{path}: not a file of windows (EOF: reading array header"


def truncated(folder):
    path = saved(folder, X)
    path.write_bytes(path.read_bytes()[:-1])
    return [path], f"{path}: truncated: 3327 bytes, where its header wants 3328."


def longer(folder):
    path = saved(folder, X)
    path.write_bytes(path.read_bytes() + b"\0")
    return [path], f"{path}: truncated: 3329 bytes, where its header wants 3328."


def of_doubles(folder):
    path = saved(folder, X.astype(float))
    return [path], f"{path}: not a file of windows, but float64 of shape (8, 2, 50)."


def of_the_other_byte_order(folder):
    path = saved(folder, X.astype(">f4"))
    return [path], f"{path}: not a file of windows, but >f4 of shape (8, 2, 50)."


def of_two_dimensions(folder):
    path = saved(folder, X[0])
    return [path], f"{path}: not a file of windows, but float32 of shape (2, 50)."


def in_the_order_of_fortran(folder):
    path = saved(folder, np.asfortranarray(X))
    return [path], f"{path}: not a file of windows, but float32 of shape (8, 2, 50)."


def of_two_shapes(folder):
    paths = [saved(folder, X, "x.npy"), saved(folder, X[:, :1], "y.npy")]
    return paths, "Windows should have one shape. Found [(1, 50), (2, 50)]."


def saved(folder, array, name="x.npy"):
    np.save(folder / name, array)
    return folder / name


@pytest.mark.parametrize(
    "make",
    [
        nothing,
        missing,
        foreign,
        of_a_later_format,
        damaged_in_the_header,
        with_a_header_that_numpy_refuses_in_three_lines,
        truncated_in_the_header,
        truncated,
        longer,
        of_doubles,
        of_the_other_byte_order,
        of_two_dimensions,
        in_the_order_of_fortran,
        of_two_shapes,
    ],
)
def test_files_that_hold_no_windows_give_one_line(tmp_path, make):
    paths, message = make(tmp_path)
    with pytest.raises(ValueError) as caught:
        StoredSignals(paths)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


def test_a_file_that_is_truncated_later_is_an_error_when_it_is_read(stored):
    path = stored.files[2]
    path.write_bytes(path.read_bytes()[:-1])
    assert np.array_equal(stored[6], X[6])
    with pytest.raises(ValueError) as caught:
        stored[7]
    assert str(caught.value) == f"{path}: truncated since it was opened."


# -- the same windows, made once ----------------------------------------------------------


def sleep(folder, **kwargs):
    return make_sleep_windows(read_sleep_recordings(folder), **kwargs)


def to_be_scored(folder, **kwargs):
    return make_sleep_windows(read_sleep_recordings(folder), scored=False, **kwargs)


def events(folder, **kwargs):
    return make_event_windows(simulate_motor_imagery(2, n_trials=4), **kwargs)


def blocks(folder, **kwargs):
    nights = read_sleep_recordings(folder)
    return make_block_windows(nights, length=5.0, overlap=1.0, **kwargs)


@pytest.mark.parametrize("make", [sleep, to_be_scored, events, blocks])
def test_windows_on_disk_are_those_in_memory_and_are_made_once(tmp_path, night_files, cuts, make):
    wanted = make(night_files)
    recordings = cuts.copy()
    for again in (1, 2):
        windows = make(night_files, cache=tmp_path / "cache")
        assert isinstance(windows.X, StoredSignals)
        assert_same(windows, wanted)
        assert cuts == 2 * recordings, again
    assert len(names_in(tmp_path / "cache")) == 2 + 2 * len(recordings)  # the mark, and its lock


def test_a_recording_without_windows_is_cut_once_too(tmp_path, nights, cuts):
    flat = changed(nights[1], lambda raw: raw.load_data().apply_function(lambda x: 0 * x))
    windows = [make_sleep_windows([nights[0], flat], cache=tmp_path) for _ in range(2)]
    assert_same(*windows)
    assert len(windows[0]) == 24 and f"No window is left of {flat.name}." in windows[0].notes
    assert len(cuts) == 2


def of_a_band(nights):
    return nights, {"l_freq": 0.5}


def of_another_band(nights):
    return nights, {"h_freq": 20.0}


def of_one_channel(nights):
    return nights, {"channels": ["Pz-Oz"]}


def of_channels_in_another_order(nights):
    return nights, {"channels": ["Pz-Oz", "Fpz-Cz"]}


def of_a_rate(nights):
    return nights, {"sfreq": 64.0}


def of_scores_beginning_later(nights):
    def late(raw):
        raw.annotations.onset += 2

    return [changed(each, late) for each in nights], {}


def of_less_that_is_good(nights):
    def bad(raw):
        raw.annotations.append(95, 1, "bad electrode")

    return [changed(each, bad) for each in nights], {}


def of_parts_that_are_filtered_apart(nights):
    def edge(raw):
        raw.annotations.append(95, 0, "EDGE boundary")

    return [changed(each, edge) for each in nights], {}


def of_a_part(nights):
    return [changed(each, lambda raw: raw.crop(60)) for each in nights], {}


def of_exchanged_names(nights):
    def exchange(raw):
        raw.rename_channels({"Fpz-Cz": "Pz-Oz", "Pz-Oz": "Fpz-Cz"})

    return [changed(each, exchange) for each in nights], {"channels": ["Fpz-Cz", "Pz-Oz"]}


def of_signals_in_memory(nights):
    def louder(raw):
        raw.load_data().apply_function(lambda signal: signal**3 * 1e8)

    return [changed(each, louder) for each in nights], {}


CHANGES = [
    of_a_band,
    of_another_band,
    of_one_channel,
    of_channels_in_another_order,
    of_a_rate,
    of_scores_beginning_later,
    of_less_that_is_good,
    of_parts_that_are_filtered_apart,
    of_a_part,
    of_exchanged_names,
    of_signals_in_memory,
]


@pytest.mark.parametrize("change", CHANGES)
def test_other_windows_are_cut_anew_beside_the_first(tmp_path, nights, cuts, change):
    first = make_sleep_windows(nights, cache=tmp_path)
    others, options = change(nights)
    wanted = make_sleep_windows(others, **options)
    del cuts[:]
    windows = make_sleep_windows(others, cache=tmp_path, **options)
    assert len(cuts) == 2
    assert_same(windows, wanted)
    assert windows.fingerprint != first.fingerprint
    assert_same(make_sleep_windows(nights, cache=tmp_path), first)
    assert len(cuts) == 2, "the first are there still"


def test_other_labels_of_the_same_windows_need_no_cut(tmp_path, nights, cuts):
    first = make_sleep_windows(nights, cache=tmp_path)

    def relabel(raw):
        raw.annotations.rename({"Sleep stage W": "Sleep stage R"})

    others = [changed(each, relabel) for each in nights]
    windows = make_sleep_windows(others, cache=tmp_path)
    assert len(cuts) == 2 and not np.array_equal(windows.y, first.y)
    assert np.array_equal(windows.X[:], first.X[:])
    assert_same(windows, make_sleep_windows(others))


def test_a_file_that_has_changed_is_cut_anew(tmp_path, cuts):
    file, other = tmp_path / "a_raw.fif", simulate_nights(1, hours=0.2, seed=1)[0]
    (night,) = simulate_nights(1, hours=0.2)
    for raw in (night.raw, other.raw.set_annotations(night.raw.annotations)):
        raw.save(file, fmt="double", overwrite=True, verbose="error")
        os.utime(file, ns=(0, len(cuts)))  # the size is the same
        windows = make_sleep_windows(read_sleep_recordings(file), cache=tmp_path / "cache")
        assert_same(windows, make_sleep_windows(read_sleep_recordings(file)))
    assert len(cuts) == 4


def test_windows_are_found_by_their_file_not_by_the_name_of_the_recording(tmp_path, nights):
    a, b = nights
    for night in nights:
        os.utime(night.path, ns=(0, 0))
        night.raw.set_annotations(a.raw.annotations)
    assert a.path.stat().st_size == b.path.stat().st_size
    swapped = [replace(a, raw=b.raw), replace(b, raw=a.raw)]
    make_sleep_windows(nights, cache=tmp_path)
    assert_same(make_sleep_windows(swapped, cache=tmp_path), make_sleep_windows(swapped))


def test_parts_of_one_file_with_the_same_scores_are_told_apart(tmp_path, nights):
    def part(start):
        raw = nights[0].raw.copy().crop(start, start + 299.99)
        stages = mne.Annotations(30 * np.arange(10), 30, ["Sleep stage W", "Sleep stage 2"] * 5)
        return [Recording("part", "anna", raw.set_annotations(stages))]

    for start in (0, 30, 60.5):
        windows = make_sleep_windows(part(start), cache=tmp_path)
        assert len(windows) == 10
        assert_same(windows, make_sleep_windows(part(start)))


# -- what goes wrong ----------------------------------------------------------------------


def one_byte_short(table, signals):
    signals.write_bytes(signals.read_bytes()[:-1])


def emptied(table, signals):
    signals.write_bytes(b"")


def deleted(table, signals):
    signals.unlink()


def of_doubles_now(table, signals):
    np.save(signals, np.load(signals).astype(float))


def of_fewer_windows(table, signals):
    np.save(signals, np.load(signals)[1:])


def table_half_written(table, signals):
    table.write_text(table.read_text()[:30])


def table_emptied(table, signals):
    table.write_text("")


def table_of_bytes(table, signals):
    table.write_bytes(b"\xff\xfe\x00")


def table_of_a_list(table, signals):
    table.write_text("[]")


def table_without_its_parts(table, signals):
    table.write_text("{}")


def table_of_nothing(table, signals):
    table.write_text('{"kept": null, "dropped": {}, "checksum": ""}')


@pytest.mark.parametrize(
    "damage",
    [
        one_byte_short,
        emptied,
        deleted,
        of_doubles_now,
        of_fewer_windows,
        table_half_written,
        table_emptied,
        table_of_bytes,
        table_of_a_list,
        table_without_its_parts,
        table_of_nothing,
    ],
)
def test_what_is_damaged_is_made_again_and_noted(tmp_path, nights, cuts, damage):
    wanted = make_sleep_windows(nights, cache=tmp_path)
    signals = wanted.X.files[0]
    damage(signals.with_suffix(".json"), signals)
    windows = make_sleep_windows(nights, cache=tmp_path)
    note = f"A file of the cache was damaged, and made again: {signals.name}."
    assert windows.notes == [*wanted.notes, note]
    assert_same(replace(windows, notes=wanted.notes), wanted)
    assert cuts == ["a_raw.fif", "b_raw.fif", "a_raw.fif"]
    assert_same(make_sleep_windows(nights, cache=tmp_path), wanted)
    assert len(cuts) == 3, "it is whole again"


@pytest.mark.parametrize(
    "left",
    [
        ["k.lock"],
        ["k.lock", ".part-k.npy"],
        ["k.lock", "k.npy"],
        ["k.lock", "k.npy", ".part-k.json"],
        ["k.lock", ".part-k.npy", ".part-k.json", "k.npy"],
    ],
)
def test_what_a_killed_run_left_does_no_harm_and_disappears(tmp_path, left):
    cache = WindowCache(tmp_path)
    for name in left:
        (tmp_path / name).write_bytes(b"half a file")
    piece = cache.get("k", lambda: PIECE)
    assert np.array_equal(piece.X[:], X) and cache.n_made == 1 and not cache.notes
    assert names_in(tmp_path) == [".lock", MARK, "k.json", "k.npy"]
    found = WindowCache(tmp_path).get("k", lambda: pytest.fail("it is there"))
    assert np.array_equal(found.X[:], X) and found.kept.tolist() == PIECE.kept.tolist()
    assert (found.dropped, found.checksum) == (PIECE.dropped, PIECE.checksum)


def test_half_files_of_killed_runs_are_swept_and_those_being_written_are_not(tmp_path):
    WindowCache(tmp_path)
    for name in (".part-old.npy", ".part-old.json", ".part-new.npy"):
        (tmp_path / name).write_bytes(b"half a file")
    with FileLock(tmp_path / "new.lock"):
        WindowCache(tmp_path)
        assert [path.name for path in tmp_path.glob(".part-*")] == [".part-new.npy"]
    WindowCache(tmp_path)
    assert not list(tmp_path.glob(".part-*"))


@pytest.mark.parametrize("left", [[".lock"], [".lock", f".part-{MARK}"]])
def test_a_run_that_was_killed_at_once_leaves_a_folder_to_begin_with(tmp_path, left):
    for name in left:
        (tmp_path / name).write_bytes(b"")
    WindowCache(tmp_path)
    assert names_in(tmp_path) == [".lock", MARK]
    assert json.loads((tmp_path / MARK).read_text()) == {"layout": 1}


FILL = """\
import sys, time
from pathlib import Path
import numpy as np
from eegaug.recordings.cache import WindowCache
from eegaug.recordings.cutting import Piece

folder, name = Path(sys.argv[1]), sys.argv[2]

def make(value):
    time.sleep(0.1)
    return Piece(np.full((200, 2, 500), value, np.float32), np.arange(200), {}, str(value))

(folder / name).touch()
while len(list(folder.glob("ready*"))) < 2:
    time.sleep(0.001)
cache = WindowCache(folder / "cache")
for value in range(5):
    piece = cache.get(cache.key({"value": value}), lambda: make(value))
    assert (piece.X[:] == value).all() and piece.checksum == str(value)
assert not cache.notes
print(cache.n_made)
"""


@pytest.mark.slow
def test_two_processes_fill_one_cache_together(tmp_path):
    """Each file is made by one of them, and both find it whole."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", FILL, str(tmp_path), f"ready {number}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    printed = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], printed
    assert sum(int(out) for out, _ in printed) == 5
    keys = [WindowCache.key({"value": value}) for value in range(5)]
    files = [f"{key}.{ending}" for key in keys for ending in ("npy", "json")]
    assert names_in(tmp_path / "cache") == sorted([".lock", MARK, *files])


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("24000 requested and 512 written"), "24000 requested and 512 written"),
    ],
)
def test_a_full_disk_gives_one_line_and_what_was_cut_before_stays(
    tmp_path, nights, cuts, monkeypatch, error, why
):
    save = np.save
    saved_before = []

    def full(file, array):
        if saved_before:
            file.write_bytes(b"half a file")
            raise error
        saved_before.append(file)
        save(file, array)

    with monkeypatch.context() as patched:
        patched.setattr(np, "save", full)
        with pytest.raises(OSError) as caught:
            make_sleep_windows(nights, cache=tmp_path)
    first = saved_before[0].name.removeprefix(".part-")
    (lock,) = {path.stem for path in tmp_path.glob("?*.lock")}
    assert str(caught.value) == (
        f"{tmp_path / lock}.npy: cannot be written ({why}). Windows cut before are kept."
    )
    assert not list(tmp_path.glob(".part-*"))
    assert [path.name for path in tmp_path.glob("*.npy")] == [first]
    windows = make_sleep_windows(nights, cache=tmp_path)
    assert cuts == ["a_raw.fif", "b_raw.fif", "b_raw.fif"]
    assert_same(windows, make_sleep_windows(nights))


def test_a_disk_that_is_full_for_the_table_leaves_no_half_of_a_piece(tmp_path, monkeypatch):
    cache, write = WindowCache(tmp_path), Path.write_text

    def full(path, text, **rest):
        write(path, text[:5], **rest)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        with pytest.raises(
            OSError, match=r"k\.json: cannot be written \(No space left on device\)"
        ):
            cache.get("k", lambda: PIECE)
    assert "k.json" not in names_in(tmp_path) and not list(tmp_path.glob(".part-*"))
    cache.get("k", lambda: PIECE)
    assert cache.n_made == 2 and not cache.notes


def a_folder_of_something_else(folder):
    (folder / "thesis.tex").write_text("mine")
    message = "not a cache of windows, but not empty either; a folder of its own is wanted."
    return folder, f"{folder}: {message}"


def a_folder_with_a_hidden_file(folder):
    (folder / ".lockscreen").write_text("mine")
    message = "not a cache of windows, but not empty either; a folder of its own is wanted."
    return folder, f"{folder}: {message}"


def a_file(folder):
    (folder / "cache").write_text("mine")
    path = folder / "cache"
    return path, f"{path}: not a folder that windows can be written to (File exists)."


def below_a_file(folder):
    (folder / "file").write_text("mine")
    path = folder / "file" / "cache"
    return path, f"{path}: not a folder that windows can be written to (Not a directory)."


def of_another_version(folder):
    (folder / MARK).write_text('{"layout": 2}')
    message = "a cache of another version (layout 2, wanted 1); name another folder."
    return folder, f"{folder}: {message}"


def with_a_mark_cut_short(folder):
    (folder / MARK).write_text('{"lay')
    return folder, f"{folder / MARK}: damaged; name another folder."


def with_a_mark_of_bytes(folder):
    (folder / MARK).write_bytes(b"\xff\xfe")
    return folder, f"{folder / MARK}: damaged; name another folder."


def with_a_mark_that_says_nothing(folder):
    (folder / MARK).write_text("[]")
    return folder, f"{folder / MARK}: damaged; name another folder."


def with_a_folder_as_mark(folder):
    (folder / MARK).mkdir()
    return folder, f"{folder}: not a folder that windows can be written to (Is a directory)."


@pytest.mark.parametrize(
    "make",
    [
        a_folder_of_something_else,
        a_folder_with_a_hidden_file,
        a_file,
        below_a_file,
        of_another_version,
        with_a_mark_cut_short,
        with_a_mark_of_bytes,
        with_a_mark_that_says_nothing,
        with_a_folder_as_mark,
    ],
)
def test_other_folders_are_refused(tmp_path, nights, make):
    folder, message = make(tmp_path)
    before = names_in(tmp_path)
    with pytest.raises(ValueError) as caught:
        make_sleep_windows(nights, cache=folder)
    assert str(caught.value) == message
    if MARK not in before:
        assert names_in(tmp_path) == before, "nothing is written to what is another's"


def test_windows_that_do_not_fit_into_memory_are_refused(tmp_path, nights, monkeypatch):
    def memory(free):
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))

    nights = [*nights, *nights]  # of which one fits into memory
    wanted = 4 * 96 * 2 * 3000
    memory(wanted / 0.8 - 1)
    with pytest.raises(ValueError) as caught:
        make_sleep_windows(nights)
    assert str(caught.value) == (
        "96 windows need 0.0 GB of memory, and 0.0 GB are free: name a folder to keep them in, by"
        " `cache` or --cache."
    )
    assert len(make_sleep_windows(nights, cache=tmp_path)) == 96
    memory(wanted / 0.8 + 1)
    assert len(make_sleep_windows(nights)) == 96
    memory(2**30)
    with pytest.raises(ValueError, match=r"^100000 windows need 2\.2 GB of memory, and 1\.0 "):
        check_memory("100000 windows", 4 * 100_000 * 2 * 3000)


def test_a_disk_that_is_full_from_the_start_gives_one_line(tmp_path, monkeypatch):
    def full(path, text, **rest):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ValueError) as caught:
        WindowCache(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}: not a folder that windows can be written to (")
    assert "No space left on device" in message and "None" not in message


# -- what reads windows -------------------------------------------------------------------


@pytest.mark.slow
def test_workers_read_the_same_batches(tmp_path, nights):
    memory, disk = make_sleep_windows(nights), make_sleep_windows(nights, cache=tmp_path)
    index = np.random.default_rng(0).permutation(len(memory))[:20]
    found = []
    for windows, n_workers in ((memory, 0), (disk, 0), (disk, 2)):
        dataset = WindowDataset(windows, index)
        loader = DataLoader(
            dataset,
            batch_size=8,
            shuffle=True,
            num_workers=n_workers,
            generator=torch.Generator().manual_seed(0),
            multiprocessing_context="spawn" if n_workers else None,
        )
        batches = list(loader)
        assert [len(x) for x, _ in batches] == [8, 8, 4] and len(dataset) == 20
        found.append([torch.cat(each) for each in zip(*batches, strict=True)])
    for x, y in found[1:]:
        assert torch.equal(x, found[0][0]) and torch.equal(y, found[0][1])
    assert np.array_equal(np.sort(found[0][1].numpy()), np.sort(memory.y[index]))
    x, y = WindowDataset(disk, index)[3]
    assert np.array_equal(x, memory.X[index[3]]) and y == memory.y[index[3]]
    assert len(WindowDataset(disk)) == len(disk)


# -- simulated nights ---------------------------------------------------------------------


def test_simulated_nights_on_disk_are_those_in_memory(tmp_path, monkeypatch):
    options = {"hours": 0.2, "seed": 3}
    wanted, nights = simulate_nights(2, **options), simulate_nights(2, **options, folder=tmp_path)
    for one, other in zip(wanted, nights, strict=True):
        assert (one.name, one.subject) == (other.name, other.subject) and not other.raw.preload
        assert np.array_equal(one.raw.get_data(), other.raw.get_data())
    windows = make_sleep_windows(wanted)
    assert_same(make_sleep_windows(nights), windows)
    assert_same(make_sleep_windows(nights, cache=tmp_path / "cache"), windows)

    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.fif")}
    made, simulate = [], simulated_nights._simulate

    def noted(subject, *rest):
        made.append(subject)
        return simulate(subject, *rest)

    monkeypatch.setattr(simulated_nights, "_simulate", noted)
    again = simulate_nights(3, **options, folder=tmp_path)
    assert made == [2] and [each.subject for each in again] == ["sim00", "sim01", "sim02"]
    assert times == {path: path.stat().st_mtime_ns for path in times}
    for other in ({"seed": 4}, {"hours": 0.1}, {"sfreq": 128.0}):
        (night,) = simulate_nights(1, **(options | other), folder=tmp_path)
        (fresh,) = simulate_nights(1, **(options | other))
        assert np.array_equal(night.raw.get_data(), fresh.raw.get_data()), other
    assert made == [2, 0, 0, 0, 0, 0, 0]


def test_a_disk_that_is_full_of_nights_gives_one_line(tmp_path, monkeypatch):
    simulate_nights(1, hours=0.1, folder=tmp_path)
    before = names_in(tmp_path)

    def full(raw, path, **rest):
        Path(path).write_text("half a file")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mne.io.RawArray, "save", full)
    with pytest.raises(OSError) as caught:
        simulate_nights(2, hours=0.1, folder=tmp_path)
    path = tmp_path / "sim01_v1_seed0_0.1h_100Hz_raw.fif"
    assert str(caught.value) == f"{path}: cannot be written (No space left on device)."
    assert names_in(tmp_path) == before


def test_a_night_that_another_process_has_made_meanwhile_is_not_made_again(tmp_path, monkeypatch):
    """Its time would change, and with it what the windows in a cache are known by."""
    simulate_nights(1, hours=0.1, folder=tmp_path)
    (path,) = tmp_path.glob("*.fif")
    (night,) = simulate_nights(1, hours=0.1)
    path.unlink()

    class Waited:
        def __init__(self, lock):
            pass

        def __enter__(self):
            night.raw.save(path, fmt="double", verbose="error")

        def __exit__(self, *rest):
            pass

    monkeypatch.setattr(simulated_nights, "FileLock", Waited)
    monkeypatch.setattr(simulated_nights, "_simulate", lambda *rest: pytest.fail("it is there"))
    (found,) = simulate_nights(1, hours=0.1, folder=tmp_path)
    assert np.array_equal(found.raw.get_data(), night.raw.get_data())


def test_what_another_process_makes_is_left_for_the_end(tmp_path):
    """Recordings that are locked when their turn comes wait until all others are made."""
    cache, made = WindowCache(tmp_path), []
    lock = FileLock(tmp_path / f"{cache.key({'n': 0})}.lock")

    def make(n):
        made.append(n)
        if n == 2:
            lock.release()
        return as_piece(np.full((1, 1, 4), n, np.float32), np.zeros(1, dtype=int), Counter())

    keys = [cache.key({"n": n}) for n in range(3)]
    with lock:
        pieces = make_pieces(
            [partial(make, n) for n in range(3)], cache, keys, tqdm(total=3, disable=True)
        )
    assert made == [1, 2, 0]
    assert [piece.X[0].mean() for piece in pieces] == [0, 1, 2]
