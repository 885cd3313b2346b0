"""The command, from recordings to invariances, report and model."""

import json
import os

import edfio
import mne
import mne_bids
import numpy as np
import pandas as pd
import pytest
import torch

from eegaug.recordings import Recording
from eegaug.study import Settings, cli, load_model
from eegaug.study.cli import RESULTS, SIMULATED, _parser, main

from ..conftest import SHARED, needs_eegmmidb, needs_ucddb, write_hypnogram, write_psg
from ..recordings.bad_files import BAD_FILES

QUICK = ["--epochs", "2", "--batch-size", "16"]
ALONE = [*QUICK, "--networks", "1"]
FISTS = ["--labels", "left=T1", "right=T2"]


def run(capfd, *arguments):
    """Run the command; return its status and what it printed."""
    status = main(["learn", *map(str, arguments)])
    printed = capfd.readouterr()
    return status, printed.out, printed.err


@pytest.mark.slow
def test_the_command_on_simulated_nights_repeats(tmp_path, capfd):
    found = []
    for name in ("one", "two"):
        out = tmp_path / name
        arguments = ["--subjects", 4, "--hours", 0.5, "--policy", "sleep", *QUICK, "--out", out]
        status, printed, progress = run(capfd, *arguments)
        assert status == 0
        assert sorted(os.listdir(out)) == sorted(RESULTS)
        found.append(json.loads((out / "invariances.json").read_text()))
        found[-1]["training"].pop("seconds")
    assert found[0] == found[1], "the same seed should give the same result"
    assert "phase_noise_magnitude" in printed and "Hz" in printed and "baseline" in printed
    assert found[0]["verdict"] in printed and found[0]["gain"]["validated"]["people"]
    assert "epoch 2/2" in progress
    report = (out / "report.html").read_text()
    for piece in (
        "Weights and strengths over epochs",
        "Layer 3: before and after",
        "Confusion matrix",
        "Gain of each subject",
        "Hypnogram of sim",
        "without augmentation",
        "used for",
    ):
        assert piece in report, piece


@pytest.mark.slow
def test_another_seed_gives_another_result(tmp_path, capfd):
    found = []
    for seed in (0, 1):
        arguments = ["--subjects", 4, "--hours", 0.4, "--seed", seed, "--out", tmp_path, *ALONE]
        assert run(capfd, *arguments)[0] == 0
        found.append(json.loads((tmp_path / "invariances.json").read_text())["layers"])
    assert found[0] != found[1]


@pytest.mark.slow
def test_the_command_on_files(psg_folder, tmp_path, capfd):
    options = ["--objective", "invariance", *ALONE]
    status, printed, progress = run(
        capfd, psg_folder, "--test", "anna", "--out", tmp_path, *options
    )
    assert status == 0
    assert "Not compared with a network without augmentation." in printed
    assert "3 subjects" in progress
    found = json.loads((tmp_path / "invariances.json").read_text())
    assert found["data"]["split"].startswith("tested on anna")
    assert len(found["layers"]) == 7
    training = found["training"]
    assert (training["objective"], training["n_networks"]) == ("invariance", 1)
    assert list(training["seconds"]) == ["learning"]
    report = (tmp_path / "report.html").read_text()
    assert "Not compared" in report and "Gain of each subject" not in report


def test_one_recording_is_split_into_blocks_and_the_report_says_so(tmp_path, nights, capfd):
    path = tmp_path / "solo_raw.fif"
    nights[0].raw.save(path)
    status, printed, _ = run(capfd, path, "--out", tmp_path / "out", *ALONE)
    assert status == 0
    assert "say nothing about other subjects" in printed
    assert "say nothing about other subjects" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize("subjects", ["zoe", "sim00 sim01 sim02"])
def test_subjects_to_test_on_are_looked_for_before_signals_are_read(subjects, tmp_path, capfd):
    arguments = ["--subjects", 3, "--hours", 0.1, "--test", *subjects.split()]
    status, _, err = run(capfd, *arguments, "--out", tmp_path / "out")
    assert status == 2 and "Cutting" not in err and "No subject " in err


