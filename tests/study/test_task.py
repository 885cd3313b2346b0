"""Tasks: what is specific to one stays in it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import eegaug
from eegaug.recordings import Events, make_windows, simulate_nights
from eegaug.recordings.sleep import stage_of
from eegaug.study import TASKS, Option, Settings, learn, load_model, save_model, write_report
from eegaug.study.metrics import METRICS
from eegaug.study.settings import SPLITS
from eegaug.study.tasks import find_task

STUDY = Path(eegaug.__file__).parent / "study"


OTHERS = [path for path in sorted(STUDY.glob("*.py")) if path.name != "sleep.py"]


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_no_stage_outside_of_the_sleep_task(path):
    text = path.read_text(encoding="utf-8")
    assert "STAGES" not in text
    if path.name in ("cli.py", "report.py"):
        assert "stage" not in text.lower()


@pytest.mark.parametrize("name", TASKS)
def test_tasks_are_complete(name):
    task = find_task(name)
    assert task.name == name and set(task.scores) <= set(METRICS)
    assert task.split in SPLITS
    assert Settings(task, device="cpu").model == task.model


def test_a_flag_is_parsed_alike_in_all_tasks():
    parsers = {}
    for task in TASKS.values():
        for option in task.options:
            assert parsers.setdefault(option.flag, option.parser) == option.parser
    with pytest.raises(ValueError, match=r"`step` should be one of simulate, .*Found 'guess'"):
        Option("--n", "guess", "a number")


def test_an_unknown_task_is_an_error():
    with pytest.raises(
        ValueError, match="No task is named 'dreams'; there are arrays, blocks, epochs"
    ):
        find_task("dreams")


@pytest.mark.slow
def test_a_task_of_the_callers(tmp_path):
    """Asleep or awake, in windows of 10 s: nothing but a task is needed."""

    def find_events(raw):
        codes = [int(stage_of(label) != "W") for label in raw.annotations.description]
        return Events(raw.annotations.onset, np.array(codes), Counter())

    def make(recordings, channels=None, labelled=True, cache=None, progress=False):
        band = {"sfreq": 100.0, "l_freq": 0.5, "h_freq": 30.0}
        return make_windows(recordings, ("wake", "sleep"), find_events, tmin=0.0, tmax=10.0, **band)

    task = replace(
        TASKS["sleep"],
        name="wake",
        kind="state",
        make_windows=make,
        figures=lambda learned: iter(()),
        example=None,
    )
    windows = task.make_windows(simulate_nights(3, hours=0.4))
    settings = Settings(task, model="ShallowFBCSPNet", epochs=1, device="cpu", n_copies=1)
    learned = learn(windows, settings, test="sim01")
    assert learned.invariances()["task"] == "wake" and windows.X.shape[-1] == 1000
    write_report(learned, tmp_path / "report.html")
    save_model(learned, tmp_path / "model.pt")
    model = load_model(tmp_path / "model.pt")
    assert sum(p.numel() for p in model.parameters()) > 0
