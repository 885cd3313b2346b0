"""Compare what two commits cost in training, alone and in prediction, process by process in turn.

``python benchmarks/speed_commits.py v0.1.0 HEAD`` takes some minutes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from speed_page import channels, number, shown
from speed_training import CHANNEL_COUNTS, MEASURED, in_a_process
from tqdm import tqdm

ROOT = Path(__file__).parents[1]
#: What tells the allocator of glibc to keep what is freed. By itself it returns large pieces to
#: the system and maps them anew, now and then, which doubles a time or does not.
STEADY = {
    "MALLOC_TRIM_THRESHOLD_": "4000000000",
    "MALLOC_MMAP_THRESHOLD_": "4000000000",
    "MALLOC_TOP_PAD_": "200000000",
}


def check_out(commit: str, folder: Path) -> Path:
    """Check out a commit into a folder, and return the folder."""
    command = ["git", "-C", str(ROOT), "worktree", "add", "--quiet", "--detach", folder, commit]
    subprocess.run(command, check=True)
    return folder


def compare(trees: list[Path], processes: int, rounds: int) -> list[str]:
    """Return a table: each case before and after, and the ratios of the medians of processes."""
    medians: dict[str, list[list[float]]] = {}
    cases = [(what, n_channels) for what in MEASURED for n_channels in CHANNEL_COUNTS]
    for _ in tqdm(range(processes), "Comparing", unit="process"):
        for what, n_channels in cases:
            for place, tree in enumerate(trees):
                found = in_a_process(what, n_channels, rounds, "cpu", tree)
                for name, times in found.items():
                    case = f"{what}, {name}, {channels(n_channels)}"
                    medians.setdefault(case, [[], []])[place].append(float(np.median(times)))
    lines = ["| case | before, ms | after, ms | after / before |", "|---|---|---|---|"]
    for case, (before, after) in medians.items():
        ratios = [b / a for a, b in zip(before, after, strict=True)]
        middle = [number(float(np.median(times))) for times in (before, after)]
        lines.append(f"| {case} | {middle[0]} | {middle[1]} | {shown(ratios)} |")
    return lines


def main() -> None:
    """Run from the command line."""
    os.environ |= STEADY  # of the processes that are started
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commits", nargs=2, metavar="COMMIT")
    parser.add_argument("--processes", type=int, default=5, help="of each commit (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="in a process (%(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trees = []
        try:
            for place, commit in zip(("before", "after"), options.commits, strict=True):
                trees.append(check_out(commit, Path(folder, place)))
            print("\n".join(compare(trees, options.processes, options.rounds)))
        finally:
            for tree in trees:
                command = ["git", "-C", str(ROOT), "worktree", "remove", "--force", tree]
                subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
