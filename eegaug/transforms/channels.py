"""Transforms of channels: dropped, shuffled, exchanged, re-referenced, interpolated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Self

import torch
from torch import Tensor

from eegaug import functional
from eegaug.montage import mirrored_by_name, mirrored_by_position, on_sphere, read_channels
from eegaug.strength import FlipProbability, Strength, as_strength
from eegaug.transforms.draws import Choices, draw_choices, uniform
from eegaug.transforms.forms import ChannelMixingTransform, GainTransform
from eegaug.transforms.transform import check_channels


class ChannelsDropout(GainTransform):
    r"""Set each channel to zero with probability ``p_drop``.

    .. math:: x'_c = (1 - b_c)\,x_c, \qquad b_c \sim \operatorname{Bernoulli}(p_\mathrm{drop}).

    The remaining channels are not rescaled.

    Parameters
    ----------
    p_drop : float or Strength
        Probability that a channel is dropped; a number initialises a learnable strength from 0 to
        1.
    p : float or Strength
        Probability that a trial is transformed.

    References
    ----------
    Saeed et al., *Learning from heterogeneous EEG signals with differentiable channel
    reordering*, ICASSP 2021, arXiv 2010.13694.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> dropped = ChannelsDropout(p_drop=0.3).eval()(torch.ones(1000, 6, 10))
    >>> bool(abs((dropped == 0).float().mean() - 0.3) < 0.01)
    True
    """

    def __init__(self, p_drop: float | Strength = 0.2, *, p: float | Strength = 1.0) -> None:
        super().__init__(p=p)
        self.p_drop = as_strength("p_drop", p_drop, unit="probability")

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw a choice for each channel."""
        return draw_choices(x, len(x), x.shape[1], generator=generator)

    def gain(self, x: Tensor, noise: Any) -> Tensor:
        """Return zero for each dropped channel, otherwise one."""
        return 1 - noise.taken(self.p_drop)[:, :, None]

    def own_choices(self, noise: Any) -> Iterator[tuple[Choices, Strength]]:
        """Yield the choice of dropped channels."""
        yield noise, self.p_drop


