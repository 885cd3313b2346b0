"""Recordings scored with a model that was learned: ``eegaug predict``."""

import os
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import mne
import numpy as np
import pandas as pd
import pytest
import torch
from mne.filter import filter_data

from eegaug.recordings import (
    Recording,
    make_block_windows,
    make_event_windows,
    make_sleep_windows,
    simulate_motor_imagery,
    simulate_nights,
)
from eegaug.recordings.arrays import make_array_windows, read_arrays
from eegaug.recordings.epoch_windows import make_epoch_windows
from eegaug.recordings.epochs import read_epochs
from eegaug.study import TASKS, Settings, learn, load_model, save_model
from eegaug.study.cli import main
from eegaug.study.predicting import predict_recordings

ABOUT = ["subject", "recording", "onset", "duration", "label"]
OF_TRIALS = ["subject", "recording", "trial", "onset", "duration", "label"]
CHANNELS = ["Fpz-Cz", "Pz-Oz"]
STAGES = ["W", "N1", "N2", "N3", "REM"]


# -- models --------------------------------------------------------------------------------


def learned(windows, task, path, **settings):
    """Save a model that has learned a little."""
    settings = {"epochs": 1, "batch_size": 8, "n_networks": 1, "device": "cpu", **settings}
    save_model(learn(windows, Settings(TASKS[task], split="time", **settings)), path)
    return path


def cues(n_trials=8, seed=0):
    """Recordings of imagined movements, of eight channels."""
    recordings = simulate_motor_imagery(1, n_trials, seed=seed)
    for recording in recordings:
        recording.raw.pick(recording.raw.ch_names[:8])
    return recordings


def blocks(seed=0):
    """A recording of rest and task, four times 24 s each."""
    info = mne.create_info(["C3", "Cz", "C4"], 100.0, "eeg")
    signals = np.random.default_rng(seed).normal(0, 1e-5, (3, 19_250))
    raw = mne.io.RawArray(signals, info, verbose="error")
    return raw.set_annotations(mne.Annotations(24.0 * np.arange(8), 24, ["rest", "task"] * 4))


