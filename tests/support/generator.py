"""Hosts that nobody thought of: each a list of commands, drawn at random, with a mode to try there.

A command is a line for bash, as in tests/hosts; the kernel may refuse it, and then it is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from hosts import LAN, SETTLE
from hypothesis import strategies as st
from labs import Lab

Lines = list[str]

NICS = ("enp0s1", "enp0s2", "enp0s3")
SUBNETS = ("10.20.0.0/16", "10.20.1.1", "172.16.0.0/12", "192.168.0.0/16", "192.168.64.0/25")
DESTINATIONS = ("default", "0.0.0.0/1", "128.0.0.0/1", "8.8.8.8", "192.168.64.7", *SUBNETS)
HOPS = ("192.168.64.1", "192.168.64.7", "10.7.0.1", "10.77.0.1")
OWN = ("192.168.64.3", "192.168.64.9", "10.7.0.3", "10.77.0.2")
TABLES = ("main", "100", "200")
NOBODY = "02:00:00:00:00:77"

#: The kernel adds its routes for IPv6 with the address, and not seconds later.
AT_ONCE = "sysctl -qw net.ipv6.conf.default.accept_dad=0"

#: How enp0s1 has its address and its default route: as a DHCP client leaves it, or by hand.
FIRST = "ip addr flush dev enp0s1"
DEFAULT = "ip route add default via 192.168.64.1 dev enp0s1"
BASES: list[Lines] = [
    [],
    [FIRST, "ip addr add 192.168.64.3/24 brd + dev enp0s1", DEFAULT],
    [FIRST, "ip addr add 192.168.64.3/24 dev enp0s1", f"{DEFAULT} src 192.168.64.3 metric 1024"],
    [FIRST, "ip addr add 192.168.64.3/28 dev enp0s1", DEFAULT],
    [FIRST, "ip addr add 192.168.64.3/20 dev enp0s1 valid_lft 3600 preferred_lft 1800", DEFAULT],
    [FIRST, "ip addr add 192.168.64.3/32 dev enp0s1", f"{DEFAULT} onlink"],
    [
        FIRST,
        "ip addr add 192.168.64.3/24 dev enp0s1 noprefixroute",
        "ip route add 192.168.64.0/24 dev enp0s1 proto dhcp src 192.168.64.3 metric 200",
        f"{DEFAULT} proto dhcp metric 200",
    ],
    [
        FIRST,
        "ip addr add 10.7.0.3/24 dev enp0s1",
        "ip addr add 192.168.64.3/24 dev enp0s1",
        DEFAULT,
    ],
    [
        FIRST,
        "ip addr add 192.168.64.3/24 dev enp0s1",
        "ip route add 0.0.0.0/1 via 192.168.64.1",
        "ip route add 128.0.0.0/1 via 192.168.64.1",
    ],
    [FIRST, "ip addr add 192.168.64.3/24 dev enp0s1"],
]

ADDRESSES = (
    "192.168.64.9/24", "192.168.64.9/32", "192.168.64.50/24", "192.168.64.100/32", "10.77.0.2/16",
    "10.10.0.1 peer 10.10.0.2/32", "169.254.3.4/16 scope link", "192.168.65.3/24",
    "fd00:64::3/64 nodad", "fd00:64::33/64 nodad", "fd00:65::3/128 nodad", "10.64.0.1/24",
)  # fmt: skip
ADDRESS_WORDS = ("noprefixroute", "label enp0s1:1", "valid_lft 3600 preferred_lft 0", "metric 9")

#: Settings, each with the values that guides give it.
CONF = {
    "rp_filter": "012", "arp_ignore": "0128", "arp_announce": "02", "arp_filter": "01",
    "forwarding": "01", "proxy_arp": "01", "send_redirects": "01", "accept_redirects": "01",
    "promote_secondaries": "01", "accept_local": "01", "route_localnet": "01",
    "src_valid_mark": "01", "ignore_routes_with_linkdown": "01", "arp_accept": "01",
    "log_martians": "01", "shared_media": "01", "secure_redirects": "01",
}  # fmt: skip
CONF_6 = {
    "disable_ipv6": "01", "accept_ra": "012", "autoconf": "01", "forwarding": "01",
    "addr_gen_mode": "01", "use_tempaddr": "02", "proxy_ndp": "01", "keep_addr_on_down": "01",
}  # fmt: skip
SETTINGS = (
    "net.ipv4.ip_forward=1", "net.ipv4.ip_nonlocal_bind=1", "net.ipv4.conf.default.forwarding=1",
    "net.bridge.bridge-nf-call-iptables=0", "net.ipv4.fib_multipath_hash_policy=1",
    "net.ipv4.icmp_echo_ignore_broadcasts=0", "net.ipv4.tcp_l3mdev_accept=1",
    "net.ipv4.ping_group_range='0 2147483647'", "net.ipv4.ip_unprivileged_port_start=0",
)  # fmt: skip

RESOLVERS = (
    ["rm /etc/resolv.conf"],
    ["rm /etc/resolv.conf", "ln -s /run/nowhere/resolv.conf /etc/resolv.conf"],
    ["echo nameserver 192.168.64.1 >/etc/resolv.conf"],
    ["printf 'search a.test\\nsearch b.test\\noptions ndots:2\\n' >>/etc/resolv.conf"],
    ["printf 'domain a.test\\nnameserver ::1\\nnameserver 192.168.64.1\\n' >/etc/resolv.conf"],
    ["true >/etc/resolv.conf"],
)

CONTAINERS = [
    "sysctl -qw net.ipv4.ip_forward=1",
    "ip link add docker0 type bridge",
    "ip addr add 172.17.0.1/16 dev docker0",
    "ip link set docker0 up",
    "ip netns add container",
    "ip link add veth9 type veth peer name eth0 netns container",
    "ip link set veth9 master docker0 up",
    "ip -n container addr add 172.17.0.2/16 dev eth0",
    "ip -n container link set eth0 up",
    "ip -n container route add default via 172.17.0.1",
    "iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
]
DOCKER = [
    "iptables -N DOCKER-USER",
    "iptables -P FORWARD DROP",
    "iptables -A FORWARD -j DOCKER-USER",
    "iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT",
]

#: What a rule of iptables or nft asks, in either's words.
MATCHES = (
    ("-m conntrack --ctstate RELATED,ESTABLISHED", "ct state established,related"),
    ("-i lo", "iifname lo"), ("-i enp0s1", "iifname enp0s1"), ("-i br0", "iifname br0"),
    ("-i e+", 'iifname "e*"'), ("-p icmp", "ip protocol icmp"), ("-p udp", "meta l4proto udp"),
    ("-p tcp --dport 80", "tcp dport 80"), ("-p tcp --dport 22", "tcp dport 22"),
    ("-s 192.168.64.0/24", "ip saddr 192.168.64.0/24"), ("-s 10.0.0.0/8", "ip saddr 10.0.0.0/8"),
    ("-d 192.168.64.3", "ip daddr 192.168.64.3"), ("-m mark --mark 1", "meta mark 1"),
    ("-m conntrack --ctstate INVALID", "ct state invalid"), ("-p tcp", "meta l4proto tcp"),
    ("! -s 192.168.64.0/24", "ip saddr != 192.168.64.0/24"), ("-d 8.8.8.8", "ip daddr 8.8.8.8"),
)  # fmt: skip
SPECIAL = (
    "iptables -t raw -A PREROUTING -p tcp --dport 80 -j NOTRACK",
    "iptables -t raw -A PREROUTING -i enp0s1 -p icmp -j NOTRACK",
    "iptables -t raw -A PREROUTING -m rpfilter --invert -j DROP",
    "iptables -t mangle -A PREROUTING -i enp0s1 -j MARK --set-mark 1",
    "iptables -t mangle -A OUTPUT -p tcp -j MARK --set-mark 1",
    "iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
    "iptables -t mangle -A POSTROUTING -p icmp -j MARK --set-mark 7",
    "iptables -t nat -A PREROUTING -i enp0s1 -p tcp --dport 8080 -j REDIRECT --to-ports 80",
    "iptables -t nat -A PREROUTING -p tcp --dport 81 -j DNAT --to-destination 192.168.64.7:80",
    "iptables -t nat -A POSTROUTING -o enp0s1 -j MASQUERADE",
    "iptables -t nat -A POSTROUTING -s 192.168.64.0/24 -j SNAT --to-source 192.168.64.3",
    "nft 'table inet f { chain c { type filter hook prerouting priority raw;"
    " fib saddr . iif oif missing drop; }; }'",
    "nft 'table bridge b { chain c { type filter hook forward priority 0; policy drop; }; }'",
    "nft 'table netdev n { chain c { type filter hook ingress device enp0s1 priority 0;"
    " ip saddr 203.0.113.0/24 drop; }; }'",
    "ip6tables -P FORWARD DROP",
)

#: A mode's command line; what bridged joins is the LAN of a NIC.
COMMANDS = (
    "host-only", "isolated", "host-only --host-address 10.20.0.1/24", "nat", "nat --dns none",
    "nat --publish 8080:80", "nat --address 10.7.0.2/24", "bridged --uplink enp0s1",
    "bridged --uplink enp0s1", "bridged --uplink enp0s1 --gateway 192.168.64.1",
    "bridged --uplink enp0s1 --dns none", "bridged --uplink enp0s2",
)  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A host, and what is tried there."""

    lines: tuple[str, ...]
    command: str

    def __str__(self) -> str:
        """As a file of tests/hosts, and the command line."""
        return "\n".join(("", *self.lines, f"# netmodes {self.command}", ""))

    def make(self, lab: Lab) -> Example:
        """Turn the lab's machine into this host; what it is without the commands it refused."""
        tries = [f"eval {quote(line)} && echo {n} >&3" for n, line in enumerate(self.lines)]
        done = lab.sh("\n".join([LAN, "exec 3>&1 >/dev/null 2>&1", *tries, SETTLE]))
        assert done.returncode in (0, 1), done.stderr
        return Example(tuple(self.lines[int(n)] for n in done.stdout.split()), self.command)


