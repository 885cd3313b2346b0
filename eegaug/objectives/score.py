"""The objective for scores on people never seen: a quarter of each batch stays as it is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from eegaug.models import InvariantModel
from eegaug.objectives.base import Step
from eegaug.objectives.invariance import REWARD_WEIGHT, InvarianceObjective

#: The strengths learn at one of so many steps, and one of so many trials stays as it is: as many,
#: so that a cycle of steps keeps a quarter of any batch.
LEARN_EVERY = CLEAN_EVERY = 4


class ScoreObjective(InvarianceObjective):
    r"""Train on augmented trials and some clean ones, and learn the strengths on the former.

    In training the loss is

    .. math:: \tfrac14\,\ell(f(x_1), y_1) + \tfrac34\,\big[\ell(f(A(x_2)), y_2) -
       \mu\,\kappa^2 \sum_k \log(b_k + \epsilon)\big],

    with :math:`x_1` a quarter of the batch, drawn at random, :math:`x_2` the others, and the
    bracket that of :class:`~eegaug.InvarianceObjective`. As long as some trials are clean, a
    network keeps using the features that they have, so that a transform which destroys these
    features is resisted and stays narrow. Trained on augmented trials alone, the network may give
    the features up, and nothing resists any longer; on people never seen it then lacks them. One
    transform per trial, as :class:`~eegaug.OneOf` applies them, suits this objective best.

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
    >>> from eegaug import OneOf, SignFlip, TimeShift, init_strengths
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(64, 2, 10)
    >>> y = (x.mean((1, 2)) > 0).long()
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(20, 2))
    >>> augmentation = init_strengths(OneOf([TimeShift(sfreq=10), SignFlip()]))
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
        """Return the loss of all trials less the reward, and the outputs of the network."""
        n_clean = (len(x) + self._phase) // CLEAN_EVERY  # a quarter on average, of any batch
        # by 32 bits: torch's compiler fails on x[torch.randperm(n)] (pytorch/pytorch#158457)
        order = torch.randperm(len(x), device=x.device, dtype=torch.int32).long()
        step = self._learning_step if self._learns() else self._constant_step
        loss, outputs = step(x[order], y[order], len(x) - n_clean)
        self._phase = (self._phase + 1) % LEARN_EVERY
        return Step(loss, torch.empty_like(outputs).index_copy(0, order, outputs.detach()))

    def _learns(self) -> bool:
        return self._phase == 0 and any(
            parameter.requires_grad for parameter in self.model.augmentation.parameters()
        )

    def _learning_step(self, x: Tensor, y: Tensor, n_augmented: int) -> tuple[Tensor, Tensor]:
        """Return the loss with the reward, and the outputs, the augmented trials' first."""
        augmented = super().training_step(x[:n_augmented], y[:n_augmented])
        if n_augmented == len(x):
            return augmented.loss, augmented.outputs
        clean = self.model.model(x[n_augmented:])
        share = n_augmented / len(x)
        loss = share * augmented.loss + (1 - share) * self.mean_loss(clean, y[n_augmented:])
        return loss, torch.cat([augmented.outputs, clean])

    def _constant_step(self, x: Tensor, y: Tensor, n_augmented: int) -> tuple[Tensor, Tensor]:
        """Return the loss at constant strengths, and the outputs, from one pass of the network."""
        constant = {  # choices of a constant probability are whole
            name: parameter.detach()
            for name, parameter in self.model.augmentation.named_parameters()
            if parameter.requires_grad
        }
        signals = x
        if n_augmented:
            augmentation = self.model.augmentation
            augmented = torch.func.functional_call(augmentation, constant, x[:n_augmented])
            signals = torch.cat([augmented, x[n_augmented:]])
        outputs = self.model.model(signals)
        return self.mean_loss(outputs, y), outputs

    def get_extra_state(self) -> dict[str, Any]:
        """Return the number of steps since the first or one that learned, for the state dict."""
        return {"phase": self._phase}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore the number of steps since one that learned."""
        self._phase = state["phase"]
