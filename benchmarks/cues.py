"""What a network uses of sleep, and what it gives up for an augmentation.

``python benchmarks/cues.py`` trains a network to tell wake from deep sleep on two people, behind
the augmentation that the default of earlier versions learned, and removes one band after the other
from the nights of everybody else: what a network does not use, it does not miss.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from papers.pages import table
from papers.runs import command_line, run_missing
from torch import Tensor, nn
from unseen.candidates import train_augmented
from unseen.data import FOLDER, load
from unseen.protocols import SETTINGS, Problem, problems
from unseen.rivals import plain
from unseen.scoring import kappas
from unseen.summary import NONE
from unseen.training import predict

from eegaug import (
    Augmentation,
    Compose,
    FrequencyShift,
    FTSurrogate,
    OneOf,
    SignFlip,
    TimeShift,
)

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
SETTING, WHOLE = "sleep, 2 people", "all"
#: How the four transforms are applied, and the share of trials that stays as it is.
VARIANTS: dict[str, tuple[type[Compose | OneOf], float]] = {
    "all in sequence, on all trials": (Compose, 0.0),
    "all in sequence, a quarter clean": (Compose, 0.25),
    "all in sequence, half clean": (Compose, 0.5),
    "one per trial, on all trials": (OneOf, 0.0),
    "one per trial, a quarter clean": (OneOf, 0.25),
}
#: Bands that are removed (Hz): slow waves first.
BANDS = ((0.5, 2.0), (2.0, 4.0), (8.0, 12.0), (12.0, 30.0))


def trained(problem: Problem, variant: str) -> nn.Module:
    """Return a network trained with one of :data:`VARIANTS`, or with none."""
    if variant == NONE:
        return plain(problem)
    kind, share = VARIANTS[variant]
    augmentation = earlier_default(problem, kind)

    @torch.no_grad()
    def augment(x: Tensor, _: Tensor) -> Tensor:
        n_clean = round(share * len(x))
        return torch.cat([x[:n_clean], augmentation(x[n_clean:])])

    return train_augmented(problem, augment)


def earlier_default(problem: Problem, kind: type[Compose | OneOf]) -> Augmentation:
    """Return the augmentation, at the strengths that were learned on these nights."""
    sfreq = float(problem.data.info["sfreq"])
    transforms = [
        SignFlip(0.5),
        TimeShift(sfreq, 1.2),
        FrequencyShift(sfreq, 0.9),
        FTSurrogate(1.0),
    ]
    return kind(transforms).requires_grad_(False)


def run(seed: int, variant: str) -> dict[str, Any]:
    """Train on two people, and score all others with all bands and without each.

    Parameters
    ----------
    seed : int
        Seed of the people, the first parameters, the batches and the draws.
    variant : str
        One of :data:`VARIANTS`, or :data:`NONE`.

    Returns
    -------
    dict
        Mean kappa of the people not trained on, by the band that is removed.
    """
    torch.set_num_threads(1)
    data = load(SETTINGS[SETTING].data)
    ((problem, test),) = problems(SETTING, seed)
    network = trained(problem, variant)
    sfreq = float(data.info["sfreq"])
    signals = {WHOLE: data.X[test]}
    signals |= {
        f"{low:g} to {high:g}": without(data.X[test], sfreq, low, high) for low, high in BANDS
    }
    scored = {
        name: float(np.mean(list(kappas(data, test, predict(network, x)).values())))
        for name, x in signals.items()
    }
    return {"kappa": scored}


def without(x: Tensor, sfreq: float, low: float, high: float) -> Tensor:
    """Return signals without a band (Hz), which is set to zero in their spectra."""
    freqs = torch.fft.rfftfreq(x.shape[-1], 1 / sfreq)
    kept = (freqs < low) | (freqs > high)
    return torch.fft.irfft(torch.fft.rfft(x) * kept, n=x.shape[-1])


def write_page(runs: list[dict[str, Any]], folder: Path) -> None:
    """Write ``cues.md``."""
    each = pd.DataFrame([{"seed": r["seed"], "variant": r["variant"], **r["kappa"]} for r in runs])
    each = each.set_index(["variant", "seed"])
    without_any = each.loc[NONE]
    rows = []
    for variant in (NONE, *VARIANTS):
        own = each.loc[variant]
        gain = own[WHOLE] - without_any[WHOLE]
        missed = own.rsub(own[WHOLE], axis=0).drop(columns=WHOLE)
        cells = [f"{missed[band].mean():.2f} ± {missed[band].sem():.2f}" for band in missed]
        shown = "" if variant == NONE else f"{gain.mean():+.3f} ± {gain.sem():.3f}"
        rows.append([variant, f"{own[WHOLE].mean():.3f}", shown, *cells])
    bands = [f"{band} Hz" for band in each if band != WHOLE]
    n_seeds = each.index.get_level_values("seed").nunique()
    text = [
        "# What a network uses of sleep",
        "",
        "Written by `python benchmarks/cues.py`. Why does an augmentation harm that costs the"
        f" training nothing? Wake or deep sleep (ucddb), {SETTINGS[SETTING].network} trained on 2"
        f" people and tested on the others, {n_seeds} seeds from 0; mean ± standard error over"
        " seeds. Augmented with flips of polarity (0.5), shifts in time (1.2 s) and in frequency"
        " (0.9 Hz) and FT surrogates (1.0), which a network trained on augmented windows alone"
        " learned on these nights. The last columns are what a network loses in kappa where a band"
        " is removed from the nights that it is tested on: what it does not use, it does not miss.",
        "",
        *table(["augmented", "kappa", "gain over none", *bands], rows),
    ]
    (folder / "cues.md").write_text("\n".join(text) + "\n", "utf-8")


def main() -> None:
    """Run what is missing, and write the page."""
    parser = command_line(__doc__, n_seeds=10)
    parser.set_defaults(out=OUT)
    options = parser.parse_args()
    if not FOLDER.exists():
        parser.error(f"no recordings in {FOLDER.name}")
    wanted = itertools.product(options.seeds, (NONE, *VARIANTS))
    file = options.out / "cues.json"
    write_page(
        run_missing(file, {}, ("seed", "variant"), wanted, run, options.resume, options.jobs),
        options.out,
    )


if __name__ == "__main__":
    main()
