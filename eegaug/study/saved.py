"""The file of a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mne
import numpy as np
import torch
from packaging.version import InvalidVersion, Version
from torch import nn

import eegaug
from eegaug.ensemble import Ensemble
from eegaug.files import first_line, load_whole
from eegaug.models import InvariantModel
from eegaug.policies import make_policy
from eegaug.study.network import build_network
from eegaug.study.result import Learned

#: What a file should have, and of which types.
WANTED = {
    "eegaug": str,
    "task": str,
    "model": str,
    "policy": str,
    "n_copies": int,
    "labels": list,
    "ch_names": list,
    "positions": list,
    "sfreq": float,
    "n_times": int,
    "scaling": str,
    "cutting": dict,
    "networks": list,
}


def save_model(learned: Learned, path: str | Path) -> None:
    """Save the trained model, to be loaded by :func:`load_model`.

    Parameters
    ----------
    learned : Learned
        What :func:`learn` returned.
    path : path
        File that is written; ``torch.load(path, weights_only=True)`` opens it.

    Examples
    --------
    See :func:`load_model`.
    """
    windows, settings, info = learned.windows, learned.settings, learned.windows.info
    model = learned.model
    networks = list(model.models) if isinstance(model, Ensemble) else [model]
    torch.save(
        {
            "eegaug": eegaug.__version__,
            "task": settings.task.name,
            "model": settings.model,
            "policy": settings.policy,
            "n_copies": settings.n_copies,
            "labels": list(windows.labels),
            "ch_names": list(info["ch_names"]),
            "positions": [[float(number) for number in ch["loc"][:3]] for ch in info["chs"]],
            "sfreq": float(info["sfreq"]),
            "n_times": windows.X.shape[-1],
            "scaling": windows.scaling,
            "cutting": windows.cutting,
            "networks": [
                {
                    "augmented": isinstance(network, InvariantModel),
                    "state_dict": {k: value.cpu() for k, value in network.state_dict().items()},
                }
                for network in networks
            ],
        },
        path,
    )


def load_model(path: str | Path, device: str = "cpu") -> nn.Module:
    """Load a model that :func:`save_model` wrote, ready to predict.

    Parameters
    ----------
    path : path
        The file.
    device : str
        Device to load it to.

    Returns
    -------
    nn.Module
        An :class:`~eegaug.Ensemble`, or the only network, in evaluation mode. It takes windows
        (batch, channels, times) of the channels, the sampling rate, the pass band and the scaling
        that it was trained on, and returns one score per label, shape (batch, labels).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it holds another model, is damaged, or of a newer version of eegaug.

    Examples
    --------
    >>> import tempfile
    >>> from eegaug.recordings import make_sleep_windows, simulate_nights
    >>> from eegaug.study import Settings, learn
    >>> windows = make_sleep_windows(simulate_nights(n_subjects=3, hours=0.1))
    >>> learned = learn(windows, Settings(epochs=1, n_copies=1, device="cpu"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(learned, Path(folder, "model.pt"))
    ...     model = load_model(Path(folder, "model.pt"))
    >>> model(torch.as_tensor(windows.X[:4])).shape
    torch.Size([4, 5])
    """
    return build_model(read_model(path), path, device)


def build_model(saved: dict[str, Any], path: str | Path, device: str = "cpu") -> nn.Module:
    """Return the model of what :func:`read_model` returned; parameters as of :func:`load_model`."""
    networks = []
    try:
        for one in saved["networks"]:
            network = _network(saved, one["augmented"])
            network.load_state_dict(one["state_dict"])
            networks.append(network)
        model = Ensemble(networks) if len(networks) > 1 else networks[0]
    except Exception as error:  # whatever the parts of a network raise where one does not fit
        raise ValueError(
            f"{path}: damaged, or written with another version of braindecode: no network can be"
            f" built of it ({first_line(error)})."
        ) from error
    broken = [name for name, value in model.state_dict().items() if not _is_finite(value)]
    if broken:
        raise ValueError(f"{path}: damaged: {broken[0]} is not finite.")
    return model.to(device).eval()


def read_model(path: str | Path) -> dict[str, Any]:
    """Return all that :func:`save_model` saved: labels, channels, how windows were cut, states.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    dict

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it holds something else, is damaged, or of a newer version of eegaug.
    """
    try:
        saved = load_whole(path)
    except ValueError as error:
        raise ValueError(f"{path}: damaged, or not the model.pt of `eegaug learn`.") from error
    if not isinstance(saved, dict) or not set(WANTED) <= set(saved):
        raise ValueError(
            f"{path}: not the model.pt of `eegaug learn`. Build a model of your own as it was, and"
            " load its state into it."
        )
    wrong = [name for name, kind in WANTED.items() if not isinstance(saved[name], kind)]
    if wrong:
        found = type(saved[wrong[0]]).__name__
        raise ValueError(f"{path}: damaged: its `{wrong[0]}` is a {found}.")
    try:
        is_newer = Version(saved["eegaug"]) > Version(eegaug.__version__)
    except InvalidVersion as error:
        raise ValueError(f"{path}: damaged ({first_line(error)}).") from error
    if is_newer:
        raise ValueError(
            f"{path}: written by eegaug {saved['eegaug']}, which is newer than this,"
            f" {eegaug.__version__}; update eegaug."
        )
    return saved


def _is_finite(value: Any) -> bool:
    """Whether an entry of a state is finite; those that are no tensors are."""
    return not isinstance(value, torch.Tensor) or bool(torch.isfinite(value).all())


def _network(saved: dict[str, Any], augmented: bool) -> nn.Module:
    """Return a network of a saved model, with other parameters."""
    n_chans, n_labels = len(saved["ch_names"]), len(saved["labels"])
    network = build_network(
        saved["model"], n_chans, saved["n_times"], saved["sfreq"], n_labels, seed=0
    )
    if not augmented:
        return network
    policy = make_policy(saved["policy"], saved["task"], _info(saved), saved["n_times"])
    return InvariantModel(network, policy, saved["n_copies"])


def _info(saved: dict[str, Any]) -> mne.Info:
    """Return the channels that a model was trained on."""
    info = mne.create_info(saved["ch_names"], saved["sfreq"], "eeg", verbose="error")
    for channel, position in zip(info["chs"], np.array(saved["positions"]), strict=True):
        channel["loc"][:3] = position
    return info
