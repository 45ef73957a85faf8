"""The lab is the article's machine, for anyone, and leaves the real one as it was."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import sysconfig
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from labs import NETMODES, Lab, RootLab
from processes import run
from state import sysctls

import netmodes
from netmodes.lab import nameserver
from netmodes.lab.lab import is_lab
from netmodes.lab.servers import PAGE

LAB = (NETMODES, "lab", "--")


def test_nic(lab: Lab) -> None:
    """The NIC has the article's name, MAC and address, with DHCP's metric."""
    (link,) = json.loads(lab.ok("ip", "-j", "-4", "addr", "show", "dev", "enp0s1"))
    (address,) = link["addr_info"]
    mac = json.loads(lab.ok("ip", "-j", "link", "show", "dev", "enp0s1"))[0]["address"]

    assert mac == "4a:9e:7e:55:59:ee"
    assert (address["local"], address["prefixlen"]) == ("192.168.64.3", 24)
    assert (address["metric"], address["broadcast"]) == (100, "192.168.64.255")


def test_routes(lab: Lab) -> None:
    """The default route and the subnet's are those of the article's machine."""
    routes = lab.ok("ip", "-4", "route").splitlines()

    assert [route.rstrip() for route in routes] == [
        "default via 192.168.64.1 dev enp0s1 proto dhcp src 192.168.64.3 metric 100",
        "192.168.64.0/24 dev enp0s1 proto kernel scope link src 192.168.64.3 metric 100",
    ]


def test_reaches(lab: Lab) -> None:
    """Its gateway, the outside and itself answer."""
    addresses = ("192.168.64.1", "8.8.8.8", "127.0.0.1")

    assert [lab.run("ping", "-c", "1", "-W", "2", to).returncode for to in addresses] == [0, 0, 0]


def test_reaches_nothing_else(lab: Lab) -> None:
    """There is no other outside than 8.8.8.8: the router says so at once."""
    ping = lab.run("ping", "-c", "1", "-W", "2", "192.0.2.1")

    assert ping.returncode == 1
    assert "From 192.168.64.1 icmp_seq=1 Destination Host Unreachable" in ping.stdout


def test_page(lab: Lab) -> None:
    """The host serves a page on port 80, to itself and to its LAN."""
    get = ("curl", "--silent", "--noproxy", "*", "--max-time", "5", "192.168.64.3")

    assert lab.ok(*get) == PAGE
    assert lab.ok(*get, router=True) == PAGE


def test_no_ssh() -> None:
    """The SSH session of who makes the lab does not go through the lab's NIC."""
    script = 'netmodes facts | grep -c \'"ssh": ""\'; echo "$SSH_CONNECTION"'
    ssh = {"SSH_CONNECTION": "192.168.64.7 51000 192.168.64.3 22"}

    done = run(*LAB, "sh", "-c", script, env=os.environ | ssh, timeout=60)

    assert done.stdout == "1\n\n"


def test_names() -> None:
    """One name is known at the router, and on the machine as on Ubuntu; any other is not."""
    ask = "getent ahostsv4 outside.example; getent ahostsv4 other.example; echo $?"
    router = "echo nameserver 192.168.64.1 >/etc/resolv.conf"
    done = run(*LAB, "sh", "-c", f"{ask}; {router}; {ask}")

    found = re.findall(r"^(8.8.8.8 +STREAM|[0-9]$)", done.stdout, re.MULTILINE)
    assert found == ["8.8.8.8         STREAM", "2"] * 2


def test_neighbour(lab: Lab) -> None:
    """Another machine of the LAN reaches this one, and is reached."""
    there = ("nsenter", "--net=/run/lan/neighbour")

    assert "1 received" in lab.ok(*there, "ping", "-c", "1", "-W", "2", "192.168.64.3")
    assert "1 received" in lab.ok("ping", "-c", "1", "-W", "2", "192.168.64.7")


def test_own_etc(lab: Lab) -> None:
    """What root writes to /etc is the lab's alone."""
    lab.ok("mkdir", "-p", "/etc/netns/A")
    lab.ok("touch", "/etc/netns/A/of-the-lab")

    assert not Path("/etc/netns/A/of-the-lab").exists()


def test_begins_with_nothing(lab: Lab) -> None:
    """There is no namespace yet, no network of ours, and forwarding is off."""
    assert lab.ok("ip", "netns", "list") == ""
    assert lab.ok("netmodes", "list") == ""
    assert lab.ok("sysctl", "-n", "net.ipv4.ip_forward") == "0\n"


def test_is_lab(lab: Lab) -> None:
    """A program can ask whether it is in a lab; the real machine is none."""
    asked = lab.ok(sys.executable, "-c", "from netmodes.lab.lab import is_lab; print(is_lab())")

    assert asked == "True\n"
    assert is_lab() is False


def test_namespace_of_root_is_no_lab() -> None:
    """A network namespace in which root is the real root is no lab."""
    if os.geteuid() != 0:
        pytest.skip("only root can make one")
    with RootLab() as root_lab:
        asked = root_lab.ok(
            sys.executable, "-c", "from netmodes.lab.lab import is_lab; print(is_lab())"
        )

    assert asked == "False\n"


@pytest.mark.parametrize("status", [0, 7])
def test_exit_status(status: int) -> None:
    """The command's exit status is the lab's."""
    assert run(*LAB, "sh", "-c", f"exit {status}").returncode == status


