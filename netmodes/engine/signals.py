"""What INT, TERM and HUP do while commands run: they are noted, and end no command by themselves.

Ctrl-C reaches the whole foreground group, so commands inherit what is set here.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Noted(list[int]):
    """The numbers of the signals that have come; as a handler it notes one more."""

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        """Note it."""
        self.append(signum)


@contextmanager
def noted() -> Iterator[list[int]]:
    """Collect the numbers of the signals that come, for the caller to look at between commands.

    Only the main thread can; elsewhere none come. A signal that is ignored from the start, as under
    ``nohup``, stays ignored. Who notes around this is told of them as well.
    """
    caught = Noted()
    here = threading.current_thread() is threading.main_thread()
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, caught) for number in heard if here}
    try:
        yield caught
    finally:
        for number, old in before.items():
            signal.signal(number, old)
            if isinstance(old, Noted):
                old += [number] * caught.count(number)


@contextmanager
def put_off() -> Iterator[None]:
    """What comes meanwhile comes at the end, so that what takes a network back is not cut off."""
    try:
        with noted() as caught:
            yield
    finally:
        for number in dict.fromkeys(caught):
            signal.raise_signal(number)


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
