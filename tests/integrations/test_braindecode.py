"""Nets, loaders and augmentations of braindecode."""

import copy
import pickle

import numpy as np
import pytest
import torch
from braindecode import augmentation as theirs
from braindecode.augmentation import AugmentedDataLoader, Compose
from braindecode.models import ShallowFBCSPNet
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from skorch.callbacks import Callback
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from torch import nn
from torch.utils.data import TensorDataset

from eegaug import (
    AugmentationLayer,
    BreadthObjective,
    FrequencyShift,
    FTSurrogate,
    GainTransform,
    InvariantModel,
    SignFlip,
    TimeShift,
    width_penalty,
)
from eegaug.integrations.braindecode import EEGClassifier, EEGRegressor, from_braindecode

from ..transforms.table import TRANSFORMS

X = np.random.default_rng(0).standard_normal((48, 2, 200)).astype(np.float32)
Y = np.arange(48) % 2
NAMES = ["C3", "Cz", "C4"]


def build(**kwargs):
    torch.manual_seed(0)
    network = ShallowFBCSPNet(n_chans=2, n_outputs=2, n_times=200, sfreq=100)
    layer = AugmentationLayer([SignFlip(), FrequencyShift(100), TimeShift(100)])
    settings = {"batch_size": 16, "max_epochs": 2, "lr": 0.001, "train_split": None, "verbose": 0}
    return EEGClassifier(InvariantModel(network, layer), **(settings | kwargs))


def test_the_wrapped_model_keeps_braindecodes_attributes():
    model = build().module
    assert (model.n_chans, model.n_outputs, model.n_times, model.sfreq) == (2, 2, 200, 100)


def test_history_holds_every_weight_and_strength_with_its_unit():
    net = build().fit(X, Y)
    keys = {
        "layer 1 SignFlip weight",
        "layer 1 SignFlip p (probability)",
        "layer 1 FrequencyShift weight",
        "layer 1 FrequencyShift max_delta_freq (Hz)",
        "layer 1 TimeShift weight",
        "layer 1 TimeShift max_shift (s)",
    }
    assert keys <= set(net.history[-1])
    last = net.history[-1, "layer 1 FrequencyShift max_delta_freq (Hz)"]
    current = net.module_.augmentation.transforms[1].max_delta_freq().item()
    assert last == pytest.approx(current, rel=1e-5)
    assert last != 0.5, "it should have moved"


def test_the_printed_log_stays_readable(capsys):
    build(verbose=1).fit(X, Y)
    printed = capsys.readouterr().out
    assert "train_loss" in printed and "FrequencyShift" not in printed


def test_training_loss_has_the_objective_and_validation_loss_has_not():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(400, 2))
    settings = {"criterion": nn.CrossEntropyLoss, "lr": 0.0, "max_epochs": 1, "batch_size": 48}
    losses = {}
    for penalty_weight in (0.0, 0.5):
        torch.manual_seed(1)
        net = EEGClassifier(
            InvariantModel(network, FTSurrogate(0.5)),
            objective=BreadthObjective,
            objective__penalty_weight=penalty_weight,
            train_split=predefined_split(Dataset(X, Y)),
            verbose=0,
            **settings,
        ).fit(X, Y)
        losses[penalty_weight] = net.history[-1, "train_loss"], net.history[-1, "valid_loss"]
    penalty = width_penalty(net.module_).item()
    assert losses[0.5][0] == pytest.approx(losses[0.0][0] + 0.5 * penalty, rel=1e-5)
    assert losses[0.5][1] == pytest.approx(losses[0.0][1])


def test_a_net_that_is_fitted_again_rewards_its_new_module():
    net = EEGClassifier(
        InvariantModel,
        module__model=nn.Sequential(nn.Flatten(), nn.LazyLinear(2)),
        module__augmentation=SignFlip(),
        criterion=nn.CrossEntropyLoss(),  # an instance, which skorch takes again
        batch_size=16,
        max_epochs=1,
        train_split=None,
        verbose=0,
    )
    net.fit(X, Y)
    first = net.objective_
    assert first.model is net.module_ and first.loss is net.criterion_
    net.fit(X, Y)
    assert net.objective_ is not first and net.objective_.model is net.module_


