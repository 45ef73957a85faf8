"""Out by the host's address, and in by published ports alone."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hosts import LAN
from labs import NETMODES, Lab
from state import State, state

from netmodes.commands import publish

NEIGHBOUR = ("nsenter", "--net=/run/lan/neighbour")

#: With nft, or where there is only iptables.
TOOLS = ("nft", "iptables")

SERVE = """
import http.server, os, socket, sys
os.chdir("/run/www")
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("", 80))
if os.fork() == 0:
    while True:
        text, sender = udp.recvfrom(100)
        udp.sendto(text.upper(), sender)
http.server.test(http.server.SimpleHTTPRequestHandler, port=80)
"""

SAY = """
import socket, sys
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.settimeout(3)
udp.connect((sys.argv[1], 8080))
udp.send(b"hello")
print(udp.recv(100).decode())
"""


@pytest.fixture(params=TOOLS)
def tool(request: pytest.FixtureRequest, lab: Lab) -> str:
    """What the machine filters packets with."""
    name: str = request.param
    if name == "iptables":
        lab.hide("nft")
    return name


@contextmanager
def served(lab: Lab) -> Iterator[None]:
    """A server of pages and one that shouts, on port 80 of namespace A."""
    argv = lab.argv("ip", "netns", "exec", "A", sys.executable, "-c", SERVE)
    null = subprocess.DEVNULL
    with subprocess.Popen(argv, stdin=null, stdout=null, stderr=null) as server:
        try:
            lab.sh(
                "for i in {1..100}; do ip netns exec A curl -s 127.0.0.1 && break; sleep 0.1; done"
            )
            yield
        finally:
            lab.sh("kill -9 $(ip netns pids A)")
            server.wait()


def fetched(lab: Lab, *where: str, address: str = "192.168.64.3:8080") -> bool:
    """Whether the page comes, asked for from that place."""
    get = ("curl", "--silent", "--noproxy", "*", "--max-time", "2", address)
    return "Welcome to the lab!" in lab.run(*where, *get).stdout


def answered(lab: Lab, address: str, *where: str) -> bool:
    """Whether a ping from that place is answered."""
    return lab.run(*where, "ping", "-c", "1", "-W", "1", address).returncode == 0


def inside(name: str) -> tuple[str, ...]:
    """What goes before a command to run it in a namespace."""
    return ("ip", "netns", "exec", name)


def test_out(lab: Lab, tool: str) -> None:
    """The namespace reaches host, LAN, the outside, and the bridge's other namespaces."""
    before = state(lab.ok)
    lab.ok("netmodes", "nat")
    lab.ok("netmodes", "nat", "-n", "B")
    reached = ("10.64.0.1", "192.168.64.3", "192.168.64.7", "8.8.8.8", "10.64.0.12")

    assert [answered(lab, to, *inside("A")) for to in reached] == [True] * len(reached)
    assert answered(lab, "10.64.0.11")
    lab.ok("netmodes", "down", "A", "B")
    assert _without_empty_tables(state(lab.ok)) == _without_empty_tables(before)


def _without_empty_tables(found: State) -> State:
    """iptables-nft leaves its tables behind, empty."""
    tables = tuple(f"the host {part} " for part in ("nft", "iptables", "ip6tables"))
    rules = [line for key in found if key.startswith(tables) for line in found[key]]
    rest = {key: value for key, value in found.items() if not key.startswith(tables)}
    return {**rest, "rules": [rule for rule in rules if "policy" not in rule]}


def test_not_in(lab: Lab, tool: str) -> None:
    """Nobody on the LAN comes in, even by a route of his own."""
    lab.ok("netmodes", "nat")
    lab.ok(*NEIGHBOUR, "ip", "route", "add", "10.64.0.0/24", "via", "192.168.64.3")

    with served(lab):
        assert not answered(lab, "10.64.0.11", *NEIGHBOUR)
        assert not fetched(lab, *NEIGHBOUR, address="10.64.0.11")
        assert fetched(lab, address="10.64.0.11")


