"""What recordings, files and arguments may hold: mostly sensible, partly not."""

import inspect
from collections import Counter

import mne
import numpy as np
import pandas as pd
import torch
from hypothesis import strategies as st
from torch import nn

from eegaug import Strength
from eegaug.recordings import EpochsFile, Events, Recording

#: Numbers that are none, or beyond all bounds.
ODD_NUMBERS = st.sampled_from([float("nan"), float("inf"), -float("inf"), -1.0, 0.0, 1e-9, 1e12])
STAGES = ["Sleep stage W", "Sleep stage 1", "Sleep stage 2", "N3", "Sleep stage ?"]
EVENTS = ["left", "right", "rest\n", "BAD_x", "EDGE boundary", "", "T1"]


def texts(encoded=False):
    """Return names and labels; where not ``encoded``, of characters that are none too."""
    odd = ["", " ", "a\nb", "\x00", "\u2028", "C3"] + ["caf\udce9"] * (not encoded)
    characters = st.characters(exclude_categories=["Cs"] * encoded)
    return st.one_of(st.sampled_from(odd), st.text(characters, max_size=6))


def mostly(usual, *odd):
    """Return a strategy that draws what is odd once in eight times: one thing at a time."""
    return st.integers(0, 7).flatmap(lambda n: st.one_of(*odd) if n == 7 else usual)


def seconds(longest):
    """Return times (s): on a grid, between, or beyond what there is."""
    return st.one_of(
        st.integers(0, int(longest / 15)).map(lambda n: 15.0 * n),
        st.floats(0, longest),
        st.floats(-longest, 2 * longest),
        st.sampled_from([0.0, 1e-9, 29.999, 30.0, 30.01, 60.0, -1e6, 1e9]),
    )


@st.composite
def annotations(draw, labels, lengths, longest):
    """Return annotations, most of which follow each other; some overlap, or are anywhere."""
    length = draw(mostly(st.sampled_from(lengths), st.sampled_from([20.0, 9.99, 0.0])))
    step = draw(mostly(st.just(length), st.just(length / 2), st.just(length + 3.7))) or 2.5
    wanted, onset, found = mostly(st.sampled_from(labels), texts(encoded=True)), 0.0, []
    for _ in range(draw(st.integers(4, 20))):
        place = draw(mostly(st.just(onset), seconds(longest)))
        found.append((place, abs(draw(mostly(st.just(length), seconds(90)))), draw(wanted)))
        onset += step
    return found


@st.composite
def raws(draw, labels, lengths, longest):
    """Return a recording of MNE with annotations, and whether its signals are clean."""
    sfreq = draw(mostly(st.just(100.0), st.sampled_from([128.0, 99.7, 64.0, 20.0])))
    n_times = draw(mostly(st.just(int(longest * sfreq)), st.integers(1, int(longest * sfreq))))
    n_chans = draw(mostly(st.just(2), st.integers(1, 3)))
    signals = np.random.default_rng(draw(st.integers(0, 9))).normal(0, 1e-5, (n_chans, n_times))
    spoilt = draw(mostly(st.none(), st.sampled_from([0.0, np.nan, np.inf, 1e30])))
    if spoilt is not None:
        start = draw(st.integers(0, n_times))
        signals[draw(st.integers(0, n_chans - 1)), start : start + int(8 * sfreq)] = spoilt
    odd = st.lists(st.text(min_size=1, max_size=4), min_size=3, max_size=3, unique=True)
    names = draw(mostly(st.just(["C3", "C4", "Cz"]), odd))
    raw = mne.io.RawArray(signals, mne.create_info(names[:n_chans], sfreq, "eeg"), verbose="error")
    found = draw(mostly(annotations(labels, lengths, longest), st.just([])))
    if found:
        raw.set_annotations(mne.Annotations(*zip(*found, strict=True)), emit_warning=False)
    cropped = draw(mostly(st.just(0.0), st.just(10.0)))
    if cropped < raw.times[-1]:
        raw.crop(cropped)
    if len(raw.annotations):  # as edited by hand, unchecked
        number = draw(mostly(st.none(), seconds(longest), ODD_NUMBERS))
        if number is not None:
            getattr(raw.annotations, draw(st.sampled_from(["onset", "duration"])))[-1] = number
    return raw, spoilt is None


@st.composite
def recordings(draw, labels, lengths=(2.0, 9.0), longest=150):
    """Return one recording or two, and whether all are clean."""
    made = draw(
        mostly(
            st.lists(raws(labels, lengths, longest), min_size=1, max_size=1),
            st.lists(raws(labels, lengths, longest), min_size=2, max_size=2),
        )
    )
    names = draw(st.lists(texts(), min_size=2, max_size=2))
    listed = [Recording(f"{n}{names[0]}", names[1], raw) for n, (raw, _) in enumerate(made)]
    return listed, all(clean for _, clean in made)


