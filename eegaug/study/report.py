"""The report: one HTML page with what was learned, from what data, and how well it does."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from eegaug import plots
from eegaug.ensemble import Ensemble
from eegaug.inspect import LearnedStrength
from eegaug.inspect.records import by_layer
from eegaug.policies import Candidates
from eegaug.recordings import Windows
from eegaug.recordings.cutting import SCALINGS
from eegaug.recordings.windows import dropped_by_reason
from eegaug.study.metrics import METRICS
from eegaug.study.result import Learned, is_inactive
from eegaug.transforms import Transform

LEARNED, SURE, SCORES = "What was learned", "How sure it is", "How well it does"
#: Test windows that the example is chosen from.
CANDIDATES = 256
#: Title of each network.
NETWORKS = {"augmented": "with augmentation", "baseline": "without augmentation"}


def write_report(learned: Learned, path: str | Path) -> None:
    """Write the report of a training.

    Parameters
    ----------
    learned : Learned
        What :func:`eegaug.study.learn` returned.
    path : path
        HTML file that is written; a file that exists is replaced.

    Examples
    --------
    >>> import tempfile
    >>> from eegaug.study import Settings, learn
    >>> from eegaug.recordings import make_sleep_windows, simulate_nights
    >>> windows = make_sleep_windows(simulate_nights(n_subjects=3, hours=0.1))
    >>> learned = learn(windows, Settings(epochs=1, n_copies=1, device="cpu"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(learned, Path(folder, "report.html"))
    ...     print([path.name for path in Path(folder).iterdir()])
    ['report.html']
    """
    title = f"eegaug: learned invariances, {learned.settings.task.title}"
    report = mne.Report(title=title, verbose="error")
    report.add_html(_summary(learned), "Summary", section=LEARNED, tags=())
    if learned.candidates is not None:
        report.add_html(_candidates(learned.candidates), "Candidates", section=LEARNED, tags=())
    _add(
        report,
        plots.plot_learning(learned.strengths, learned.best_epoch),
        "Weights and strengths over epochs",
        LEARNED,
        f"The dotted line is epoch {learned.best_epoch}, which validated best and was kept."
        " The axis of each strength is its whole range.",
    )
    report.add_html(_confidence(learned), "Confidence", section=SURE, tags=())
    if learned.profiles:
        _add(
            report,
            plots.plot_profiles(learned.judged),
            "Loss against each strength",
            SURE,
            "Change of the loss on validation windows, augmented by the same draws, at other values"
            " of one strength than the learned one (dotted line). Bars: two standard errors. Flat:"
            " the data do not determine the strength.",
        )
    for name, figure in _augmentation_figures(learned):
        _add(
            report,
            figure,
            name,
            LEARNED,
            "Grey: a test window. Blue: the same after the transform, at its learned strength; the"
            " farthest of 20 draws. Of many channels, the six that change most. Right: spectra of"
            " the whole window, mean of all channels.",
        )
    report.add_html(_scores(learned), "Scores", section=SCORES, tags=())
    gain = learned.gain
    if gain is not None and gain.people:
        title = METRICS[learned.settings.task.scores[0]].title
        each = dict(zip(gain.people, gain.each.tolist(), strict=True))
        _add(
            report,
            plots.plot_gains(each, gain.error, f"gain in {title}"),
            "Gain of each subject",
            SCORES,
            f"Tested subjects: {title} with augmentation less that without. Band: mean and standard"
            " error.",
        )
    _add(report, _confusions(learned), "Confusion matrix", SCORES, "Test windows.")
    for name, caption, figure in learned.settings.task.figures(learned):
        _add(report, figure, name, SCORES, caption)
    report.add_html(_data(learned), "Recordings", section="Data", tags=())
    history = learned.net.history
    losses = {
        "validation": history[:, "valid_loss"],
        "training (reward included)": history[:, "train_loss"],
    }
    _add(
        report,
        plots.plot_losses(losses, learned.best_epoch),
        "Loss over epochs",
        "Training",
        f"The dotted line is epoch {learned.best_epoch}, which was kept.",
    )
    report.add_html(_settings(learned), "Settings", section="Training", tags=())
    report.save(path, open_browser=False, overwrite=True, verbose="error")


def _add(report: mne.Report, figure: Figure, title: str, section: str, caption: str) -> None:
    # MNE cuts sizes to whole pixels where the canvas rounds: a pixel less shears the image
    width, height = figure.get_size_inches() * figure.dpi
    figure.set_size_inches((round(width) + 1e-3) / figure.dpi, (round(height) + 1e-3) / figure.dpi)
    report.add_figure(figure, title, section=section, caption=caption, image_format="png", tags=())
    plt.close(figure)


def _summary(learned: Learned) -> str:
    primary = learned.settings.task.scores[0]
    scores = learned.scores()[primary]
    used, other = ("baseline", "augmented") if learned.is_off else ("augmented", "baseline")
    comparison = f", against {scores[other]:.3f} {NETWORKS[other]}" if other in scores else ""
    if isinstance(learned.model, Ensemble):
        comparison += (
            f". The model averages {len(learned.model.models)} networks: a part of a gain over one"
            " without augmentation is that of averaging"
        )
    caveats = [*learned.warnings(), *learned.caveats()]
    warned = f"<p>Caveats:</p>{_list(caveats, bold=True)}" if caveats else ""
    return (
        f"<p><b>{html.escape(learned.verdict)}</b></p>"
        f"<p>{METRICS[primary].title.capitalize()} on {len(learned.split.test)} test windows:"
        f" <b>{scores[used]:.3f}</b>{comparison}. Split: {html.escape(learned.split.how)}."
        f"</p>{warned}{_reaches(learned)}{_table(learned.table())}"
    )


def _reaches(learned: Learned) -> str:
    """Return which transforms are active; nothing at chance, where that means nothing."""
    if learned.is_at_chance:
        return ""
    active: list[str] = []
    inactive: list[str] = []
    for layer in by_layer(learned.strengths):
        for transform in layer:
            (inactive if is_inactive(transform) else active).append(_headline(transform, layer))
    return (
        f"<p>The network that learned was made invariant to:</p>{_list(active or ['nothing'])}"
        f"<p>Effectively inactive:</p>{_list(inactive or ['nothing'])}"
    )


def _candidates(chosen: Candidates) -> str:
    """Return which transforms were candidates, and why."""
    rows = [
        {"transform": name, "candidate": answer, "why": why}
        for answer, reasons in (("yes", chosen.reasons), ("no", chosen.left_out))
        for name, why in reasons.items()
    ]
    return (
        "<p>What may help follows from the task and the channels; whether it does, and how far, is"
        f" learned.</p>{_table(pd.DataFrame(rows))}"
    )


def _confidence(learned: Learned) -> str:
    """Return what each strength rests on."""
    table = learned.confidence_table()
    if not table.empty:
        table["learned"] += " " + table.pop("unit")  # a column less: reasons are long
    if learned.is_at_chance:
        table = table.drop(columns=["verdict", "why"])
        return f"<p>The network is at chance: its strengths mean nothing.</p>{_table(table)}"
    if learned.caveats():
        first = "The caveats of the summary name what not to rely on."
    else:
        first = "The data determine every strength."
    again = (
        f"Restarts with other seeds: {len(learned.restarts)}."
        if learned.restarts
        else "This is one training; <code>--restarts 2</code> shows whether others agree."
    )
    return (
        f"<p>{first}</p>"
        "<p><i>Bounded</i>: reaching half as far again costs loss. <i>Ruled out</i>: using it costs"
        " loss. <i>Free</i>: it reached the end of its range without cost. <i>Not"
        " determined</i>: it could be wider, or be used, at no measurable cost. <i>Too wide</i>:"
        " half of it would save more loss than the width is worth. Costs are measured on"
        " validation windows, in nats, and count from two standard errors on."
        f" {again}</p>{_table(table)}"
    )


def _headline(
    transform: Sequence[LearnedStrength], layer: Sequence[Sequence[LearnedStrength]]
) -> str:
    """Return what a transform of a layer learned, as "Layer 2: FrequencyShift, ±0.5 Hz"."""
    reaches = [_reach(record) for record in transform if record.name]
    if len({other[0].weight for other in layer}) > 1:
        reaches.append(f"weight {transform[0].weight:.2f}")
    return f"Layer {transform[0].layer}: {', '.join([transform[0].transform, *reaches])}"


def _reach(record: LearnedStrength) -> str:
    """Return how far a strength reaches, as "±0.52 Hz"."""
    value = f"{record.value:.3g}"
    if record.name.startswith("max_"):
        return f"±{value} {record.unit}"
    if record.unit == "probability":
        return f"{record.name} = {value}"
    return f"{record.name} = {value} ({record.unit})"


def _scores(learned: Learned) -> str:
    names = learned.settings.task.scores
    titles = {name: METRICS[name].title for name in names}
    overall = learned.scores().rename(index=NETWORKS, columns=titles)
    overall = overall.rename_axis(index="network").reset_index()
    subjects = learned.scores_by_subject().rename(columns=NETWORKS)
    subjects = subjects.rename_axis(index="subject").reset_index()
    return (
        f"<p><b>{html.escape(learned.verdict)}</b></p>"
        f"{_table(overall.round(3))}<p>{titles[names[0]].capitalize()} by subject:</p>"
        f"{_table(subjects.round(3))}"
    )


def _data(learned: Learned) -> str:
    windows = learned.windows
    parts = {"training": "train", "validation": "valid", "test": "test"}
    used: dict[str, list[str]] = {}
    for name, attribute in parts.items():
        for subject in set(windows.subjects[getattr(learned.split, attribute)].tolist()):
            used.setdefault(subject, []).append(name)
    rows = [
        {
            "recording": source["name"],
            "subject": source["subject"],
            "used for": ", ".join(used.get(source["subject"], ["nothing"])),
            "sampled at": f"{source['sfreq']:g} Hz",
            **{label: source["windows"].get(label, 0) for label in windows.labels},
            "dropped": dropped_by_reason([source]) or "none",
        }
        for source in windows.sources
    ]
    info = windows.info
    duration = windows.X.shape[-1] / info["sfreq"]
    return (
        f"<p>{len(windows)} windows of {duration:g} s at {info['sfreq']:g} Hz,"
        f"{_band(windows)} scaled:"
        f" {SCALINGS[windows.scaling]}. Channels: {html.escape(', '.join(info['ch_names']))}.</p>"
        f"<p>Split: {html.escape(learned.split.how)}.</p>{_list(windows.notes)}"
        f"{_table(pd.DataFrame(rows))}"
    )


def _band(windows: Windows) -> str:
    """Return the pass band in words, where windows were filtered."""
    low, high = (windows.cutting.get(name) for name in ("l_freq", "h_freq"))
    if low is None and high is None:
        return ""
    return f" {low or 0:g} to {high or windows.info['sfreq'] / 2:g} Hz,"


def _settings(learned: Learned) -> str:
    rows = {"task": learned.settings.task.title, **learned.settings.as_json()}
    rows["best epoch"] = learned.best_epoch
    for network, seconds in learned.seconds.items():
        rows[f"duration ({network})"] = f"{seconds:.0f} s"
    table = [(name.replace("_", " "), str(value)) for name, value in rows.items()]
    return _table(pd.DataFrame(table, columns=["setting", "value"]))


def _table(table: pd.DataFrame) -> str:
    """Return a table that scrolls in a window that is narrower; sentences keep some width."""
    written = table.to_html(
        index=False,
        border=0,
        classes="table table-sm table-hover w-auto",
        justify="left",
        col_space={"why": "8em"} if "why" in table else None,
    )
    return f'<div class="table-responsive">{written}</div>'


def _list(items: Iterable[str], bold: bool = False) -> str:
    item = "<li><b>{}</b></li>" if bold else "<li>{}</li>"
    return f"<ul>{''.join(item.format(html.escape(each)) for each in items)}</ul>"


def _augmentation_figures(learned: Learned) -> Iterator[tuple[str, Figure]]:
    """Yield title and figure per layer; transforms that stand by themselves share a figure."""
    window = _example_window(learned)
    info = learned.windows.info
    augmentation = learned.net.module_.augmentation
    modules = iter([each for each in augmentation.modules() if isinstance(each, Transform)])
    layers = [
        [(next(modules), _headline(transform, layer)) for transform in layer]
        for layer in by_layer(learned.strengths)
    ]
    alone = [pair for layer in layers if len(layer) == 1 for pair in layer]
    for pairs in [alone, *(layer for layer in layers if len(layer) > 1)]:
        if not pairs:
            continue
        height = 2.3 if len(window) < 4 else 3.0
        figure, axes = plt.subplots(
            len(pairs),
            2,
            figsize=(9, height * len(pairs)),
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
    """Return the test window of median amplitude of the task's example, or commonest, label."""
    y, labels, example = learned.y_true, learned.windows.labels, learned.settings.task.example
    code = labels.index(example) if example in labels else -1
    if not np.any(y == code):
        code = int(np.bincount(y).argmax())
    candidates = learned.windows.X[learned.split.test[y == code][:CANDIDATES]]
    amplitude = candidates.std((1, 2))
    return candidates[np.argsort(amplitude)[len(amplitude) // 2]]


def _confusions(learned: Learned) -> Figure:
    n_networks = len(learned.y_pred)
    figure, axes = plt.subplots(
        1, n_networks, figsize=(4.4 * n_networks, 4), squeeze=False, layout="constrained"
    )
    for (network, y_pred), ax in zip(learned.y_pred.items(), axes[0], strict=True):
        plots.plot_confusion(
            learned.y_true,
            y_pred,
            learned.windows.labels,
            kind=learned.settings.task.kind,
            ax=ax,
            title=NETWORKS[network],
        )
    return figure
