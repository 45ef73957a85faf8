"""What INT, TERM and HUP do while commands run: noted or ignored, never fatal half way.

Ctrl-C reaches the whole foreground group: a command holds it back as well, until it is done.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def noted() -> Iterator[list[int]]:
    """Collect the signals that come; the caller looks between two commands."""
    caught: list[int] = []

    def note(signum: int, frame: FrameType | None) -> None:
        caught.append(signum)

    with _handled_by(note):
        yield caught


@contextmanager
def ignored() -> Iterator[None]:
    """Finish first: the commands started meanwhile inherit this, and survive Ctrl-C as well."""
    with _handled_by(signal.SIG_IGN):
        yield


@contextmanager
def held_back() -> Iterator[None]:
    """Signals wait for the end of this; those to a command started meanwhile, for its end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _handled_by(handler: object) -> Iterator[None]:
    """Only the main thread of a program may say what signals do; elsewhere this does nothing.

    What is ignored from the start, as under ``nohup``, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heard}  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
