"""Pictures, by what they draw: data, labels, units."""

import copy

import matplotlib.pyplot as plt
import mne
import numpy as np
import pytest
import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    Compose,
    FrequencyShift,
    InvariantModel,
    SensorsZRotation,
    SignFlip,
    TimeShift,
    describe,
    identifiability,
    invariance,
    plots,
)

SFREQ = 100.0


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


class History:
    """Three epochs, as skorch's history gives them."""

    def __init__(self, columns):
        self.columns = {"epoch": [1, 2, 3]} | columns

    def __getitem__(self, key):
        _, name = key
        return self.columns[name]


def lines(ax):
    """Return what is drawn, by its label."""
    labelled = [line for line in ax.lines if line.get_label()[0] != "_"]
    return {line.get_label(): line.get_ydata().tolist() for line in labelled}


def texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# -- training -----------------------------------------------------------------------------

LAYERS = describe(
    Compose([AugmentationLayer([SignFlip(), TimeShift(SFREQ)]), FrequencyShift(SFREQ)])
)
HISTORY = History(
    {
        "train_loss": [1.0, 0.5, 0.4],
        "valid_loss": [1.1, 0.7, 0.8],
        "layer 1 SignFlip weight": [0.5, 0.6, 0.7],
        "layer 1 TimeShift weight": [0.5, 0.4, 0.3],
        "layer 1 SignFlip p (probability)": [0.1, 0.3, 0.5],
        "layer 1 TimeShift max_shift (s)": [0.2, 0.4, 0.6],
        "layer 2 FrequencyShift max_delta_freq (Hz)": [0.5, 1.0, 1.5],
    }
)


def test_losses_over_epochs():
    (ax,) = plots.plot_losses(HISTORY, best_epoch=2).axes
    drawn = lines(ax)
    assert drawn["validation"] == [1.1, 0.7, 0.8] and len(drawn) == 2
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss (nats)")
    assert [2, 2] in [list(line.get_xdata()) for line in ax.lines]


def test_strengths_share_one_picture_as_fractions_of_their_ranges():
    _, ax = plt.subplots()
    assert plots.plot_strengths(HISTORY, LAYERS, ax=ax) is ax.figure
    drawn = lines(ax)
    assert list(drawn) == texts(ax)
    assert list(drawn) == [
        "1: SignFlip p: 0.5 probability",
        "1: TimeShift max_shift: 0.6 s",
        "2: FrequencyShift max_delta_freq: 1.5 Hz",
    ]
    assert np.allclose(drawn["1: TimeShift max_shift: 0.6 s"], [0.1, 0.2, 0.3])
    assert ax.get_ylabel() == "strength (fraction of its range)"
    styles = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(styles) == len({style[1] for style in styles}) == 3, "told apart in grey too"


def test_weights_of_one_layer():
    (ax,) = plots.plot_weights(HISTORY, LAYERS, best_epoch=3).axes
    assert lines(ax) == {"SignFlip": [0.5, 0.6, 0.7], "TimeShift": [0.5, 0.4, 0.3]}
    assert ax.get_ylabel() == "weight in layer 1"
    with pytest.raises(ValueError, match=r"from 1 to 2\. Found `number = 3`"):
        plots.plot_weights(HISTORY, LAYERS, 3)


def test_every_strength_has_a_panel_in_its_unit():
    figure = plots.plot_learning(HISTORY, LAYERS)
    labels = [ax.get_ylabel() for ax in figure.axes]
    assert labels == ["max_delta_freq\n(Hz)", "weight", "p\n(probability)", "max_shift\n(s)"]


@pytest.mark.parametrize("plot", [plots.plot_strengths, plots.plot_learning])
def test_nothing_learnable_is_told(plot):
    with pytest.raises(ValueError, match=r"something learnable\. Found nothing"):
        plot(HISTORY, [])


# -- signals ------------------------------------------------------------------------------


def test_before_and_after_in_time_and_frequency():
    t = np.arange(600) / SFREQ
    before = np.stack([np.sin(2 * np.pi * 10 * t), np.sin(2 * np.pi * 5 * t)])
    signal, spectrum = plots.plot_before_after(before, -before, SFREQ, ch_names=["C3", "C4"]).axes
    assert [label.get_text() for label in signal.get_yticklabels()] == ["C3", "C4"]
    assert signal.get_xlabel() == "time (s)" and spectrum.get_xlabel() == "frequency (Hz)"
    grey, blue = spectrum.lines
    assert np.array_equal(grey.get_ydata(), blue.get_ydata()), "a flip keeps the spectrum"
    assert grey.get_xdata()[grey.get_ydata().argmax()] in (5, 10)
    assert np.allclose(signal.lines[0].get_ydata(), -signal.lines[2].get_ydata())
    assert texts(signal) == ["before", "after"]


def test_an_augmentation_is_drawn_at_the_draw_that_changes_most():
    window = np.random.default_rng(0).standard_normal((1, 300)).astype(np.float32)
    signal, _ = plots.plot_augmentation(SignFlip(0.3), window, SFREQ).axes
    assert np.allclose(signal.lines[1].get_ydata(), -window[0], atol=1e-6)


