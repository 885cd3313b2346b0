"""What is given to learn from: of which task it is told to be, and what cannot be told."""

import mne
import mne_bids
import numpy as np
import pandas as pd
import pytest

from eegaug.recordings import Recording
from eegaug.recordings.arrays import ArrayFile
from eegaug.recordings.epochs import EpochsFile
from eegaug.study import TASKS
from eegaug.study.sources import open_recordings, task_of

from ..conftest import write_edf, write_hypnogram, write_psg

STAGES = [(0, 30, "Sleep stage W"), (30, 30, "Sleep stage 2")]
BARE = [(0, 30, "W"), (30, 30, "N1"), (60, 30, "R")]
EVENTS = [(1, 0, "left"), (4, 0, "right")]
BLOCKS = [(0, 60, "rest"), (60, 60, "arithmetic")]


def make_raw(spans, ch_names=("T3", "C4")):
    signals = np.random.default_rng(0).normal(0, 1e-5, (len(ch_names), 12000))
    raw = mne.io.RawArray(signals, mne.create_info(list(ch_names), 100, "eeg"), verbose="error")
    onsets, durations, labels = zip(*spans, strict=True) if spans else ((), (), ())
    return raw.set_annotations(mne.Annotations(onsets, durations, labels))


def fif(folder, spans, name="anna_raw.fif"):
    """Write a recording with annotations."""
    folder.mkdir(exist_ok=True)
    make_raw(spans).save(folder / name, overwrite=True, verbose="error")
    return folder / name


def epochs(folder, name="anna-epo.fif"):
    events = np.column_stack([np.arange(4) * 500, np.zeros(4, int), [1, 2, 1, 2]])
    made = mne.EpochsArray(
        np.random.default_rng(0).normal(0, 1e-5, (4, 2, 200)),
        mne.create_info(["C3", "C4"], 100, "eeg"),
        events,
        event_id={"left": 1, "right": 2},
        metadata=pd.DataFrame({"subject": list("aabb")}),
        verbose="error",
    )
    made.save(folder / name, verbose="error")
    return folder / name


def npz(folder, name="walks.npz"):
    np.savez(folder / name, X=np.ones((4, 2, 100)), y=[0, 1, 0, 1], subject=list("aabb"), sfreq=50)
    return folder / name


def ts(folder, name="Walks_TRAIN.ts"):
    (folder / name).write_text("@classLabel true 1 2\n@data\n1,2:1\n3,4:2\n")
    return folder / name


def bids(folder, spans=EVENTS, subject="01", task="imagery"):
    raw = make_raw(spans)
    raw.info["line_freq"] = 50
    path = mne_bids.BIDSPath(root=folder, subject=subject, task=task, datatype="eeg")
    with mne.use_log_level("error"):
        mne_bids.write_raw_bids(raw, path, allow_preload=True, format="EDF", verbose="error")
    return folder


# -- what is told -------------------------------------------------------------------------


def psg_with_hypnogram(folder, night):
    write_hypnogram(folder / "SC4001EC-Hypnogram.edf", night)
    write_psg(folder / "SC4001E0-PSG.edf", night)
    return [folder], "sleep", ["SC4001E0-PSG.edf"]


def psg_with_stages_inside(folder, night):
    return [fif(folder, STAGES, "anna-psg.fif")], "sleep", ["anna-psg.fif"]


def stages_inside(folder, night):
    return [fif(folder, STAGES)], "sleep", ["anna_raw.fif"]


def stages_by_their_bare_names(folder, night):
    return [fif(folder, BARE)], "sleep", ["anna_raw.fif"]


def stages_among_events(folder, night):
    return [fif(folder, [*BARE, *((n, 1, "arousal") for n in range(9))])], "sleep", ["anna_raw.fif"]


def stages_of_bids(folder, night):
    return [bids(folder, STAGES)], "sleep", ["sub-01_task-imagery_eeg.edf"]


def events_without_duration(folder, night):
    return [fif(folder, EVENTS)], "events", ["anna_raw.fif"]


def events_of_some_seconds(folder, night):
    spans = [(0, 7.9, "left"), (10, 7.9, "right"), (30, 60, "BAD_x"), (90, 20, "boundary")]
    return [fif(folder, spans)], "events", ["anna_raw.fif"]


