"""Where sensors are: read off recordings, checked, and paired across the midline."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

#: Where the centre of the head is taken to be in MNE's head coordinates (m), as far as the
#: sensors do not tell; and how many squared metres of their spread it takes to tell.
HEAD_CENTRE, DOUBT = (0.0, 0.0, 0.04), 1e-4
#: Largest ratio of distances from the centre that still passes for a sphere.
ROUNDNESS = 2.0
#: Largest distance between a sensor and its mirror image's, on the unit sphere.
TOLERANCE = 0.2
#: Areas of the 10-20 system and its extensions, before a number or the midline's z.
AREAS = (
    "NFP|FP|AFP|AF|AFF|FFT|FFC|FTT|FCC|FT|FC|F|TTP|CCP|TPP|CPP|TP|CP|T|C|PPO|POO|PO|P|OI|O|I|N|A|M"
)
ONE = rf"({AREAS})(z|\d{{1,2}})(h?)\.*"
#: One electrode or a derivation: "Cz", "EEG C3-A2", "Fc5.", "EEG Fpz-Ref".
ELECTRODE = re.compile(rf"(?:EEG[ -]?)?{ONE}(?:[-_/ :](?:{ONE}|.*))?", re.I)


def read_channels(info: Any) -> Sequence[Any]:
    """Return the channels of an ``mne.Info``, or a list of them as it is.

    Parameters
    ----------
    info : mne.Info or list of dict
        What recordings are described by, in MNE or in braindecode (``chs_info``).

    Returns
    -------
    sequence of dict
        The channels, as MNE describes them.

    Raises
    ------
    TypeError
        If it is neither.
    """
    channels = info["chs"] if isinstance(info, Mapping) and "chs" in info else info
    if not isinstance(channels, Sequence) or not all(isinstance(ch, Mapping) for ch in channels):
        raise TypeError(
            "Argument `info` should be an mne.Info, or a list of its channels."
            f" Found {type(info).__name__}."
        )
    return channels


def read_positions(channels: Sequence[Any]) -> Tensor:
    """Read sensor positions off MNE's channels.

    Parameters
    ----------
    channels : sequence of dict
        Channels of an ``mne.Info``, or a ``chs_info`` of braindecode.

    Returns
    -------
    Tensor
        Positions (m) relative to the centre of the sphere that fits them best, shape (channels,
        3).

    Raises
    ------
    ValueError
        If channels have no position.
    """
    nowhere = [float("nan")] * 3
    positions = torch.tensor(
        [[float(number) for number in channel.get("loc", nowhere)[:3]] for channel in channels],
        dtype=torch.float64,
    )
    missing = ~positions.isfinite().all(1) | (positions == 0).all(1)
    if missing.any():
        names = [channels[index]["ch_name"] for index in missing.nonzero().flatten().tolist()]
        raise ValueError(
            f"Sensor positions are needed; `raw.set_montage` gives them. Found none for {names}."
        )
    return positions - centre(positions)


def has_positions(channels: Sequence[Any]) -> bool:
    """Whether all channels have a position.

    Parameters
    ----------
    channels : sequence of dict
        Channels of an ``mne.Info``, or a ``chs_info`` of braindecode.

    Returns
    -------
    bool
        False also where the positions are not on a sphere around the head's centre.
    """
    try:
        on_sphere(read_positions(channels))
    except ValueError:
        return False
    return True


def centre(positions: Tensor) -> Tensor:
    """Fit a sphere, and return its centre.

    Parameters
    ----------
    positions : Tensor
        Positions (m), shape (sensors, 3).

    Returns
    -------
    Tensor
        Centre, shape (3,). In directions in which the sensors hardly spread it is that of
        MNE's head coordinates.

    Examples
    --------
    >>> sphere = torch.eye(3, dtype=torch.float64)
    >>> sphere = 0.1 * torch.cat([sphere, -sphere]) + torch.tensor([0, 0.02, 0.03])
    >>> centre(sphere).round(decimals=2)
    tensor([0.0000, 0.0200, 0.0300], dtype=torch.float64)
    """
    # |x - c|^2 = r^2 is linear in c and in what is left of r, which the means take off.
    spread = 2 * (positions - positions.mean(0))
    squares = positions.square().sum(1)
    prior = torch.tensor(HEAD_CENTRE, dtype=positions.dtype)
    missed = squares - squares.mean() - spread @ prior
    system = spread.T @ spread + DOUBT * torch.eye(3, dtype=positions.dtype)
    return prior + torch.linalg.solve(system, spread.T @ missed)


def on_sphere(positions: Any) -> Tensor:
    """Check sensor positions and project them onto the unit sphere.

    Parameters
    ----------
    positions : array-like
        Positions relative to the head's centre, shape (channels, 3), in any unit.

    Returns
    -------
    Tensor
        Unit vectors, shape (channels, 3), float64.

    Raises
    ------
    TypeError
        If it is no array of numbers.
    ValueError
        If the shape is another, a position is missing, or the positions are not around a
        centre.
    """
    try:
        positions = torch.as_tensor(positions, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(
            "Parameter `positions` should be an array of numbers of shape (channels, 3)."
            f" Found {positions!r}."
        ) from None
    if positions.ndim != 2 or positions.shape[1] != 3:
        raise ValueError(
            "Parameter `positions` should have the shape (channels, 3)."
            f" Found {tuple(positions.shape)}."
        )
    if not positions.isfinite().all():
        raise ValueError("Parameter `positions` should be finite. Found missing positions.")
    radii = positions.norm(dim=1)
    if not 0 < radii.max() <= ROUNDNESS * radii.min():
        raise ValueError(
            "Parameter `positions` should be on a sphere around the head's centre. Found"
            f" distances from the centre from {radii.min():.3g} to {radii.max():.3g}."
        )
    return positions / radii[:, None]


def mirrored_by_name(ch_names: Sequence[str]) -> list[int]:
    """Return for each channel the one across the midline, by the names of the 10-20 system.

    Parameters
    ----------
    ch_names : sequence of str
        Names such as "C3", "EEG Fpz-Cz" or "Fc5."; what follows the electrode is the reference.

    Returns
    -------
    list of int
        Index of the mirrored channel; a channel without one stays where it is.

    Raises
    ------
    ValueError
        If names are none of the system, or no channel has a mirrored one.
    """
    unknown = [name for name in map(str, ch_names) if not ELECTRODE.fullmatch(name.strip())]
    if unknown:
        raise ValueError(
            "Channel names should be electrodes of the 10-20 system, such as 'C3', or"
            f" `positions` be given. Found {unknown}."
        )
    mirrored = _counterparts(ch_names)
    if mirrored == list(range(len(mirrored))):
        raise ValueError(
            f"At least one pair across the midline is needed. Found none in {list(ch_names)}."
        )
    return mirrored


def has_pair(ch_names: Sequence[str]) -> bool:
    """Whether channels of these names hold a pair across the midline.

    Parameters
    ----------
    ch_names : sequence of str
        Names, in the 10-20 system or not.

    Returns
    -------
    bool
        False also where a name is none of the system.
    """
    known = all(ELECTRODE.fullmatch(name.strip()) for name in ch_names)
    return known and _counterparts(ch_names) != list(range(len(ch_names)))


def _counterparts(ch_names: Sequence[str]) -> list[int]:
    """Return the mirrored channel of each: the same derivation, or else of the same electrode."""
    derivations: list[tuple[tuple[str | None, ...], ...]] = []
    for name in ch_names:
        match = ELECTRODE.fullmatch(name.strip())
        parts = [part and part.lower() for part in match.groups()] if match else [name] + 5 * [None]
        derivations.append((tuple(parts[:3]), tuple(parts[3:])))
    electrodes = [electrode for electrode, _ in derivations]
    mirrored = []
    for here, derivation in enumerate(derivations):
        image = tuple(map(_across, derivation))
        if derivations.count(image) == derivations.count(derivation) == 1:
            mirrored.append(derivations.index(image))
        # an electrode that is there twice, against two references, has no one counterpart
        elif electrodes.count(image[0]) == electrodes.count(derivation[0]) == 1:
            mirrored.append(electrodes.index(image[0]))
        else:
            mirrored.append(here)
    return mirrored


def _across(electrode: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """Return the electrode across the midline: odd numbers are left."""
    area, number, half = electrode
    if number is None or not number.isdigit():
        return electrode
    return area, str(int(number) + 1 if int(number) % 2 else int(number) - 1), half


def mirrored_by_position(positions: Any) -> list[int]:
    """Return for each sensor the one across the midline, the plane where x is zero.

    Parameters
    ----------
    positions : array-like
        Positions relative to the head's centre, shape (channels, 3), x from left to right.

    Returns
    -------
    list of int
        Index of the mirrored sensor; one without stays where it is.

    Raises
    ------
    ValueError
        If no sensor has a mirrored one.
    """
    sphere = on_sphere(positions)
    images = sphere * torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)
    distances = torch.cdist(images, sphere)
    nearest = distances.argmin(1).tolist()
    mirrored = [
        there if nearest[there] == here and distances[here, there] < TOLERANCE else here
        for here, there in enumerate(nearest)
    ]
    if mirrored == list(range(len(sphere))):
        raise ValueError(
            f"At least one pair across the midline is needed. Found none in {len(sphere)} sensors."
        )
    return mirrored
