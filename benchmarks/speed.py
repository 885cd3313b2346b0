"""Measure the speed of eegaug's transforms, beside braindecode's and beside the network behind.

Run ``python benchmarks/speed.py`` from the root of the repository: it writes
``docs/benchmarks/speed.md`` and ``docs/benchmarks/speed.json``.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mne
import numpy as np
import torch
from braindecode import augmentation as published
from braindecode.models import SleepStagerChambon2018
from torch import Tensor, nn
from tqdm import tqdm

import eegaug as ours

SFREQ = 100.0
#: The first channels; the others of a cap of 64 follow.
CHANNELS = ("F3", "F4", "C3", "C4", "O1", "O2", "P3", "P4")
SHAPES = {"cpu": (64, 6, 3000), "cuda": (256, 8, 3000)}
SIZES = {
    "batch": (16, 64, 256),
    "channels": (2, 6, 32, 64),
    "samples": (500, 3000, 10000),
    "transforms in the layer": (1, 2, 5, 10),
}
#: A rival that takes longer (ms) is measured in every fourth round only.
SLOW, THIN = 100.0, 4
#: A copy of so many times its lower quartile was disturbed; this share of them is too much.
DISTURBED, TOLERATED = 5.0, 0.02
#: Rounds of the scaling, which needs no more.
SCALING_ROUNDS = 5

FORWARD, BOTH, RIVAL = "forward", "forward + backward", "braindecode"
FIXED = "forward, strengths fixed"
FFT, COPY, RANDN = "FFT pair", "copy", "randn"
COMPILED, COMPILED_BOTH = "compiled forward", "compiled forward + backward"
TRUNK, POLICY, TOGETHER = "trunk", "policy", "policy and trunk"
PLAIN_BATCH, PER_TRIAL = "policy, batch without gradient", "policy, one transform per trial"
OTHERS, TWICE = "policy, as many others added", "policy, each transform twice"

#: Times (ms), one per round; None in rounds where a case was left out.
Times = list[float | None]


@dataclass(frozen=True)
class Head:
    """Sensors of the signals.

    Parameters
    ----------
    names : list of str
        Names of the channels in the 10-20 system.
    positions : ndarray
        Positions, shape (channels, 3).
    """

    names: list[str]
    positions: np.ndarray

    @classmethod
    def of(cls, n_channels: int) -> Head:
        """Take so many channels of the standard 10-20 positions."""
        known = mne.channels.make_standard_montage("colin27_1020").get_positions()["ch_pos"]
        cap = mne.channels.make_standard_montage("biosemi64").ch_names
        names = [*CHANNELS, *(name for name in cap if name not in CHANNELS)][:n_channels]
        return cls(names, np.stack([known[name] for name in names]))


Build = Callable[[Head], nn.Module]

#: Transforms of eegaug, each with braindecode's at the same strength where there is one.
TRANSFORMS: dict[str, tuple[Build, Build | None]] = {
    "AmplitudeScale": (
        lambda head: ours.AmplitudeScale(0.5),
        lambda head: published.AmplitudeScale(1.0, interval=(0.5, 1.5)),
    ),
    "BandNoise": (lambda head: ours.BandNoise(SFREQ, 8.0, 12.0), None),
    "BandRotation": (
        lambda head: ours.BandRotation(2, len(head.names) // 2),
        lambda head: published.BandRotation(1.0, 2, len(head.names) // 2),
    ),
    "BandRotation, jitter": (
        lambda head: ours.BandRotation(2, len(head.names) // 2, max_temporal_jitter=10.0),
        lambda head: published.BandRotation(1.0, 2, len(head.names) // 2, max_temporal_jitter=10),
    ),
    "BandstopFilter": (
        lambda head: ours.BandstopFilter(SFREQ, 1.0),
        lambda head: published.BandstopFilter(1.0, SFREQ, bandwidth=1.0, max_freq=SFREQ / 2),
    ),
    "ChannelsDropout": (
        lambda head: ours.ChannelsDropout(0.2),
        lambda head: published.ChannelsDropout(1.0, p_drop=0.2),
    ),
    "ChannelsInterpolation": (lambda head: ours.ChannelsInterpolation(head.positions), None),
    "ChannelsReref": (
        lambda head: ours.ChannelsReref(p=1.0),
        lambda head: published.ChannelsReref(1.0),
    ),
    "ChannelsShuffle": (
        lambda head: ours.ChannelsShuffle(0.2),
        lambda head: published.ChannelsShuffle(1.0, p_shuffle=0.2),
    ),
    "ChannelsSymmetry": (
        lambda head: ours.ChannelsSymmetry(head.names, p=1.0),
        lambda head: published.ChannelsSymmetry(1.0, head.names),
    ),
    "EMGNoise": (lambda head: ours.EMGNoise(SFREQ), None),
    "EOGNoise": (lambda head: ours.EOGNoise(SFREQ, head.positions), None),
    "FTSurrogate": (
        lambda head: ours.FTSurrogate(0.5),
        lambda head: published.FTSurrogate(1.0, phase_noise_magnitude=0.5),
    ),
    "FTSurrogate, channel_indep": (
        lambda head: ours.FTSurrogate(0.5, channel_indep=True),
        lambda head: published.FTSurrogate(1.0, phase_noise_magnitude=0.5, channel_indep=True),
    ),
    "FrequencyShift": (
        lambda head: ours.FrequencyShift(SFREQ, 0.5),
        lambda head: published.FrequencyShift(1.0, SFREQ, max_delta_freq=0.5),
    ),
    "GaussianNoise": (
        lambda head: ours.GaussianNoise(0.1),
        lambda head: published.GaussianNoise(1.0, std=0.1),
    ),
    "MaskEncoding": (
        lambda head: ours.MaskEncoding(0.1),
        lambda head: published.MaskEncoding(1.0, max_mask_ratio=0.1),
    ),
    "Mixup": (lambda head: ours.Mixup(0.4), lambda head: published.Mixup(0.4)),
    "PhaseJitter": (lambda head: ours.PhaseJitter(30.0), None),
    "PowerlineNoise": (lambda head: ours.PowerlineNoise(SFREQ, line_freq=40.0), None),
    "RandomCrop": (lambda head: ours.RandomCrop(SFREQ, duration=20.0), None),
    "SegmentationReconstruction": (
        lambda head: ours.SegmentationReconstruction(8, p=1.0),
        lambda head: published.SegmentationReconstruction(1.0, n_segments=8),
    ),
    "SensorsRotation": (
        lambda head: ours.SensorsRotation(head.positions, "z", 15.0),
        lambda head: published.SensorsRotation(1.0, head.positions.T, "z", max_degrees=15),
    ),
    "SensorsXRotation": (
        lambda head: ours.SensorsXRotation(head.positions, 15.0),
        lambda head: published.SensorsXRotation(1.0, head.names, max_degrees=15),
    ),
    "SensorsYRotation": (
        lambda head: ours.SensorsYRotation(head.positions, 15.0),
        lambda head: published.SensorsYRotation(1.0, head.names, max_degrees=15),
    ),
    "SensorsZRotation": (
        lambda head: ours.SensorsZRotation(head.positions, 15.0),
        lambda head: published.SensorsZRotation(1.0, head.names, max_degrees=15),
    ),
    "SignFlip": (lambda head: ours.SignFlip(p=1.0), lambda head: published.SignFlip(1.0)),
    "SmoothTimeMask": (
        lambda head: ours.SmoothTimeMask(SFREQ, 1.0),
        lambda head: published.SmoothTimeMask(1.0, mask_len_samples=100),
    ),
    "TimeReverse": (
        lambda head: ours.TimeReverse(p=1.0),
        lambda head: published.TimeReverse(1.0),
    ),
    "TimeShift": (lambda head: ours.TimeShift(SFREQ), None),
    "TimeWarp": (lambda head: ours.TimeWarp(), None),
}
ROTATIONS = ("SensorsRotation", "SensorsXRotation", "SensorsYRotation", "SensorsZRotation")
#: Transforms whose form is a filter or the analytic signal: one FFT pair is their floor.
BY_FFT = (
    "BandstopFilter",
    "FTSurrogate",
    "FTSurrogate, channel_indep",
    "FrequencyShift",
    "PhaseJitter",
    "RandomCrop",
    "TimeShift",
)
SCALED = (
    "FTSurrogate",
    "FrequencyShift",
    "TimeShift",
    "ChannelsShuffle",
    "SensorsZRotation",
    "GaussianNoise",
)


def spatial(head: Head) -> list[ours.Transform]:
    """Return the candidates of AugNet's spatial layer."""
    return [
        ours.SignFlip(),
        ours.ChannelsSymmetry(head.names),
        ours.ChannelsDropout(),
        ours.ChannelsShuffle(),
    ]


