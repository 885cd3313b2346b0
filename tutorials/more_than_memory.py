"""
More data than memory
=====================

Thousands of nights do not fit into memory, take hours to cut, and days to train on. This page keeps
windows on disk, reads them while the network trains, goes on with a training that was stopped, and
spreads one over several processes, each with a GPU where there are some. In one process, the
numbers stay the same throughout.
"""

# %%
# Windows on disk
# ---------------
#
# A recording is read, filtered and cut; its windows are written as 32-bit floats, and the next
# recording takes its place in memory. Four short nights stand for four thousand; they are written
# to files, as yours are. In the command, ``--cache DIR`` does the same.

import tempfile
import time
from pathlib import Path

from eegaug.recordings import make_sleep_windows, read_sleep_recordings, simulate_nights

folder = Path(tempfile.mkdtemp())
simulate_nights(n_subjects=4, hours=1, folder=folder / "nights")


def cut():
    """Cut all nights, and say how long it takes."""
    start = time.perf_counter()
    recordings = read_sleep_recordings(folder / "nights", subject="sim..")
    windows = make_sleep_windows(recordings, cache=folder / "cache")
    print(f"{len(windows)} windows in {time.perf_counter() - start:.2f} s")
    return windows


windows = cut()
windows = cut()  # which finds them there

# %%
# What a file was made of is in its name: the recording, its annotations, the channels, the pass
# band and all the rest. Another setting makes other files, and never takes these for its own. A run
# that is killed leaves nothing that is half-written, and two runs may fill one cache at once.
#
# ``X`` is read when it is indexed, and stands wherever an array would:

print(type(windows.X).__name__, windows.X.shape, windows.X[[0, 7]].std().round(2))

# %%
# A dataset with workers
# ----------------------
#
# :class:`~eegaug.recordings.WindowDataset` is an ordinary dataset of torch, for any loop. Workers
# read ahead, so that the network does not wait.

import numpy as np
from torch.utils.data import DataLoader

from eegaug.recordings import WindowDataset, split_by_subject

split = split_by_subject(windows.y, windows.subjects)
loader = DataLoader(WindowDataset(windows, split.train), batch_size=64, shuffle=True, num_workers=2)
x, y = next(iter(loader))
print(x.shape, np.bincount(y, minlength=5))

# %%
# Stop, and go on
# ---------------
#
# After each epoch, the state is kept in one file: network, strengths, objective, optimiser, random
# numbers and history. Here the command is killed after its first epoch, as a power cut would do.
# Each run of the command on this page takes some 20 s, much of it to load libraries.

import json
import subprocess
import sys

import pandas as pd

LEARN = [sys.executable, "-m", "eegaug", "learn", folder / "nights", "--subject", "sim.."]
LEARN += ["--cache", folder / "cache", "--epochs", "3", "--networks", "1", "--device", "cpu"]


def start_learning(out, *options):
    """Start the command, and return its process."""
    return subprocess.Popen(
        [*LEARN, "--out", folder / out, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


process = start_learning("killed")
while process.poll() is None and not list((folder / "killed").glob("unfinished/*.pt")):
    time.sleep(0.05)
process.kill()
process.communicate()
print(*sorted(path.name for path in (folder / "killed" / "unfinished").iterdir()))

# %%
# The same command again does not overwrite it:

error = start_learning("killed").communicate()[1].splitlines()[-1]
print(error.replace(str(folder), "..."))

# %%
# With ``--resume`` it goes on, bit for bit as if nothing had happened. A run that was left alone
# gives the same numbers:


def layers(out):
    """Return what a run has learned."""
    return json.loads((folder / out / "invariances.json").read_text(encoding="utf-8"))["layers"]


for out, options in (("killed", ["--resume"]), ("alone", [])):
    start = time.perf_counter()
    start_learning(out, *options).communicate()
    print(f"{out}: {time.perf_counter() - start:.0f} s", flush=True)
print("equal:", layers("killed") == layers("alone"))

# %%
# Several processes
# -----------------
#
# ``torchrun`` starts the command once for each process, and
# `Accelerate <https://huggingface.co/docs/accelerate>`_ makes them one training: each takes its
# part of every batch, and gradients are averaged. Windows come in another order than in one
# process, and draws differ, so the result differs as that of another seed would. The first process
# writes it. On a machine with GPUs, ``--nproc-per-node`` is their number, and nothing else changes.

LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
together = [*LAUNCH, "-m", "eegaug", *LEARN[3:], "--out", folder / "together"]
subprocess.run(together, check=True, capture_output=True)


def shown(out):
    """Return the strengths with their units, by name."""
    return {
        f"{transform['name']}, {name}": f"{strength['value']:.3f} {strength['unit']}"
        for layer in layers(out)
        for transform in layer["transforms"]
        for name, strength in transform["strengths"].items()
    }


print(pd.DataFrame({"one process": shown("alone"), "two processes": shown("together")}).to_string())

# %%
# Three epochs on two nights teach little, so these strengths are mostly chance. Where there is more
# to learn from, one process and two agree as two seeds do: see :doc:`/benchmarks/scale`.
# :doc:`/guide/scale` has a script for a cluster, and what it takes for all nights of a large study.
