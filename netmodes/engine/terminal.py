"""A terminal of its own for another user's command, which could type into ours (TIOCSTI).

    our terminal ── relay (this process) ══ pty ══ monitor ── command

The monitor leads the pty's session, so that the command is a job in it, which Ctrl-Z can stop.
"""

import fcntl
import os
import select
import signal
import stat
import termios
import tty
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn

from netmodes.engine.signals import shell_status
from netmodes.plan.undo import Argv

#: What whoever sends it to the relay means for the command.
PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTSTP", "SIGUSR1", "SIGUSR2")

#: What else the relay must hear of.
HEARD = ("SIGCHLD", "SIGWINCH", "SIGCONT")

#: Seconds between two looks whether the keyboard is ours, and the command's.
PATIENCE = 0.2


def controlling() -> int | None:
    """A descriptor of the terminal that a command could reach from here; None if there is none."""
    with suppress(OSError):
        return os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    return next((os.dup(number) for number in range(3) if os.isatty(number)), None)


def run(argv: Argv, environment: Mapping[str, str], uid: int, terminal: int) -> int:
    """Run a command of this user on a new terminal, which is relayed to ours.

    Returns:
        Its exit status, 128 more than a signal's number.
    """
    master, slave = os.openpty()
    os.fchown(slave, uid, -1)
    if _is_ours(terminal):
        termios.tcsetattr(slave, termios.TCSANOW, termios.tcgetattr(terminal))
    piped = any(stat.S_ISFIFO(os.fstat(number).st_mode) for number in (0, 1))
    _resize(terminal, master)
    monitor = os.fork()
    if monitor == 0:
        os.close(master)
        _lead(argv, environment, slave, foreground=not piped)
    os.close(slave)
    os.set_blocking(master, False)
    return _Relay(terminal, master, monitor, piped).run()


def _lead(argv: Argv, environment: Mapping[str, str], slave: int, foreground: bool) -> NoReturn:
    """Be the monitor: stop when the command does, and end as it ends.

    A command in a pipeline gets the keyboard when it asks: another in it may want that.
    """
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for number in range(3):
        if os.isatty(number):
            os.dup2(slave, number)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    command = os.fork()
    if command == 0:
        _become(argv, environment, slave, foreground)
    with suppress(OSError):  # it has done so itself
        os.setpgid(command, command)
    for number in _heard(PASSED_ON):
        signal.signal(number, lambda number, frame: os.killpg(command, number))
    while True:
        status = os.waitpid(command, os.WUNTRACED)[1]
        if not os.WIFSTOPPED(status):
            os._exit(_exit_status(status))
        if os.WSTOPSIG(status) in (signal.SIGTTIN, signal.SIGTTOU):
            os.tcsetpgrp(slave, command)
        else:
            os.kill(os.getpid(), signal.SIGSTOP)
        os.killpg(command, signal.SIGCONT)


def _become(argv: Argv, environment: Mapping[str, str], slave: int, foreground: bool) -> NoReturn:
    os.setpgid(0, 0)
    if foreground:
        os.tcsetpgrp(slave, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], argv, environment)
    finally:
        os._exit(127)


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
    """Passes on what is typed and printed, until the command ends."""

    def __init__(self, terminal: int, master: int, monitor: int, piped: bool) -> None:
        self.terminal, self.master, self.monitor, self.piped = terminal, master, monitor, piped
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
        ready, writable, _ = select.select([self.master, wake, *keys], writes, [], PATIENCE)
        if self.master in ready:
            self._print()
        if self.terminal in ready:
            self._read()
        if writable:
            self.typed = self.typed[os.write(self.master, self.typed) :]
        for number in os.read(wake, 64) if wake in ready else b"":
            self._hear(number)

    def _read(self) -> None:
        with suppress(OSError):
            self.typed = os.read(self.terminal, 4096)
        self.hung_up = not self.typed

    def _print(self) -> None:
        """Print all that the command has printed; nothing once all of it have closed the pty."""
        with suppress(OSError):
            while printed := os.read(self.master, 65536):
                while printed:
                    printed = printed[os.write(self.terminal, printed) :]

    def _hear(self, number: int) -> None:
        if number == signal.SIGWINCH:
            _resize(self.terminal, self.master)
        elif number == signal.SIGCHLD:
            pid, status = os.waitpid(self.monitor, os.WNOHANG | os.WUNTRACED)
            if pid and os.WIFSTOPPED(status):
                self._stop()
            elif pid:
                self.status = _exit_status(status)
        elif number != signal.SIGCONT:
            os.kill(self.monitor, number)

    def _stop(self) -> None:
        """Stop with the command, and go on with it."""
        self._give_back()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        os.kill(self.monitor, signal.SIGCONT)

    def _take(self) -> None:
        """Read every key, if the keyboard is ours and the command's."""
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
        """Whether the command is in its terminal's foreground."""
        return os.tcgetpgrp(self.master) not in (0, self.monitor)

    def _give_back(self) -> None:
        if self.settings:
            with suppress(termios.error):
                termios.tcsetattr(self.terminal, termios.TCSADRAIN, self.settings)
            self.settings = []
