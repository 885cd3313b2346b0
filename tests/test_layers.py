import pytest
import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    BreadthCriterion,
    ChannelsDropout,
    ChannelsShuffle,
    Compose,
    FrequencyShift,
    FTSurrogate,
    GainTransform,
    GaussianNoise,
    InvariantModel,
    Mixup,
    RandomCrop,
    SignFlip,
    Strength,
    TimeShift,
    TimeWarp,
    describe,
    policies,
    summary,
    width_penalty,
)

from .transforms_table import CANDIDATES


def theirs():
    """Return a transform of braindecode."""
    from braindecode.augmentation import SignFlip

    return SignFlip(probability=0.5)


X = torch.randn(6, 3, 100, generator=torch.Generator().manual_seed(0))


def test_the_fused_mixture_is_the_sum_of_its_parts():
    layer = AugmentationLayer([build() for build in CANDIDATES.values()]).double()
    layer.logits.data.normal_()
    x = X.double().requires_grad_()
    noise = layer.sample(x)
    probe = torch.randn_like(x)

    def gradients(out):
        parameters = [p for p in layer.parameters() if p.requires_grad]
        return torch.autograd.grad((out * probe).sum(), [x, *parameters])

    fused = layer(x, noise=noise)
    pairs = zip(layer.weights, layer.transforms, noise[1], strict=True)
    one_by_one = sum(weight * transform(x, noise=draw) for weight, transform, draw in pairs)
    assert torch.allclose(fused, one_by_one, atol=1e-10)
    for a, b in zip(gradients(fused), gradients(one_by_one), strict=True):
        assert torch.allclose(a, b, atol=1e-8)


def test_a_layer_draws_white_noise_once():
    layer = AugmentationLayer(
        [GaussianNoise(0.1), TimeShift(100), GaussianNoise(0.3), TimeShift(100)]
    )
    (_, first), (_, shift), (_, second), (_, other) = layer.sample(X)[1]
    assert first is second
    assert not torch.equal(shift, other)


@pytest.mark.parametrize("mixture", [True, False])
def test_evaluation_draws_one_transform_a_trial(mixture):
    layer = AugmentationLayer([SignFlip(1.0), ChannelsDropout(1.0)], mixture=mixture).eval()
    layer.logits.data = torch.tensor([0.0, 1.0])
    out = layer(torch.ones(5000, 2, 4))
    assert set(out.unique().tolist()) == {-1.0, 0.0}, "each trial is flipped or dropped"
    share = (out[:, 0, 0] == -1).float().mean().item()
    assert share == pytest.approx(layer.weights[0].item(), abs=0.02)


def test_one_a_trial_gives_the_weights_a_gradient():
    layer = AugmentationLayer([SignFlip(), TimeShift(100)], mixture=False)
    (layer(X) ** 3).sum().backward()
    assert (layer.logits.grad != 0).all()


def test_compose_applies_in_order():
    chain = Compose([TimeShift(100, 0.3), SignFlip(1.0)])
    noise = chain.sample(X)
    by_hand = chain.augmentations[1](chain.augmentations[0](X, noise=noise[0]), noise=noise[1])
    assert torch.equal(chain(X, noise=noise), by_hand)


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (lambda: AugmentationLayer([]), ValueError, "Found none"),
        (lambda: AugmentationLayer([nn.Identity()]), TypeError, "Found Identity"),
        (lambda: AugmentationLayer([SignFlip()], temperature=0), ValueError, "`temperature`"),
        (lambda: Compose([]), ValueError, "Found none"),
        (lambda: Compose([SignFlip]), TypeError, "Found type"),
        (lambda: Compose([Mixup()]), TypeError, r"Augmentation\. Found Mixup.* before the model"),
        (lambda: Compose([theirs()]), TypeError, r"Found braindecode's SignFlip.*from_braindecode"),
        (lambda: Compose(SignFlip()), TypeError, r"A list of Augmentations .* Found SignFlip"),
        (lambda: InvariantModel(nn.Identity(), nn.Identity()), TypeError, "Found Identity"),
        (lambda: InvariantModel(nn.Identity(), SignFlip(), n_copies=0), ValueError, "`n_copies`"),
        (lambda: InvariantModel(nn.Identity(), SignFlip(), n_copies=1.5), TypeError, "`n_copies`"),
        (lambda: width_penalty(nn.Linear(2, 2)), ValueError, "Found none in Linear"),
        (lambda: BreadthCriterion(nn.MSELoss(), SignFlip(), -1), ValueError, "zero or more"),
    ],
)
def test_bad_arguments_are_told_in_one_line(build, error, match):
    with pytest.raises(error, match=match) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_describe_tells_weights_and_units():
    chain = Compose([AugmentationLayer([SignFlip(), FTSurrogate(0.3)]), FrequencyShift(100, 0.5)])
    choice, alone = describe(InvariantModel(nn.Identity(), chain))
    assert [t["weight"] for t in choice["transforms"]] == [0.5, 0.5]
    assert [t["name"] for t in choice["transforms"]] == ["SignFlip", "FTSurrogate"]
    assert alone["transforms"] == [
        {
            "name": "FrequencyShift",
            "weight": 1.0,
            "strengths": {"max_delta_freq": {"value": 0.5, "unit": "Hz", "low": 0.0, "high": 5.0}},
        }
    ]


