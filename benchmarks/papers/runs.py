"""What the scripts of these experiments share: a command line, and runs that are saved as they go.

A file holds the setting and its runs: ``{**setting, "runs": [{...}, ...]}``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
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
    return parser


def run_missing(
    file: Path,
    setting: dict[str, Any],
    names: Iterable[str],
    wanted: Iterable[tuple],
    train: Callable[..., dict[str, Any]],
    resume: bool,
) -> list[dict[str, Any]]:
    """Train what is not yet saved, on one thread, and save after each run.

    Parameters
    ----------
    file : Path
        JSON file. Its folder is made.
    setting : dict
        What all runs have in common: runs of another setting are not kept.
    names : iterable of str
        Names of the parts of a key.
    wanted : iterable of tuple
        Keys of the runs, in order.
    train : callable
        From the parts of a key to what was measured.
    resume : bool
        Whether runs that are saved are kept.

    Returns
    -------
    list of dict
        One a run: the parts of its key, ``seconds``, and what was measured.
    """
    torch.set_num_threads(1)
    file.parent.mkdir(parents=True, exist_ok=True)
    names = list(names)
    runs: list[dict[str, Any]] = []
    if resume and file.exists():
        saved = json.loads(file.read_text("utf-8"))
        runs = saved.pop("runs")
        if saved != setting:
            runs = []
    done = {tuple(run[name] for name in names) for run in runs}
    for key in tqdm([key for key in wanted if key not in done], unit="run"):
        began = time.monotonic()
        found = train(*key)
        seconds = round(time.monotonic() - began, 2)
        runs.append({**dict(zip(names, key, strict=True)), "seconds": seconds, **found})
        text = json.dumps({**setting, "runs": runs}, ensure_ascii=False)
        file.write_text(text + "\n", "utf-8")
    return runs
