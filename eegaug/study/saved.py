"""The file of a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mne
import numpy as np
import torch
from torch import nn

import eegaug
from eegaug.ensemble import Ensemble
from eegaug.models import InvariantModel
from eegaug.policies import make_policy
from eegaug.study.network import build_network
from eegaug.study.result import Learned

#: What a file should have.
WANTED = {
    "task",
    "model",
    "policy",
    "n_copies",
    "labels",
    "ch_names",
    "positions",
    "sfreq",
    "n_times",
    "scaling",
    "cutting",
    "networks",
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
        If it holds another model, or is damaged.

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
    networks = [_network(saved, one["augmented"]) for one in saved["networks"]]
    for network, one in zip(networks, saved["networks"], strict=True):
        try:
            network.load_state_dict(one["state_dict"])
        except RuntimeError as error:  # of several lines
            raise ValueError(
                f"{path}: damaged, or written by another version of eegaug or braindecode: its"
                f" parameters are not those of {saved['model']}."
            ) from error
    model = Ensemble(networks) if len(networks) > 1 else networks[0]
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
        If it holds something else, or is damaged.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except Exception as error:  # torch and pickle raise many
        raise ValueError(f"{path}: damaged, or not the model.pt of `eegaug learn`.") from error
    if not isinstance(saved, dict) or not WANTED <= set(saved):
        raise ValueError(
            f"{path}: not the model.pt of `eegaug learn`. Build a model of your own as it was, and"
            " load its state into it."
        )
    return saved


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
