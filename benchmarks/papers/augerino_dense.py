"""Learn that a spindle may come at any time: labels of samples, by an equivariant model.

Run ``python benchmarks/papers/augerino_dense.py`` from the root of the repository: it writes
``docs/papers/augerino_dense.md``, ``.json`` and ``.png``.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import torch
from augerino import Method, by_method, draw, how_often, in_words, methods, run, train
from torch import Tensor, nn

from eegaug import Compose, InvariantModel, Strength, TimeShift

SFREQ = 64.0
TIMES = 192
#: Frequencies (Hz), lengths (s) and amplitude of the spindles, in noise of standard deviation 1.
FREQS, LENGTHS, AMPLITUDE = (12.0, 14.0), (0.5, 1.0), 2.0
TRAIN, TEST = 300, 300
STEPS, LR = 800, 1e-2
#: A shift by half of the window, either way, is the whole circle.
RANGE = TIMES / SFREQ / 2
#: From the first half, shifts by a quarter of the window, either way, reach every place.
LEAST_SHIFT = RANGE / 2
START = {"shift": 0.1 * RANGE}
TRUE = {"shift": RANGE}
SCORES = {"first": "events in the first half, as in training", "second": "in the second half"}


def make_data(n: int, half: int) -> tuple[Tensor, Tensor]:
    """Draw a burst of 12 to 14 Hz in white noise, all of it within one half of the window.

    Returns
    -------
    x : Tensor
        Signals, shape (n, 1, 192).
    y : Tensor
        1 where the burst is, else 0, shape (n, 1, 192).
    """
    times = torch.arange(TIMES) / SFREQ
    window = TIMES / SFREQ / 2
    length = LENGTHS[0] + (LENGTHS[1] - LENGTHS[0]) * torch.rand(n, 1)
    start = half * window + (window - length) * torch.rand(n, 1)
    freq = FREQS[0] + (FREQS[1] - FREQS[0]) * torch.rand(n, 1)
    phase = 2 * torch.pi * torch.rand(n, 1)
    passed = (times - start) / length
    inside = ((passed >= 0) & (passed < 1)).float()
    envelope = inside * torch.sin(torch.pi * passed).abs().sqrt()
    x = AMPLITUDE * envelope * torch.sin(2 * torch.pi * freq * times + phase)
    return (x + torch.randn(n, TIMES))[:, None], inside[:, None]


class Positional(nn.Module):
    """Convolutions with an offset for each place: a network that may learn when events come."""

    def __init__(self) -> None:
        super().__init__()
        self.waves = nn.Conv1d(1, 8, 17, padding="same")
        self.place = nn.Parameter(0.1 * torch.randn(8, TIMES))
        self.envelope = nn.Conv1d(8, 8, 17, padding="same")
        self.score = nn.Conv1d(8, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the log-odds of a spindle at each sample, shape (batch, 1, times)."""
        power = self.waves(x).square().add(1e-3).log()
        return self.score(torch.relu(self.envelope(power + self.place)))


def build(shift: float) -> Compose:
    """Build the chain, of the one transform."""
    return Compose([TimeShift(SFREQ, Strength(shift, high=RANGE, unit="s"))])


def balanced_accuracy(odds: Tensor, y: Tensor) -> float:
    """Return the mean of the shares of samples that are right, within and outside of events."""
    found, inside = odds > 0, y > 0.5
    return (found[inside].float().mean() + (~found[~inside]).float().mean()).item() / 2


def f1(odds: Tensor, y: Tensor) -> float:
    """Return the harmonic mean of precision and recall of samples."""
    found, inside = odds > 0, y > 0.5
    return 2 * (found & inside).sum().item() / (found.sum() + inside.sum()).item()


def one_run(method: Method, seed: int) -> dict:
    """Train by one method, and measure each half by itself."""
    x, y = make_data(TRAIN, 0)
    tests = {name: make_data(TEST, half) for half, name in enumerate(SCORES)}
    model = InvariantModel(Positional(), method.augmentation(), n_copies=16, equivariant=True)
    learned = train(method, model, nn.BCEWithLogitsLoss(), x, y, STEPS, LR)
    model.eval()
    with torch.no_grad():
        odds = {name: (model(x), y) for name, (x, y) in tests.items()}
        both = [torch.cat(parts) for parts in zip(*odds.values(), strict=True)]
        odds["anywhere"] = both
        return {
            "scores": {name: f1(*pair) for name, pair in odds.items()},
            "balanced": {name: balanced_accuracy(*pair) for name, pair in odds.items()},
            **learned,
        }


WHY = (
    "eegaug's default gains most of what there is to gain, from a weight that was not chosen for "
    "it, and without a weight to choose. But it stops short of the largest penalty: its reward, of"
    " the logarithm of the width, falls as the width grows, and the loss resists as long as the "
    "offsets of places that are seldom reached are not learned anew. In some seeds the width still"
    " grows when the training ends."
)


def page(runs: list[dict]) -> str:
    """Write the page from what was measured."""
    names = {"anywhere": "events anywhere", **SCORES}
    lines = [
        "# Augerino: when a spindle comes",
        "",
        f"A burst of {FREQS[0]:g} to {FREQS[1]:g} Hz, {LENGTHS[0]:g} to {LENGTHS[1]:g} s long and "
        f"of amplitude {AMPLITUDE:g}, in white noise of standard deviation 1; "
        f"{TIMES / SFREQ:g} s at {SFREQ:g} Hz, {TRAIN} trials to train on. Each sample is to be "
        "labelled. In training all bursts lie in the first half of the window, in the test in "
        "either. The network convolves, but adds an offset for each place in between: it may "
        "learn when bursts come, which pays in training. "
        "`InvariantModel(..., equivariant=True)` shifts its input by `TimeShift` and shifts the "
        "log-odds back before the average. The loss is the cross-entropy of the samples. The true "
        "width is the whole circle.",
        "",
        in_words(STEPS, LR),
        "",
        "![F1 and widths](augerino_dense.png)",
        "",
        "F1 of samples:",
        "",
        *by_method(runs, "scores", names),
        "",
        "Balanced accuracy of samples:",
        "",
        *by_method(runs, "balanced", names),
        "",
        f"Widths, of {RANGE:g} s:",
        "",
        *by_method(runs, "widths", {"TimeShift": "TimeShift (s)"}),
        "",
        f"Seeds whose width suits, at least {LEAST_SHIFT:g} s, so that every place is trained on:",
        "",
        *how_often(runs, lambda found: found["TimeShift"] >= LEAST_SHIFT),
        "",
        WHY,
    ]
    return "\n".join(lines) + "\n"


def picture(runs: list[dict]) -> plt.Figure:
    """Draw F1 of either half, and widths."""
    return draw(runs, SCORES, "F1 of samples", {"TimeShift": (RANGE, RANGE, "s")})


if __name__ == "__main__":
    setting = {"steps": STEPS, "lr": LR}
    ways = methods(build, START, TRUE)
    run(__doc__, "augerino_dense", ways, one_run, page, picture, setting)