def trials(n_trials=24, seed=0):
    """Trials of two labels, shape (trials, channels, times)."""
    X = np.random.default_rng(seed).normal(0, 1, (n_trials, 3, 200))
    return X, np.array(["left", "right"] * (n_trials // 2))


def epochs(n_trials=24, seed=0, tmin=-0.5):
    X, y = trials(n_trials, seed)
    codes = {"left": 1, "right": 2}
    events = np.array([[500 + 300 * place, 0, codes[label]] for place, label in enumerate(y)])
    info = mne.create_info(["C3", "Cz", "C4"], 100.0, "eeg")
    return mne.EpochsArray(X * 1e-5, info, events, tmin, codes, verbose="error")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Files of models by their task."""
    folder = tmp_path_factory.mktemp("models")
    nights = simulate_nights(3, hours=0.3, seed=0)
    sleep = make_sleep_windows(nights, l_freq=0.5, h_freq=25.0)
    events = make_event_windows(cues(24), {"left": "T1", "right": "T2"}, window=(0.25, 2.25))
    block = make_block_windows([Recording("one", "anna", blocks())], length=4.0, overlap=1.0)
    epochs().save(folder / "one-epo.fif", verbose="error")
    X, y = trials()
    np.savez(folder / "one.npz", X=X, y=y, subject=["anna"] * len(y), sfreq=100.0)
    return {
        "sleep": learned(sleep, "sleep", folder / "sleep.pt", n_networks=3, epochs=10, lr=0.003),
        "events": learned(events, "events", folder / "events.pt"),
        "blocks": learned(block, "blocks", folder / "blocks.pt"),
        "epochs": learned(
            make_epoch_windows(read_epochs(folder / "one-epo.fif"), window=(0.0, 1.5)),
            "epochs",
            folder / "epochs.pt",
        ),
        "arrays": learned(
            make_array_windows(read_arrays(folder / "one.npz")), "arrays", folder / "arrays.pt"
        ),
    }


def probabilities(model, X):
    """What a model gives for windows."""
    with torch.no_grad():
        return load_model(model)(torch.as_tensor(np.asarray(X))).softmax(1).numpy()


def predict(model, *recordings, out):
    """Run the command; return the table that it wrote."""
    assert main(["predict", *map(str, (model, *recordings)), "--out", str(out)]) == 0
    return pd.read_csv(out / "predictions.csv")


def check_table(table, labels, about=ABOUT):
    """Check columns, and that the label is the likeliest."""
    assert list(table.columns) == [*about, *(f"p {label}" for label in labels)]
    p = table[[f"p {label}" for label in labels]].to_numpy()
    assert p.sum(1) == pytest.approx(1, abs=1e-3) and (p >= 0).all()
    assert table["label"].tolist() == [labels[place] for place in p.argmax(1)]
    return p


# -- sleep ---------------------------------------------------------------------------------


def night(seed=5, start=0.0, seconds=485.0, date=None, sfreq=100.0):
    """A night that nobody has scored; from ``start`` (s) on, where it was cropped."""
    raw = simulate_nights(1, hours=0.2, seed=seed)[0].raw.copy()
    raw.set_meas_date(date).set_annotations(None)
    raw.crop(start, start + seconds, include_tmax=False)
    return raw if sfreq == 100 else raw.resample(sfreq, verbose="error")


DATE = datetime(2020, 2, 3, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(("start", "date"), [(0.0, None), (61.3, None), (0.0, DATE), (61.3, DATE)])
def test_a_night_is_scored_from_its_start_to_its_end(start, date, models, tmp_path, capfd):
    raw = night(start=start, date=date)
    assert raw.first_samp == 100 * start and raw.times[-1] == pytest.approx(484.99)
    raw.save(tmp_path / "new_raw.fif", verbose="error")
    out = tmp_path / "out"
    table = predict(models["sleep"], tmp_path / "new_raw.fif", out=out)

    p = check_table(table, STAGES)
    assert table["onset"].tolist() == [30.0 * place for place in range(16)]
    assert set(table["duration"]) == {30.0} and set(table["recording"]) == {"new_raw.fif"}
    assert len(set(table["label"])) > 1, "else labels of all times are alike"
    signals = filter_data(raw.get_data(), 100.0, 0.5, 25.0, verbose="error")[:, : 16 * 3000]
    low, middle, high = np.percentile(signals, [25, 50, 75], axis=1, keepdims=True)
    X = ((signals - middle) / (high - low)).reshape(2, 16, 3000).swapaxes(0, 1)
    assert p == pytest.approx(probabilities(models["sleep"], X.astype("float32")), abs=1e-3)

    names = ["new_raw-annot.fif", "new_raw-hypnogram.png", "predictions.csv"]
    assert sorted(os.listdir(out)) == names
    assert f"Wrote {', '.join(names)} to {out}." in capfd.readouterr().out
    assert (out / names[1]).read_bytes().startswith(b"\x89PNG")
    scored = mne.io.read_raw(tmp_path / "new_raw.fif", verbose="error")
    scored.set_annotations(mne.read_annotations(out / names[0]))
    found = scored.annotations
    assert found.onset - scored.first_time == pytest.approx(table["onset"].to_numpy())
    assert set(found.duration) == {30.0}
    assert found.description.tolist() == [f"Sleep stage {label}" for label in table["label"]]
    places, _ = mne.events_from_annotations(scored, verbose="error")
    assert (places[:, 0] - scored.first_samp).tolist() == (3000 * np.arange(16)).tolist()


def test_what_is_predicted_may_be_learned_from(models, tmp_path):
    """Annotations in a recording are stages as an expert's are."""
    raw = night()
    raw.save(tmp_path / "new_raw.fif", verbose="error")
    table = predict(models["sleep"], tmp_path / "new_raw.fif", out=tmp_path)
    raw.set_annotations(mne.read_annotations(tmp_path / "new_raw-annot.fif"))
    windows = make_sleep_windows([Recording("new", "anna", raw)], wake_margin=1000)
    assert windows.metadata["label"].tolist() == table["label"].tolist()


def test_stages_of_a_recording_are_not_asked_for(models, tmp_path):
    scored = simulate_nights(1, hours=0.2, seed=5)[0].raw.copy().crop(0, 485, include_tmax=False)
    for name, raw in (("scored", scored), ("unscored", night())):
        raw.save(tmp_path / f"{name}_raw.fif", verbose="error")
    table = predict(models["sleep"], tmp_path, out=tmp_path / "out")
    one, other = (own.iloc[:, 2:].to_numpy() for _, own in table.groupby("recording"))
    assert (one == other).all() and len(one) == 16


def test_another_rate_and_order_of_channels(models, tmp_path, capfd):
    """What counts is the time: 128 Hz are resampled, and channels picked by name."""
    night().save(tmp_path / "a_raw.fif", verbose="error")
    raw = night(sfreq=128.0)
    extra = mne.io.RawArray(raw.get_data()[:1] * 3, mne.create_info(["EMG"], 128.0, "emg"))
    raw.add_channels([extra], force_update_info=True).reorder_channels(["EMG", *CHANNELS[::-1]])
    raw.save(tmp_path / "b_raw.fif", verbose="error")
    capfd.readouterr()
    table = predict(models["sleep"], tmp_path, out=tmp_path / "out")
    assert "Recordings resampled to 100 Hz: 1 from 128 Hz." in capfd.readouterr().err
    a, b = (own.iloc[:, 5:].to_numpy() for _, own in table.groupby("recording"))
    assert len(a) == len(b) == 16 and np.abs(a - b).max() < 0.02


def test_a_night_shorter_than_a_window_is_an_error_of_one_line(models, tmp_path, capfd):
    night(seconds=29.9).save(tmp_path / "new_raw.fif", verbose="error")
    check_refused(
        [models["sleep"], tmp_path / "new_raw.fif"],
        "No window is left of 1 recording:",
        tmp_path / "out",
        capfd,
    )


def test_flat_windows_are_left_out_and_counted(models, tmp_path, capfd):
    raw = night()
    raw.apply_function(lambda x: np.where(abs(raw.times - 75) < 10, 0.0, x), verbose="error")
    raw.save(tmp_path / "new_raw.fif", verbose="error")
    table = predict(models["sleep"], tmp_path / "new_raw.fif", out=tmp_path / "out")
    onsets = [30.0 * place for place in range(16) if place != 2]
    assert table["onset"].tolist() == onsets
    assert "Windows dropped: 1 flat." in capfd.readouterr().err
    annotations = mne.read_annotations(tmp_path / "out" / "new_raw-annot.fif")
    assert annotations.onset.tolist() == onsets


# -- events, blocks, epochs, arrays --------------------------------------------------------

FISTS = ["left", "right"]


def test_events_are_scored_at_their_cues(models, tmp_path):
    """Rest is not of the model: its cues are passed over."""
    (recording,) = cues(seed=3)
    raw = recording.raw.copy().crop(5.0)
    raw.save(tmp_path / "new_raw.fif", verbose="error")
    wanted = [
        onset - raw.first_time
        for onset, label in zip(raw.annotations.onset, raw.annotations.description, strict=True)
        if label in ("T1", "T2")
    ]
    out = tmp_path / "out"
    table = predict(models["events"], tmp_path / "new_raw.fif", out=out)
    p = check_table(table, FISTS)
    assert table["onset"].to_numpy() == pytest.approx(np.array(wanted) + 0.25)
    written = [line.split(",")[2] for line in (out / "predictions.csv").read_text().splitlines()]
    assert max(map(len, written)) <= len("12.1234"), "as 16.049999"
    assert set(table["duration"]) == {2.0} and len(table) >= 6
    own = make_event_windows(
        [replace(recording, raw=raw)], {"left": "T1", "right": "T2"}, window=(0.25, 2.25)
    )
    assert p == pytest.approx(probabilities(models["events"], own.X), abs=1e-3)
    annotations = mne.read_annotations(out / "new_raw-annot.fif")
    assert annotations.description.tolist() == table["label"].tolist()
    scored = mne.io.read_raw(tmp_path / "new_raw.fif", verbose="error")
    scored.set_annotations(annotations)
    assert scored.annotations.onset - scored.first_time == pytest.approx(np.array(wanted) + 0.25)
    assert sorted(os.listdir(out)) == ["new_raw-annot.fif", "predictions.csv"]


def test_cues_without_a_label_are_scored(models, tmp_path):
    (recording,) = cues(seed=3)
    raw = recording.raw
    asked = [label in ("T1", "T2") for label in raw.annotations.description]
    onsets = raw.annotations.onset[asked]
    raw.save(tmp_path / "known_raw.fif", verbose="error")
    names = ["go"] * len(onsets) + ["BAD_move"]
    raw.set_annotations(mne.Annotations([*onsets, 0.0], 0.1, names))
    raw.save(tmp_path / "unknown_raw.fif", verbose="error")
    table = predict(models["events"], tmp_path, out=tmp_path / "out")
    known, unknown = (own.iloc[:, 2:].to_numpy() for _, own in table.groupby("recording"))
    assert (known == unknown).all() and len(known) == len(onsets)


def test_a_recording_without_cues_is_an_error_of_one_line(models, tmp_path, capfd):
    (recording,) = cues()
    recording.raw.set_annotations(None).save(tmp_path / "new_raw.fif", verbose="error")
    check_refused(
        [models["events"], tmp_path / "new_raw.fif"],
        "No window is left of 1 recording: none has an event, or is too short.",
        tmp_path / "out",
        capfd,
    )


@pytest.mark.parametrize("annotated", [True, False])
def test_blocks_are_scored_from_end_to_end(annotated, models, tmp_path):
    raw = blocks(seed=5)
    if not annotated:
        raw.set_annotations(None)
    raw.save(tmp_path / "new_raw.fif", verbose="error")
    table = predict(models["blocks"], tmp_path / "new_raw.fif", out=tmp_path / "out")
    p = check_table(table, ["rest", "task"])
    assert table["onset"].tolist() == [3.0 * place for place in range(63)], "192.5 s, 1 s shared"
    assert set(table["duration"]) == {4.0}
    signals = filter_data(raw.get_data(), 100.0, 1.0, 40.0, verbose="error")
    X = np.stack([signals[:, start : start + 400] for start in range(0, 63 * 300, 300)])
    X = (X / X.std()).astype("float32")
    assert p == pytest.approx(probabilities(models["blocks"], X), abs=1e-3)
    found = mne.read_annotations(tmp_path / "out" / "new_raw-annot.fif")
    assert found.onset == pytest.approx(table["onset"].to_numpy())


@pytest.mark.parametrize("events", [{"left": 1, "right": 2}, {"go": 1, "stop": 2}])
def test_epochs_are_scored_one_by_one(events, models, tmp_path):
    new = epochs(8, seed=4)
    new.event_id = events
    new.save(tmp_path / "new-epo.fif", verbose="error")
    table = predict(models["epochs"], tmp_path / "new-epo.fif", out=tmp_path / "out")
    p = check_table(table, FISTS, OF_TRIALS)
    X = new.get_data()[:, :, 50:200]
    assert set(table["duration"]) == {1.5} and len(table) == 8
    assert p == pytest.approx(
        probabilities(models["epochs"], (X / X.std()).astype("float32")), abs=1e-3
    )
    assert np.diff(table["onset"]) == pytest.approx(3.0)
    assert os.listdir(tmp_path / "out") == ["predictions.csv"]


@pytest.mark.parametrize("labelled", [True, False])
def test_arrays_are_scored_one_by_one(labelled, models, tmp_path):
    X, y = trials(10, seed=6)
    parts = {"y": y, "subject": ["ben"] * 10} if labelled else {}
    np.savez(tmp_path / "new.npz", X=X, sfreq=100.0, **parts)
    table = predict(models["arrays"], tmp_path / "new.npz", out=tmp_path / "out")
    p = check_table(table, FISTS, OF_TRIALS)
    wanted = probabilities(models["arrays"], (X / X.std()).astype("float32"))
    assert p == pytest.approx(wanted, abs=1e-3)
    assert set(table["duration"]) == {2.0} and len(table) == 10
    assert set(table["subject"]) == {"ben" if labelled else "new"}
    assert os.listdir(tmp_path / "out") == ["predictions.csv"]


def test_rows_tell_the_place_of_a_trial_in_its_file(models, tmp_path):
    """Which is another where subjects take turns, or a trial is left out."""
    X, _ = trials(8, seed=6)
    X[2, 0] = 0.0
    np.savez(tmp_path / "new.npz", X=X, subject=["zoe", "ben"] * 4, sfreq=100.0)
    table = predict(models["arrays"], tmp_path / "new.npz", out=tmp_path / "out")
    assert table["subject"].tolist() == ["ben"] * 4 + ["zoe"] * 3
    assert table["trial"].tolist() == [1, 3, 5, 7, 0, 4, 6]


# -- several recordings --------------------------------------------------------------------


@pytest.mark.parametrize("folders", [("a", "b"), ("a/eeg", "b/eeg")])
def test_recordings_of_one_name_are_kept_apart(folders, models, tmp_path):
    for seed, folder in enumerate(folders):
        (tmp_path / folder).mkdir(parents=True)
        raw = night(seed, seconds=120 + 30 * seed)
        raw.info["subject_info"] = None  # the folder tells whose it is
        raw.save(tmp_path / folder / "night_raw.fif", verbose="error")
    out = tmp_path / "out"
    paths = [tmp_path / folder / "night_raw.fif" for folder in folders]
    table = predict(models["sleep"], *paths, out=out)
    written = [name for name in sorted(os.listdir(out)) if name.endswith("-annot.fif")]
    assert sorted(len(mne.read_annotations(out / name)) for name in written) == [4, 5]
    names = list(dict.fromkeys(table["recording"]))
    assert len(names) == 2 and set(table["subject"]) == {"a", "b"}
    for path, name in zip(paths, names, strict=True):
        own = predict(models["sleep"], path, out=tmp_path / "alone")
        mine = table[table["recording"] == name]
        assert (own.iloc[:, 2:].to_numpy() == mine.iloc[:, 2:].to_numpy()).all()


def test_names_of_files_that_would_be_one_are_numbered(models, tmp_path):
    for seconds, name in ((120, "a b_raw.fif"), (150, "a_b_raw.fif"), (180, "a,b_raw.fif")):
        night(seconds=seconds).save(tmp_path / name, verbose="error")
    predict(models["sleep"], tmp_path, out=tmp_path / "out")
    lengths = {
        path.name: len(mne.read_annotations(path))
        for path in (tmp_path / "out").glob("*-annot.fif")
    }
    assert lengths == {
        "a_b_raw-annot.fif": 4,
        "a_b_raw-2-annot.fif": 6,
        "a_b_raw-3-annot.fif": 5,
    }, "in the order of the names"


def test_the_subject_is_read_as_in_learning(models, tmp_path):
    night(seconds=120).save(tmp_path / "anna-2_raw.fif", verbose="error")
    arguments = ["predict", models["sleep"], tmp_path, "--subject", r"(\w+)-\d+_raw"]
    assert main([*map(str, arguments), "--out", str(tmp_path / "out")]) == 0
    assert set(pd.read_csv(tmp_path / "out" / "predictions.csv")["subject"]) == {"anna"}


def test_a_cache_changes_no_number(models, tmp_path):
    night(seconds=120).save(tmp_path / "new_raw.fif", verbose="error")
    given = {"model": models["sleep"], "paths": [tmp_path / "new_raw.fif"], "device": "cpu"}
    tables = [
        predict_recordings(**given, cache=each).table for each in (None, *[tmp_path / "c"] * 2)
    ]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])


