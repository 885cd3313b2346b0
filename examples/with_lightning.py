"""Train with Lightning: ``python examples/with_lightning.py``."""

import lightning
import torch
from task import make_data, make_model, parameter_groups
from torch import Tensor, nn
from torch.utils.data import DataLoader

from eegaug import InvarianceObjective, summary


class Rhythms(lightning.LightningModule):
    """The objective, in Lightning's terms."""

    def __init__(self) -> None:
        super().__init__()
        self.objective = InvarianceObjective(make_model(), nn.CrossEntropyLoss())

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        """Return the loss of a batch."""
        return self.objective(*batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimiser."""
        return torch.optim.Adam(parameter_groups(self.objective.model))


def main(epochs: int = 10, **trainer: object) -> InvarianceObjective:
    """Train, and return the objective with its model."""
    rhythms = Rhythms()
    settings = {"logger": False, "enable_checkpointing": False, "enable_model_summary": False}
    lightning.Trainer(max_epochs=epochs, **settings, **trainer).fit(
        rhythms, DataLoader(make_data(), batch_size=32, shuffle=True)
    )
    return rhythms.objective


if __name__ == "__main__":
    print(summary(main().model))