def events_with_a_long_pause(folder, night):
    return [fif(folder, [*EVENTS, (10, 60, "pause")])], "events", ["anna_raw.fif"]


def events_named_as_stages(folder, night):
    return [fif(folder, [(1, 0, "L"), (3, 0, "R"), (5, 0, "W")])], "events", ["anna_raw.fif"]


def one_event_named_as_a_stage(folder, night):
    return [fif(folder, [(1, 0, "P3"), (3, 0, "N2")])], "events", ["anna_raw.fif"]


def events_of_bids(folder, night):
    for subject in ("01", "02"):
        bids(folder, subject=subject)
    names = [f"sub-{subject}_task-imagery_eeg.edf" for subject in ("01", "02")]
    return [folder], "events", names


def events_of_bids_with_derived_epochs(folder, night):
    epochs(bids(folder) / "sub-01", "sub-01_task-imagery-epo.fif")
    npz(folder)
    return [folder], "events", ["sub-01_task-imagery_eeg.edf"]


def blocks(folder, night):
    return [fif(folder, BLOCKS)], "blocks", ["anna_raw.fif"]


def blocks_that_just_last_for_two_windows(folder, night):
    return [fif(folder, [(0, 8, "rest"), (8, 8, "task")])], "blocks", ["anna_raw.fif"]


def blocks_among_fewer_events(folder, night):
    return [fif(folder, [*BLOCKS, (5, 0, "beep")])], "blocks", ["anna_raw.fif"]


def blocks_of_several_recordings(folder, night):
    paths = [fif(folder, BLOCKS, f"{name}_raw.fif") for name in "ab"]
    paths.append(fif(folder, [(5, 0, "beep")], "c_raw.fif"))
    return paths, "blocks", ["a_raw.fif", "b_raw.fif", "c_raw.fif"]


def one_file_of_epochs(folder, night):
    return [epochs(folder)], "epochs", ["anna-epo.fif"]


def folder_of_epochs(folder, night):
    epochs(folder)
    (folder / ".hidden.npz").touch()
    (folder / "notes.txt").touch()
    return [folder], "epochs", ["anna-epo.fif"]


def one_file_of_arrays(folder, night):
    return [npz(folder)], "arrays", ["walks.npz"]


def text_of_arrays(folder, night):
    return [ts(folder)], "arrays", ["Walks_TRAIN.ts"]


def folder_of_arrays(folder, night):
    (folder / "deep").mkdir()
    return [folder], "arrays", [npz(folder).name, ts(folder / "deep").name][::-1]


@pytest.mark.parametrize(
    "make",
    [
        psg_with_hypnogram,
        psg_with_stages_inside,
        stages_inside,
        stages_by_their_bare_names,
        stages_among_events,
        stages_of_bids,
        events_without_duration,
        events_of_some_seconds,
        events_with_a_long_pause,
        events_named_as_stages,
        one_event_named_as_a_stage,
        events_of_bids,
        events_of_bids_with_derived_epochs,
        blocks,
        blocks_that_just_last_for_two_windows,
        blocks_among_fewer_events,
        blocks_of_several_recordings,
        one_file_of_epochs,
        folder_of_epochs,
        one_file_of_arrays,
        text_of_arrays,
        folder_of_arrays,
    ],
)
def test_the_task_is_told_by_what_is_given(tmp_path, nights, make):
    paths, name, recordings = make(tmp_path, nights[0])
    task, found = open_recordings(map(str, paths))
    assert task is TASKS[name] and [each.name for each in found] == recordings
    kind = {"epochs": EpochsFile, "arrays": ArrayFile}.get(name, Recording)
    assert all(isinstance(each, kind) for each in found)
    # a task that is named reads the same
    again, same = open_recordings(paths, name)
    assert again is task and [each.name for each in same] == recordings
    if kind is Recording:
        for one, other in zip(found, same, strict=True):
            assert one.raw.ch_names == other.raw.ch_names
            assert one.subject == other.subject
            assert one.raw.annotations.description.tolist() == (
                other.raw.annotations.description.tolist()
            )


def test_stages_beside_a_recording_are_read_in(tmp_path, nights):
    paths, *_ = psg_with_hypnogram(tmp_path, nights[0])
    _, (recording,) = open_recordings(paths)
    wanted = nights[0].raw.annotations.description.tolist()
    assert recording.raw.annotations.description.tolist() == wanted


