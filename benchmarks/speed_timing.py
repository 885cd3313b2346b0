"""Time and memory of one pass, and of many in turn."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from speed_cases import COPY, RIVAL
from torch import Tensor, nn

#: A rival that takes longer (ms) is measured in every fourth round only.
SLOW, THIN = 100.0, 4

#: Times (ms), one per round; None in rounds where a case was left out.
Times = list[float | None]


class Pass:
    """A pass through a function or a module, forward or forward and backward.

    Parameters
    ----------
    function : callable
        What is measured.
    *inputs : Tensor
        Its arguments, the signals first.
    backward : bool
        Whether the derivatives are computed too, from a fixed random derivative of the output.
    """

    #: How often it is done between two looks at the clock.
    repeats = 1

    def __init__(self, function: Callable[..., Any], *inputs: Tensor, backward: bool = False):
        self.function = function
        self.inputs = inputs
        self.cotangent = None
        if backward:
            self.cotangent = torch.randn_like(self._output())

    def clear(self) -> None:
        """Forget the derivatives: they are not added to those of the pass before."""
        for each in self.inputs:
            each.grad = None
        if isinstance(self.function, nn.Module):
            self.function.zero_grad(set_to_none=True)

    def __call__(self) -> None:
        """Do the pass."""
        out = self._output()
        if self.cotangent is not None:
            out.backward(self.cotangent)

    def _output(self) -> Tensor:
        out = self.function(*self.inputs)
        return out[0] if isinstance(out, tuple) else out


class Captured(Pass):
    """A pass that is captured as one graph of the GPU's work, and replayed.

    Parameters
    ----------
    run : Pass
        What is captured.
    """

    #: Enough that the GPU is busy while the next replay is sent to it.
    repeats = 20

    def __init__(self, run: Pass) -> None:
        self.inputs = run.inputs
        stream, self.graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                run.clear()
                run()
            run.clear()
        with torch.cuda.graph(self.graph, stream=stream):
            run()

    def clear(self) -> None:
        """Keep the derivatives, which each replay writes anew."""

    def __call__(self) -> None:
        """Replay it."""
        self.graph.replay()


def stopwatch(run: Pass, device: str) -> float:
    """Return the time of one pass (ms)."""
    run.clear()
    if device == "cuda":
        began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        began.record()
        for _ in range(run.repeats):
            run()
        ended.record()
        torch.cuda.synchronize()
        return began.elapsed_time(ended) / run.repeats
    start = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - start)


def measure(cases: dict[str, Pass], rounds: int, device: str) -> dict[str, Times]:
    """Measure all cases in turn, round by round, so that drift hits all alike.

    Parameters
    ----------
    cases : dict of str to Pass
        What is measured, by name.
    rounds : int
        Number of rounds, after two to warm up.
    device : str
        Device that is waited for.

    Returns
    -------
    dict of str to list
        Times of each case (ms), one per round.
    """
    warm = {name: [stopwatch(run, device) for _ in range(2)][-1] for name, run in cases.items()}
    thinned = {name for name in cases if name == RIVAL and warm[name] > SLOW}
    times: dict[str, Times] = {name: [] for name in cases}
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            for name, run in cases.items():
                left_out = name in thinned and number % thin(rounds)
                found = None if left_out else float(f"{stopwatch(run, device):.4g}")
                times[name].append(found)
    finally:
        gc.enable()
    for run in cases.values():
        run.clear()
    return times


def thin(rounds: int) -> int:
    """Return in how many rounds a slow rival is measured once."""
    return THIN if rounds > THIN else 1


def peak_memory(run: Pass, device: str) -> float:
    """Return the most memory that a pass holds beyond what is there before it, in batches.

    On the CPU every allocation and release of torch's is followed, by its profiler; on CUDA the
    allocator itself keeps the peak.
    """
    run()  # libraries take their workspaces the first time
    run.clear()
    if device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        torch.cuda.synchronize()
        peak = torch.cuda.max_memory_allocated() - before
    else:
        activities = [torch.profiler.ProfilerActivity.CPU]
        with torch.profiler.profile(
            activities=activities, profile_memory=True, acc_events=True
        ) as profile:
            run()
        events = profile.profiler.kineto_results.events()
        changes = [event for event in events if event.name() == "[memory]"]
        changes.sort(key=lambda event: event.start_ns())
        peak = max(np.cumsum([event.nbytes() for event in changes]).max(initial=0), 0)
    run.clear()
    return float(f"{peak / run.inputs[0].nbytes:.4g}")


def synchronises(run: Pass) -> bool:
    """Whether a pass waits for the GPU."""
    run.clear()
    torch.cuda.set_sync_debug_mode("error")
    try:
        run()
    except RuntimeError as error:
        if "synchroniz" not in str(error):
            raise
        return True
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return False


def copy_bandwidth(rounds: int) -> float:
    """Return how fast the GPU copies a gibibyte, reading and writing (bytes per ms)."""
    source = torch.empty(2**28, device="cuda")
    target = torch.empty_like(source)
    times = measure({COPY: Pass(target.copy_, source)}, rounds, "cuda")[COPY]
    return 2 * source.nbytes / float(np.median(times))
