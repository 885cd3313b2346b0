"""Searches for a policy by gradients, on our transforms: DADA, (C)ADDA, Faster AutoAugment.

A policy transforms a trial by two operations in a row, each with a probability and a strength of
its own. It is searched for on the training windows alone; the network is then trained anew on the
trials that the policy found augments.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from eegaug import AugmentationLayer, Compose, Strength, Transform, init_strengths
from unseen.candidates import apply_chosen, operations, train_augmented
from unseen.protocols import Problem
from unseen.training import LEARNING_RATE

#: Length of a search, in trainings: a lower bound. The papers search for 20 epochs or more, which
#: are 320 steps in DADA's code and 620 in Faster AutoAugment's.
SEARCH_LENGTH = 1
#: Of DADA's code: the policy's optimiser, temperature of the relaxed choices, hidden units of the
#: control variate, length of a finite difference, part of the subpolicies kept (25 of 105).
POLICY_RATE, POLICY_BETAS = 5e-3, (0.5, 0.999)
TEMPERATURE, HIDDEN, DIFFERENCE, KEPT = 0.5, 100, 1e-2, 0.25
#: Subpolicies of ADDA, and of each class in CADDA.
N_SUBPOLICIES = 5
#: Of Faster AutoAugment's code: subpolicies, temperature of their choices, chunks of a batch that
#: draw one each; weights of the classification and the gradient penalty, and the optimisers.
FASTER_SUBPOLICIES, FASTER_TEMPERATURE, FASTER_CHUNKS = 10, 0.05, 8
CLASSIFICATION, PENALTY, FASTER_RATE, FASTER_BETAS = 0.1, 10.0, 1e-3, (0.0, 0.999)
#: Probabilities stay this far from 0 and 1, where a choice would teach nothing.
MARGIN = 0.01


def dada(problem: Problem) -> nn.Module:
    """Search among all pairs of operations, and train with the best quarter of them.

    Li et al., *DADA: differentiable automatic data augmentation*, ECCV 2020, arXiv 2003.03780.
    """
    first, second = zip(*itertools.combinations(operations(problem), 2), strict=True)
    policy = search(problem, Policy(first, second, tied=True))
    n_pairs = policy.weights.shape[-1]
    worst = policy.weights.topk(n_pairs - max(1, round(KEPT * n_pairs)), largest=False).indices
    policy.weights.zero_().scatter_(-1, worst, -torch.inf)
    return train_augmented(problem, policy)


def adda(problem: Problem) -> nn.Module:
    """Search for the two operations of a few subpolicies, and train with these.

    The class-agnostic variant of :func:`cadda`.
    """
    choices = operations(problem)
    return train_augmented(problem, search(problem, Policy(choices, choices, N_SUBPOLICIES)))


def cadda(problem: Problem) -> nn.Module:
    """Search for subpolicies of each class, and train with these.

    Rommel et al., *CADDA: class-wise automatic differentiable data augmentation for EEG signals*,
    ICLR 2022, arXiv 2106.13695.
    """
    choices = operations(problem)
    policy = Policy(choices, choices, N_SUBPOLICIES, problem.data.n_labels)
    return train_augmented(problem, search(problem, policy))


def faster_aa(problem: Problem) -> nn.Module:
    """Search for subpolicies whose trials a critic cannot tell from others, and train with these.

    Hataya et al., *Faster AutoAugment: learning augmentation strategies using backpropagation*,
    ECCV 2020, arXiv 1911.06987.
    """
    return train_augmented(problem, match_density(problem))


@dataclass(frozen=True)
class Choice:
    """Random choices, with the relaxed ones that RELAX needs.

    Attributes
    ----------
    logits : Tensor
        Logits of the options, shape (batch, ..., options).
    taken : Tensor
        One-hot choices.
    before, given : Tensor
        Relaxed choices: those whose largest is taken, and others drawn given what is taken.
    """

    logits: Tensor
    taken: Tensor
    before: Tensor
    given: Tensor

    @classmethod
    def draw(cls, logits: Tensor) -> Choice:
        """Choose by Gumbel variables."""
        first, second = torch.rand(2, *logits.shape).clamp(1e-6, 1 - 1e-6).log()
        log_p = logits.log_softmax(-1)
        z = log_p - torch.log(-first)
        taken = z == z.amax(-1, keepdim=True)
        of_taken = (second * taken).sum(-1, keepdim=True)
        others = -torch.log(-second / log_p.exp().clamp(min=1e-6) - of_taken)
        given = torch.where(taken, -torch.log(-of_taken), others)
        before, given = ((each / TEMPERATURE).softmax(-1) for each in (z, given))
        return cls(logits, taken.to(logits.dtype), before, given)


class Policy(nn.Module):
    """Subpolicies of two operations; each trial draws a subpolicy, then what it applies.

    Parameters
    ----------
    first, second : sequence of Transform
        Options for the two operations.
    n_subpolicies : int
        Number of subpolicies, among which trials draw uniformly.
    n_classes : int
        Number of classes with subpolicies of their own; 1 if all share them.
    tied : bool
        Whether one choice decides both operations: the options are pairs.

    Attributes
    ----------
    weights : Parameter
        Logits of the options, shape (subpolicies of all classes, 1 if tied or 2, options).
    chances : Parameter
        Probabilities that a chosen operation is applied, shape (subpolicies, 2, options).
    """

    def __init__(
        self,
        first: Sequence[Transform],
        second: Sequence[Transform],
        n_subpolicies: int = 1,
        n_classes: int = 1,
        tied: bool = False,
    ) -> None:
        super().__init__()
        self.n_subpolicies, self.n_classes = n_subpolicies, n_classes
        n_rows, n_options = n_classes * n_subpolicies, len(first)
        copies = [copy.deepcopy(each) for _ in range(n_rows) for each in (*first, *second)]
        self.operations = init_strengths(nn.ModuleList(copies), 0.5)
        self.weights = nn.Parameter(torch.zeros(n_rows, 1 if tied else 2, n_options))
        self.chances = nn.Parameter(torch.full((n_rows, 2, n_options), 0.5))

    def draw(self, y: Tensor) -> tuple[Tensor, Choice, Choice]:
        """Draw each trial's subpolicy, its choice of options, and gates of all its options."""
        rows = torch.randint(self.n_subpolicies, y.shape) + y % self.n_classes * self.n_subpolicies
        chances = self.chances[rows]
        gates = torch.stack([chances.log(), torch.log1p(-chances)], -1)
        return rows, Choice.draw(self.weights[rows]), Choice.draw(gates)

    def augment(self, x: Tensor, rows: Tensor, options: Choice, gates: Choice) -> Tensor:
        """Apply the chosen operations whose gates are open, the first before the second."""
        n_options = self.weights.shape[-1]
        chosen = options.taken.argmax(-1, keepdim=True).expand(-1, 2, -1)
        is_open = gates.taken[..., 0].gather(-1, chosen)[..., 0] > 0
        places = (2 * rows[:, None] + torch.arange(2)) * n_options + chosen[..., 0]
        for index in places.where(is_open, -1).unbind(1):
            x = apply_chosen(self.operations, index, x)
        return x

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Augment trials of given labels."""
        return self.augment(x, *self.draw(y))


def search(problem: Problem, policy: Policy) -> Policy:
    r"""Improve a policy on people, or on windows, that the network is not trained on.

    Each step trains the network :math:`\theta` on augmented trials, by the gradient :math:`g` of
    the loss :math:`L`, and the policy :math:`\alpha` by the outer loss :math:`L'` after a step,
    with the second derivative as a finite difference along the outer gradient, as in DARTS (the
    factor :math:`\xi` is left to the optimiser):

    .. math:: \nabla_\alpha L'(\theta - \xi g) \propto -\nabla_\alpha
       \frac{L(\theta + \epsilon v, \alpha) - L(\theta - \epsilon v, \alpha)}{2 \epsilon}, \qquad
       v = \nabla L'(\theta - \xi g).

    Returns
    -------
    Policy
        The same, frozen.
    """
    torch.manual_seed(problem.seed)
    inner, outer = parts(problem)
    network, inner_loss, outer_loss = problem.network().train(), inner.loss(), outer.loss()
    theta = list(network.parameters())
    optimizer = torch.optim.Adam(theta, lr=LEARNING_RATE)
    control = Control(policy.weights[0].numel() + policy.chances[0].numel())
    learned = [*policy.parameters(), *control.parameters()]
    policy_optimizer = torch.optim.Adam(learned, lr=POLICY_RATE, betas=POLICY_BETAS)
    steps = SEARCH_LENGTH * problem.setting.steps
    for here, there in zip(inner.batches(steps), outer.batches(steps), strict=True):
        x, y = inner.X[here], inner.y[here]
        rows, options, gates = policy.draw(y)
        augmented = policy.augment(x, rows, options, gates)
        fixed = augmented.detach()
        g = torch.autograd.grad(inner_loss(network(fixed), y), theta)
        after = moved(network, g, -LEARNING_RATE)
        weights = [weight.requires_grad_() for weight in after.values()]
        outputs = functional_call(network, after, (outer.X[there],))
        v = torch.autograd.grad(outer_loss(outputs, outer.y[there]), weights)
        slopes, in_x = slopes_along(v, network, fixed, y, inner_loss.weight)

        policy_optimizer.zero_grad()
        if augmented.requires_grad:
            augmented.backward(-in_x)
        relax(-slopes, options, gates, control)
        policy_optimizer.step()
        policy.chances.data.clamp_(MARGIN, 1 - MARGIN)
        for weight, gradient in zip(theta, g, strict=True):
            weight.grad = gradient
        optimizer.step()
    return policy.requires_grad_(False)


def parts(problem: Problem) -> tuple[Problem, Problem]:
    """Return half of the people and the others; of one person, both halves of each label."""
    people = np.unique(problem.people)
    first = np.isin(problem.people, people[: len(people) // 2])
    if len(people) == 1:
        for label in problem.y.unique():
            own = np.flatnonzero(problem.y == label)
            first[own[: (len(own) + 1) // 2]] = True
    return problem.of(np.flatnonzero(first)), problem.of(np.flatnonzero(~first))


def moved(
    network: nn.Module, direction: Sequence[Tensor], distance: Tensor | float
) -> dict[str, Tensor]:
    """Return other weights of a network, at some distance along a direction."""
    pairs = zip(network.named_parameters(), direction, strict=True)
    return {name: weight.detach() + distance * along for (name, weight), along in pairs}


def slopes_along(
    direction: Sequence[Tensor], network: nn.Module, x: Tensor, y: Tensor, weight: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the slopes of the trials' losses along a direction of the weights.

    Parameters
    ----------
    direction : sequence of Tensor
        Direction, in the order of the network's parameters.
    network : nn.Module
        The network, in training.
    x, y : Tensor
        Signals and labels.
    weight : Tensor
        Weights of the labels.

    Returns
    -------
    slopes : Tensor
        Slope of each trial's loss, shape (batch,).
    in_x : Tensor
        Derivative of their mean in the signals, of the shape of ``x``.
    """
    length = torch.cat([each.flatten() for each in direction]).norm().clamp(min=1e-12)
    epsilon, state = DIFFERENCE / length, torch.get_rng_state()
    x, weight, sides = x.requires_grad_(), weight[y] / weight[y].mean(), []
    for distance in (epsilon, -epsilon):
        torch.set_rng_state(state)  # the same dropout on both sides
        outputs = functional_call(network, moved(network, direction, distance), (x,))
        losses = weight * cross_entropy(outputs, y, reduction="none")
        sides.append((losses.detach(), *torch.autograd.grad(losses.mean(), x)))
    slopes, in_x = ((above - below) / (2 * epsilon) for above, below in zip(*sides, strict=True))
    return slopes, in_x


