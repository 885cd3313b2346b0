"""Kill a run at random moments, and see what is lost: ``python benchmarks/interrupted.py``.

A run of ``eegaug learn`` is killed (SIGKILL) after random times, and resumed, until so many kills
are done; then it runs to its end. Its results are compared with those of a run that was left alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

#: Settings that differ between two runs that give the same.
DIFFERS = ("seconds", "workers")


def command(out: Path, arguments: list[str], resume: bool) -> list[str]:
    """Return the command of a run."""
    run = [sys.executable, "-W", "ignore", "-m", "eegaug", "learn", "--out", str(out), *arguments]
    return [*run, "--resume"] if resume else run


def epochs_done(out: Path) -> int:
    """Return the number of epochs in all states of trainings."""
    states = sorted((out / "unfinished").glob("[0-9]*.pt"))
    return sum(int(torch.load(state, weights_only=True)["epochs"]) for state in states)


def result(out: Path) -> dict[str, Any]:
    """Return the results of a run, without times."""
    found = json.loads((out / "invariances.json").read_text(encoding="utf-8"))
    for name in DIFFERS:
        found["training"].pop(name)
    return found


def same_model(one: Path, other: Path) -> bool:
    """Whether two files hold the same parameters, bit for bit."""
    networks = [torch.load(out / "model.pt", weights_only=True)["networks"] for out in (one, other)]
    return all(
        a["state_dict"].keys() == b["state_dict"].keys()
        and all(
            torch.equal(value, b["state_dict"][name])
            for name, value in a["state_dict"].items()
            if isinstance(value, torch.Tensor)
        )
        for a, b in zip(*networks, strict=True)
    )


def main() -> None:
    """Run, kill, resume, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10, help="kills (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments (%(default)s)")
    parser.add_argument("--epochs", type=int, default=10, help="of a training (%(default)s)")
    parser.add_argument("--device", default="cpu", help="device to train on (%(default)s)")
    parser.add_argument("--cache", action="store_true", help="keep the windows in a cache")
    parser.add_argument(
        "arguments", nargs="*", help="of eegaug learn", default="--subjects 6 --hours 1".split()
    )
    options = parser.parse_args()
    arguments = [*options.arguments, "--epochs", str(options.epochs), "--device", options.device]
    generator = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        alone, killed, cache = (Path(folder, name) for name in ("alone", "killed", "cache"))
        start = time.perf_counter()
        subprocess.run(command(alone, arguments, False), check=True, capture_output=True)
        duration = time.perf_counter() - start
        if options.cache:
            arguments += ["--cache", str(cache)]
        print(f"left alone: {duration:.0f} s")
        kills, epochs = 0, 0
        while kills < options.kills:
            process = subprocess.Popen(
                command(killed, arguments, True),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            # more often than not within the training, at times while libraries are loaded
            try:
                process.wait(timeout=generator.uniform(0.05, 0.5) * duration)
                print(f"finished after {kills} kills; beginning anew")
                epochs = 0
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                kills += 1
                done = epochs_done(killed)
                print(f"kill {kills}: {done} epochs are kept, {done - epochs} more than before")
                assert done >= epochs, "an epoch was lost that had been kept"
                epochs = done
        subprocess.run(command(killed, arguments, True), check=True, capture_output=True)
        left = sorted(path.name for path in killed.iterdir())
        in_cache = [path.name for path in cache.rglob("*") if "part" in path.name]
        print(f"equal results: {result(alone) == result(killed)}")
        print(f"equal parameters: {same_model(alone, killed)}")
        print(f"in the output folder: {', '.join(left)}")
        print(f"left in the cache: {in_cache or 'nothing'}")


if __name__ == "__main__":
    main()
