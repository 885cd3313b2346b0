"""The main job: train a network with augmentation layers, and say what they learned."""

from __future__ import annotations

import difflib
import inspect
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import braindecode
import braindecode.models
import numpy as np
import pandas as pd
import torch
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score, recall_score
from sklearn.utils.class_weight import compute_class_weight
from skorch.callbacks import Checkpoint, EpochScoring
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from torch import nn

import eegaug
from eegaug.inspect.profiles import SIGNIFICANT, Profile, compare_top_candidates, identifiability
from eegaug.inspect.records import describe, strength_key, summary_rows
from eegaug.integrations.braindecode import EEGClassifier
from eegaug.integrations.skorch import TrainingProgress
from eegaug.models import InvariantModel
from eegaug.objectives import REWARD_WEIGHT, init_strengths
from eegaug.policies import POLICIES
from eegaug.recordings import STAGES, SleepWindows, Split, split_windows
from eegaug.validation import check_count, check_not_negative, check_positive

#: A transform is all but unused below this weight, or this part of its strengths' ranges.
LEAST_WEIGHT, LEAST_FRACTION = 0.05, 0.02
#: The last part of a training, in which strengths should have settled.
SETTLED = 0.25
#: Windows that are asked how sure the strengths are.
MEASURED = 256
#: Restarts disagree where a strength is spread over more than this part of its range.
AGREEMENT = 0.2


@dataclass(frozen=True)
class Settings:
    """What a training depends on, apart from the data.

    Parameters
    ----------
    model : str
        Name of a braindecode model.
    policy : str
        Name of a policy in :mod:`eegaug.policies`.
    epochs, batch_size : int
        Length of the training, and windows in a step.
    lr, strength_lr : float
        Learning rates of the network, and of weights and strengths.
    weight : float
        What an augmentation wider by a factor e may cost, in nats of the training loss.
    n_copies : int
        Augmented copies that a prediction is averaged over.
    seed : int
        Seed of the split, the first parameters, the order of the windows and the draws.
    device : str
        Device that is trained on: "cpu", "cuda", or "auto" for CUDA where there is one. The
        attribute holds the one that was found.

    Raises
    ------
    TypeError
        If a setting is no number, or no whole one, where one is wanted.
    ValueError
        If a setting is out of range or names nothing that exists, or the seed is not whole.

    Examples
    --------
    >>> Settings(policy="sleep", epochs=10, device="cpu").policy
    'sleep'
    >>> Settings(policy="slep")
    Traceback (most recent call last):
    ValueError: No policy is named 'slep'; there are chain, sleep.
    """

    model: str = "SleepStagerChambon2018"
    policy: str = "chain"
    epochs: int = 30
    batch_size: int = 64
    lr: float = 1e-3
    strength_lr: float = 1e-2
    weight: float = REWARD_WEIGHT
    n_copies: int = 4
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "n_copies"):
            check_count(name, getattr(self, name))
        if not isinstance(self.seed, int) or not 0 <= self.seed < 2**32:
            raise ValueError(
                f"Parameter `seed` should be an integer from 0 to 2**32 - 1. Found {self.seed}."
            )
        check_positive("lr", self.lr)
        check_positive("strength_lr", self.strength_lr)
        check_not_negative("weight", self.weight)
        _model_class(self.model)
        if self.policy not in POLICIES:
            raise ValueError(
                f"No policy is named {self.policy!r}; there are {', '.join(sorted(POLICIES))}."
            )
        object.__setattr__(self, "device", choose_device(self.device))


