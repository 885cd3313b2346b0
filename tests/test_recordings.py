from pathlib import Path

import mne
import numpy as np
import pytest

from eegaug.recordings import (
    STAGES,
    Recording,
    fetch_sleep_edf,
    make_windows,
    read_recordings,
    simulate_nights,
    split_windows,
)
from eegaug.recordings.sleep import stage_of

from .conftest import SHARED, write_edf, write_hypnogram, write_psg


def changed(night, change):
    """Return a copy of a recording with its raw changed in place by a function."""
    raw = night.raw.copy()
    change(raw)
    return Recording(night.name, night.person, raw)


@pytest.mark.parametrize(
    ("label", "stage"),
    [
        ("Sleep stage W", "W"),
        ("Sleep stage 1", "N1"),
        ("Sleep stage 3", "N3"),
        ("Sleep stage 4", "N3"),
        ("Sleep stage R", "REM"),
        ("Sleep stage N2", "N2"),
        ("Stage 2", "N2"),
        ("N3", "N3"),
        ("REM", "REM"),
        ("Sleep stage ?", None),
        ("Movement time", None),
    ],
)
def test_stages_by_label(label, stage):
    assert stage_of(label) == stage


@pytest.mark.parametrize("label", ["1", "2", "Lights off", "Sleep stage 7", ""])
def test_labels_that_are_no_stage(label):
    with pytest.raises(ValueError, match="no sleep stage"):
        stage_of(label)


# -- reading ------------------------------------------------------------------------------


def test_psgs_are_paired_with_their_hypnograms(psg_folder, nights):
    recordings = read_recordings([psg_folder])
    assert [r.person for r in recordings] == ["SC400", "SC401", "anna"]
    for recording, night in zip(recordings, nights, strict=True):
        assert recording.raw.ch_names == night.raw.ch_names
        stages = list(recording.raw.annotations.description)
        assert stages == list(night.raw.annotations.description)


def test_all_files_of_a_wildcard_are_the_folder(psg_folder):
    named = read_recordings(sorted(psg_folder.iterdir()))
    assert [r.name for r in named] == [r.name for r in read_recordings([psg_folder])]


def test_one_path_or_name_is_not_taken_letter_by_letter(psg_folder, nights):
    named = [r.name for r in read_recordings([psg_folder])]
    assert [r.name for r in read_recordings(str(psg_folder))] == named
    assert [r.name for r in read_recordings(psg_folder)] == named
    windows = make_windows(nights, channels="Pz-Oz")
    assert windows.info["ch_names"] == ["Pz-Oz"]
    split = split_windows(windows.y, windows.persons, test="sim01")
    assert set(windows.persons[split.test]) == {"sim01"}


def test_recordings_without_stages_are_cut_from_end_to_end(tmp_path, nights):
    def unscored(raw):
        raw.set_annotations(None)
        raw._data[0, 100:1000] = 0.0  # a flat window

    raw = changed(nights[0], unscored).raw
    write_edf(tmp_path / "new.edf", raw.get_data(), raw.ch_names)
    with pytest.raises(ValueError, match="no annotations, so no sleep stages"):
        read_recordings(tmp_path)
    windows = make_windows(read_recordings(tmp_path, scored=False), scored=False)
    n_windows = len(nights[0].raw.times) // 3000
    assert len(windows.X) == n_windows - 1 and (windows.y == -1).all()
    assert windows.notes == ["Windows dropped: 1 flat."]
    metadata = windows.epochs.metadata
    assert set(metadata["stage"]) == {"not scored"} and metadata["onset"].tolist()[:2] == [30, 60]
    assert windows.sources[0]["windows"] == {"not scored": n_windows - 1}
    expected = make_windows(nights[:1]).X[5]
    # each channel is scaled by its median and quartiles, which other windows have changed
    assert np.corrcoef(windows.X[4].ravel(), expected.ravel())[0, 1] > 0.99


