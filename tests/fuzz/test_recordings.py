"""Whatever recordings and files hold: windows that are right, or one line that says why not."""

import json
from functools import partial

import edfio
import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegaug.recordings import (
    ArrayFile,
    make_array_windows,
    make_block_windows,
    make_epoch_windows,
    make_event_windows,
    make_sleep_windows,
    make_windows,
    read_arrays,
    read_recordings,
)
from eegaug.recordings.names import visible
from eegaug.recordings.recording import spans
from eegaug.recordings.sleep import stage_of

from . import strategies as some
from .outcomes import outcome

#: What an annotation is that says nothing of sleep.
NO_STAGE = "no stage"


def check(windows, labelled=True):
    """Assert what holds of all windows."""
    X = np.asarray(windows.X)
    assert X.dtype == np.float32 and X.ndim == 3 and np.isfinite(X).all()
    assert len(windows) == len(windows.y) == len(windows.subjects) == len(X) > 0
    assert X.shape[1] == len(windows.info["ch_names"]) and X.shape[2] > 0
    assert sum(sum(source["windows"].values()) for source in windows.sources) == len(X)
    assert all(n > 0 for source in windows.sources for n in source["dropped"].values())
    assert windows.y.min() >= (0 if labelled else -1) and windows.y.max() < len(windows.labels)
    if labelled:
        assert len(windows.counts) > 1
    texts = [*windows.notes, *windows.labels, *windows.info["ch_names"], *windows.subject_names]
    for text in [*texts, *(source["name"] for source in windows.sources)]:
        assert visible(text) == text
    json.dumps([windows.cutting, windows.sources], allow_nan=False)


def by_recording(windows):
    """Yield the windows of each source: it, their onsets, codes and signals."""
    end = 0
    for source in windows.sources:
        start, end = end, end + sum(source["windows"].values())
        onsets = windows.metadata["onset"].to_numpy()[start:end]
        yield source, onsets, windows.y[start:end], np.asarray(windows.X[start:end])


def check_inside(windows, recordings):
    """Assert that windows lie in their recordings, in the order of time."""
    duration = windows.X.shape[-1] / windows.info["sfreq"]
    for recording, (source, onsets, _, _) in zip(recordings, by_recording(windows), strict=True):
        raw, tolerance = recording.raw, 2 / min(windows.info["sfreq"], recording.raw.info["sfreq"])
        assert (source["name"], source["subject"]) == (recording.name, recording.subject)
        starts = onsets + windows.tmin
        assert (np.diff(onsets) >= 0).all() and (starts >= -tolerance).all()
        assert (starts + duration <= raw.n_times / raw.info["sfreq"] + tolerance).all()


def check_apart(windows, recordings):
    """Assert that windows of two labels share no more samples than a rounding error does."""
    duration = windows.X.shape[-1] / windows.info["sfreq"]
    for recording, (_, onsets, codes, _) in zip(recordings, by_recording(windows), strict=True):
        apart = np.abs(onsets[:, None] - onsets) + 2.5 / recording.raw.info["sfreq"]
        assert (apart[codes[:, None] != codes] >= duration).all()


def check_covered(windows, recordings, label_of):
    """Assert that from its start to its end a window has the label of the annotations there."""
    duration = windows.X.shape[-1] / windows.info["sfreq"]
    for recording, (_, onsets, codes, _) in zip(recordings, by_recording(windows), strict=True):
        found = [(t, t + length, label_of(label)) for t, length, label in spans(recording.raw)]
        near = 3 / recording.raw.info["sfreq"]
        if duration <= 2 * near:  # too short to have a middle
            continue
        for onset, code in zip(onsets, codes, strict=True):
            for moment in np.linspace(onset + near, onset + duration - near, 61):
                there = {label for t, end, label in found if t <= moment < end}
                assert there & {*windows.labels, None} == {windows.labels[code]}


