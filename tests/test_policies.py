"""Ready-made policies."""

import mne
import pytest
import torch

from eegaug import learned_strengths, policies, width_penalty

PAIR = ["C3", "C4"]


@pytest.mark.parametrize("name", policies.POLICIES)
@pytest.mark.parametrize(
    ("info", "error", "match"),
    [
        (None, TypeError, "should be an mne.Info, or a list of its channels. Found NoneType"),
        ("C3", TypeError, "Found str"),
        ({"sfreq": 100.0}, TypeError, "Found dict"),
    ],
)
def test_what_is_no_info_is_reported_in_one_line(name, info, error, match):
    with pytest.raises(error, match=match) as caught:
        policies.POLICIES[name](info)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(set(policies.POLICIES) - {"imagery"}))
def test_an_info_without_a_rate_is_reported(name):
    channels = [{"ch_name": "C3"}, {"ch_name": "C4"}]
    with pytest.raises(ValueError, match="`info` should have a sampling rate"):
        policies.POLICIES[name]({"chs": channels})
    with pytest.raises(ValueError, match="`sfreq` should be given with a list of channels"):
        policies.POLICIES[name](channels)


@pytest.mark.parametrize("name", policies.POLICIES)
@pytest.mark.parametrize("ch_names", [["Fpz-Cz"], ["C3-A2", "C4-A1", "O1-A2", "EOG"], PAIR])
def test_policies_run_and_learn(name, ch_names):
    policy = policies.POLICIES[name](mne.create_info(ch_names, 100, "eeg"))
    out = policy(torch.randn(4, len(ch_names), 300))
    (out.square().mean() + width_penalty(policy)).backward()
    names = {record.transform for record in learned_strengths(policy)}
    assert ("ChannelsShuffle" in names) == (name == "sleep" and len(ch_names) > 1)
    assert ("ChannelsDropout" in names) == (name != "chain" and len(ch_names) > 1)
    assert ("ChannelsSymmetry" in names) == (name not in ("chain", "one_of") and ch_names == PAIR)
    assert "SensorsXRotation" not in names, "there are no positions"


@pytest.mark.parametrize(
    ("ch_names", "of_channels"),
    [
        (["Fpz-Cz"], []),
        (["Fpz-Cz", "Pz-Oz"], ["ChannelsDropout"]),
        (PAIR, ["ChannelsDropout", "ChannelsSymmetry"]),
    ],
)
def test_the_general_policy_is_a_chain_of_what_the_channels_allow(ch_names, of_channels):
    policy = policies.general(mne.create_info(ch_names, 128, "eeg"))
    names = ["SignFlip", "TimeShift", "FrequencyShift", "FTSurrogate", "AmplitudeScale"]
    found = [type(each).__name__ for each in policy.augmentations]
    assert found == [*names, "SmoothTimeMask", *of_channels]
    assert {each.sfreq for each in policy.augmentations} == {None, 128.0}
    one_of = policies.one_of(mne.create_info(ch_names, 128, "eeg"))
    names = [type(each).__name__ for each in one_of.transforms]
    assert names == [name for name in found if name != "ChannelsSymmetry"]


@pytest.mark.parametrize(
    ("n_times", "sfreq", "n_segments"), [(20, 100, 1), (256, 128, 4), (300, 100, 6), (3000, 100, 8)]
)
def test_recombination_cuts_eight_segments_of_half_a_second_or_more(n_times, sfreq, n_segments):
    transform = policies.recombination(n_times, sfreq)
    assert (transform.n_segments, transform.p.value.item()) == (n_segments, 0.75)
    assert not transform.p.learnable


@pytest.mark.parametrize(
    ("n_times", "sfreq", "error", "match"),
    [
        (0, 100, ValueError, "`n_times` should be positive"),
        (2.5, 100, TypeError, "`n_times`"),
        (100, -1.0, ValueError, "`sfreq` should be positive"),
    ],
)
def test_recombination_refuses_windows_without_length(n_times, sfreq, error, match):
    with pytest.raises(error, match=match):
        policies.recombination(n_times, sfreq)


def test_the_policy_of_sleep_is_the_published_one():
    """And its temperature is that of all layers."""
    policy = policies.sleep(100.0, 2, PAIR, temperature=0.5)
    names = [[type(each).__name__ for each in layer.transforms] for layer in policy.augmentations]
    assert names[0] == ["SignFlip", "ChannelsDropout", "ChannelsShuffle", "ChannelsSymmetry"]
    assert names[1] == names[2] and names[1][::4] == ["TimeReverse", "FrequencyShift"]
    assert [layer.temperature for layer in policy.augmentations] == [0.5] * 3
    assert policies.sleep(100.0, 1).augmentations[1].temperature == 1.0


@pytest.mark.parametrize(
    ("ch_names", "wanted"),
    [
        (["Cz"], ["SignFlip"]),
        (["C3", "C4"], ["Sensors"] * 3 + ["ChannelsDropout", "ChannelsSymmetry", "SignFlip"]),
    ],
)
def test_imagery_has_what_the_channels_allow(ch_names, wanted):
    policy = policies.imagery(info_of(ch_names, place=True))
    names = [type(each).__name__ for each in policy.augmentations]
    assert ["Sensors" if name.startswith("Sensors") else name for name in names] == wanted


def test_imagery_rotates_sensors_that_have_positions():
    info = mne.create_info(["C3", "Cz", "C4"], 100, "eeg").set_montage("spherical_1005")
    names = [record.transform for record in learned_strengths(policies.imagery(info))]
    assert names[:3] == ["SensorsXRotation", "SensorsYRotation", "SensorsZRotation"]
    assert policies.imagery(info)(torch.randn(4, 3, 300)).shape == (4, 3, 300)


