"""What the transforms that mix trials promise, and what they mix."""

import copy
import io
import pickle

import pytest
import scipy
import torch
from braindecode.augmentation import AugmentedDataLoader
from torch.utils.data import TensorDataset

from eegaug import (
    AugmentationLayer,
    Compose,
    Mixup,
    SegmentationReconstruction,
    SignFlip,
    Strength,
)

from ..helpers import contents, signal
from .table import BATCH_TRANSFORMS

Y = torch.tensor([0, 0, 1, 1, 2, 0])


@pytest.fixture(params=BATCH_TRANSFORMS)
def name(request):
    return request.param


@pytest.fixture
def transform(name):
    return BATCH_TRANSFORMS[name]()


def ramps(n_trials, n_times, n_channels=2):
    """Signals that hold their trial and time: 1000 times the trial, plus the time."""
    trials = 1000.0 * torch.arange(n_trials)[:, None, None]
    return (trials + torch.arange(n_times)).expand(-1, n_channels, -1)


# -- what all promise ---------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(6, 3, 100), (6, 3, 101), (1, 3, 64), (6, 5, 3, 100)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_shape_dtype_and_input_are_kept(transform, shape, dtype):
    x, y = signal(*shape).to(dtype), Y[: shape[0]]
    untouched, labels = x.clone(), y.clone()
    out, _ = transform(x, y)
    assert (out.shape, out.dtype, out.device) == (x.shape, x.dtype, x.device)
    assert torch.equal(x, untouched) and torch.equal(y, labels)
    assert out.isfinite().all()


@pytest.mark.parametrize("training", [True, False])
def test_nothing_is_left_on_another_device(transform, training):
    transform = transform.to("meta").train(training)
    x = torch.ones(6, 3, 100, device="meta", requires_grad=True)
    out, _ = transform(x, Y.to("meta"))
    out.sum().backward()
    assert out.device == x.grad.device == torch.device("meta")


def test_without_labels_there_are_signals_alone(transform):
    x = signal(6, 3, 100)
    draw = transform.sample(x)
    assert torch.equal(
        transform(x, draw=draw),
        transform(x, torch.zeros(6, dtype=torch.long), draw=draw)[0],
    )


def test_input_need_not_be_contiguous(transform):
    x = signal(6, 100, 3).transpose(1, 2)
    draw = transform.sample(x)
    assert torch.equal(
        transform(x, Y, draw=draw)[0],
        transform(x.contiguous(), Y, draw=draw)[0],
    )


