"""Rules of a real kernel: what would drop the namespace's packets, and what names the uplink."""

import pytest
from labs import Lab
from state import state

BRIDGED = ("bridged", "--uplink", "enp0s1")

#: What adds a table with a chain.
GUARD = "nft add table inet own && nft 'add chain inet own g { type filter hook %s priority 0; }'"

#: What adds a chain that drops.
OWN = "nft 'add chain inet own c { type filter hook %s priority 0; policy drop; }'"

#: A rule that names the uplink, in each place where one can stand, and how it is printed.
NAMING = [
    (
        "nft add table inet own && "
        "nft 'add chain inet own in { type filter hook input priority 0; }' && "
        "nft 'add rule inet own in iifname \"enp0s1\" ct mark set 7 accept'",
        'nft: iifname "enp0s1" ct mark set 0x00000007 accept',
    ),
    ("iptables -t nat -A POSTROUTING -o enp0s1 -j MASQUERADE", 'nft: oifname "enp0s1" counter'),
    (
        "iptables-legacy -t nat -A PREROUTING -i en+ -p tcp --dport 81 -j REDIRECT --to-ports 80",
        "iptables-legacy: -A PREROUTING -i en+ -p tcp -m tcp --dport 81 -j REDIRECT",
    ),
    ("ip rule add iif enp0s1 lookup 100", "rules: 32765:\tfrom all iif enp0s1 lookup 100"),
    ("ip -6 rule add oif enp0s1 lookup 100", "rules6: 32765:\tfrom all oif enp0s1 lookup 100"),
    (
        "tc qdisc add dev enp0s1 ingress && "
        "tc filter add dev enp0s1 ingress protocol ip u32 match u32 0 0 classid 1:1",
        "tc: filter protocol ip pref 49152 u32",
    ),
]
IDS = ("nft", "iptables", "legacy", "rule", "rule6", "tc")


@pytest.mark.parametrize("filtered", ["0", "1"])
@pytest.mark.parametrize("chain", ["FORWARD", "DOCKER-USER"])
def test_docker_drops(lab: Lab, chain: str, filtered: str) -> None:
    """Where Docker drops what is forwarded, bridged frames or not, the namespace's packets pass."""
    lab.ok("sysctl", "-w", f"net.bridge.bridge-nf-call-iptables={filtered}")
    if chain == "DOCKER-USER":
        lab.sh("iptables -N DOCKER-USER && iptables -A FORWARD -j DOCKER-USER")
    lab.ok("iptables", "-P", "FORWARD", "DROP")
    before = lab.ok("iptables", "-S")

    up = lab.netmodes("bridged", "--uplink", "enp0s1")
    outside = lab.inside("ping", "-c", "2", "-i", "0.2", "-W", "2", "8.8.8.8")
    lab.ok("netmodes", "down", "A")

    assert (
        f"[#] iptables -I {chain} -i br0 -o br0 -m comment --comment netmodes -j ACCEPT\n"
        in up.stderr
    )
    assert outside.returncode == 0
    assert lab.ok("iptables", "-S") == before


def test_drop_of_nft(lab: Lab) -> None:
    """A drop that only nft knows is refused by table and chain, before anything is touched; once
    the bridge is accepted in that chain it goes on, and the packets pass."""
    lab.sh("nft add table inet own")
    lab.sh("nft 'add chain inet own ahead { type filter hook forward priority 0; policy drop; }'")
    before = state(lab.ok)

    refused = lab.netmodes(*BRIDGED)
    untouched = state(lab.ok)
    lab.sh('nft \'add rule inet own ahead iifname "br0" oifname "br0" accept\'')
    lab.ok("netmodes", *BRIDGED)
    outside = lab.inside("ping", "-c", "2", "-i", "0.2", "-W", "2", "8.8.8.8")

    assert refused.returncode == 1
    assert "br0 passes on (the policy of nft's chain inet own ahead)" in refused.stderr
    assert untouched == before
    assert outside.returncode == 0