def info_of(ch_names, sfreq=100.0, place=False):
    info = mne.create_info(ch_names, sfreq, "eeg")
    return info.set_montage("spherical_1005") if place else info


def strengths(augmentation):
    """Return transform, strength, start, range and unit of all strengths."""
    return [
        (each.transform, each.name, each.value, each.low, each.high, each.unit)
        for each in learned_strengths(augmentation)
    ]


@pytest.mark.parametrize("task", ["sleep", "events", "blocks", "epochs", "arrays", "dreams"])
@pytest.mark.parametrize("ch_names", [["Fpz-Cz"], PAIR])
def test_each_candidate_has_its_reason_in_the_order_of_the_layer(task, ch_names):
    chosen = policies.default_for(task, info_of(ch_names), 400)
    names = [type(each).__name__ for each in chosen.augmentation.transforms]
    assert list(chosen.reasons) == names == [*names[:6], *["ChannelsDropout"] * (len(ch_names) > 1)]
    assert not set(chosen.left_out) & set(names)
    assert chosen.reasons["TimeShift"] == {
        "sleep": "windows are cut wherever an epoch of the hypnogram begins",
        "events": "a response comes earlier in one trial than in another",
        "blocks": "windows are cut anywhere in a block",
        "epochs": "a response comes earlier in one trial than in another",
    }.get(task, "a trial may start earlier or later")
    others = policies.default_for("events", info_of(ch_names), 400).reasons
    assert chosen.reasons | {"TimeShift": ""} == others | {"TimeShift": ""}
    assert chosen.as_json() == {"in": chosen.reasons, "left out": chosen.left_out}


NO_PAIR = "no channels to the left and to the right of the midline"
MEASURED = "no gain for people never seen was measured; the policy imagery has it"


@pytest.mark.parametrize(
    ("ch_names", "place", "left_out"),
    [
        (
            ["Cz"],
            True,
            {
                "ChannelsSymmetry": NO_PAIR,
                "ChannelsDropout": "there is one channel only",
                "SensorsRotation": "channels have no positions",
            },
        ),
        (
            ["Fpz-Cz", "Pz-Oz"],
            False,
            {"ChannelsSymmetry": NO_PAIR, "SensorsRotation": "channels have no positions"},
        ),
        (
            PAIR,
            False,
            {
                "ChannelsSymmetry": "the side may be the label",
                "SensorsRotation": "channels have no positions",
            },
        ),
        (
            PAIR,
            True,
            {"ChannelsSymmetry": "the side may be the label", "SensorsRotation": MEASURED},
        ),
        (["Fz", "Cz"], True, {"ChannelsSymmetry": NO_PAIR, "SensorsRotation": MEASURED}),
    ],
)
def test_what_is_no_candidate_has_its_reason_too(ch_names, place, left_out):
    assert policies.default_for("events", info_of(ch_names, place=place)).left_out == left_out


@pytest.mark.parametrize(
    ("sfreq", "n_times", "shift", "freq"),
    [
        (100, None, 2, 5),
        (100, 3000, 2, 5),
        (100, 150, 1.5, 5),
        (128, 64, 0.5, 5),
        (12, 360, 2, 3),
        (12, 6, 0.5, 3),
        (20, 40, 2, 5),
    ],
)
def test_ranges_end_at_the_windows_length_and_a_quarter_of_the_rate(sfreq, n_times, shift, freq):
    """Starts are a tenth of the range, and a half of that of the mask."""
    chosen = policies.default_for("events", info_of(PAIR, sfreq), n_times)
    found = {name: rest for _, name, *rest in strengths(chosen.augmentation)}
    assert found["max_shift"] == pytest.approx([0.1 * shift, 0, shift, "s"])
    assert found["max_delta_freq"] == pytest.approx([0.1 * freq, 0, freq, "Hz"])
    assert found["mask_len"] == pytest.approx([0.5 * shift, 0, shift, "s"])
    windows = torch.randn(4, 2, n_times or 500)
    assert chosen.augmentation(windows).shape == windows.shape


@pytest.mark.parametrize("ch_names", [["Fpz-Cz"], ["Fpz-Cz", "Pz-Oz"], PAIR])
def test_the_default_is_one_of_in_windows_of_sleep(ch_names):
    info = info_of(ch_names)
    layer, one_of = policies.default_for("sleep", info, 3000).augmentation, policies.one_of(info)
    assert type(layer) is type(one_of) and strengths(layer) == strengths(one_of)
    assert {each.sfreq for each in layer.transforms} == {None, 100.0}


@pytest.mark.parametrize("task", ["events", "sleep"])
@pytest.mark.parametrize("name", ["default", *policies.POLICIES])
def test_policies_are_made_by_name(name, task):
    info = info_of(PAIR)
    made = policies.make_policy(name, task, info, 100)
    wanted = (
        policies.default_for(task, info, 100).augmentation
        if name == "default"
        else policies.POLICIES[name](info)
    )
    assert type(made) is type(wanted) and strengths(made) == strengths(wanted)
    (shift,) = {high for _, name, *_, high, _ in strengths(made) if name == "max_shift"} or {None}
    reach = {"default": 1.0, "chain": 2.0, "general": 2.0, "one_of": 2.0}
    assert shift == reach.get(name), "the default alone knows the length of a window"


@pytest.mark.parametrize("name", ["slep", "", "Default"])
def test_an_unknown_policy_is_an_error(name):
    with pytest.raises(ValueError) as caught:
        policies.make_policy(name, "sleep", info_of(PAIR), 3000)
    assert str(caught.value) == (
        f"No policy is named {name!r}; there are chain, default, general, imagery, one_of, sleep."
    )
