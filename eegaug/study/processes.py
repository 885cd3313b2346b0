"""The processes of a run, as ``torchrun`` tells them."""

from __future__ import annotations

import multiprocessing
import os


def n_processes() -> int:
    """Return the number of processes that ``torchrun`` started, 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def local_rank() -> int:
    """Return the number of this process among those of its machine."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def is_first_process() -> bool:
    """Whether this process is the one that writes and prints."""
    return int(os.environ.get("RANK", "0")) == 0


def start_of_workers(workers: int) -> str | None:
    """Return how processes that read windows are started: in a training of several, by a server.

    A fork of one of these copies locks that its threads may hold, and would wait for them for ever.

    Parameters
    ----------
    workers : int
        Number of processes that read windows.

    Returns
    -------
    str or None
        ``multiprocessing_context`` of a ``DataLoader``.
    """
    if not workers or n_processes() == 1:
        return None
    multiprocessing.set_forkserver_preload(["eegaug.recordings.dataset"])
    return "forkserver"