def test_stages_inside_the_file(tmp_path, nights):
    path = tmp_path / "sub-07_raw.fif"
    nights[0].raw.save(path)
    (recording,) = read_recordings([path])
    assert recording.person == "sub-07"
    assert len(recording.raw.annotations) == len(nights[0].raw.annotations)


def test_the_person_is_the_patient_of_the_header(tmp_path, nights):
    for name in ("monday", "tuesday"):
        write_psg(tmp_path / f"{name}-PSG.edf", nights[0], patient="P12")
        write_hypnogram(tmp_path / f"{name}-Hypnogram.edf", nights[0])
    assert [r.person for r in read_recordings([tmp_path])] == ["P12", "P12"]


@pytest.mark.parametrize(
    ("labels", "eeg"),
    [
        (  # Sleep-EDF's seven
            [
                "EEG Fpz-Cz",
                "EEG Pz-Oz",
                "EOG horizontal",
                "Resp oro-nasal",
                "EMG submental",
                "Temp rectal",
                "Event marker",
            ],
            ["Fpz-Cz", "Pz-Oz"],
        ),
        (["C3-A2", "O1:M2", "ECG", "EOG(L)", "SaO2", "EMG", "AIRFLOW"], ["C3-A2", "O1:M2"]),
        (["Fc5.", "Cz.", "Fp1."], ["Fc5.", "Cz.", "Fp1."]),
        (["one", "two"], ["one", "two"]),
    ],
)
def test_only_eeg_counts_as_eeg(labels, eeg, tmp_path, nights):
    signal = nights[0].raw.get_data()[0, :6000]
    write_edf(tmp_path / "a-PSG.edf", [signal] * len(labels), labels)
    write_hypnogram(tmp_path / "a-Hypnogram.edf", nights[0])
    (recording,) = read_recordings([tmp_path])
    assert recording.raw.copy().pick("eeg").ch_names == eeg


def test_upper_case_names_are_paired(tmp_path, nights):
    write_psg(tmp_path / "ANNA-PSG.EDF", nights[0])
    write_hypnogram(tmp_path / "ANNA-Hypnogram.EDF", nights[0])
    (recording,) = read_recordings([tmp_path])
    assert len(recording.raw.annotations) == len(nights[0].raw.annotations)


def test_a_psg_may_have_its_stages_inside(tmp_path, nights):
    nights[0].raw.save(tmp_path / "anna_PSG_raw.fif")
    nights[0].raw.save(tmp_path / "anna-PSG.fif", verbose="error")
    assert len(read_recordings([tmp_path / "anna-PSG.fif"])) == 1


def test_a_folder_gives_each_recording_once(tmp_path, psg_folder, nights):
    spelled = [psg_folder, psg_folder / ".." / psg_folder.name / "anna-PSG.edf"]
    assert len(read_recordings(spelled)) == 3
    (tmp_path / "._anna-PSG.edf").write_bytes(b"what other systems leave behind")
    nights[0].raw.save(tmp_path / "anna_raw.fif")
    nights[0].raw.save(tmp_path / "anna_raw-1.fif", verbose="error")  # as MNE names a second part
    assert [r.name for r in read_recordings([tmp_path])] == ["anna_raw.fif"]


def test_files_of_one_name_in_two_folders_are_two_people(tmp_path, nights):
    for person, night in zip(("anna", "bert"), nights, strict=False):
        (tmp_path / person).mkdir()
        write_psg(tmp_path / person / "night-PSG.edf", night)
        write_hypnogram(tmp_path / person / "night-Hypnogram.edf", night)
    recordings = read_recordings([tmp_path])
    assert [r.person for r in recordings] == ["anna", "bert"]
    assert [r.name for r in recordings] == ["anna/night-PSG.edf", "bert/night-PSG.edf"]
    assert set(make_windows(recordings).persons) == {"anna", "bert"}