@pytest.mark.parametrize("make", BAD_FILES)
def test_bad_files_end_with_status_2_and_one_line(make, tmp_path, nights, capfd):
    folder = tmp_path / "in"
    folder.mkdir()
    path, _, message = make(folder, nights[0])
    status, printed, err = run(capfd, path, "--out", tmp_path / "out")
    assert status == 2 and printed == ""
    (line,) = [line for line in err.splitlines() if line.startswith("eegaug: error:")]
    assert message in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--test", "zoe"],
            "No subject to test on is named zoe; the recordings are of sim00",
        ),
        (["--device", "cuda"], "torch finds no CUDA device"),
        (["--model", "SleepNet"], "braindecode has no model named 'SleepNet'"),
        (["--model", "eegnet"], "braindecode has no model named 'eegnet'; did you mean EEGNet or"),
        (["--model", "Qqq"], "no model named 'Qqq'; there is ATCNet, Att"),
        (["--policy", "awake"], "No policy is named 'awake'"),
        (["--epochs", "0"], "`epochs` should be positive"),
        (["--objective", "speed"], "`objective` should be 'score' or 'invariance'"),
        (["--networks", "0"], "`n_networks` should be positive"),
        (["--subjects", "0"], "`n_subjects` should be positive"),
        (["--wake-margin", "-5"], "`wake_margin` should be 0 or more"),
        (["--channels", "Cz"], "no channel Cz; it has Fpz-Cz, Pz-Oz"),
        (["--subjects", "1", "--hours", "0.09"], "too few to split"),
    ],
)
def test_bad_options_end_with_status_2_and_one_line(arguments, message, tmp_path, capfd):
    if "cuda" in arguments and torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    out = tmp_path / "out"
    status, _, err = run(capfd, "--subjects", 3, "--hours", 0.2, *arguments, "--out", out)
    assert status == 2
    (line,) = [line for line in err.splitlines() if line.startswith("eegaug: error:")]
    assert message in line
    assert not out.exists()


def test_the_command_has_the_librarys_defaults():
    arguments, settings = vars(_parser().parse_args(["learn"])), Settings()
    for name in ("reward_weight", "objective", "seed", "device"):
        assert arguments[name] == Settings.__dataclass_fields__[name].default, name
    assert arguments["networks"] == settings.n_networks
    assert settings.task.name == SIMULATED
    for name in ("task", "model", "policy", "epochs", "batch_size", "split", "workers"):
        assert arguments[name] is None, "the task's"


def test_an_unknown_option_ends_with_status_2(capfd):
    with pytest.raises(SystemExit) as caught:
        main(["learn", "--frobnicate", "--seed", "1", "-x"])
    assert caught.value.code == 2
    err = capfd.readouterr().err
    assert err.startswith("usage: eegaug learn [-h]")
    assert err.endswith("eegaug learn: error: unrecognized arguments: --frobnicate -x\n")


def test_nothing_to_resume_is_said_before_a_run_starts(tmp_path, capfd):
    status, _, err = run(capfd, "--resume", "--policy", "slep", "--out", tmp_path / "out")
    assert status == 2 and f"Nothing to resume in {tmp_path / 'out'}: starting." in err


def test_an_output_that_is_no_folder_is_refused_before_training(tmp_path, capfd):
    (tmp_path / "out").write_text("mine")
    status, _, err = run(capfd, "--out", tmp_path / "out")
    assert status == 2 and "not a folder that can be written to" in err
    assert (tmp_path / "out").read_text() == "mine"


def test_nothing_is_left_of_a_failure(tmp_path, capfd):
    status, *_ = run(capfd, "--subjects", 0, "--out", tmp_path / "a" / "b" / "c")
    assert status == 2 and os.listdir(tmp_path) == []
    (tmp_path / "report.html").mkdir()
    status, _, err = run(capfd, "--out", tmp_path)
    assert status == 2 and "report.html: a folder" in err
    assert os.listdir(tmp_path) == ["report.html"]


def test_sleep_edf_that_cannot_be_had_is_not_simulated(tmp_path, capfd, monkeypatch):
    fetch = "mne.datasets.sleep_physionet.age.fetch_data"
    monkeypatch.setattr(fetch, lambda *args, **kwargs: [])
    status, _, err = run(capfd, "--sleep-edf", 39, "--out", tmp_path / "out")
    assert status == 2 and "Sleep-EDF has no recording of 39" in err


def test_an_earlier_result_survives_a_failure(tmp_path, capfd):
    earlier = tmp_path / "invariances.json"
    earlier.write_text("earlier")
    status, *_ = run(capfd, "--subjects", 3, "--hours", 0.2, "--test", "zoe", "--out", tmp_path)
    assert status == 2
    assert earlier.read_text() == "earlier" and os.listdir(tmp_path) == ["invariances.json"]


@pytest.mark.slow
def test_recordings_that_differ_are_brought_together_and_noted(tmp_path, nights, capfd):
    for number, night in enumerate(nights):
        raw = night.raw.copy()
        if number == 1:
            raw.resample(128, verbose="error").reorder_channels(raw.ch_names[::-1])
        raw.save(tmp_path / f"p{number}_raw.fif")
    status, _, err = run(capfd, tmp_path, "--out", tmp_path / "out", *ALONE)
    assert status == 0
    assert "resampled to 100 Hz: 1 from 128 Hz" in err and "brought to the order" in err


