"""The command, from recordings to invariances, report and model."""

import json
import os

import pytest
import torch

from eegaug.study import Settings, load_model
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


def test_another_seed_gives_another_result(tmp_path, capfd):
    found = []
    for seed in (0, 1):
        arguments = ["--subjects", 4, "--hours", 0.4, "--seed", seed, "--out", tmp_path, *ALONE]
        assert run(capfd, *arguments)[0] == 0
        found.append(json.loads((tmp_path / "invariances.json").read_text())["layers"])
    assert found[0] != found[1]


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
        main(["learn", "--frobnicate"])
    assert caught.value.code == 2


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


def test_motor_imagery_simulated(tmp_path, capfd):
    out = tmp_path / "out"
    arguments = ["--task", "events", *FISTS, "--policy", "imagery", "--subjects", 2, "--trials", 12]
    status, printed, err = run(capfd, *arguments, "--compare", "--out", out, *ALONE)
    assert status == 0
    assert "SensorsXRotation" in printed and "tested on the last third" in printed
    assert "24 windows: left 12, right 12" in err
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
        (["--task", "events", "--subjects", "1", "--trials", "2"], "too few to split in time"),
        (["--task", "events", "--window", "3"], "should be the start and the end of a window"),
        (["--task", "blocks"], "There is no simulation for --task blocks: name recordings."),
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
