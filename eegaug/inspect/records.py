"""What the augmentations of a model have learned, as one list of records."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from torch import Tensor, nn

from eegaug.strength import Strength
from eegaug.transforms.augmentation import augmentation_layers


@dataclass(frozen=True)
class LearnedStrength:
    """One learned strength, with the weight of its transform.

    A transform without a learnable strength still has one record for its weight, with an empty
    ``name`` and a ``value`` of NaN.

    Parameters
    ----------
    layer : int
        Number of the layer, counted from 1; a transform outside of layers counts as one.
    transform : str
        Name of the transform; the second of the same name in a layer is "TimeShift 2".
    weight : float
        Weight of the transform in its layer, from 0 to 1.
    name : str
        Name of the strength.
    value : float
        Value, in ``unit``.
    unit : str
        Unit of the value.
    low, high : float
        Ends of the range, in ``unit``.
    history : tuple of float
        Value after each epoch, if a history was given.
    weight_history : tuple of float
        Weight after each epoch, if a history was given.

    Examples
    --------
    >>> from eegaug import FrequencyShift
    >>> (learned,) = learned_strengths(FrequencyShift(sfreq=100, max_delta_freq=0.5))
    >>> learned.value, learned.unit, learned.fraction
    (0.5, 'Hz', 0.1)
    """

    layer: int
    transform: str
    weight: float
    name: str
    value: float
    unit: str
    low: float
    high: float
    history: tuple[float, ...] = ()
    weight_history: tuple[float, ...] = ()

    @property
    def fraction(self) -> float:
        """Value as a fraction of the range."""
        return self.as_fraction(self.value)

    @property
    def key(self) -> str:
        """Name of the strength in a history, "layer 1 FrequencyShift max_delta_freq (Hz)"."""
        return f"layer {self.layer} {self.transform} {self.name} ({self.unit})"

    @property
    def weight_key(self) -> str:
        """Name of the transform's weight in a history, "layer 1 FrequencyShift weight"."""
        return f"layer {self.layer} {self.transform} weight"

    def as_fraction(self, value: float) -> float:
        """Return another value of this strength as a fraction of its range."""
        return (value - self.low) / (self.high - self.low)


def learned_strengths(
    module: nn.Module, history: Sequence[Mapping[str, Any]] = ()
) -> list[LearnedStrength]:
    """Return what the augmentations of a model have learned, layer by layer.

    Parameters
    ----------
    module : nn.Module
        A model, a layer, a chain or a transform.
    history : sequence of mapping, optional
        One row per epoch with the keys of :func:`history_row`, such as a ``net.history`` that
        :class:`~eegaug.integrations.skorch.StrengthHistory` recorded.

    Returns
    -------
    list of LearnedStrength
        One record per learnable strength.

    Raises
    ------
    TypeError
        If ``module`` is not a torch module.

    Examples
    --------
    >>> from eegaug import Compose, SignFlip, TimeShift
    >>> records = learned_strengths(Compose([SignFlip(), TimeShift(sfreq=100)]))
    >>> [(record.layer, record.transform, record.name, record.value) for record in records]
    [(1, 'SignFlip', 'p', 0.5), (2, 'TimeShift', 'max_shift', 0.2)]
    """
    return [record for record, _ in strengths_with_records(module, history)]


def strengths_with_records(
    module: nn.Module, history: Sequence[Mapping[str, Any]] = ()
) -> Iterator[tuple[LearnedStrength, Strength | None]]:
    """Yield each record of :func:`learned_strengths` with the strength that it describes."""
    if not isinstance(module, nn.Module):
        raise TypeError(
            "Argument `module` should be a torch module; that of a trained net is `net.module_`."
            f" Found {type(module).__name__}."
        )
    for number, layer in enumerate(augmentation_layers(module), 1):
        seen: Counter[str] = Counter()
        for transform, weight in layer.candidates():
            name = type(transform).__name__
            seen[name] += 1
            if seen[name] > 1:
                name = f"{name} {seen[name]}"
            strengths: dict[str, Strength | None] = {**transform.strengths()}
            for key, strength in (strengths or {"": None}).items():
                record = _record(number, name, _number(weight), key, strength)
                yield _with_history(record, history), strength


def history_row(records: Sequence[LearnedStrength]) -> dict[str, float]:
    """Return all weights and values by their keys, as one row of a history.

    Parameters
    ----------
    records : sequence of LearnedStrength
        Records, as returned by :func:`learned_strengths`.

    Returns
    -------
    dict of str to float
        Values in the units that the keys state.

    Examples
    --------
    >>> from eegaug import FrequencyShift
    >>> history_row(learned_strengths(FrequencyShift(sfreq=100, max_delta_freq=0.5)))
    {'layer 1 FrequencyShift weight': 1.0, 'layer 1 FrequencyShift max_delta_freq (Hz)': 0.5}
    """
    row: dict[str, float] = {}
    for record in records:
        row[record.weight_key] = record.weight
        if record.name:
            row[record.key] = record.value
    return row


