"""Training and its result: invariances, confidence, model file."""

import html
import json
from dataclasses import replace
from math import nan

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn

from eegaug import (
    AugmentationLayer,
    Ensemble,
    InvarianceObjective,
    InvariantModel,
    LearnedStrength,
    ScoreObjective,
    Strength,
    __version__,
    learned_strengths,
    plots,
)
from eegaug.inspect.records import as_json
from eegaug.recordings import (
    make_event_windows,
    make_sleep_windows,
    simulate_motor_imagery,
    simulate_nights,
    split_by_subject,
)
from eegaug.strength import START
from eegaug.study import Settings, learn, load_model, save_model, write_report
from eegaug.study.fit import fit_augmented, fit_recombined
from eegaug.study.gain import Gain
from eegaug.study.learning import _gain as gain_of
from eegaug.study.result import is_inactive
from eegaug.study.tasks import TASKS

#: A strength in the state of a model.
RAW = "augmentation.augmentations.1.max_shift.raw"
#: A training that is over soon.
QUICK = Settings(epochs=1, batch_size=16, n_networks=1, device="cpu")


@pytest.fixture(scope="module")
def learned(windows):
    settings = Settings(policy="sleep", n_networks=5, epochs=3, batch_size=16, device="cpu")
    return learn(windows, settings, test=["sim01"])


@pytest.fixture(scope="module")
def knowing(learned):
    """The same, had it learned its task: three epochs leave the network at chance."""
    return replace(learned, y_pred={**learned.y_pred, "augmented": learned.y_true})


@pytest.fixture(scope="module")
def alone(windows):
    """The only network, which learned what the data are invariant to."""
    settings = Settings(objective="invariance", n_networks=1, epochs=1, batch_size=16, device="cpu")
    return learn(windows, settings, test=["sim01"])


def test_invariances_are_laid_out_as_agreed(learned):
    found = json.loads(json.dumps(learned.invariances()))
    assert found["eegaug"] == __version__
    assert [len(layer["transforms"]) for layer in found["layers"]] == [3, 5, 5]
    shift = found["layers"][1]["transforms"][-1]
    assert shift["name"] == "FrequencyShift"
    assert 0 <= shift["weight"] <= 1
    assert set(shift["strengths"]["max_delta_freq"]) == {"value", "unit", "low", "high"}
    assert shift["strengths"]["max_delta_freq"]["unit"] == "Hz"
    assert 0 <= found["scores"]["balanced_accuracy"] <= 1
    assert set(found["scores"]) == set(found["scores_without_augmentation"])
    assert found["training"]["model"] == "SleepStagerChambon2018" and found["task"] == "sleep"
    assert found["data"]["labels"] == ["W", "N1", "N2", "N3", "REM"]
    assert torch.__version__.startswith(found["environment"]["torch"])
    assert found["environment"]["threads"] == torch.get_num_threads()


@pytest.mark.parametrize(
    ("weight", "value", "inactive"), [(1.0, 0.5, False), (0.01, 0.5, True), (1.0, 0.01, True)]
)
def test_transforms_that_do_next_to_nothing_are_inactive(weight, value, inactive):
    record = LearnedStrength(1, "FrequencyShift", weight, "max", value, "Hz", 0.0, 5.0)
    assert is_inactive([record]) == inactive


def test_the_network_learns_and_the_strengths_move(learned):
    losses = learned.net.history[:, "valid_loss"]
    assert min(losses) < losses[0]
    moved = [
        strength["value"]
        for layer in learned.invariances()["layers"]
        for transform in layer["transforms"]
        if transform["name"] == "FTSurrogate"
        for strength in transform["strengths"].values()
    ]
    assert all(value != 0.5 for value in moved)


def test_every_strength_has_its_confidence(learned, knowing):
    found = json.loads(json.dumps(knowing.invariances()))
    strengths = [
        (number, transform["name"], name)
        for number, layer in enumerate(found["layers"], 1)
        for transform in layer["transforms"]
        for name in transform["strengths"]
    ]
    trust = found["trust"]["strengths"]
    assert [(each["layer"], each["transform"], each["strength"]) for each in trust] == strengths
    verdicts = {"bounded", "ruled out", "free", "not determined", "too wide"}
    assert {each["verdict"] for each in trust} <= verdicts
    assert [each["layer"] for each in found["trust"]["candidates"]] == [1, 2, 3]
    table = learned.confidence_table()
    assert len(table) == len(strengths) and "restarts" not in table
    shown = table.set_index(["layer", "transform", "strength"])["late epochs"]
    last = learned.net.history[-1, "layer 1 SignFlip p (probability)"]
    assert shown[1, "SignFlip", "p"] == f"{last:.3g} to {last:.3g}", "a quarter of three epochs"


