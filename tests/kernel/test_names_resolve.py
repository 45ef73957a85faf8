"""How a namespace finds names: by servers that it reaches, or not at all."""

import json
import re
import subprocess
import sys

import pytest
from labs import Lab
from state import State, state

from netmodes.lab import nameserver

pytestmark = pytest.mark.sweep

NAT, BRIDGED = "nat", "bridged --uplink enp0s1"

#: Prints every DNS query that passes in this network namespace, until it is told to stop.
SNIFF = """
import socket, sys
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
print("ready", flush=True)
while True:
    frame = sniffer.recv(2000)
    if b"outside" in frame:
        print("query", flush=True)
"""

#: All ways that a program has to ask: glibc, and each name server by itself.
ASK = """
getent hosts outside.example
getent ahosts outside.example
python3 -c 'import socket; socket.gethostbyname("outside.example")'
of_file=$(sed -n 's/^nameserver //p' /etc/resolv.conf)
for server in 127.0.0.1 127.0.0.53 192.168.64.1 8.8.8.8 $of_file
do
    python3 - $server <<'PYTHON'
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
    asking.settimeout(0.3)
    asking.connect((sys.argv[1], 53))
    asking.send(b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7outside\\7example\\0\\0\\1\\0\\1")
    asking.recv(512)
    print("an answer")
PYTHON
done 2>/dev/null
"""


def found(lab: Lab, name: str = "outside.example") -> bool:
    """Whether namespace A finds a name."""
    return lab.inside("timeout", "10", "getent", "hosts", name).returncode == 0


@pytest.mark.parametrize("way", ["netmodes", "script"])
def test_handmade(lab: Lab, way: str) -> None:
    """A file that only speaks of netmodes is not ours, and stays."""
    script = lab.export("nat")
    lab.sh("mkdir -p /etc/netns/A && echo '# netmodes must not touch this' >/etc/netns/A/hosts")
    before = state(lab.ok)
    if way == "script":
        lab.ok("bash", script)
        lab.ok("bash", script, "down")
    else:
        lab.ok("netmodes", "nat")
        lab.ok("netmodes", "down", "A")

    assert state(lab.ok) == before


SWITCH = "/etc/nsswitch.conf"


def test_no_switch(lab: Lab, untouched: State) -> None:
    """Where the machine has no nsswitch.conf none is made, for none could be put in its place."""
    lab.ok("rm", SWITCH)
    lab.ok("netmodes", "host-only")
    inside = lab.inside("ls", "/etc/netns/A")
    reached = found(lab)
    lab.ok("netmodes", "down", "A")

    assert (inside.stdout, inside.stderr) == ("resolv.conf\n", "")
    assert not reached
    assert state(lab.ok) == untouched


def test_switch_without_hosts(lab: Lab) -> None:
    """Where nsswitch.conf says nothing of hosts a line is added, and the rest stays."""
    lab.sh(f"sed -i '/^hosts:/d' {SWITCH}")
    lab.ok("netmodes", "host-only")

    added = "hosts: files # made by netmodes\n"
    assert lab.inside("cat", SWITCH).stdout == lab.ok("cat", SWITCH) + added
    assert not found(lab)


@pytest.mark.parametrize("mode", [NAT, BRIDGED])
def test_auto(lab: Lab, untouched: State, mode: str) -> None:
    """Names are found by the real servers, though the machine asks 127.0.0.53; and all goes."""
    lab.ok("netmodes", *mode.split())
    reached, other = found(lab), found(lab, "other.example")
    lab.ok("netmodes", "down", "A")

    assert (reached, other) == (True, False)
    assert state(lab.ok) == untouched
    assert lab.run("ls", "/etc/netns").returncode != 0


def test_none(lab: Lab) -> None:
    """Without servers of its own the namespace asks 127.0.0.53, where nobody is."""
    lab.ok("netmodes", "nat", "--dns", "none")

    assert not found(lab)


def test_theirs(lab: Lab) -> None:
    """A file that is not ours stays, on the way up and down, and is said to."""
    lab.sh("mkdir -p /etc/netns/A && echo nameserver 192.168.64.1 >/etc/netns/A/resolv.conf")
    before = state(lab.ok)
    up = lab.netmodes("nat", "--dns", "1.1.1.1")
    reached = found(lab)
    lab.ok("netmodes", "down", "A")

    assert "/etc/netns/A/resolv.conf is not ours" in up.stderr
    assert reached
    assert state(lab.ok) == before
    lab.ok(*re.findall(r"# +(mv .*)", up.stderr)[0].split())
    assert "is not ours" not in lab.netmodes("nat", "--dns", "1.1.1.1").stderr


