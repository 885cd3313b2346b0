"""Names and positions of electrodes, where recordings have them otherwise or not at all."""

from __future__ import annotations

import mne

#: Montage of recordings that come without positions.
MONTAGE = "spherical_1005"
#: Names of the 10-20 system that the 10-05 system has replaced.
REPLACED = {"t3": "T7", "t4": "T8", "t5": "P7", "t6": "P8"}


def place_electrodes(raw: mne.io.BaseRaw | mne.BaseEpochs) -> None:
    """Give channels their names in the 10-05 system, and positions where there are none, in place.

    Channels named after an electrode in another spelling ("Fc5.", "FCZ"), or by an older name
    ("T3"), are renamed; positions are those of MNE's montage ``spherical_1005``.

    Parameters
    ----------
    raw : mne.io.BaseRaw or mne.BaseEpochs
        The recording, changed in place.

    Examples
    --------
    >>> import numpy as np
    >>> info = mne.create_info(["Fc5.", "T3"], 100, "eeg")
    >>> raw = mne.io.RawArray(np.zeros((2, 100)), info, verbose="error")
    >>> place_electrodes(raw)
    >>> raw.ch_names, raw.get_montage() is not None
    (['FC5', 'T7'], True)
    """
    montage = mne.channels.make_standard_montage(MONTAGE)
    electrodes = REPLACED | {name.lower(): name for name in montage.ch_names}
    names = {name: electrodes.get(name.strip(". ").lower(), name) for name in raw.ch_names}
    if len(set(names.values())) == len(names):
        raw.rename_channels(names, verbose="error")
    if raw.get_montage() is None:
        raw.set_montage(montage, on_missing="ignore", verbose="error")


def without_position(info: mne.Info) -> list[str]:
    """Return the names of the channels that have no position."""
    return [
        channel["ch_name"]
        for channel in info["chs"]
        if not (abs(channel["loc"][:3]) < float("inf")).all() or not channel["loc"][:3].any()
    ]


def position_notes(info: mne.Info) -> list[str]:
    """Return a note that names the channels without a position, if there are any."""
    nowhere = without_position(info)
    return [f"Channels without a position: {', '.join(nowhere)}."] if nowhere else []
