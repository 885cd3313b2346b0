"""The report and the predictions, of recordings whose names are not harmless."""

from html.parser import HTMLParser

import mne
import numpy as np
import pytest

from eegaug.recordings import Recording, make_event_windows
from eegaug.study import TASKS, Settings, learn, write_report
from eegaug.study.sleep import SLEEP

HOSTILE = ("<script>alert(1)</script>", '<img src=x onerror="alert(1)">', "night$x^{$", "a & b")


class Found(HTMLParser):
    """Tags of scripts and attributes that would run what stands in a name."""

    def __init__(self):
        super().__init__()
        self.runs, self._tag = [], ""

    def handle_starttag(self, tag, attributes):
        self._tag = tag
        self.runs += [
            (tag, key) for key, value in attributes if "alert" in str(value) and key[:2] == "on"
        ]

    def handle_data(self, data):
        if self._tag == "script" and "alert(1)" in data:
            self.runs.append(("script", data[:40]))


@pytest.fixture(scope="module")
def learned():
    """What was learned of people with names, channels and labels of the worst kind."""
    rng = np.random.default_rng(0)
    info = mne.create_info([f"{name} of a channel" for name in HOSTILE], 100, "eeg")
    for channel, place in zip(info["chs"], rng.normal(size=(len(HOSTILE), 3)), strict=True):
        channel["loc"][:3] = 0.09 * place / np.linalg.norm(place)
    recordings = []
    for number, name in enumerate(HOSTILE):
        raw = mne.io.RawArray(rng.normal(0, 1e-5, (len(HOSTILE), 6000)), info, verbose="error")
        onsets = np.arange(1, 58, 2)
        labels = np.array(HOSTILE)[np.arange(len(onsets)) % len(HOSTILE)]
        raw.set_annotations(mne.Annotations(onsets, 0, labels))
        recordings.append(Recording(f"{name} of {number}", f"{number} {name}", raw))
    windows = make_event_windows(recordings, window=(0, 1.5))
    return learn(
        windows, Settings(TASKS["events"], epochs=1, n_networks=1, split="subjects", device="cpu")
    )


@pytest.fixture(scope="module")
def text(learned, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(learned, path)
    return path.read_text(encoding="utf-8")


def test_no_name_runs_in_the_report_or_is_read_as_a_formula(text):
    found = Found()
    found.feed(text)
    assert found.runs == []
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "night$x^{$" in text


def test_tables_scroll_where_the_window_is_narrow(text):
    tables = text.count('class="dataframe')
    assert 5 <= tables == text.count('<div class="table-responsive"><table')


def test_no_name_of_a_night_is_read_as_a_formula(tmp_path):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(
        {
            "recording": "night$x^{$.edf",
            "onset": [0.0, 30.0],
            "duration": 30.0,
            "label": ["W", "N1"],
        }
    )
    SLEEP.write_predicted(table, tmp_path / "night")
    assert (tmp_path / "night-hypnogram.png").stat().st_size > 1000
