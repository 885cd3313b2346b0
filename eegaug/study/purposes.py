"""What strengths are learned for: scores, or knowledge."""

from __future__ import annotations

from typing import NamedTuple

from eegaug.objectives import InvarianceObjective, ScoreObjective


class Purpose(NamedTuple):
    """An objective, with the policy and the number of copies in prediction that suit it."""

    objective: type[InvarianceObjective]
    policy: str
    n_copies: int


#: What strengths are learned for, by the name of the setting ``objective``.
PURPOSES = {
    "score": Purpose(ScoreObjective, "default", 0),
    "invariance": Purpose(InvarianceObjective, "general", 4),
}
