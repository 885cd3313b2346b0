"""Pure maps of signals and parameters: no randomness, no modules."""

from eegaug.functional.discrete import bernoulli, categorical
from eegaug.functional.forms import (
    additive,
    gain,
    hilbert,
    mixing,
    modulation,
    phasor,
    reversal,
    spectral,
)

__all__ = [
    "additive",
    "bernoulli",
    "categorical",
    "gain",
    "hilbert",
    "mixing",
    "modulation",
    "phasor",
    "reversal",
    "spectral",
]
