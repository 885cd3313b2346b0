"""The command line: ``eegaug learn [RECORDINGS...]``."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eegaug import __version__
from eegaug.objectives import REWARD_WEIGHT
from eegaug.policies import POLICIES
from eegaug.recordings import Windows
from eegaug.study.purposes import PURPOSES
from eegaug.study.task import STEPS, Task
from eegaug.study.tasks import TASKS, find_task

if TYPE_CHECKING:
    from eegaug.study.result import Learned

#: Files that a run writes to its output folder.
RESULTS = ("invariances.json", "report.html", "model.pt")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process where absent.

    Returns
    -------
    int
        Exit status: 0, 2 for bad input, 130 if interrupted.

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
    arguments = _parser().parse_args(argv)
    try:
        return _learn(arguments)
    except KeyboardInterrupt:
        print("\neegaug: interrupted; nothing was written.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="eegaug",
        description="Learn which invariances recordings have, and how far each reaches.",
    )
    parser.add_argument("--version", action="version", version=f"eegaug {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    learn = commands.add_parser(
        "learn",
        help="train a network with learned augmentations on recordings",
        description=(
            "Train networks with and without augmentation layers on recordings, and write what"
            f" the layers learned and whether they help: {', '.join(RESULTS)}. With no recordings:"
            " a simulation."
        ),
    )
    learn.add_argument(
        "--task",
        metavar="NAME",
        default="sleep",
        help="; ".join(f"{task.name}: {task.title}" for task in TASKS.values()) + " (%(default)s)",
    )
    data = learn.add_argument_group("data")
    data.add_argument(
        "recordings",
        nargs="*",
        metavar="RECORDINGS",
        help="files that MNE reads, or folders of them; labels are read from their annotations, or"
        " from *Hypnogram.edf beside *PSG.edf",
    )
    data.add_argument(
        "--subjects", type=int, metavar="N", help="simulation: number of subjects (the task's)"
    )
    data.add_argument(
        "--channels", nargs="+", metavar="NAME", help="channels to take, by name, in this order"
    )
    data.add_argument(
        "--subject",
        metavar="REGEX",
        help="how to read the subject from a file's path (a known data set's or BIDS's name, the"
        " header's patient code, or the file's name)",
    )
    data.add_argument(
        "--test", nargs="+", metavar="SUBJECT", help="subjects to test on (the task's own split)"
    )
    for task in TASKS.values():
        group = learn.add_argument_group(f"{task.title} (--task {task.name})")
        for option in task.options:
            group.add_argument(option.flag, help=option.help, **option.parser)
    training = learn.add_argument_group("training")
    training.add_argument(
        "--model",
        metavar="NAME",
        help=f"network: any model of braindecode ({_defaults('model')})",
    )
    training.add_argument(
        "--policy",
        metavar="NAME",
        help=f"augmentations: {', '.join(sorted(POLICIES))} ({_defaults('policy', PURPOSES)})",
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
    learn.add_argument("--traceback", action="store_true", help="show the traceback of an error")
    learn.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        default=Path("eegaug-out"),
        help="folder for results (%(default)s)",
    )
    return parser


def _learn(arguments: argparse.Namespace) -> int:
    # Heavy libraries are imported here: --help and a wrong option answer at once.
    print("Loading libraries ...", file=sys.stderr, flush=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations among the libraries themselves
        import matplotlib

        matplotlib.use("agg")
        from eegaug.study import Settings, learn, save_model, write_report

    start = time.perf_counter()
    try:
        task = find_task(arguments.task)
        given = _given(arguments, task)
        settings = Settings(
            task,
            **_without_none(
                model=arguments.model,
                policy=arguments.policy,
                epochs=arguments.epochs,
                batch_size=arguments.batch_size,
            ),
            objective=arguments.objective,
            n_networks=arguments.networks,
            reward_weight=arguments.reward_weight,
            seed=arguments.seed,
            device=arguments.device,
        )
        with _output_folder(arguments.out) as folder:
            paths = [Path(path) for path in arguments.recordings]
            for numbers in given["fetch"].values():
                paths += task.fetch(numbers)
            simulation = _without_none(n_subjects=arguments.subjects) | given["simulate"]
            if paths and simulation:
                options = ", ".join(f"--{each.removeprefix('n_')}" for each in simulation)
                raise ValueError(f"Only for simulations, but recordings are given: {options}.")
            if paths:
                recordings = task.read(
                    paths, subject=arguments.subject, progress=True, **given["read"]
                )
            else:
                print("No recordings given: simulating.", file=sys.stderr)
                recordings = task.simulate(**simulation, seed=arguments.seed)
            windows = task.make_windows(
                recordings, channels=arguments.channels, progress=True, **given["windows"]
            )
            _print_data(windows)
            learned = learn(
                windows,
                settings,
                test=arguments.test,
                compare=arguments.compare,
                restarts=arguments.restarts,
                progress=True,
            )
            print("Writing the report ...", file=sys.stderr, flush=True)
            text = json.dumps(learned.invariances(), indent=2, ensure_ascii=False)
            (folder / "invariances.json").write_text(text + "\n", encoding="utf-8")
            save_model(learned, folder / "model.pt")
            write_report(learned, folder / "report.html")
    except (ValueError, TypeError, OSError) as error:
        if arguments.traceback:
            raise
        print(f"eegaug: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    _print_results(learned)
    print(
        f"\nWrote {', '.join(RESULTS)} to {arguments.out} in {time.perf_counter() - start:.0f} s."
    )
    return 0


def _given(arguments: argparse.Namespace, task: Task) -> dict[str, dict[str, Any]]:
    """Return the options of a task that were given, by the step that takes them."""
    given: dict[str, dict[str, Any]] = {step: {} for step in STEPS}
    for other in TASKS.values():
        for option in other.options:
            value = getattr(arguments, option.argument)
            if value is None:
                continue
            if other is not task:
                raise ValueError(f"{option.flag} is an option of --task {other.name}.")
            given[option.step][option.argument] = option.convert(value) if option.convert else value
    return given


def _without_none(**arguments: Any) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


def _defaults(name: str, owners: Mapping[str, Any] = TASKS) -> str:
    """Return the default of each task, as "sleep 64, imagery 32", or one that all share.

    Of each purpose, with ``owners=PURPOSES``.
    """
    values = {key: str(getattr(owner, name)) for key, owner in owners.items()}
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    return ", ".join(f"{key} {value}" for key, value in values.items())


@contextmanager
def _output_folder(out: Path) -> Iterator[Path]:
    """Yield a folder to write to; its files move to ``out`` together, unless there is an error."""
    new = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=out, prefix=".writing-"))
    except OSError as error:
        raise ValueError(
            f"--out {out}: not a folder that can be written to ({error.strerror})."
        ) from error
    try:
        in_the_way = [out / result for result in RESULTS if (out / result).is_dir()]
        if in_the_way:
            raise ValueError(f"{in_the_way[0]}: a folder; a file of this name is wanted.")
        yield folder
        for result in RESULTS:
            os.replace(folder / result, out / result)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for folder in new:  # from the innermost; empty ones are removed
            if not any(folder.iterdir()):
                folder.rmdir()


def _print_data(windows: Windows) -> None:
    names = windows.subject_names
    kept = ", ".join(f"{name} {len(windows.epochs[name])}" for name in windows.epochs.event_id)
    print(
        f"{len(names)} {'subjects' if len(names) > 1 else 'subject'}: {', '.join(names)}.\n"
        f"{len(windows.epochs)} windows: {kept}.\n"
        f"Channels: {', '.join(windows.info['ch_names'])}.",
        file=sys.stderr,
    )
    for note in windows.notes:
        print(note, file=sys.stderr)


def _print_results(learned: Learned) -> None:
    print(f"\nLearned invariances (epoch {learned.best_epoch}, which validated best)\n")
    print(learned.table().to_string(index=False))
    print(f"\nScores on {len(learned.y_true)} test windows ({learned.split.how})\n")
    print(learned.scores().round(3).to_string())
    print(f"\n{learned.verdict}")
    for note in [*learned.warnings(), *learned.caveats()]:
        print(f"\nNote: {note}")