def other_spatial(head: Head) -> list[ours.Transform]:
    """Return as many other candidates of a spatial layer."""
    return [
        ours.ChannelsReref(),
        ours.SensorsXRotation(head.positions),
        ours.SensorsYRotation(head.positions),
        ours.SensorsZRotation(head.positions),
    ]


def time_frequency() -> list[ours.Transform]:
    """Return the candidates of AugNet's time-frequency layers."""
    return [
        ours.TimeReverse(),
        ours.GaussianNoise(),
        ours.SmoothTimeMask(SFREQ),
        ours.FTSurrogate(),
        ours.FrequencyShift(SFREQ),
    ]


def other_time_frequency() -> list[ours.Transform]:
    """Return as many other candidates of a time-frequency layer."""
    return [
        ours.TimeShift(SFREQ),
        ours.BandstopFilter(SFREQ),
        ours.PhaseJitter(),
        ours.AmplitudeScale(),
        ours.MaskEncoding(),
    ]


def policy(head: Head, mixture: bool = True, added: str | None = None) -> ours.Compose:
    """Return AugNet's sleep policy: a spatial layer, then two time-frequency layers.

    Parameters
    ----------
    head : Head
        Sensors.
    mixture : bool
        Whether training uses mixtures, or one transform per trial.
    added : {"others", "same"}, optional
        What doubles the number of candidates: as many others, or second instances.
    """
    lists = [spatial(head), time_frequency(), time_frequency()]
    if added == "others":
        more = [other_spatial(head), other_time_frequency(), other_time_frequency()]
    elif added == "same":
        more = [spatial(head), time_frequency(), time_frequency()]
    else:
        more = [[], [], []]
    return ours.Compose(
        ours.AugmentationLayer([*first, *second], mixture=mixture)
        for first, second in zip(lists, more, strict=True)
    )


