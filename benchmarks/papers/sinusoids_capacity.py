"""Learn an invariance with networks of little capacity (AugNet, 4.3).

Run ``python benchmarks/papers/sinusoids_capacity.py`` from the root of the repository: it writes
``docs/papers/sinusoids_capacity.md``, ``.json`` and a figure. Rommel, Moreau, Gramfort, *Deep
invariant networks with differentiable augmentation layers*, NeurIPS 2022, arXiv 2202.02142.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from pages import STYLES, listed, save, spread, table
from published import PublishedObjective, augnet_penalty
from runs import command_line, run_missing
from sinusoids import (
    EPOCHS,
    MAX_SHIFT,
    SFREQ,
    TRUE_SHIFT,
    ClampedStrength,
    accuracy,
    epochs_of_training,
    make_data,
    mlp,
)
from torch import Tensor, nn

from eegaug import (
    AugmentationLayer,
    Compose,
    Draw,
    FrequencyShift,
    InvarianceObjective,
    InvariantModel,
    Strength,
    init_strengths,
    invariance,
)
from eegaug.objectives import REWARD_WEIGHT
from eegaug.strength import START

NETWORKS = ((1, 1), (2, 1), (2, 2), (2, 3))
COPIES = (1, 4, 10)
PENALTY = 0.8
INITIAL = 0.05
PAPER_SEED = 29
#: The strengths of the methods that average over copies.
STRENGTHS: dict[str, Callable[[], Strength]] = {
    "learned, as published": lambda: ClampedStrength(
        INITIAL * MAX_SHIFT, high=MAX_SHIFT, unit="Hz"
    ),
    "learned, kept in range": lambda: Strength(INITIAL * MAX_SHIFT, high=MAX_SHIFT, unit="Hz"),
    "eegaug's default": lambda: Strength(0.0, high=MAX_SHIFT, unit="Hz"),
    "true, averaged": lambda: Strength(TRUE_SHIFT, high=MAX_SHIFT, unit="Hz", learnable=False),
}
LEARNED = ("learned, as published", "learned, kept in range")
DEFAULT = "eegaug's default"
METHODS = ("none", "true", *STRENGTHS)
#: By eegaug's default, the shift is the mean over this last part of the epochs.
SETTLED = 0.25
#: One line a method.
LINES = (*STYLES, {"color": "tab:red", "linestyle": "-", "marker": "P"})
#: Those that are also trained on the data of the paper's seed.
PAPER_DATA_METHODS = ("none", "true", "learned, as published")
#: The paper's test accuracies by network, of its seed 29.
PAPER = {
    "none": (0.54, 0.71, 0.74, 0.69),
    "true": (0.62, 0.86, 0.85, 0.91),
    "learned": (0.85, 0.97, 0.95, 0.90),
}
#: How near to the paper a median accuracy counts as the same.
TOLERANCE = 0.03
#: The paper's median invariance of the learned models, and what is asked for here.
PAPER_INVARIANCE, WANTED_INVARIANCE = "0.97 to 0.98", 0.95


class AveragedModel(InvariantModel):
    """Average over augmented copies as published: log-probabilities, or logits for one copy.

    Each copy of each trial has a draw of its own, in evaluation too.
    """

    def forward(self, x: Tensor, draw: Draw | None = None) -> Tensor:
        """Map signals (batch, channels, times) to outputs (batch, classes)."""
        if self.training:
            return super().forward(x, draw)
        copies = self.model(self.augmentation(x.repeat_interleave(self.n_copies, 0)))
        if self.n_copies == 1:
            return copies
        return copies.log_softmax(1).unflatten(0, (len(x), self.n_copies)).mean(1)


def train(seed: int, data_seed: int, neurons: int, layers: int, method: str, epochs: int) -> dict:
    """Train one network by one method.

    Parameters
    ----------
    seed : int
        Seed of network and draws.
    data_seed : int
        Seed of the data.
    neurons, layers : int
        Neurons of a hidden layer, and hidden layers.
    method : str
        One of ``METHODS``.
    epochs : int
        Epochs.

    Returns
    -------
    dict
        ``scores``: by the copies in evaluation, accuracy on the test set, and the median
        invariance of the model's outputs and of its log-probabilities; ``shift``: by epoch, the
        start included, the strength of the layer (Hz), empty where there is none.
    """
    data = make_data(data_seed)
    torch.manual_seed(seed)
    network = mlp(neurons, layers)
    model, shift, augment = network, None, None

    def objective(x: Tensor, y: Tensor) -> Tensor:
        return nn.functional.cross_entropy(model(x), y)

    if method in STRENGTHS:
        shift = STRENGTHS[method]()
        layout = Compose if method == DEFAULT else AugmentationLayer
        layer = layout([FrequencyShift(SFREQ, shift)])
        model = AveragedModel(network, layer, n_copies=1)
    elif method == "true":
        augment = FrequencyShift(SFREQ, TRUE_SHIFT, p=0.5)
    if method in LEARNED:
        objective = PublishedObjective(model, nn.CrossEntropyLoss(), augnet_penalty, PENALTY)
    elif method == DEFAULT:
        init_strengths(layer)
        objective = InvarianceObjective(model, nn.CrossEntropyLoss())

    torch.manual_seed(seed)
    shifts = [] if shift is None else [shift().item()]
    for _ in epochs_of_training(model, data, objective, augment, epochs):
        if shift is not None:
            shifts.append(shift().item())
    true = FrequencyShift(SFREQ, TRUE_SHIFT)
    scores = {}
    for copies in (1,) if shift is None else COPIES:
        torch.manual_seed(seed)
        if shift is not None:
            model.n_copies = copies
        logarithms = nn.Sequential(model, nn.LogSoftmax(1)).eval()
        scores[str(copies)] = {
            "accuracy": accuracy(model, data),
            "invariance": invariance(model, data.x_test, true).median().item(),
            "invariance_log": invariance(logarithms, data.x_test, true).median().item(),
        }
    return {"scores": scores, "shift": [round(value, 4) for value in shifts]}


class Results:
    """The scores of all runs, by method, network and copies, in the order of the seeds.

    Parameters
    ----------
    runs : list of dict
        As in the JSON file.
    epochs : int
        Epochs of each.
    """

    def __init__(self, runs: list[dict], epochs: int) -> None:
        self.runs = sorted(runs, key=lambda run: run["seed"])
        self.epochs = epochs

    def select(self, method: str, network: tuple[int, int], paper_data: bool) -> list[dict]:
        """Return the runs of one cell: on the data of the paper's seed, or of their own."""
        return [
            run
            for run in self.runs
            if (run["method"], run["neurons"], run["layers"]) == (method, *network)
            and (run["data_seed"] == PAPER_SEED) is paper_data
        ]

    def scores(
        self, name: str, method: str, network: tuple[int, int], copies: int, paper_data: bool
    ) -> list[float]:
        """Return one score of the runs of one cell."""
        runs = self.select(method, network, paper_data)
        return [run["scores"][str(copies)][name] for run in runs]

    def extent(self, run: dict) -> float:
        """Return the shift that was learned: where it ended; by eegaug's default, settled."""
        settled = round(SETTLED * self.epochs) if run["method"] == DEFAULT else 1
        return float(np.mean(run["shift"][-max(1, settled) :]))

    def series(self) -> list[tuple[str, int]]:
        """Return the pairs of method and copies that there are."""
        pairs = {(run["method"], int(c)) for run in self.runs for c in run["scores"]}
        return sorted(pairs, key=lambda pair: (METHODS.index(pair[0]), pair[1]))


