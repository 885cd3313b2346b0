import copy
import pickle

import pytest
import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    Compose,
    FTSurrogate,
    GainTransform,
    GaussianNoise,
    InvariantModel,
    RandomCrop,
    SignFlip,
    Strength,
    as_strength,
    check_transform,
)
from eegaug.transforms import check, draw_choices

from ..helpers import contents
from .table import BATCH_TRANSFORMS, TRANSFORMS, Leak

X = torch.randn(4, 3, 100, generator=torch.Generator().manual_seed(0))


class Gain(GainTransform):
    """A user's transform that keeps the rules; those below break one each."""

    def __init__(self, amount=0.2, *, p=1.0):
        super().__init__(p=p)
        self.amount = as_strength("amount", amount, unit="fraction")

    def noise(self, x, generator=None):
        draws = torch.rand(len(x), 1, 1, device=x.device, dtype=x.dtype, generator=generator)
        return 2 * draws - 1

    def gain(self, x, noise):
        return 1 + self.amount() * noise


class Shorter(Gain):
    def augment(self, x, noise):
        return super().augment(x, noise)[..., 1:]


class FewerChannels(Gain):
    def augment(self, x, noise):
        return super().augment(x, noise)[:, :2]


class Double(Gain):
    def gain(self, x, noise):
        return super().gain(x, noise).double()


class DrawsItself(Gain):
    def gain(self, x, noise):
        return super().gain(x, noise * torch.rand(()))


class NotAtZero(Gain):
    def gain(self, x, noise):
        return super().gain(x, noise) + 0.1


class InPlace(Gain):
    def gain(self, x, noise):
        x += 0.1
        return super().gain(x, noise)


class Counts(Gain):
    """Random from elsewhere than torch's generator."""

    calls = 0

    def gain(self, x, noise):
        self.calls += 1
        return super().gain(x, noise) + 0.01 * self.calls


class Detaches(Gain):
    def augment(self, x, noise):
        return super().augment(x.detach(), noise)


class DetachesAll(Detaches):
    def augment(self, x, noise):
        return super().augment(x, noise).detach()


class Numpy(Gain):
    def augment(self, x, noise):
        _, draws = noise
        return torch.as_tensor((1 + self.amount().item() * draws.numpy()) * x.numpy())


class DetachesStrength(Gain):
    def gain(self, x, noise):
        return 1 + self.amount().item() * noise


class Compares(Gain):
    """A chance by comparison: `Choices.taken` has a gradient, this has none."""

    def gain(self, x, noise):
        return 1 - 2 * (noise.abs() < self.amount()).to(x.dtype)


class NoGradientAtZero(Gain):
    def gain(self, x, noise):
        return 1 + (self.amount() * noise * 0).sqrt()


class LooksAtSignals(Gain):
    """Brings all trials to one amplitude, which a chain that fuses would not know."""

    def gain(self, x, noise):
        return 1 + self.amount() * (1 / x.std() - 1)


BROKEN = {
    LooksAtSignals: "compute its operator from the sizes of the signals alone.* Found an operator",
    Shorter: r"return signals of shape \(2, 3, 100\) and dtype torch.float32\. Found .* 99\)",
    FewerChannels: r"return signals of shape \(2, 3, 100\).* Found shape \(2, 2, 100\)",
    Double: r"return signals .* dtype torch.float32\. Found .* dtype torch.float64",
    DrawsItself: "return the same for the same noise.* Found two results",
    Counts: "return the same for the same noise.* Found two results",
    NotAtZero: r"be the identity at zero strength\. Found a change of 0\.\d+",
    InPlace: r"leave its input unchanged\. Found modified signals\.$",
    Detaches: r"be differentiable in the signals\. Found no gradient",
    DetachesAll: r"be differentiable in the signals\. Found no gradient",
    Numpy: r"be differentiable\. Found RuntimeError: Can't call numpy.*[^.]\.$",
    DetachesStrength: r"be differentiable in its strength `amount`\. Found no gradient",
    Compares: r"be differentiable in its strength `amount`\. Found no gradient",
    NoGradientAtZero: r"be differentiable in its strength `amount`\. Found a gradient of NaN",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_rule_is_reported_in_one_line(kind):
    rule = f"^Transform {kind.__name__} should {BROKEN[kind]}"
    with pytest.raises(ValueError, match=rule) as caught:
        check_transform(kind(), X[:2])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(2, 3, 100), (1, 3, 100), (3, 100), (2, 5, 3, 100)])
