"""What makes a strength grow: criteria that reward width, ours and the published."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from eegaug.strength import Strength
from eegaug.transforms.base import Augmentation
from eegaug.validation import check_not_negative, check_number

#: Weight of the published penalty where none is given.
PENALTY_WEIGHT = 0.001
#: What an augmentation wider by a factor e may cost, in units of the loss: nats.
REWARD_WEIGHT = 0.1
#: Width, as a fraction of its range, up to which a strength counts as none.
NEGLIGIBLE = 0.03
#: Fraction of its range at which a strength starts to learn.
START = 0.02
#: Losses whose outputs of zero are no prediction that ignores its input.
OTHER_SCORES = (nn.NLLLoss, nn.KLDivLoss, nn.PoissonNLLLoss)
#: Width of the rounding of the norm at zero, as a fraction of a strength's range.
ROUNDING = 0.01


def width_penalty(module: nn.Module) -> Tensor:
    r"""Return the negative width of all augmentations of a model, to be added to its loss.

    .. math:: -\lVert w \odot r \rVert_2,

    with :math:`r` the strengths of all layers as fractions of their ranges, and :math:`w` the
    weights of their transforms, 1 outside of layers. Two things differ from what was published: a
    :class:`~eegaug.FlipProbability` counts by its variance, and the norm is taken between
    :math:`w \odot r + \epsilon` and :math:`\epsilon = 0.01`, so that its gradient is alive
    where all strengths are zero: there all of them widen alike.

    Parameters
    ----------
    module : nn.Module
        A model with augmentations anywhere inside, or an augmentation.

    Returns
    -------
    Tensor
        Scalar, at most zero, differentiable in weights and strengths.

    Raises
    ------
    ValueError
        If there is no augmentation inside.

    References
    ----------
    Rommel et al., *Deep invariant networks with differentiable augmentation layers*,
    NeurIPS 2022, arXiv 2202.02142.

    Benton et al., *Learning invariances in neural networks*, NeurIPS 2020, arXiv 2010.11882.

    Examples
    --------
    >>> from eegaug import FTSurrogate, TimeShift
    >>> chain = nn.Sequential(FTSurrogate(0.3), TimeShift(sfreq=100, max_shift=0.8))
    >>> round(width_penalty(chain).item(), 3)
    -0.5
    """
    widths = [each for a in _check_outermost(module) for each in a.widths()]
    if not widths:
        return torch.zeros(())
    width = torch.cat(widths)
    return ROUNDING * len(width) ** 0.5 - torch.linalg.vector_norm(width + ROUNDING)


class InvarianceCriterion(nn.Module):
    r"""Widen every strength as far as the loss of a network that knows its task allows.

    In training the loss :math:`\ell` of the augmented trials becomes

    .. math:: \ell - \mu\,\kappa^2 \sum_k \log(b_k + \epsilon), \qquad
       \kappa = \max(1 - \ell / \ell_0,\ 0),

    with :math:`b_k` the widths (a strength as a fraction of its range, the variance of a
    :class:`~eegaug.FlipProbability`), and :math:`\kappa` what the network knows: the share that it saves of
    :math:`\ell_0`, the loss of a prediction which ignores its input. Both losses are means over
    recent batches, and have no gradient here. A strength :math:`s` comes to rest where

    .. math:: s\,\frac{\partial \ell}{\partial s} = \mu\,\kappa^2 \quad (b \gg \epsilon),

    that is, where an augmentation wider by 1 % costs a hundredth of :math:`\mu`. For draws from
    :math:`U(-s, s)` the left-hand side is the loss at the edge of the augmentation less its mean.
    So the rule depends neither on unit nor on range, holds each transform by itself, and does not
    saturate; a network that knows nothing widens nothing. Where a transform destroys what the
    network knows, its width falls to about :math:`\epsilon = 0.03`.

    Choices (flips, dropped channels, gates) are whole. Their chances :math:`p` get the gradient of
    the mean loss from the losses of the trials,

    .. math:: \frac{\partial\, \mathbb{E}\,\ell}{\partial p} =
       \mathbb{E}\Big[(\ell_i - \bar\ell)\,
       \frac{\partial \log P(\text{choices}_i)}{\partial p}\Big],

    which is right for any loss, bent or not (within 1 % for the draws of a batch of 32, which are
    spread evenly, and :math:`p` from 0.02), and less noisy the smaller the losses are. From the
    construction of this criterion on, the chances of the model are learned through it alone, from
    the choices of the last forward pass: one pass in training mode, then one loss of its outputs.

    Parameters
    ----------
    criterion : nn.Module
        Loss of (outputs, targets) with a ``reduction`` of "mean", such as
        ``nn.CrossEntropyLoss()`` or ``nn.MSELoss()``. Outputs of zero should be a prediction that
        ignores its input, as they are for scores before a softmax.
    model : nn.Module
        Model with augmentations inside. It is referred to, not owned: its parameters are not
        parameters of the criterion.
    weight : float
        :math:`\mu`, in units of the loss (nats), zero or more. For a regression, standardise the
        targets, or scale it by their variance.

    Raises
    ------
    TypeError
        If the criterion has no reduction to the mean, or wants log-probabilities or rates.
    ValueError
        If the weight is negative, or the model holds no augmentation.

    Notes
    -----
    ``docs/benchmarks/recovery.md`` holds it against the published objectives.

    References
    ----------
    Williams, *Simple statistical gradient-following algorithms for connectionist reinforcement
    learning*, Machine Learning, 1992, for the gradient of choices.

    Examples
    --------
    >>> from eegaug import InvariantModel, TimeShift
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(64, 2, 10)
    >>> y = (x.mean((1, 2)) > 0).long()  # whatever the shift
    >>> network = nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(2, 2))
    >>> model = init_strengths(InvariantModel(network, TimeShift(sfreq=10)))
    >>> criterion = InvarianceCriterion(nn.CrossEntropyLoss(), model)
    >>> optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    >>> for _ in range(100):
    ...     optimizer.zero_grad()
    ...     criterion(model(x), y).backward()
    ...     optimizer.step()
    >>> model.augmentation.max_shift
    Strength(2 s in [0, 2])
    """

    #: Share of the past in the running means.
    MOMENTUM = 0.9

    def __init__(
        self, criterion: nn.Module, model: nn.Module, weight: float = REWARD_WEIGHT
    ) -> None:
        super().__init__()
        check_not_negative("weight", weight)
        _check_outermost(model)
        if getattr(criterion, "reduction", None) != "mean" or isinstance(criterion, OTHER_SCORES):
            raise TypeError(
                "Parameter `criterion` should be a loss of scores with a `reduction` of 'mean',"
                f" such as CrossEntropyLoss. Found {criterion}."
            )
        self.criterion = criterion
        self.each = copy.deepcopy(criterion)
        self.each.reduction = "none"
        self.weight = weight
        self._model = (model,)  # in a tuple, it is not registered as a child
        _score_choices(model, True)
        # Running means of the loss, and of that of a prediction which ignores its input.
        self.register_buffer("loss", torch.tensor(torch.nan))
        self.register_buffer("baseline_loss", torch.tensor(torch.nan))

    @property
    def skill(self) -> Tensor:
        """What the network knows, from 0 to 1: the share of the ignorant loss that it saves."""
        return (1 - self.loss / self.baseline_loss).clamp(0, 1).nan_to_num(0.0)

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss, with the reward of width while the model is in training mode."""
        loss = self.criterion(outputs, targets)
        (model,) = self._model
        if not model.training:
            return loss
        with torch.no_grad():
            self._observe(loss, outputs, targets)
            losses = trial_losses(self.each, outputs, targets, loss)
            reward = self.weight * self.skill.square()
        for augmentation in _outermost(model):
            for widths in augmentation.widths():
                loss = loss - reward * torch.log(widths + NEGLIGIBLE).sum()
        return loss + self._score(losses)

    def _observe(self, loss: Tensor, outputs: Tensor, targets: Tensor) -> None:
        """Update the running means."""
        constants = (outputs.mean(0, keepdim=True).expand_as(outputs), torch.zeros_like(outputs))
        ignorant = torch.stack([self.criterion(each, targets) for each in constants]).min()
        self.loss = self._mean(self.loss, loss)
        self.baseline_loss = self._mean(self.baseline_loss, ignorant)

    def _mean(self, mean: Tensor, latest: Tensor) -> Tensor:
        mean = mean.to(latest)
        return torch.where(mean.isfinite(), mean.lerp(latest, 1 - self.MOMENTUM), latest)

    def _score(self, losses: Tensor) -> Tensor:
        """Return zero, with the gradient of the mean loss in the chances of what was chosen."""
        (model,) = self._model
        score = losses.new_zeros(())
        for strength in _learnable(model):
            if strength.choices is None:
                continue
            # one row a trial; a network may return several, its windows' say
            rows = min(len(losses), len(strength.choices))
            choices, p = strength.choices.reshape(rows, -1), strength()
            tiny = torch.finfo(p.dtype).eps  # at the ends of the range the logarithm stays finite
            likelihood = choices * torch.log(p + tiny) + (1 - choices) * torch.log1p(tiny - p)
            advantage = (losses - losses.mean()).reshape(rows, -1).mean(1)
            score = score + (advantage * likelihood.sum(1)).mean()
        return score - score.detach()


