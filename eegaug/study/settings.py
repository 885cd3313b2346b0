"""What a training depends on, apart from the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from eegaug.objectives import REWARD_WEIGHT
from eegaug.policies import check_policy
from eegaug.study.network import find_model
from eegaug.study.processes import local_rank, n_processes
from eegaug.study.purposes import PURPOSES
from eegaug.study.sleep import SLEEP
from eegaug.study.task import Task
from eegaug.validation import check_count, check_not_negative, check_positive

#: How windows may be split.
SPLITS = ("subjects", "time")
_OF_THE_TASK: Any = None
_OF_THE_OBJECTIVE: Any = None


@dataclass(frozen=True)
class Settings:
    """What a training depends on, apart from the data.

    Parameters
    ----------
    task : Task
        What is learned; it has the defaults of ``model``, ``epochs``, ``batch_size`` and ``split``.
    model : str
        Name of a braindecode model.
    policy : str
        "default" (:func:`eegaug.policies.default_for`), or a name in
        :data:`eegaug.policies.POLICIES`; by default the former for "score", and "general" for
        "invariance".
    epochs, batch_size : int
        Length of the training, and windows per step.
    split : str
        "subjects" to test on subjects never trained on, or "time" for the last part of each
        subject's windows, where no subjects to test on are named.
    lr, strength_lr : float
        Learning rates of the network, and of weights and strengths.
    objective : str
        What the strengths are learned for: "score", on clean and augmented windows
        (:class:`~eegaug.ScoreObjective`), or "invariance", on augmented windows alone
        (:class:`~eegaug.InvarianceObjective`).
    n_networks : int
        Networks whose predictions are averaged: the first has no augmentation, the second learns
        the strengths, the third is trained on recombined windows; further ones repeat these three,
        with the learned strengths. With 1, the one that learns.
    reward_weight : float
        What an augmentation wider by a factor e may cost, in nats of the training loss.
    n_copies : int
        Augmented copies that a prediction of an augmented network is averaged over, 0 for the
        windows as they are; by default 0 for "score", 4 for "invariance".
    seed : int
        Seed of the split, the first parameters, the order of the windows and the draws.
    device : str
        Device to train on: "cpu", "cuda", or "auto" for CUDA where it is available. The attribute
        holds the device that was found.
    workers : int
        Processes that read windows ahead, for those on disk; they change no number.

    Raises
    ------
    TypeError
        If ``task`` is not a task, or a setting is not a number, or not an integer, where one is
        wanted.
    ValueError
        If a setting is out of range, or a model, a policy or a device does not exist.

    Examples
    --------
    >>> from eegaug.study import TASKS
    >>> Settings(TASKS["events"], epochs=10, device="cpu").model
    'ShallowFBCSPNet'
    >>> Settings(objective="speed")
    Traceback (most recent call last):
    ValueError: Parameter `objective` should be 'score' or 'invariance'. Found 'speed'.
    """

    task: Task = SLEEP
    model: str = _OF_THE_TASK
    policy: str = _OF_THE_OBJECTIVE
    epochs: int = _OF_THE_TASK
    batch_size: int = _OF_THE_TASK
    split: str = _OF_THE_TASK
    lr: float = 1e-3
    strength_lr: float = 1e-2
    objective: str = "score"
    n_networks: int = 3
    reward_weight: float = REWARD_WEIGHT
    n_copies: int = _OF_THE_OBJECTIVE
    seed: int = 0
    device: str = "auto"
    workers: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.task, Task):
            raise TypeError(
                f"Parameter `task` should be a Task, such as `TASKS['sleep']`. Found {self.task!r}."
            )
        for name in ("model", "epochs", "batch_size", "split"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, getattr(self.task, name))
        if self.objective not in PURPOSES:
            raise ValueError(
                f"Parameter `objective` should be {' or '.join(map(repr, PURPOSES))}."
                f" Found {self.objective!r}."
            )
        for name in ("policy", "n_copies"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, getattr(PURPOSES[self.objective], name))
        for name in ("epochs", "batch_size", "n_networks"):
            check_count(name, getattr(self, name))
        check_count("n_copies", self.n_copies, least=0)
        check_count("workers", self.workers, least=0)
        if not isinstance(self.seed, int) or not 0 <= self.seed < 2**32:
            raise ValueError(
                f"Parameter `seed` should be an integer from 0 to 2**32 - 1. Found {self.seed}."
            )
        check_positive("lr", self.lr)
        check_positive("strength_lr", self.strength_lr)
        check_not_negative("reward_weight", self.reward_weight)
        find_model(self.model)
        check_policy(self.policy)
        if self.split not in SPLITS:
            raise ValueError(
                f"Parameter `split` should be {' or '.join(map(repr, SPLITS))}."
                f" Found {self.split!r}."
            )
        object.__setattr__(self, "device", choose_device(self.device))

    def as_json(self) -> dict[str, Any]:
        """Return all settings but the task, as plain numbers and text."""
        return {name: value for name, value in vars(self).items() if name != "task"}


def choose_device(name: str) -> str:
    """Return the device to train on.

    Parameters
    ----------
    name : str
        "auto" for CUDA where it is available, else the CPU; or a device of torch. Of several
        processes that ``torchrun`` started, each has a CUDA device of its own.

    Returns
    -------
    str
        A device that torch can use here.

    Raises
    ------
    ValueError
        If it names no device, or CUDA where it is not available.

    Examples
    --------
    >>> choose_device("cpu")
    'cpu'
    """
    own = "cuda" if n_processes() == 1 else f"cuda:{local_rank()}"
    if name == "auto":
        return own if torch.cuda.is_available() else "cpu"
    name = own if name == "cuda" else name
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"Device {name!r} is not available: torch finds no CUDA device here.")
    unusable = f"No device {name!r} can be used here; try 'auto', 'cpu' or 'cuda'."
    if name.startswith("cpu:") and name != "cpu:0":  # torch takes any number
        raise ValueError(unusable)
    try:
        torch.zeros(1, device=name).item()  # torch knows devices that hold no numbers
    except Exception as error:  # each backend raises its own
        raise ValueError(unusable) from error
    return name