def test_recordings_without_a_common_channel_are_refused_with_their_names(tmp_path, nights, capfd):
    for name, channels in (("a", ["C3", "C4"]), ("b", ["O1", "O2"])):
        write_psg(tmp_path / f"{name}-PSG.edf", nights[0], names=channels)
        write_hypnogram(tmp_path / f"{name}-Hypnogram.edf", nights[0])
    status, _, err = run(capfd, tmp_path, "--out", tmp_path / "out")
    assert status == 2
    assert "no EEG channel in common" in err and "C3, C4" in err and "O1, O2" in err


@pytest.mark.slow
@needs_ucddb
def test_the_command_on_real_nights(tmp_path, capfd):
    files = [SHARED / "ucddb" / f"UCD0{number}-PSG.edf" for number in ("06", "07", "17", "18")]
    out = tmp_path / "out"
    status, printed, err = run(capfd, *files, "--test", "UCD017", "--out", out, *ALONE)
    assert status == 0
    assert "tested on UCD017" in printed
    assert "come from UCD018 alone" in printed
    assert "23 flat" in err
    found = json.loads((out / "invariances.json").read_text())
    assert [source["subject"] for source in found["data"]["recordings"]] == [
        "UCD006",
        "UCD007",
        "UCD017",
        "UCD018",
    ]


# -- tasks --------------------------------------------------------------------------------


@pytest.mark.slow
def test_motor_imagery_simulated(tmp_path, capfd):
    out = tmp_path / "out"
    arguments = ["--task", "events", *FISTS, "--policy", "imagery", "--subjects", 2, "--trials", 12]
    status, printed, err = run(capfd, *arguments, "--compare", "--out", out, *ALONE)
    assert status == 0
    assert "SensorsXRotation" in printed and "tested on the last third" in printed
    assert "24 windows: left 12, right 12" in err and "Simulating: 100%" in err
    found = json.loads((out / "invariances.json").read_text())
    assert found["task"] == "events" and found["data"]["labels"] == ["left", "right"]
    assert set(found["scores"]) == {"accuracy", "balanced_accuracy", "kappa"}
    assert len(found["layers"]) == 6
    report = (out / "report.html").read_text()
    for piece in ("Balanced accuracy by subject", "What the network uses", "Confusion matrix"):
        assert piece in report, piece
    assert "Hypnogram" not in report
    model = load_model(out / "model.pt")
    assert model(torch.zeros(2, 64, 300)).shape == (2, 2)


@pytest.mark.slow
@needs_eegmmidb
def test_motor_imagery_on_real_recordings(tmp_path, capfd):
    files = sorted((SHARED / "eegmmidb").glob("S00[12]R*.edf"))
    out = tmp_path / "out"
    arguments = [*files, *FISTS, "--test", "S002", "--out", out]
    status, printed, err = run(capfd, *arguments, *ALONE)
    assert status == 0
    assert "tested on S002" in printed and "2 subjects: S001, S002" in err
    assert "Task: events (" in err
    found = json.loads((out / "invariances.json").read_text())
    assert found["data"]["channels"][:2] == ["FC5", "FC3"] and found["data"]["windows"] == 90


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--task", "dreams"],
            "No task is named 'dreams'; there are arrays, blocks, epochs, events, sleep.",
        ),
        (["--task", "events", "--hours", "2"], "--hours is an option of --task sleep."),
        (["--trials", "20"], "--trials is an option of --task events."),
        (
            ["--task", "events", "--subjects", "1", "--trials", "4", "--labels", "a=T1", "b=X"],
            "No recording has an annotation 'X' (b). Found 'T0' (4), 'T1' (2), 'T2' (2).",
        ),
        (
            ["--task", "events", "--labels", "a=T0", "b=T2", "a=T1"],
            "--labels should name each label once. Found 'a' twice, for 'T0' and 'T1'.",
        ),
        (["--task", "events", "--subjects", "1", "--trials", "2"], "too few to split in time"),
        (["--task", "events", "--window", "3"], "should be the start and the end of a window"),
        (["--task", "blocks"], "There is no simulation for --task blocks: name recordings."),
        (
            ["--task", "events", "--split", "time", "--test", "sim00"],
            "--split time tests on the last part of each subject's windows, --test on whole",
        ),
        (
            ["--subjects", "1", "--hours", "0.2", "--split", "subjects"],
            "two or more are wanted. Found sim00 alone; --split time tests on",
        ),
        (["--split", "runs"], "`split` should be 'subjects' or 'time'. Found 'runs'."),
    ],
)
def test_bad_tasks_end_with_status_2_and_one_line(arguments, message, tmp_path, capfd):
    status, _, err = run(capfd, *arguments, "--out", tmp_path / "out")
    assert status == 2
    (line,) = [line for line in err.splitlines() if line.startswith("eegaug: error:")]
    assert message in line
    assert not (tmp_path / "out").exists()


