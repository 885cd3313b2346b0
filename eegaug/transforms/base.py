"""What all augmentations share: noise apart from strength, and the linear forms."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import get_worker_info

from eegaug import functional
from eegaug.functional.operators import Operators
from eegaug.montage import read_channels, read_positions
from eegaug.strength import Strength, as_strength

#: Draws of an augmentation: tensors with one row a trial, nested in tuples; None for no draw.
Noise = Tensor | tuple | None


class Augmentation(nn.Module):
    """Base of transforms, layers and chains: a random map of signals to signals.

    The noise is drawn apart from the map: :meth:`draw` needs no strength, :meth:`augment` is
    a deterministic, differentiable function of signal, noise and strengths. Calling the
    module does both, or replays the noise it is given.

    Examples
    --------
    >>> from eegaug import TimeShift
    >>> shift, x = TimeShift(sfreq=100), torch.randn(8, 2, 300)
    >>> noise = shift.sample(x)
    >>> torch.equal(shift(x, noise=noise), shift(x, noise=noise))
    True
    """

    def forward(
        self,
        x: Tensor,
        y: Any = None,
        *,
        noise: Noise = None,
        generator: torch.Generator | None = None,
    ) -> Tensor | tuple[Tensor, Any]:
        """Augment each trial by a draw of its own.

        Parameters
        ----------
        x : Tensor
            Floating-point signals, shape (batch, channels, times), (channels, times) for one
            trial, or (batch, windows, channels, times), where a trial's windows share a draw.
        y : object, optional
            Labels. Dense ones, a tensor of shape (batch, ..., times) such as (batch, times) or
            (batch, classes, times), move with the signals where time moves, to the nearest
            sample; all others are handed through.
        noise : nested tuple of Tensor, optional
            Draws of :meth:`sample` to replay.
        generator : torch.Generator, optional
            Source of the draws, on the device of ``x``; torch's own where absent.

        Returns
        -------
        Tensor or tuple
            ``x'``, of the shape, dtype and device of ``x``; ``(x', y)`` where ``y`` is given.

        Raises
        ------
        TypeError
            If ``x`` is no floating-point tensor, or the noise is not made of tensors.
        ValueError
            If ``x`` is empty or of another number of dimensions, or the noise was drawn for
            signals of another shape.
        """
        trials = as_trials(x)
        with in_full_precision(x), without_graph_in_workers():
            noise = drawn_or_checked(self.draw, noise, trials, generator)
            n_windows = trials.shape[1]
            per_window = noise
            if n_windows > 1:
                per_window = map_noise(lambda draw: draw.repeat_interleave(n_windows, 0), noise)
            out = self.augment(trials.flatten(0, 1), per_window)
            if n_windows > 1:  # which share their choices
                for module in self.modules():
                    if isinstance(module, Strength) and module.choices is not None:
                        module.choices = module.choices[::n_windows]
        out = out.to(x.dtype).reshape(*x.shape[:-1], out.shape[-1])
        if y is None:
            return out
        labels = y[None] if isinstance(y, Tensor) and x.ndim == 2 else y
        if not _is_dense(labels, trials):
            return out, y
        labels = self.relabel(labels, noise)
        return out, labels[0] if x.ndim == 2 else labels

    def sample(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw the noise for a batch, to be replayed by ``augmentation(x, noise=...)``.

        Parameters
        ----------
        x : Tensor
            Signals as :meth:`forward` takes them.
        generator : torch.Generator, optional
            Source of the draws, on the device of ``x``.

        Returns
        -------
        nested tuple of Tensor
            Draws with one row a trial, free of any learnable parameter.
        """
        return self.draw(as_trials(x)[:, 0], generator)

    @abstractmethod
    def draw(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw parameter-free noise, one row a trial of ``x`` (batch, channels, times)."""

    @abstractmethod
    def augment(self, x: Tensor, noise: Noise) -> Tensor:
        """Map signals (batch, channels, times) deterministically."""

    def resized(self, x: Tensor) -> Tensor:
        """Return signals of the shape that :meth:`augment` returns; here ``x`` itself."""
        return x

    def relabel(self, y: Tensor, noise: Noise) -> Tensor:
        """Move dense labels (batch, ..., times) along with the signals; here time stays."""
        return y

    def inverse(self, y: Tensor, noise: Noise) -> Tensor:
        """Move a model's dense outputs back to where the signals were before; here time stays.

        Parameters
        ----------
        y : Tensor
            Outputs for the augmented signals, one for each sample: shape (batch, ..., times).
        noise : nested tuple of Tensor
            Draws of :meth:`sample` with which the signals were augmented.

        Returns
        -------
        Tensor
            Outputs of the same shape, differentiable in ``y`` and in the strengths.

        Raises
        ------
        TypeError
            If a transform moves time in a way that cannot be undone.
        ValueError
            If the signals were a mixture, of which no single movement can be undone.
        """
        return y

    @abstractmethod
    def layers(self) -> Iterator[Augmentation]:
        """Yield the layers inside, in order: of a transform, the transform itself."""

    def candidates(self) -> Iterator[tuple[Transform, Tensor | float]]:
        """Yield the transforms that a layer chooses among, each with its weight."""
        raise NotImplementedError

    def widths(self) -> Iterator[Tensor]:
        """Yield, for each layer inside, the widths of its strengths times their weights."""
        for layer in self.layers():
            widths = [
                weight * strength.width
                for transform, weight in layer.candidates()
                for strength in transform.strengths().values()
            ]
            if widths:
                yield torch.stack(widths)


class Transform(Augmentation):
    r"""Base of single transforms, each a step from the signal in the forms that it states.

    With the gate :math:`g \in \{0, 1\}` of chance ``p``, and :math:`F_a` a form with operator
    :math:`a` (:func:`eegaug.functional.apply` lists them), a trial becomes

    .. math:: x' = x + F_{g\,a}(x),

    so that :math:`a = 0` is the exact identity and a weighted mixture of transforms is one
    step, with the weighted sums of the operators. A subclass of a form's base class gives the
    plain operator (response, carrier, gain, matrix, term); the base class takes the identity
    off it.

    Parameters
    ----------
    p : float or Strength
        Chance that a trial is transformed. A number is frozen; for a learnable chance pass
        ``Strength(0.5, unit="probability")``.

    Attributes
    ----------
    p : Strength or None
        The chance; None where it is the number 1: every trial is transformed, with no gate to
        draw.

    Raises
    ------
    TypeError
        If ``p``, or a strength of a subclass, is neither a number nor a
        :class:`~eegaug.Strength`.
    ValueError
        If it is out of its range, or in another unit.

    Examples
    --------
    Every transform tells what it learns:

    >>> from eegaug import FrequencyShift
    >>> FrequencyShift(sfreq=100, p=Strength(0.5, unit="probability")).strengths()
    {'max_delta_freq': Strength(0.5 Hz in [0, 5]), 'p': Strength(0.5 probability in [0, 1])}

    A transform of one's own, in a form without a base class:

    >>> class Echo(Transform):  # half of the signal, half of it reversed
    ...     def step(self, x, noise):
    ...         return {"reversal": x.new_full((len(x), 1, 1), 0.5)}
    >>> Echo()(torch.tensor([[1.0, 2.0, 6.0]])).tolist()
    [[3.5, 2.0, 3.5]]
    """

    #: Sampling rate (Hz), of those that need one.
    sfreq: float | None = None
    #: Whether candidates of one layer with the same :meth:`noise` may share its draw. For noise as
    #: large as the signals, whose draw costs more than all that is done with it.
    shares_noise = False

    def __init__(self, *, p: float | Strength = 1.0) -> None:
        super().__init__()
        chance = as_strength("p", p, unit="probability", learnable=False)
        self.p = None if chance is not p and p == 1 else chance

    @classmethod
    def from_info(cls, info: Any, **kwargs: Any) -> Transform:
        """Build the transform for recordings described by MNE or by braindecode.

        Parameters
        ----------
        info : mne.Info or list of dict
            Where sampling rate, channel names and sensor positions are read, as the transform
            needs them. A ``chs_info`` of braindecode, a list of MNE's channels, holds no
            sampling rate: pass ``sfreq`` beside it.
        **kwargs
            The other arguments of the transform.

        Returns
        -------
        Transform
            One of this class.

        Raises
        ------
        TypeError
            If ``info`` is neither.
        ValueError
            If the transform needs sensor positions and channels have none, or a sampling rate and
            there is none.
        """
        needed = inspect.signature(cls).parameters
        channels = read_channels(info)
        if "sfreq" in needed and "sfreq" not in kwargs:
            if channels is info:
                raise ValueError("Argument `sfreq` should be given beside a list of channels.")
            kwargs["sfreq"] = float(info["sfreq"])
        if "ch_names" in needed:
            kwargs.setdefault("ch_names", [channel["ch_name"] for channel in channels])
        if "positions" in needed and "positions" not in kwargs:
            kwargs["positions"] = read_positions(channels)
        return cls(**kwargs)

    def draw(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw the gate's noise and the transform's own, one row a trial."""
        return self.gate(x, generator), self.noise(x, generator)

    def gate(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor | None:
        """Draw the gate's noise, one number a trial; none where every trial is transformed."""
        return None if self.p is None else stratified(x, len(x), generator=generator)

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Draw the transform's own noise; none unless the subclass says so."""
        return None

    @abstractmethod
    def step(self, x: Tensor, noise: Noise) -> Operators:
        """Return the operators of the step from ``x`` to its transform, by form."""

    def operators(self, x: Tensor, noise: Noise, share: Tensor | None = None) -> Operators:
        """Return the gated operators, times a share: a scalar, or one a trial."""
        gate, own = noise
        return self.scaled_step(x, own, self.scale(gate, share))

    def scaled_step(self, x: Tensor, noise: Noise, scale: Tensor | None) -> Operators:
        """Return the operators of the step, times a scale: a scalar, or one a trial."""
        step = self.step(x, noise)
        if scale is None:
            return step
        return {form: times(scale, operator) for form, operator in step.items()}

    def scale(self, gate: Tensor | None, share: Tensor | None = None) -> Tensor | None:
        """Return the gate times a share, a scalar or one a trial; None for 1."""
        if gate is None:
            return share
        chosen = self.choose(gate, self.p)
        return chosen if share is None else share * chosen

    def augment(self, x: Tensor, noise: Noise) -> Tensor:
        """Map signals (batch, channels, times) deterministically."""
        return functional.apply(x, self.operators(x, noise))

    def choose(self, draws: Tensor, chance: Strength) -> Tensor:
        """Choose 1 with a chance: in part where it is being learned, else 0 or 1."""
        return choose(draws, chance, self.training)

    def sources(self, times: Tensor, noise: Noise) -> Tensor | None:
        """Return the time that each sample comes from, shape (batch, times), in samples.

        ``None``, the default, where time stays. Sources outside of the window are taken from
        its other end.
        """
        return None

    def relabel(self, y: Tensor, noise: Noise) -> Tensor:
        """Move dense labels (batch, ..., times) along with the signals, to the nearest sample."""
        gate, own = noise
        times = torch.arange(y.shape[-1], device=y.device, dtype=torch.get_default_dtype())
        with torch.no_grad():
            sources = self.sources(times, own)
            if sources is None:
                return y
            if gate is not None:
                sources = torch.where(self.choose(gate, self.p)[:, None] >= 0.5, sources, times)
            index = sources.round().long() % y.shape[-1]
        index = index.expand(len(y), -1).reshape(len(y), *[1] * (y.ndim - 2), -1)
        return y.gather(-1, index.expand(*y.shape[:-1], -1))

    def inverse_map(self, y: Tensor, noise: Noise) -> Tensor:
        """Return dense outputs (batch, rows, times), linearly, at the times before the transform.

        ``y`` itself, the default, where time stays.
        """
        if type(self).sources is not Transform.sources:
            raise TypeError(
                "Dense outputs should come from transforms whose movement of time is undone by"
                f" `inverse_map`. Found {type(self).__name__}, which has none."
            )
        return y

    def inverse(self, y: Tensor, noise: Noise) -> Tensor:
        """Move dense outputs (batch, ..., times) back, in part where the gate chose in part."""
        gate, own = noise
        rows = y.reshape(len(y), -1, y.shape[-1])
        back = self.inverse_map(rows, own)
        if back is rows:
            return y
        chosen = self.scale(gate)
        return (back if chosen is None else rows + times(chosen, back - rows)).reshape(y.shape)

    def strengths(self) -> dict[str, Strength]:
        """Return the learnable strengths by name, in the order of their definition."""
        own = {name: s for name, s in self.named_children() if isinstance(s, Strength)}
        if self.p is not None:
            own["p"] = own.pop("p", self.p)
        return {name: strength for name, strength in own.items() if strength.learnable}

    def layers(self) -> Iterator[Augmentation]:
        """Yield the transform: it counts as a layer of its own."""
        yield self

    def candidates(self) -> Iterator[tuple[Transform, Tensor | float]]:
        """Yield the transform, with a weight of one."""
        yield self, 1.0

    def extra_repr(self) -> str:
        """Show the sampling rate."""
        return "" if self.sfreq is None else f"sfreq={self.sfreq:g}"


class SpectralTransform(Transform):
    """Base of transforms that filter: ``irfft(response * rfft(x))``.

    Parameters
    ----------
    p : float or Strength
        Chance that a trial is transformed.

    Examples
    --------
    >>> class Halve(SpectralTransform):  # the upper half of the spectrum
    ...     def response(self, freqs, noise):
    ...         real = torch.where(freqs > 0.25, 0.5, 1.0)[None, None]
    ...         return real, torch.zeros_like(real)
    >>> Halve()(torch.tensor([[[1.0, -1.0, 1.0, -1.0]]])).tolist()
    [[[0.5, -0.5, 0.5, -0.5]]]
    """

    @abstractmethod
    def response(self, freqs: Tensor, noise: Noise) -> tuple[Tensor, Tensor]:
        """Return real and imaginary part of the response, shape (batch, channels or 1, freqs).

        ``freqs`` holds the frequencies of ``rfft`` in cycles per sample, from 0 to at most 0.5;
        of the responses at 0 and at 0.5 the real part is taken.
        """

    def step(self, x: Tensor, noise: Noise) -> Operators:
        """Return the response less that of the identity."""
        freqs = frequencies(x)
        return {"response": less_one(*self.response(freqs, noise), freqs)}


class ModulationTransform(Transform):
    """Base of transforms that modulate the analytic signal: ``Re(carrier * analytic(x))``.

    Parameters
    ----------
    p : float or Strength
        Chance that a trial is transformed.

    Examples
    --------
    >>> class Up(ModulationTransform):  # all frequencies, by a quarter of the sampling rate
    ...     def carrier(self, times, noise):
    ...         phase = torch.pi / 2 * times[None, None]
    ...         return torch.cos(phase), torch.sin(phase)
    >>> Up()(torch.ones(1, 1, 4)).round().int().tolist()
    [[[1, 0, -1, 0]]]
    """

    @abstractmethod
    def carrier(self, times: Tensor, noise: Noise) -> tuple[Tensor, Tensor]:
        """Return real and imaginary part of the carrier, (batch, channels or 1, times or 1).

        ``times`` counts samples: 0, 1, 2, ...
        """

    def step(self, x: Tensor, noise: Noise) -> Operators:
        """Return the carrier less that of the identity, as a gain and a quadrature."""
        times = torch.arange(x.shape[-1], device=x.device, dtype=x.dtype)
        real, imaginary = self.carrier(times, noise)
        return {"gain": real - 1, "quadrature": -imaginary}


class GainTransform(Transform):
    """Base of transforms that multiply over channels and times: ``gain * x``.

    Parameters
    ----------
    p : float or Strength
        Chance that a trial is transformed.

    Examples
    --------
    >>> class FadeIn(GainTransform):  # from a level that is learned
    ...     def __init__(self, depth=0.5, *, p=1.0):
    ...         super().__init__(p=p)
    ...         self.depth = as_strength("depth", depth, unit="fraction")
    ...     def gain(self, x, noise):
    ...         left = torch.linspace(1, 0, x.shape[-1]).to(x)
    ...         return 1 - self.depth() * left.expand(len(x), 1, -1)
    >>> FadeIn()(torch.ones(1, 1, 3)).tolist()
    [[[0.5, 0.75, 1.0]]]
    """

    @abstractmethod
    def gain(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the gain, shape (batch, channels or 1, times or 1); ``x`` tells the shape."""

    def step(self, x: Tensor, noise: Noise) -> Operators:
        """Return the gain less that of the identity."""
        return {"gain": self.gain(x, noise) - 1}


class ChannelMixingTransform(Transform):
    """Base of transforms that mix channels by a matrix: ``matrix @ x``.

    Parameters
    ----------
    p : float or Strength
        Chance that a trial is transformed.

    Examples
    --------
    >>> class AverageReference(ChannelMixingTransform):
    ...     def matrix(self, x, noise):
    ...         n_channels = x.shape[1]
    ...         return (torch.eye(n_channels) - 1 / n_channels).to(x).expand(len(x), -1, -1)
    >>> AverageReference()(torch.tensor([[[1.0], [3.0]]])).flatten().tolist()
    [-1.0, 1.0]
    """

    @abstractmethod
    def matrix(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the matrix, shape (batch, channels, channels); ``x`` tells the shape."""

    def step(self, x: Tensor, noise: Noise) -> Operators:
        """Return the matrix less that of the identity."""
        eye = torch.eye(x.shape[1], device=x.device, dtype=x.dtype)
        return {"matrix": self.matrix(x, noise) - eye}


class AdditiveTransform(Transform):
    """Base of transforms that add a term: ``x + term``.

    A transform of none of the other forms fits here too, its term the whole step from the
    signal to its transform.

    Parameters
    ----------
    p : float or Strength
        Chance that a trial is transformed.

    Examples
    --------
    >>> class Rectify(AdditiveTransform):  # which is not linear in the signal
    ...     def term(self, x, noise):
    ...         return x.abs() - x
    >>> Rectify()(torch.tensor([[[1.0, -2.0]]])).tolist()
    [[[1.0, 2.0]]]
    """

    @abstractmethod
    def term(self, x: Tensor, noise: Noise) -> Tensor:
        """Return what is added, shape (batch, channels, times)."""

    def step(self, x: Tensor, noise: Noise) -> Operators:
        """Return the term."""
        return {"term": self.term(x, noise)}


class NoiseTransform(Transform):
    """Base of transforms that add noise at a strength: ``x + strength * field``.

    Parameters
    ----------
    p : float or Strength
        Chance that a trial is transformed.

    Examples
    --------
    >>> class RandomWalk(NoiseTransform):
    ...     def __init__(self, pace=0.1, *, p=1.0):
    ...         super().__init__(p=p)
    ...         self.pace = as_strength("pace", pace, unit="unit of the signal")
    ...     def noise(self, x, generator=None):
    ...         return torch.empty_like(x).normal_(generator=generator).cumsum(-1)
    ...     def level(self):
    ...         return self.pace()
    >>> RandomWalk()(torch.randn(8, 2, 100)).shape
    torch.Size([8, 2, 100])
    """

    @abstractmethod
    def level(self) -> Tensor:
        """Return the strength, a scalar."""

    def field(self, x: Tensor, noise: Noise) -> Tensor:
        """Return the noise at strength one, shape (batch, channels, times): that drawn."""
        return noise

    def step(self, x: Tensor, noise: Noise) -> Operators:
        """Return the noise at its strength, as a term."""
        return self.scaled_step(x, noise, None)

    def scaled_step(self, x: Tensor, noise: Noise, scale: Tensor | None) -> Operators:
        """Return the term: all numbers of a trial are one before they meet its samples."""
        total = self.level() if scale is None else scale * self.level()
        return {"term": times(total, self.field(x, noise))}


def augmentation_layers(module: nn.Module) -> Iterator[Augmentation]:
    """Yield the layers of all augmentations of a model, in order."""
    if isinstance(module, Augmentation):
        yield from module.layers()
    else:
        for child in module.children():
            yield from augmentation_layers(child)


def uniform(
    x: Tensor,
    *shape: int,
    low: float = 0.0,
    high: float = 1.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw from U(low, high) on the device and in the dtype of ``x``.

    Parameters
    ----------
    x : Tensor
        Tells device and dtype.
    *shape : int
        Shape of the draws.
    low, high : float
        Ends of the interval.
    generator : torch.Generator, optional
        Source of the draws, on the device of ``x``.

    Returns
    -------
    Tensor
    """
    draws = x.new_empty(shape)
    # without values there is nothing to draw, nor should the shape of draws cost a draw
    return draws if x.is_meta else draws.uniform_(low, high, generator=generator)


def normal(x: Tensor, *shape: int, generator: torch.Generator | None = None) -> Tensor:
    """Draw from N(0, 1) on the device and in the dtype of ``x``.

    Parameters
    ----------
    x : Tensor
        Tells device and dtype.
    *shape : int
        Shape of the draws.
    generator : torch.Generator, optional
        Source of the draws, on the device of ``x``.

    Returns
    -------
    Tensor
    """
    draws = x.new_empty(shape)
    return draws if x.is_meta else draws.normal_(generator=generator)


def stratified(x: Tensor, *shape: int, generator: torch.Generator | None = None) -> Tensor:
    """Draw from U(0, 1), spread evenly over the batch, so that it holds each choice in its share.

    In each column one draw lies in each of as many equal parts of [0, 1] as there are trials; a
    draw by itself is uniform, and the draws of one trial are independent.

    Parameters
    ----------
    x : Tensor
        Tells device and dtype.
    *shape : int
        Shape of the draws; the first is the batch.
    generator : torch.Generator, optional
        Source of the draws, on the device of ``x``.

    Returns
    -------
    Tensor
    """
    part, within = uniform(x, 2, *shape, generator=generator)
    # a little less than its part, lest rounding reach one, which no chance is above
    return (part.argsort(0) + within) * ((1 - torch.finfo(x.dtype).eps) / shape[0])


def choose(draws: Tensor, chance: Strength, training: bool) -> Tensor:
    """Choose 1 with a chance: in part where it is being learned through the choice, else 0 or 1.

    It is being learned in training, where its strength is learnable, but not in a worker of a
    data loader, which no gradient reaches. Where the criterion scores the choices, they are whole,
    and left for it in ``chance.choices``.

    Parameters
    ----------
    draws : Tensor
        Draws from U(0, 1), any shape.
    chance : Strength
        The chance.
    training : bool
        Whether the module that chooses is in training.

    Returns
    -------
    Tensor
        Choices of the shape and dtype of the draws.
    """
    p = chance()
    learning = training and chance.learnable and not in_worker()
    if learning and not chance.scored:
        return functional.bernoulli(draws, p)
    choices = (draws < p).to(draws.dtype)
    if learning:
        chance.choices = choices
    return choices


def in_worker() -> bool:
    """Whether this is a worker of a data loader, which hands its batch to another process."""
    return not torch.compiler.is_compiling() and get_worker_info() is not None


def without_graph_in_workers() -> AbstractContextManager:
    """Build no graph in a worker of a data loader: it could not follow the batch."""
    return torch.no_grad() if in_worker() else nullcontext()


def in_full_precision(x: Tensor) -> AbstractContextManager:
    """Switch mixed precision off: positions, phases and permutations are to be exact."""
    device = x.device.type
    mixed = torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)
    return torch.autocast(device, enabled=False) if mixed else nullcontext()


@contextmanager
def restored(*parameters: nn.Parameter) -> Iterator[None]:
    """Put the values of parameters back after they were changed, whatever happens."""
    before = [parameter.data.clone() for parameter in parameters]
    try:
        yield
    finally:
        for parameter, values in zip(parameters, before, strict=True):
            parameter.data.copy_(values)


@contextmanager
def in_mode(module: nn.Module, training: bool) -> Iterator[None]:
    """Put a module into training or evaluation mode, and then each module inside back."""
    modes = {each: each.training for each in module.modules()}
    module.train(training)
    try:
        yield
    finally:
        for each, mode in modes.items():
            each.training = mode


def frequencies(x: Tensor) -> Tensor:
    """Return the frequencies of ``rfft`` in cycles per sample, shape (freqs,)."""
    n_times = x.shape[-1]
    # Not rfftfreq, which misses 0.5 by rounding at some lengths.
    return torch.arange(n_times // 2 + 1, device=x.device, dtype=x.dtype) / n_times


def less_one(real: Tensor, imaginary: Tensor, freqs: Tensor) -> Tensor:
    """Return the real view of a response less the identity, real at the mean and Nyquist."""
    inner = ((freqs > 0) & (freqs < 0.5)).to(imaginary.dtype)
    return torch.stack([real - 1, imaginary * inner], -1)


def check_channels(n_channels: int, x: Tensor) -> None:
    """Raise where the signals have another number of channels than the transform is for."""
    if x.shape[1] != n_channels:
        raise ValueError(
            f"Input `x` should have {n_channels} channels, as the transform was built for."
            f" Found {x.shape[1]}."
        )


def map_noise(function: Callable[[Tensor], Tensor], noise: Noise) -> Noise:
    """Apply a function to every tensor of nested draws."""
    if isinstance(noise, tuple):
        return tuple(map_noise(function, part) for part in noise)
    return None if noise is None else function(noise)


def check_signals(x: Tensor) -> None:
    """Raise where ``x`` is no floating-point tensor of signals."""
    wanted = "a floating-point tensor of shape (batch, channels, times)"
    if not isinstance(x, Tensor):
        raise TypeError(f"Input `x` should be {wanted}. Found {type(x).__name__}.")
    if not x.is_floating_point():
        raise TypeError(f"Input `x` should be {wanted}. Found dtype {x.dtype}.")
    if x.ndim not in (2, 3, 4) or x.numel() == 0:
        kind = "an empty tensor" if x.numel() == 0 else "a tensor"
        raise ValueError(f"Input `x` should be {wanted}. Found {kind} of shape {tuple(x.shape)}.")


def drawn_or_checked(
    draw: Callable[..., Noise],
    noise: Noise,
    trials: Tensor,
    generator: torch.Generator | None,
) -> Noise:
    """Draw noise for trials (batch, windows, channels, times), or check that which is replayed."""
    if noise is None:
        return draw(trials[:, 0], generator)
    found, wanted = _shapes(noise), _shapes(draw(trials[:, 0].to("meta")))
    if found != wanted:
        rows = next((shape[0] for shape in found if shape), None)
        other = "for another shape" if rows == len(trials) else f"for {rows}"
        raise ValueError(
            f"Argument `noise` should be drawn for {len(trials)} trials of {trials.shape[-2]}"
            f" channels and {trials.shape[-1]} times. Found it drawn {other}."
        )
    return noise


def as_trials(x: Tensor) -> Tensor:
    """Check the signals and view them as (batch, windows, channels, times)."""
    check_signals(x)
    if x.dtype in (torch.float16, torch.bfloat16):  # too coarse for phases, and for the FFT
        x = x.float()
    if x.ndim == 4:
        return x
    return x[:, None] if x.ndim == 3 else x[None, None]


def times(scale: Tensor, operator: Tensor) -> Tensor:
    """Multiply an operator by a scalar, or by one number a trial."""
    return operator * (scale.reshape(-1, *[1] * (operator.ndim - 1)) if scale.ndim else scale)


def _is_dense(y: Any, trials: Tensor) -> bool:
    """Whether these are labels (batch, ..., times), one for each sample."""
    return (
        isinstance(y, Tensor)
        and y.ndim > 1
        and len(y) == len(trials)
        and y.shape[-1] == trials.shape[-1]
    )


def _shapes(noise: Noise) -> list[tuple[int, ...]]:
    """Return the shapes of all draws in turn; an empty one for none."""
    if isinstance(noise, tuple):
        return [shape for part in noise for shape in _shapes(part)]
    if noise is not None and not isinstance(noise, Tensor):
        raise TypeError(
            "Argument `noise` should be what `sample` returns: tensors in tuples."
            f" Found {type(noise).__name__}."
        )
    return [()] if noise is None else [tuple(noise.shape)]
