"""On a GPU: nothing waits for it, steps are captured, and results are those of the CPU."""

import re
from pathlib import Path

import mne
import pytest
import torch
from torch import nn

from eegaug import (
    Compose,
    InvarianceObjective,
    InvariantModel,
    ScoreObjective,
    exportable,
    init_strengths,
    policies,
)

from .helpers import SFREQ, signal
from .transforms.table import BATCH_TRANSFORMS, CANDIDATES, TRANSFORMS

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

INFO = mne.create_info(["F3", "C3", "O1"], SFREQ, "eeg")
POLICIES = {
    f"policy {name}": lambda build=build: init_strengths(build(INFO))
    for name, build in policies.POLICIES.items()
}
CHAIN = {"all in sequence": lambda: Compose([build() for build in CANDIDATES.values()])}
AUGMENTATIONS = TRANSFORMS | POLICIES | CHAIN
SHAPE = (8, 3, 300)


@pytest.fixture(params=AUGMENTATIONS)
def augmentation(request):
    return AUGMENTATIONS[request.param]().cuda()


@pytest.fixture
def unwaited():
    """A function from whose call on every wait for the GPU is an error, until the test ends."""
    yield lambda: torch.cuda.set_sync_debug_mode("error")
    torch.cuda.set_sync_debug_mode("default")


def captured(function):
    """Return the CUDA graph of a function, after a few calls, and what the function returns."""
    stream, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            function()
    with torch.cuda.graph(graph, stream=stream):
        out = function()
    return graph, out


def learned(module):
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def gradients(out, module):
    """Gradients, zero for those of what no trial chose."""
    return torch.autograd.grad(out.square().sum(), learned(module), materialize_grads=True)


def same(found, expected):
    """Whether gradients are the same but for rounding; sums on a GPU have no fixed order."""
    pairs = zip(found, expected, strict=True)
    return all(torch.allclose(a, b.to(a), rtol=1e-3, atol=1e-2) for a, b in pairs)


def test_results_are_those_of_the_cpu(augmentation):
    x = signal(*SHAPE)
    draw = augmentation.sample(x.cuda())
    found = augmentation(x.cuda(), draw=draw)
    slopes = gradients(found, augmentation)
    expected = augmentation.cpu()(x, draw=draw.to("cpu"))
    assert torch.allclose(found.cpu(), expected, atol=1e-3)
    assert same(slopes, gradients(expected, augmentation))


@pytest.mark.parametrize("training", [True, False])
def test_nothing_waits(augmentation, training, unwaited):
    x = signal(*SHAPE).cuda().requires_grad_()
    augmentation.train(training)
    for waits_are_errors in (False, True):
        if waits_are_errors:
            unwaited()
        augmentation(x).square().sum().backward()


@pytest.mark.parametrize("name", BATCH_TRANSFORMS)
def test_nothing_waits_where_trials_are_mixed(name, unwaited):
    x, y = signal(*SHAPE).cuda().requires_grad_(), torch.arange(8, device="cuda") % 3
    mix = BATCH_TRANSFORMS[name]().cuda()
    for waits_are_errors in (False, True):
        if waits_are_errors:
            unwaited()
        mix(x, y)[0].square().sum().backward()


def test_a_capture_replays_the_draw_on_other_signals(augmentation):
    held, other = signal(*SHAPE).cuda(), signal(*SHAPE, seed=1).cuda()
    draw = augmentation.sample(held)

    def step():
        out = augmentation(held, draw=draw)
        return out.detach(), gradients(out, augmentation)

    graph, (found, slopes) = captured(step)
    held.copy_(other)
    graph.replay()
    expected = augmentation(other, draw=draw)
    assert torch.allclose(found, expected, atol=1e-5)
    assert same(slopes, gradients(expected, augmentation))


def test_a_capture_draws_anew(augmentation):
    x = signal(64, *SHAPE[1:]).cuda()
    graph, out = captured(lambda: augmentation(x).detach())
    outputs = []
    for _ in range(2):
        graph.replay()
        outputs.append(out.clone())
    assert not torch.equal(*outputs)


