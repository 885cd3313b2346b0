"""What every transform, layer and chain promises."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, vmap

from eegaug import (
    Augmentation,
    AugmentationLayer,
    Compose,
    InvariantModel,
    SignFlip,
    Strength,
    Transform,
    learned_strengths,
    summary,
    width_penalty,
)

from ..helpers import contents, signal, tensors
from .table import CANDIDATES, CHOOSING, MOVING, TRANSFORMS, untransformed

AUGMENTATIONS = {
    **TRANSFORMS,
    "layer": lambda: AugmentationLayer([build() for build in CANDIDATES.values()]),
    "layer, one per trial": lambda: AugmentationLayer(
        [build() for build in CANDIDATES.values()], mixture=False
    ),
    "chain": lambda: Compose([build() for build in CANDIDATES.values()]),
}


@pytest.fixture(params=TRANSFORMS)
def name(request):
    return request.param


@pytest.fixture
def transform(name):
    return TRANSFORMS[name]()


@pytest.fixture(params=AUGMENTATIONS)
def any_name(request):
    return request.param


@pytest.fixture
def augmentation(any_name):
    return AUGMENTATIONS[any_name]()


@pytest.mark.parametrize("shape", [(4, 3, 100), (4, 3, 101), (1, 3, 64), (3, 100), (4, 5, 3, 100)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_shape_dtype_and_input_are_kept(any_name, augmentation, shape, dtype):
    x = signal(*shape).to(dtype)
    untouched = x.clone()
    out = augmentation(x)
    kept = untransformed(any_name, x)
    assert (out.shape, out.dtype, out.device) == (kept.shape, x.dtype, x.device)
    assert torch.equal(x, untouched)
    assert out.isfinite().all()


@pytest.mark.parametrize("training", [True, False])
def test_nothing_is_left_on_another_device(augmentation, training):
    augmentation = augmentation.to("meta").train(training)
    x = torch.ones(4, 3, 100, device="meta", requires_grad=True)
    out = augmentation(x)
    out.sum().backward()
    assert out.device == x.grad.device == torch.device("meta")


def test_labels_are_handed_through(augmentation):
    x, y = signal(4, 3, 100), torch.arange(4)
    out, labels = augmentation(x, y)
    assert len(out) == len(x) and labels is y


def test_input_need_not_be_contiguous(augmentation):
    x = signal(4, 100, 3).transpose(1, 2)
    draw = augmentation.sample(x)
    assert torch.allclose(augmentation(x, draw=draw), augmentation(x.contiguous(), draw=draw))


def test_sequences_may_be_channels_last(augmentation):
    x = signal(4, 5, 3, 100)
    draw = augmentation.sample(x)
    last = x.to(memory_format=torch.channels_last)
    assert torch.allclose(augmentation(last, draw=draw), augmentation(x, draw=draw), atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_same_draw_same_output(augmentation, training):
    augmentation.train(training)
    x = signal(6, 3, 100)
    draw = augmentation.sample(x)
    assert torch.equal(augmentation(x, draw=draw), augmentation(x, draw=draw))
    outputs = []
    for _ in range(2):
        generator = torch.Generator().manual_seed(3)
        outputs.append(augmentation(x, generator=generator))
    assert torch.equal(*outputs)
    torch.manual_seed(4)
    first = augmentation(x)
    assert not torch.equal(first, augmentation(x)), "two draws should differ"
    torch.manual_seed(4)
    assert torch.equal(first, augmentation(x))


def test_draws_hold_no_strength(transform):
    x = signal(4, 3, 100)
    draws = []
    for value in (0.0, 1.0):
        for strength in transform.strengths().values():
            strength.raw.data.fill_(value)
        generator = torch.Generator().manual_seed(0)
        draws.append(tensors(transform.sample(x, generator).noise))
    assert all(torch.equal(a, b) for a, b in zip(*draws, strict=True))
    assert not any(draw.requires_grad for draw in draws[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_zero_strength_is_the_identity(name, transform, dtype):
    strengths = transform.strengths()
    own = {key: s for key, s in strengths.items() if key != "p"} or strengths
    for strength in own.values():
        strength.raw.data.zero_()
    x = signal(4, 3, 100, dtype=dtype)
    assert torch.equal(transform(x), untransformed(name, x))


@pytest.mark.parametrize("name", [name for name in TRANSFORMS if TRANSFORMS[name]().p is not None])
def test_closed_gate_is_the_identity(name, transform):
    transform.p.raw.data.zero_()
    x = signal(4, 3, 100)
    assert torch.equal(transform(x), untransformed(name, x))


@pytest.mark.parametrize("training", [True, False])
def test_trials_do_not_see_each_other(augmentation, training):
    augmentation.train(training)
    x = signal(5, 3, 100)
    draw = augmentation.sample(x)
    other = x.clone()
    other[2] = torch.nan
    before, after = augmentation(x, draw=draw), augmentation(other, draw=draw)
    kept = [0, 1, 3, 4]
    assert torch.equal(before[kept], after[kept])


def test_windows_of_a_trial_share_its_draw(augmentation):
    windows = signal(4, 5, 3, 100)
    draw = augmentation.sample(windows)
    together = augmentation(windows, draw=draw)
    for index in range(5):
        alone = augmentation(windows[:, index], draw=draw)
        assert torch.allclose(together[:, index], alone, atol=1e-5)


def test_gradcheck_in_the_signal(transform):
    transform = transform.double()
    x = signal(2, 3, 12, dtype=torch.float64).requires_grad_()
    draw = transform.sample(x)
    assert torch.autograd.gradcheck(lambda x: transform(x, draw=draw), x)
    assert torch.autograd.gradgradcheck(lambda x: transform(x, draw=draw), x)


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - CHOOSING))
def test_gradcheck_in_the_strength(name):
    transform = TRANSFORMS[name]().double()
    x = signal(2, 3, 12, dtype=torch.float64)
    draw = transform.sample(x)
    key = f"{next(iter(transform.strengths()))}.raw"
    raw = transform.get_parameter(key).detach().clone().requires_grad_()

    def augment(raw):
        return functional_call(transform, {key: raw}, (x,), {"draw": draw})

    assert torch.autograd.gradcheck(augment, raw)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("start", [0.0, None, 1.0], ids=["low", "inside", "high"])
def test_every_strength_has_a_gradient_in_every_batch(name, seed, start):
    for key in TRANSFORMS[name]().strengths():
        transform = TRANSFORMS[name]()
        strength = transform.strengths()[key]
        if start is not None:
            strength.raw.data.fill_(start)
        torch.manual_seed(seed)
        # to shuffle takes two channels of a trial: near zero these are few
        n = 128 if name == "ChannelsShuffle" else 16
        x, target = signal(n, 3, 100, seed=seed), signal(n, 3, 100, seed=seed + 100)
        (transform(x) - untransformed(name, target)).square().mean().backward()
        assert strength.raw.grad.isfinite(), key
        assert strength.raw.grad != 0, key


@pytest.mark.parametrize("optimiser", [torch.optim.Adam, torch.optim.SGD])
@pytest.mark.parametrize("start", [0.0, 1.0], ids=["low", "high"])
@pytest.mark.parametrize("direction", [-1, 1], ids=["down", "up"])
def test_strengths_stay_in_range_and_come_back(transform, optimiser, start, direction):
    strengths = transform.strengths().values()
    for strength in strengths:
        strength.raw.data.fill_(start)
    steps = optimiser([s.raw for s in strengths], lr=0.1)

    def step(sign):
        steps.zero_grad()
        sum(-sign * s() / s.high for s in strengths).backward()
        steps.step()
        for s in strengths:
            assert s.low <= s() <= s.high

    for _ in range(15):
        step(direction)
    # After 15 steps against the bound, 25 steps away from it cross the whole range: nothing
    # has piled up outside (Adam's momentum turns first).
    for _ in range(25):
        step(-direction)
    end = 0.0 if direction > 0 else 1.0
    assert all(abs(s.fraction - end) < 1e-6 for s in strengths)


def test_copies_behave_like_the_original(augmentation):
    x = signal(4, 3, 100)
    draw = augmentation.sample(x)
    expected = augmentation(x, draw=draw)
    buffer = io.BytesIO()
    torch.save(augmentation.state_dict(), buffer)
    buffer.seek(0)
    reloaded = copy.deepcopy(augmentation)
    for parameter in reloaded.parameters():
        parameter.data.zero_()
    reloaded.load_state_dict(torch.load(buffer, weights_only=True))
    for twin in (copy.deepcopy(augmentation), pickle.loads(pickle.dumps(augmentation)), reloaded):
        assert torch.equal(twin(x, draw=draw), expected)


def test_penalty_reaches_every_strength_and_weight(augmentation):
    for parameter in augmentation.parameters():
        if parameter.ndim == 0 and parameter.requires_grad:
            parameter.data.zero_()
    penalty = width_penalty(augmentation)
    assert penalty.item() == pytest.approx(0, abs=1e-6)
    penalty.backward()
    for key, parameter in augmentation.named_parameters():
        if key.endswith("raw") and parameter.requires_grad:
            assert parameter.grad < 0, f"{key} should be drawn from zero"
    twin = copy.deepcopy(augmentation)
    for parameter in twin.parameters():
        if parameter.ndim == 0 and parameter.requires_grad:
            parameter.data.fill_(0.1 + 0.5 * torch.rand(()).item())
    width_penalty(twin).backward()
    for key, parameter in twin.named_parameters():
        if key.endswith("logits"):
            assert (parameter.grad != 0).all(), key


def test_gradients_reach_the_network_and_the_strengths(augmentation):
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(5))
    model = InvariantModel(network, augmentation)
    model(signal(16, 3, 100)).square().mean().backward()
    for key, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None and parameter.grad.isfinite().all(), key


def test_several_batches_may_precede_one_backward(augmentation):
    parameters = [each for each in augmentation.parameters() if each.requires_grad]
    losses = []
    for seed in range(2):
        x = signal(16, 3, 100, seed=seed)
        out = augmentation(x, generator=torch.Generator().manual_seed(seed))
        losses.append(out.square().mean() + width_penalty(augmentation))
    together = torch.autograd.grad(sum(losses), parameters, retain_graph=True)
    apart = [torch.autograd.grad(loss, parameters) for loss in losses]
    for whole, first, second in zip(together, *apart, strict=True):
        assert first.abs().sum() > 0 and second.abs().sum() > 0
        assert torch.allclose(whole, first + second, atol=1e-5)


#: Those whose dense outputs can be moved back.
INVERTIBLE = {name: build for name, build in AUGMENTATIONS.items() if name != "RandomCrop"}
#: Those of them where that is more than handing the outputs through.
MOVED_BACK = sorted((MOVING & set(INVERTIBLE)) | {"layer", "layer, one per trial", "chain"})


def slow_outputs(*shape):
    """Outputs of up to three periods a window, as smooth at its ends as within."""
    phase = 2 * torch.pi * torch.arange(shape[-1]) / shape[-1]
    waves = torch.stack([torch.sin(k * phase + k) for k in range(1, 4)])
    return signal(*shape[:-1], 3) @ waves


@pytest.mark.parametrize("shape", [(6, 400), (6, 2, 400), (6, 4, 2, 401)])
@pytest.mark.parametrize("any_name", INVERTIBLE)
def test_the_inverse_returns_dense_labels_to_where_they_were(any_name, augmentation, shape):
    augmentation.eval()
    y = slow_outputs(*shape)
    draw = augmentation.sample(signal(6, 3, shape[-1]), torch.Generator().manual_seed(0)).whole()
    moved = augmentation.relabel(y, draw.noise)
    back = augmentation.inverse(moved, draw.noise)
    if any_name not in MOVED_BACK:
        assert back is moved is y
        return
    slope = y.diff(dim=-1).abs().amax()  # labels move by whole samples, up to twice
    assert (back - y).abs().amax() < 2 * slope
    assert (moved - y).abs().amax() > 4 * slope


@pytest.mark.parametrize("any_name", MOVED_BACK)
def test_the_inverse_is_linear_in_the_outputs(augmentation):
    augmentation.eval()
    draw = augmentation.sample(signal(6, 3, 100)).whole()
    a, b = signal(6, 2, 100, seed=1), signal(6, 2, 100, seed=2)
    both = augmentation.inverse(2 * a - b, draw.noise)
    apart = 2 * augmentation.inverse(a, draw.noise) - augmentation.inverse(b, draw.noise)
    assert torch.allclose(both, apart, atol=1e-4)


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - {"RandomCrop"}))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_inverse_at_zero_strength_is_the_identity(transform, dtype):
    for strength in transform.strengths().values():
        strength.raw.data.zero_()
    y = signal(4, 2, 100, dtype=dtype)
    back = transform.inverse(y, transform.sample(signal(4, 3, 100, dtype=dtype)).noise)
    assert torch.equal(back, y)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("start", [0.0, None, 1.0], ids=["low", "inside", "high"])
@pytest.mark.parametrize("name", sorted(MOVING - {"RandomCrop"}))
def test_the_inverse_gives_every_strength_a_gradient(name, transform, start, seed):
    for key, strength in transform.strengths().items():
        if start is not None:
            strength.raw.data.fill_(start)
        torch.manual_seed(seed)
        noise = transform.sample(signal(16, 3, 100)).noise
        error = transform.inverse(slow_outputs(16, 2, 100), noise) - signal(16, 2, 100, seed=seed)
        error.square().mean().backward()
        assert strength.raw.grad.isfinite(), key
        assert strength.raw.grad != 0, key


@pytest.mark.parametrize("name", sorted(MOVING - {"RandomCrop"}))
def test_gradcheck_through_the_inverse(name, transform):
    transform = transform.double()
    y = signal(2, 2, 12, dtype=torch.float64).requires_grad_()
    noise = transform.sample(signal(2, 3, 12, dtype=torch.float64)).noise
    assert torch.autograd.gradcheck(lambda y: transform.inverse(y, noise), y)
    if name in CHOOSING:
        return
    key = f"{next(iter(transform.strengths()))}.raw"
    raw = transform.get_parameter(key).detach().clone().requires_grad_()

    class Inverse(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.transform = transform

        def forward(self):
            return self.transform.inverse(y.detach(), noise)

    assert torch.autograd.gradcheck(
        lambda raw: functional_call(Inverse(), {f"transform.{key}": raw}, ()), raw
    )


@pytest.mark.parametrize("any_name", sorted(set(INVERTIBLE) - {"layer"}))
def test_equivariant_models_learn_through_the_inverse(augmentation):
    network = torch.nn.Conv1d(3, 2, 5, padding="same")
    model = InvariantModel(network, augmentation, n_copies=3, equivariant=True)
    out = model(signal(16, 3, 100))
    assert out.shape == (16, 2, 100)
    (out - signal(16, 2, 100, seed=1)).square().mean().backward()
    for key, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None and parameter.grad.isfinite().all(), key
    assert model.eval()(signal(5, 3, 100)).shape == (5, 2, 100)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of torch's own compiler
@pytest.mark.parametrize("any_name", MOVED_BACK)
def test_the_inverse_compiles_to_one_graph(augmentation):
    torch.compiler.reset()
    y, noise = slow_outputs(4, 2, 100), augmentation.eval().sample(signal(4, 3, 100)).noise
    compiled = torch.compile(augmentation.inverse, fullgraph=True, backend="aot_eager")
    assert torch.allclose(compiled(y, noise), augmentation.inverse(y, noise), atol=1e-5)


@pytest.mark.parametrize(
    ("bad", "error", "match"),
    [
        (torch.ones(2, 3, 100, dtype=torch.int64), TypeError, "Found dtype torch.int64"),
        ([[1.0]], TypeError, "Found list"),
        (torch.ones(0, 3, 100), ValueError, "empty tensor"),
        (torch.ones(2, 3, 0), ValueError, "empty tensor"),
        (torch.ones(100), ValueError, r"shape \(100,\)"),
    ],
)
def test_bad_signals_are_reported_in_one_line(augmentation, bad, error, match):
    with pytest.raises(error, match=match) as caught:
        augmentation(bad)
    assert "\n" not in str(caught.value)


def test_torch_func_maps_over_strengths(transform):
    """One transform at several strengths at once, and the gradients at each."""
    x = signal(2, 3, 24)
    draw = transform.sample(x)
    parameters = {key: parameter.detach() for key, parameter in transform.named_parameters()}
    key = f"{next(iter(transform.strengths()))}.raw"
    strengths = torch.tensor([0.1, 0.4, 0.8])

    def augment(raw):
        return functional_call(transform, {**parameters, key: raw}, (x,), {"draw": draw})

    def loss(raw):
        return augment(raw).square().mean()

    one_by_one = torch.stack([augment(raw) for raw in strengths])
    assert torch.allclose(vmap(augment)(strengths), one_by_one, atol=1e-5)
    gradients = []
    for raw in strengths:
        raw = raw.clone().requires_grad_()
        gradients.append(torch.autograd.grad(loss(raw), raw, allow_unused=True)[0])
    mapped = vmap(grad(loss))(strengths)
    assert torch.allclose(mapped, torch.stack(gradients), atol=1e-5)


def compiles(augmentation, backend):
    """Compile to one graph, and again at other strengths without a new graph."""
    torch.compiler.reset()
    x = signal(4, 3, 100)
    draw = augmentation.sample(x)
    compiled = torch.compile(augmentation, fullgraph=True, backend=backend)
    with torch._dynamo.config.patch(error_on_recompile=True):
        for fraction in (None, 0.3):
            for parameter in augmentation.parameters():
                if fraction is not None and parameter.requires_grad and parameter.ndim == 0:
                    parameter.data.fill_(fraction)
            out = compiled(x, draw=draw)
            assert torch.allclose(out, augmentation(x, draw=draw), atol=1e-5)
            out.square().sum().backward()
        strengths = [s for s in augmentation.modules() if isinstance(s, Strength) and s.learnable]
        for strength in strengths:
            strength.raw.data.fill_(1.5)
        compiled(x, draw=draw)
        assert all(strength.raw.item() == 1 for strength in strengths), "projected when compiled"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of torch's own compiler
def test_compiles_to_one_graph(augmentation):
    compiles(augmentation, "aot_eager")


@pytest.mark.filterwarnings("ignore")  # of torch's own tracer
@pytest.mark.parametrize("training", [True, False])
def test_draws_are_refused_where_a_graph_would_not_repeat_them(augmentation, training):
    x = signal(4, 3, 100)
    model = in_a_model(augmentation).train(training)
    for module in (augmentation, model):
        for record in (
            lambda module: torch.jit.trace(module, x, check_trace=False),
            lambda module: torch.export.export(module, (x,)),
        ):
            with pytest.raises(RuntimeError, match="should draw nothing") as caught:
                record(module)
            assert str(caught.value).count("\n") == 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of torch's own compiler
def test_compiled_code_keeps_the_values():
    compiles(Compose([CANDIDATES[name]() for name in ("FTSurrogate", "SignFlip")]), "inductor")


# -- draws --------------------------------------------------------------------------------


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("windows", [(), (2,)])
def test_a_draw_of_one_row_serves_all_trials(augmentation, training, windows):
    augmentation.double().train(training).requires_grad_(training)
    x = signal(6, *windows, 3, 100, dtype=torch.float64)
    draw = augmentation.sample(x)[2]
    expected = augmentation(x, draw=draw.repeat(6))
    assert torch.allclose(augmentation.augmented(x, draw, alike=True), expected, atol=1e-12)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "index",
    [
        3,
        -1,
        slice(1, 5, 2),
        slice(None, None, 2),
        [4, 0, 4],
        torch.tensor([5, 2]),
        torch.tensor([True, False, False, True, True, False]),
    ],
    ids=["int", "last", "slice", "step", "list", "tensor", "mask"],
)
def test_rows_of_a_draw_augment_their_trials(augmentation, index, training):
    augmentation.double().train(training)
    x = signal(6, 3, 100, dtype=torch.float64)
    draw = augmentation.sample(x)
    rows = [index % 6] if isinstance(index, int) else index
    part = draw[index]
    assert len(part) == len(x[rows])
    assert torch.allclose(
        augmentation(x[rows], draw=part), augmentation(x, draw=draw)[rows], atol=1e-9
    )


def test_draws_can_be_repeated(augmentation):
    augmentation.double()
    windows = signal(4, 5, 3, 100, dtype=torch.float64)
    draw = augmentation.sample(windows)
    together = augmentation(windows, draw=draw)
    alone = augmentation(windows.flatten(0, 1), draw=draw.repeat_interleave(5))
    assert torch.allclose(alone.unflatten(0, (4, 5)), together, atol=1e-9)
    in_turn = augmentation(windows.transpose(0, 1).flatten(0, 1), draw=draw.repeat(5))
    assert torch.allclose(in_turn.unflatten(0, (5, 4)).transpose(0, 1), together, atol=1e-9)


def test_draws_move_to_another_device(any_name, augmentation):
    x = signal(4, 3, 100)
    draw = augmentation.sample(x).to("meta")
    assert all(tensor.is_meta for tensor in tensors(draw.noise))
    out = augmentation.to("meta")(x.to("meta"), draw=draw)
    assert out.is_meta and out.shape == untransformed(any_name, x).shape


def test_draws_are_values(augmentation):
    x = signal(6, 3, 100)
    draw = augmentation.sample(x)
    before = [tensor.clone() for tensor in tensors(draw.noise)]
    expected = augmentation(x, draw=draw)
    for twin in (copy.deepcopy(draw), pickle.loads(pickle.dumps(draw))):
        assert torch.equal(augmentation(x, draw=twin), expected)
    assert all(map(torch.equal, tensors(draw.noise), before)), "replaying changes no draw"


@pytest.mark.parametrize("name", TRANSFORMS)
def test_whole_choices_in_training_are_those_of_evaluation(transform):
    x = signal(64, 3, 100)
    draw = transform.sample(x)
    in_training = transform(x, draw=draw.whole())
    assert torch.equal(in_training, transform.eval()(x, draw=draw))


@pytest.mark.parametrize("shape", [(5, 3, 100), (4, 3, 90), (4, 2, 100), (3, 100)])
def test_a_draw_for_other_signals_is_refused(augmentation, shape):
    draw = augmentation.sample(signal(4, 3, 100))
    rows, channels, times = (1, *shape)[-3:]
    match = (
        f"drawn for {rows} trials of {channels} channels and {times} times. Found one for 4 trials"
        " of 3 channels and 100 times"
    )
    with pytest.raises(ValueError, match=match) as caught:
        augmentation(signal(*shape), draw=draw)
    assert "\n" not in str(caught.value)


def test_a_draw_of_another_augmentation_is_refused(augmentation):
    x = signal(4, 3, 100)
    draw = Compose([SignFlip(), SignFlip(), SignFlip()]).sample(x)
    kind = type(augmentation).__name__
    with pytest.raises(ValueError, match=rf"drawn by this {kind}\. Found") as caught:
        augmentation(x, draw=draw)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [lambda draw: draw.noise, lambda draw: (draw.noise, draw.shape)])
def test_noise_that_is_no_draw_is_refused(augmentation, bad):
    x = signal(4, 3, 100)
    with pytest.raises(TypeError, match=r"should be a Draw.* Found tuple\.") as caught:
        augmentation(x, draw=bad(augmentation.sample(x)))
    assert "\n" not in str(caught.value)


# -- what is read, and what is kept -------------------------------------------------------


def read_everything(module):
    """Read all that there is to read of the strengths inside."""
    repr(module), learned_strengths(module), summary(module), width_penalty(module)
    for each in module.modules():
        if isinstance(each, Strength):
            repr(each), each.value, each.fraction, each.width, each.learnable, each.as_numbers()
        if isinstance(each, Transform):
            each.strengths()
        if isinstance(each, Augmentation):
            list(each.layers()), list(each.widths()), each.sample(signal(4, 3, 100))


def learnable_strengths(module):
    return [each for each in module.modules() if isinstance(each, Strength) and each.learnable]


def in_a_model(augmentation):
    return InvariantModel(nn.Flatten(), augmentation, n_copies=3, n_copies_train=2)


@pytest.mark.parametrize("wrapped", [False, True], ids=["alone", "in a model"])
@pytest.mark.parametrize("training", [True, False])
def test_a_forward_pass_keeps_nothing(augmentation, training, wrapped):
    module = (in_a_model(augmentation) if wrapped else augmentation).train(training)
    x = signal(6, 3, 100)
    before = contents(module)
    module(x)
    assert contents(module) == before
    module(x, draw=module.sample(x))
    assert contents(module) == before


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("raw", [-0.3, 0.4, 1.3])
def test_reading_changes_nothing(augmentation, raw, training):
    model = in_a_model(augmentation).train(training)
    for strength in learnable_strengths(model):
        strength.raw.data.fill_(raw)
    before = contents(model)
    read_everything(model)
    assert contents(model) == before
    model.eval()(signal(4, 3, 100))
    assert contents(model.train(training)) == before, "nor does a forward pass in evaluation"


@pytest.mark.parametrize("sign", [-1, 1], ids=["below", "above"])
def test_steps_out_of_the_range_end_at_its_end(augmentation, sign):
    strengths = learnable_strengths(augmentation)
    optimiser = torch.optim.SGD([strength.raw for strength in strengths], lr=3.0)
    (-sign * sum(strength.fraction for strength in strengths)).backward()
    optimiser.step()
    end = float(sign > 0)
    assert all((strength.raw - end) * sign > 0.5 for strength in strengths), "out of the range"
    for strength in strengths:
        value = strength.high if sign > 0 else strength.low
        assert strength.fraction == end and strength.value == value
        assert strength.as_numbers()[0] == pytest.approx(value.item())
        assert 0 <= strength.width <= 1
    for record in learned_strengths(augmentation):
        assert record.name == "" or record.fraction == end
    x = signal(4, 3, 100)
    draw = augmentation.sample(x)
    augmentation.eval()
    outside = augmentation(x, draw=draw)
    augmentation.train()(x)
    assert all(strength.raw == end for strength in strengths), "projected by a pass in training"
    assert torch.equal(augmentation.eval()(x, draw=draw), outside)


# -- probabilities of choices -------------------------------------------------------------


def test_choices_have_a_log_probability_per_trial(augmentation):
    x = signal(6, 3, 100)
    draw = augmentation.sample(x)
    log_prob = augmentation.log_prob(draw)
    assert log_prob.shape == (6,) and log_prob.isfinite().all() and (log_prob <= 0).all()
    probabilities = {probability for _, probability in augmentation.all_choices(draw.noise)}
    if not probabilities:
        assert torch.equal(log_prob, torch.zeros(6))
        return
    assert (log_prob < 0).all()
    assert torch.allclose(augmentation.log_prob(draw[2:4]), log_prob[2:4])
    raws = [each.raw for each in probabilities if each.learnable]
    for gradient in torch.autograd.grad(log_prob.sum(), raws) if raws else []:
        assert gradient.isfinite() and gradient != 0


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_certain_choices_have_probability_one(augmentation, start):
    draw = augmentation.sample(signal(6, 3, 100))
    for _, probability in augmentation.all_choices(draw.noise):
        probability.raw.data.fill_(start)
    assert torch.allclose(augmentation.log_prob(draw), torch.zeros(6), atol=1e-4)