@pytest.mark.parametrize(("add", "shown"), NAMING, ids=IDS)
def test_naming(lab: Lab, add: str, shown: str) -> None:
    """A rule that names the uplink is refused as the kernel has it; with --anyway it goes on."""
    lab.ok("bash", "-c", add)
    before = state(lab.ok)

    refused = lab.netmodes(*BRIDGED)
    untouched = state(lab.ok)
    anyway = lab.netmodes(*BRIDGED, "--anyway")
    lab.ok("netmodes", "down", "A")

    assert refused.returncode == 1
    assert f"a rule names enp0s1, whose packets will come in on br0 ({shown}" in refused.stderr
    assert untouched == before
    assert anyway.returncode == 0
    assert state(lab.ok) == before


@pytest.mark.parametrize(
    ("rules", "refused"),
    [
        ("iptables -P FORWARD DROP", ""),
        ("iptables -A FORWARD -p tcp -j DROP", "`-A FORWARD -p tcp -j DROP`"),
    ],
)
def test_legacy(lab: Lab, rules: str, refused: str) -> None:
    """Where iptables is iptables-legacy its rules are named, and opened, just the same."""
    for program in ("iptables", "iptables-save"):
        lab.replace(program, f'exec {program.replace("iptables", "iptables-legacy")} "$@"')
    lab.sh(rules)

    up = lab.netmodes(*BRIDGED)

    assert refused in up.stderr
    assert ("[#] iptables -I FORWARD -i br0 -o br0" in up.stderr) is not bool(refused)
    if not refused:
        assert lab.netmodes("check", "A").returncode == 0


def test_not_tracked(lab: Lab) -> None:
    """NAT is refused where a rule has its connections not tracked."""
    lab.sh("iptables -t raw -A PREROUTING -p tcp -j NOTRACK")

    refused = lab.netmodes("nat")

    assert refused.returncode == 1
    assert "nat0 passes on leaves with its own address, for it is not tracked" in refused.stderr


@pytest.mark.parametrize(
    "lines",
    [
        "iptables -t raw -A PREROUTING -i enp0s1 -j CT --zone 5",
        "nft add table ip z; nft add chain ip z p '{ type filter hook prerouting priority raw; }'; "
        "nft add rule ip z p iifname enp0s1 ct zone set 5",
        "iptables -t raw -A PREROUTING -i enp0s1 -j CT --notrack",
        "iptables -t raw -A PREROUTING -i enp0s1 -p tcp -j CT --notrack",
    ],
)
def test_tracked_apart(lab: Lab, lines: str) -> None:
    """NAT is refused, and the rule named, where answers are tracked apart from what asked."""
    lab.ok("bash", "-ec", lines)

    refused = lab.netmodes("nat")

    assert refused.returncode == 1
    assert 'passes on stay here, for they are tracked apart (`iifname "enp0s1" ' in refused.stderr


#: A set of more addresses than a message takes, in a table with a chain that drops.
MANY = f"""
nft add table inet own && {OWN % "forward"}
nft add set inet own many '{{ type ipv4_addr; flags interval; }}'
seq 8000 | awk '{{ printf "11.0.%d.%d-11.0.%d.%d,\\n", $1/100, $1%100*2, $1/100, $1%100*2+1 }}' |
    split -l 1000 --filter "{{ echo 'add element inet own many {{'; cat; echo '}}'; }} | nft -f -"
nft add rule inet own c ip saddr @many accept
"""


def test_many_elements(lab: Lab) -> None:
    """What drops is named where sets have more addresses than one message takes."""
    lab.ok("bash", "-euc", MANY)

    refused = lab.netmodes("nat", "--dry-run")

    assert "nat0 passes on (the policy of nft's chain inet own c): nft insert" in refused.stderr


def test_word_of_nft(lab: Lab) -> None:
    """A rule is named in a chain that iptables may call so, and nft cannot."""
    lab.ok("bash", "-ec", "iptables -N reject; iptables -A reject -j DROP")
    lab.sh("iptables -A FORWARD -g reject")

    plan = lab.ok("netmodes", "nat", "--dry-run")

    assert "`-A reject -j DROP` drops what is forwarded" in plan.replace("\n# ", " ")


NEW = "-m conntrack --ctstate NEW"

