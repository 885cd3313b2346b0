"""The state of a training in one file, to go on from after a stop."""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, PassthroughScoring
from skorch.history import History

from eegaug.files import load_whole, written_whole
from eegaug.integrations.skorch import trained_module

#: Part of the state that its file should have.
WANTED = {"epochs", "trained", "best", "optimizer", "random", "history", "message", "seconds"}


class TrainingState(Callback):
    """Keep the epoch that validates best, and save the state of the training after each epoch.

    A training that was stopped and goes on is bit for bit the one that ran through: the state is
    that of the network with its strengths, the objective, the optimiser, the random numbers, the
    history, and the network as it validated best. Other callbacks, as those that lower a learning
    rate, begin anew. A file is written whole or not at all, and
    ``torch.load(path, weights_only=True)`` opens it.

    Parameters
    ----------
    path : path, optional
        The file; where absent, the state is not saved.
    monitor : str
        Key of the history that is true where an epoch is the best so far.
    stop : callable, optional
        Whether to stop, asked after each epoch once its state is saved.

    Attributes
    ----------
    epochs_ : int
        Number of epochs that are done, one that was interrupted left out.
    message_ : str or None
        Why the training is at its end before its last epoch, if it is.
    stopped_ : bool
        Whether it was stopped before its end by ``stop``.
    seconds_ : float
        How long it took, stops left out.

    Examples
    --------
    >>> import tempfile
    >>> from skorch import NeuralNetRegressor
    >>> def train(path, epochs):
    ...     _ = torch.manual_seed(0)
    ...     state = TrainingState(path, monitor="train_loss_best")
    ...     net = NeuralNetRegressor(torch.nn.Linear(1, 1), train_split=None, verbose=0)
    ...     net = net.set_params(callbacks=[("state", state)]).initialize()
    ...     done = state.restore(net)
    ...     net.partial_fit(torch.ones(4, 1), torch.zeros(4, 1), epochs=epochs - done)
    ...     return net.module_.weight.item()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "state.pt")
    ...     _ = train(path, epochs=2)  # stopped after two epochs of four
    ...     train(path, epochs=4) == train(None, epochs=4)
    True
    """

    def __init__(
        self,
        path: str | Path | None = None,
        monitor: str = "valid_loss_best",
        stop: Callable[[], bool] | None = None,
    ) -> None:
        self.path = path
        self.monitor = monitor
        self.stop = stop
        self.stopped_ = False
        self.best_: dict[str, Any] | None = None
        self.epochs_ = 0
        self.message_: str | None = None
        self.seconds_ = 0.0
        self.since_ = time.perf_counter()

    def restore(self, net: NeuralNet) -> int:
        """Set an initialized net to the state in the file, if there is one.

        Parameters
        ----------
        net : NeuralNet
            The net, built as the one that was saved.

        Returns
        -------
        int
            Number of epochs that are done.

        Raises
        ------
        ValueError
            If the file is damaged, or holds the state of another net or of other processes.
        """
        self.since_ = time.perf_counter()
        if self.path is None or not Path(self.path).exists():
            return 0
        try:
            saved = load_whole(self.path)
            missing = WANTED - set(saved)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self.path}: damaged; remove it to begin again.") from error
        if missing:
            raise ValueError(f"{self.path}: not the state of a training; remove it.")
        rank, n_processes = _process(net)
        if len(saved["random"]) != n_processes:
            raise ValueError(
                f"{self.path}: a training of {len(saved['random'])} processes cannot go on with"
                f" {n_processes}."
            )
        try:
            trained_module(net).load_state_dict(saved["trained"])
            net.optimizer_.load_state_dict(saved["optimizer"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise ValueError(f"{self.path}: the state of another network.") from error
        net.history_ = History(json.loads(saved["history"]))
        _recall_best(net)
        self.best_, self.seconds_ = saved["best"], saved["seconds"]
        self.epochs_, self.message_ = saved["epochs"], saved["message"]
        _set_random(saved["random"][rank], net.device)
        return self.epochs_

    def load_best(self, net: NeuralNet) -> None:
        """Set the net to the epoch that validated best, if any did."""
        if self.best_ is not None:
            trained_module(net).load_state_dict(self.best_)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Keep the state where it is the best, and save all."""
        if net.history[-1].get(self.monitor):
            self.best_ = copy.deepcopy(trained_module(net).state_dict())
        self.epochs_ = len(net.history)
        self.save(net)
        if self.stop is not None and self.stop():
            self.stopped_ = True
            raise KeyboardInterrupt  # at which skorch ends a training

    def save(self, net: NeuralNet) -> None:
        """Save the state of a net; with several processes, the first writes that of all."""
        now = time.perf_counter()
        self.seconds_, self.since_ = self.seconds_ + now - self.since_, now
        if self.path is None:
            return
        random = _gathered(net, _random(net.device))
        if _process(net)[0] > 0:
            return
        rows = [{key: _plain(row[key]) for key in row if key != "batches"} for row in net.history]
        path = Path(self.path)
        state = {
            "epochs": len(net.history),
            "trained": trained_module(net).state_dict(),
            "best": self.best_,
            "optimizer": net.optimizer_.state_dict(),
            "random": random,
            "history": json.dumps([row | {"batches": []} for row in rows]),
            "message": self.message_,
            "seconds": self.seconds_,
        }
        kept = "The epoch before is kept." if path.exists() else ""
        with written_whole(path, kept) as part, part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _recall_best(net: NeuralNet) -> None:
    """Tell the means of losses what was best before; other scores find it in the history."""
    for _, callback in net.callbacks_:
        if isinstance(callback, PassthroughScoring):
            best = [row[callback.name] for row in net.history if row.get(f"{callback.name}_best")]
            callback.best_score_ = best[-1] if best else callback.best_score_


def _process(net: NeuralNet) -> tuple[int, int]:
    """Return the rank of this process, and the number of processes."""
    accelerator = getattr(net, "accelerator", None)
    return (accelerator.process_index, accelerator.num_processes) if accelerator else (0, 1)


def _random(device: Any) -> list[torch.Tensor]:
    states = [torch.get_rng_state()]
    if torch.device(device).type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    return states


def _set_random(states: list[torch.Tensor], device: Any) -> None:
    torch.set_rng_state(states[0])
    if len(states) > 1 and torch.device(device).type == "cuda":
        torch.cuda.set_rng_state(states[1], device)


def _gathered(net: NeuralNet, states: list[torch.Tensor]) -> list[list[torch.Tensor]]:
    """Return the random states of all processes."""
    if _process(net)[1] == 1:
        return [states]
    gathered: list[Any] = [None] * _process(net)[1]
    torch.distributed.all_gather_object(gathered, states)
    return gathered