def test_half_precision_around_it_changes_nothing(augmentation):
    x = signal(*SHAPE).cuda()
    draw = augmentation.sample(x)
    with torch.autocast("cuda", dtype=torch.bfloat16):
        found = augmentation(x, draw=draw)
    assert found.dtype == torch.float32
    assert torch.allclose(found, augmentation(x, draw=draw), atol=1e-5)


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(3, 8, 11), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 3)
    )


def objective_of(kind, policy):
    model = InvariantModel(network(), POLICIES[f"policy {policy}"]())
    return kind(model.cuda(), nn.CrossEntropyLoss())


OBJECTIVES = [(InvarianceObjective, "chain"), (ScoreObjective, "one_of")]


@pytest.mark.parametrize(("kind", "policy"), OBJECTIVES)
@pytest.mark.parametrize("mixed", [False, True])
def test_training_does_not_wait(kind, policy, mixed, unwaited):
    objective = objective_of(kind, policy)
    optimizer = torch.optim.Adam(objective.parameters(), fused=True)
    x, y = signal(32, 3, 300).cuda(), torch.arange(32, device="cuda") % 3
    for number in range(8):
        if number == 4:
            unwaited()
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=mixed):
            loss = objective(x, y)
        loss.backward()
        optimizer.step()
    torch.cuda.set_sync_debug_mode("default")
    assert loss.isfinite()


@pytest.mark.parametrize(("kind", "policy"), OBJECTIVES)
def test_training_is_captured(kind, policy):
    """Four steps as one graph, for the objective that learns at one of four."""
    objective = objective_of(kind, policy)
    optimizer = torch.optim.Adam(objective.parameters(), lr=0.01, capturable=True)
    x = signal(32, 3, 300).cuda()
    y = (x.square().mean((1, 2)) > 1).long()

    def cycle():
        for _ in range(4):
            optimizer.zero_grad(set_to_none=True)
            loss = objective(x, y)
            loss.backward()
            optimizer.step()
        return loss.detach()

    graph, loss = captured(cycle)
    widths = torch.cat([w.reshape(-1) for w in objective.model.augmentation.widths()]).clone()
    losses = []
    for _ in range(60):
        graph.replay()
        losses.append(loss.item())
    assert sum(losses[-10:]) < sum(losses[:10])
    now = torch.cat([w.reshape(-1) for w in objective.model.augmentation.widths()])
    assert now.isfinite().all()
    assert not torch.equal(now, widths), "the strengths learn"


@pytest.mark.parametrize("policy", POLICIES)
def test_predictions_are_captured_by_their_exportable_model(policy):
    model = InvariantModel(network(), POLICIES[policy]()).cuda().eval()
    held, other = signal(*SHAPE).cuda(), signal(*SHAPE, seed=1).cuda()
    fixed = exportable(model, held)
    graph, out = captured(lambda: fixed(held).detach())
    held.copy_(other)
    graph.replay()
    assert torch.allclose(out, model(other), atol=1e-5)


@pytest.mark.filterwarnings("ignore")  # of torch's own compiler
@pytest.mark.parametrize(("kind", "policy"), OBJECTIVES)
def test_an_objective_compiles_to_one_graph(kind, policy):
    torch.compiler.reset()
    objective = objective_of(kind, policy)
    x, y = signal(32, 3, 300).cuda(), torch.arange(32, device="cuda") % 3
    compiled = torch.compile(objective, fullgraph=True)
    for number in range(12):
        with torch._dynamo.config.patch(error_on_recompile=number >= 4):
            compiled(x, y).backward()
    assert all(p.grad.isfinite().all() for p in objective.parameters() if p.grad is not None)


@pytest.mark.filterwarnings("ignore")  # of torch's own compiler
def test_the_page_on_gpus_runs():
    torch.compiler.reset()
    text = (Path(__file__).parents[1] / "docs" / "guide" / "gpu.md").read_text(encoding="utf-8")
    names = {}
    exec("\n".join(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)), names)
    assert names["loss"].isfinite()
    out, expected = (names[name](names["x"][0]) for name in ("ready", "averaging"))
    assert torch.allclose(out, expected, atol=1e-4)
