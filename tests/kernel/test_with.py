"""``with`` takes down what it put up itself, in this process, and nothing else."""

import pytest
from labs import Lab
from state import State, state

IMPORT = "import os, sys, netmodes\nfrom netmodes import HostOnly, Isolated, Refused\n"


def python(lab: Lab, program: str) -> str:
    """What a Python program prints on the lab's machine."""
    return lab.ok("python", "-c", IMPORT + program)


@pytest.fixture
def prod(lab: Lab) -> Lab:
    """A lab where a network prod is up, and a daemon in it."""
    lab.ok("netmodes", "host-only", "-n", "prod")
    lab.sh("ip netns exec prod sleep 300 >/dev/null 2>&1 &")
    lab.sh("until ip netns pids prod | grep -q .; do sleep 0.02; done")
    return lab


def daemons(lab: Lab) -> str:
    """The processes in prod."""
    return lab.ok("ip", "netns", "pids", "prod")


@pytest.mark.parametrize("mode", ["HostOnly('prod')", "Isolated('prod')"])
def test_up_already(prod: Lab, mode: str) -> None:
    """A network that is up is refused; the refusal names the handle and the free name."""
    before = daemons(prod)
    done = prod.run("python", "-c", f"{IMPORT}\nwith {mode}: print('in it')")

    assert done.stdout == ""
    assert "netmodes.errors.Refused: prod is up already" in done.stderr
    assert "`netmodes.running('prod')`" in done.stderr
    assert "`namespace=None`" in done.stderr
    assert daemons(prod) == before != ""


def test_handle(prod: Lab) -> None:
    """A handle uses a network that is up, and leaves it up."""
    before = daemons(prod)
    said = python(
        prod,
        """
with netmodes.running("prod") as net:
    print(net.network.topology.address, net.exec("ip", "-br", "addr", "show", "veth1").stdout)
    print(net.check().differing, net.why("192.168.202.1").reached)
""",
    )

    assert said.count("192.168.202.11/24") == 2
    assert said.endswith("() True\n")
    assert daemons(prod) == before != ""


@pytest.mark.parametrize("state", ["", "interrupted"])
def test_no_handle(lab: Lab, state: str) -> None:
    """There is no handle for what is not up."""
    if state:
        lab.ok("netmodes", "host-only", "-n", "prod")
        lab.sh("sed -i '/^up$/d' /run/netmodes/prod/log")
    done = lab.run("python", "-c", f"{IMPORT}netmodes.running('prod')")

    assert "netmodes.errors.Refused: prod " in done.stderr


def test_nested(lab: Lab, untouched: State) -> None:
    """A `with` inside another of the same name is refused, and the outer one goes on."""
    said = python(
        lab,
        """
with HostOnly("prod") as outer:
    try:
        with HostOnly("prod"): print("in it twice")
    except Refused: print("refused")
    print(outer.exec("ip", "-br", "link", "show", "type", "veth").stdout)
""",
    )

    assert said.startswith("refused\nveth1@")
    assert state(lab.ok) == untouched


def test_forked_child(lab: Lab, untouched: State) -> None:
    """A forked child that leaves the `with` takes nothing down; its parent does."""
    said = python(
        lab,
        """
with HostOnly("prod") as net:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        print(net.exec("ip", "-br", "link", "show", "type", "veth").stdout)
""",
    )

    assert said.startswith("veth1@")
    assert state(lab.ok) == untouched


def test_another_run(lab: Lab) -> None:
    """What somebody else put up under the name meanwhile stays."""
    python(
        lab,
        """
with HostOnly("prod"):
    os.system("netmodes down prod; netmodes isolated -n prod || netmodes host-only -n prod")
""",
    )

    assert "prod" in lab.ok("netmodes", "list")


def test_failed_inside(lab: Lab, untouched: State) -> None:
    """An exception inside takes the network down too, with the processes in it."""
    done = lab.run(
        "python",
        "-c",
        f"{IMPORT}with HostOnly('prod') as net:\n"
        "    net.exec('sh', '-c', 'sleep 300 >/dev/null 2>&1 &')\n    1 / 0",
    )

    assert "ZeroDivisionError" in done.stderr
    assert state(lab.ok) == untouched


def test_free_names(lab: Lab, untouched: State) -> None:
    """Without a name each takes one of its own; a worker's has the worker in it."""
    said = python(
        lab,
        """
os.environ["PYTEST_XDIST_WORKER"] = "gw7"
with HostOnly(None) as one, HostOnly(namespace=None) as other:
    print(one.namespace != other.namespace, f"gw7-{os.getpid()}-" in one.namespace)
""",
    )

    assert said == "True True\n"
    assert state(lab.ok) == untouched


def test_workers(lab: Lab, untouched: State) -> None:
    """Workers with free names have their networks side by side."""
    program = f"{IMPORT}with HostOnly(None) as net: print(net.exec('true').status)"
    done = lab.run("bash", "-c", 'for k in 1 2 3; do python -c "$0" & done; wait', program)

    assert done.stdout == "0\n" * 3, done.stderr
    assert state(lab.ok) == untouched