def test_parameters_of_the_objective_are_set_as_skorch_sets_them():
    net = build(objective__reward_weight=0.5).initialize()
    assert net.objective_.reward_weight == 0.5
    assert net.get_params()["objective__reward_weight"] == 0.5
    net.set_params(objective__reward_weight=0.2).partial_fit(X, Y)
    assert net.objective_.reward_weight == 0.2
    assert clone(net).initialize().objective_.reward_weight == 0.2
    net = build(objective=BreadthObjective, objective__penalty_weight=0.1).initialize()
    assert isinstance(net.objective_, BreadthObjective)
    with pytest.raises(ValueError, match="objectiv__reward_weight"):
        build(objectiv__reward_weight=0.5).initialize()


@pytest.mark.parametrize(
    "twin_of", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))], ids=["copy", "pickle"]
)
def test_copies_keep_the_running_means_and_share_their_module(twin_of):
    net = build().fit(X, Y)
    twin = twin_of(net)
    assert twin.objective_.model is twin.module_ is not net.module_
    assert torch.equal(twin.objective_.running_loss, net.objective_.running_loss)
    assert twin.objective_.running_loss.isfinite()


def after(net, epochs):
    """Train on, seeded by epoch, and return the state and the history without its times."""
    for epoch in epochs:
        torch.manual_seed(epoch)
        net.partial_fit(X, Y)
    history = [
        {key: value for key, value in row.items() if key not in ("dur", "batches")}
        for row in net.history
    ]
    return net.objective_.state_dict(), history


def by_pickle(net, folder):
    return pickle.loads(pickle.dumps(net))


def by_files(net, folder):
    files = {f"f_{part}": str(folder / part) for part in ("objective", "optimizer", "history")}
    net.save_params(**files)
    resumed = build(max_epochs=1, optimizer=torch.optim.Adam).initialize()
    resumed.load_params(**files)
    return resumed


@pytest.mark.parametrize("resume", [by_pickle, by_files])
def test_a_resumed_training_is_bit_for_bit_the_one_that_ran_through(resume, tmp_path):
    through = build(max_epochs=1, optimizer=torch.optim.Adam).initialize()
    state, history = after(through, range(4))
    first = build(max_epochs=1, optimizer=torch.optim.Adam).initialize()
    after(first, range(2))
    resumed = resume(first, tmp_path)
    resumed_state, resumed_history = after(resumed, range(2, 4))
    assert resumed_history == history
    for name, value in state.items():
        assert torch.equal(value, resumed_state[name]), name


@pytest.mark.parametrize("given", ["class", "instance"])
def test_a_cross_validation_after_a_fit_starts_afresh(given):
    """Labels are noise: a network that had seen the test sets would score far above chance."""
    torch.manual_seed(0)
    y = np.random.default_rng(0).permutation(Y)
    parts = {"model": nn.Sequential(nn.Flatten(), nn.Linear(400, 2)), "augmentation": SignFlip(0.1)}
    module = InvariantModel(**parts)
    if given == "class":
        module, parts = InvariantModel, {f"module__{key}": part for key, part in parts.items()}
    else:
        parts = {}
    net = EEGClassifier(
        module,
        **parts,
        optimizer=torch.optim.Adam,
        lr=0.01,
        max_epochs=20,
        batch_size=16,
        train_split=None,
        verbose=0,
    )
    assert net.fit(X, y).score(X, y) > 0.9
    assert cross_val_score(net, X, y, cv=3).mean() < 0.65


def test_a_module_without_augmentation_is_refused():
    net = EEGClassifier(nn.Linear(2, 2), train_split=None, verbose=0)
    with pytest.raises(TypeError, match=r"should be an InvariantModel.* Found Linear"):
        net.initialize()


def test_custom_transforms_are_checked_on_the_first_batch():
    class Unsteady(GainTransform):
        def gain(self, x, noise):
            return torch.rand(len(x), 1, 1)

    network = nn.Sequential(nn.Flatten(), nn.Linear(400, 2))
    net = EEGClassifier(
        InvariantModel(network, Unsteady()), batch_size=16, train_split=None, verbose=0
    )
    with pytest.raises(ValueError, match="Transform Unsteady should return the same"):
        net.fit(X, Y)


def test_predictions_repeat():
    net = build().fit(X, Y)
    assert np.array_equal(net.predict_proba(X), net.predict_proba(X))