#: Rules that drop what is too much, or what has been too much; a connection alone passes.
GUARDS = [
    "iptables -A INPUT -p icmp -m limit --limit 5/second -j ACCEPT && "
    "iptables -A INPUT -p icmp -j DROP",
    f"iptables -A INPUT {NEW} -m limit --limit 1/minute --limit-burst 1 -j ACCEPT && "
    f"iptables -A INPUT {NEW} -j DROP",
    f"iptables -A FORWARD {NEW} -m recent --set && "
    f"iptables -A FORWARD {NEW} -m recent --update --seconds 60 --hitcount 4 -j DROP",
    f"iptables -A INPUT {NEW} -m hashlimit --hashlimit-above 2/minute --hashlimit-burst 2 "
    "--hashlimit-mode srcip --hashlimit-name h -j REJECT",
    "iptables -A INPUT -m connlimit --connlimit-above 1 --connlimit-mask 0 -j DROP",
    "iptables-legacy -A FORWARD -m connlimit --connlimit-above 1 --connlimit-mask 0 -j DROP",
    f"{GUARD % 'forward'} && nft add rule inet own g ct state new ct count over 1 reject",
    f"{GUARD % 'input'} && nft 'add rule inet own g quota over 600 bytes drop'",
    f"{GUARD % 'input'} && nft 'add set inet own bad {{ type ipv4_addr; flags dynamic; }}' && "
    "nft add set inet own met '{ type ipv4_addr; flags dynamic,timeout; timeout 1m; }' && "
    "nft add rule inet own g ip saddr @bad drop && "
    "nft add rule inet own g ct state new add @met "
    "'{ ip saddr limit rate over 1/minute burst 1 packets }' add @bad '{ ip saddr }' drop",
]


@pytest.mark.sweep
@pytest.mark.parametrize("rules", GUARDS)
@pytest.mark.parametrize("mode", ["bridged --uplink enp0s1", "nat"])
def test_guards(lab: Lab, mode: str, rules: str) -> None:
    """Packets of ours that are too many for a rule alone are no reason to refuse."""
    lab.ok("bash", "-euc", rules)

    plan = lab.netmodes(*mode.split(), "--dry-run")

    assert (plan.returncode, plan.stderr) == (0, "")
    assert "is unknown" not in plan.stdout


def test_banned(lab: Lab) -> None:
    """What a guard has banned before is refused, and so is what other rules drop beside it."""
    lab.ok("bash", "-euc", GUARDS[-1])
    lab.sh("nft add element inet own bad '{ 10.64.0.11 }'; iptables -A FORWARD -p udp -j DROP")

    refused = lab.netmodes("nat").stderr

    assert "10.64.0.11 sends to the host (`ip saddr @bad drop` in nft's chain" in refused
    assert "nat0 passes on (`-A FORWARD -p udp -j DROP`)" in refused


def test_chance(lab: Lab) -> None:
    """What a rule drops by chance is unknown, and said; it cuts nobody off."""
    every = "-m statistic --mode nth --every 2 --packet 0 -j DROP"
    lab.sh(f"iptables -A INPUT {every}; iptables -A FORWARD {every}")

    plan = lab.ok("netmodes", *BRIDGED, "--dry-run").replace("\n# ", " ")

    assert f"by br0 is unknown (`-A FORWARD {every}` drops by chance)" in plan


def test_hidden(lab: Lab) -> None:
    """A host that translates everything hides a bridged namespace, which is said."""
    lab.sh("iptables -t nat -A POSTROUTING -j MASQUERADE")

    up = lab.netmodes(*BRIDGED)

    assert up.returncode == 0
    assert "a NAT rule of the host hides 192.168.64.50 behind 192.168.64.3 outside" in up.stderr


def fix_of(refused: str) -> str:
    """The commands that end a refusal."""
    return refused.partition("): ")[2].removesuffix(", or go on with --anyway\n")


def test_legacy_beside(lab: Lab) -> None:
    """What iptables-legacy alone drops is refused, though `iptables` lists none of it; its fix as
    printed leads on."""
    lab.sh("iptables-legacy -P FORWARD DROP")

    fix = fix_of(lab.netmodes("nat").stderr)
    lab.sh(fix)
    lab.ok("netmodes", "nat", "--check")

    assert fix.startswith("iptables-legacy -I FORWARD -i nat0 -o enp0s1 -j ACCEPT && ")


