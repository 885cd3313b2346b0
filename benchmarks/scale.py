"""Memory, time and processes for many recordings: ``python benchmarks/scale.py``.

Simulated nights of eight hours, two channels. Each measure runs in processes of its own; the page
``docs/benchmarks/scale.md`` and its numbers are written as they come in.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from eegaug.recordings import simulate_nights

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks"
#: Nights, hours of each, and windows of 30 s in one.
NIGHTS, HOURS = (8, 32, 64), 8
WINDOWS = HOURS * 120
#: Nights of the comparison of epochs, and repetitions.
EPOCH_NIGHTS, REPEATS = 4, 5

#: Peak memory (MB) of the command.
MEMORY = """
import os, resource, sys, warnings
warnings.simplefilter("ignore")
from eegaug.study.cli import main
printed, sys.stdout, sys.stderr = sys.stdout, open(os.devnull, "w"), open(os.devnull, "w")
assert main(["learn", "--epochs", "1", "--device", "cpu", *sys.argv[1:]]) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=printed)
"""

#: Seconds to cut all nights in a folder into a cache, or into memory.
CUT = """
import sys, time, warnings
warnings.simplefilter("ignore")
from eegaug.recordings import make_sleep_windows, read_sleep_recordings
recordings = read_sleep_recordings(sys.argv[1], subject="sim[0-9]+")
start = time.perf_counter()
windows = make_sleep_windows(recordings, cache=sys.argv[2] if len(sys.argv) > 2 else None)
print(time.perf_counter() - start)
"""

#: Seconds of each epoch, from memory and from a cache, one after the other in turn.
EPOCHS = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np, torch
from torch.utils.data import DataLoader
from eegaug.recordings import WindowDataset, make_sleep_windows, read_sleep_recordings
from eegaug.study.network import build_network
device = "cuda" if torch.cuda.is_available() else "cpu"
recordings = read_sleep_recordings(sys.argv[1], subject="sim[0-9]+")[: int(sys.argv[3])]
memory = make_sleep_windows(recordings)
cached = make_sleep_windows(recordings, cache=sys.argv[2])
ways = {"memory": (memory, 0), "memory, 2 workers": (memory, 2), "cache": (cached, 0),
        "cache, 2 workers": (cached, 2), "cache, 8 workers": (cached, 8)}
if device == "cpu":
    del ways["cache, 8 workers"]
model = build_network("SleepStagerChambon2018", 2, 3000, 100.0, 5, seed=0).to(device)
optimizer, loss = torch.optim.Adam(model.parameters()), torch.nn.CrossEntropyLoss()
times = {name: [] for name in ways}
for repeat in range(int(sys.argv[4]) + 1):
    for name, (windows, workers) in ways.items():
        loader = DataLoader(WindowDataset(windows), 64, shuffle=True, num_workers=workers)
        start = time.perf_counter()
        for x, y in loader:
            optimizer.zero_grad()
            loss(model(x.to(device)), y.to(device)).backward()
            optimizer.step()
        torch.cuda.synchronize() if device == "cuda" else None
        if repeat:  # the first is to warm up
            times[name].append(time.perf_counter() - start)
print(json.dumps(times))
"""


