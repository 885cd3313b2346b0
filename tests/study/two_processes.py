"""Run by ``torchrun``, and imported to compare with: trainings of all kinds, and what they give."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from skorch import NeuralNetClassifier
from torch import nn

from eegaug.inspect import learned_strengths
from eegaug.integrations.accelerate import OverProcesses, make_accelerator
from eegaug.integrations.skorch import trained_module
from eegaug.recordings import make_sleep_windows, simulate_nights, split_by_subject
from eegaug.study import Settings
from eegaug.study.fit import fit_augmented, fit_baseline, fit_recombined

FITS = {"learning": fit_augmented, "plain": fit_baseline, "recombined": fit_recombined}
SETTINGS = Settings(epochs=4, batch_size=16, lr=0.01, device="cpu")
SEEDS = range(5)


class Classifier(OverProcesses, NeuralNetClassifier):
    """A net that needs nothing of a study."""


def make_windows():
    """Windows of 8 s of three people, which are quick to train on, and their split."""
    windows = make_sleep_windows(simulate_nights(3, hours=0.3, seed=0))
    windows = replace(windows, X=windows.X[:, :, :800])
    return windows, split_by_subject(windows.y, windows.subjects, ["sim01"], 0)


def outcome(net):
    """All that a training leaves in this process."""
    module = getattr(net.module_, "augmentation", None)
    return {
        "trained": trained_module(net).state_dict(),
        "optimizer": net.optimizer_.state_dict(),
        "strengths": [record.value for record in learned_strengths(net.module_)] * bool(module),
        "history": [
            {key: value for key, value in row.items() if key != "batches" and "dur" not in key}
            for row in net.history
        ],
        "sizes": [batch["train_batch_size"] for row in net.history for batch in row["batches"]
                  if "train_batch_size" in batch],
        "random": torch.get_rng_state(),
    }


def losses(fit, windows, split):
    """Training losses, shape (seeds, epochs)."""
    return np.array(
        [
            fit(windows, split, replace(SETTINGS, seed=seed)).history[:, "train_loss"]
            for seed in SEEDS
        ],
        dtype=float,
    )


def whole_batch(accelerator=None):
    """Parameters of a linear net after three steps of gradient descent on 16 trials."""
    torch.manual_seed(0)
    x = torch.randn(16, 3)
    net = Classifier(
        nn.Linear(3, 2),
        criterion=nn.CrossEntropyLoss,
        accelerator=accelerator,
        train_split=None,
        batch_size=16,
        lr=1.0,
        max_epochs=3,
        callbacks__print_log=None,
        verbose=0,
    ).fit(x, torch.arange(16) % 2)
    return torch.cat([parameter.detach().flatten() for parameter in net.module_.parameters()])


def main(out):
    """Train in all ways, each at once and with a stop, and save what this process has."""
    windows, split = make_windows()
    saved = {}
    for name, fit in FITS.items():
        state = out / f"{name}.pt"
        at_once = outcome(fit(windows, split, SETTINGS))
        fit(windows, split, replace(SETTINGS, epochs=2), state=state)
        torch.manual_seed(99)
        resumed = outcome(fit(windows, split, SETTINGS, state=state))
        saved[name] = {"at once": at_once, "resumed": resumed, "losses": losses(fit, windows, split)}
    saved["whole batch"] = whole_batch(make_accelerator("cpu", seed=0, all_used=True))
    rank = torch.distributed.get_rank()
    torch.save(saved, out / f"rank{rank}.pt")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