def test_recordings_of_another_task_are_refused(psg_folder, tmp_path, capfd):
    arguments = ["--task", "events", psg_folder, "--out", tmp_path / "out"]
    status, _, err = run(capfd, *arguments)
    assert status == 2
    assert "two labels or more, each with an annotation of its own. Found none" in err


def test_options_of_a_simulation_are_refused_beside_recordings(psg_folder, tmp_path, capfd):
    arguments = [psg_folder, "--subjects", 3, "--hours", 1, "--out", tmp_path / "out"]
    status, _, err = run(capfd, *arguments)
    assert status == 2
    assert "Only for simulations, but recordings are given: --subjects, --hours." in err


def test_an_event_without_its_annotation_ends_with_status_2(capfd):
    with pytest.raises(SystemExit) as caught:
        main(["learn", "--task", "events", "--labels", "left="])
    assert caught.value.code == 2
    assert "'left=' is not of the form NAME=VALUE" in capfd.readouterr().err


# -- recordings of other kinds ------------------------------------------------------------

TONES = {"rest": 10.0, "arithmetic": 20.0, "left": 10.0, "right": 20.0}
CAP = ["C3", "Cz", "C4", "Pz"]
REST, SUM = (0, 20, "rest"), (20, 20, "arithmetic")
CUES = [(1 + 3 * n, 0, ("left", "right")[n % 2]) for n in range(12)]


def make_raw(spans, seed=0, ch_names=CAP):
    """Return noise with a tone in, or after, each annotation (onset, duration, label)."""
    duration = max(onset + max(length, 3) for onset, length, _ in spans)
    times = np.arange(round(duration * 100)) / 100
    signals = np.random.default_rng(seed).normal(0, 1, (len(ch_names), len(times)))
    for onset, length, label in spans:
        inside = (times >= onset) & (times < onset + max(length, 3))
        signals[0] += 3 * inside * np.sin(2 * np.pi * TONES.get(label, 15.0) * times)
    info = mne.create_info(list(ch_names), 100, "eeg")
    raw = mne.io.RawArray(signals * 1e-5, info, verbose="error")
    return raw.set_annotations(mne.Annotations(*zip(*spans, strict=True)))


def people(folder, *spans, names="abc", **rest):
    """Write a recording of each of several people with the same annotations."""
    folder.mkdir(exist_ok=True)
    for seed, name in enumerate(names):
        make_raw(spans, seed, **rest).save(folder / f"{name}_raw.fif", verbose="error")
    return folder


def edf_plus(path, spans):
    """Write a recording as EDF with its annotations inside."""
    channels = [
        edfio.EdfSignal(signal * 1e6, 100, label=f"EEG {name}", physical_range=(-200, 200))
        for signal, name in zip(make_raw(spans).get_data(), CAP, strict=True)
    ]
    edfio.Edf(channels, annotations=[edfio.EdfAnnotation(*each) for each in spans]).write(path)
    return path


def epochs(path, n=24, event_id=None, **columns):
    event_id = event_id or {"stimulus": 1}
    codes = np.resize(list(event_id.values()), n)
    made = mne.EpochsArray(
        np.random.default_rng(0).normal(0, 1e-5, (n, 4, 200)),
        mne.create_info(CAP, 100, "eeg"),
        np.column_stack([500 * np.arange(n), np.zeros(n, int), codes]),
        event_id=event_id,
        metadata=pd.DataFrame(columns) if columns else None,
        verbose="error",
    )
    made.save(path, verbose="error")
    return path


def npz(path, n_chans=4, **parts):
    trials = np.random.default_rng(0).normal(size=(24, n_chans, 200))
    parts = {"y": ["up", "down"] * 12, "subject": np.repeat(list("abcd"), 6), "sfreq": 100} | parts
    np.savez(path, X=trials, **{name: part for name, part in parts.items() if part is not None})
    return path


def bids(root):
    for subject in ("01", "02", "03"):
        for task, spans in (("imagery", CUES), ("rest", [REST, SUM])):
            raw = make_raw(spans)
            raw.info["line_freq"] = 50
            path = mne_bids.BIDSPath(root=root, subject=subject, task=task, datatype="eeg")
            with mne.use_log_level("error"):
                mne_bids.write_raw_bids(
                    raw, path, allow_preload=True, format="EDF", verbose="error"
                )
    return root


