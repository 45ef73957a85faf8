"""``--confirm``: everything comes back unless somebody says in time that the host is reachable.

The watcher, the journal's watch.sh (templates/confirm.sh), is there before the first command. It
survives the command line, its process group and its terminal, holds no lock while it waits, and
acts by the journal alone. Scripts start the same.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from netmodes.errors import NetmodesError, Refused
from netmodes.journal import Journal
from netmodes.plan.log import Run
from netmodes.script.bash import LONGEST, SECONDS

#: Where systemd runs, which would end a plain process with its SSH session.
SYSTEMD = Path("/run/systemd/system")

#: Seconds for a watcher to say that it watches.
PATIENCE = 2.0


def validate_seconds(seconds: object) -> None:
    """Refuse what is no time to wait for a confirmation: True, nan, inf."""
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not 1 <= seconds <= LONGEST:  # type: ignore[operator]
        raise Refused(f"a confirmation takes 1 to {LONGEST} seconds, not {seconds!r}")


def seconds_from(text: str) -> float:
    """The seconds that somebody typed."""
    seconds = float(text) if re.fullmatch(SECONDS, text) else text
    validate_seconds(seconds)
    return float(seconds)


def start(journal: Journal, seconds: float) -> None:
    """Start the watcher for the run of this process, before its first command.

    Raises:
        Refused: none says that it watches; the journal is removed.
    """
    run = journal.read()
    words = (round(seconds * 100), os.getpid(), run.id if run else "")
    argv = ("bash", f"{journal.folder}/watch.sh", *map(str, words))
    if not any(_watches(journal, (*way, *argv)) for way in _ways()):
        journal.remove()
        raise Refused(
            "no watcher starts for --confirm, so nothing was done: see that `setsid` and `bash` "
            "run and that /run has room"
        )


def _ways() -> Iterator[tuple[str, ...]]:
    if SYSTEMD.is_dir():
        path = f"--setenv=PATH={os.environ.get('PATH', os.defpath)}"
        yield ("systemd-run", "--collect", "--quiet", path, "--")
    yield ("setsid", "--fork")


def _watches(journal: Journal, argv: tuple[str, ...]) -> bool:
    """Whether a watcher that is started by this command says in time that it is there."""
    null = subprocess.DEVNULL
    start = partial(subprocess.run, stdin=null, stdout=null, stderr=null, cwd="/", check=True)
    try:
        start(argv, start_new_session=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError):
        return False
    deadline = time.monotonic() + PATIENCE
    while (run := journal.read()) and not run.watcher and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(run and run.watcher)


def waits(run: Run) -> bool:
    """Whether just this run is still there, and nobody has confirmed it."""
    now = Journal(run.plan.name).read()
    return now is not None and now.id == run.id and not now.confirmed


def is_watched(run: Run) -> bool:
    """Whether the watcher of this run is alive; its command line names the run."""
    try:
        return run.id.encode() in Path("/proc", str(run.watcher), "cmdline").read_bytes()
    except OSError:
        return False


def confirm(name: str) -> None:
    """Say that all is well; the lock is held.

    Raises:
        Refused: there is no such network (any more), or it is not wholly up.
        NetmodesError: the journal cannot be written.
    """
    journal = Journal(name)
    run = journal.read()
    if run is None:
        raise Refused(f"{name} is not up: it was undone, or never put up")
    if run.state == "interrupted":
        raise Refused(f"{name} was interrupted: `netmodes down {name}` undoes it")
    for _ in range(2):  # the first may go on where a full disk has cut an earlier one
        journal.write("confirmed")
        if (run := journal.read()) is not None and run.confirmed:
            return
    raise NetmodesError(f"{journal.folder} cannot be written: make room there, confirm again")
