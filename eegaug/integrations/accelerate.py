"""Nets of skorch over several processes, by Accelerate."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from accelerate import Accelerator, DataLoaderConfiguration, DistributedDataParallelKwargs
from accelerate.utils import broadcast
from skorch import NeuralNet
from skorch.dataset import unpack_data
from skorch.utils import to_tensor

from eegaug.integrations.skorch import trained_module


def make_accelerator(device: str, seed: int, all_used: bool = False) -> Accelerator:
    """Return the accelerator of all processes that ``torchrun`` started, or of this one.

    A batch is split between them, so that a step is that of the whole batch, but for what is taken
    over a batch: batch normalisation, and a loss with weights of classes, see one part each.

    Parameters
    ----------
    device : str
        "cuda" for one GPU per process (NCCL), or "cpu" (Gloo).
    seed : int
        Seed of the order of the trials.
    all_used : bool
        Whether all parameters have a gradient at each step, as strengths have not.

    Returns
    -------
    accelerate.Accelerator

    Examples
    --------
    >>> make_accelerator("cpu", seed=0).num_processes
    1
    """
    return Accelerator(
        cpu=not device.startswith("cuda"),
        dataloader_config=DataLoaderConfiguration(
            split_batches=True, use_seedable_sampler=True, data_seed=seed
        ),
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=not all_used)],
    )


class OverProcesses(NeuralNet):
    """Train a net over the processes of an accelerator; to be inherited from before the net.

    Gradients and the training loss in the history are means over the processes, each with its part
    of a batch, and validation is shared, from the same state; each process has all of its outputs.

    Parameters
    ----------
    accelerator : accelerate.Accelerator, optional
        See :func:`make_accelerator`; where absent, the net trains as without this class.

    Examples
    --------
    >>> import torch
    >>> from skorch import NeuralNetClassifier
    >>> class Net(OverProcesses, NeuralNetClassifier):
    ...     '''A classifier over several processes.'''
    >>> accelerator = make_accelerator("cpu", seed=0)
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Softmax(1))
    >>> net = Net(model, accelerator=accelerator, train_split=None, max_epochs=2, verbose=0)
    >>> len(net.fit(torch.zeros(8, 3), torch.zeros(8, dtype=torch.long)).history)
    2
    """

    def __init__(self, *args: Any, accelerator: Accelerator | None = None, **kwargs: Any) -> None:
        self.accelerator = accelerator
        super().__init__(*args, **kwargs)

    def initialize(self) -> Any:
        """Initialize all components, and wrap what is trained: the objective, or the module."""
        super().initialize()
        if self.accelerator is not None:
            wrapped = self.accelerator.prepare(trained_module(self))
            self.parallel_ = partial(wrapped)  # a module would be taken for one to initialize
        return self

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        """Return the loader of a dataset; in training, it yields this process's part."""
        iterator = super().get_iterator(dataset, training=training)
        if not training or self.accelerator is None:
            return iterator
        loader = self.accelerator.prepare(getattr(iterator, "loader", iterator))
        loader.set_epoch(len(self.history))  # a resumed training goes on in its order
        if not hasattr(iterator, "loader"):
            return loader
        iterator.loader = loader  # braindecode's, which leaves out what is not a pair
        return iterator

    def run_single_epoch(self, iterator: Any, training: bool, *args: Any, **kwargs: Any) -> None:
        """Run an epoch; all processes validate with the buffers of the first."""
        if not training and self.accelerator is not None and self.accelerator.num_processes > 1:
            for buffer in trained_module(self).buffers():
                buffer.copy_(broadcast(buffer.clone()))
        super().run_single_epoch(iterator, training, *args, **kwargs)

    def validation_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Return loss and outputs of a batch, of which each process computes a part."""
        if self.accelerator is None or self.accelerator.num_processes == 1:
            return super().validation_step(batch, **fit_params)
        X, y = unpack_data(batch)
        self._set_training(False)
        size = -(-len(X) // self.accelerator.num_processes)
        own = (torch.arange(size) + size * self.accelerator.process_index).clamp(max=len(X) - 1)
        with torch.no_grad():
            outputs = self.infer(to_tensor(X, device="cpu")[own], **fit_params)
            outputs = self.accelerator.gather(outputs.contiguous())[: len(X)]
            loss = self.get_loss(outputs, y, X=X, training=False)
        return {"loss": loss, "y_pred": outputs}

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Compute the gradients of the whole batch, and return its mean loss."""
        if self.accelerator is None:
            return super().train_step_single(batch, **fit_params)
        X, y = unpack_data(batch)
        X, y = to_tensor(X, device=self.device), to_tensor(y, device=self.device)
        self._set_training(True)
        if hasattr(self, "objective_"):
            self.objective_.train()
            loss = outputs = self.parallel_(X, y)
        else:
            outputs = self.parallel_(X)
            loss = self.get_loss(outputs, y, X=X, training=True)
        self.accelerator.backward(loss)
        return {"loss": self.accelerator.reduce(loss.detach(), "mean"), "y_pred": outputs.detach()}