@dataclass
class Learned:
    """A trained model, what it learned and how well it does.

    Parameters
    ----------
    windows : SleepWindows
        The data.
    split : Split
        Which windows were trained, validated and tested on.
    settings : Settings
        How it was trained.
    net : EEGClassifier
        The trained network with its augmentation, and the history of the training.
    plain : braindecode.EEGClassifier or None
        The same network trained without augmentation, where it was asked for.
    seconds : dict of str to float
        Time that each training took (s).
    restarts : list of list of dict
        What further trainings, with the seeds that follow, have learned, each as
        :func:`~eegaug.describe` tells it.

    Attributes
    ----------
    profiles : list of Profile
        How sure each strength is (:func:`~eegaug.identifiability`), on windows validated on.
    compare_top_candidates : list of dict
        What the second choice of each layer would have given (:func:`~eegaug.compare_top_candidates`).
    y_true : ndarray of int
        Stages of the test windows, shape (test windows,).
    y_pred : dict of str to ndarray
        Predictions for the test windows, by the name of the net.

    Examples
    --------
    >>> from eegaug.recordings import make_windows, simulate_nights
    >>> windows = make_windows(simulate_nights(n_people=3, hours=0.1))
    >>> learned = learn(windows, Settings(epochs=1, n_copies=1, device="cpu"))
    >>> learned.table()["transform"].tolist()
    ['SignFlip', 'TimeShift', 'FrequencyShift', 'FTSurrogate']
    >>> learned.scores().columns.tolist()
    ['balanced_accuracy', 'accuracy', 'macro_f1', 'kappa']
    """

    windows: SleepWindows
    split: Split
    settings: Settings
    net: EEGClassifier
    plain: braindecode.EEGClassifier | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    restarts: list[list[dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.profiles, self.compare_top_candidates = self._measure()
        X, test = self.windows.X, self.split.test
        self.y_true = self.windows.y[test]
        self.y_pred = {name: net.predict(X[test]) for name, net in self.nets.items()}

    @property
    def nets(self) -> dict[str, braindecode.EEGClassifier]:
        """The trained nets by name: "augmented" and, if trained, "plain"."""
        nets = {"augmented": self.net, "plain": self.plain}
        return {name: net for name, net in nets.items() if net is not None}

    @property
    def best_epoch(self) -> int:
        """Epoch, counted from 1, whose parameters were kept: that of the least validation loss."""
        return int(np.nanargmin(self.net.history[:, "valid_loss"])) + 1

    def _measure(self) -> tuple[list[Profile], list[dict[str, Any]]]:
        """Ask how sure the strengths are, of windows that were not trained on."""
        chosen = _validated_on(self.windows, self.split)
        chosen = np.random.default_rng(self.settings.seed).permutation(chosen)[:MEASURED]
        device = self.settings.device
        x = torch.as_tensor(self.windows.X[chosen], device=device)
        y = torch.as_tensor(self.windows.y[chosen], device=device)
        weights = _class_weights(self.windows.y[self.split.train]).to(device)
        asked = self.net.module_, nn.CrossEntropyLoss(weights), x, y
        profiles = identifiability(*asked, n_draws=2, weight=self.settings.weight)
        return profiles, compare_top_candidates(*asked, n_draws=2)

    def sureness(self) -> pd.DataFrame:
        """Return how sure each strength is, one row a strength: what stands against trusting it."""
        rows = []
        last = max(1, round(SETTLED * len(self.net.history)))
        layers = describe(self.net.module_)
        for profile in self.profiles:
            transform = _told_of(profile, layers)
            key = strength_key(profile.layer, transform, profile.strength)
            settled = np.array(self.net.history[:, key][-last:])
            row = {
                "transform": profile.transform,
                "strength": profile.strength,
                "unit": profile.unit,
                "learned": f"{profile.value:.3g}",
                "late epochs": f"{settled.min():.3g} to {settled.max():.3g}",
                "verdict": profile.verdict,
                "why": profile.reason,
            }
            if self.restarts:
                values = self._restarted(profile)
                row["restarts"] = f"{min(values):.3g} to {max(values):.3g}"
            rows.append({"layer": profile.layer} | row)
        return pd.DataFrame(rows)

    def _restarted(self, profile: Profile) -> list[float]:
        """Return the values of a strength in this training and in all restarts."""
        others = [_told_of(profile, layers)["strengths"] for layers in self.restarts]
        return [profile.value, *(each[profile.strength]["value"] for each in others)]

    def doubts(self) -> list[str]:
        """Return which answers are not determined by the data, one sentence each."""
        told = []
        layers = describe(self.net.module_)
        for profile in self.profiles:
            transform = _told_of(profile, layers)
            if transform["weight"] < LEAST_WEIGHT:
                continue
            name = f"{profile.transform}, {profile.strength} = {profile.value:.3g} {profile.unit}"
            if profile.verdict == "not determined":
                told.append(f"{name}, is not determined by the data. {profile.reason}")
            if profile.verdict == "too wide":
                told.append(f"{name}, reaches too far for people not trained on. {profile.reason}")
            if self.restarts:
                values = self._restarted(profile)
                strength = transform["strengths"][profile.strength]
                spread = (max(values) - min(values)) / (strength["high"] - strength["low"])
                if spread > AGREEMENT:
                    told.append(
                        f"{name}, differs between restarts: {min(values):.3g} to"
                        f" {max(values):.3g} over {len(values)}."
                    )
        for layer in self.compare_top_candidates:
            if layer["excess"] < SIGNIFICANT * layer["error"]:
                told.append(
                    f"Layer {layer['layer']} chose {layer['winner']}; {layer['runner_up']} would"
                    f" have cost {layer['excess']:+.3f} ± {layer['error']:.3f}: no more."
                )
        return told

    def scores(self) -> pd.DataFrame:
        """Return the scores on the test windows, one row a net."""
        return pd.DataFrame(
            {name: _scores(self.y_true, y_pred) for name, y_pred in self.y_pred.items()}
        ).T

    def scores_by_person(self) -> pd.DataFrame:
        """Return the balanced accuracy on each person tested, one column a net."""
        persons = self.windows.persons[self.split.test]
        rows = {}
        for person in sorted(set(persons.tolist())):
            mine = persons == person
            rows[person] = {"windows": int(mine.sum())} | {
                name: _balanced_accuracy(self.y_true[mine], y_pred[mine])
                for name, y_pred in self.y_pred.items()
            }
        return pd.DataFrame(rows).T.astype({"windows": int})

    def warnings(self) -> list[str]:
        """Return what a reader should know before trusting the scores, one sentence each."""
        persons, y, train = self.windows.persons, self.windows.y, self.split.train
        told = []
        if len(self.windows.people) == 1:
            told.append(
                f"All windows are of {persons[0]}: training and test are blocks of the same"
                " recordings, so the scores say nothing about other people."
            )
        trained = list(zip(y[train].tolist(), persons[train].tolist(), strict=True))
        people = {
            stage: sorted({person for stage_code, person in trained if stage_code == code})
            for code, stage in enumerate(STAGES)
        }
        missing = [stage for stage, names in people.items() if not names]
        if missing:
            told.append(f"No window of {', '.join(missing)} is in training: never predicted.")
        trainers = set(persons[train].tolist())
        alone = [stage for stage, names in people.items() if len(names) == 1 < len(trainers)]
        if alone:
            whose = sorted({people[stage][0] for stage in alone})
            told.append(
                f"In training, {', '.join(alone)} come from {', '.join(whose)} alone: the network"
                " may tell them by the person instead of the stage."
            )
        scores = self.scores()["balanced_accuracy"]
        if "plain" in scores and scores["augmented"] < scores["plain"]:
            told.append(
                f"On the people tested, augmentation lowered the balanced accuracy from"
                f" {scores['plain']:.3f} to {scores['augmented']:.3f}. What was learned may reach"
                " too far: see whether other seeds agree, or try a smaller --weight."
            )
        if stopped := dict(self.net.callbacks_)["finite"].message_:
            told.append(stopped)
        for name, y_pred in self.y_pred.items():
            if len(set(y_pred.tolist())) == 1 < len(set(self.y_true.tolist())):
                told.append(
                    f"The {name} network predicts {STAGES[y_pred[0]]} throughout: it learned"
                    " nothing, and neither did its strengths. Try a smaller --weight."
                )
        return told

    def table(self) -> pd.DataFrame:
        """Return what was learned, one row a strength."""
        layers = describe(self.net.module_)
        rows = []
        for row, profile in zip(summary_rows(layers), self.profiles, strict=True):
            unused = is_unused(_told_of(profile, layers))
            note = {"note": "all but unused" if unused else "", "data say": profile.verdict}
            rows.append(row | note)
        return pd.DataFrame(rows).rename(columns={"value": "learned"})

    def invariances(self) -> dict[str, Any]:
        """Return everything that ``invariances.json`` holds, as plain numbers and text."""
        windows, settings = self.windows, self.settings
        scores = {
            net: {
                name: round(float(value), 4) if np.isfinite(value) else None  # NaN is no JSON
                for name, value in row.items()
            }
            for net, row in self.scores().to_dict("index").items()
        }
        result = {
            "eegaug": eegaug.__version__,
            "data": {
                "recordings": windows.sources,
                "notes": windows.notes,
                "channels": windows.info["ch_names"],
                "sfreq": windows.info["sfreq"],
                "windows": len(windows.epochs),
                "split": self.split.how,
                "warnings": self.warnings(),
            },
            "training": {
                **{name: getattr(settings, name) for name in settings.__dataclass_fields__},
                "best_epoch": self.best_epoch,
                "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
            },
            "layers": describe(self.net.module_),
            "trust": {
                "doubts": self.doubts(),
                "strengths": [asdict(profile) for profile in self.profiles],
                "compare_top_candidates": self.compare_top_candidates,
                "restarts": self.restarts,
            },
            "scores": scores["augmented"],
        }
        if self.plain is not None:
            result["scores_without_augmentation"] = scores["plain"]
        return result

    def save_model(self, path: str | Path) -> None:
        """Save the trained model, to be loaded by :func:`load_model`.

        Parameters
        ----------
        path : path
            File that is written; ``torch.load(path, weights_only=True)`` opens it.
        """
        info = self.windows.info
        torch.save(
            {
                "eegaug": eegaug.__version__,
                "model": self.settings.model,
                "policy": self.settings.policy,
                "n_copies": self.settings.n_copies,
                "ch_names": list(info["ch_names"]),
                "sfreq": float(info["sfreq"]),
                "n_times": len(self.windows.epochs.times),
                "pass_band": [float(info["highpass"]), float(info["lowpass"])],
                "scaling": "median 0 and interquartile range 1, by channel and recording",
                "stages": list(STAGES),
                "state_dict": {
                    name: value.cpu() for name, value in self.net.module_.state_dict().items()
                },
            },
            path,
        )


def learn(
    windows: SleepWindows,
    settings: Settings | None = None,
    *,
    test: str | Sequence[str] | None = None,
    compare: bool = False,
    restarts: int = 0,
    progress: bool = False,
) -> Learned:
    """Train a network with a policy in front, and keep the epoch that validates best.

    Parameters
    ----------
    windows : SleepWindows
        The data.
    settings : Settings, optional
        How to train.
    test : str or sequence of str, optional
        People to test on; chosen by the seed where absent.
    compare : bool
        Whether to train the same network without augmentation too.
    restarts : int
        How often to train again, with the seeds that follow and the same split, to see whether
        what is learned agrees.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Learned
        The trained nets, with what was learned and how sure it is.

    Raises
    ------
    ValueError
        If the windows cannot be split, the model cannot take them, ``restarts`` is no number from
        0, or a training diverges.

    Examples
    --------
    >>> from eegaug.recordings import make_windows, simulate_nights
    >>> windows = make_windows(simulate_nights(n_people=3, hours=0.25))
    >>> settings = Settings(epochs=2, batch_size=16, device="cpu")
    >>> learned = learn(windows, settings, test=["sim01"])
    >>> set(windows.persons[learned.split.test].tolist()), len(learned.net.history)
    ({'sim01'}, 2)
    >>> [(profile.strength, profile.unit) for profile in learned.profiles[:2]]
    [('p', 'probability'), ('max_shift', 's')]
    """
    settings = settings or Settings()
    if isinstance(restarts, bool) or not isinstance(restarts, int) or restarts < 0:
        raise ValueError(f"Parameter `restarts` should be an integer from 0. Found {restarts}.")
    if (windows.y < 0).any():
        raise ValueError(
            "Windows should be scored to learn from them."
            f" Found {(windows.y < 0).sum()} without a stage."
        )
    split = split_windows(windows.y, windows.persons, test, settings.seed)
    nets, seconds = {}, {}
    with torch.random.fork_rng():  # the caller's random numbers go on undisturbed
        for name in ("augmented", "plain") if compare else ("augmented",):
            start = time.perf_counter()
            nets[name] = _fit(name, windows, split, settings, progress)
            seconds[name] = time.perf_counter() - start
        again = []
        for restart in range(1, restarts + 1):
            seeded = replace(settings, seed=settings.seed + restart)
            name = f"restart {restart} of {restarts}"
            again.append(describe(_fit(name, windows, split, seeded, progress).module_))
        return Learned(
            windows, split, settings, nets["augmented"], nets.get("plain"), seconds, again
        )


def load_model(path: str | Path, device: str = "cpu") -> InvariantModel:
    """Load a model that :meth:`Learned.save_model` wrote, ready to predict.

    Parameters
    ----------
    path : path
        The file.
    device : str
        Device to load it to.

    Returns
    -------
    InvariantModel
        In evaluation mode. It takes windows (batch, channels, times) of the channels, the sampling
        rate, the pass band and the scaling that it was trained on, and returns one score a stage.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it holds another model.

    Examples
    --------
    >>> from eegaug.recordings import make_windows, simulate_nights
    >>> windows = make_windows(simulate_nights(n_people=3, hours=0.1))
    >>> learned = learn(windows, Settings(epochs=1, n_copies=1, device="cpu"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     learned.save_model(Path(folder, "model.pt"))
    ...     model = load_model(Path(folder, "model.pt"))
    >>> model(torch.as_tensor(windows.X[:4])).shape
    torch.Size([4, 5])
    """
    saved = torch.load(path, map_location=device, weights_only=True)
    if not isinstance(saved, dict) or "policy" not in saved:
        raise ValueError(
            f"{path}: not the model.pt of `eegaug learn`; a state of your own is loaded into a"
            " model that is built as it was."
        )
    n_chans, sfreq = len(saved["ch_names"]), saved["sfreq"]
    network = _build_network(saved["model"], n_chans, saved["n_times"], sfreq, seed=0)
    augmentation = POLICIES[saved["policy"]](sfreq, n_chans, saved["ch_names"])
    model = InvariantModel(network, augmentation, saved["n_copies"])
    model.load_state_dict(saved["state_dict"])
    return model.to(device).eval()


def is_unused(transform: dict[str, Any]) -> bool:
    """Tell whether a transform hardly changes what the network sees.

    Parameters
    ----------
    transform : dict
        One of the transforms that :func:`~eegaug.describe` tells of.

    Returns
    -------
    bool
        True below a weight of 0.05, or where a strength is below 2 % of its range.

    Examples
    --------
    >>> from eegaug import TimeShift
    >>> (layer,) = describe(TimeShift(sfreq=100, max_shift=0.01))  # of a range of 2 s
    >>> is_unused(layer["transforms"][0])
    True
    """
    fractions = [
        (strength["value"] - strength["low"]) / (strength["high"] - strength["low"])
        for strength in transform["strengths"].values()
    ]
    return transform["weight"] < LEAST_WEIGHT or min(fractions, default=1.0) < LEAST_FRACTION


def choose_device(name: str) -> str:
    """Return the device to train on.

    Parameters
    ----------
    name : str
        "auto" for CUDA where there is one, else the CPU; or a device of torch.

    Returns
    -------
    str
        A device that torch can use here.

    Raises
    ------
    ValueError
        If it names no device, or CUDA where there is none.

    Examples
    --------
    >>> choose_device("cpu")
    'cpu'
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"Device {name!r} was asked for, and torch finds no CUDA device here.")
    try:
        torch.zeros(1, device=name).item()  # some names are known and lead nowhere
    except Exception as error:  # each backend raises its own
        raise ValueError(
            f"No device {name!r} can be used here; try 'auto', 'cpu' or 'cuda'."
        ) from error
    return name


def _told_of(profile: Profile, layers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the transform of a profile among those that :func:`~eegaug.describe` tells of."""
    transforms = layers[profile.layer - 1]["transforms"]
    return next(each for each in transforms if each["name"] == profile.transform)


def _fit(
    name: str, windows: SleepWindows, split: Split, settings: Settings, progress: bool
) -> braindecode.EEGClassifier:
    X, y = windows.X, windows.y
    _, n_chans, n_times = X.shape
    sfreq = float(windows.info["sfreq"])
    network = _build_network(settings.model, n_chans, n_times, sfreq, settings.seed)
    valid = _validated_on(windows, split)
    if len(valid) == 0:
        raise ValueError("No stage of the people validated on is in training; try another seed.")
    title = f"Training ({name})"
    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(settings.seed)
        checkpoint = Checkpoint(dirname=folder, f_optimizer=None, f_criterion=None, f_history=None)
        callbacks = [
            ("score", EpochScoring(_net_score, False, name="valid_balanced_accuracy")),
            ("best", checkpoint),
        ]
        if progress:
            scores = ("train_loss", "valid_loss", "valid_balanced_accuracy")
            callbacks.append(("progress", TrainingProgress(title, scores)))
        common = {
            "criterion__weight": _class_weights(y[split.train]),
            "optimizer": torch.optim.Adam,
            "lr": settings.lr,
            "batch_size": min(settings.batch_size, len(split.train)),
            "max_epochs": settings.epochs,
            "train_split": predefined_split(Dataset(X[valid], y[valid])),
            "callbacks": callbacks,
            "callbacks__valid_acc": None,
            "callbacks__print_log": None,
            "classes": list(range(len(STAGES))),
            "device": settings.device,
            "verbose": 0,
        }
        if name == "plain":
            net = braindecode.EEGClassifier(network, **common)
        else:
            augmentation = POLICIES[settings.policy](sfreq, n_chans, windows.info["ch_names"])
            init_strengths(augmentation)
            net = EEGClassifier(
                InvariantModel(network, augmentation, settings.n_copies),
                weight=settings.weight,
                optimizer__param_groups=[("augmentation*", {"lr": settings.strength_lr})],
                **common,
            )
        net.fit(X[split.train], y[split.train])
        if not len(net.history) or not np.isfinite(net.history[:, "valid_loss"]).any():
            raise ValueError(
                f"Training ({name}) diverged: the validation loss was never finite. Lower the"
                " learning rates or the weight."
            )
        net.load_params(checkpoint=checkpoint)
    return net


def _validated_on(windows: SleepWindows, split: Split) -> np.ndarray:
    """Return the windows to validate on: a stage that is not trained has no weight in the loss."""
    y = windows.y
    return split.valid[np.isin(y[split.valid], y[split.train])]


def _build_network(name: str, n_chans: int, n_times: int, sfreq: float, seed: int) -> nn.Module:
    signal = {
        "n_chans": n_chans,
        "n_outputs": len(STAGES),
        "n_times": n_times,
        "sfreq": sfreq,
    }
    model = _model_class(name)
    accepted = inspect.signature(model).parameters
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a model's own, which the caller cannot act upon
        torch.manual_seed(seed)
        try:
            network = model(**{key: value for key, value in signal.items() if key in accepted})
            with torch.no_grad():
                outputs = network.eval()(torch.zeros(2, n_chans, n_times))
        except Exception as error:  # models fail each in their own way
            raise ValueError(
                f"Model {name} cannot take windows of {n_chans} channels and {n_times} samples:"
                f" {' '.join(str(error).split())}"
            ) from error
    if outputs.shape != (2, len(STAGES)):
        raise ValueError(
            f"Model {name} should give one score a stage, shape (2, {len(STAGES)})."
            f" Found {tuple(outputs.shape)}."
        )
    return network.train()


def _model_class(name: str) -> type[nn.Module]:
    models = {
        key: value
        for key, value in vars(braindecode.models).items()
        if inspect.isclass(value) and issubclass(value, nn.Module)
    }
    if name not in models:
        close = difflib.get_close_matches(name, models, n=3, cutoff=0.4)
        hint = f"; did you mean {' or '.join(close)}?" if close else "."
        raise ValueError(f"braindecode has no model named {name!r}{hint}")
    return models[name]


def _class_weights(y: np.ndarray) -> torch.Tensor:
    """Weight stages inversely to their number; a stage that is not trained on has no weight."""
    weights = torch.zeros(len(STAGES))
    present = np.unique(y)
    balanced = compute_class_weight("balanced", classes=present, y=y)
    weights[present] = torch.as_tensor(balanced, dtype=weights.dtype)
    return weights


def _scores(y_true: np.ndarray, y_pred: np.ndarray) -> dict[str, float]:
    present = np.unique(y_true)
    f1 = f1_score(y_true, y_pred, labels=present, average="macro", zero_division=0)
    return {
        "balanced_accuracy": _balanced_accuracy(y_true, y_pred),
        "accuracy": float(accuracy_score(y_true, y_pred)),
        "macro_f1": float(f1),
        "kappa": float(cohen_kappa_score(y_true, y_pred, labels=range(len(STAGES)))),
    }


def _balanced_accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Mean recall of the stages that occur; scikit-learn's own warns where others are predicted."""
    present = np.unique(y_true)
    recall = recall_score(y_true, y_pred, labels=present, average="macro", zero_division=0)
    return float(recall)


def _net_score(net: braindecode.EEGClassifier, X: Any, y: np.ndarray) -> float:
    return _balanced_accuracy(np.asarray(y), net.predict(X))
