"""The whole path: from recordings to invariances, report and model."""

import dataclasses
import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from eegaug import InvariantModel, __version__
from eegaug.recordings import make_windows, simulate_nights
from eegaug.study import Settings, choose_device, is_unused, learn, load_model
from eegaug.study.cli import RESULTS, _parser, main

from .conftest import SHARED, write_hypnogram, write_psg
from .test_recordings import BAD_FILES, needs_ucddb

QUICK = ["--epochs", "2", "--batch-size", "16"]


def run(capfd, *arguments):
    """Run the command; return its status and what it printed."""
    status = main(["learn", *map(str, arguments)])
    printed = capfd.readouterr()
    return status, printed.out, printed.err


@pytest.fixture(scope="module")
def learned(windows):
    settings = Settings(policy="sleep", epochs=3, batch_size=16, device="cpu")
    return learn(windows, settings, test=["sim01"], compare=True)


# -- the library --------------------------------------------------------------------------


def test_what_is_learned_is_told_as_agreed(learned):
    told = json.loads(json.dumps(learned.invariances()))
    assert told["eegaug"] == __version__
    assert [len(layer["transforms"]) for layer in told["layers"]] == [3, 5, 5]
    shift = told["layers"][1]["transforms"][-1]
    assert shift["name"] == "FrequencyShift"
    assert 0 <= shift["weight"] <= 1
    assert set(shift["strengths"]["max_delta_freq"]) == {"value", "unit", "low", "high"}
    assert shift["strengths"]["max_delta_freq"]["unit"] == "Hz"
    assert 0 <= told["scores"]["balanced_accuracy"] <= 1
    assert set(told["scores"]) == set(told["scores_without_augmentation"])
    assert told["training"]["model"] == "SleepStagerChambon2018"


@pytest.mark.parametrize(
    ("weight", "value", "unused"), [(1.0, 0.5, False), (0.01, 0.5, True), (1.0, 0.01, True)]
)
def test_transforms_that_do_next_to_nothing_are_told(weight, value, unused):
    strength = {"value": value, "unit": "Hz", "low": 0.0, "high": 5.0}
    transform = {"name": "FrequencyShift", "weight": weight, "strengths": {"max": strength}}
    assert is_unused(transform) == unused


def test_the_network_learns_and_the_strengths_move(learned):
    losses = learned.net.history[:, "valid_loss"]
    assert min(losses) < losses[0]
    moved = [
        strength["value"]
        for layer in learned.invariances()["layers"]
        for transform in layer["transforms"]
        if transform["name"] == "FTSurrogate"
        for strength in transform["strengths"].values()
    ]
    assert all(value != 0.5 for value in moved)


def test_every_strength_is_told_how_sure_it_is(learned):
    told = json.loads(json.dumps(learned.invariances()))
    strengths = [
        (number, transform["name"], name)
        for number, layer in enumerate(told["layers"], 1)
        for transform in layer["transforms"]
        for name in transform["strengths"]
    ]
    trust = told["trust"]["strengths"]
    assert [(each["layer"], each["transform"], each["strength"]) for each in trust] == strengths
    verdicts = {"bounded", "ruled out", "free", "not determined", "too wide"}
    assert {each["verdict"] for each in trust} <= verdicts
    assert [each["layer"] for each in told["trust"]["compare_top_candidates"]] == [1, 2, 3]
    table = learned.sureness()
    assert len(table) == len(strengths) and "restarts" not in table
    shown = table.set_index(["layer", "transform", "strength"])["late epochs"]
    last = learned.net.history[-1, "layer 1 SignFlip p (probability)"]
    assert shown[1, "SignFlip", "p"] == f"{last:.3g} to {last:.3g}", "a quarter of three epochs"


@pytest.mark.parametrize(
    ("verdict", "doubt"),
    [
        ("bounded", None),
        ("not determined", "is not determined by the data. Why"),
        ("too wide", "reaches too far for people not trained on. Why"),
    ],
)
def test_verdicts_that_stand_against_an_answer_are_doubts(learned, monkeypatch, verdict, doubt):
    profile = dataclasses.replace(learned.profiles[0], verdict=verdict, reason="Why.")
    monkeypatch.setattr(learned, "profiles", [profile])
    monkeypatch.setattr(learned, "compare_top_candidates", [])
    found = learned.doubts()
    assert (doubt is None and not found) or (len(found) == 1 and doubt in found[0])


