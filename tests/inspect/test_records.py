"""What was learned, as records, as JSON and as a table."""

import math

import pytest
from torch import nn

from eegaug import (
    AugmentationLayer,
    Compose,
    FrequencyShift,
    FTSurrogate,
    InvariantModel,
    LearnedStrength,
    SignFlip,
    Strength,
    TimeShift,
    learned_strengths,
    summary,
)
from eegaug.inspect.records import as_json, by_layer


def test_json_tells_weights_and_units():
    chain = Compose([AugmentationLayer([SignFlip(), FTSurrogate(0.3)]), FrequencyShift(100, 0.5)])
    choice, alone = as_json(learned_strengths(InvariantModel(nn.Identity(), chain)))
    assert [t["weight"] for t in choice["transforms"]] == [0.5, 0.5]
    assert [t["name"] for t in choice["transforms"]] == ["SignFlip", "FTSurrogate"]
    assert alone["transforms"] == [
        {
            "name": "FrequencyShift",
            "weight": 1.0,
            "strengths": {"max_delta_freq": {"value": 0.5, "unit": "Hz", "low": 0.0, "high": 5.0}},
        }
    ]


def test_two_transforms_of_one_kind_have_different_names():
    layer = AugmentationLayer([TimeShift(100, 0.1), SignFlip(), TimeShift(100, 0.9)])
    names = [record.transform for record in learned_strengths(layer)]
    assert names == ["TimeShift", "SignFlip", "TimeShift 2"]


def test_the_strengths_of_a_transform_stay_together():
    shift = FrequencyShift(100, 0.5, p=Strength(0.3, unit="probability"))
    records = learned_strengths(Compose([AugmentationLayer([shift, SignFlip()]), TimeShift(100)]))
    found = [[[each.name for each in one] for one in layer] for layer in by_layer(records)]
    assert found == [[["max_delta_freq", "p"], ["p"]], [["max_shift"]]]
    assert records[0].as_fraction(0.5) == 0.1
    low = LearnedStrength(1, "TimeShift", 1.0, "max_shift", 0.4, "s", 0.2, 0.6)
    assert low.as_fraction(0.3) == pytest.approx(0.25)


def test_a_transform_with_nothing_to_learn_has_a_record_of_its_weight():
    still = SignFlip(Strength(0.5, unit="probability", learnable=False))
    records = learned_strengths(Compose([TimeShift(100), AugmentationLayer([still, SignFlip()])]))
    assert [each.name for each in records] == ["max_shift", "", "p"]
    record = records[1]
    assert (record.layer, record.transform, record.weight, record.unit) == (2, "SignFlip", 0.5, "")
    assert all(math.isnan(number) for number in (record.value, record.low, record.high))


def test_summary_has_one_line_per_strength():
    chain = Compose([AugmentationLayer([SignFlip(), FTSurrogate(0.3)]), FrequencyShift(100, 0.5)])
    heading, *lines = summary(InvariantModel(nn.Identity(), chain)).splitlines()
    assert heading.split() == "layer transform weight strength value range unit".split()
    assert [line.split()[:5] for line in lines] == [
        ["1", "SignFlip", "0.50", "p", "0.5"],
        ["1", "FTSurrogate", "0.50", "phase_noise_magnitude", "0.3"],
        ["2", "FrequencyShift", "1.00", "max_delta_freq", "0.5"],
    ]
    assert lines[2].endswith("0 to 5  Hz") and len({line.index(" to ") for line in lines}) == 1
    assert summary(nn.Identity()) == "nothing is learnable"
    with pytest.raises(TypeError, match=r"a trained net is `net.module_`\. Found str"):
        summary("net")
