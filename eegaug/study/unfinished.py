"""A run that has not finished: a folder with what it depends on, and the state of its trainings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from eegaug.files import written_whole
from eegaug.study.processes import is_first_process

#: Name of the file that says what a run depends on.
RUN = "run.json"
#: What to do about a run that is in the way.
REMEDY = "The same command with --resume goes on with it; remove the folder to begin again."
#: What tells the windows of a run from others.
WINDOWS = "windows"


class Unfinished:
    """The folder of a run, from its first epoch until its results are written.

    Parameters
    ----------
    folder : path, optional
        The folder, which is created where absent; where None, nothing is saved.
    depends : dict
        What the result of the run depends on, as numbers and text; the fingerprint of its windows
        is under :data:`WINDOWS`.

    Raises
    ------
    ValueError
        If the folder holds a run that depends on something else, or is damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = Unfinished(folder, {"epochs": 20})
    ...     print(run.state("learning").name)
    ...     Unfinished(folder, {"epochs": 30})
    Traceback (most recent call last):
    ValueError: ...: an unfinished run with other settings: epochs 20, now 30. The same command ...
    """

    def __init__(self, folder: str | Path | None, depends: dict[str, Any]) -> None:
        self.folder = None if folder is None else Path(folder)
        self._n_trainings = 0
        if self.folder is None:
            return
        before = read_run(self.folder)
        depends = json.loads(json.dumps(depends))  # as it is read
        if before is not None:
            changed = [
                f"{name.replace('_', ' ')} {before.get(name)}, now {value}"
                for name, value in depends.items()
                if before.get(name) != value and name != WINDOWS
            ]
            if changed:
                raise ValueError(
                    f"{self.folder}: an unfinished run with other settings: {'; '.join(changed)}."
                    f" {REMEDY}"
                )
            if before.get(WINDOWS) != depends.get(WINDOWS):
                raise ValueError(f"{self.folder}: an unfinished run of other windows. {REMEDY}")
            return
        if not is_first_process():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with written_whole(self.folder / RUN) as part:
            part.write_text(json.dumps(depends, indent=2), encoding="utf-8")

    def state(self, name: str) -> Path | None:
        """Return the file of the next training."""
        self._n_trainings += 1
        if self.folder is None:
            return None
        slug = re.sub(r"\W+", "-", name)
        return self.folder / f"{self._n_trainings:02d}-{slug}.pt"


def read_run(folder: Path) -> dict[str, Any] | None:
    """Return what the run in a folder depends on; None if there is no run.

    Parameters
    ----------
    folder : path
        The folder, which may not exist.

    Returns
    -------
    dict or None

    Raises
    ------
    ValueError
        If the folder is damaged.
    """
    try:
        text = (folder / RUN).read_text(encoding="utf-8")
        return dict(json.loads(text))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{folder / RUN}: damaged; remove {folder} to begin again.") from error


def state_files(folder: Path) -> list[Path]:
    """Return the states of trainings in a folder, in their order."""
    return sorted(folder.glob("[0-9]*.pt"))
