"""The main job: train, measure how sure the strengths are, predict the test."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from eegaug.inspect import (
    CandidateComparison,
    Profile,
    compare_top_candidates,
    identifiability,
    learned_strengths,
)
from eegaug.integrations.braindecode import EEGClassifier
from eegaug.recordings import Split, Windows
from eegaug.study.fit import class_weights, fit_augmented, fit_baseline, validated
from eegaug.study.result import Learned
from eegaug.study.settings import Settings

#: Number of validation windows that strengths are measured on.
MEASURED = 256


def learn(
    windows: Windows,
    settings: Settings | None = None,
    *,
    test: str | Sequence[str] | None = None,
    compare: bool = False,
    restarts: int = 0,
    progress: bool = False,
) -> Learned:
    """Train a network with a policy in front, and measure what it learned.

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
        Whether to train the same network without augmentation too.
    restarts : int
        Number of further trainings with other seeds and the same split, to see whether what is
        learned agrees.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Learned
        The trained nets, what was learned and how sure it is.

    Raises
    ------
    ValueError
        If windows are unlabelled or cannot be split, the model cannot take them, ``restarts`` is
        not an integer from 0, or a training diverges.

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
    if isinstance(restarts, bool) or not isinstance(restarts, int) or restarts < 0:
        raise ValueError(f"Parameter `restarts` should be an integer from 0. Found {restarts}.")
    unlabelled = int((windows.y < 0).sum())
    if unlabelled:
        raise ValueError(
            f"Windows should be labelled to learn from them. Found {unlabelled} without a"
            f" {settings.task.kind}."
        )
    tested = [test] if isinstance(test, str) else None if test is None else list(test)
    split = settings.task.split(windows, tested, settings.seed)

    def title(name: str) -> str | None:
        return f"Training ({name})" if progress else None

    seconds, baseline = {}, None
    with torch.random.fork_rng():  # the caller's random numbers go on undisturbed
        start = time.perf_counter()
        net = fit_augmented(windows, split, settings, title("augmented"))
        seconds["augmented"] = time.perf_counter() - start
        if compare:
            start = time.perf_counter()
            baseline = fit_baseline(windows, split, settings, title("baseline"))
            seconds["baseline"] = time.perf_counter() - start
        again = []
        for number in range(1, restarts + 1):
            seeded = replace(settings, seed=settings.seed + number)
            name = title(f"restart {number} of {restarts}")
            again.append(learned_strengths(fit_augmented(windows, split, seeded, name).module_))
        profiles, comparisons = measure(net, windows, split, settings)
        X = windows.X[split.test]
        predicted = {"augmented": net.predict(X)}
        if baseline is not None:
            predicted["baseline"] = baseline.predict(X)
    return Learned(
        windows=windows,
        split=split,
        settings=settings,
        net=net,
        strengths=learned_strengths(net.module_, net.history),
        profiles=profiles,
        comparisons=comparisons,
        y_pred=predicted,
        baseline=baseline,
        seconds=seconds,
        restarts=again,
    )


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
