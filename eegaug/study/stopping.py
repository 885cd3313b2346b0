"""Ctrl-C while networks train, and the signal that a scheduler sends before it kills."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

from eegaug.study.processes import n_processes


class StopAfterEpoch:
    """Ask at the first Ctrl-C to stop after the epoch; stop at once at the second.

    In a ``with`` statement. Only the main thread gets signals, and several processes would not stop
    after the same epoch: elsewhere, Ctrl-C stops at once.

    Attributes
    ----------
    asked : bool
        Whether to stop.

    Examples
    --------
    >>> with StopAfterEpoch() as stop:
    ...     stop.asked
    False
    """

    def __init__(self) -> None:
        self.asked = False
        self._handles = False

    def __enter__(self) -> StopAfterEpoch:
        # who handles Ctrl-C otherwise, as a test or a server does, goes on doing so
        is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        self._handles = _gets_signals() and is_default and n_processes() == 1
        if self._handles:
            signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handles:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        print("\nStopping after this epoch; Ctrl-C again stops at once.", file=sys.stderr)


class Terminated(BaseException):
    """SIGTERM; training loops that keep a KeyboardInterrupt to themselves let it through."""


@contextmanager
def sigterm_raised() -> Iterator[None]:
    """Let SIGTERM raise :class:`Terminated`, so that what cleans up is run."""

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    if not _gets_signals():
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _gets_signals() -> bool:
    return threading.current_thread() is threading.main_thread()