def results(out):
    return json.loads((out / "invariances.json").read_text()), (out / "report.html").read_text()


def test_states_in_blocks(tmp_path, capfd):
    """Of EDF and FIF, with all networks."""
    people(tmp_path / "in", REST, SUM, names="ab")
    edf_plus(tmp_path / "in" / "carl.edf", [REST, SUM])
    out = tmp_path / "out"
    status, printed, err = run(capfd, tmp_path / "in", "--test", "carl", "--out", out, *QUICK)
    assert status == 0
    assert "Task: blocks (states in blocks); --task names another." in err
    assert "3 subjects: a, b, carl.\n30 windows: arithmetic 15, rest 15.\n" in err
    found, report = results(out)
    assert (found["task"], found["data"]["labels"]) == ("blocks", ["arithmetic", "rest"])
    assert found["data"]["channels"] == CAP and found["data"]["windows"] == 30
    assert found["data"]["split"].startswith("tested on carl; validated on ")
    assert set(found["scores"]) == {"accuracy", "balanced_accuracy", "kappa"}
    assert "tested on carl" in printed and "baseline" in printed
    for piece in (
        "Balanced accuracy by subject",
        "Gain of each subject",
        "What the network uses",
        "Confusion matrix",
        "windows are cut anywhere in a block",
        "30 windows of 4 s at 100 Hz, 1 to 40 Hz,",
    ):
        assert piece in report, piece
    assert "Hypnogram" not in report
    assert load_model(out / "model.pt")(torch.zeros(2, 4, 400)).shape == (2, 2)


def test_epochs_with_labels_in_their_metadata(tmp_path, capfd):
    hands, subject = ["l", "r", "r"] * 8, np.repeat(list("abcd"), 6)
    path, out = epochs(tmp_path / "x-epo.fif", hand=hands, subject=subject), tmp_path / "out"
    status, _, err = run(capfd, path, "--label", "hand", "--out", out, *ALONE)
    assert status == 0
    assert "Task: epochs (labels of epochs)" in err and "4 subjects: a, b, c, d." in err
    assert "24 windows: l 8, r 16." in err
    found, report = results(out)
    assert (found["task"], found["data"]["labels"]) == ("epochs", ["l", "r"])
    assert [source["name"] for source in found["data"]["recordings"]] == [
        f"x-epo.fif, {name}" for name in "abcd"
    ]
    for piece in ("Balanced accuracy by subject", "What the network uses", "Confusion matrix"):
        assert piece in report, piece
    assert "24 windows of 2 s at 100 Hz, scaled" in report, "they were not filtered"


@pytest.mark.parametrize(
    ("parts", "mapped", "note"),
    [
        ({}, False, "Channels without a position: ch0, ch1, ch2, ch3."),
        ({"ch_names": CAP}, True, None),
        ({"ch_names": [*CAP[:3], "EOG"]}, False, "Channels without a position: EOG."),
        ({"ch_names": CAP[:3], "n_chans": 3}, False, None),  # too few for a map
    ],
)
def test_arrays_have_a_map_where_they_have_a_montage(tmp_path, capfd, parts, mapped, note):
    path, out = npz(tmp_path / "walks.npz", **parts), tmp_path / "out"
    status, _, err = run(capfd, path, "--out", out, *ALONE)
    assert status == 0 and "24 windows: down 12, up 12." in err
    found, report = results(out)
    assert found["task"] == "arrays" and found["data"]["notes"] == ([note] if note else [])
    assert ("What the network uses" in report) is mapped
    assert "Balanced accuracy by subject" in report and "Confusion matrix" in report


def test_a_part_of_a_bids_root(tmp_path, capfd):
    root, out = bids(tmp_path / "root"), tmp_path / "out"
    arguments = [root, "--bids", "task=imagery", "--window", 0, 2, "--out", out]
    status, printed, err = run(capfd, *arguments, *ALONE)
    assert status == 0
    assert "Task: events (" in err and "3 subjects: sub-01, sub-02, sub-03." in err
    assert "36 windows: left 18, right 18." in err
    found, _ = results(out)
    assert [source["name"] for source in found["data"]["recordings"]] == [
        f"sub-{subject}_task-imagery_eeg.edf" for subject in ("01", "02", "03")
    ]
    assert "tested on the last third of each subject's windows" in printed
    arguments = [root, "--bids", "task=rest", "subject=02", "--out", out, *ALONE]
    status, _, err = run(capfd, *arguments)
    assert status == 2 and "Task: blocks (" in err and "1 subject: sub-02." in err
    assert "10 windows of sub-02 are too few to split into contiguous blocks" in err
    arguments = [root, "--bids", "subject=01", "subject=02", "task=rest", "--test", "zoe"]
    status, _, err = run(capfd, *arguments, "--out", out)
    assert status == 2 and "is named zoe; the recordings are of sub-01, sub-02." in err


