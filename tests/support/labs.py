"""A running lab for the tests: every command in it is bounded in time and can reach no real NIC."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cached_property
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from processes import run

from netmodes.holder import stat_of
from netmodes.lab.places import is_root_outside, user
from netmodes.machine.path import search_path

BIN = Path(sys.executable).parent
NETMODES = str(BIN / "netmodes")
PATH = f"{BIN}:{os.environ['PATH']}"

SETSID = shutil.which("setsid") or "setsid"  # whatever a test puts in its place

Done = subprocess.CompletedProcess[str]

#: A lab is a fork of a process that has loaded Python and netmodes already.
LOADED = get_context("forkserver")
LOADED.set_forkserver_preload(["netmodes.lab.lab"])

#: The first command of a lab: it says that all is ready, by its process number there.
READY = ("sh", "-c", "echo $$ && exec sleep 600")

#: In the place of `ip`, where the kernel has no `dummy`: it makes an `ifb`, and lists it as one.
NO_DUMMY = """
case "$*" in
*" type dummy") exec "$REAL" "${@:1:$#-1}" ifb ;;
*"-j addr show") "$REAL" "$@" | sed 's/"info_kind":"ifb"/"info_kind":"dummy"/' ;;
*) exec "$REAL" "$@" ;;
esac
"""


class Started(subprocess.Popen[str]):
    """A command in a lab: a signal is for its process group."""

    def send_signal(self, sig: int) -> None:
        """Send a signal to all of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, sig)


#: Nobody has the addresses that a lab's machine asks for by ARP: silence lasts a third of a second.
IMPATIENT = """
if [[ "$*" == "-I "*" -c 1 -W 1 "* ]]; then set -- -I "$2" -c 1 -W 0.3 "$7"; fi
exec -a ping "$REAL" "$@"
"""


class Lab:
    """A throw-away machine (``netmodes lab``), and the router that is all there is outside."""

    PLACES = ("--user", "--mount", "--pid", "--ipc", "--uts")
    SIGNALS = "INT,TERM"

    def __init__(self) -> None:
        self.programs = tempfile.TemporaryDirectory()
        if is_root_outside():
            os.chown(self.programs.name, *user())
        # Programs speak English, a sentence is a line, and `netmodes` is the one that is tested.
        path = f"{self.programs.name}:{PATH}"
        self.environment = os.environ | {"LC_ALL": "C", "PATH": path, "COLUMNS": "1000"}
        self.replace("ping", IMPATIENT)
        self.said, said = LOADED.Pipe(duplex=False)
        self.process = LOADED.Process(target=self.be, args=(said,), daemon=True)
        self.process.start()
        said.close()

    @staticmethod
    def be(said: Connection) -> NoReturn:
        """Be ``netmodes lab``."""
        from netmodes.lab.lab import enter

        _redirect(said)
        sys.argv[:] = [NETMODES]
        sys.exit(enter(READY, lambda line: None))

    def started(self) -> str:
        """The word of the lab's first command, once it is there."""
        with open(self.said.fileno(), closefd=False) as said:
            return said.readline()

    @cached_property
    def pid(self) -> int:
        """The first process on the lab's machine; waits until it runs commands."""
        assert self.started(), "the lab did not start: `netmodes lab -- true` says why"
        assert self.process.pid is not None
        (first,) = children(self.process.pid)
        return first

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.process.kill()
        self.process.join()
        self.said.close()
        self.programs.cleanup()

    def replace(self, program: str, script: str) -> None:
        """Put a bash script of our own in a program's place; $REAL is the real one."""
        path = Path(self.programs.name, program)
        path.write_text(f"#!/bin/bash\nREAL={shutil.which(program, path=PATH)}\n{script}\n")
        path.chmod(0o755)

    def have_dummies(self) -> None:
        """Have `ifb`, which leads nowhere just as well, where the kernel has no `dummy`."""
        if self.run("ip", "link", "add", "dummy7", "type", "dummy").returncode:
            self.replace("ip", NO_DUMMY)
        self.run("ip", "link", "del", "dummy7")

    def hide(self, program: str) -> None:
        """Take a program away, wherever it is: what stands there cannot be run."""
        for place in places_of(program, self.programs.name):
            self.ok("mount", "--bind", "/dev/null", place)

    def show(self, program: str) -> None:
        """Give a hidden program back."""
        for place in places_of(program, self.programs.name):
            self.ok("umount", place)

    def argv(self, *command: str, router: bool = False) -> list[str]:
        """The command as run from outside: on the lab's machine, or at its router."""
        # Only root outside must, and can, change to the lab's root.
        same = () if is_root_outside() else ("--preserve-credentials",)
        net = f"--net=/proc/{self.pid}/{'root/run/lan/router' if router else 'ns/net'}"
        return ["nsenter", "-t", str(self.pid), net, *self.PLACES, *same, "--", *command]

    def hearing(self, *command: str, router: bool = False) -> list[str]:
        """The same, where signals to the process group are for the command, not for `nsenter`."""
        heard = ("env", f"--default-signal={self.SIGNALS}", *command)
        return ["env", f"--ignore-signal={self.SIGNALS}", *self.argv(*heard, router=router)]

    def start(self, *command: str, router: bool = False, **more: Any) -> Started:  # noqa: ANN401
        """Start a command that is sent signals."""
        argv = self.hearing(*command, router=router)
        environment = {"env": self.environment, "text": True, "start_new_session": True}
        return Started(argv, **environment | more)

    def run(self, *command: str, router: bool = False, timeout: float = 60) -> Done:
        """Run a command, leader of a process group of its own there, to its end."""
        argv = self.argv(SETSID, *command, router=router)
        return run(*argv, timeout=timeout, env=self.environment)

    def ok(self, *command: str, router: bool = False, timeout: float = 60) -> str:
        """Run a command that must succeed; what it printed."""
        done = self.run(*command, router=router, timeout=timeout)
        assert done.returncode == 0, f"{command} failed:\n{done.stdout}{done.stderr}"
        return done.stdout

    def netmodes(self, *arguments: str, timeout: float = 60) -> Done:
        """Run netmodes on the lab's machine."""
        return self.run(NETMODES, *arguments, timeout=timeout)

    def export(self, *mode: str) -> str:
        """The path of a mode's script, exported on the lab's machine."""
        script = f"{self.programs.name}/exported.sh"
        self.ok("netmodes", *mode, "--export", script)
        return script

    def inside(self, *command: str, timeout: float = 60) -> Done:
        """Run a command in namespace A of the lab's machine."""
        return self.run("ip", "netns", "exec", "A", *command, timeout=timeout)

    def sh(self, script: str, *, router: bool = False, timeout: float = 60) -> Done:
        """Run a piece of bash on the lab's machine, or at its router."""
        return self.run("bash", "-c", script, router=router, timeout=timeout)