def by_layer(
    records: Sequence[LearnedStrength],
) -> list[list[list[LearnedStrength]]]:
    """Group records by layer, and within a layer by transform.

    Parameters
    ----------
    records : sequence of LearnedStrength
        Records, as returned by :func:`learned_strengths`.

    Returns
    -------
    list of list of list of LearnedStrength
        For each layer, for each of its transforms, the records of that transform.

    Examples
    --------
    >>> from eegaug import AugmentationLayer, SignFlip, TimeShift
    >>> layers = by_layer(learned_strengths(AugmentationLayer([SignFlip(), TimeShift(100)])))
    >>> [[transform[0].transform for transform in layer] for layer in layers]
    [['SignFlip', 'TimeShift']]
    """
    return [
        [list(transform) for _, transform in groupby(layer, lambda record: record.transform)]
        for _, layer in groupby(records, lambda record: record.layer)
    ]


def as_json(records: Sequence[LearnedStrength]) -> list[dict[str, Any]]:
    """Return records as the ``layers`` of ``invariances.json``, in plain numbers and text.

    Parameters
    ----------
    records : sequence of LearnedStrength
        Records, as returned by :func:`learned_strengths`.

    Returns
    -------
    list of dict
        One entry per layer: ``{"transforms": [{"name", "weight", "strengths": {name: {"value",
        "unit", "low", "high"}}}]}``.

    Examples
    --------
    >>> from eegaug import FrequencyShift
    >>> (layer,) = as_json(learned_strengths(FrequencyShift(sfreq=100, max_delta_freq=0.5)))
    >>> layer["transforms"][0]["strengths"]
    {'max_delta_freq': {'value': 0.5, 'unit': 'Hz', 'low': 0.0, 'high': 5.0}}
    """
    return [
        {
            "transforms": [
                {
                    "name": transform[0].transform,
                    "weight": transform[0].weight,
                    "strengths": {
                        record.name: {
                            "value": record.value,
                            "unit": record.unit,
                            "low": record.low,
                            "high": record.high,
                        }
                        for record in transform
                        if record.name
                    },
                }
                for transform in layer
            ]
        }
        for layer in by_layer(records)
    ]


def summary(module: nn.Module) -> str:
    """Return a printable table of what the augmentations of a model have learned.

    Parameters
    ----------
    module : nn.Module
        A model, a layer, a chain or a transform.

    Returns
    -------
    str
        One line per learnable strength: layer, transform, weight of the transform in the layer,
        name, value, range and unit.

    Raises
    ------
    TypeError
        If ``module`` is not a torch module.

    Examples
    --------
    >>> from eegaug import Compose, FrequencyShift, SignFlip
    >>> print(summary(Compose([SignFlip(), FrequencyShift(sfreq=100)])))
    layer  transform       weight  strength        value  range   unit
    1      SignFlip        1.00    p               0.5    0 to 1  probability
    2      FrequencyShift  1.00    max_delta_freq  0.5    0 to 5  Hz
    """
    rows = [summary_row(record) for record in learned_strengths(module) if record.name]
    if not rows:
        return "nothing is learnable"
    table = [list(rows[0]), *([str(cell) for cell in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    )


def summary_row(record: LearnedStrength) -> dict[str, Any]:
    """Return one row of :func:`summary`, by column."""
    return {
        "layer": record.layer,
        "transform": record.transform,
        "weight": f"{record.weight:.2f}",
        "strength": record.name,
        "value": f"{record.value:.3g}",
        "range": f"{record.low:g} to {record.high:g}",
        "unit": record.unit,
    }


def _number(weight: Tensor | float) -> float:
    return weight.item() if isinstance(weight, Tensor) else weight


def _record(
    layer: int, transform: str, weight: float, name: str, strength: Strength | None
) -> LearnedStrength:
    rounded = float(f"{weight:.6g}")
    if strength is None:
        return LearnedStrength(layer, transform, rounded, name, math.nan, "", math.nan, math.nan)
    return LearnedStrength(layer, transform, rounded, name, *strength.as_numbers())


def _with_history(record: LearnedStrength, history: Sequence[Mapping[str, Any]]) -> LearnedStrength:
    if not len(history):
        return record
    values = tuple(row[record.key] for row in history) if record.name else ()
    weights = tuple(row[record.weight_key] for row in history)
    return replace(record, history=values, weight_history=weights)
