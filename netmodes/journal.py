"""The journal: one folder for each network that is up, in /run and so gone with a reboot.

    /run/netmodes/.lock          whoever holds it is the only run
    /run/netmodes/.holder        who that is (see ``netmodes.holder``)
    /run/netmodes/A/plan.json    the plan: every command with its undo
    /run/netmodes/A/log          what has happened so far (see ``netmodes.plan.log``)
    /run/netmodes/A/down.sh      the undo of the network as bash, in case Python is gone
    /run/netmodes/A/watch.sh     the watcher of --confirm as bash, where one was asked for
    /run/netmodes/A/before.json  the machine's facts from before the run, for comparison
    /run/netmodes/A/shares       the steps that other networks may share, each by index and name
    /run/netmodes/A+2/namespaces the names of several namespaces by now, where a plan is of several

The folder is complete before the first command runs. Exported scripts write the same files, so
``netmodes list`` and ``netmodes down`` see what a script made.
"""

import errno
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from netmodes import holder
from netmodes.errors import NetmodesError, Refused
from netmodes.plan.log import MEMBERS, Run, run_from
from netmodes.plan.network import Network, unreadable
from netmodes.plan.plan import Plan
from netmodes.plan.text import NOT_AS_WRITTEN, lines_of, visible

ROOT = Path("/run/netmodes")

#: How the plan of an earlier netmodes begins.
EARLIER = ('{"format": 1', '{"format": 2', '{"format": 3')

LOCK, HOLDER = ".lock", ".holder"

#: The file that is root's alone to read, for it has the firewall's rules.
BEFORE = "before.json"

#: Seconds to wait for the lock in silence.
PATIENCE = 1.0

OWN_NAMESPACE = Path("/proc/self/ns/net")


class Journal:
    """The journal of the network of this name; see ``journal_of`` for a namespace's."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = ROOT / name

    def begin(self, plan: Plan, down: str, *, before: str = "{}", watch: str = "") -> None:
        """Write the whole folder, or nothing.

        Args:
            plan: what the run is about to do.
            down: the undo of the network as bash.
            before: the machine's facts, as JSON.
            watch: the watcher as bash, which undoes the run unless somebody confirms it; or "".

        Raises:
            NetmodesError: the folder cannot be written.
        """
        new_id = Path("/proc/sys/kernel/random/uuid").read_text().strip()
        log = f"began {uptime()}\nrun {new_id} {OWN_NAMESPACE.readlink()}\n"
        files = {"plan.json": plan.intent(), BEFORE: before, "log": log}
        files |= {"shares": plan.shares_text, "down.sh": down}
        files |= {"watch.sh": watch} if watch else {}
        files |= {MEMBERS: plan.members} if plan.members else {}
        draft = ROOT / f".{self.name}.new"
        try:
            _fill(draft, files)
            draft.rename(self.folder)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise _unwritable(error) from error

    def write(self, *words: object) -> None:
        """Append one line to the log; "" is written as "-".

        Raises:
            NetmodesError: the log cannot be written.
        """
        line = " ".join(str(word) or "-" for word in words) + "\n"
        try:
            with (self.folder / "log").open("ab", buffering=0) as log:
                log.write(line.encode())
        except OSError as error:
            raise _unwritable(error) from error

    def is_earlier(self) -> bool:
        """Whether an earlier netmodes has written it."""
        with suppress(OSError):
            return (self.folder / "plan.json").read_text(errors="replace").startswith(EARLIER)
        return False

    def replace_down(self, down: str) -> None:
        """Write the undo of the network anew; where that cannot be, the old one stays.

        Raises:
            NetmodesError: it cannot be written.
        """
        draft = self.folder / "down.sh.new"
        try:
            draft.write_text(down)
            draft.rename(self.folder / "down.sh")
        except OSError as error:
            raise _unwritable(error) from error

    def read(self, plan: Plan | None = None) -> Run | None:
        """The run, or None where there is no such network.

        Args:
            plan: its plan, where that is known; None reads it.

        Raises:
            Refused: the journal exists and cannot be read, or netmodes did not make it.
        """
        refuse_foreign(ROOT)
        refuse_foreign(self.folder)
        try:
            plan = plan or Plan.from_dict(json.loads((self.folder / "plan.json").read_text()))
            log = lines_of((self.folder / "log").read_text())
            names = tuple(self.members())
        except (OSError, *NOT_AS_WRITTEN) as error:
            if self.folder.parent != ROOT or not self.folder.is_dir():
                return None
            raise Refused(
                f"the journal {self.folder} cannot be read ({error}): "
                f"`bash {self.folder}/down.sh` undoes {self.name}"
            ) from error
        try:
            run = run_from(plan, log, names)
        except NOT_AS_WRITTEN as error:
            raise Refused(
                f"{self.folder}/log is damaged ({error}): "
                f"undo {self.name} by hand, with the undos in {self.folder}/down.sh"
            ) from error
        if run.state == "interrupted" and _is_at_work(self.name):
            return replace(run, state="at work")
        return run

    def members(self) -> list[str]:
        """The names of several namespaces by now; none where there is one."""
        with suppress(FileNotFoundError, NotADirectoryError):
            return lines_of((self.folder / MEMBERS).read_text(errors="replace"))
        return []

    def links_before(self) -> list[dict[str, Any]]:
        """The host's devices from before the run; none where that is unknown."""
        with suppress(OSError, *NOT_AS_WRITTEN):
            text = (self.folder / BEFORE).read_text(errors="replace")
            found = json.loads(text, strict=False)
            if "table" in found:  # else it is an earlier netmodes'
                found = {"links": json.loads(found["table"]["links"]["output"], strict=False)}
            links = (link for link in found["links"] or () if "ifname" in link)
            return [link for link in links if isinstance(link.get("ifindex"), int)]
        return []

    def remove(self) -> None:
        """Forget the network: remove the whole folder, or nothing."""
        old = ROOT / f".{self.name}.old"
        with suppress(FileNotFoundError):
            self.folder.rename(old)
        shutil.rmtree(old, ignore_errors=True)