@pytest.mark.parametrize("learnable", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_of_ours_passes(name, training, learnable, shape):
    transform = TRANSFORMS[name]().train(training)
    for strength in transform.strengths().values():
        strength.requires_grad_(learnable)
    check_transform(transform, torch.randn(shape, generator=torch.Generator().manual_seed(0)))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_signals_of_other_precision_pass(dtype):
    for name in ("TimeShift", "SignFlip", "GaussianNoise", "a user's mixing"):
        check_transform(TRANSFORMS[name](), X.to(dtype))


def test_volts_are_no_smaller_than_other_units():
    check_transform(Gain(), 1e-6 * X)
    with pytest.raises(ValueError, match="the same noise"):
        check_transform(DrawsItself(), 1e-6 * X)


class Hides(Gain):
    """Makes choices, and does not yield them."""

    def noise(self, x, generator=None):
        return draw_choices(x, len(x), generator=generator)

    def gain(self, x, noise):
        return 1 - 2 * noise.taken(self.amount)[:, None, None]


class Yields(Hides):
    def own_choices(self, noise):
        yield noise, self.amount


class YieldsOthers(Hides):
    """Yields choices, but not those made with its strength."""

    def own_choices(self, noise):
        yield noise, Strength(0.2, unit="fraction")


@pytest.mark.parametrize("p", [1.0, Strength(0.5, unit="probability")], ids=["always", "gate"])
@pytest.mark.parametrize("kind", [Hides, YieldsOthers])
def test_choices_that_are_not_yielded_are_reported(kind, p):
    rule = (
        f"^Transform {kind.__name__} should yield the choices made with its strength `amount` in"
        " `own_choices`"
    )
    with pytest.raises(ValueError, match=rule) as caught:
        check_transform(kind(p=p), X)
    assert "\n" not in str(caught.value)
    check_transform(Yields(p=p), X)


class NeverInPart(Yields):
    """Yields its choices, and compares by itself: a mean loss gives no gradient."""

    def gain(self, x, noise):
        return 1 - 2 * (noise.uniform < self.amount()).to(x.dtype)[:, None, None]


def test_choices_that_are_yielded_need_a_gradient_in_part():
    with pytest.raises(ValueError, match="`amount`"):
        check_transform(NeverInPart(), X)


def test_a_frozen_strength_needs_no_gradient():
    check_transform(DetachesStrength(Strength(0.2, unit="fraction", learnable=False)), X)


@pytest.mark.parametrize("build", [lambda: SignFlip(0.3), Compares], ids=["passes", "breaks"])
def test_everything_is_left_as_found(build):
    transform = build().eval()
    (strength,) = transform.strengths().values()
    strength.train()
    strength.raw.grad = torch.tensor(3.0)
    x = X.clone()
    found, state = contents(transform), torch.get_rng_state()
    try:
        check_transform(transform, x)
    except ValueError:
        assert build is Compares
    assert torch.equal(torch.get_rng_state(), state)
    assert contents(transform) == found
    assert strength.raw.grad == 3.0
    assert (transform.training, strength.training) == (False, True)
    assert torch.equal(x, X) and not x.requires_grad


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_checks_where_no_graph_is_built(mode):
    good, broken = Gain(), DetachesStrength()
    with mode():
        check_transform(good, X.clone())
        with pytest.raises(ValueError, match="`amount`"):
            check_transform(broken, X.clone())


@pytest.mark.parametrize(
    ("transform", "x", "error", "match"),
    [
        (nn.Identity(), X, TypeError, "Found Identity"),
        (BATCH_TRANSFORMS["Mixup"](), X, TypeError, "Found Mixup"),
        (Gain(), X.long(), TypeError, r"Found dtype torch\.int64"),
        (Gain(), X / 0, ValueError, "should be finite"),
    ],
)
def test_bad_arguments_are_reported(transform, x, error, match):
    with pytest.raises(error, match=match):
        check_transform(transform, x)


def model_of(augmentation, n_times=100):
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * n_times, 2))
    network.n_chans, network.n_times = 3, n_times
    return InvariantModel(network, augmentation)


@pytest.fixture
def checked(monkeypatch):
    """What is checked from now on: transforms and shapes."""
    calls = []

    def record(transform, x):
        calls.append((type(transform).__name__, tuple(x.shape)))
        check_transform(transform, x)

    monkeypatch.setattr(check, "check_transform", record)
    return calls


def test_a_model_checks_custom_transforms_when_it_is_built(checked):
    model = model_of(Compose([Gain(), FTSurrogate(), AugmentationLayer([Leak(), SignFlip()])]))
    assert checked == [("Gain", (2, 3, 100)), ("Leak", (2, 3, 100))]
    model.eval()(X)
    model.train()(X)
    pickle.loads(pickle.dumps(model))(X)
    copy.deepcopy(model)(X)
    assert len(checked) == 2


