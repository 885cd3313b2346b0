"""Transforms against answers that are known."""

import itertools

import mne
import pytest
import scipy
import torch

from eegaug import (
    AmplitudeScale,
    AugmentationLayer,
    BandNoise,
    BandRotation,
    BandstopFilter,
    ChannelsDropout,
    ChannelsInterpolation,
    ChannelsReref,
    ChannelsShuffle,
    ChannelsSymmetry,
    Compose,
    EMGNoise,
    EOGNoise,
    FrequencyShift,
    FTSurrogate,
    GaussianNoise,
    InvariantModel,
    MaskEncoding,
    PhaseJitter,
    PowerlineNoise,
    RandomCrop,
    SensorsRotation,
    SensorsZRotation,
    SignFlip,
    SmoothTimeMask,
    Strength,
    TimeReverse,
    TimeShift,
    TimeWarp,
    Transform,
)
from eegaug.functional import bernoulli, categorical
from eegaug.montage import on_sphere, read_positions
from eegaug.transforms.base import stratified

SFREQ = 100.0
X = torch.zeros(2, 3, 100)
TIMES = torch.arange(1000) / SFREQ


def replay(transform, x, own=None):
    """Transform every trial, by these draws."""
    gate, _ = transform.sample(x)
    gate = None if gate is None else torch.zeros_like(gate)
    return transform(x, noise=(gate, own)).detach()


@pytest.mark.parametrize(("noise", "expected"), [(1.0, 13.0), (-1.0, 7.0), (0.5, 11.5)])
def test_a_tone_of_10_hz_moves(noise, expected):
    transform = FrequencyShift(SFREQ, max_delta_freq=3.0)
    tone = torch.cos(2 * torch.pi * 10 * TIMES)[None, None]
    moved = replay(transform, tone, torch.tensor([noise]))
    wanted = torch.cos(2 * torch.pi * expected * TIMES)
    assert torch.allclose(moved[0, 0], wanted, atol=1e-3)


@pytest.mark.parametrize("n_times", [1000, 1001])
@pytest.mark.parametrize("noise", [1.0, -1.0])
def test_a_pulse_moves_by_a_quarter_second(n_times, noise):
    transform = TimeShift(SFREQ, max_shift=0.25)
    pulse = torch.zeros(1, 1, n_times)
    pulse[..., 500] = 1.0
    moved = replay(transform, pulse, torch.tensor([noise]))
    assert moved[0, 0].argmax() == 500 + 25 * noise
    assert moved.max().item() == pytest.approx(1.0, abs=1e-4)


def test_a_shift_by_a_fraction_of_a_sample_moves_the_wave():
    transform = TimeShift(SFREQ, max_shift=0.0033)
    wave = torch.sin(2 * torch.pi * 5 * TIMES)[None, None]
    moved = replay(transform, wave, torch.ones(1))
    wanted = torch.sin(2 * torch.pi * 5 * (TIMES - 0.0033))
    assert torch.allclose(moved[0, 0], wanted, atol=1e-4)


@pytest.mark.parametrize("n_times", [300, 301, 82])  # at 82, rfftfreq misses one half
@pytest.mark.parametrize("channel_indep", [False, True])
def test_a_surrogate_keeps_the_power_spectrum(n_times, channel_indep):
    x = torch.randn(16, 3, n_times, generator=torch.Generator().manual_seed(0)) + 2
    surrogate = FTSurrogate(1.0, channel_indep)(x)
    assert torch.allclose(torch.fft.rfft(surrogate).abs(), torch.fft.rfft(x).abs(), atol=1e-2)
    assert (surrogate - x).abs().mean() > 0.5, "phases should change"


def test_a_surrogate_keeps_the_cross_spectrum_unless_asked():
    x = torch.randn(4, 2, 300, generator=torch.Generator().manual_seed(0))

    def cross(x):
        spectrum = torch.fft.rfft(x)
        return spectrum[:, 0] * spectrum[:, 1].conj()

    assert torch.allclose(cross(FTSurrogate(1.0)(x)), cross(x), atol=1e-2)
    assert not torch.allclose(cross(FTSurrogate(1.0, True)(x)), cross(x), atol=1.0)


@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
def test_the_share_of_flipped_trials_is_p(p):
    out = SignFlip(p).eval()(torch.ones(20_000, 1, 2))
    assert set(out.unique().tolist()) == {-1.0, 1.0}
    assert (out[:, 0, 0] < 0).float().mean() == pytest.approx(p, abs=0.015)
    assert torch.equal(out[..., 0], out[..., 1]), "a trial flips as a whole"


@pytest.mark.parametrize("p", [0.2, 0.9])
def test_the_share_of_dropped_channels_is_p(p):
    out = ChannelsDropout(p).eval()(torch.ones(5000, 6, 2))
    dropped = (out == 0).all(-1)
    assert set(out.unique().tolist()) == {0.0, 1.0}
    assert dropped.float().mean() == pytest.approx(p, abs=0.015)
    assert dropped.float().std(0).min() > 0.2, "channels drop by themselves"


def test_the_gate_opens_for_a_share_p_of_trials():
    transform = FTSurrogate(1.0, p=Strength(0.3, unit="probability")).eval()
    x = torch.randn(5000, 1, 16)
    changed = (transform(x) != x).any(-1).any(-1)
    assert changed.float().mean() == pytest.approx(0.3, abs=0.03)


def slope(loss, p, n=200_000):
    """Return the mean slope in p of a loss of one choice, and its standard error."""
    p = torch.full((n,), p, dtype=torch.float64, requires_grad=True)
    uniform = torch.rand(n, dtype=torch.float64)
    (slopes,) = torch.autograd.grad(loss(bernoulli(uniform, p)).sum(), p)
    return slopes.mean().item(), slopes.std().item() / n**0.5


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize(
    "loss", [lambda b: (b - 2) ** 2, lambda b: torch.exp(2 * b), lambda b: torch.sin(5 * b)]
)
def test_the_slope_of_a_choice_is_exact_in_the_mean(p, loss):
    """Whatever the loss f, the mean is f(0) + p (f(1) - f(0))."""
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    found, error = slope(loss, p)
    assert found == pytest.approx(loss(ends).diff().item(), abs=4 * error)


