"""Gains over training without augmentation, paired by setting, seed and person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

#: Method that all others are compared with.
NONE = "none"
#: Loss of kappa from which on a seed counts as harmed.
HARM = 0.02


def gains(runs: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return one row per setting, method, seed and person, with its gain in kappa.

    Parameters
    ----------
    runs : iterable of dict
        What ``people.py`` saved.

    Returns
    -------
    DataFrame
        Columns setting, method, seed, person, kappa, gain, and cost: the time that the method took
        over that of training without augmentation.
    """
    runs = list(runs)
    plain = {(run["setting"], run["seed"]): run for run in runs if run["method"] == NONE}
    rows = []
    for run in runs:
        base = plain.get((run["setting"], run["seed"]))
        if base is None:
            continue
        for person, kappa in run["kappa"].items():
            rows.append(
                {
                    **{name: run[name] for name in ("setting", "method", "seed")},
                    "person": person,
                    "kappa": kappa,
                    "gain": kappa - base["kappa"][person],
                    "cost": run["cpu"] / base["cpu"],
                }
            )
    return pd.DataFrame(rows)


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per setting and method.

    Parameters
    ----------
    table : DataFrame
        Result of :func:`gains`.

    Returns
    -------
    DataFrame
        Indexed by setting and method: mean kappa and gain, its standard error over people and over
        seeds, the share of people and of seeds that lose (people: anything, seeds: more than
        :data:`HARM`), the worst seed, the median cost, and the number of seeds.
    """
    rows = {}
    for key, part in table.groupby(["setting", "method"], sort=False):
        people = part.groupby("person")["gain"].mean()
        seeds = part.groupby("seed")["gain"].mean()
        rows[key] = {
            "kappa": part.groupby("seed")["kappa"].mean().mean(),
            "gain": seeds.mean(),
            "error over people": people.sem(),
            "error over seeds": seeds.sem(),
            "people that lose": (people < 0).mean(),
            "seeds that lose": (seeds < -HARM).mean(),
            "worst seed": seeds.min(),
            "cost": part.groupby("seed")["cost"].first().median(),
            "seeds": len(seeds),
        }
    return pd.DataFrame(rows).T.rename_axis(["setting", "method"])