def test_summary_has_a_line_a_strength():
    chain = Compose([AugmentationLayer([SignFlip(), FTSurrogate(0.3)]), FrequencyShift(100, 0.5)])
    heading, *lines = summary(InvariantModel(nn.Identity(), chain)).splitlines()
    assert heading.split() == "layer transform weight strength value range unit".split()
    assert [line.split()[:5] for line in lines] == [
        ["1", "SignFlip", "0.50", "p", "0.5"],
        ["1", "FTSurrogate", "0.50", "phase_noise_magnitude", "0.3"],
        ["2", "FrequencyShift", "1.00", "max_delta_freq", "0.5"],
    ]
    assert lines[2].endswith("0 to 5  Hz") and len({line.index(" to ") for line in lines}) == 1
    assert summary(nn.Identity()) == "nothing is learnable"
    with pytest.raises(TypeError, match=r"a trained net is `net.module_`\. Found str"):
        summary("net")


def test_penalty_is_the_norm_of_weights_times_fractions():
    layer = AugmentationLayer([FTSurrogate(0.6), FrequencyShift(100, 4.0)])
    expected = -(((0.5 * 0.6) ** 2 + (0.5 * 0.8) ** 2) ** 0.5)
    assert width_penalty(layer).item() == pytest.approx(expected, abs=0.001)
    both = nn.ModuleList([layer, FTSurrogate(0.25)])
    together = -((expected**2 + 0.25**2) ** 0.5)  # one norm, whatever layer they are of
    assert width_penalty(both).item() == pytest.approx(together, abs=0.001)


def test_criterion_carries_the_penalty_in_training_only():
    model = InvariantModel(nn.Flatten(), FTSurrogate(0.5))
    criterion = BreadthCriterion(nn.MSELoss(), model, weight=0.2)
    outputs = torch.zeros(3)
    assert criterion(outputs, outputs).item() == pytest.approx(-0.1, abs=1e-6)
    model.eval()
    assert criterion(outputs, outputs).item() == 0
    assert list(criterion.parameters()) == []


@pytest.fixture
def model():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(300, 5))
    network.n_chans, network.sfreq = 3, 100.0
    layer = AugmentationLayer([SignFlip(), TimeShift(100), FTSurrogate()])
    return InvariantModel(network, layer, n_copies=8).eval()


def test_predictions_repeat_whatever_the_batch(model):
    together = model(X)
    assert torch.equal(model(X), together)
    assert torch.allclose(model(X[:2]), together[:2], atol=1e-6)
    assert torch.allclose(model(X.flip(0)).flip(0), together, atol=1e-6)


def test_dense_predictions_repeat_whatever_the_batch():
    chain = Compose([TimeShift(100), TimeWarp(0.5), SignFlip()])
    model = InvariantModel(nn.Conv1d(3, 2, 1), chain, n_copies=8, equivariant=True).eval()
    together = model(X)
    assert torch.equal(model(X), together)
    assert torch.allclose(model(X[:2]), together[:2], atol=1e-5)
    assert torch.allclose(model(X.flip(0)).flip(0), together, atol=1e-5)


def test_predictions_do_not_disturb_the_callers_random_numbers(model):
    state = torch.get_rng_state()
    model(X)
    assert torch.equal(torch.get_rng_state(), state)