def test_earlier_predictions_are_replaced_and_other_files_stay(models, tmp_path):
    out = tmp_path / "out"
    for seconds in (120, 60):
        night(seconds=seconds).save(tmp_path / "new_raw.fif", overwrite=True, verbose="error")
        table = predict(models["sleep"], tmp_path / "new_raw.fif", out=out)
        (out / "mine.txt").write_text("mine")
    assert len(table) == 2 and len(mne.read_annotations(out / "new_raw-annot.fif")) == 2
    assert (out / "mine.txt").read_text() == "mine" and not (out / "unfinished").exists()


# -- what does not do ----------------------------------------------------------------------


def check_refused(arguments, message, out, capfd):
    """Check that the command ends with status 2 and one line, and writes nothing."""
    capfd.readouterr()
    existed = out.exists()
    assert main(["predict", *map(str, arguments), "--out", str(out)]) == 2
    printed, err = capfd.readouterr()
    (line,) = [line for line in err.splitlines() if line.startswith("eegaug: error:")]
    assert message in line and printed == "", line
    assert err.splitlines()[-1] == line and out.exists() == existed
    return line


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    """A short night."""
    path = tmp_path_factory.mktemp("new") / "new_raw.fif"
    night(seconds=90).save(path, verbose="error")
    return path