@st.composite
def bands(draw):
    """Return arguments of filters and rates."""
    odd = st.one_of(ODD_NUMBERS, st.floats(0.01, 60), st.just(50.0))
    usual = {
        "sfreq": st.sampled_from([100.0, 128.0]),
        "l_freq": st.sampled_from([0.5, 1.0, 4.0]),
        "h_freq": st.sampled_from([8.0, 20.0]),
    }
    return {
        name: draw(mostly(values, odd)) for name, values in usual.items() if draw(st.booleans())
    }


@st.composite
def events(draw):
    """Return where windows are, as a function of the user might."""
    onsets = draw(st.lists(mostly(st.floats(0, 140), seconds(150), ODD_NUMBERS), max_size=8))
    own = st.lists(st.integers(0, 1), min_size=len(onsets), max_size=len(onsets))
    codes = draw(mostly(own, st.lists(st.integers(-2, 3), max_size=8)))
    return Events(np.array(onsets, dtype=float), np.array(codes, dtype=int), Counter())


@st.composite
def array_parts(draw):
    """Return the parts of an ``.npz`` file, which may not fit each other."""
    n_trials = draw(mostly(st.integers(4, 8), st.integers(0, 8)))
    n_chans, n_times = draw(st.integers(1, 3)), draw(mostly(st.just(80), st.integers(1, 120)))
    X = np.random.default_rng(0).normal(size=(n_trials, n_chans, n_times))
    if X.size:
        spoilt = draw(mostly(st.none(), ODD_NUMBERS))
        X[draw(st.integers(0, n_trials - 1))] *= 1.0 if spoilt is None else spoilt
    small = np.nan_to_num(X).clip(-99, 99)
    odd = [X[:, 0], X[0:0], X[..., None], X.astype(str), X > 0, X.astype(complex), X[:, :0]]
    kinds = [small.astype(np.float16), small.astype(np.int8), small.astype(">f4")]
    parts = {"X": draw(mostly(st.just(X), st.sampled_from(odd), st.sampled_from(kinds)))}
    own = st.lists(st.sampled_from([0, 1]), min_size=n_trials, max_size=n_trials)
    names = mostly(own, st.lists(st.one_of(texts(), st.floats(), st.integers()), max_size=8))
    rates = mostly(st.sampled_from([50, 100.0]), ODD_NUMBERS, st.lists(st.floats(), max_size=2))
    channels = mostly(st.just(["C3", "C4", "Cz"][:n_chans]), st.lists(texts(), max_size=3))
    values = {"y": names, "subject": names, "sfreq": rates, "ch_names": channels}
    for part, value in values.items():
        if draw(mostly(st.just(True), st.just(False))):
            parts[part] = np.array(draw(value))
    return parts


@st.composite
def ts_texts(draw):
    """Return the text of a ``.ts`` file, with lines that are changed, left out or added."""
    lines = [
        "@problemName x",
        "@timeStamps false",
        "@univariate false",
        "@dimensions 2",
        "@equalLength true",
        "@seriesLength 3",
        "@classLabel true a b",
        "@data",
        *["1,2,3:4,5,6:a", "3,1,2:6,5,2:b", "3,1,2:6,5,?:b"] * draw(st.integers(1, 4)),
    ]
    odd = ["@data", "1e400,nan,inf:1,2,3:a", "@classLabel", "@", ":", ",:a", "#", "1,2,3:1,2,3:b"]
    characters = st.text("@:,?.-e019ab \n", max_size=20)
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(lines) - 1))
        text = draw(st.one_of(st.sampled_from(odd), characters, texts()))
        lines[place : place + draw(st.integers(0, 1))] = [text]
    return "\n".join(lines)


