"""Train one network, and keep the epoch that validates best."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

import braindecode
import numpy as np
import torch
from accelerate import Accelerator
from sklearn.utils.class_weight import compute_class_weight
from skorch.callbacks import EpochScoring
from skorch.dataset import unpack_data
from skorch.helper import predefined_split
from skorch.utils import to_tensor
from torch import nn
from torch.utils.data import DataLoader

from eegaug.integrations.accelerate import OverProcesses, make_accelerator
from eegaug.integrations.braindecode import EEGClassifier
from eegaug.integrations.resuming import TrainingState
from eegaug.integrations.skorch import TrainingProgress
from eegaug.models import InvariantModel
from eegaug.policies import make_policy, recombination
from eegaug.recordings import Split, WindowDataset, Windows
from eegaug.strength import init_strengths
from eegaug.study.metrics import METRICS
from eegaug.study.network import build_network
from eegaug.study.processes import n_processes, start_of_workers
from eegaug.study.purposes import PURPOSES
from eegaug.study.settings import Settings
from eegaug.transforms import Augmentation, SegmentationReconstruction

Net = TypeVar("Net", bound=braindecode.EEGClassifier)


class _Plain(OverProcesses, braindecode.EEGClassifier):
    """A classifier, over several processes where there are some."""


class _Learner(OverProcesses, EEGClassifier):
    """A classifier that learns its augmentation, over several processes where there are some."""


class _Recombiner(_Plain):
    """A classifier that is trained on trials rebuilt of segments of their class."""

    def __init__(self, *args: Any, transform: SegmentationReconstruction, **kwargs: Any) -> None:
        self.transform = transform
        super().__init__(*args, **kwargs)

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Rebuild the trials of a batch, and train on them."""
        X, y = (to_tensor(each, device=self.device) for each in unpack_data(batch))
        return super().train_step_single(self.transform(X, y), **fit_params)


def fit_augmented(
    windows: Windows,
    split: Split,
    settings: Settings,
    title: str | None = None,
    state: TrainingState | None = None,
    augmentation: Augmentation | None = None,
) -> EEGClassifier:
    """Train the network with a policy in front of it.

    Parameters
    ----------
    windows : Windows
        The data.
    split : Split
        Which windows to train and to validate on.
    settings : Settings
        How to train.
    title : str, optional
        Title of the progress bar; none is shown where absent.
    state : TrainingState, optional
        What saves the state after each epoch, from which a training that was stopped goes on.
    augmentation : Augmentation, optional
        Learned augmentation, which is copied and stays as it is; where absent, the policy of the
        settings learns from narrow strengths.

    Returns
    -------
    EEGClassifier
        The net, with the parameters of the epoch that validated best.

    Raises
    ------
    ValueError
        If the model cannot take the windows, there is nothing to validate on, one label only to
        train on, the training diverges, or the state is another's.
    KeyboardInterrupt
        If it was interrupted; its state is that after the last epoch.
    """
    network = _network(windows, settings)
    if augmentation is None:
        augmentation = make_policy(
            settings.policy, settings.task.name, windows.info, windows.X.shape[-1]
        )
        init_strengths(augmentation)
    else:
        augmentation = copy.deepcopy(augmentation).requires_grad_(False)
    model = InvariantModel(network, augmentation, settings.n_copies)
    learning = {
        "objective": PURPOSES[settings.objective].objective,
        "objective__reward_weight": settings.reward_weight,
        "optimizer__param_groups": [("augmentation*", {"lr": settings.strength_lr})],
    }
    return _fit_best(_Learner, model, learning, windows, split, settings, title, state)


def fit_baseline(
    windows: Windows,
    split: Split,
    settings: Settings,
    title: str | None = None,
    state: TrainingState | None = None,
) -> braindecode.EEGClassifier:
    """Train the same network without augmentation; parameters as of :func:`fit_augmented`."""
    network = _network(windows, settings)
    return _fit_best(_Plain, network, {}, windows, split, settings, title, state)


def fit_recombined(
    windows: Windows,
    split: Split,
    settings: Settings,
    title: str | None = None,
    state: TrainingState | None = None,
) -> braindecode.EEGClassifier:
    """Train the same network on windows rebuilt of segments of their class, of all subjects.

    Parameters as of :func:`fit_augmented`.
    """
    network = _network(windows, settings)
    transform = {"transform": recombination(windows.X.shape[-1], float(windows.info["sfreq"]))}
    return _fit_best(_Recombiner, network, transform, windows, split, settings, title, state)


def predict(
    model: nn.Module, windows: Windows, settings: Settings, index: np.ndarray
) -> np.ndarray:
    """Return the labels that a model predicts for some of the windows, shape (windows,)."""
    given = outputs(model, windows, settings.device, settings.batch_size, settings.workers, index)
    return given.argmax(1).numpy()