def maybe(form: str, *values: str) -> st.SearchStrategy[str]:
    """Nothing, or a word with one of these values."""
    return st.just("") | st.sampled_from([form.format(value) for value in values])


def line(*words: str | st.SearchStrategy[str]) -> st.SearchStrategy[Lines]:
    """A command of these words, each as it is or as drawn."""
    drawn = st.tuples(*(st.just(one) if isinstance(one, str) else one for one in words))
    return drawn.map(lambda words: [" ".join(filter(None, words))])


def one_of(values: tuple[str, ...] | str) -> st.SearchStrategy[str]:
    """One of these words."""
    return st.sampled_from(values)


@st.composite
def nics(draw: st.DrawFn) -> Lines:
    """More NICs, in the lab's LAN or in one of their own, each up or down."""
    found = Lines()
    for number, nic in enumerate(NICS[1 : draw(st.integers(1, 3))], 2):
        there = draw(st.sampled_from(["master lan0 up", "up"]))
        found += [
            f"ip link add {nic} type veth peer name lan{number}",
            f"ip link set lan{number} netns /run/lan/router",
            f"lan router ip link set lan{number} {there}",
        ]
        if there == "up":
            found += [f"lan router ip addr add 10.{number + 5}.0.1/24 dev lan{number}"]
            found += [f"ip addr add 10.{number + 5}.0.3/24 dev {nic}"] * draw(st.booleans())
        found += [f"ip link set {nic} up"]
        found += [f"ip link set {nic} down"] * draw(st.sampled_from([0, 0, 1]))
    return found