@pytest.mark.sweep
@pytest.mark.parametrize("mode", [BRIDGED, ("nat",)])
@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("-P FORWARD DROP", "iptables{}'{} policy for FORWARD"),
        ("-A FORWARD -j REJECT", "`-A FORWARD -j REJECT --reject-with icmp-port-unreachable`"),
        ("-t mangle -P FORWARD DROP", "iptables{}'{} policy for FORWARD in table mangle"),
    ],
)
def test_legacy_and_nft(lab: Lab, rule: str, named: str, mode: tuple[str, ...]) -> None:
    """Where iptables-legacy drops as well as iptables, each is named, and both fixes lead on."""
    lab.sh(f"iptables {rule}; iptables-legacy {rule}")

    refused = lab.netmodes(*mode).stderr
    said = refused.removesuffix(", or go on with --anyway\n").split("; the firewall ")
    fixes = [one.partition("): ")[2] for one in said]
    lab.ok("bash", "-euc", "\n".join(fixes))
    lab.ok("netmodes", *mode, "--check")

    assert [one.split()[0] for one in fixes] == ["iptables-legacy", "iptables"]
    assert f"({named.format('-legacy', 's')})" in said[0]
    assert f"({named.format('', '')})" in said[1]


@pytest.mark.parametrize("mode", ["nat", "bridged --uplink enp0s1"])
def test_script(lab: Lab, mode: str) -> None:
    """A script that cannot reach the gateway from the namespace takes all back; exported where the
    packets are dropped it says so, and what it was tried against."""
    script = lab.export(*mode.split())
    lab.sh("iptables -P FORWARD DROP")
    before = state(lab.ok)

    failed = lab.run(script)
    after = state(lab.ok)
    again = lab.export(*mode.split(), "--force")
    lab.ok(again)

    assert failed.returncode == 1
    assert "Error: 192.168.64.1 answers the host, and not A" in failed.stderr
    assert after == before
    assert "# iptables' policy for FORWARD drops what is forwarded: " in lab.ok("cat", again)
    assert lab.netmodes("check", "A").returncode == 0


def test_all_in_one(lab: Lab) -> None:
    """All that drops is refused at once, and its fix as printed is enough."""
    for name in ("one", "two"):
        lab.sh(f"nft add table inet {name}")
        chain = "c { type filter hook forward priority 0; policy drop; }"
        lab.sh(f"nft 'add chain inet {name} {chain}'")

    refused = lab.netmodes("nat").stderr
    fixes = refused.removesuffix(", or go on with --anyway\n").split("; ")
    lab.sh(" && ".join(one.partition("): ")[2] for one in fixes))
    lab.ok("netmodes", "nat", "--check")

    assert len(fixes) == 2


#: Rules, and what of them is refused; "" for what goes up.
ASKED = [
    (
        f"nft add table inet own && {OWN % 'input'} && "
        'nft \'add rule inet own c iifname { "lo", "en*" } accept\'',
        "what the LAN sends to the host once it comes in on br0 (the policy of nft's chain inet "
        "own c)",
    ),
    (
        "iptables -A INPUT -i lo -j ACCEPT && iptables -A INPUT -i en+ -j ACCEPT && "
        "iptables -A INPUT -j DROP",
        "what the LAN sends to the host once it comes in on br0 (`-A INPUT -j DROP`)",
    ),
    (
        "ebtables -A INPUT -p ARP -i enp0s1 -j DROP",
        'br0 (`iifname "enp0s1" ether type arp counter',
    ),
    (
        "nft add table arp own && "
        "nft 'add chain arp own c { type filter hook input priority 0; policy drop; }' && "
        "nft add rule arp own c iifname enp0s1 accept",
        "br0 (the policy of nft's chain arp own c)",
    ),
    ("iptables -A INPUT -i enp0s1 -j ACCEPT && iptables -A OUTPUT -o enp0s1 -j ACCEPT", ""),
    ("iptables -A INPUT ! -i en+ -p tcp --dport 8080 -j DROP", "br0 (`-A INPUT ! -i en+ -p tcp"),
    ("iptables -P FORWARD DROP && iptables -A FORWARD -m mark --mark 9 -j ACCEPT", ""),
    ("iptables -P FORWARD DROP && iptables -A FORWARD -o wg0 -j ACCEPT", "leave by wg0 alone"),
    ("iptables -A FORWARD -p icmp -j ACCEPT && iptables -A FORWARD -j REJECT", ""),
    ("iptables -A FORWARD -p udp -j REJECT", "passes on (`-A FORWARD -p udp -j REJECT"),
    (
        "iptables -t raw -A PREROUTING -i br+ -p tcp -j DROP",
        "`-A PREROUTING -i br+ -p tcp -j DROP`",
    ),
    ("iptables -A FORWARD -i docker0 -j DROP", ""),
    (
        f"{GUARD % 'prerouting'} && nft add rule inet own g fib saddr . iif oif missing drop && "
        "nft 'add chain inet own i { type filter hook input priority 0; }' && "
        "nft add rule inet own i fib daddr . iif type != local drop",
        "",
    ),
    (
        "iptables -N DOCKER-USER && iptables -A FORWARD -j REJECT && "
        "iptables -A FORWARD -j DOCKER-USER",
        "",
    ),
]


