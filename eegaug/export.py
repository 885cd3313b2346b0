"""Models for other programs: draws kept as buffers, for `torch.export` and ONNX."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from eegaug.models import InvariantModel
from eegaug.transforms.augmentation import check_signals
from eegaug.transforms.draws import Draw, map_noise
from eegaug.validation import check_module


def exportable(model: nn.Module, x: Tensor) -> nn.Module:
    """Return a copy of a model, in evaluation mode, that :func:`torch.export.export` takes.

    Where an :class:`~eegaug.InvariantModel` draws its copies from its seed, the copy of the model
    has these draws as buffers: a graph can hold them, and predictions are the same. They are drawn
    for one number of channels and samples; the batch may be of any size.

    Parameters
    ----------
    model : nn.Module
        An :class:`~eegaug.InvariantModel`, or a module with some inside, such as an
        :class:`~eegaug.Ensemble`. It stays as it is.
    x : Tensor
        Signals as the model takes them, shape (batch, channels, times); one trial is enough.

    Returns
    -------
    nn.Module
        A module from signals (batch, channels, times) to outputs (batch, ...). Its parameters need
        no gradient.

    Raises
    ------
    TypeError
        If ``model`` is not a module, or ``x`` is not a floating-point tensor.
    ValueError
        If the model does not take ``x``.

    Examples
    --------
    >>> from eegaug import FrequencyShift
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(2 * 300, 5))
    >>> model = InvariantModel(network, FrequencyShift(sfreq=100)).eval()
    >>> x = torch.randn(8, 2, 300)
    >>> batch = {0: torch.export.Dim("batch")}
    >>> program = torch.export.export(exportable(model, x), (x,), dynamic_shapes=(batch,))
    >>> torch.allclose(program.module()(x[:3]), model(x[:3]), atol=1e-6)
    True
    """
    check_module("model", model)
    check_signals(x)
    fixed: dict[int, Any] = {
        id(each): _Fixed(copy.deepcopy(each).eval(), x)
        for each in model.modules()
        if isinstance(each, InvariantModel) and each.n_copies
    }
    # with each in the place of what it stands for
    ready = copy.deepcopy(model, fixed).eval().requires_grad_(False)
    with torch.no_grad():
        ready(x)
    return ready


class _Fixed(nn.Module):
    """An :class:`~eegaug.InvariantModel` in evaluation, with its draws as buffers."""

    def __init__(self, model: InvariantModel, x: Tensor) -> None:
        super().__init__()
        self.model = model
        draw = model.sample(x[:1])
        self.shape = draw.shape
        self.names: Any = map_noise(self._kept, draw.noise)  # as the draws are nested

    def _kept(self, draws: Tensor) -> Any:
        name = f"draws_{len(self._buffers)}"
        self.register_buffer(name, draws)
        return name

    def forward(self, x: Tensor) -> Tensor:
        """Return the averaged output."""
        draw = Draw(map_noise(self.get_buffer, self.names), self.shape)  # type: ignore[arg-type]
        return self.model(x, draw=draw.repeat(x.shape[0]))