def layer(n_transforms: int) -> ours.AugmentationLayer:
    """Return a time-frequency layer of so many candidates, those with an FFT first."""
    candidates = sorted(time_frequency(), key=lambda t: type(t).__name__ not in BY_FFT)
    return ours.AugmentationLayer([*candidates, *other_time_frequency()][:n_transforms])


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


def stopwatch(run: Pass, device: str) -> float:
    """Return the time of one pass (ms)."""
    run.clear()
    if device == "cuda":
        began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        began.record()
        run()
        ended.record()
        torch.cuda.synchronize()
        return began.elapsed_time(ended)
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


def fft_pair(x: Tensor) -> Tensor:
    """Go to the spectrum and back."""
    return torch.fft.irfft(torch.fft.rfft(x), n=x.shape[-1])


def signals(shape: Sequence[int], device: str) -> tuple[Tensor, Tensor]:
    """Return the same random signals twice: without and with a gradient."""
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device)
    return x, x.clone().requires_grad_()


def compiled(module: nn.Module, x: Tensor, x_grad: Tensor, *labels: Tensor) -> dict[str, Pass]:
    """Return the passes of the compiled module; none where the compiler gives up."""
    torch.compiler.reset()
    fused = torch.compile(module, dynamic=False)
    try:
        runs = {
            COMPILED: Pass(fused, x, *labels),
            COMPILED_BOTH: Pass(fused, x_grad, *labels, backward=True),
        }
        for run in runs.values():
            run()
            run.clear()
    except Exception as error:  # of many kinds, and none of them should end the benchmark
        tqdm.write(f"{type(module).__name__} is not compiled: {type(error).__name__}")
        return {}
    return runs


