"""Scores, and what guessing reaches."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from eegaug.study.metrics import METRICS

Y_TRUE, Y_PRED = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 3])


def test_balanced_accuracy_is_that_of_scikit_learn_without_its_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = balanced_accuracy_score(Y_TRUE, Y_PRED)
    assert METRICS["balanced_accuracy"].score(Y_TRUE, Y_PRED, 4) == pytest.approx(expected)


@pytest.mark.parametrize("name", METRICS)
def test_a_right_answer_scores_one_and_a_constant_no_more_than_chance(name):
    metric = METRICS[name]
    assert metric.score(Y_TRUE, Y_TRUE, 4) == pytest.approx(1)
    assert metric.score(Y_TRUE, np.zeros_like(Y_TRUE), 4) <= metric.chance(Y_TRUE) + 1e-9
