"""A run that is at work is neither up nor interrupted, and who waits for it says so."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from labs import Lab
from state import State, state

#: In the place of `ip`: it waits before its veth comes or goes, until /run/on is there.
HELD = """
case "$*" in
"link add veth0 "* | "link del veth0")
    touch /run/held
    until [ -e /run/on ]; do sleep 0.02; done
    ;;
esac
exec "$REAL" "$@"
"""

UPS = {"netmodes": "netmodes host-only", "script": "bash {script}"}
DOWNS = {
    "netmodes": "netmodes down A",
    "script": "bash {script} down",
    "down.sh": "bash /run/netmodes/A/down.sh",
}


@contextmanager
def held(lab: Lab, command: str) -> Iterator[subprocess.Popen[str]]:
    """A command that is half way, and goes on to its end."""
    lab.ok("rm", "-f", "/run/on", "/run/held")
    lab.replace("ip", HELD)
    with lab.start("bash", "-c", f"echo $$ >/run/pid; exec {command} >/dev/null 2>&1") as process:
        lab.ok("bash", "-c", "until [ -e /run/held ]; do sleep 0.02; done")
        yield process
        lab.ok("touch", "/run/on")


def states(lab: Lab) -> list[str]:
    """The states of all networks."""
    return [network["state"] for network in json.loads(lab.ok("netmodes", "list", "--json"))]


@pytest.mark.parametrize("way", UPS)
def test_up(lab: Lab, untouched: State, way: str) -> None:
    """A run that is at work is listed as that, and nobody is told to take it down."""
    script = lab.export("host-only")
    with held(lab, UPS[way].format(script=script)):
        listed = states(lab)
        doctor = lab.netmodes("doctor").stdout
        shown = lab.ok("netmodes", "show")
        other = lab.ok("netmodes", "host-only", "-n", "B", "--dry-run")
        refused = lab.netmodes("host-only", "--dry-run")
    lab.ok("netmodes", "down", "A")

    assert listed == ["at work"]
    assert "netmodes down" not in doctor + shown + other
    assert "warning: a run is at work on A\n" in shown
    assert refused.stderr.startswith("Error: a run is at work on A: wait")
    assert state(lab.ok) == untouched


@pytest.mark.parametrize("way", DOWNS)
def test_down(lab: Lab, untouched: State, way: str) -> None:
    """So is a network that is being taken down."""
    script = lab.export("host-only")
    lab.ok("netmodes", "host-only")
    with held(lab, DOWNS[way].format(script=script)):
        listed = states(lab)

    assert listed == ["at work"]
    assert state(lab.ok) == untouched


@pytest.mark.parametrize("way", UPS)
def test_killed(lab: Lab, way: str) -> None:
    """A run that was killed is interrupted, though its command goes on; others wait for that."""
    script = lab.export("host-only")
    with held(lab, UPS[way].format(script=script)) as process:
        lab.sh("kill -KILL $(cat /run/pid)")
        process.wait()
        listed = states(lab)
        with lab_waiter(lab, "netmodes down A") as waiter:
            line = said(waiter)
            lab.ok("touch", "/run/on")

    assert listed == ["interrupted"]
    assert line.startswith("[#] # waits for pid ")
    assert states(lab) == []


@pytest.mark.parametrize("command", ["{0}", "{0} down", "bash -c '{0} && {0}; {0} down'"])
def test_done(lab: Lab, command: str) -> None:
    """A script that is done leaves no note of who is at work, whatever it has done."""
    lab.run("bash", "-c", command.format(lab.export("host-only")))

    assert lab.ok("sh", "-c", "cd /run/netmodes && echo .[!.]*") == ".lock\n"


@contextmanager
def lab_waiter(lab: Lab, command: str) -> Iterator[subprocess.Popen[str]]:
    """A command that waits for the lock."""
    with lab.start(
        "bash", "-c", f"trap : INT; {command} 2>&1; exit $?", stdout=subprocess.PIPE
    ) as waiter:
        yield waiter
        waiter.communicate(timeout=60)


def said(process: subprocess.Popen[str]) -> str:
    """The first line that a process says."""
    assert process.stdout is not None
    return process.stdout.readline()


PYTHON = "python -u -c 'import netmodes; netmodes.HostOnly(\"C\").up(echo=print)'"


@pytest.mark.parametrize("holds", UPS)
@pytest.mark.parametrize("waits", ["netmodes isolated -n B", "bash {script}", "netmodes down A"])
def test_waits(lab: Lab, holds: str, waits: str) -> None:
    """Who waits says for whom, once, and Ctrl-C leaves."""
    script = lab.export("host-only")
    with (
        held(lab, UPS[holds].format(script=script)),
        lab_waiter(lab, waits.format(script=script)) as waiter,
    ):
        line = said(waiter)
        waiter.send_signal(signal.SIGINT)
        rest, status = waiter.communicate()[0], waiter.returncode

    pid = lab.ok("cat", "/run/pid").strip()
    words = {"netmodes": "netmodes host-only", "script": f"bash {script}"}[holds]
    assert line.startswith(f"[#] # waits for pid {pid}: ")
    assert line.endswith(f"{words}\n")
    assert "waits for" not in rest
    assert status == 128 + signal.SIGINT


def test_library_waits(lab: Lab) -> None:
    """The library says it to its caller."""
    with held(lab, "netmodes host-only"), lab_waiter(lab, PYTHON) as waiter:
        assert said(waiter).startswith("# waits for pid ")
        waiter.terminate()