class RootLab(Lab):
    """A lab with every user of the machine, for sudo; it needs root, and has no NIC at all."""

    SETUP = """
        mount -t tmpfs tmpfs /run && mkdir /run/upper /run/work &&
        mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc &&
        echo "root, nobody ALL=(ALL) NOPASSWD: ALL" | install -m 440 /dev/stdin /run/sudoers &&
        mount --bind /run/sudoers /etc/sudoers &&
        echo "127.0.0.1 $(uname -n)" >>/etc/hosts && # else sudo says that it knows no such name
        [ "$(ip -oneline link | cut -d: -f2)" = " lo" ] &&
        exec "$@"
        """
    START = ("unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", SETUP, "sh")
    PLACES = ("--mount",)

    @staticmethod
    def be(said: Connection) -> NoReturn:
        """Be the lab."""
        _redirect(said)
        argv = (*RootLab.START, *READY)
        os.execvp(argv[0], argv)

    @cached_property
    def pid(self) -> int:
        """The process that is the lab."""
        return int(self.started())

    def anyone(self, *command: str) -> Done:
        """Run a command as an ordinary user, who may read the checkout wherever it is."""
        reads = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
        user = ("--reuid=65534", "--regid=65534", "--clear-groups", *reads)
        return self.run("setpriv", *user, *command)


def _redirect(said: Connection) -> None:
    """Read nothing, print to this pipe, and say no more."""
    null = os.open(os.devnull, os.O_RDWR)
    for own, stream in ((null, 0), (said.fileno(), 1), (null, 2)):
        os.dup2(own, stream)
    said.close()


def children(parent: int) -> list[int]:
    """The processes that this one has started, as seen here, the oldest first."""
    every = [int(process.name) for process in Path("/proc").glob("[0-9]*")]
    each = {pid: stat_of(pid) for pid in every}
    own = [(int(words[19]), pid) for pid, words in each.items() if words[1:2] == [str(parent)]]
    return [pid for _, pid in sorted(own)]


def places_of(program: str, own: str) -> set[str]:
    """Where a program is: its every file in a lab's own folder, on PATH and in root's folders."""
    found = (shutil.which(program, path=folder) for folder in f"{own}:{search_path()}".split(":"))
    return {os.path.realpath(path) for path in found if path}