@pytest.mark.sweep
@pytest.mark.parametrize(("rules", "refused"), ASKED, ids=[rules for rules, _ in ASKED])
def test_asked(lab: Lab, rules: str, refused: str) -> None:
    """Whatever rules ask for, what drops a packet is refused by name, and nothing else is; from
    facts in a file as well."""
    lab.ok("bash", "-c", rules)
    lab.sh("netmodes facts >/run/facts.json")

    dry = lab.netmodes(*BRIDGED, "--dry-run")
    elsewhere = lab.netmodes(*BRIDGED, "--dry-run", "--facts", "/run/facts.json")
    up = lab.netmodes(*BRIDGED)

    assert (dry.returncode, dry.stdout) == (elsewhere.returncode, elsewhere.stdout)
    assert up.returncode == bool(refused)
    assert refused in up.stderr
    if not refused:
        assert lab.netmodes("check", "A").returncode == 0


#: A LAN of IPv6 as well, its gateway known by an address of the link alone.
SIX = """
router() { nsenter --net=/run/lan/router "$@"; }
router ip addr add fe80::1/64 dev lan0 nodad && router ip route add fd00:64::/64 dev lan0
router ip addr add 2001:4860:4860::8888/128 dev lo
router sysctl -qw net.ipv6.conf.all.forwarding=1
ip addr add fd00:64::3/64 dev enp0s1 nodad && ip -6 route add default via fe80::1 dev enp0s1
"""

ASKED_6 = [
    (
        "ip6tables -A INPUT -i enp0s1 -j ACCEPT && ip6tables -P INPUT DROP",
        "what the LAN sends to the host once it comes in on br0 (the policy of nft's chain ip6",
    ),
    (
        "ip6tables -A OUTPUT -o enp+ -p udp -j ACCEPT && ip6tables -A OUTPUT -p udp -j REJECT",
        "what the host sends once it leaves by br0 (`-A OUTPUT -p udp -j REJECT",
    ),
    (
        "ip6tables -A INPUT -i enp0s1 -j ACCEPT && "
        "ip6tables -A INPUT -p icmpv6 --icmpv6-type neighbour-advertisement -j DROP",
        "br0 (`-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j DROP`",
    ),
    ("ip6tables -P INPUT DROP", ""),
]


@pytest.mark.parametrize(("rules", "refused"), ASKED_6, ids=[rules for rules, _ in ASKED_6])
def test_asked_6(lab: Lab, rules: str, refused: str) -> None:
    """What cuts the host off over IPv6 alone is refused by name, its neighbours' asking too."""
    lab.ok("bash", "-euc", f"{SIX}\n{rules}")

    done = lab.netmodes(*BRIDGED, "--dry-run")

    assert done.returncode == bool(refused)
    assert refused in done.stderr


ALL = "iptables -A INPUT -i lo -j ACCEPT && "

