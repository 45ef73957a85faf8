"""The fault sweep, inside a lab: at the k-th program of a run a fault, for every k; then `down`.

While a fault is armed each program on PATH is a wrapper of ours. It counts the commands of a run,
for EVERY what it reads and probes as well, and at the k-th it does what FAULTS says. What a program
starts in its turn does not count.

``python tests/support/faults.py MODE WAY VERB FAULT FIRST`` tries each k from FIRST on, until the
run is over before the k-th or a machine is not as before, and prints how it went, as JSON.
"""

import fcntl
import gc
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import count, product
from pathlib import Path
from shutil import which
from typing import Any

import state

from netmodes import MODES
from netmodes.engine import runner
from netmodes.journal import LOCK
from netmodes.machine import query
from netmodes.plan import programs
from netmodes.plan.network import name_of
from netmodes.script import knowledge

HERE = Path("/run/faults")
WRAPPERS, STAND_INS = HERE / "wrappers", HERE / "stand-ins"
SCRIPT, SAID = HERE / "exported.sh", HERE / "said"
ARMED, COUNTED, HIT = HERE / "armed", HERE / "counted", HERE / "hit"
PROCESS = HERE / "process"
ROOT = Path("/run/netmodes")

PROGRAMS = {*programs.PROGRAMS} - {"bash", "flock", "setpriv", "unshare"}

#: Seconds for one run, which takes less than one.
PATIENCE = 60

#: What happens at the k-th program. SIGKILL is for the process that runs the commands ($leader), or
#: for its whole group (0); a batch is half done when that comes.
FAULTS = {
    "fails": "echo 'RTNETLINK answers: Out of order' >&2; exit 2",
    "dies": "kill -s KILL $$",
    "silent": "exit 0",
    "garbage": "echo '?'; exit 0",
    "cut": '"$REAL" "$@" | head -c 30',
    "hangs": "exec sleep 60",
    "killed before": 'kill -s KILL "$leader"; exit 1',
    "killed during": 'kill -s KILL "$leader"; sleep 0.02; exec "$REAL" "$@"',
    "killed with it": """
        if [ "${*#*-batch}" = "$*" ]; then "$REAL" "$@"; else sed '3,$d' | "$REAL" "$@"; fi
        kill -s KILL 0
        """,
    "Ctrl-C": 'kill -s INT 0; exec "$REAL" "$@"',
}

#: What happens to one program, whoever looks or acts by it.
ACCIDENTS = ("fails", "dies", "silent", "garbage", "cut", "hangs")

#: Where programs that only look count too: at every accident, and so at any instant between two
#: lines of the journal; at the others it makes no difference when those end.
EVERY = (("netmodes", "killed before"), *product(("netmodes", "script"), ACCIDENTS))

#: Seconds after which a command is named again, and a listing given up, in place of 5 and 10.
HURRY = 0.5

WRAPPER = """#!/bin/sh
REAL={real} HERE={here}
if [ -n "${{WRAPPED-}}" ]; then exec "$REAL" "$@"; fi
export WRAPPED=yes

case "{program} $*" in
mkdir*/etc/netns/* | rm*/etc/netns/*) ;;
mkdir* | "rm "*) exec "$REAL" "$@" ;; # the script's own
esac

looks() {{
    case " {program} $* " in
    *" delete "* | *" -D "*) return 1 ;;
    *" show "* | *" list "* | *" pids "* | " sysctl -"[en]" "* | *" -S "* | " iptables-save "*) ;;
    *" -j -batch "* | " grep "* | " sed s/"*) ;;
    " find "* | " nsenter "* | " ping "* | " sh "* | " ss "* | " stat "* | " tc "*) ;;
    *) return 1 ;;
    esac
}}

read -r k every <"$HERE/armed"
if [ -z "$every" ] && looks "$@"; then exec "$REAL" "$@"; fi
echo $$ >>"$HERE/counted"
n=0
while n=$((n + 1)) && read -r pid && [ "$pid" != $$ ]; do :; done <"$HERE/counted"
if [ "$n" != "$k" ]; then exec "$REAL" "$@"; fi
echo "{program} $*" >"$HERE/hit"
read -r _ _ _ _ leader _ </proc/self/stat
. "$HERE/fault"
"""

