"""A copy of a machine is like it: what the copy's own facts say differs in nothing."""

import json
from subprocess import DEVNULL, PIPE
from typing import Any

import pytest
from hosts import LAN, Host, hosts
from labs import Done, Lab

Table = dict[str, Any]

#: Where a lab inside a lab finds what the outer one wrote: in its copy of /etc.
FACTS = "/etc/machine.json"

#: One of these is copied at every commit; of all others a slice.
OFTEN = ("docker", "two-nics")

#: What a machine may have that the hosts of tests/hosts have not.
ROUTING = """
    ip link add eth1 type veth peer name port9 netns /run/lan/router
    lan router ip link set port9 up
    ip link set eth1 address 02:11:22:33:44:55 mtu 1400 txqueuelen 500 group 7 alias backup up
    ip link property add dev eth1 altname enp99s0
    ip addr add 10.1.0.5/24 dev eth1 brd +
    ip addr add 10.1.0.6/24 dev eth1 label eth1:vip
    ip addr add 10.2.0.1 peer 10.2.0.2/32 dev eth1
    ip addr add 10.3.0.1/24 dev eth1 noprefixroute valid_lft 1000 preferred_lft 0
    ip addr add 10.4.0.1/24 dev lo
    ip route add default via 10.1.0.1 dev eth1 table 100
    ip route add default via 10.1.0.1 dev eth1 metric 500
    ip route add 10.60.0.0/16 via 192.168.64.1 mtu lock 1400 initcwnd 20
    ip route add 10.60.0.0/16 via 10.1.0.1 metric 10
    ip route add 10.61.0.0/16 nexthop via 192.168.64.1 weight 3 nexthop via 10.1.0.1 weight 1
    ip route add 10.62.0.0/16 via inet6 fe80::1 dev enp0s1
    ip route add local 10.63.0.0/24 dev enp0s1
    ip route add blackhole 10.64.0.0/16
    ip route add throw 10.65.0.0/16 table 100
    ip nexthop add id 5 via 192.168.64.1 dev enp0s1
    ip nexthop add id 6 via 10.1.0.1 dev eth1
    ip nexthop add id 7 group 5/6
    ip route add 10.66.0.0/16 nhid 7
    ip rule add from 10.1.0.5 lookup 100 pref 1000
    ip rule add not fwmark 0x10/0xff lookup 100
    ip rule add iif eth1 oif gone0 lookup 100
    ip rule add from 10.9.0.1 prohibit
    ip rule add goto 32766 pref 500
    ip rule add table main suppress_prefixlength 0
    ip neigh add 192.168.64.60 lladdr 02:00:00:00:00:60 dev enp0s1 nud permanent
    ip neigh add proxy 192.168.64.61 dev enp0s1
    sysctl -qw net.ipv4.tcp_rmem="4096 100000 200000" net.ipv4.conf.eth1.rp_filter=2
    sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.forwarding=1
    ip addr add 2001:db8:1::5/64 dev enp0s1
    ip addr add 2001:db8:1::6/64 dev enp0s1 preferred_lft 0
    ip -6 route add default via fe80::1 dev enp0s1 metric 100
    ip -6 route add 2001:db8:2::/48 via 2001:db8:1::1
    ip -6 route add 2001:db8:3::/48 nexthop via fe80::1 dev enp0s1 nexthop via fe80::2 dev enp0s1
    ip -6 route add unreachable 2001:db8:4::/48
    ip -6 rule add from 2001:db8:1::6 lookup 200
    ip -6 neigh add proxy 2001:db8:1::9 dev enp0s1
    """

DEVICES = """
    ip link add br7 type bridge
    ip addr add 10.7.0.1/24 dev br7
    ip link set br7 up
    ip netns add other
    for n in 1 2; do
        ip link add c$n type veth peer name x$n netns other
        ip -n other link set x$n up
        ip link set c$n master br7 up
    done
    ip link set c1 type bridge_slave hairpin on isolated on
    ip link add empty type bridge
    ip link add port type veth peer name end
    ip link set port master empty
    for device in empty port end; do ip link set $device up; done
    ip link del port
    while ! ip link show empty | grep -q NO-CARRIER; do sleep 0.05; done
    ip link add pair0 type veth peer name pair1
    ip link set pair0 up
    ip link add mac0 link enp0s1 type macvlan mode bridge
    ip addr add 192.168.64.77/24 dev mac0
    ip link set mac0 up
    ip link add vx0 type vxlan id 9 dev enp0s1 remote 192.168.64.9 dstport 4789
    ip link set vx0 up
    ip link add eth8 type veth peer name port8 netns /run/lan/router
    ip link set eth8 up
    ip link add ifb5 type ifb
    """

