"""What INT, TERM and HUP do while commands run: they are noted, and end no command by themselves.

Ctrl-C reaches the whole foreground group, so commands inherit what is set here.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def noted() -> Iterator[list[int]]:
    """Collect the numbers of the signals that come, for the caller to look at between commands."""
    caught: list[int] = []

    def note(signum: int, frame: FrameType | None) -> None:
        caught.append(signum)

    with _handled_by(note):
        yield caught


@contextmanager
def held_back() -> Iterator[None]:
    """Block signals; a command that is started meanwhile blocks them until it ends."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def shell_status(code: int) -> int:
    """An exit status as a shell tells it: 128 more than a signal's number, which Python negates."""
    return code if code >= 0 else 128 - code


def waiting() -> bool:
    """Whether a signal came that is held back."""
    return not signal.sigpending().isdisjoint(SIGNALS)


@contextmanager
def _handled_by(handler: object) -> Iterator[None]:
    """Set a handler; only the main thread may, and elsewhere this does nothing.

    A signal that is ignored from the start, as under ``nohup``, stays ignored.
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