#: Nobody is there to answer a ping. A kernel without `dummy` has `ifb`, which can move to another
#: namespace and leads nowhere just as well.
IMPATIENT = 'exec {real} "$@" -W 0.02'
NO_DUMMY = """
case "$*" in
*" type dummy") set -- ${{*%dummy}}ifb ;;
*" addr show") listed=$({real} "$@") && echo "$listed" | sed s/:.ifb./:\\"dummy\\"/g; exit ;;
esac
exec {real} "$@"
"""


#: What gives a mode commands that it has not by itself.
MORE = {"nat": ("--publish", "8080:80")}

#: Several namespaces at once, which are made in batches; and what is up beside them.
SEVERAL = {"host-only of 2": ("A", "B"), "nat of 3": ("A", "B", "C")}
BESIDE = {"host-only of 2": ("nat", "-n", "X", "-n", "Y")}

#: A mode for the namespace of a process of ours, as a container with `--network none` has it.
ATTACHED = "nat attached"

#: So many that only some of the sweep has them.
MANY = {"nat of 100": tuple(f"web{number}" for number in range(1, 101))}


@dataclass(frozen=True)
class Sweep:
    """One mode, put up or taken down one way, with one kind of fault; or one of several leaves."""

    mode: str
    way: str
    verb: str
    fault: str

    @property
    def names(self) -> tuple[str, ...]:
        """The namespaces."""
        return (SEVERAL | MANY).get(self.mode, ("A",))

    @property
    def name(self) -> str:
        """The network's name."""
        return name_of(self.names)

    @property
    def journal(self) -> Path:
        """The network's journal."""
        return ROOT / self.name

    @property
    def up(self) -> list[str]:
        """The mode as on the command line."""
        mode = self.mode.partition(" ")[0]
        required = [item.name for item in MODES[mode].options() if item.metadata["required"]]
        uplinks = [word for name in required for word in (f"--{name}", "enp0s1")]
        names = [word for name in self.names for word in ("-n", name)]
        attached = ["--attach", PROCESS.read_text()] if self.mode == ATTACHED else []
        return [mode, *names, *uplinks, *attached, *MORE.get(self.mode, ())]

    def go(self, verb: str) -> int:
        """Put up or take down, whatever the end."""
        if self.way == "script":
            leave = ("bash", str(self.journal / "down.sh"), "--only", self.names[-1])
            return run(*(leave if verb == "leave" else (str(SCRIPT), verb)))
        words = {"up": self.up, "down": ["down", self.name], "leave": ["down", self.names[-1]]}
        return netmodes(*words[verb])


class NotAsBefore(Exception):
    """What is wrong after a fault."""


def netmodes(*arguments: str) -> int:
    """Call the command line in a process of its own; Python and the modules are there already."""
    SAID.write_text("")
    child = multiprocessing.get_context("fork").Process(target=_netmodes, args=(arguments,))
    child.start()
    interrupt_what_hangs(child.pid or 0, lambda: child.join(0.05) or child.exitcode is not None)
    require(child.exitcode is not None, f"`netmodes {' '.join(arguments)}` does not end")
    return child.exitcode or 0


def _netmodes(arguments: tuple[str, ...]) -> None:
    from netmodes.cli import main

    os.setsid()
    with SAID.open("w") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    sys.argv[1:] = arguments
    main()


def run(*argv: str) -> int:
    """Run a program, in a group of its own."""
    null = subprocess.DEVNULL
    with SAID.open("w") as said:
        child = subprocess.Popen(argv, stdin=null, stdout=said, stderr=said, start_new_session=True)
    interrupt_what_hangs(child.pid, lambda: has_ended(child))
    require(child.returncode is not None, f"`{argv[0]}` does not end")
    return child.returncode


