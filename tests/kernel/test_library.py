"""The library in a lab: handles, programs and threads inside, and the pages that show them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from labs import Lab
from places import ROOT
from state import State, state

IMPORT = """
import asyncio, os, socket, subprocess, sys, threading
from pathlib import Path
import netmodes
from netmodes import HostOnly, Isolated, Nat, Refused
"""


def blocks(page: str) -> list[str]:
    """The Python examples of a page."""
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)


def python(lab: Lab, program: str) -> str:
    """What a Python program prints on the lab's machine."""
    return lab.ok("python", "-c", IMPORT + program)


@pytest.mark.parametrize("example", blocks("library.md"))
def test_page(lab: Lab, untouched: State, example: str) -> None:
    """Each example of the page runs, and leaves nothing."""
    lab.ok("python", "-c", example)

    assert state(lab.ok) == untouched


def test_pytest_page(tmp_path: Path) -> None:
    """The files of the page pass, by each command line that it has; tcpdump may be missing."""
    page = (ROOT / "docs/pytest.md").read_text()
    files = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", page, re.DOTALL))
    lines = re.findall(r"^(pytest .*)$", page, re.MULTILINE)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    if shutil.which("tcpdump") is None:
        (tmp_path / "tcpdump").write_text("#!/bin/sh\nexec sleep 60\n")
        (tmp_path / "tcpdump").chmod(0o755)

    assert len(files) == len(blocks("pytest.md")) == 3
    assert lines == ["pytest --netmodes-lab", "pytest --netmodes-lab -n 4"]
    for line in lines:
        done = session(tmp_path, *line.split()[1:])
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert "10 passed" in done.stdout