@pytest.mark.slow
def test_a_data_set_by_name(tmp_path, capfd, monkeypatch):
    asked = []

    def fetch(name, subjects):
        asked.append((name, subjects))
        return [
            Recording(f"Hands {n}", str(n), make_raw(CUES, seed=n)) for n in subjects or (1, 2, 3)
        ]

    monkeypatch.setattr(cli, "fetch_dataset", fetch)
    out = tmp_path / "out"
    arguments = ["--dataset", "MOABB:Hands", "--window", 0, 2, "--out", out, *ALONE]
    status, _, err = run(capfd, *arguments, "--ids", 2, 3)
    assert status == 0 and asked == [("MOABB:Hands", [2, 3])]
    assert "Task: events (" in err and "2 subjects: 2, 3." in err
    found, report = results(out)
    names = [source["name"] for source in found["data"]["recordings"]]
    assert names == ["Hands 2", "Hands 3"] and "What the network uses" in report
    status, _, err = run(capfd, *arguments, "--task", "events")
    assert status == 0 and asked[-1] == ("MOABB:Hands", None) and "3 subjects: 1, 2, 3." in err


@pytest.mark.slow
def test_windows_in_a_cache_give_the_same_result(tmp_path, capfd):
    folder, found = people(tmp_path / "in", REST, SUM), []
    for options in ([], ["--cache", tmp_path / "cache", "--workers", 0]):
        status, *_ = run(capfd, folder, *options, "--out", tmp_path / "out", *ALONE)
        assert status == 0
        found.append(results(tmp_path / "out")[0])
        found[-1]["training"].pop("seconds")
    assert found[0] == found[1]
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 3


@pytest.mark.slow
def test_simulated_nights_are_kept_in_the_cache_too(tmp_path, capfd):
    found, nights = [], ["--subjects", 3, "--hours", 0.25]
    for options in ([], ["--cache", tmp_path / "cache", "--workers", 0]):
        status, _, err = run(capfd, *nights, *options, "--out", tmp_path / "out", *ALONE)
        assert status == 0 and "Simulating: 100%" in err and "3/3" in err
        found.append(results(tmp_path / "out")[0])
        found[-1]["training"].pop("seconds")
    assert found[0] == found[1]
    assert len(list((tmp_path / "cache" / "simulated").glob("*_raw.fif"))) == 3


# -- what such input gets -----------------------------------------------------------------


def events_nearer_than_a_window(folder):
    people(folder, *CUES, names="abcd")
    note = "40 of 44 windows of 4 s share samples with the one before: events are as near as 3 s."
    return [folder, "--window", 0, 4, "--test", "a"], f"{note} A shorter --window keeps them apart."


def windows_past_the_end(folder):
    people(folder, *CUES, names="ab")
    return [folder, "--window", 0, 3.5], "Windows dropped: 2 beyond the recording."


def short_blocks(folder):
    people(folder, REST, SUM, (40, 3, "rest"))
    return [folder], "Windows dropped: 3 in a block shorter than 4 s."


def windows_that_share_samples(folder):
    people(folder, (0, 100, "rest"), (100, 100, "arithmetic"), names="a")
    note = "left out, for samples that they share: 22 of training"
    return [folder, "--window", 4, "--overlap", 3], note


def people_guessed_from_names(folder):
    people(folder, REST, SUM, names=["anna_run10", "anna_run2", "sub-07_x"])
    note = "2 subjects are guessed from the names of files alone: anna_run10, anna_run2. Where"
    return [folder], note


def key_presses_in_blocks(folder):
    people(folder, REST, SUM, (5, 0, "key"))
    return [folder], "Annotations shorter than a window are no labels: key."


def labels_in_one_recording_only(folder):
    people(folder, *CUES, names="ab")
    others = [(onset, 0, {"left": "feet"}.get(label, label)) for onset, _, label in CUES]
    people(folder, *others, names="c")
    message = "In training, feet come from c alone: the network may recognise the subject instead"
    return [folder, "--window", 0, 2], message


def no_event_in_one_recording(folder):
    people(folder, *CUES, names="ab")
    people(folder, (0, 30, "pause"), names="c")
    arguments = [folder, "--task", "events", "--window", 0, 2, "--labels", "left", "right"]
    return arguments, "No window is left of c_raw.fif."


def all_of_one_person(folder):
    path = npz(folder / "walks.npz", subject=None)
    arguments = [path, "--one-subject", "--split", "time"]
    return arguments, "All windows are of walks: training and test are parts of the same recordings"