class Control(nn.Module):
    """The control variate of RELAX, a function of all relaxed choices of a trial.

    Parameters
    ----------
    n_choices : int
        Number of options and gates.
    """

    def __init__(self, n_choices: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_choices, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1, bias=False)
        )
        nn.init.zeros_(self.layers[-1].weight)

    def forward(self, options: Tensor, gates: Tensor) -> Tensor:
        """Return one number per trial."""
        choices = torch.cat([options.flatten(1), gates[..., 0].flatten(1)], 1)
        return self.layers(2 * choices - 1)[:, 0]


def relax(costs: Tensor, options: Choice, gates: Choice, control: Control) -> None:
    r"""Add the gradients of the expected costs in the logits of choices :math:`b`, by RELAX.

    .. math:: \big(f(b) - c(\tilde z)\big)\, \nabla \log p(b) + \nabla c(z) - \nabla c(\tilde z),

    with :math:`f` the costs, :math:`c` the control variate and :math:`z, \tilde z` the relaxed
    choices. The control variate learns to reduce the variance. Gates of options that a trial has
    not chosen are left out: the expectation of their term is zero. Grathwohl et al.,
    *Backpropagation through the void*, ICLR 2018, arXiv 1711.00123.

    Parameters
    ----------
    costs : Tensor
        Cost of each trial, shape (batch,).
    options, gates : Choice
        Choices of the trials.
    control : Control
        The control variate.
    """
    logits = [options.logits, gates.logits]
    before = control(options.before, gates.before)
    given = control(options.given, gates.given)
    slopes = [
        torch.autograd.grad(each.sum(), logits, create_graph=True) for each in (before, given)
    ]
    estimates = []
    for choice, in_before, in_given in zip((options, gates), *slopes, strict=True):
        score = choice.taken - choice.logits.detach().softmax(-1)
        difference = (costs - given).reshape(-1, *[1] * (score.ndim - 1))
        estimates.append(difference * score + in_before - in_given)
    estimates[1] = estimates[1] * options.taken[..., None]
    variance = sum(each.square().mean() for each in estimates)
    variance.backward(inputs=list(control.parameters()))
    torch.autograd.backward(logits, [each.detach() / len(costs) for each in estimates])


