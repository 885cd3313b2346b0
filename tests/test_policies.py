"""Ready-made policies."""

import pytest
import torch

from eegaug import learned_strengths, policies, width_penalty


@pytest.mark.parametrize("name", policies.POLICIES)
@pytest.mark.parametrize("ch_names", [["Fpz-Cz"], ["C3-A2", "C4-A1", "O1-A2", "EOG"], ["C3", "C4"]])
def test_policies_run_and_learn(name, ch_names):
    policy = policies.POLICIES[name](100, len(ch_names), ch_names)
    out = policy(torch.randn(4, len(ch_names), 300))
    (out.square().mean() + width_penalty(policy)).backward()
    names = {record.transform for record in learned_strengths(policy)}
    assert ("ChannelsShuffle" in names) == (name == "sleep" and len(ch_names) > 1)
    assert ("ChannelsSymmetry" in names) == (name == "sleep" and ch_names == ["C3", "C4"])
