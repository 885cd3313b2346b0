import numpy as np
import pytest
import torch
from braindecode.augmentation import AugmentedDataLoader, Compose
from braindecode.models import ShallowFBCSPNet
from torch import nn
from torch.utils.data import TensorDataset

from eegaug import (
    AugmentationLayer,
    FrequencyShift,
    FTSurrogate,
    InvariantModel,
    SignFlip,
    TimeShift,
    breadth_penalty,
)
from eegaug.integrations.braindecode import EEGClassifier, EEGRegressor

X = np.random.default_rng(0).standard_normal((48, 2, 200)).astype(np.float32)
Y = np.arange(48) % 2


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


def test_training_loss_has_the_penalty_and_validation_loss_has_not():
    net = build(penalty_weight=0.5, criterion=nn.CrossEntropyLoss).initialize()
    outputs, targets = torch.zeros(4, 2), torch.zeros(4, dtype=torch.long)
    plain = nn.functional.cross_entropy(outputs, targets)
    penalty = breadth_penalty(net.module_)
    assert net.get_loss(outputs, targets, training=False) == plain
    assert torch.isclose(net.get_loss(outputs, targets, training=True), plain + 0.5 * penalty)


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


def test_a_negative_penalty_is_refused():
    with pytest.raises(ValueError, match=r"`penalty_weight` should be zero or more"):
        build(penalty_weight=-1)


@pytest.mark.parametrize("workers", [0, 2])
def test_transforms_in_braindecodes_loader(workers):
    """Draws differ between workers and epochs, and repeat under one seed."""
    data = TensorDataset(torch.ones(64, 2, 50), torch.arange(64))

    def epochs():
        torch.manual_seed(0)
        loader = AugmentedDataLoader(
            data,
            transforms=SignFlip(0.5),
            batch_size=16,
            num_workers=workers,
        )
        return [torch.cat([x[:, 0, 0] for x, y in loader]) for _ in range(2)]

    first, second = epochs()
    assert not torch.equal(first, second)
    assert not torch.equal(first[:16], first[16:32])
    assert all(torch.equal(a, b) for a, b in zip((first, second), epochs(), strict=True))


def test_transforms_in_braindecodes_compose():
    chain = Compose([SignFlip(1.0), SignFlip(1.0)])
    x, y = torch.randn(4, 2, 50), torch.arange(4)
    out, labels = chain(x, y)
    assert torch.equal(out, x) and labels is y


def test_transforms_from_an_mne_info(windows):
    assert FrequencyShift.from_info(windows.info, max_delta_freq=1.0).sfreq == 100.0
    assert isinstance(SignFlip.from_info(windows.info), SignFlip)
