"""Stage sleep behind three layers that choose, behind a chain, and without (AugNet, 4.4).

Run ``python benchmarks/papers/sleep.py`` from the root of the repository: on simulated nights, it
writes ``docs/papers/sleep.md``, ``.json`` and ``.png``. With recordings as arguments (folders with
``*PSG.edf`` and ``*Hypnogram.edf``, say) it needs ``--out``. Rommel, Moreau, Gramfort, *Deep
invariant networks with differentiable augmentation layers*, NeurIPS 2022, arXiv 2202.02142.
"""

from __future__ import annotations

import itertools
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from braindecode.models import SleepStagerChambon2018
from pages import STYLES, save, spread, table
from published import PublishedObjective, augnet_penalty
from runs import OUT, command_line, run_missing
from sklearn.metrics import recall_score
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor, nn

from eegaug import (
    Compose,
    InvarianceObjective,
    InvariantModel,
    Objective,
    init_strengths,
    learned_strengths,
)
from eegaug.objectives import REWARD_WEIGHT
from eegaug.policies import sleep
from eegaug.recordings import (
    STAGES,
    SleepWindows,
    make_windows,
    read_recordings,
    simulate_nights,
)
from eegaug.strength import START

COPIES = (1, 4, 10)
BATCH_SIZE, LR = 16, 1e-3
#: Steps between two validations.
VALIDATE = 50
#: The published weight of the penalty, start of the strengths and temperature.
PENALTY, PUBLISHED_START, TEMPERATURE = 10.0, 0.1, 0.01
#: By eegaug's default, learning rate of the strengths; an extent is the mean over this last part.
STRENGTH_LR, SETTLED = 0.01, 0.25
#: Parts of the people that are tested and validated on.
HELD_OUT = 0.25
DEFAULT = "eegaug's default"


@dataclass(frozen=True)
class Method:
    """How the augmentation is laid out, and what is minimised.

    Parameters
    ----------
    augmentation : callable, optional
        From the windows to the augmentation; there is none where absent.
    objective : callable, optional
        From the model and the loss to the objective; the loss alone where absent.
    strength_lr : float
        Learning rate of weights and strengths.
    settled : float
        Last part of the training whose mean strengths are told; the final ones where zero.
    """

    augmentation: Callable[[SleepWindows], Compose] | None = None
    objective: Callable[[InvariantModel, nn.Module], Objective] | None = None
    strength_lr: float = LR
    settled: float = 0.0


def three_layers(windows: SleepWindows) -> Compose:
    """Build the published policy: a spatial layer, then two of time and frequency."""
    info = windows.info
    policy = sleep(info["sfreq"], len(info["ch_names"]), info["ch_names"], TEMPERATURE)
    for layer in policy.augmentations:
        nn.init.ones_(layer.logits)
    return init_strengths(policy, PUBLISHED_START)


def one_chain(windows: SleepWindows) -> Compose:
    """Build eegaug's way: the same candidates in a chain, each once."""
    spatial, time_frequency, _ = three_layers(windows).augmentations
    return init_strengths(Compose([*spatial.transforms, *time_frequency.transforms]))


METHODS = {
    "none": Method(),
    "as published": Method(
        three_layers, partial(PublishedObjective, penalty=augnet_penalty, weight=PENALTY)
    ),
    DEFAULT: Method(one_chain, InvarianceObjective, STRENGTH_LR, SETTLED),
}


def split(people: list[str], seed: int, fraction: float) -> tuple[list[str], ...]:
    """Choose the people to train on, to validate on and to test on.

    Parameters
    ----------
    people : list of str
        All of them.
    seed : int
        Seed of the choice.
    fraction : float
        Part of those left for training who are trained on; test and validation are the same
        for all fractions.

    Returns
    -------
    tuple of list of str
        Train, valid, test.
    """
    order = [people[i] for i in np.random.default_rng(seed).permutation(len(people))]
    n_out = max(1, round(HELD_OUT * len(order)))
    test, valid, rest = order[:n_out], order[n_out : 2 * n_out], order[2 * n_out :]
    return rest[: max(1, round(fraction * len(rest)))], valid, test