@pytest.mark.parametrize("training", [True, False])
def test_same_draw_same_output(transform, training):
    transform.train(training)
    x = signal(6, 3, 100)

    def mixed(**source):
        return transform(x, Y, **source)[0]

    draw = transform.sample(x)
    assert torch.equal(mixed(draw=draw), mixed(draw=draw))
    first, second = (mixed(generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    torch.manual_seed(4)
    first = mixed()
    assert not torch.equal(first, mixed()), "two draws should differ"
    torch.manual_seed(4)
    assert torch.equal(first, mixed())


def test_windows_of_a_trial_share_its_draw(transform):
    windows = signal(6, 5, 3, 100)
    draw = transform.sample(windows)
    together, _ = transform(windows, Y, draw=draw)
    for index in range(5):
        alone, _ = transform(windows[:, index], Y, draw=draw)
        assert torch.equal(together[:, index], alone)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("training", [True, False])
def test_zero_strength_is_the_identity(transform, training, dtype):
    for parameter in transform.parameters():
        parameter.data.zero_()
    x = signal(6, 3, 100, dtype=dtype)
    assert torch.equal(transform.train(training)(x, Y)[0], x)


def test_gradcheck_in_the_signal(transform):
    transform = transform.double()
    x = signal(6, 2, 12, dtype=torch.float64).requires_grad_()
    draw = transform.sample(x)
    assert torch.autograd.gradcheck(lambda x: transform(x, Y, draw=draw)[0], x)


@pytest.mark.parametrize("start", [0.05, 0.4, 1.0])
def test_the_strength_has_a_gradient_in_every_batch(transform, start):
    (strength,) = (s for s in transform.children() if isinstance(s, Strength))
    strength.raw.data.fill_(start)
    for seed in range(20):
        torch.manual_seed(seed)
        x, target = signal(16, 3, 20, seed=seed), signal(16, 3, 20, seed=seed + 100)
        mixed, _ = transform(x, torch.arange(16) % 3)
        (gradient,) = torch.autograd.grad((mixed - target).square().mean(), strength.raw)
        assert gradient.isfinite() and gradient != 0


def test_a_chance_of_zero_can_be_left():
    transform = SegmentationReconstruction(4, p=Strength(0.0, unit="probability"))
    x = signal(32, 3, 100)
    (transform(x) - x.roll(1, 0)).square().mean().backward()
    assert transform.p.raw.grad != 0


def test_copies_behave_like_the_original(transform):
    x = signal(6, 3, 100)
    draw = transform.sample(x)
    expected, _ = transform(x, Y, draw=draw)
    buffer = io.BytesIO()
    torch.save(transform.state_dict(), buffer)
    buffer.seek(0)
    reloaded = copy.deepcopy(transform)
    for parameter in reloaded.parameters():
        parameter.data.zero_()
    reloaded.load_state_dict(torch.load(buffer, weights_only=True))
    for twin in (copy.deepcopy(transform), pickle.loads(pickle.dumps(transform)), reloaded):
        assert torch.equal(twin(x, Y, draw=draw)[0], expected)


def test_in_workers_of_braindecodes_loader(transform):
    data = TensorDataset(torch.ones(32, 2, 50), torch.arange(32) % 3)
    # a batch that cannot be handed over is waited for in vain
    loader = AugmentedDataLoader(
        data, transforms=transform, batch_size=16, num_workers=1, timeout=10
    )
    assert [len(x) for x, _ in loader] == [16, 16]


@pytest.mark.parametrize(
    ("x", "y", "error", "match"),
    [
        (torch.ones(2, 3, 100, dtype=torch.int64), None, TypeError, r"Found dtype torch\.int64"),
        ([[1.0]], None, TypeError, "Found list"),
        (torch.ones(0, 3, 100), None, ValueError, "empty tensor"),
        (torch.ones(100), None, ValueError, r"shape \(100,\)"),
        (torch.ones(3, 100), None, ValueError, r"a batch of trials\. Found \(3, 100\)"),
        (torch.ones(4, 3, 100), Y, ValueError, r"4 labels, one per trial\. Found \(6,\)"),
        (torch.ones(4, 3, 100), torch.tensor(1), ValueError, r"4 labels.*Found \(\)"),
    ],
)
def test_bad_signals_and_labels_are_reported_in_one_line(transform, x, y, error, match):
    with pytest.raises(error, match=match) as caught:
        transform(x, y)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("n_drawn", [1, 5])
def test_a_draw_of_another_batch_is_refused(transform, n_drawn):
    draw = transform.sample(signal(n_drawn, 3, 100))
    with pytest.raises(
        ValueError, match=f"drawn for 6 trials .* Found one for {n_drawn} trials"
    ) as caught:
        transform(signal(6, 3, 100), Y, draw=draw)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("draw", "error", "match"),
    [
        (lambda t: t.sample(signal(6, 3, 100)).noise, TypeError, r"a Draw.* Found tuple\."),
        (lambda t: t.sample(signal(6, 3, 90)), ValueError, "Found one for 6 trials of 3 .* 90 "),
        (lambda t: t.sample(signal(6, 2, 100)), ValueError, "Found one for 6 trials of 2 chan"),
        (lambda t: SignFlip().sample(signal(6, 3, 100)), ValueError, "Found a draw of another"),
    ],
    ids=["tuple", "other length", "other channels", "other augmentation"],
)
def test_draws_that_do_not_fit_are_reported_in_one_line(transform, draw, error, match):
    with pytest.raises(error, match=match) as caught:
        transform(signal(6, 3, 100), Y, draw=draw(transform))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("raw", [0.4, 1.3])
def test_a_call_and_reading_keep_nothing(transform, training, raw):
    transform.train(training)
    (strength,) = (s for s in transform.children() if isinstance(s, Strength))
    strength.raw.data.fill_(raw)
    before = contents(transform)
    repr(transform), strength.value, strength.fraction, strength.width
    draw = transform.sample(signal(6, 3, 100))
    assert contents(transform) == before
    transform(signal(6, 3, 100), Y, draw=draw)
    if training and raw > 1:
        assert strength.raw == 1
        strength.raw.data.fill_(raw)
    assert contents(transform) == before


@pytest.mark.parametrize("labels", [Y.tolist(), Y.numpy()], ids=["list", "array"])
def test_labels_that_are_no_tensor_are_refused(transform, labels):
    with pytest.raises((TypeError, ValueError), match="Input `y`") as caught:
        transform(signal(6, 3, 100), labels)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (lambda: Mixup(-0.1), ValueError, "`alpha` should be between 0 and 10"),
        (lambda: Mixup("strong"), TypeError, "`alpha` should be a number"),
        (lambda: Mixup(Strength(0.4, unit="s")), ValueError, "`alpha`"),
        (lambda: SegmentationReconstruction(0), ValueError, "`n_segments` should be positive"),
        (lambda: SegmentationReconstruction(2.5), TypeError, "`n_segments` should be an integer"),
        (lambda: SegmentationReconstruction(4, p=2), ValueError, "`p` should be between 0 and 1"),
        (lambda: AugmentationLayer([Mixup()]), TypeError, "Found Mixup"),
        (lambda: Compose([SegmentationReconstruction()]), TypeError, "Found Segmentation"),
    ],
)
def test_bad_arguments_are_reported_in_one_line(build, error, match):
    with pytest.raises(error, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)