@pytest.mark.parametrize(("spans", "first"), [(EVENTS, "T7"), (BLOCKS, "T7"), (STAGES, "T3")])
def test_electrodes_are_placed_but_for_sleep(tmp_path, spans, first):
    for _, (recording,) in (
        open_recordings([fif(tmp_path, spans)]),
        task_of([Recording("anna", "anna", make_raw(spans))]),
    ):
        assert recording.raw.ch_names == [first, "C4"]
        assert (recording.raw.get_montage() is not None) == (first == "T7")


def test_options_reach_whoever_reads(tmp_path):
    for subject, task in (("01", "rest"), ("02", "imagery")):
        bids(tmp_path / "bids", subject=subject, task=task)
    for name in (None, "events"):
        _, (recording,) = open_recordings([tmp_path / "bids"], name, entities={"task": "rest"})
        assert recording.subject == "sub-01"
    _, (recording,) = open_recordings([fif(tmp_path, EVENTS)], subject=r"(an)na")
    assert recording.subject == "an"
    _, (file,) = open_recordings([epochs(tmp_path, "ben-epo.fif")], subject=r"(be)n")
    assert file.subject == "be"


@pytest.mark.parametrize("name", ["events", "epochs", "arrays"])
def test_a_task_that_is_named_takes_its_own_of_a_folder(tmp_path, name):
    wanted = {"events": fif(tmp_path, EVENTS), "epochs": epochs(tmp_path), "arrays": npz(tmp_path)}
    _, (found,) = open_recordings([tmp_path], name)
    assert found.path == wanted[name]


# -- what cannot be told ------------------------------------------------------------------


def epochs_among_recordings(folder, night):
    shown = f"epochs ({epochs(folder)}) and recordings ({events_file(folder)})"
    return [folder], ValueError, several(shown)


def arrays_beside_recordings(folder, night):
    shown = f"recordings ({events_file(folder)}) and arrays ({npz(folder)})"
    return [folder / "anna_raw.fif", folder / "walks.npz"], ValueError, several(shown)


def arrays_beside_a_bids_root(folder, night):
    root = bids(folder / "root")
    return (
        [root, npz(folder)],
        ValueError,
        several(f"recordings ({root}) and arrays ({npz(folder)})"),
    )


def arrays_epochs_and_recordings(folder, night):
    shown = f"epochs ({epochs(folder)}) and recordings ({events_file(folder)}) and arrays"
    npz(folder)
    return [folder], ValueError, f"What is given is of several kinds: {shown} ("


def events_file(folder):
    return fif(folder, EVENTS)


def several(shown):
    return (
        f"What is given is of several kinds: {shown}. Name files of one kind, or choose by --task."
    )


def stages_in_some_only(folder, night):
    fif(folder, STAGES, "a_raw.fif")
    path = fif(folder, EVENTS, "b_raw.fif")
    message = (
        f"{path}: no sleep stages, but left, right, where {folder / 'a_raw.fif'} has stages. Name"
        " recordings of one kind, or choose by --task events and --labels."
    )
    return [folder], ValueError, message


def stages_and_nothing(folder, night):
    fif(folder, STAGES, "a_raw.fif")
    path = fif(folder, [(0, 60, "BAD_x")], "b_raw.fif")
    return [folder], ValueError, f"{path}: unknown sleep stages 'BAD_x'; wanted such as 'Sleep stag"


def a_psg_without_hypnogram(folder, night):
    path = write_psg(folder / "a-PSG.edf", night)
    return [path], ValueError, f"{path}: no hypnogram; wanted a-Hypnogram.edf beside it, or sleep"


def no_annotations(folder, night):
    path = write_edf(folder / "a.edf", night.raw.get_data(), ["C3", "C4"])
    message = (
        "no annotations, so no sleep stages, events or blocks to learn from. Wanted are annotations"
        " inside the files, *Hypnogram.edf beside *PSG.edf, or events.tsv in a BIDS root."
    )
    return [path], ValueError, f"{path}: {message}"


def triggers_in_a_channel(folder, night):
    info = mne.create_info(["Cz", "STI 014"], 100, ["eeg", "stim"])
    mne.io.RawArray(np.zeros((2, 500)), info).save(folder / "a_raw.fif")
    message = (
        "no annotations, so no sleep stages, events or blocks to learn from. Events of STI 014"
    )
    return [folder], ValueError, f"{folder / 'a_raw.fif'}: {message} become annotations by mne.fin"


