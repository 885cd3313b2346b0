"""All methods by name, in the order of the page."""

from __future__ import annotations

from functools import partial

from unseen.ours import ours, quick, recombined, with_recombined
from unseen.random_policies import rand_augment, trivial_augment
from unseen.rivals import (
    Method,
    another_seed,
    augerino,
    augnet,
    averaged_weights,
    best_fixed,
    fixed,
    invariance,
    plain,
    several,
)
from unseen.searches import adda, cadda, dada, faster_aa
from unseen.summary import NONE

OURS, QUICK, PAIR = "eegaug", "eegaug, one network", "eegaug, nothing learned"
#: Fixed transforms by their names.
FIXED = {
    "FT surrogate": "FTSurrogate",
    "frequency shift": "FrequencyShift",
    "noise": "GaussianNoise",
    "time mask": "SmoothTimeMask",
    "band-stop": "BandstopFilter",
    "sign flip": "SignFlip",
    "time reversal": "TimeReverse",
    "channel dropout": "ChannelsDropout",
    "channel shuffle": "ChannelsShuffle",
    "symmetry": "ChannelsSymmetry",
}
SEARCHES: dict[str, Method] = {
    "ADDA": adda,
    "DADA": dada,
    "Faster AutoAugment": faster_aa,
    "CADDA": cadda,
}
#: The default of versions before 0.5.
OLD = "invariances, as trained on"

METHODS: dict[str, Method] = {
    NONE: plain,
    OURS: ours,
    PAIR: with_recombined,
    QUICK: quick,
    "recombined": recombined,
    "another seed": another_seed,
    "two nets averaged": partial(several, n=2),
    "three nets averaged": partial(several, n=3),
    "mean of the weights": averaged_weights,
    OLD: invariance,
    "AugNet": augnet,
    "Augerino": augerino,
    **{name: partial(fixed, name=key) for name, key in FIXED.items()},
    "TrivialAugment": trivial_augment,
    "RandAugment": partial(rand_augment, n_ops=2, magnitude=0.3),
    "best fixed, by cross-validation": best_fixed,
    **SEARCHES,
}