@pytest.mark.parametrize("p", [0.0, 0.03, 0.2, 0.5, 0.97, 1.0])
def test_the_mean_choice_is_the_chance(p):
    uniform = (torch.arange(100_000) + 0.5) / 100_000
    choice = bernoulli(uniform, torch.tensor(p))
    assert choice.min() >= 0 and choice.max() <= 1
    assert choice.mean().item() == pytest.approx(p, abs=1e-4)
    partial = ((choice > 0) & (choice < 1)).float().mean().item()
    assert partial == pytest.approx(0.2 if 0 < p < 1 else 0, abs=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_choice_is_exact_at_the_ends(dtype):
    uniform = torch.rand(10_000, dtype=dtype)
    assert (bernoulli(uniform, torch.tensor(0.0, dtype=dtype)) == 0).all()
    assert (bernoulli(uniform, torch.tensor(1.0, dtype=dtype)) == 1).all()


def test_draws_are_spread_evenly_over_the_batch():
    draws = stratified(torch.zeros(50, 3, 10), 50, 3)
    assert draws.shape == (50, 3) and draws.min() >= 0 and draws.max() < 1
    counts = torch.stack([torch.histc(column, 50, 0, 1) for column in draws.T])
    assert (counts == 1).float().mean() > 0.95, "one in each of as many parts as trials"
    many = torch.stack([stratified(torch.zeros(4, 1, 1), 4) for _ in range(5000)])
    assert many.mean(0).tolist() == pytest.approx([0.5] * 4, abs=0.02)


def test_categorical_draws_by_weight_and_never_past_the_end():
    weights = torch.tensor([0.2, 0.0, 0.8])
    chosen = categorical(torch.rand(20_000), weights)
    assert torch.equal(chosen.sum(1), torch.ones(20_000))
    assert chosen.mean(0).tolist() == pytest.approx([0.2, 0.0, 0.8], abs=0.015)
    assert categorical(torch.tensor([1 - 2**-24]), torch.full((3,), 1 / 3)).tolist() == [[0, 0, 1]]


def tone(freq, phase=0.0, times=TIMES):
    return torch.cos(2 * torch.pi * freq * times + phase)


# -- amplitude and time -------------------------------------------------------------------


def test_reversal_is_exact_and_comes_with_its_chance():
    x = torch.arange(6.0).expand(20_000, 2, -1)
    out = TimeReverse(0.3).eval()(x)
    reversed_ = (out == x.flip(-1)).all(-1).all(-1)
    assert ((out == x).all(-1).all(-1) | reversed_).all()
    assert reversed_.float().mean() == pytest.approx(0.3, abs=0.001), "draws are stratified"


@pytest.mark.parametrize(("place", "gain"), [(0.0, 0.4), (0.5, 1.05), (1.0, 1.7)])
def test_gains_have_the_ends_that_are_asked_for(place, gain):
    scaled = replay(AmplitudeScale(0.7, 0.6), torch.ones(1, 1, 3), torch.tensor([[[place]]]))
    assert torch.allclose(scaled, torch.full((1, 1, 3), gain))


@pytest.mark.parametrize("channel_indep", [True, False])
def test_gains_are_even_between_their_ends(channel_indep):
    torch.manual_seed(0)
    gains = AmplitudeScale(0.5, channel_indep=channel_indep)(torch.ones(5000, 2, 2)).detach()
    assert torch.equal(gains[..., 0], gains[..., 1])
    assert torch.equal(gains[:, 0], gains[:, 1]) != channel_indep
    evenly = scipy.stats.uniform(0.5, 1.0).cdf
    assert scipy.stats.kstest(gains[:, 0, 0].numpy(), evenly).pvalue > 1e-4


def test_a_smooth_mask_is_where_and_as_long_as_asked():
    """Edges fall within ten thousandths of the window, here ten samples."""
    mask = replay(SmoothTimeMask(SFREQ, 2.0), torch.ones(1, 1, 1000), torch.tensor([0.25]))[0, 0]
    start = 0.25 * (1000 - 200)
    assert (mask[: int(start) - 10] > 0.999).all() and (mask[int(start) + 210 :] > 0.999).all()
    assert (mask[int(start) + 10 : int(start) + 190] < 0.001).all()
    assert (1 - mask).sum() == pytest.approx(200, abs=0.01)


@pytest.mark.parametrize("place", [0.0, 0.3, 1.0])
def test_a_hard_mask_is_where_and_as_long_as_asked(place):
    """At any length: a sample that is covered in part is masked in part."""
    transform = MaskEncoding(0.1237)
    mask = replay(transform, torch.ones(1, 1, 1000), torch.tensor([[place]]))[0, 0]
    start, length = place * (1000 - 123.7), 123.7
    assert (1 - mask).sum() == pytest.approx(length, abs=1e-3)
    middle = (torch.arange(1000) + 0.5) * (1 - mask)
    assert middle.sum() / length == pytest.approx(start + length / 2, abs=0.1)
    assert ((mask > 0) & (mask < 1)).sum() <= 2


def test_two_hard_masks_share_the_length():
    places = torch.tensor([[0.0, 1.0], [0.5, 0.5]])
    masks = replay(MaskEncoding(0.4, n_segments=2), torch.ones(2, 1, 1000), places)
    apart, overlapping = (1 - masks[:, 0]).sum(-1).tolist()
    assert (apart, overlapping) == pytest.approx((400, 200), abs=0.01)


def test_a_warp_changes_speed_by_no_more_than_its_fraction():
    ramp = torch.arange(1000.0).expand(200, 1, -1)
    torch.manual_seed(0)
    read = TimeWarp(0.3)(ramp).detach()[:, 0]
    assert torch.allclose(read[:, [0, -1]], ramp[:, 0, [0, -1]], atol=1e-3), "both ends stay"
    # there signals are held, so that a ramp is read with a kink
    speed = read.diff(dim=-1)[:, 2:-2]
    assert speed.min() >= 0.7 - 1e-3 and speed.max() <= 1.3 + 1e-3
    assert (read - ramp[:, 0]).abs().max() > 10


def test_a_ramp_shows_the_map_of_time():
    ramp = torch.arange(1000.0)[None, None]
    u = torch.tensor([[0.5, -0.2, 1.0]])
    read = replay(TimeWarp(0.3), ramp, u)[0, 0]
    along = torch.pi * torch.arange(1000.0) / 999
    waves = sum(u[0, k - 1] / k * torch.sin(k * along) for k in (1, 2, 3))
    assert torch.allclose(read, ramp[0, 0] + 0.3 * 999 / (3 * torch.pi) * waves, atol=1e-2)
    fastest = replay(TimeWarp(0.3), ramp, torch.ones(1, 3))[0, 0]
    assert fastest[1] - fastest[0] == pytest.approx(1.3, abs=1e-3)


@pytest.mark.parametrize(("noise", "first"), [(0.0, 100), (1.0, 70), (-1.0, 130), (0.5, 85)])
def test_a_crop_starts_at_the_margin_less_the_shift(noise, first):
    transform = RandomCrop(SFREQ, 2.0, Strength(0.3, high=0.5, unit="s"))
    ramp = torch.arange(400.0)[None, None]
    crop = replay(transform, ramp, torch.tensor([noise]))
    assert crop.shape == (1, 1, 200)
    # the ramp's fall at its end rings when shifted by rounded phases
    assert torch.allclose(crop[0, 0], torch.arange(first, first + 200.0), atol=0.01)


def test_a_crop_shifts_by_a_fraction_of_a_sample():
    transform = RandomCrop(SFREQ, 2.0, Strength(0.0033, high=0.5, unit="s"))
    wave = tone(5.0, times=TIMES[:400])[None, None]
    crop = replay(transform, wave, torch.ones(1))
    assert torch.allclose(crop[0, 0], tone(5.0, times=TIMES[100:300] - 0.0033), atol=1e-4)


# -- frequency and phase ------------------------------------------------------------------


@pytest.mark.parametrize("place", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("bandwidth", [2.0, 5.0])
def test_tones_in_the_band_vanish_and_others_stay(bandwidth, place):
    lowest = 1 + bandwidth / 2
    centre = lowest + place * (40 - 2 * lowest)
    # on the grid of the window, so that a tone is one line
    grid = torch.arange(1, 499) / 10
    x = tone(grid[None, :, None])
    transform = BandstopFilter(SFREQ, bandwidth, max_freq=40.0)
    gain = replay(transform, x, torch.tensor([place]))[0].std(-1) / x[0].std(-1)
    away = (grid - centre).abs()
    assert (gain[away < bandwidth / 2 - 0.5] < 1e-3).all()
    assert (gain[away > bandwidth / 2 + 0.5] > 0.999).all()
    assert (gain[grid > 40] > 0.999).all()
    assert gain.sum() == pytest.approx(len(grid) - bandwidth * 10, abs=0.5), "half at the edges"


def test_a_narrow_band_is_taken_out_in_part():
    x = tone(20.0)[None, None]
    lowest = 1 + 0.1 / 2
    place = torch.tensor([(20 - lowest) / (50 - 2 * lowest)])
    kept = replay(BandstopFilter(SFREQ, 0.1), x, place).std() / x.std()
    assert kept == pytest.approx(1 - 0.2, abs=0.01), "the Hann window's peak times the width"
    assert torch.equal(replay(BandstopFilter(SFREQ, 0.0), x, place), x)


@pytest.mark.parametrize("share", [1.0, -0.5, 0.25])
def test_a_cosine_turns_by_the_angle(share):
    x = torch.stack([tone(5.0), tone(17.0)])[None]
    out = replay(PhaseJitter(90.0), x, torch.tensor([[share, -share]]))
    phase = share * torch.pi / 2
    wanted = torch.stack([tone(5.0, phase), tone(17.0, -phase)])[None]
    # 17 Hz for 10 s is a phase of 1000, in float32
    assert torch.allclose(out, wanted, atol=5e-4)


# -- noise --------------------------------------------------------------------------------

SILENCE = torch.zeros(500, 2, 1000)
FREQS = torch.fft.rfftfreq(1000, 1 / SFREQ)


def mean_power(added):
    """Share of the power at each frequency, over trials and channels."""
    power = torch.fft.rfft(added.detach()).abs().square().mean((0, 1))
    return power / power.sum()


def test_gaussian_noise_is_white_with_its_standard_deviation():
    torch.manual_seed(0)
    added = GaussianNoise(0.3)(SILENCE)
    assert added.std().item() == pytest.approx(0.3, rel=0.01)
    power = mean_power(added)[1:-1]
    # each is a mean of 1000 exponential draws
    assert (power / power.mean() - 1).abs().max() < 0.2


@pytest.mark.parametrize(("low", "high"), [(8.0, 12.0), (0.0, 1.0), (30.0, 50.0)])
def test_band_noise_is_within_its_band_with_its_standard_deviation(low, high):
    torch.manual_seed(0)
    added = BandNoise(SFREQ, low, high, 0.3)(SILENCE)
    assert added.std().item() == pytest.approx(0.3, rel=0.02)
    power = mean_power(added)
    outside = (FREQS < low) | (FREQS > high) | (FREQS == 0) | (FREQS == 50)
    assert power[outside].max() < 1e-10
    inside = power[~outside]
    assert (inside / inside.mean() - 1).abs().max() < 0.2


@pytest.mark.parametrize("line_freq", [50.0, 60.0])
def test_the_mains_hum_at_their_frequency(line_freq):
    transform = PowerlineNoise(250.0, 0.4, line_freq)
    gain = torch.tensor([[[1.0], [0.25]]])
    added = replay(transform, torch.zeros(1, 2, 1000), (gain, torch.tensor([[[0.3]]])))
    spectrum = torch.fft.rfft(added[0]) / 500
    peak = spectrum.abs().argmax(-1)
    assert torch.fft.rfftfreq(1000, 1 / 250.0)[peak].tolist() == [line_freq, line_freq]
    assert torch.allclose(spectrum.abs()[[0, 1], peak], torch.tensor([0.4, 0.1]), atol=1e-3)
    assert torch.allclose(spectrum[[0, 1], peak].angle(), torch.tensor(0.6 * torch.pi), atol=1e-2)


def test_muscle_activity_is_a_burst_above_20_hz():
    """The burst's window is half as long as the signal or longer: it leaks by some 0.1 Hz."""
    torch.manual_seed(0)
    added = EMGNoise(SFREQ, 0.4)(SILENCE).detach()
    power = mean_power(added)
    assert power[FREQS < 19].sum() < 1e-5 and power[FREQS < 20].sum() < 0.01
    # a Hann window is below a millionth within a thousandth of its ends
    silent = (added.abs().amax(1) < 1e-6).float().mean(-1)
    assert silent.max() <= 0.5 + 0.003, "a burst lasts half of the window or longer"
    assert silent.mean() == pytest.approx(0.25, abs=0.02)


def test_a_bursts_peak_has_the_largest_standard_deviation():
    transform = EMGNoise(SFREQ, 0.4)
    torch.manual_seed(0)
    added = transform(torch.zeros(4000, 1, 400)).detach()
    # mean of u^2 over U(0, 1), and of sin^4 over the burst of 3/4 of the window
    assert added.square().mean().sqrt() == pytest.approx(
        0.4 * (1 / 3 * 3 / 8 * 3 / 4) ** 0.5, rel=0.02
    )


def test_a_blink_has_its_place_height_and_width():
    transform = EOGNoise(SFREQ, amplitude=0.5)
    draws = torch.tensor([[[0.2, 0.7], [1.0, 0.5]]])  # places, then heights
    added = replay(transform, torch.zeros(1, 3, 800), draws)
    assert torch.equal(added[0, 0], added[0, 2]), "without positions alike in all channels"
    blink = added[0, 0]
    assert blink[160].item() == pytest.approx(0.5) and blink[560].item() == pytest.approx(0.25)
    assert blink[170].item() == pytest.approx(0.5 * 0.6065, abs=1e-3), "0.1 s on"
    assert blink[350:370].max() < 1e-6


@pytest.mark.parametrize(("n_times", "n_blinks"), [(100, 1), (400, 1), (800, 2), (3000, 8)])
def test_eyes_blink_once_in_four_seconds(n_times, n_blinks):
    _, draws = EOGNoise(SFREQ).sample(torch.zeros(2, 3, n_times))
    assert draws.shape == (2, 2, n_blinks)


def test_blinks_are_strongest_at_the_front():
    nose, vertex, inion, between = [0, 1.0, 0], [0, 0, 1.0], [0, -1.0, 0], [0, 1.0, 1.0]
    transform = EOGNoise(SFREQ, [nose, vertex, inion, between], 1.0)
    blink = replay(transform, torch.zeros(1, 4, 100), torch.tensor([[[0.5], [1.0]]]))
    wanted = torch.exp(-torch.tensor([0.0, 2.0, 4.0, 1.0]))
    assert torch.allclose(blink[0, :, 50], wanted, atol=1e-5)


# -- channels and sensors -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "mirrored"),
    [
        (["C3", "Cz", "C4"], [2, 1, 0]),
        (["EEG C3-A2", "EEG C4-A1", "EEG Cz-A1", "EEG F3-A2"], [1, 0, 2, 3]),
        (["Fc5.", "Fc6.", "Fcz.", "Iz.."], [1, 0, 2, 3]),
        (["fp1", "FP2", "O1", "o2"], [1, 0, 3, 2]),
        (["F7", "F8", "F9", "F10", "AFF1h", "AFF2h", "AFF1"], [1, 0, 3, 2, 5, 4, 6]),
    ],
)
def test_names_tell_the_other_side(names, mirrored):
    x = torch.arange(float(len(names)))[None, :, None]
    assert replay(ChannelsSymmetry(names, p=1.0), x).flatten().tolist() == mirrored


def test_positions_tell_the_other_side():
    """Sensors on the midline, and those with none across, stay."""
    left, right = [-0.06, 0.03, 0.06], [0.061, 0.028, 0.06]
    midline, alone = [0.001, 0.05, 0.07], [0.08, -0.03, 0.02]
    transform = ChannelsSymmetry(positions=[left, midline, alone, right], p=1.0)
    x = torch.arange(4.0)[None, :, None]
    assert replay(transform, x).flatten().tolist() == [3, 1, 2, 0]


def test_names_and_positions_agree():
    names, positions = cap()
    by_name = ChannelsSymmetry(names).swap
    assert torch.equal(by_name, ChannelsSymmetry(positions=positions).swap)
    assert torch.equal(by_name @ by_name, torch.eye(len(names)))


def cap():
    """Names and positions of a cap of 64 sensors, on a sphere."""
    montage = mne.channels.make_standard_montage("biosemi64").get_positions()["ch_pos"]
    return list(montage), torch.tensor([list(map(float, place)) for place in montage.values()])


def test_a_new_reference_keeps_the_differences_between_channels():
    x = torch.randn(1, 4, 50, generator=torch.Generator().manual_seed(0))
    reference = torch.tensor([2.5 / 4])
    once = replay(ChannelsReref(1.0), x, reference)
    assert torch.allclose(once[0, 2], -x[0, 2])
    others = [0, 1, 3]
    for a, b in itertools.combinations(others, 2):
        assert torch.allclose(once[0, a] - once[0, b], x[0, a] - x[0, b], atol=1e-6)
    assert torch.allclose(once[0, 0], x[0, 0] - x[0, 2], atol=1e-6)
    assert torch.allclose(replay(ChannelsReref(1.0), once, reference), x, atol=1e-6)


def test_every_channel_is_the_reference_as_often():
    torch.manual_seed(0)
    x = torch.eye(4)[None].expand(20_000, -1, -1)
    reference = ChannelsReref(1.0)(x).diagonal(dim1=1, dim2=2) == -1
    assert (reference.sum(1) == 1).all()
    assert (reference.float().mean(0) - 0.25).abs().max() < 0.016, "five standard deviations"


@pytest.mark.parametrize("p", [0.2, 0.5, 1.0])
def test_a_shuffle_permutes_the_expected_share(p):
    """Of k channels in the set, k >= 1, one stays in the mean."""
    torch.manual_seed(0)
    n = 6
    x = torch.arange(float(n))[None, :, None].expand(20_000, -1, 1)
    shuffled = ChannelsShuffle(p).eval()(x)
    assert torch.equal(shuffled.sort(1).values, x), "each channel once"
    moved = (shuffled != x).sum(1).float().mean()
    assert moved == pytest.approx(n * p - (1 - (1 - p) ** n), abs=0.05)


def test_a_whole_shuffle_is_uniform_over_permutations():
    torch.manual_seed(0)
    n = 48_000
    x = torch.arange(4.0)[None, :, None].expand(n, -1, -1)
    codes = (ChannelsShuffle(1.0)(x)[..., 0].detach() * 4 ** torch.arange(4.0)).sum(1).long()
    counts = torch.bincount(codes)
    counts = counts[counts > 0]
    assert len(counts) == 24
    assert (counts / n * 24 - 1).abs().max() < 0.11, "five standard deviations"


def field(places, direction=(0.3, 0.8, 0.5)):
    """A potential that is linear in space: smooth over the whole head."""
    places = torch.as_tensor(places, dtype=torch.float64)
    places = places / places.norm(dim=1, keepdim=True)
    return (places @ torch.tensor(direction, dtype=torch.float64)).float()


def test_others_tell_a_channel_of_a_smooth_field():
    _, positions = cap()
    transform = ChannelsInterpolation(positions)
    assert torch.allclose(transform.weights.sum(1), torch.ones(64), atol=1e-5)
    assert (transform.weights.diagonal() == 0).all(), "a channel does not tell of itself"
    x = field(positions)[None, :, None]
    for channel in range(64):
        draws = torch.ones(1, 64)
        draws[0, channel] = 0
        out = replay(transform.eval(), x, draws)
        assert torch.equal(out[0, :channel], x[0, :channel])
        # at the rim the others are on one side only
        assert (out - x).abs().max() < 0.02


def turned(positions, axis, degrees):
    turn = scipy.spatial.transform.Rotation.from_euler(axis, degrees, degrees=True)
    return turn.apply(positions)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
@pytest.mark.parametrize("degrees", [-20.0, 5.0, 20.0])
def test_a_turned_cap_sees_the_field_at_its_new_places(axis, degrees):
    """Within the cap: where it turns beyond its rim the field is not known."""
    _, positions = cap()
    where = turned(positions, axis, degrees)
    x = field(positions)[None, :, None]
    seen = replay(SensorsRotation(positions, axis, 20.0), x, torch.tensor([degrees / 20]))
    inner = positions[:, 2] / positions.norm(dim=1) > 0.35
    assert (seen[0, :, 0] - field(where))[inner].abs().max() < 0.01
    assert (seen - x)[0, inner].abs().max() > 0.05


def test_turning_twice_is_turning_by_the_sum():
    _, positions = cap()
    x = field(positions)[None, :, None]
    transform = SensorsZRotation(positions, 30.0)
    twice = replay(transform, replay(transform, x, torch.tensor([0.2])), torch.tensor([0.5]))
    assert torch.allclose(twice, replay(transform, x, torch.tensor([0.7])), atol=1e-3)
    back = replay(transform, replay(transform, x, torch.tensor([0.2])), torch.tensor([-0.2]))
    assert torch.allclose(back, x, atol=1e-3)


def test_no_turn_is_the_exact_identity():
    _, positions = cap()
    x = torch.randn(1, 64, 20, generator=torch.Generator().manual_seed(0))
    assert torch.equal(replay(SensorsZRotation(positions, 30.0), x, torch.zeros(1)), x)


@pytest.mark.parametrize("shift", [1.0, 0.37, -1.6])
def test_a_wave_round_the_limb_turns_with_its_band(shift):
    """The first band by the shift, the second back; between electrodes too."""
    place = 2 * torch.pi * torch.arange(8.0) / 8
    step = 2 * torch.pi * shift / 8

    def waves(step):
        return torch.cos(2 * (place - step)) + torch.sin(place - step) + 1

    x = torch.cat([waves(0), waves(0)])[None, :, None].expand(-1, -1, 5)
    out = replay(BandRotation(2, 8, 2.0), x, torch.tensor([[shift / 2, -shift / 2, 0.9]]))
    assert torch.allclose(out[0, :, 0], torch.cat([waves(step), waves(-step)]), atol=1e-5)


def test_jitter_moves_the_second_band_alone():
    x = torch.randn(1, 6, 50, generator=torch.Generator().manual_seed(0))
    out = replay(BandRotation(3, 2, 1.0, 10.0), x, torch.tensor([[0.0, 0.0, 0.0, 0.7]]))
    assert torch.allclose(out[:, [0, 1, 4, 5]], x[:, [0, 1, 4, 5]], atol=1e-5)
    assert torch.allclose(out[:, [2, 3]], x[:, [2, 3]].roll(7, -1), atol=1e-5)


# -- dense labels -------------------------------------------------------------------------

MOVING = {
    "TimeShift": lambda: TimeShift(SFREQ, 1.0),
    "TimeReverse": lambda: TimeReverse(0.5),
    "TimeWarp": lambda: TimeWarp(0.5),
    "RandomCrop": lambda: RandomCrop(SFREQ, 4.0, Strength(0.7, high=1.0, unit="s")),
    "layer": lambda: AugmentationLayer([TimeShift(SFREQ, 1.0), SignFlip(0.0), TimeReverse(1.0)]),
    "chain": lambda: Compose([MOVING["TimeReverse"](), MOVING["RandomCrop"](), TimeWarp(0.5)]),
}


@pytest.fixture(params=MOVING)
def moving(request):
    torch.manual_seed(0)
    return MOVING[request.param]().eval()


def slow_waves(*shape):
    """Signals of up to 1.5 Hz that end where they began."""
    generator = torch.Generator().manual_seed(1)
    spectrum = torch.zeros(*shape[:-1], shape[-1] // 2 + 1, dtype=torch.complex64)
    spectrum[..., 1:10] = torch.randn(*shape[:-1], 9, dtype=torch.complex64, generator=generator)
    return torch.fft.irfft(shape[-1] * spectrum, n=shape[-1])


def agree(labels, signs, x):
    """Whether labels are where signals are positive, but for a sample at each crossing."""
    clear = x.abs() > x.diff(dim=-1).abs().amax()
    assert clear.float().mean() > 0.7
    return torch.equal(labels[clear], signs[clear])


@pytest.mark.parametrize("dtype", [torch.int64, torch.float32, torch.bool])
def test_labels_of_samples_move_with_the_signals(moving, dtype):
    x = slow_waves(16, 1, 600)
    y = (x[:, 0] > 0).to(dtype)
    out, labels = moving(x, y)
    out = out.detach()
    assert labels.dtype == dtype and labels.shape == out[:, 0].shape
    assert agree(labels, (out[:, 0] > 0).to(dtype), out[:, 0])
    assert (out != x[..., : out.shape[-1]]).any(), "some should move"


def test_class_probabilities_move_with_the_signals(moving):
    x = slow_waves(16, 1, 600)
    y = torch.cat([x > 0, x <= 0], 1).float()
    out, labels = moving(x, y)
    out = out.detach()
    assert labels.shape == (16, 2, out.shape[-1])
    assert torch.equal(labels.sum(1), torch.ones_like(labels[:, 0]))
    assert agree(labels[:, 0], (out[:, 0] > 0).float(), out[:, 0])


def test_labels_of_one_trial_move_with_it(moving):
    x = slow_waves(1, 600)
    out, labels = moving(x, x[0] > 0)
    out = out.detach()
    assert labels.shape == out[0].shape
    assert agree(labels, out[0] > 0, out[0])


def test_labels_of_windows_move_with_them(moving):
    x = slow_waves(8, 3, 1, 600)
    out, labels = moving(x, x[:, :, 0] > 0)
    out = out.detach()[:, :, 0]
    assert labels.shape == out.shape
    assert agree(labels, out > 0, out)


def test_labels_move_with_signals_of_double_precision(moving):
    x = slow_waves(8, 1, 600).double()
    out, labels = moving.double()(x, x[:, 0] > 0)
    assert agree(labels, out[:, 0] > 0, out[:, 0].detach())


def test_labels_keep_time_where_the_gate_is_closed():
    x, y = slow_waves(4, 1, 600), torch.arange(600).expand(4, -1)
    for transform in (TimeReverse(0.0), TimeShift(SFREQ, 1.0, p=0.0), TimeWarp(0.5, p=0.0)):
        assert torch.equal(transform(x, y)[1], y)


def test_labels_name_their_samples():
    """The label of a sample is its index: what is read is known."""
    y = torch.arange(600)[None]
    x = torch.zeros(1, 1, 600)

    def moved(transform, own=None):
        gate, _ = transform.sample(x)
        gate = None if gate is None else torch.zeros_like(gate)
        return transform(x, y, noise=(gate, own))[1][0]

    assert torch.equal(moved(TimeReverse(1.0)), y[0].flip(0))
    assert torch.equal(moved(TimeShift(SFREQ, 0.124), torch.ones(1)), y[0].roll(12))
    crop = RandomCrop(SFREQ, 4.0, Strength(0.5, high=1.0, unit="s"))
    assert torch.equal(moved(crop, torch.ones(1)), torch.arange(50, 450))
    warped = moved(TimeWarp(0.5), torch.tensor([[1.0, 0.0, 0.0]]))
    assert (warped[0], warped[-1]) == (0, 599) and (warped.diff() >= 0).all()
    assert warped[300] - 300 == pytest.approx(0.5 * 599 / (3 * torch.pi), abs=1)


@pytest.mark.parametrize(
    "y",
    [torch.arange(4), torch.zeros(4, 5), torch.zeros(4, 599), torch.zeros(3, 600), list("abcd")],
    ids=["classes", "targets", "other times", "other trials", "no tensor"],
)
def test_labels_of_trials_are_handed_through(moving, y):
    assert moving(slow_waves(4, 1, 600), y)[1] is y


def test_dense_labels_are_handed_through_where_time_stays():
    x, y = slow_waves(4, 1, 600), torch.zeros(4, 600)
    layer = AugmentationLayer([SignFlip(), FrequencyShift(SFREQ)])
    for augmentation in (SignFlip(), layer, Compose([SignFlip(), layer])):
        assert augmentation(x, y)[1] is y


def test_a_mixture_mixes_class_probabilities_as_it_does_signals():
    layer = AugmentationLayer([TimeReverse(1.0), SignFlip(0.0)])
    layer.logits.data = torch.tensor([0.0, 1.0])
    x = slow_waves(4, 1, 600)
    y = torch.cat([x > 0, x <= 0], 1).float()
    out, labels = layer(x, y)
    weight = layer.weights[0]
    assert torch.allclose(out, weight * x.flip(-1) + (1 - weight) * x, atol=1e-4)
    assert torch.allclose(labels, weight * y.flip(-1) + (1 - weight) * y)
    labels[0, 0, 0].backward()
    assert (layer.logits.grad != 0).any() == (y[0, 0, 0] != y[0, 0, -1])


@pytest.mark.parametrize("y", [torch.zeros(4, 600), torch.zeros(4, 2, 600, dtype=torch.int64)])
def test_a_mixture_refuses_labels_that_cannot_be_mixed(y):
    layer = AugmentationLayer([TimeReverse(), SignFlip()])
    with pytest.raises(ValueError, match=r"probabilities of shape.*`mixture=False`") as caught:
        layer(slow_waves(4, 1, 600), y)
    assert "\n" not in str(caught.value)
    one_a_trial = AugmentationLayer([TimeReverse(), SignFlip()], mixture=False)
    assert one_a_trial(slow_waves(4, 1, 600), y)[1].dtype == y.dtype


# -- dense outputs moved back -------------------------------------------------------------


class Everywhere(torch.nn.Module):
    """A network with an output for each sample that treats all places alike."""

    def forward(self, x):
        return torch.cat([x.square().sum(1, keepdim=True), x[:, :1] - x[:, :1].roll(3, -1)], 1)


class FirstHalf(torch.nn.Module):
    """A network that sees nothing in the second half of its window."""

    def forward(self, x):
        seen = torch.arange(x.shape[-1], device=x.device) < x.shape[-1] // 2
        return x * seen


EXACT = {
    "TimeShift": lambda: TimeShift(SFREQ, 1.0),
    "TimeShift, p": lambda: TimeShift(SFREQ, 1.0, p=0.5),
    "layer": lambda: AugmentationLayer([TimeShift(SFREQ, 1.0), SignFlip(0.0)]),
    "chain": lambda: Compose([TimeShift(SFREQ, 1.0), TimeShift(SFREQ, 0.5)]),
}


@pytest.mark.parametrize("name", EXACT)
def test_an_equivariant_network_is_left_as_it_is(name):
    """Shifted, filtered and shifted back is filtered; without the way back it is smeared."""
    x = slow_waves(8, 2, 600)
    network = Everywhere()
    model = InvariantModel(network, EXACT[name](), n_copies=8, equivariant=True).eval()
    assert torch.allclose(model(x), network(x), atol=1e-3)
    model.equivariant = False
    assert not torch.allclose(model(x), network(x), atol=0.1)


@pytest.mark.parametrize("windows", [(), (3,)], ids=["trials", "sequences"])
def test_what_is_seen_in_some_copies_is_averaged_where_it_is(windows):
    """A copy shifted by s samples sees the samples -s <= t < 300 - s of its window."""
    x = torch.ones(2, *windows, 1, 600)
    model = InvariantModel(FirstHalf(), TimeShift(SFREQ, 1.0), n_copies=64, equivariant=True)
    model.eval()
    generator = torch.Generator().manual_seed(model.seed)
    _, shifts = model.augmentation.sample(x[:1].expand(64, *x.shape[1:]), generator)
    seen = ((torch.arange(600) + SFREQ * shifts[:, None]) % 600 < 300).float().mean(0)
    assert 0.1 < seen[10] < 0.9 and seen[150] == 1 and seen[450] == 0
    out = model(x)
    # a step that is shifted by a fraction of a sample rings
    assert torch.allclose(out, seen.expand_as(out), atol=0.05)
    model.equivariant = False
    assert torch.allclose(model(x)[..., 10], torch.ones(()), atol=0.05)


def test_outputs_of_reversed_trials_are_reversed_back():
    x = torch.ones(4, 1, 600)
    model = InvariantModel(FirstHalf(), TimeReverse(1.0), equivariant=True)
    seen = torch.zeros(600)
    seen[300:] = 1
    assert torch.equal(model(x), seen.expand(4, 1, 600))
    model.augmentation.p.raw.data.fill_(0.0)
    assert torch.equal(model(x), 1 - seen.expand(4, 1, 600))


def test_only_trials_that_were_transformed_are_undone():
    y = slow_waves(50, 600)
    shift = TimeShift(SFREQ, 1.0, p=0.5)
    gate, own = shift.sample(y[:, None])
    back = shift.inverse(y, (gate, own))
    kept = gate >= 0.5
    assert 10 < kept.sum() < 40
    assert torch.equal(back[kept], y[kept])
    assert ((back - y).abs().amax(-1)[~kept] > 0.01).float().mean() > 0.9


def test_a_chain_is_undone_from_its_end():
    """An event at 349 is at 449 when shifted by 100 samples, and at 150 when then reversed."""
    chain = Compose([TimeShift(SFREQ, 1.0), TimeReverse(1.0)])
    noise = ((None, torch.ones(1)), (torch.zeros(1), None))
    y = torch.zeros(1, 600)
    y[0, 150] = 1
    assert chain.inverse(y, noise)[0].argmax() == 349


def test_a_layer_undoes_what_was_chosen_for_the_trial():
    layer = AugmentationLayer([TimeReverse(1.0), TimeShift(SFREQ, 1.0), SignFlip()], mixture=False)
    _, draws = layer.sample(X.new_zeros(3, 1, 600))
    y = slow_waves(3, 2, 600)
    back = layer.inverse(y, (torch.tensor([0.1, 0.5, 0.9]), draws))
    shifted = layer.transforms[1].inverse(y, draws[1])
    assert not torch.allclose(shifted[1], y[1], atol=0.01)
    assert torch.allclose(back, torch.stack([y[0].flip(-1), shifted[1], y[2]]), atol=1e-5)
    back.square().sum().backward()
    assert (layer.logits.grad != 0).all()


@pytest.mark.parametrize("speed", [0.2, 0.5, 0.9])
def test_a_warp_is_undone_to_interpolation_precision(speed):
    x = slow_waves(32, 1, 600)
    warp = TimeWarp(speed)
    noise = warp.sample(x, torch.Generator().manual_seed(0))
    warped = warp(x, noise=noise)
    error = (warp.inverse(warped, noise) - x).abs()
    assert error[..., 20:-20].max() < 0.002
    assert error.max() < 0.03, "at its ends a signal is read by less than a cubic"
    assert (warped - x).abs().amax() > 1
    # times themselves, which need no interpolation: the inverse is one
    times = torch.arange(600.0).expand(32, 600)
    back = warp.inverse(warp.sources(times[0], noise[1]), noise)
    assert torch.allclose(back[:, 3:-3], times[:, 3:-3], atol=0.02)


def test_a_standstill_of_time_is_no_obstacle():
    warp = TimeWarp(Strength(1.0, high=1.0, unit="fraction"))
    noise = None, torch.ones(1, 3)
    back = warp.inverse(slow_waves(1, 1, 600), noise)
    back.square().sum().backward()
    assert back.isfinite().all() and warp.max_speed_change.raw.grad.isfinite()


def test_the_strength_has_the_gradient_of_what_it_lets_see():
    """A shift costs nothing in a network that treats places alike, but in one that does not."""
    x, y = slow_waves(16, 1, 600), slow_waves(16, 1, 600)
    slopes = []
    for network in (torch.nn.Identity(), FirstHalf()):
        torch.manual_seed(0)
        model = InvariantModel(network, TimeShift(SFREQ, 0.5), equivariant=True)
        (model(x) - 2 * y).square().mean().backward()
        slopes.append(model.augmentation.max_shift.raw.grad.abs().item())
    assert slopes[0] < 1e-4 < slopes[1]


def test_mixed_precision_leaves_the_way_back_exact():
    x = slow_waves(4, 2, 600)
    model = InvariantModel(torch.nn.Conv1d(2, 3, 1), TimeShift(SFREQ, 1.0), equivariant=True).eval()
    exact = model(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = model(x)
    assert mixed.dtype == torch.bfloat16
    assert torch.allclose(mixed.float(), exact, atol=0.02 * exact.abs().max().item())


class Swap(Transform):
    """A user's transform that exchanges the halves of a window, and does not say how to undo it."""

    def step(self, x, noise):
        return {"term": x.roll(x.shape[-1] // 2, -1) - x}

    def sources(self, times, noise):
        return times.roll(len(times) // 2)[None]


@pytest.mark.parametrize(
    ("network", "augmentation", "error", "match"),
    [
        (torch.nn.Flatten(), SignFlip(), ValueError, r"here \(4, ..., 600\)\. Found \(4, 1200\)"),
        (torch.nn.AvgPool1d(2), SignFlip(), ValueError, r"Found \(4, 2, 300\)"),
        (torch.nn.Identity(), Swap(), TypeError, "Found Swap"),
        (torch.nn.Identity(), RandomCrop(SFREQ, 2.0), TypeError, "Found RandomCrop, whose margins"),
        (
            torch.nn.Identity(),
            Compose([RandomCrop(SFREQ, 2.0), SignFlip()]),
            TypeError,
            "Found RandomCrop",
        ),
        (
            torch.nn.Identity(),
            AugmentationLayer([TimeShift(SFREQ), SignFlip()]),
            ValueError,
            "`mixture=False`. Found a mixture",
        ),
    ],
    ids=["flat", "coarse", "a user's", "crop", "chain with a crop", "mixture"],
)
def test_outputs_that_cannot_be_moved_back_are_told(network, augmentation, error, match):
    model = InvariantModel(network, augmentation, equivariant=True)
    with pytest.raises(error, match=match) as caught:
        model(slow_waves(4, 2, 600))
    assert "\n" not in str(caught.value)


def test_a_mixture_where_time_stays_is_handed_through():
    layer = AugmentationLayer([SignFlip(), FrequencyShift(SFREQ)])
    y = torch.zeros(4, 600)
    assert layer.inverse(y, layer.sample(slow_waves(4, 1, 600))) is y


# -- bad input ----------------------------------------------------------------------------


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
def test_a_bad_sampling_rate_is_told(build, sfreq):
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
def test_bad_parameters_are_told_in_one_line(build, match):
    with pytest.raises(ValueError, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("transform", "match"),
    [
        (SmoothTimeMask(SFREQ), r"within the window, 1 s\. Found masks of up to 2 s"),
        (RandomCrop(SFREQ, 3.0), r"should last at least 7 s.*Found 1 s"),
        (RandomCrop(SFREQ, 0.9), "should last at least 4.9 s"),
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
def test_signals_that_do_not_fit_are_told_in_one_line(transform, match):
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
        init_strengths(torch.zeros(2, 1, 240))


def test_sensors_without_a_position_are_listed():
    names = ["C3", "nowhere", "C4", "neither"]
    info = mne.create_info(names, SFREQ, "eeg")
    with pytest.raises(ValueError, match=r"raw\.set_montage.*Found none for \['C3', 'nowhere'"):
        SensorsRotation.from_info(info)
    for channel, x in ((0, -0.07), (2, 0.07)):
        info["chs"][channel]["loc"][:3] = [x, 0.0, 0.09]
    with pytest.raises(ValueError, match=r"Found none for \['nowhere', 'neither'\]") as caught:
        ChannelsInterpolation.from_info(info)
    assert "\n" not in str(caught.value)


def test_channels_that_a_montage_lacks_are_listed():
    montage = mne.channels.make_standard_montage("biosemi64")
    with pytest.raises(ValueError, match=r"in the montage\. Found \['foo', 'bar'\]") as caught:
        SensorsRotation.from_montage(montage, ["C3", "foo", "Cz", "bar"])
    assert "\n" not in str(caught.value)
    assert SensorsRotation.from_montage(montage, ["C3", "Cz", "C4"], axis="x").axis == "x"


def test_a_crop_is_no_candidate_of_a_layer():
    with pytest.raises(TypeError, match="Found RandomCrop") as caught:
        AugmentationLayer([SignFlip(), RandomCrop(SFREQ, 2.0)])
    assert "\n" not in str(caught.value)


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
    change = [t.step(torch.zeros(1, 12, 2), torch.ones(1))["matrix"] for t in (by_info, by_montage)]
    assert (change[0] - change[1]).abs().max() < 0.35


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (lambda: FrequencyShift.from_info(None), TypeError, "Found NoneType"),
        (lambda: FrequencyShift.from_info([{"ch_name": "C3"}]), ValueError, "`sfreq` should be"),
        (lambda: SensorsZRotation.from_info([{"ch_name": "C3"}]), ValueError, r"\['C3'\]"),
        (lambda: SensorsZRotation.from_montage("biosemi64", []), TypeError, "Found str"),
        (lambda: SensorsZRotation([["a", "b", "c"]]), TypeError, "`positions`"),
        (lambda: ChannelsSymmetry(mirrored=[0, 5]), ValueError, "its own inverse"),
        (lambda: ChannelsSymmetry([1, 2]), ValueError, r"Found \['1', '2'\]"),
        (lambda: BandRotation(max_temporal_jitter=0), ValueError, "should be positive"),
        (lambda: SignFlip()(X, noise=[None, None]), TypeError, "Found list"),
    ],
)
def test_what_is_given_wrongly_is_told_in_one_line(build, error, match):
    with pytest.raises(error, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)