def time_transform(name: str, shape: tuple[int, ...], options: argparse.Namespace) -> dict:
    """Measure one transform, its rival and the floors."""
    device = options.device
    head = Head.of(shape[1])
    build, build_rival = TRANSFORMS[name]
    module = build(head).to(device)
    x, x_grad = signals(shape, device)
    labels = ()
    if isinstance(module, ours.BatchTransform):
        labels = (torch.arange(len(x), device=device) % 5,)
    cases = {FORWARD: Pass(module, x, *labels)}
    if build_rival is not None:
        fixed = build(head).to(device).requires_grad_(False)
        cases[FIXED] = Pass(fixed, x, *labels)
        cases[RIVAL] = Pass(build_rival(head), x, *labels)
    cases[BOTH] = both = Pass(module, x_grad, *labels, backward=True)
    cases |= {
        FFT: Pass(fft_pair, x),
        COPY: Pass(torch.clone, x),
        RANDN: Pass(torch.randn_like, x),
    }
    found: dict[str, Any] = {"memory": peak_memory(both, device)}
    if device == "cuda":
        found["synchronises"] = synchronises(both)
    if options.compile:
        cases |= compiled(module, x, x_grad, *labels)
    found["times"] = measure(cases, options.repeats, device)
    return found


def time_policy(shape: tuple[int, ...], options: argparse.Namespace) -> dict:
    """Measure the sleep policy, its variants, and the network behind it."""
    device = options.device
    head = Head.of(shape[1])
    x, x_grad = signals(shape, device)
    trunk = SleepStagerChambon2018(n_chans=shape[1], sfreq=SFREQ, n_times=shape[2], n_outputs=5).to(
        device
    )
    plain = policy(head).to(device)
    variants = {
        PER_TRIAL: policy(head, mixture=False),
        OTHERS: policy(head, added="others"),
        TWICE: policy(head, added="same"),
    }
    cases = {
        TRUNK: Pass(trunk, x, backward=True),
        POLICY: Pass(plain, x_grad, backward=True),
        TOGETHER: Pass(nn.Sequential(plain, trunk), x, backward=True),
        PLAIN_BATCH: Pass(plain, x, backward=True),
    }
    for name, variant in variants.items():
        cases[name] = Pass(variant.to(device), x_grad, backward=True)
    memory = {name: peak_memory(run, device) for name, run in cases.items()}
    found: dict[str, Any] = {"memory": memory}
    if device == "cuda":
        found["synchronises"] = synchronises(cases[POLICY])
    cases["policy, forward alone"] = Pass(plain, x)
    if options.compile:
        cases |= {f"policy, {k}": run for k, run in compiled(plain, x, x_grad).items()}
    found["times"] = measure(cases, options.repeats, device)
    return found


def time_scaling(shape: tuple[int, ...], options: argparse.Namespace) -> Iterator[tuple]:
    """Measure forward + backward over sizes; yield dimension, subject and times by size."""
    rounds = min(SCALING_ROUNDS, options.repeats)
    for dimension, sizes in SIZES.items():
        sizes = sizes[:2] if options.quick else sizes
        of_layer = dimension.startswith("transforms")
        for subject in ["time-frequency layer"] if of_layer else [POLICY, *SCALED]:
            cases = {}
            for size in sizes:
                sized = list(shape)
                if not of_layer:
                    sized[list(SIZES).index(dimension)] = size
                head = Head.of(sized[1])
                if of_layer:
                    module = layer(size)
                elif subject == POLICY:
                    module = policy(head)
                else:
                    module = TRANSFORMS[subject][0](head)
                _, x_grad = signals(sized, options.device)
                cases[str(size)] = Pass(module.to(options.device), x_grad, backward=True)
            yield dimension, subject, measure(cases, rounds, options.device)