def named(network: tuple[int, int]) -> str:
    """Name a network as the paper does, neurons x layers."""
    return "{}x{}".format(*network)


def label(method: str, copies: int) -> str:
    """Name a method and its copies in evaluation."""
    return f"{method}, C = {copies}" if method in STRENGTHS else method


def plot(results: Results, path: Path) -> None:
    """Plot accuracy and invariance over networks, medians and quartiles over seeds."""
    shown = [pair for pair in results.series() if pair[1] == COPIES[-1] or pair[0] not in STRENGTHS]
    figure, axes = plt.subplots(1, 2, figsize=(9, 4))
    places = np.arange(len(NETWORKS))
    for ax, name in zip(axes, ("accuracy", "invariance"), strict=True):
        for number, ((method, copies), style) in enumerate(zip(shown, LINES, strict=False)):
            cells = [results.scores(name, method, net, copies, False) for net in NETWORKS]
            low, middle, high = np.array([np.quantile(c, (0.25, 0.5, 0.75)) for c in cells]).T
            ax.errorbar(
                places + 0.06 * (number - 2.5),
                middle,
                (middle - low, high - middle),
                **style,
                markersize=5,
                capsize=2,
                label=label(method, copies),
            )
        ax.set_xticks(places, [named(network) for network in NETWORKS])
        ax.set_xlabel("neurons x layers")
    axes[0].plot(places, PAPER["learned"], "k*", ms=9, mfc="white", label="learned, in the paper")
    axes[0].set_ylabel("test accuracy")
    axes[1].set_ylabel("invariance (1: the output stays)")
    axes[1].axhline(WANTED_INVARIANCE, color="black", lw=0.8, ls=":")
    figure.legend(*axes[0].get_legend_handles_labels(), fontsize=7, ncol=4, loc="lower center")
    figure.tight_layout(rect=(0, 0.1, 1, 1))
    save(figure, path)


