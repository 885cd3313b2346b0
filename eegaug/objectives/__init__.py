"""What makes a strength grow: objectives of (model, loss), ours and the published."""

from eegaug.objectives.base import Objective, Step
from eegaug.objectives.breadth import PENALTY_WEIGHT, BreadthObjective, width_penalty
from eegaug.objectives.invariance import REWARD_WEIGHT, InvarianceObjective

__all__ = [
    "PENALTY_WEIGHT",
    "REWARD_WEIGHT",
    "BreadthObjective",
    "InvarianceObjective",
    "Objective",
    "Step",
    "width_penalty",
]
