"""Contexts in which an augmentation runs: precision, mode, data loader and process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, get_worker_info


def in_loader() -> bool:
    """Return whether a data loader asks for this batch, in a worker or in the main process.

    Torch says so in a worker only. Without workers, the loader is among the callers.
    """
    if torch.compiler.is_compiling():
        return False
    if get_worker_info() is not None:
        return True
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_globals.get("__name__") == DataLoader.__module__:
            return True
    return False


def in_graph() -> bool:
    """Return whether a graph is made of the code: compiled, exported or traced."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()


def in_export() -> bool:
    """Return whether ``torch.export`` makes a graph of the code."""
    # compiled by torch 2.11, code is told that it is exported
    return torch.compiler.is_exporting() and not torch.compiler.is_dynamo_compiling()


def without_graph_in_loader() -> AbstractContextManager[object]:
    """Build no graph in a data loader: a worker cannot send it with the batch."""
    return torch.no_grad() if in_loader() else nullcontext()


def in_full_precision(x: Tensor) -> AbstractContextManager[object]:
    """Disable mixed precision: positions, phases and permutations have to be exact."""
    device = x.device.type
    mixed = device != "meta" and torch.is_autocast_enabled(device)
    return torch.autocast(device, enabled=False) if mixed else nullcontext()


def n_processes() -> int:
    """Return the number of processes that train together, 1 outside distributed training."""
    distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if distributed else 1


def own_generator(device: torch.device) -> torch.Generator | None:
    """Return a generator for this process in distributed training, otherwise None.

    Processes with the same seed would otherwise draw the same values. The generator's seed is drawn
    from torch's CPU generator, so that seeded training is reproducible.
    """
    if n_processes() == 1:
        return None
    seed = int(torch.randint(2**62, ()))
    own = seed ^ (0x9E3779B97F4A7C15 * (torch.distributed.get_rank() + 1) % 2**62)
    return torch.Generator(device).manual_seed(own)


@contextmanager
def restored(*parameters: nn.Parameter) -> Iterator[None]:
    """Restore the values of parameters on exit, even after an error."""
    before = [parameter.data.clone() for parameter in parameters]
    try:
        yield
    finally:
        for parameter, values in zip(parameters, before, strict=True):
            parameter.data.copy_(values)


@contextmanager
def in_mode(module: nn.Module, training: bool) -> Iterator[None]:
    """Set training or evaluation mode, and restore the mode of each module inside on exit."""
    modes = {each: each.training for each in module.modules()}
    module.train(training)
    try:
        yield
    finally:
        for each, mode in modes.items():
            each.training = mode
