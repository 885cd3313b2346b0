"""Measure gradient estimators for discrete random choices against the exact gradient.

Run ``python benchmarks/estimators.py`` from the root of the repository: it writes
``docs/benchmarks/estimators.md`` and ``docs/benchmarks/estimators.json``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import time
from pathlib import Path

import torch
from estimators_measure import PASS, curvature, measure
from estimators_page import page
from estimators_problems import PROBLEMS, Network, check_swaps
from estimators_score import measure_score
from tqdm import tqdm


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--repeats", type=int, default=20_000, help="batches for each number")
    parser.add_argument(
        "--rounds", type=int, default=4, help="times four million choices for each score gradient"
    )
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    options = parser.parse_args()
    repeats = max(1, options.repeats // PASS) * PASS
    torch.set_num_threads(1)
    check_swaps()
    options.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    data = {
        "seeds": options.seeds,
        "repeats": repeats,
        "machine": {
            "cpus": os.cpu_count(),
            "processor": platform.machine(),
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "runs": [],
    }
    with tqdm(total=repeats * len(options.seeds) * len(PROBLEMS), unit="batch") as bar:
        for seed, (choice, build) in itertools.product(options.seeds, PROBLEMS.items()):
            bar.set_description(f"{choice}, seed {seed}")
            network = Network(seed)
            problem = build(network)
            generator = torch.Generator().manual_seed(1000 + seed)
            data["runs"].append(
                {
                    "choice": choice,
                    "seed": seed,
                    "curvature": curvature(network, problem),
                    "rows": measure(network, problem, repeats, generator, bar),
                }
            )
            data["seconds"] = time.monotonic() - began
            (options.out / "estimators.json").write_text(json.dumps(data) + "\n")
    data["score"] = measure_score(options.seeds, options.rounds)
    data["seconds"] = time.monotonic() - began
    (options.out / "estimators.json").write_text(json.dumps(data) + "\n")
    (options.out / "estimators.md").write_text(page(data))


if __name__ == "__main__":
    main()
