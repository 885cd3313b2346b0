"""What each augmentation does to scores on people never seen.

``python benchmarks/people.py`` trains every method on every setting of ``unseen/protocols.py``,
seed by seed, saves each run as it ends, and writes the page. ``--light`` runs a part of it in less
than ten minutes; ``--resume`` goes on where an earlier run was stopped.
"""

from __future__ import annotations

import itertools
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from papers.runs import command_line, run_missing
from unseen.data import FOLDER, load
from unseen.methods import METHODS, OURS
from unseen.page import write_page
from unseen.protocols import SETTINGS, problems
from unseen.scoring import kappas
from unseen.summary import NONE
from unseen.training import predict

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
#: What ``--light`` runs.
LIGHT_SETTINGS = ("arithmetic, 4 people", "flicker, within", "simulated, 2 people")
LIGHT_METHODS = (NONE, OURS, "two nets averaged", "FT surrogate")


def run(setting: str, seed: int, method: str) -> dict[str, Any]:
    """Train a method on all problems of a setting and seed, and score each tested person.

    Parameters
    ----------
    setting, method : str
        Keys of :data:`SETTINGS` and :data:`METHODS`.
    seed : int
        Seed of the split, the first parameters, the batches and the draws.

    Returns
    -------
    dict
        Seconds of one processor, mean log-loss of the test windows, and kappa by person.
    """
    warnings.simplefilter("ignore")  # of MNE and braindecode, on recordings that are what they are
    torch.set_num_threads(1)
    data = load(SETTINGS[setting].data)
    seconds, losses, found = 0.0, [], {}
    for problem, test in problems(setting, seed):
        began = time.process_time()
        model = METHODS[method](problem)
        seconds += time.process_time() - began
        scores, y = predict(model, data.X[test]), data.y[test]
        losses.append(-scores[torch.arange(len(y)), y].mean().item())
        found |= kappas(data, test, scores)
    return {
        "cpu": round(seconds, 2),
        "loss": round(float(np.mean(losses)), 4),
        "kappa": found,
    }


def main() -> None:
    """Run what is missing, and write the page."""
    parser = command_line(__doc__, n_seeds=10)
    parser.set_defaults(out=OUT)
    parser.add_argument(
        "--settings", nargs="+", metavar="SETTING", choices=SETTINGS, default=list(SETTINGS)
    )
    parser.add_argument(
        "--methods", nargs="+", metavar="METHOD", choices=METHODS, default=list(METHODS)
    )
    parser.add_argument("--light", action="store_true", help="three settings, few methods, 2 seeds")
    options = parser.parse_args()
    if options.light:
        options.settings, options.methods, options.seeds = LIGHT_SETTINGS, LIGHT_METHODS, [0, 1]
    if not FOLDER.exists():
        absent = [key for key in options.settings if SETTINGS[key].data != "simulated"]
        print(f"No recordings in {FOLDER.name}: left out are {'; '.join(absent)}.")
        options.settings = [key for key in options.settings if key not in absent]
    runs = run_missing(
        options.out / "people.json",
        {},
        ("seed", "method", "setting"),
        itertools.product(options.seeds, options.methods, options.settings),
        _run,
        options.resume,
        options.jobs,
    )
    write_page(runs, options.out)


def _run(seed: int, method: str, setting: str) -> dict[str, Any]:
    return run(setting, seed, method)


if __name__ == "__main__":
    main()