@pytest.mark.parametrize("filtered", ["0", "1"], ids=["", "br_netfilter"])
def test_published(lab: Lab, tool: str, filtered: str) -> None:
    """A published port is reached from the LAN, the host and every namespace of the bridge."""
    lab.ok("sysctl", "-w", f"net.bridge.bridge-nf-call-iptables={filtered}")
    lab.ok("netmodes", "nat", "--publish", "8080:80", "--publish", "8080:80/udp")
    lab.ok("netmodes", "nat", "-n", "B")

    with served(lab):
        assert fetched(lab, *NEIGHBOUR)
        assert fetched(lab)
        assert fetched(lab, address="127.0.0.1:8080")
        assert fetched(lab, *inside("A"))
        assert fetched(lab, *inside("B"))
        shouted = lab.ok(*NEIGHBOUR, sys.executable, "-c", SAY, "192.168.64.3")
        assert shouted == "HELLO\n"
        assert not fetched(lab, *NEIGHBOUR, address="192.168.64.3:8081")
    lab.ok("netmodes", "down", "A")
    assert not fetched(lab)


def asks_host(lab: Lab, name: str) -> bool:
    """Whether a namespace that does all it can is answered by the host's own 127.0.0.53."""
    lab.sh(f"""
        exec ip netns exec {name} sh -c '
            ip route del local 127.0.0.0/8 dev lo table local
            sysctl -w net.ipv4.conf.all.route_localnet=1
            ip route add 127.0.0.53 via 10.64.0.1'
        """)
    once = ("env", "RES_OPTIONS=timeout:1 attempts:1")
    asked = lab.run(*inside(name), *once, "getent", "hosts", "outside.example")
    return asked.returncode == 0


def test_loopback_stays_closed(lab: Lab, tool: str) -> None:
    """Publishing lets no namespace come to the host's own 127.0.0.1, nor does what it leaves."""
    lab.ok("netmodes", "nat", "--dns", "none", "--publish", "8080:80")
    lab.ok("netmodes", "nat", "--dns", "none", "-n", "B")

    assert not asks_host(lab, "A")
    assert not asks_host(lab, "B")
    lab.ok("netmodes", "down", "A")
    assert lab.ok("sysctl", "-n", "net.ipv4.conf.nat0.route_localnet") == "1\n"
    assert not asks_host(lab, "B")


def test_published_is_told(lab: Lab) -> None:
    """Published ports are in list, show, explain and check, which tries them once A listens."""
    lab.ok("netmodes", "nat", "--publish", "8080:80", "--publish", "5353:53/udp")
    listed, shown, explained = (lab.ok("netmodes", *argv) for argv in TOLD)
    silent = ports(lab)
    lab.sh("netmodes exec A -- python3 -m http.server 80 >/dev/null 2>&1 &")
    lab.ok("bash", "-c", "until ip netns exec A ss -Hltn sport = :80 | grep -q .; do :; done")
    heard = ports(lab)
    lab.ok("nft", "flush", "table", "ip", "netmodes-publish-A")

    assert re.search(r"^NAME .* PUBLISHED\nA .* 5353:53/udp,8080:80\n", listed)
    assert "port 8080/tcp of the host is 80 here" in shown
    assert re.search(r"^the LAN +its published ports +yes$", explained, re.M)
    assert (silent, heard, ports(lab)) == ([None, None], [None, True], [None, False])


def test_published_by_both(lab: Lab) -> None:
    """A port that is published by TCP and by UDP is two rows, of which neither is the other's."""
    lab.ok("netmodes", "nat", "--publish", "8080:80", "--publish", "8080:53/udp")
    lab.sh("netmodes exec A -- python3 -m http.server 80 >/dev/null 2>&1 &")
    lab.ok("bash", "-c", "until ip netns exec A ss -Hltn sport = :80 | grep -q .; do :; done")
    heard = ports(lab)
    lab.ok("nft", "flush", "table", "ip", "netmodes-publish-A")

    assert (heard, ports(lab)) == ([None, True], [None, False])