def test_the_person_by_an_expression_of_the_callers(tmp_path, nights):
    for night in ("anna-1", "anna-2"):
        write_psg(tmp_path / f"{night}-PSG.edf", nights[0])
        write_hypnogram(tmp_path / f"{night}-Hypnogram.edf", nights[0])
    read = read_recordings([tmp_path], person=r"([a-z]+)-\d-PSG")
    assert [r.person for r in read] == ["anna", "anna"]
    with pytest.raises(ValueError, match="no person in this path"):
        read_recordings([tmp_path], person="zoe")
    with pytest.raises(ValueError, match="regular expression"):
        read_recordings([tmp_path], person="(")


def no_such_path(folder, night):
    return folder / "nowhere", FileNotFoundError, "nowhere: no such file"


def empty_folder(folder, night):
    return folder, ValueError, "no recording in this folder; wanted files that end in .edf"


def not_a_recording(folder, night):
    (folder / "notes.edf").write_text("milk, bread")
    return folder, ValueError, "notes.edf: not a recording that MNE can read"


def unknown_kind(folder, night):
    (folder / "notes.txt").write_text("milk, bread")
    return folder / "notes.txt", ValueError, "notes.txt: not a recording that MNE can read"


def truncated(folder, night):
    write_hypnogram(folder / "a-Hypnogram.edf", night)
    path = write_psg(folder / "a-PSG.edf", night)
    path.write_bytes(path.read_bytes()[:-50_000])
    return path, ValueError, "a-PSG.edf: truncated"


def truncated_header(folder, night):
    write_hypnogram(folder / "a-Hypnogram.edf", night)
    path = write_psg(folder / "a-PSG.edf", night)
    path.write_bytes(path.read_bytes()[:300])
    return path, ValueError, "a-PSG.edf: "


def no_hypnogram(folder, night):
    path = write_psg(folder / "a-PSG.edf", night)
    return path, ValueError, "a-PSG.edf: no hypnogram; wanted a-Hypnogram.edf beside it"


def truncated_hypnogram(folder, night):
    path = write_hypnogram(folder / "a-Hypnogram.edf", night)
    path.write_bytes(path.read_bytes()[:-500])
    return write_psg(folder / "a-PSG.edf", night), ValueError, "a-Hypnogram.edf: truncated"


def two_hypnograms(folder, night):
    for scorer in "CH":
        write_hypnogram(folder / f"SC4001E{scorer}-Hypnogram.edf", night)
    path = write_psg(folder / "SC4001E0-PSG.edf", night)
    return path, ValueError, "one hypnogram is wanted. Found SC4001EC-Hypnogram.edf and SC4001EH"


def unreadable_hypnogram(folder, night):
    (folder / "a-Hypnogram.edf").write_text("W W W")
    path = write_psg(folder / "a-PSG.edf", night)
    return path, ValueError, "a-Hypnogram.edf: no annotations, so no sleep stages"


def unknown_labels(folder, night):
    write_hypnogram(folder / "a-Hypnogram.edf", night, lambda s: s.replace("stage 2", "stage X"))
    path = write_psg(folder / "a-PSG.edf", night)
    return path, ValueError, "a-Hypnogram.edf: unknown sleep stages 'Sleep stage X'"


def no_stages_inside(folder, night):
    path = folder / "a.edf"
    write_psg(path, night)
    return path, ValueError, "a.edf: no annotations, so no sleep stages"


def hypnogram_alone(folder, night):
    path = write_hypnogram(folder / "a-Hypnogram.edf", night)
    return path, ValueError, "a hypnogram alone is not enough"


BAD_FILES = [
    no_such_path,
    empty_folder,
    not_a_recording,
    unknown_kind,
    truncated,
    truncated_header,
    no_hypnogram,
    truncated_hypnogram,
    two_hypnograms,
    unreadable_hypnogram,
    unknown_labels,
    no_stages_inside,
    hypnogram_alone,
]