def electrodes_that_nobody_knows(folder):
    people(folder, REST, SUM, ch_names=["C3", "Cz", "C4", "A17", "A18"])
    return [folder], "Channels without a position: A17, A18."


@pytest.mark.parametrize(
    "make",
    [
        events_nearer_than_a_window,
        windows_past_the_end,
        short_blocks,
        windows_that_share_samples,
        people_guessed_from_names,
        key_presses_in_blocks,
        labels_in_one_recording_only,
        no_event_in_one_recording,
        all_of_one_person,
        electrodes_that_nobody_knows,
    ],
)
def test_what_is_left_out_or_limits_the_scores_is_noted(make, tmp_path, capfd):
    (tmp_path / "in").mkdir()
    arguments, note = make(tmp_path / "in")
    options = ["--epochs", "1", "--batch-size", "16", "--networks", "1"]
    status, printed, err = run(capfd, *arguments, "--out", tmp_path / "out", *options)
    assert status == 0, err
    assert note in err + printed
    found, report = results(tmp_path / "out")
    data = found["data"]
    assert any(note in each for each in [*data["notes"], *data["warnings"], data["split"]])
    assert note.split("'")[0] in report


def labels_that_do_not_occur(folder):
    message = "No recording has an annotation 'nap'. Found 'rest' (3), 'arithmetic' (3)."
    return [people(folder, REST, SUM), "--labels", "rest", "nap"], message


def one_label(folder):
    message = "There should be two labels or more, each with an annotation of its own. Found {'re"
    return [people(folder, REST)], message


def overlapping_blocks(folder):
    people(folder, REST, (15, 20, "arithmetic"))
    message = "a_raw.fif: blocks of two labels overlap: 'rest', 0 to 20 s, and 'arithmetic', from"
    return [folder], f"{message} 15 s."


def windows_longer_than_the_blocks(folder):
    people(folder, REST, SUM)
    message = "No window is left of 3 recordings: 6 in a block shorter than 30 s."
    return [folder, "--window", 30], message


def one_label_in_training(folder):
    people(folder, REST, names="ab")
    people(folder, (0, 20, "arithmetic"), names="c")
    message = (
        "One state only is in training, rest; try another seed, other subjects to test on, or"
        " another --split."
    )
    return [folder, "--test", "c"], message


def one_subject_to_split_by(folder):
    path = npz(folder / "walks.npz", subject=["anna"] * 24)
    return [path, "--split", "subjects"], "--split subjects tests on a subject never trained on, so"


def trials_of_nobody(folder):
    message = (
        "walks.npz: who each trial is of cannot be told, so people cannot be kept apart in training"
        " and test; wanted is `subject` in the file, or, where all trials are of one person,"
        " --one-subject and --split time."
    )
    return [npz(folder / "walks.npz", subject=None)], message


def trials_without_labels(folder):
    message = "walks.npz: trials without labels to learn from; wanted is `y`, one per trial, in an"
    return [npz(folder / "walks.npz", y=None)], message


def trials_without_a_rate(folder):
    message = "walks.npz: its sampling rate is not known; wanted is `sfreq`, in the file or as an"
    return [npz(folder / "walks.npz", sfreq=None)], message


def epochs_without_labels(folder):
    message = "Epochs without labels: all events are 'stimulus'; events of two names, or metadata,"
    return [epochs(folder / "x-epo.fif")], f"{message} are wanted."


def epochs_with_labels_elsewhere(folder):
    path = epochs(folder / "x-epo.fif", hand=["l", "r"] * 12)
    message = "all events are 'stimulus'; name a column of the metadata by `label` or --label: hand"
    return [path], f"Epochs without labels: {message}."


def epochs_without_the_column(folder):
    path = epochs(folder / "x-epo.fif", hand=["l", "r"] * 12)
    return [path, "--label", "foot"], "x-epo.fif: no column 'foot' in the metadata; it has hand."


def a_folder_of_something_else_as_cache(folder):
    people(folder, REST, SUM)
    message = "not a cache of windows, but not empty either; a folder of its own is wanted."
    return [folder, "--cache", folder], f"{folder}: {message}"


def a_folder_of_something_else_as_cache_of_a_simulation(folder):
    (folder / "thesis.tex").touch()
    message = "not a cache of windows, but not empty either; a folder of its own is wanted."
    return ["--subjects", 2, "--hours", 0.1, "--cache", folder], f"{folder}: {message}"


def several_kinds(folder):
    people(folder, REST, SUM, names="a")
    path = npz(folder / "walks.npz")
    message = f"What is given is of several kinds: recordings ({folder / 'a_raw.fif'}) and arrays"
    return [folder], f"{message} ({path}). Name files of one kind, or choose by --task."