def truncated(path, model):
    path.write_bytes(model.read_bytes()[:-1000])


def changed(**parts):
    def make(path, model):
        torch.save({**torch.load(model, weights_only=True), **parts}, path)

    return make


def of_other_networks(path, model):
    saved = torch.load(model, weights_only=True)
    saved["networks"][0]["state_dict"].popitem()
    torch.save(saved, path)


NO_MODEL = "model.pt: damaged, or not the model.pt of `eegaug learn`."
FOREIGN = "model.pt: not the model.pt of `eegaug learn`. Build a model of your own as it was"
OTHER = "model.pt: damaged, or written with another version of braindecode"
WRONG_MODELS = [
    (lambda path, model: None, "No such file or directory"),
    (truncated, NO_MODEL),
    (lambda path, model: path.touch(), NO_MODEL),
    (lambda path, model: path.write_text("model"), NO_MODEL),
    (lambda path, model: path.mkdir(), NO_MODEL),
    (lambda path, model: zipfile.ZipFile(path, "w").close(), NO_MODEL),
    (lambda path, model: torch.save(torch.nn.Linear(2, 2), path), NO_MODEL),
    (lambda path, model: torch.save(torch.nn.Linear(2, 2).state_dict(), path), FOREIGN),
    (lambda path, model: torch.save(torch.zeros(3), path), FOREIGN),
    (changed(task="dreams"), "No task is named 'dreams'; there are"),
    (changed(model="Dreamer"), "braindecode has no model named 'Dreamer'"),
    (changed(n_times=2000), OTHER),
    (changed(labels=["W", "S"]), OTHER),
    (of_other_networks, OTHER),
]