def test_regressor():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(400, 1))
    net = EEGRegressor(
        InvariantModel(network, FTSurrogate()),
        batch_size=16,
        max_epochs=1,
        train_split=None,
        verbose=0,
    )
    net.fit(X, X.mean((1, 2))[:, None])
    assert net.predict(X).shape == (48, 1)
    assert "layer 1 FTSurrogate phase_noise_magnitude (fraction of 2π)" in net.history[-1]


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match=r"`reward_weight` should be zero or more"):
        build(objective__reward_weight=-1).initialize()


def test_probabilities_sum_to_one():
    """The objective does not hide from skorch that the criterion is one of scores."""
    assert np.allclose(build().fit(X, Y).predict_proba(X).sum(1), 1, atol=1e-5)


def test_our_nets_keep_finite():
    class Spoil(Callback):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 3:
                net.module_.model.final_layer.conv_classifier.weight.data.fill_(torch.nan)

    net = build(callbacks=[("spoil", Spoil())], max_epochs=4)
    with pytest.warns(UserWarning, match="training loss became nan in epoch 3"):
        net.fit(X, Y)
    assert len(net.history[:, "layer 1 SignFlip weight"]) == 2
    assert np.isfinite(net.predict_proba(X)).all()


class Every(nn.Module):
    """Every transform that keeps the shape, side by side."""

    names = tuple(name for name in TRANSFORMS if name != "RandomCrop")

    def __init__(self):
        super().__init__()
        self.transforms = nn.ModuleList([TRANSFORMS[name]() for name in self.names])

    def forward(self, x, y):
        return torch.stack([transform(x) for transform in self.transforms], 1), y


def test_workers_draw_apart_and_repeat_under_one_seed():
    signals = torch.randn(16, 3, 50).repeat(4, 1, 1)  # each batch holds the same trials
    data = TensorDataset(signals, torch.arange(64))

    def epochs():
        torch.manual_seed(0)
        loader = AugmentedDataLoader(data, transforms=Every(), batch_size=16, num_workers=2)
        return [torch.stack([x for x, _ in loader]) for _ in range(2)]

    first, second = epochs()
    for index, name in enumerate(Every.names):
        assert not torch.equal(first[:, :, index], second[:, :, index]), f"{name}: epochs"
        assert not torch.equal(first[0, :, index], first[1, :, index]), f"{name}: workers"
    assert all(torch.equal(a, b) for a, b in zip((first, second), epochs(), strict=True))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_in_sequential(name):
    model = nn.Sequential(TRANSFORMS[name](), nn.Flatten(), nn.LazyLinear(2))
    model(torch.randn(16, 3, 50)).sum().backward()
    strength = next(iter(model[0].strengths().values()))
    assert strength.raw.grad is not None


def test_transforms_in_braindecodes_compose():
    chain = Compose([SignFlip(1.0), SignFlip(1.0)])
    x, y = torch.randn(4, 2, 50), torch.arange(4)
    out, labels = chain(x, y)
    assert torch.equal(out, x) and labels is y


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_in_braindecodes_compose(name):
    x, y = torch.randn(4, 3, 50), torch.arange(4)
    out, labels = Compose([TRANSFORMS[name]()])(x, y)
    assert len(out) == 4 and labels is y


def test_transforms_from_an_mne_info(windows):
    assert FrequencyShift.from_info(windows.info, max_delta_freq=1.0).sfreq == 100.0
    assert isinstance(SignFlip.from_info(windows.info), SignFlip)


