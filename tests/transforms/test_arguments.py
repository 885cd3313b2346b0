"""Parameters and signals that do not fit, each reported in one line."""

import pytest
import torch

from eegaug import (
    AmplitudeScale,
    AugmentationLayer,
    BandNoise,
    BandRotation,
    BandstopFilter,
    ChannelsInterpolation,
    ChannelsShuffle,
    ChannelsSymmetry,
    EMGNoise,
    EOGNoise,
    FrequencyShift,
    FTSurrogate,
    GaussianNoise,
    MaskEncoding,
    Mixup,
    PhaseJitter,
    PowerlineNoise,
    RandomCrop,
    SegmentationReconstruction,
    SensorsRotation,
    SensorsZRotation,
    SignFlip,
    SmoothTimeMask,
    Strength,
    TimeShift,
    TimeWarp,
)

from ..helpers import SFREQ

X = torch.zeros(2, 3, 100)


@pytest.mark.parametrize("sfreq", [0, -100.0, float("nan"), "100", None])
@pytest.mark.parametrize(
    "build",
    [
        TimeShift,
        FrequencyShift,
        BandstopFilter,
        SmoothTimeMask,
        PowerlineNoise,
        EMGNoise,
        EOGNoise,
        lambda sfreq: BandNoise(sfreq, 8, 12),
        lambda sfreq: RandomCrop(sfreq, 2.0),
    ],
)
def test_a_bad_sampling_rate_is_reported(build, sfreq):
    with pytest.raises((TypeError, ValueError), match="Parameter `sfreq`") as caught:
        build(sfreq)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("build", "match"),
    [
        (lambda: BandstopFilter(12), r"below 6 Hz\. Found a widest band of 7 Hz"),
        (lambda: BandstopFilter(100, max_freq=60), "at most the Nyquist frequency, 50 Hz"),
        (lambda: BandstopFilter(100, max_freq=0), "`max_freq` should be positive"),
        (lambda: EMGNoise(40), "above 40 Hz"),
        (lambda: PowerlineNoise(100), r"below the Nyquist frequency, 50 Hz\. Found .* 50"),
        (lambda: PowerlineNoise(100, line_freq=0), "`line_freq` should be positive"),
        (lambda: BandNoise(100, 12, 8), "a band from 0 to 50 Hz"),
        (lambda: BandNoise(100, 8, 8), "a band from 0 to 50 Hz"),
        (lambda: BandNoise(100, 8, 51), "a band from 0 to 50 Hz"),
        (lambda: BandNoise(100, -1, 8), "a band from 0 to 50 Hz"),
        (lambda: TimeWarp(Strength(0.5, high=1.5, unit="fraction")), "at most 1"),
        (lambda: RandomCrop(100, 0), "`duration` should be positive"),
        (lambda: MaskEncoding(n_segments=0), "`n_segments` should be positive"),
        (lambda: PhaseJitter(181), r"`max_phase` should be between 0 and 180"),
        (lambda: AmplitudeScale(0.5, 1.5), "`max_decrease` should be between 0 and 1"),
        (lambda: GaussianNoise(-1), "`std` should be between 0 and 1"),
        (lambda: BandRotation(0, 4), "`num_bands` should be positive"),
        (lambda: BandRotation(1, 4, 1.0, 3.0), "`num_bands` should be 2 or more"),
        (lambda: ChannelsSymmetry(["C3", "foo bar", "C4", "MEG 0111"]), "'foo bar', 'MEG 0111'"),
        (lambda: ChannelsSymmetry(["C3", "Cz", "F4"]), r"Found none in \['C3', 'Cz', 'F4'\]"),
        (lambda: ChannelsSymmetry(), "should be given"),
        (lambda: ChannelsSymmetry(["C3", "C4"], [[-1, 0, 0], [1, 0, 0]]), "should be given"),
        (lambda: ChannelsSymmetry(positions=[[0, 1, 0], [0, 0, 1]]), "pair across the midline"),
        (lambda: ChannelsInterpolation([[0, 0, 1]]), "two sensors or more"),
        (lambda: SensorsRotation(torch.eye(3), axis="w"), "'x', 'y' or 'z'"),
        (lambda: SensorsRotation(torch.eye(3)[0]), r"shape \(channels, 3\)\. Found \(3,\)"),
        (lambda: SensorsRotation(torch.eye(4)), r"shape \(channels, 3\)\. Found \(4, 4\)"),
        (lambda: SensorsRotation(torch.eye(3) / 0), "should be finite"),
        (lambda: SensorsRotation(torch.zeros(2, 3)), "on a sphere around the head's centre"),
        (lambda: SensorsRotation([[0, 0, 1], [0, 0, 9]]), "distances from the centre from 1 to 9"),
        (lambda: EOGNoise(100, [[0, 0, 1], [0, 0, 9]]), "on a sphere"),
    ],
)
def test_bad_parameters_are_reported_in_one_line(build, match):
    with pytest.raises(ValueError, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("transform", "match"),
    [
        (SmoothTimeMask(SFREQ), r"within the window, 1 s\. Found masks of up to 2 s"),
        (RandomCrop(SFREQ, 3.0), r"should last at least 7 s.*Found 1 s"),
        (RandomCrop(SFREQ, 0.9), "should last at least 4.9 s"),
        (RandomCrop(SFREQ, 0.5, Strength(0, high=0.26, unit="s")), "should last at least 1.02 s"),
        (RandomCrop(SFREQ, 0.001, Strength(0, high=0.1, unit="s")), "a crop of 0.001 s"),
        (SmoothTimeMask(SFREQ, Strength(0, high=1.01, unit="s")), "masks of up to 1.01 s"),
        (BandNoise(SFREQ, 8.1, 8.9), "no frequency of the window in the band"),
        (
            ChannelsSymmetry(["C3", "C4", "Cz"]),
            r"3 channels, as the transform was built for\. Found 1",
        ),
        (ChannelsShuffle(), r"two channels or more to shuffle\. Found 1"),
        (
            ChannelsInterpolation(torch.eye(3)),
            r"3 channels, as the transform was built for\. Found 1",
        ),
        (SensorsRotation(torch.eye(3)), r"3 channels, as the transform was built for\. Found 1"),
        (EOGNoise(SFREQ, torch.eye(3)), r"3 channels, as the transform was built for\. Found 1"),
        (BandRotation(2, 4), "should have 8 channels"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_signals_that_do_not_fit_are_reported_in_one_line(transform, match):
    with pytest.raises(ValueError, match=match) as caught:
        transform(torch.zeros(2, 1, 100))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "transform",
    [
        RandomCrop(SFREQ, 2.0, Strength(0.1, high=0.3, unit="s")),
        SmoothTimeMask(SFREQ, Strength(0.1, high=0.3, unit="s")),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_a_window_that_just_fits_passes(transform):
    n_times = 260 if isinstance(transform, RandomCrop) else 30
    assert transform(torch.zeros(2, 1, n_times)).isfinite().all()


def test_a_crop_of_one_sample():
    crop = RandomCrop(SFREQ, 0.01, Strength(0, high=0.1, unit="s"))
    assert torch.equal(crop(torch.arange(21.0)[None]), torch.tensor([[10.0]]))


def test_a_transform_without_a_rate_shows_none():
    assert SignFlip().extra_repr() == "" and FrequencyShift(250).extra_repr() == "sfreq=250"


def test_transforms_of_batches_where_nothing_is_given():
    rebuilt = SegmentationReconstruction()
    assert rebuilt.n_segments == 8 and rebuilt.p.value == 0.5
    assert Mixup().alpha.as_numbers()[0] == 0.4 and not Mixup().beta_per_sample


@pytest.mark.parametrize(
    "build",
    [
        lambda shift: RandomCrop(SFREQ, 2.0, shift),
        lambda length: SmoothTimeMask(SFREQ, length),
    ],
    ids=["RandomCrop", "SmoothTimeMask"],
)
def test_a_range_that_came_with_a_state_is_checked_too(build):
    wide, narrow = (build(Strength(high, high=high, unit="s")) for high in (4.0, 0.1))
    narrow.load_state_dict(wide.state_dict())
    with pytest.raises(ValueError, match=r"Found"):
        narrow(torch.zeros(2, 1, 240))


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (lambda: FrequencyShift.from_info(None), TypeError, "Found NoneType"),
        (lambda: FrequencyShift.from_info([{"ch_name": "C3"}]), ValueError, "`sfreq` should be"),
        (lambda: SensorsZRotation.from_info([{"ch_name": "C3"}]), ValueError, r"\['C3'\]"),
        (
            lambda: SensorsZRotation.from_info([{"ch_name": "C3", "loc": None}]),
            ValueError,
            r"\['C3'\]",
        ),
        (
            lambda: FrequencyShift.from_info({"chs": [{"ch_name": "C3"}]}),
            ValueError,
            "`info` should have a sampling rate",
        ),
        (
            lambda: FrequencyShift.from_info({"chs": [{"ch_name": "C3"}], "sfreq": "100"}),
            TypeError,
            "`sfreq` should be a number",
        ),
        (lambda: SignFlip.from_info([]), ValueError, "channels with names. Found none"),
        (lambda: SignFlip.from_info([{"loc": []}]), ValueError, "Found a channel without"),
        (lambda: SensorsZRotation.from_montage("biosemi64", []), TypeError, "Found str"),
        (lambda: SensorsZRotation([["a", "b", "c"]]), TypeError, "`positions`"),
        (lambda: ChannelsSymmetry(mirrored=[0, 5]), ValueError, "its own inverse"),
        (lambda: ChannelsSymmetry([1, 2]), ValueError, r"Found \['1', '2'\]"),
        (lambda: BandRotation(max_temporal_jitter=0), ValueError, "should be positive"),
        (lambda: SignFlip()(X, draw=[None, None]), TypeError, "Found list"),
        (lambda: SignFlip()(X.to_sparse()), TypeError, r"Found layout torch\.sparse_coo"),
        (
            lambda: ChannelsInterpolation(torch.eye(3))(X.to("meta")),
            ValueError,
            r"should be on cpu, .* Found meta",
        ),
        (
            lambda: AugmentationLayer([SignFlip()]).to("meta")(X),
            ValueError,
            r"should be on meta, .* Found cpu",
        ),
        (lambda: MaskEncoding(n_segments=10**400), ValueError, "`n_segments` should be of 64"),
        (lambda: SensorsRotation([[10**400, 0, 0]]), TypeError, "`positions`"),
        (lambda: AugmentationLayer([SignFlip()], mixture="False"), TypeError, "`mixture` should"),
        (lambda: FTSurrogate(channel_indep=1), TypeError, "`channel_indep` should be True or"),
        (lambda: AmplitudeScale(channel_indep="no"), TypeError, "`channel_indep` should be"),
        (lambda: Mixup(beta_per_sample=None), TypeError, "`beta_per_sample` should be"),
    ],
)
def test_what_is_given_wrongly_is_reported_in_one_line(build, error, match):
    with pytest.raises(error, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)
