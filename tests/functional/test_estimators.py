"""Choices and the slopes of their chances."""

import pytest
import torch

from eegaug.functional import bernoulli, categorical


def slope(loss, p, n=200_000):
    """Return the mean slope in p of a loss of one choice, and its standard error."""
    p = torch.full((n,), p, dtype=torch.float64, requires_grad=True)
    uniform = torch.rand(n, dtype=torch.float64)
    (slopes,) = torch.autograd.grad(loss(bernoulli(uniform, p)).sum(), p)
    return slopes.mean().item(), slopes.std().item() / n**0.5


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize(
    "loss", [lambda b: (b - 2) ** 2, lambda b: torch.exp(2 * b), lambda b: torch.sin(5 * b)]
)
def test_the_slope_of_a_choice_is_exact_in_the_mean(p, loss):
    """Whatever the loss f, the mean is f(0) + p (f(1) - f(0))."""
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    found, error = slope(loss, p)
    assert found == pytest.approx(loss(ends).diff().item(), abs=4 * error)


@pytest.mark.parametrize("p", [0.0, 0.03, 0.2, 0.5, 0.97, 1.0])
def test_the_mean_choice_is_the_chance(p):
    uniform = (torch.arange(100_000) + 0.5) / 100_000
    choice = bernoulli(uniform, torch.tensor(p))
    assert choice.min() >= 0 and choice.max() <= 1
    assert choice.mean().item() == pytest.approx(p, abs=1e-4)
    partial = ((choice > 0) & (choice < 1)).float().mean().item()
    assert partial == pytest.approx(0.2 if 0 < p < 1 else 0, abs=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_choice_is_exact_at_the_ends(dtype):
    uniform = torch.rand(10_000, dtype=dtype)
    assert (bernoulli(uniform, torch.tensor(0.0, dtype=dtype)) == 0).all()
    assert (bernoulli(uniform, torch.tensor(1.0, dtype=dtype)) == 1).all()


def test_categorical_draws_by_weight_and_never_past_the_end():
    weights = torch.tensor([0.2, 0.0, 0.8])
    chosen = categorical(torch.rand(20_000), weights)
    assert torch.equal(chosen.sum(1), torch.ones(20_000))
    assert chosen.mean(0).tolist() == pytest.approx([0.2, 0.0, 0.8], abs=0.015)
    assert categorical(torch.tensor([1 - 2**-24]), torch.full((3,), 1 / 3)).tolist() == [[0, 0, 1]]


def test_the_slope_of_a_choice_among_several_is_that_of_the_weights():
    """Straight through; and what has no weight is not chosen, at the ends either."""
    weights = torch.tensor([0.0, 0.3, 0.7, 0.0], dtype=torch.float64, requires_grad=True)
    chosen = categorical(torch.tensor([0.0, 0.29, 0.31, 1 - 1e-7]), weights)
    assert chosen.dtype == torch.float32
    assert chosen.argmax(1).tolist() == [1, 1, 2, 2]
    costs = torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, 0.0]]).repeat(2, 1)
    (chosen * costs).sum().backward()
    assert weights.grad.tolist() == costs.sum(0).tolist()