def test_restarts_tell_whether_answers_agree(windows):
    settings = Settings(epochs=1, batch_size=16, device="cpu")
    again = learn(windows, settings, test=["sim01"], restarts=1)
    other = learn(windows, replace(settings, seed=1), test=["sim01"])
    assert again.restarts == [other.invariances()["layers"]] or again.split.how != other.split.how
    assert len(again.restarts) == 1
    values = again.sureness()["restarts"]
    assert all(" to " in value for value in values)
    far = {"value": 5.0, "unit": "Hz", "low": 0.0, "high": 5.0}
    again.restarts[0][2]["transforms"][0]["strengths"]["max_delta_freq"] = far
    assert any("differs between restarts" in doubt for doubt in again.doubts())
    with pytest.raises(ValueError, match=r"`restarts` should be an integer from 0\. Found -1"):
        learn(windows, settings, restarts=-1)


def test_a_training_that_becomes_nan_keeps_what_it_had(windows, monkeypatch):
    """One window is not a number: the loss is not, as soon as it is drawn."""
    original = InvariantModel.forward
    steps = []

    def forward(model, x):
        outputs = original(model, x)
        if not model.training:
            return outputs
        steps.append(len(x))
        return outputs * torch.nan if sum(steps) > 1.5 * trained else outputs

    settings = Settings(epochs=4, batch_size=16, device="cpu")
    trained = len(learn(windows, settings, test=["sim01"]).split.train)
    monkeypatch.setattr(InvariantModel, "forward", forward)
    with pytest.warns(UserWarning, match="loss became nan in epoch 2"):
        learned = learn(windows, settings, test=["sim01"])
    (stopped,) = [warning for warning in learned.warnings() if "training stopped" in warning]
    assert "the parameters of epoch 1 were kept" in stopped
    assert len(learned.net.history) == learned.best_epoch == 1
    assert all(np.isfinite(score) for score in learned.scores()["balanced_accuracy"])


def test_the_kept_epoch_is_the_one_that_validates_best(learned, windows):
    best = learned.net.history[learned.best_epoch - 1]
    X, y = windows.X[learned.split.valid], windows.y[learned.split.valid]
    recalls = [np.mean(learned.net.predict(X)[y == code] == code) for code in np.unique(y)]
    assert np.mean(recalls) == pytest.approx(best["valid_balanced_accuracy"])


def test_a_saved_model_predicts_the_same(learned, windows, tmp_path):
    learned.save_model(tmp_path / "model.pt")
    saved = torch.load(tmp_path / "model.pt", weights_only=True)
    assert saved["ch_names"] == ["Fpz-Cz", "Pz-Oz"] and saved["stages"][4] == "REM"
    model = load_model(tmp_path / "model.pt")
    assert isinstance(model, InvariantModel)
    x = torch.as_tensor(windows.X[:4])
    with torch.no_grad():
        assert torch.equal(model(x), learned.net.module_.eval()(x))


def test_what_is_no_model_of_ours_is_told(learned, tmp_path):
    torch.save(learned.net.module_.state_dict(), tmp_path / "mine.pt")
    with pytest.raises(ValueError, match=r"mine\.pt: not the model\.pt of `eegaug learn`"):
        load_model(tmp_path / "mine.pt")


def test_windows_that_nobody_scored_are_not_learned_from(windows):
    unscored = make_windows(simulate_nights(2, hours=0.1), scored=False)
    with pytest.raises(ValueError, match=r"scored to learn from them\. Found 24 without a stage"):
        learn(unscored)


def test_training_leaves_the_callers_random_numbers_alone(windows):
    state = torch.get_rng_state()
    learn(windows, Settings(epochs=1, batch_size=16))
    assert torch.equal(torch.get_rng_state(), state)


def test_another_model_of_braindecode(windows):
    settings = Settings(model="ShallowFBCSPNet", epochs=1, batch_size=16)
    assert learn(windows, settings).scores().shape == (1, 4)


def test_a_model_that_gives_no_score_a_stage_is_refused(windows):
    with pytest.raises(ValueError, match=r"Model TCN should give one score a stage.*Found \(2, 5"):
        learn(windows, Settings(model="TCN", epochs=1))