def test_prediction_is_the_mean_over_copies(model):
    generator = torch.Generator().manual_seed(model.seed)
    copies = X[:1].expand(8, -1, -1)
    noise = model.augmentation.sample(copies, generator)
    by_hand = model.model(model.augmentation(copies, noise=noise)).mean(0)
    assert torch.allclose(model(X[:1])[0], by_hand, atol=1e-6)


def test_training_averages_over_its_own_number_of_copies(model):
    model.n_copies_train = 3
    seen = []
    model.model.register_forward_hook(lambda module, args, out: seen.append(len(args[0])))
    assert model.train()(X).shape == (6, 5)
    assert model.eval()(X).shape == (6, 5)
    assert seen == [3 * 6, 8 * 6]


def test_the_wrapped_models_signal_attributes_are_kept(model):
    assert (model.n_chans, model.sfreq) == (3, 100.0)
    with pytest.raises(AttributeError):
        _ = model.n_outputs


def test_a_wrong_number_of_channels_is_told(model):
    with pytest.raises(ValueError, match=r"should have 3 channels.*Found 2"):
        model(X[:, :2])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("bad", "error", "match"),
    [
        (X[:0], ValueError, "empty tensor"),
        (X[0], ValueError, "batch dimension"),
        (X.numpy(), TypeError, "Found ndarray"),
        (X.long(), TypeError, r"Found dtype torch\.int64"),
    ],
)
def test_input_that_is_no_batch_is_told(model, training, bad, error, match):
    with pytest.raises(error, match=match):
        model.train(training)(bad)


def test_two_transforms_of_one_kind_are_told_apart():
    (layer,) = describe(AugmentationLayer([TimeShift(100, 0.1), SignFlip(), TimeShift(100, 0.9)]))
    names = [transform["name"] for transform in layer["transforms"]]
    assert names == ["TimeShift", "SignFlip", "TimeShift 2"]


@pytest.mark.parametrize("name", policies.POLICIES)
@pytest.mark.parametrize("ch_names", [["Fpz-Cz"], ["C3-A2", "C4-A1", "O1-A2", "EOG"], ["C3", "C4"]])
def test_policies_run_and_learn(name, ch_names):
    policy = policies.POLICIES[name](100, len(ch_names), ch_names)
    out = policy(torch.randn(4, len(ch_names), 300))
    (out.square().mean() + width_penalty(policy)).backward()
    names = [t["name"] for layer in describe(policy) for t in layer["transforms"]]
    assert ("ChannelsShuffle" in names) == (name == "sleep" and len(ch_names) > 1)
    assert ("ChannelsSymmetry" in names) == (name == "sleep" and ch_names == ["C3", "C4"])


def test_a_crop_stands_first_in_a_chain():
    crop = RandomCrop(100, 0.5, Strength(0.05, high=0.1, unit="s"))
    chain = Compose([crop, FTSurrogate(), GaussianNoise()])
    y = torch.arange(100).expand(6, -1)
    out, labels = chain(X, y)
    assert out.shape == (6, 3, 50) and labels.shape == (6, 50)
    noise = chain.sample(X)
    assert torch.equal(chain(X, noise=noise), chain(X, noise=noise))


def test_mixed_precision_leaves_augmentations_exact():
    chain = Compose([ChannelsShuffle(0.0), TimeWarp(0.5)])
    noise = chain.sample(X)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = chain(X, noise=noise)
    assert torch.equal(mixed, chain(X, noise=noise))


def test_choices_do_not_depend_on_whether_a_graph_is_built():
    flip = SignFlip()
    noise = flip.sample(X)
    with torch.no_grad():
        without = flip(X, noise=noise)
    assert torch.equal(without, flip(X, noise=noise))


class Silence(GainTransform):
    """A user's transform with nothing to learn."""

    def gain(self, x, noise):
        return torch.zeros_like(x[:, :1, :1])


def test_a_transform_with_nothing_to_learn_is_no_obstacle():
    assert width_penalty(Silence()) == 0
    layer = AugmentationLayer([Silence(), SignFlip()]).to("meta")
    assert width_penalty(layer).device.type == "meta"
    BreadthCriterion(nn.MSELoss(), InvariantModel(nn.Flatten(), Silence()))
