"""A running lab for the tests: every command in it is bounded in time and can reach no real NIC."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType

NETMODES = str(Path(sys.executable).with_name("netmodes"))

Done = subprocess.CompletedProcess[str]


class Lab:
    """A throw-away machine (``netmodes lab``), and the router that is all there is outside."""

    def __init__(self) -> None:
        argv = [NETMODES, "lab", "--", "sh", "-c", "echo $$ && exec sleep 600"]
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        pid = self.process.stdout.readline()
        assert pid, "the lab did not start: `netmodes lab -- true` says why"
        self.pid = int(pid)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.process.kill()
        self.process.communicate()

    def argv(self, *command: str, router: bool = False) -> list[str]:
        """The command as run from outside: on the lab's machine, or at its router."""
        pid = self.process.pid if router else self.pid
        places = ("--user", "--net", "--mount", "--preserve-credentials")
        return ["nsenter", "-t", str(pid), *places, "--", *command]

    def run(self, *command: str, router: bool = False, timeout: float = 60) -> Done:
        """Run a command to its end."""
        return subprocess.run(
            self.argv(*command, router=router),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def ok(self, *command: str, router: bool = False, timeout: float = 60) -> str:
        """Run a command that must succeed; what it printed."""
        done = self.run(*command, router=router, timeout=timeout)
        assert done.returncode == 0, f"{command} failed:\n{done.stdout}{done.stderr}"
        return done.stdout

    def netmodes(self, *arguments: str, timeout: float = 60) -> Done:
        """Run netmodes on the lab's machine."""
        return self.run(NETMODES, *arguments, timeout=timeout)

    def sh(self, script: str, *, router: bool = False, timeout: float = 60) -> Done:
        """Run a piece of bash on the lab's machine, or at its router."""
        return self.run("bash", "-c", script, router=router, timeout=timeout)
