"""Settings of a training."""

import pytest
import torch

from eegaug.study import TASKS, Settings
from eegaug.study.settings import choose_device


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"model": "SleepStagerChambon"}, "did you mean SleepStagerChambon2018"),
        (
            {"policy": "awake"},
            "No policy is named 'awake'; there are chain, default, general",
        ),
        ({"epochs": 0}, "`epochs` should be positive"),
        ({"objective": "speed"}, "`objective` should be 'score' or 'invariance'. Found 'speed'"),
        ({"n_networks": 0}, "`n_networks` should be positive"),
        ({"n_copies": -1}, "`n_copies` should be 0 or more"),
        ({"epochs": 2.5}, "`epochs` should be an integer"),
        ({"lr": -1.0}, "`lr` should be positive"),
        ({"reward_weight": -1}, "`reward_weight` should be zero or more"),
        ({"seed": -1}, "`seed` should be an integer from 0"),
        ({"seed": 2**32}, "`seed` should be an integer from 0"),
        ({"device": "abacus"}, "No device 'abacus' can be used here"),
        ({"device": "meta"}, "No device 'meta' can be used here"),
        ({"device": "cpu:5"}, "No device 'cpu:5' can be used here"),
    ],
)
def test_bad_settings_give_one_line(settings, match):
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


def test_the_defaults_are_the_tasks():
    settings = Settings(TASKS["events"], epochs=3)
    assert settings.model == "ShallowFBCSPNet"
    assert (settings.epochs, settings.batch_size) == (3, 32)
    assert Settings().model == "SleepStagerChambon2018"
    with pytest.raises(TypeError, match=r"`task` should be a Task.*Found 'sleep'"):
        Settings("sleep")


def test_each_objective_has_its_own_policy_and_number_of_copies():
    found = [
        (settings.objective, settings.policy, settings.n_copies)
        for settings in (Settings(), Settings(objective="invariance"))
    ]
    assert found == [("score", "default", 0), ("invariance", "general", 4)]
    assert Settings(policy="chain").policy == "chain"
    assert Settings(objective="invariance", n_copies=0).n_copies == 0
