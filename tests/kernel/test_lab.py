"""The lab is the article's machine, for anyone, and leaves the real one as it was."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from labs import NETMODES, Lab, RootLab, children
from processes import as_anyone, run
from session_keys import FOUND, GIVEN
from state import sysctls

from netmodes.lab import nameserver
from netmodes.lab.lab import is_lab
from netmodes.lab.places import user
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
    facts = """netmodes facts | grep -A2 '"ssh": {' | grep -c '"output": ""'"""
    script = f'{facts}; echo "$SSH_CONNECTION"'
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
    """A network namespace in which root is the real root is no lab, be it in a user namespace."""
    if os.geteuid() != 0:
        pytest.skip("only root can make one")
    ask = (sys.executable, "-c", "from netmodes.lab.lab import is_lab; print(is_lab())")
    with RootLab() as root_lab:
        assert root_lab.ok(*ask) == "False\n"
        assert root_lab.ok("unshare", "--user", "--map-root-user", "--net", *ask) == "False\n"


@pytest.mark.parametrize("status", [0, 7])
def test_exit_status(status: int) -> None:
    """The command's exit status is the lab's."""
    assert run(*LAB, "sh", "-c", f"exit {status}").returncode == status


def test_sudo() -> None:
    """The article's lines work as they are, sudo and all, from any folder."""
    typed = "cd /tmp; sudo ip netns add A; sudo -n WORD=1 ip netns; echo $PATH"
    argv = (os.path.relpath(NETMODES), *LAB[1:], "sh", "-c", typed)
    names, path = run(*argv).stdout.split()

    assert names == "A"
    assert all(folder.startswith("/") for folder in path.split(":"))


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
    """With no command it is the user's shell; its greeting and prompt say where one is."""
    status, screen = typed([NETMODES, "lab"], "echo at-$((6*7)); exit 7\n", shell)

    assert re.search(r"\[lab\].*# ", screen)
    assert "This is the lab: " in screen
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


#: Prints the lab's two network namespaces: the machine's and the router's.
NAMESPACES = "readlink /proc/self/ns/net; nsenter --net=/run/lan/router readlink /proc/self/ns/net"


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


#: What stays behind in the background, and hears no signal, or has a session of its own.
STAY = "(trap '' TERM HUP; sleep 300) >/dev/null & setsid sleep 300 >/dev/null &"


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
@pytest.mark.parametrize("which", ["lab", "first", "command"])
def test_killed_lab_leaves_no_process(which: str, sign: int) -> None:
    """Whichever of its processes is killed, nothing in the lab goes on."""
    argv = (*LAB, "sh", "-c", f"{STAY} {NAMESPACES}; exec sleep 300")
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        namespaces = [process.stdout.readline().strip() for _ in range(2)]
        running = users(namespaces)
        (first,) = children(process.pid)
        command = children(first)[-1]
        os.kill({"lab": process.pid, "first": first, "command": command}[which], sign)
        process.wait(timeout=60)

    assert running
    assert ended(namespaces)


@pytest.mark.parametrize("way", ["terminal", "group", "alone"])
def test_interrupted(way: str) -> None:
    """The command that is interrupted ends as it likes, and hears it once."""
    script = "n=0; trap 'n=$((n + 1))' INT; echo go; for i in 1 2 3; do sleep 0.3; done; exit 4$n"
    ours, theirs = pty.openpty()
    setsid = ("setsid", "--ctty") if way == "terminal" else ("setsid",)
    process = subprocess.Popen(
        (*setsid, *LAB, "bash", "-c", script),
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    assert os.read(ours, 10) == b"go\r\n"
    if way == "terminal":
        os.write(ours, b"\x03")
    else:
        os.kill(-process.pid if way == "group" else process.pid, signal.SIGINT)

    assert process.wait(timeout=60) == 41
    os.close(ours)


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
    with lab.start(*argv) as server:
        asked = lab.run(sys.executable, "-c", asking)
        server.kill()

    assert (asked.returncode, asked.stderr) == (0, "")


def test_is_an_ordinary_user(lab: Lab) -> None:
    """The lab's root is outside who made it; of root, the user who called sudo, or nobody."""
    uid = user().uid if os.geteuid() == 0 else os.geteuid()

    assert Path("/proc", str(lab.pid)).stat().st_uid == uid
    assert lab.ok("cat", "/proc/self/uid_map").split() == ["0", str(uid), "1"]
    assert lab.ok("id", "-u") == "0\n"


#: What only the machine's root may write.
ROOTS = (
    *("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/sysrq", "/proc/sys/vm/swappiness"),
    *("/proc/sys/fs/file-max", "/proc/sysrq-trigger", "/usr", "/usr/bin/env", "/"),
)


def test_writes_nothing_of_roots(lab: Lab) -> None:
    """Nothing that is root's can be written; the lab's own network and /etc can."""
    own = ("/proc/sys/net/ipv4/ip_forward", "/etc/passwd")
    script = 'for file; do if [ -w "$file" ]; then echo "$file"; fi; done'

    assert lab.ok("sh", "-c", script, "sh", *ROOTS, *own).split() == [*own]


def test_signals_nobody_outside(lab: Lab) -> None:
    """No process outside is seen or can be signalled, be it of the same user."""
    same = {"user": user().uid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "300"], **same) as outside:  # type: ignore[call-overload]
        done = lab.sh(f"umount /proc; kill -0 {outside.pid}; kill -TERM -- -1")
        running = outside.poll() is None
        outside.kill()

    assert "No such process" in done.stderr
    assert running


