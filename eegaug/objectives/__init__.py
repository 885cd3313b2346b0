"""Objectives of (model, loss), which widen strengths: that of eegaug and the published one."""

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