@pytest.mark.parametrize("known", ["n_chans", "n_times", None])
def test_nothing_is_checked_where_the_network_has_no_shape(checked, known):
    network = nn.Sequential(nn.Flatten(), nn.Linear(300, 2))
    if known is not None:
        setattr(network, known, {"n_chans": 3, "n_times": 100}[known])
    InvariantModel(network, NotAtZero()).train()(X)
    assert checked == []


def test_a_check_adds_nothing_to_the_state(checked):
    network = nn.Sequential(nn.Flatten(), nn.Linear(300, 2))
    keys = set(InvariantModel(network, Gain()).state_dict())
    assert checked == []
    model = model_of(Gain())
    assert set(model.state_dict()) == keys
    twin = model_of(Gain())
    twin.load_state_dict(model.state_dict())
    assert len(checked) == 2, "another model is checked anew"


def test_a_custom_transform_is_checked_on_its_own_input(checked):
    crop = RandomCrop(100, 0.5, Strength(0.05, high=0.1, unit="s"))
    check.check_custom_transforms(Compose([crop, Compose([Gain()])]), X)
    assert checked == [("Gain", (4, 3, 50))]


@pytest.mark.parametrize("links", [[], [Gain]], ids=["crop", "crop, then a custom transform"])
def test_a_crop_may_precede_a_network_of_known_length(links):
    crop = RandomCrop(100, 0.5, Strength(0.05, high=0.1, unit="s"))
    assert model_of(Compose([crop, *[kind() for kind in links]]), n_times=50)(X).shape == (4, 2)


def test_sequences_of_windows_are_checked(checked):
    check.check_custom_transforms(Gain(), X[:, None].expand(-1, 5, -1, -1))
    assert checked == [("Gain", (4, 5, 3, 100))]


@pytest.mark.parametrize("kind", BROKEN)
def test_a_model_refuses_a_broken_transform_whenever_it_is_built(kind):
    for _ in range(2):
        with pytest.raises(ValueError, match=f"Transform {kind.__name__} should"):
            model_of(Compose([SignFlip(), kind()]))


def test_draws_are_the_same_with_and_without_a_check(checked):
    outputs = []
    for kind in (Gain, type("Ours", (Gain,), {"__module__": "eegaug.transforms.ours"})):
        torch.manual_seed(0)
        model = model_of(kind())
        outputs.append(model(X))
    assert torch.equal(*outputs)
    assert [name for name, _ in checked] == ["Gain"]


def test_signals_with_gaps_are_no_fault_of_the_transform():
    x = X.clone()
    x[0, 0, :10] = torch.nan
    assert model_of(Gain())(x)[1:].isfinite().all()


def test_torch_func_is_not_disturbed(checked):
    model = model_of(Gain())
    parameters = {key: p.detach() for key, p in model.named_parameters()}

    def loss(parameters, x):
        return torch.func.functional_call(model, parameters, x[None]).square().sum()

    per_trial = torch.func.vmap(torch.func.grad(loss), (None, 0), randomness="different")
    assert per_trial(parameters, X)["model.1.weight"].shape == (4, 2, 300)
    assert len(checked) == 1


@pytest.mark.filterwarnings("ignore")  # of torch's own compiler
def test_a_model_compiles_to_one_graph(checked):
    torch.compiler.reset()
    model = model_of(Gain())
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    compiled(X)
    model(X)
    with torch._dynamo.config.patch(error_on_recompile=True):
        compiled(X)
    assert len(checked) == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_draws_of_a_gpu_are_not_disturbed():
    state = torch.cuda.get_rng_state()
    check_transform(GaussianNoise().cuda(), X.cuda())
    assert torch.equal(torch.cuda.get_rng_state(), state)


@pytest.mark.parametrize("amplitude", [0.0, 1e-6, 1e5])
def test_rounding_is_told_from_a_broken_rule_whatever_the_amplitude(amplitude):
    class Filters(Gain):
        """The identity at zero strength, but for the rounding of a Fourier transform."""

        def augment(self, x, noise):
            return torch.fft.irfft(torch.fft.rfft(super().augment(x, noise)), n=x.shape[-1])

    check_transform(Filters(), amplitude * X)


def test_a_strength_behind_a_choice_that_needs_no_gradient_is_looked_at_too():
    class Two(Gain):
        """Its gate comes first, and needs no gradient where choices are whole."""

        def augment(self, x, noise):
            gate, draws = noise
            amount = self.amount() if gate.in_part else self.amount().detach()
            taken = gate.taken(self.p)[:, None, None]
            return x * (1 + amount * draws * taken)

        def strengths(self):
            return dict(reversed(super().strengths().items()))

    with pytest.raises(ValueError, match="yield the choices made with its strength `amount`"):
        check_transform(Two(p=Strength(0.5, unit="probability")), X)