def has_ended(child: subprocess.Popen[bytes]) -> bool:
    """Whether a program ends within a moment."""
    with suppress(subprocess.TimeoutExpired):
        child.wait(0.05)
    return child.returncode is not None


def interrupt_what_hangs(group: int, ended: Callable[[], bool]) -> None:
    """Wait for the end of a run; press Ctrl-C once if it says that this ends a command."""
    deadline, pressed = time.monotonic() + PATIENCE, False
    while not ended() and time.monotonic() < deadline:
        if not pressed and "Ctrl-C ends it" in SAID.read_text():
            os.killpg(group, signal.SIGINT)
            pressed = True


def require(holds: bool, otherwise: str) -> None:
    """What must be so, and what to say if it is not."""
    if not holds:
        raise NotAsBefore(otherwise)


def prepare(mode: str) -> None:
    """Write the programs of ours, and have the modules ready for every run."""
    for folder in (HERE, WRAPPERS, STAND_INS):
        folder.mkdir(exist_ok=True)
    write(STAND_INS / "ping", f"#!/bin/sh\n{IMPATIENT}\n")
    if mode == "isolated" and run("ip", "link", "add", "dummy7", "type", "dummy"):
        write(STAND_INS / "ip", f"#!/bin/sh\n{NO_DUMMY}\n")
    run("ip", "link", "del", "dummy7")
    if mode == ATTACHED:
        start_process()
    os.environ["COLUMNS"] = "1000"  # a sentence is a line
    os.environ["PATH"] = f"{STAND_INS}:{os.environ['PATH']}"
    for program in filter(which, PROGRAMS):
        write(WRAPPERS / program, WRAPPER, here=HERE, program=program)
    import_module("netmodes.cli")
    import_module("plumbum")
    seconds = PATIENCE / 6 if mode in MANY else HURRY
    runner.SLOW = runner.PATIENCE = knowledge.SLOW = knowledge.PATIENCE = query.PATIENCE = seconds
    gc.freeze()


def start_process() -> None:
    """Start a process in a network namespace of its own, which ends with this one."""
    null = subprocess.DEVNULL
    argv = ("unshare", "--net", "sleep", "inf")
    started = subprocess.Popen(argv, stdin=null, stdout=null, stderr=null)
    while Path(f"/proc/{started.pid}/ns/net").samefile("/proc/self/ns/net"):
        time.sleep(0.01)
    PROCESS.write_text(str(started.pid))


def everything() -> dict[str, Any]:
    """The state of this machine, and the devices in the namespace of such a process."""
    found = state.read()
    if PROCESS.exists():
        argv = ("nsenter", f"--net=/proc/{PROCESS.read_text()}/ns/net", "ip", "-d", "addr")
        printed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        found["the process's devices"] = printed.replace("noqueue", "noop")  # lo keeps its queue
    return found


def write(path: Path, text: str, **words: object) -> None:
    """Write a program around the real one of its name."""
    path.write_text(text.format(real=which(path.name), **words))
    path.chmod(0o755)


def arm(way: str, fault: str, k: int) -> None:
    """From now on the k-th program meets its fault."""
    for path in (COUNTED, HIT):
        path.unlink(missing_ok=True)
    (HERE / "fault").write_text(FAULTS[fault])
    ARMED.write_text(f"{k} {'every' if (way, fault) in EVERY else ''}\n")
    os.environ["PATH"] = f"{WRAPPERS}:{os.environ['PATH']}"


def disarm() -> str:
    """No more faults; the command that met one, or ""."""
    os.environ["PATH"] = os.environ["PATH"].removeprefix(f"{WRAPPERS}:")
    return HIT.read_text().strip() if HIT.exists() else ""


