"""Sensor positions: read from recordings, checked, and paired across the midline."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from eegaug.validation import check_positive

#: Prior for the centre of the head in MNE's head coordinates (m), and its weight: the squared
#: spread of the sensors (m^2) above which they determine the centre themselves.
HEAD_CENTRE, DOUBT = (0.0, 0.0, 0.04), 1e-4
#: Largest ratio between distances from the centre that is accepted as a sphere.
ROUNDNESS = 2.0
#: Largest distance between a sensor's mirror image and its counterpart, on the unit sphere.
TOLERANCE = 0.2
#: Area labels of the 10-20 system and its extensions, followed by a number or, on the midline, z.
AREAS = (
    "NFP|FP|AFP|AF|AFF|FFT|FFC|FTT|FCC|FT|FC|F|TTP|CCP|TPP|CPP|TP|CP|T|C|PPO|POO|PO|P|OI|O|I|N|A|M"
)
ONE = rf"({AREAS})(z|\d{{1,2}})(h?)\.*"
#: One electrode or a derivation: "Cz", "EEG C3-A2", "Fc5.", "EEG Fpz-Ref".
ELECTRODE = re.compile(rf"(?:EEG[ -]?)?{ONE}(?:[-_/ :](?:{ONE}|.*))?", re.I)


def read_channels(info: Any) -> Sequence[Any]:
    """Return the channels of an ``mne.Info``; a list of channels is returned unchanged.

    Parameters
    ----------
    info : mne.Info or list of dict
        Description of a recording in MNE, or in braindecode (``chs_info``).

    Returns
    -------
    sequence of dict
        One dictionary per channel, in MNE's format.

    Raises
    ------
    TypeError
        If ``info`` is neither.
    ValueError
        If there are no channels, or one has no name.
    """
    channels = info["chs"] if isinstance(info, Mapping) and "chs" in info else info
    if not isinstance(channels, Sequence) or not all(isinstance(ch, Mapping) for ch in channels):
        raise TypeError(
            "Argument `info` should be an mne.Info, or a list of its channels."
            f" Found {type(info).__name__}."
        )
    if not channels or not all("ch_name" in channel for channel in channels):
        what = "a channel without `ch_name`" if channels else "none"
        raise ValueError(f"Argument `info` should hold channels with names. Found {what}.")
    return channels


def read_sfreq(info: Any) -> float:
    """Return the sampling rate of an ``mne.Info``.

    Parameters
    ----------
    info : mne.Info
        Description of a recording.

    Returns
    -------
    float
        Sampling rate (Hz).

    Raises
    ------
    TypeError
        If ``info`` is not an ``mne.Info``, or its rate not a number.
    ValueError
        If it has no sampling rate.
    """
    read_channels(info)
    if not isinstance(info, Mapping):
        raise ValueError("Argument `sfreq` should be given with a list of channels. Found none.")
    if "sfreq" not in info:
        raise ValueError("Argument `info` should have a sampling rate, `sfreq`. Found none.")
    check_positive("sfreq", info["sfreq"])
    return float(info["sfreq"])


def read_positions(channels: Sequence[Any]) -> Tensor:
    """Return the sensor positions of MNE channels.

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
        If a channel has no position.
    """
    nowhere = [float("nan")] * 3
    places = [nowhere if channel.get("loc") is None else channel["loc"] for channel in channels]
    positions = torch.tensor(
        [[float(number) for number in place[:3]] for place in places], dtype=torch.float64
    )
    missing = ~positions.isfinite().all(1) | (positions == 0).all(1)
    if missing.any():
        names = [channels[index]["ch_name"] for index in missing.nonzero().flatten().tolist()]
        raise ValueError(
            f"Sensor positions should be set, such as by `raw.set_montage`. Found none for {names}."
        )
    return positions - centre(positions)


def has_positions(channels: Sequence[Any]) -> bool:
    """Return whether all channels have a position on a sphere.

    Parameters
    ----------
    channels : sequence of dict
        Channels of an ``mne.Info``, or a ``chs_info`` of braindecode.

    Returns
    -------
    bool
        False also if the positions do not lie on a sphere around the head's centre.
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
        Centre, shape (3,). In directions in which the sensors hardly spread, it is the prior in
        MNE's head coordinates.

    Examples
    --------
    >>> sphere = torch.eye(3, dtype=torch.float64)
    >>> sphere = 0.1 * torch.cat([sphere, -sphere]) + torch.tensor([0, 0.02, 0.03])
    >>> centre(sphere).round(decimals=2)
    tensor([0.0000, 0.0200, 0.0300], dtype=torch.float64)
    """
    # |x - c|^2 = r^2 is linear in c and r^2 - |c|^2; subtracting the means removes the latter.
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
        If ``positions`` is not an array of numbers.
    ValueError
        If the shape is not (channels, 3), a position is missing, or the positions do not lie on a
        sphere around the centre.
    """
    try:
        positions = torch.as_tensor(positions, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError, OverflowError):
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
    """Return the counterpart of each channel across the midline, by names of the 10-20 system.

    Parameters
    ----------
    ch_names : sequence of str
        Names such as "C3", "EEG Fpz-Cz" or "Fc5."; what follows the electrode is the reference.

    Returns
    -------
    list of int
        Index of each channel's counterpart; its own index for a channel without one.

    Raises
    ------
    ValueError
        If a name is not in the 10-20 system, or no channel has a counterpart.
    """
    unknown = [name for name in map(str, ch_names) if not ELECTRODE.fullmatch(name.strip())]
    if unknown:
        raise ValueError(
            "Channel names should be electrodes of the 10-20 system, such as 'C3', or"
            f" `positions` should be given. Found {unknown}."
        )
    mirrored = _counterparts(ch_names)
    if mirrored == list(range(len(mirrored))):
        raise ValueError(
            f"At least one pair across the midline is needed. Found none in {list(ch_names)}."
        )
    return mirrored


def has_pair(ch_names: Sequence[str]) -> bool:
    """Return whether the names include a pair of channels across the midline.

    Parameters
    ----------
    ch_names : sequence of str
        Names, in the 10-20 system or not.

    Returns
    -------
    bool
        False also if a name is not in the 10-20 system.
    """
    known = all(ELECTRODE.fullmatch(name.strip()) for name in ch_names)
    return known and _counterparts(ch_names) != list(range(len(ch_names)))


def _counterparts(ch_names: Sequence[str]) -> list[int]:
    """Return each channel's counterpart, by derivation or, failing that, by electrode."""
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
        # an electrode recorded against two references has no unique counterpart
        elif electrodes.count(image[0]) == electrodes.count(derivation[0]) == 1:
            mirrored.append(electrodes.index(image[0]))
        else:
            mirrored.append(here)
    return mirrored


def _across(electrode: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """Return the electrode across the midline; odd numbers are on the left."""
    area, number, half = electrode
    if number is None or not number.isdigit():
        return electrode
    return area, str(int(number) + 1 if int(number) % 2 else int(number) - 1), half


def mirrored_by_position(positions: Any) -> list[int]:
    """Return the counterpart of each sensor across the midline, the plane where x is zero.

    Parameters
    ----------
    positions : array-like
        Positions relative to the head's centre, shape (channels, 3), x from left to right.

    Returns
    -------
    list of int
        Index of each sensor's counterpart; its own index for a sensor without one.

    Raises
    ------
    ValueError
        If no sensor has a counterpart.
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