def check_signals(windows, recordings, l_freq, h_freq):
    """Assert that windows hold what is filtered and cut in the plainest way."""
    for recording, (_, onsets, _, X) in zip(recordings, by_recording(windows), strict=True):
        raw, sfreq = recording.raw, windows.info["sfreq"]
        edges = any(label.lower().startswith("edge") for *_, label in spans(raw))
        if raw.info["sfreq"] != sfreq or not len(X) or edges:  # beyond which filters do not reach
            continue
        signals = raw.get_data(picks=windows.info["ch_names"])
        signals = mne.filter.filter_data(signals, sfreq, l_freq, h_freq, verbose="error")
        for onset, window in zip(onsets, X, strict=True):
            first = round(onset * sfreq) + round(windows.tmin * sfreq)
            for wanted, found in zip(signals[:, first : first + X.shape[-1]], window, strict=True):
                assert len(wanted) == len(found)
                if len(found) > 20:
                    assert np.corrcoef(wanted, found)[0, 1] > 0.999


@given(data=st.data(), options=some.bands(), scored=st.booleans())
def test_nights(data, options, scored):
    recordings, clean = data.draw(some.recordings(some.STAGES, (30.0, 60.0), longest=300))
    margin = data.draw(some.mostly(st.sampled_from([30.0, 0.0, 1.0]), some.ODD_NUMBERS))
    make = partial(make_sleep_windows, recordings, scored=scored, wake_margin=margin, **options)
    windows = outcome(make)
    if windows is None:
        return
    check(windows, scored)
    check_inside(windows, recordings)
    check_apart(windows, recordings)
    if clean:
        check_signals(windows, recordings, options.get("l_freq", 0.3), options.get("h_freq", 30.0))
    if scored:
        check_covered(windows, recordings, _stage)


def _stage(label):
    try:
        return stage_of(label)
    except ValueError:
        return NO_STAGE


@given(data=st.data(), options=some.bands(), labelled=st.booleans())
def test_events(data, options, labelled):
    recordings, clean = data.draw(some.recordings(some.EVENTS))
    usual, odd = st.sampled_from([(0.0, 2.0), (-0.5, 1.0)]), some.seconds(30)
    options["window"] = data.draw(some.mostly(usual, st.tuples(odd, odd)))
    options["labels"] = data.draw(
        some.mostly(st.none(), st.just(["left", "right"]), st.lists(some.texts(), max_size=3))
    )
    windows = outcome(partial(make_event_windows, recordings, labelled=labelled, **options))
    if windows is None:
        return
    check(windows, labelled)
    check_inside(windows, recordings)
    if clean:
        check_signals(windows, recordings, options.get("l_freq", 4.0), options.get("h_freq", 38.0))
    events = windows.cutting["labels"]
    for recording, (source, onsets, codes, _) in zip(
        recordings, by_recording(windows), strict=True
    ):
        found = [(onset, label) for onset, _, label in spans(recording.raw)]
        for onset, code in zip(onsets, codes, strict=True):
            assert code < 0 or (onset, events[windows.labels[code]]) in found
        if labelled:
            n_events = sum(label in events.values() for _, label in found)
            assert len(onsets) + sum(source["dropped"].values()) == n_events


@given(data=st.data(), options=some.bands(), labelled=st.booleans())
def test_blocks(data, options, labelled):
    recordings, clean = data.draw(some.recordings(some.EVENTS))
    odd = st.one_of(some.ODD_NUMBERS, st.floats(0.01, 70))
    options["length"] = data.draw(some.mostly(st.sampled_from([1.0, 1.9]), odd))
    options["overlap"] = data.draw(some.mostly(st.sampled_from([0.0, 0.5]), odd))
    windows = outcome(partial(make_block_windows, recordings, labelled=labelled, **options))
    if windows is None:
        return
    check(windows, labelled)
    check_inside(windows, recordings)
    if labelled:
        check_apart(windows, recordings)
        check_covered(windows, recordings, lambda label: label)
    if clean:
        check_signals(windows, recordings, options.get("l_freq", 1.0), options.get("h_freq", 40.0))