def session(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A session of pytest in a folder, outside of any lab."""
    argv = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options)
    own = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    own["PATH"] = f"{own['PATH']}:{folder}"
    return subprocess.run(argv, cwd=folder, env=own, capture_output=True, text=True, check=False)


def test_handle(lab: Lab) -> None:
    """A handle has names as text and addresses as such."""
    said = python(
        lab,
        """
with HostOnly() as net:
    print(net.namespace, net.address, net.host_address, net.device, net.host_device, net.gateway)
    print(type(net.address).__name__, net.record.lines[0])
with Nat(namespace=["A", "B"]) as net:
    print(net["B"].address, net["B"].gateway, net["B"].bridge, [one.namespace for one in net])
    try: net["C"]
    except KeyError: print("no C")
    try: net.address
    except Refused as error: print(error)
""",
    )

    assert said.splitlines() == [
        "A 192.168.202.11 192.168.202.1 veth1 veth0 None",
        "IPv4Address ip netns add A",
        "10.64.0.12 10.64.0.1 nat0 ['A', 'B']",
        "no C",
        "A,B are several: `netmodes.running('A')` is one",
    ]


def test_run(lab: Lab) -> None:
    """A program inside has subprocess's own meanings."""
    said = python(
        lab,
        r"""
with HostOnly() as net:
    print(net.run(["cat"], input=b"\xff\0").stdout)
    print(net.run(["pwd"], cwd="/usr", text=True).stdout)
    own = {"PATH": os.environ["PATH"], "X": "1"}
    print(net.run(["env"], env=own, text=True).stdout.count("X=1"))
    print(net.run([Path("/bin/echo"), Path("a b")], text=True).stdout)
    for argv in (["nosuch"], ["./nosuch"]):
        try: net.run(argv)
        except FileNotFoundError as error: print(error.filename)
    try: net.run(["false"], check=True)
    except subprocess.CalledProcessError as error: print(error.returncode)
    try: net.run(["sleep", "60"], timeout=0.1)
    except subprocess.TimeoutExpired: print("too slow")
    print(net.run("true").returncode, net.run(["echo", "x"], encoding="ascii").stdout)
    said = net.run(["sh", "-c", "echo x >&2"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(said.stdout, said.stderr, net)
    try: net.run(["true"], user="nosuch")
    except Refused as error: print(error)
try: net.run(["true"])
except Refused as error: print(error)
""",
    )

    assert said.split("\n") == [
        r"b'\xff\x00'",
        *("/usr", "", "1", "a b", ""),
        *("nosuch", "./nosuch", "1", "too slow"),
        *("0 x", "", "b'x\\n' None Handle(namespace='A')"),
        "there is no user 'nosuch' on this machine: name another",
        *("A is not a network of ours: see `netmodes list`", ""),
    ]


def test_popen(lab: Lab, untouched: State) -> None:
    """What is started inside is ended with the `with`, also what does not end by itself."""
    said = python(
        lab,
        """
with HostOnly() as net:
    stubborn = "trap '' TERM; echo ready; while :; do read -t 1 <> <(:); done"
    one = net.popen(["bash", "-c", stubborn], stdout=subprocess.PIPE)
    one.stdout.readline()
    with netmodes.running("A") as other:
        two = other.popen(["sleep", "60"])
    print(two.returncode, one.returncode)
print(one.returncode)
""",
    )

    assert said == "-15 None\n-9\n"
    assert state(lab.ok) == untouched


def test_entered(lab: Lab) -> None:
    """The calling thread is inside, no other one, and it is outside again whatever happens."""
    said = python(
        lab,
        """
def here(): return os.readlink("/proc/thread-self/ns/net")
out = here()
with HostOnly() as net, HostOnly(namespace="B") as other:
    seen, go, done = [], threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: (go.wait(), seen.append(here()), done.set()))
    thread.start()
    with net.entered():
        inside = here()
        go.set(); done.wait()
        with other.entered(): print(here() not in (inside, out))
        print(here() == inside != out, seen == [out])
    try:
        with net.entered(): 1 / 0
    except ZeroDivisionError: print(here() == out)
    print(len(os.listdir("/proc/self/fd")) < 12)
""",
    )

    assert said == "True\nTrue True\nTrue\nTrue\n"


def test_asyncio(lab: Lab) -> None:
    """An `await` in an entered thread has other tasks run inside; a socket made there stays."""
    said = python(
        lab,
        """
def here(): return os.readlink("/proc/thread-self/ns/net")
out = here()
async def main(net):
    seen = []
    async def other(): seen.append(here() == out)
    task = asyncio.create_task(other())
    with net.entered():
        await asyncio.sleep(0.01)
    await asyncio.create_task(other())
    with net.entered(): listening = socket.create_server((str(net.address), 9000))
    async with await asyncio.start_server(lambda r, w: w.close(), sock=listening):
        await asyncio.open_connection(str(net.address), 9000)
    inside = lambda: here() != out
    def enter():
        with net.entered(): return inside()
    print(seen, await asyncio.to_thread(enter), await asyncio.to_thread(inside))
with HostOnly() as net:
    asyncio.run(main(net))
""",
    )

    assert said == "[False, True] True False\n"


def test_words_of_python(lab: Lab) -> None:
    """An option is named as Python has it, and on the command line as there."""
    said = python(
        lab,
        """
with HostOnly() as net:
    net.popen(["sleep", "60"])
    try: HostOnly().down()
    except Refused as error: print(error)
    print(subprocess.run(["netmodes", "down", "A"], capture_output=True, text=True).stderr)
""",
    )

    assert "or use kill=True\n" in said
    assert "use --kill\n" in " ".join(said.split(" "))


def test_report(lab: Lab) -> None:
    """A report says whether all is well, and what is not."""
    said = python(
        lab,
        """
with HostOnly() as net:
    report = net.check()
    print(report.ok, report)
    net.run(["ip", "link", "set", "veth1", "down"], check=True)
    report = net.check()
    print(report.ok, report)
""",
    )

    assert said.startswith("True <host-only A: as promised>\nFalse <host-only A: from ")


SUITE = """
import pytest, netmodes
from netmodes import HostOnly, Nat

@pytest.mark.parametrize("number", range(4))
def test_up(network, number):
    net = network(HostOnly)
    assert net.run(["ping", "-c1", "-W1", str(net.host_address)]).returncode == 0

def test_two(network):
    one, other = network(Nat, publish=["8080:80"]), network(Nat)
    assert one.run(["ping", "-c1", "-W1", str(other.address)]).returncode == 0

@pytest.fixture(scope="module")
def shared(module_network):
    return module_network(HostOnly)

def test_shared(shared):
    assert shared.run("true").returncode == 0

def test_shared_still(shared):
    assert shared.run("true").returncode == 0

@pytest.fixture(scope="session")
def for_all(session_network):
    return session_network(HostOnly, namespace=[None, None])

def test_for_all(for_all, network):
    assert [one.run("true").returncode for one in for_all] == [0, 0]
    assert len(for_all) == 2
    with pytest.raises(TypeError, match="network.HostOnly"):
        network("host-only")

def test_fails(network, shared):
    network(Nat)
    assert 0
"""

UNUSED = """
import sys

def test_imported():
    found = sorted(name for name in sys.modules if name.startswith("netmodes"))
    assert found == ["netmodes", "netmodes.pytest_plugin"]
"""

INTERRUPTED = """
from netmodes import HostOnly

def test_first(network):
    network(HostOnly)

def test_second(network):
    print("went on")
"""


def suite(lab: Lab, tests: str = SUITE) -> Path:
    """A folder with these tests, which the lab's root may read."""
    folder = Path(lab.programs.name, "suite")
    folder.mkdir()
    (folder / "test_it.py").write_text(tests)
    return folder


def test_plugin_unused(tmp_path: Path) -> None:
    """A session that asks for no network imports nothing of netmodes but the plug-in."""
    (tmp_path / "test_it.py").write_text(UNUSED)

    assert "1 passed" in session(tmp_path).stdout


@pytest.mark.parametrize(("options", "name"), [("", "net-"), ("-n 4", "gw")])
def test_plugin(lab: Lab, untouched: State, options: str, name: str) -> None:
    """Networks go with their test, workers have names of their own, a failed test shows its own."""
    pytest_here = f"cd {suite(lab)} && env -u PYTEST_XDIST_WORKER TMPDIR=/run python -m pytest -q"
    done = lab.run("sh", "-c", f"{pytest_here} -p no:cacheprovider {options}")

    assert "1 failed, 8 passed" in done.stdout
    assert f"ip netns add {name}" in done.stdout
    for mode in ("host-only", "nat"):
        assert f"is as {mode} promises" in done.stdout  # of a neighbour that leaves nobody knows
    assert state(lab.ok) == untouched


def test_interrupted(lab: Lab, untouched: State) -> None:
    """Ctrl-C while a network comes up ends the session, and leaves nothing."""
    folder = suite(lab, INTERRUPTED)
    lab.replace("ip", 'case "$*" in "link add "*) kill -INT $PPID; esac; exec "$REAL" "$@"')
    done = lab.run("sh", "-c", f"cd {folder} && python -m pytest -s -p no:cacheprovider")

    assert done.returncode == 2
    assert "KeyboardInterrupt" in done.stdout
    assert "went on" not in done.stdout
    assert state(lab.ok) == untouched


def test_interrupted_teardown(lab: Lab, untouched: State) -> None:
    """Ctrl-C while a network is taken down ends the session, and the network is down."""
    folder = suite(lab, INTERRUPTED)
    tells = 'kill -INT "$(ps -o ppid= -p $PPID)"; touch /run/told'
    lab.replace("ip", f'case "$*" in "link del "*) {tells};; esac; exec "$REAL" "$@"')
    done = lab.run("sh", "-c", f"cd {folder} && python -m pytest -s -p no:cacheprovider")

    assert done.returncode == 2
    assert "KeyboardInterrupt" in done.stdout
    assert "went on" not in done.stdout
    lab.ok("rm", "/run/told")
    assert state(lab.ok) == untouched


@pytest.mark.parametrize(
    ("options", "ends"), [("", "9 skipped"), ("--netmodes-required", "errors")]
)
def test_plugin_without_root(lab: Lab, options: str, ends: str) -> None:
    """Without root such tests are skipped and say why, or fail."""
    folder = suite(lab)
    (folder / "conftest.py").write_text("import os\nos.geteuid = lambda: 1000\n")
    done = lab.run("sh", "-c", f"cd {folder} && python -m pytest -rs -p no:cacheprovider {options}")

    assert ends in done.stdout
    assert "netmodes-lab" in done.stdout


def test_session_in_a_lab(tmp_path: Path) -> None:
    """A whole session runs in a lab, with its options and its exit status."""
    (tmp_path / "test_it.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nnetmodes_lab = true\n")
    done = session(tmp_path, "-q", "-k", "not fails")

    assert (done.returncode, done.stderr) == (0, "")
    assert "8 passed, 1 deselected" in done.stdout
