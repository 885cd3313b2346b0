"""Nets, loaders and augmentations of braindecode."""

import pickle

import numpy as np
import pytest
import torch
from braindecode import augmentation as theirs
from braindecode.augmentation import AugmentedDataLoader, Compose
from braindecode.models import ShallowFBCSPNet
from skorch.callbacks import Callback
from torch import nn
from torch.utils.data import TensorDataset

from eegaug import (
    AugmentationLayer,
    BreadthCriterion,
    FrequencyShift,
    FTSurrogate,
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
    net = build(objective=BreadthCriterion, weight=0.5, criterion=nn.CrossEntropyLoss).initialize()
    outputs, targets = torch.zeros(4, 2), torch.zeros(4, dtype=torch.long)
    plain = nn.functional.cross_entropy(outputs, targets)
    penalty = width_penalty(net.module_)
    assert net.get_loss(outputs, targets, training=False) == plain
    assert torch.isclose(net.get_loss(outputs, targets, training=True), plain + 0.5 * penalty)


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
    first = net._train_criterion()
    assert net._train_criterion() is first
    net.fit(X, Y)
    (model,) = net._train_criterion()._model
    assert model is net.module_
    net.set_params(weight=0.5).partial_fit(X, Y)
    assert net._train_criterion().weight == 0.5
    copied = pickle.loads(pickle.dumps(net))
    assert "_objective" not in vars(copied) and copied._train_criterion().weight == 0.5


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
    with pytest.raises(ValueError, match=r"`weight` should be zero or more"):
        build(weight=-1)


def test_probabilities_sum_to_one():
    """The objective does not hide from skorch that the criterion wants scores."""
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
    "BandstopFilter": (theirs.BandstopFilter(0.6, 100, 2.5, 40), {"bandwidth": 2.5}, 0.6),
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
