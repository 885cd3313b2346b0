"""Write ``catalogue.md``: every transform with formula, strengths and a picture of a real window.

Run ``python docs/make_catalogue.py S001R04.edf`` on a recording of the EEG Motor
Movement/Imagery Dataset, whose montage the pictures need.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import mne
import numpy as np
import torch
from numpydoc.docscrape import NumpyDocString
from tqdm import tqdm

import eegaug
from eegaug import Strength
from eegaug.montage import read_positions
from eegaug.plots import plot_before_after

SHOWN = ("F3", "F4", "O1", "O2")
SECONDS = 4.0
FOLDER = Path(__file__).parent

#: Heading -> the transforms beneath it, each at the strength of its picture.
Build = Callable[[float, torch.Tensor], torch.nn.Module]
SECTIONS: dict[str, dict[str, Build]] = {
    "Time": {
        "TimeShift": lambda sfreq, _: eegaug.TimeShift(sfreq, 0.3),
        "TimeReverse": lambda *_: eegaug.TimeReverse(1.0),
        "TimeWarp": lambda *_: eegaug.TimeWarp(0.5),
        "SmoothTimeMask": lambda sfreq, _: eegaug.SmoothTimeMask(sfreq, 1.0),
        "MaskEncoding": lambda *_: eegaug.MaskEncoding(0.3, n_segments=3),
        "RandomCrop": lambda sfreq, _: eegaug.RandomCrop(sfreq, 2.0, strength(0.8, 1.0, "s")),
    },
    "Frequency and phase": {
        "FTSurrogate": lambda *_: eegaug.FTSurrogate(0.5),
        "FrequencyShift": lambda sfreq, _: eegaug.FrequencyShift(sfreq, 3.0),
        "BandstopFilter": lambda sfreq, _: eegaug.BandstopFilter(sfreq, 4.0, max_freq=30.0),
        "PhaseJitter": lambda *_: eegaug.PhaseJitter(120.0),
    },
    "Polarity and amplitude": {
        "SignFlip": lambda *_: eegaug.SignFlip(1.0),
        "AmplitudeScale": lambda *_: eegaug.AmplitudeScale(0.8),
    },
    "Noise and artefacts": {
        "GaussianNoise": lambda *_: eegaug.GaussianNoise(0.5),
        "BandNoise": lambda sfreq, _: eegaug.BandNoise(sfreq, 8.0, 12.0, 0.8),
        "PowerlineNoise": lambda sfreq, _: eegaug.PowerlineNoise(sfreq, 0.8),
        "EMGNoise": lambda sfreq, _: eegaug.EMGNoise(sfreq, strength(2.0, 4.0)),
        "EOGNoise": lambda sfreq, where: eegaug.EOGNoise(sfreq, where, strength(8.0, 10.0)),
    },
    "Channels and sensors": {
        "ChannelsDropout": lambda *_: eegaug.ChannelsDropout(0.3),
        "ChannelsShuffle": lambda *_: eegaug.ChannelsShuffle(0.6),
        "ChannelsSymmetry": lambda _, where: eegaug.ChannelsSymmetry(positions=where, p=1.0),
        "ChannelsReref": lambda *_: eegaug.ChannelsReref(1.0),
        "ChannelsInterpolation": lambda _, where: eegaug.ChannelsInterpolation(where, 0.4),
        "SensorsRotation": lambda _, where: eegaug.SensorsRotation(where, "z", 30.0),
        "SensorsXRotation": lambda _, where: eegaug.SensorsXRotation(where, 30.0),
        "SensorsYRotation": lambda _, where: eegaug.SensorsYRotation(where, 30.0),
        "SensorsZRotation": lambda _, where: eegaug.SensorsZRotation(where, 30.0),
        "BandRotation": lambda *_: eegaug.BandRotation(8, 8, 1.0),
    },
    "Trials of a batch": {
        "Mixup": lambda *_: eegaug.Mixup(1.0, beta_per_sample=True),
        "SegmentationReconstruction": lambda *_: eegaug.SegmentationReconstruction(8, p=1.0),
    },
}


def strength(value: float, high: float, unit: str = "unit of the signal") -> Strength:
    """Return a strength whose range holds what the picture needs."""
    return Strength(value, high=high, unit=unit)


def read_windows(path: Path) -> tuple[torch.Tensor, mne.Info]:
    """Return two windows (windows, channels, times) in standard deviations, and their info."""
    raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
    mne.datasets.eegbci.standardize(raw)
    raw.set_montage("spherical_1005", match_case=False, verbose="error").filter(
        0.5, 60, verbose="error"
    )
    length = int(SECONDS * raw.info["sfreq"])
    data = raw.get_data()
    data = data / data.std(1, keepdims=True)
    windows = [data[:, start : start + length] for start in (10 * length, 14 * length)]
    return torch.as_tensor(np.stack(windows), dtype=torch.float32), raw.info


def draw(transform: torch.nn.Module, windows: torch.Tensor, info: mne.Info) -> plt.Figure:
    """Draw four channels of a window before (grey) and after the transform, and the spectra.

    Of six draws the one is shown that changes the window most.
    """
    sfreq, shown = info["sfreq"], [info["ch_names"].index(name) for name in SHOWN]
    before = windows
    if isinstance(transform, eegaug.RandomCrop):
        margin = (windows.shape[-1] - int(transform.duration * sfreq)) // 2
        before = windows[..., margin : windows.shape[-1] - margin]
    torch.manual_seed(0)
    with torch.no_grad():
        draws = [transform.eval()(windows) for _ in range(6)]
    after = max(draws, key=lambda draw: (draw - before)[0].square().mean())
    _, axes = plt.subplots(1, 2, figsize=(9, 2.8), width_ratios=(2.2, 1), layout="constrained")
    return plot_before_after(
        before[0, shown], after[0, shown], sfreq, ch_names=SHOWN, max_freq=60.0, axes=axes
    )


def in_markdown(text: str) -> str:
    """Turn a docstring's mathematics, emphasis and references into Markdown."""
    text = re.sub(
        r"\.\. math:: ((?:.+\n?)(?:[ ]+.+\n?)*)",
        lambda match: "$$\n" + inspect.cleandoc(match[1]).strip() + "\n$$\n",
        text,
    )
    text = re.sub(r":math:`([^`]+)`", r"$\1$", text)
    text = re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", text)
    return text.replace("``", "`").replace("arXiv ", "arXiv:")