@pytest.mark.parametrize("make", BAD_FILES)
def test_bad_files_are_told(make, tmp_path, nights):
    path, error, message = make(tmp_path, nights[0])
    with pytest.raises(error) as caught:
        read_recordings([path])
    assert message in str(caught.value)


def test_sleep_edf_that_cannot_be_fetched_is_told(monkeypatch):
    def no_network(*args, **kwargs):
        raise ConnectionError("no route to host\nwith details")

    monkeypatch.setattr(mne.datasets.sleep_physionet.age, "fetch_data", no_network)
    with pytest.raises(ValueError, match=r"subjects \[0\] could not be fetched: no route"):
        fetch_sleep_edf([0])


def test_sleep_edf_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(
        mne.datasets.sleep_physionet.age,
        "fetch_data",
        lambda *args, **kwargs: [["SC4001E0-PSG.edf", "SC4001EC-Hypnogram.edf"]],
    )
    assert [path.name for path in fetch_sleep_edf([0])] == ["SC4001E0-PSG.edf"]
    with pytest.raises(ValueError, match="no recording of 39"):
        fetch_sleep_edf([0, 39])


# -- windows ------------------------------------------------------------------------------


def test_windows_hold_the_scored_signal(nights, windows):
    n_epochs = sum(len(night.raw.annotations) for night in nights)
    assert windows.X.shape == (n_epochs, 2, 3000)
    assert windows.X.dtype == np.float32
    labels = [label for night in nights for label in night.raw.annotations.description]
    assert [STAGES[code] for code in windows.y] == [stage_of(label) for label in labels]
    # Scaled by channel and recording; in the pass band the shape is that of the recording.
    first = windows.persons == nights[0].person
    ours = windows.X[first][:, 0].ravel()
    assert np.median(ours) == pytest.approx(0, abs=1e-3)
    assert np.subtract(*np.percentile(ours, [75, 25])) == pytest.approx(1, abs=1e-3)
    theirs = mne.filter.filter_data(nights[0].raw.get_data()[0], 100, 0.3, 30, verbose="error")
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999


def test_resampling_keeps_a_rhythm_and_is_told(nights):
    other = changed(nights[1], lambda raw: raw.resample(128, verbose="error"))
    mixed = make_windows([nights[0], other])
    assert mixed.X.shape[-1] == 3000
    assert mixed.notes == ["Recordings resampled to 100 Hz: 1 from 128 Hz."]
    plain = make_windows([nights[0], nights[1]])
    assert np.corrcoef(mixed.X[-5:].ravel(), plain.X[-5:].ravel())[0, 1] > 0.99


def test_channels_come_in_one_order_whatever_the_files(nights):
    turned = changed(nights[1], lambda raw: raw.reorder_channels(raw.ch_names[::-1]))
    windows = make_windows([nights[0], turned])
    assert windows.info["ch_names"] == ["Fpz-Cz", "Pz-Oz"]
    assert np.allclose(windows.X, make_windows(nights[:2]).X)
    assert windows.notes == ["Channels were brought to the order of the first recording."]


def test_channels_that_some_lack_are_left_out_and_told(nights):
    poorer = changed(nights[1], lambda raw: raw.drop_channels(["Fpz-Cz"]))
    windows = make_windows([nights[0], poorer])
    assert windows.info["ch_names"] == ["Pz-Oz"]
    assert "left out: Fpz-Cz" in windows.notes[0]


def test_channels_can_be_named_in_any_order(nights):
    windows = make_windows(nights, channels=["Pz-Oz", "Fpz-Cz"])
    assert windows.info["ch_names"] == ["Pz-Oz", "Fpz-Cz"]
    assert np.allclose(windows.X, make_windows(nights).X[:, ::-1])


