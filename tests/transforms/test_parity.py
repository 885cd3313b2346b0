"""Transforms against the references that people trust: braindecode, MNE and SciPy.

Both sides get the same draws: ours by replaying draws, theirs by arguments or by the same
``RandomState``. Where the two differ on purpose, the test says how.
"""

import mne
import numpy as np
import pytest
import scipy
import torch
from braindecode import augmentation as reference
from mne.channels.interpolation import _make_interpolation_matrix
from numpy.random import RandomState

from eegaug import (
    AmplitudeScale,
    BandRotation,
    BandstopFilter,
    ChannelsDropout,
    ChannelsInterpolation,
    ChannelsReref,
    ChannelsShuffle,
    ChannelsSymmetry,
    Choices,
    FrequencyShift,
    FTSurrogate,
    GaussianNoise,
    MaskEncoding,
    Mixup,
    PhaseJitter,
    SegmentationReconstruction,
    SensorsRotation,
    SensorsXRotation,
    SensorsYRotation,
    SensorsZRotation,
    SignFlip,
    SmoothTimeMask,
    TimeReverse,
)

from ..helpers import (
    N_CHANNELS,
    N_TRIALS,
    SFREQ,
    hand_made,
    replay,
    standard_sensors,
    tones,
    trials,
)

theirs = reference.functional

Y = torch.arange(N_TRIALS)


# -- braindecode: time, amplitude, frequency ----------------------------------------------


def test_time_reverse():
    x = trials()
    assert torch.equal(replay(TimeReverse(1.0), x), theirs.time_reverse(x, Y)[0])


def test_sign_flip():
    x = trials()
    assert torch.equal(replay(SignFlip(1.0), x), theirs.sign_flip(x, Y)[0])