#: What tells of a network.
TOLD = (("list",), ("show", "A"), ("explain", "A"))


def ports(lab: Lab) -> list[bool | None]:
    """What `check` finds of the published ports from the host, UDP's first."""
    results = json.loads(lab.run("netmodes", "check", "A", "--json").stdout)["results"]
    wanted = ("host", "its published ports")
    return [one["got"] for one in results if (one["from"], one["to"]) == wanted]


@pytest.mark.parametrize("leaving", ["AB", "BA"])
def test_publishers(lab: Lab, tool: str, leaving: str) -> None:
    """Two that publish share what closes 127.0.0.1, and the last takes it along."""
    before = _without_empty_tables(state(lab.ok))
    lab.ok("netmodes", "nat", "--publish", "8080:80")
    lab.ok("netmodes", "nat", "-n", "B", "--publish", "8081:80")
    lab.ok("netmodes", "down", leaving[0])
    lab.ok("netmodes", "down", leaving[1])

    assert _without_empty_tables(state(lab.ok)) == before


def test_named_like_the_bridge(lab: Lab, untouched: State) -> None:
    """A namespace that publishes may have the bridge's name."""
    lab.ok("netmodes", "nat", "-n", "nat0", "--publish", "8080:80")
    lab.ok("netmodes", "down", "nat0")

    assert state(lab.ok) == untouched


def test_long_name(lab: Lab) -> None:
    """The longest name that may publish has a table."""
    name = "n" * publish.LONGEST_TABLE
    lab.ok("netmodes", "nat", "-n", name, "--dns", "none", "--publish", "8080:80")

    assert f"netmodes-publish-{name}\n" in lab.ok("nft", "list", "tables")


SNIFF = """
import socket
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
print("ready", flush=True)
while True:
    frame = sniffer.recv(2000)
    if frame[14 + 9] == 1:
        print(socket.inet_ntoa(frame[14 + 12 : 14 + 16]), flush=True)
"""


def test_other_source(lab: Lab, tool: str) -> None:
    """Only the bridge's subnet has the host's address outside, and nothing else comes there."""
    lab.ok("netmodes", "nat")
    lab.ok(*inside("A"), "ip", "addr", "add", "172.31.7.7/32", "dev", "veth1")
    lab.ok("ip", "route", "add", "172.31.7.7", "dev", "nat0")
    argv = (*NEIGHBOUR, sys.executable, "-c", SNIFF)
    with lab.start(*argv, stdout=subprocess.PIPE) as sniffer:
        assert sniffer.stdout is not None
        assert sniffer.stdout.readline() == "ready\n"
        lab.inside("ping", "-c", "2", "-W", "1", "-I", "172.31.7.7", "192.168.64.7")
        lab.inside("ping", "-c", "1", "-W", "1", "192.168.64.7")
        seen = sniffer.stdout.readline()
        sniffer.kill()

    assert seen == "192.168.64.3\n"


@pytest.mark.parametrize("chain", ["FORWARD", "DOCKER-USER"])
def test_docker_drops(lab: Lab, tool: str, chain: str) -> None:
    """Where Docker drops what is forwarded, its packets pass all the same, and published ports."""
    if chain == "DOCKER-USER":
        lab.sh("iptables -N DOCKER-USER && iptables -A FORWARD -j DOCKER-USER")
    lab.ok("iptables", "-P", "FORWARD", "DROP")
    before = lab.ok("iptables", "-S")
    lab.ok("netmodes", "nat", "--publish", "8080:80")
    lab.ok("netmodes", "nat", "-n", "B")

    with served(lab):
        assert answered(lab, "8.8.8.8", *inside("A"))
        assert answered(lab, "10.64.0.12", *inside("A"))
        assert fetched(lab, *NEIGHBOUR)
    lab.ok("netmodes", "down", "A", "B")
    assert lab.ok("iptables", "-S") == before


