"""A network made invariant by averaging over augmented copies of its input."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from eegaug.transforms.base import Augmentation, Noise, check_signals, map_noise

#: What braindecode, and code that follows it, reads off a model.
SIGNAL_ATTRIBUTES = (
    "n_outputs",
    "n_chans",
    "n_times",
    "input_window_seconds",
    "sfreq",
    "chs_info",
)


class InvariantModel(nn.Module):
    r"""Augment the input, apply the model to each copy, average the outputs.

    .. math:: \bar f(x) = \frac1C \sum_{c=1}^C f(A_c(x)).

    In training the copies of every trial are drawn anew. In evaluation the :math:`C` draws
    come from ``seed`` and are the same for all trials: a trial's prediction repeats, and does
    not depend on what else is in the batch.

    Parameters
    ----------
    model : nn.Module
        Network that takes signals (batch, channels, times). Its ``n_outputs``, ``n_chans``,
        ``n_times``, ``input_window_seconds``, ``sfreq`` and ``chs_info`` are found here too.
    augmentation : Augmentation
        Transform, layer or chain in front of it.
    n_copies : int
        Copies in evaluation.
    n_copies_train : int
        Copies in training.
    seed : int
        Seed of the draws in evaluation.

    Raises
    ------
    TypeError
        If ``augmentation`` is no :class:`~eegaug.Augmentation`.
    ValueError
        If a number of copies is not a positive integer.

    References
    ----------
    Benton et al., *Learning invariances in neural networks*, NeurIPS 2020, arXiv 2010.11882.

    Examples
    --------
    >>> from eegaug import FrequencyShift
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(2 * 300, 5))
    >>> model = InvariantModel(network, FrequencyShift(sfreq=100)).eval()
    >>> x = torch.randn(8, 2, 300)
    >>> model(x).shape
    torch.Size([8, 5])
    >>> torch.equal(model(x), model(x))
    True
    """

    def __init__(
        self,
        model: nn.Module,
        augmentation: Augmentation,
        n_copies: int = 4,
        n_copies_train: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if not isinstance(augmentation, Augmentation):
            raise TypeError(
                "Parameter `augmentation` should be an Augmentation."
                f" Found {type(augmentation).__name__}."
            )
        for name, copies in (("n_copies", n_copies), ("n_copies_train", n_copies_train)):
            if isinstance(copies, bool) or not isinstance(copies, int) or copies < 1:
                raise ValueError(
                    f"Parameter `{name}` should be a positive integer. Found `{name} = {copies}`."
                )
        self.model = model
        self.augmentation = augmentation
        self.n_copies = n_copies
        self.n_copies_train = n_copies_train
        self.seed = seed

    def __getattr__(self, name: str) -> Any:
        if name in SIGNAL_ATTRIBUTES:
            return getattr(self.model, name)
        return super().__getattr__(name)

    def forward(self, x: Tensor) -> Tensor:
        """Return the averaged output.

        Parameters
        ----------
        x : Tensor
            Signals, shape (batch, channels, times).

        Returns
        -------
        Tensor
            Outputs of the model, shape (batch, ...).

        Raises
        ------
        TypeError
            If ``x`` is no floating-point tensor.
        ValueError
            If ``x`` is no batch of signals, or the number of channels is not the model's.
        """
        check_signals(x)
        if x.ndim == 2:
            raise ValueError(
                f"Input `x` should have a batch dimension. Found shape {tuple(x.shape)}."
            )
        n_chans = self._n_chans()
        if n_chans is not None and x.shape[-2] != n_chans:
            raise ValueError(
                f"Input `x` should have {n_chans} channels, as the model has."
                f" Found {x.shape[-2]}, in shape {tuple(x.shape)}."
            )
        copies = self.n_copies_train if self.training else self.n_copies
        noise = None if self.training else self._evaluation_noise(x)
        augmented = self.augmentation(x.repeat_interleave(copies, 0), noise=noise)
        return self.model(augmented).unflatten(0, (len(x), copies)).mean(1)

    def _n_chans(self) -> int | None:
        try:
            return self.model.n_chans
        except (AttributeError, ValueError):  # braindecode raises the latter where none was given
            return None

    def _evaluation_noise(self, x: Tensor) -> Noise:
        generator = torch.Generator(x.device).manual_seed(self.seed)
        copies = x[:1].expand(self.n_copies, *x.shape[1:])
        noise = self.augmentation.sample(copies, generator)
        return map_noise(lambda draw: draw.repeat(len(x), *[1] * (draw.ndim - 1)), noise)
