"""Transforms that mix the trials of a batch, and so need their labels."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from eegaug import functional
from eegaug.strength import Strength, as_strength
from eegaug.transforms.augmentation import Random, as_trials
from eegaug.transforms.contexts import in_full_precision, without_graph_in_loader
from eegaug.transforms.draws import Draw, Noise, draw_choices, uniform
from eegaug.validation import check_count, check_flag


class BatchTransform(Random):
    """Base of transforms where the trials of a batch exchange signals.

    The result for a trial depends on the other trials and on the labels. Batch transforms are
    therefore not part of layers or chains: they are applied to a batch before the model.

    Examples
    --------
    >>> class LessMean(BatchTransform):  # subtract the batch mean
    ...     def draw(self, x, generator=None):
    ...         return None  # nothing is random
    ...     def mix(self, x, y, noise):
    ...         return x - x.mean(0), y
    >>> LessMean()(torch.tensor([[[1.0]], [[3.0]]])).flatten().tolist()
    [-1.0, 1.0]
    """

    @abstractmethod
    def mix(self, x: Tensor, y: Any, noise: Any) -> tuple[Tensor, Any]:
        """Map signals (batch, windows, channels, times) and labels deterministically."""

    def forward(
        self,
        x: Tensor,
        y: Any = None,
        *,
        draw: Draw | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor | tuple[Tensor, Any]:
        """Mix the trials of a batch.

        Parameters
        ----------
        x : Tensor
            Floating-point signals, shape (batch, channels, times) or (batch, windows,
            channels, times).
        y : Tensor, optional
            Labels, shape (batch, ...).
        draw : Draw, optional
            Draw of :meth:`sample` to replay.
        generator : torch.Generator, optional
            Source of the draws, on the device of ``x``; torch's default generator if absent.

        Returns
        -------
        Tensor or tuple
            ``x'``, of the shape, dtype and device of ``x``; ``(x', y')`` if ``y`` is given.

        Raises
        ------
        TypeError
            If ``x`` is not a floating-point tensor, or ``y`` is not a tensor.
        ValueError
            If ``x`` is empty or not a batch, the number of labels differs, or the draw was made for
            another batch.
        """
        trials = as_trials(x)
        if x.ndim == 2:
            raise ValueError(f"Input `x` should be a batch of trials. Found {tuple(x.shape)}.")
        if y is not None and not isinstance(y, Tensor):
            raise TypeError(f"Input `y` should be a tensor of labels. Found {type(y).__name__}.")
        if y is not None and (y.ndim == 0 or len(y) != len(x)):
            raise ValueError(
                f"Input `y` should have {len(x)} labels, one per trial. Found {tuple(y.shape)}."
            )
        with in_full_precision(x), without_graph_in_loader():
            draw = self.drawn(x, draw, generator)
            mixed, labels = self.mix(trials, y, draw.noise)
        mixed = mixed.to(x.dtype).reshape(x.shape)
        return mixed if y is None else (mixed, labels)


class Mixup(BatchTransform):
    r"""Mix each trial, and its label, with those of another.

    .. math:: x'_i = \lambda_i\, x_i + (1 - \lambda_i)\, x_{\pi(i)}, \qquad
       \lambda_i = \max(\beta_i, 1 - \beta_i),\ \beta_i \sim \operatorname{Beta}(\alpha, \alpha).

    Each trial keeps a weight of at least one half. Since the permutation :math:`\pi` is random,
    batches are distributed as with :math:`\beta`, and :math:`\alpha = 0` is the identity. Labels
    become ``(y, y_partner, weight)``, of shapes (batch, ...), (batch, ...) and (batch,), for the
    weighted sum of both losses.

    Parameters
    ----------
    alpha : float or Strength
        Parameter of the beta distribution. A number from 0 to 10 is frozen, since the loss of mixed
        labels does not oppose mixing. A learnable ``Strength(0.4, low=0.05, high=2.0)`` has a
        gradient except at zero, where it would stay.
    beta_per_sample : bool
        Whether weights are drawn per trial or, the default, per batch.

    Raises
    ------
    ValueError
        If ``alpha`` is out of its range.

    References
    ----------
    Zhang et al., *mixup: beyond empirical risk minimization*, ICLR 2018, arXiv 1710.09412.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> mixed, (y, partner, weight) = Mixup(alpha=0.4)(torch.randn(4, 2, 100), torch.arange(4))
    >>> mixed.shape, y.tolist(), bool((weight >= 0.5).all())
    (torch.Size([4, 2, 100]), [0, 1, 2, 3], True)
    """

    #: Smallest parameter distinguished from zero.
    SMALLEST = 1e-3

    def __init__(self, alpha: float | Strength = 0.4, beta_per_sample: bool = False) -> None:
        super().__init__()
        self.alpha = as_strength("alpha", alpha, high=10.0, unit="", learnable=False)
        check_flag("beta_per_sample", beta_per_sample)
        self.beta_per_sample = beta_per_sample

    def draw(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw the partners' order and the quantile of the weight, U(0, 1)."""
        order, quantile = uniform(x, 2, len(x), generator=generator)
        return order, quantile if self.beta_per_sample else quantile[:1].expand(len(x))

    def mix(self, x: Tensor, y: Any, noise: Any) -> tuple[Tensor, Any]:
        """Return the mixed signals, and the labels of both with the weight of the first."""
        order, quantile = noise
        partner = order.argsort()
        alpha = self.alpha()
        share = functional.smaller_share(quantile, alpha.clamp_min(self.SMALLEST))
        weight = 1 - share * (alpha > 0)
        mixed = x.lerp(x.index_select(0, partner), (1 - weight)[:, None, None, None])
        return mixed, (y, None if y is None else y[partner], weight)