FIREWALL = """
    iptables -A OUTPUT -d 5.5.5.5 -j REJECT
    iptables -A INPUT -m comment --comment 'he said "include -M /bin/x" --modprobe=x' -j ACCEPT
    iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -o enp0s1 -j MASQUERADE
    ip6tables -P FORWARD DROP
    ebtables -A FORWARD -p ARP -j DROP
    arptables -A INPUT -s 9.9.9.9 -j ACCEPT
    arptables -P INPUT DROP
    iptables-legacy -A FORWARD -s 9.9.9.8 -j DROP
    nft -f - <<'RULES'
    table inet own {
        comment "include x"
        set blocked { type ipv4_addr; flags interval; elements = { 1.0.0.0/8, 5.6.7.8 }; }
        map ways { type ipv4_addr : verdict; elements = { 1.1.1.1 : jump more, 2.2.2.2 : drop }; }
        chain more { counter accept comment "x include y"; }
        chain in {
            type filter hook input priority 0; policy drop;
            iif "lo" accept
            meta skuid 1000 accept
            ip saddr @blocked drop
            ip saddr vmap @ways
            ct state established,related accept
        }
    }
    table ip asleep {
        flags dormant
        counter seen { packets 3 bytes 4 }
        set met { type ipv4_addr; flags dynamic,timeout; timeout 1h; }
        chain c { type filter hook input priority 0; counter name "seen" drop; }
    }
    table bridge ours { chain f { type filter hook forward priority 0; ip daddr 1.1.1.1 drop; }; }
RULES
    { echo '*filter'; echo ':MANY -'; seq -f '-A MANY -s 1.2.3.4 -p tcp --dport %.0f -j DROP' 700
      echo COMMIT; } | split -l 200 --filter 'cat >/run/rules-$FILE'
    for file in /run/rules-*; do { echo '*filter'; grep -v '^[*C]' $file; echo COMMIT; } |
        iptables-restore --noflush; done
    many() {
        seq 8000 | awk '{ printf "11.0.%d.%d", $1 / 250, $1 % 250; print " '"$2"'," }' |
            split -l 1000 --filter "{ echo add element inet own $1 '{'; cat; echo '}'; } | nft -f -"
    }
    nft add set inet own single '{ type ipv4_addr; counter; }'
    many single 'comment "one, of { many }"'
    nft add map inet own marks '{ type ipv4_addr . inet_service : mark; flags interval; }'
    many marks '. 80-90 : 5'
    seq -f 'add chain inet own c%.0f' 300 | split -l 100 --filter 'nft -f -'
    """

VPN = """
    ip link add wg0 type veth peer name port9 netns /run/lan/router
    lan router ip link set port9 up
    ip link set wg0 mtu 1420 addrgenmode none up
    ip addr add 10.8.0.2/24 dev wg0
    ip addr add fd00:8::2/64 dev wg0
    for family in -4 -6; do
        ip $family route add default dev wg0 table 51820
        ip $family rule add not fwmark 51820 table 51820
        ip $family rule add table main suppress_prefixlength 0
    done
    """


BOND = """
    ip link add bond0 type bridge
    for port in 1 2; do
        ip link add eth$port type veth peer name end$port netns /run/lan/router
        lan router ip link set end$port up
        ip link set eth$port master bond0 up
    done
    ip link add vlan5 type veth peer name end5 netns /run/lan/router
    lan router ip link set end5 up
    for device in bond0 vlan5; do ip link set $device up; done
    ip addr add 10.44.0.2/24 dev bond0
    ip route add 10.45.0.0/16 via 10.44.0.1
    ip addr add 10.46.0.2/24 dev vlan5
    ip route add 10.47.0.0/16 via 10.46.0.1
    sleep 1
    """


#: A new device has its own IPv6 address after a second, if at all.
SETTLE = """
    for n in $(seq 60); do
        ip -6 addr show dev enp0s1 | grep -q "scope link *$" && break
        sleep 0.05
    done
    """


