"""What bash makes of a plan, with programs that do nothing but tell what they were given."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from shutil import which

from netmodes import Plan
from netmodes.script.bash import render

STUB = """#!/bin/sh
case "${0##*/} $*" in
cat*) [ $# != 0 ] || exec /bin/cat ;;
grep*/etc/* | mkdir*/etc/* | sed*/etc/*) ;;
grep* | mkdir* | sed*) exec "/bin/${0##*/}" "$@" ;;
esac
printf '%s\\0' "$#" "${0##*/}" "$@" >>"$HEARD"
"""

#: What commands, probes and requirements run; a script gets what else it needs, but for /etc.
STUBS = """
    cat find flock grep ip iptables iptables-save kill mkdir nft ping rm rmdir sed sh ss stat sysctl
    tee
    """.split()

#: What a script reads and writes files with beside those.
REAL = ("head", "mv", "readlink", "sort", "tail")

BASH = which("bash") or "bash"


def heard(plan: Plan, driver: str) -> list[tuple[str, ...]]:
    """The argv of every stub that the plan's script runs, where ``driver`` is its main."""
    with machine(plan.name) as folder:
        done = subprocess.run(
            [BASH, "-c", driven(render(plan), folder, driver)],
            env={"PATH": programs().name, "HEARD": str(folder / "heard")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=folder,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return split((folder / "heard").read_bytes().decode())


@contextmanager
def machine(network: str) -> Iterator[Path]:
    """A folder with an uptime and a place for journals, where this network's is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "netmodes" / network).mkdir(parents=True)
        (folder / "heard").touch()
        (folder / "uptime").write_text("1000.50 1900.75\n")
        yield folder


@cache
def programs() -> tempfile.TemporaryDirectory[str]:
    """A folder with all programs that there are, made once."""
    made = tempfile.TemporaryDirectory()
    for program in STUBS:
        path = Path(made.name, program)
        path.write_text(STUB)
        path.chmod(0o755)
    for program in REAL:
        Path(made.name, program).symlink_to(which(program) or program)
    return made


def driven(script: str, folder: Path, driver: str) -> str:
    """The script with the journals and the uptime of this folder, and another main."""
    last_line = 'main "$@"\n'
    assert script.endswith(last_line)
    return moved(script.removesuffix(last_line), folder) + driver


def moved(script: str, folder: Path) -> str:
    """The script with the journals and the uptime of this folder."""
    for place in ("/run/netmodes", "/proc/uptime"):
        assert place in script
        script = script.replace(place, str(folder / Path(place).name))
    return script


def split(text: str) -> list[tuple[str, ...]]:
    """What the stubs wrote: of each the number of its arguments, its name, its arguments."""
    words, found = text.split("\0")[:-1], []
    while words:
        end = int(words[0]) + 2
        found.append(tuple(words[1:end]))
        words = words[end:]
    return found
