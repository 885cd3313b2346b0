"""A network made invariant, or equivariant, by averaging over augmented copies of its input."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from eegaug.transforms.base import (
    Augmentation,
    Noise,
    check_signals,
    in_full_precision,
    map_noise,
)
from eegaug.transforms.check import check_customs
from eegaug.validation import check_count

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

    Outputs for each sample should follow an event that moves, not ignore that it does. With
    ``equivariant``, what each copy's augmentation did to time is undone before the average:

    .. math:: \bar f(x) = \frac1C \sum_{c=1}^C A_c^{-1}\big(f(A_c(x))\big).

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
    equivariant : bool
        Whether the model's outputs are dense, of shape (batch, ..., times), and are moved back
        (:meth:`Augmentation.inverse <eegaug.Augmentation.inverse>`).

    Raises
    ------
    TypeError
        If ``augmentation`` is no :class:`~eegaug.Augmentation`, or a number of copies is not whole.
    ValueError
        If a number of copies is not positive.

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

    A network with an output for each sample finds an event wherever it is:

    >>> from eegaug import TimeShift
    >>> network = nn.Conv1d(2, 5, 25, padding="same")
    >>> model = InvariantModel(network, TimeShift(sfreq=100), equivariant=True)
    >>> model(x).shape
    torch.Size([8, 5, 300])
    """

    #: Whether transforms that are not of this package have been checked on a batch.
    _checked = False

    def __init__(
        self,
        model: nn.Module,
        augmentation: Augmentation,
        n_copies: int = 4,
        n_copies_train: int = 1,
        seed: int = 0,
        equivariant: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(augmentation, Augmentation):
            raise TypeError(
                "Parameter `augmentation` should be an Augmentation."
                f" Found {type(augmentation).__name__}."
            )
        check_count("n_copies", n_copies)
        check_count("n_copies_train", n_copies_train)
        self.model = model
        self.augmentation = augmentation
        self.n_copies = n_copies
        self.n_copies_train = n_copies_train
        self.seed = seed
        self.equivariant = equivariant

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
            Outputs of the model, shape (batch, ...); (batch, ..., times) where ``equivariant``.

        Raises
        ------
        TypeError
            If ``x`` is no floating-point tensor, or an augmentation cannot be undone.
        ValueError
            If ``x`` is no batch of signals, the number of channels is not the model's, the outputs
            of an equivariant one are not dense, or, on the first batch of a training, a transform
            from outside of this package does not pass :func:`~eegaug.check_transform`.
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
        if self.training:
            self._check_once(x)
        copies = self.n_copies_train if self.training else self.n_copies
        noise = None if self.training else self._evaluation_noise(x)
        outputs = self.of_one_copy(x.repeat_interleave(copies, 0), noise)
        return outputs.unflatten(0, (len(x), copies)).mean(1)

    def of_one_copy(self, x: Tensor, noise: Noise = None) -> Tensor:
        """Return the output for one augmented copy of each trial, with nothing averaged.

        Parameters
        ----------
        x : Tensor
            Signals, shape (batch, channels, times).
        noise : nested tuple of Tensor, optional
            Draws of the augmentation's ``sample`` to replay.

        Returns
        -------
        Tensor
            Outputs of the model, shape (batch, ...).
        """
        if noise is None and self.equivariant:  # what is to be undone is to be known
            noise = self.augmentation.sample(x)
        augmented = self.augmentation(x, noise=noise)
        outputs = self.model(augmented)
        return self._undone(outputs, augmented, noise) if self.equivariant else outputs

    def _check_once(self, x: Tensor) -> None:
        """Check custom transforms on two trials; not while tracing, nor inside of torch.func."""
        if torch.compiler.is_compiling() or self._checked or x.is_meta:
            return
        if all(isinstance(each, nn.Parameter) for each in self.parameters()):
            check_customs(self.augmentation, x[:2].detach().nan_to_num(0.0, 0.0, 0.0))
            self._checked = True

    def _undone(self, outputs: Tensor, augmented: Tensor, noise: Noise) -> Tensor:
        n_trials, n_times = len(augmented), augmented.shape[-1]
        shape = tuple(outputs.shape)
        if len(shape) < 2 or (shape[0], shape[-1]) != (n_trials, n_times):
            raise ValueError(
                "Outputs of an equivariant model should be of shape (batch, ..., times), here"
                f" ({n_trials}, ..., {n_times}). Found {shape}."
            )
        with in_full_precision(augmented):  # as the augmentation itself is
            exact = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
            return self.augmentation.inverse(exact, noise).to(outputs.dtype)

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
