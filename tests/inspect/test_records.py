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
from eegaug.inspect.records import as_json, by_layer, history_row


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


def test_a_history_is_read_by_the_keys_of_its_rows():
    still = SignFlip(Strength(0.5, unit="probability", learnable=False))
    layer, rows = AugmentationLayer([TimeShift(100, 0.4), still]), []
    for logit, value in ((0.0, 0.4), (1.0, 0.8)):
        layer.logits.data[0] = logit
        layer.transforms[0].max_shift.raw.data.fill_(value / 2)
        rows.append(history_row(learned_strengths(layer)))
    weights = [row["layer 1 TimeShift weight"] for row in rows]
    assert weights == pytest.approx([0.5, math.e / (1 + math.e)])
    assert rows[1]["layer 1 SignFlip weight"] == pytest.approx(1 - weights[1])
    assert [row["layer 1 TimeShift max_shift (s)"] for row in rows] == pytest.approx([0.4, 0.8])
    shift, flip = learned_strengths(layer, rows)
    assert shift.history == pytest.approx((0.4, 0.8)) and shift.value == pytest.approx(0.8)
    assert shift.weight_history == tuple(weights) and shift.weight == weights[1]
    assert flip.history == () and len(flip.weight_history) == 2
    assert learned_strengths(layer)[0].history == learned_strengths(layer)[0].weight_history == ()