def match_density(problem: Problem) -> Policy:
    """Search for a policy that makes the windows of some people like those of others.

    A critic, the network with two heads, tells augmented trials of the former from trials of the
    latter (Wasserstein, with a gradient penalty) and classifies the latter; the policy learns to
    deceive it without changing the class. Each operation is a mixture of all options meanwhile.

    Returns
    -------
    Policy
        The policy, frozen.
    """
    torch.manual_seed(problem.seed)
    inner, outer = parts(problem)
    inner_loss, outer_loss, critic = inner.loss(), outer.loss(), Critic(problem).train()
    choices = operations(problem)
    policy = Policy(choices, choices, FASTER_SUBPOLICIES)
    layers = mixtures(policy)
    subpolicies = [Compose(pair) for pair in zip(layers[::2], layers[1::2], strict=True)]
    learned = list(layers.parameters())
    critic_optimizer, optimizer = (
        torch.optim.Adam(parameters, lr=FASTER_RATE, betas=FASTER_BETAS)
        for parameters in (critic.parameters(), learned)
    )
    steps = SEARCH_LENGTH * problem.setting.steps
    for here, there in zip(inner.batches(steps), outer.batches(steps), strict=True):
        size = min(len(here), len(there)) // 2
        x, y, real = inner.X[here[:size]], inner.y[here[:size]], outer.X[there[:size]]
        chunks = torch.arange(size) * FASTER_CHUNKS // size
        rows = torch.randint(FASTER_SUBPOLICIES, (FASTER_CHUNKS,))[chunks]
        augmented = apply_chosen(subpolicies, rows, x)

        labels, score = critic(real)
        _, score_augmented = critic(augmented.detach())
        loss = CLASSIFICATION * outer_loss(labels, outer.y[there[:size]])
        loss = loss + score_augmented.mean() - score.mean()
        loss = loss + PENALTY * gradient_penalty(critic, real, augmented.detach())
        critic_optimizer.zero_grad()
        loss.backward()
        critic_optimizer.step()

        labels, score = critic(augmented)
        optimizer.zero_grad()
        (CLASSIFICATION * inner_loss(labels, y) - score.mean()).backward(inputs=learned)
        optimizer.step()
    settle(policy, layers)
    return policy.requires_grad_(False)


