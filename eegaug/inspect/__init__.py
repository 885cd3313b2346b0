"""What was learned, and how reliable it is: records, profiles, invariance."""

from eegaug.inspect.candidates import CandidateComparison, compare_top_candidates
from eegaug.inspect.channels import channel_importance
from eegaug.inspect.invariance import invariance
from eegaug.inspect.profiles import Profile, identifiability
from eegaug.inspect.records import LearnedStrength, learned_strengths, summary

__all__ = [
    "CandidateComparison",
    "LearnedStrength",
    "Profile",
    "channel_importance",
    "compare_top_candidates",
    "identifiability",
    "invariance",
    "learned_strengths",
    "summary",
]
