"""Problems of the benchmark of estimators: a network, and what is chosen at random before it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

TRIALS, CHANNELS, TIMES, HIDDEN, CLASSES = 16, 6, 20, 16, 3


def cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of scores (..., classes) and labels of shape (...)."""
    return scores.logsumexp(-1) - scores.gather(-1, labels[..., None])[..., 0]


@dataclass(frozen=True)
class Network:
    """A fixed network with one hidden layer, its trials and their labels.

    The weights are large, so that the loss is far from quadratic. Labels are drawn from what
    the network predicts for the trials: it fits them as well as it believes to.

    Parameters
    ----------
    seed : int
        Seed of weights, trials and labels.
    trials : int
        How many trials it has.
    sure : bool
        Whether the labels are the likeliest ones instead of drawn.
    """

    seed: int
    trials: int = TRIALS
    sure: bool = False

    def __post_init__(self) -> None:
        generator = torch.Generator().manual_seed(self.seed)

        def normal(*shape: int, scale: float = 1.0) -> Tensor:
            return scale * torch.randn(shape, generator=generator, dtype=torch.float64)

        values = {
            "x": normal(self.trials, CHANNELS, TIMES),
            "into": normal(CHANNELS, TIMES, HIDDEN, scale=1.5 / math.sqrt(CHANNELS * TIMES)),
            "offset": normal(HIDDEN, scale=0.5),
            "out": normal(HIDDEN, CLASSES, scale=4 / math.sqrt(HIDDEN)),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        odds = self.scores(self.project(self.x)).softmax(-1)
        drawn = torch.multinomial(odds, 1, generator=generator)[:, 0]
        labels = odds.argmax(1) if self.sure else drawn
        object.__setattr__(self, "labels", labels)

    def project(self, x: Tensor) -> Tensor:
        """Apply the first layer, to trials of shape (trials, channels, times)."""
        return torch.einsum("tcs,csh->th", x, self.into) + self.offset

    def loss(self, hidden: Tensor) -> Tensor:
        """Cross-entropy from the first layer's output, (repeats, trials, hidden), per trial."""
        return cross_entropy(self.scores(hidden), self.labels.expand(hidden.shape[:-1]))

    def scores(self, hidden: Tensor) -> Tensor:
        """Return the scores of the classes, shape (..., classes)."""
        return torch.tanh(hidden) @ self.out


@dataclass(frozen=True)
class Problem:
    """A random choice, as steps of the first layer's output that it makes or does not make.

    Every choice here is linear in the signal, so the first layer is applied once to what each
    choice changes, and not for every draw.

    Parameters
    ----------
    choices : int
        Choices per trial.
    start : Tensor
        Output of the first layer without any choice, shape (trials, hidden).
    walk : callable
        From keys of shape (repeats, trials, choices), of which the smallest are chosen first,
        and a generator to the order of the steps, None where there is none, and the steps:
        (trials, choices, hidden), or with repeats in front.
    outcomes : Tensor
        First layer's outputs of all outcomes, shape (outcomes, trials, hidden).
    made : Tensor
        How many choices each outcome makes, shape (outcomes,).
    share : Tensor
        Probability of an outcome among those that make the same choices, shape (outcomes,).
    edges : Tensor
        Steps of single choices from ``start``, shape (edges, trials, hidden): the curvature is
        measured along them.
    """

    choices: int
    start: Tensor
    walk: Callable[[Tensor, torch.Generator], tuple[Tensor | None, Tensor]]
    outcomes: Tensor
    made: Tensor
    share: Tensor
    edges: Tensor


def independent_steps(network: Network, steps: Tensor) -> Problem:
    """Build the problem of independent choices, from what each changes."""
    start = network.project(network.x)
    n = steps.shape[1]
    masks = torch.tensor(list(itertools.product((0, 1), repeat=n)), dtype=torch.float64)
    return Problem(
        choices=n,
        start=start,
        walk=lambda keys, generator: (None, steps),
        outcomes=start + torch.einsum("mc,tch->mth", masks, steps),
        made=masks.sum(1),
        share=torch.ones(len(masks), dtype=torch.float64),
        edges=steps.transpose(0, 1),
    )


def sign_flip(network: Network) -> Problem:
    """Flip the sign of a trial: x' = (1 - 2 b) x."""
    step = -2 * (network.project(network.x) - network.offset)
    return independent_steps(network, step[:, None])


def channel_dropout(network: Network) -> Problem:
    """Set each channel to zero or not: x'_c = (1 - b_c) x_c."""
    return independent_steps(network, -torch.einsum("tcs,csh->tch", network.x, network.into))


def gate(network: Network) -> Problem:
    """Apply a transform or not, here time reversal: x' = x + b (T(x) - x)."""
    step = network.project(network.x.flip(-1)) - network.project(network.x)
    return independent_steps(network, step[:, None])


def swaps(order: Tensor, picks: Tensor) -> list[Tensor]:
    """Build permutations of the first one, two, ... channels of an order, each from the last.

    Parameters
    ----------
    order : Tensor
        Channels in their order, shape (..., channels).
    picks : Tensor
        Whom the j-th channel swaps with: a position from 0 to j, shape (..., channels).

    Returns
    -------
    list of Tensor
        Permutations P_0 (the identity) to P_6: where each channel's signal comes from.
    """
    permutation = torch.arange(order.shape[-1]).expand(order.shape)
    permutations = [permutation]
    partners = order.gather(-1, picks)
    for one, other in zip(order.split(1, -1), partners.split(1, -1), strict=True):
        here, there = permutation.gather(-1, one), permutation.gather(-1, other)
        permutation = permutation.scatter(-1, one, there).scatter(-1, other, here)
        permutations.append(permutation)
    return permutations


def check_swaps() -> None:
    """Check that P_k takes every permutation of the first k channels once over all picks."""
    picks = torch.tensor(list(itertools.product(*(range(j + 1) for j in range(CHANNELS)))))
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    for k, permutations in enumerate(swaps(order.expand_as(picks), picks)):
        found = [tuple(row) for row in permutations.tolist()]
        counts = {row: found.count(row) for row in set(found)}
        expected = set()
        for values in itertools.permutations(order[:k].tolist()):
            row = list(range(CHANNELS))
            for channel, value in zip(order[:k].tolist(), values, strict=True):
                row[channel] = value
            expected.add(tuple(row))
        if set(counts) != expected or len(set(counts.values())) != 1:
            raise AssertionError(f"P_{k} is not uniform over the permutations of {k} channels")


def channel_shuffle(network: Network) -> Problem:
    """Permute a random set of channels: each joins the set with probability p.

    Channels are walked through by their draws, from the smallest. P_j is P_{j-1} with the j-th
    channel swapped with one of the first j, itself included, and x' = M x with
    M = P_0 + sum_j m_j (P_j - P_{j-1}): choices of 0 and 1 permute those that were chosen.
    """
    # [trial, channel, source]: what the channel contributes with the source's signal in it
    table = torch.einsum("tds,csh->tcdh", network.x, network.into).reshape(-1, HIDDEN)
    trial = torch.arange(len(network.x))[:, None]
    channel = torch.arange(CHANNELS)

    def place(permutation: Tensor) -> Tensor:
        flat = (trial * CHANNELS + channel) * CHANNELS + permutation
        return table[flat].sum(-2)

    def walk(keys: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        order = keys.argsort(-1)
        random = torch.rand(keys.shape, generator=generator, dtype=keys.dtype)
        picks = (random * (channel + 1)).long()
        return order, torch.stack([place(p) for p in swaps(order, picks)], -2).diff(dim=-2)

    rows, made = [], []
    for k in range(CHANNELS + 1):
        for chosen in itertools.combinations(range(CHANNELS), k):
            for values in itertools.permutations(chosen):
                row = torch.arange(CHANNELS)
                row[list(chosen)] = torch.tensor(values, dtype=torch.long)
                rows.append(row)
                made.append(k)
    outcomes = place(torch.stack(rows)[:, None].expand(-1, len(network.x), -1)) + network.offset
    share = torch.tensor([1 / math.factorial(k) for k in made], dtype=torch.float64)
    start = network.project(network.x)
    moved = torch.stack([(row != channel).sum() for row in rows])
    pairs = (torch.tensor(made) == 2) & (moved == 2)
    return Problem(
        choices=CHANNELS,
        start=start,
        walk=walk,
        outcomes=outcomes,
        made=torch.tensor(made, dtype=torch.float64),
        share=share,
        edges=outcomes[pairs] - start,
    )


PROBLEMS = {
    "sign flip": sign_flip,
    "channel dropout": channel_dropout,
    "channel shuffle": channel_shuffle,
    "gate": gate,
}