def test_cache_stopped(lab: Lab) -> None:
    """A name service cache is said to find names for the namespace too, until the fix is typed."""
    lab.ok("mkdir", "-p", "/run/nscd")
    lab.ok("touch", "/run/nscd/socket")
    lab.replace("systemctl", '[ "$*" != "stop nscd" ] || rm /run/nscd/socket')
    said = lab.netmodes("host-only").stderr
    lab.ok("netmodes", "down", "A")
    lab.ok(*re.findall(r"# +(systemctl .*)", said)[0].split())

    assert "nscd runs, and finds names for A too" in said
    assert "nscd" not in lab.netmodes("host-only").stderr


def test_changed_since(lab: Lab) -> None:
    """What somebody has changed or added since is left alone, and named."""
    lab.ok("netmodes", "nat")
    lab.sh(
        "echo nameserver 9.9.9.9 >>/etc/netns/A/resolv.conf; echo 10.0.0.1 a >/etc/netns/A/hosts"
    )
    down = lab.netmodes("down", "A")

    assert down.returncode == 0
    assert "left alone: rm /etc/netns/A/resolv.conf" in down.stderr
    assert "hosts depends on it" in down.stderr
    assert lab.ok("ls", "/etc/netns/A").split() == ["hosts", "resolv.conf"]


@pytest.mark.parametrize("way", ["netmodes", "script"])
def test_orphan(lab: Lab, untouched: State, way: str) -> None:
    """What a reboot has left of ours is replaced, and goes with the new network."""
    lab.ok("netmodes", "nat", "--dns", "192.168.64.9")
    lab.sh("rm -r /run/netmodes; ip netns del A; ip link del nat0; nft flush ruleset")
    lab.sh("sysctl -w net.ipv4.ip_forward=0")
    commands = [("netmodes", "nat"), ("netmodes", "down", "A")]
    if way == "script":
        script = lab.export("nat")
        commands = [("bash", script), ("bash", script, "down")]
    lab.ok(*commands[0])
    reached = found(lab)
    lab.ok(*commands[1])

    assert reached
    assert state(lab.ok) == untouched


def test_orphan_asked_no_more(lab: Lab) -> None:
    """What a reboot has left of ours goes too where no files come in its place."""
    lab.ok("netmodes", "host-only")
    lab.sh("rm -r /run/netmodes; ip netns del A; ip link del veth0")
    lab.ok("netmodes", "nat", "--dns", "none")

    assert lab.run("ls", "/etc/netns/A").returncode != 0


def test_orphan_in_a_script(lab: Lab) -> None:
    """A script made beside an orphan works without it, and refuses files that are not ours."""
    lab.ok("netmodes", "host-only")
    lab.sh("rm -r /run/netmodes; ip netns del A; ip link del veth0")
    script = lab.export("host-only")
    for _ in range(2):
        lab.ok("bash", script)
        lab.ok("bash", script, "down")
    lab.sh("mkdir -p /etc/netns/A; echo 10.0.0.1 a >/etc/netns/A/hosts")
    refused = lab.run("bash", script)

    assert refused.returncode == 1
    assert "Error: not all in /etc/netns/A is ours" in refused.stderr
    assert "[#]" not in refused.stderr
    assert lab.ok("cat", "/etc/netns/A/hosts") == "10.0.0.1 a\n"


def test_root_that_was_there(lab: Lab) -> None:
    """An /etc/netns that was there stays, empty or not."""
    lab.ok("mkdir", "/etc/netns")
    lab.ok("netmodes", "host-only")
    lab.ok("netmodes", "host-only", "-n", "B")
    lab.ok("netmodes", "down", "A", "B")

    assert lab.ok("ls", "-A", "/etc/netns") == ""