def entities_of_epochs(folder):
    path = epochs(folder / "x-epo.fif", event_id={"l": 1, "r": 2})
    message = "Entities (--bids) are those of a BIDS root. Found epochs."
    return [path, "--bids", "task=rest"], message


def entities_of_no_root(folder):
    message = "Entities (--bids) are those of a BIDS root. Found none."
    return [people(folder, REST, SUM), "--bids", "task=rest"], message


def entities_of_nothing(folder):
    message = "--bids chooses among recordings of a BIDS root, and none is given."
    return ["--bids", "task=rest"], message


def numbers_without_a_data_set(folder):
    return ["--ids", 1, 2], "--ids are subjects of --dataset, which is not given."


def a_data_set_beside_recordings(folder):
    message = "--dataset is learned from alone, but recordings are given too."
    return [people(folder, REST, SUM), "--dataset", "MOABB:BNCI2014_001"], message


def a_data_set_without_a_source(folder):
    message = "A data set is named as MOABB:BNCI2014_001 or braindecode:SleepPhysionet. Found 'BNC"
    return ["--dataset", "BNCI2014_001"], message


def a_length_as_start_and_end(folder):
    message = "--window should be the length of a window, in seconds. Found 0 4."
    return [people(folder, REST, SUM), "--window", 0, 4], message


def a_length_that_is_none(folder):
    message = "--window should be the length of a window, in seconds. Found 0."
    return [people(folder, REST, SUM), "--window", 0], message


def one_label_of_two(folder):
    message = "There should be two labels or more, each with an annotation of its own. Found {'rest"
    shown = "'rest'}, among the annotations 'rest' (3), 'arithmetic' (3). Choose some by `labels`"
    return [people(folder, REST, SUM), "--labels", "rest"], f"{message}': {shown} or --labels."


def a_window_that_ends_before_its_start(folder):
    message = "Parameter `window` should end after its start. Found 3 to 1 s."
    return [people(folder, *CUES), "--window", 3, 1], message


def an_option_of_another_task(folder):
    message = "--one-subject is an option of --task arrays. Found task blocks."
    return [people(folder, REST, SUM), "--one-subject"], message


@pytest.mark.parametrize(
    "make",
    [
        labels_that_do_not_occur,
        one_label,
        overlapping_blocks,
        windows_longer_than_the_blocks,
        one_label_in_training,
        one_subject_to_split_by,
        trials_of_nobody,
        trials_without_labels,
        trials_without_a_rate,
        epochs_without_labels,
        epochs_with_labels_elsewhere,
        epochs_without_the_column,
        a_folder_of_something_else_as_cache,
        a_folder_of_something_else_as_cache_of_a_simulation,
        several_kinds,
        entities_of_epochs,
        entities_of_no_root,
        entities_of_nothing,
        numbers_without_a_data_set,
        a_data_set_beside_recordings,
        a_data_set_without_a_source,
        a_length_as_start_and_end,
        a_length_that_is_none,
        one_label_of_two,
        a_window_that_ends_before_its_start,
        an_option_of_another_task,
    ],
)
def test_what_cannot_be_learned_from_ends_with_status_2_and_one_line(make, tmp_path, capfd):
    (tmp_path / "in").mkdir()
    arguments, message = make(tmp_path / "in")
    before = sorted(os.listdir(tmp_path / "in"))
    status, printed, err = run(capfd, *arguments, "--out", tmp_path / "out", *ALONE)
    assert status == 2 and printed == ""
    (line,) = [line for line in err.splitlines() if line.startswith("eegaug: error:")]
    assert line.startswith(f"eegaug: error: {message}")
    assert not (tmp_path / "out").exists()
    assert sorted(os.listdir(tmp_path / "in")) == before


@pytest.mark.slow
def test_one_channel_is_learned_by_a_network_that_takes_it(tmp_path, capfd):
    generator, y = np.random.default_rng(0), np.arange(48) % 2
    X = generator.standard_normal((48, 200)) + np.outer(y, np.sin(np.arange(200) / 3))
    path = tmp_path / "one.npz"
    np.savez(path, X=X, y=y, subject=np.repeat(list("abcd"), 12), sfreq=100.0)
    status, printed, _ = run(capfd, path, "--out", tmp_path / "out", *ALONE)
    assert status == 0
    assert "The network is EEGNet: braindecode's ShallowFBCSPNet fails with one channel." in printed
    model = load_model(tmp_path / "out" / "model.pt")
    assert model(torch.zeros(2, 1, 200)).shape == (2, 2)