def run(script: str, *arguments: Any, threads: int = 1) -> str:
    """Run a script, and return what it prints."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout.strip().splitlines()[-1]


def memory(folder: Path) -> dict[str, Any]:
    """Return the peak memory by number of nights, less that of four short ones (MB)."""
    out = ["--out", folder / "out"]
    before = float(run(MEMORY, "--subjects", 4, "--hours", 0.2, *out))
    found = {}
    for nights in NIGHTS:
        large = ["--subjects", nights, "--hours", HOURS, "--cache", folder / f"of {nights}"]
        found[str(nights)] = round(float(run(MEMORY, *large, *out)) - before)
        print(f"{nights} nights: {found[str(nights)]} MB over the libraries' own", flush=True)
        shutil.rmtree(folder / f"of {nights}")
    return found


def cutting(folder: Path, nights: Path) -> dict[str, float]:
    """Return seconds to cut 32 nights: into memory, into a cache, by two processes."""
    found = {"memory": float(run(CUT, nights)), "cache": float(run(CUT, nights, folder / "one"))}
    start = time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-c", CUT, str(nights), str(folder / "two")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    seconds = [float(process.communicate()[0].split()[-1]) for process in both]
    print(f"two processes, with imports: {time.perf_counter() - start:.0f} s", flush=True)
    return {**found, "two processes": max(seconds)}


def epochs(folder: Path, nights: Path) -> dict[str, list[float]]:
    """Return seconds of epochs by where the windows are."""
    return dict(json.loads(run(EPOCHS, nights, folder / "one", EPOCH_NIGHTS, REPEATS)))


def processes(folder: Path, seeds: int) -> dict[str, Any]:
    """Return times and results of one and of two processes, on shorter nights."""
    found: dict[str, Any] = {"one": [], "two": []}
    simulate_nights(6, 2, folder=folder / "short")
    learn = ["-m", "eegaug", "learn", str(folder / "short"), "--subject", "sim[0-9]+"]
    learn += ["--test", "sim00", "sim03", "--epochs", "10", "--device", "cpu", "--networks", "1"]
    learn += ["--cache", str(folder / "cache"), "--workers", "0"]  # two cores for two processes
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for seed in range(seeds):
        for name, start in (("one", []), ("two", launch)):
            out = folder / f"{name}{seed}"
            command = [sys.executable, *start, *learn, "--seed", str(seed), "--out", str(out)]
            environment = os.environ | {"OMP_NUM_THREADS": "1"}
            subprocess.run(command, check=True, capture_output=True, env=environment)
            result = json.loads((out / "invariances.json").read_text(encoding="utf-8"))
            strengths = [
                strength["value"] / strength["high"]
                for transform in result["layers"][0]["transforms"]
                for strength in transform["strengths"].values()
            ]
            found[name].append(
                {
                    "seconds": result["training"]["seconds"]["learning"],
                    "balanced accuracy": result["scores"]["balanced_accuracy"],
                    "strengths": strengths,
                }
            )
            print(seed, name, found[name][-1], flush=True)
    return found


def noise(found: dict[str, Any]) -> list[str]:
    """Return lines that compare one and two processes with two seeds of one process."""
    one, two = found["one"], found["two"]
    ratio = [a["seconds"] / b["seconds"] for a, b in zip(one, two, strict=True)]
    own = [each["balanced accuracy"] for each in one]
    gaps = [b["balanced accuracy"] - a["balanced accuracy"] for a, b in zip(one, two, strict=True)]
    between = np.abs(np.subtract([e["strengths"] for e in one], [e["strengths"] for e in two]))
    seeds = np.abs(np.diff([each["strengths"] for each in one], axis=0))
    return [
        f"- Two processes were {statistics.median(ratio):.2f} times as fast as one"
        f" ({min(ratio):.2f} to {max(ratio):.2f} over {len(ratio)} seeds), on two cores.",
        f"- Balanced accuracy with two less that with one: {np.mean(gaps):+.3f} ±"
        f" {np.std(gaps, ddof=1) / len(gaps) ** 0.5:.3f}; between seeds of one process it has a"
        f" standard deviation of {np.std(own, ddof=1):.3f}.",
        f"- Strengths, as fractions of their ranges, differ by {between.mean():.3f} on average,"
        f" between seeds of one process by {seeds.mean():.3f}.",
    ]


def page(found: dict[str, Any]) -> str:
    """Return the page."""
    lines = [
        "# Scale",
        "",
        f"Simulated nights of {HOURS} hours, two channels at 100 Hz, {WINDOWS} windows of 30 s"
        f" each. Written by `python benchmarks/scale.py` on {found['machine']}.",
        "",
    ]
    if "memory" in found:
        cells = [f"| {nights} | {mb} |" for nights, mb in found["memory"].items()]
        lines += [
            "## Memory",
            "",
            "Peak of `eegaug learn --cache` (three networks, one epoch, the report) over that of"
            " the same command on four nights of twelve minutes, which is that of the libraries.",
            "",
            "| nights | MB |",
            "|---|---|",
            *cells,
            "",
        ]
    if "cutting" in found:
        cut = found["cutting"]
        lines += [
            "## Cutting 32 nights",
            "",
            "| | s |",
            "|---|---|",
            *(f"| {name} | {seconds:.0f} |" for name, seconds in cut.items()),
            "",
        ]
    if "epochs" in found:
        times = found["epochs"]
        rows = []
        for name, seconds in times.items():
            ratio = np.divide(seconds, times["memory"])
            low, middle, high = np.quantile(ratio, (0, 0.5, 1))
            median = statistics.median(seconds)
            rows.append(f"| {name} | {median:.1f} | {middle:.2f} [{low:.2f}, {high:.2f}] |")
        lines += [
            f"## An epoch of {EPOCH_NIGHTS} nights",
            "",
            f"Chambon's network without augmentation, one thread; medians of {REPEATS}, taken in"
            " turn.",
            "",
            "| windows | s | over memory |",
            "|---|---|---|",
            *rows,
            "",
        ]
    if "processes" in found:
        lines += ["## Two processes", "", *noise(found["processes"]), ""]
    return "\n".join(lines)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--measures",
        nargs="+",
        choices=["memory", "cutting", "epochs", "processes"],
        default=["memory", "cutting", "epochs", "processes"],
    )
    parser.add_argument("--seeds", type=int, default=5, help="of two processes (%(default)s)")
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    path = options.out / "scale.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    found["machine"] = f"{os.cpu_count()} cores ({platform.machine()}), {gpu}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        nights = folder / "nights"
        if {"cutting", "epochs"} & set(options.measures):
            simulate_nights(32, HOURS, folder=nights)
        for measure in options.measures:
            if measure == "memory":
                found[measure] = memory(folder)
            elif measure == "cutting":
                found[measure] = cutting(folder, nights)
            elif measure == "epochs":
                found[measure] = epochs(folder, nights)
            else:
                found[measure] = processes(folder, options.seeds)
            path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            (options.out / "scale.md").write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