@pytest.mark.parametrize("way", ["netmodes", "Python", "script"])
def test_everybody_reads(lab: Lab, way: str) -> None:
    """Every user may read the files, whatever root's umask."""
    up = {
        "netmodes": "netmodes host-only",
        "Python": f"{sys.executable} -c 'import netmodes; netmodes.HostOnly().up()'",
        "script": f"bash {lab.export('host-only')}",
    }
    lab.ok("bash", "-c", f"umask 077; {up[way]}")
    modes = lab.ok("sh", "-c", "stat -c %a /etc/netns /etc/netns/A /etc/netns/A/*")

    assert modes.split() == ["755", "755", "644", "644"]


@pytest.mark.parametrize(
    ("mode", "without"), [("host-only", "--verbatim"), (BRIDGED, "--dns none")]
)
def test_read_only(lab: Lab, untouched: State, mode: str, without: str) -> None:
    """Where /etc is read-only all is undone, and what is said to do without files does."""
    lab.sh("mount --bind /etc /etc; mount -o remount,ro,bind /etc")
    failed = lab.netmodes(*mode.split())
    assert f"`{without}`" in failed.stderr
    assert state(lab.ok) == untouched
    lab.ok("netmodes", *mode.split(), *without.split())


@pytest.mark.parametrize("first", ["A", "B"])
def test_root_of_ours(lab: Lab, first: str) -> None:
    """An /etc/netns that a network of ours has made goes with the last, in whatever order."""
    for name in "AB":
        lab.ok("netmodes", "host-only", "-n", name)
    lab.ok("netmodes", "down", first)
    lab.ok("netmodes", "host-only", "-n", "C")
    lab.ok("netmodes", "down", "--all")

    assert lab.run("ls", "/etc/netns").returncode != 0


CLOSED = ("host-only", "isolated")


def put_up(lab: Lab, mode: str) -> None:
    """Put a mode up; a kernel without `dummy` has `ifb`, which leads nowhere just as well."""
    if mode == "isolated":
        lab.have_dummies()
    lab.ok("netmodes", *mode.split())


#: In namespace A's network with the host's files, but for some of A's own.
WITH_OWN = """
for name; do mount --bind /etc/netns/A/$name /etc/$name || exit; done
exec nsenter --net=/run/netns/A timeout 10 getent hosts outside.example
"""


def found_with(lab: Lab, *files: str) -> bool:
    """Whether A would find a name if netmodes had written only these of its files."""
    argv = ("unshare", "--mount", "--propagation", "private", "sh", "-ec", WITH_OWN, "sh", *files)
    return lab.run(*argv).returncode == 0


@pytest.mark.parametrize("mode", CLOSED)
@pytest.mark.parametrize("server", ["127.0.0.1", "192.168.64.1"])
def test_closed(lab: Lab, mode: str, server: str) -> None:
    """The C library asks nobody, even where a server would answer; it takes both files for that."""
    lab.sh(f"echo nameserver {server} >/etc/resolv.conf")
    lab.sh("sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf")
    put_up(lab, mode)
    own = ("ip", "netns", "exec", "A")
    lab.ok(*own, "ip", "addr", "add", "192.168.64.1/32", "dev", "lo")
    serve = (sys.executable, "-IS", nameserver.__file__)
    servers = [
        lab.start(*own, *serve, ip, "outside.example", "8.8.8.8")
        for ip in ("127.0.0.1", "192.168.64.1")
    ]
    try:
        listening = "ip netns exec A ss -Hlun 'sport = :53' | wc -l"
        lab.ok("bash", "-c", f'until [ "$({listening})" = 2 ]; do sleep 0.02; done')
        assert found_with(lab)
        assert found_with(lab, "resolv.conf")
        assert not found_with(lab, "resolv.conf", "nsswitch.conf")
        assert not found(lab)
    finally:
        for process in servers:
            process.kill()
            process.wait()


@pytest.mark.parametrize("mode", CLOSED)
def test_nobody_is_asked(lab: Lab, mode: str) -> None:
    """No query leaves the namespace, whatever a program tries."""
    lab.sh("echo nameserver 192.168.64.1 >/etc/resolv.conf")
    put_up(lab, mode)
    lab.sh("sed -i 's/^hosts:.*/hosts: files resolve mdns4 dns/' /etc/nsswitch.conf")
    with lab.start(sys.executable, "-c", SNIFF, stdout=subprocess.PIPE) as sniffer:
        assert sniffer.stdout is not None
        sniffer.stdout.readline()
        asked = lab.inside("bash", "-c", ASK, timeout=60)
        lab.run("timeout", "5", "getent", "ahostsv4", "outside.example")  # the host's own is seen
        assert sniffer.stdout.readline() == "query\n"
        first = sniffer.stdout.readline()
        sniffer.kill()
        rest = sniffer.stdout.read()

    assert "8.8.8.8" not in asked.stdout
    assert "an answer" not in asked.stdout
    # The host's one question and its answer: each is seen once at its NIC.
    assert (first + rest).count("query") == 1


