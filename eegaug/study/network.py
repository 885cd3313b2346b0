"""Networks of braindecode, by name."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable

import braindecode.models
import torch
from torch import nn

from eegaug.validation import did_you_mean

#: Networks that fail with one channel in braindecode, and one that does not.
FOR_ONE_CHANNEL = {"ShallowFBCSPNet": "EEGNet", "Deep4Net": "EEGNet"}


def model_for_one_channel(name: str) -> str:
    """Return the name of a model that takes one channel, the same where it does.

    Parameters
    ----------
    name : str
        Name of a braindecode model.

    Returns
    -------
    str

    Examples
    --------
    >>> model_for_one_channel("ShallowFBCSPNet"), model_for_one_channel("ATCNet")
    ('EEGNet', 'ATCNet')
    """
    return FOR_ONE_CHANNEL.get(name, name)


def find_model(name: str) -> Callable[..., nn.Module]:
    """Return the class of a braindecode model.

    Parameters
    ----------
    name : str
        Name of the class.

    Returns
    -------
    type
        The class.

    Raises
    ------
    ValueError
        If braindecode has no such model.

    Examples
    --------
    >>> find_model("ShallowFBCSPNet").__name__
    'ShallowFBCSPNet'
    """
    models = {
        key: value
        for key, value in vars(braindecode.models).items()
        if inspect.isclass(value) and issubclass(value, nn.Module)
    }
    if name not in models:
        raise ValueError(f"braindecode has no model named {name!r}; {did_you_mean(name, models)}")
    return models[name]


def build_network(
    name: str, n_chans: int, n_times: int, sfreq: float, n_outputs: int, seed: int
) -> nn.Module:
    """Build a braindecode model, and check that it takes the windows.

    Parameters
    ----------
    name : str
        Name of the model.
    n_chans, n_times : int
        Shape of a window.
    sfreq : float
        Sampling rate (Hz).
    n_outputs : int
        Number of labels.
    seed : int
        Seed of the first parameters; the state of torch's random numbers is left as it was.

    Returns
    -------
    nn.Module
        The network in training mode: (batch, channels, times) to (batch, outputs).

    Raises
    ------
    ValueError
        If there is no such model, it cannot take the windows, or its outputs have another shape.

    Examples
    --------
    >>> network = build_network("ShallowFBCSPNet", 22, 400, 100.0, n_outputs=4, seed=0)
    >>> network(torch.zeros(2, 22, 400)).shape
    torch.Size([2, 4])
    """
    signal = {"n_chans": n_chans, "n_outputs": n_outputs, "n_times": n_times, "sfreq": sfreq}
    model = find_model(name)
    accepted = inspect.signature(model).parameters
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a model's own, which the caller cannot act upon
        torch.manual_seed(seed)
        try:
            network = model(**{key: value for key, value in signal.items() if key in accepted})
            with torch.no_grad():
                outputs = network.eval()(torch.zeros(2, n_chans, n_times))
        except Exception as error:  # models fail each in their own way
            raise ValueError(
                f"Model {name} cannot take windows of {n_chans} channels and {n_times} samples:"
                f" {' '.join(str(error).split())}"
            ) from error
    if outputs.shape != (2, n_outputs):
        raise ValueError(
            f"Model {name} should give one output per label, shape (2, {n_outputs})."
            f" Found {tuple(outputs.shape)}."
        )
    return network.train()
