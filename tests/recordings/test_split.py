"""Splits by subject and in time."""

import numpy as np
import pandas as pd
import pytest

from eegaug.recordings import (
    Split,
    split_by_subject,
    split_in_time,
)
from eegaug.recordings.split import without_shared_samples


def test_no_subject_is_on_two_sides(windows):
    split = split_by_subject(windows.y, windows.subjects, seed=1)
    sides = [set(windows.subjects[part]) for part in (split.train, split.valid, split.test)]
    assert all(sides)
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    parts = np.concatenate([split.train, split.valid, split.test])
    assert sorted(parts) == list(range(len(windows.y)))


def test_a_stage_that_one_subject_has_stays_in_training():
    y = np.tile([0, 3], 200)
    subjects = np.repeat([f"p{i}" for i in range(8)], 50)
    y[subjects == "p5"] = np.tile([0, 1, 2, 3, 4], 10)
    for seed in range(10):
        split = split_by_subject(y, subjects, seed=seed)
        assert set(y[split.train]) == {0, 1, 2, 3, 4}


def test_one_subject_is_split_into_contiguous_blocks():
    y = np.tile([0, 1, 2], 80)
    split = split_by_subject(y, np.full(240, "anna"))
    assert "contiguous blocks of anna" in split.how
    sides = np.zeros(240, dtype=int)
    sides[split.valid], sides[split.test] = 1, 2
    assert set(sides) == {0, 1, 2}
    assert np.count_nonzero(np.diff(sides)) < 24, "windows of a block stay together"


def test_two_subjects_are_split_with_one_tested():
    y = np.tile([0, 1], 120)
    subjects = np.repeat(["a", "b"], 120)
    split = split_by_subject(y, subjects, test=["b"])
    assert set(subjects[split.test]) == {"b"}
    assert set(subjects[split.train]) == set(subjects[split.valid]) == {"a"}
    assert "contiguous blocks of a" in split.how


def test_one_long_night_is_not_most_of_the_test():
    subjects = np.repeat([f"p{i}" for i in range(9)], [800, *[100] * 8])
    y = np.tile([0, 3], 800)
    for seed in range(5):
        split = split_by_subject(y, subjects, seed=seed)
        assert len(split.test) < 0.4 * len(y)


def test_the_seed_chooses_and_repeats():
    y = np.tile([0, 1], 400)
    subjects = np.repeat([f"p{i}" for i in range(8)], 100)
    hows = [split_by_subject(y, subjects, seed=seed).how for seed in range(6)]
    assert len(set(hows)) > 1
    assert hows == [split_by_subject(y, subjects, seed=seed).how for seed in range(6)]


@pytest.mark.parametrize(
    ("n", "n_subjects", "test", "match"),
    [
        (
            100,
            4,
            ["zoe"],
            "No subject to test on is named zoe; the recordings are of p0, p1, p2, p3",
        ),
        (100, 2, ["p0", "p1"], "No subject is left to train on"),
        (1, 1, None, "1 windows of p0 are too few to split"),
    ],
)
def test_splits_that_cannot_be_made_give_one_line(n, n_subjects, test, match):
    subjects = np.array([f"p{i % n_subjects}" for i in range(n)])
    with pytest.raises(ValueError, match=match):
        split_by_subject(np.arange(n) % 2, subjects, test)


# -- in time ------------------------------------------------------------------------------


def test_the_last_third_of_every_subject_is_tested():
    y, subjects = np.arange(60) % 2, np.repeat(["a", "b"], [24, 36])
    split = split_in_time(y, subjects)
    for subject, sizes in {"a": (12, 4, 8), "b": (18, 6, 12)}.items():
        parts = [part[subjects[part] == subject] for part in (split.train, split.valid, split.test)]
        assert tuple(map(len, parts)) == sizes
        assert parts[0].max() < parts[1].min() and parts[1].max() < parts[2].min()
    assert sorted(np.concatenate([split.train, split.valid, split.test])) == list(range(60))
    assert split.is_calibrated(subjects) and "last third of each subject" in split.how
    assert not split_by_subject(y, subjects, test="a").is_calibrated(subjects)


def test_too_few_windows_to_split_in_time():
    with pytest.raises(ValueError, match="5 windows of b are too few to split in time; at least 6"):
        split_in_time(np.arange(25) % 2, np.repeat(["a", "b"], [20, 5]))


# -- windows that overlap -----------------------------------------------------------------


def without_shared(onsets, parts, recordings="r", subjects="a"):
    """Split windows of 4 s: T for training, V for validation, E for test; return kept ones."""
    parts = np.array(list(parts.upper()))
    split = Split(*(np.flatnonzero(parts == part) for part in "TVE"), "how")
    table = pd.DataFrame({"subject": subjects, "recording": recordings, "onset": onsets})
    found = without_shared_samples(split, table, 400, 100.0)
    kept = np.char.lower(parts)
    for name, index in zip("TVE", (found.train, found.valid, found.test), strict=True):
        kept[index] = name
    return "".join(kept), found.how


@pytest.mark.parametrize(
    ("onsets", "kept", "rest", "counted"),
    [
        ([3, 6, 9, 20, 30, 40, 50], "tEtTTVV", {}, "2 of training"),
        ([50, 9.9, 40, 6, 30, 2.1, 20], "TtTEVtV", {}, "2 of training"),  # in another order
        ([3, 6, 9, 20, 30, 40, 50], "vEvVTTV", {}, "2 of validation"),
        # training is kept from validation too, but not from what validation has lost
        ([0, 3, 6, 9, 12, 15, 30], "TTtVvEV", {}, "1 of training, 1 of validation"),
        ([3, 6, 9, 20, 30, 40], "TvETVV", {}, "1 of validation"),
        # at one time, but not of one recording
        ([0] * 5, "TVETV", {"recordings": list("abcde")}, ""),
        ([0] * 5, "TVETV", {"subjects": list("abcde")}, ""),
        # one after the other; so by rounded onsets
        ([0, 4, 8, 12, 16], "TVETV", {}, ""),
        ([0, 3.99, 8, 11.99, 16], "TVETV", {}, ""),
    ],
)
def test_windows_that_share_samples_are_in_one_part(onsets, kept, rest, counted):
    how = "how" + f"; left out, for samples that they share: {counted}" * bool(counted)
    assert without_shared(onsets, kept, **rest) == (kept, how)


@pytest.mark.parametrize(
    ("onsets", "parts", "message"),
    [
        ([3, 6, 20, 30, 40], "tETVV", "training: 1 of 2, the others share samples"),
        ([3, 6, 9, 30, 40], "vEvTT", "validation: 0 of 2, the others share samples"),
    ],
)
def test_too_few_windows_without_shared_samples(onsets, parts, message):
    with pytest.raises(ValueError, match=f"Too few windows are left for {message}"):
        without_shared(onsets, parts)