def test_what_is_dropped_is_counted(nights):
    def spoil(raw):
        samples = int(30 * raw.info["sfreq"])
        raw._data[0, 3 * samples : 4 * samples] = 0.0  # a flat window
        raw._data[1, 5 * samples + 7] = np.nan
        raw._data[1, 8 * samples + 7] = np.inf
        raw.annotations.description[10] = "Sleep stage ?"
        raw.annotations.append(30.0 * 12 + 3, 1.0, "BAD_cough")

    spoilt = make_windows([changed(nights[0], spoil), nights[1]])
    source = spoilt.sources[0]
    assert source["dropped"] == {"not scored": 1, "flat": 1, "not finite": 2, "marked bad": 1}
    assert sum(source["windows"].values()) == len(nights[0].raw.annotations) - 5
    assert np.isfinite(spoilt.X).all()


def test_wake_far_from_sleep_is_dropped(nights):
    def sleep_late(raw):
        n = len(raw.annotations)
        raw.annotations.description[:] = ["Sleep stage W"] * (n - 10) + ["Sleep stage 2"] * 10

    late = changed(nights[0], sleep_late)
    n = len(nights[0].raw.annotations)
    windows = make_windows([late], wake_margin=5)
    assert windows.sources[0]["dropped"] == {"wake far from sleep": n - 10 - 10}
    assert make_windows([late], wake_margin=60).sources[0]["dropped"] == {}


@pytest.mark.parametrize("start", [30, 60, 300])
@pytest.mark.parametrize("dated", [False, True])
def test_a_cropped_recording_keeps_its_labels(nights, start, dated):
    def crop(raw):
        if dated:
            raw.set_meas_date(1_000_000_000)
        raw.crop(start)

    cropped = make_windows([changed(nights[0], crop)])
    whole = make_windows([nights[0]])
    skipped = start // 30
    assert np.array_equal(cropped.y, whole.y[skipped:])
    assert np.corrcoef(cropped.X[5:-5].ravel(), whole.X[skipped + 5 : -5].ravel())[0, 1] > 0.99


def rescored(night, onsets, durations, labels):
    return changed(
        night, lambda raw: raw.set_annotations(mne.Annotations(onsets, durations, labels))
    )


def test_epochs_of_20_seconds_are_joined(nights):
    labels = ["Sleep stage W"] * 6 + ["Sleep stage 2"] * 4
    short = rescored(nights[0], np.arange(10) * 20.0, 20.0, labels)
    windows = make_windows([short])
    assert windows.y.tolist() == [0] * 4 + [2] * 2
    assert windows.sources[0]["dropped"] == {"shorter than 30 s": 1}


def test_epochs_a_rounding_error_short_are_windows(nights):
    labels = ["Sleep stage W", "Sleep stage 2"] * 5
    windows = make_windows([rescored(nights[0], np.arange(10) * 30.0, 29.99, labels)])
    assert windows.y.tolist() == [0, 2] * 5 and windows.sources[0]["dropped"] == {}


def test_events_that_are_no_epochs_are_counted(nights):
    points = rescored(nights[0], np.arange(10) * 30.0, 0.0, ["Sleep stage W"] * 10)
    with pytest.raises(ValueError, match="10 shorter than 30 s"):
        make_windows([points])


def test_channels_marked_bad_are_not_used_and_told(nights):
    bad = changed(nights[1], lambda raw: raw.info["bads"].append("Fpz-Cz"))
    windows = make_windows([nights[0], bad])
    assert windows.info["ch_names"] == ["Pz-Oz"]
    assert "marked bad and not used: Fpz-Cz" in windows.notes[0]


def test_channels_of_several_kinds_go_together(nights):
    mixed = changed(
        nights[0],
        lambda raw: raw.set_channel_types({"Pz-Oz": "emg"}, on_unit_change="ignore"),
    )
    windows = make_windows([mixed], channels=["Fpz-Cz", "Pz-Oz"])
    assert np.allclose(windows.X, make_windows([nights[0]]).X)


