"""The command line: ``eegaug learn [RECORDINGS...]``."""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eegaug import __version__
from eegaug.objectives import REWARD_WEIGHT
from eegaug.policies import POLICIES
from eegaug.recordings import Recording, Windows, fetch_eegbci, fetch_sleep_edf
from eegaug.recordings.cache import WindowCache
from eegaug.recordings.datasets import fetch_dataset
from eegaug.recordings.names import visible
from eegaug.recordings.split import check_tested
from eegaug.recordings.subjects import guessed_subjects
from eegaug.study.options import pair, path
from eegaug.study.processes import is_first_process
from eegaug.study.purposes import PURPOSES
from eegaug.study.run import UNFINISHED, Run
from eegaug.study.sources import open_recordings, task_of
from eegaug.study.stopping import Terminated, sigterm_raised
from eegaug.study.task import STEPS, Option, Task
from eegaug.study.tasks import TASKS, find_task
from eegaug.study.unfinished import state_files

if TYPE_CHECKING:
    from eegaug.study.result import Learned
    from eegaug.study.settings import Settings

#: Exit status after Ctrl-C and SIGTERM.
INTERRUPTED, TERMINATED = 130, 143
#: Files that a run writes to its output folder.
RESULTS = ("invariances.json", "report.html", "model.pt")
PREDICTED = ("predictions.csv",)
#: Subjects that are named.
SUBJECTS = 20
#: Task of simulated recordings, and processes that read windows of a cache.
SIMULATED, WORKERS = "sleep", 2
#: Options that download recordings, each with its function and what they are.
FETCHED = {
    "--sleep-edf": (fetch_sleep_edf, "Sleep-EDF Expanded by number (0 to 82), downloaded by MNE"),
    "--eegbci": (
        fetch_eegbci,
        "the EEG Motor Movement/Imagery Dataset by number (1 to 109), downloaded by MNE",
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process where absent.

    Returns
    -------
    int
        Exit status: 0, 2 for bad input, 130 if interrupted, 143 if terminated.

    Raises
    ------
    SystemExit
        If there is no such option, or after ``--help`` and ``--version``.

    Examples
    --------
    ``main(["learn", "recordings", "--out", "results"])`` is what ``eegaug learn recordings --out
    results`` does in a shell. Errors are printed to standard error:

    >>> main(["learn", "--policy", "slep"])
    2
    """
    arguments, unknown = _parser().parse_known_args(argv)
    if unknown:  # argparse would show the usage of `eegaug`, not that of its command
        arguments.command.error(f"unrecognized arguments: {' '.join(unknown)}")
    try:
        with sigterm_raised():
            _load_libraries()
            return int(arguments.run(arguments))
    except (KeyboardInterrupt, Terminated) as stop:
        terminated = isinstance(stop, Terminated)
        kept = state_files(arguments.out / UNFINISHED)
        how = "the same command with --resume goes on with it" if kept else "nothing was written"
        _say(f"\neegaug: {'terminated' if terminated else 'interrupted'}; {how}.")
        return TERMINATED if terminated else INTERRUPTED
    except (ValueError, TypeError, OSError) as error:
        if arguments.traceback:
            raise
        _say(f"eegaug: error: {' '.join(str(error).split())}")
        return 2


def _load_libraries() -> None:
    """Import what takes seconds: --help and a wrong option answer at once."""
    _say("Loading libraries ...")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations among the libraries themselves
        import matplotlib

        matplotlib.use("agg")
        import eegaug.study.predicting
        import eegaug.study.report  # noqa: F401


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="eegaug",
        description="Learn which invariances recordings have, and how far each reaches.",
    )
    parser.add_argument("--version", action="version", version=f"eegaug {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_learn(commands)
    _add_predict(commands)
    return parser


def _add_learn(commands: Any) -> None:
    learn = commands.add_parser(
        "learn",
        help="train a network with learned augmentations on recordings",
        description=(
            "Train networks with and without augmentation layers on recordings, and write what"
            f" the layers learned and whether they help: {', '.join(RESULTS)}. With no recordings:"
            " a simulation."
        ),
    )
    learn.set_defaults(run=_learn, command=learn)
    learn.add_argument(
        "--task",
        metavar="NAME",
        help="; ".join(f"{task.name}: {task.title}" for task in TASKS.values())
        + " (told by the recordings)",
    )
    data = learn.add_argument_group("data")
    data.add_argument(
        "recordings",
        nargs="*",
        type=path,
        metavar="RECORDINGS",
        help="files that MNE reads, or folders of them; labels are read from their annotations, or"
        " from *Hypnogram.edf beside *PSG.edf. Or *-epo.fif, a BIDS root, or arrays (.npz, .ts)",
    )
    data.add_argument(
        "--dataset",
        metavar="NAME",
        help="data set of MOABB or braindecode, downloaded, as MOABB:BNCI2014_001",
    )
    data.add_argument(
        "--ids", nargs="+", type=int, metavar="N", help="subjects of --dataset, by number (all)"
    )
    data.add_argument(
        "--bids",
        nargs="+",
        type=pair,
        metavar="ENTITY=VALUE",
        help="what to read of a BIDS root, as task=rest subject=01 subject=02 (all)",
    )
    for flag, (_, title) in FETCHED.items():
        data.add_argument(flag, nargs="+", type=int, metavar="N", help=f"subjects of {title}")
    data.add_argument(
        "--subjects", type=int, metavar="N", help="simulation: number of subjects (the task's)"
    )
    data.add_argument(
        "--channels", nargs="+", metavar="NAME", help="channels to take, by name, in this order"
    )
    data.add_argument(
        "--subject",
        metavar="REGEX",
        help="how to read the subject from a file's name, or else its path (a known data set's or"
        " BIDS's name, the header's patient code, or the file's name)",
    )
    data.add_argument(
        "--test", nargs="+", metavar="SUBJECT", help="subjects to test on (the task's own split)"
    )
    data.add_argument(
        "--split",
        metavar="NAME",
        help="subjects: test on subjects never trained on; time: on the last part of each"
        f" subject's windows ({_defaults('split')})",
    )
    data.add_argument(
        "--cache",
        type=path,
        metavar="DIR",
        help="folder to keep windows in, for more than fits into memory, and for the next run",
    )
    for flag, (option, names) in _options().items():
        data.add_argument(flag, help=f"{option.help} [{', '.join(names)}]", **option.parser)
    training = learn.add_argument_group("training")
    training.add_argument(
        "--model",
        metavar="NAME",
        help=f"network: any model of braindecode ({_defaults('model')})",
    )
    training.add_argument(
        "--policy",
        metavar="NAME",
        help=f"augmentations: default, {', '.join(sorted(POLICIES))}"
        f" ({_defaults('policy', PURPOSES)})",
    )
    training.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help=f"length of the training ({_defaults('epochs')})",
    )
    training.add_argument(
        "--batch-size",
        type=int,
        metavar="N",
        help=f"windows per step ({_defaults('batch_size')})",
    )
    training.add_argument(
        "--reward-weight",
        type=float,
        metavar="X",
        default=REWARD_WEIGHT,
        help="what an augmentation wider by a factor e may cost, in nats of the training loss"
        " (%(default)s)",
    )
    training.add_argument(
        "--objective",
        metavar="NAME",
        default="score",
        help="score: train on clean and augmented windows, for subjects never seen; invariance: on"
        " augmented windows alone, for what the data are invariant to (%(default)s)",
    )
    training.add_argument(
        "--networks",
        type=int,
        metavar="N",
        default=3,
        help="networks that are averaged: the first without augmentation, the second learns, the"
        " third has recombined windows; 1 for the one that learns, the quickest (%(default)s)",
    )
    training.add_argument(
        "--seed", type=int, metavar="N", default=0, help="seed of all random numbers (%(default)s)"
    )
    training.add_argument(
        "--device",
        metavar="NAME",
        default="auto",
        help="auto (CUDA, then CPU), cpu or cuda (%(default)s)",
    )
    training.add_argument(
        "--restarts",
        type=int,
        metavar="N",
        default=0,
        help="further trainings with other seeds, to see whether they agree (%(default)s)",
    )
    training.add_argument(
        "--compare",
        action="store_true",
        help="with --networks 1: also train the network without augmentation",
    )
    training.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes that read windows ahead (0; with --cache 2)",
    )
    learn.add_argument(
        "--resume",
        action="store_true",
        help="go on with a run that was stopped, from its last epoch, as if nothing had happened",
    )
    learn.add_argument("--traceback", action="store_true", help="show the traceback of an error")
    learn.add_argument(
        "--out",
        type=path,
        metavar="DIR",
        default=Path("eegaug-out"),
        help="folder for results (%(default)s)",
    )


def _add_predict(commands: Any) -> None:
    predict = commands.add_parser(
        "predict",
        help="score recordings with a model that `eegaug learn` wrote",
        description=(
            "Cut recordings as those were that the model is of, and write its labels with their"
            " probabilities: one table, with the onset of each window (s), and of epochs and arrays"
            " the trial, counted from 0 in its file; and annotations that MNE reads, of recordings."
        ),
    )
    predict.set_defaults(run=_predict, command=predict)
    predict.add_argument("model", type=path, metavar="MODEL", help="the file model.pt")
    predict.add_argument(
        "recordings",
        nargs="+",
        type=path,
        metavar="RECORDINGS",
        help="files or folders, labelled or not",
    )
    predict.add_argument("--subject", metavar="REGEX", help="as of `eegaug learn`")
    predict.add_argument("--device", metavar="NAME", default="auto", help="auto, cpu or cuda")
    predict.add_argument("--cache", type=path, metavar="DIR", help="as of `eegaug learn`")
    predict.add_argument("--traceback", action="store_true", help="show the traceback of an error")
    predict.add_argument(
        "--out",
        type=path,
        metavar="DIR",
        default=Path("eegaug-predicted"),
        help="folder for results (%(default)s)",
    )


def _options() -> dict[str, tuple[Option, list[str]]]:
    """Return the options of all tasks by flag, each with the names of its tasks."""
    options: dict[str, tuple[Option, list[str]]] = {}
    for task in TASKS.values():
        for option in task.options:
            options.setdefault(option.flag, (option, []))[1].append(task.name)
    return options


def _learn(arguments: argparse.Namespace) -> int:
    from eegaug.study import learn, save_model, write_report

    start = time.perf_counter()
    with Run(arguments.out, RESULTS, arguments.resume) as run:
        if arguments.resume and not run.goes_on:
            _say(f"Nothing to resume in {visible(str(arguments.out))}: starting.")
        _settings(arguments, find_task(arguments.task or SIMULATED))  # before anything is read
        if arguments.test is not None and arguments.split == "time":
            raise ValueError(
                "--split time tests on the last part of each subject's windows, --test on whole"
                " subjects; give one of them."
            )
        task, recordings = _open(arguments)
        given, settings = _given(arguments, task), _settings(arguments, task)
        if all(isinstance(each, Recording) for each in recordings):  # others tell trial by trial
            _check_people(arguments, [each.subject for each in recordings])
        first = is_first_process()
        windows = task.make_windows(
            recordings,
            channels=arguments.channels,
            cache=arguments.cache,
            progress=first,
            **given["windows"],
        )
        _check_people(arguments, windows.subject_names)
        guessed = [] if arguments.subject else guessed_subjects(recordings)
        guessed = [name for name in guessed if name in windows.subject_names]
        if len(guessed) > 1:
            windows.notes.append(
                f"{len(guessed)} subjects are guessed from the names of files alone:"
                f" {_listed(guessed)}. Where several are one person, --subject finds who in a name."
            )
        _print_data(windows)
        learned = learn(
            windows,
            settings,
            test=arguments.test,
            compare=arguments.compare,
            restarts=arguments.restarts,
            unfinished=run.unfinished,
            progress=first,
        )
        if not first:
            return 0
        run.stopped = learned.stopped is not None
        _say("Writing the report ...")
        text = json.dumps(learned.invariances(), indent=2, ensure_ascii=False)
        (run.folder / "invariances.json").write_text(text + "\n", encoding="utf-8")
        save_model(learned, run.folder / "model.pt")
        write_report(learned, run.folder / "report.html")
    _print_results(learned)
    print(
        f"\nWrote {', '.join(RESULTS)} to {visible(str(arguments.out))}"
        f" in {time.perf_counter() - start:.0f} s."
    )
    if run.stopped:
        how = "the same command with --resume goes on to the whole result"
        _say(f"eegaug: stopped before the end; {how}.")
        return INTERRUPTED
    return 0


def _open(arguments: argparse.Namespace) -> tuple[Task, list[Any]]:
    """Return the task, and what is given, fetched or simulated."""
    paths: list[Path] = list(arguments.recordings)
    for flag, (fetch, _) in FETCHED.items():
        numbers = getattr(arguments, flag.removeprefix("--").replace("-", "_"))
        paths += fetch(numbers) if numbers else []
    if arguments.ids is not None and arguments.dataset is None:
        raise ValueError("--ids are subjects of --dataset, which is not given.")
    if arguments.bids is not None and not paths:
        raise ValueError("--bids chooses among recordings of a BIDS root, and none is given.")
    if arguments.dataset is not None and paths:
        raise ValueError("--dataset is learned from alone, but recordings are given too.")
    read = _without_none(subject=arguments.subject)
    if arguments.bids is not None:
        entities: dict[str, list[str]] = {}
        for entity, value in arguments.bids:
            entities.setdefault(entity, []).append(value)
        read["entities"] = entities
    if arguments.dataset is not None:
        recordings = fetch_dataset(arguments.dataset, arguments.ids)
        task = find_task(arguments.task) if arguments.task else task_of(recordings)[0]
    elif paths:
        progress = is_first_process()
        task, recordings = open_recordings(paths, arguments.task, progress=progress, **read)
    else:
        return _simulated(arguments)
    simulation = _without_none(subjects=arguments.subjects) | _given(arguments, task)["simulate"]
    if simulation:
        options = ", ".join(f"--{name}" for name in simulation)
        raise ValueError(f"Only for simulations, but recordings are given: {options}.")
    if arguments.task is None:
        _say(f"Task: {task.name} ({task.title}); --task names another.")
    return task, recordings


def _simulated(arguments: argparse.Namespace) -> tuple[Task, list[Any]]:
    task = find_task(arguments.task or SIMULATED)
    if task.simulate is None:
        raise ValueError(f"There is no simulation for --task {task.name}: name recordings.")
    _say("No recordings given: a simulation.")
    options = _given(arguments, task)["simulate"] | _without_none(n_subjects=arguments.subjects)
    if arguments.cache is not None and task.name == SIMULATED:
        WindowCache(arguments.cache)  # a folder of its own, before anything is written to it
        options["folder"] = arguments.cache / "simulated"
    return task, task.simulate(**options, seed=arguments.seed, progress=is_first_process())


def _check_people(arguments: argparse.Namespace, subjects: Sequence[str]) -> None:
    """Raise where the split that is asked for cannot be made with these subjects."""
    everyone = sorted(set(subjects))
    if arguments.test is not None:
        check_tested(arguments.test, everyone)
    if arguments.split == "subjects" and len(everyone) == 1:
        raise ValueError(
            "--split subjects tests on a subject never trained on, so two or more are wanted."
            f" Found {everyone[0]} alone; --split time tests on the last part of its windows."
        )


def _given(arguments: argparse.Namespace, task: Task) -> dict[str, dict[str, Any]]:
    """Return the options of a task that were given, by the step that takes them."""
    given: dict[str, dict[str, Any]] = {step: {} for step in STEPS}
    own = {option.flag: option for option in task.options}
    for flag, (option, names) in _options().items():
        value = getattr(arguments, option.name)
        if value is None:
            continue
        if flag not in own:
            raise ValueError(
                f"{flag} is an option of --task {' or '.join(names)}. Found task {task.name}."
            )
        given[own[flag].step] |= own[flag].arguments(value)
    return given


def _predict(arguments: argparse.Namespace) -> int:
    from eegaug.study.predicting import predict_recordings, write_predictions

    with Run(arguments.out, PREDICTED) as run:
        predicted = predict_recordings(
            arguments.model,
            arguments.recordings,
            subject=arguments.subject,
            device=arguments.device,
            cache=arguments.cache,
            progress=True,
        )
        write_predictions(predicted, run.folder)
        written = sorted(path.name for path in run.folder.iterdir())
    for note in predicted.windows.notes:
        _say(note)
    labels = predicted.table.groupby("recording", observed=True)["label"]
    counts = labels.value_counts().unstack(fill_value=0)
    print(counts.reindex(columns=predicted.windows.labels, fill_value=0).to_string())
    shown = ", ".join(written[:4]) + f" and {len(written) - 4} more" * (len(written) > 4)
    print(f"\nWrote {shown} to {visible(str(arguments.out))}.")
    return 0


def _settings(arguments: argparse.Namespace, task: Task) -> Settings:
    from eegaug.study.settings import Settings

    workers = arguments.workers
    if workers is None:
        workers = 0 if arguments.cache is None else WORKERS
    return Settings(
        task,
        **_without_none(
            model=arguments.model,
            policy=arguments.policy,
            epochs=arguments.epochs,
            batch_size=arguments.batch_size,
            split=arguments.split,
        ),
        objective=arguments.objective,
        n_networks=arguments.networks,
        reward_weight=arguments.reward_weight,
        seed=arguments.seed,
        device=arguments.device,
        workers=workers,
    )


def _say(text: str) -> None:
    """Print to standard error, once for all processes."""
    if is_first_process():
        print(text, file=sys.stderr, flush=True)


def _without_none(**arguments: Any) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


def _defaults(name: str, owners: Mapping[str, Any] = TASKS) -> str:
    """Return the default of each task, as "sleep 64, others 32", or one that all share.

    Of each purpose, with ``owners=PURPOSES``.
    """
    values = {key: str(getattr(owner, name)) for key, owner in owners.items()}
    common, n_common = Counter(values.values()).most_common(1)[0]
    if n_common == len(values):
        return common
    own = [f"{key} {value}" for key, value in values.items() if value != common or n_common == 1]
    return ", ".join([*own, *([f"others {common}"] if n_common > 1 else [])])


def _print_data(windows: Windows) -> None:
    names = windows.subject_names
    kept = ", ".join(f"{label} {n}" for label, n in windows.counts.items())
    _say(
        f"{len(names)} {'subjects' if len(names) > 1 else 'subject'}: {_listed(names)}.\n"
        f"{len(windows)} windows: {kept}.\n"
        f"Channels: {', '.join(windows.info['ch_names'])}."
    )
    for note in windows.notes:
        _say(note)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - SUBJECTS
    return ", ".join(names[:SUBJECTS]) + f" and {more} more" * (more > 0)


def _print_results(learned: Learned) -> None:
    print(f"\nLearned invariances (epoch {learned.best_epoch}, which validated best)\n")
    print(learned.table().to_string(index=False))
    print(f"\nScores on {len(learned.y_true)} test windows ({learned.split.how})\n")
    print(learned.scores().round(3).to_string())
    print(f"\n{learned.verdict}")
    for note in [*learned.warnings(), *learned.caveats()]:
        print(f"\nNote: {note}")