@pytest.mark.parametrize(
    ("verdict", "caveat"),
    [
        ("bounded", None),
        ("not determined", "is not determined by the data. Why"),
        ("too wide", "is too wide for windows not trained on. Why"),
    ],
)
def test_verdicts_that_stand_against_an_answer_are_caveats(knowing, verdict, caveat):
    profile = replace(knowing.profiles[0], verdict=verdict, reason="Why.")
    strengths = [record for record in knowing.strengths if record.name][:1]
    found = replace(knowing, strengths=strengths, profiles=[profile], comparisons=[]).caveats()
    assert (caveat is None and not found) or (len(found) == 1 and caveat in found[0])


def test_a_second_choice_that_does_as_well_is_a_caveat_with_its_change(knowing):
    close = replace(knowing.comparisons[0], excess=1.2e-4, error=2.3e-4)
    found = replace(knowing, comparisons=[close]).caveats()
    assert found[-1].endswith("does as well: it changes the loss by +0.00012 ± 0.00023.")


@pytest.mark.slow
def test_restarts_show_whether_answers_agree(windows):
    again = learn(windows, QUICK, test=["sim01"], restarts=1)
    other = learn(windows, replace(QUICK, seed=1), test=["sim01"])
    same_split = again.split.how == other.split.how
    assert not same_split or as_json(again.restarts[0]) == other.invariances()["layers"]
    assert len(again.restarts) == 1
    values = again.confidence_table()["restarts"]
    assert all(" to " in value for value in values)
    again.restarts[0][2] = replace(again.restarts[0][2], value=5.0)
    knowing = replace(again, y_pred={"augmented": again.y_true})
    assert any("differs between restarts" in caveat for caveat in knowing.caveats())
    with pytest.raises(ValueError, match=r"`restarts` should be an integer from 0\. Found -1"):
        learn(windows, QUICK, restarts=-1)


@pytest.mark.slow
def test_a_training_that_becomes_nan_keeps_what_it_had(windows, monkeypatch):
    """One window is not a number: the loss is not, as soon as it is drawn."""
    original = InvariantModel.forward
    steps = []

    def forward(model, x, draw=None):
        outputs = original(model, x, draw)
        if not model.training:
            return outputs
        steps.append(len(x))
        return outputs * torch.nan if sum(steps) > 1.5 * trained else outputs

    settings = replace(QUICK, epochs=4, objective="invariance")
    trained = len(learn(windows, settings, test=["sim01"]).split.train)
    monkeypatch.setattr(InvariantModel, "forward", forward)
    with pytest.warns(UserWarning, match="loss became nan in epoch 2"):
        learned = learn(windows, settings, test=["sim01"])
    (stopped,) = [warning for warning in learned.warnings() if "training stopped" in warning]
    assert "the parameters of epoch 1 were kept" in stopped
    assert len(learned.net.history) == learned.best_epoch == 1
    assert all(np.isfinite(score) for score in learned.scores()["balanced_accuracy"])


def test_the_kept_epoch_is_the_one_that_validates_best(learned, windows):
    best = learned.net.history[learned.best_epoch - 1]
    X, y = windows.X[learned.split.valid], windows.y[learned.split.valid]
    recalls = [np.mean(learned.net.predict(X)[y == code] == code) for code in np.unique(y)]
    assert np.mean(recalls) == pytest.approx(best["valid_balanced_accuracy"])


def test_an_earlier_epoch_is_kept_where_later_ones_validate_worse(windows):
    """Validated by wrong labels, a network does worse the more it has learned."""
    split = split_by_subject(windows.y, windows.subjects, ["sim01"], QUICK.seed)
    metadata = windows.metadata.copy()
    of_next = dict(zip(windows.labels, np.roll(windows.labels, 1), strict=True))
    metadata.loc[split.valid, "label"] = metadata.loc[split.valid, "label"].map(of_next)
    wrong, settings = replace(windows, metadata=metadata), replace(QUICK, lr=0.01)
    long = fit_augmented(wrong, split, replace(settings, epochs=6))
    best = int(np.argmin(long.history[:, "valid_loss"])) + 1
    assert best < 6
    short = fit_augmented(wrong, split, replace(settings, epochs=best))
    for first, kept in zip(short.module_.parameters(), long.module_.parameters(), strict=True):
        assert torch.equal(first, kept)


