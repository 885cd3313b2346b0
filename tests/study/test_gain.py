"""What augmentation does to the score of each person."""

import json

import numpy as np
import pytest

from eegaug.study.gain import Gain, gain_by_person


def accuracy(true, given):
    return float((true == given).mean())


def compared(y, **people):
    """The gain of people of whom it is told which trials are right without and with."""
    names = np.repeat(list(people), [len(before) for before, _ in people.values()])
    before, after = (
        np.concatenate([list(map(int, pair[k])) for pair in people.values()]) for k in (0, 1)
    )
    y = np.concatenate([list(map(int, y[name])) for name in people])
    return gain_by_person(y, np.where(before, y, 9), np.where(after, y, 9), names, accuracy)


TWO_LABELS = {"d": "0101", "b": "01", "a": "0011", "c": "010101"}


def test_from_three_people_on_the_error_is_over_people():
    """Whatever the number of trials of each."""
    gain = compared(TWO_LABELS, d=("0000", "1110"), b=("11", "01"), a=("1000", "1100"))
    assert gain.people == ("a", "b", "d")
    assert gain.before.tolist() == [0.25, 1, 0] and gain.after.tolist() == [0.5, 0.5, 0.75]
    assert gain.each.tolist() == [0.25, -0.5, 0.75]
    assert gain.mean == pytest.approx(0.5 / 3)
    assert gain.error == pytest.approx(np.std([0.25, -0.5, 0.75], ddof=1) / 3**0.5)
    assert gain.n_losing == 1 and gain.notes == ()


def test_of_two_people_the_error_is_over_trials():
    gain = compared(TWO_LABELS, b=("11", "01"), a=("0000", "1110"))
    assert gain.mean == pytest.approx((0.75 - 0.5) / 2), "not over trials"
    by_trial = [-1, 0, 1, 1, 1, 0]
    assert gain.error == pytest.approx(np.std(by_trial, ddof=1) / 6**0.5)
    (note,) = gain.notes
    assert note.startswith("2 people to compare, so the error is taken over trials")
    (note,) = compared(TWO_LABELS, a=("0000", "1110")).notes
    assert note.startswith("1 person to compare")


def test_who_has_one_label_only_is_left_out():
    labels = TWO_LABELS | {"x": "000", "w": "1"}
    alone = compared(labels, a=("0000", "1110"), b=("11", "01"))
    beside = compared(labels, x=("000", "111"), a=("0000", "1110"), w=("1", "0"), b=("11", "01"))
    assert beside.people == ("a", "b")
    assert (beside.mean, beside.error) == (alone.mean, alone.error)
    left_out, error = beside.notes
    assert left_out == "w, x left out, with one label only."
    assert error.startswith("2 people")


def test_nobody_to_compare_is_no_difference():
    gain = compared({"x": "000"}, x=("000", "111"))
    assert gain.people == () and np.isnan(gain.mean) and np.isnan(gain.error)
    assert gain.verdict == "no difference beyond its error" and gain.n_losing == 0
    assert gain.notes[1].startswith("No people to compare")
    assert json.dumps(gain.as_json(), allow_nan=False)
    assert gain.as_json()["error"] is None


def test_ties_are_no_losses():
    gain = compared(TWO_LABELS, a=("1100", "1100"), b=("11", "01"), d=("1000", "0100"))
    assert gain.n_losing == 1


@pytest.mark.parametrize(
    ("mean", "error", "verdict"),
    [
        (0.021, 0.01, "helps"),
        (0.019, 0.01, "no difference beyond its error"),
        (-0.019, 0.01, "no difference beyond its error"),
        (-0.021, 0.01, "harms"),
        (0.5, np.nan, "no difference beyond its error"),
        (-0.5, np.nan, "no difference beyond its error"),
        (0.0, 0.0, "no difference beyond its error"),
    ],
)
def test_a_verdict_takes_two_errors(mean, error, verdict):
    assert Gain(("a",), np.array([0.6]), np.array([0.6 + mean]), error).verdict == verdict


def test_numbers_are_plain():
    gain = compared(TWO_LABELS, a=("0000", "1110"), b=("11", "01"), c=("000000", "100000"))
    found = json.loads(json.dumps(gain.as_json(), allow_nan=False))
    assert found["people"]["c"] == {"without": 0.0, "with": 0.1667}
    assert found["mean"] == round(gain.mean, 4) and found["error"] == round(gain.error, 4)


@pytest.mark.parametrize("lengths", [(3, 4, 4, 4), (4, 3, 4, 4), (4, 4, 4, 3), (0, 0, 0, 0)])
def test_arrays_that_do_not_fit_are_reported_in_one_line(lengths):
    y, before, after, people = (np.arange(length) % 2 for length in lengths)
    found = "Found {} labels, {} and {} predictions and {} people".format(*lengths)
    with pytest.raises(ValueError, match=f"of one length.* {found}") as caught:
        gain_by_person(y, before, after, people, accuracy)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("people", "match"),
    [
        (None, r"`people` should name the person of each trial.* Found nobody"),
        ("ann", r"`people` should name the person of each trial.* Found shape \(\)"),
        (np.zeros((2, 2)), r"`people` should name .* Found shape \(2, 2\)"),
        (["a", None, "b", float("nan")], "should have a person. Found 2 without"),
    ],
)
def test_missing_people_are_reported_in_one_line(people, match):
    y = np.arange(4) % 2
    with pytest.raises(ValueError, match=match) as caught:
        gain_by_person(y, y, y, people, accuracy)
    assert "\n" not in str(caught.value)
