"""Learnable augmentations for braindecode's estimators, and equivalents of its augmentations."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, ClassVar

import braindecode
import braindecode.augmentation
from skorch import NeuralNet
from skorch.dataset import unpack_data
from skorch.utils import to_device, to_tensor
from torch import nn

import eegaug
from eegaug.integrations.skorch import CheckTransforms, KeepFinite, StrengthHistory
from eegaug.objectives import InvarianceObjective, Objective
from eegaug.strength import Strength


class _TrainsByObjective(NeuralNet):
    """Train with an objective, record the strengths, and stop at NaN.

    The objective is created in skorch's way: from ``objective``, with the parameters
    ``objective__...``, as ``objective_``, which is pickled and saved with its running means. It is
    not a criterion, since skorch infers the kind of predictions from its criteria.
    """

    prefixes_: ClassVar[list[str]] = [*braindecode.EEGClassifier.prefixes_, "objective"]
    cuda_dependent_attributes_: ClassVar[list[str]] = [
        *braindecode.EEGClassifier.cuda_dependent_attributes_,
        "objective_",
    ]

    def __init__(
        self, *args: Any, objective: Callable[..., Objective] = InvarianceObjective, **kwargs: Any
    ) -> None:
        self.objective = objective
        super().__init__(*args, **kwargs)

    def initialize_module(self) -> Any:
        """Initialize the module: a copy, so that training leaves what was given as it is.

        A clone, as cross-validation makes them, copies what was given. It would otherwise start
        from what the net has already learned, from trials of the test sets too.
        """
        super().initialize_module()
        self.module_: Any = copy.deepcopy(self.module_)
        return self

    def initialize_criterion(self) -> Any:
        """Initialize the criterion, and the objective of module and criterion."""
        super().initialize_criterion()
        module = getattr(self.module_, "_orig_mod", self.module_)  # if compiled
        objective = self.objective(module, self.criterion_, **self.get_params_for("objective"))
        self.objective_ = to_device(objective, self.device)
        return self

    def set_params(self, **kwargs: Any) -> Any:
        """Set parameters as skorch does; those of the objective create a new one."""
        own = {key for key in kwargs if key.split("__")[0] == "objective"}
        for key in own:
            setattr(self, key, kwargs[key])
        super().set_params(**{key: kwargs[key] for key in kwargs if key not in own})
        if own and self.initialized_:
            self.initialize_criterion()
        return self

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Compute the gradients of the objective, and return loss and outputs of a batch."""
        self._set_training(True)
        self.objective_.train()
        X, y = unpack_data(batch)
        step = self.objective_.step(
            to_tensor(X, device=self.device), to_tensor(y, device=self.device), **fit_params
        )
        step.loss.backward()
        return {"loss": step.loss, "y_pred": step.outputs}

    @property
    def _default_callbacks(self) -> list[tuple[str, Any]]:
        own = [
            ("transforms", CheckTransforms()),
            ("strengths", StrengthHistory()),
            ("finite", KeepFinite()),
        ]
        return [*own, *super()._default_callbacks]


class EEGClassifier(_TrainsByObjective, braindecode.EEGClassifier):
    """Braindecode's classifier, trained to widen its augmentations as far as the loss allows.

    The validation loss is the plain one. Weights and strengths are in ``net.history``. Training
    stops if the loss is no longer finite, and keeps the parameters of the last good epoch.

    Parameters
    ----------
    module : InvariantModel
        A network preceded by its augmentation, or the class, with ``module__model`` and
        ``module__augmentation``. They are copied and stay as they are: every fit, and every fold of
        a cross-validation, starts from them, whatever was fitted before. The trained one is
        ``module_``. A network that is given to a net of braindecode or skorch is itself trained,
        and copied with what it has learned: give those the class, with ``module__...``.
    objective : callable
        Objective to minimise in training: :class:`~eegaug.InvarianceObjective`, or
        :class:`~eegaug.BreadthObjective` for the published penalty. Its parameters are given as
        ``objective__reward_weight``, for example.
    *args, **kwargs
        As :class:`braindecode.EEGClassifier` takes them.

    Raises
    ------
    TypeError
        On initialisation, if ``module`` is not an :class:`~eegaug.InvariantModel`.

    Examples
    --------
    >>> import torch
    >>> from eegaug import InvariantModel, TimeShift
    >>> _ = torch.manual_seed(0)
    >>> X, y = torch.randn(32, 2, 50).numpy(), torch.arange(32).numpy() % 2
    >>> net = EEGClassifier(
    ...     InvariantModel,
    ...     module__model=nn.Sequential(nn.Flatten(), nn.Linear(100, 2)),
    ...     module__augmentation=TimeShift(sfreq=50),
    ...     max_epochs=2,
    ...     batch_size=16,
    ...     train_split=None,
    ...     verbose=0,
    ... )
    >>> net = net.fit(X, y)
    >>> len(net.history[:, "layer 1 TimeShift max_shift (s)"])
    2
    """


