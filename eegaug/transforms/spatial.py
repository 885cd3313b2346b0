"""Transforms of channels and sensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from eegaug import functional
from eegaug.functional.operators import Operators
from eegaug.montage import (
    centre,
    mirrored_by_name,
    mirrored_by_position,
    on_sphere,
    read_channels,
)
from eegaug.strength import FlipProbability, Strength, as_strength
from eegaug.transforms.base import (
    ChannelMixingTransform,
    GainTransform,
    Noise,
    Transform,
    check_channels,
    frequencies,
    less_one,
    stratified,
    uniform,
)
from eegaug.validation import check_count, check_positive


class ChannelsDropout(GainTransform):
    r"""Set each channel to zero with probability ``p_drop``.

    .. math:: x'_c = (1 - b_c)\,x_c, \qquad b_c \sim \operatorname{Bernoulli}(p_\mathrm{drop}).

    What remains is not scaled up.

    Parameters
    ----------
    p_drop : float or Strength
        Chance that a channel is dropped; a number starts a learnable strength from 0 to 1.
    p : float or Strength
        Chance that a trial is transformed.

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

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw each channel's choice, U(0, 1)."""
        return stratified(x, len(x), x.shape[1], generator=generator)

    def gain(self, x: Tensor, noise: Noise) -> Tensor:
        """Return zeros for the channels that are dropped."""
        return 1 - self.choose(noise, self.p_drop)[:, :, None]


