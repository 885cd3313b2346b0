"""Train one network, and keep the epoch that validates best."""

from __future__ import annotations

import copy
import tempfile
from typing import Any, TypeVar

import braindecode
import numpy as np
import torch
from braindecode.augmentation import AugmentedDataLoader
from sklearn.utils.class_weight import compute_class_weight
from skorch.callbacks import Checkpoint, EpochScoring
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from torch import nn

from eegaug.integrations.braindecode import EEGClassifier
from eegaug.integrations.skorch import TrainingProgress
from eegaug.models import InvariantModel
from eegaug.policies import POLICIES, recombination
from eegaug.recordings import Split, Windows
from eegaug.strength import init_strengths
from eegaug.study.metrics import METRICS
from eegaug.study.network import build_network
from eegaug.study.purposes import PURPOSES
from eegaug.study.settings import Settings
from eegaug.transforms import Augmentation

Net = TypeVar("Net", bound=braindecode.EEGClassifier)


def fit_augmented(
    windows: Windows,
    split: Split,
    settings: Settings,
    title: str | None = None,
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
        If the model cannot take the windows, there is nothing to validate on, or the training
        diverges.
    """
    network = _network(windows, settings)
    if augmentation is None:
        augmentation = POLICIES[settings.policy](windows.info)
        init_strengths(augmentation)
    else:
        augmentation = copy.deepcopy(augmentation).requires_grad_(False)
    model = InvariantModel(network, augmentation, settings.n_copies)
    learning = {
        "objective": PURPOSES[settings.objective].objective,
        "objective__reward_weight": settings.reward_weight,
        "optimizer__param_groups": [("augmentation*", {"lr": settings.strength_lr})],
    }
    return _fit_best(EEGClassifier, model, learning, windows, split, settings, title)


def fit_baseline(
    windows: Windows, split: Split, settings: Settings, title: str | None = None
) -> braindecode.EEGClassifier:
    """Train the same network without augmentation; parameters as of :func:`fit_augmented`."""
    network = _network(windows, settings)
    return _fit_best(braindecode.EEGClassifier, network, {}, windows, split, settings, title)


def fit_recombined(
    windows: Windows, split: Split, settings: Settings, title: str | None = None
) -> braindecode.EEGClassifier:
    """Train the same network on windows rebuilt of segments of their class, of all subjects.

    Parameters as of :func:`fit_augmented`.
    """
    network = _network(windows, settings)
    transform = recombination(windows.X.shape[-1], float(windows.info["sfreq"]))
    loader = {"iterator_train": AugmentedDataLoader, "iterator_train__transforms": transform}
    return _fit_best(braindecode.EEGClassifier, network, loader, windows, split, settings, title)


@torch.no_grad()
def predict(model: nn.Module, X: np.ndarray, settings: Settings) -> np.ndarray:
    """Return the labels that a model predicts, shape (windows,)."""
    model = model.to(settings.device).eval()
    signals = torch.as_tensor(X).split(settings.batch_size)
    outputs = [model(x.to(settings.device)).argmax(1).cpu() for x in signals]
    return torch.cat(outputs).numpy()


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


def _fit_best(
    kind: type[Net],
    module: nn.Module,
    training: dict[str, Any],
    windows: Windows,
    split: Split,
    settings: Settings,
    title: str | None,
) -> Net:
    X, y, task = windows.X, windows.y, settings.task
    valid = validated(windows, split)
    if len(valid) == 0:
        raise ValueError(f"No {task.kind} in validation occurs in training; try another seed.")
    key, metric = f"valid_{task.scores[0]}", METRICS[task.scores[0]]

    def score(net: braindecode.EEGClassifier, X: Any, y: Any) -> float:
        return metric.score(np.asarray(y), net.predict(X), len(windows.labels))

    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(settings.seed)
        checkpoint = Checkpoint(dirname=folder, f_optimizer=None, f_criterion=None, f_history=None)
        callbacks = [("score", EpochScoring(score, False, name=key)), ("best", checkpoint)]
        if title is not None:
            scores = ("train_loss", "valid_loss", key)
            callbacks.append(("progress", TrainingProgress(title, scores)))
        net = kind(
            module,
            criterion__weight=class_weights(windows, split),
            optimizer=torch.optim.Adam,
            lr=settings.lr,
            batch_size=min(settings.batch_size, len(split.train)),
            max_epochs=settings.epochs,
            train_split=predefined_split(Dataset(X[valid], y[valid])),
            callbacks=callbacks,
            callbacks__valid_acc=None,
            callbacks__print_log=None,
            classes=list(range(len(windows.labels))),
            device=settings.device,
            verbose=0,
            **training,
        )
        net.fit(X[split.train], y[split.train])
        if not len(net.history) or not np.isfinite(net.history[:, "valid_loss"]).any():
            raise ValueError(
                "The training diverged: the validation loss was never finite. Lower the learning"
                " rates or the reward weight."
            )
        net.load_params(checkpoint=checkpoint)
    return net