DEVICES = one_of((*NICS, "enp0s1", "lo"))

LINKS = line(
    "ip link",
    one_of(("set dev enp0s1 mtu 1400", "property add dev enp0s1 altname ens3",
            "property add dev enp0s2 altname br0", "set dev enp0s1 txqueuelen 500",
            "set dev enp0s1 promisc on", "set dev enp0s1 alias outside",
            "set dev enp0s2 mtu 9000", "set dev enp0s1 allmulticast on",
            "add mv0 link enp0s1 type macvlan mode bridge", "add br7 type bridge",
            "add veth0 type veth peer name veth1")),
)  # fmt: skip
MORE_ADDRESSES = line("ip addr add", one_of(ADDRESSES), "dev", DEVICES, maybe("{}", *ADDRESS_WORDS))
ROUTES = line(
    "ip route", one_of(("add", "append", "prepend")), one_of(DESTINATIONS),
    maybe("via {}", *HOPS), maybe("dev {}", *NICS), maybe("metric {}", "50", "100", "300"),
    maybe("table {}", *TABLES), maybe("src {}", *OWN), maybe("{}", "onlink"),
    maybe("{}", "proto static", "mtu 1400", "mtu lock 1300", "tos 0x10", "scope link"),
)  # fmt: skip
SEVERAL = line(
    "ip route add", one_of(DESTINATIONS), "metric 70",
    "nexthop via 192.168.64.1 nexthop via", one_of(HOPS[1:]),
)  # fmt: skip
DEAD = line(
    "ip route add", one_of(("unreachable", "blackhole", "prohibit", "throw")),
    one_of(DESTINATIONS), maybe("metric {}", "50", "5000"), maybe("table {}", *TABLES),
)  # fmt: skip
RULES = line(
    "ip rule add", maybe("from {}", *OWN, "192.168.64.0/24", "10.0.0.0/8"),
    maybe("to {}", "192.168.64.0/24", "8.8.8.8", "10.0.0.0/8"),
    maybe("iif {}", "enp0s1", "lo", "br0"), maybe("oif {}", "enp0s1"),
    maybe("fwmark {}", "1", "7/0xff"), maybe("priority {}", "100", "32766"),
    one_of(("lookup 100", "lookup 200", "lookup main", "lookup main suppress_prefixlength 0",
            "prohibit", "blackhole", "unreachable")),
)  # fmt: skip
NEIGHBOURS = line(
    "ip neigh add",
    one_of((f"192.168.64.77 lladdr {NOBODY} nud permanent", "proxy 192.168.64.88",
            f"192.168.64.50 lladdr {NOBODY} nud permanent", "proxy fd00:64::88",
            "192.168.64.1 nud permanent lladdr "
            "$(lan router ip -br link show lan0 | cut -c 33-49)")),
    "dev", one_of(NICS),
)  # fmt: skip


