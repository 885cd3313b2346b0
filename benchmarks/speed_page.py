"""The page of the benchmark of speed, written from what was measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from speed_cases import (
    BOTH,
    BY_FFT,
    CAPTURED,
    CAPTURED_BOTH,
    COMPILED,
    COMPILED_BOTH,
    COPY,
    FFT,
    FIXED,
    FORWARD,
    OTHERS,
    POLICY,
    RANDN,
    RIVAL,
    ROTATIONS,
    SFREQ,
    TOGETHER,
    TRUNK,
    TWICE,
)
from speed_timing import SLOW, Times, thin
from speed_training import (
    AS_GRAPH,
    BATCH,
    CHAIN,
    CHAINED,
    DEFAULT,
    INPUT,
    N_TIMES,
    ONE_OF,
    PLAIN,
    PREDICTED,
    PROCESSES,
)

#: A copy of so many times its lower quartile was disturbed; this share of them is too much.
DISTURBED, TOLERATED = 5.0, 0.02


def ratios(above: Times, below: Times) -> list[float]:
    """Divide times of the same rounds."""
    pairs = zip(above, below, strict=True)
    return [a / b for a, b in pairs if a is not None and b is not None]


def number(value: float) -> str:
    """Format to three digits, without an exponent."""
    digits = sum(abs(value) < bound for bound in (100, 10, 0.1)) if value else 0
    return f"{value:.{digits}f}"


def shown(values: Times | list[float]) -> str:
    """Format the median, and the quartiles."""
    low, middle, high = np.quantile([v for v in values if v is not None], (0.25, 0.5, 0.75))
    return f"{number(middle)} [{number(low)}, {number(high)}]"


def channels(count: str | int) -> str:
    """Format a number of channels."""
    return f"{count} channel{'s' * (int(count) != 1)}"


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


def byte_floor(data: dict) -> float:
    """Return how long the GPU reads the signals and writes a result (ms)."""
    return 2 * 4 * float(np.prod(data["shape"])) / data["bandwidth"]


def gpu_targets(data: dict) -> list[Target]:
    """Return what is to be reached on a GPU."""
    transforms = data["transforms"].values()
    waiting = [row["synchronises"] for row in [*transforms, data["policy"]]]
    waiting += data["waits"].values()
    over = {
        case: [
            median(row["times"][case]) / byte_floor(data)
            for row in transforms
            if case in row["times"]
        ]
        for case in (CAPTURED, COMPILED)
    }
    rows = [
        Target(
            "transforms, policies and trainings that wait for the GPU", [sum(waiting)], 0, False
        ),
        *[
            Target(f"transforms, {case}: / floor of bytes", found, 3, False)
            for case, found in over.items()
            if found
        ],
    ]
    for n_channels, found in data["training"].items():
        for name in (DEFAULT, CHAINED):
            share = ratios(found[AS_GRAPH + name], found[AS_GRAPH + PLAIN])
            what = f"training, {name}, {channels(n_channels)}, captured: / {PLAIN}"
            rows.append(Target(what, share, 1.15 if n_channels == "1" else 1.1, False))
    return rows


def targets(data: dict) -> list[Target]:
    """Return all that is to be reached."""
    if data["bandwidth"]:
        return gpu_targets(data)
    transforms = {name: row["times"] for name, row in data["transforms"].items()}
    times = data["policy"]["times"]

    def faster(name: str, bound: float) -> Target:
        found = ratios(transforms[name][RIVAL], transforms[name][FIXED])
        return Target(f"{name}: braindecode's time / ours", found, bound, True)

    rows = []
    for name, bound in (("FTSurrogate", 15), ("FrequencyShift", 25)):
        rows.append(faster(name, bound))
        found = ratios(transforms[name][FORWARD], transforms[name][FFT])
        rows.append(Target(f"{name}: our time / one FFT pair", found, 4, False))
    rows += [faster(name, 40) for name in (*ROTATIONS, "BandstopFilter")]
    rows += [faster(name, 5) for name in ("GaussianNoise", "SmoothTimeMask")]
    named = ("FTSurrogate", "FrequencyShift", "BandstopFilter", "GaussianNoise", "SmoothTimeMask")
    rest = [name for name in transforms if RIVAL in transforms[name]]
    rows += [faster(name, 1) for name in rest if name not in (*named, *ROTATIONS)]
    share = ratios(times[POLICY], times[TRUNK])
    rows.append(Target("sleep policy: its time / the trunk's", share, 0.12, False))
    for name in (OTHERS, TWICE):
        what = f"sleep {name}: its time / the plain policy's"
        rows.append(Target(what, ratios(times[name], times[POLICY]), 1.3, False))
    for n_channels, bound, of_chain in (("1", 1.15, 6), ("6", 1.1, 5)):
        many = channels(n_channels)
        found = data["training"][n_channels]
        for name in (DEFAULT, CHAINED):
            share = ratios(found[name], found[PLAIN])
            rows.append(Target(f"training, {name}, {many}: / {PLAIN}", share, bound, False))
        found = data["chain"][n_channels]
        share = ratios(found[CHAIN], found[FFT])
        what = f"{CHAIN}, forward + backward, {many}: / one FFT pair"
        rows.append(Target(what, share, of_chain, False))
        found = data["prediction"][n_channels]
        for name in (CHAIN, ONE_OF):
            share = ratios(found[name], found[PREDICTED])
            what = f"prediction, {name}, {many}: / {PREDICTED}"
            rows.append(Target(what, share, 1.1, False))
    share = ratios(data["imports"]["eegaug"], data["imports"]["torch"])
    rows.append(Target("import eegaug: / import torch", share, 1.05, False))
    return rows


def training_tables(data: dict) -> list[str]:
    """Tabulate training, the chain alone and prediction, and what is captured beside them."""
    lines = []
    for what, first, names in (
        ("training, four steps", PLAIN, (PLAIN, INPUT, DEFAULT, CHAINED)),
        ("chain, forward + backward", FFT, (FFT, CHAIN)),
        ("prediction", PREDICTED, (PREDICTED, CHAIN, ONE_OF)),
    ):
        found = data[what.split(",")[0]]
        for prefix in ("", AS_GRAPH):
            if not all(prefix + first in times for times in found.values()):
                continue
            heads = [f"{channels(n)}, ms | / {first}" for n in found]
            title = f"| {prefix}{what} | {' | '.join(heads)} |"
            lines += ["", title, "|---|" + "---|" * (2 * len(heads))]
            for name in names:
                cells = [
                    f"{shown(times[prefix + name])} "
                    f"| {shown(ratios(times[prefix + name], times[prefix + first]))}"
                    for times in found.values()
                ]
                lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines[1:]


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
    """Tabulate what only a GPU is asked: captured graphs, the floor of bytes, waits."""
    lines = [
        f"Reading the signals and writing the result takes {1000 * byte_floor(data):.1f} us at the "
        f"bandwidth of a large copy, {data['bandwidth'] / 1e6:,.0f} GB/s. *Captured* is the same "
        "work as one CUDA graph: eager times are mostly the time that Python takes to launch it. "
        "*Compiled* is by `torch.compile`, and captured too.",
        "",
    ]
    lines += [
        "| transform | waits for the GPU | captured forward, us | / floor of bytes "
        "| captured forward + backward, us | eager / captured | compiled, captured forward, us "
        "| / floor of bytes | compiled, captured forward + backward, us |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in data["transforms"].items():
        times = row["times"]
        cells = ["**yes**" if row["synchronises"] else "no"]
        for forward, both in ((CAPTURED, CAPTURED_BOTH), (COMPILED, COMPILED_BOTH)):
            if forward not in times:
                cells += ["not compiled", "", ""]
                continue
            cells.append(shown([1000 * t for t in times[forward]]))
            cells.append(shown([t / byte_floor(data) for t in times[forward]]))
            cells.append(shown([1000 * t for t in times[both]]))
            if both == CAPTURED_BOTH:
                cells.append(shown(ratios(times[BOTH], times[both])))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


INTRODUCTION = """# Speed{where}