def test_strengths_learn_from_narrow_ones(windows):
    split = split_by_subject(windows.y, windows.subjects, ["sim01"], QUICK.seed)
    net = fit_augmented(windows, split, replace(QUICK, strength_lr=1e-9))
    fractions = [record.fraction for record in learned_strengths(net.module_)]
    assert fractions == pytest.approx([START] * len(fractions), abs=1e-5)


def test_what_test_windows_hold_changes_nothing_that_is_trained(windows):
    settings = Settings(epochs=1, batch_size=16, n_networks=3, device="cpu")
    found = learn(windows, settings, test=["sim01"])
    tested = windows.subjects == "sim01"
    X, metadata = windows.X.copy(), windows.metadata.copy()
    X[tested] = np.random.default_rng(0).standard_normal(X[tested].shape)
    metadata.loc[tested, "label"] = (
        metadata.loc[tested, "label"].sample(frac=1, random_state=0).array
    )
    other = learn(replace(windows, X=X, metadata=metadata), settings, test=["sim01"])
    assert (other.y_true != found.y_true).any(), "the test is another"
    for name, model in found.models.items():
        states = model.state_dict(), other.models[name].state_dict()
        assert all(torch.equal(value, states[1][key]) for key, value in states[0].items()), name


# -- networks with and without augmentation ------------------------------------------------


def test_networks_repeat_without_augmentation_learning_and_recombined(learned, windows):
    names = ["without augmentation", "learning", "network 3, recombined", "network 4, without"]
    assert list(learned.seconds) == [*names, "network 5, as learned"]
    networks = list(learned.models["augmented"].models)
    assert networks[:2] == [learned.models["baseline"], learned.net.module_]
    assert [isinstance(each, InvariantModel) for each in networks] == [0, 1, 0, 0, 1]
    inner = [each.model if isinstance(each, InvariantModel) else each for each in networks]
    for starts in zip(*(each.parameters() for each in inner), strict=True):
        if starts[0].ndim > 1:
            assert len({each.detach().numpy().tobytes() for each in starts}) == 5, "other starts"
    X = torch.as_tensor(windows.X[learned.split.test])
    with torch.no_grad():
        shares = torch.stack([each.eval()(X).softmax(1) for each in networks])
    assert learned.y_pred["augmented"].tolist() == shares.mean(0).argmax(1).tolist()
    assert learned.y_pred["baseline"].tolist() == shares[0].argmax(1).tolist()


def test_the_fifth_network_takes_the_strengths_as_they_are(learned):
    learning, follower = (learned.models["augmented"].models[each] for each in (1, 4))
    pairs = list(zip(learning.modules(), follower.modules(), strict=True))
    strengths = [pair for pair in pairs if isinstance(pair[0], Strength)]
    layers = [pair for pair in pairs if isinstance(pair[0], AugmentationLayer)]
    assert (len(strengths), len(layers)) == (13, 3)
    assert all(torch.equal(mine.value, taken.value) for mine, taken in strengths)
    assert all(torch.equal(mine.logits, taken.logits) for mine, taken in layers)
    assert all(each.requires_grad for each in learning.parameters())
    assert not any(each.requires_grad for each in follower.augmentation.parameters())


def test_a_recombined_network_sees_rebuilt_windows_in_training_alone(windows):
    split = split_by_subject(windows.y, windows.subjects, ["sim01"], QUICK.seed)
    own = {x.tobytes() for x in windows.X}
    seen = {True: [], False: []}

    def record(module, inputs):
        if type(module).__name__ == QUICK.model and inputs[0].any():  # no probe of its shape
            seen[module.training] += [x.numpy().tobytes() in own for x in inputs[0]]

    with nn.modules.module.register_module_forward_pre_hook(record):
        fit_recombined(windows, split, QUICK)
    assert 0.25 <= np.mean(seen[True]) < 0.5, "a quarter is as it was, alone in its class or not"
    assert seen[False] and all(seen[False])


