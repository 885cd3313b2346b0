"""Train on several processes: ``torchrun --nproc-per-node 2 examples/distributed.py``."""

import torch
import torch.distributed as dist
from task import make_data, make_model, parameter_groups
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler

from eegaug import InvarianceObjective, summary


def main(epochs: int = 10) -> InvarianceObjective:
    """Train, and return the objective with its model, the same on all processes."""
    device = torch.device("cuda", dist.get_node_local_rank()) if torch.cuda.is_available() else None
    objective = InvarianceObjective(make_model(), nn.CrossEntropyLoss()).to(device)
    parallel = DistributedDataParallel(objective)
    optimizer = torch.optim.Adam(parameter_groups(objective.model))
    data = make_data()
    sampler = DistributedSampler(data)
    loader = DataLoader(data, batch_size=16, sampler=sampler)  # for each process
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            parallel(x.to(device), y.to(device)).backward()
            optimizer.step()
    return objective


if __name__ == "__main__":
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    trained = main()
    if dist.get_rank() == 0:
        print(summary(trained.model))
    dist.destroy_process_group()
