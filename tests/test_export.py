"""Models for other programs: what is exported predicts what the model predicts."""

import copy
import re
import runpy
from pathlib import Path

import onnxruntime
import pytest
import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    Compose,
    Ensemble,
    FrequencyShift,
    FTSurrogate,
    InvariantModel,
    OneOf,
    TimeReverse,
    TimeShift,
    TimeWarp,
    exportable,
)

from .helpers import SFREQ, signal
from .transforms.table import CANDIDATES, TRANSFORMS

AUGMENTATIONS = {
    **TRANSFORMS,
    "layer": lambda: AugmentationLayer([build() for build in CANDIDATES.values()]),
    "one of": lambda: OneOf([build() for build in CANDIDATES.values()]),
    "chain": lambda: Compose([build() for build in CANDIDATES.values()]),
}
#: Signals that models are exported with, and others.
X, OTHER = signal(2, 3, 64), (signal(5, 3, 64), signal(1, 3, 64))
BATCH = ({0: torch.export.Dim("batch")},)

pytestmark = pytest.mark.filterwarnings("ignore")  # of torch's and ONNX's own exporters


class Network(nn.Module):
    """A network for signals of any length."""

    def __init__(self):
        super().__init__()
        self.filter, self.scores = nn.Conv1d(3, 4, 5), nn.Linear(4, 3)

    def forward(self, x):
        return self.scores(self.filter(x).square().mean(-1))


def model(build, n_copies=3):
    torch.manual_seed(0)
    return InvariantModel(Network(), build(), n_copies).eval()


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_programs_and_traces_predict_what_the_model_does_for_any_batch(name):
    invariant = model(AUGMENTATIONS[name])
    ready = exportable(invariant, X)
    program = torch.export.export(ready, (X,), dynamic_shapes=BATCH).module()
    traced = torch.jit.trace(ready, (X,), check_trace=False)
    for x in (X, *OTHER):
        wanted = invariant(x)
        for found in (ready, program, traced):
            assert torch.allclose(found(x), wanted, atol=1e-5)


class Each(nn.Module):
    """Several models side by side."""

    def __init__(self, models):
        super().__init__()
        self.models = nn.ModuleList(models)

    def forward(self, x):
        return torch.stack([each(x) for each in self.models])


#: Transforms whose operations are all that there are, but for layers.
IN_ONNX = (
    "AmplitudeScale", "BandRotation, jitter", "BandstopFilter", "ChannelsShuffle", "EOGNoise",
    "FrequencyShift", "FTSurrogate", "MaskEncoding", "SensorsRotation", "SmoothTimeMask",
    "TimeReverse", "TimeWarp",
)  # fmt: skip


@pytest.mark.slow
def test_onnx_predicts_what_the_model_does_for_any_batch():
    models = Each([model(AUGMENTATIONS[name], 2) for name in IN_ONNX])
    x, other = signal(2, 3, 75), signal(5, 3, 75)
    program = torch.export.export(exportable(models, x), (x,), dynamic_shapes=BATCH)
    session = onnxruntime.InferenceSession(
        torch.onnx.export(program, dynamo=True, verbose=False).model_proto.SerializeToString()
    )
    (given,) = session.get_inputs()
    for signals in (x, other):
        (found,) = session.run(None, {given.name: signals.numpy()})
        wanted = models(signals)
        for name, one, other in zip(IN_ONNX, torch.tensor(found), wanted, strict=True):
            assert torch.allclose(one, other, atol=1e-4), name


def test_the_models_of_an_average_keep_their_own_draws():
    models = [model(lambda: FTSurrogate(0.5)), Network(), model(lambda: FrequencyShift(SFREQ))]
    models[2].seed = 7
    average = Ensemble(models).eval()
    program = torch.export.export(exportable(average, X), (X,), dynamic_shapes=BATCH)
    for x in OTHER:
        assert torch.allclose(program.module()(x), average(x), atol=1e-5)


def test_a_model_that_predicts_from_signals_as_they_are_has_no_draws():
    plain = model(lambda: TimeShift(SFREQ), n_copies=0)
    ready = exportable(plain, X)
    assert not [name for name, _ in ready.named_buffers() if "draws" in name]
    assert torch.equal(ready(X), plain(X))


def test_dense_outputs_are_moved_back():
    torch.manual_seed(0)
    network = nn.Conv1d(3, 2, 5, padding="same")
    chain = Compose([TimeShift(SFREQ, 0.1), TimeWarp(0.3), TimeReverse()])
    equivariant = InvariantModel(network, chain, equivariant=True).eval()
    program = torch.export.export(exportable(equivariant, X), (X,), dynamic_shapes=BATCH)
    for x in OTHER:
        assert torch.allclose(program.module()(x), equivariant(x), atol=1e-5)


def test_the_model_stays_as_it_is():
    trained = InvariantModel(Network(), FTSurrogate(0.5))
    before = copy.deepcopy(trained.state_dict())
    ready = exportable(trained, X)
    assert trained.training and not ready.training
    assert all(parameter.requires_grad for parameter in trained.parameters())
    assert not any(parameter.requires_grad for parameter in ready.parameters())
    assert before.keys() == trained.state_dict().keys()
    assert {*map(id, ready.parameters())}.isdisjoint(map(id, trained.parameters()))


def test_draws_move_with_the_model():
    double = exportable(model(lambda: FTSurrogate(0.5)), X).double()
    assert double(X.double()).dtype == torch.float64
    with pytest.raises(ValueError, match="drawn for 15 trials of 3 channels and 32 times"):
        double(signal(5, 3, 32).double())


@pytest.mark.parametrize(
    ("given", "x", "error", "match"),
    [
        (lambda: None, X, TypeError, "`model` should be"),
        (lambda: model(lambda: FTSurrogate(0.5)), X.long(), TypeError, "floating-point"),
        (lambda: model(lambda: FTSurrogate(0.5)), X[0], ValueError, "batch dimension"),
        (lambda: Network(), None, TypeError, "floating-point"),
    ],
)
def test_what_cannot_be_exported_is_reported_in_one_line(given, x, error, match):
    with pytest.raises(error, match=match) as caught:
        exportable(given(), x)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_page_on_deployment_runs(tmp_path, monkeypatch):
    text = (Path(__file__).parents[1] / "docs" / "guide" / "deploy.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    monkeypatch.chdir(tmp_path)
    Path("page.py").write_text("\n".join(blocks), encoding="utf-8")
    names = runpy.run_path("page.py")
    wanted = names["model"].eval()(torch.tensor(names["signals"]))
    assert torch.allclose(torch.tensor(names["scores"]), wanted, atol=1e-3)