def test_a_network_that_learns_alone_is_not_compared(alone):
    assert list(alone.models) == list(alone.y_pred) == ["augmented"]
    assert list(alone.seconds) == ["learning"]
    assert alone.model is alone.net.module_
    assert alone.gain is None and alone.validation is None and not alone.is_off
    assert alone.verdict == "Not compared with a network without augmentation."
    assert "gain" not in alone.invariances()


def test_one_network_is_compared_on_demand(windows):
    compared = learn(windows, QUICK, test=["sim01"], compare=True)
    assert list(compared.seconds) == ["without augmentation", "learning"]
    assert compared.models["augmented"] is compared.net.module_
    assert set(compared.y_pred) == {"augmented", "baseline"}
    assert compared.gain.people == ("sim01",) and compared.validation is not None


def test_the_objective_is_that_of_the_settings(learned, alone):
    assert type(learned.net.objective_) is ScoreObjective
    assert learned.net.module_.n_copies == 0
    assert type(alone.net.objective_) is InvarianceObjective
    assert alone.net.module_.n_copies == 4


class Says(nn.Module):
    """A network that gives these labels, one after the other."""

    def __init__(self, labels):
        super().__init__()
        self.labels = iter(labels.tolist())

    def forward(self, x):
        given = torch.tensor([next(self.labels) for _ in x])
        return nn.functional.one_hot(given, 5).float()


def test_the_gain_is_that_of_the_augmented_model(windows):
    index = np.arange(len(windows.y))[::2]
    y = windows.y[index]
    models = {"augmented": Says(y), "baseline": Says(np.zeros_like(y))}
    gain = gain_of(models, windows, index, QUICK)
    present = [len(np.unique(y[windows.subjects[index] == name])) for name in gain.people]
    assert gain.people == ("sim00", "sim01", "sim02")
    assert gain.before == pytest.approx(1 / np.array(present)), "the balanced accuracy of a guess"
    assert gain.after.tolist() == [1, 1, 1]


def test_augmentation_is_judged_on_people_that_are_not_tested(learned, windows):
    valid = set(windows.subjects[learned.split.valid].tolist())
    assert set(learned.validation.people) == valid
    assert not valid & set(learned.gain.people)


#: What validation may say: of the subjects' scores, with an error of 0.02.
HARM, LITTLE_HARM = -0.05, -0.03


def validated(learned, mean):
    gain = Gain(("sim02",), np.array([0.6]), np.array([0.6 + mean]), 0.02)
    return replace(learned, validation=gain)


def switched_off(learned):
    return validated(learned, HARM)


def predicting(learned, n_wrong_before, n_wrong_after):
    """The same, with so many wrong predictions of the networks for the test windows."""
    y_pred = {}
    for name, n_wrong in (("baseline", n_wrong_before), ("augmented", n_wrong_after)):
        y_pred[name] = learned.y_true.copy()
        y_pred[name][:n_wrong] = (y_pred[name][:n_wrong] + 1) % 5
    return replace(learned, y_pred=y_pred)


def test_augmentation_that_harms_in_validation_is_switched_off(learned):
    on, off = validated(learned, LITTLE_HARM), switched_off(learned)
    assert not on.is_off and on.model is learned.models["augmented"]
    assert off.is_off and off.model is learned.models["baseline"]
    found = predicting(off, 10, 0)
    assert found.verdict.startswith(
        "Augmentation was switched off: -0.050 ± 0.020 on the subjects validated on"
        f" (balanced accuracy {found.gain.mean:+.3f}"
    )
    assert json.loads(json.dumps(found.invariances()))["gain"]["switched_off"] is True
    free = replace(learned.profiles[0], verdict="free")
    verdicts = [
        each.invariances()["trust"]["strengths"][0]["verdict"]
        for each in (
            replace(predicting(one, 0, 0), profiles=[free, *learned.profiles[1:]])
            for one in (on, off)
        )
    ]
    assert verdicts == ["free", "costs others"]


