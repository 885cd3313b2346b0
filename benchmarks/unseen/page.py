"""The page of the benchmark on people never seen, written from what was measured."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from papers.pages import save, table

from unseen.methods import METHODS, OLD, OURS, PAIR, QUICK, SEARCHES
from unseen.protocols import SETTINGS
from unseen.summary import HARM, NONE, compare, gains, summarise

#: Methods of the figure.
SHOWN = (
    "two nets averaged",
    "best fixed, by cross-validation",
    OLD,
    PAIR,
    OURS,
)
COLOURS = ("0.6", "tab:purple", "tab:orange", "tab:cyan", "tab:blue")


def write_page(runs: list[dict[str, Any]], folder: Path) -> None:
    """Write ``people.md`` and ``people.png``.

    Parameters
    ----------
    runs : list of dict
        What ``people.py`` saved.
    folder : Path
        Where to.
    """
    each = gains(runs)
    rows = summarise(each)
    figure = _figure(each)
    save(figure, folder / "people.png")
    head = Path(__file__).with_name("people_head.md").read_text("utf-8")
    lines = [
        head.rstrip(),
        "",
        "![Gain of each person](people.png)",
        "",
        "## To reach",
        "",
        *_targets(each, rows),
        "",
        "## Gain in kappa over training without augmentation",
        "",
        "Mean ± standard error over people (over seeds where one person is tested). In the first"
        " row: kappa without augmentation, † where it is not above zero by two standard errors: at"
        " chance, there is nothing for an augmentation to keep.",
        "",
        *_gains(each, rows),
        "",
        "## Harm and cost",
        "",
        f"Over all settings: seeds that lose more than {HARM:g} of kappa; tested people that lose"
        " anything on average; the worst seed of any setting; seconds of one processor over those"
        " of the training without augmentation, choosing included, median.",
        "",
        *_harm(rows),
        "",
        _tail(),
    ]
    (folder / "people.md").write_text("\n".join(lines) + "\n", "utf-8")


def _tail() -> str:
    return Path(__file__).with_name("people_cause.md").read_text("utf-8").rstrip()


def _order(values: Iterable[str], wanted: Iterable[str]) -> list[str]:
    values = set(values)
    return [name for name in wanted if name in values]


def _methods(rows: pd.DataFrame) -> list[str]:
    return _order(rows.index.get_level_values("method"), METHODS)


def _error(row: pd.Series) -> float:
    error = row["error over people"]
    return row["error over seeds"] if np.isnan(error) else error


def _harmed(own: pd.DataFrame) -> float:
    """Return the share of seeds that lose, of all settings of a method."""
    return (own["seeds that lose"] * own["seeds"]).sum() / own["seeds"].sum()


def _is_at_chance(each: pd.DataFrame, setting: str) -> bool:
    own = each[(each["setting"] == setting) & (each["method"] == NONE)]
    people, seeds = (own.groupby(unit)["kappa"].mean() for unit in ("person", "seed"))
    spread = people if len(people) > 1 else seeds
    return bool(spread.mean() <= 2 * spread.sem())


def _gains(each: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    settings = _order(rows.index.get_level_values("setting"), SETTINGS)
    lines = []
    for method in _methods(rows):
        cells = [method]
        for setting in settings:
            if (setting, method) not in rows.index:
                cells.append("-")
                continue
            row = rows.loc[setting, method]
            if method == NONE:
                cells.append(f"{row['kappa']:.3f}{' †' * _is_at_chance(each, setting)}")
            else:
                error = _error(row)
                cells.append(f"{row['gain']:+.3f}" + ("" if np.isnan(error) else f" ± {error:.3f}"))
        lines.append(cells)
    return table(["method", *settings], lines)


def _harm(rows: pd.DataFrame) -> list[str]:
    lines = []
    for method in _methods(rows):
        if method == NONE:
            continue
        own = rows.xs(method, level="method")
        worst = own["worst seed"].idxmin()
        lines.append(
            [
                method,
                f"{own['gain'].mean():+.3f}",
                _range(own["seeds"]),
                f"{_harmed(own):.0%} of {own['seeds'].sum():.0f}",
                f"{own['people that lose'].mean():.0%}",
                f"{own['worst seed'].min():+.3f} ({worst})",
                f"{own['cost'].median():.1f}",
            ]
        )
    losses = ["seeds that lose", "people that lose", "worst seed"]
    return table(["method", "mean gain", "seeds", *losses, "cost"], lines)


def _range(numbers: pd.Series) -> str:
    low, high = int(numbers.min()), int(numbers.max())
    return f"{low}" if low == high else f"{low} to {high}"


def _targets(each: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    methods = _methods(rows)
    lines = []
    for ours in _order(methods, (OURS, PAIR, QUICK)):
        own = rows.xs(ours, level="method")
        lowest = own["gain"].idxmin()
        lines += [
            [
                ours,
                "mean gain, every setting",
                "none below -.005, +.02 on three",
                f"lowest {own['gain'].min():+.3f} ({lowest}); {(own['gain'] >= 0.02).sum()} of"
                f" {len(own)} at +.02 or more",
            ],
            [ours, "seeds that lose more than .02", "at most 10 %", f"{_harmed(own):.0%}"],
            [
                ours,
                "cost",
                "at most 4, and a mode at most 2",
                f"{own['cost'].median():.1f}, at most {own['cost'].max():.1f}",
            ],
        ]
        for rival in _order(methods, ("best fixed, by cross-validation", *SEARCHES)):
            against = compare(each, ours, rival)
            difference, error = against["difference"], against["error"]
            lines.append(
                [
                    ours,
                    f"against {rival}",
                    "not below; " + ("above on two" if rival not in SEARCHES else "half the cost"),
                    f"by two standard errors, below on {(difference < -2 * error).sum()} and above"
                    f" on {(difference > 2 * error).sum()} of {len(against)}; lowest"
                    f" {difference.min():+.3f} ({difference.idxmin()}), mean"
                    f" {difference.mean():+.3f}; {against['ratio'].median():.2f} of its cost",
                ]
            )
    return table(["", "what", "to reach", "reached"], lines)


def _figure(each: pd.DataFrame) -> Figure:
    """Show the gain of every person, averaged over seeds, by setting and method."""
    settings = _order(each["setting"], SETTINGS)
    methods = _order(each["method"], SHOWN)
    columns = 4
    n_rows = -(-len(settings) // columns)
    figure = Figure(figsize=(13, 2.6 * n_rows), layout="constrained")
    axes = np.atleast_1d(figure.subplots(n_rows, columns, squeeze=False)).ravel()
    jitter = np.random.default_rng(0)
    for ax, setting in zip(axes, settings, strict=False):
        ax.axhline(0, color="black", linewidth=0.8)
        for place, (method, colour) in enumerate(zip(methods, COLOURS, strict=False)):
            own = each[(each["setting"] == setting) & (each["method"] == method)]
            people = own.groupby("person")["gain"].mean()
            if len(people) < 2:  # one person: its seeds
                people = own.groupby("seed")["gain"].mean()
            spread = place + jitter.uniform(-0.25, 0.25, len(people))
            ax.plot(spread, people, ".", color=colour, markersize=5)
            ax.plot([place - 0.35, place + 0.35], 2 * [people.mean()], color=colour, linewidth=2.5)
        ax.set_title(setting, fontsize=10)
        ax.set_xticks([])
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[len(settings) :]:
        ax.set_visible(False)
    for ax in axes[::columns]:
        ax.set_ylabel("gain in kappa")
    handles = [
        axes[0].plot([], [], color=colour, linewidth=2.5, label=method)[0]
        for method, colour in zip(methods, COLOURS, strict=False)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(methods), frameon=False)
    return figure