#: Prints whose memory can be written from a lab that has unmounted its /proc, as PIDs outside.
REACHED = """
import os, pathlib, subprocess
subprocess.run(["umount", "/proc"], check=True)
for process in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        pids = process.joinpath("status").read_text().partition("NSpid:")[2].split("\\n")[0]
        os.close(os.open(process / "mem", os.O_RDWR))
        print(len(pids.split()))
    except OSError:
        pass
"""


def test_reaches_no_process_outside() -> None:
    """Not even the process that waits for the lab's end lets root in it into its memory."""
    done = run(*LAB, sys.executable, "-c", REACHED)

    assert done.returncode == 0, done.stderr
    assert {*done.stdout.split()} == {"2"}  # it has a PID outside and one in the lab


#: Tries to have an open file of the lab's first process.
STOLEN = "import ctypes, os; print(ctypes.CDLL(None).syscall(438, os.pidfd_open(1), {}, 0))"


def test_passes_on_no_open_file(tmp_path: Path) -> None:
    """What the caller has open beside the three streams, root in the lab cannot have."""
    with (tmp_path / "secret").open("w") as secret:
        argv = (*LAB, sys.executable, "-c", STOLEN.format(secret.fileno()))
        done = subprocess.run(
            argv, pass_fds=[secret.fileno()], capture_output=True, text=True, check=False
        )

    assert done.stdout == "-1\n", done.stderr


def test_no_keys() -> None:
    """A lab has no key of the session that it is started from."""
    if run(*GIVEN, *FOUND).stdout != "True\n":
        pytest.skip("this kernel or container has no keyrings")
    assert run(*GIVEN, *LAB, *FOUND).stdout == "False\n"


def test_own_names(lab: Lab) -> None:
    """The lab's host name is its own, and known; so are shared memory segments."""
    lab.ok("ipcmk", "--shmem", "100")

    assert lab.ok("uname", "-n") == "lab\n"
    assert "127.0.1.1" in lab.ok("getent", "hosts", "lab")
    assert os.uname().nodename != "lab"
    assert run("ipcs", "--shmems").stdout.count("\n") < lab.ok("ipcs", "--shmems").count("\n") + 9


UNMOUNT = (
    *("umount -l /run", "umount -R /run", "umount -l /etc", "mount --move /run /mnt"),
    *("mount --bind / /mnt && ls /mnt/run", "unshare --mount umount -l /run"),
    *("unshare --user --map-root-user --mount umount -l /run", "nsenter --target 1 umount -l /run"),
    "mount --rbind / /run/home && umount -l /run/home/run",
)


@pytest.mark.parametrize("command", UNMOUNT)
def test_no_way_to_the_machines_run(lab: Lab, command: str) -> None:
    """Whoever unmounts in the lab does not come to the machine's /run or /etc."""
    done = lab.sh(f"{command}; found=$?; [ -e /run/lan ] && exit $found")

    assert done.returncode not in (0, 127), done.stdout


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that only its owner may enter, with one for him alone in it."""
    folder = tmp_path / "home"
    folder.joinpath(".ssh").mkdir(mode=0o700, parents=True)
    folder.joinpath("project").mkdir()
    folder.joinpath("project", "file").write_text("text")
    folder.chmod(0o700)
    return folder


@pytest.mark.parametrize("place", ["", "project"])
def test_closed_home(home: Path, place: str) -> None:
    """Root's current folder is seen in the lab, read-only, though nobody else may go there."""
    if os.geteuid() != 0:
        pytest.skip("a user's own lab may go where the user may")
    script = "pwd; cat file project/file; ls .ssh; echo >new"
    done = run(*LAB, "sh", "-c", script, cwd=home / place)

    assert done.stdout == f"{home / place}\ntext"
    assert "Read-only file system" in done.stderr or "Permission denied" in done.stderr
    assert not home.joinpath(place, "new").exists()


def test_home_of_who_called_sudo() -> None:
    """Who called sudo writes to the own folders, in the lab as well."""
    if os.geteuid() != 0:
        pytest.skip("this plays root")
    sudo = {"SUDO_UID": "12345", "SUDO_GID": "12345", "SUDO_USER": "ann"}
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, 12345, 12345)
        script = "echo >new; env | grep ^SUDO_"
        done = run(*LAB, "sh", "-c", script, cwd=home, env=os.environ | sudo)

        assert done.stdout == ""
        assert Path(home, "new").stat().st_uid == 12345


def test_own_folders() -> None:
    """Temporary files are the lab's own, and so is root's home."""
    done = run(*LAB, "sh", "-c", 'echo "$HOME" >$TMPDIR/x; cat $TMPDIR/x; ls /run/tmp')
    home = "/run/home" if os.geteuid() == 0 else os.environ["HOME"]

    assert done.stdout == f"{home}\nx\n"


def test_root_who_can_be_nobody_else() -> None:
    """Where root is the machine's and can become no other user, there is no lab."""
    if os.geteuid() != 0:
        pytest.skip("only root is the machine's root")
    done = run("unshare", "--user", "--map-root-user", *LAB, "true")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: no lab can be made here (Operation not permitted): leave")


def test_folder_in_run(lab: Lab) -> None:
    """A current folder that the lab's own /run hides is refused."""
    script = "mkdir /run/here; cd /run/here; netmodes lab -- true"

    assert lab.sh(script).stderr == "Error: a lab has no /run/here: start it in another folder\n"
