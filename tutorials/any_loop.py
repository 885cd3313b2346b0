"""
Any loop: plain torch, skorch, Lightning
========================================

The model and its criterion are ordinary torch modules. Whoever moves batches can train them: a
loop of your own, skorch (and braindecode), Lightning; on a GPU, and in mixed precision. In each,
three things are the same:

1. :class:`~eegaug.InvariantModel` wraps the network;
2. :func:`~eegaug.init_strengths` starts the strengths small, in an optimiser group with a learning rate of
   their own;
3. :class:`~eegaug.InvarianceCriterion` replaces the loss in training.
"""

# %%
# The same model for all of them
# ------------------------------

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from eegaug import (
    Compose,
    FrequencyShift,
    InvarianceCriterion,
    InvariantModel,
    SignFlip,
    TimeShift,
    init_strengths,
    summary,
)

SFREQ = 64


def simulate(n, seed):
    """Return rhythms of 6 or 10 Hz, of any phase, with a jitter of 0.5 Hz, in noise."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 2
    t = torch.arange(3 * SFREQ) / SFREQ
    freqs = 6.0 + 4.0 * y + torch.rand(n, generator=generator) - 0.5
    phases = 2 * torch.pi * torch.rand(n, 1, generator=generator)
    x = torch.sin(2 * torch.pi * freqs[:, None] * t + phases)
    x = x + 3 * torch.randn(x.shape, generator=generator)
    return x[:, None], y


x, y = simulate(512, seed=0)
x_test, y_test = simulate(512, seed=1)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def build_model():
    """Return a small network with three candidates in front."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv1d(1, 8, 33, padding="same"),
        nn.ReLU(),
        nn.AvgPool1d(3 * SFREQ),
        nn.Flatten(),
        nn.Linear(8, 2),
    )
    chain = Compose([TimeShift(SFREQ), SignFlip(), FrequencyShift(SFREQ)])
    return InvariantModel(network, init_strengths(chain))


def groups(model):
    """Return the optimiser's groups: the strengths learn at a rate of their own."""
    return [
        {"params": model.model.parameters(), "lr": 3e-3},
        {"params": model.augmentation.parameters(), "lr": 1e-2},
    ]


def tell(model):
    """Print the accuracy on new trials, and the strengths."""
    model.eval()
    with torch.no_grad():
        where = next(model.parameters()).device
        correct = (model(x_test.to(where)).argmax(1).cpu() == y_test).float().mean()
    print(f"accuracy {correct:.3f}")
    print(summary(model))


# %%
# Plain torch
# -----------
#
# Copy the model to its device before the optimiser is made, as always.

model = build_model().to(device)
criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model).to(device)
optimizer = torch.optim.Adam(groups(model))
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
for _ in range(20):
    for signals, labels in loader:
        optimizer.zero_grad()
        criterion(model(signals.to(device)), labels.to(device)).backward()
        optimizer.step()
tell(model)

# %%
# With mixed precision, the network runs in bfloat16, and the augmentations, whose phases need
# more digits, switch it off for themselves:

model = build_model().to(device)
criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model).to(device)
optimizer = torch.optim.Adam(groups(model))
for _ in range(20):
    for signals, labels in loader:
        optimizer.zero_grad()
        with torch.autocast(device.type, dtype=torch.bfloat16):
            loss = criterion(model(signals.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
tell(model)

# %%
# skorch and braindecode
# ----------------------
#
# :class:`eegaug.integrations.braindecode.EEGClassifier` brings the criterion, records every
# strength in ``net.history``, and stops where a loss becomes NaN. It is scikit-learn's in all else:
# pipelines, searches, cross-validation.

from eegaug.integrations.braindecode import EEGClassifier

net = EEGClassifier(
    build_model(),
    criterion=nn.CrossEntropyLoss,
    optimizer=torch.optim.Adam,
    optimizer__lr=3e-3,
    optimizer__param_groups=[("augmentation*", {"lr": 1e-2})],
    batch_size=32,
    max_epochs=20,
    train_split=None,
    device=str(device),
    classes=[0, 1],
    verbose=0,
)
net.fit(x.numpy(), y.numpy())
tell(net.module_)

# %%
# With the history come the pictures of ``eegaug.plots``:

from eegaug import describe
from eegaug.plots import plot_strengths

plot_strengths(net.history, describe(net.module_))

# %%
# Lightning
# ---------
#
# The criterion refers to the model, and is made with it.

import logging

import lightning

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)


class Rhythms(lightning.LightningModule):
    """The model, in Lightning's terms."""

    def __init__(self):
        super().__init__()
        self.model = build_model()
        self.criterion = InvarianceCriterion(nn.CrossEntropyLoss(), self.model)

    def training_step(self, batch, index):
        signals, labels = batch
        return self.criterion(self.model(signals), labels)

    def configure_optimizers(self):
        return torch.optim.Adam(groups(self.model))


module = Rhythms()
trainer = lightning.Trainer(
    max_epochs=20,
    accelerator="auto",
    devices=1,
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
trainer.fit(module, loader)
tell(module.model)

# %%
# In every loop the answer is alike, and not equal: each has draws of its own. The phase does not
# matter, so the shift widens; polarity is flipped more and more often, up to every other trial;
# frequency may move by some tenths of a hertz. In half-precision it is the same.
#
# Seeds: what is drawn in training comes from torch's global generator, so ``torch.manual_seed``
# repeats a training; predictions repeat by themselves.