class ChannelsShuffle(ChannelMixingTransform):
    r"""Shuffle a random set of channels among themselves.

    .. math:: x'_c = x_{\pi(c)}, \qquad \pi \text{ uniform over the permutations of }
       \{c : b_c = 1\},\ b_c \sim \operatorname{Bernoulli}(p_\mathrm{shuffle}).

    The permutation grows channel by channel: each channel that joins is swapped with one of those
    already in the set, or with itself. Joining is thus one step, from :math:`P_{j-1}` to
    :math:`P_j`, and the matrix :math:`\sum_j (b_j - b_{j+1})\, P_j` has an exact slope in each
    choice.

    Parameters
    ----------
    p_shuffle : float or Strength
        Probability that a channel is in the set; a number initialises a learnable strength from 0
        to 1.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the signals have only one channel.

    References
    ----------
    Saeed et al., *Learning from heterogeneous EEG signals with differentiable channel
    reordering*, ICASSP 2021, arXiv 2010.13694.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> x = torch.arange(4.0)[None, :, None]
    >>> sorted(ChannelsShuffle(p_shuffle=1.0)(x).flatten().tolist())
    [0.0, 1.0, 2.0, 3.0]
    """

    def __init__(self, p_shuffle: float | Strength = 0.2, *, p: float | Strength = 1.0) -> None:
        super().__init__(p=p)
        self.p_shuffle = as_strength("p_shuffle", p_shuffle, unit="probability")

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw a choice for each channel, and its partner among those before it, U(0, 1)."""
        if x.shape[1] < 2:
            raise ValueError("Input `x` should have two channels or more to shuffle. Found 1.")
        choice = draw_choices(x, len(x), x.shape[1], generator=generator)
        return choice, uniform(x, len(x), x.shape[1], generator=generator)

    def own_choices(self, noise: Any) -> Iterator[tuple[Choices, Strength]]:
        """Yield the choice of channels in the set."""
        yield noise[0], self.p_shuffle

    def matrix(self, x: Tensor, noise: Any) -> Tensor:
        """Return the permutations, each weighted by its share."""
        choice, partner = noise
        n_trials, n_channels = choice.uniform.shape
        ascending, order = choice.uniform.sort(1)
        joined = Choices(ascending, choice.in_part).taken(self.p_shuffle)
        joined = torch.cat([torch.ones_like(joined[:, :1]), joined], 1)
        shares = torch.cat([joined[:, :-1] - joined[:, 1:], joined[:, -1:]], 1)
        sources = self._permutations(order, partner)
        matrix = x.new_zeros(n_trials, n_channels, n_channels)
        shares = shares[:, None].expand(-1, n_channels, -1)
        return matrix.scatter_add(2, sources, shares)

    @staticmethod
    def _permutations(order: Tensor, partner: Tensor) -> Tensor:
        """Return the source of each channel after each step, shape (batch, channels, steps)."""
        n_channels = order.shape[1]
        source = torch.arange(n_channels, device=order.device).expand_as(order)
        steps = [source]
        for count in range(n_channels):
            joining = order[:, count : count + 1]
            drawn = (partner[:, count : count + 1] * (count + 1)).long().clamp_max(count)
            other = order.gather(1, drawn)
            pair = torch.cat([joining, other], 1)
            source = source.scatter(1, pair, source.gather(1, pair.flip(1)))
            steps.append(source)
        return torch.stack(steps, 2)


class ChannelsSymmetry(ChannelMixingTransform):
    r"""Exchange left and right, :math:`x'_c = x_{\bar c}`, with probability ``p``.

    Channels on the midline, and those without a counterpart, stay.

    Parameters
    ----------
    ch_names : sequence of str, optional
        Channel names in the 10-20 system, where odd numbers are on the left.
    positions : array-like, optional
        Sensor positions relative to the head's centre, shape (channels, 3), x from left to
        right; instead of names.
    mirrored : sequence of int, optional
        Index of each channel's counterpart; instead of names and positions.
    p : float or Strength
        Probability of the exchange; a number initialises a learnable
        :class:`~eegaug.FlipProbability`.

    Raises
    ------
    ValueError
        If not exactly one of the three is given, a name is not in the 10-20 system, no channel has
        a counterpart, ``mirrored`` is not its own inverse, or the signals have another number of
        channels.

    References
    ----------
    Deiss et al., *HAMLET: interpretable human and machine co-learning technique*, 2018, arXiv
    1803.09702.

    Examples
    --------
    >>> x = torch.tensor([[[3.0], [0.0], [4.0]]])
    >>> ChannelsSymmetry(["C3", "Cz", "C4"], p=1.0)(x).flatten().tolist()
    [4.0, 0.0, 3.0]
    """

    swap: Tensor

    def __init__(
        self,
        ch_names: Sequence[str] | None = None,
        positions: Any = None,
        mirrored: Sequence[int] | None = None,
        p: float | Strength = 0.5,
    ) -> None:
        super().__init__(p=p if isinstance(p, Strength) else FlipProbability(p))
        given = [name is not None for name in (ch_names, positions, mirrored)]
        if sum(given) != 1:
            raise ValueError(
                "Exactly one of `ch_names`, `positions` and `mirrored` should be given."
                f" Found {sum(given)}."
            )
        if ch_names is not None:
            mirrored = mirrored_by_name(ch_names)
        elif mirrored is None:
            mirrored = mirrored_by_position(positions)
        mirrored = [int(index) for index in mirrored]
        in_place = list(range(len(mirrored)))
        if sorted(mirrored) != in_place or [mirrored[i] for i in mirrored] != in_place:
            raise ValueError(
                "Parameter `mirrored` should be its own inverse: the counterpart of a counterpart"
                f" is the channel itself. Found {mirrored}."
            )
        self.register_buffer("swap", torch.eye(len(mirrored))[mirrored], persistent=False)

    @classmethod
    def from_info(cls, info: Any, **kwargs: Any) -> Self:
        """Build the transform from the names of an :class:`mne.Info` or a ``chs_info``."""
        if not {"positions", "mirrored"} & kwargs.keys():
            kwargs.setdefault("ch_names", [channel["ch_name"] for channel in read_channels(info)])
        return cls(**kwargs)

    def matrix(self, x: Tensor, noise: Any) -> Tensor:
        """Return the exchange of channels; the gate decides whether it applies."""
        check_channels(len(self.swap), x)
        return self.swap.to(x.dtype).expand(x.shape[0], -1, -1)


class ChannelsReref(ChannelMixingTransform):
    r"""Re-reference the signals to a random channel.

    .. math:: x'_c = x_c - x_r \ (c \ne r), \qquad x'_r = -x_r,

    the last being the former reference against the new one.

    Parameters
    ----------
    p : float or Strength
        Probability of re-referencing; a number initialises a learnable strength from 0 to 1.

    References
    ----------
    Mohsenvand et al., *Contrastive representation learning for electroencephalogram
    classification*, Machine Learning for Health, 2020.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> ChannelsReref(p=1.0)(torch.tensor([[[1.0], [4.0]]])).flatten().tolist()
    [-1.0, 3.0]
    """

    def __init__(self, p: float | Strength = 0.5) -> None:
        super().__init__(p=as_strength("p", p, unit="probability"))

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw the reference among the channels, U(0, 1)."""
        return uniform(x, len(x), generator=generator)

    def matrix(self, x: Tensor, noise: Any) -> Tensor:
        """Return the identity less the reference in each row, twice in the reference's own row."""
        channels = torch.arange(x.shape[1], device=x.device)
        reference = (channels == (noise[:, None] * x.shape[1]).long()).to(x.dtype)
        eye = torch.eye(x.shape[1], device=x.device, dtype=x.dtype)
        return eye - (1 + reference)[:, :, None] * reference[:, None]