def by_default(kind: type, sfreq: float, positions: torch.Tensor) -> torch.nn.Module:
    """Build a transform with nothing but what it needs, so that its ranges are the usual ones."""
    needs = {"sfreq": sfreq, "positions": positions, "low": 8.0, "high": 12.0, "duration": 2.0}
    parameters = inspect.signature(kind).parameters.values()
    required = {p.name: needs[p.name] for p in parameters if p.default is p.empty}
    if kind is eegaug.ChannelsSymmetry:
        required["positions"] = positions
    return kind(**required)


def strengths_table(transform: torch.nn.Module) -> str:
    """Return a table of the strengths: unit, usual range, and whether they are learned."""
    rows = ["| strength | unit | range | learned |", "|---|---|---|---|"]
    for name, child in transform.named_children():
        if isinstance(child, Strength):
            _, unit, low, high = child.as_numbers()
            learned = "yes" if child.learnable else "frozen, unless a `Strength` is passed"
            rows.append(f"| `{name}` | {unit or '-'} | {low:g} to {high:g} | {learned} |")
    return "\n".join(rows)


def forms(transform: torch.nn.Module, windows: torch.Tensor) -> str:
    """Return the names of the forms that the transform's step takes."""
    if isinstance(transform, eegaug.BatchTransform):
        return "none: each trial takes from others"
    _, noise = transform.draw(windows)
    return " and ".join(form for form, _ in transform.step(windows, noise).items())


def main() -> None:
    """Write the page and its pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording", type=Path)
    windows, info = read_windows(parser.parse_args().recording)
    sfreq, positions = info["sfreq"], read_positions(info["chs"])
    (FOLDER / "images" / "catalogue").mkdir(parents=True, exist_ok=True)
    page = [(FOLDER / "catalogue_head.md").read_text(encoding="utf-8").rstrip()]
    names = [name for section in SECTIONS.values() for name in section]
    links = " · ".join(f"[{name}](#{name.lower()})" for name in names)
    page.append(links)
    progress = tqdm(total=len(names))
    for heading, builders in SECTIONS.items():
        page.append(f"## {heading}")
        for name, build in builders.items():
            transform = build(sfreq, positions)
            documentation = NumpyDocString(inspect.getdoc(type(transform)))
            figure = draw(transform, windows, info)
            figure.savefig(FOLDER / "images" / "catalogue" / f"{name}.png", dpi=80)
            plt.close(figure)
            shown = ", ".join(
                f"`{key}` = {child.as_numbers()[0]:g} {child.unit}".strip()
                for key, child in transform.named_children()
                if isinstance(child, Strength) and (child.learnable or key not in ("p",))
            )
            page += [
                f"### {name}",
                in_markdown("\n".join(documentation["Summary"])),
                in_markdown("\n".join(documentation["Extended Summary"])),
                f"**Form**: {forms(transform, windows)}.",
                strengths_table(by_default(type(transform), sfreq, positions)),
                f"![A window before and after {name}](images/catalogue/{name}.png)",
                f"*At {shown}.*",
            ]
            if documentation["References"]:
                page.append("Source: " + in_markdown(" ".join(documentation["References"])))
            progress.update()
    text = "\n\n".join(part for part in page if part) + "\n"
    (FOLDER / "catalogue.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