def test_containers_are_dockers(lab: Lab, tool: str) -> None:
    """The accept in Docker's chain leads outside, and not into its networks."""
    lab.sh("iptables -N DOCKER-USER; iptables -A FORWARD -j DOCKER-USER; iptables -P FORWARD DROP")
    lab.sh("ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0")
    lab.sh("ip netns add C; ip link add c0 type veth peer name c1; ip link set c1 netns C")
    lab.sh("ip link set c0 master docker0 up; ip link set docker0 up; ip -n C link set c1 up")
    lab.sh("ip -n C addr add 172.17.0.2/16 dev c1; ip -n C route add default via 172.17.0.1")
    before = lab.ok("iptables", "-S")
    lab.ok("netmodes", "nat")

    assert answered(lab, "172.17.0.2")
    assert answered(lab, "8.8.8.8", *inside("A"))
    assert not answered(lab, "172.17.0.2", *inside("A"))
    lab.ok("netmodes", "down", "A")
    assert lab.ok("iptables", "-S") == before


def test_identical_rule(lab: Lab, tool: str) -> None:
    """A rule of the user's that is like one of ours, but for our mark, is not taken for it."""
    lab.sh("iptables -P FORWARD DROP; iptables -I FORWARD -i nat0 -j ACCEPT")
    before = lab.ok("iptables", "-S")
    lab.ok("netmodes", "nat")
    out = answered(lab, "8.8.8.8", *inside("A"))
    lab.ok("netmodes", "down", "A")

    assert out
    assert lab.ok("iptables", "-S") == before


def test_rejecting_rule(lab: Lab, tool: str) -> None:
    """A rule of iptables that rejects what is forwarded is got past like a policy."""
    lab.ok("iptables", "-A", "FORWARD", "-j", "REJECT")
    before = lab.ok("iptables", "-S")
    lab.ok("netmodes", "nat")
    out = answered(lab, "8.8.8.8", *inside("A"))
    lab.ok("netmodes", "down", "A")

    assert out
    assert lab.ok("iptables", "-S") == before


def test_without_nft(lab: Lab) -> None:
    """Without nft the kernel names no rule: that is said, and nothing is opened or refused."""
    lab.hide("nft")
    lab.ok("iptables", "-A", "FORWARD", "-s", "10.64.0.0/24", "-j", "DROP")

    up = lab.netmodes("nat")

    assert up.returncode == 0
    assert "is unknown (there is no `nft` on PATH: install nftables" in up.stderr
    assert "-j ACCEPT" not in up.stderr


def test_native_drop(lab: Lab) -> None:
    """What drops in a table that only nft knows is refused, and untouched; --anyway goes on."""
    lab.sh("nft add table inet mine")
    lab.sh("nft 'add chain inet mine f { type filter hook forward priority 0; policy drop; }'")
    lab.sh("nft add rule inet mine f ct state established accept")
    before = state(lab.ok)
    done = lab.netmodes("nat")
    unchanged = state(lab.ok) == before
    fix = done.stderr.partition(" f): ")[2].partition(", or")[0]

    assert (done.returncode, unchanged) == (1, True)
    lab.ok("netmodes", "nat", "--anyway")
    assert not answered(lab, "8.8.8.8", *inside("A"))
    lab.ok("netmodes", "down", "A")
    lab.sh(fix)
    lab.ok("netmodes", "nat")
    assert answered(lab, "8.8.8.8", *inside("A"))


def test_nothing_of_the_uplink(lab: Lab) -> None:
    """The uplink and its routes are as before, all the while."""
    look = ("sh", "-c", "ip -4 -d addr show enp0s1; ip route show dev enp0s1; ip rule")
    before = lab.ok(*look)
    lab.ok("netmodes", "nat", "--publish", "8080:80")

    assert lab.ok(*look) == before