@given(data=st.data(), options=some.bands(), events=some.events())
def test_events_of_a_function(data, options, events):
    recordings, _ = data.draw(some.recordings(some.EVENTS))
    band = {"sfreq": 100.0, "l_freq": 1.0, "h_freq": 20.0, "tmin": 0.0, "tmax": 2.0}
    odd = st.sampled_from(["C3", ["C4", "C3"], ["Cz"], [], [0], ["\n"]])
    channels = data.draw(some.mostly(st.none(), odd))
    options = band | options | {"channels": channels, "labelled": data.draw(st.booleans())}
    make = partial(make_windows, recordings, ["a", "b"], lambda raw: events, **options)
    windows = outcome(make)
    if windows is not None:
        check(windows, options["labelled"])
        check_inside(windows, recordings)


@given(file=some.epochs_files(), options=some.bands(), labelled=st.booleans(), data=st.data())
def test_epochs(file, options, labelled, data):
    label = data.draw(some.mostly(st.none(), st.sampled_from(["word", "a\nb", "x"])))
    odd = some.seconds(3)
    window = data.draw(some.mostly(st.none(), st.just((0.1, 1.0)), st.tuples(odd, odd)))
    make = partial(make_epoch_windows, [file], label, window=window, labelled=labelled, **options)
    windows = outcome(make)
    if windows is not None:
        check(windows, labelled)


@given(parts=some.array_parts(), options=some.bands(), data=st.data())
def test_arrays_in_files(tmp_path_factory, parts, options, data):
    path = tmp_path_factory.getbasetemp() / "fuzz.npz"
    np.savez(path, **parts)
    _changed(path, data.draw(some.mostly(st.just([]), some.CHANGES)))
    files = outcome(partial(read_arrays, path))
    labelled, one_subject = data.draw(st.booleans()), data.draw(st.booleans())
    how = options | {"labelled": labelled, "one_subject": one_subject}
    windows = None if files is None else outcome(partial(make_array_windows, files, **how))
    if windows is not None:
        check(windows, labelled)


@given(parts=some.array_parts())
def test_arrays_in_memory(parts):
    if np.size(parts.get("sfreq", ())) == 1:
        parts["sfreq"] = parts["sfreq"].item()
    file = outcome(lambda: ArrayFile("one\n", **parts))
    windows = None if file is None else outcome(lambda: make_array_windows([file]))
    if windows is not None:
        check(windows)
        dropped = sum(sum(source["dropped"].values()) for source in windows.sources)
        assert len(windows) + dropped == len(parts["X"])


@given(text=some.ts_texts())
def test_series_in_text(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "fuzz.ts"
    path.write_bytes(text.encode(errors="surrogatepass"))
    files = outcome(partial(read_arrays, path, sfreq=50.0))
    make = partial(make_array_windows, files, one_subject=True)
    windows = None if files is None else outcome(make)
    if windows is not None:
        check(windows)


@pytest.fixture(scope="module")
def edf(tmp_path_factory):
    """Return the bytes of a recording with annotations, and a file for those that are changed."""
    path = tmp_path_factory.mktemp("fuzz") / "one.edf"
    rng = np.random.default_rng(0)
    channels = [
        edfio.EdfSignal(rng.uniform(-99, 99, 2000), 100, label=label, physical_dimension="uV")
        for label in ("EEG C3", "EEG C4")
    ]
    events = [edfio.EdfAnnotation(2.0 * n, 1.0, ["left", "right"][n % 2]) for n in range(8)]
    edfio.Edf(channels, annotations=events).write(path)
    return path.read_bytes(), path


def _changed(path, changes, end=None):
    content = bytearray(path.read_bytes())
    for place, text in changes:
        if place < len(content):
            content[place : place + len(text)] = text
    path.write_bytes(content[:end])


@given(changes=some.CHANGES, end=some.mostly(st.none(), st.integers(0, 9000)))
def test_damaged_edf(edf, changes, end):
    whole, path = edf
    path.write_bytes(whole)
    _changed(path, changes, end)
    recordings = outcome(partial(read_recordings, path))
    for labelled in (False, True) if recordings else ():
        make = partial(make_event_windows, recordings, window=(0, 1), labelled=labelled)
        windows = outcome(make)
        if windows is not None:
            check(windows, labelled)
            check_inside(windows, recordings)
