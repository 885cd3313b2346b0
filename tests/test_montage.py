"""Where sensors are, from infos and montages of MNE."""

import mne
import numpy as np
import pytest
import torch

from eegaug import ChannelsInterpolation, SensorsRotation, SensorsZRotation
from eegaug.montage import (
    HEAD_CENTRE,
    _counterparts,
    centre,
    mirrored_by_position,
    on_sphere,
    read_positions,
)

from .helpers import SFREQ


def test_sensors_without_a_position_are_listed():
    names = ["C3", "nowhere", "C4", "neither"]
    info = mne.create_info(names, SFREQ, "eeg")
    with pytest.raises(ValueError, match=r"raw\.set_montage.*Found none for \['C3', 'nowhere'"):
        SensorsRotation.from_info(info)
    for channel, place in ((0, [-0.07, 0.0, 0.09]), (1, [0.0, 0.0, 0.0]), (2, [1.0, 1.0, 1.0])):
        info["chs"][channel]["loc"][:3] = place
    with pytest.raises(ValueError, match=r"Found none for \['nowhere', 'neither'\]") as caught:
        ChannelsInterpolation.from_info(info)
    assert "\n" not in str(caught.value)


def test_the_centre_is_that_of_heads_where_sensors_do_not_tell():
    """On a line, two directions are free: there the prior counts."""
    line = torch.tensor([[-0.1, 0.0, 0.04], [0.0, 0.0, 0.04], [0.1, 0.0, 0.04]])
    assert centre(line.double())[[1, 2]].tolist() == pytest.approx(HEAD_CENTRE[1:], abs=1e-9)
    assert centre(line.double()[:2])[0].item() == pytest.approx(-0.05 * 0.02 / 0.0201, rel=1e-3)


def test_only_sensors_that_mirror_each_other_are_pairs():
    """The third's image is nearest to the second, whose own is nearest to the first."""
    sensors = torch.nn.functional.normalize(
        torch.tensor([[-1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [-1.0, 0.4, 1.0], [0.0, -1.0, 0.1]]), dim=1
    )
    assert mirrored_by_position(sensors) == [1, 0, 2, 3]
    lonely = torch.tensor([[-1.0, 0.0, 1.0], [1.0, 0.0, 0.6], [0.0, 1.0, 0.0]])
    with pytest.raises(ValueError, match="Found none in 3 sensors"):
        mirrored_by_position(torch.nn.functional.normalize(lonely, dim=1))


def test_channels_that_a_montage_lacks_are_listed():
    montage = mne.channels.make_standard_montage("biosemi64")
    with pytest.raises(ValueError, match=r"in the montage\. Found \['foo', 'bar'\]") as caught:
        SensorsRotation.from_montage(montage, ["C3", "foo", "Cz", "bar"])
    assert "\n" not in str(caught.value)
    assert SensorsRotation.from_montage(montage, ["C3", "Cz", "C4"], axis="x").axis == "x"


def test_where_a_montage_lies_changes_nothing():
    places = mne.channels.make_standard_montage("biosemi64").get_positions()["ch_pos"]
    moved = {name: place + np.array([0.01, 0.02, -0.03]) for name, place in places.items()}
    names = ["C3", "Cz", "C4", "Oz"]
    one, other = (
        SensorsZRotation.from_montage(mne.channels.make_dig_montage(each), names, max_degrees=20.0)
        for each in (places, moved)
    )
    found, again = (t.step(torch.zeros(1, 4, 2), torch.ones(1)).matrix for t in (one, other))
    assert torch.allclose(found, again, atol=1e-3) and found.abs().max() > 0.1


@pytest.mark.parametrize("montage", ["spherical_1005", "colin27_1005", "biosemi64"])
def test_sensors_are_seen_from_the_middle_of_the_head(montage):
    """However a montage's coordinates lie: by info and by montage alike, the vertex on top."""
    montage = mne.channels.make_standard_montage(montage)
    names = ["Fpz", "C3", "Cz", "C4", "T7", "T8", "Oz", "P3", "P4", "F3", "F4", "Pz"]
    info = mne.create_info(names, 100.0, "eeg").set_montage(montage)
    places = on_sphere(read_positions(info["chs"]))
    top, left, right, front = places[[2, 4, 5, 0]]
    assert top[2] > 0.95 and left[0] < -0.9 and right[0] > 0.9 and front[1] > 0.9
    by_info = SensorsZRotation.from_info(info, max_degrees=20.0)
    by_montage = SensorsZRotation.from_montage(montage, names, max_degrees=20.0)
    change = [t.step(torch.zeros(1, 12, 2), torch.ones(1)).matrix for t in (by_info, by_montage)]
    assert (change[0] - change[1]).abs().max() < 0.35


@pytest.mark.parametrize(
    ("names", "mirrored"),
    [
        (["C3", "Cz", "C4"], [2, 1, 0]),
        (["c3", "FOO", "C4"], [2, 1, 0]),
        (["EEG C3-A2", "EEG C4-A1"], [1, 0]),
        (["EEG C3-A2", "EEG C4-A2"], [1, 0]),  # by electrode, as no derivation mirrors another
        (["C3-A2", "C3-Cz", "C4-A1", "C4-Cz"], [2, 3, 0, 1]),
        (["C3-A2", "C3-Fz", "C4-Cz"], [0, 1, 2]),  # against two references: none is the other's
        (["C3", "C3", "C4"], [0, 1, 2]),
        (["FCC3h", "FCC4h", "FCC3"], [1, 0, 2]),
        (["Fp1", "Fp2", "foo"], [1, 0, 2]),
    ],
)
def test_counterparts_by_name(names, mirrored):
    assert _counterparts(names) == mirrored
