"""Filters: as long as those of MNE, and none that a signal is too short for."""

import mne
import pytest

from eegaug.recordings import make_block_windows
from eegaug.recordings.filtering import filter_duration

from .test_windows import MAKERS, around_events, recording


@pytest.mark.parametrize("sfreq", [100.0, 512.0])
@pytest.mark.parametrize(
    "band",
    [(0.1, 30.0), (0.5, None), (1.0, 40.0), (4.0, 38.0), (12.0, 40.0), (None, 49.0), (None, 4.0)],
)
def test_the_length_is_that_of_mne(band, sfreq):
    taps = mne.filter.create_filter(None, sfreq, *band, verbose="error")
    assert filter_duration(*band, sfreq) == pytest.approx(len(taps) / sfreq, abs=2 / sfreq)


def test_nothing_is_filtered_without_a_band_and_never_beyond_half_the_rate():
    assert filter_duration(None, None, 100.0) == 0.0
    assert filter_duration(None, 50.0, 100.0) == float("inf")


@pytest.mark.parametrize(
    ("make", "one"), [each for each in MAKERS.items() if each[0] is not around_events]
)
@pytest.mark.parametrize(
    ("band", "edge"),
    [({"l_freq": 1e-6}, "from 1e-06"), ({"h_freq": 49.999999, "sfreq": 100.0}, "to 50 Hz")],
)
def test_a_filter_too_long_for_the_signal_gives_one_line(make, one, band, edge):
    with pytest.raises(ValueError) as caught:
        make([one()], **band)
    message = str(caught.value)
    assert message.startswith("one: a pass band from " if "l_freq" in band else "one: a pass band")
    assert edge in message and "\n" not in message
    assert "needs a filter of 3.3e+06 s, too long for a signal of " in message


def test_a_filter_as_long_as_the_recording_is_the_longest():
    assert len(make_block_windows([recording()], l_freq=3.3 / 119))
    with pytest.raises(ValueError, match=r"a filter of 121 s, too long for a signal of 120 s at"):
        make_block_windows([recording()], l_freq=3.3 / 121)
