"""The main job: recordings in; a trained network, its invariances and a report out.

Names are loaded on first use, so that the command can answer before its libraries are there.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from eegaug.extra import needs_extra

with needs_extra(__name__):
    import eegaug.recordings  # noqa: F401 - whose libraries all of it needs

if TYPE_CHECKING:
    from eegaug.study.learning import learn
    from eegaug.study.predicting import Predictions, predict_recordings
    from eegaug.study.report import write_report
    from eegaug.study.result import Learned
    from eegaug.study.saved import load_model, save_model
    from eegaug.study.settings import Settings
    from eegaug.study.task import Option, Task
    from eegaug.study.tasks import TASKS

_HOMES = {
    "TASKS": "tasks",
    "Gain": "gain",
    "Learned": "result",
    "Option": "task",
    "Settings": "settings",
    "Task": "task",
    "gain_by_person": "gain",
    "learn": "learning",
    "load_model": "saved",
    "Predictions": "predicting",
    "predict_recordings": "predicting",
    "save_model": "saved",
    "write_report": "report",
}

__all__ = [
    "TASKS",
    "Gain",
    "Learned",
    "Option",
    "Predictions",
    "Settings",
    "Task",
    "gain_by_person",
    "learn",
    "load_model",
    "predict_recordings",
    "save_model",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with needs_extra(f"{__name__}.{name}"):
        home = import_module(f"{__name__}.{_HOMES[name]}")
    return getattr(home, name)
