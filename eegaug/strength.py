"""Learnable bounded values: how far an augmentation reaches, in physical units."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from eegaug.validation import check_flag, check_module, check_number

#: Narrowest range relative to its ends, in which single precision has some ten values, and the
#: smallest and the largest end that it computes with.
FINEST, SMALLEST, LARGEST = 1e-6, 1e-30, 1e30


class Strength(nn.Module):
    r"""Learnable scalar in a closed range, with a unit.

    The parameter is the fraction :math:`r \in [0, 1]` of the range, so that one learning rate suits
    all units. Calling the module returns the physical value

    .. math:: s = \mathrm{low} + r\,(\mathrm{high} - \mathrm{low}).

    An optimiser step may push :math:`r` out of its range; calling the strength in training mode
    projects it back. Values read from it always lie in the range, and reading does not change the
    parameter. The graph contains no clamp: :math:`\partial s / \partial r` is constant, so a
    strength can reach either end of its range, stay there and leave it again.

    Parameters
    ----------
    value : float
        Initial value, in ``unit``.
    low, high : float
        Ends of the range, in ``unit``.
    unit : str
        Unit of the value, as displayed ("Hz", "s", "probability").
    learnable : bool
        Whether the value is trained. A frozen one keeps ``requires_grad=False``.

    Raises
    ------
    TypeError
        If ``value``, ``low`` or ``high`` is not a number, or ``learnable`` is not a bool.
    ValueError
        If the range is empty, too narrow, too small or too large for single precision, or
        ``value`` lies outside it.

    Examples
    --------
    >>> strength = Strength(0.5, high=5.0, unit="Hz")
    >>> strength().item()
    0.5
    >>> strength.fraction.item()
    0.10000000149011612
    """

    low: Tensor
    high: Tensor

    def __init__(
        self,
        value: float,
        low: float = 0.0,
        high: float = 1.0,
        unit: str = "",
        learnable: bool = True,
    ) -> None:
        super().__init__()
        for name, number in (("value", value), ("low", low), ("high", high)):
            check_number(name, number)
        check_flag("learnable", learnable)
        if not low < high:
            raise ValueError(
                f"Parameter `high` should be greater than `low`. Found {low = } and {high = }."
            )
        reach = max(abs(low), abs(high))
        if high - low < FINEST * max(reach, SMALLEST) or reach > LARGEST:
            raise ValueError(
                "Parameters `low` and `high` should span a range that single precision resolves."
                f" Found {low = } and {high = }."
            )
        if not low <= value <= high:
            raise ValueError(
                f"Parameter `value` should be between {low:g} and {high:g} {unit}."
                f" Found `value = {value}`."
            )
        self.unit = unit
        # Part of the state dict: a loaded state keeps its physical value, whatever the range here.
        self.register_buffer("low", torch.tensor(float(low)))
        self.register_buffer("high", torch.tensor(float(high)))
        #: Upper end as a float: the buffer is rounded to its dtype, and may be on the meta device.
        self.highest = float(high)
        raw = torch.tensor((value - low) / (high - low), dtype=torch.get_default_dtype())
        self.raw = nn.Parameter(raw, requires_grad=learnable)

    @property
    def fraction(self) -> Tensor:
        """Value as a fraction of the range, a differentiable scalar in [0, 1]."""
        held = self.raw.detach()
        return held.clamp(0.0, 1.0) + (self.raw - held)

    @property
    def value(self) -> Tensor:
        """Physical value, a differentiable scalar in ``[low, high]``."""
        return torch.lerp(self.low, self.high, self.fraction)

    @property
    def width(self) -> Tensor:
        """Width of the distribution of the draws, in [0, 1], which objectives reward."""
        return self.fraction

    def forward(self) -> Tensor:
        """Return the physical value; in training mode, first project it into its range."""
        # torch.func substitutes a plain tensor for the parameter, which is left as it is.
        if self.training and isinstance(self.raw, nn.Parameter):
            self.raw.data.clamp_(0.0, 1.0)
            return torch.lerp(self.low, self.high, self.raw)
        return self.value

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        if not self.high.is_meta:
            self.highest = float(f"{self.high.item():.6g}")

    @property
    def learnable(self) -> bool:
        """Whether the value is trained."""
        return self.raw.requires_grad

    def as_numbers(self) -> tuple[float, str, float, float]:
        """Return value, unit, and lower and upper end of the range, as floats and a string."""
        with torch.no_grad():
            numbers = self.value, self.low, self.high
        value, low, high = (float(f"{number.item():.6g}") for number in numbers)
        return value, self.unit, low, high

    def extra_repr(self) -> str:
        """Show value and range, as ``0.5 Hz in [0, 5]``."""
        value, unit, low, high = self.as_numbers()
        text = f"{value:g} {unit} in [{low:g}, {high:g}]"
        return text if self.learnable else f"{text}, frozen"


class FlipProbability(Strength):
    r"""Learnable probability of a transform that is its own inverse: a flip, a reversal.

    Always flipping is as narrow as never flipping: the network sees one polarity either way. The
    width is therefore the variance of the choice relative to its maximum, :math:`4 p (1 - p)`,
    which is largest at one half.

    Parameters
    ----------
    value : float
        Initial probability.
    learnable : bool
        Whether it is trained.

    Raises
    ------
    TypeError
        If ``value`` is not a number.
    ValueError
        If ``value`` is not between 0 and 1.

    Examples
    --------
    >>> [round(FlipProbability(p).width.item(), 2) for p in (0.0, 0.25, 0.5, 1.0)]
    [0.0, 0.75, 1.0, 0.0]
    """

    def __init__(self, value: float = 0.5, learnable: bool = True) -> None:
        super().__init__(value, unit="probability", learnable=learnable)

    @property
    def width(self) -> Tensor:
        """Variance of the choice relative to its maximum, in [0, 1]."""
        p = self.fraction
        return 4 * p * (1 - p)


def as_strength(
    name: str,
    value: float | Strength,
    *,
    high: float = 1.0,
    unit: str,
    learnable: bool = True,
) -> Strength:
    """Turn a constructor argument into a strength from zero to ``high``.

    Parameters
    ----------
    name : str
        Name of the argument, for the error.
    value : float or Strength
        Initial value, or a strength in the same unit with a custom range.
    high : float
        Upper end of the range, if ``value`` is a number.
    unit : str
        Unit of the strength.
    learnable : bool
        Whether it is trained, if ``value`` is a number.

    Returns
    -------
    Strength
        A new strength, or ``value`` itself if it is a strength.

    Raises
    ------
    TypeError
        If ``value`` is neither a number nor a strength.
    ValueError
        If ``value`` is out of range, or is a strength in another unit, or one whose range goes
        below zero or, for a probability, above one.

    Examples
    --------
    >>> as_strength("max_shift", 0.2, high=2.0, unit="s")
    Strength(0.2 s in [0, 2])
    """
    if isinstance(value, Strength):
        if value.unit != unit:
            raise ValueError(
                f"Parameter `{name}` should be a strength in {unit!r}. Found one in {value.unit!r}."
            )
        if value.low < 0 or (unit == "probability" and value.high > 1):
            most = " to at most 1" if unit == "probability" else ""
            raise ValueError(
                f"Parameter `{name}` should have a range from zero or more{most}. Found {value!r}."
            )
        return value
    check_number(name, value)
    if not 0.0 <= value <= high:
        raise ValueError(
            f"Parameter `{name}` should be between 0 and {high:g} ({unit})."
            f" Found `{name} = {value}`. For another range pass"
            f" `Strength({value}, high=..., unit={unit!r})`."
        )
    return Strength(value, high=high, unit=unit, learnable=learnable)


#: Fraction of its range at which a strength starts to learn.
START = 0.02


def init_strengths(module: nn.Module, fraction: float = START) -> nn.Module:
    """Set every learnable strength to a small fraction of its range, before training.

    A network first learns its task under narrow augmentations, and each strength then widens from
    there. An augmentation that is wide from the start may hide the features that would limit it.

    Parameters
    ----------
    module : nn.Module
        A model with augmentations inside, or an augmentation. It is changed in place.
    fraction : float
        Fraction of each range, from 0 to 1.

    Returns
    -------
    nn.Module
        ``module`` itself.

    Raises
    ------
    TypeError
        If ``module`` is not a module, or the fraction is not a number.
    ValueError
        If the fraction is out of range, or ``module`` contains no strength.

    Examples
    --------
    >>> from eegaug import FrequencyShift
    >>> init_strengths(FrequencyShift(sfreq=100)).max_delta_freq
    Strength(0.1 Hz in [0, 5])
    """
    check_module("module", module)
    check_number("fraction", fraction)
    if not 0 <= fraction <= 1:
        raise ValueError(
            f"Parameter `fraction` should be between 0 and 1. Found `fraction = {fraction}`."
        )
    strengths = [each for each in module.modules() if isinstance(each, Strength)]
    if not strengths:
        raise ValueError(
            "Argument `module` should contain an augmentation with strengths."
            f" Found none in {type(module).__name__}."
        )
    for strength in strengths:
        if strength.learnable:
            strength.raw.data.fill_(fraction)
    return module