def test_a_model_that_cannot_take_the_windows_is_refused(windows):
    with pytest.raises(ValueError, match=r"Model SignalJEPA cannot take .*chs_info"):
        learn(windows, Settings(model="SignalJEPA", epochs=1))


def test_stages_that_are_not_trained_are_not_validated_on(windows):
    """With a batch of such a stage alone, the weighted loss would be zero by zero."""
    settings = Settings(epochs=1, batch_size=1)
    for seed in range(2):
        persons = windows.persons
        y = windows.epochs.events[:, 2]
        original = y.copy()
        try:
            y[(persons == "sim01") & (y == 0)] = 4  # a stage of one person's own
            y[(persons != "sim01") & (y == 4)] = 0
            learned = learn(windows, settings, test=["sim00"])
        finally:
            y[:] = original
        assert np.isfinite(learned.net.history[:, "valid_loss"]).all(), seed


def test_a_training_that_diverges_is_told(windows):
    stopped = pytest.warns(UserWarning, match="in epoch 1: training stopped, and the first")
    with stopped, pytest.raises(ValueError, match="diverged"):
        learn(windows, Settings(epochs=1, batch_size=16, lr=1e30))


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"model": "SleepStagerChambon"}, "did you mean SleepStagerChambon2018"),
        ({"policy": "awake"}, "No policy is named 'awake'; there are chain, sleep"),
        ({"epochs": 0}, "`epochs` should be positive"),
        ({"epochs": 2.5}, "`epochs` should be an integer"),
        ({"lr": -1.0}, "`lr` should be positive"),
        ({"weight": -1}, "`weight` should be zero or more"),
        ({"seed": -1}, "`seed` should be an integer from 0"),
        ({"seed": 2**32}, "`seed` should be an integer from 0"),
        ({"device": "abacus"}, "No device 'abacus' can be used here"),
        ({"device": "meta"}, "No device 'meta' can be used here"),
    ],
)
def test_bad_settings_are_told(settings, match):
    with pytest.raises((TypeError, ValueError), match=match) as caught:
        Settings(**settings)
    assert "\n" not in str(caught.value)


def test_cuda_is_taken_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto") == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == "cpu"
    with pytest.raises(ValueError, match="torch finds no CUDA device"):
        choose_device("cuda")


# -- the command --------------------------------------------------------------------------


def test_the_command_on_simulated_nights_repeats(tmp_path, capfd):
    told = []
    for name in ("one", "two"):
        out = tmp_path / name
        arguments = ["--people", 4, "--hours", 0.5, "--compare", "--policy", "sleep", "--out", out]
        arguments += QUICK
        status, printed, progress = run(capfd, *arguments)
        assert status == 0
        assert sorted(os.listdir(out)) == sorted(RESULTS)
        told.append(json.loads((out / "invariances.json").read_text()))
        told[-1]["training"].pop("seconds")
    assert told[0] == told[1], "the same seed should give the same result"
    assert "phase_noise_magnitude" in printed and "Hz" in printed and "plain" in printed
    assert "epoch 2/2" in progress
    report = (out / "report.html").read_text()
    for piece in (
        "Weights and strengths over epochs",
        "Layer 3: before and after",
        "Confusion matrix",
        "Hypnogram of sim",
        "without augmentation",
        "used for",
    ):
        assert piece in report, piece


def test_another_seed_gives_another_result(tmp_path, capfd):
    told = []
    for seed in (0, 1):
        arguments = ["--people", 4, "--hours", 0.4, "--seed", seed, "--out", tmp_path, *QUICK]
        assert run(capfd, *arguments)[0] == 0
        told.append(json.loads((tmp_path / "invariances.json").read_text())["layers"])
    assert told[0] != told[1]


def test_the_command_on_files(psg_folder, tmp_path, capfd):
    status, _printed, progress = run(capfd, psg_folder, "--test", "anna", "--out", tmp_path, *QUICK)
    assert status == 0
    assert "3 people" in progress
    told = json.loads((tmp_path / "invariances.json").read_text())
    assert told["data"]["split"].startswith("tested on anna")
    assert len(told["layers"]) == 4


def test_one_recording_is_split_into_blocks_and_the_report_says_so(tmp_path, nights, capfd):
    path = tmp_path / "solo_raw.fif"
    nights[0].raw.save(path)
    status, printed, _ = run(capfd, path, "--out", tmp_path / "out", *QUICK)
    assert status == 0
    assert "say nothing about other people" in printed
    assert "say nothing about other people" in (tmp_path / "out" / "report.html").read_text()


