"""Train in a plain torch loop: ``python examples/plain_torch.py``."""

import torch
from task import make_data, make_model, parameter_groups
from torch import nn
from torch.utils.data import DataLoader

from eegaug import InvarianceObjective, summary


def main(epochs: int = 10) -> InvarianceObjective:
    """Train, and return the objective with its model."""
    objective = InvarianceObjective(make_model(), nn.CrossEntropyLoss())
    optimizer = torch.optim.Adam(parameter_groups(objective.model))
    loader = DataLoader(make_data(), batch_size=32, shuffle=True)
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            objective(x, y).backward()
            optimizer.step()
    return objective


if __name__ == "__main__":
    print(summary(main().model))