#: Rules, and how the fix of each mode begins that they stop.
FIXED = [
    (
        f"{ALL}iptables -A INPUT -i enp0s1 -p tcp --dport 22 -j ACCEPT && "
        "iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT && iptables -P INPUT DROP",
        (BRIDGED, "iptables -I INPUT 3 -i br0 -p tcp"),
        (("nat",), "iptables -I INPUT -i nat0 -s 10.64.0.11 -p icmp -j ACCEPT"),
        (("host-only",), "iptables -I INPUT -i veth0 -s 192.168.202.11 -p icmp -j ACCEPT"),
    ),
    (
        f"{ALL}iptables -N WAN && iptables -A INPUT -i en+ -j WAN && "
        "iptables -A WAN -j ACCEPT && iptables -A INPUT -j REJECT",
        (BRIDGED, "iptables -I INPUT 3 -i br0 -j WAN"),
    ),
    (
        f"{ALL}iptables -t mangle -A PREROUTING -i enp0s1 -j MARK --set-mark 7 && "
        "iptables -A INPUT -m mark --mark 7 -j ACCEPT && iptables -P INPUT DROP",
        (BRIDGED, "iptables -t mangle -I PREROUTING 2 -i br0 -j MARK"),
    ),
    (
        f"nft add table inet own && {OWN % 'input'} && nft add rule inet own c iif lo accept && "
        "nft add rule inet own c iif enp0s1 accept",
        (BRIDGED, "nft add rule inet own c index 1 'iifname"),
    ),
    (
        f"nft add table inet own && {OWN % 'input'} && "
        "nft 'add set inet own wan { type ifname; elements = { lo, enp0s1 }; }' && "
        "nft add rule inet own c iifname @wan accept",
        (BRIDGED, "nft add element inet own wan"),
        (("nat",), "nft insert rule inet own c iifname nat0 ip saddr 10.64.0.11 meta l4proto"),
    ),
    (
        f"nft add table inet own && {OWN % 'input'} && nft add rule inet own c iif lo accept && "
        "nft 'add map inet own by { type ifname . inet_proto : verdict; "
        "elements = { enp0s1 . icmp : accept, enp0s1 . tcp : accept, enp0s1 . udp : accept }; }' "
        "&& nft add rule inet own c iifname . meta l4proto vmap @by",
        (BRIDGED, "nft add element inet own by '{"),
    ),
    (
        f"{SIX}\nip6tables -A INPUT -i enp0s1 -j ACCEPT && ip6tables -P INPUT DROP",
        (BRIDGED, "ip6tables -I INPUT 2 -i br0 -j ACCEPT"),
    ),
    (
        f"nft add table inet own && {OWN % 'output'} && "
        "nft 'add rule inet own c oifname { lo, enp0s1 } accept'",
        (BRIDGED, "nft add rule inet own c index 0 'oifname {"),
        (("host-only",), "nft insert rule inet own c oifname veth0 ip daddr 192.168.202.11"),
    ),
]

#: Another namespace of the host's, by a device that no rule speaks of.
OTHER = """
ip netns add O && ip link add other0 type veth peer name o1 netns O
ip addr add 10.99.0.1/24 dev other0 && ip link set other0 up
ip -n O addr add 10.99.0.2/24 dev o1 && ip -n O link set o1 up
ip -n O -6 addr add fd99::2/64 dev o1 nodad && ip -6 addr add fd99::1/64 dev other0 nodad
"""
REACHES = "ip netns exec O ping -c 1 -W 1 %s"


@pytest.mark.sweep
@pytest.mark.parametrize(("rules", "fixes"), [(one, more) for one, *more in FIXED])
def test_fixed(lab: Lab, rules: str, fixes: list[tuple[tuple[str, ...], str]]) -> None:
    """Each fix of a refusal, as printed, leads on to a network that is as promised; another device
    stays as closed as it was."""
    lab.ok("bash", "-euc", f"{rules}\n{OTHER}")
    closed = [lab.sh(f"{REACHES % one} || true").stdout for one in ("10.99.0.1", "fd99::1")]

    for mode, begins in fixes:
        refused = lab.netmodes(*mode).stderr
        said = refused.removesuffix(", or go on with --anyway\n").split("; the firewall ")
        every = [one.partition("): ")[2] for one in said]
        lab.ok("bash", "-euc", "\n".join(every))
        lab.ok("netmodes", *mode, "--check")
        lab.ok("netmodes", "down", "A")

        assert every[0].startswith(begins)
    now = [lab.sh(f"{REACHES % one} || true").stdout for one in ("10.99.0.1", "fd99::1")]
    assert [" 0% " in one for one in now] == [" 0% " in one for one in closed]


#: What A sends leaves by a VPN, as a rule of policy routing has it.
VPN = """
ip link add wg0 type veth peer name w1 && ip netns add V && ip link set w1 netns V
ip -n V addr add 10.9.0.1/24 dev w1 && ip -n V link set w1 up
ip addr add 10.9.0.2/24 dev wg0 && ip link set wg0 up
ip route add default via 10.9.0.1 dev wg0 table 100 && ip rule add from 10.64.0.0/24 lookup 100
sysctl -qw net.ipv4.conf.wg0.rp_filter=0
"""