def ratios(above: Times, below: Times) -> list[float]:
    """Divide times of the same rounds."""
    pairs = zip(above, below, strict=True)
    return [a / b for a, b in pairs if a is not None and b is not None]


def number(value: float) -> str:
    """Format to three digits, without an exponent."""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{digits}f}"


def shown(values: Times | list[float]) -> str:
    """Format the median, and the quartiles."""
    low, middle, high = np.quantile([v for v in values if v is not None], (0.25, 0.5, 0.75))
    return f"{number(middle)} [{number(low)}, {number(high)}]"


def median(values: Times | list[float]) -> float:
    """Return the median of what was measured."""
    return float(np.median([value for value in values if value is not None]))


@dataclass(frozen=True)
class Target:
    """Something to reach.

    Parameters
    ----------
    what : str
        What is asked for.
    found : list of float
        The ratio, one per round.
    bound : float
        Least or most of its median.
    least : bool
        Whether the bound is the least.
    """

    what: str
    found: list[float]
    bound: float
    least: bool

    @property
    def reached(self) -> bool:
        """Whether the median is within the bound."""
        middle = median(self.found)
        return middle >= self.bound if self.least else middle <= self.bound

    @property
    def asked(self) -> str:
        """The bound in words."""
        return f"at {'least' if self.least else 'most'} {self.bound:g}"


def targets(data: dict) -> list[Target]:
    """Return all that is to be reached."""
    transforms = {name: row["times"] for name, row in data["transforms"].items()}
    times = data["policy"]["times"]

    def faster(name: str, bound: float) -> Target:
        found = ratios(transforms[name][RIVAL], transforms[name][FIXED])
        return Target(f"{name}: braindecode's time / ours", found, bound, True)

    rows = []
    for name in ("FTSurrogate", "FrequencyShift"):
        rows.append(faster(name, 15))
        found = ratios(transforms[name][FORWARD], transforms[name][FFT])
        rows.append(Target(f"{name}: our time / one FFT pair", found, 4, False))
    rows += [faster(name, 40) for name in (*ROTATIONS, "BandstopFilter")]
    rows += [faster(name, 5) for name in ("GaussianNoise", "SmoothTimeMask")]
    named = ("FTSurrogate", "FrequencyShift", "BandstopFilter", "GaussianNoise", "SmoothTimeMask")
    rest = [name for name in transforms if RIVAL in transforms[name]]
    rows += [faster(name, 1) for name in rest if name not in (*named, *ROTATIONS)]
    share = ratios(times[POLICY], times[TRUNK])
    rows.append(Target("sleep policy: its time / the trunk's", share, 0.3, False))
    for name in (OTHERS, TWICE):
        what = f"sleep {name}: its time / the plain policy's"
        rows.append(Target(what, ratios(times[name], times[POLICY]), 1.3, False))
    return rows


def target_table(data: dict) -> list[str]:
    """Tabulate what is to be reached."""
    lines = ["| what | to reach | found | reached |", "|---|---|---|---|"]
    for row in targets(data):
        verdict = "yes" if row.reached else "**no**"
        lines.append(f"| {row.what} | {row.asked} | {shown(row.found)} | {verdict} |")
    return lines


def missed(data: dict) -> list[str]:
    """Say plainly what is not reached."""
    rows = targets(data)
    short = [row for row in rows if not row.reached]
    if not short:
        return [f"All {len(rows)} are reached."]
    lines = [f"**{len(short)} of {len(rows)} are missed:**", ""]
    for row in short:
        slower = row.least and row.bound == 1
        words = "it is slower than braindecode's" if slower else f"asked for is {row.asked}"
        lines.append(f"- {row.what} is {shown(row.found)}; {words}.")
    return lines