def test_a_stage_may_vanish_from_a_recording(nights):
    def spoil(raw):
        raw.annotations.description[:] = "Sleep stage W"
        raw.annotations.description[1::2] = "Sleep stage 2"
        raw.annotations.description[20] = "Sleep stage R"
        raw._data[:, 20 * 3000 : 21 * 3000] = 0

    windows = make_windows([changed(nights[0], spoil)])
    assert windows.sources[0]["dropped"] == {"flat": 1}
    assert set(windows.y) == {0, 2}


def relabel(night, label):
    return changed(night, lambda raw: raw.annotations.description.__setitem__(slice(None), label))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda n: [], "Found none"),
        (lambda n: [relabel(n[0], "Sleep stage ?")], "No scored window.*not scored"),
        (lambda n: [relabel(n[0], "Sleep stage W")], "All 60 windows are scored W"),
        (
            lambda n: [n[0], changed(n[1], lambda raw: raw.rename_channels(lambda c: c + "'"))],
            "no EEG channel in common: .*Fpz-Cz'",
        ),
        (
            lambda n: [changed(n[0], lambda raw: raw.resample(50, verbose="error"))],
            "sampled at 50 Hz; more than 60 Hz",
        ),
        (
            lambda n: [changed(n[0], lambda raw: raw._data.fill(0))],
            "No scored window is left of 1 recordings: 60 flat",
        ),
    ],
)
def test_recordings_that_cannot_be_used_are_told(make, match, nights):
    with pytest.raises(ValueError, match=match) as caught:
        make_windows(make(nights))
    assert "\n" not in str(caught.value)


def test_bad_options_are_told(nights):
    with pytest.raises(ValueError, match=r"no channel Cz; it has Fpz-Cz, Pz-Oz"):
        make_windows(nights, channels=["Cz"])
    with pytest.raises(TypeError, match="`l_freq` should be a number"):
        make_windows(nights, l_freq="0.5")
    with pytest.raises(TypeError, match=r"those of `read_recordings`.* Found PosixPath"):
        make_windows([Path("anna-PSG.edf")])
    with pytest.raises(ValueError, match="Pass band"):
        make_windows(nights, h_freq=50)
    with pytest.raises(ValueError, match="`wake_margin` should be 0 or more"):
        make_windows(nights, wake_margin=-5)


# -- splits -------------------------------------------------------------------------------


def test_no_person_is_on_two_sides(windows):
    split = split_windows(windows.y, windows.persons, seed=1)
    sides = [set(windows.persons[part]) for part in (split.train, split.valid, split.test)]
    assert all(sides)
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    parts = np.concatenate([split.train, split.valid, split.test])
    assert sorted(parts) == list(range(len(windows.y)))


def test_a_stage_that_one_person_has_stays_in_training():
    y = np.tile([0, 3], 200)
    persons = np.repeat([f"p{i}" for i in range(8)], 50)
    y[persons == "p5"] = np.tile([0, 1, 2, 3, 4], 10)
    for seed in range(10):
        split = split_windows(y, persons, seed=seed)
        assert set(y[split.train]) == {0, 1, 2, 3, 4}


def test_one_person_is_split_into_contiguous_blocks():
    y = np.tile([0, 1, 2], 80)
    split = split_windows(y, np.full(240, "anna"))
    assert "contiguous blocks of anna" in split.how
    sides = np.zeros(240, dtype=int)
    sides[split.valid], sides[split.test] = 1, 2
    assert set(sides) == {0, 1, 2}
    assert np.count_nonzero(np.diff(sides)) < 24, "windows of a block stay together"


def test_two_people_are_split_with_one_tested():
    y = np.tile([0, 1], 120)
    persons = np.repeat(["a", "b"], 120)
    split = split_windows(y, persons, test=["b"])
    assert set(persons[split.test]) == {"b"}
    assert set(persons[split.train]) == set(persons[split.valid]) == {"a"}
    assert "contiguous blocks of a" in split.how


