"""A run that costs the host something is undone; what others do meanwhile is named, and stays."""

import sys

import pytest
from labs import Lab

BRIDGED = ("bridged", "--uplink", "enp0s1")

ROUTER = "via 192.168.64.1 dev br0 proto dhcp"

#: In the place of `ip`: once our cable is up, somebody else does something.
THEIRS = """
"$REAL" "$@"
status=$?
ip() {{ "$REAL" "$@"; }}
if [ "$*" = "link set veth0 up" ]; then {theirs}; fi
exit $status
"""

#: Somebody's own things on the uplink.
SETUP = """
    ip addr add 10.7.0.3/24 dev enp0s1
    ip route add 10.9.0.0/24 via 192.168.64.9 table 77
    ip rule add fwmark 0x7 lookup 78
    ip route add default via 192.168.64.9 table 78 src 192.168.64.3
    """

#: A container engine on a busy day.
CHURN = """
    while :; do
        ip link add one type veth peer name other
        ip link set one up
        ip addr add 172.18.0.1/24 dev one
        ip route add 172.19.0.0/24 via 172.18.0.2
        ip route add blackhole 172.20.0.0/24
        ip route del blackhole 172.20.0.0/24
        ip link del one
    done 2>/dev/null
    """


@pytest.mark.parametrize(
    ("mode", "theirs", "says"),
    [
        (BRIDGED, f"ip route replace default {ROUTER} src 192.168.64.100 metric 100",
         "`ip route get 8.8.8.8` says `8.8.8.8 via 192.168.64.1 dev br0 src 192.168.64.100`, and"
         " said `8.8.8.8 via 192.168.64.1 dev enp0s1 src 192.168.64.3` before"),
        (BRIDGED, "ip route add default via 192.168.64.9",
         "`ip route get 8.8.8.8` says `8.8.8.8 via 192.168.64.9 dev br0 src 192.168.64."),
        (BRIDGED, "ip route del default", "`ip route get 8.8.8.8` says `unreachable`"),
        (BRIDGED, "ip route add 192.168.64.1 dev br0 src 192.168.64.100",
         "`ip route get 192.168.64.1` says `192.168.64.1 dev br0 src 192.168.64.100`"),
        (BRIDGED, "ip route replace default via 192.168.64.9 table 78 src 10.7.0.3",
         "`ip route get 8.8.8.8 mark 0x7` says"),
        (BRIDGED, "ip addr del 10.7.0.3/24 dev br0", "the address 10.7.0.3/24 of enp0s1 is not on"),
        (BRIDGED, "ip route del 10.9.0.0/24 table 77", "the route `10.9.0.0/24 via 192.168.64.9 dev"
         " enp0s1 table 77` of enp0s1 is not on br0"),
        (("host-only",), "ip route replace default via 192.168.64.9 metric 7",
         "`ip route get 8.8.8.8` says `8.8.8.8 via 192.168.64.9 dev enp0s1 src 192.168.64.3`"),
        (("nat",), "sysctl -wq net.ipv4.ip_forward=0",
         "the result of `sysctl -w net.ipv4.ip_forward=1` is gone"),
    ],
)  # fmt: skip
def test_undone(mode: tuple[str, ...], theirs: str, says: str, lab: Lab) -> None:
    """A run that costs the uplink something, or the host its way, or its own result, is undone."""
    lab.ok("bash", "-ec", SETUP)
    lab.replace("ip", THEIRS.format(theirs=theirs))

    done = lab.netmodes(*mode)

    assert done.returncode == 1
    assert says in done.stderr
    assert "What was done before that is undone" in done.stderr
    assert lab.ok("ip", "netns", "list") == ""


