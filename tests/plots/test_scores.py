"""Scores side by side, and confusion matrices."""

import numpy as np
import pytest

from eegaug import (
    plots,
)
from eegaug.recordings import STAGES


def test_scores_side_by_side():
    scores = {"without": [0.7, 0.8], "learned": [0.8, 0.9]}
    (ax,) = plots.plot_scores(scores, "accuracy", chance=0.2).axes
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0.75, 0.85])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["without", "learned"]
    assert ax.get_ylabel() == "accuracy"
    points = [list(line.get_ydata()) for line in ax.lines]
    assert [0.7, 0.8] in points and [0.8, 0.9] in points and [0.2, 0.2] in points
    with pytest.raises(ValueError, match=r"scores of each method\. Found none"):
        plots.plot_scores({"without": []})


def test_a_confusion_matrix_has_shares_and_numbers():
    y_true, y_pred = np.array([0, 0, 0, 2]), np.array([0, 0, 2, 2])
    (ax,) = plots.plot_confusion(y_true, y_pred, STAGES, kind="stage", title="net").axes
    assert sorted(text.get_text() for text in ax.texts) == [
        "0 %\n(0)",
        "100 %\n(1)",
        "33 %\n(1)",
        "67 %\n(2)",
    ]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted stage", "true stage")


def test_labels_of_any_task():
    (ax,) = plots.plot_confusion([0, 1], [1, 1], ["left", "right"], kind="movement").axes
    assert [text.get_text() for text in ax.get_xticklabels()] == ["left", "right"]
    assert ax.get_xlabel() == "predicted movement"
