"""Training, measures, page and figure that the experiments in Augerino's way share.

Benton, Finzi, Izmailov, Wilson, *Learning invariances in neural networks*, NeurIPS 2020,
arXiv 2010.11882: augmentations in a chain, the width of each learned by reparameterisation, the
loss less the norm of the widths, and one Adam for widths and network alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
from pages import listed, save, spread, table
from published import PublishedObjective, augerino_penalty
from runs import command_line, run_missing
from torch import Tensor, nn

from eegaug import (
    Augmentation,
    Compose,
    InvarianceObjective,
    InvariantModel,
    Objective,
    init_strengths,
)
from eegaug.objectives import REWARD_WEIGHT
from eegaug.strength import START

#: What the penalty weighs, from too little to too much.
PENALTIES = (0.01, 0.05, 0.2)
BATCH_SIZE = 50

#: Learning rate of the strengths by eegaug's default, whatever the network's is.
STRENGTH_LR = 0.01
#: By eegaug's default, a width is the mean over this last part of the training.
SETTLED = 0.25

#: What the pages call it.
DEFAULT = "eegaug's default"

#: Function of (outputs, targets) -> what is minimised.


@dataclass(frozen=True)
class Method:
    """A way to train, one column of the tables.

    Parameters
    ----------
    name : str
        What the page calls it.
    augmentation : callable
        Builds the chain, its strengths at where they start.
    objective : callable
        From the model and the loss to the objective that is minimised.
    strength_lr : float, optional
        Learning rate of the strengths; the network's where absent.
    settled : float, optional
        Last part of the training whose mean widths count; the final ones where absent.
    """

    name: str
    augmentation: Callable[[], Augmentation]
    objective: Callable[[InvariantModel, nn.Module], Objective]
    strength_lr: float | None = None
    settled: float | None = None


def published(weight: float) -> Callable[[InvariantModel, nn.Module], Objective]:
    r"""Return the objective of the paper, :math:`L - \lambda \lVert r \rVert_2`.

    Parameters
    ----------
    weight : float
        Weight :math:`\lambda` of the norm of all widths :math:`r` together, each as a fraction of
        its range; zero for the loss alone.

    Returns
    -------
    callable
        From the model and the loss to the objective.
    """
    return partial(PublishedObjective, penalty=augerino_penalty, weight=weight)


def methods(build: Callable[..., Compose], start: dict, true: dict) -> list[Method]:
    """Return the ways to train that are compared.

    A further one is a further line: its objective is made of the model and the loss.

    Parameters
    ----------
    build : callable
        Builds the chain from strengths by name.
    start : dict of str to float
        Strengths where learning starts.
    true : dict of str to float
        Strengths that suit the data.

    Returns
    -------
    list of Method
    """
    nothing = dict.fromkeys(start, 0.0)
    return [
        Method("none", lambda: frozen(build(**nothing)), published(0.0)),
        *(Method(f"Augerino, {w:g}", lambda: build(**start), published(w)) for w in PENALTIES),
        Method(
            DEFAULT,
            lambda: init_strengths(build(**nothing)),
            InvarianceObjective,
            STRENGTH_LR,
            SETTLED,
        ),
        Method("true widths", lambda: frozen(build(**true)), published(0.0)),
    ]


def frozen(chain: Compose) -> Compose:
    """Return a chain whose strengths stay."""
    return chain.requires_grad_(False)


def widths(augmentation: Augmentation) -> dict[str, float]:
    """Return what the strengths of a chain are, by the name of the transform."""
    found = {}
    for link in augmentation.augmentations:
        ((_, strength),) = link.named_children()
        found[type(link).__name__] = strength.as_numbers()[0]
    return found


def train(
    method: Method,
    model: nn.Module,
    loss: nn.Module,
    x: Tensor,
    y: Tensor,
    steps: int,
    lr: float,
) -> dict:
    """Train network and strengths by one Adam, and return the widths.

    Parameters
    ----------
    method : Method
        How.
    model : InvariantModel
        Network behind a chain.
    loss : nn.Module
        Loss of (outputs, targets).
    x, y : Tensor
        Signals (trials, channels, times) and targets.
    steps : int
        Number of steps, over shuffled batches of 50.
    lr : float
        Learning rate.

    Returns
    -------
    dict
        ``widths``, the strengths by name; ``history``, the same twenty times on the way.
    """
    model.train()
    objective = method.objective(model, loss)
    strengths = [p for p in model.augmentation.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(
        [
            {"params": model.model.parameters()},
            {"params": strengths, "lr": method.strength_lr or lr},
        ],
        lr=lr,
    )
    order: list[Tensor] = []
    history = []
    for _ in range(steps):
        if not order:
            order = list(torch.randperm(len(x)).split(BATCH_SIZE))
        index = order.pop()
        optimiser.zero_grad()
        objective(x[index], y[index]).backward()
        optimiser.step()
        history.append(widths(model.augmentation))
    last = history[-max(1, round(steps * (method.settled or 0))) :]
    each = max(1, steps // 20)
    return {
        "widths": {name: float(np.mean([found[name] for found in last])) for name in last[0]},
        "history": history[each - 1 :: each],
    }


def by_method(runs: list[dict], key: str, names: dict[str, str], form: str = ".2f") -> list[str]:
    """Tabulate numbers by method: medians and quartiles over the seeds.

    Parameters
    ----------
    runs : list of dict
        One per method and seed.
    key : str
        Which numbers of a run, a dict by name.
    names : dict of str to str
        Those that are shown, and what they are called.
    form : str
        Format of a number.

    Returns
    -------
    list of str
        Lines of Markdown.
    """
    rows = []
    for method in dict.fromkeys(run["method"] for run in runs):
        own = [run[key] for run in runs if run["method"] == method]
        rows.append([method, *(spread([each[name] for each in own], form) for name in names)])
    return table(["method", *names.values()], rows)


def how_often(runs: list[dict], suits: Callable[[dict[str, float]], bool]) -> list[str]:
    """Tabulate in how many seeds the learned widths suit the data.

    Parameters
    ----------
    runs : list of dict
        One per method and seed.
    suits : callable
        Whether widths, by the name of the transform, suit the data.

    Returns
    -------
    list of str
        Lines of Markdown.
    """
    rows = []
    for method in dict.fromkeys(run["method"] for run in runs):
        own = [suits(run["widths"]) for run in runs if run["method"] == method]
        rows.append([method, f"{sum(own)} of {len(own)}"])
    return table(["method", "seeds"], rows)


def in_words(steps: int, lr: float) -> str:
    """Describe the methods that are compared, for a page.

    Parameters
    ----------
    steps : int
        Number of steps.
    lr : float
        Learning rate.

    Returns
    -------
    str
    """
    weights = ", ".join(f"{w:g}" for w in PENALTIES)
    return (
        "*Augerino* learns all widths of the chain by reparameterisation, from a tenth of their "
        "ranges; what is minimised is the loss less a weight "
        f"({weights}) times the L2 norm of the widths, by one Adam ({lr:g}, {steps} steps of "
        f"{BATCH_SIZE} trials) for widths and network alike, with one copy in training and 16 in "
        "the test. Unlike the published widths, which are unbounded and in units of their own, "
        f"these stay in a range and count as shares of it. *{DEFAULT.capitalize()}* has the same "
        f"chain, every width from {100 * START:g} % of its range, and `InvarianceObjective` at its "
        f"own weight of {REWARD_WEIGHT:g}; the learning rate of the widths is {STRENGTH_LR:g}, "
        f"and what counts is their mean over the last {100 * SETTLED:g} % of the steps. *None* has "
        "widths of zero, *true widths* "
        "has those that suit the data, both frozen."
    )


def draw(
    runs: list[dict],
    scores: dict[str, str],
    score_label: str,
    extents: dict[str, tuple[float, float | None, str]],
) -> plt.Figure:
    """Draw scores, and learned widths as shares of their ranges, of every method and seed.

    Parameters
    ----------
    runs : list of dict
        One per method and seed.
    scores : dict of str to str
        Scores that are shown, and what they are called.
    score_label : str
        What they measure, and its unit.
    extents : dict of str to tuple
        For each transform the end of its range, the width that suits the data (None where any
        does) and the unit.

    Returns
    -------
    matplotlib.figure.Figure
    """
    names = list(dict.fromkeys(run["method"] for run in runs))
    markers = ["o", "s", "^", "D"]
    fills = ["black", "white", "0.6", "0.85"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for ax, key, items in ((left, "scores", list(scores)), (right, "widths", list(extents))):
        for number, item in enumerate(items):
            place = (number - (len(items) - 1) / 2) * 0.22
            scale = extents[item][0] if key == "widths" else 1.0
            for row, name in enumerate(names):
                own = [run[key][item] / scale for run in runs if run["method"] == name]
                jitter = place + np.linspace(-0.06, 0.06, len(own))
                ax.scatter(
                    row + jitter,
                    own,
                    24,
                    marker=markers[number],
                    facecolor=fills[number],
                    edgecolor="black",
                    linewidth=0.7,
                    zorder=3,
                    label=_label(item, scores, extents) if row == 0 else None,
                )
        ax.set_xticks(range(len(names)), [re.sub(",? ", "\n", name) for name in names])
        ax.grid(axis="y", color="0.9", zorder=0)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(fontsize=8, loc="best")
    left.set_ylabel(score_label)
    right.set_ylabel("width, as a share of its range")
    right.set_ylim(-0.04, 1.04)
    return figure


def _label(item: str, scores: dict[str, str], extents: dict) -> str:
    if item in scores:
        return scores[item]
    high, true, unit = extents[item]
    suits = "any width suits" if true is None else f"suits: {true:g}"
    return f"{item}, of {f'{high:g} {unit}'.strip()} ({suits})"


def run(
    description: str,
    name: str,
    ways: list[Method],
    one_run: Callable[[Method, int], dict],
    page: Callable[[list[dict]], str],
    picture: Callable[[list[dict]], plt.Figure],
    setting: dict,
    n_seeds: int = 5,
) -> None:
    """Run every method over the seeds of the command line, and write what was found.

    Parameters
    ----------
    description : str
        Docstring of the script.
    name : str
        Name of the files: ``docs/papers/NAME.md``, ``.json`` and ``.png``.
    ways : list of Method
        What is compared.
    one_run : callable
        From method and seed to what was measured.
    page : callable
        From all that was measured to the page.
    picture : callable
        From all runs to a figure.
    setting : dict
        What all runs have in common.
    n_seeds : int
        Number of seeds, from 0, where the command line names none.
    """
    parser = command_line(description, n_seeds)
    methods = {way.name: way for way in ways}
    parser.add_argument("--methods", nargs="+", choices=methods, default=list(methods))
    options = parser.parse_args()

    def train(method: str, seed: int) -> dict:
        torch.manual_seed(seed)
        return one_run(methods[method], seed)

    wanted = [(method, seed) for seed in options.seeds for method in options.methods]
    file = options.out / f"{name}.json"
    runs = run_missing(
        file, setting, ("method", "seed"), wanted, train, options.resume, options.jobs
    )
    order = list(methods)
    runs.sort(key=lambda run: (order.index(run["method"]), run["seed"]))
    (options.out / f"{name}.md").write_text(f"{page(runs)}\n{ended(runs)}\n")
    save(picture(runs), options.out / f"{name}.png")


def ended(runs: list[dict]) -> str:
    """Tell the seeds of all runs, and how long they took."""
    seeds: dict[str, list[int]] = {}
    for run in runs:
        seeds.setdefault(run["method"], []).append(run["seed"])
    most = max(seeds.values(), key=len)
    fewer = [f"{way} {listed(own, '')}" for way, own in seeds.items() if len(own) < len(most)]
    return (
        f"Seeds {listed(most, '')} of data, network and draws"
        + (f" (but {'; '.join(fewer)})" if fewer else "")
        + "; medians and quartiles over seeds; "
        f"{sum(run['seconds'] for run in runs) / 60:.0f} minutes on one thread."
    )
