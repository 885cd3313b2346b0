"""Run by ``torchrun``: train on two processes, and save what each of them has."""

import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from eegaug import ChannelsDropout, Compose, InvarianceObjective, InvariantModel, SignFlip

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
import distributed


def gradients(objective, x, y):
    """The gradients of one step, and the loss that each trial is compared by."""
    parallel = DistributedDataParallel(objective, find_unused_parameters=True)
    torch.manual_seed(0)
    parallel(x, y).backward()
    return {name: p.grad for name, p in objective.named_parameters()}


def main(out):
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    objective = distributed.main(epochs=10)
    torch.manual_seed(1)  # alike on both
    draw = objective.model.sample(torch.zeros(4, 1, 200))
    torch.manual_seed(2)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    chain = Compose([SignFlip(0.3), ChannelsDropout(0.3)])
    other = InvarianceObjective(InvariantModel(network, chain), nn.CrossEntropyLoss())
    x, y = torch.randn(8, 3, 4), torch.arange(8) % 3
    mine = slice(4 * rank, 4 * rank + 4)
    saved = {
        "state": objective.state_dict(),
        "draws": [
            choices.uniform for choices, _ in objective.model.augmentation.all_choices(draw.noise)
        ],
        "gradients": gradients(other, x[mine], y[mine]),
        "skill": other.skill,
    }
    torch.save(saved, Path(out, f"rank{rank}.pt"))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
