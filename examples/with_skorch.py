"""Train with skorch, as braindecode does: ``python examples/with_skorch.py``."""

import torch
from task import make_data, make_model

from eegaug import InvarianceObjective, summary
from eegaug.integrations.braindecode import EEGClassifier


def main(epochs: int = 10) -> InvarianceObjective:
    """Train, and return the objective with its model."""
    x, y = make_data().tensors
    net = EEGClassifier(
        make_model(),
        objective=InvarianceObjective,  # the default
        optimizer=torch.optim.Adam,
        optimizer__lr=3e-3,
        optimizer__param_groups=[("augmentation*", {"lr": 1e-2})],
        batch_size=32,
        max_epochs=epochs,
        train_split=None,
        verbose=0,
    )
    net.fit(x.numpy(), y.numpy())
    return net.objective_


if __name__ == "__main__":
    print(summary(main().model))
