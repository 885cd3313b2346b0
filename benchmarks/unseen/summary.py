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


def compare(table: pd.DataFrame, method: str, rival: str) -> pd.DataFrame:
    """Return one row per setting that compares two methods on the seeds that both have.

    Parameters
    ----------
    table : DataFrame
        Result of :func:`gains`.
    method, rival : str
        Names of methods.

    Returns
    -------
    DataFrame
        Indexed by setting: mean difference in kappa, its standard error over people (over seeds
        where one person is tested), the ratio of the costs, and the number of seeds.
    """
    keys = ["setting", "seed", "person"]
    own, other = (table[table["method"] == name].set_index(keys) for name in (method, rival))
    both = own.join(other, rsuffix=" of rival", how="inner").reset_index()
    both["difference"] = both["kappa"] - both["kappa of rival"]
    both["ratio"] = both["cost"] / both["cost of rival"]
    rows = {}
    for setting, part in both.groupby("setting", sort=False):
        people = part.groupby("person")["difference"].mean()
        seeds = part.groupby("seed")["difference"].mean()
        rows[setting] = {
            "difference": seeds.mean(),
            "error": (people if len(people) > 1 else seeds).sem(),
            "ratio": part.groupby("seed")["ratio"].first().median(),
            "seeds": len(seeds),
        }
    return pd.DataFrame(rows).T.rename_axis("setting")
