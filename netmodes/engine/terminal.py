"""A terminal of its own for work that must not type into ours (TIOCSTI): another user's, a lab's.

    our terminal ── relay (this process) ══ pty ══ monitor ── worker

The monitor leads the pty's session, so that the worker is a job in it, which Ctrl-Z can stop. A
lab's monitor is its first process, which nothing inside can stop: a pipe tells of the stop.
"""

import fcntl
import os
import select
import signal
import stat
import termios
import tty
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from netmodes.engine.signals import shell_status

#: What whoever sends it to the relay means for the worker.
PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTSTP", "SIGUSR1", "SIGUSR2")

#: What else the relay must hear of.
HEARD = ("SIGCHLD", "SIGWINCH", "SIGCONT")

#: Seconds between two looks whether the keyboard is ours, and the worker's.
PATIENCE = 0.2


def controlling() -> int | None:
    """A descriptor of the terminal that can be reached from here; None if there is none."""
    with suppress(OSError):
        return os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    return next((os.dup(number) for number in range(3) if os.isatty(number)), None)


def run(
    work: Callable[[], int], uid: int, terminal: int, first: Callable[[], None] = lambda: None
) -> int:
    """Work in a child, on a new terminal of this user's, which is relayed to ours.

    Args:
        work: what the worker does.
        uid: the new terminal's owner.
        terminal: a descriptor of ours, which no child keeps.
        first: what the monitor does before there is a worker.

    Returns:
        In the worker, what the work does; here its exit status, 128 more than a signal's number.
    """
    master, slave = os.openpty()
    os.fchown(slave, uid, -1)
    if _is_ours(terminal):
        termios.tcsetattr(slave, termios.TCSANOW, termios.tcgetattr(terminal))
    piped = any(stat.S_ISFIFO(os.fstat(number).st_mode) for number in (0, 1))
    _resize(terminal, master)
    stops, stopper = os.pipe()
    monitor = os.fork()
    if monitor == 0:
        for number in (master, terminal, stops):
            os.close(number)
        first()
        _lead(slave, stopper, foreground=not piped)
        return work()
    for number in (slave, stopper):
        os.close(number)
    os.set_blocking(master, False)
    return _Relay(terminal, master, stops, monitor, piped).run()


def _lead(slave: int, stopper: int, foreground: bool) -> None:
    """Be the monitor: tell when the worker stops, and end as it ends; return as the worker.

    A worker in a pipeline gets the keyboard when it asks: another in it may want that.
    """
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for number in range(3):
        if os.isatty(number):
            os.dup2(slave, number)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    worker = os.fork()
    if worker == 0:
        os.close(stopper)
        _be_a_job(slave, foreground)
        return
    with suppress(OSError):  # it has done so itself
        os.setpgid(worker, worker)
    for number in _heard(PASSED_ON):
        signal.signal(number, lambda number, frame: os.killpg(worker, number))
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCONT])
    while True:
        ended, status = os.waitpid(-1, os.WUNTRACED)  # a lab's orphans too
        if ended != worker:
            continue
        if not os.WIFSTOPPED(status):
            os._exit(_exit_status(status))
        if os.WSTOPSIG(status) in (signal.SIGTTIN, signal.SIGTTOU):
            os.tcsetpgrp(slave, worker)
        else:
            os.write(stopper, b".")
            signal.sigwait([signal.SIGCONT])
        os.killpg(worker, signal.SIGCONT)


def _be_a_job(slave: int, foreground: bool) -> None:
    os.setpgid(0, 0)
    if foreground:
        os.tcsetpgrp(slave, os.getpid())
    os.close(slave)
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)


def _heard(names: tuple[str, ...]) -> list[signal.Signals]:
    """These signals, but for those that are ignored from the start, as under ``nohup``."""
    numbers = [signal.Signals[name] for name in names]
    return [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]


def _exit_status(status: int) -> int:
    return shell_status(os.waitstatus_to_exitcode(status))


def _is_ours(terminal: int) -> bool:
    """Whether this process is in the terminal's foreground, if the terminal controls it at all."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return True


def _resize(terminal: int, master: int) -> None:
    fcntl.ioctl(master, termios.TIOCSWINSZ, fcntl.ioctl(terminal, termios.TIOCGWINSZ, b"\0" * 8))


class _Relay:
    """Passes on what is typed and printed, until the worker ends."""

    def __init__(self, terminal: int, master: int, stops: int, monitor: int, piped: bool) -> None:
        self.terminal, self.master, self.stops = terminal, master, stops
        self.monitor, self.piped = monitor, piped
        self.settings: list[Any] = []  # of our terminal, while it is raw
        self.typed = b""
        self.hung_up = False
        self.status: int | None = None

    def run(self) -> int:
        """Relay, and give our terminal back as it was."""
        wake, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in (*_heard(PASSED_ON), *_heard(HEARD)):
            signal.signal(number, lambda number, frame: None)
        self._hear(signal.SIGCHLD)  # it may have come before
        try:
            while self.status is None:
                self._turn(wake)
            self._print()
        finally:
            self._give_back()
        return self.status

    def _turn(self, wake: int) -> None:
        self._take()
        keys = [self.terminal] if self.settings and not self.typed else []
        writes = [self.master] if self.typed else []
        reads = [self.master, self.stops, wake, *keys]
        ready, writable, _ = select.select(reads, writes, [], PATIENCE)
        if self.master in ready:
            self._print()
        if self.terminal in ready:
            self._read()
        if writable:
            self.typed = self.typed[os.write(self.master, self.typed) :]
        for number in os.read(wake, 64) if wake in ready else b"":
            self._hear(number)
        if self.stops in ready and os.read(self.stops, 1):
            self._stop()

    def _read(self) -> None:
        with suppress(OSError):
            self.typed = os.read(self.terminal, 4096)
        self.hung_up = not self.typed

    def _print(self) -> None:
        """Print all that was printed there; nothing once all of it have closed the pty."""
        with suppress(OSError):
            while printed := os.read(self.master, 65536):
                while printed:
                    printed = printed[os.write(self.terminal, printed) :]

    def _hear(self, number: int) -> None:
        if number == signal.SIGWINCH:
            _resize(self.terminal, self.master)
        elif number == signal.SIGCHLD:
            pid, status = os.waitpid(self.monitor, os.WNOHANG)
            if pid:
                self.status = _exit_status(status)
        elif number != signal.SIGCONT:
            os.kill(self.monitor, number)

    def _stop(self) -> None:
        """Stop with the worker, and go on with it."""
        self._give_back()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        os.kill(self.monitor, signal.SIGCONT)

    def _take(self) -> None:
        """Read every key, if the keyboard is ours and the worker's."""
        if self.hung_up or not _is_ours(self.terminal):
            self.settings = []  # whoever has the terminal now has set it as well
        elif not self.settings and (not self.piped or self._is_asked()):
            self.settings = termios.tcgetattr(self.terminal)
            tty.setraw(self.terminal, termios.TCSADRAIN)
            if self.piped:  # what comes after us in the pipeline prints here too
                raw = termios.tcgetattr(self.terminal)
                raw[1] = self.settings[1]
                termios.tcsetattr(self.terminal, termios.TCSADRAIN, raw)
            _resize(self.terminal, self.master)

    def _is_asked(self) -> bool:
        """Whether the worker is in its terminal's foreground."""
        return os.tcgetpgrp(self.master) not in (0, self.monitor)

    def _give_back(self) -> None:
        if self.settings:
            with suppress(termios.error):
                termios.tcsetattr(self.terminal, termios.TCSADRAIN, self.settings)
            self.settings = []
