"""Ctrl-C while networks train, and the signal that a scheduler sends before it kills."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from eegaug.study.processes import n_processes


@dataclass
class Stop:
    """Whether a study was asked to stop after the epoch."""

    asked: bool = False


@contextmanager
def stop_after_epoch() -> Iterator[Stop]:
    """Ask at the first Ctrl-C to stop after the epoch; stop at once at the second.

    Several processes would not stop after the same epoch: there, and where Ctrl-C is handled
    otherwise already, as by a test or a server, it goes on doing what it does.

    Yields
    ------
    Stop
        What was asked.

    Examples
    --------
    >>> with stop_after_epoch() as stop:
    ...     stop.asked
    False
    """
    stop = Stop()

    def ask() -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True
        print("\nStopping after this epoch; Ctrl-C again stops at once.", file=sys.stderr)

    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    handles = is_default and n_processes() == 1
    with _on(signal.SIGINT, ask) if handles else nullcontext():
        yield stop


class Terminated(BaseException):
    """SIGTERM; training loops that keep a KeyboardInterrupt to themselves let it through."""


@contextmanager
def sigterm_raised() -> Iterator[None]:
    """Let SIGTERM raise :class:`Terminated`, so that what cleans up is run."""

    def terminate() -> None:
        raise Terminated

    with _on(signal.SIGTERM, terminate):
        yield


@contextmanager
def _on(number: int, do: Callable[[], None]) -> Iterator[None]:
    """Do something at a signal, in the main thread, which alone gets signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, lambda *_: do())
    try:
        yield
    finally:
        signal.signal(number, before)