def _fill(folder: Path, files: dict[str, str]) -> None:
    """Make a folder with these files, given as text by name; anybody may read all but one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(0o700, parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600 if name == BEFORE else 0o644)
    folder.chmod(0o755)


def refuse_foreign(path: Path) -> None:
    """Refuse a link, and what does not belong to whoever owns /run: netmodes did not make it."""
    with suppress(FileNotFoundError, NotADirectoryError):
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode) or found.st_uid != ROOT.parent.stat().st_uid:
            raise Refused(f"{path} is a link or not root's, so netmodes did not make it: remove it")


def _unwritable(error: OSError) -> NetmodesError:
    fixes = {errno.EACCES: "run as root", errno.ENOSPC: "make room there"}
    fix = fixes.get(error.errno or 0, "see that it can be")
    return NetmodesError(f"{ROOT} cannot be written ({error.strerror}): {fix}")


@contextmanager
def locked(name: str = "", say: Callable[[str], None] = lambda line: None) -> Iterator[int]:
    """Hold the lock that allows one run at a time.

    Args:
        name: the network that the run is about.
        say: is told for whom this waits, if it waits longer than a second.

    Yields:
        The lock's descriptor. A child that holds it too keeps the lock if this process is killed.

    Raises:
        Refused: netmodes did not make /run/netmodes, or something in it.
        NetmodesError: /run/netmodes cannot be written.
    """
    refuse_foreign(ROOT)
    try:
        ROOT.mkdir(parents=True, exist_ok=True)
        ROOT.chmod(0o755)
        for path in ROOT.iterdir():
            refuse_foreign(path)
        descriptor = os.open(ROOT / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.fchmod(descriptor, 0o600)  # who may open it may hold it
    except OSError as error:
        raise _unwritable(error) from error
    try:
        _lock(descriptor, say)
        holder.write(ROOT / HOLDER, name)
        _tidy()
        try:
            yield descriptor
        finally:
            (ROOT / HOLDER).unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, say: Callable[[str], None]) -> None:
    """Take the lock; who has to wait may be interrupted."""
    import fcntl
    from threading import Timer

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        impatience = Timer(PATIENCE, lambda: say(f"# waits for {_holder()}"))
        impatience.start()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        finally:
            impatience.cancel()


def _holder() -> str:
    """Who holds the lock, in words on one line."""
    found = holder.read(ROOT / HOLDER) or holder.orphan(ROOT / LOCK)
    return visible(str(found or f"the process that holds {ROOT / LOCK}"), keep="")


def _tidy() -> None:
    """Remove the drafts and remains of killed runs; close what earlier versions left open."""
    for before in ROOT.glob(f"*/{BEFORE}"):
        before.chmod(0o600)
    for draft in (*ROOT.glob(".*.new"), *ROOT.glob(".*.old")):
        shutil.rmtree(draft, ignore_errors=True)


def sharing(share: str) -> Iterator[tuple[str, int]]:
    """The networks with a step of this share, each with the step's index in its plan.

    It reads no plans, so that a network whose plan is unreadable is found too.
    """
    for path in sorted(ROOT.glob("[!.]*/shares")):
        for line in lines_of(path.read_text(errors="replace")):
            index, _, name = line.partition(" ")
            if name == share and index.isdecimal():
                yield path.parent.name, int(index)


def uptime() -> float:
    """Seconds since the machine started (proc(5)); setting the clock does not change them."""
    return float(Path("/proc/uptime").read_text().split()[0])


def journal_of(namespace: str) -> Journal:
    """The journal that a namespace is in: of its own, or of several."""
    if not (ROOT / namespace).is_dir():
        for path in ROOT.glob(f"[!.]*/{MEMBERS}"):
            if namespace in (journal := Journal(path.parent.name)).members():
                return journal
    return Journal(namespace)


def networks() -> list[Network]:
    """All networks that netmodes made, one for each namespace, sorted by the journal's name.

    Raises:
        Refused: netmodes did not make /run/netmodes.
    """
    refuse_foreign(ROOT)
    if not ROOT.is_dir():
        return []
    names = [path.name for path in sorted(ROOT.iterdir()) if not path.name.startswith(".")]
    return [network for name in names for network in _networks(name)]


def _networks(name: str) -> list[Network]:
    """The networks of one journal, "unreadable" where it is; none where there is none."""
    try:
        run = Journal(name).read()
    except Refused:
        return [unreadable(name)]
    return run.networks if run else []


def _is_at_work(name: str) -> bool:
    """Whether another process puts this network up, or takes it down."""
    found = holder.read(ROOT / HOLDER)
    return found is not None and found.pid != os.getpid() and found.network == name
