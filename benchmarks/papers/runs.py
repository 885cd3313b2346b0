"""What the scripts of these experiments share: a command line, and runs that are saved as they go.

A file holds the setting and its runs: ``{**setting, "runs": [{...}, ...]}``.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from joblib import Parallel, delayed
from tqdm import tqdm

OUT = Path(__file__).parents[2] / "docs" / "papers"


def command_line(description: str, n_seeds: int) -> argparse.ArgumentParser:
    """Return a parser of what every experiment is asked for.

    Parameters
    ----------
    description : str
        Docstring of the script, of which the first line is shown.
    n_seeds : int
        Number of seeds, from 0, where none is named.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(n_seeds)))
    parser.add_argument("--out", type=Path, default=OUT, help="folder of page, figures and JSON")
    parser.add_argument("--resume", action="store_true", help="keep the runs of the JSON file")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (%(default)s)")
    return parser


def run_missing(
    file: Path,
    setting: dict[str, Any],
    names: Iterable[str],
    wanted: Iterable[tuple],
    train: Callable[..., dict[str, Any]],
    resume: bool,
    jobs: int,
) -> list[dict[str, Any]]:
    """Train what is not yet saved, each run on one thread, and save after each.

    Parameters
    ----------
    file : Path
        JSON file. Its folder is made.
    setting : dict
        What all runs have in common.
    names : iterable of str
        Names of the parts of a key.
    wanted : iterable of tuple
        Keys of the runs, in order.
    train : callable
        From the parts of a key to what was measured.
    resume : bool
        Whether runs that are saved are kept.
    jobs : int
        Runs at a time.

    Returns
    -------
    list of dict
        One a run: the parts of its key, ``seconds``, and what was measured.

    Raises
    ------
    ValueError
        If runs are to be kept that are of another setting.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    names = list(names)
    runs: list[dict[str, Any]] = []
    if resume and file.exists():
        saved = json.loads(file.read_text("utf-8"))
        runs = saved.pop("runs")
        if saved != setting:
            raise ValueError(f"{file.name} holds runs of {saved}. Found {setting} to resume with.")
    done = {tuple(run[name] for name in names) for run in runs}
    missing = [key for key in wanted if key not in done]
    parallel = Parallel(n_jobs=jobs, return_as="generator")
    results = parallel(delayed(_timed)(train, key) for key in missing)
    for key, found in zip(missing, tqdm(results, total=len(missing), unit="run"), strict=True):
        runs.append({**dict(zip(names, key, strict=True)), **found})
        text = json.dumps({**setting, "runs": runs}, ensure_ascii=False)
        file.write_text(text + "\n", "utf-8")
    return runs


def _timed(train: Callable[..., dict[str, Any]], key: tuple) -> dict[str, Any]:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    began = time.monotonic()
    found = train(*key)
    return {"seconds": round(time.monotonic() - began, 2), **found}
