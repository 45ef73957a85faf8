"""A terminal, and a command on it."""

from __future__ import annotations

import os
import pty
import select
import time
from types import TracebackType


class Terminal:
    """Types into a command, and waits for what it prints."""

    def __init__(self, argv: list[str], environment: dict[str, str]) -> None:
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], argv, environment)
        self.printed = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        os.close(self.master)  # hangs up
        os.waitpid(self.pid, 0)

    def type(self, keys: str) -> None:
        """Type these keys."""
        os.write(self.master, keys.encode())

    def until(self, words: str, patience: float = 20) -> str:
        """Wait for these words; what was printed up to them, and not waited for before."""
        deadline = time.monotonic() + patience
        while words not in self.printed:
            ready = select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0]
            assert ready, f"{words!r} does not come: {self.printed!r}"
            self.printed += os.read(self.master, 65536).decode(errors="replace")
        before, _, self.printed = self.printed.partition(words)
        return before
