"""The output folder of a run: results appear in it together, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from eegaug.files import PART, written_whole
from eegaug.study.processes import is_first_process
from eegaug.study.unfinished import REMEDY, RUN, read_run, state_files

#: Folder inside the output folder that a run works in, until its results are written.
UNFINISHED = "unfinished"


class Run:
    """Write results to a folder, and keep what a stopped run can go on from.

    In a ``with`` statement: what is written to :attr:`folder` moves to ``out`` at its end. After an
    error, states of trainings stay in ``out / "unfinished"``, and nothing else. Of several
    processes, the first does all this.

    Parameters
    ----------
    out : path
        The output folder, which is created where absent.
    results : sequence of str
        Names of files that will be written.
    resume : bool
        Whether to go on with an unfinished run.

    Attributes
    ----------
    goes_on : bool
        Whether there was an unfinished run to go on with.
    stopped : bool
        Whether the run writes what is there before its end: states stay, to go on from.

    Raises
    ------
    ValueError
        On entering, if ``out`` is no folder that can be written to, another run is writing to it,
        a folder has the name of a result, or there is an unfinished run and ``resume`` is false.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as out:
    ...     with Run(out, ["one.txt"]) as run:
    ...         _ = (run.folder / "one.txt").write_text("1")
    ...     print([path.name for path in Path(out).iterdir()])
    ['one.txt']
    """

    def __init__(self, out: str | Path, results: Sequence[str], resume: bool = False) -> None:
        self.out, self.results, self.resume = Path(out), results, resume
        self.stopped = self.goes_on = False
        self.unfinished = self.out / UNFINISHED
        self.folder = self.unfinished / "results"
        self._lock = FileLock(self.unfinished / ".lock", timeout=0)
        self._new: list[Path] = []

    def __enter__(self) -> Run:
        if not is_first_process():
            return self
        self._new = [folder for folder in (self.out, *self.out.parents) if not folder.exists()]
        try:
            self.unfinished.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout as error:
            raise ValueError(f"{self.out}: another run is writing to this folder.") from error
        except OSError as error:
            raise ValueError(
                f"--out {self.out}: not a folder that can be written to ({error.strerror})."
            ) from error
        try:
            self._sweep()  # what is left of a run that was killed
            self._check_free(self.results)
            self._check_resumed()
            self.folder.mkdir()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not is_first_process():
            return
        try:
            if error is None:
                written = sorted(self.folder.iterdir())
                self._check_free([result.name for result in written])
                for result in written:
                    with written_whole(self._target(result.name)) as part:
                        shutil.move(result, part)
                if not self.stopped:
                    for state in state_files(self.unfinished):
                        state.unlink()
        finally:
            self._leave()

    def _check_free(self, names: Sequence[str]) -> None:
        for target in map(self._target, names):
            if target.is_dir():
                raise ValueError(f"{target}: a folder; a file of this name is wanted.")
            if not target.parent.is_dir():
                raise ValueError(f"{target}: a link leads here, to a folder that does not exist.")

    def _target(self, name: str) -> Path:
        """Return the file of a result: where a link leads, if there is one."""
        path = self.out / name
        try:
            target = path.resolve()
        except (OSError, RuntimeError) as error:
            raise ValueError(f"{path}: a link that leads nowhere.") from error
        if target.is_symlink():  # in a loop, of which Python 3.13 does not complain
            raise ValueError(f"{path}: a link that leads nowhere.")
        return target

    def _check_resumed(self) -> None:
        self.goes_on = read_run(self.unfinished) is not None
        if self.goes_on and not self.resume:
            raise ValueError(f"{self.unfinished}: an unfinished run. {REMEDY}")

    def _sweep(self) -> None:
        """Remove all of a run but the states of its trainings, and what they depend on."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for part in self.unfinished.glob(f"{PART}*"):
            part.unlink()
        if not state_files(self.unfinished):
            (self.unfinished / RUN).unlink(missing_ok=True)

    def _leave(self) -> None:
        """Sweep, and remove folders that are empty then."""
        self._sweep()
        self._lock.release()
        (self.unfinished / ".lock").unlink(missing_ok=True)
        for folder in (self.unfinished, *self._new):  # from the innermost
            if folder.exists() and not any(folder.iterdir()):
                folder.rmdir()
