"""The strengths of each transform: start, unit, range and name; and how far its draws reach."""

import pytest
import torch

from eegaug import (
    AmplitudeScale,
    BandNoise,
    BandRotation,
    BandstopFilter,
    ChannelsDropout,
    ChannelsInterpolation,
    ChannelsReref,
    ChannelsShuffle,
    ChannelsSymmetry,
    EMGNoise,
    EOGNoise,
    FrequencyShift,
    FTSurrogate,
    GaussianNoise,
    MaskEncoding,
    PhaseJitter,
    PowerlineNoise,
    RandomCrop,
    SensorsRotation,
    SensorsXRotation,
    SensorsYRotation,
    SensorsZRotation,
    SignFlip,
    SmoothTimeMask,
    Strength,
    TimeReverse,
    TimeShift,
    TimeWarp,
)

from ..helpers import SFREQ, signal
from .table import POSITIONS, TRANSFORMS

UNIT = "unit of the signal"
PAIR = ["C3", "C4"]

#: What builds a transform of a strength, name, start where none is given, unit, end of the range.
STRENGTHS = [
    (lambda **k: AmplitudeScale(**k), "max_change", 0.5, "fraction", 1),
    (lambda **k: AmplitudeScale(**({"max_decrease": 0.2} | k)), "max_decrease", 0.2, "fraction", 1),
    (lambda **k: BandNoise(SFREQ, 8, 12, **k), "std", 0.1, UNIT, 1),
    (lambda **k: BandRotation(**k), "max_offset", 1, "electrodes", 2),
    (
        lambda **k: BandRotation(**({"max_temporal_jitter": 5.0} | k)),
        "max_temporal_jitter",
        5,
        "samples",
        10,
    ),
    (lambda **k: BandstopFilter(SFREQ, **k), "bandwidth", 1, "Hz", 5),
    (lambda **k: ChannelsDropout(**k), "p_drop", 0.2, "probability", 1),
    (lambda **k: ChannelsInterpolation(POSITIONS, **k), "p_interp", 0.2, "probability", 1),
    (lambda **k: ChannelsReref(**k), "p", 0.5, "probability", 1),
    (lambda **k: ChannelsShuffle(**k), "p_shuffle", 0.2, "probability", 1),
    (lambda **k: ChannelsSymmetry(PAIR, **k), "p", 0.5, "probability", 1),
    (lambda **k: EMGNoise(SFREQ, **k), "amplitude", 0.1, UNIT, 1),
    (lambda **k: EOGNoise(SFREQ, **k), "amplitude", 0.1, UNIT, 1),
    (lambda **k: FrequencyShift(SFREQ, **k), "max_delta_freq", 0.5, "Hz", 5),
    (lambda **k: FTSurrogate(**k), "phase_noise_magnitude", 0.5, "fraction of 2π", 1),
    (lambda **k: GaussianNoise(**k), "std", 0.1, UNIT, 1),
    (lambda **k: MaskEncoding(**k), "max_mask_ratio", 0.1, "fraction", 1),
    (lambda **k: PhaseJitter(**k), "max_phase", 30, "degrees", 180),
    (lambda **k: PowerlineNoise(SFREQ, line_freq=40, **k), "amplitude", 0.1, UNIT, 1),
    (lambda **k: RandomCrop(SFREQ, 2.0, **k), "max_shift", 0.2, "s", 2),
    (lambda **k: SensorsRotation(POSITIONS, **k), "max_degrees", 15, "degrees", 30),
    (lambda **k: SensorsXRotation(POSITIONS, **k), "max_degrees", 15, "degrees", 30),
    (lambda **k: SensorsYRotation(POSITIONS, **k), "max_degrees", 15, "degrees", 30),
    (lambda **k: SensorsZRotation(POSITIONS, **k), "max_degrees", 15, "degrees", 30),
    (lambda **k: SignFlip(**k), "p", 0.5, "probability", 1),
    (lambda **k: SmoothTimeMask(SFREQ, **k), "mask_len", 1, "s", 2),
    (lambda **k: TimeReverse(**k), "p", 0.5, "probability", 1),
    (lambda **k: TimeShift(SFREQ, **k), "max_shift", 0.2, "s", 2),
    (lambda **k: TimeWarp(**k), "max_speed_change", 0.2, "fraction", 0.9),
]


@pytest.mark.parametrize(("build", "name", "start", "unit", "high"), STRENGTHS)
def test_a_strength_has_its_start_its_unit_and_its_range(build, name, start, unit, high):
    transform = build()
    assert getattr(transform, name).as_numbers() == (start, unit, 0, high)
    assert transform.strengths()[name] is getattr(transform, name)
    assert ("p" in transform.strengths()) == (name == "p"), "every trial is transformed"
    own = Strength(start, high=high, unit=unit, learnable=False)
    assert getattr(build(**{name: own}), name) is own