# -- mixup --------------------------------------------------------------------------------


@pytest.mark.parametrize("beta_per_sample", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_mixup_returns_both_labels_and_the_weight_of_the_first(beta_per_sample, dtype):
    x, y = signal(50, 2, 20, dtype=dtype), torch.arange(50)
    mixed, (first, partner, weight) = Mixup(0.4, beta_per_sample)(x, y)
    assert first is y
    assert torch.equal(partner.sort().values, y), "each trial is the partner of one"
    assert (weight.shape, weight.dtype) == ((50,), dtype)
    by_hand = weight[:, None, None] * x + (1 - weight)[:, None, None] * x[partner]
    assert torch.allclose(mixed, by_hand, atol=1e-6)


def test_mixup_takes_labels_of_any_shape():
    x, y = signal(6, 2, 20), torch.eye(6)
    _, (first, second, _) = Mixup(0.4)(x, y)
    assert first is y and torch.equal(second, y[second.argmax(1)])
    dense = signal(6, 20)
    assert Mixup(0.4)(x, dense)[1][1].shape == dense.shape


def test_one_weight_per_batch_or_per_trial():
    x, y = torch.zeros(100, 1, 2), torch.zeros(100)
    *_, weight = Mixup(0.4)(x, y)[1]
    assert (weight == weight[0]).all()
    *_, weight = Mixup(0.4, beta_per_sample=True)(x, y)[1]
    assert len(weight.unique()) > 90


@pytest.mark.parametrize("alpha", [0.2, 0.4, 1.0, 2.0])
def test_the_larger_part_is_beta_distributed(alpha):
    torch.manual_seed(0)
    mixup = Mixup(alpha, beta_per_sample=True)
    x = torch.zeros(20_000, 1, 1, dtype=torch.float64)
    *_, weight = mixup(x, torch.zeros(20_000))[1]
    assert (weight >= 0.5).all() and (weight <= 1).all()

    def larger_part(value):
        beta = scipy.stats.beta(alpha, alpha)
        return beta.cdf(value) - beta.cdf(1 - value)

    # passed by chance once in twenty thousand times
    assert scipy.stats.kstest(weight.numpy(), larger_part).statistic < 0.016


def test_partners_are_uniform():
    mixup, n = Mixup(1.0), 4
    x, y = torch.zeros(n, 1, 1), torch.arange(n)
    torch.manual_seed(0)
    counts = torch.zeros(n, n)
    for _ in range(1000):
        counts[y, mixup(x, y)[1][1]] += 1
    assert (counts / 1000 - 1 / n).abs().max() < 0.07, "five standard deviations"


# -- segmentation and reconstruction ------------------------------------------------------


@pytest.mark.parametrize("labels", [Y, Y - 7, Y == 0], ids=["int", "<0", "2"])
def test_a_trial_is_built_from_its_class_alone(labels):
    x = labels.float()[:, None, None].expand(-1, 2, 40)
    for seed in range(20):
        torch.manual_seed(seed)
        rebuilt, kept = SegmentationReconstruction(8, p=1.0)(x, labels)
        assert torch.equal(rebuilt, x) and kept is labels


@pytest.mark.parametrize(("n_times", "n_segments"), [(40, 8), (43, 8), (5, 5), (10, 1)])
def test_segments_stay_in_their_place_and_the_last_takes_the_rest(n_times, n_segments):
    x = ramps(6, n_times)
    rebuilt = SegmentationReconstruction(n_segments, p=1.0)(x, Y)[0].detach()
    assert torch.equal(rebuilt[:, 0], rebuilt[:, 1]), "channels stay together"
    times, source = rebuilt[:, 0] % 1000, rebuilt[:, 0].div(1000).floor()
    assert torch.equal(times, torch.arange(float(n_times)).expand(6, -1))
    length = n_times // n_segments
    for segment in range(n_segments):
        start = segment * length
        stop = n_times if segment == n_segments - 1 else start + length
        assert (source[:, start:stop] == source[:, start : start + 1]).all()


def test_trials_of_a_class_are_picked_alike():
    torch.manual_seed(0)
    y = torch.tensor([0, 1, 0, 1, 0])
    picks = [SegmentationReconstruction(100, p=1.0)(ramps(5, 100, 1), y)[0] for _ in range(50)]
    source = torch.stack(picks).detach().div(1000).floor().long()
    for label, members in ((0, [0, 2, 4]), (1, [1, 3])):
        shares = torch.bincount(source[:, y == label].flatten(), minlength=5)[members]
        # of 10,000 picks or more a share is within five standard deviations
        assert (shares / shares.sum() - 1 / len(members)).abs().max() < 0.025


def test_without_labels_all_trials_are_of_one_class():
    torch.manual_seed(0)
    rebuilt = SegmentationReconstruction(20, p=1.0)(ramps(4, 100)).detach()
    assert set(rebuilt.div(1000).floor().unique().tolist()) == {0.0, 1.0, 2.0, 3.0}


def test_a_trial_alone_in_its_class_stays():
    x, y = signal(4, 2, 40), torch.arange(4)
    assert torch.equal(SegmentationReconstruction(8, p=1.0)(x, y)[0], x)


@pytest.mark.parametrize("p", [0.2, 0.9])
def test_a_share_p_is_rebuilt(p):
    x = ramps(2000, 64, 1)
    rebuilt = SegmentationReconstruction(64, p).eval()(x)
    assert (rebuilt != x).any(-1).float().mean() == pytest.approx(p, abs=0.002)


def test_segments_that_cannot_be_made_are_reported():
    with pytest.raises(ValueError, match=r"8 times or more, one per segment\. Found 5"):
        SegmentationReconstruction(8)(signal(6, 2, 5), Y)
    with pytest.raises(ValueError, match="`y` should be one class per trial"):
        SegmentationReconstruction(2)(signal(6, 2, 5), torch.eye(6))