INTRODUCTION = f"""# Sinusoids: invariance against capacity (AugNet, section 4.3)

Rommel, Moreau, Gramfort, *Deep invariant networks with differentiable augmentation layers*,
NeurIPS 2022, [arXiv 2202.02142](https://arxiv.org/abs/2202.02142). The data are those of
[the selection](sinusoids_selection.md): four classes of sinusoids, each trial's frequency shifted
by up to {TRUE_SHIFT:g} Hz. Perceptrons on the 1000 samples, too small to learn the invariance by
themselves, are trained without augmentation; with the true one, a shift of U(-{TRUE_SHIFT:g},
{TRUE_SHIFT:g}) Hz with probability 0.5; and with a layer whose only candidate is a frequency
shift of 0 to {MAX_SHIFT:g} Hz, learned by the published penalty from {INITIAL * MAX_SHIFT:g} Hz
on, or by eegaug's default, the predictions averaged over C copies.

## Setting

400 trials to train on, 200 to test on. Linear and ReLU in each hidden layer, then linear; Adam,
learning rate 0.01, weight decay 1e-4; batches of 32 in the same order in each of 50 epochs;
penalty {PENALTY:g} times the strength as a fraction of its range; one copy in training.
*Learned, as published* clamps the strength in the forward pass, with zero gradient outside of its
range; *learned, kept in range* is eegaug's strength, which is put back into the range after each
step; *{DEFAULT}* is that strength in a chain of the one candidate, from
{START * MAX_SHIFT:g} Hz on, by `InvarianceObjective` at its own weight of {REWARD_WEIGHT:g},
with all else the same; *true, averaged* is the same model with the strength fixed at
{TRUE_SHIFT:g} Hz. As published, several copies are averaged as log-probabilities, and one copy
gives logits.

Invariance is (d(z, z') - d(z, T z)) / d(z, z'), d the cosine distance, between the model's
outputs for a trial, for another trial, and for the trial shifted by U(-{TRUE_SHIFT:g},
{TRUE_SHIFT:g}) Hz; its median over the test set. *Same outputs* takes log-probabilities of
every model, since logits and log-probabilities have other distances.

## Results
"""


def score_table(results: Results, name: str, paper_data: bool) -> list[str]:
    """Tabulate a score by method and network, with the paper's accuracies."""
    rows = []
    for method, copies in results.series():
        cells = [results.scores(name, method, net, copies, paper_data) for net in NETWORKS]
        if all(cells):
            rows.append([label(method, copies), *(spread(cell) for cell in cells)])
    if name == "accuracy":
        rows += [
            [f"*the paper: {method}*", *(f"{figure:.2f}" for figure in figures)]
            for method, figures in PAPER.items()
        ]
    return table(["method", *map(named, NETWORKS)], rows)


