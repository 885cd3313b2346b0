"""How long the filter is that a pass band asks for."""

from __future__ import annotations

import math

#: Length of MNE's filters, with their Hamming window, times their narrowest transition.
FACTOR = 3.3


def filter_duration(l_freq: float | None, h_freq: float | None, sfreq: float) -> float:
    r"""Return the length of the filter that MNE designs for a pass band (s).

    It is :math:`3.3 / \Delta f`, where :math:`\Delta f` is the narrower one of two transitions: a
    quarter of the edge, 2 Hz or more, but no more than there is up to 0 Hz or half of ``sfreq``.

    Parameters
    ----------
    l_freq, h_freq : float or None
        Pass band (Hz), without an edge where None.
    sfreq : float
        Sampling rate of what is filtered (Hz).

    Returns
    -------
    float
        Infinite where there is no room for a transition, 0 without a filter.

    Examples
    --------
    >>> round(filter_duration(0.5, 30.0, 100.0), 2), round(filter_duration(None, 30.0, 100.0), 2)
    (6.6, 0.44)
    """
    transitions = []
    if l_freq is not None:
        transitions.append(min(max(l_freq / 4, 2.0), l_freq))
    if h_freq is not None:
        transitions.append(min(max(h_freq / 4, 2.0), sfreq / 2 - h_freq))
    narrowest = min(transitions, default=math.inf)
    return FACTOR / narrowest if narrowest > 0 else math.inf


def check_filter(
    name: str, duration: float, longest: float, band: tuple[float | None, float | None, float]
) -> None:
    """Raise where the filter of a pass band is too long for a signal.

    Parameters
    ----------
    name : str
        The recording or file.
    duration : float
        Length of the signal (s).
    longest : float
        How many times as long the filter may be.
    band : (float or None, float or None, float)
        Arguments of :func:`filter_duration`.

    Raises
    ------
    ValueError
        If it is longer.

    Examples
    --------
    >>> check_filter("one.edf", 600.0, 1.0, (0.3, 30.0, 100.0))
    """
    length = filter_duration(*band)
    if length > longest * duration:
        words = zip(("from", "to"), band, strict=False)
        edges = " ".join(f"{word} {edge:g}" for word, edge in words if edge is not None)
        raise ValueError(
            f"{name}: a pass band {edges} Hz needs a filter of {length:.3g} s, too long for a"
            f" signal of {duration:.3g} s at {band[2]:g} Hz; edges farther from 0 Hz and from"
            " half the sampling rate are wanted."
        )