def init_strengths(module: nn.Module, fraction: float = START) -> nn.Module:
    """Set every learnable strength to a small fraction of its range: where learning starts.

    A network learns its task under narrow augmentations first, and each strength then widens from
    there; what starts wide may hide from the network what it would have to resist.

    Parameters
    ----------
    module : nn.Module
        A model with augmentations inside, or an augmentation. It is changed in place.
    fraction : float
        Fraction of each range, from 0 to 1.

    Returns
    -------
    nn.Module
        The module itself.

    Raises
    ------
    ValueError
        If the fraction is out of range, or there is no augmentation inside.

    Examples
    --------
    >>> from eegaug import FrequencyShift
    >>> init_strengths(FrequencyShift(sfreq=100)).max_delta_freq
    Strength(0.1 Hz in [0, 5])
    """
    check_number("fraction", fraction)
    if not 0 <= fraction <= 1:
        raise ValueError(
            f"Parameter `fraction` should be between 0 and 1. Found `fraction = {fraction}`."
        )
    _check_outermost(module)
    for strength in _learnable(module):
        strength.raw.data.fill_(fraction)
    return module


class BreadthCriterion(nn.Module):
    """Add the published width penalty to a loss while the model is in training mode.

    Parameters
    ----------
    criterion : nn.Module
        Loss of (outputs, targets).
    model : nn.Module
        Model with augmentations inside. It is referred to, not owned: its parameters are not
        parameters of the criterion.
    weight : float
        Weight of the penalty, zero or more.

    Raises
    ------
    ValueError
        If the weight is negative, or the model holds no augmentation.

    References
    ----------
    Rommel et al., *Deep invariant networks with differentiable augmentation layers*,
    NeurIPS 2022, arXiv 2202.02142.

    Benton et al., *Learning invariances in neural networks*, NeurIPS 2020, arXiv 2010.11882.

    Examples
    --------
    >>> from eegaug import FTSurrogate, InvariantModel
    >>> model = InvariantModel(nn.Flatten(), FTSurrogate(0.3))
    >>> criterion = BreadthCriterion(nn.CrossEntropyLoss(), model, weight=0.2)
    >>> outputs, targets = torch.zeros(4, 5), torch.arange(4)
    >>> round(criterion(outputs, targets).item(), 2)
    1.55
    >>> _ = model.eval()
    >>> round(criterion(outputs, targets).item(), 2)
    1.61
    """

    def __init__(
        self, criterion: nn.Module, model: nn.Module, weight: float = PENALTY_WEIGHT
    ) -> None:
        super().__init__()
        check_not_negative("weight", weight)
        _check_outermost(model)
        _score_choices(model, False)
        self.criterion = criterion
        self.weight = weight
        self._model = (model,)  # in a tuple, it is not registered as a child

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss, with the penalty while the model is in training mode."""
        loss = self.criterion(outputs, targets)
        (model,) = self._model
        return loss + self.weight * width_penalty(model) if model.training else loss


def _check_outermost(module: nn.Module) -> list[Augmentation]:
    augmentations = list(_outermost(module))
    if not augmentations:
        raise ValueError(
            f"Argument `module` should hold an augmentation. Found none in {type(module).__name__}."
        )
    return augmentations


def _outermost(module: nn.Module) -> Iterator[Augmentation]:
    if isinstance(module, Augmentation):
        yield module
        return
    for child in module.children():
        yield from _outermost(child)


def _strengths(module: nn.Module) -> Iterator[Strength]:
    for augmentation in _outermost(module):
        for each in augmentation.modules():
            if isinstance(each, Strength):
                yield each


def _learnable(module: nn.Module) -> Iterator[Strength]:
    return (strength for strength in _strengths(module) if strength.learnable)


def _score_choices(module: nn.Module, scored: bool) -> None:
    """Say how chances are to be learned: from the losses of whole choices, or through choices."""
    for strength in _strengths(module):
        strength.scored = scored
        strength.choices = None


def trial_losses(each: nn.Module, outputs: Tensor, targets: Tensor, mean: Tensor) -> Tensor:
    """Return the loss of each trial on the scale of its mean: class weights do not sum to one."""
    losses = each(outputs, targets).reshape(len(outputs), -1).mean(1)
    return losses * (mean / losses.mean()).nan_to_num(1.0)
