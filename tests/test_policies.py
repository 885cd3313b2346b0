"""Ready-made policies."""

import mne
import pytest
import torch

from eegaug import learned_strengths, policies, width_penalty

PAIR = ["C3", "C4"]


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


def test_imagery_rotates_sensors_that_have_positions():
    info = mne.create_info(["C3", "Cz", "C4"], 100, "eeg").set_montage("spherical_1005")
    names = [record.transform for record in learned_strengths(policies.imagery(info))]
    assert names[:3] == ["SensorsXRotation", "SensorsYRotation", "SensorsZRotation"]
    assert policies.imagery(info)(torch.randn(4, 3, 300)).shape == (4, 3, 300)