@torch.no_grad()
def outputs(
    model: nn.Module,
    windows: Windows,
    device: str,
    batch_size: int,
    workers: int = 0,
    index: np.ndarray | None = None,
) -> torch.Tensor:
    """Return the outputs of a model for windows, all without ``index``, shape (windows, labels)."""
    model = model.to(device).eval()
    loader = DataLoader(
        WindowDataset(windows, index),
        batch_size,
        num_workers=workers,
        multiprocessing_context=start_of_workers(workers),
    )
    return torch.cat([model(x.to(device)).cpu() for x, _ in loader])


def validated(windows: Windows, split: Split) -> np.ndarray:
    """Return the windows to validate on: those of labels that occur in training.

    Other labels have no weight in the loss.
    """
    y = windows.y
    return split.valid[np.isin(y[split.valid], y[split.train])]


def class_weights(windows: Windows, split: Split) -> torch.Tensor:
    """Return weights inversely proportional to the number of windows, 0 for absent labels."""
    y = windows.y[split.train]
    weights = torch.zeros(len(windows.labels))
    present = np.unique(y)
    balanced = compute_class_weight("balanced", classes=present, y=y)
    weights[present] = torch.as_tensor(balanced, dtype=weights.dtype)
    return weights


def _network(windows: Windows, settings: Settings) -> nn.Module:
    _, n_chans, n_times = windows.X.shape
    sfreq = float(windows.info["sfreq"])
    n_labels = len(windows.labels)
    return build_network(settings.model, n_chans, n_times, sfreq, n_labels, settings.seed)


def _accelerator(settings: Settings, batch_size: int, all_used: bool) -> Accelerator | None:
    """Return the accelerator of several processes; None where this is the only one."""
    if n_processes() == 1:
        return None
    if batch_size % n_processes():
        raise ValueError(
            f"A batch of {batch_size} windows cannot be split evenly between {n_processes()}"
            " processes; name another --batch-size."
        )
    return make_accelerator(settings.device, settings.seed, all_used)


def _fit_best(
    kind: Callable[..., Net],
    module: nn.Module,
    training: dict[str, Any],
    windows: Windows,
    split: Split,
    settings: Settings,
    title: str | None,
    state: TrainingState | None,
) -> Net:
    task, n_labels = settings.task, len(windows.labels)
    valid = validated(windows, split)
    if len(np.unique(windows.y[split.train])) < 2:
        raise ValueError(
            f"One {task.kind} only is in training, {windows.labels[windows.y[split.train][0]]};"
            " try another seed, other subjects to test on, or another --split."
        )
    if len(valid) == 0:
        raise ValueError(f"No {task.kind} in validation occurs in training; try another seed.")
    key, metric = f"valid_{task.scores[0]}", METRICS[task.scores[0]]

    def score(net: braindecode.EEGClassifier, X: Any, y: Any) -> float:
        return metric.score(np.asarray(y), net.predict(X), n_labels)

    batch_size = min(settings.batch_size, len(split.train))
    kept = state or TrainingState()
    callbacks: list[tuple[str, Any]] = [("score", EpochScoring(score, False, name=key))]
    if title is not None:
        scores = ("train_loss", "valid_loss", key)
        callbacks.append(("progress", TrainingProgress(title, scores)))
    torch.manual_seed(settings.seed)
    net = kind(
        module,
        criterion__weight=class_weights(windows, split),
        optimizer=torch.optim.Adam,
        lr=settings.lr,
        batch_size=batch_size,
        max_epochs=settings.epochs,
        train_split=predefined_split(WindowDataset(windows, valid)),
        callbacks=[*callbacks, ("state", kept)],
        callbacks__valid_acc=None,
        callbacks__print_log=None,
        classes=list(range(n_labels)),
        device=settings.device,
        iterator_train__num_workers=settings.workers,
        iterator_train__multiprocessing_context=start_of_workers(settings.workers),
        iterator_valid__num_workers=settings.workers,
        iterator_valid__multiprocessing_context=start_of_workers(settings.workers),
        accelerator=_accelerator(settings, batch_size, all_used=kind is not _Learner),
        verbose=0,
        **training,
    ).initialize()
    done = kept.restore(net)
    finite = dict(net.callbacks_).get("finite")  # which the net that learns has
    if done < settings.epochs and not kept.message_:
        net.partial_fit(WindowDataset(windows, split.train), epochs=settings.epochs - done)
        kept.message_ = finite.message_ if finite else None
        if kept.epochs_ < settings.epochs and not kept.message_ and not kept.stopped_:
            raise KeyboardInterrupt  # which skorch keeps to itself
        if kept.message_:
            kept.save(net)  # with the message, at which it ends
    elif finite:
        finite.message_ = kept.message_
    if not len(net.history) or not np.isfinite(net.history[:, "valid_loss"]).any():
        raise ValueError(
            "The training diverged: the validation loss was never finite. Lower the learning"
            " rates or the reward weight."
        )
    kept.load_best(net)
    return net