class EEGRegressor(_TrainsByObjective, braindecode.EEGRegressor):
    """Braindecode's regressor, trained to widen its augmentations as far as the loss allows.

    The validation loss is the plain one. Weights and strengths are in ``net.history``. Training
    stops if the loss is no longer finite, and keeps the parameters of the last good epoch.

    Parameters
    ----------
    module : InvariantModel
        A network preceded by its augmentation, or the class, with ``module__model`` and
        ``module__augmentation``. They are copied and stay as they are: every fit, and every fold of
        a cross-validation, starts from them, whatever was fitted before. The trained one is
        ``module_``. A network that is given to a net of braindecode or skorch is itself trained,
        and copied with what it has learned: give those the class, with ``module__...``.
    objective : callable
        Objective to minimise in training. The reward is in units of the loss: standardise the
        targets, or give ``objective__reward_weight``.
    *args, **kwargs
        As :class:`braindecode.EEGRegressor` takes them.

    Raises
    ------
    TypeError
        On initialisation, if ``module`` is not an :class:`~eegaug.InvariantModel`.

    Examples
    --------
    >>> import torch
    >>> from eegaug import InvariantModel, TimeShift
    >>> _ = torch.manual_seed(0)
    >>> X, y = torch.randn(32, 2, 50).numpy(), torch.randn(32, 1).numpy()
    >>> model = InvariantModel(nn.Sequential(nn.Flatten(), nn.Linear(100, 1)), TimeShift(sfreq=50))
    >>> net = EEGRegressor(model, max_epochs=2, batch_size=16, train_split=None, verbose=0)
    >>> net.fit(X, y)
    >>> net.predict(X).shape
    (32, 1)
    """


def from_braindecode(transform: Any, sfreq: float | None = None) -> Any:
    """Return the learnable equivalent of an augmentation of braindecode, at its strengths.

    Parameters
    ----------
    transform : braindecode.augmentation.Transform or sequence of them
        A transform, or several. A chain, ``braindecode.augmentation.Compose``, becomes a
        :class:`~eegaug.Compose`.
    sfreq : float, optional
        Sampling rate (Hz), for transforms with a strength in samples there and in seconds here: the
        time mask.

    Returns
    -------
    nn.Module or list of nn.Module
        Strengths start at braindecode's values, in ranges that contain them; so does the
        probability of a transform that has no other strength (flips, symmetry, reference).
        Otherwise ``probability`` becomes a frozen ``p``. The bandwidth of a band-stop filter is
        0.4 Hz wider here, which removes the same power: braindecode's is that of the band which is
        fully stopped, ours is between half amplitudes.

    Raises
    ------
    TypeError
        If ``transform`` is not an augmentation of braindecode.
    ValueError
        If a strength has no equivalent here, ``sfreq`` is missing, or the transform is the
        identity.

    Examples
    --------
    >>> from braindecode.augmentation import ChannelsDropout, SignFlip
    >>> from_braindecode([SignFlip(probability=0.3), ChannelsDropout(1.0, p_drop=0.1)])[1].p_drop
    Strength(0.1 probability in [0, 1])
    """
    if isinstance(transform, (list, tuple)):
        return [from_braindecode(each, sfreq) for each in transform]
    if isinstance(transform, braindecode.augmentation.Compose):
        return eegaug.Compose(from_braindecode(list(transform.transforms), sfreq))
    if isinstance(transform, braindecode.augmentation.IdentityTransform):
        raise ValueError("Argument `transform` should change signals. Found an IdentityTransform.")
    for theirs in type(transform).__mro__:
        if theirs.__name__ in EQUIVALENTS and theirs.__module__.startswith("braindecode."):
            return EQUIVALENTS[theirs.__name__](transform, transform.probability, sfreq)
    raise TypeError(
        "Argument `transform` should be an augmentation of braindecode, or a list of them."
        f" Found {type(transform).__name__}."
    )


#: How much wider a band between half amplitudes is (Hz) than the fully stopped one of braindecode's
#: filter, where both remove the same power.
STOPPED = 0.4