def verdicts(results: Results) -> list[str]:
    """Tabulate whether the paper's figures were reached, and where the strengths ended."""
    rows = []
    copies = COPIES[-1]
    for method, paper_data in itertools.product((*LEARNED, DEFAULT), (False, True)):
        for network, figure in zip(NETWORKS, PAPER["learned"], strict=True):
            runs = results.select(method, network, paper_data)
            if not runs:
                continue
            found = [run["scores"][str(copies)] for run in runs]
            accuracies = [score["accuracy"] for score in found]
            accurate = np.median(accuracies)
            invariant = np.median([score["invariance"] for score in found])
            reached = accurate >= figure - TOLERANCE and invariant >= WANTED_INVARIANCE
            final = np.array([results.extent(run) for run in runs])
            rows.append(
                [
                    f"{method}, {'seed 29' if paper_data else 'own'}",
                    named(network),
                    f"{accurate:.2f} ({min(accuracies):.2f} to {max(accuracies):.2f})",
                    f"{figure:.2f}",
                    f"{invariant:.2f}",
                    "reached" if reached else "missed",
                    f"{(final == 0).sum()} and {(final == MAX_SHIFT).sum()} of {len(final)}",
                ]
            )
    head = ["method, data", "network", "accuracy (range)", "paper", "invariance", "verdict"]
    return table([*head, f"ended at 0 and at {MAX_SHIFT:g} Hz"], rows)


def by_strength(results: Results) -> list[str]:
    """Tabulate accuracy and invariance of the runs with penalty by where the strength ended."""
    copies = str(COPIES[-1])
    bounds = {"0 to 0.1 Hz": (-1, 0.1), "0.1 to 1 Hz": (0.1, 1), "1 to 2 Hz": (1, MAX_SHIFT)}
    rows = []
    for network in NETWORKS:
        runs = [
            run
            for method, paper_data in itertools.product(LEARNED, (False, True))
            for run in results.select(method, network, paper_data)
        ]
        cells = []
        for low, high in bounds.values():
            found = [run["scores"][copies] for run in runs if low < run["shift"][-1] <= high]
            medians = (np.median([f[name] for f in found]) for name in ("accuracy", "invariance"))
            cells.append("{}: {:.2f}, {:.2f}".format(len(found), *medians) if found else "0")
        rows.append([named(network), *cells])
    return table(["network", *bounds], rows)


def page(results: Results) -> str:
    """Write the page from the runs."""
    seeds = ", ".join(str(seed) for seed in sorted({run["seed"] for run in results.runs}))
    lines = [
        INTRODUCTION,
        f"Medians and quartiles over seeds {seeds} of data, network and draws. Test accuracy:",
        "",
        *score_table(results, "accuracy", False),
        "",
        f"Invariance (the paper: {PAPER_INVARIANCE} for the learned):",
        "",
        *score_table(results, "invariance", False),
        "",
        "Invariance, same outputs:",
        "",
        *score_table(results, "invariance_log", False),
        "",
        "![Accuracy and invariance by network](sinusoids_capacity.png)",
        "",
        "*Medians and quartiles over seeds; stars: the paper. Dotted: the invariance wanted.*",
        "",
        f"On the paper's data, those of seed {PAPER_SEED}, with the same seeds of network and "
        "draws, test accuracy:",
        "",
        *score_table(results, "accuracy", True),
        "",
        "and invariance:",
        "",
        *score_table(results, "invariance", True),
        "",
        "## Against the paper",
        "",
        f"Reached is a median accuracy of at most {TOLERANCE:g} below the paper's, and a median "
        f"invariance of at least {WANTED_INVARIANCE:g}.",
        "",
        *verdicts(results),
        "",
        f"All runs with the penalty, C = {COPIES[-1]}, by where the strength ended, as number of "
        "runs: median accuracy, median invariance:",
        "",
        *by_strength(results),
        "",
        WHY,
        "",
        DIFFERENCES,
        "## Over seeds",
        "",
        f"Seeds {seeds} in this order, C = {COPIES[-1]} where learned; accuracy, and in brackets "
        f"the final shift (Hz), by {DEFAULT} the mean over the last quarter of the epochs.",
        "",
    ]
    for (method, copies), network in itertools.product(results.series(), NETWORKS):
        cell = results.select(method, network, False)
        if not cell or (method in STRENGTHS and copies != COPIES[-1]):
            continue
        scores = listed(run["scores"][str(copies)]["accuracy"] for run in cell)
        shifts = listed(map(results.extent, cell)) if method in (*LEARNED, DEFAULT) else ""
        lines.append(f"- {method}, {named(network)}: {scores}" + (f" ({shifts})" if shifts else ""))
    return "\n".join(lines) + "\n"


