"""The processes of a run, as ``torchrun`` tells them."""

from __future__ import annotations

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