def sweep(asked: Sweep, first: int) -> Iterator[tuple[int, str]]:
    """Try each k; gives k and what is wrong, or ""."""
    if beside := BESIDE.get(asked.mode):
        require(netmodes(*beside) == 0, SAID.read_text())
    require(netmodes(*asked.up, "--export", str(SCRIPT), "--force") == 0, SAID.read_text())
    before = everything()
    for k in count(first):
        if asked.verb != "up":
            require(asked.go("up") == 0, f"it does not go up: {SAID.read_text()}")
        arm(asked.way, asked.fault, k)
        status, said = asked.go(asked.verb), SAID.read_text()
        line = disarm()
        if not line:
            restore(asked, k, before)
            return
        try:
            judge(asked, status, said)
            restore(asked, k, before)
        except NotAsBefore as trouble:
            yield k, f"k = {k}, `{line}` {asked.fault}: {trouble}\n{said}"
        else:
            yield k, ""


def judge(asked: Sweep, status: int, said: str) -> None:
    """See that the run itself came to the right end, and that the list tells the truth."""
    up, listed = asked.verb == "up", settled(asked)
    ends = {fault: (0, 1, 130) if fault == "hangs" else (0, 1) for fault in ACCIDENTS}
    ends["Ctrl-C"] = (130, -2) if up else (0,)  # -2: before it does a thing
    require(status in ends.get(asked.fault, (-9,)), f"the exit status is {status}")
    require("Traceback" not in said, "there is a traceback")
    if asked.verb == "leave":
        require(listed[:1] == ["up"], f"it is listed as {listed}")
        return
    if listed == ["up"]:
        untouched = not up and "[#]" not in said
        require((up and status == 0) or untouched, "it is listed as up")
    elif (up and status != -9) or (not up and status == 0):
        require(listed == [], f"it is listed as {listed}")
    else:
        require(listed == ["interrupted"] * asked.journal.exists(), f"it is listed as {listed}")


def settled(asked: Sweep, seconds: float = 10) -> list[str]:
    """The states once nothing of the run goes on: what has outlived it keeps the lock."""
    deadline = time.monotonic() + seconds
    while is_locked() and time.monotonic() < deadline:
        time.sleep(0.02)
    return networks(asked)


def is_locked() -> bool:
    """Whether some process holds the lock."""
    try:
        with (ROOT / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


def networks(asked: Sweep) -> list[str]:
    """The states that `netmodes list` shows of them, each once."""
    require(netmodes("list", "--json") == 0, f"`netmodes list` fails: {SAID.read_text()}")
    listed = [one for one in json.loads(SAID.read_text()) if one["name"] in asked.names]
    return [*dict.fromkeys(one["state"] for one in listed)]


def restore(asked: Sweep, k: int, before: Any) -> None:  # noqa: ANN401
    """Take down what is up, by each way in turn; then nothing is left to undo."""
    ways = ("netmodes down", "the script's down", "down.sh")
    by = ways[k % 3] if asked.journal.exists() else "no down"
    status = {
        "no down": lambda: 0,
        "netmodes down": lambda: netmodes("down", asked.name),
        "the script's down": lambda: run(str(SCRIPT), "down"),
        "down.sh": lambda: run("bash", str(asked.journal / "down.sh")),
    }[by]()
    require(status == 0, f"{by} fails: {SAID.read_text()}")
    require_same(before, everything(), by)
    require(netmodes("down", asked.name) == 0, f"after {by} another one fails: {SAID.read_text()}")
    require("nothing to do" in SAID.read_text(), f"after {by} another says: {SAID.read_text()}")


def require_same(before: Any, now: Any, by: str) -> None:  # noqa: ANN401
    """The machine is as before."""
    differ = [key for key in sorted({*before, *now}) if before.get(key) != now.get(key)]
    shown = "".join(f"\n  {key}: {before.get(key)} -> {now.get(key)}" for key in differ[:20])
    require(not differ, f"after {by} {len(differ)} things are not as before:{shown}")


def main(mode: str, way: str, verb: str, fault: str, first: str) -> None:
    """Sweep until the end, or until there is trouble."""
    last, trouble = int(first) - 1, ""
    try:
        prepare(mode)
        for last, trouble in sweep(Sweep(mode, way, verb, fault), int(first)):  # noqa: B007
            if trouble:
                break
    except NotAsBefore as error:
        trouble = str(error)
    print(json.dumps({"last": last, "trouble": trouble}))


if __name__ == "__main__":
    main(*sys.argv[1:])