def test_port_in_use(lab: Lab) -> None:
    """A port that somebody on the host listens on is refused, before anything is touched."""
    before = state(lab.ok)
    done = lab.netmodes("nat", "--publish", "80:80")

    assert done.stderr == "Error: port 80/tcp of the host is in use: publish another\n"
    assert state(lab.ok) == before


RULES = {
    "nft": "nft add table ip x; nft 'add chain ip x p { type nat hook prerouting priority -100; }';"
    " nft add rule ip x p {} dport { 79-90, {} } dnat to 192.168.64.7:80",
    "iptables": "iptables -t nat -A PREROUTING -p {} -m multiport --dports 79:90,{}"
    " -j DNAT --to-destination 192.168.64.7",
}


@pytest.mark.parametrize("by", RULES)
def test_port_passed_on(lab: Lab, by: str) -> None:
    """A port that a rule of somebody else's passes on is refused, of that protocol."""
    rule = RULES[by].replace("{}", "udp", 1).replace("{}", "8080")
    lab.ok("bash", "-c", rule)
    before = state(lab.ok)
    done = lab.netmodes("nat", "--publish", "8080:80/udp")

    expected = "Error: port 8080/udp of the host is passed on already: publish another\n"
    assert done.stderr == expected
    assert state(lab.ok) == before
    lab.ok("netmodes", "nat", "--publish", "8080:80,808:80/udp")


def test_port_passed_on_since(lab: Lab) -> None:
    """A script refuses the port of a network that has come up since it was exported."""
    lab.ok("netmodes", "nat")
    named = ("-n", "B", "--host-device", "b0", "--device", "b1", "--address", "10.64.0.50/24")
    script = lab.export("nat", *named, "--publish", "8080:80")
    lab.ok("netmodes", "nat", "-n", "C", "--publish", "8080:81")
    before = state(lab.ok)
    done = lab.run("bash", script)

    expected = "Error: port 8080/tcp of the host is passed on already: publish another\n"
    assert (done.returncode, done.stderr) == (1, expected)
    assert state(lab.ok) == before


@pytest.mark.parametrize("mode", ["nat", "bridged --uplink enp0s1"], ids=["nat", "bridged"])
@pytest.mark.parametrize(
    ("now", "trouble"),
    [
        ("", "there is no device {0} on this machine: export again, with its `netmodes facts`"),
        ("type bridge", "{0} has no address {1}: export again"),
        ("type veth peer name other", "{0} is no bridge: export again"),
    ],
)
def test_joins_the_same_bridge(lab: Lab, mode: str, now: str, trouble: str) -> None:
    """A script that joins a bridge refuses where there is none, or another."""
    lab.ok("netmodes", *mode.split())
    script = lab.export(*mode.split(), "-n", "B")
    lab.ok("netmodes", "down", "A")
    bridge, address = ("nat0", "10.64.0.1/24") if mode == "nat" else ("br0", "192.168.64.100/24")
    if now:
        lab.sh(f"ip link add {bridge} {now}; ip link set {bridge} up")
    if now.startswith("type veth"):
        lab.ok("ip", "addr", "add", address, "dev", bridge)
    before = state(lab.ok)
    done = lab.run("bash", script)

    expected = f"Error: {trouble.format(bridge, address)}\n"
    assert (done.returncode, done.stderr) == (1, expected)
    assert state(lab.ok) == before


@pytest.mark.parametrize("leaving", ["AB", "BA"])
def test_leaving(lab: Lab, leaving: str) -> None:
    """The bridge, its NAT and forwarding go with the last, in whatever order."""
    before = state(lab.ok)
    lab.ok("netmodes", "nat")
    lab.ok("netmodes", "nat", "-n", "B", "--publish", "8080:80")
    lab.ok("netmodes", "down", leaving[0])
    out = answered(lab, "8.8.8.8", *inside(leaving[1]))
    lab.ok("netmodes", "down", leaving[1])

    assert out
    assert state(lab.ok) == before