def test_one_long_night_is_not_most_of_the_test():
    persons = np.repeat([f"p{i}" for i in range(9)], [800, *[100] * 8])
    y = np.tile([0, 3], 800)
    for seed in range(5):
        split = split_windows(y, persons, seed=seed)
        assert len(split.test) < 0.4 * len(y)


def test_the_seed_chooses_and_repeats():
    y = np.tile([0, 1], 400)
    persons = np.repeat([f"p{i}" for i in range(8)], 100)
    hows = [split_windows(y, persons, seed=seed).how for seed in range(6)]
    assert len(set(hows)) > 1
    assert hows == [split_windows(y, persons, seed=seed).how for seed in range(6)]


@pytest.mark.parametrize(
    ("n", "people", "test", "match"),
    [
        (100, 4, ["zoe"], "Nobody to test on is named zoe; the recordings are of p0, p1, p2, p3"),
        (100, 2, ["p0", "p1"], "Nobody is left to train on"),
        (1, 1, None, "1 windows of p0 are too few to split"),
    ],
)
def test_splits_that_cannot_be_made_are_told(n, people, test, match):
    persons = np.array([f"p{i % people}" for i in range(n)])
    with pytest.raises(ValueError, match=match):
        split_windows(np.arange(n) % 2, persons, test)


# -- simulated nights ---------------------------------------------------------------------


def test_simulated_nights_repeat_and_people_differ():
    first, second = simulate_nights(2, hours=0.2, seed=1)
    again, *_ = simulate_nights(5, hours=0.2, seed=1)
    other, *_ = simulate_nights(1, hours=0.2, seed=2)
    assert np.array_equal(first.raw.get_data(), again.raw.get_data())
    assert not np.allclose(first.raw.get_data(), second.raw.get_data())
    assert not np.allclose(first.raw.get_data(), other.raw.get_data())


def test_simulated_stages_sound_like_stages():
    """Slow waves in N3, alpha behind in W, spindles in N2 more than in W or REM."""
    recordings = simulate_nights(4, hours=2, seed=0)
    power = {stage: [] for stage in STAGES}
    for recording in recordings:
        for annotation in recording.raw.annotations:
            segment = recording.raw.copy().crop(annotation["onset"], annotation["onset"] + 29.9)
            psd = segment.compute_psd(fmax=40, n_fft=512, verbose="error")
            power[stage_of(annotation["description"])].append(psd.get_data())
    freqs = psd.freqs

    def band(stage, channel, low, high):
        seen = (freqs >= low) & (freqs <= high)
        return np.median([p[channel, seen].mean() for p in power[stage]])

    assert band("N3", 0, 0.5, 2) > 10 * band("W", 0, 0.5, 2)
    assert band("W", 1, 8, 12) > 3 * band("N2", 1, 8, 12)
    assert band("N2", 1, 12, 15) > 1.5 * band("REM", 1, 12, 15)


@pytest.mark.parametrize(
    "arguments", [{"n_people": 0}, {"n_people": 2.5}, {"hours": 0.001}, {"sfreq": -1}]
)
def test_nights_that_cannot_be_simulated_are_told(arguments):
    with pytest.raises((TypeError, ValueError), match="Parameter"):
        simulate_nights(**arguments)


# -- real recordings ----------------------------------------------------------------------

needs_ucddb = pytest.mark.skipif(
    not (SHARED / "ucddb").exists(), reason="no recordings of ucddb beside the project"
)


@needs_ucddb
def test_real_nights():
    recordings = read_recordings([SHARED / "ucddb" / f"UCD0{n}-PSG.edf" for n in ("06", "18")])
    windows = make_windows(recordings)
    flat, whole = windows.sources
    assert (flat["person"], whole["person"]) == ("UCD006", "UCD018")
    assert flat["dropped"]["flat"] == 23 and flat["dropped"]["not scored"] == 103
    assert set(whole["windows"]) == set(STAGES)
    assert np.isfinite(windows.X).all()
    assert windows.X.std((1, 2)).min() > 0.05
