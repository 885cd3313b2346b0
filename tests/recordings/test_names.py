"""Names and labels from files, whatever they hold, are text of one line that can be written."""

import json
import os

import mne
import numpy as np
import pandas as pd
import pytest

from eegaug.recordings import (
    ArrayFile,
    EpochsFile,
    Recording,
    make_array_windows,
    make_block_windows,
    make_epoch_windows,
    make_event_windows,
    read_arrays,
    read_recordings,
)
from eegaug.recordings.names import visible
from eegaug.study.cli import main

#: The name of a file as Python has it where its bytes are not UTF-8.
ODD = "caf\udce9"
TASK = "task\u2028"  # MNE takes no halves of pairs in annotations
NAMES = ["C3\n", "C\u20284"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë 丽 \u05e9 \u200d a\u0301 \\n", "Zoë 丽 \u05e9 \u200d a\u0301 \\n"),
        ("a\nb\r\x00\x85", "a\\nb\\r\\x00\\x85"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        (f"{ODD}\ud800", "caf\\udce9\\ud800"),
    ],
)
def test_what_ends_a_line_or_cannot_be_encoded_is_escaped(text, shown):
    assert visible(text) == shown == visible(shown)
    assert len(shown.splitlines()) == 1 and shown.encode()


def make_raw():
    signals = np.random.default_rng(0).normal(0, 1e-5, (2, 4000))
    raw = mne.io.RawArray(signals, mne.create_info(NAMES, 100, "eeg"), verbose="error")
    spans = mne.Annotations([0, 20], 20, ["rest\n", TASK])
    return raw.set_annotations(spans)


def of_recordings(make):
    def windows(**options):
        return make([Recording(f"{ODD}\n", "anna\r", make_raw())], **options)

    return windows


def of_epochs(**options):
    epochs = mne.EpochsArray(
        np.random.default_rng(0).normal(0, 1e-5, (4, 2, 300)),
        mne.create_info(NAMES, 100, "eeg"),
        np.column_stack([np.arange(4) * 500, np.zeros(4, int), [1, 2, 2, 1]]),
        event_id={"rest\n": 1, TASK: 2},
        metadata=pd.DataFrame({"subject": ["anna\r"] * 4}),
        verbose="error",
    )
    return make_epoch_windows([EpochsFile(f"{ODD}\n", "x\n", epochs)], **options)


def of_arrays(**options):
    X = np.random.default_rng(0).normal(size=(4, 2, 300))
    labels = ["rest\n", TASK] * 2
    return make_array_windows(
        [ArrayFile(f"{ODD}\n", X, labels, ["anna\r"] * 4, 100.0, NAMES)], **options
    )


MAKERS = [
    of_recordings(make_event_windows),
    of_recordings(make_block_windows),
    of_epochs,
    of_arrays,
]


@pytest.mark.parametrize("make", MAKERS)
def test_names_of_all_kinds_are_escaped(make, tmp_path):
    for windows in (
        make(cache=tmp_path),
        make(labels=["rest\n", TASK], channels=NAMES),
    ):
        assert windows.labels == ("rest\\n", "task\\u2028")
        assert windows.info["ch_names"] == ["C3\\n", "C\\u20284"]
        assert windows.subject_names == ["anna\\r"]
        about = json.dumps([windows.sources, windows.notes], ensure_ascii=False)
        assert (about + windows.metadata.to_csv()).encode()
        assert {source["name"] for source in windows.sources} == {"caf\\udce9\\n"}
        assert all(len(note.splitlines()) == 1 for note in windows.notes)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    "options", [{"channels": ["Cz\n"]}, {"labels": ["rest\n", "x\n"]}, {"labels": ["rest\n"]}]
)
def test_errors_that_name_them_are_one_line(make, options):
    with pytest.raises(ValueError) as caught:
        make(**options)
    assert len(str(caught.value).splitlines()) == 1 and str(caught.value).encode()


def test_columns_that_errors_name_are_on_one_line(tmp_path):
    np.savez(tmp_path / "a.npz", **{"x\ny": np.zeros(2)})
    with pytest.raises(ValueError, match=r"it has x\\ny\.$"):
        read_arrays(tmp_path)
    epochs = mne.EpochsArray(
        np.ones((2, 1, 300)), mne.create_info(1, 100, "eeg"),
        metadata=pd.DataFrame({"a\nb": [1, 2]}), verbose="error",
    )  # fmt: skip
    for label in (None, "x"):
        with pytest.raises(ValueError, match=r"a\\nb\.$"):
            make_epoch_windows([EpochsFile("one", "anna", epochs)], label)


def test_the_recording_that_was_given_keeps_its_names():
    raw = make_raw()
    assert Recording("one", "anna", raw).raw.ch_names == ["C3\\n", "C\\u20284"]
    assert raw.ch_names == NAMES


def test_files_whose_names_are_no_text_are_learned_from(tmp_path, capsys):
    """From their names to all that is written and printed."""
    folder, out, predicted = (tmp_path / f"{name}{ODD}\n" for name in ("in", "out", "predicted"))
    folder.mkdir()
    raw = make_raw().rename_channels(dict(zip(NAMES, ["C3\n", "C4\r"], strict=True)))
    raw.set_annotations(mne.Annotations(np.arange(1, 36, 2), 0, ["a\n", "b"] * 9))
    raw.save(tmp_path / "x_raw.fif", verbose="error")
    for n in range(3):
        os.link(tmp_path / "x_raw.fif", folder / f"{n}{ODD}_raw.fif")
    recordings = read_recordings(folder)
    assert [each.name for each in recordings] == [f"{n}caf\\udce9_raw.fif" for n in range(3)]
    assert [each.path.name for each in recordings] == [f"{n}{ODD}_raw.fif" for n in range(3)]

    learn = ["--epochs", "1", "--networks", "1", "--cache", str(tmp_path / f"cache{ODD}")]
    assert main(["learn", str(folder), "--out", str(out), *learn, "--workers", "0"]) == 0
    assert "Wrote invariances.json, report.html, model.pt to " in capsys.readouterr().out
    assert main(["predict", str(out / "model.pt"), str(folder), "--out", str(predicted)]) == 0
    assert sorted(path.name for path in predicted.iterdir()) == [
        *(f"{n}caf_udce9_raw-annot.fif" for n in range(3)),
        "predictions.csv",
    ]
