"""One objective, trained by every engine, on one process and on two."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.filterwarnings("ignore")  # of engines that torch's releases overtake


@pytest.fixture
def examples(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module


def strengths(objective):
    """Flip probability, and the extents of the shifts in time (s) and in frequency (Hz)."""
    chain = objective.model.augmentation.augmentations
    names = zip(chain, ("p", "max_shift", "max_delta_freq"), strict=True)
    return [getattr(transform, name).value.item() for transform, name in names]


def check_found(found):
    """Check what is learned: polarity and time are free, frequency is bounded below 3 Hz."""
    flip, time, frequency = found
    assert flip == pytest.approx(0.5, abs=0.1)
    assert time == pytest.approx(2.0, abs=0.1)
    assert frequency == pytest.approx(1.4, abs=0.25)


QUIET = {"enable_progress_bar": False, "accelerator": "cpu", "devices": 1}
ENGINES = {
    "plain_torch": {},
    "with_skorch": {},
    "with_lightning": QUIET,
    "with_accelerate": {},
}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_trains_by_the_same_objective(examples, engine):
    objective = examples(engine).main(**ENGINES[engine])
    check_found(strengths(objective))
    assert 0.5 < objective.skill <= 1


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_examples_are_short(script):
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 40


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """What each of two processes has after a training together."""
    out = tmp_path_factory.mktemp("two_processes")
    script = Path(__file__).with_name("two_processes.py")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*launch, "--nproc-per-node", "2", str(script), str(out)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [torch.load(out / f"rank{rank}.pt") for rank in (0, 1)]


@pytest.mark.slow
def test_two_processes_have_the_same_strengths_and_running_means(two_processes):
    first, second = (saved["state"] for saved in two_processes)
    assert first.keys() == second.keys() and "running_loss" in first
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
    assert first["running_loss"].isfinite() and first["baseline_loss"].isfinite()


@pytest.mark.slow
def test_two_processes_draw_apart_though_seeded_alike(two_processes):
    for one, other in zip(*(saved["draws"] for saved in two_processes), strict=True):
        assert not torch.equal(one, other)


@pytest.mark.slow
def test_two_processes_learn_what_one_does_with_the_doubled_batch(two_processes, examples):
    together = examples("plain_torch").main()
    learned = examples("plain_torch").main(epochs=0)
    learned.load_state_dict(two_processes[0]["state"])
    check_found(strengths(learned))
    assert strengths(learned) == pytest.approx(strengths(together), rel=0.15)
    assert learned.skill.item() == pytest.approx(together.skill.item(), abs=0.1)


def test_probabilities_have_one_gradient_on_both_processes(two_processes):
    """Unused parameters searched for, as with networks that leave some out."""
    first, second = (saved["gradients"] for saved in two_processes)
    assert any("raw" in name for name in first)
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
    assert torch.equal(two_processes[0]["skill"], two_processes[1]["skill"])