class SegmentationReconstruction(BatchTransform):
    r"""Rebuild each trial from segments of random trials of its class, kept in position.

    .. math:: x'_i(t) = x_{j(i, k)}(t), \qquad t \in \text{segment } k,\
       j(i, k) \text{ uniform over } \{j : y_j = y_i\}.

    Labels are unchanged. Without labels, all trials are treated as one class.

    Parameters
    ----------
    n_segments : int
        Number of segments, of equal length except for the last, which takes the remainder.
    p : float or Strength
        Probability that a trial is rebuilt. A number is frozen: objectives do not reward the width
        of this transform.

    Raises
    ------
    ValueError
        If the number of segments is not positive or exceeds the number of samples, or labels are
        not one class per trial.

    References
    ----------
    Lotte, *Signal processing approaches to minimize or suppress calibration time in oscillatory
    activity-based brain-computer interfaces*, Proceedings of the IEEE, 2015.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> x = torch.tensor([0.0, 0.0, 1.0, 1.0])[:, None, None].expand(-1, 2, 100)
    >>> rebuilt, y = SegmentationReconstruction(n_segments=4)(x, torch.tensor([0, 0, 1, 1]))
    >>> torch.equal(rebuilt, x)
    True
    """

    def __init__(self, n_segments: int = 8, p: float | Strength = 0.5) -> None:
        super().__init__()
        check_count("n_segments", n_segments)
        self.n_segments = n_segments
        self.p = as_strength("p", p, unit="probability", learnable=False)

    def draw(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw whether a trial is rebuilt, and the source of each segment, U(0, 1)."""
        gate = draw_choices(x, len(x), generator=generator)
        return gate, uniform(x, len(x), self.n_segments, generator=generator)

    def mix(self, x: Tensor, y: Any, noise: Any) -> tuple[Tensor, Any]:
        """Return the rebuilt signals and the labels."""
        gate, place = noise
        n_times = x.shape[-1]
        if n_times < self.n_segments:
            raise ValueError(
                f"Input `x` should have {self.n_segments} times or more, one per segment."
                f" Found {n_times}."
            )
        if y is not None and (y.ndim != 1 or y.is_floating_point()):
            raise ValueError(
                "Input `y` should be one class per trial, integers of shape (batch,)."
                f" Found {y.dtype} of shape {tuple(y.shape)}."
            )
        same = x.new_ones(len(x), len(x)) if y is None else (y[:, None] == y).to(x.dtype)
        members = same.cumsum(1)
        wanted = (place * members[:, -1:]).floor() + 1
        source = torch.searchsorted(members, wanted.contiguous()).clamp_max(len(x) - 1)
        length = n_times // self.n_segments
        ends = [*range(length, length * self.n_segments, length), n_times]
        segments = [
            x[..., start:end].index_select(0, source[:, k])
            for k, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True))
        ]
        rebuilt = torch.cat(segments, -1)
        chosen = gate.taken(self.p)
        return x.lerp(rebuilt, chosen[:, None, None, None]), y