# -- bad input ----------------------------------------------------------------------------


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
        (["--test", "zoe"], "Nobody to test on is named zoe; the recordings are of sim00, sim01"),
        (["--device", "cuda"], "torch finds no CUDA device"),
        (["--model", "SleepNet"], "braindecode has no model named 'SleepNet'"),
        (["--policy", "awake"], "No policy is named 'awake'"),
        (["--epochs", "0"], "`epochs` should be positive"),
        (["--people", "0"], "`n_people` should be positive"),
        (["--wake-margin", "-5"], "`wake_margin` should be 0 or more"),
        (["--channels", "Cz"], "no channel Cz; it has Fpz-Cz, Pz-Oz"),
        (["--people", "1", "--hours", "0.09"], "too few to split"),
    ],
)
def test_bad_options_end_with_status_2_and_one_line(arguments, message, tmp_path, capfd):
    if "cuda" in arguments and torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    out = tmp_path / "out"
    status, _, err = run(capfd, "--people", 3, "--hours", 0.2, *arguments, "--out", out)
    assert status == 2
    (line,) = [line for line in err.splitlines() if line.startswith("eegaug: error:")]
    assert message in line
    assert not out.exists()


def test_the_command_has_the_librarys_defaults():
    told, settings = vars(_parser().parse_args(["learn"])), Settings()
    for name in ("model", "policy", "epochs", "batch_size", "weight", "seed"):
        assert told[name] == getattr(settings, name), name


def test_an_unknown_option_ends_with_status_2(capfd):
    with pytest.raises(SystemExit) as caught:
        main(["learn", "--frobnicate"])
    assert caught.value.code == 2


def test_an_output_that_is_no_folder_is_told_before_training(tmp_path, capfd):
    (tmp_path / "out").write_text("mine")
    status, _, err = run(capfd, "--out", tmp_path / "out")
    assert status == 2 and "not a folder that can be written to" in err
    assert (tmp_path / "out").read_text() == "mine"


def test_nothing_is_left_of_a_failure(tmp_path, capfd):
    status, *_ = run(capfd, "--people", 0, "--out", tmp_path / "a" / "b" / "c")
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
    status, *_ = run(capfd, "--people", 3, "--hours", 0.2, "--test", "zoe", "--out", tmp_path)
    assert status == 2
    assert earlier.read_text() == "earlier" and os.listdir(tmp_path) == ["invariances.json"]


def test_recordings_that_differ_are_brought_together_and_told(tmp_path, nights, capfd):
    for number, night in enumerate(nights):
        raw = night.raw.copy()
        if number == 1:
            raw.resample(128, verbose="error").reorder_channels(raw.ch_names[::-1])
        raw.save(tmp_path / f"p{number}_raw.fif")
    status, _, err = run(capfd, tmp_path, "--out", tmp_path / "out", *QUICK)
    assert status == 0
    assert "resampled to 100 Hz: 1 from 128 Hz" in err and "brought to the order" in err


def test_recordings_without_a_common_channel_are_refused_with_their_names(tmp_path, nights, capfd):
    for name, channels in (("a", ["C3", "C4"]), ("b", ["O1", "O2"])):
        write_psg(tmp_path / f"{name}-PSG.edf", nights[0], names=channels)
        write_hypnogram(tmp_path / f"{name}-Hypnogram.edf", nights[0])
    status, _, err = run(capfd, tmp_path, "--out", tmp_path / "out")
    assert status == 2
    assert "no EEG channel in common" in err and "C3, C4" in err and "O1, O2" in err


# -- real recordings ----------------------------------------------------------------------


@needs_ucddb
def test_the_command_on_real_nights(tmp_path, capfd):
    files = [SHARED / "ucddb" / f"UCD0{number}-PSG.edf" for number in ("06", "07", "17", "18")]
    out = tmp_path / "out"
    status, printed, err = run(capfd, *files, "--test", "UCD017", "--out", out, *QUICK)
    assert status == 0
    assert "tested on UCD017" in printed
    assert "come from UCD018 alone" in printed
    assert "23 flat" in err
    told = json.loads((out / "invariances.json").read_text())
    assert [source["person"] for source in told["data"]["recordings"]] == [
        "UCD006",
        "UCD007",
        "UCD017",
        "UCD018",
    ]
