"""A run that was stopped: what is left of it, and how it goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from filelock import FileLock

from eegaug import InvariantModel
from eegaug.integrations.accelerate import OverProcesses
from eegaug.integrations.resuming import TrainingState
from eegaug.recordings import make_sleep_windows, simulate_nights, split_by_subject
from eegaug.study import Settings, learn, learning
from eegaug.study.cli import RESULTS, main
from eegaug.study.fit import fit_augmented
from eegaug.study.run import Run
from eegaug.study.unfinished import REMEDY, Unfinished, read_run, state_files

#: Three trainings of three epochs of two steps; 36 windows in batches of 16, which drop the rest.
SETTINGS = Settings(epochs=3, batch_size=16, lr=0.01, device="cpu")
STEPS = 6
TEST = ["sim01"]
STATES = ["01-without-augmentation.pt", "02-learning.pt", "03-network-3-recombined.pt"]


def make(nights, **options):
    """Windows of 8 s, which are quick to train on."""
    windows = make_sleep_windows(nights, **options)
    return replace(windows, X=windows.X[:, :, :800])


@pytest.fixture(scope="module")
def windows():
    return make(simulate_nights(3, hours=0.3, seed=0))


@pytest.fixture(scope="module")
def left_alone(windows):
    return outcome(learn(windows, SETTINGS, test=TEST))


def outcome(learned):
    """All that a run found, but for its times."""
    found = learned.invariances()
    found["training"].pop("seconds")
    histories = [
        {key: value for key, value in row.items() if key != "batches" and "dur" not in key}
        for row in learned.net.history
    ]
    return found, learned.models["augmented"].state_dict(), histories


def assert_same(one, other):
    assert one[0] == other[0] and one[2] == other[2]
    assert one[1].keys() == other[1].keys()
    for name, value in one[1].items():
        if isinstance(value, torch.Tensor):
            torch.testing.assert_close(value, other[1][name], rtol=0, atol=0)
        else:
            assert value == other[1][name]


def interrupted(monkeypatch, step, call):
    """Press Ctrl-C at a training step of a call, counted from 1; return how many were done."""
    done, original = [], OverProcesses.train_step_single

    def train_step_single(net, batch, **rest):
        done.append(batch)
        if len(done) == step:
            raise KeyboardInterrupt
        return original(net, batch, **rest)

    with monkeypatch.context() as patched:
        patched.setattr(OverProcesses, "train_step_single", train_step_single)
        if step is None:
            return call(), len(done)
        with pytest.raises(KeyboardInterrupt):
            call()
        assert len(done) == step, "nothing is trained after it"
    return None, step


def n_steps(monkeypatch, call):
    """Return the result of a call, and how many training steps it took."""
    return interrupted(monkeypatch, None, call)


# -- learn ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "states", "left"),
    [
        (1, 0, 3 * STEPS),
        (4, 1, 3 * STEPS - 2),
        (STEPS, 1, 3 * STEPS - 4),  # the last epoch
        (STEPS + 1, 1, 2 * STEPS),
        (STEPS + 5, 2, 2 * STEPS - 4),
        (2 * STEPS + 3, 3, STEPS - 2),
        (3 * STEPS, 3, STEPS - 4),
        (None, 3, 0),
    ],
)
def test_a_run_that_was_interrupted_is_the_one_that_was_not(
    step, states, left, windows, left_alone, tmp_path, monkeypatch
):
    def call():
        return learn(windows, SETTINGS, test=TEST, unfinished=tmp_path)

    interrupted(monkeypatch, step, call)
    assert sorted(path.name for path in tmp_path.iterdir()) == [*STATES[:states], "run.json"]
    learned, taken = n_steps(monkeypatch, call)
    assert taken == left, "no epoch is trained twice"
    assert_same(outcome(learned), left_alone)
    assert list(learned.seconds) == ["without augmentation", "learning", "network 3, recombined"]


@pytest.mark.parametrize("place", ["fit_augmented", "fit_recombined", "measure", "_gain"])
def test_a_run_may_be_interrupted_between_trainings(
    place, windows, left_alone, tmp_path, monkeypatch
):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(learning, place, stop)
        with pytest.raises(KeyboardInterrupt):
            learn(windows, SETTINGS, test=TEST, unfinished=tmp_path)
    learned, taken = n_steps(
        monkeypatch, lambda: learn(windows, SETTINGS, test=TEST, unfinished=tmp_path)
    )
    n_done = ["fit_augmented", "fit_recombined"].index(place) + 1 if "fit" in place else 3
    assert taken == (3 - n_done) * STEPS
    assert_same(outcome(learned), left_alone)


def test_a_run_with_restarts_goes_on(windows, tmp_path, monkeypatch):
    settings = replace(SETTINGS, n_networks=1, epochs=1, objective="invariance")

    def call(folder=None):
        return learn(windows, settings, test=TEST, compare=True, restarts=1, unfinished=folder)

    interrupted(monkeypatch, 6, lambda: call(tmp_path))
    names = [path.name for path in state_files(tmp_path)]
    assert names == ["01-without-augmentation.pt", "02-learning.pt"]
    found = call(tmp_path)
    assert state_files(tmp_path)[-1].name == "03-restart-1-of-1.pt"
    alone = call()
    assert_same(outcome(found), outcome(alone))
    assert found.restarts == alone.restarts


@pytest.fixture(scope="module")
def stopped(windows, tmp_path_factory):
    """The folder of a run that has done all of its trainings."""
    folder = tmp_path_factory.mktemp("stopped")
    learn(windows, SETTINGS, test=TEST, unfinished=folder)
    return folder


def test_device_and_workers_may_differ(windows, left_alone, stopped, monkeypatch):
    settings = replace(SETTINGS, device="cpu:0", workers=1)
    learned, taken = n_steps(
        monkeypatch, lambda: learn(windows, settings, test=TEST, unfinished=stopped)
    )
    assert taken == 0
    for found in (left_alone[0], outcome(learned)[0]):
        [found["training"].pop(name, None) for name in ("device", "workers")]
    assert outcome(learned)[2] == left_alone[2]


def of(names, hours=0.3, **options):
    """Windows of other recordings, or made otherwise."""
    nights = simulate_nights(3, hours=hours, seed=0)
    return make([nights[number] for number in names], **options)


CHANGES = [
    ({"epochs": 4}, "epochs 3, now 4"),
    ({"batch_size": 8}, "batch size 16, now 8"),
    ({"lr": 0.001}, "lr 0.01, now 0.001"),
    ({"strength_lr": 0.1}, "strength lr 0.01, now 0.1"),
    ({"seed": 1}, "seed 0, now 1"),
    ({"model": "ShallowFBCSPNet"}, "model SleepStagerChambon2018, now ShallowFBCSPNet"),
    ({"policy": "general"}, "policy default, now general"),
    ({"n_networks": 1}, "n networks 3, now 1"),
    ({"reward_weight": 0.2}, "reward weight 0.1, now 0.2"),
    ({"n_copies": 4}, "n copies 0, now 4"),
    ({"split": "time"}, "split subjects, now time"),
    (
        {"objective": "invariance", "policy": "default", "n_copies": 0},
        "objective score, now invariance",
    ),
    ({"lr": 0.1, "seed": 2}, "lr 0.01, now 0.1; seed 0, now 2"),
]


@pytest.mark.parametrize(("changes", "named"), CHANGES, ids=[named for _, named in CHANGES])
def test_other_settings_are_refused_by_name(changes, named, windows, stopped):
    with pytest.raises(ValueError) as caught:
        learn(windows, replace(SETTINGS, **changes), test=TEST, unfinished=stopped)
    assert (
        str(caught.value) == f"{stopped}: an unfinished run with other settings: {named}. {REMEDY}"
    )


ARGUMENTS = [
    ({"test": ["sim00"]}, "test ['sim01'], now ['sim00']"),
    ({"test": None}, "test ['sim01'], now None"),
    ({"test": TEST, "compare": True}, "compare False, now True"),
    ({"test": TEST, "restarts": 2}, "restarts 0, now 2"),
]


@pytest.mark.parametrize(("arguments", "named"), ARGUMENTS)
def test_other_arguments_are_refused_by_name(arguments, named, windows, stopped):
    with pytest.raises(ValueError) as caught:
        learn(windows, SETTINGS, **arguments, unfinished=stopped)
    assert (
        str(caught.value) == f"{stopped}: an unfinished run with other settings: {named}. {REMEDY}"
    )


def test_another_number_of_processes_is_refused(windows, stopped, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match=r"with other settings: processes 1, now 2\."):
        learn(windows, SETTINGS, test=TEST, unfinished=stopped)


@pytest.mark.parametrize(
    "others",
    [
        lambda: of([0, 1]),
        lambda: of([0, 2, 1]),
        lambda: of([0, 1, 2], hours=0.25),
        lambda: of([0, 1, 2], channels=["Pz-Oz"]),
        lambda: of([0, 1, 2], channels=["Pz-Oz", "Fpz-Cz"]),
        lambda: of([0, 1, 2], h_freq=25.0),
    ],
)
def test_other_windows_are_refused(others, stopped):
    with pytest.raises(ValueError) as caught:
        learn(others(), SETTINGS, test=TEST, unfinished=stopped)
    assert str(caught.value) == f"{stopped}: an unfinished run of other windows. {REMEDY}"


def test_windows_with_other_labels_are_refused(windows, stopped):
    y = windows.y
    y[0] += 1
    try:
        with pytest.raises(ValueError, match=": an unfinished run of other windows"):
            learn(windows, SETTINGS, test=TEST, unfinished=stopped)
    finally:
        y[0] -= 1


def test_a_run_of_one_file_is_that_of_the_same_windows(windows, stopped, tmp_path):
    """The folder may be moved; what is in it is that of the windows, however they were made."""
    moved = tmp_path / "moved"
    os.symlink(stopped, moved)
    again = of([0, 1, 2])
    assert again is not windows and Unfinished(moved, read_run(moved)).folder == moved
    learn(again, SETTINGS, test=TEST, unfinished=str(moved))


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "3", '"run"', "\xff"])
def test_a_damaged_run_is_an_error_of_one_line(text, tmp_path):
    (tmp_path / "run.json").write_text(text, encoding="latin-1")
    message = rf"run\.json: damaged; remove {tmp_path} to begin again\.$"
    with pytest.raises(ValueError, match=message):
        Unfinished(tmp_path, {"epochs": 3})


def test_a_training_that_became_nan_stays_at_its_end(windows, tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    split = split_by_subject(windows.y, windows.subjects, TEST, 0)
    steps, original = [], InvariantModel.forward

    def forward(model, x, draw=None):
        steps.extend([1] * model.training)
        outputs = original(model, x, draw)
        return outputs * torch.nan if model.training and len(steps) == 4 else outputs

    settings = replace(SETTINGS, objective="invariance")
    with monkeypatch.context() as patched, pytest.warns(UserWarning, match="nan in epoch 2"):
        patched.setattr(InvariantModel, "forward", forward)
        before = fit_augmented(windows, split, settings, state=TrainingState(path))
    written = path.read_bytes()
    after, taken = n_steps(
        monkeypatch, lambda: fit_augmented(windows, split, settings, state=TrainingState(path))
    )
    assert taken == 0 and path.read_bytes() == written
    stopped = (
        "The training loss became nan in epoch 2: training stopped, and the parameters of epoch"
        " 1 were kept."
    )
    assert [dict(net.callbacks_)["finite"].message_ for net in (before, after)] == [stopped] * 2
    assert len(after.history) == 1
    for name, value in before.module_.state_dict().items():
        assert torch.equal(after.module_.state_dict()[name], value), name


# -- the output folder ---------------------------------------------------------------------


def listed(folder):
    """All files below a folder, without that of the lock."""
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return [name for name in files if name != "unfinished/.lock"]


def begin(out, n_states=0):
    """What a run that was killed leaves: its settings, states, and results it had begun."""
    unfinished = out / "unfinished"
    (unfinished / "results").mkdir(parents=True)
    (unfinished / ".lock").touch()
    (unfinished / "run.json").write_text('{"epochs": 3}')
    (unfinished / "results" / "one.txt").write_text("half")
    for number in range(1, n_states + 1):
        (unfinished / f"{number:02d}-learning.pt").touch()
    (unfinished / ".part-02-learning.pt").touch()


def test_results_appear_together(tmp_path):
    (tmp_path / "one.txt").write_text("earlier")
    (tmp_path / "mine.txt").write_text("mine")
    with Run(tmp_path, ["one.txt", "two.txt"]) as run:
        for name in ("one.txt", "two.txt"):
            (run.folder / name).write_text("1")
            assert (tmp_path / "one.txt").read_text() == "earlier"
            assert not (tmp_path / "two.txt").exists()
    assert listed(tmp_path) == ["mine.txt", "one.txt", "two.txt"]
    assert os.listdir(tmp_path / ".") and not (tmp_path / "unfinished").exists()
    assert (tmp_path / "one.txt").read_text() == "1"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_after_an_error_before_the_first_epoch_nothing_is_left(error, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "one.txt").write_text("earlier")
    for out in (tmp_path / "out", tmp_path / "a" / "b"):
        with pytest.raises(error), Run(out, ["one.txt"]) as run:
            Unfinished(run.unfinished, {"epochs": 3})
            (run.folder / "one.txt").write_text("1")
            raise error
    assert listed(tmp_path) == ["out/one.txt"] and os.listdir(tmp_path) == ["out"]
    assert os.listdir(tmp_path / "out") == ["one.txt"]
    assert (tmp_path / "out" / "one.txt").read_text() == "earlier"


def test_after_a_later_error_states_stay_and_nothing_else(tmp_path):
    (tmp_path / "one.txt").write_text("earlier")
    with pytest.raises(ValueError), Run(tmp_path, ["one.txt"]) as run:
        state = Unfinished(run.unfinished, {"epochs": 3}).state("learning")
        state.touch()
        state.with_name(f".part-{state.name}").touch()
        (run.folder / "one.txt").write_text("1")
        raise ValueError
    assert listed(tmp_path) == ["one.txt", "unfinished/01-learning.pt", "unfinished/run.json"]
    assert sorted(os.listdir(tmp_path / "unfinished")) == ["01-learning.pt", "run.json"]
    assert (tmp_path / "one.txt").read_text() == "earlier"


def test_an_unfinished_run_is_named_and_kept(tmp_path):
    begin(tmp_path, n_states=1)
    with pytest.raises(ValueError) as caught, Run(tmp_path, ["one.txt"]):
        pass
    assert str(caught.value) == (
        f"{tmp_path / 'unfinished'}: an unfinished run. The same command with --resume goes on"
        " with it; remove the folder to begin again."
    )
    assert listed(tmp_path) == ["unfinished/01-learning.pt", "unfinished/run.json"]


@pytest.mark.parametrize("n_states", [0, 1])
def test_what_a_killed_run_left_is_swept_and_states_are_resumed(n_states, tmp_path):
    begin(tmp_path, n_states)
    with Run(tmp_path, ["one.txt"], resume=True) as run:
        assert os.listdir(run.folder) == []
        own = [f"unfinished/{name}" for name in ("01-learning.pt", "run.json")][: 2 * n_states]
        assert listed(tmp_path) == own
        (run.folder / "one.txt").write_text("1")
    assert listed(tmp_path) == ["one.txt"] and os.listdir(tmp_path) == ["one.txt"]


def test_a_run_that_was_killed_before_its_first_epoch_is_none(tmp_path):
    """There is nothing to go on from, so that another may begin."""
    begin(tmp_path)
    with Run(tmp_path, []) as run:
        Unfinished(run.unfinished, {"epochs": 4})
    assert os.listdir(tmp_path) == []


def test_a_folder_of_the_users_own_is_not_removed(tmp_path):
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "unfinished" / "letter.txt").write_text("Dear")
    with pytest.raises(ValueError), Run(tmp_path, ["one.txt"]):
        raise ValueError
    with Run(tmp_path, ["one.txt"]) as run:
        Unfinished(run.unfinished, {"epochs": 4}).state("learning").touch()
    assert listed(tmp_path) == ["unfinished/letter.txt"]


def test_with_nothing_to_resume_a_run_begins(tmp_path):
    with Run(tmp_path / "out", ["one.txt"], resume=True) as run:
        assert read_run(run.unfinished) is None and not run.goes_on
        (run.folder / "one.txt").write_text("1")
    assert listed(tmp_path) == ["out/one.txt"]


def test_the_second_of_two_runs_to_one_folder_is_refused(tmp_path):
    with Run(tmp_path, ["one.txt"]) as run:
        for resume in (False, True):
            with pytest.raises(ValueError) as caught, Run(tmp_path, ["one.txt"], resume):
                pass
            assert str(caught.value) == f"{tmp_path}: another run is writing to this folder."
        (run.folder / "one.txt").write_text("1")
    assert listed(tmp_path) == ["one.txt"]


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda out: out.write_text("mine"), "--out {out}: not a folder that can be written to"),
        (lambda out: (out / "one.txt").mkdir(parents=True), "{out}/one.txt: a folder; a file of"),
        (
            lambda out: (out.mkdir(), (out / "unfinished").write_text("mine")),
            "--out {out}: not a folder that can be written to",
        ),
    ],
)
def test_folders_that_do_not_do_stay_as_they_are(prepare, message, tmp_path):
    out = tmp_path / "out"
    prepare(out)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError) as caught, Run(out, ["one.txt"]):
        pass
    assert str(caught.value).startswith(message.format(out=out)) and "\n" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_results_that_cannot_all_appear_do_not(tmp_path):
    """A folder is where a result should be that was not announced."""
    (tmp_path / "two.txt").mkdir()
    with pytest.raises(ValueError) as caught, Run(tmp_path, ["one.txt"]) as run:
        for name in ("one.txt", "two.txt"):
            (run.folder / name).write_text("1")
    assert str(caught.value) == f"{tmp_path / 'two.txt'}: a folder; a file of this name is wanted."
    assert os.listdir(tmp_path) == ["two.txt"]


def test_a_result_goes_where_a_link_leads(tmp_path):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere.txt"
    out.mkdir()
    (out / "one.txt").symlink_to(elsewhere)
    with Run(out, ["one.txt"]) as run:
        (run.folder / "one.txt").write_text("1")
    assert (out / "one.txt").is_symlink() and elsewhere.read_text() == "1"


@pytest.mark.parametrize(
    ("target", "says"), [("one.txt", "leads nowhere"), ("nowhere/one.txt", "does not exist")]
)
def test_a_link_that_leads_nowhere_is_refused_before_the_run(tmp_path, target, says):
    (tmp_path / "one.txt").symlink_to(tmp_path / target)
    with pytest.raises(ValueError, match=says), Run(tmp_path, ["one.txt"]):
        pytest.fail("it should not begin")
    assert os.listdir(tmp_path) == ["one.txt"]


def test_other_processes_write_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    with Run(tmp_path / "out", ["one.txt"]) as run:
        Unfinished(run.unfinished, {"epochs": 3})
    with pytest.raises(KeyboardInterrupt), Run(tmp_path / "out", ["one.txt"]):
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


# -- the command ---------------------------------------------------------------------------

ARGUMENTS_OF_THE_COMMAND = [
    *("learn --subjects 3 --hours 0.3 --batch-size 16 --epochs 8 --device cpu").split()
]


def result(out):
    """The results of the command but for times, and the parameters of the model."""
    found = json.loads((out / "invariances.json").read_text(encoding="utf-8"))
    found["training"].pop("seconds")
    networks = torch.load(out / "model.pt", weights_only=True)["networks"]
    return (
        found,
        {
            f"{number} {name}": value
            for number, network in enumerate(networks)
            for name, value in network["state_dict"].items()
        },
        None,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patched:  # it takes seconds
        patched.setattr("eegaug.study.report.write_report", lambda learned, path: path.touch())
        assert main([*ARGUMENTS_OF_THE_COMMAND, "--out", str(out)]) == 0
    return result(out)


def earlier_results(out):
    out.mkdir(parents=True, exist_ok=True)
    for name in RESULTS:
        (out / name).write_text("of an earlier run")


def holds_earlier_results(out):
    return all((out / name).read_bytes() == b"of an earlier run" for name in RESULTS)


@pytest.mark.slow
def test_the_command_is_killed_and_goes_on(finished, tmp_path, capfd):
    out = tmp_path / "out"
    earlier_results(out)
    command = [sys.executable, "-W", "ignore", "-m", "eegaug", *ARGUMENTS_OF_THE_COMMAND]
    with open(tmp_path / "stderr", "w") as stderr:
        process = subprocess.Popen(
            [*command, "--out", str(out)], stdout=subprocess.DEVNULL, stderr=stderr
        )
        while not (out / "unfinished" / STATES[0]).exists():
            assert process.poll() is None, "it should be in training"
            time.sleep(0.01)
        process.kill()
        process.wait(timeout=60)
    assert holds_earlier_results(out)
    for more, message in (
        ([], "an unfinished run. The same command with --resume goes on with it; remove the fol"),
        (["--resume", "--seed", "1"], "an unfinished run with other settings: seed 0, now 1."),
        (["--resume", "--subjects", "4"], "an unfinished run of other windows."),
    ):
        capfd.readouterr()
        assert main([*ARGUMENTS_OF_THE_COMMAND, *more, "--out", str(out)]) == 2
        last = capfd.readouterr().err.splitlines()[-1]
        assert last.startswith(f"eegaug: error: {out / 'unfinished'}: {message}")
    assert main([*ARGUMENTS_OF_THE_COMMAND, "--resume", "--out", str(out)]) == 0
    assert sorted(os.listdir(out)) == sorted(RESULTS)
    assert_same(result(out), finished)


@pytest.fixture
def heard():
    """Hear Ctrl-C as in a terminal: what runs in the background begins deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize(
    ("where", "signals", "status", "stopped"),
    [
        ((0, 2), [signal.SIGINT], 130, None),
        ((1, 2), [signal.SIGINT], 130, "epoch 2 of 8 (learning)"),
        ((1, 8), [signal.SIGINT], 130, "epoch 8 of 8 (learning)"),
        ((1, 2), [signal.SIGINT, signal.SIGINT], 130, None),
        ((1, 2), [signal.SIGTERM], 143, None),
        ((2, 3), [signal.SIGINT], 130, "epoch 3 of 8 (network 3, recombined)"),
    ],
)
def test_a_signal_keeps_what_is_there_and_earlier_results_whole(
    where, signals, status, stopped, finished, tmp_path, capfd, monkeypatch
):
    """Ctrl-C once: results of what is learned so far. Twice, or SIGTERM: at once, without."""
    training, epoch = where
    out, steps, original = tmp_path / "out", [], OverProcesses.train_step_single
    earlier_results(out)

    def train_step_single(net, batch, **rest):
        state = dict(net.callbacks_)["state"]
        if state.path.name == STATES[training] and len(net.history) == epoch and not steps:
            steps.append(batch)
            for each in signals:
                signal.raise_signal(each)
        return original(net, batch, **rest)

    with monkeypatch.context() as patched:
        patched.setattr(OverProcesses, "train_step_single", train_step_single)
        patched.setattr("eegaug.study.report.write_report", lambda learned, path: path.touch())
        assert main([*ARGUMENTS_OF_THE_COMMAND, "--out", str(out)]) == status
        assert steps
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        error = capfd.readouterr().err
        assert listed(out / "unfinished") == [*STATES[: training + 1], "run.json"]
        if stopped is None:
            assert holds_earlier_results(out)
            how = "interrupted" if status == 130 else "terminated"
            assert f"\neegaug: {how}; the same command with --resume goes on with it.\n" in error
        else:
            found = json.loads((out / "invariances.json").read_text(encoding="utf-8"))
            assert found["training"]["stopped"] == stopped
            assert found["data"]["warnings"][0].startswith(f"Stopped in {stopped}")
            networks = torch.load(out / "model.pt", weights_only=True)["networks"]
            assert len(networks) == 2 or found["gain"]["switched_off"]
            end = "the same command with --resume goes on to the whole result.\n"
            assert error.endswith(f"stopped before the end; {end}")
        assert main([*ARGUMENTS_OF_THE_COMMAND, "--resume", "--out", str(out)]) == 0
    assert sorted(os.listdir(out)) == sorted(RESULTS)
    assert_same(result(out), finished)


def test_ctrl_c_before_the_first_epoch_leaves_nothing(tmp_path, capfd, monkeypatch):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("eegaug.study.learning.fit_baseline", stop)
    arguments = [*ARGUMENTS_OF_THE_COMMAND, "--out", str(tmp_path / "out")]
    assert main(arguments) == 130
    assert capfd.readouterr().err.splitlines()[-1] == ("eegaug: interrupted; nothing was written.")
    assert os.listdir(tmp_path) == []


def test_the_second_of_two_commands_is_refused(tmp_path, capfd):
    (tmp_path / "unfinished").mkdir()
    with FileLock(tmp_path / "unfinished" / ".lock"):
        assert main([*ARGUMENTS_OF_THE_COMMAND, "--out", str(tmp_path)]) == 2
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "error:" in line]
    assert line == f"eegaug: error: {tmp_path}: another run is writing to this folder."
