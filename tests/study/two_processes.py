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
from eegaug.integrations.resuming import TrainingState
from eegaug.integrations.skorch import trained_module
from eegaug.recordings import make_sleep_windows, simulate_nights, split_by_subject
from eegaug.study import Settings
from eegaug.study.cli import main as command
from eegaug.study.fit import fit_augmented, fit_baseline, fit_recombined

FITS = {"learning": fit_augmented, "plain": fit_baseline, "recombined": fit_recombined}
#: A network with batch normalisation, whose means are those of a process.
SETTINGS = Settings(model="ShallowFBCSPNet", epochs=4, batch_size=16, lr=0.01, device="cpu")
#: A network without it, whose losses do not depend on how a batch is split, and seeds.
COMPARED, SEEDS = replace(SETTINGS, model="SleepStagerChambon2018"), range(5)
COMMAND = "learn --subjects 4 --hours 0.3 --epochs 1 --batch-size 16 --device cpu".split()


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
        "random": torch.get_rng_state(),
    }


def trials_per_step(net):
    """Trials of this process in each step."""
    batches = [batch for row in net.history for batch in row["batches"]]
    return [batch["train_batch_size"] for batch in batches if "train_batch_size" in batch]


def losses(fit, windows, split):
    """Training losses, shape (seeds, epochs)."""
    return np.array(
        [
            fit(windows, split, replace(COMPARED, seed=seed)).history[:, "train_loss"]
            for seed in SEEDS
        ],
        dtype=float,
    )


def linear(accelerator=None):
    """A linear net that takes a step per 16 trials."""
    torch.manual_seed(0)
    return Classifier(
        nn.Linear(3, 2),
        criterion=nn.CrossEntropyLoss,
        accelerator=accelerator,
        train_split=None,
        batch_size=16,
        lr=1.0,
        max_epochs=3,
        callbacks__print_log=None,
        verbose=0,
    ).initialize()


def whole_batch(accelerator=None):
    """Parameters of a linear net after three steps of gradient descent."""
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(0))
    net = linear(accelerator).partial_fit(x, torch.arange(16) % 2)
    return torch.cat([parameter.detach().flatten() for parameter in net.module_.parameters()])


def own_random(accelerator, path, rank):
    """Whether each process goes on with its own random numbers."""
    net, state = linear(accelerator), TrainingState(path)
    before = torch.manual_seed(rank).get_state()
    state.save(net)
    torch.distributed.barrier()  # the first process has written
    torch.manual_seed(9)
    state.restore(net)
    return torch.equal(torch.get_rng_state(), before)


def main(out):
    """Run the command, train in all ways, at once and with a stop, and save what is here."""
    status = command([*COMMAND, "--out", str(out / "learned")])
    windows, split = make_windows()
    saved = {"status": status}
    for name, fit in FITS.items():
        state = out / f"{name}.pt"
        net = fit(windows, split, SETTINGS)
        at_once = outcome(net)
        fit(windows, split, replace(SETTINGS, epochs=2), state=TrainingState(state))
        torch.distributed.barrier()  # the first process has written
        torch.manual_seed(99)
        resumed = outcome(fit(windows, split, SETTINGS, state=TrainingState(state)))
        saved[name] = {
            "at once": at_once,
            "resumed": resumed,
            "trials": trials_per_step(net),
            "losses": losses(fit, windows, split),
        }
    accelerator, rank = make_accelerator("cpu", 0, all_used=True), torch.distributed.get_rank()
    saved["whole batch"] = whole_batch(accelerator)
    saved["own random"] = own_random(accelerator, out / "random.pt", rank)
    torch.save(saved, out / f"rank{rank}.pt")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
