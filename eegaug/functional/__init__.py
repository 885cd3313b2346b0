"""Pure functions of signals and parameters, without randomness or modules."""

from eegaug.functional.beta import smaller_share
from eegaug.functional.estimators import bernoulli, categorical
from eegaug.functional.operators import Operators, apply, hilbert, spectral
from eegaug.functional.resampling import double_rate, resample
from eegaug.functional.splines import interpolation_matrix, rotation_series
from eegaug.functional.waves import cos_and_sin

__all__ = [
    "Operators",
    "apply",
    "bernoulli",
    "categorical",
    "cos_and_sin",
    "double_rate",
    "hilbert",
    "interpolation_matrix",
    "resample",
    "rotation_series",
    "smaller_share",
    "spectral",
]