def test_a_shift_is_drawn_at_the_largest_and_not_where_a_rhythm_is_upside_down():
    rhythm = np.sin(2 * np.pi * 12 * np.arange(800) / SFREQ)[None]
    _, spectrum = plots.plot_augmentation(FrequencyShift(SFREQ, 4.0), rhythm, SFREQ).axes
    before, after = (line.get_xdata()[line.get_ydata().argmax()] for line in spectrum.lines)
    assert before == 12 and abs(after - before) > 3


@pytest.fixture(scope="module")
def info():
    info = mne.create_info(["F3", "F4", "C3", "C4", "O1", "O2"], SFREQ, "eeg")
    return info.set_montage("spherical_1005")


def test_the_scalp_before_and_after_on_one_scale(info):
    before = np.random.default_rng(0).standard_normal((6, 50))
    rotation = SensorsZRotation.from_info(info, max_degrees=20.0)
    after = rotation(torch.as_tensor(before)[None])[0].detach().numpy()
    figure = plots.plot_topography(before, after, info, sample=7, unit="µV")
    left, right, bar = figure.axes
    assert (left.get_title(), right.get_title(), bar.get_ylabel()) == (
        "before, at 0.07 s",
        "after",
        "µV",
    )
    scales = [ax.images[0].get_clim() for ax in (left, right)]
    reach = max(abs(before[:, 7]).max(), abs(after[:, 7]).max())
    assert scales[0] == scales[1] == pytest.approx((-reach, reach))
    fewer = mne.create_info(["a"], SFREQ, "eeg")
    with pytest.raises(ValueError, match="position"):
        plots.plot_topography(before[:1], after[:1], fewer)
    with pytest.raises(ValueError, match="same shape"):
        plots.plot_topography(before, after[:, 1:], info)


# -- measures -----------------------------------------------------------------------------


class Power(nn.Module):
    """Powers of two channels: polarity and time do not matter."""

    def forward(self, x):
        return x.square().mean(-1)


def test_profiles_are_drawn_with_their_units_and_verdicts():
    torch.manual_seed(0)
    x, y = torch.randn(64, 2, 100), torch.arange(64) % 2
    chain = Compose([SignFlip(), FrequencyShift(SFREQ, 1.0)])
    profiles = identifiability(InvariantModel(Power(), chain), nn.CrossEntropyLoss(), x, y)
    flip, shift = plots.plot_profiles(profiles).axes
    assert flip.get_xlabel() == "p\n(probability)"
    assert flip.get_title().startswith("Layer 1: SignFlip")
    assert shift.get_xlabel() == "max_delta_freq\n(Hz)"
    assert shift.get_title().splitlines() == ["Layer 2: FrequencyShift", profiles[1].verdict]
    drawn = shift.containers[0].lines[0]
    assert tuple(drawn.get_xdata()) == profiles[1].values
    assert tuple(drawn.get_ydata()) == profiles[1].excess


def test_no_profile_is_told():
    with pytest.raises(ValueError, match=r"a profile or more\. Found none"):
        plots.plot_profiles([])


def test_invariance_against_strength():
    torch.manual_seed(0)
    x = torch.randn(32, 2, 200)
    models = {"power": Power(), "all samples": nn.Flatten()}
    transform = TimeShift(SFREQ, 0.5)
    state = copy.deepcopy(transform.state_dict())
    (ax,) = plots.plot_invariance(models, x, transform, n_values=3).axes
    power, flat = lines(ax)["power"], lines(ax)["all samples"]
    assert np.allclose(power, 1, atol=1e-3) and flat[0] == pytest.approx(1) and flat[2] < 0.5
    assert list(ax.lines[1].get_xdata()) == [0, 1, 2] and ax.get_xlabel() == "max_shift (s)"
    assert all(torch.equal(value, state[key]) for key, value in transform.state_dict().items())
    expected = invariance(nn.Flatten(), x, TimeShift(SFREQ, 2.0), torch.Generator().manual_seed(0))
    assert flat[2] == pytest.approx(np.median(expected))
    with pytest.raises(ValueError, match=r"one learnable strength\. Found 2 in"):
        plots.plot_invariance(Power(), x, TwoStrengths())


class TwoStrengths(TimeShift):
    """A transform with two strengths."""

    def __init__(self):
        super().__init__(SFREQ)
        self.other = copy.deepcopy(self.max_shift)


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


# -- sleep --------------------------------------------------------------------------------


def test_a_confusion_matrix_has_shares_and_numbers():
    y_true, y_pred = np.array([0, 0, 0, 2]), np.array([0, 0, 2, 2])
    (ax,) = plots.plot_confusion(y_true, y_pred, title="net").axes
    assert sorted(text.get_text() for text in ax.texts) == [
        "0 %\n(0)",
        "100 %\n(1)",
        "33 %\n(1)",
        "67 %\n(2)",
    ]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted stage", "true stage")


def test_a_hypnogram_breaks_where_windows_are_missing():
    onsets = np.array([0.0, 30.0, 120.0])
    (ax,) = plots.plot_hypnogram(onsets, np.array([0, 1, 2]), np.array([0, 1, 3])).axes
    scored, wrong = ax.lines
    assert np.isnan(scored.get_ydata()).sum() == 1
    assert list(wrong.get_xdata() * 3600) == [135.0]
    assert ax.get_xlabel() == "time since the start of the recording (h)"
    assert texts(ax)[1] == "predicted otherwise (1 of 3 windows)"
