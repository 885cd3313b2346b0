"""The objective for scores on people never seen: half of each batch stays as it is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from eegaug.models import InvariantModel
from eegaug.objectives.base import Step
from eegaug.objectives.invariance import REWARD_WEIGHT, InvarianceObjective

#: The strengths learn at every so many steps; between them augmentation is cheap.
LEARN_EVERY = 4


class ScoreObjective(InvarianceObjective):
    r"""Train on clean and augmented trials, half and half, and learn the strengths on the latter.

    In training the loss is

    .. math:: \tfrac12\,\ell(f(x_1), y_1) + \tfrac12\,\big[\ell(f(A(x_2)), y_2) -
       \mu\,\kappa^2 \sum_k \log(b_k + \epsilon)\big],

    with :math:`x_1` and :math:`x_2` every other trial of a batch, and the bracket that of
    :class:`~eegaug.InvarianceObjective`. As long as half of the trials are clean, a network keeps
    using the features that they have, so that a transform which destroys these features is resisted
    and stays narrow. Trained on augmented trials alone, the network may give the features up, and
    nothing resists any longer; on people never seen it then lacks them.

    The strengths learn at every fourth step; at the others the augmentation has no gradient, which
    halves its cost.

    Parameters
    ----------
    model : InvariantModel
        A network preceded by its augmentation; ``n_copies=0`` predicts from clean signals, as
        suits this training.
    loss : nn.Module
        Loss of (outputs, targets) with a ``reduction`` of "mean".
    reward_weight : float
        :math:`\mu`, in units of the loss (nats), zero or more.

    Raises
    ------
    TypeError
        If the model is not an :class:`~eegaug.InvariantModel`, or the loss does not reduce to the
        mean, or takes log-probabilities or rates.
    ValueError
        If the weight is negative, the model contains another objective, trains on several copies
        per trial, or is equivariant.

    Notes
    -----
    ``docs/benchmarks/people.md`` compares it with others on people never seen. Under
    ``DistributedDataParallel`` strengths have no gradient at most steps: pass
    ``find_unused_parameters=True``.

    Examples
    --------
    >>> from eegaug import TimeShift, init_strengths
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(64, 2, 10)
    >>> y = (x.mean((1, 2)) > 0).long()
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(20, 2))
    >>> augmentation = init_strengths(TimeShift(sfreq=10))
    >>> model = InvariantModel(network, augmentation, n_copies=0)
    >>> objective = ScoreObjective(model, nn.CrossEntropyLoss())
    >>> optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    >>> for _ in range(100):
    ...     optimizer.zero_grad()
    ...     objective(x, y).backward()
    ...     optimizer.step()
    >>> (model.eval()(x).argmax(1) == y).float().mean() > 0.9
    tensor(True)
    """

    def __init__(
        self, model: InvariantModel, loss: nn.Module, reward_weight: float = REWARD_WEIGHT
    ) -> None:
        super().__init__(model, loss, reward_weight)
        if model.n_copies_train != 1 or model.equivariant:
            raise ValueError(
                "Parameter `model` should train on one copy and have one output per trial."
                f" Found {model.n_copies_train} copies{', equivariant' * model.equivariant}."
            )
        self._phase = 0  # not a count of steps, of which a compiler would take each as new

    def training_step(self, x: Tensor, y: Tensor) -> Step:
        """Return the loss of both halves less the reward, and the outputs of the network."""
        learns = self._phase == 0
        self._phase = (self._phase + 1) % LEARN_EVERY
        if len(x) == 1:  # augmented in one step of a cycle
            return super().training_step(x, y) if learns else self._clean_step(x, y)
        step = self._learning_step if learns else self._constant_step
        loss, augmented, clean = step(x[::2], y[::2], x[1::2], y[1::2])
        outputs = augmented.new_empty(len(x), *augmented.shape[1:])
        outputs[::2], outputs[1::2] = augmented.detach(), clean.detach()
        return Step(loss, outputs)

    def _clean_step(self, x: Tensor, y: Tensor) -> Step:
        """Return the loss of clean trials, and the outputs."""
        outputs = self.model.model(x)
        return Step(self.loss(outputs, y), outputs)

    def _learning_step(
        self, x: Tensor, y: Tensor, x_clean: Tensor, y_clean: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the loss with the reward, and the outputs of both halves."""
        augmented = super().training_step(x, y)
        clean = self.model.model(x_clean)
        return (augmented.loss + self.loss(clean, y_clean)) / 2, augmented.outputs, clean

    def _constant_step(
        self, x: Tensor, y: Tensor, x_clean: Tensor, y_clean: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the loss at constant strengths, and the outputs, from one pass of the network."""
        constant = {  # choices of a constant probability are whole
            name: parameter.detach()
            for name, parameter in self.model.augmentation.named_parameters()
            if parameter.requires_grad
        }
        signals = torch.func.functional_call(self.model.augmentation, constant, x)
        outputs = self.model.model(torch.cat([signals, x_clean]))
        augmented, clean = outputs.split([len(x), len(x_clean)])
        return (self.loss(augmented, y) + self.loss(clean, y_clean)) / 2, augmented, clean

    def get_extra_state(self) -> dict[str, Any]:
        """Return the number of steps since the first or one that learned, for the state dict."""
        return {"phase": self._phase}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore the number of steps since one that learned."""
        self._phase = state["phase"]
