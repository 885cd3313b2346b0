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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eegaug import __version__
from eegaug.objectives import REWARD_WEIGHT
from eegaug.policies import POLICIES

if TYPE_CHECKING:
    from eegaug.recordings import SleepWindows
    from eegaug.study import Learned

#: What a run leaves in its output folder.
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
    results`` does in a shell. What is wrong is told on standard error:

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
        help="train a sleep stager with learned augmentations on recordings",
        description=(
            "Train a sleep stager with augmentation layers on recordings, and write what the"
            f" layers learned: {', '.join(RESULTS)}. With no recordings: simulated nights."
        ),
    )
    data = learn.add_argument_group("data")
    data.add_argument(
        "recordings",
        nargs="*",
        metavar="RECORDINGS",
        help="files that MNE reads, with stages as annotations or in *Hypnogram.edf beside"
        " *PSG.edf, or folders of them",
    )
    data.add_argument(
        "--sleep-edf",
        nargs="+",
        type=int,
        metavar="N",
        help="people of Sleep-EDF Expanded by number (0 to 82), downloaded by MNE",
    )
    data.add_argument(
        "--people",
        type=int,
        default=10,
        metavar="N",
        help="simulated nights: how many (%(default)s)",
    )
    data.add_argument(
        "--hours",
        type=float,
        default=2.0,
        metavar="H",
        help="simulated nights: how long (%(default)s)",
    )
    data.add_argument(
        "--channels", nargs="+", metavar="NAME", help="channels to take, by name, in this order"
    )
    data.add_argument(
        "--person",
        metavar="REGEX",
        help="how to read the person off a file's path, so that nobody is trained and tested on"
        " (Sleep-EDF's or BIDS's name, the header's patient code, or the file's name)",
    )
    data.add_argument(
        "--wake-margin",
        type=float,
        default=30.0,
        metavar="MINUTES",
        help="wake to keep before the first and after the last sleep (%(default)g)",
    )
    data.add_argument(
        "--test", nargs="+", metavar="PERSON", help="people to test on (chosen by the seed)"
    )
    training = learn.add_argument_group("training")
    training.add_argument(
        "--model",
        metavar="NAME",
        default="SleepStagerChambon2018",
        help="network: any model of braindecode (%(default)s)",
    )
    training.add_argument(
        "--policy",
        metavar="NAME",
        default="chain",
        help=f"augmentations: {' or '.join(sorted(POLICIES))} (%(default)s)",
    )
    training.add_argument(
        "--epochs", type=int, metavar="N", default=30, help="length of the training (%(default)s)"
    )
    training.add_argument(
        "--batch-size", type=int, metavar="N", default=64, help="windows in a step (%(default)s)"
    )
    training.add_argument(
        "--weight",
        type=float,
        metavar="X",
        default=REWARD_WEIGHT,
        help="what an augmentation wider by a factor e may cost, in nats of the training loss"
        " (%(default)s)",
    )
    training.add_argument(
        "--seed", type=int, metavar="N", default=0, help="seed of all that is random (%(default)s)"
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
        help="train N times more, to see whether what is learned agrees (%(default)s)",
    )
    training.add_argument(
        "--compare", action="store_true", help="also train the network without augmentation"
    )
    learn.add_argument(
        "--traceback", action="store_true", help="show where in the code an error came from"
    )
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
        from eegaug.recordings import (
            fetch_sleep_edf,
            make_windows,
            read_recordings,
            simulate_nights,
        )
        from eegaug.study import Settings, learn
        from eegaug.study.report import write_report

    start = time.perf_counter()
    try:
        settings = Settings(
            model=arguments.model,
            policy=arguments.policy,
            epochs=arguments.epochs,
            batch_size=arguments.batch_size,
            weight=arguments.weight,
            seed=arguments.seed,
            device=arguments.device,
        )
        with _output_folder(arguments.out) as folder:
            paths = [Path(path) for path in arguments.recordings]
            if arguments.sleep_edf:
                paths += fetch_sleep_edf(arguments.sleep_edf)
            if paths:
                recordings = read_recordings(paths, person=arguments.person, progress=True)
            else:
                print("No recordings given: simulating nights.", file=sys.stderr)
                recordings = simulate_nights(arguments.people, arguments.hours, seed=arguments.seed)
            windows = make_windows(
                recordings,
                channels=arguments.channels,
                wake_margin=arguments.wake_margin,
                progress=True,
            )
            _tell_data(windows)
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
            learned.save_model(folder / "model.pt")
            write_report(learned, folder / "report.html")
    except (ValueError, TypeError, OSError) as error:
        if arguments.traceback:
            raise
        print(f"eegaug: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    _tell_results(learned)
    print(
        f"\nWrote {', '.join(RESULTS)} to {arguments.out} in {time.perf_counter() - start:.0f} s."
    )
    return 0


@contextmanager
def _output_folder(out: Path) -> Iterator[Path]:
    """Give a folder to write to; what is in it moves to ``out`` at once, if all went well."""
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
            raise ValueError(f"{in_the_way[0]}: a folder; a file of this name is to be written.")
        yield folder
        for result in RESULTS:
            os.replace(folder / result, out / result)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for folder in new:  # from the innermost; what was made for nothing goes again
            if not any(folder.iterdir()):
                folder.rmdir()


def _tell_data(windows: SleepWindows) -> None:
    people = windows.people
    kept = ", ".join(f"{name} {len(windows.epochs[name])}" for name in windows.epochs.event_id)
    print(
        f"{len(people)} {'people' if len(people) > 1 else 'person'}: {', '.join(people)}.\n"
        f"{len(windows.epochs)} windows: {kept}.\n"
        f"Channels: {', '.join(windows.info['ch_names'])}.",
        file=sys.stderr,
    )
    for note in windows.notes:
        print(note, file=sys.stderr)


def _tell_results(learned: Learned) -> None:
    print(f"\nLearned invariances (epoch {learned.best_epoch}, which validated best)\n")
    print(learned.table().to_string(index=False))
    print(f"\nScores on {len(learned.y_true)} test windows ({learned.split.how})\n")
    print(learned.scores().round(3).to_string())
    for warning in [*learned.warnings(), *learned.doubts()]:
        print(f"\nNote: {warning}")
