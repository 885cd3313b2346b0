"""Score recordings with a trained model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from eegaug.recordings import Windows
from eegaug.study.fit import outputs
from eegaug.study.saved import build_model, read_model
from eegaug.study.settings import choose_device
from eegaug.study.tasks import find_task

#: Windows that are scored at a time.
BATCH = 64
#: Of onsets and durations (s): files hold 16.05 as 16.049999.
DECIMALS = 4


class Predictions(NamedTuple):
    """What a model says of recordings.

    Parameters
    ----------
    task : str
        Name of the model's task.
    windows : Windows
        The windows.
    table : pandas.DataFrame
        One row per window: subject, recording, onset and duration (s), the predicted label, and the
        probability of each label. Of epochs and arrays, whose rows are in the order of files,
        subjects and time, also trial, the place in its file from 0.

    Examples
    --------
    Those of :func:`predict_recordings`.
    """

    task: str
    windows: Windows
    table: pd.DataFrame


def predict_recordings(
    model: str | Path,
    paths: list[str | Path] | list[Path],
    *,
    subject: str | None = None,
    device: str = "auto",
    cache: str | Path | None = None,
    progress: bool = False,
) -> Predictions:
    """Cut recordings as those were that a model was trained on, and predict their labels.

    Labels in the recordings are not needed. Nights are scored from their start to their end, as are
    recordings of blocks; events are scored where the annotations are that the model learned from,
    or, in a recording without these, at all annotations.

    Parameters
    ----------
    model : path
        File that :func:`save_model` wrote.
    paths : list of path
        Recordings, epochs or arrays, as the model was trained on.
    subject : str, optional
        Regular expression that finds the subject in a file's name, or else in its path.
    device : str
        Device to predict on: "cpu", "cuda", or "auto".
    cache : path, optional
        Folder to keep the windows in.
    progress : bool
        Whether to show progress bars.

    Returns
    -------
    Predictions
        Windows, and a table of their labels.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the model is damaged, recordings lack one of its channels, or their windows have another
        length.

    Examples
    --------
    >>> import tempfile
    >>> from eegaug.recordings import make_sleep_windows, simulate_nights
    >>> from eegaug.study import Settings, learn, save_model
    >>> windows = make_sleep_windows(simulate_nights(n_subjects=3, hours=0.1))
    >>> learned = learn(windows, Settings(epochs=1, n_networks=1, device="cpu"))
    >>> (night,) = simulate_nights(1, hours=0.1, seed=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(learned, Path(folder, "model.pt"))
    ...     _ = night.raw.save(Path(folder, "new_raw.fif"), verbose="error")
    ...     predictions = predict_recordings(
    ...         Path(folder, "model.pt"), [Path(folder, "new_raw.fif")], device="cpu"
    ...     )
    >>> len(predictions.table), list(predictions.table.columns)[:5]
    (12, ['subject', 'recording', 'onset', 'duration', 'label'])
    """
    saved, device = read_model(model), choose_device(device)
    task, network = find_task(saved["task"]), build_model(saved, model, device)
    read: dict[str, Any] = {} if subject is None else {"subject": subject}
    if task.name == "sleep":  # whose labels are in files of their own
        read["labelled"] = False
    recordings = task.read([Path(path) for path in paths], progress=progress, **read)
    windows = task.make_windows(
        recordings,
        channels=saved["ch_names"],
        labelled=False,
        cache=cache,
        progress=progress,
        **saved["cutting"],
    )
    if windows.X.shape[-1] != saved["n_times"]:
        raise ValueError(
            f"The model takes windows of {saved['n_times']} samples. Found windows of"
            f" {windows.X.shape[-1]}."
        )
    given = outputs(network, windows, device, BATCH).softmax(1).numpy()
    duration = round(saved["n_times"] / saved["sfreq"], DECIMALS)
    table = windows.metadata.drop(columns="label")
    table["onset"] = (table["onset"] + windows.tmin).round(DECIMALS)
    table.insert(table.columns.get_loc("onset") + 1, "duration", duration)
    table["label"] = np.array(saved["labels"])[given.argmax(1)]
    for label, probabilities in zip(saved["labels"], given.T, strict=True):
        table[f"p {label}"] = probabilities.round(4)
    return Predictions(task.name, windows, table)


def write_predictions(predictions: Predictions, folder: str | Path) -> None:
    """Write what was predicted: a table, and of each recording what its task writes.

    Parameters
    ----------
    predictions : Predictions
        What :func:`predict_recordings` returned.
    folder : path
        Folder for ``predictions.csv``; for each recording ``NAME-annot.fif``, which
        :func:`mne.read_annotations` reads; and for sleep ``NAME-hypnogram.png``.
    """
    folder = Path(folder)
    predictions.table.to_csv(folder / "predictions.csv", index=False)
    write = find_task(predictions.task).write_predicted
    if write is not None:
        for name, own in _by_recording(predictions.table):
            write(own, folder / name)


def _by_recording(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield a name for the files of each recording, and its rows."""
    taken: set[str] = set()
    for recording, own in table.groupby("recording", sort=False, observed=True):
        stem = re.sub(r"[^\w.=+-]+", "_", str(recording).rsplit(".", 1)[0]) or "recording"
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        yield name, own
