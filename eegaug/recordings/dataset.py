"""Windows as a dataset of torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch.utils.data import Dataset

from eegaug.recordings.windows import Windows


class WindowDataset(Dataset):
    """Pairs of signals and label, for any ``DataLoader``, with workers or without.

    Windows in the files of a cache are read when a pair is asked for.

    Parameters
    ----------
    windows : Windows
        The windows.
    index : ndarray of int, shape (pairs,), optional
        Which of them, in this order; all where absent.

    Examples
    --------
    >>> from torch.utils.data import DataLoader
    >>> from eegaug.recordings import make_sleep_windows, simulate_nights
    >>> windows = make_sleep_windows(simulate_nights(1, hours=0.25))
    >>> loader = DataLoader(WindowDataset(windows, np.arange(10)), batch_size=8, shuffle=True)
    >>> x, y = next(iter(loader))
    >>> x.shape, y.shape
    (torch.Size([8, 2, 3000]), torch.Size([8]))
    """

    def __init__(self, windows: Windows, index: np.ndarray | None = None) -> None:
        self.X = windows.X
        self.index = np.arange(len(windows)) if index is None else np.asarray(index)
        self.y = windows.y[self.index]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, place: int) -> tuple[Any, Any]:
        return self.X[int(self.index[place])], self.y[place]
