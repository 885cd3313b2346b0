"""The objective that widens each strength as far as a network that knows its task allows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eegaug.functional.estimators import evenness, leave_one_out
from eegaug.models import InvariantModel
from eegaug.objectives.base import Objective, Step
from eegaug.objectives.losses import per_trial, with_reduction
from eegaug.transforms.contexts import n_processes
from eegaug.transforms.draws import Draw
from eegaug.validation import check_not_negative

#: Loss (nats) that an augmentation wider by a factor of e may cost.
REWARD_WEIGHT = 0.1
#: Width, as a fraction of its range, up to which a strength is effectively inactive.
NEGLIGIBLE = 0.03
#: Losses for which outputs of zero are not a prediction independent of the input.
OTHER_SCORES = (nn.NLLLoss, nn.KLDivLoss, nn.PoissonNLLLoss)


class InvarianceObjective(Objective):
    r"""Widen every strength as far as the loss of a network that knows its task allows.

    In training the loss :math:`\ell` of the augmented trials becomes

    .. math:: \ell - \mu\,\kappa^2 \sum_k \log(b_k + \epsilon), \qquad
       \kappa = \max(1 - \ell / \ell_0,\ 0),

    with :math:`b_k` the widths (a strength as a fraction of its range, the variance of a
    :class:`~eegaug.FlipProbability`), and :math:`\kappa` the skill of the network: the fraction by
    which it reduces :math:`\ell_0`, the baseline loss of a prediction that ignores its input. Both
    losses are means over recent batches of all processes, and have no gradient here. A strength
    :math:`s` settles where

    .. math:: s\,\frac{\partial \ell}{\partial s} = \mu\,\kappa^2 \quad (b \gg \epsilon),

    that is, where an augmentation wider by 1 % costs a hundredth of :math:`\mu`. For draws from
    :math:`U(-s, s)` the left-hand side is the loss at the edge of the augmentation less its mean.
    The rule thus depends neither on unit nor on range, applies to each transform separately, and
    does not saturate; a network without skill widens nothing. If a transform destroys features that
    the network uses, its width falls to about :math:`\epsilon = 0.03`.

    Choices (flips, dropped channels, gates) are whole. The gradient of the mean loss in their
    probabilities :math:`p` is estimated from the losses of the trials,

    .. math:: \frac{\partial\, \mathbb{E}\,\ell}{\partial p} = \frac1c\,
       \mathbb{E}\Big[(\ell_i - \bar\ell_{-i})\,
       \frac{\partial \log P(\text{choices}_i)}{\partial p}\Big], \qquad
       c = 1 + \frac{1}{N - 1}\Big(1 - \frac{r (1 - r)}{n p (1 - p)}\Big),

    with :math:`\bar\ell_{-i}` the mean loss of all other trials, of all processes. This is unbiased
    for any loss: choices are spread evenly over the :math:`n` trials of a batch, so that those of
    two trials are not independent, and :math:`c` corrects for this, with :math:`r` the fractional
    part of :math:`n p` and :math:`N` the number of trials of all processes. A single trial is
    compared with the running mean of the loss. Where a trial's loss also depends on the choices of
    others, as under batch normalisation, that part of the gradient is left out.

    Parameters
    ----------
    model : InvariantModel
        A network preceded by its augmentation.
    loss : nn.Module
        Loss of (outputs, targets) with a ``reduction`` of "mean", such as ``nn.CrossEntropyLoss()``
        or ``nn.MSELoss()``. Outputs of zero should be a prediction that ignores the input, as for
        scores before a softmax.
    reward_weight : float
        :math:`\mu`, in units of the loss (nats), zero or more. For a regression, standardise the
        targets, or scale the weight by their variance.

    Attributes
    ----------
    running_loss, baseline_loss : Tensor
        Running means of :math:`\ell` and :math:`\ell_0`, saved in the state dict; NaN before the
        first batch.

    Raises
    ------
    TypeError
        If the model is not an :class:`~eegaug.InvariantModel`, or the loss does not reduce to the
        mean, or takes log-probabilities or rates.
    ValueError
        If the weight is negative, or the model contains another objective.

    Notes
    -----
    ``docs/benchmarks/recovery.md`` compares this objective with the published ones, and
    ``docs/benchmarks/estimators.md`` compares the gradient of probabilities with enumeration.

    References
    ----------
    Williams, *Simple statistical gradient-following algorithms for connectionist reinforcement
    learning*, Machine Learning, 1992, for the gradient of choices.

    Examples
    --------
    >>> from eegaug import TimeShift, init_strengths
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(64, 2, 10)
    >>> y = (x.mean((1, 2)) > 0).long()  # independent of the shift
    >>> network = nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(2, 2))
    >>> model = init_strengths(InvariantModel(network, TimeShift(sfreq=10)))
    >>> objective = InvarianceObjective(model, nn.CrossEntropyLoss())
    >>> optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    >>> for _ in range(100):
    ...     optimizer.zero_grad()
    ...     objective(x, y).backward()
    ...     optimizer.step()
    >>> model.augmentation.max_shift
    Strength(2 s in [0, 2])
    """

    #: Weight of the past in the running means.
    MOMENTUM = 0.9

    running_loss: Tensor
    baseline_loss: Tensor

    def __init__(
        self, model: InvariantModel, loss: nn.Module, reward_weight: float = REWARD_WEIGHT
    ) -> None:
        super().__init__(model, loss)
        check_not_negative("reward_weight", reward_weight)
        if getattr(loss, "reduction", None) != "mean" or isinstance(loss, OTHER_SCORES):
            raise TypeError(
                "Parameter `loss` should be a loss of scores with a `reduction` of 'mean',"
                f" such as CrossEntropyLoss. Found {loss}."
            )
        self.trial_loss = with_reduction(loss, "none")
        self.reward_weight = float(reward_weight)
        # where the model is, or each step would wait for a GPU
        device = next((parameter.device for parameter in model.parameters()), None)
        for name in ("running_loss", "baseline_loss"):
            self.register_buffer(name, torch.full((), torch.nan, device=device))

    @property
    def skill(self) -> Tensor:
        """Skill of the network: the fraction by which it reduces the baseline loss, from 0 to 1."""
        return (1 - self.running_loss / self.baseline_loss).clamp(0, 1).nan_to_num(0.0)

    def training_step(self, x: Tensor, y: Tensor) -> Step:
        """Return the loss less the reward for width, and the outputs of the model."""
        draw = self.model.sample(x).whole()
        outputs = self.model(x, draw=draw)
        total = loss = self.mean_loss(outputs, y)
        with torch.no_grad():
            losses = per_trial(self.trial_loss, outputs, y, loss).reshape(len(x), -1).mean(1)
            advantage, count = self._observe(outputs, y, loss, losses)
            reward = self.reward_weight * self.skill.square()
        widths = [*self.model.augmentation.widths()]
        if widths:
            total = total - reward * torch.log(torch.cat(widths) + NEGLIGIBLE).sum()
        return Step(total + self._score(draw, advantage, count), outputs)

    def _observe(
        self, outputs: Tensor, y: Tensor, loss: Tensor, losses: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Update the running means; return each loss less the mean of the others, and the count."""
        ignoring = (outputs.mean(0, keepdim=True).expand_as(outputs), torch.zeros_like(outputs))
        baseline = torch.stack([self.loss(each, y) for each in ignoring]).min()
        totals = torch.stack([loss, baseline, losses.sum(), torch.full_like(loss, len(losses))])
        processes = n_processes()
        if processes > 1:
            torch.distributed.all_reduce(totals)
        means = torch.stack([self.running_loss, self.baseline_loss])
        known = means.isfinite()
        alone = torch.where(known[0], means[0], loss)
        advantage = leave_one_out(losses, totals[2], totals[3], alone)
        latest = (totals[:2] / processes).to(means)
        updated = torch.where(known, means.lerp(latest, 1 - self.MOMENTUM), latest)
        self.running_loss.copy_(updated[0])
        self.baseline_loss.copy_(updated[1])
        return advantage, totals[3]

    def _score(self, draw: Draw, advantage: Tensor, count: Tensor) -> Tensor:
        """Return zero, with the gradient of the mean loss in the probabilities of choices."""
        n_trials = len(advantage)
        score = advantage.new_zeros(())
        for choices, probability in self.model.augmentation.all_choices(draw.noise):
            if probability.learnable:
                log_prob = choices.log_prob(probability).reshape(n_trials, -1).sum(1)
                factor = evenness(probability.value.detach(), n_trials, count)
                score = score + (advantage * log_prob).mean() / factor
        return score - score.detach()
