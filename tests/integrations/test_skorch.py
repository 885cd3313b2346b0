"""Training with skorch that stays finite."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from skorch.dataset import ValidSplit
from torch import nn

from eegaug.integrations.skorch import KeepFinite

X = np.random.default_rng(0).standard_normal((48, 2, 200)).astype(np.float32)
Y = np.arange(48) % 2


class Breaks(nn.Module):
    """A network whose scores, or whose parameters, are not finite from some training batch on."""

    def __init__(self, batch, value=torch.nan, spoils=False):
        super().__init__()
        self.linear = nn.Linear(400, 2)
        self.norm = nn.BatchNorm1d(2)
        self.batch, self.value, self.spoils, self.seen = batch, value, spoils, 0

    def forward(self, x):
        out = self.norm(self.linear(x.flatten(1)))
        self.seen += self.training
        if self.training and self.seen >= self.batch:
            if self.spoils:  # in the backward pass: the loss of this batch is still finite
                out.register_hook(lambda grad: grad * self.value)
            else:
                out = out * self.value
        return out


class States(Callback):
    """The state after each epoch, and before the first."""

    def on_train_begin(self, net, **kwargs):
        self.of = [copy.deepcopy(net.module_.state_dict())]

    def on_epoch_end(self, net, **kwargs):
        self.of.append(copy.deepcopy(net.module_.state_dict()))


def breaking(*args, **kwargs):
    """A net of three batches an epoch, with a validation set, and what it holds after each."""
    torch.manual_seed(0)
    return NeuralNetClassifier(
        Breaks(*args, **kwargs),
        criterion=nn.CrossEntropyLoss,
        batch_size=14,
        max_epochs=6,
        train_split=ValidSplit(8, stratified=True),
        callbacks=[("states", States()), ("finite", KeepFinite())],
        verbose=0,
    )


def states_and_keeper(net):
    callbacks = dict(net.callbacks_)
    return callbacks["states"].of, callbacks["finite"]


@pytest.mark.parametrize(
    ("batch", "value", "message"),
    [
        (8, torch.nan, "loss became nan in epoch 3: .* stopped, and the parameters of epoch 2 "),
        (7, torch.inf, "loss became (nan|inf) in epoch 3: .* the parameters of epoch 2 were kept"),
        (2, torch.nan, "in epoch 1: .* the first parameters, before training, were kept"),
    ],
    ids=["nan", "inf", "first epoch"],
)
def test_a_loss_that_is_not_finite_ends_at_the_last_good_epoch(batch, value, message):
    net = breaking(batch, value)
    with pytest.warns(UserWarning, match=message) as caught:
        net.fit(X, Y)
    assert len(caught) == 1
    good = (batch - 1) // 3
    states, keeper = states_and_keeper(net)
    assert len(states) == good + 1
    state = net.module_.state_dict()
    assert all(torch.equal(state[key], good_one) for key, good_one in states[good].items())
    assert keeper.message_ == str(caught[0].message)
    assert [row["epoch"] for row in net.history] == list(range(1, good + 1))
    if good:
        for key in ("train_loss", "valid_loss", "valid_acc", "dur"):
            assert np.isfinite(net.history[:, key]).all()
    assert np.isfinite(net.predict_proba(X)).all()
    assert pickle.loads(pickle.dumps(net)).predict(X).shape == (48,)


def test_a_last_step_that_spoils_the_parameters_is_undone():
    net = breaking(9, spoils=True).set_params(optimizer=torch.optim.Adam)
    message = "parameter linear.weight became NaN or infinite in epoch 3: .* of epoch 2 were kept"
    with pytest.warns(UserWarning, match=message):
        net.fit(X, Y)
    states, _ = states_and_keeper(net)
    state = net.module_.state_dict()
    assert all(torch.equal(state[key], good_one) for key, good_one in states[2].items())
    assert len(net.history[:, "valid_loss"]) == 2
    moments = [each["exp_avg"] for each in net.optimizer_.state_dict()["state"].values()]
    assert moments and all(each.isfinite().all() for each in moments)


def test_a_training_that_stays_finite_is_left_alone():
    net, plain = breaking(1000), breaking(1000).set_params(callbacks__finite=None)
    for each in (net, plain):
        torch.manual_seed(1)
        each.fit(X, Y)
    assert states_and_keeper(net)[1].message_ is None
    for a, b in zip(net.module_.parameters(), plain.module_.parameters(), strict=True):
        assert torch.equal(a, b)
    assert len(net.history) == 6


def test_a_training_that_goes_on_starts_from_what_was_kept():
    net = breaking(8)
    with pytest.warns(UserWarning, match="of epoch 2 were kept"):
        net.fit(X, Y)
    with pytest.warns(UserWarning, match="in epoch 3: .* of epoch 2 were kept"):
        net.partial_fit(X, Y)
    net.module_.batch = 1000
    with warnings.catch_warnings(action="error"):
        net.partial_fit(X, Y)
    assert np.isfinite(net.history[:, "train_loss"]).all() and len(net.history) == 8
    assert states_and_keeper(net)[1].message_ is None