class ChannelsInterpolation(ChannelMixingTransform):
    r"""Replace channels by interpolation from the others, as for bad channels.

    .. math:: x'_c = (1 - b_c)\,x_c + b_c \sum_{d \ne c} W_{cd}\,x_d, \qquad
       b_c \sim \operatorname{Bernoulli}(p_\mathrm{interp}),

    with :math:`W` the weights of spherical splines.

    Parameters
    ----------
    positions : array-like
        Sensor positions relative to the head's centre, shape (channels, 3).
    p_interp : float or Strength
        Probability that a channel is replaced; a number initialises a learnable strength from 0 to
        1.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the positions are not those of two or more sensors on a sphere, or do not match the
        signals' channels.

    References
    ----------
    Perrin et al., *Spherical splines for scalp potential and current density mapping*,
    Electroencephalography and Clinical Neurophysiology, 1989.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> positions = torch.nn.functional.normalize(torch.randn(6, 3), dim=1)
    >>> ChannelsInterpolation(positions)(torch.randn(8, 6, 100)).shape
    torch.Size([8, 6, 100])
    """

    weights: Tensor

    def __init__(
        self,
        positions: Any,
        p_interp: float | Strength = 0.2,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        self.p_interp = as_strength("p_interp", p_interp, unit="probability")
        sphere = on_sphere(positions)
        n_channels = len(sphere)
        if n_channels < 2:
            raise ValueError("Parameter `positions` should be of two sensors or more. Found 1.")
        weights = sphere.new_zeros(n_channels, n_channels)
        for channel in range(n_channels):
            others = torch.arange(n_channels) != channel
            weights[channel, others] = functional.interpolation_matrix(
                sphere[others], sphere[channel : channel + 1]
            )[0]
        weights = weights.to(torch.get_default_dtype())
        self.register_buffer("weights", weights, persistent=False)

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw a choice for each channel."""
        return draw_choices(x, len(x), x.shape[1], generator=generator)

    def matrix(self, x: Tensor, noise: Any) -> Tensor:
        """Return the identity, with interpolation weights in the rows of replaced channels."""
        check_channels(len(self.weights), x)
        eye = torch.eye(x.shape[1], device=x.device, dtype=x.dtype)
        chosen = noise.taken(self.p_interp)[:, :, None]
        return eye + chosen * (self.weights.to(x.dtype) - eye)

    def own_choices(self, noise: Any) -> Iterator[tuple[Choices, Strength]]:
        """Yield the choice of replaced channels."""
        yield noise, self.p_interp