def mixtures(policy: Policy) -> nn.ModuleList:
    """Return the operations of all subpolicies as layers that mix their options, from random."""
    layers, n_options = nn.ModuleList(), policy.weights.shape[-1]
    for transform in policy.operations:
        transform.p = Strength(0.5, unit="probability")
    for start in range(0, len(policy.operations), n_options):
        options = policy.operations[start : start + n_options]
        layers.append(AugmentationLayer(options, FASTER_TEMPERATURE))
    for parameter in layers.parameters():
        nn.init.uniform_(parameter)
    return layers


def settle(policy: Policy, layers: nn.ModuleList) -> None:
    """Give a policy the weights and probabilities of its operations' mixtures."""
    rows = policy.weights.data.flatten(0, 1), policy.chances.data.flatten(0, 1)
    for layer, weights, chances in zip(layers, *rows, strict=True):
        weights.copy_(layer.logits.detach() / layer.temperature)
        for option, transform in enumerate(layer.transforms):
            chances[option] = transform.p.fraction.detach()
            transform.p = None


class Critic(nn.Module):
    """The problem's network up to its last layer, with heads for the class and for a score.

    Parameters
    ----------
    problem : Problem
        The problem.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.features = problem.network()
        self.features.final_layer = nn.Flatten()
        with torch.no_grad():
            n_features = self.features.eval()(problem.X[:1]).shape[1]
        self.labels = nn.Linear(n_features, problem.data.n_labels)
        self.score = nn.Sequential(
            nn.Linear(n_features, n_features), nn.ReLU(), nn.Linear(n_features, 1)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs for the labels, and the score of each trial."""
        features = self.features(x)
        return self.labels(features), self.score(features)[:, 0]


def gradient_penalty(critic: Critic, real: Tensor, augmented: Tensor) -> Tensor:
    """Return how far the slope of the score, between pairs of trials, is from one, squared."""
    between = real.lerp(augmented, torch.rand(len(real), 1, 1)).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between)[1].sum(), between, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()