def test_killed_command() -> None:
    """A command that a signal kills counts as in a shell: 128 and the signal's number."""
    assert run(*LAB, "sh", "-c", "kill -TERM $$").returncode == 128 + signal.SIGTERM


def test_streams() -> None:
    """The command has stdin and stdout; the lab's own commands are shown on stderr."""
    done = run(*LAB, "echo", "out")

    assert done.stdout == "out\n"
    assert done.stderr.startswith("[#] ip link add lan0 type bridge\n")
    assert all(line.startswith("[#] ip") or "sysctl" in line for line in done.stderr.splitlines())


@pytest.mark.parametrize("shell", ["/bin/bash", "/bin/sh"])
def test_shell(shell: str) -> None:
    """With no command it is the user's shell, with a prompt that says where one is."""
    status, screen = typed([NETMODES, "lab"], "echo at-$((6*7)); exit 7\n", shell)

    assert re.search(r"\[lab\].*# ", screen)
    assert "at-42" in screen
    assert status == 7


def typed(argv: list[str], text: str, shell: str) -> tuple[int, str]:
    """Run a command on a terminal, type a text; its exit status and what the screen showed."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"SHELL": shell, "TERM": "dumb", "HOME": "/nonexistent"}
    process = subprocess.Popen(
        argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    os.write(ours, text.encode())
    screen = "".join(iter(lambda: read(ours), ""))
    os.close(ours)
    return process.wait(timeout=60), screen


def read(terminal: int) -> str:
    """What comes next on a terminal; nothing when its last program has ended."""
    try:
        return os.read(terminal, 4096).decode(errors="replace")
    except OSError:
        return ""


#: Prints the lab's two network namespaces: the router's and the machine's.
NAMESPACES = "readlink /proc/self/ns/net /proc/$PPID/ns/net"


def users(namespaces: list[str]) -> list[str]:
    """The processes of the real machine that are in one of these network namespaces."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile, or is another user's
            if process.joinpath("ns/net").readlink().name in namespaces:
                found.append(process.name)
    return found


def ended(namespaces: list[str], seconds: float = 10) -> bool:
    """Whether the last process in these namespaces ends soon."""
    deadline = time.monotonic() + seconds
    while users(namespaces) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not users(namespaces)


def test_leaves_no_process() -> None:
    """With the command everything in the lab ends, what it left in the background as well."""
    done = run(*LAB, "sh", "-c", f"sleep 300 >/dev/null 2>&1 & {NAMESPACES}")
    namespaces = done.stdout.split()

    assert len(set(namespaces)) == 2
    assert ended(namespaces)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_killed_lab_leaves_no_process(sign: int) -> None:
    """However the lab itself ends, nothing in it goes on."""
    argv = (*LAB, "sh", "-c", f"{NAMESPACES}; exec sleep 300")
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        namespaces = [process.stdout.readline().strip() for _ in range(2)]
        running = users(namespaces)
        process.send_signal(sign)
        process.wait(timeout=60)

    assert running
    assert ended(namespaces)


def machine() -> list[Any]:
    """What a lab must leave alone on the real machine."""
    return [run("ip", "-j", "link").stdout, run("ip", "netns", "list").stdout, dict(sysctls())]


def test_leaves_the_machine_alone() -> None:
    """A network that goes up in a lab and is left there changes nothing on the real machine."""
    before = machine()
    done = run(*LAB, "netmodes", "bridged", "--uplink", "enp0s1")

    assert done.returncode == 0, done.stderr
    assert machine() == before


def test_lab_in_a_lab() -> None:
    """A lab works inside a lab, whatever is mounted in /etc or was put in /etc/netns there."""
    outer = "mkdir -p /etc/netns/A && mount --bind /etc/hosts /etc/hosts && netmodes lab -- "
    done = run(*LAB, "sh", "-c", f"{outer} sh -c '[ -e /etc/netns ] || exit 7'")

    assert done.returncode == 7, done.stderr


def test_ordinary_user() -> None:
    """Nobody needs root for a lab, and is root in it."""
    done = run(*as_anyone(), "-m", "netmodes", "lab", "--", "sh", "-c", "id -u; ip netns add A")

    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


def as_anyone() -> tuple[str, ...]:
    """A Python with netmodes, run as an ordinary user."""
    if os.geteuid() != 0:
        return (sys.executable,)
    user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    path = f"PYTHONPATH={Path(netmodes.__file__).parent.parent}:{sysconfig.get_path('purelib')}"
    for python in (sys.executable, "/usr/bin/python3"):
        argv = (*user, "env", path, python)
        if run(*argv, "-c", "import netmodes.cli").returncode == 0:
            return argv
    pytest.skip("an ordinary user can read no Python here that has netmodes")


def test_no_question(lab: Lab) -> None:
    """The lab's own name server goes on after what is no question."""
    argv = (sys.executable, "-IS", nameserver.__file__, "127.0.0.9", "a.example", "10.0.0.1")
    asking = """
from netmodes.lab.nameserver import wait_for
import socket
assert wait_for("127.0.0.9", "a.example")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
    for text in (b"", b"x" * 12, b"x" * 100):
        port.sendto(text, ("127.0.0.9", 53))
assert wait_for("127.0.0.9", "a.example", 2)
"""
    with subprocess.Popen(lab.argv(*argv)) as server:
        asked = lab.run(sys.executable, "-c", asking)
        server.kill()

    assert (asked.returncode, asked.stderr) == (0, "")
