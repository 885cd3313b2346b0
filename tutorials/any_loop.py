"""
Any loop: plain torch, skorch, Lightning, Accelerate
====================================================

The objective is an ordinary torch module that runs the model and the loss. Whatever moves batches
can train it: a loop of your own, skorch (and braindecode), Lightning, Accelerate; on a GPU, in
mixed precision, on several processes. In each, three things are the same:

1. :class:`~eegaug.InvariantModel` wraps the network, and :func:`~eegaug.init_strengths` starts the
   strengths small;
2. ``objective = InvarianceObjective(model, nn.CrossEntropyLoss())`` owns the model, and
   ``loss = objective(x, y)`` is what is minimised;
3. the optimiser has two groups, so that strengths learn at a rate of their own.
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
    InvarianceObjective,
    InvariantModel,
    SignFlip,
    TimeShift,
    init_strengths,
    learned_strengths,
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


def build_objective():
    """Return the objective of a small network with three candidates in front."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv1d(1, 8, 33, padding="same"),
        nn.ReLU(),
        nn.AvgPool1d(3 * SFREQ),
        nn.Flatten(),
        nn.Linear(8, 2),
    )
    chain = Compose([TimeShift(SFREQ), SignFlip(), FrequencyShift(SFREQ)])
    return InvarianceObjective(
        InvariantModel(network, init_strengths(chain)), nn.CrossEntropyLoss()
    )


def build_optimizer(objective):
    """Return the optimiser: the strengths learn at a rate of their own."""
    groups = [
        {"params": objective.model.model.parameters(), "lr": 3e-3},
        {"params": objective.model.augmentation.parameters(), "lr": 1e-2},
    ]
    return torch.optim.Adam(groups)


def print_result(model):
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
# Move the objective to its device before the optimiser is made, as always; the model moves with it.

objective = build_objective().to(device)
optimizer = build_optimizer(objective)
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
for _ in range(20):
    for signals, labels in loader:
        optimizer.zero_grad()
        objective(signals.to(device), labels.to(device)).backward()
        optimizer.step()
print_result(objective.model)

# %%
# With mixed precision, the network runs in bfloat16. The augmentations, whose phases need more
# digits, stay in float32:

objective = build_objective().to(device)
optimizer = build_optimizer(objective)
for _ in range(20):
    for signals, labels in loader:
        optimizer.zero_grad()
        with torch.autocast(device.type, dtype=torch.bfloat16):
            loss = objective(signals.to(device), labels.to(device))
        loss.backward()
        optimizer.step()
print_result(objective.model)

# %%
# skorch and braindecode
# ----------------------
#
# :class:`eegaug.integrations.braindecode.EEGClassifier` builds the objective from its module and
# its criterion, records every strength in ``net.history``, and stops where a loss becomes NaN. In
# all else it is a scikit-learn estimator: pipelines, searches, cross-validation. Parameters of the
# objective have its prefix, as in ``objective__reward_weight=0.05``.

from eegaug.integrations.braindecode import EEGClassifier

net = EEGClassifier(
    build_objective().model,
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
print_result(net.module_)

# %%
# With the history, each record of a strength has its values over the epochs, and ``eegaug.plots``
# draws them:

from eegaug.plots import plot_strengths

plot_strengths(learned_strengths(net.module_, net.history))

# %%
# Lightning
# ---------
#
# The objective is a child of the ``LightningModule``, and the training step calls it.

import logging

import lightning

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)


class Rhythms(lightning.LightningModule):
    """The objective, in Lightning's terms."""

    def __init__(self):
        super().__init__()
        self.objective = build_objective()

    def training_step(self, batch, index):
        return self.objective(*batch)

    def configure_optimizers(self):
        return build_optimizer(self.objective)


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
print_result(module.objective.model)

# %%
# Accelerate
# ----------
#
# ``prepare`` takes the objective as it takes any model.

from accelerate import Accelerator

accelerator = Accelerator()
objective = build_objective()
prepared, optimizer, batches = accelerator.prepare(objective, build_optimizer(objective), loader)
for _ in range(20):
    for signals, labels in batches:
        optimizer.zero_grad()
        accelerator.backward(prepared(signals, labels))
        optimizer.step()
print_result(accelerator.unwrap_model(prepared).model)

# %%
# The phase does not matter, so the shift in time widens; polarity is flipped in every other trial;
# the frequency may shift by a quarter of a hertz. Plain torch, skorch, Lightning and Accelerate
# print the same numbers. They minimise the same objective, and all were seeded alike. Mixed
# precision rounds, and so differs a little.
#
# Several processes
# -----------------
#
# The wrapper goes around the objective, not around the model: gradients are then those of the loss
# and of the reward, and both are averaged over the processes.
#
# .. code-block:: python
#
#    objective = InvarianceObjective(model, nn.CrossEntropyLoss()).to(device)
#    parallel = DistributedDataParallel(objective)
#    ...
#    parallel(x, y).backward()
#
# Each process draws for itself, even where all were seeded alike. The running means of the losses
# are taken over all processes, so that the reward, and with it every strength, stays the same on
# all of them. Lightning (``devices=2``) and Accelerate (``accelerate launch``) wrap in the same way
# by themselves.
#
# The folder ``examples`` of the repository has one script of thirty lines per engine, on the same
# task: ``plain_torch.py``, ``with_skorch.py``, ``with_lightning.py``, ``with_accelerate.py`` and
# ``distributed.py``, which is started by
# ``torchrun --nproc-per-node 2 examples/distributed.py``.

# %%
# Stop and resume
# ---------------
#
# What a training depends on is in three places: the state of the objective (network, strengths and
# running means), the state of the optimiser, and torch's random state. Saved together, a training
# that was stopped goes on as if it had not been, bit for bit:

import io


def train(objective, optimizer, n_epochs):
    """Train on the CPU for some epochs."""
    objective.train()
    for _ in range(n_epochs):
        for signals, labels in loader:
            optimizer.zero_grad()
            objective(signals, labels).backward()
            optimizer.step()


objective = build_objective()
optimizer = build_optimizer(objective)
train(objective, optimizer, 2)
checkpoint = io.BytesIO()  # or a path
torch.save(
    {
        "objective": objective.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": torch.get_rng_state(),  # on a GPU also torch.cuda.get_rng_state()
    },
    checkpoint,
)
train(objective, optimizer, 2)  # without a stop

checkpoint.seek(0)
saved = torch.load(checkpoint)
resumed = build_objective()
optimizer = build_optimizer(resumed)
resumed.load_state_dict(saved["objective"])
optimizer.load_state_dict(saved["optimizer"])
torch.set_rng_state(saved["random"])
train(resumed, optimizer, 2)

pairs = zip(objective.state_dict().values(), resumed.state_dict().values(), strict=True)
print("bit for bit the same:", all(torch.equal(one, other) for one, other in pairs))

# %%
# All that is drawn in training comes from torch's global generator, so ``torch.manual_seed``
# repeats a training. Predictions repeat by themselves. How skorch saves and resumes is in
# :doc:`/guide/engines`.