def balanced_accuracy(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Return the mean recall of the stages that occur."""
    model.eval()
    with torch.no_grad():
        found = torch.cat([model(part).argmax(1) for part in x.split(128)])
    present = y.unique()
    return float(recall_score(y, found, labels=present, average="macro", zero_division=0))


def class_weights(y: Tensor) -> Tensor:
    """Weight stages inversely to their number; one that is not trained on has no weight."""
    weights = torch.zeros(len(STAGES))
    present = y.unique()
    balanced = compute_class_weight("balanced", classes=present.numpy(), y=y.numpy())
    weights[present] = torch.as_tensor(balanced, dtype=weights.dtype)
    return weights


def strengths(model: nn.Module) -> list[list[float]]:
    """Return weight and strength of each candidate of all layers, one after the other."""
    return [[record.weight, record.value] for record in learned_strengths(model) if record.name]


def layout(model: nn.Module) -> list[dict]:
    """Return layer, name and strength of each candidate, in the order of :func:`strengths`."""
    return [
        {
            "layer": record.layer,
            "name": record.transform,
            "unit": record.unit,
            "high": record.high,
        }
        for record in learned_strengths(model)
        if record.name
    ]


def train(windows: SleepWindows, name: str, fraction: float, seed: int, steps: int) -> dict:
    """Train by one method, and test the parameters that validated best.

    Parameters
    ----------
    windows : SleepWindows
        The data.
    name : str
        One of ``METHODS``.
    fraction : float
        Part of the people left for training who are trained on.
    seed : int
        Seed of split, network and draws.
    steps : int
        Steps.

    Returns
    -------
    dict
        ``scores``: balanced accuracy on people who were not trained on, by the copies in
        evaluation; ``candidates``: weight and extent of each; ``best``: step that was kept;
        ``trained``: number of people trained on; ``windows``: number of windows of each part.
    """
    method = METHODS[name]
    parts = [
        np.flatnonzero(np.isin(windows.persons, people))
        for people in split(windows.people, seed, fraction)
    ]
    X, y = torch.as_tensor(windows.X), torch.as_tensor(windows.y).long()
    (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = ((X[i], y[i]) for i in parts)
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = SleepStagerChambon2018(
            n_chans=X.shape[1],
            sfreq=windows.info["sfreq"],
            n_times=X.shape[2],
            n_outputs=len(STAGES),
        )
    groups = [{"params": network.parameters()}]
    model: nn.Module = network
    if method.augmentation is not None:
        model = InvariantModel(network, method.augmentation(windows))
        groups.append({"params": model.augmentation.parameters(), "lr": method.strength_lr})
    loss = nn.CrossEntropyLoss(class_weights(y_train))
    objective = method.objective(model, loss) if method.objective else None
    optimizer = torch.optim.Adam(groups, lr=LR)
    torch.manual_seed(seed)
    order: list[Tensor] = []
    history, best, kept = [], (-1.0, 0), {}
    for step in range(1, steps + 1):
        if not order:
            order = list(torch.randperm(len(y_train)).split(BATCH_SIZE))
        index = order.pop()
        (objective or model).train()
        optimizer.zero_grad()
        x, y = x_train[index], y_train[index]
        (loss(model(x), y) if objective is None else objective(x, y)).backward()
        optimizer.step()
        if model is not network:
            history.append(strengths(model))
        if step % VALIDATE == 0:
            model.n_copies = 1
            score = balanced_accuracy(model, x_valid, y_valid)
            if score > best[0]:
                best = score, step
                kept = {key: value.clone() for key, value in model.state_dict().items()}
    candidates = []
    if history:
        last = np.array(history[-max(1, round(method.settled * steps)) :]).mean(0)
        candidates = [
            {**each, "weight": round(weight, 4), "extent": round(extent, 4)}
            for each, (weight, extent) in zip(layout(model), last.tolist(), strict=True)
        ]
    model.load_state_dict(kept)
    scores = {}
    for copies in COPIES if history else (1,):
        model.n_copies = copies
        scores[str(copies)] = balanced_accuracy(model, x_test, y_test)
    return {
        "scores": scores,
        "candidates": candidates,
        "best": best[1],
        "trained": len(split(windows.people, seed, fraction)[0]),
        "windows": [len(part) for part in parts],
    }


def select(runs: list[dict], method: str, fraction: float) -> list[dict]:
    """Return the runs of one method and part of the training people."""
    return [run for run in runs if (run["method"], run["fraction"]) == (method, fraction)]


def plot(runs: list[dict], path: Path) -> None:
    """Plot the balanced accuracy over copies, a panel a part of the training people."""
    fractions = sorted({run["fraction"] for run in runs})
    figure, axes = plt.subplots(
        1, len(fractions), figsize=(4.2 * len(fractions), 3.6), sharey=True, squeeze=False
    )
    for ax, fraction in zip(axes[0], fractions, strict=True):
        for number, (method, style) in enumerate(zip(METHODS, STYLES, strict=False)):
            group = select(runs, method, fraction)
            if not group:
                continue
            copies = [str(c) for c in COPIES if str(c) in group[0]["scores"]]
            places = np.arange(len(copies)) + 0.08 * (number - 1)
            values = np.array([[run["scores"][c] for c in copies] for run in group])
            middle = np.median(values, 0)
            ax.errorbar(
                places,
                middle,
                (middle - values.min(0), values.max(0) - middle),
                **style,
                markersize=5,
                capsize=2,
                label=method,
            )
        ax.set_xticks(range(len(COPIES)), COPIES)
        ax.set_xlabel("copies in evaluation")
        ax.set_title(f"{trained(runs, fraction)} people trained on", fontsize=9)
    axes[0, 0].set_ylabel("balanced accuracy, people tested")
    axes[0, 0].legend(fontsize=8)
    figure.tight_layout()
    save(figure, path)


def trained(runs: list[dict], fraction: float) -> int:
    """Return how many people are trained on."""
    return next(run["trained"] for run in runs if run["fraction"] == fraction)


def introduction(setting: dict) -> str:
    """Tell the setting."""
    return f"""# Sleep stages behind augmentation layers (AugNet, section 4.4)

Rommel, Moreau, Gramfort, *Deep invariant networks with differentiable augmentation layers*,
NeurIPS 2022, [arXiv 2202.02142](https://arxiv.org/abs/2202.02142): stages of sleep are told from
windows of 30 s, on few and on more people. {setting["source"]}

## Setting

The trunk is braindecode's `SleepStagerChambon2018`, the loss the cross-entropy with stages
weighted inversely to their number; Adam, learning rate {LR:g}, batches of {BATCH_SIZE},
{setting["steps"]} steps. A quarter of the people is tested on, a quarter validated on; of the
others all are trained on, or the first few. Every {VALIDATE} steps the people validated on are told
with one copy, and the parameters that tell them best are tested.

- *none*: the trunk alone.
- *as published*: `eegaug.policies.sleep`, a spatial layer and two of time and frequency, which
  choose at a temperature of {TEMPERATURE:g}, strengths from {PUBLISHED_START:g} of their ranges;
  penalty {PENALTY:g} times the L2 norm of weights times strengths as fractions of their ranges,
  one learning rate for everything.
- *{DEFAULT}*: the candidates of those layers, each once, in a chain, from
  {100 * START:g} % of their ranges; `InvarianceObjective` at its own weight of
  {REWARD_WEIGHT:g}; learning rate {STRENGTH_LR:g} for the strengths. An extent is the mean
  over the last quarter of the steps.
"""


def page(runs: list[dict], setting: dict) -> str:
    """Write the page from what was measured."""
    fractions = sorted({run["fraction"] for run in runs})
    methods = [name for name in METHODS if any(run["method"] == name for run in runs)]
    seeds = sorted({run["seed"] for run in runs})
    heads = [f"{trained(runs, fraction)} people trained on" for fraction in fractions]
    rows, gains = [], []
    for method in methods:
        for copies in map(str, COPIES if method != "none" else (1,)):
            cells = [
                [run["scores"][copies] for run in select(runs, method, fraction)]
                for fraction in fractions
            ]
            label = method if method == "none" else f"{method}, C = {copies}"
            rows.append(
                [label, *(f"{spread(c, '.3f')} ({min(c):.3f} to {max(c):.3f})" for c in cells)]
            )
    for method, fraction in itertools.product(methods[1:], fractions):
        differences = [
            run["scores"][str(COPIES[-1])]
            - next(p for p in select(runs, "none", fraction) if p["seed"] == run["seed"])["scores"][
                "1"
            ]
            for run in select(runs, method, fraction)
        ]
        listed = ", ".join(f"{difference:+.3f}" for difference in differences)
        gains.append(f"- {method}, {trained(runs, fraction)} people: {listed}")
    lines = [
        introduction(setting),
        "## Results",
        "",
        "Balanced accuracy on people who were not trained on, medians and quartiles (and range) "
        f"over seeds {', '.join(map(str, seeds))} of split, network and draws:",
        "",
        *table(["method", *heads], rows),
        "",
        "![Balanced accuracy over copies](sleep.png)",
        "",
        "*Medians and ranges over seeds.*",
        "",
        f"With C = {COPIES[-1]}, less without augmentation, by seed in their order:",
        "",
        *gains,
        "",
        "## What was learned",
        "",
        "As published, the candidate with the largest weight of each layer, and its strength at the"
        " end of the training:",
        "",
    ]
    for fraction in fractions:
        for run in select(runs, "as published", fraction):
            layers = [
                list(group)
                for _, group in itertools.groupby(run["candidates"], key=lambda c: c["layer"])
            ]
            chosen = [max(layer, key=lambda c: c["weight"]) for layer in layers]
            told = "; ".join(f"{c['name']} {c['extent']:.3g} {c['unit']}" for c in chosen)
            lines.append(f"- {trained(runs, fraction)} people, seed {run['seed']}: {told}")
    rows = []
    group = [run["candidates"] for run in runs if run["method"] == DEFAULT]
    for place, candidate in enumerate(group[0] if group else []):
        extents = [
            [run["candidates"][place]["extent"] for run in select(runs, DEFAULT, fraction)]
            for fraction in fractions
        ]
        rows.append(
            [
                candidate["name"],
                f"{candidate['high']:g} {candidate['unit']}",
                *(spread(values, ".3g") for values in extents),
            ]
        )
    lines += [
        "",
        "By eegaug's default, the extents, medians and quartiles:",
        "",
        *table(["transform", "end of its range", *heads], rows),
    ]
    learned = [run for run in runs if run["candidates"]]
    early = sum(run["best"] <= setting["steps"] / 2 for run in learned)
    lines += [
        "",
        f"In {early} of {len(learned)} runs that learned strengths, the parameters that validated "
        "best were of the first half of the steps, when strengths were still on their way.",
    ]
    return "\n".join(lines) + "\n" + WHY + DIFFERENCES


WHY = """
On these nights, in the median, neither way of learning gains on the trunk alone, with which the
augmented networks share split, network and number of steps. With three people tested a seed, scores
differ much by the split: the differences by seed tell more than the medians.

- As published, which candidates a layer has is different from seed to seed: at this temperature the
  first steps decide. What follows is the penalty's doing, for it outweighs the loss: the strengths
  chosen grow from 0.1 of their ranges throughout the training, whatever they cost. Frequency shifts
  of 1.7 to 2.8 Hz, which move sleep's rhythms into one another, come with the largest losses.
- By eegaug's default, the same strengths are learned in all seeds, more or less: half flipped and
  half reversed, any phase, the longest mask, frequency shifts of about half a hertz, and hardly a
  channel dropped. But each of eight candidates may cost up to the weight of the criterion, and 500
  steps are few to learn from what they leave. Simulated nights have no polarity, no
  direction of time and no phase that people differ in, so that there is nothing to gain for it.
"""

DIFFERENCES = """
## What differs from the paper

- The paper trains on recordings of MASS and Sleep-EDF, on up to tens of people, for up to 300
  epochs until the validation no longer improves, on five folds; here are few people and steps.
- The published spatial layer exchanges left and right as well, which takes pairs of channels.
- The published layers clamp their strengths, and have at evaluation one transform for a whole
  batch; eegaug's are put back into the range after each step, and each copy has its own.
"""


def main() -> None:
    """Run the experiment from the command line."""
    parser = command_line(__doc__, n_seeds=3)
    parser.add_argument(
        "recordings", nargs="*", type=Path, help="files and folders; else simulated"
    )
    parser.add_argument("--people", type=int, default=12, help="simulated (%(default)s)")
    parser.add_argument("--hours", type=float, default=1.0, help="of each night (%(default)s)")
    parser.add_argument("--fractions", type=float, nargs="+", default=[1 / 3, 1.0])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--steps", type=int, default=500)
    options = parser.parse_args()
    if options.recordings and options.out == OUT:
        parser.error("recordings may be private: say by --out where their page should go")
    if "none" not in options.methods and not options.resume:
        parser.error("the methods are compared with none")
    if options.recordings:
        windows = make_windows(read_recordings(options.recordings), progress=True)
        what = "recordings"
    else:
        windows = make_windows(simulate_nights(options.people, options.hours))
        what = f"simulated nights of {options.hours:g} h, which `eegaug learn` simulates too"
    counts = Counter(STAGES[stage] for stage in windows.y)
    setting = {
        "source": f"Here: {what}, of {len(windows.people)} people, {len(windows.y)} windows ("
        + ", ".join(f"{stage} {counts[stage]}" for stage in STAGES)
        + f"), {len(windows.info['ch_names'])} channel(s) at {windows.info['sfreq']:g} Hz.",
        "steps": options.steps,
    }
    fractions = [round(fraction, 4) for fraction in options.fractions]
    wanted = [
        (method, fraction, seed)
        for seed, fraction, method in itertools.product(options.seeds, fractions, options.methods)
    ]
    file = options.out / "sleep.json"
    names = ("method", "fraction", "seed")
    trained = partial(train, windows, steps=options.steps)
    runs = run_missing(file, setting, names, wanted, trained, options.resume, options.jobs)
    runs.sort(key=lambda run: run["seed"])
    plot(runs, options.out / "sleep.png")
    (options.out / "sleep.md").write_text(page(runs, setting))


if __name__ == "__main__":
    main()
