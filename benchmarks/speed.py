"""Measure the speed of eegaug's transforms, beside braindecode's and beside the network behind.

Run ``python benchmarks/speed.py`` from the root of the repository: it writes
``docs/benchmarks/speed.md`` and ``docs/benchmarks/speed.json``. With ``--device cuda`` it writes
``speed_gpu`` beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from braindecode.models import SleepStagerChambon2018
from speed_cases import (
    BOTH,
    CAPTURED,
    CAPTURED_BOTH,
    COMPILED,
    COMPILED_BOTH,
    COPY,
    FFT,
    FIXED,
    FORWARD,
    OTHERS,
    PER_TRIAL,
    PLAIN_BATCH,
    POLICY,
    RANDN,
    RIVAL,
    SFREQ,
    TOGETHER,
    TRANSFORMS,
    TRUNK,
    TWICE,
    Head,
    layer,
    policy,
)
from speed_page import page
from speed_timing import Captured, Pass, copy_bandwidth, measure, peak_memory, synchronises
from speed_training import (
    CHANNEL_COUNTS,
    MEASURED,
    PROCESSES,
    over_processes,
    time_imports,
    waits,
)
from torch import Tensor, nn
from tqdm import tqdm

import eegaug as ours

SHAPES = {"cpu": (64, 6, 3000), "cuda": (256, 8, 3000)}
SIZES = {
    "batch": (16, 64, 256),
    "channels": (2, 6, 32, 64),
    "samples": (500, 3000, 10000),
    "transforms in the layer": (1, 2, 5, 10),
}
#: Rounds of the scaling, which needs no more.
SCALING_ROUNDS = 5
SCALED = (
    "FTSurrogate",
    "FrequencyShift",
    "TimeShift",
    "ChannelsShuffle",
    "SensorsZRotation",
    "GaussianNoise",
)


def fft_pair(x: Tensor) -> Tensor:
    """Go to the spectrum and back."""
    return torch.fft.irfft(torch.fft.rfft(x), n=x.shape[-1])


def signals(shape: Sequence[int], device: str) -> tuple[Tensor, Tensor]:
    """Return the same random signals twice: without and with a gradient."""
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device)
    return x, x.clone().requires_grad_()


def compiled(module: nn.Module, x: Tensor, x_grad: Tensor, *labels: Tensor) -> dict[str, Pass]:
    """Return the compiled module's passes, captured; none where the compiler gives up."""
    torch.compiler.reset()
    fused = torch.compile(module, dynamic=False)
    try:
        runs: dict[str, Pass] = {
            COMPILED: Pass(fused, x, *labels),
            COMPILED_BOTH: Pass(fused, x_grad, *labels, backward=True),
        }
        for run in runs.values():
            run()
            run.clear()
        runs = {name: Captured(run) for name, run in runs.items()}
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
        cases |= {CAPTURED: Captured(cases[FORWARD]), CAPTURED_BOTH: Captured(both)}
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
    if device == "cuda":
        captured = (TRUNK, POLICY, TOGETHER)
        cases |= {f"{name}, captured": Captured(cases[name]) for name in captured}
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
        default=True,
        help="on CUDA, measure compiled transforms too",
    )
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    options = parser.parse_args()
    options.compile &= options.device == "cuda"
    if options.threads is not None:
        torch.set_num_threads(options.threads)
        os.environ["OMP_NUM_THREADS"] = str(options.threads)  # of processes that are started
    shape = SHAPES[options.device]
    if options.quick:
        options.repeats = min(options.repeats, 3)
        shape = (8, *shape[1:])
    torch.manual_seed(0)
    warnings.simplefilter("ignore", FutureWarning)  # braindecode asks MNE for an old name
    os.environ.setdefault("KINETO_LOG_LEVEL", "9")  # torch's profiler speaks of GPUs not there
    options.out.mkdir(parents=True, exist_ok=True)
    name = {"cpu": "speed", "cuda": "speed_gpu"}[options.device]
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
        "training": {},
        "chain": {},
        "prediction": {},
        "waits": {},
        "imports": {},
        "scaling": {dimension: {} for dimension in SIZES},
    }

    def save() -> None:
        data["seconds"] = round(time.monotonic() - began, 1)
        (options.out / f"{name}.json").write_text(json.dumps(data) + "\n")

    subjects = (len(SIZES) - 1) * (len(SCALED) + 1) + 1
    with tqdm(total=len(TRANSFORMS) + 2 + 3 * len(CHANNEL_COUNTS) + subjects) as bar:
        for each in TRANSFORMS:
            bar.set_description(each)
            data["transforms"][each] = time_transform(each, shape, options)
            save()
            bar.update()
        bar.set_description("sleep policy")
        data["policy"] = time_policy(shape, options)
        save()
        bar.update()
        processes = PROCESSES[options.device]
        rounds = -(-options.repeats // processes)
        for what in MEASURED:
            for n_channels in CHANNEL_COUNTS:
                bar.set_description(f"{what}, {n_channels} channels")
                found = over_processes(what, n_channels, rounds, options.device, processes)
                data[what][str(n_channels)] = found
                save()
                bar.update()
        data["waits"] = waits() if options.device == "cuda" else {}
        bar.set_description("imports")
        data["imports"] = time_imports(min(options.repeats, 9))
        save()
        bar.update()
        for dimension, subject, times in time_scaling(shape, options):
            bar.set_description(f"{subject} over {dimension}")
            data["scaling"][dimension][subject] = times
            save()
            bar.update()
    (options.out / f"{name}.md").write_text(page(data))


if __name__ == "__main__":
    main()