def written(lab: Lab, table: Table | None = None) -> Table:
    """The facts of a lab's machine, or these, where a lab inside finds them."""
    if table is None:
        text = lab.ok("netmodes", "facts")
    else:
        text = json.dumps({"format": 2, "table": table})
    with lab.start("tee", FACTS, stdin=PIPE, stdout=DEVNULL) as tee:
        tee.communicate(text)
    found: Table = json.loads(text)["table"]
    return found


def copy(lab: Lab, *command: str) -> Done:
    """Run a command in a copy of the machine of these facts."""
    return lab.run("netmodes", "lab", "--like", FACTS, "--", *command, timeout=180)


def answered(done: Done) -> int:
    """How many pings were."""
    return done.stdout.count("1 received")


def ping(*targets: str) -> tuple[str, ...]:
    """A ping of each."""
    return ("sh", "-c", "; ".join(f"ping -n -c 1 -i 0.2 -w 2 {target}" for target in targets))


INNER = ("netmodes", "lab", "--like", "-", "--", *ping("192.168.64.1"))


def cases() -> list[Any]:
    """The hosts of tests/hosts."""
    marks = {host.name: [] if host.name in OFTEN else [pytest.mark.sweep] for host in hosts()}
    return [pytest.param(host, id=host.name, marks=marks[host.name]) for host in hosts()]


@pytest.mark.parametrize("host", cases())
def test_host(lab: Lab, host: Host) -> None:
    """The copy of each host is like it, and its gateway and the outside answer, if they do here."""
    host.make(lab)
    lab.ok("bash", "-c", SETTLE)
    written(lab)
    pings = ping("192.168.64.1", "8.8.8.8")
    here, done = lab.run(*pings), copy(lab, *pings)

    assert done.stderr == here.stderr
    assert answered(done) >= answered(here)


@pytest.mark.parametrize(
    "script", [ROUTING, DEVICES, FIREWALL], ids=["routing", "devices", "rules"]
)
def test_machine(lab: Lab, script: str) -> None:
    """So is that of a machine with all kinds of routes, rules, addresses, devices, firewalls."""
    lab.ok("bash", "-c", LAN + script)
    written(lab)
    done = copy(lab, "true")

    assert (done.returncode, done.stderr) == (0, "")


def test_every_next_hop_answers(lab: Lab) -> None:
    """So do all outside, of both families, and what a static neighbour stands for; else nobody."""
    lab.ok("bash", "-c", LAN + ROUTING)
    written(lab)
    there = ("192.168.64.1", "10.1.0.1", "192.168.64.60", "9.9.9.9", "2001:db8:1::1", "2600::1")
    done = copy(lab, *ping(*there, "192.168.64.9", "2001:db8:1::8"))

    assert answered(done) == len(there), done.stdout


def without_ethernet(table: Table, name: str) -> Table:
    """The facts of a machine whose device of this name is WireGuard's."""
    links = json.loads(table["links"]["output"])
    for link in links:
        if link["ifname"] == name:
            link |= {"link_type": "none", "linkinfo": {"info_kind": "wireguard"}}
            link["flags"] = ["POINTOPOINT", "NOARP", "UP", "LOWER_UP"]
            del link["address"]
    return table | {"links": table["links"] | {"output": json.dumps(links)}}


def test_stand_in(lab: Lab) -> None:
    """A VPN's device, which no copy can have, is said; what is behind it answers all the same."""
    lab.ok("bash", "-c", LAN + VPN)
    written(lab, without_ethernet(written(lab), "wg0"))
    done = copy(lab, *ping("8.8.8.8", "-m 51820 8.8.8.8", "2600::1", "10.8.0.1"))

    said = "Note: wg0: a stand-in for a device of kind wireguard; what goes by it may differ.\n"
    assert done.stderr == said
    assert answered(done) == 4


def with_kind(table: Table, name: str, kind: str) -> Table:
    """The facts with another kind of device of this name, a VLAN's on a bond."""
    links = json.loads(table["links"]["output"])
    for link in links:
        if link["ifname"] == name:
            on = {"link": "bond0"} if kind == "vlan" else {}
            link |= {"linkinfo": {"info_kind": kind, "info_data": {"id": 5}}, **on}
        if link.get("master") == name:
            link["linkinfo"] = {"info_slave_kind": kind}
    return with_output(table, links=json.dumps(links))


