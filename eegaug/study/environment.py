"""What a result may depend on beside data, settings and seed."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

import torch

#: Libraries whose versions may change a result.
LIBRARIES = ("torch", "braindecode", "skorch", "mne", "numpy", "scipy", "scikit-learn")


def environment() -> dict[str, Any]:
    """Return the versions of Python and the libraries, the kind of machine, and threads.

    Returns
    -------
    dict
        As plain numbers and text. ``threads`` are those of one operation on the CPU: with another
        number, sums are rounded in another way.
    """
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        "machine": f"{platform.system()} {platform.machine()}",
        "threads": torch.get_num_threads(),
    }