class ChannelsShuffle(ChannelMixingTransform):
    r"""Shuffle a random set of channels among themselves.

    .. math:: x'_c = x_{\pi(c)}, \qquad \pi \text{ uniform over the permutations of }
       \{c : b_c = 1\},\ b_c \sim \operatorname{Bernoulli}(p_\mathrm{shuffle}).

    The permutation grows channel by channel: the next to join changes places with one of those
    already in, or with itself, so that its joining is one step, from :math:`P_{j-1}` to
    :math:`P_j`, and the matrix :math:`\sum_j (b_j - b_{j+1})\, P_j` has an exact slope in each
    choice.

    Parameters
    ----------
    p_shuffle : float or Strength
        Chance that a channel is in the set; a number starts a learnable strength from 0 to 1.
    p : float or Strength
        Chance that a trial is transformed.

    Raises
    ------
    ValueError
        If the signals have a single channel.

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

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw each channel's choice and its partner among those in before it, U(0, 1)."""
        if x.shape[1] < 2:
            raise ValueError("Input `x` should have two channels or more to shuffle. Found 1.")
        choice = stratified(x, len(x), x.shape[1], generator=generator)
        return choice, uniform(x, len(x), x.shape[1], generator=generator)

    def matrix(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the permutations, each weighted by its share."""
        choice, partner = noise
        n_trials, n_channels = choice.shape
        draws, order = choice.sort(1)
        joined = self.choose(draws, self.p_shuffle)
        joined = torch.cat([torch.ones_like(joined[:, :1]), joined], 1)
        shares = torch.cat([joined[:, :-1] - joined[:, 1:], joined[:, -1:]], 1)
        sources = self._permutations(order, partner)
        matrix = x.new_zeros(n_trials, n_channels, n_channels)
        shares = shares[:, None].expand(-1, n_channels, -1)
        return matrix.scatter_add(2, sources, shares)

    @staticmethod
    def _permutations(order: Tensor, partner: Tensor) -> Tensor:
        """Return where each channel comes from after each joining, (batch, channels, steps)."""
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
        Names of the channels in the 10-20 system, where odd numbers are left.
    positions : array-like, optional
        Sensor positions relative to the head's centre, shape (channels, 3), x from left to
        right; instead of names.
    mirrored : sequence of int, optional
        Index of each channel's counterpart; instead of names and positions.
    p : float or Strength
        Chance of the exchange; a number starts a learnable :class:`~eegaug.FlipProbability`.

    Raises
    ------
    ValueError
        If not one of the three is given, names are none of the system, no channel has a
        counterpart, a counterpart's counterpart is another channel, or the signals have other
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
                "One of `ch_names`, `positions` and `mirrored` should be given."
                f" Found {sum(given)}."
            )
        if ch_names is not None:
            mirrored = mirrored_by_name(ch_names)
        elif positions is not None:
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
    def from_info(cls, info: Any, **kwargs: Any) -> Transform:
        """Build the transform from the names of an :class:`mne.Info` or a ``chs_info``."""
        if not {"positions", "mirrored"} & kwargs.keys():
            kwargs.setdefault("ch_names", [channel["ch_name"] for channel in read_channels(info)])
        return cls(**kwargs)

    def matrix(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the exchange of channels: the gate alone decides."""
        check_channels(len(self.swap), x)
        return self.swap.to(x.dtype).expand(len(x), -1, -1)


class ChannelsReref(ChannelMixingTransform):
    r"""Take a random channel as the reference.

    .. math:: x'_c = x_c - x_r \ (c \ne r), \qquad x'_r = -x_r,

    the last being the former reference against the new one.

    Parameters
    ----------
    p : float or Strength
        Chance of the change; a number starts a learnable strength from 0 to 1.

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

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw the reference among the channels, U(0, 1)."""
        return uniform(x, len(x), generator=generator)

    def matrix(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the identity less the reference, in every row and twice in its own."""
        channels = torch.arange(x.shape[1], device=x.device)
        reference = (channels == (noise[:, None] * x.shape[1]).long()).to(x.dtype)
        eye = torch.eye(x.shape[1], device=x.device, dtype=x.dtype)
        return eye - (1 + reference)[:, :, None] * reference[:, None]


class ChannelsInterpolation(ChannelMixingTransform):
    r"""Replace channels by what the others tell of them, as bad channels are interpolated.

    .. math:: x'_c = (1 - b_c)\,x_c + b_c \sum_{d \ne c} W_{cd}\,x_d, \qquad
       b_c \sim \operatorname{Bernoulli}(p_\mathrm{interp}),

    with :math:`W` the weights of spherical splines.

    Parameters
    ----------
    positions : array-like
        Sensor positions relative to the head's centre, shape (channels, 3).
    p_interp : float or Strength
        Chance that a channel is replaced; a number starts a learnable strength from 0 to 1.
    p : float or Strength
        Chance that a trial is transformed.

    Raises
    ------
    ValueError
        If the positions are not those of two or more sensors on a sphere, or not those of the
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

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw each channel's choice, U(0, 1)."""
        return stratified(x, len(x), x.shape[1], generator=generator)

    def matrix(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the identity, with the rows of the channels that are replaced."""
        check_channels(len(self.weights), x)
        eye = torch.eye(x.shape[1], device=x.device, dtype=x.dtype)
        chosen = self.choose(noise, self.p_interp)[:, :, None]
        return eye + chosen * (self.weights.to(x.dtype) - eye)


class SensorsRotation(Transform):
    r"""Turn the cap about an axis: what the sensors would see if they sat elsewhere.

    .. math:: x' = \big(I + W(\theta) - W(0)\big)\,x, \qquad
       \theta \sim U(-1, 1)\,\theta_{\max},

    with :math:`W(\theta)` the weights of spherical splines from the sensors to where they are
    turned to. Taking :math:`W(0)` off makes zero degrees the identity, which the splines, being
    regularised, miss slightly.

    Parameters
    ----------
    positions : array-like
        Sensor positions relative to the head's centre, shape (channels, 3): x to the right, y
        to the front, z up.
    axis : {"x", "y", "z"}
        Axis of the rotation: x nods, y tilts to the side, z looks about.
    max_degrees : float or Strength
        Largest angle (degrees); a number starts a learnable strength from 0 to 30 degrees.
    p : float or Strength
        Chance that a trial is transformed.

    Raises
    ------
    ValueError
        If the positions are not on a sphere, or not those of the signals' channels, or the axis is
        none of the three.

    References
    ----------
    Krell and Kim, *Rotational data augmentation for electroencephalographic data*, EMBC 2017.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> positions = torch.nn.functional.normalize(torch.randn(6, 3), dim=1)
    >>> SensorsRotation(positions, "z", max_degrees=15)(torch.randn(8, 6, 100)).shape
    torch.Size([8, 6, 100])
    """

    cosines: Tensor
    sines: Tensor

    def __init__(
        self,
        positions: Any,
        axis: str = "z",
        max_degrees: float | Strength = 15.0,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        if axis not in ("x", "y", "z"):
            raise ValueError(f"Parameter `axis` should be 'x', 'y' or 'z'. Found {axis!r}.")
        self.axis = axis
        self.max_degrees = as_strength("max_degrees", max_degrees, high=30.0, unit="degrees")
        series = functional.rotation_series(on_sphere(positions), "xyz".index(axis))
        for name, part in zip(("cosines", "sines"), series, strict=True):
            part = part[1:].to(torch.get_default_dtype())
            self.register_buffer(name, part.flatten(1), persistent=False)
        self.n_channels = len(positions)

    @classmethod
    def from_montage(cls, montage: Any, ch_names: Sequence[str], **kwargs: Any) -> Transform:
        """Build the transform for channels of a montage.

        Parameters
        ----------
        montage : mne.channels.DigMontage
            Positions by name, as ``mne.channels.make_standard_montage`` gives them.
        ch_names : sequence of str
            Channels, in the order of the signals.
        **kwargs
            The other arguments of the transform.

        Returns
        -------
        Transform
            One of this class, for the positions relative to the centre of the whole montage.

        Raises
        ------
        TypeError
            If it is no montage.
        ValueError
            If the montage lacks some of the channels.
        """
        if not hasattr(montage, "get_positions"):
            raise TypeError(
                "Argument `montage` should be a DigMontage, as mne.channels.make_standard_montage"
                f" gives it. Found {type(montage).__name__}."
            )
        known = montage.get_positions()["ch_pos"]
        unknown = [name for name in ch_names if name not in known]
        if unknown:
            raise ValueError(f"Channel names should be in the montage. Found {unknown}.")
        cap = {name: [float(number) for number in place] for name, place in known.items()}
        positions = torch.tensor([cap[name] for name in ch_names], dtype=torch.float64)
        middle = centre(torch.tensor(list(cap.values()), dtype=torch.float64))
        return cls(positions=positions - middle, **kwargs)

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw the angle relative to the largest, U(-1, 1)."""
        return uniform(x, len(x), low=-1.0, generator=generator)

    def step(self, x: Tensor, noise: Noise) -> Operators:
        """Return the weights at the angle, less those at zero."""
        check_channels(self.n_channels, x)
        cosines, sines = self.cosines.to(x.dtype), self.sines.to(x.dtype)
        degree = torch.arange(1, len(cosines) + 1, device=x.device, dtype=x.dtype)
        angle = torch.deg2rad(self.max_degrees() * noise)[:, None] * degree
        change = (torch.cos(angle) - 1) @ cosines + torch.sin(angle) @ sines
        return {"matrix": change.unflatten(1, (self.n_channels, self.n_channels))}

    def extra_repr(self) -> str:
        """Show the axis."""
        return f"axis={self.axis!r}"


class _AxisRotation(SensorsRotation):
    """Base of rotations about an axis that the class tells."""

    AXIS: ClassVar[str]

    def __init__(
        self, positions: Any, max_degrees: float | Strength = 15.0, *, p: float | Strength = 1.0
    ) -> None:
        super().__init__(positions, self.AXIS, max_degrees, p=p)


class SensorsXRotation(_AxisRotation):
    r"""Turn the cap about the axis from left to right, as in nodding.

    .. math:: x' = \big(I + W(R_x(\theta)) - W(I)\big)\,x, \qquad
       \theta \sim U(-1, 1)\,\theta_{\max},

    with :math:`R_x` the rotation and :math:`W` the weights of spherical splines, as
    in :class:`SensorsRotation`.

    Parameters
    ----------
    positions : array-like
        Sensor positions relative to the head's centre, shape (channels, 3).
    max_degrees : float or Strength
        Largest angle (degrees); a number starts a learnable strength from 0 to 30 degrees.
    p : float or Strength
        Chance that a trial is transformed.

    Raises
    ------
    ValueError
        If the positions are not on a sphere, or not those of the signals' channels.

    References
    ----------
    Krell and Kim, *Rotational data augmentation for electroencephalographic data*, EMBC 2017.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> positions = torch.nn.functional.normalize(torch.randn(6, 3), dim=1)
    >>> SensorsXRotation(positions, max_degrees=15)(torch.randn(8, 6, 100)).shape
    torch.Size([8, 6, 100])
    """

    AXIS = "x"


class SensorsYRotation(_AxisRotation):
    r"""Turn the cap about the axis from back to front, as in tilting the head.

    .. math:: x' = \big(I + W(R_y(\theta)) - W(I)\big)\,x, \qquad
       \theta \sim U(-1, 1)\,\theta_{\max},

    with :math:`R_y` the rotation and :math:`W` the weights of spherical splines, as
    in :class:`SensorsRotation`.

    Parameters
    ----------
    positions : array-like
        Sensor positions relative to the head's centre, shape (channels, 3).
    max_degrees : float or Strength
        Largest angle (degrees); a number starts a learnable strength from 0 to 30 degrees.
    p : float or Strength
        Chance that a trial is transformed.

    Raises
    ------
    ValueError
        If the positions are not on a sphere, or not those of the signals' channels.

    References
    ----------
    Krell and Kim, *Rotational data augmentation for electroencephalographic data*, EMBC 2017.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> positions = torch.nn.functional.normalize(torch.randn(6, 3), dim=1)
    >>> SensorsYRotation(positions, max_degrees=15)(torch.randn(8, 6, 100)).shape
    torch.Size([8, 6, 100])
    """

    AXIS = "y"


class SensorsZRotation(_AxisRotation):
    r"""Turn the cap about the upright axis, as in looking about.

    .. math:: x' = \big(I + W(R_z(\theta)) - W(I)\big)\,x, \qquad
       \theta \sim U(-1, 1)\,\theta_{\max},

    with :math:`R_z` the rotation and :math:`W` the weights of spherical splines, as
    in :class:`SensorsRotation`.

    Parameters
    ----------
    positions : array-like
        Sensor positions relative to the head's centre, shape (channels, 3).
    max_degrees : float or Strength
        Largest angle (degrees); a number starts a learnable strength from 0 to 30 degrees.
    p : float or Strength
        Chance that a trial is transformed.

    Raises
    ------
    ValueError
        If the positions are not on a sphere, or not those of the signals' channels.

    References
    ----------
    Krell and Kim, *Rotational data augmentation for electroencephalographic data*, EMBC 2017.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> positions = torch.nn.functional.normalize(torch.randn(6, 3), dim=1)
    >>> SensorsZRotation(positions, max_degrees=15)(torch.randn(8, 6, 100)).shape
    torch.Size([8, 6, 100])
    """

    AXIS = "z"


class BandRotation(Transform):
    r"""Turn bands of electrodes worn about the limbs, each by an angle of its own.

    .. math:: x'_b = D(s_b)\, x_b, \qquad s_b \sim U(-1, 1)\,s_{\max},

    with :math:`D(s)` the circular shift by :math:`s` electrodes, band-limited between them. With
    ``max_temporal_jitter`` the second band is also shifted in time, circularly: relative to the
    others, so that labels stay. The form is mixing; with jitter it is mixing and filtering, one
    after the other, so that the whole step is a term.

    Parameters
    ----------
    num_bands, electrodes_per_band : int
        Layout: the channels of a band are next to each other.
    max_offset : float or Strength
        Largest rotation (electrodes); a number starts a learnable strength from 0 to 2.
    max_temporal_jitter : float or Strength, optional
        Largest shift of the second band (samples), either way; a number starts a learnable
        strength from 0 to twice that. Without it, time stays.
    p : float or Strength
        Chance that a trial is transformed.

    Raises
    ------
    ValueError
        If the layout is empty or not that of the signals, or jitter is asked for with a single
        band.

    References
    ----------
    Sivakumar et al., *emg2qwerty: a large dataset with baselines for touch typing using surface
    electromyography*, NeurIPS Datasets and Benchmarks, 2024.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> BandRotation(num_bands=2, electrodes_per_band=4)(torch.randn(8, 8, 100)).shape
    torch.Size([8, 8, 100])
    """

    def __init__(
        self,
        num_bands: int = 2,
        electrodes_per_band: int = 16,
        max_offset: float | Strength = 1.0,
        max_temporal_jitter: float | Strength | None = None,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        check_count("num_bands", num_bands)
        check_count("electrodes_per_band", electrodes_per_band)
        self.num_bands = num_bands
        self.electrodes_per_band = electrodes_per_band
        self.max_offset = as_strength("max_offset", max_offset, high=2.0, unit="electrodes")
        self.max_temporal_jitter = None
        if max_temporal_jitter is not None:
            if num_bands < 2:
                raise ValueError(
                    "Parameter `num_bands` should be 2 or more for jitter between bands. Found 1."
                )
            high = 1.0
            if not isinstance(max_temporal_jitter, Strength):
                check_positive("max_temporal_jitter", max_temporal_jitter)
                high = 2 * max_temporal_jitter
            self.max_temporal_jitter = as_strength(
                "max_temporal_jitter", max_temporal_jitter, high=high, unit="samples"
            )

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw each band's rotation, and the shift in time, U(-1, 1)."""
        return uniform(x, len(x), self.num_bands + 1, low=-1.0, generator=generator)

    def step(self, x: Tensor, noise: Noise) -> Operators:
        """Return the matrix of all bands, or with jitter the whole step."""
        matrix = self._rotation(x, noise[:, :-1])
        if self.max_temporal_jitter is None:
            return {"matrix": matrix}
        turned = functional.apply(x, {"matrix": matrix})
        first, second, *rest = turned.split(self.electrodes_per_band, 1)
        freqs = frequencies(x)
        shift = self.max_temporal_jitter() * noise[:, -1, None, None]
        phase = -2 * torch.pi * freqs * shift
        response = less_one(torch.cos(phase), torch.sin(phase), freqs)
        second = functional.apply(second, {"response": response})
        return {"term": torch.cat([first, second, *rest], 1) - x}

    def _rotation(self, x: Tensor, noise: Tensor) -> Tensor:
        """Return the step of the block matrix of all bands, from its Fourier series."""
        n = self.electrodes_per_band
        check_channels(self.num_bands * n, x)
        place = torch.arange(n, device=x.device, dtype=x.dtype)
        distance = place[:, None] - place
        degree = torch.arange(1, n // 2 + 1, device=x.device, dtype=x.dtype)[:, None, None]
        weight = (2 - (2 * degree == n).to(x.dtype)) / n
        angle = 2 * torch.pi / n * degree
        shift = (noise * self.max_offset())[:, :, None, None, None]
        waves = torch.cos(angle * (distance - shift)) - torch.cos(angle * distance)
        blocks = (weight * waves).sum(2)
        own_band = torch.eye(self.num_bands, device=x.device, dtype=x.dtype)[:, None, :, None]
        matrix = own_band * blocks[:, :, :, None]
        return matrix.flatten(3).flatten(1, 2)
