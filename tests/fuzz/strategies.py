"""What recordings, files and arguments may hold: mostly sensible, partly not."""

import mne
import numpy as np
from hypothesis import strategies as st

from eegaug.recordings import EpochsFile, Events, Recording

#: Numbers that are none, or beyond all bounds.
ODD_NUMBERS = st.sampled_from([float("nan"), float("inf"), -float("inf"), -1.0, 0.0, 1e-9, 1e12])
TEXTS = st.one_of(
    st.text(max_size=6), st.sampled_from(["", " ", "a\nb", "\x00", "caf\udce9", "\u2028", "C3"])
)
STAGES = ["Sleep stage W", "Sleep stage 1", "Sleep stage 2", "N3", "REM", "Sleep stage ?"]
EVENTS = ["left", "right", "rest\n", "BAD_x", "EDGE boundary", "", "T1"]
NOT_TEXT = ("Cs",)


def seconds(longest):
    """Return times (s): on a grid, between, or beyond what there is."""
    return st.one_of(
        st.integers(0, int(longest / 15)).map(lambda n: 15.0 * n),
        st.floats(0, longest),
        st.floats(-longest, 2 * longest),
        st.sampled_from([0.0, 1e-9, 29.999, 30.0, 30.01, 60.0, -1e6, 1e9]),
    )


@st.composite
def raws(draw, labels, longest=150):
    """Return a recording of MNE with annotations, partly flat or not finite, and if it is clean."""
    sfreq = draw(st.sampled_from([100.0, 100.0, 128.0, 99.7, 64.0, 20.0]))
    n_times = draw(st.integers(1, int(longest * sfreq)) | st.just(int(longest * sfreq)))
    n_chans = draw(st.integers(1, 3))
    signals = np.random.default_rng(draw(st.integers(0, 9))).normal(0, 1e-5, (n_chans, n_times))
    spoilt = draw(st.sampled_from([None, None, None, 0.0, np.nan, np.inf, 1e30]))
    if spoilt is not None:
        start = draw(st.integers(0, n_times))
        signals[draw(st.integers(0, n_chans - 1)), start : start + int(8 * sfreq)] = spoilt
    names = draw(
        st.just(["C3", "C4", "Cz"])
        | st.lists(st.text(min_size=1, max_size=4), min_size=3, max_size=3, unique=True)
    )
    raw = mne.io.RawArray(signals, mne.create_info(names[:n_chans], sfreq, "eeg"), verbose="error")
    found = draw(
        st.lists(
            st.tuples(
                seconds(longest),
                seconds(60).map(abs) | st.just(30.0),
                st.sampled_from(labels) | st.text(st.characters(exclude_categories=NOT_TEXT)),
            ),
            max_size=12,
        )
    )
    if found:
        raw.set_annotations(mne.Annotations(*zip(*found, strict=True)), emit_warning=False)
    cropped = draw(st.sampled_from([0.0, 0.0, 10.0]))
    if cropped < raw.times[-1]:
        raw.crop(cropped)
    if found and draw(st.booleans()) and len(raw.annotations):  # as edited by hand, unchecked
        odd = draw(seconds(longest) | ODD_NUMBERS)
        draw(st.sampled_from([raw.annotations.onset, raw.annotations.duration]))[0] = odd
    return raw, spoilt is None


@st.composite
def recordings(draw, labels):
    """Return one recording or two, and whether all are clean."""
    made = draw(st.lists(raws(labels), min_size=1, max_size=2))
    names = draw(st.lists(TEXTS, min_size=2, max_size=2))
    listed = [Recording(f"{n}{names[0]}", names[1], raw) for n, (raw, _) in enumerate(made)]
    return listed, all(clean for _, clean in made)


def bands(sfreq=(100.0, 50.0, 128.0)):
    """Return arguments of filters and rates."""
    odd = ODD_NUMBERS | st.floats(0.01, 60)
    return st.fixed_dictionaries(
        {},
        optional={
            "sfreq": st.sampled_from(sfreq) | odd,
            "l_freq": st.sampled_from([0.5, 1.0, 4.0]) | odd,
            "h_freq": st.sampled_from([8.0, 20.0]) | odd,
        },
    )


@st.composite
def odd_events(draw):
    """Return where windows are, as a function of the user might."""
    onsets = draw(st.lists(seconds(150) | ODD_NUMBERS, max_size=8))
    codes = draw(
        st.lists(st.integers(-2, 3), max_size=8)
        | st.lists(st.integers(0, 1), min_size=len(onsets), max_size=len(onsets))
    )
    return Events(np.array(onsets, dtype=float), np.array(codes, dtype=int), {})


