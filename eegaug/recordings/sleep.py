"""Sleep stages as people write them, brought to those of the AASM."""

from __future__ import annotations

#: The stages of the AASM manual, in the order of the network's outputs.
STAGES = ("W", "N1", "N2", "N3", "REM")

_BY_LABEL = {
    "w": "W",
    "wake": "W",
    "n1": "N1",
    "n2": "N2",
    "n3": "N3",
    "n4": "N3",
    "r": "REM",
    "rem": "REM",
}
# Digits alone may be triggers: they are stages only where the label says "stage".
_BY_PREFIXED_LABEL = {**_BY_LABEL, "1": "N1", "2": "N2", "3": "N3", "4": "N3"}
_UNSCORED = ("?", "m", "mt", "movement", "u", "unknown", "unscored")


def stage_of(label: str) -> str | None:
    """Return the stage that an annotation names, stages 3 and 4 merged.

    Parameters
    ----------
    label : str
        Description of an annotation, as "Sleep stage 2", "Stage N2" or "N2".

    Returns
    -------
    str or None
        One of :data:`STAGES`; None for epochs that were not scored, or movement.

    Raises
    ------
    ValueError
        If the label names no stage.

    Examples
    --------
    >>> stage_of("Sleep stage 4"), stage_of("N2"), stage_of("Sleep stage ?")
    ('N3', 'N2', None)
    """
    text = label.strip().lower()
    if text == "movement time":
        return None
    bare = text.removeprefix("sleep").strip().removeprefix("stage").strip()
    known = _BY_LABEL if bare == text else _BY_PREFIXED_LABEL
    if bare in known:
        return known[bare]
    if bare != text and bare in _UNSCORED:
        return None
    raise ValueError(f"{label!r} is no sleep stage")