def test_undone_by_script(lab: Lab) -> None:
    """A script is undone where the host would go from another address, and says the same."""
    script = lab.export(*BRIDGED)
    theirs = f"ip route replace default {ROUTER} src 192.168.64.100 metric 100"
    lab.replace("ip", THEIRS.format(theirs=theirs))

    done = lab.run("bash", script)

    assert done.returncode == 1
    assert (
        "Error: `ip route get 8.8.8.8` says `8.8.8.8 via 192.168.64.1 dev br0 src 192.168.64.100`,"
        " and said `8.8.8.8 via 192.168.64.1 dev enp0s1 src 192.168.64.3` before"
    ) in done.stderr
    assert lab.ok("ip", "netns", "list") == ""


def test_named(lab: Lab) -> None:
    """What others change meanwhile is named, a device of theirs once, and the network stays up."""
    theirs = "ip link add theirs type bridge; ip addr add 10.5.0.1/24 dev theirs"
    lab.replace("ip", THEIRS.format(theirs=f"{theirs}; ip route add blackhole 10.6.0.0/24"))

    done = lab.netmodes("host-only")

    assert done.returncode == 0
    assert [line for line in done.stderr.splitlines() if "meanwhile" in line] == [
        "[#] # meanwhile: links: theirs is new",
        "[#] # meanwhile: routes: blackhole 10.6.0.0/24 is new",
    ]


@pytest.mark.parametrize("order", ["bridged nat host-only", "host-only nat bridged"])
def test_nothing_named(order: str, lab: Lab) -> None:
    """Where nobody else does anything nothing is named, in whatever order networks come and go."""
    arguments = {"bridged": BRIDGED, "nat": ("nat",), "host-only": ("host-only",)}
    for mode in order.split():
        done = lab.netmodes(*arguments[mode], "-n", mode)
        assert (done.returncode, "meanwhile" in done.stderr) == (0, False)

    for mode in ("nat", "host-only", "bridged"):
        done = lab.netmodes("down", mode)
        assert (done.returncode, "meanwhile" in done.stderr) == (0, False)


def test_named_by_down(lab: Lab) -> None:
    """What others have changed while a network was up is left, and named by `down`."""
    lab.ok("netmodes", *BRIDGED)
    lab.ok("ip", "link", "add", "theirs", "type", "bridge")
    lab.ok("ip", "rule", "add", "from", "10.5.0.1", "lookup", "77")

    done = lab.netmodes("down", "A")

    assert done.returncode == 0
    assert [line for line in done.stderr.splitlines() if "meanwhile" in line] == [
        "[#] # meanwhile: links: theirs is new",
        "[#] # meanwhile: rules: 32765: from 10.5.0.1 lookup 77 is new",
    ]
    assert "theirs" in lab.ok("ip", "link")


def test_busy_host(lab: Lab) -> None:
    """Devices and routes that come and go all the time neither refuse a run nor undo it."""
    with lab.start("bash", "-c", CHURN) as churn:
        for mode in (BRIDGED, ("nat",), ("host-only",), BRIDGED):
            done = lab.netmodes(*mode)
            assert (done.returncode, done.stderr) == (0, done.stderr)
            lab.ok("netmodes", "down", "A")
        churn.kill()


#: Asks the same of one `ip` and of several.
ASK = """
import sys
from netmodes.machine.query import ask, ask_all
argvs = {words: ("ip", "-d", "-j", *words.split()) for words in sys.argv[1:]}
found = zip(ask_all(argvs).values(), (ask(*argv) for argv in argvs.values()))
for each in found:
    told, alone = ((one.returncode, one.stdout, one.stderr) for one in each)
    assert told == alone, (told, alone)
"""


@pytest.mark.parametrize("last", ["route get 8.8.8.8", "route get 2001:db8::1"])
def test_one_process(last: str, lab: Lab) -> None:
    """One `ip` tells what several tell, and where it cannot answer, the kernel's own error."""
    lab.ok("ip", "neigh", "add", "192.168.64.70", "lladdr", "02:00:00:00:00:01", "dev", "enp0s1")
    lab.ok("ip", "neigh", "add", "proxy", "192.168.64.71", "dev", "enp0s1")

    listed = ("addr show", "neigh show nud permanent", "neigh show proxy")
    lab.ok(sys.executable, "-c", ASK, *listed, last)