#: Each of braindecode's augmentations, and what it becomes: our class, strengths and frozen p.
BRIDGED = {
    "AmplitudeScale": (theirs.AmplitudeScale(0.6), {"max_change": 1.0, "max_decrease": 0.5}, 0.6),
    "BandRotation": (theirs.BandRotation(0.6, 3, 1), {"max_offset": 1.0}, 0.6),
    "BandstopFilter": (theirs.BandstopFilter(0.6, 100, 2.5, 40), {"bandwidth": 2.9}, 0.6),
    "ChannelsDropout": (theirs.ChannelsDropout(0.6, 0.15), {"p_drop": 0.15}, 0.6),
    "ChannelsReref": (theirs.ChannelsReref(0.6), {"p": 0.6}, 0.6),
    "ChannelsShuffle": (theirs.ChannelsShuffle(0.6, 0.15), {"p_shuffle": 0.15}, 0.6),
    "FTSurrogate": (theirs.FTSurrogate(0.6, 0.7), {"phase_noise_magnitude": 0.7}, 0.6),
    "FrequencyShift": (theirs.FrequencyShift(0.6, 100, 8.0), {"max_delta_freq": 8.0}, 0.6),
    "GaussianNoise": (theirs.GaussianNoise(0.6, 0.2), {"std": 0.2}, 0.6),
    "MaskEncoding": (theirs.MaskEncoding(0.6, 0.2, 2), {"max_mask_ratio": 0.2}, 0.6),
    "SensorsRotation": (
        theirs.SensorsRotation(0.6, torch.eye(3), "y", 12.0),
        {"max_degrees": 12.0},
        0.6,
    ),
    "SignFlip": (theirs.SignFlip(0.6), {"p": 0.6}, 0.6),
    "SmoothTimeMask": (theirs.SmoothTimeMask(0.6, 30), {"mask_len": 0.3}, 0.6),
    "TimeReverse": (theirs.TimeReverse(0.6), {"p": 0.6}, 0.6),
}


@pytest.mark.parametrize("name", BRIDGED)
def test_from_braindecode_keeps_the_strengths(name):
    transform, strengths, p = BRIDGED[name]
    ours = from_braindecode(transform, sfreq=100)
    assert type(ours).__name__ == name
    found = {key: strength().item() for key, strength in ours.strengths().items()}
    assert found == pytest.approx(strengths)
    assert ours.p().item() == pytest.approx(p)
    x = torch.randn(4, 3, 300)
    assert ours(x).shape == x.shape


@pytest.mark.parametrize("bandwidth", [0.0, 0.5, 1.0, 2.0, 4.0])
def test_from_braindecode_removes_as_much_power(bandwidth):
    """Wherever the band lies: each trial has another."""
    x = torch.randn(100, 1, 2000, generator=torch.Generator().manual_seed(0))
    transform = theirs.BandstopFilter(1.0, 100, bandwidth, 50, random_state=0)
    torch.manual_seed(0)
    ours = from_braindecode(transform)
    wanted, removed = ((x.square() - each(x).square()).mean().item() for each in (transform, ours))
    assert removed == pytest.approx(wanted, rel=0.05, abs=1e-6)


@pytest.mark.filterwarnings("ignore:Montage name")
def test_from_braindecode_knows_every_augmentation():
    no_transform = {"AugmentedDataLoader", "Compose", "IdentityTransform", "Transform"}
    exported = {name for name in theirs.__all__ if name[0].isupper()} - no_transform
    named = {
        theirs.ChannelsSymmetry(1.0, NAMES),
        theirs.Mixup(0.3),
        theirs.SegmentationReconstruction(0.5, 4),
        *(getattr(theirs, f"Sensors{axis}Rotation")(0.5, NAMES) for axis in "XYZ"),
    }
    covered = {type(transform).__name__ for transform in named} | set(BRIDGED)
    assert covered == exported
    for transform in named:
        ours = from_braindecode(transform)
        assert ours(torch.randn(4, 3, 200)).shape == (4, 3, 200)


def test_from_braindecode_takes_lists_and_chains():
    pair = [theirs.SignFlip(1.0), theirs.TimeReverse(1.0)]
    flip, reverse = from_braindecode(pair)
    chain = from_braindecode(theirs.Compose(pair))
    x = torch.randn(4, 3, 50)
    assert torch.equal(chain(x), reverse(flip(x)))
    assert torch.equal(chain(x), -x.flip(-1))


@pytest.mark.parametrize(
    ("transform", "error", "match"),
    [
        (SignFlip(), TypeError, "Found SignFlip"),
        (theirs.SmoothTimeMask(1.0), ValueError, "`sfreq` should be given"),
        (theirs.AmplitudeScale(1.0, (1.5, 2.0)), ValueError, "`interval`"),
        (theirs.BandRotation(1.0, band_offsets=(0, 1)), ValueError, "`band_offsets`"),
        (theirs.SegmentationReconstruction(1.0), ValueError, "`n_segments`"),
    ],
)
def test_from_braindecode_says_what_it_cannot_do(transform, error, match):
    with pytest.raises(error, match=match):
        from_braindecode(transform)