def test_kinds_that_this_kernel_has_not(lab: Lab) -> None:
    """A VLAN on a bond may have stand-ins, each said once; what is behind them answers."""
    if lab.run("ip", "link", "add", "bond9", "type", "bond").returncode == 0:
        pytest.skip("this kernel has bonds")
    lab.ok("bash", "-c", LAN + BOND)
    written(lab, with_kind(with_kind(written(lab), "bond0", "bond"), "vlan5", "vlan"))
    done = copy(lab, *ping("10.44.0.1", "10.45.0.1", "10.46.0.1", "10.47.0.1", "8.8.8.8"))
    names = [line.split(":")[1].strip() for line in done.stderr.splitlines()]

    assert names == ["bond0", "vlan5"]
    assert answered(done) == 5


def with_output(table: Table, **outputs: str) -> Table:
    """The facts with other outputs of commands."""
    return table | {name: table[name] | {"output": text} for name, text in outputs.items()}


def test_rule_left_out(lab: Lab) -> None:
    """A rule that this kernel or this user cannot have is named, and all others are there."""
    lab.ok("iptables", "-A", "OUTPUT", "-d", "5.5.5.5", "-j", "REJECT")
    lab.ok("iptables", "-A", "OUTPUT", "-d", "5.5.5.6", "-j", "REJECT")
    table = written(lab)
    rule = "-A OUTPUT -m owner --uid-owner 12345 -j ACCEPT"
    last = "-A OUTPUT -d 5.5.5.6"
    saved = table["iptables-save"]["output"].replace(last, f"{rule}\n{last}")
    written(lab, with_output(table, **{"iptables-save": saved}))
    done = copy(lab, "iptables", "-S", "OUTPUT")

    assert done.stdout.count("-j REJECT") == 2
    (said,) = done.stderr.splitlines()
    assert said.startswith(f"Note: {rule}: iptables-restore: ")
    assert said.endswith("; what passes may differ.")


def test_name_servers(lab: Lab) -> None:
    """Names are resolved by the machine's own servers, of both families."""
    table = written(lab)
    lines = "nameserver 9.9.9.9\nnameserver 2001:db8::53\n"
    names = table["names"] | {"output": {"/etc/resolv.conf": lines}}
    written(lab, table | {"names": names})
    done = copy(lab, "sh", "-c", "cat /etc/resolv.conf; getent ahostsv4 outside.example")

    assert done.stdout.startswith(f"{lines}8.8.8.8 ")


def test_owned_table(lab: Lab) -> None:
    """A table that a program owns is there, and it is said that the program may change it."""
    table = written(lab)
    rules = "table inet x {\n\tflags owner\n\n\tchain c {\n\t\tcounter accept\n\t}\n}\n"
    written(lab, with_output(table, nft=rules))
    done = copy(lab, "nft", "list", "table", "inet", "x")

    assert "accept" in done.stdout
    assert "a program owns it" in done.stderr


def test_of_this_machine(lab: Lab) -> None:
    """Of the machine it runs on it is a copy without a file; a copy may be made in a copy."""
    done = lab.run("netmodes", "lab", "--like", "-", "--", *INNER)

    assert (done.returncode, done.stderr) == (0, "")
    assert answered(done) == 1


def test_a_mode(lab: Lab) -> None:
    """A mode does in a copy what it does on the machine, down to the check of its promises."""
    script = "netmodes bridged --uplink enp0s1 --check && netmodes down A"
    done = lab.run("netmodes", "lab", "--like", "-", "--", "sh", "-c", script)

    assert done.returncode == 0, done.stderr
    assert "A is as bridged promises.\n" in done.stdout


def test_without_root(lab: Lab) -> None:
    """Who may not read the firewall has a copy without it, and is told what to do."""
    lab.replace("nft", "echo 'Operation not permitted (you must be root)' >&2; exit 1")
    done = lab.run("netmodes", "lab", "--like", "-", "--", "true")

    said = "Note: the firewall was not read: use sudo; what passes may differ.\n"
    assert (done.returncode, done.stderr) == (0, said)


def test_no_facts(lab: Lab) -> None:
    """Facts that hold no copy are refused, before anything is made."""
    table = written(lab)
    del table["routes text"]
    written(lab, table)
    done = copy(lab, "true")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "Error: these facts do not hold what a copy takes: make them again"
    )