@st.composite
def array_parts(draw):
    """Return the parts of an ``.npz`` file, which may not fit each other."""
    n_trials, n_chans, n_times = draw(
        st.tuples(st.integers(0, 8), *[st.integers(1, 3)] * 1, st.integers(1, 120))
    )
    X = np.random.default_rng(0).normal(size=(n_trials, n_chans, n_times))
    if X.size and draw(st.booleans()):
        X[draw(st.integers(0, n_trials - 1))] = draw(ODD_NUMBERS)
    X = draw(
        st.just(X)
        | st.sampled_from(
            [
                np.nan_to_num(X).clip(-99, 99).astype(np.float16),
                X[:, 0],
                X[0:0],
                X[..., None],
                X.astype(str),
                X > 0,
            ]
        )
        | st.sampled_from([X.astype(complex), np.nan_to_num(X).clip(-99, 99).astype(np.int8)])
    )
    own = st.lists(st.sampled_from([0, 1]), min_size=n_trials, max_size=n_trials)
    names = own | st.lists(TEXTS | st.floats() | st.integers(), max_size=8)
    parts = {"X": X}
    for part, values in {
        "y": names,
        "subject": names,
        "sfreq": st.sampled_from([50, 100.0]) | ODD_NUMBERS | st.lists(st.floats(), max_size=2),
        "ch_names": st.lists(TEXTS, max_size=3) | st.just(["C3", "C4", "Cz"][:n_chans]),
    }.items():
        if draw(st.integers(0, 4)):
            parts[part] = np.array(draw(values))
    return parts


@st.composite
def ts_texts(draw):
    """Return the text of a ``.ts`` file, with lines that are changed, left out or repeated."""
    lines = [
        "@problemName x",
        "@timeStamps false",
        "@univariate false",
        "@dimensions 2",
        "@equalLength true",
        "@seriesLength 3",
        "@classLabel true a b",
        "@data",
        *["1,2,3:4,5,6:a", "3,1,2:6,5,?:b"] * draw(st.integers(0, 4)),
    ]
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(lines) - 1))
        text = draw(
            TEXTS
            | st.sampled_from(
                ["@data", "1e400,nan,inf:1,2,3:a", "@classLabel", "@", ":", ",:a", "#"]
            )
            | st.text("@:,?.-e019ab \n", max_size=20)
        )
        lines[place : place + draw(st.integers(0, 1))] = [text]
    return "\n".join(lines)


@st.composite
def epochs_files(draw):
    """Return epochs with events and metadata."""
    sfreq = draw(st.sampled_from([100.0, 100.0, 64.0, 7.3]))
    n_trials, n_times = draw(st.integers(1, 8)), draw(st.integers(2, 200))
    signals = np.random.default_rng(0).normal(0, 1e-5, (n_trials, 2, n_times))
    if draw(st.booleans()):
        signals[draw(st.integers(0, n_trials - 1))] = draw(ODD_NUMBERS)
    samples = np.sort(
        draw(st.lists(st.integers(0, 10**6), min_size=n_trials, max_size=n_trials, unique=True))
    )
    codes = draw(st.lists(st.integers(1, 3), min_size=n_trials, max_size=n_trials))
    names = draw(st.lists(TEXTS, min_size=3, max_size=3, unique=True))
    metadata = None
    if draw(st.booleans()):
        import pandas as pd

        column = st.lists(TEXTS | st.none(), min_size=n_trials, max_size=n_trials)
        numbers = st.lists(st.floats() | st.integers(0, 2), min_size=n_trials, max_size=n_trials)
        metadata = pd.DataFrame(
            {
                name: draw(column | numbers)
                for name in draw(st.sets(st.sampled_from(["subject", "word", "a\nb"])))
            },
            index=range(n_trials),
        )
        if not len(metadata.columns):
            metadata = None
    return EpochsFile(
        draw(TEXTS),
        draw(TEXTS),
        mne.EpochsArray(
            signals,
            mne.create_info(["C3", "C4"], sfreq, "eeg"),
            np.column_stack([samples, np.zeros(n_trials, int), codes]),
            tmin=draw(st.sampled_from([0.0, -0.5, 0.013])),
            event_id={name: code for code, name in enumerate(names, 1) if code in codes},
            metadata=metadata,
            verbose="error",
        ),
    )


#: Changes of the bytes of a file: where, and to what; the header of EDF is ASCII.
CHANGES = st.lists(
    st.tuples(
        st.integers(0, 1500) | st.integers(0, 10**5),
        st.binary(min_size=1, max_size=4)
        | st.text("0123456789-. e+naif", min_size=1, max_size=8).map(str.encode),
    ),
    max_size=4,
)
