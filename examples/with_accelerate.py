"""Train with Accelerate: ``accelerate launch examples/with_accelerate.py``, or with python."""

import torch
from accelerate import Accelerator
from task import make_data, make_model, parameter_groups
from torch import nn
from torch.utils.data import DataLoader

from eegaug import InvarianceObjective, summary


def main(epochs: int = 10) -> InvarianceObjective:
    """Train, and return the objective with its model."""
    accelerator = Accelerator(cpu=not torch.cuda.is_available())
    objective = InvarianceObjective(make_model(), nn.CrossEntropyLoss())
    optimizer = torch.optim.Adam(parameter_groups(objective.model))
    loader = DataLoader(make_data(), batch_size=32, shuffle=True)
    objective, optimizer, loader = accelerator.prepare(objective, optimizer, loader)
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            accelerator.backward(objective(x, y))
            optimizer.step()
    return accelerator.unwrap_model(objective)


if __name__ == "__main__":
    print(summary(main().model))
