"""The main job: train, measure how sure the strengths are, predict the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from skorch import NeuralNet
from torch import nn

from eegaug.ensemble import Ensemble
from eegaug.inspect import (
    CandidateComparison,
    LearnedStrength,
    Profile,
    compare_top_candidates,
    identifiability,
    learned_strengths,
)
from eegaug.integrations.braindecode import EEGClassifier
from eegaug.integrations.resuming import TrainingState
from eegaug.recordings import Split, Windows, split_by_subject, split_in_time
from eegaug.recordings.names import natural
from eegaug.recordings.split import without_shared_samples
from eegaug.study.fit import (
    class_weights,
    fit_augmented,
    fit_baseline,
    fit_recombined,
    predict,
    validated,
)
from eegaug.study.gain import Gain
from eegaug.study.network import model_for_one_channel
from eegaug.study.processes import n_processes
from eegaug.study.result import Learned, gain_on
from eegaug.study.settings import Settings
from eegaug.study.stopping import stop_after_epoch
from eegaug.study.unfinished import WINDOWS, Unfinished

#: Number of validation windows that strengths are measured on.
MEASURED = 256
#: Between the seeds of the networks that are averaged.
SEED_STEP = 1000
#: Settings that change no number, but for rounding.
WITHOUT_EFFECT = ("device", "workers")

#: Names of the first two trainings.
BASELINE, LEARNING = "without augmentation", "learning"


class _Training(NamedTuple):
    """One training of a study: its name, and what is added to the seed."""

    name: str
    fit: Callable[..., NeuralNet]
    seed: int
    as_learned: bool = False
    is_restart: bool = False


def learn(
    windows: Windows,
    settings: Settings | None = None,
    *,
    test: str | Sequence[str] | None = None,
    compare: bool = False,
    restarts: int = 0,
    unfinished: str | Path | None = None,
    progress: bool = False,
) -> Learned:
    """Train networks without and with a policy in front, and measure what was learned.

    By default three networks are trained, and their predictions averaged: one without augmentation,
    one that learns the strengths, and one on windows rebuilt of segments of their class
    (:func:`~eegaug.policies.recombination`). Where the average does worse on the subjects that are
    validated on than the first alone, by more than two standard errors, augmentation is switched
    off, and the model is the first.

    Windows of training and validation that share samples with those that they are judged on are
    left out, and counted in ``split.how``.

    Parameters
    ----------
    windows : Windows
        The data.
    settings : Settings, optional
        How to train.
    test : str or sequence of str, optional
        Subjects to test on; where absent, the task's own split: a quarter of the subjects, chosen
        by the seed, or the last part of each subject's windows.
    compare : bool
        Whether to train the same network without augmentation too where it is not one of those
        that are averaged.
    restarts : int
        Number of further trainings with other seeds and the same split, to see whether what is
        learned agrees.
    unfinished : path, optional
        Folder for the state of each training after each epoch. A run that was stopped, called again
        with the same windows and arguments, goes on from there, bit for bit as if nothing had
        happened. The folder is not removed.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Learned
        The trained nets, what was learned and how sure it is. After Ctrl-C, pressed once while the
        network trains that learns, or a later one, that of the epochs and networks that are done.

    Raises
    ------
    ValueError
        If windows are unlabelled or cannot be split, the model cannot take them, ``restarts`` is
        not an integer from 0, a training diverges, or ``unfinished`` holds a run of other windows
        or arguments.
    KeyboardInterrupt
        If Ctrl-C was pressed before anything was learned, or twice.

    Examples
    --------
    >>> from eegaug.recordings import make_sleep_windows, simulate_nights
    >>> windows = make_sleep_windows(simulate_nights(n_subjects=3, hours=0.25))
    >>> settings = Settings(epochs=2, batch_size=16, device="cpu")
    >>> learned = learn(windows, settings, test=["sim01"])
    >>> set(windows.subjects[learned.split.test].tolist()), len(learned.net.history)
    ({'sim01'}, 2)
    >>> [(profile.strength.name, profile.strength.unit) for profile in learned.profiles[:2]]
    [('p', 'probability'), ('max_shift', 's')]
    """
    settings = settings or Settings()
    if windows.X.shape[1] == 1:
        settings = replace(settings, model=model_for_one_channel(settings.model))
    if isinstance(restarts, bool) or not isinstance(restarts, int) or restarts < 0:
        raise ValueError(f"Parameter `restarts` should be an integer from 0. Found {restarts}.")
    unlabelled = int((windows.y < 0).sum())
    if unlabelled:
        raise ValueError(
            f"Windows should be labelled to learn from them. Found {unlabelled} without a"
            f" {settings.task.kind}."
        )
    tested = [test] if isinstance(test, str) else None if test is None else list(test)
    split = _split(windows, settings, tested)
    run = Unfinished(
        unfinished,
        {
            WINDOWS: windows.fingerprint,
            **{k: v for k, v in settings.as_json().items() if k not in WITHOUT_EFFECT},
            "task": settings.task.name,
            "test": tested,
            "compare": compare,
            "restarts": restarts,
            "processes": n_processes(),
        },
    )

    trained: dict[str, NeuralNet] = {}
    seconds: dict[str, float] = {}
    again: list[list[LearnedStrength]] = []
    stopped = None
    plan = _plan(settings, compare, restarts)
    # the caller's random numbers go on undisturbed, and training repeats on a GPU too
    with torch.random.fork_rng(), _deterministic():
        with stop_after_epoch() as stop:
            for training in plan:
                title = f"Training ({training.name})" if progress else None
                state = TrainingState(run.state(training.name), stop=lambda: stop.asked)
                seed = (settings.seed + training.seed) % 2**32
                given = [windows, split, replace(settings, seed=seed), title, state]
                if training.as_learned:
                    given.append(trained[LEARNING].module_.augmentation)
                net = training.fit(*given)
                is_whole = not state.stopped_ or state.epochs_ == settings.epochs
                if training.is_restart and is_whole:
                    again.append(learned_strengths(net.module_))
                elif is_whole or training.name == LEARNING:  # half of another would do harm
                    trained[training.name], seconds[training.name] = net, state.seconds_
                if stop.asked and not (is_whole and training is plan[-1]):
                    stopped = f"epoch {state.epochs_} of {settings.epochs} ({training.name})"
                    break
        if LEARNING not in trained:
            raise KeyboardInterrupt
        net, baseline = trained[LEARNING], trained.get(BASELINE)
        profiles, comparisons = measure(net, windows, split, settings)
        models = {"augmented": net.module_}
        validation = None
        if baseline is not None:
            models["baseline"] = baseline.module_
            if settings.n_networks > 1:
                models["augmented"] = Ensemble(each.module_ for each in trained.values())
            validation = _gain(models, windows, validated(windows, split), settings)
        predicted = {
            name: predict(each, windows, settings, split.test) for name, each in models.items()
        }
    return Learned(
        windows=windows,
        split=split,
        settings=settings,
        net=net,
        models=models,
        strengths=learned_strengths(net.module_, net.history),
        profiles=profiles,
        comparisons=comparisons,
        y_pred=predicted,
        validation=validation,
        seconds=seconds,
        restarts=again,
        stopped=stopped,
    )


def _split(windows: Windows, settings: Settings, tested: list[str] | None) -> Split:
    """Split windows by subject, recording and time: in whatever order they were given."""
    table = windows.metadata
    names = [table[column].astype(str) for column in ("subject", "recording")]
    places = [{n: k for k, n in enumerate(sorted(set(each), key=natural))} for each in names]
    subjects, recordings = (each.map(place) for each, place in zip(names, places, strict=True))
    order = np.lexsort([table["onset"], recordings, subjects])
    y, people = windows.y[order], windows.subjects[order]
    if tested is None and settings.split == "time":
        split = split_in_time(y, people)
    else:
        split = split_by_subject(y, people, tested, settings.seed)
    parts = {name: order[getattr(split, name)] for name in ("train", "valid", "test")}
    n_times, sfreq = windows.X.shape[-1], float(windows.info["sfreq"])
    return without_shared_samples(replace(split, **parts), table, n_times, sfreq)


def _plan(settings: Settings, compare: bool, restarts: int) -> list[_Training]:
    """Return the trainings of a study, in their order."""
    averages = settings.n_networks > 1
    first = SEED_STEP * averages
    plan = [_Training(BASELINE, fit_baseline, 0)] if compare or averages else []
    plan.append(_Training(LEARNING, fit_augmented, first))
    kinds = (
        ("without", fit_baseline),
        ("as learned", fit_augmented),
        ("recombined", fit_recombined),
    )
    for number in range(2, settings.n_networks):
        kind, fit = kinds[number % len(kinds)]
        name = f"network {number + 1}, {kind}"
        plan.append(_Training(name, fit, SEED_STEP * number, as_learned=fit is fit_augmented))
    for number in range(1, restarts + 1):
        name = f"restart {number} of {restarts}"
        plan.append(_Training(name, fit_augmented, first + number, is_restart=True))
    return plan


@contextmanager
def _deterministic() -> Iterator[None]:
    """Let cuDNN take the algorithms alone that repeat."""
    before = torch.backends.cudnn.deterministic
    torch.backends.cudnn.deterministic = True
    try:
        yield
    finally:
        torch.backends.cudnn.deterministic = before


def _gain(
    models: dict[str, nn.Module], windows: Windows, index: np.ndarray, settings: Settings
) -> Gain:
    """Compare the models with and without augmentation on some of the windows."""
    y_pred = {name: predict(model, windows, settings, index) for name, model in models.items()}
    return gain_on(windows, index, y_pred, settings)


def measure(
    net: EEGClassifier, windows: Windows, split: Split, settings: Settings
) -> tuple[list[Profile], list[CandidateComparison]]:
    """Measure how sure the strengths of a net are, on windows that it was validated on.

    Parameters
    ----------
    net : EEGClassifier
        The trained net.
    windows : Windows
        The data.
    split : Split
        Which windows it was trained and validated on.
    settings : Settings
        How it was trained.

    Returns
    -------
    profiles : list of Profile
        What :func:`~eegaug.identifiability` returns.
    comparisons : list of CandidateComparison
        What :func:`~eegaug.compare_top_candidates` returns.
    """
    chosen = np.random.default_rng(settings.seed).permutation(validated(windows, split))[:MEASURED]
    x = torch.as_tensor(windows.X[chosen], device=settings.device)
    y = torch.as_tensor(windows.y[chosen], device=settings.device)
    loss = nn.CrossEntropyLoss(class_weights(windows, split).to(settings.device))
    model = net.module_
    profiles = identifiability(model, loss, x, y, n_draws=2, reward_weight=settings.reward_weight)
    return profiles, compare_top_candidates(model, loss, x, y, n_draws=2)
