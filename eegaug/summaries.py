"""What the augmentations of a model have learned: as numbers, as a table, as names in a history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from torch import nn

from eegaug.layers import AugmentationLayer
from eegaug.transforms.base import Transform


def describe(module: nn.Module) -> list[dict[str, Any]]:
    """Return what the augmentations of a model have learned, layer by layer.

    Parameters
    ----------
    module : nn.Module
        A model, a layer, a chain or a transform.

    Returns
    -------
    list of dict
        One entry a layer, or a transform that stands outside of layers: ``{"transforms":
        [{"name", "weight", "strengths": {name: {"value", "unit", "low", "high"}}}]}``, in
        plain numbers and text.

    Raises
    ------
    TypeError
        If it is no torch module.

    Examples
    --------
    >>> from eegaug import FrequencyShift
    >>> (layer,) = describe(FrequencyShift(sfreq=100, max_delta_freq=0.5))
    >>> layer["transforms"][0]["strengths"]
    {'max_delta_freq': {'value': 0.5, 'unit': 'Hz', 'low': 0.0, 'high': 5.0}}
    """
    if not isinstance(module, nn.Module):
        raise TypeError(
            "Argument `module` should be a torch module; that of a trained net is `net.module_`."
            f" Found {type(module).__name__}."
        )
    if isinstance(module, AugmentationLayer):
        weights = module.weights.tolist()
        pairs = zip(module.transforms, weights, strict=True)
        transforms = [_describe(transform, weight) for transform, weight in pairs]
        seen: Counter[str] = Counter()
        for transform in transforms:  # the second of a name is told apart
            name = transform["name"]
            seen[name] += 1
            transform["name"] = name if seen[name] == 1 else f"{name} {seen[name]}"
        return [{"transforms": transforms}]
    if isinstance(module, Transform):
        return [{"transforms": [_describe(module, 1.0)]}]
    return [layer for child in module.children() for layer in describe(child)]


def summary(module: nn.Module) -> str:
    """Return what the augmentations of a model have learned, as a table to print.

    Parameters
    ----------
    module : nn.Module
        A model, a layer, a chain or a transform.

    Returns
    -------
    str
        One line a learnable strength: its layer, its transform and that one's weight in the layer,
        its value, the range that it may learn, and its unit.

    Raises
    ------
    TypeError
        If it is no torch module.

    Examples
    --------
    >>> from eegaug import Compose, FrequencyShift, SignFlip
    >>> print(summary(Compose([SignFlip(), FrequencyShift(sfreq=100)])))
    layer  transform       weight  strength        value  range   unit
    1      SignFlip        1.00    p               0.5    0 to 1  probability
    2      FrequencyShift  1.00    max_delta_freq  0.5    0 to 5  Hz
    """
    rows = list(summary_rows(describe(module)))
    if not rows:
        return "nothing is learnable"
    table = [list(rows[0]), *([str(cell) for cell in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    )


def summary_rows(layers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the rows of :func:`summary`, of what :func:`describe` tells."""
    for number, layer in enumerate(layers, 1):
        for transform in layer["transforms"]:
            for name, strength in transform["strengths"].items():
                yield {
                    "layer": number,
                    "transform": transform["name"],
                    "weight": f"{transform['weight']:.2f}",
                    "strength": name,
                    "value": f"{strength['value']:.3g}",
                    "range": f"{strength['low']:g} to {strength['high']:g}",
                    "unit": strength["unit"],
                }


def weight_key(number: int, transform: dict[str, Any]) -> str:
    """Name a transform's weight in a history: "layer 1 FrequencyShift weight"."""
    return f"layer {number} {transform['name']} weight"


def strength_key(number: int, transform: dict[str, Any], name: str) -> str:
    """Name a strength in a history: "layer 1 FrequencyShift max_delta_freq (Hz)"."""
    unit = transform["strengths"][name]["unit"]
    return f"layer {number} {transform['name']} {name} ({unit})"


def _describe(transform: Transform, weight: float) -> dict[str, Any]:
    strengths = {name: strength.describe() for name, strength in transform.strengths().items()}
    name = type(transform).__name__
    return {"name": name, "weight": float(f"{weight:.6g}"), "strengths": strengths}
