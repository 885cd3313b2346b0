"""Whatever is typed: a training that begins, or one line, and an output folder left as it was."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegaug.study import cli, fit

from ..study.test_cli import CUES, epochs, npz, people
from . import strategies as some
from .outcomes import outcome

#: What a training that begins raises here, in place of training.
BEGINS = "the training begins"
#: Options that download, write where the others read, or show what is not for a person.
LEFT_OUT = {"--help", "--sleep-edf", "--eegbci", "--dataset", "--out", "--traceback"}
#: Values that make sense, of options that are not numbers or names of a list.
USUAL = {
    "task": ["sleep", "events", "blocks", "epochs", "arrays"],
    "bids": ["session=01", "task=rest"],
    "channels": ["C3", "C4", "Cz", "Pz"],
    "subject": ["([a-d])", "(.*)", "a"],
    "test": ["a", "b", "sim01"],
    "split": ["subjects", "time"],
    "labels": ["left", "right", "up", "down", "a=left", "b=right"],
    "model": ["ShallowFBCSPNet", "EEGNet", "Foo"],
    "policy": ["default", "general", "sleep", "chain"],
    "objective": ["score", "invariance"],
    "device": ["cpu", "auto", "cuda", "cpu:0"],
    "label": ["word"],
    "hours": ["0.3", "0.5"],  # what is simulated in a moment
    "subjects": ["2", "3"],
    "trials": ["9"],
}
NUMBERS = {int: ["1", "2", "3"], float: ["0.5", "1", "3", "20"], None: ["a"]}
ODD = ["", "-1", "0", "nan", "inf", "1e12", "1e-9", "99999999999999999999", "x", "=", "a=", "\x00"]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Return recordings of each kind, an empty folder and a file that is none."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "empty").mkdir()
    (folder / "x.txt").write_text("x")
    people(folder / "events", *CUES)
    people(folder / "blocks", (0, 20, "rest"), (20, 20, "sum"))
    npz(folder / "trials.npz")
    epochs(folder / "a-epo.fif", event_id={"left": 1, "right": 2}, word=["x", "y"] * 12)
    return folder


def options():
    """Return the options of `eegaug learn` that are drawn."""
    learn = cli._parser()._subparsers._group_actions[0].choices["learn"]
    return [each for each in learn._actions if {*each.option_strings}.isdisjoint(LEFT_OUT)]


@st.composite
def command_lines(draw, folder):
    """Return arguments of the command, most of them sensible."""
    names = ["events", "blocks", "trials.npz", "a-epo.fif"]
    odd = st.sampled_from(["empty", "x.txt", "nowhere", "", "\udce9"])
    given = draw(some.mostly(st.sampled_from([[], *([n] for n in names)]), st.lists(odd)))
    arguments = [str(folder / name) if name else name for name in given]
    arguments = arguments or ["--subjects=3", "--hours=0.3"]  # of a simulation that takes no time
    flags = [each for each in options() if each.option_strings]
    for option in draw(st.lists(st.sampled_from(flags), max_size=4)):
        arguments.append(option.option_strings[-1])
        if option.nargs != 0:
            usual = st.sampled_from(USUAL.get(option.dest) or NUMBERS.get(option.type, ["a"]))
            value = some.mostly(usual, st.sampled_from(ODD), some.texts())
            n = option.nargs if isinstance(option.nargs, int) else draw(st.integers(1, 2))
            arguments += [draw(value) for _ in range(n if option.nargs else 1)]
    return arguments


@given(data=st.data())
def test_learn(inputs, tmp_path_factory, data):
    out = tmp_path_factory.mktemp("out")
    arguments = data.draw(command_lines(inputs))
    earlier = out / "report.html"
    earlier.write_text("earlier")
    before = os.getcwd()
    printed = []

    def run():
        os.chdir(out)  # where relative paths lead
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fit, "_fit_best", _begin)
            patch.setattr(cli, "_say", printed.append)
            try:
                return cli.main(["learn", *arguments, "--out", str(out)])
            except SystemExit as stop:  # what argparse refuses, in its usual way
                return stop.code
            finally:
                os.chdir(before)

    status = outcome(run)
    assert status in (0, 2) and earlier.read_text() == "earlier"


def _begin(*arguments):
    raise ValueError(BEGINS)