def _reaching(value: float, high: float, unit: str) -> Strength:
    """Return a strength with the usual range, extended to the value if that lies beyond it."""
    return Strength(float(value), high=max(high, float(value)), unit=unit)


def _bandstop(transform: Any, p: float, _: Any) -> nn.Module:
    bandwidth = transform.bandwidth + STOPPED * (transform.bandwidth > 0)
    band = _reaching(bandwidth, min(5.0, transform.max_freq / 2), "Hz")
    return eegaug.BandstopFilter(transform.sfreq, band, transform.max_freq, p=p)


def _time_mask(transform: Any, p: float, sfreq: float | None) -> nn.Module:
    if sfreq is None:
        raise ValueError(
            "Argument `sfreq` should be given for SmoothTimeMask, whose length is in samples."
            " Found none."
        )
    length = _reaching(transform.mask_len_samples / sfreq, 2.0, "s")
    return eegaug.SmoothTimeMask(sfreq, length, p=p)


def _amplitude_scale(transform: Any, p: float, _: Any) -> nn.Module:
    low, high = transform.scale
    if not 0 <= low <= 1 <= high:
        raise ValueError(
            "Parameter `interval` should contain a gain of 1."
            f" Found `interval = {transform.scale}`."
        )
    return eegaug.AmplitudeScale(_reaching(high - 1, 1.0, "fraction"), float(1 - low), p=p)


def _band_rotation(transform: Any, p: float, _: Any) -> nn.Module:
    offsets = sorted(set(transform.band_offsets))
    reach = max(offsets)
    if offsets != list(range(-reach, reach + 1)):
        raise ValueError(
            "Parameter `band_offsets` should be all integers from -n to n."
            f" Found `band_offsets = {transform.band_offsets}`."
        )
    if transform.max_temporal_jitter and not transform.circular_jitter:
        raise ValueError("Parameter `circular_jitter` should be True. Found False.")
    return eegaug.BandRotation(
        transform.num_bands,
        transform.electrodes_per_band,
        _reaching(reach, 2.0, "electrodes"),
        transform.max_temporal_jitter or None,
        p=p,
    )


def _segmentation(transform: Any, p: float, _: Any) -> nn.Module:
    if transform.n_segments is None:
        raise ValueError("Parameter `n_segments` should be a number. Found None.")
    return eegaug.SegmentationReconstruction(int(transform.n_segments), p)


def _rotation(transform: Any, p: float, _: Any) -> nn.Module:
    positions = transform.sensors_positions_matrix.T
    degrees = _reaching(transform.max_degrees, 30.0, "degrees")
    return eegaug.SensorsRotation(positions, transform.axis, degrees, p=p)


#: Name of braindecode's class -> a function of transform, probability and sampling rate. The
#: rotations about one axis are found by the class they derive from.
EQUIVALENTS: dict[str, Callable[[Any, float, float | None], nn.Module]] = {
    "AmplitudeScale": _amplitude_scale,
    "BandRotation": _band_rotation,
    "BandstopFilter": _bandstop,
    "ChannelsDropout": lambda t, p, _: eegaug.ChannelsDropout(float(t.p_drop), p=p),
    "ChannelsReref": lambda t, p, _: eegaug.ChannelsReref(p),
    "ChannelsShuffle": lambda t, p, _: eegaug.ChannelsShuffle(float(t.p_shuffle), p=p),
    "ChannelsSymmetry": lambda t, p, _: eegaug.ChannelsSymmetry(mirrored=t.permutation, p=p),
    "FTSurrogate": lambda t, p, _: eegaug.FTSurrogate(
        float(t.phase_noise_magnitude), t.channel_indep, p=p
    ),
    "FrequencyShift": lambda t, p, _: eegaug.FrequencyShift(
        t.sfreq, _reaching(t.max_delta_freq, 5.0, "Hz"), p=p
    ),
    "GaussianNoise": lambda t, p, _: eegaug.GaussianNoise(
        _reaching(t.std, 1.0, "unit of the signal"), p=p
    ),
    "MaskEncoding": lambda t, p, _: eegaug.MaskEncoding(float(t.mask_ratio), t.n_segments, p=p),
    "Mixup": lambda t, p, _: eegaug.Mixup(
        Strength(float(t.alpha), high=max(10.0, float(t.alpha)), learnable=False),
        t.beta_per_sample,
    ),
    "SegmentationReconstruction": _segmentation,
    "SensorsRotation": _rotation,
    "SignFlip": lambda t, p, _: eegaug.SignFlip(p),
    "SmoothTimeMask": _time_mask,
    "TimeReverse": lambda t, p, _: eegaug.TimeReverse(p),
}