@pytest.mark.parametrize(
    ("n_wrong", "says"),
    [((30, 0), "helps"), ((0, 30), "harms"), ((30, 30), "makes no clear difference")],
)
def test_the_verdict_is_of_the_tested_subjects(learned, n_wrong, says):
    found = predicting(validated(learned, 0.0), *n_wrong)
    gain = found.gain
    scores = found.scores()["balanced_accuracy"]
    assert gain.mean == pytest.approx(scores["augmented"] - scores["baseline"])
    assert found.verdict == (
        f"Augmentation {says}: balanced accuracy {gain.mean:+.3f} ± {gain.error:.3f} on the tested"
        f" subjects, {int(says == 'harms')} of 1 lose."
    )


def test_what_an_error_rests_on_is_told_of_each_comparison(learned):
    note = "1 person to compare, so the error is taken over trials"
    told = [each for each in learned.warnings() if note in each]
    assert [each.split(":")[0] for each in told] == ["Subjects validated on", "Tested subjects"]


def test_there_is_no_verdict_at_chance(learned):
    at_chance = np.resize([0, 1, 2, 3, 4], len(learned.y_true))
    chance = replace(learned, y_pred={"augmented": at_chance, "baseline": at_chance})
    assert chance.verdict == "No verdict: no network is above chance."
    for name in chance.y_pred:
        knowing = replace(chance, y_pred={**chance.y_pred, name: learned.y_true})
        assert knowing.verdict.startswith("Augmentation"), name


@pytest.mark.slow
def test_strengths_of_a_network_at_chance_have_no_verdict(learned, knowing, tmp_path, monkeypatch):
    at_chance = np.resize([0, 1, 2, 3, 4], len(learned.y_true))
    found = replace(learned, y_pred={**learned.y_pred, "augmented": at_chance})
    assert "at chance" not in set(knowing.table()["verdict"])
    for table in (found.table(), found.confidence_table()):
        assert set(table["verdict"]) == {"at chance"}
    trust = found.invariances()["trust"]
    assert {each["verdict"] for each in trust["strengths"]} == {"at chance"}
    assert trust["caveats"] == []
    drawn = []
    monkeypatch.setattr(plots, "plot_profiles", lambda given: drawn.append(given) or plt.figure())
    for each, says in ((found, True), (knowing, False)):
        write_report(each, tmp_path / "report.html")
        report = (tmp_path / "report.html").read_text()
        assert ("The network is at chance: its strengths mean nothing." in report) is says
        assert ("was made invariant to" not in report) is says
        assert ("Effectively inactive" not in report) is says
        assert ("<i>Bounded</i>" not in report) is says, "no legend of verdicts, and no reasons"
        assert all((each.reason not in report) is says for each in knowing.judged if each.reason)
        assert [profile.verdict for profile in drawn.pop()] == each.table()["verdict"].tolist()
    caveats = [html.escape(caveat) for caveat in knowing.caveats()]
    assert caveats and all(report.count(caveat) == 1 for caveat in caveats), "in one place"


def test_there_is_no_verdict_without_anybody_to_compare(learned):
    """Of windows of one label, a score of a person is all or nothing."""
    one_label = learned.split.test[learned.y_true == learned.y_true[0]]
    alike = replace(learned, split=replace(learned.split, test=one_label))
    alike = predicting(validated(alike, 0.0), 0, 0)
    assert alike.verdict == "No verdict: no tested subject has more than one label."
    assert json.dumps(alike.gain.as_json(), allow_nan=False)
    assert "Tested subjects: sim01 left out, with one label only." in alike.warnings()


@pytest.mark.slow
def test_the_verdict_and_the_gain_are_written(learned, tmp_path):
    found = json.loads(json.dumps(learned.invariances(), allow_nan=False))
    assert found["verdict"] == learned.verdict
    assert found["gain"]["score"] == "balanced_accuracy"
    assert found["gain"]["switched_off"] == learned.is_off
    assert found["gain"]["tested"] == learned.gain.as_json()
    assert found["gain"]["validated"] == learned.validation.as_json()
    assert (found["training"]["objective"], found["training"]["n_networks"]) == ("score", 5)
    write_report(learned, tmp_path / "report.html")
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert learned.verdict in report and "Gain of each subject" in report
    assert "The model averages 5 networks" in report
    write_report(switched_off(learned), tmp_path / "off.html")
    assert "The model averages" not in (tmp_path / "off.html").read_text(encoding="utf-8")


