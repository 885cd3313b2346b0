"""A network made invariant, or equivariant, by averaging over augmented copies of its input."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from eegaug.transforms.augmentation import Augmentation, check_device, check_signals
from eegaug.transforms.check import check_when_built
from eegaug.transforms.contexts import in_full_precision, in_graph
from eegaug.transforms.draws import Draw, Noise, interleave
from eegaug.validation import check_count, check_flag, check_module, found

#: Attributes that braindecode, and code compatible with it, reads from a model.
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

    In training the copies of every trial are drawn anew. In evaluation the :math:`C` draws come
    from ``seed`` and are the same for all trials: predictions are reproducible and do not depend on
    the rest of the batch.

    Dense outputs, one per sample, should move with the events in the signals. With ``equivariant``,
    the movement of time in each copy is inverted before the average:

    .. math:: \bar f(x) = \frac1C \sum_{c=1}^C A_c^{-1}\big(f(A_c(x))\big).

    Parameters
    ----------
    model : nn.Module
        Network that takes signals (batch, channels, times). Its ``n_outputs``, ``n_chans``,
        ``n_times``, ``input_window_seconds``, ``sfreq`` and ``chs_info`` are available here too.
    augmentation : Augmentation
        Transform, layer or chain in front of it.
    n_copies : int
        Copies in evaluation; 0 to predict from the signals as they are.
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
        If ``model`` is not a module, ``augmentation`` is not an :class:`~eegaug.Augmentation`, a
        number of copies or the seed is not an integer, or ``equivariant`` is not a bool.
    ValueError
        If a number of copies is not positive, the seed is negative, or a custom transform breaks a
        rule of :func:`~eegaug.check_transform`, which is checked if the network has ``n_chans`` and
        ``n_times``.

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

    With one output per sample, the outputs follow an event wherever it is:

    >>> from eegaug import TimeShift
    >>> network = nn.Conv1d(2, 5, 25, padding="same")
    >>> model = InvariantModel(network, TimeShift(sfreq=100), equivariant=True)
    >>> model(x).shape
    torch.Size([8, 5, 300])
    """

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
                f"Parameter `augmentation` should be an Augmentation. Found {found(augmentation)}."
            )
        check_module("model", model)
        check_count("n_copies", n_copies, least=0)
        check_count("n_copies_train", n_copies_train)
        check_count("seed", seed, least=0)
        check_flag("equivariant", equivariant)
        self.model = model
        self.augmentation = augmentation
        self.n_copies = n_copies
        self.n_copies_train = n_copies_train
        self.seed = seed
        self.equivariant = equivariant
        check_when_built(augmentation, self._known("n_chans"), self._known("n_times"))

    def __getattr__(self, name: str) -> Any:
        if name in SIGNAL_ATTRIBUTES:
            return getattr(self.model, name)
        return super().__getattr__(name)

    def forward(self, x: Tensor, draw: Draw | None = None) -> Tensor:
        """Return the averaged output.

        Parameters
        ----------
        x : Tensor
            Signals, shape (batch, channels, times).
        draw : Draw, optional
            Draw of :meth:`sample` to replay, or of the augmentation's ``sample`` for one copy.

        Returns
        -------
        Tensor
            Outputs of the model, shape (batch, ...); (batch, ..., times) where ``equivariant``.

        Raises
        ------
        TypeError
            If ``x`` is not a floating-point tensor, ``draw`` is not a Draw, or an augmentation has
            no inverse.
        ValueError
            If ``x`` is not a batch of signals, the number of channels is not that of the model, the
            draw was made for another batch, or the outputs of an equivariant model are not dense.
        """
        self._check(x)
        if draw is None and not self.training and self.n_copies == 0:
            return self.model(x)
        if draw is None and not self.training and x.is_cpu and not in_graph():
            # one by one: tensors of all copies are often so large that they are mapped anew
            check_device(self.augmentation, x)
            own = self._own_draw(x)
            copies = [self._copy(x, own[number]) for number in range(self.n_copies)]
            return torch.stack(copies).mean(0)
        if draw is None:
            draw = self.sample(x)
        elif not isinstance(draw, Draw):
            raise TypeError(
                "Argument `draw` should be a Draw, as `sample` returns it. Found"
                f" {type(draw).__name__}."
            )
        n_trials = x.shape[0]  # not len(x), which a graph would take for any batch
        n_copies = draw.shape[0] // n_trials
        if not n_copies or draw.shape[0] % n_trials:
            raise ValueError(
                "Argument `draw` should have the same number of rows for each of"
                f" {n_trials} trials. Found {draw.shape[0]} rows."
            )
        if not self.training:
            draw = draw.whole()
        augmented = self.augmentation(x.repeat_interleave(n_copies, 0), draw=draw)
        outputs = self._outputs(augmented, draw)
        return outputs.unflatten(0, (n_trials, n_copies)).mean(1)

    def sample(self, x: Tensor, generator: torch.Generator | None = None) -> Draw:
        """Draw the random values for the copies of a batch, to replay by ``model(x, draw=...)``.

        Parameters
        ----------
        x : Tensor
            Signals as :meth:`forward` takes them.
        generator : torch.Generator, optional
            Source of the draws, on the device of ``x``; by default, in evaluation, one seeded by
            ``seed``.

        Returns
        -------
        Draw
            One row per copy, with the copies of a trial in succession: ``n_copies_train``
            independent draws per trial in training, the same ``n_copies`` draws for all trials in
            evaluation.

        Raises
        ------
        ValueError
            In evaluation, if the model predicts from the signals as they are.
        """
        self._check(x)
        if self.training:
            return interleave(
                [self.augmentation.sample(x, generator) for _ in range(self.n_copies_train)]
            )
        if self.n_copies == 0:
            raise ValueError(
                "Parameter `n_copies` should be positive to draw copies in evaluation. Found 0."
            )
        return self._own_draw(x, generator).repeat(len(x))

    def _own_draw(self, x: Tensor, generator: torch.Generator | None = None) -> Draw:
        """Return the draw of evaluation for one trial, a row per copy."""
        if generator is None:
            generator = torch.Generator(x.device).manual_seed(self.seed)
        copies = x[:1].expand(self.n_copies, *x.shape[1:])
        return self.augmentation.sample(copies, generator).whole()

    def _copy(self, x: Tensor, draw: Draw) -> Tensor:
        """Return the outputs for one copy of each trial, augmented alike by a draw of one row."""
        augmented = self.augmentation.augmented(x, draw, alike=True)
        return self._outputs(augmented, draw.repeat(len(x)) if self.equivariant else draw)

    def _outputs(self, augmented: Tensor, draw: Draw) -> Tensor:
        """Return the output for each augmented trial."""
        outputs = self.model(augmented)
        return self._moved_back(outputs, augmented, draw.noise) if self.equivariant else outputs

    def _check(self, x: Tensor) -> None:
        check_signals(x)
        if x.ndim == 2:
            raise ValueError(
                f"Input `x` should have a batch dimension. Found shape {tuple(x.shape)}."
            )
        n_chans = self._known("n_chans")
        if n_chans is not None and x.shape[-2] != n_chans:
            raise ValueError(
                f"Input `x` should have {n_chans} channels, as the model does."
                f" Found {x.shape[-2]}, in shape {tuple(x.shape)}."
            )

    def _moved_back(self, outputs: Tensor, augmented: Tensor, noise: Noise) -> Tensor:
        n_trials, n_times = augmented.shape[0], augmented.shape[-1]
        shape = tuple(outputs.shape)
        if len(shape) < 2 or (shape[0], shape[-1]) != (n_trials, n_times):
            raise ValueError(
                "Outputs of an equivariant model should be of shape (batch, ..., times), here"
                f" ({n_trials}, ..., {n_times}). Found {shape}."
            )
        with in_full_precision(augmented):  # like the augmentation itself
            exact = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
            return self.augmentation.inverse(exact, noise).to(outputs.dtype)

    def _known(self, name: str) -> int | None:
        try:
            return getattr(self.model, name)
        except (AttributeError, ValueError):  # braindecode's error for an unset attribute
            return None
