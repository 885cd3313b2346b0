"""A training that was stopped goes on as if nothing had happened."""

import errno
import os
import pickle
import time

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from skorch.helper import predefined_split
from torch import nn
from torch.utils.data import TensorDataset

from eegaug import Compose, InvarianceObjective, InvariantModel, ScoreObjective, SignFlip, TimeShift
from eegaug.integrations.braindecode import EEGClassifier
from eegaug.integrations.resuming import TrainingState
from eegaug.integrations.skorch import trained_module

#: Epochs of a training, and trials of a batch: three batches an epoch, the last one smaller.
EPOCHS, BATCH = 4, 16


def trials(n_trials, seed, shift=1.0):
    """Trials of two labels that a network can tell apart."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n_trials) % 2
    x = torch.randn(n_trials, 2, 50, generator=generator)
    return TensorDataset(x + shift * (y - 0.5)[:, None, None], y)


def network():
    return nn.Sequential(
        nn.Conv1d(2, 4, 5), nn.BatchNorm1d(4), nn.Flatten(), nn.Dropout(), nn.Linear(184, 2)
    )


def augmented():
    return InvariantModel(network(), Compose([SignFlip(), TimeShift(sfreq=50, max_shift=0.1)]))


def plain(**settings):
    return NeuralNetClassifier(
        network(), criterion=nn.CrossEntropyLoss, callbacks__valid_acc=None, **settings
    )


def learning(objective):
    def make(**settings):
        return EEGClassifier(
            augmented(),
            objective=objective,
            classes=[0, 1],
            iterator_train__drop_last=False,
            callbacks__valid_acc=None,
            **settings,
        )

    return make


NETS = {
    "plain": plain,
    "invariance": learning(InvarianceObjective),
    "score": learning(ScoreObjective),
}


class Stop(Callback):
    """Ctrl-C at a batch of an epoch, both counted from 1."""

    def __init__(self, epoch, batch):
        self.epoch, self.batch = epoch, batch

    def on_batch_end(self, net, training=False, **kwargs):
        now = (len(net.history), len(net.history[-1]["batches"]))
        if training and now == (self.epoch, self.batch):
            raise KeyboardInterrupt


def prepared(make, path=None, seed=0, others=(), shift=1.0):
    """A net that is about to train, and the state of its training."""
    torch.manual_seed(seed)
    state = TrainingState(path)
    net = make(
        optimizer=torch.optim.Adam,
        lr=0.01,
        batch_size=BATCH,
        train_split=predefined_split(trials(20, seed=1, shift=shift)),
        callbacks=[*others, ("state", state)],
        callbacks__print_log=None,
        verbose=0,
    ).initialize()
    return net, state


def train(make, path=None, epochs=EPOCHS, **options):
    """Train to the end of so many epochs, those before a stop among them."""
    net, state = prepared(make, path, **options)
    done = state.restore(net)
    net.partial_fit(trials(42, seed=0), epochs=epochs - done)
    return net, state


def assert_same(one, other):
    """Check that two values are the same, bit for bit."""
    if isinstance(one, torch.Tensor):
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for mine, yours in zip(one, other, strict=True):
            assert_same(mine, yours)
    else:
        assert one == other


def rows(net):
    """The history but for times, and for batches, which are those of this process alone."""
    return [
        {k: v for k, v in row.items() if k != "batches" and "dur" not in k} for row in net.history
    ]


def everything(net, state):
    """All that a training leaves behind."""
    return {
        "trained": trained_module(net).state_dict(),
        "optimizer": net.optimizer_.state_dict(),
        "history": rows(net),
        "best": state.best_,
        "random": torch.get_rng_state(),
    }


@pytest.fixture(scope="module")
def left_alone():
    """What trainings without a stop, and without a file, leave behind."""
    return {name: everything(*train(make)) for name, make in NETS.items()}


STOPS = {
    "after an epoch": {"epochs": 1},
    "after three": {"epochs": 3},
    "in the first epoch": {"others": [("stop", Stop(1, 2))]},
    "in the third": {"others": [("stop", Stop(3, 1))]},
    "in the last": {"others": [("stop", Stop(EPOCHS, 3))]},
    "after the end": {},
}


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("kind", NETS)
def test_a_training_that_was_stopped_is_the_one_that_was_not(kind, stop, left_alone, tmp_path):
    path = tmp_path / "state.pt"
    train(NETS[kind], path, **STOPS[stop])
    seed = 99 if path.exists() else 0  # another start, and other random numbers
    found = everything(*train(NETS[kind], path, seed=seed))
    assert_same(found, left_alone[kind])
    assert len(found["history"]) == EPOCHS and list(tmp_path.iterdir()) == [path]


def test_a_training_may_be_stopped_after_each_epoch(left_alone, tmp_path):
    for epochs in range(1, EPOCHS + 1):
        found = everything(*train(NETS["score"], tmp_path / "state.pt", epochs, seed=epochs - 1))
    assert_same(found, left_alone["score"])


def test_the_trainings_try_what_they_should(left_alone):
    """Else equal results would say nothing."""
    for name, make in NETS.items():
        other = everything(*train(make, seed=1))
        with pytest.raises(AssertionError):
            assert_same(other["trained"], left_alone[name]["trained"])


def test_the_phase_of_the_score_is_in_the_file(tmp_path):
    for epochs in range(1, EPOCHS + 1):
        train(NETS["score"], tmp_path / "state.pt", epochs)
        saved = torch.load(tmp_path / "state.pt", weights_only=True)
        assert saved["trained"]["_extra_state"] == {"phase": 3 * epochs % 4}, "three batches each"


def test_the_file_opens_without_code_and_is_the_training(tmp_path):
    path = tmp_path / "state.pt"
    net, state = train(NETS["invariance"], path, epochs=2)
    saved = torch.load(path, weights_only=True)
    assert (saved["epochs"], saved["message"]) == (2, None)
    assert_same(saved["trained"], dict(trained_module(net).state_dict()))
    assert_same(saved["best"], dict(state.best_))
    assert_same(saved["random"], [[torch.get_rng_state()]])
    assert '"layer 1 SignFlip p (probability)"' in saved["history"]


def test_numbers_of_the_history_are_read_as_they_were(tmp_path):
    net, state = prepared(plain, tmp_path / "state.pt")
    net.history.new_epoch()
    row = {"one": np.float32(0.1), "two": np.bool_(True), "nan": float("nan"), "tensor": 0.5}
    for key, value in row.items():
        net.history.record(key, torch.tensor(value) if key == "tensor" else value)
    state.save(net)
    net, state = prepared(plain, tmp_path / "state.pt")
    assert state.restore(net) == 1
    (found,) = rows(net)
    assert found["nan"] != found.pop("nan")
    assert found == {"one": float(np.float32(0.1)), "two": True, "tensor": 0.5}


# -- the epoch that validates best ---------------------------------------------------------


def test_the_best_epoch_is_kept_over_a_stop(tmp_path):
    """Labels to validate on are the other way round: what is learned is wrong there."""
    path = tmp_path / "state.pt"
    net, state = train(plain, path, epochs=1, shift=-1.0)
    first = {name: value.clone() for name, value in net.module_.state_dict().items()}
    net, state = train(plain, path, seed=9, shift=-1.0)
    assert [row["valid_loss_best"] for row in net.history] == [True, False, False, False]
    assert_same(dict(state.best_), first)
    assert_same(everything(net, state), everything(*train(plain, shift=-1.0)))
    state.load_best(net)
    assert_same(dict(net.module_.state_dict()), first)


def test_without_a_best_epoch_a_net_stays_as_it_is():
    net, state = prepared(plain)
    before = {name: value.clone() for name, value in net.module_.state_dict().items()}
    state.load_best(net)
    assert state.best_ is None
    assert_same(dict(net.module_.state_dict()), before)


def test_what_is_best_is_told_by_the_monitor(tmp_path):
    net, _ = prepared(plain)
    state = TrainingState(monitor="train_loss_best")
    net.history.new_epoch()
    net.history.record("valid_loss_best", True)
    state.on_epoch_end(net)
    assert state.best_ is None
    net.history.record("train_loss_best", True)
    state.on_epoch_end(net)
    assert_same(dict(state.best_), dict(net.module_.state_dict()))


# -- ends, and times -----------------------------------------------------------------------


def test_why_a_training_ended_is_kept(tmp_path):
    path = tmp_path / "state.pt"
    net, state = train(NETS["invariance"], path, epochs=2)
    state.message_ = "The training loss became nan in epoch 3: training stopped."
    state.save(net)
    net, state = prepared(NETS["invariance"], path)
    assert state.message_ is None and state.restore(net) == 2
    assert state.message_ == "The training loss became nan in epoch 3: training stopped."


def test_seconds_leave_stops_out(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    for start, seconds in ((10, 5.0), (100, 12.0)):
        now[0] = start
        net, state = prepared(plain, tmp_path / "state.pt")
        now[0] += 20  # until the training begins
        state.restore(net)
        now[0] += seconds
        state.save(net)
    assert state.seconds_ == 17.0
    now[0] += 1
    state.save(net)
    assert state.seconds_ == 18.0


def test_a_state_is_copied_as_any_callback(tmp_path):
    net, state = prepared(plain, str(tmp_path / "state.pt"))
    (copied,) = (each for name, each in clone(net).callbacks if name == "state")
    assert copied is not state and copied.get_params() == state.get_params()
    pickle.loads(pickle.dumps(state)).save(net)
    assert prepared(plain, tmp_path / "state.pt")[1].restore(net) == 0
    assert (tmp_path / "state.pt").exists()


# -- files ---------------------------------------------------------------------------------


FAILURES = [
    (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
    (RuntimeError("[enforce fail at inline_container.cc:664]\nframe #0"), "[enforce fail at "),
]


def failing(error):
    def save(state, file):
        file.write(b"PK")
        raise error

    return save


@pytest.mark.parametrize(("error", "why"), FAILURES)
def test_a_file_that_cannot_be_written_leaves_the_epoch_before(error, why, tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    train(plain, path, epochs=1)
    before = path.read_bytes()
    monkeypatch.setattr(torch, "save", failing(error))
    with pytest.raises(OSError) as caught:
        train(plain, path)
    message = str(caught.value)
    assert message.startswith(f"{path}: cannot be written ({why}")
    assert message.endswith("). The epoch before is kept.") and "\n" not in message
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_file_takes_the_place_of_the_one_before_at_once(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    train(plain, path, epochs=1)
    before = path.read_bytes()

    def replace(part, whole):
        assert torch.load(part, weights_only=True)["epochs"] == 2
        assert (str(whole), path.read_bytes()) == (str(path), before)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OSError, match=r"written \(Input/output error\)\. The epoch before is kept"):
        train(plain, path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_first_file_that_cannot_be_written_leaves_none(tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "save", failing(FAILURES[0][0]))
    with pytest.raises(OSError, match=r"state\.pt: cannot be written \(No space .*\)\.$"):
        train(plain, tmp_path / "state.pt")
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_a_file_is_written_leaves_the_epoch_before(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    train(plain, path, epochs=1)
    before = path.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(torch, "save", failing(KeyboardInterrupt()))
        train(plain, path)  # skorch keeps it to itself
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
    net, state = prepared(plain, path)
    assert state.restore(net) == 1


def test_a_folder_that_is_gone_is_an_error_of_one_line(tmp_path):
    with pytest.raises(OSError, match=r"cannot be written \(No such file or directory\)\.$"):
        train(plain, tmp_path / "none" / "state.pt")


def of_another(make):
    return lambda path: train(make, path, epochs=1)


def truncated(path):
    train(plain, path, epochs=1)
    path.write_bytes(path.read_bytes()[:-100])


def of_two_processes(path):
    train(plain, path, epochs=1)
    saved = torch.load(path, weights_only=True)
    torch.save({**saved, "random": saved["random"] * 2}, path)


def wider(**settings):
    return NeuralNetClassifier(
        nn.Sequential(nn.Flatten(), nn.Linear(100, 3)), criterion=nn.CrossEntropyLoss, **settings
    )


DAMAGED = ": damaged; remove it to begin again."
FOREIGN = ": not the state of a training; remove it."
OTHER = ": the state of another network."
WRONG_FILES = [
    (truncated, DAMAGED),
    (lambda path: path.touch(), DAMAGED),
    (lambda path: path.write_text("epochs: 3"), DAMAGED),
    (lambda path: path.mkdir(), DAMAGED),
    (lambda path: torch.save(nn.Linear(2, 2), path), DAMAGED),
    (lambda path: torch.save(3, path), DAMAGED),
    (lambda path: torch.save(torch.zeros(3), path), FOREIGN),
    (lambda path: torch.save(network().state_dict(), path), FOREIGN),
    (of_another(wider), OTHER),
    (of_another(NETS["score"]), OTHER),
    (of_two_processes, ": a training of 2 processes cannot go on with 1."),
]


@pytest.mark.parametrize(("make", "message"), WRONG_FILES)
def test_files_that_cannot_be_gone_on_from(make, message, tmp_path):
    path = tmp_path / "state.pt"
    make(path)
    net, state = prepared(NETS["plain"], path)
    with pytest.raises(ValueError) as caught:
        state.restore(net)
    assert str(caught.value) == f"{path}{message}"


@pytest.mark.parametrize(("one", "other"), [("score", "invariance"), ("invariance", "score")])
def test_the_state_of_another_objective_is_refused(one, other, tmp_path):
    train(NETS[one], tmp_path / "state.pt", epochs=1)
    net, state = prepared(NETS[other], tmp_path / "state.pt")
    with pytest.raises(ValueError, match=r"state\.pt: the state of another network\.$"):
        state.restore(net)
