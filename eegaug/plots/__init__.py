"""Figures of what was learned: readable in grey and by colour-blind readers, with units."""

from eegaug.extra import needs_extra

with needs_extra(__name__):
    from eegaug.plots.gains import plot_gains
    from eegaug.plots.hypnogram import plot_hypnogram
    from eegaug.plots.invariance import plot_invariance
    from eegaug.plots.profiles import plot_profiles
    from eegaug.plots.scores import plot_confusion, plot_scores
    from eegaug.plots.signals import plot_augmentation, plot_before_after
    from eegaug.plots.topography import plot_channels, plot_topography
    from eegaug.plots.training import plot_learning, plot_losses, plot_strengths, plot_weights

__all__ = [
    "plot_augmentation",
    "plot_before_after",
    "plot_channels",
    "plot_confusion",
    "plot_gains",
    "plot_hypnogram",
    "plot_invariance",
    "plot_learning",
    "plot_losses",
    "plot_profiles",
    "plot_scores",
    "plot_strengths",
    "plot_topography",
    "plot_weights",
]
