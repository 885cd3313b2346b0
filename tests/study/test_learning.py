"""Training and its result: invariances, confidence, model file."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from eegaug import InvariantModel, LearnedStrength, __version__
from eegaug.inspect.records import as_json
from eegaug.recordings import make_sleep_windows, simulate_nights
from eegaug.study import Settings, learn, load_model, save_model
from eegaug.study.result import is_inactive


@pytest.fixture(scope="module")
def learned(windows):
    settings = Settings(policy="sleep", epochs=3, batch_size=16, device="cpu")
    return learn(windows, settings, test=["sim01"], compare=True)


def test_invariances_are_laid_out_as_agreed(learned):
    found = json.loads(json.dumps(learned.invariances()))
    assert found["eegaug"] == __version__
    assert [len(layer["transforms"]) for layer in found["layers"]] == [3, 5, 5]
    shift = found["layers"][1]["transforms"][-1]
    assert shift["name"] == "FrequencyShift"
    assert 0 <= shift["weight"] <= 1
    assert set(shift["strengths"]["max_delta_freq"]) == {"value", "unit", "low", "high"}
    assert shift["strengths"]["max_delta_freq"]["unit"] == "Hz"
    assert 0 <= found["scores"]["balanced_accuracy"] <= 1
    assert set(found["scores"]) == set(found["scores_without_augmentation"])
    assert found["training"]["model"] == "SleepStagerChambon2018" and found["task"] == "sleep"
    assert found["data"]["labels"] == ["W", "N1", "N2", "N3", "REM"]


@pytest.mark.parametrize(
    ("weight", "value", "inactive"), [(1.0, 0.5, False), (0.01, 0.5, True), (1.0, 0.01, True)]
)
def test_transforms_that_do_next_to_nothing_are_inactive(weight, value, inactive):
    record = LearnedStrength(1, "FrequencyShift", weight, "max", value, "Hz", 0.0, 5.0)
    assert is_inactive([record]) == inactive


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


def test_every_strength_has_its_confidence(learned):
    found = json.loads(json.dumps(learned.invariances()))
    strengths = [
        (number, transform["name"], name)
        for number, layer in enumerate(found["layers"], 1)
        for transform in layer["transforms"]
        for name in transform["strengths"]
    ]
    trust = found["trust"]["strengths"]
    assert [(each["layer"], each["transform"], each["strength"]) for each in trust] == strengths
    verdicts = {"bounded", "ruled out", "free", "not determined", "too wide"}
    assert {each["verdict"] for each in trust} <= verdicts
    assert [each["layer"] for each in found["trust"]["candidates"]] == [1, 2, 3]
    table = learned.confidence_table()
    assert len(table) == len(strengths) and "restarts" not in table
    shown = table.set_index(["layer", "transform", "strength"])["late epochs"]
    last = learned.net.history[-1, "layer 1 SignFlip p (probability)"]
    assert shown[1, "SignFlip", "p"] == f"{last:.3g} to {last:.3g}", "a quarter of three epochs"


@pytest.mark.parametrize(
    ("verdict", "caveat"),
    [
        ("bounded", None),
        ("not determined", "is not determined by the data. Why"),
        ("too wide", "is too wide for windows not trained on. Why"),
    ],
)
def test_verdicts_that_stand_against_an_answer_are_caveats(learned, verdict, caveat):
    profile = replace(learned.profiles[0], verdict=verdict, reason="Why.")
    strengths = [record for record in learned.strengths if record.name][:1]
    found = replace(learned, strengths=strengths, profiles=[profile], comparisons=[]).caveats()
    assert (caveat is None and not found) or (len(found) == 1 and caveat in found[0])


def test_restarts_show_whether_answers_agree(windows):
    settings = Settings(epochs=1, batch_size=16, device="cpu")
    again = learn(windows, settings, test=["sim01"], restarts=1)
    other = learn(windows, replace(settings, seed=1), test=["sim01"])
    same_split = again.split.how == other.split.how
    assert not same_split or as_json(again.restarts[0]) == other.invariances()["layers"]
    assert len(again.restarts) == 1
    values = again.confidence_table()["restarts"]
    assert all(" to " in value for value in values)
    again.restarts[0][2] = replace(again.restarts[0][2], value=5.0)
    assert any("differs between restarts" in caveat for caveat in again.caveats())
    with pytest.raises(ValueError, match=r"`restarts` should be an integer from 0\. Found -1"):
        learn(windows, settings, restarts=-1)


def test_a_training_that_becomes_nan_keeps_what_it_had(windows, monkeypatch):
    """One window is not a number: the loss is not, as soon as it is drawn."""
    original = InvariantModel.forward
    steps = []

    def forward(model, x, draw=None):
        outputs = original(model, x, draw)
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
    save_model(learned, tmp_path / "model.pt")
    saved = torch.load(tmp_path / "model.pt", weights_only=True)
    assert saved["ch_names"] == ["Fpz-Cz", "Pz-Oz"] and saved["labels"][4] == "REM"
    model = load_model(tmp_path / "model.pt")
    assert isinstance(model, InvariantModel)
    x = torch.as_tensor(windows.X[:4])
    with torch.no_grad():
        assert torch.equal(model(x), learned.net.module_.eval()(x))


def test_another_model_file_is_an_error(learned, tmp_path):
    torch.save(learned.net.module_.state_dict(), tmp_path / "mine.pt")
    with pytest.raises(ValueError, match=r"mine\.pt: not the model\.pt of `eegaug learn`"):
        load_model(tmp_path / "mine.pt")


def test_unlabelled_windows_are_not_learned_from(windows):
    unscored = make_sleep_windows(simulate_nights(2, hours=0.1), scored=False)
    with pytest.raises(ValueError, match=r"labelled to learn from them\. Found 24 without a stage"):
        learn(unscored)


def test_training_leaves_the_callers_random_numbers_alone(windows):
    state = torch.get_rng_state()
    learn(windows, Settings(epochs=1, batch_size=16))
    assert torch.equal(torch.get_rng_state(), state)


def test_another_model_of_braindecode(windows):
    settings = Settings(model="ShallowFBCSPNet", epochs=1, batch_size=16)
    assert learn(windows, settings).scores().shape == (1, 4)


def test_a_model_without_one_output_per_label_is_refused(windows):
    with pytest.raises(ValueError, match=r"Model TCN should give one output .*Found \(2, 5"):
        learn(windows, Settings(model="TCN", epochs=1))


def test_a_model_that_cannot_take_the_windows_is_refused(windows):
    with pytest.raises(ValueError, match=r"Model SignalJEPA cannot take .*chs_info"):
        learn(windows, Settings(model="SignalJEPA", epochs=1))


def test_stages_that_are_not_trained_are_not_validated_on(windows):
    """With a batch of such a stage alone, the weighted loss would be zero by zero."""
    settings = Settings(epochs=1, batch_size=1)
    for seed in range(2):
        subjects = windows.subjects
        y = windows.epochs.events[:, 2]
        original = y.copy()
        try:
            y[(subjects == "sim01") & (y == 0)] = 4  # a stage of one person's own
            y[(subjects != "sim01") & (y == 4)] = 0
            learned = learn(windows, settings, test=["sim00"])
        finally:
            y[:] = original
        assert np.isfinite(learned.net.history[:, "valid_loss"]).all(), seed


def test_a_training_that_diverges_is_an_error(windows):
    stopped = pytest.warns(UserWarning, match="in epoch 1: training stopped, and the first")
    with stopped, pytest.raises(ValueError, match="training diverged"):
        learn(windows, Settings(epochs=1, batch_size=16, lr=1e30))


def test_a_network_at_chance_is_warned_of(learned):
    y_pred = np.resize([0, 1, 2, 3, 4], len(learned.y_true))
    chance = replace(learned, y_pred={"augmented": y_pred})
    (warning,) = [each for each in chance.warnings() if "is not above chance" in each]
    assert f"{len(y_pred)} test windows" in warning and "its strengths mean nothing" in warning
    right = replace(learned, y_pred={"augmented": learned.y_true})
    assert not any("chance" in each for each in right.warnings())