What eegaug's transforms cost: beside braindecode's, beside what no transform can do without, and
beside the network that they stand in front of.

## How to read it

Times are medians over the rounds, with the quartiles in brackets. In each round all that is
compared is measured in turn, so that a machine that slows down slows all alike; ratios are
medians and quartiles of the ratios within a round. The draws of the noise are part of the time.
{memory}

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

#: What part of a time is, on a CPU and on a GPU.
MAPPED = """Part of a time is memory that is mapped anew: the allocator of glibc gives large tensors
back. Told to keep them, as `benchmarks/speed_commits.py` tells it, braindecode's FTSurrogate and
FrequencyShift gain more than ours, and the ratios are smaller."""
COMPARED = """Transforms are compared forward, with strengths fixed as braindecode's are; the policy
forward + backward, learnable."""
LAUNCHED = """Most of an eager time is what Python takes to launch the work, so that ratios to
braindecode's say little about large batches; the last table has the time of the work alone."""


def page(data: dict) -> str:
    """Write the page from what was measured."""
    machine, shape = data["machine"], data["shape"]
    size = " x ".join(map(str, shape))
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads"
    if machine["gpu"]:
        where = f"{machine['gpu']} ({where})"
    thinned = len(range(0, data["rounds"], thin(data["rounds"])))
    quick = " **A quick run: its figures are no more than a check of the script.**"
    on_gpu = bool(machine["gpu"])
    several = "" if on_gpu else f", over {PROCESSES['cpu']} processes"
    lines = [
        INTRODUCTION.format(where=" on a GPU" * on_gpu, memory=LAUNCHED if on_gpu else MAPPED),
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
        *([] if on_gpu else [COMPARED, ""]),
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
        "## Training, prediction",
        "",
        f"Batches of {BATCH} x channels x {N_TIMES} in front of the same trunk, with "
        f"Adam{several}. *One of several* with the objective for scores is what `eegaug learn` "
        "trains: a quarter of a batch stays clean, and the strengths learn at every fourth step. "
        "With the objective for invariances they learn at every step, which needs the derivative "
        "in the network's input: a row has what that alone costs. Predictions are the mean of four "
        "copies.",
        "",
        *training_tables(data),
        "",
        "## Scaling",
        "",
        "Forward + backward, ms. All sizes but one stay what they are above. The layer takes its "
        "candidates in the order FTSurrogate, FrequencyShift, TimeReverse, GaussianNoise, "
        "SmoothTimeMask, and then the others that are added.",
    ]
    for dimension, rows in data["scaling"].items():
        lines += ["", *scaling_table(dimension, rows)]
    if data["bandwidth"]:
        lines += ["", "## The work alone", "", *device_table(data)]
    return "\n".join(lines) + "\n"