TELNET = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2) as peer:
    print(peer.recv(100).decode())
"""

GREET = """
import socket
server = socket.create_server(("", 23))
print("ready", flush=True)
while True:
    peer, _ = server.accept()
    peer.sendall(b"login:")
    peer.close()
"""


@pytest.mark.parametrize(
    ("mode", "to", "greeted"),
    [
        (BRIDGED, ("192.168.64.50", "23"), True),
        (NAT, ("10.64.0.11", "23"), False),
        ("nat --publish 2323:23", ("192.168.64.3", "2323"), True),
        ("nat --publish 2323:23", ("192.168.64.3", "23"), False),
        ("host-only", ("192.168.202.11", "23"), False),
        ("isolated", ("192.168.222.10", "23"), False),
    ],
)
def test_telnet(lab: Lab, mode: str, to: tuple[str, str], greeted: bool) -> None:
    """A machine of the LAN talks to the namespace in bridged mode, and by published ports alone."""
    there = ("nsenter", "--net=/run/lan/neighbour")
    put_up(lab, mode)
    for subnet in ("10.64.0.0/24", "192.168.202.0/24", "192.168.222.0/24"):
        lab.ok(*there, "ip", "route", "add", subnet, "via", "192.168.64.3")
    argv = ("ip", "netns", "exec", "A", sys.executable, "-c", GREET)
    with lab.start(*argv, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        done = lab.run(*there, sys.executable, "-c", TELNET, *to)
        server.kill()

    assert (done.stdout == "login:\n") is greeted


def test_as_on_host(lab: Lab) -> None:
    """What the host's resolv.conf says of domains and options holds in the namespace as well."""
    told = "nameserver 192.168.64.1\nsearch example\noptions ndots:2 timeout:3\n"
    text = "options ndots:2\ndomain example\nsearch a.invalid\ndomain example\noptions timeout:3\n"
    lab.sh(f"printf '{text}nameserver 192.168.64.1\\n' >/etc/resolv.conf")
    lab.ok("netmodes", "nat")

    assert lab.inside("cat", "/etc/resolv.conf").stdout.endswith(told)
    assert found(lab, "outside")


@pytest.mark.parametrize("kind", ["missing", "dangling"])
def test_nothing_to_mount_over(lab: Lab, kind: str) -> None:
    """A host without a resolv.conf is said to have none, and the fix, typed, leads on."""
    lab.ok("rm", "/etc/resolv.conf")
    if kind == "dangling":
        lab.ok("ln", "-s", "/run/nothing/resolv.conf", "/etc/resolv.conf")
    up = lab.run("netmodes", "nat", "--dns", "192.168.64.1")
    checked = json.loads(lab.run("netmodes", "check", "A", "--json").stdout)
    (finding,) = [one["finding"] for one in checked["results"] if one["differs"]]
    lab.ok("bash", "-c", finding["fix"])

    assert "the host has no /etc/resolv.conf to mount A's over" in up.stderr.replace("\n", " ")
    assert lab.netmodes("check", "A").returncode == 0
    assert found(lab)


@pytest.mark.parametrize("replaced", ["/etc/resolv.conf", "/etc/netns/A/resolv.conf"])
def test_replaced(lab: Lab, replaced: str) -> None:
    """A daemon inside that reads another file since one was replaced is named, with its number."""
    lab.ok("netmodes", "nat")
    lab.sh("netmodes exec A -- sleep 60 >/dev/null 2>&1 &")
    lab.ok("bash", "-c", "until ip netns pids A | grep -q .; do :; done")
    before = lab.netmodes("show", "A", "--json")
    lab.sh(f"cp {replaced} /etc/new && mv /etc/new {replaced}")
    after = lab.netmodes("show", "A", "--json")
    pid = lab.ok("ip", "netns", "pids", "A").split()[0]

    assert json.loads(before.stdout)["findings"] == []
    (finding,) = json.loads(after.stdout)["findings"]
    assert f"process {pid} in A reads" in finding["what"]
