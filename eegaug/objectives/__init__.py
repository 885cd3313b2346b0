"""Objectives of (model, loss), which widen strengths: for invariances, scores, as published."""

from eegaug.objectives.base import Objective, Step
from eegaug.objectives.breadth import PENALTY_WEIGHT, BreadthObjective, width_penalty
from eegaug.objectives.invariance import REWARD_WEIGHT, InvarianceObjective
from eegaug.objectives.score import ScoreObjective

__all__ = [
    "PENALTY_WEIGHT",
    "REWARD_WEIGHT",
    "BreadthObjective",
    "InvarianceObjective",
    "Objective",
    "ScoreObjective",
    "Step",
    "width_penalty",
]
