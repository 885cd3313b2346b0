"""Augmentations in a data loader, with workers and without."""

import pytest
import torch
from braindecode.augmentation import AugmentedDataLoader
from torch.utils.data import DataLoader, Dataset, TensorDataset, get_worker_info

from eegaug import (
    AugmentationLayer,
    ChannelsDropout,
    Compose,
    SegmentationReconstruction,
    SignFlip,
    Strength,
    TimeShift,
)

from ..helpers import SFREQ, signal, tensors

X = signal(8, 3, 100)
AUGMENTATIONS = {
    "transform": lambda: TimeShift(SFREQ),
    "choices": lambda: SignFlip(0.4),
    "layer": lambda: AugmentationLayer([SignFlip(), TimeShift(SFREQ)]),
    "chain": lambda: Compose([TimeShift(SFREQ), ChannelsDropout(0.3)]),
}


class Augmented(Dataset):
    """Batches augmented in the workers, each with its worker and its draws."""

    def __init__(self, augmentation, given):
        self.augmentation = augmentation
        self.given = given

    def __len__(self):
        return 4

    def __getitem__(self, index):
        draw = self.augmentation.sample(X)
        out = self.augmentation(X, draw=draw)
        again = torch.equal(out, self.augmentation(X, draw=draw))
        return get_worker_info().id, draw, out, again, self.augmentation(X, draw=self.given)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_workers_draw_by_themselves_and_replay_exactly(name):
    augmentation = AUGMENTATIONS[name]()
    given = augmentation.sample(X)
    data = Augmented(augmentation, given)
    runs = []
    for _ in range(2):
        torch.manual_seed(0)
        drawn = []
        for worker, draw, out, again, replayed in DataLoader(
            data, batch_size=None, num_workers=2, timeout=30
        ):
            assert again and not out.requires_grad
            with torch.no_grad():
                assert torch.equal(augmentation(X, draw=draw.whole()), out)
                assert torch.equal(augmentation(X, draw=given.whole()), replayed)
            drawn.append((worker, torch.cat([each.flatten() for each in tensors(draw.noise)])))
        assert {worker for worker, _ in drawn} == {0, 1}
        for index, (_, one) in enumerate(drawn):
            assert not any(torch.equal(one, other) for _, other in drawn[:index])
        runs.append(drawn)
    for (_, first), (_, second) in zip(*runs, strict=True):
        assert torch.equal(first, second), "a seeded run repeats"


@pytest.mark.parametrize("n_workers", [0, 1])
@pytest.mark.parametrize(
    "transform",
    [
        SignFlip(0.4),
        ChannelsDropout(0.4),
        Compose([SignFlip(0.4), ChannelsDropout(0.4)]),
        SegmentationReconstruction(2, Strength(0.4, unit="probability")),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_a_loader_makes_whole_choices_without_a_graph(transform, n_workers):
    data = TensorDataset(torch.randn(200, 1, 20).sign(), torch.zeros(200).long())
    loader = AugmentedDataLoader(
        data, transforms=transform, batch_size=100, num_workers=n_workers, timeout=30 * n_workers
    )
    for x, _ in loader:
        assert not x.requires_grad
        assert x.abs().unique().tolist() in ([0, 1], [1])
    assert transform(data.tensors[0]).requires_grad, "in a model it learns"