@st.composite
def epochs_files(draw):
    """Return epochs with events and metadata."""
    sfreq = draw(mostly(st.just(100.0), st.sampled_from([64.0, 7.3])))
    n_trials = draw(mostly(st.integers(4, 8), st.integers(1, 8)))
    n_times = draw(mostly(st.just(200), st.integers(2, 200)))
    signals = np.random.default_rng(0).normal(0, 1e-5, (n_trials, 2, n_times))
    spoilt = draw(mostly(st.none(), ODD_NUMBERS))
    signals[draw(st.integers(0, n_trials - 1))] *= 1.0 if spoilt is None else spoilt

    def column(values, unique=False):
        return st.lists(values, min_size=n_trials, max_size=n_trials, unique=unique)

    samples = np.sort(draw(column(st.integers(0, 10**6), unique=True)))
    codes = draw(column(st.integers(1, 3)))
    names = draw(st.lists(texts(), min_size=3, max_size=3, unique=True))
    columns = {
        name: draw(mostly(column(st.sampled_from("ab")), column(texts()), column(st.floats())))
        for name in draw(st.sets(st.sampled_from(["subject", "word", "a\nb"])))
    }
    return EpochsFile(
        draw(texts()),
        draw(texts()),
        mne.EpochsArray(
            signals,
            mne.create_info(["C3", "C4"], sfreq, "eeg"),
            np.column_stack([samples, np.zeros(n_trials, int), codes]),
            tmin=draw(st.sampled_from([0.0, -0.5, 0.013])),
            event_id={name: code for code, name in enumerate(names, 1) if code in codes},
            metadata=pd.DataFrame(columns) if columns else None,
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


#: Values that no parameter of a transform takes, or few.
ODD_VALUES = st.one_of(
    ODD_NUMBERS,
    st.sampled_from([None, True, "1", "", [], [1.0], (), {}, 10**400, 10**20, 0, 1, -1, 7, b"x"]),
    st.sampled_from([torch.tensor(0.5), np.float32(0.5), np.int64(2), np.array([0.5]), 1j]),
    st.sampled_from([nn.Identity(), nn.Linear(2, 2), float, Strength]),
)
#: Unit of each strength; of all others "fraction".
UNITS = {
    "p": "probability",
    "p_drop": "probability",
    "p_shuffle": "probability",
    "p_interp": "probability",
    "max_shift": "s",
    "mask_len": "s",
    "max_delta_freq": "Hz",
    "bandwidth": "Hz",
    "max_phase": "degrees",
    "max_degrees": "degrees",
    "max_offset": "electrodes",
    "max_temporal_jitter": "samples",
    "std": "unit of the signal",
    "amplitude": "unit of the signal",
    "alpha": "",
}


@st.composite
def strengths(draw, unit="fraction"):
    """Return a strength, mostly in the unit that is wanted and within 0 and 1."""
    low = draw(mostly(st.just(0.0), st.floats(-2, 2)))
    high = low + draw(mostly(st.sampled_from([1.0, 0.2]), st.floats(1e-5, 200)))
    value = draw(st.floats(low, high))
    unit = draw(mostly(st.just(unit), st.sampled_from(["Hz", "s", "m", ""])))
    return Strength(value, low, high, unit, draw(st.booleans()))


#: Sensors' positions (m), mostly on a head.
POSITIONS = st.integers(1, 5).map(
    lambda n: torch.nn.functional.normalize(torch.randn(n, 3, generator=_seeded(n)), dim=1)
)


def _seeded(seed):
    return torch.Generator().manual_seed(seed)


USUAL = {
    "sfreq": st.sampled_from([100.0, 128, 99.7]),
    "positions": POSITIONS,
    "ch_names": st.sampled_from([["C3", "C4"], ["C3", "Cz", "C4"], ["Cz"]]),
    "mirrored": st.just([1, 0, 2]),
    "low": st.sampled_from([0.0, 4.0, 8.0]),
    "high": st.sampled_from([12.0, 30.0]),
    "axis": st.sampled_from(["x", "y", "z"]),
    "duration": st.sampled_from([0.1, 0.5]),
    "max_freq": st.sampled_from([None, 20.0]),
    "line_freq": st.sampled_from([50.0, 10.0, 49.9]),
    "channel_indep": st.booleans(),
    "beta_per_sample": st.booleans(),
    "num_bands": st.integers(1, 2),
    "electrodes_per_band": st.integers(1, 3),
    "n_segments": st.integers(1, 12),
}


@st.composite
def arguments(draw, cls):
    """Return keyword arguments of a transform's class, most of them sensible."""
    drawn = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        needed = parameter.default is parameter.empty
        if needed or draw(st.booleans()):
            strength = strengths(UNITS.get(name, "fraction"))
            usual = USUAL.get(name, st.one_of(st.floats(0, 1), strength))
            drawn[name] = draw(mostly(usual, ODD_VALUES, strength))
    return drawn


@st.composite
def signals(draw):
    """Return signals of any shape, type and scale; mostly (batch, channels, times)."""
    shape = draw(
        mostly(
            st.tuples(st.integers(1, 4), st.integers(1, 3), st.sampled_from([100, 101, 64, 2, 1])),
            st.lists(st.integers(0, 4), max_size=5).map(tuple),
        )
    )
    dtype = draw(
        mostly(
            st.just(torch.float32),
            st.sampled_from(
                [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool]
            ),
        )
    )
    x = torch.randn(shape, generator=_seeded(draw(st.integers(0, 3))))
    x = x * draw(mostly(st.just(1.0), st.sampled_from([0.0, 1e-6, 1e-30, 1e30, 1e-42])))
    spoilt = draw(mostly(st.none(), ODD_NUMBERS))
    if spoilt is not None and x.numel():
        x.view(-1)[draw(st.integers(0, x.numel() - 1))] = spoilt
    x = x.to(dtype)
    return draw(mostly(st.just(x), st.just(x.mT if x.ndim > 1 else x)))