def settings(family: str, values: dict[str, str]) -> st.SearchStrategy[Lines]:
    """A setting of all devices, of new ones or of a NIC."""
    keys = tuple(f"{name}={value}" for name, known in values.items() for value in known)
    words = (f"net.{family}.conf", one_of(("all", "default", "enp0s1", "enp0s2")), one_of(keys))
    return line(*words).map(lambda one: [f"sysctl -qw {one[0].replace(' ', '.')}"])


@st.composite
def iptables(draw: st.DrawFn) -> Lines:
    """A filter chain of iptables with a few rules, and its policy at last."""
    chain = draw(one_of(("INPUT", "FORWARD", "FORWARD", "OUTPUT")))
    rules = draw(st.lists(st.tuples(one_of(MATCHES), VERDICTS), max_size=4))
    policy = draw(one_of(("DROP", "DROP", "ACCEPT")))
    found = [f"iptables -A {chain} {match[0]} -j {verdict.upper()}" for match, verdict in rules]
    return [*found, f"iptables -P {chain} {policy}"]


@st.composite
def nft(draw: st.DrawFn) -> Lines:
    """A filter chain of nft with a few rules."""
    hook = draw(one_of(("input", "forward", "forward", "output", "prerouting", "postrouting")))
    family, priority = draw(one_of(("inet", "ip"))), draw(one_of(("filter", "-150", "10")))
    rules = draw(st.lists(st.tuples(one_of(MATCHES), VERDICTS), max_size=4))
    policy = draw(one_of(("drop", "accept")))
    said = "".join(f" {match[1]} {verdict};" for match, verdict in rules)
    head = f"type filter hook {hook} priority {priority}; policy {policy};"
    return [f"nft 'table {family} {hook[:3]} {{ chain c {{ {head}{said} }}; }}'"]


VERDICTS = one_of(("accept", "accept", "accept", "drop", "reject"))

PARTS = st.one_of(
    MORE_ADDRESSES, MORE_ADDRESSES, ROUTES, ROUTES, SEVERAL, DEAD, RULES, RULES, LINKS, NEIGHBOURS,
    settings("ipv4", CONF), settings("ipv4", CONF), settings("ipv6", CONF_6),
    line("sysctl -qw", one_of(SETTINGS)), st.sampled_from(RESOLVERS), iptables(), nft(),
    line(one_of(SPECIAL)), st.sampled_from([CONTAINERS, DOCKER, CONTAINERS + DOCKER]),
)  # fmt: skip


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """A host of a few parts, and a command line."""
    parts = draw(st.lists(PARTS, min_size=2, max_size=7))
    lines = [AT_ONCE, *draw(st.sampled_from(BASES)), *draw(nics()), *sum(parts, Lines())]
    return Example(tuple(dict.fromkeys(lines)), draw(st.sampled_from(COMMANDS)))