ACCEPT = "iptables -I FORWARD -i nat0 -o wg0 -m comment --comment netmodes -j ACCEPT\n"

BY_VPN = [
    (
        f"nft add table inet own && {OWN % 'forward'} && nft add rule inet own c oifname wg0 "
        "accept && nft add rule inet own c ct state established accept",
        "",
        "",
    ),
    ("iptables -P FORWARD DROP; iptables -A FORWARD -o wg0 -j ACCEPT", ACCEPT, ""),
    (
        f"nft add table inet own && {OWN % 'forward'} && nft add rule inet own c oifname wg0 "
        "accept; ip link del wg0",
        "",
        "c lets packets leave by wg0 alone",
    ),
    (
        f"nft add table inet own && {OWN % 'forward'} && "
        "nft add rule inet own c iifname . oifname '{ lan7 . wg0 }' accept; ip link del wg0",
        "",
        "c lets packets leave by wg0 alone",
    ),
    (
        "iptables -P FORWARD DROP; iptables -A FORWARD -o wg0 -j ACCEPT; ip link del wg0",
        "",
        "FORWARD lets packets leave by wg0 alone, as a VPN's may: bring it up",
    ),
]


@pytest.mark.parametrize(
    ("rules", "accept", "refused"),
    BY_VPN,
    ids=["nft", "iptables", "nft-down", "pairs", "down"],
)
def test_by_vpn(lab: Lab, rules: str, accept: str, refused: str) -> None:
    """The device counts that the kernel takes now; no accept leads past a VPN that is down."""
    lab.ok("bash", "-euc", f"{VPN}\n{rules}")

    done = lab.netmodes("nat", "--dry-run")

    assert accept in done.stdout
    assert ("iptables" in done.stdout) is bool(accept)
    assert refused in done.stderr
    assert done.returncode == bool(refused)
    assert "is unknown" not in done.stdout


#: The fix for a name server that is not reached by the VPN.
SERVER = (
    "iptables -I FORWARD -i nat0 -d 192.168.64.1 -p udp --dport 53 -j ACCEPT && "
    "iptables -I FORWARD -o nat0 -s 192.168.64.1 "
    "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
)


def test_index(lab: Lab) -> None:
    """A set of devices by their numbers takes no bridge that is not there yet: no fix is told."""
    rules = (
        f"nft add table inet own && {OWN % 'input'} && nft add rule inet own c iif lo accept && "
    )
    rules += "nft 'add set inet own by { type iface_index . inet_proto; elements = { "
    rules += "enp0s1 . icmp, enp0s1 . tcp, enp0s1 . udp }; }' && "
    lab.ok("bash", "-euc", f"{rules} nft add rule inet own c iif . meta l4proto @by accept")

    refused = lab.netmodes(*BRIDGED).stderr

    assert "let it accept br0 as `iif . meta l4proto @by accept` does enp0s1" in refused


def test_past_vpn(lab: Lab) -> None:
    """A name server that is not reached by the VPN is let out to alone, and nothing else is."""
    lab.ok("bash", "-euc", f"{VPN}\n ip rule add to 192.168.64.0/24 lookup main pref 10")
    lab.sh("iptables -P FORWARD DROP; iptables -A FORWARD -i lan7 -o wg0 -j ACCEPT")

    refused = lab.netmodes("nat").stderr
    assert fix_of(refused) == SERVER
    lab.ok("bash", "-ec", SERVER)
    lab.ok("netmodes", "nat")
    lab.ok("ip", "rule", "del", "from", "10.64.0.0/24", "lookup", "100")

    assert lab.inside("ping", "-c", "1", "-W", "1", "8.8.8.8").returncode == 1


def test_published_past_nft(lab: Lab) -> None:
    """The fix for a chain of nft's that drops lets in what is for a published port as well."""
    lab.ok("bash", "-euc", f"nft add table inet own && {OWN % 'forward'}")

    fix = fix_of(lab.netmodes("nat", "--publish", "8080:80").stderr)
    lab.ok("bash", "-ec", fix)
    lab.ok("netmodes", "nat", "--publish", "8080:80")

    assert fix.endswith("iifname enp0s1 oifname nat0 ct status dnat accept")