def forward_table(data: dict) -> list[str]:
    """Tabulate forward passes beside braindecode's and the floors."""
    lines = [
        "| transform | learnable, ms | fixed, ms | braindecode, ms | braindecode / fixed "
        "| braindecode / learnable | learnable / copy | learnable / FFT pair |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in data["transforms"].items():
        times = row["times"]
        forward = times[FORWARD]
        fixed, rival, gains = "", "", ["", ""]
        if RIVAL in times:
            found = [ratios(times[RIVAL], times[case]) for case in (FIXED, FORWARD)]
            fixed, rival = shown(times[FIXED]), shown(times[RIVAL])
            gains = [shown(r) if median(r) >= 1 else f"**{shown(r)}**" for r in found]
        by_fft = shown(ratios(forward, times[FFT])) if name in BY_FFT else ""
        copies = shown(ratios(forward, times[COPY]))
        lines.append(
            f"| {name} | {shown(forward)} | {fixed} | {rival} | {gains[0]} | {gains[1]} "
            f"| {copies} | {by_fft} |"
        )
    return lines


def backward_table(data: dict) -> list[str]:
    """Tabulate forward and backward, and the memory that they take."""
    lines = [
        "| transform | forward + backward, ms | / forward | / FFT pair | memory, batches |",
        "|---|---|---|---|---|",
    ]
    for name, row in data["transforms"].items():
        times = row["times"]
        whole = times[BOTH]
        by_fft = shown(ratios(whole, times[FFT])) if name in BY_FFT else ""
        lines.append(
            f"| {name} | {shown(whole)} | {shown(ratios(whole, times[FORWARD]))} | {by_fft} "
            f"| {number(row['memory'])} |"
        )
    return lines


def floor_table(data: dict) -> list[str]:
    """Tabulate the floors, over all rounds beside all transforms."""
    lines = ["| floor | ms |", "|---|---|"]
    for name in (FFT, COPY, RANDN):
        pooled = [t for row in data["transforms"].values() for t in row["times"][name]]
        lines.append(f"| {name} | {shown(pooled)} |")
    return lines


def disturbance(data: dict) -> list[str]:
    """Warn if something else kept the machine busy: with it, all figures are too long."""
    copies = np.array([row["times"][COPY] for row in data["transforms"].values()])
    share = float(np.mean(copies > DISTURBED * np.quantile(copies, 0.25)))
    if share <= TOLERATED:
        return []
    return [
        f"**Disturbed: in {100 * share:.0f} % of the rounds a copy took more than {DISTURBED:g} "
        "times its usual time, as it does where other work keeps the cores busy. These figures "
        "are no measure of the transforms; run it again on a quiet machine.**",
        "",
    ]


def policy_table(data: dict) -> list[str]:
    """Tabulate the policies beside the trunk."""
    times, memory = data["policy"]["times"], data["policy"]["memory"]
    lines = [
        "| what | ms | / trunk | / policy | memory, batches |",
        "|---|---|---|---|---|",
    ]
    for name, found in times.items():
        held = number(memory[name]) if name in memory else ""
        lines.append(
            f"| {name} | {shown(found)} | {shown(ratios(found, times[TRUNK]))} "
            f"| {shown(ratios(found, times[POLICY]))} | {held} |"
        )
    return lines


def policy_words(data: dict) -> list[str]:
    """Say what the policy costs in training."""
    times = data["policy"]["times"]
    whole = zip(times[TOGETHER], times[TRUNK], strict=True)
    share = [(both - trunk) / trunk for both, trunk in whole]
    return [
        "Trained together, policy and trunk take longer than the trunk alone by "
        f"{shown(share)} times the trunk's time. That holds the derivative in the trunk's input, "
        "which the trunk alone does not need, and spares the one in the batch, which the policy "
        "alone is charged for.",
    ]


def scaling_table(dimension: str, rows: dict) -> list[str]:
    """Tabulate times over one size."""
    sizes = list(next(iter(rows.values())))
    growth = int(sizes[-1]) / int(sizes[0])
    lines = [
        f"| {dimension} | {' | '.join(sizes)} | last / first, at {growth:g} times the size |",
        "|---|" + "---|" * (len(sizes) + 1),
    ]
    for subject, times in rows.items():
        cells = " | ".join(shown(times[size]) for size in sizes)
        grown = shown(ratios(times[sizes[-1]], times[sizes[0]]))
        lines.append(f"| {subject} | {cells} | {grown} |")
    return lines


def device_table(data: dict) -> list[str]:
    """Tabulate what only a GPU is asked: the floor of bytes moved, waits and the compiler."""
    shape = data["shape"]
    floor = 2 * 4 * float(np.prod(shape)) / data["bandwidth"] if data["bandwidth"] else None
    lines = []
    if floor:
        lines += [
            f"Reading the signals and writing the result takes {floor:.4f} ms at the bandwidth of "
            f"a large copy, {data['bandwidth'] / 1e6:,.0f} GB/s.",
            "",
        ]
    lines += [
        "| transform | forward / floor | waits for the GPU | compiled forward, ms "
        "| / forward | compiled forward + backward, ms | / forward + backward |",
        "|---|---|---|---|---|---|---|",
    ]
    rows = {name: (row["times"], row) for name, row in data["transforms"].items()}
    for name, (times, row) in rows.items():
        over = shown([t / floor for t in times[FORWARD]]) if floor else ""
        waits = {True: "**yes**", False: "no", None: ""}[row.get("synchronises")]
        cells = [over, waits]
        for fused, eager in ((COMPILED, FORWARD), (COMPILED_BOTH, BOTH)):
            if fused in times:
                cells += [shown(times[fused]), shown(ratios(times[fused], times[eager]))]
            else:
                cells += ["not compiled", ""]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


INTRODUCTION = """# Speed

What eegaug's transforms cost: beside braindecode's, beside what no transform can do without, and
beside the network that they stand in front of.

## How to read it

Times are medians over the rounds, with the quartiles in brackets. In each round all that is
compared is measured in turn, so that a machine that slows down slows all alike; ratios are
medians and quartiles of the ratios within a round. The draws of the noise are part of the time.

*Learnable* is the forward pass as in training, which keeps what the derivatives need, and
makes some choices in part. *Fixed* is the same transform with its strengths frozen: what
braindecode's do, whose strengths are not differentiable. They get the same signals and the same
strengths, and `probability=1.0`, where they are fastest: they then copy no trials in and out.
Where eegaug's chance is learnable it is 1 too; its value does not change our time.

*Forward + backward* computes the derivatives in the signals and in all strengths.

The floors: one *FFT pair*, `irfft(rfft(x))`; one *copy* of the batch; one *randn* of its size.

*Memory* is the most that forward + backward hold at once, beyond the signals and the derivative
of the output, in multiples of the batch. Output and derivative in the signals are two of them.
"""


def page(data: dict) -> str:
    """Write the page from what was measured."""
    machine, shape = data["machine"], data["shape"]
    size = " x ".join(map(str, shape))
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads"
    if machine["gpu"]:
        where = f"{machine['gpu']} ({where})"
    thinned = len(range(0, data["rounds"], thin(data["rounds"])))
    quick = " **A quick run: its figures are no more than a check of the script.**"
    lines = [
        INTRODUCTION,
        f"Measured on {where}; torch {machine['torch']}, braindecode {machine['braindecode']}, "
        f"Python {machine['python']}; {data['seconds'] / 60:.1f} minutes. Signals of {size} "
        f"(trials x channels x samples), float32, at {SFREQ:g} Hz, unless it says otherwise. "
        f"Medians of {data['rounds']} rounds; of {thinned} for "
        f"braindecode's transforms of more than {SLOW:g} ms; of {data['scaling_rounds']} for the "
        f"scaling.{quick if data['quick'] else ''}",
        "",
        *disturbance(data),
        "## To reach",
        "",
        *missed(data),
        "",
        "Transforms are compared forward, with strengths fixed as braindecode's are; the policy "
        "forward + backward, learnable.",
        "",
        *target_table(data),
        "",
        "## Transforms, forward",
        "",
        *floor_table(data),
        "",
        *forward_table(data),
        "",
        "## Transforms, forward + backward",
        "",
        *backward_table(data),
        "",
        "## The sleep policy",
        "",
        "AugNet's: one layer of SignFlip, ChannelsSymmetry, ChannelsDropout and ChannelsShuffle, "
        "then two of TimeReverse, GaussianNoise, SmoothTimeMask, FTSurrogate and FrequencyShift, "
        "trained as mixtures. The trunk is braindecode's SleepStagerChambon2018 in training mode. "
        "Forward + backward; the batch has a gradient too, except for the trunk alone and where "
        "it says otherwise. The others that are added: ChannelsReref and the three rotations; "
        "TimeShift, BandstopFilter, PhaseJitter, AmplitudeScale and MaskEncoding.",
        "",
        *policy_table(data),
        "",
        *policy_words(data),
        "",
        "## Scaling",
        "",
        "Forward + backward, ms. All sizes but one stay what they are above. The layer takes its "
        "candidates in the order FTSurrogate, FrequencyShift, TimeReverse, GaussianNoise, "
        "SmoothTimeMask, and then the others that are added.",
    ]
    for dimension, rows in data["scaling"].items():
        lines += ["", *scaling_table(dimension, rows)]
    if data["bandwidth"] or data["compile"]:
        lines += ["", "## On the device", "", *device_table(data)]
    return "\n".join(lines) + "\n"


def processor() -> str:
    """Return the model name of the CPU."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def describe_machine(device: str) -> dict[str, Any]:
    """Return on what is measured."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if device == "cuda" else None,
        "torch": torch.__version__,
        "braindecode": version("braindecode"),
        "python": platform.python_version(),
    }


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, help="threads of the CPU; torch's own by default")
    parser.add_argument("--repeats", type=int, default=21, help="rounds for each number")
    parser.add_argument("--quick", action="store_true", help="few trials, rounds and sizes")
    parser.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        help="measure compiled transforms too; by default on CUDA",
    )
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    options = parser.parse_args()
    if options.compile is None:
        options.compile = options.device == "cuda"
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    shape = SHAPES[options.device]
    if options.quick:
        options.repeats = min(options.repeats, 3)
        shape = (8, *shape[1:])
    torch.manual_seed(0)
    warnings.simplefilter("ignore", FutureWarning)  # braindecode asks MNE for an old name
    os.environ.setdefault("KINETO_LOG_LEVEL", "9")  # torch's profiler speaks of GPUs not there
    options.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    data: dict[str, Any] = {
        "machine": describe_machine(options.device),
        "shape": shape,
        "quick": options.quick,
        "compile": options.compile,
        "rounds": options.repeats,
        "scaling_rounds": min(SCALING_ROUNDS, options.repeats),
        "bandwidth": copy_bandwidth(options.repeats) if options.device == "cuda" else None,
        "transforms": {},
        "policy": {},
        "scaling": {dimension: {} for dimension in SIZES},
    }

    def save() -> None:
        data["seconds"] = round(time.monotonic() - began, 1)
        (options.out / "speed.json").write_text(json.dumps(data) + "\n")

    subjects = (len(SIZES) - 1) * (len(SCALED) + 1) + 1
    with tqdm(total=len(TRANSFORMS) + 1 + subjects) as bar:
        for name in TRANSFORMS:
            bar.set_description(name)
            data["transforms"][name] = time_transform(name, shape, options)
            save()
            bar.update()
        bar.set_description("sleep policy")
        data["policy"] = time_policy(shape, options)
        save()
        bar.update()
        for dimension, subject, times in time_scaling(shape, options):
            bar.set_description(f"{subject} over {dimension}")
            data["scaling"][dimension][subject] = times
            save()
            bar.update()
    (options.out / "speed.md").write_text(page(data))


if __name__ == "__main__":
    main()