def test_beside_bridged(lab: Lab) -> None:
    """With a bridged network beside it, forwarding stays for as long as one needs it."""
    before = state(lab.ok)
    lab.ok("netmodes", "bridged", "--uplink", "enp0s1")
    lab.ok("netmodes", "nat", "-n", "B")
    lab.ok("netmodes", "down", "A")
    out = answered(lab, "8.8.8.8", *inside("B"))
    lab.ok("netmodes", "down", "B")

    assert out
    assert state(lab.ok) == before


def test_table_in_the_way(lab: Lab) -> None:
    """A table of the same name that is not ours stays as it is, and the run is undone."""
    lab.ok("nft", "add", "table", "ip", "netmodes-bridge-nat0")
    before = state(lab.ok)
    done = lab.netmodes("nat")

    assert done.returncode == 1
    assert "File exists" in done.stderr
    assert state(lab.ok) == before


#: In the place of nft or iptables: on a kernel without nf_tables, or without its family ip.
UNSUPPORTED = 'echo "Unable to initialize Netlink socket: Protocol not supported" >&2; exit 1'
NO_FAMILY = 'if [ "$1" = list ]; then exit; fi; echo "Operation not supported" >&2; exit 1'


@pytest.mark.parametrize("broken", [UNSUPPORTED, NO_FAMILY], ids=["none", "no family"])
@pytest.mark.parametrize("way", ["netmodes", "script"])
def test_kernel_without_nf_tables(lab: Lab, way: str, broken: str) -> None:
    """Without nf_tables nat says so before its first command."""
    command = [lab.export("nat", "--publish", "8080:80")] if way == "script" else [NETMODES, "nat"]
    lab.replace("nft", broken)
    lab.replace("iptables", UNSUPPORTED)
    before = state(lab.ok)

    done = lab.run(*command)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: this kernel has no nf_tables")
    assert done.stderr.count("\n") == 1
    assert state(lab.ok) == before


#: A VPN has the outside by a NIC of its own, the name server is in the LAN, and FORWARD drops.
NAME_SERVER_ELSEWHERE = f"""{LAN}
second_nic
ip route add 0.0.0.0/1 via 10.7.0.1
ip route add 128.0.0.0/1 via 10.7.0.1
echo nameserver 192.168.64.1 >/etc/resolv.conf
iptables -P FORWARD DROP
"""


@pytest.mark.parametrize("dns", ["auto", "none"])
def test_name_server_elsewhere(lab: Lab, dns: str) -> None:
    """The namespace reaches the host's name server where another NIC leads to it than outside."""
    lab.ok("bash", "-euc", NAME_SERVER_ELSEWHERE)
    lab.ok("netmodes", "nat", "--dns", dns)

    assert lab.inside("ping", "-c", "1", "192.168.64.1").returncode == 0
    assert lab.inside("ping", "-c", "1", "8.8.8.8").returncode == 0


def test_iptables_where_nft_does_not_work(lab: Lab) -> None:
    """Where nft does not work with the kernel, and iptables does, nat takes that."""
    lab.replace("nft", UNSUPPORTED)

    said = lab.netmodes("nat").stderr

    assert "iptables -t nat -I POSTROUTING" in said
    assert "nft -f" not in said
    assert lab.inside("ping", "-c", "1", "8.8.8.8").returncode == 0


def test_closed_by_its_own_setting(lab: Lab) -> None:
    """A NIC that lets nothing be forwarded, though the host forwards, is an objection; the setting
    it names, typed, lets the namespace out."""
    lab.ok("sysctl", "-w", "net.ipv4.ip_forward=1", "net.ipv4.conf.enp0s1.forwarding=0")
    refused = lab.netmodes("nat").stderr
    found = re.search(": (sysctl -w .*), or go on with --anyway", refused)
    assert found, refused
    assert "no answer would come back by enp0s1" in refused

    lab.ok(*found[1].split())
    lab.ok("netmodes", "nat")

    assert lab.inside("ping", "-c", "1", "8.8.8.8").returncode == 0