def test_the_order_of_recordings_changes_nothing(nights):
    """Sums of other batches differ by rounding, which a training amplifies."""
    settings = replace(QUICK, policy="general")
    one, other = (
        learn(make_sleep_windows(each), settings, test=["sim01"]) for each in (nights, nights[::-1])
    )
    assert [record.value for record in one.strengths] == [each.value for each in other.strengths]
    assert one.profiles == other.profiles
    assert one.scores_by_subject().equals(other.scores_by_subject())


def test_the_order_of_the_recordings_of_a_subject_changes_nothing():
    """The last of their windows are tested on, and run 10 comes after run 2."""
    settings = Settings(TASKS["events"], epochs=1, n_networks=1, device="cpu")
    tested = []
    for order in ([2, 10], [10, 2]):
        runs = [simulate_motor_imagery(1, 12, seed=number)[0] for number in order]
        runs = [replace(run, name=f"run{n}") for run, n in zip(runs, order, strict=True)]
        learned = learn(make_event_windows(runs, ["T1", "T2"]), settings)
        tested.append(learned.windows.metadata.iloc[learned.split.test])
    assert tested[0].equals(tested[1].set_index(tested[0].index))
    assert set(tested[0]["recording"]) == {"run10"}


# -- model files, data and trainings that do not do ----------------------------------------


def test_a_saved_model_predicts_the_same(learned, alone, windows, tmp_path):
    save_model(validated(learned, 0.0), tmp_path / "model.pt")
    saved = torch.load(tmp_path / "model.pt", weights_only=True)
    assert saved["ch_names"] == ["Fpz-Cz", "Pz-Oz"] and saved["labels"][4] == "REM"
    x = torch.as_tensor(windows.X[:4])
    with torch.no_grad():
        model, trained = load_model(tmp_path / "model.pt"), learned.models["augmented"].eval()
        assert isinstance(model, Ensemble) and torch.equal(model(x), trained(x))
        save_model(alone, tmp_path / "alone.pt")
        model, trained = load_model(tmp_path / "alone.pt"), alone.net.module_.eval()
        assert isinstance(model, InvariantModel) and torch.equal(model(x), trained(x))
        save_model(switched_off(learned), tmp_path / "off.pt")
        model, trained = load_model(tmp_path / "off.pt"), learned.models["baseline"].eval()
        assert not isinstance(model, (Ensemble, InvariantModel))
        assert torch.equal(model(x), trained(x))


@pytest.mark.parametrize("n_copies", [0, 3])
def test_a_loaded_model_has_as_many_copies_as_the_saved(alone, n_copies, tmp_path):
    settings = replace(alone.settings, n_copies=n_copies)
    save_model(replace(alone, settings=settings), tmp_path / "model.pt")
    assert load_model(tmp_path / "model.pt").n_copies == n_copies


def test_another_model_file_is_an_error(learned, tmp_path):
    torch.save(learned.net.module_.state_dict(), tmp_path / "mine.pt")
    with pytest.raises(ValueError, match=r"mine\.pt: not the model\.pt of `eegaug learn`"):
        load_model(tmp_path / "mine.pt")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda saved: saved.update(eegaug="99.0"), "written by eegaug 99.0, which is newer than"),
        (lambda saved: saved.update(eegaug="ninety"), "damaged (Invalid version: 'ninety')"),
        (lambda saved: saved.update(n_times="many"), "damaged: its `n_times` is a str"),
        (lambda saved: saved.update(cutting=None), "damaged: its `cutting` is a NoneType"),
        (lambda saved: saved.update(networks=[]), "damaged, or written with another version of"),
        (lambda saved: saved.update(n_times=10), "damaged, or written with another version of"),
        (lambda saved: saved.update(model="Nothing"), "braindecode has no model named 'Nothing'"),
        (lambda saved: saved["positions"].pop(), "damaged, or written with another version of"),
        (lambda saved: saved["networks"][0].clear(), "('augmented')"),
        (
            lambda saved: saved["networks"][0]["state_dict"][RAW].fill_(nan),
            f"damaged: {RAW} is not finite.",
        ),
    ],
)
def test_a_model_file_that_does_not_do_gives_one_line(alone, tmp_path, change, says):
    path = tmp_path / "model.pt"
    save_model(alone, path)
    saved = torch.load(path, weights_only=True)
    change(saved)
    torch.save(saved, path)
    with pytest.raises(ValueError) as caught:
        load_model(path)
    assert str(caught.value).startswith(f"{path}: ") and says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_model_file_gives_one_line(alone, tmp_path):
    path, rng = tmp_path / "model.pt", np.random.default_rng(0)
    save_model(alone, path)
    whole = path.read_bytes()
    places = rng.integers(0, len(whole), 60)
    damaged = [whole[:place] for place in places[:20]]
    damaged += [whole[:place] + rng.bytes(8) + whole[place + 8 :] for place in places[20:]]
    true, refused = load_model(path).state_dict(), 0
    for content in [b"", b"PK", b"\x80\x02.", *damaged]:
        path.write_bytes(content)
        try:
            state = load_model(path).state_dict()
        except ValueError as error:
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
            refused += 1
        else:  # bytes that matter to nobody, as those between two entries
            assert all(torch.equal(state[name], value) for name, value in true.items())
    assert refused > 50