@pytest.mark.parametrize(("build", "name", "start", "unit", "high"), STRENGTHS)
def test_a_number_out_of_the_range_is_named(build, name, start, unit, high):
    kind = type(getattr(build(), name))
    wanted = "`value` should be between 0 and 1" if kind is not Strength else (
        f"`{name}` should be positive" if name == "max_temporal_jitter" else
        f"`{name}` should be between 0 and {high:g}"
    )  # fmt: skip
    with pytest.raises(ValueError) as caught:
        build(**{name: -1.0})
    assert str(caught.value).startswith(f"Parameter {wanted}")
    with pytest.raises(ValueError, match=f"Parameter `{name}` should be a strength in '{unit}'"):
        build(**{name: Strength(0.1, unit="m")})


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_state_holds_strengths_and_nothing_that_follows_from_arguments(name):
    transform = TRANSFORMS[name]()
    strengths = [key for key, each in transform.named_modules() if isinstance(each, Strength)]
    wanted = {f"{key}.{part}" for key in strengths for part in ("raw", "low", "high")}
    assert transform.state_dict().keys() == wanted


@pytest.mark.parametrize(
    "transform",
    [
        BandRotation(2, 4),
        FrequencyShift(SFREQ),
        PhaseJitter(),
        SensorsRotation(POSITIONS),
        TimeShift(SFREQ),
        TimeWarp(),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_draws_reach_as_far_to_both_sides(transform):
    draws = transform.noise(torch.zeros(2000, 8, 10))
    assert draws.abs().max() <= 1 and draws.min() < -0.99 and draws.max() > 0.99
    assert draws.mean().item() == pytest.approx(0, abs=0.06)


def test_layouts_of_bands_where_none_is_given():
    bands = BandRotation()
    assert (bands.num_bands, bands.electrodes_per_band) == (2, 16)
    with pytest.raises(ValueError, match="`electrodes_per_band` should be positive"):
        BandRotation(2, 0)
    jitter = Strength(0.5, high=1.0, unit="samples")
    assert BandRotation(max_temporal_jitter=jitter).max_temporal_jitter is jitter


@pytest.mark.parametrize("name", ["low", "high"])
def test_the_ends_of_a_band_are_numbers(name):
    ends = {"low": 8.0, "high": 12.0, name: "8"}
    with pytest.raises(TypeError, match=f"`{name}` should be a number"):
        BandNoise(SFREQ, **ends)


def test_what_just_fits_the_rate_is_taken():
    assert EMGNoise(50).sfreq == 50 and PowerlineNoise(SFREQ, line_freq=49).line_freq == 49
    assert BandstopFilter(14.2).max_freq == 7.1
    with pytest.raises(ValueError, match="widest band of 7 Hz"):
        BandstopFilter(14)
    one_line = BandNoise(SFREQ, 10, 10.4, 1.0)(torch.zeros(4, 2, 100))
    assert torch.fft.rfft(one_line).abs()[..., [9, 11]].max() < 1e-3 and one_line.std() > 0.1
    assert len(ChannelsInterpolation(POSITIONS[:2]).weights) == 2


def test_bursts_of_muscle_are_at_other_times_in_other_trials():
    noise = EMGNoise(SFREQ, 1.0)(torch.zeros(50, 1, 1000)).square()
    centre = (noise * torch.arange(1000)).sum(-1) / noise.sum(-1)
    assert centre.std() > 50


@pytest.mark.parametrize("n_times", [2, 3, 100, 600])
def test_the_edge_of_a_stopped_band_is_a_hertz_or_two_bins_wide(n_times):
    freqs = torch.arange(n_times // 2 + 1) / n_times
    transform = BandstopFilter(SFREQ, 5.0)
    response, _ = transform.response(freqs, torch.tensor([0.5]))
    bin_width = SFREQ / (2 * (n_times // 2))
    width = max(1.0, 2 * bin_width)
    away = (freqs * SFREQ - 25).abs()

    def step(z):
        z = z.clamp(-0.5, 0.5)
        return 0.5 + z + torch.sin(2 * torch.pi * z) / (2 * torch.pi)

    wanted = 1 - step((2.5 + away) / width) + step((away - 2.5) / width)
    assert torch.allclose(response[0, 0], wanted, atol=1e-5)


def test_a_window_of_one_sample_has_no_band_to_stop():
    assert BandstopFilter(SFREQ)(signal(2, 1, 1)).isfinite().all()
