"""The gain of each person."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from eegaug import plots


def test_gains_are_sorted_and_losses_are_hollow():
    (ax,) = plots.plot_gains({"a": 0.05, "b": -0.01, "c": 0.08}, error=0.03).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "a", "c"]
    points = ax.collections[-1]
    assert points.get_offsets()[:, 0].tolist() == [-0.01, 0.05, 0.08]
    assert points.get_facecolors()[:2].tolist() == [[*to_rgba("white")], [*to_rgba("tab:blue")]]
    (band,) = ax.patches
    assert [band.get_x(), band.get_width()] == pytest.approx([0.04 - 0.03, 2 * 0.03])
    assert ax.get_xlabel() == "gain: +0.040 ± 0.030"
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx([0.0, 0.04])


@pytest.mark.parametrize(
    ("gains", "reach"), [((0, -1e-17), (-0.05, 0.05)), ((0, 0.2), (-0.05, 0.21))]
)
def test_rounding_is_not_magnified_where_nobody_gains(gains, reach):
    (ax,) = plots.plot_gains(dict(zip("ab", gains, strict=True)), error=0.0).axes
    assert ax.get_xlim() == pytest.approx(reach)


def test_an_error_that_is_not_known_has_no_band():
    (ax,) = plots.plot_gains({"a": 0.05}, error=np.nan, xlabel="gain in accuracy").axes
    assert not ax.patches and ax.get_xlabel() == "gain in accuracy"


def test_nobody_is_an_error():
    with pytest.raises(ValueError, match=r"should hold the gain of each person\. Found none"):
        plots.plot_gains({}, error=0.1)