@pytest.mark.parametrize("n_times", [300, 301])
@pytest.mark.parametrize("channel_indep", [False, True])
def test_ft_surrogate(n_times, channel_indep):
    x = trials(n_times)
    n_inner = (n_times - 1) // 2
    phases = torch.zeros(N_TRIALS, N_CHANNELS if channel_indep else 1, n_times // 2 + 1).double()
    drawn = RandomState(1).random_sample((*phases.shape[:2], n_inner))
    phases[..., 1 : n_inner + 1] = torch.as_tensor(drawn)
    ours = replay(FTSurrogate(0.25, channel_indep), x, phases)
    wanted, _ = theirs.ft_surrogate(x, Y, 0.25, channel_indep, RandomState(1))
    assert torch.allclose(ours, wanted.double(), atol=1e-6), "theirs is rounded to float32"


def test_channels_dropout():
    """Theirs keeps next to nothing of a dropped channel: sigmoid(1000 (u - p)), not a step."""
    x, p_drop = trials(), 0.4
    draws = torch.as_tensor(RandomState(3).uniform(0, 1, size=(N_TRIALS, N_CHANNELS)))
    assert (draws - p_drop).abs().min() > 0.01, "away from the edge of their sigmoid"
    ours = replay(ChannelsDropout(p_drop).eval(), x, Choices(draws))
    wanted, _ = theirs.channels_dropout(x, Y, p_drop, RandomState(3))
    assert torch.allclose(ours, wanted, atol=1e-5)


def test_amplitude_scale():
    """Their interval may be any; ours has ends about 1, here 0.4 and 1.7."""
    x = trials()
    places = torch.as_tensor(RandomState(1).uniform(size=(N_TRIALS, N_CHANNELS, 1)))
    ours = replay(AmplitudeScale(0.7, max_decrease=0.6), x, places)
    wanted, _ = theirs.amplitude_scale(x, Y, (0.4, 1.7), RandomState(1))
    assert torch.allclose(ours, wanted, atol=1e-6), "strengths are float32"


def test_gaussian_noise():
    x = trials()
    draws = torch.as_tensor(RandomState(1).normal(size=x.shape))
    wanted, _ = theirs.gaussian_noise(x, Y, 0.3, RandomState(1))
    assert torch.allclose(replay(GaussianNoise(0.3), x, draws), wanted, atol=1e-6)


def test_smooth_time_mask():
    x = trials(1000)
    starts = torch.tensor([0, 10, 333, 600, 800], dtype=torch.float64)
    ours = replay(SmoothTimeMask(SFREQ, 2.0), x, starts / 800)
    wanted, _ = theirs.smooth_time_mask(x, Y, starts, 200)
    assert torch.allclose(ours, wanted, atol=1e-6), "their mask is float32"


def test_mask_encoding():
    """A length of 16 of 80 samples, twice: all numbers are exact."""
    x = trials(80, dtype=torch.float32)
    starts = torch.tensor([[0, 64], [1, 5], [20, 50], [33, 33], [63, 7]])
    ours = replay(MaskEncoding(0.4, n_segments=2), x, starts / 64)
    wanted, _ = theirs.mask_encoding(x, Y, starts, 16, 2)
    assert torch.equal(ours, wanted)


@pytest.mark.parametrize("n_times", [1024, 1000])
def test_frequency_shift(n_times):
    """Theirs pads with zeros up to a power of two, ours is circular.

    With no padding the two are one. With padding they differ at the ends, where the tail of
    the Hilbert kernel meets zeros or the other end of the window, the less so the further in.
    """
    x = trials(n_times)
    share = torch.tensor([-1.0, -0.3, 0.0, 0.5, 1.0], dtype=torch.float64)
    ours = replay(FrequencyShift(SFREQ, 3.0), x, share)
    wanted = theirs.frequency_shift(x, Y, 3.0 * share, SFREQ)[0].double()
    if n_times == 1024:
        assert torch.allclose(ours, wanted, atol=1e-4), "both work out phases in float32"
    else:
        difference, middle = (ours - wanted).square(), slice(250, 750)
        assert difference[..., middle].mean().sqrt() < 0.002, "of a signal with variance one"


def test_bandstop_filter():
    """Theirs is an FIR filter by MNE, whose band is fully stopped over the bandwidth.

    Ours is set by half amplitudes. So the two differ within a hertz of the edges; elsewhere
    both remove the band and keep the rest.
    """
    centre, bandwidth = 20.0, 3.0
    x = tones(5.0, 12.0, 17.0, 19.5, 20.0, 20.5, 23.0, 28.0, 45.0)
    place = torch.tensor([(centre - 2.5) / (50 - 5)], dtype=torch.float64)
    ours = replay(BandstopFilter(SFREQ, bandwidth), x, place)
    wanted, _ = theirs.bandstop_filter(x, Y[:1], SFREQ, bandwidth, [centre])
    inside = slice(500, 1500)  # away from the ends, where theirs reflects
    for filtered in (ours, wanted):
        gain = filtered[0, :, inside].std(-1) / x[0, :, inside].std(-1)
        removed = torch.tensor([0, 0, 0, 1, 1, 1, 0, 0, 0], dtype=torch.bool)
        assert gain[removed].max() < 0.01
        assert (gain[~removed] - 1).abs().max() < 0.01
    assert (ours - wanted)[..., inside].abs().max() < 0.02


# -- braindecode: channels ----------------------------------------------------------------


def test_channels_shuffle_has_the_same_distribution():
    """Both permute the chosen channels among themselves, each order as likely as the others.

    A set of one stays where it is in either, so the shares of all 24 orders tell.
    """
    n, p_shuffle = 20_000, 0.6
    x = torch.arange(4.0)[None, :, None].expand(n, -1, -1)
    places = 4 ** torch.arange(4.0)

    def shares(shuffled):
        codes = (shuffled[..., 0] * places).sum(1).long()
        return torch.bincount(codes, minlength=256) / n

    torch.manual_seed(0)
    ours = shares(ChannelsShuffle(p_shuffle).eval()(x))
    wanted = shares(theirs.channels_shuffle(x, None, p_shuffle, RandomState(0))[0])
    assert (ours > 0).sum() == (wanted > 0).sum() == 24, "orders of four channels"
    # five standard deviations of the difference of two shares
    assert ((ours - wanted).abs() < 5 * (2 * wanted / n).sqrt() + 1e-9).all()


def test_channels_rereference():
    x = trials()
    channels = torch.as_tensor(RandomState(1).randint(0, N_CHANNELS, size=N_TRIALS))
    ours = replay(ChannelsReref(1.0), x, (channels.double() + 0.5) / N_CHANNELS)
    wanted, _ = theirs.channels_rereference(x.clone(), Y, RandomState(1))
    assert torch.allclose(ours, wanted, atol=1e-12)


def test_channels_symmetry_over_the_whole_10_05_system():
    montage = mne.channels.make_standard_montage("colin27_1005")
    names = list(montage.ch_names)
    permutation = reference.ChannelsSymmetry(1.0, names).permutation
    ours = ChannelsSymmetry(names, p=1.0)
    assert ours.swap.argmax(1).tolist() == permutation
    x = trials(20, len(names))
    assert torch.equal(replay(ours, x), theirs.channels_permute(x, Y, permutation)[0])


@pytest.mark.parametrize("jitter", [None, 5])
def test_band_rotation(jitter):
    """Theirs turns and shifts by whole numbers, the same for all trials, as drawn here."""
    x = trials(100, 3 * 8)
    draws = RandomState(2)
    offsets = [draws.choice([-2, -1, 0, 1, 2]) for _ in range(3)]
    shift = 0 if jitter is None else draws.randint(-jitter, jitter + 1)
    assert any(offsets) and (shift != 0) == (jitter is not None)
    share = torch.tensor([*(offset / 2 for offset in offsets), shift / 5]).double()
    ours = replay(BandRotation(3, 8, 2.0, jitter), x, share.expand(N_TRIALS, -1))
    wanted, _ = theirs.band_rotation(x, Y, 3, 8, (-2, -1, 0, 1, 2), jitter or 0, True, 2)
    assert torch.allclose(ours, wanted, atol=1e-12)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
@pytest.mark.parametrize("n_channels", [8, 64])
def test_sensors_rotation(axis, n_channels):
    """Theirs is W(angle), ours I + W(angle) - W(0): zero degrees change nothing."""
    _, positions = standard_sensors(n_channels)
    x, angles = trials(50, n_channels), torch.tensor([-30.0, -7.0, 0.0, 12.5, 30.0]).double()

    def rotated(angles):
        sensors = torch.as_tensor(positions.T)
        return theirs.sensors_rotation(x.float(), Y, sensors, axis, angles, True)[0]

    ours = replay(SensorsRotation(positions, axis, 30.0), x, angles / 30)
    wanted = x + rotated(angles) - rotated(0 * angles)
    assert torch.allclose(ours, wanted, atol=1e-5), "theirs sums over channels in float32"


@pytest.mark.parametrize(
    ("axis", "rotation"),
    [("x", SensorsXRotation), ("y", SensorsYRotation), ("z", SensorsZRotation)],
)
def test_rotations_have_the_references_axes(axis, rotation):
    _, positions = standard_sensors(8)
    x, share = trials(20, 8), torch.linspace(-1, 1, N_TRIALS).double()
    named = replay(rotation(positions, 20.0), x, share)
    assert torch.equal(named, replay(SensorsRotation(positions, axis, 20.0), x, share))


# -- braindecode: mixing trials -----------------------------------------------------------


def test_mixup():
    x, y = trials(), torch.tensor([0, 1, 2, 0, 1])
    mixup = Mixup(0.4, beta_per_sample=True).double()
    draw = mixup.sample(x, torch.Generator().manual_seed(1))
    mixed, (first, second, weight) = mixup(x, y, draw=draw)
    wanted, labels = theirs.mixup(x, y, weight, draw.noise[0].argsort())
    assert torch.allclose(mixed.float(), wanted, atol=1e-6), "theirs is float32"
    assert torch.equal(first, labels[0]) and torch.equal(second, labels[1])
    assert torch.equal(weight, labels[2])


def test_mixup_mixes_as_braindecodes_does():
    """Our weight is the larger part: with it their weight agrees in distribution."""
    x = torch.zeros(20_000, 1, 2)
    *_, weight = Mixup(0.4, beta_per_sample=True)(x, torch.zeros(len(x)))[1]
    lam = reference.Mixup(0.4, True, random_state=0).get_augmentation_params(x, None)["lam"]
    found = scipy.stats.ks_2samp(weight.numpy(), torch.maximum(lam, 1 - lam).numpy())
    assert found.statistic < 0.02


def test_segmentation_reconstruction():
    """The same trials by class and segment; theirs leaves a rest at the end empty, ours not."""
    x, y, n_segments = trials(100), torch.tensor([0, 0, 0, 1, 1]), 4
    draws = RandomState(1)
    picked = {n: draws.randint(0, n, (n, n_segments)) for n in (3, 2)}
    wanted, labels = theirs.segmentation_reconstruction(
        x, y, n_segments, [(0, x[:3]), (1, x[3:])], {0: picked[3], 1: picked[2]}, np.arange(5)
    )
    place = torch.cat([torch.as_tensor((picked[n] + 0.5) / n) for n in (3, 2)])
    transform = SegmentationReconstruction(n_segments, p=1.0)
    gate = Choices(torch.zeros(5, dtype=torch.float64))
    rebuilt, kept = transform(x, y, draw=hand_made((gate, place), x))
    assert torch.allclose(rebuilt, wanted, atol=1e-12)
    assert torch.equal(kept, labels)


# -- MNE ----------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_rotated_sensors_are_interpolated_as_mne_does(axis):
    """The series in the angle is exact; the rotation itself is SciPy's."""
    _, positions = standard_sensors(64)
    transform = SensorsRotation(positions, axis, 30.0).double()
    share = torch.linspace(-1, 1, N_TRIALS, dtype=torch.float64)
    step = transform.step(trials(2, 64), share).matrix.detach().numpy()
    at_zero = _make_interpolation_matrix(positions, positions)
    for change, angle in zip(step, 30 * share.numpy(), strict=True):
        turn = scipy.spatial.transform.Rotation.from_euler(axis, angle, degrees=True)
        wanted = _make_interpolation_matrix(positions, turn.apply(positions))
        # the series is stored in float32
        assert np.allclose(change, wanted - at_zero, atol=1e-7)


def test_replaced_channels_are_mnes_bad_channels():
    names, positions = standard_sensors(19)
    centre = np.array([0.0, 0.0, 0.04])
    places = centre + 0.095 * positions / np.linalg.norm(positions, axis=1, keepdims=True)
    raw = mne.io.RawArray(
        RandomState(0).standard_normal((19, 200)),
        mne.create_info(names, SFREQ, "eeg"),
        verbose="error",
    )
    places = dict(zip(names, places, strict=True))
    raw.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"))
    x = torch.as_tensor(raw.get_data())[None]
    raw.info["bads"] = [names[7]]
    raw.interpolate_bads(origin=tuple(centre), verbose="error")
    draws = torch.ones(1, 19, dtype=torch.float64)
    draws[0, 7] = 0
    transform = ChannelsInterpolation.from_info(raw.info, p_interp=0.5).eval()
    ours = replay(transform, x, Choices(draws))
    assert np.allclose(ours[0].numpy(), raw.get_data(), atol=1e-6), "weights are float32"


# -- SciPy --------------------------------------------------------------------------------


@pytest.mark.parametrize("n_times", [100, 101])
def test_phase_jitter_turns_the_analytic_signal(n_times):
    x = trials(n_times)
    share = torch.as_tensor(RandomState(1).uniform(-1, 1, (N_TRIALS, N_CHANNELS)))
    ours = replay(PhaseJitter(90.0), x, share)
    turned = scipy.signal.hilbert(x.numpy()) * np.exp(0.5j * np.pi * share.numpy())[..., None]
    assert np.allclose(ours.numpy(), turned.real, atol=1e-12)


@pytest.mark.parametrize("bandwidth", [2.0, 5.0])
def test_bandstop_response_is_that_of_a_windowed_design(bandwidth):
    """As long as its window's main lobe is our transition, 1 Hz: 4 s at a Hann window.

    The lobe of a Hann window is close to the Hann shape that ours integrates, and has side
    lobes: the two stay within 0.01 of each other.
    """
    transform = BandstopFilter(SFREQ, bandwidth).double()
    freqs = torch.arange(1501, dtype=torch.float64) / 3000
    real, imaginary = transform.response(freqs, torch.tensor([0.37], dtype=torch.float64))
    lowest = 1 + bandwidth / 2
    centre = lowest + 0.37 * (SFREQ / 2 - 2 * lowest)
    edges = [centre - bandwidth / 2, centre + bandwidth / 2]
    taps = scipy.signal.firwin(401, edges, pass_zero="bandstop", window="hann", fs=SFREQ)
    _, wanted = scipy.signal.freqz(taps, worN=2 * np.pi * freqs.numpy())
    assert np.abs(real[0, 0].detach().numpy() - np.abs(wanted)).max() < 0.01
    assert (imaginary == 0).all()