@pytest.mark.parametrize(("make", "message"), WRONG_MODELS)
def test_models_that_do_not_do(make, message, models, new, tmp_path, capfd):
    path = tmp_path / "model.pt"
    make(path, models["sleep"])
    line = check_refused([path, new], message, tmp_path / "out", capfd)
    assert "model.pt" in line or make not in [each for each, _ in WRONG_MODELS[:9]]


def test_recordings_that_do_not_do(models, new, tmp_path, capfd):
    out = tmp_path / "out"
    shutil.copy(new, tmp_path / "two_raw.fif")
    one = night(seconds=90).pick(["Pz-Oz"])
    one.save(tmp_path / "one_raw.fif", verbose="error")
    night(seconds=90, sfreq=40.0).save(tmp_path / "slow_raw.fif", verbose="error")
    (tmp_path / "text_raw.fif").write_text("recording")
    (tmp_path / "empty").mkdir()
    for path, message in (
        (tmp_path / "one_raw.fif", "one_raw.fif: no channel Fpz-Cz; it has Pz-Oz."),
        (tmp_path / "slow_raw.fif", "slow_raw.fif: sampled at 40 Hz; more than 50 Hz is wanted."),
        (tmp_path / "text_raw.fif", "text_raw.fif: not a recording that MNE can read"),
        (tmp_path / "none_raw.fif", "none_raw.fif: no such file or folder."),
        (tmp_path / "empty", "empty: no recording in this folder"),
    ):
        check_refused([models["sleep"], path], message, out, capfd)
        check_refused([models["sleep"], tmp_path / "two_raw.fif", path], message, out, capfd)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("epochs", "new_raw.fif: "),
        ("arrays", "new_raw.fif: not a file of arrays"),
        ("blocks", "new_raw.fif: no channel C3, Cz, C4; it has Fpz-Cz, Pz-Oz."),
    ],
)
def test_recordings_of_another_task_are_refused(task, message, models, new, tmp_path, capfd):
    check_refused([models[task], new], message, tmp_path / "out", capfd)


def test_arrays_of_another_length_are_refused(models, tmp_path, capfd):
    np.savez(tmp_path / "new.npz", X=np.random.default_rng(0).normal(size=(4, 3, 150)), sfreq=100)
    message = "The model takes windows of 200 samples. Found windows of 150."
    check_refused([models["arrays"], tmp_path / "new.npz"], message, tmp_path / "out", capfd)


def test_an_output_that_is_a_file_is_refused(models, new, tmp_path, capfd):
    (tmp_path / "out").write_text("mine")
    message = f"--out {tmp_path / 'out'}: not a folder that can be written to"
    check_refused([models["sleep"], new], message, tmp_path / "out", capfd)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_device_that_is_not_there_is_refused(models, new, tmp_path, capfd):
    arguments = [models["sleep"], new, "--device", "warp"]
    check_refused(arguments, "No device 'warp' can be used here", tmp_path / "out", capfd)
