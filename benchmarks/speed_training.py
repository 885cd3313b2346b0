"""What an augmentation adds to training, to prediction and to the start of a program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mne
import torch
from braindecode.models import SleepStagerChambon2018
from speed_cases import CHANNELS, FFT, SFREQ
from speed_timing import Captured, Pass, Times, measure, synchronises
from torch import Tensor, nn

import eegaug as ours

#: Trials of a batch, samples of a trial, and numbers of channels.
BATCH, N_TIMES, CHANNEL_COUNTS = 32, 3000, (1, 6)
#: Fresh processes that each number is measured in: where tensors come to lie changes the time of a
#: convolution on the CPU by a factor of up to two, and stays the same within a process.
PROCESSES = {"cpu": 5, "cuda": 1}
#: Steps of a case: a cycle of the objective, which learns its strengths at one of four.
STEPS = 4
COPIES = 4

PLAIN, DEFAULT, CHAINED = "the network alone", "one of several, score", "chain of four, invariance"
INPUT = "the network alone, with the derivative in its input"
CHAIN, ONE_OF = "chain of four", "one of several"
PREDICTED = f"{COPIES} plain predictions"
#: What names of steps that are captured as one graph begin with.
AS_GRAPH = "captured: "


class Call(Pass):
    """Anything that is called, as a pass."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function, self.inputs, self.cotangent = function, (), None

    def __call__(self) -> None:
        """Call it."""
        self.function()


def network(n_channels: int, device: str) -> nn.Module:
    """Return the trunk, always the same."""
    torch.manual_seed(0)
    trunk = SleepStagerChambon2018(n_chans=n_channels, sfreq=SFREQ, n_times=N_TIMES, n_outputs=5)
    return trunk.to(device)


def policy(name: str, n_channels: int, device: str) -> ours.Augmentation:
    """Return a policy at the strengths from which it learns."""
    info = mne.create_info(list(CHANNELS[:n_channels]), SFREQ, "eeg", verbose="error")
    return ours.init_strengths(ours.policies.POLICIES[name](info)).to(device)


def trainer(module: nn.Module, loss: Callable[[], Tensor]) -> Call:
    """Return a cycle of steps of Adam."""
    on_gpu = next(module.parameters()).is_cuda
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-4, capturable=on_gpu)

    def run() -> None:
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()

    return Call(run)


def trainings(n_channels: int, device: str) -> dict[str, Call]:
    """Return cycles of training with and without augmentation."""
    x = torch.randn(BATCH, n_channels, N_TIMES, device=device)
    y = torch.arange(BATCH, device=device) % 5
    entropy = nn.CrossEntropyLoss()
    plain, other = (network(n_channels, device) for _ in range(2))
    objectives = {
        DEFAULT: ours.ScoreObjective(
            ours.InvariantModel(
                network(n_channels, device), policy("one_of", n_channels, device), n_copies=0
            ),
            entropy,
        ),
        CHAINED: ours.InvarianceObjective(
            ours.InvariantModel(network(n_channels, device), policy("chain", n_channels, device)),
            entropy,
        ),
    }
    with_grad = x.clone().requires_grad_()
    return {
        PLAIN: trainer(plain, lambda: entropy(plain(x), y)),
        INPUT: trainer(other, lambda: entropy(other(with_grad), y)),
        **{
            name: trainer(objective, lambda objective=objective: objective(x, y))
            for name, objective in objectives.items()
        },
    }


def training(n_channels: int, rounds: int, device: str) -> dict[str, Times]:
    """Measure steps of training with and without augmentation, on a GPU captured too."""
    cases: dict[str, Pass] = {**trainings(n_channels, device)}
    if device == "cuda":
        again = trainings(n_channels, device).items()
        cases |= {AS_GRAPH + name: Captured(run) for name, run in again}
    return measure(cases, rounds, device)


def waits() -> dict[str, bool]:
    """Whether a cycle of training waits for the GPU, by name."""
    return {name: synchronises(run) for name, run in trainings(CHANNEL_COUNTS[-1], "cuda").items()}


def chain(n_channels: int, rounds: int, device: str) -> dict[str, Times]:
    """Measure the chain alone, forward and backward in its strengths, beside one FFT pair."""
    x = torch.randn(BATCH, n_channels, N_TIMES, device=device)

    def fft_pair() -> Tensor:
        return torch.fft.irfft(torch.fft.rfft(x), n=N_TIMES)

    fused = Pass(policy("chain", n_channels, device), x, backward=True)
    cases: dict[str, Pass] = {CHAIN: fused, FFT: Call(fft_pair)}
    if device == "cuda":
        cases |= {AS_GRAPH + name: Captured(run) for name, run in list(cases.items())}
    return measure(cases, 5 * rounds, device)


def prediction(n_channels: int, rounds: int, device: str) -> dict[str, Times]:
    """Measure predictions averaged over copies, beside as many plain ones."""
    x = torch.randn(BATCH, n_channels, N_TIMES, device=device)
    trunk = network(n_channels, device).eval()

    def predicted(function: Callable[[], Any]) -> Call:
        return Call(torch.no_grad()(function))

    cases = {PREDICTED: predicted(lambda: [trunk(x) for _ in range(COPIES)])}
    for name, key in ((CHAIN, "chain"), (ONE_OF, "one_of")):
        model = ours.InvariantModel(trunk, policy(key, n_channels, device), COPIES).eval()
        cases[name] = predicted(lambda model=model: model(x))
    return measure(cases, rounds, device)


def time_imports(rounds: int) -> dict[str, Times]:
    """Measure the start of a program that imports eegaug, beside one that imports torch."""
    times: dict[str, Times] = {"torch": [], "eegaug": []}
    for number in range(rounds + 1):
        for name, found in times.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", f"import {name}"], check=True)
            if number:  # files are read for the first time in the first round
                found.append(1000 * (time.perf_counter() - start))
    return times


#: What is measured, by name.
MEASURED = {"training": training, "chain": chain, "prediction": prediction}


def in_a_process(
    what: str, n_channels: int, rounds: int, device: str, tree: Path | None = None
) -> dict[str, Times]:
    """Measure in a fresh process, where given the eegaug of another checkout."""
    command = [sys.executable, __file__, what, str(n_channels), str(rounds), device]
    env = os.environ if tree is None else os.environ | {"PYTHONPATH": str(tree)}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    return json.loads(ran.stdout.splitlines()[-1])


def over_processes(
    what: str, n_channels: int, rounds: int, device: str, processes: int
) -> dict[str, Times]:
    """Measure in several processes, and return the times of all."""
    times: dict[str, Times] = {}
    for _ in range(processes):
        for name, found in in_a_process(what, n_channels, rounds, device).items():
            times.setdefault(name, []).extend(found)
    return times


def main(argv: Sequence[str]) -> None:
    """Measure in this process: what, channels, rounds, device."""
    what, n_channels, rounds, device = argv
    print(json.dumps(MEASURED[what](int(n_channels), int(rounds), device)))


if __name__ == "__main__":
    main(sys.argv[1:])
