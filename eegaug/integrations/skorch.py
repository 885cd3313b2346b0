"""Callbacks for skorch: what was learned, epoch by epoch, and one progress bar."""

from __future__ import annotations

from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback, PrintLog
from tqdm.auto import tqdm

from eegaug.layers import describe, strength_key, weight_key


class StrengthHistory(Callback):
    """Record every weight and every strength in ``net.history``, once an epoch.

    The keys are ``"layer 1 FrequencyShift weight"`` and ``"layer 1 FrequencyShift
    max_delta_freq (Hz)"``, layers counted from 1; values are plain numbers in that unit. The
    printed log leaves them out.

    Examples
    --------
    >>> from eegaug import FrequencyShift
    >>> list(StrengthHistory.row(FrequencyShift(sfreq=100, max_delta_freq=0.5)).items())
    [('layer 1 FrequencyShift weight', 1.0), ('layer 1 FrequencyShift max_delta_freq (Hz)', 0.5)]
    """

    @staticmethod
    def row(module: Any) -> dict[str, float]:
        """Return the weights and strengths of a model by key.

        Parameters
        ----------
        module : nn.Module
            A model with augmentations inside.

        Returns
        -------
        dict of str to float
        """
        row: dict[str, float] = {}
        for number, layer in enumerate(describe(module), 1):
            for transform in layer["transforms"]:
                row[weight_key(number, transform)] = transform["weight"]
                for name, strength in transform["strengths"].items():
                    row[strength_key(number, transform, name)] = strength["value"]
        return row

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Keep the keys out of the printed log."""
        keys = list(self.row(net.module_))
        for _, callback in net.callbacks_:
            if isinstance(callback, PrintLog):
                callback.keys_ignored_.update(keys)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Record the epoch's values."""
        for key, value in self.row(net.module_).items():
            net.history.record(key, value)


class TrainingProgress(Callback):
    """Show one progress bar for a whole training, batch by batch, with the latest scores.

    Parameters
    ----------
    title : str
        What stands before the bar.
    scores : tuple of str
        Keys of the history shown behind the bar.
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
        self.epochs_ = 0

    def on_epoch_begin(self, net: NeuralNet, dataset_train: Any = None, **kwargs: Any) -> None:
        """Tell the bar how long it will be."""
        self.bar_.total = len(dataset_train) * net.max_epochs
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
        self.bar_.update(self.epochs_ * len(dataset_train) - self.bar_.n)  # the last, short batch
        latest = net.history[-1]
        self.bar_.set_postfix({key: f"{latest[key]:.3f}" for key in self.scores if key in latest})

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Close the bar."""
        self.bar_.close()
