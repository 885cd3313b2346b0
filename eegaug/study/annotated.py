"""Predicted labels as annotations that MNE reads."""

from __future__ import annotations

from pathlib import Path

import mne
import pandas as pd


def write_annotations(own: pd.DataFrame, stem: Path, prefix: str = "") -> None:
    """Write the predictions for one recording to ``STEM-annot.fif``.

    Parameters
    ----------
    own : pandas.DataFrame
        Rows of the recording, with onset and duration (s) and label.
    stem : path
        Path of the file, without its ending.
    prefix : str
        Text before each label, as "Sleep stage ".
    """
    annotations = mne.Annotations(own["onset"], own["duration"], prefix + own["label"])
    annotations.save(stem.with_name(f"{stem.name}-annot.fif"), verbose="error")
