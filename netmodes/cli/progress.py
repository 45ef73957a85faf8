"""What goes on for more than a second, on the last line of a terminal, until it is done."""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, RLock, Thread
from typing import TextIO

from netmodes.machine import progress

#: Seconds until something is shown, and between two times.
PATIENCE = 1.0

#: Back to the first column, and delete to the last (ECMA-48).
CLEAR = "\r\033[K"


class Line:
    """A line that is replaced in place."""

    def __init__(self, terminal: TextIO) -> None:
        self.terminal = terminal
        self.words: list[str] = []
        self.drawn = False
        self.lock = RLock()

    @contextmanager
    def shown(self, words: str) -> Iterator[None]:
        """Show these words, if it takes long; the innermost are those that count."""
        self.words.append(words)
        done = Event()
        if len(self.words) == 1:
            Thread(target=self._keep_drawing, args=(done,), daemon=True).start()
        try:
            yield
        finally:
            with self.lock:
                done.set()
                self.clear()
                self.words.pop()

    def _keep_drawing(self, done: Event) -> None:
        began = time.monotonic()
        while not done.wait(PATIENCE):
            with self.lock, suppress(OSError):
                if not done.is_set():
                    self._draw(time.monotonic() - began)

    def _draw(self, seconds: float) -> None:
        text = f"[#] # {seconds:.0f} s: {self.words[-1]}"
        columns = shutil.get_terminal_size((80, 24)).columns
        print(end=f"{CLEAR}{text[: columns - 1]}", file=self.terminal, flush=True)
        self.drawn = True

    def clear(self) -> None:
        """Make room for another line; this one comes again."""
        with self.lock, suppress(OSError):
            if self.drawn:
                print(end=CLEAR, file=self.terminal, flush=True)
            self.drawn = False


LINE = Line(sys.stderr)


def show() -> None:
    """Show from now on what goes on, if somebody sees it who wants to."""
    if os.isatty(2) and os.environ.get("TERM", "") not in ("", "dumb"):
        progress.shown = LINE.shown
