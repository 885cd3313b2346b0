"""The main job on two processes: one result, as that of one process."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from eegaug.integrations.resuming import TrainingState
from eegaug.recordings import WindowDataset, make_sleep_windows, simulate_nights
from eegaug.study import load_model
from eegaug.study.cli import RESULTS
from eegaug.study.fit import fit_baseline
from eegaug.study.processes import start_of_workers

from .two_processes import FITS, SETTINGS, losses, make_windows, whole_batch

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """The folder that two processes have written to, and what they have printed."""
    out = tmp_path_factory.mktemp("two_processes")
    script = Path(__file__).with_name("two_processes.py")
    launch = "-W ignore -m torch.distributed.run --standalone --nproc-per-node 2".split()
    done = subprocess.run(
        [sys.executable, *launch, str(script), str(out)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return out, done


@pytest.fixture(scope="module")
def ranks(launched):
    """What each process has."""
    return [torch.load(launched[0] / f"rank{rank}.pt", weights_only=False) for rank in (0, 1)]


@pytest.fixture(scope="module")
def data():
    return make_windows()


def assert_same(one, other):
    """Check that two values are the same, bit for bit."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, torch.Tensor):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    else:
        assert one == other


def test_the_command_writes_and_prints_once(launched, ranks):
    out, done = launched
    assert [each["status"] for each in ranks] == [0, 0]
    assert sorted(os.listdir(out / "learned")) == sorted(RESULTS)
    found = json.loads((out / "learned" / "invariances.json").read_text())
    assert list(found["training"]["seconds"]) == [
        "without augmentation",
        "learning",
        "network 3, recombined",
    ]
    assert load_model(out / "learned" / "model.pt")(torch.zeros(1, 2, 3000)).shape == (1, 5)
    for line in ("Learned invariances (epoch 1, which", found["verdict"], "Wrote invariances.json"):
        assert done.stdout.count(line) == 1, line
    for line in ("Loading libraries", "4 subjects: sim00", "144 windows: W", "Writing the report"):
        assert done.stderr.count(line) == 1, line


@pytest.mark.parametrize("kind", FITS)
def test_both_processes_have_the_same(kind, ranks):
    first, second = (each[kind]["at once"] for each in ranks)
    assert_same(first, second)
    assert len(first["history"]) == SETTINGS.epochs
    assert bool(first["strengths"]) is (kind == "learning")


@pytest.mark.parametrize("kind", FITS)
def test_a_batch_is_split(kind, ranks):
    for each in ranks:
        assert each[kind]["trials"] == [8] * 8, "two batches of 16 in each of four epochs"


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("kind", FITS)
def test_a_training_that_was_stopped_is_the_one_that_was_not(kind, rank, ranks):
    assert_same(ranks[rank][kind]["resumed"], ranks[rank][kind]["at once"])


def test_each_process_goes_on_with_its_own_random_numbers(ranks):
    assert [each["own random"] for each in ranks] == [True, True]


def test_gradients_are_those_of_the_whole_batch(ranks):
    alone = whole_batch()
    for each in ranks:
        torch.testing.assert_close(each["whole batch"], alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", FITS)
def test_losses_are_those_of_one_process(kind, ranks, data):
    """The same first parameters, other orders and draws: means over seeds agree within noise.

    The noise is the standard error of the difference, of the seeds themselves, by epoch.
    """
    one, two = losses(FITS[kind], *data), ranks[0][kind]["losses"]
    error = np.sqrt((one.var(0, ddof=1) + two.var(0, ddof=1)) / len(one))
    assert (np.abs(one.mean(0) - two.mean(0)) < 3 * error).all()
    assert (error < 0.1 * one.mean(0)).all(), "else this says nothing"


@pytest.mark.parametrize(("batch_size", "says"), [(15, 15), (64, 35)])
def test_a_batch_that_cannot_be_split_is_refused(batch_size, says, data, monkeypatch):
    """Of 35 windows to train on, a batch of 64 is one of 35."""
    windows, split = data
    split = replace(split, train=split.train[:35])
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError) as caught:
        fit_baseline(windows, split, replace(SETTINGS, batch_size=batch_size))
    assert str(caught.value) == (
        f"A batch of {says} windows cannot be split evenly between 2 processes; name another"
        " --batch-size."
    )


def test_one_process_does_not_go_on_with_two(launched, data):
    state = launched[0] / "plain.pt"
    with pytest.raises(ValueError) as caught:
        fit_baseline(*data, SETTINGS, state=TrainingState(state))
    assert str(caught.value) == f"{state}: a training of 2 processes cannot go on with 1."


@pytest.mark.parametrize(
    ("n_processes", "workers", "start"),
    [(1, 0, None), (1, 2, None), (2, 0, None), (2, 2, "forkserver")],
)
def test_readers_of_windows_are_not_forked_from_one_of_several_processes(
    n_processes, workers, start, monkeypatch
):
    """Of locks that threads hold, a fork is copied in the middle, and waits for ever."""
    monkeypatch.setenv("WORLD_SIZE", str(n_processes))
    assert start_of_workers(workers) == start
    windows = WindowDataset(make_sleep_windows(simulate_nights(1, hours=0.1)))
    loader = DataLoader(windows, 8, num_workers=workers, multiprocessing_context=start)
    assert sum(len(y) for _, y in loader) == len(windows)