WHY = f"""Four things stand between these medians and the paper's figures, which are of one seed:

- **The seed.** The paper's figures of every method, those without augmentation included, are above
  the medians over seeds: networks this small train well or badly by their initial weights. *True,
  averaged* is the same model with the strength fixed at {TRUE_SHIFT:g} Hz: what learning the
  strength could reach. Its invariance is the paper's; its accuracy falls short of it as well, of
  1x1 and 2x3 most.
- **Where the strength ends.** Between 0.1 and 1 Hz, accuracy and invariance are near the best;
  these are the runs like the paper's. In others the strength wanders to zero, in any epoch. As
  published, one below zero has no gradient and stays lost; kept in its range, some come back (2x1).
  In others again it goes to its upper end, 2x3 most: these are the seeds that classify badly with
  the strength fixed, too, so that the loss resists the penalty little.
- **What is known by heart.** {DEFAULT[0].upper()}{DEFAULT[1:]} is no remedy here, but the reverse:
  the strength stays below 0.1 Hz in all but a few runs, and accuracy and invariance below those of
  the penalty, though above those without augmentation. Its rule asks what a wider shift costs on
  the trials that are trained on, and 400 trials of 1000 samples are known by heart even by these
  networks. In seed 0, 2x1, the loss is 0.15 in training and 1.01 in the test, and 0.78 in training
  with shifts of up to 0.1 Hz: at the default's weight of {REWARD_WEIGHT:g} that is too dear,
  and what it leads to, a network with a loss of 0.35 under the same shifts, is not seen from
  there. With a weight of 0.5, nearer to the published {PENALTY:g}, the same run learns 0.19 Hz, and
  is right in 0.93 instead of 0.82 of the trials.
- **Copies.** With the penalty, one copy costs accuracy and invariance against ten in almost every
  cell.

Tried without success over seeds 0 to 4: a penalty of 0.2 (most strengths end at zero), and 150
epochs (1x1 to 2x2: no more accurate than 0.69, 0.77 and 0.83)."""

DIFFERENCES = f"""## What differs from the paper

- The paper shows one seed, {PAPER_SEED}, of data, network and draws, and the mean of the
  accuracies of batches; here are medians over seeds, and the accuracy over all test trials.
- The data of a seed and the initial weights are the published code's; the draws of the
  augmentations are not: eegaug draws them from torch, the published code from NumPy.
- The permutation of the invariance is over the test set, in the published code over batches of 32.
- The frequency shift is by the analytic signal of the 10 s; braindecode's pads them with zeros
  first.
"""


def main() -> None:
    """Run the experiment from the command line."""
    parser = command_line(__doc__, n_seeds=10)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    if PAPER_SEED in options.seeds:
        parser.error(f"seed {PAPER_SEED} is the paper's: its data are trained on by every seed")
    wanted = [
        (seed, PAPER_SEED if paper else seed, *network, method)
        for paper, seed, network, method in itertools.product(
            (False, True), options.seeds, NETWORKS, options.methods
        )
        if method in PAPER_DATA_METHODS or not paper
    ]
    setting = {"epochs": options.epochs}
    names = ("seed", "data_seed", "neurons", "layers", "method")
    file = options.out / "sinusoids_capacity.json"
    runs = run_missing(
        file, setting, names, wanted, partial(train, **setting), options.resume, options.jobs
    )
    results = Results(runs, **setting)
    plot(results, options.out / "sinusoids_capacity.png")
    (options.out / "sinusoids_capacity.md").write_text(page(results))


if __name__ == "__main__":
    main()