def test_unlabelled_windows_are_not_learned_from(windows):
    unscored = make_sleep_windows(simulate_nights(2, hours=0.1), scored=False)
    with pytest.raises(ValueError, match=r"labelled to learn from them\. Found 24 without a stage"):
        learn(unscored)


def test_training_leaves_the_callers_random_numbers_alone(windows):
    state = torch.get_rng_state()
    learn(windows, replace(QUICK, n_networks=3))
    assert torch.equal(torch.get_rng_state(), state)


def test_another_model_of_braindecode(windows):
    settings = replace(QUICK, model="ShallowFBCSPNet")
    assert learn(windows, settings).scores().shape == (1, 4)


def test_a_model_without_one_output_per_label_is_refused(windows):
    with pytest.raises(ValueError, match=r"Model TCN should give one output .*Found \(2, 5"):
        learn(windows, replace(QUICK, model="TCN"))


def test_a_model_that_cannot_take_the_windows_is_refused(windows):
    with pytest.raises(ValueError, match=r"Model SignalJEPA cannot take .*chs_info"):
        learn(windows, replace(QUICK, model="SignalJEPA"))


def test_stages_that_are_not_trained_are_not_validated_on(windows):
    """With a batch of such a stage alone, the weighted loss would be zero by zero."""
    settings = replace(QUICK, batch_size=1)
    for seed in range(2):
        subjects = windows.subjects
        y = windows.y
        original = y.copy()
        try:
            y[(subjects == "sim01") & (y == 0)] = 4  # a stage of one person's own
            y[(subjects != "sim01") & (y == 4)] = 0
            learned = learn(windows, settings, test=["sim00"])
        finally:
            y[:] = original
        assert np.isfinite(learned.net.history[:, "valid_loss"]).all(), seed


def test_a_training_that_diverges_is_an_error(windows):
    stopped = pytest.warns(UserWarning, match="in epoch 1: training stopped, and the first")
    with stopped, pytest.raises(ValueError, match="training diverged"):
        learn(windows, replace(QUICK, lr=1e30))


#: What is said of a network that gives one label throughout.
NOTHING = "it learned nothing"
NOR_STRENGTHS = f"{NOTHING}, and neither did its strengths"


@pytest.mark.parametrize(
    ("constant", "told"),
    [
        (["augmented"], [f"{NOR_STRENGTHS}. Try a smaller --reward-weight."]),
        (["baseline"], [f"{NOTHING}."]),
        (["augmented", "baseline"], [f"{NOR_STRENGTHS}.", f"{NOTHING}."]),
    ],
)
def test_a_smaller_reward_is_for_strengths_that_keep_a_network_from_learning(
    learned, constant, told
):
    y_pred = {name: learned.y_true for name in learned.y_pred}
    y_pred |= {name: np.zeros_like(learned.y_true) for name in constant}
    warnings = replace(learned, y_pred=y_pred).warnings()
    assert [each for each in warnings if "throughout" in each] == [
        f"The {name} network predicts W throughout: {says}"
        for name, says in zip(constant, told, strict=True)
    ]


def test_a_network_at_chance_is_warned_of(learned):
    y_pred = np.resize([0, 1, 2, 3, 4], len(learned.y_true))
    chance = replace(learned, y_pred={"augmented": y_pred})
    (warning,) = [each for each in chance.warnings() if "is not above chance" in each]
    assert f"{len(y_pred)} test windows" in warning and "its strengths mean nothing" in warning
    right = replace(learned, y_pred={"augmented": learned.y_true})
    assert not any("chance" in each for each in right.warnings())
