"""The report: one HTML page that says what was learned, from what, and how well it does."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from eegaug import plots
from eegaug.inspect.records import describe
from eegaug.recordings import STAGES
from eegaug.recordings.windows import tell_dropped
from eegaug.study import Learned, is_unused
from eegaug.transforms import Transform

#: Title of a column for each score.
SCORES = {
    "balanced_accuracy": "balanced accuracy",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "kappa": "Cohen's kappa",
}


def write_report(learned: Learned, path: str | Path) -> None:
    """Write the report of a training.

    Parameters
    ----------
    learned : Learned
        What :func:`eegaug.study.learn` returned.
    path : path
        HTML file that is written, over what is there.

    Examples
    --------
    >>> import tempfile
    >>> from eegaug.study import Settings, learn
    >>> from eegaug.recordings import make_windows, simulate_nights
    >>> windows = make_windows(simulate_nights(n_people=3, hours=0.1))
    >>> learned = learn(windows, Settings(epochs=1, n_copies=1, device="cpu"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(learned, Path(folder, "report.html"))
    ...     print([path.name for path in Path(folder).iterdir()])
    ['report.html']
    """
    report = mne.Report(title="eegaug: learned invariances", verbose="error")
    report.add_html(_summary(learned), "Summary", section="What was learned", tags=())
    _add(
        report,
        plots.plot_learning(learned.net.history, describe(learned.net.module_), learned.best_epoch),
        "Weights and strengths over epochs",
        "What was learned",
        f"The dotted line is epoch {learned.best_epoch}, which validated best and was kept."
        " Each strength is drawn over its whole range.",
    )
    report.add_html(_sureness(learned), "How sure", section="How sure it is", tags=())
    if learned.profiles:
        _add(
            report,
            plots.plot_profiles(learned.profiles),
            "Loss against each strength",
            "How sure it is",
            "Change of the loss on windows that were not trained on, augmented by the same draws,"
            " where one strength takes other values than the learned one (dotted). Bars: two"
            " standard errors. Flat: the data do not care.",
        )
    for title, figure in _augmentation_figures(learned):
        _add(
            report,
            figure,
            title,
            "What was learned",
            "Grey: a window of a tested person. Blue: the same after the transform, at its learned"
            " strength; of 20 draws, the one that reaches farthest. Right: spectra of the"
            " whole window, mean of the channels.",
        )
    report.add_html(_scores(learned), "Scores", section="How well it does", tags=())
    _add(report, _confusions(learned), "Confusion matrix", "How well it does", "Tested windows.")
    for person in sorted(set(learned.windows.persons[learned.split.test].tolist())):
        _add(
            report,
            _hypnograms(learned, person),
            f"Hypnogram of {person}",
            "How well it does",
            "Gaps: windows that were trained on, not scored, or dropped."
            if len(learned.windows.people) == 1
            else "Nobody whom the network was trained on. Gaps: not scored, or dropped.",
        )
    report.add_html(_data(learned), "Recordings", section="Data", tags=())
    _add(
        report,
        plots.plot_losses(learned.net.history, learned.best_epoch),
        "Loss over epochs",
        "Training",
        f"The dotted line is epoch {learned.best_epoch}, which was kept.",
    )
    report.add_html(_settings(learned), "Settings", section="Training", tags=())
    report.save(path, open_browser=False, overwrite=True, verbose="error")


def _add(report: mne.Report, figure: Figure, title: str, section: str, caption: str) -> None:
    report.add_figure(figure, title, section=section, caption=caption, image_format="png", tags=())
    plt.close(figure)


def _summary(learned: Learned) -> str:
    scores = learned.scores()["balanced_accuracy"]
    used, unused = [], []
    for number, layer in enumerate(describe(learned.net.module_), 1):
        for transform in layer["transforms"]:
            told = f"<li>{_headline(number, transform, layer)}</li>"
            (unused if is_unused(transform) else used).append(told)
    comparison = (
        f", against {scores['plain']:.3f} without augmentation" if "plain" in scores else ""
    )
    against = [*learned.warnings(), *learned.doubts()]
    told = "".join(f"<li><b>{html.escape(warning)}</b></li>" for warning in against)
    warnings = f"<p>Before you trust this:</p><ul>{told}</ul>" if told else ""
    return (
        f"<p>Balanced accuracy on {len(learned.split.test)} windows that were not trained on:"
        f" <b>{scores['augmented']:.3f}</b>{comparison}. Split: {html.escape(learned.split.how)}."
        f"</p>{warnings}"
        f"<p>The network was made invariant to:</p><ul>{''.join(used) or '<li>nothing</li>'}</ul>"
        f"<p>It makes next to no use of:</p><ul>{''.join(unused) or '<li>nothing</li>'}</ul>"
        f"{_html(learned.table())}"
    )


def _sureness(learned: Learned) -> str:
    """Say what each answer rests on."""
    doubts = "".join(f"<li><b>{html.escape(doubt)}</b></li>" for doubt in learned.doubts())
    told = (
        f"<p>Do not build on:</p><ul>{doubts}</ul>"
        if doubts
        else "<p>The data determine every strength.</p>"
    )
    again = (
        f"Restarts: {len(learned.restarts)} more trainings with other seeds."
        if learned.restarts
        else "One training; <code>--restarts 2</code> would tell whether others agree."
    )
    return (
        f"{told}<p><i>Bounded</i>: reaching half as far again costs loss. <i>Ruled out</i>: using"
        " it costs loss. <i>Free</i>: it reached the end of its range, and nothing resisted."
        " <i>Not determined</i>: it could be otherwise at no measurable cost. <i>Too wide</i>: half"
        " of it would save more than its width is worth. Costs are told on windows that were"
        " validated on, not trained on, in nats, and count from two standard errors on."
        f" {again}</p>{_html(learned.sureness())}"
    )


def _headline(number: int, transform: dict[str, Any], layer: dict[str, Any]) -> str:
    """Say what a transform of a layer learned, as "Layer 2: FrequencyShift, ±0.5 Hz"."""
    chosen = f", weight {transform['weight']:.2f}" if len(layer["transforms"]) > 1 else ""
    return f"Layer {number}: {transform['name']}, {_reach(transform)}{chosen}"


def _reach(transform: dict[str, Any]) -> str:
    """Say how far a transform reaches, as "±0.52 Hz"."""
    parts = []
    for name, strength in transform["strengths"].items():
        value, unit = f"{strength['value']:.3g}", strength["unit"]
        if name.startswith("max_"):
            parts.append(f"±{value} {unit}")
        elif unit == "probability":
            parts.append(f"{name} = {value}")
        else:
            parts.append(f"{value} ({unit})")
    return ", ".join(parts)


def _scores(learned: Learned) -> str:
    overall = learned.scores().rename(columns=SCORES).rename_axis(index="network").reset_index()
    persons = learned.scores_by_person().rename_axis(index="person").reset_index()
    return (
        f"{_html(overall.round(3))}<p>Balanced accuracy is the mean recall of the stages that"
        f" occur. By person:</p>{_html(persons.round(3))}"
    )


def _data(learned: Learned) -> str:
    windows = learned.windows
    sides = {"training": "train", "validation": "valid", "test": "test"}
    side: dict[str, list[str]] = {}
    for name, attribute in sides.items():
        for person in set(windows.persons[getattr(learned.split, attribute)].tolist()):
            side.setdefault(person, []).append(name)
    rows = []
    for source in windows.sources:
        rows.append(
            {
                "recording": source["name"],
                "person": source["person"],
                "used for": ", ".join(side.get(source["person"], ["nothing"])),
                "sampled at": f"{source['sfreq']:g} Hz",
                **{stage: source["windows"].get(stage, 0) for stage in STAGES},
                "dropped": tell_dropped([source]) or "none",
            }
        )
    listed = "".join(f"<li>{html.escape(note)}</li>" for note in windows.notes)
    info = windows.info
    return (
        f"<p>{len(windows.epochs)} windows of 30 s, {', '.join(info['ch_names'])}, at"
        f" {info['sfreq']:g} Hz, {info['highpass']:g} to {info['lowpass']:g} Hz; each channel of"
        f" each recording scaled to median 0 and interquartile range 1.</p>"
        f"<p>Split: {html.escape(learned.split.how)}.</p><ul>{listed}</ul>"
        f"{_html(pd.DataFrame(rows))}"
    )


def _settings(learned: Learned) -> str:
    training = learned.invariances()["training"]
    rows = {name.replace("_", " "): str(value) for name, value in training.items()}
    return _html(pd.DataFrame(list(rows.items()), columns=["setting", "value"]))


def _html(table: pd.DataFrame) -> str:
    return table.to_html(
        index=False, border=0, classes="table table-sm table-hover w-auto", justify="left"
    )


def _augmentation_figures(learned: Learned) -> Iterator[tuple[str, Figure]]:
    """Yield title and figure for each layer; those of one transform share a figure."""
    window = _example_window(learned)
    info = learned.windows.info
    model = learned.net.module_
    modules = iter([m for m in model.augmentation.modules() if isinstance(m, Transform)])
    layers = [
        [(next(modules), _headline(number, transform, layer)) for transform in layer["transforms"]]
        for number, layer in enumerate(describe(model), 1)
    ]
    alone = [pair for layer in layers if len(layer) == 1 for pair in layer]
    for pairs in [alone, *(layer for layer in layers if len(layer) > 1)]:
        if not pairs:
            continue
        figure, axes = plt.subplots(
            len(pairs),
            2,
            figsize=(9, 2.3 * len(pairs)),
            width_ratios=(2.2, 1),
            squeeze=False,
            layout="constrained",
        )
        for (transform, title), row in zip(pairs, axes, strict=True):
            plots.plot_augmentation(
                transform, window, info["sfreq"], ch_names=info["ch_names"], axes=row, title=title
            )
        names = list(dict.fromkeys(title.split(":")[0] for _, title in pairs))
        yield f"{' to '.join(dict.fromkeys([names[0], names[-1]]))}: before and after", figure


def _example_window(learned: Learned) -> np.ndarray:
    """Return the tested window of middling amplitude in N2, else in the stage seen most."""
    test = learned.split.test
    y = learned.windows.y[test]
    n2 = STAGES.index("N2")
    stage = n2 if np.any(y == n2) else int(np.bincount(y).argmax())
    candidates = learned.windows.X[test[y == stage]]
    amplitude = candidates.std((1, 2))
    return candidates[np.argsort(amplitude)[len(amplitude) // 2]]


def _confusions(learned: Learned) -> Figure:
    figure, axes = plt.subplots(
        1,
        len(learned.nets),
        figsize=(4.4 * len(learned.nets), 4),
        squeeze=False,
        layout="constrained",
    )
    titles = {"augmented": "with learned augmentation", "plain": "without augmentation"}
    for (name, y_pred), ax in zip(learned.y_pred.items(), axes[0], strict=True):
        plots.plot_confusion(learned.y_true, y_pred, ax=ax, title=titles[name])
    return figure


def _hypnograms(learned: Learned, person: str) -> Figure:
    metadata = learned.windows.epochs.metadata.iloc[learned.split.test].reset_index(drop=True)
    mine = metadata[metadata["person"] == person]
    nights = list(dict.fromkeys(mine["recording"]))
    figure, axes = plt.subplots(
        len(nights), 1, figsize=(9, 2.6 * len(nights)), squeeze=False, layout="constrained"
    )
    for night, (ax,) in zip(nights, axes, strict=True):
        rows = mine.index[mine["recording"] == night].to_numpy()
        plots.plot_hypnogram(
            metadata["onset"].to_numpy()[rows],
            learned.y_true[rows],
            learned.y_pred["augmented"][rows],
            ax=ax,
            title=night,
        )
    return figure
