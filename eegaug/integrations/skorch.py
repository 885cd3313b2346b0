"""Callbacks for skorch: strengths per epoch, checks, a progress bar, and a stop at NaN."""

from __future__ import annotations

import copy
import math
import warnings
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback, PrintLog
from skorch.utils import to_tensor
from torch import Tensor, nn
from tqdm.auto import tqdm

from eegaug.inspect.records import history_row, learned_strengths
from eegaug.transforms.check import check_custom_transforms


def trained_module(net: NeuralNet) -> nn.Module:
    """Return what a net trains: its objective, with its running means, or else its module.

    Parameters
    ----------
    net : NeuralNet
        An initialized net.

    Returns
    -------
    nn.Module

    Examples
    --------
    >>> from skorch import NeuralNetRegressor
    >>> trained_module(NeuralNetRegressor(nn.Linear(2, 1)).initialize())
    Linear(in_features=2, out_features=1, bias=True)
    """
    module: nn.Module = getattr(net, "objective_", net.module_)
    return module


class StrengthHistory(Callback):
    """Record every weight and every strength in ``net.history``, once per epoch.

    The keys are ``"layer 1 FrequencyShift weight"`` and
    ``"layer 1 FrequencyShift max_delta_freq (Hz)"``, layers counted from 1; values are plain
    numbers in that unit. The printed log leaves them out. :func:`~eegaug.learned_strengths` reads
    them back.

    Examples
    --------
    >>> from skorch import NeuralNetClassifier
    >>> from eegaug import FrequencyShift, InvariantModel
    >>> from torch import nn
    >>> model = InvariantModel(nn.Linear(2, 2), FrequencyShift(sfreq=100))
    >>> net = NeuralNetClassifier(model, callbacks=[StrengthHistory()])
    """

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Keep the keys out of the printed log."""
        keys = list(history_row(learned_strengths(net.module_)))
        for _, callback in net.callbacks_:
            if isinstance(callback, PrintLog):
                callback.keys_ignored_.update(keys)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Record the values after the epoch."""
        for key, value in history_row(learned_strengths(net.module_)).items():
            net.history.record(key, value)


class CheckTransforms(Callback):
    """Check custom transforms on the first batch of training.

    Examples
    --------
    >>> from skorch import NeuralNetClassifier
    >>> from eegaug import InvariantModel, TimeShift
    >>> from torch import nn
    >>> model = InvariantModel(nn.Linear(2, 2), TimeShift(sfreq=100))
    >>> net = NeuralNetClassifier(model, callbacks=[CheckTransforms()])
    """

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Wait for the first batch."""
        self.checked_ = False

    def on_batch_begin(
        self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any
    ) -> None:
        """Check on two trials of the first batch."""
        if training and not self.checked_:
            x = to_tensor(batch[0], device=net.device)
            if isinstance(x, Tensor) and x.is_floating_point() and x.ndim >= 3 and len(x):
                x = x[:2].nan_to_num(0.0, 0.0, 0.0)
                check_custom_transforms(net.module_.augmentation, x)
            self.checked_ = True


class TrainingProgress(Callback):
    """Show one progress bar for a whole training, batch by batch, with the latest scores.

    Parameters
    ----------
    title : str
        Text before the bar.
    scores : tuple of str
        Keys of the history shown after the bar.

    Examples
    --------
    >>> from skorch import NeuralNetClassifier
    >>> from torch import nn
    >>> bar = TrainingProgress("Training (first fold)", scores=("train_loss",))
    >>> net = NeuralNetClassifier(nn.Linear(2, 2), callbacks=[bar], callbacks__print_log=None)
    """

    def __init__(
        self,
        title: str = "Training",
        scores: tuple[str, ...] = ("train_loss", "valid_loss"),
    ) -> None:
        self.title = title
        self.scores = scores

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Start the bar."""
        self.bar_ = tqdm(desc=self.title, unit="window", unit_scale=True)
        self.epochs_ = len(net.history)  # of a training that goes on

    def on_epoch_begin(self, net: NeuralNet, dataset_train: Any = None, **kwargs: Any) -> None:
        """Set the length of the bar."""
        self.bar_.total = len(dataset_train) * net.max_epochs
        self.bar_.update(self.epochs_ * len(dataset_train) - self.bar_.n)
        self.bar_.set_description(f"{self.title}, epoch {self.epochs_ + 1}/{net.max_epochs}")

    def on_batch_end(
        self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any
    ) -> None:
        """Move the bar."""
        if training:
            self.bar_.update(len(batch[0]))

    def on_epoch_end(self, net: NeuralNet, dataset_train: Any = None, **kwargs: Any) -> None:
        """Show the epoch's scores."""
        self.epochs_ += 1
        self.bar_.update(self.epochs_ * len(dataset_train) - self.bar_.n)  # of other processes
        latest = net.history[-1]
        self.bar_.set_postfix({key: f"{latest[key]:.3f}" for key in self.scores if key in latest})

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Close the bar."""
        self.bar_.close()


class KeepFinite(Callback):
    """Stop training if the loss is not finite, and restore the last good state.

    The state of parameters, optimiser and objective is good at the start, and after each epoch with
    finite training losses and parameters. The unfinished epoch is dropped from ``net.history``, and
    a ``UserWarning`` describes what happened, as does ``message_``, which is None otherwise.

    Examples
    --------
    >>> import torch
    >>> from skorch import NeuralNetRegressor
    >>> callbacks = {"callbacks": [("finite", KeepFinite())], "callbacks__print_log": None}
    >>> net = NeuralNetRegressor(torch.nn.Linear(1, 1), train_split=None, **callbacks)
    >>> with warnings.catch_warnings(action="ignore"):
    ...     _ = net.fit(torch.ones(4, 1), torch.full((4, 1), torch.nan))
    >>> dict(net.callbacks_)["finite"].message_.split(":")[0]
    'The training loss became nan in epoch 1'
    """

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Keep the first state."""
        self.message_: str | None = None
        self._keep(net)

    def on_batch_end(self, net: NeuralNet, training: bool = False, **kwargs: Any) -> None:
        """Stop if the training loss of the batch is not finite."""
        if training:
            loss = net.history[-1, "batches", -1, "train_loss"]
            if not math.isfinite(loss):
                self._stop(net, f"training loss became {loss}")

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Keep the state, or stop if a parameter is not finite."""
        for name, parameter in net.module_.named_parameters():
            if not parameter.isfinite().all():
                self._stop(net, f"parameter {name} became NaN or infinite")
        self._keep(net)

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Release the state."""
        self.state_.clear()

    @staticmethod
    def _parts(net: NeuralNet) -> list[Any]:
        """Return objective (with its running means) or module, and optimiser."""
        return [trained_module(net), net.optimizer_]

    def _keep(self, net: NeuralNet) -> None:
        self.state_ = copy.deepcopy([each.state_dict() for each in self._parts(net)])
        self.epoch_ = len(net.history)

    def _stop(self, net: NeuralNet, what: str) -> None:
        for part, state in zip(self._parts(net), self.state_, strict=True):
            part.load_state_dict(state)
        kept = f"parameters of epoch {self.epoch_}"
        if self.epoch_ == 0:
            kept = "first parameters, before training,"
        self.message_ = (
            f"The {what} in epoch {len(net.history)}: training stopped, and the {kept} were kept."
        )
        del net.history[-1]
        warnings.warn(self.message_, UserWarning, stacklevel=2)
        raise KeyboardInterrupt