def nothing_but_marks(folder, night):
    path = fif(folder, [(0, 60, "BAD_x"), (70, 0, "boundary"), (80, 9, "BAD_x")])
    message = (
        "no annotations, so no sleep stages, events or blocks to learn from; these label nothing:"
        " BAD_x, boundary. --task events with --labels takes some all the same."
    )
    return [path], ValueError, f"{path}: {message}"


def a_hypnogram_alone(folder, night):
    path = write_hypnogram(folder / "a-Hypnogram.edf", night)
    return [path], ValueError, "No recording among the files; a hypnogram alone is not enough."


def no_such_file(folder, night):
    return [folder / "x.edf"], FileNotFoundError, f"{folder / 'x.edf'}: no such file or folder."


def no_such_epochs(folder, night):
    path = folder / "x-epo.fif"
    return [path], FileNotFoundError, f"{path}: no such file or folder."


def no_such_arrays(folder, night):
    path = folder / "x.npz"
    return [path], FileNotFoundError, f"{path}: no such file or folder."


def an_empty_folder(folder, night):
    return [folder], ValueError, f"{folder}: no recording in this folder; wanted files that end in"


def nothing_at_all(folder, night):
    return [], ValueError, "At least one recording is needed. Found none."


def a_text(folder, night):
    (folder / "notes.txt").write_text("milk, bread")
    path = folder / "notes.txt"
    return [path], ValueError, f"{path}: not a recording that MNE can read ("


@pytest.mark.parametrize(
    "make",
    [
        epochs_among_recordings,
        arrays_beside_recordings,
        arrays_beside_a_bids_root,
        arrays_epochs_and_recordings,
        stages_in_some_only,
        stages_and_nothing,
        a_psg_without_hypnogram,
        no_annotations,
        triggers_in_a_channel,
        nothing_but_marks,
        a_hypnogram_alone,
        no_such_file,
        no_such_epochs,
        no_such_arrays,
        an_empty_folder,
        nothing_at_all,
        a_text,
    ],
)
def test_what_cannot_be_told_gives_one_line(tmp_path, nights, make):
    paths, error, message = make(tmp_path, nights[0])
    with pytest.raises(error) as caught:
        open_recordings(paths)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "task", "options", "message"),
    [
        (blocks, "dreams", {}, "No task is named 'dreams'; there are arrays, blocks, epochs, eve"),
        (blocks, "epochs", {}, "{path}: not a whole file of epochs that MNE can read ("),
        (blocks, "arrays", {}, "{path}: not a file of arrays, which end in .npz or .ts."),
        (blocks, "sleep", {}, "{path}: unknown sleep stages 'rest', 'arithmetic'; wanted such as"),
        (one_file_of_arrays, "events", {}, "{path}: not a recording that MNE can read ("),
        (one_file_of_epochs, "blocks", {}, "{path}: not a recording that MNE can read ("),
        (folder_of_epochs, "blocks", {}, "{path}: no recording in this folder; wanted files that"),
        (
            one_file_of_epochs,
            None,
            {"entities": {"task": "rest"}},
            "Entities (--bids) are those of a BIDS root. Found epochs.",
        ),
        (
            one_file_of_arrays,
            "arrays",
            {"entities": {"task": "rest"}},
            "Entities (--bids) are those of a BIDS root. Found arrays.",
        ),
        (
            blocks,
            None,
            {"entities": {"task": "rest"}},
            "Entities (--bids) are those of a BIDS root. Found none.",
        ),
        (
            events_of_bids,
            None,
            {"entities": {"task": "nap"}},
            "{path}: no EEG of task nap. Found task imagery.",
        ),
        (blocks, None, {"subject": "("}, "Parameter `subject` should be a regular expression. Fo"),
        (blocks, None, {"subject": "zoe"}, "{path}: no subject in this path by the expression 'zo"),
    ],
)
def test_what_does_not_fit_the_task_gives_one_line(tmp_path, nights, make, task, options, message):
    paths, *_ = make(tmp_path, nights[0])
    with pytest.raises(ValueError) as caught:
        open_recordings(paths, task, **options)
    assert str(caught.value).startswith(message.format(path=paths[0]))
    assert "\n" not in str(caught.value)
