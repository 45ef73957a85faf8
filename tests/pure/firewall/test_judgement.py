"""What a mode does about the kernel's verdicts, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netmodes import Bridged, Facts, Refused
from netmodes.firewall import fixes, judgement, questions
from netmodes.machine.table import Table
from netmodes.plan.finding import Finding
from netmodes.plan.verdict import Drop, Fate, Flow, Packet, Verdict, Verdicts

FLOW = Flow("192.168.64.50", "br0", "br0", "enp0s1")
SSH = Packet("LAN", "192.168.64.3", "tcp", 22)
OUT = Packet("namespace", questions.OUTSIDE, "tcp", 443)
PASSES = Fate(True)

POLICY = Drop("forward", "ip filter", "FORWARD")
LAST = Drop("forward", "ip filter", "OWN", "-A OWN -j DROP", every=True)
MATCH = Drop("forward", "ip filter", "FORWARD", "-A FORWARD -p tcp -j DROP")
OWN = Drop("forward", "inet own", "c")
INPUT = Drop("input", "ip filter", "INPUT")
RAW = Drop("prerouting", "ip raw", "PREROUTING", "-A PREROUTING -j DROP", every=True)


def dropped(*drops: Drop) -> dict[Packet, Fate]:
    """Packets of the namespace, each dropped by one of these."""
    return {replace(OUT, port=port): Fate(False, drop) for port, drop in enumerate(drops)}


@pytest.mark.parametrize(
    ("nft", "iptables", "has"),
    [
        (None, None, False),
        ([], ["-P FORWARD ACCEPT"], False),
        (
            [
                "table ip filter {",
                "\tchain FORWARD {",
                "\t\ttype filter hook forward priority 0; policy accept;",
                "\t}",
                "}",
            ],
            [],
            False,
        ),
        (["\t\ttype filter hook forward priority 0; policy drop;"], None, True),
        (['\t\tiifname "a" drop'], None, True),
        (None, ["-P FORWARD DROP"], True),
        (None, ["-P FORWARD ACCEPT", "-A FORWARD -j OWN"], True),
        (["table ip netmodes-bridge-nat0 {", "\t\tmasquerade", "}"], [], False),
        (["table ip netmodes-x {", "}", "table ip own {", "\t\tmasquerade", "}"], [], True),
    ],
)
def test_has_rules(nft: list[str] | None, iptables: list[str] | None, has: bool) -> None:
    """Where no rule and no policy may drop anything, nothing has to be asked."""
    assert questions.has_rules(Facts(nft=nft, iptables=iptables)) is has


def with_legacy(facts: Facts, *saved: str) -> Facts:
    """The machine with rules of iptables-legacy."""
    entry = {"command": ["iptables-legacy-save"], "output": "".join(f"{one}\n" for one in saved)}
    return replace(facts, table=Table({"iptables-legacy-save": entry}))


@pytest.mark.parametrize(
    ("saved", "has"),
    [
        (["*filter", ":FORWARD ACCEPT [0:0]", "COMMIT"], False),
        (["*filter", ":FORWARD DROP [0:0]", "COMMIT"], True),
        (["*raw", ":PREROUTING ACCEPT [0:0]", "-A PREROUTING -j NOTRACK", "COMMIT"], True),
    ],
)
def test_has_legacy(saved: list[str], has: bool) -> None:
    """So may what only iptables-legacy has."""
    assert questions.has_rules(with_legacy(Facts(nft=[], iptables=[]), *saved)) is has


@pytest.mark.parametrize(
    ("legacy", "chains", "program"),
    [(False, ["FORWARD"], "iptables"), (True, [], "iptables-legacy")],
)
def test_program(legacy: bool, chains: list[str], program: str, article: Facts) -> None:
    """What drops is opened by the program whose it is, and by netmodes where that is iptables."""
    facts, drop = replace(article, iptables=["-P FORWARD DROP"]), replace(POLICY, legacy=legacy)

    assert judgement.entries(dropped(drop), ("br0",), FLOW, facts) == chains
    assert fixes.fix(drop, [OUT], FLOW, "br0", facts)[0][0] == program


@pytest.mark.parametrize(
    ("drop", "words", "command"),
    [
        (replace(POLICY, table="ip mangle"), "policy for FORWARD in table mangle", "iptables -t"),
        (replace(LAST, table="ip raw"), "`-A OWN -j DROP` in table raw", "iptables -t raw"),
        (replace(POLICY, chain="own"), "nft's chain ip filter own", "nft insert rule ip filter"),
    ],
)
def test_tables(drop: Drop, words: str, command: str, article: Facts) -> None:
    """A table of iptables is opened by iptables, for nft's rules it does not list."""
    facts = replace(article, iptables=["-P FORWARD ACCEPT"])

    assert judgement.words(drop).endswith(words)
    assert " ".join(fixes.fix(drop, [OUT], FLOW, "br0", facts)[0]).startswith(command)
    assert judgement.entries(dropped(drop), ("br0",), FLOW, facts) == []


@pytest.mark.parametrize(
    ("known", "unread"),
    [
        ({"programs": ["nft"], "nft": []}, False),
        ({"programs": []}, False),
        ({"programs": ["nft", "iptables"], "nft": []}, True),
        ({}, True),
    ],
)
def test_unread(known: dict[str, list[str]], unread: bool) -> None:
    """Rules that nobody could read may be there; without a program there are none."""
    assert bool(questions.unread(Facts(**known))) is unread


@pytest.mark.parametrize(
    ("drops", "iptables", "chain"),
    [
        ((), [], ""),
        ((POLICY,), [], "FORWARD"),
        ((POLICY,), ["-N DOCKER-USER", "-A FORWARD -j DOCKER-USER"], "DOCKER-USER FORWARD"),
        ((POLICY,), ["-N DOCKER-USER"], "FORWARD"),
        ((LAST,), [], "OWN"),
        ((MATCH,), [], ""),
        ((OWN,), [], ""),
        ((RAW,), [], ""),
        ((POLICY, MATCH), [], "FORWARD"),
        ((POLICY,), ["-A FORWARD -o wg0 -j ACCEPT"], ""),
        ((POLICY,), ["-A FORWARD -i lan0 -o wg0 -j ACCEPT"], ""),
        ((POLICY,), ["-A OWN -o wg0 -j ACCEPT"], ""),
        ((POLICY,), ["-A OUTPUT -o wg+ -j ACCEPT"], ""),
        ((POLICY,), ["-A OUTPUT -o enp0s1 -j ACCEPT", "-A OUTPUT -o br9 -j ACCEPT"], "FORWARD"),
        ((POLICY,), ["-A OWN -o enp0s1 -j ACCEPT"], "FORWARD"),
        ((POLICY,), ["-A FORWARD -i lan0 -o enp0s1 -j ACCEPT"], "FORWARD"),
        ((POLICY,), ["-A OWN -o enp+ -j ACCEPT"], "FORWARD"),
        ((POLICY,), ["-A FORWARD -o br0 -j ACCEPT"], "FORWARD"),
        ((POLICY,), ["-A FORWARD -i docker0 ! -o docker0 -j ACCEPT"], "FORWARD"),
        ((POLICY,), ["-A FORWARD -o docker0 -j ACCEPT"], "FORWARD"),
        ((POLICY,), ["-A FORWARD -o a0 -m state --state ESTABLISHED -j ACCEPT"], "FORWARD"),
    ],
)
def test_entry(drops: tuple[Drop, ...], iptables: list[str], chain: str, article: Facts) -> None:
    """Only what drops whatever no rule speaks of may be opened, but where an accept keeps what
    leaves to another device."""
    facts = replace(article, iptables=iptables)

    assert judgement.entries(dropped(*drops), ("br0",), FLOW, facts) == chain.split()


def test_ways(article: Facts) -> None:
    """An accept is for no device that rules keep packets from, and for all where they do not."""
    kept = replace(article, iptables=["-A FORWARD -i lan7 -o tun0 -j ACCEPT"])
    outs = ["tun0", "eth9"]

    assert judgement.ways(dropped(POLICY), outs, FLOW, kept) == ("tun0",)
    assert judgement.ways(dropped(POLICY), outs, FLOW, article) == ("tun0", "eth9")
    assert judgement.ways(dropped(), outs, FLOW, kept) == ("tun0", "eth9")


def test_passes(article: Facts) -> None:
    """Where all passes nothing is done, and nothing said."""
    asked = Verdicts({SSH: PASSES}, {SSH: PASSES, OUT: PASSES}, outs=("br0",))

    assert judgement.judged(FLOW, asked, article) == Verdict("", ("br0",))


def test_accepted(article: Facts) -> None:
    """An accept that was tried and helped is used."""
    passes = dict.fromkeys(dropped(POLICY), PASSES)
    asked = Verdicts({}, dropped(POLICY), "FORWARD", ("br0",), passes)

    verdict = Verdict("FORWARD", ("br0",), "iptables' policy for FORWARD")
    assert judgement.judged(FLOW, asked, article) == verdict


@pytest.mark.parametrize(
    ("drop", "says"),
    [
        (MATCH, "(`-A FORWARD -p tcp -j DROP`): somebody wants that: take br0 out of that rule"),
        (
            OWN,
            "(the policy of nft's chain inet own c): "
            "nft insert rule inet own c iifname br0 oifname br0 accept",
        ),
        (POLICY, "(iptables' policy for FORWARD): iptables -I FORWARD -i br0 -o br0 -j ACCEPT"),
    ],
)
def test_refused(drop: Drop, says: str, article: Facts) -> None:
    """What still drops a packet is refused by name, once."""
    fates = {**dropped(drop), replace(OUT, protocol="udp"): Fate(False, drop)}

    (said,) = judgement.judged(FLOW, Verdicts({}, fates, outs=("br0",)), article).objections

    assert str(said) == f"the firewall drops what br0 passes on {says}"


def test_all_in_one(article: Facts) -> None:
    """All that drops is told in one refusal."""
    facts = replace(article, verdicts=Verdicts({}, dropped(MATCH, OWN)))

    with pytest.raises(Refused) as refusal:
        Bridged(uplink="enp0s1").plan(facts)

    assert str(refusal.value).count("the firewall drops") == 2
    assert str(refusal.value).count(", or go on with anyway=True") == 1


@pytest.mark.parametrize("after", [Fate(False, OWN), Fate(None, lost="it never came")])
@pytest.mark.parametrize(("today", "objects"), [(PASSES, True), (Fate(False, OWN), False)])
def test_cut_off(today: Fate, after: Fate, objects: bool, article: Facts) -> None:
    """What reaches the host today, and will not, is an objection; what does not is none."""
    verdict = judgement.judged(FLOW, Verdicts({SSH: today}, {SSH: after}), article)

    assert (
        any("what the LAN sends to the host" in said.what for said in verdict.objections) is objects
    )


def test_around(article: Facts) -> None:
    """What passes by another gateway is no objection."""
    asked = Verdicts({}, dropped(MATCH), gateways={"192.168.64.100": False, "192.168.64.1": True})

    assert judgement.judged(FLOW, asked, article).objections == ()


def test_unknown(article: Facts) -> None:
    """What no rule drops and nobody answers is said to be unknown, with where it was lost."""
    asked = Verdicts({}, {OUT: Fate(None, lost="lost after forward")})

    (warning,) = judgement.judged(FLOW, asked, article).warnings

    assert "is unknown (lost after forward)" in warning.what


@pytest.mark.parametrize(
    ("source", "says"),
    [(FLOW.address, ""), ("", ""), ("192.168.64.3", "hides 192.168.64.50 behind 192.168.64.3")],
)
def test_hidden(source: str, says: str, article: Facts) -> None:
    """Where a rule gives what a namespace of the LAN sends another's address it is said."""
    asked = Verdicts({}, {OUT: Fate(True, source=source)})

    warnings = judgement.judged(FLOW, asked, article).warnings

    assert len(warnings) == bool(says)
    assert all(says in one.what for one in warnings)


def test_untranslated(article: Facts) -> None:
    """What NAT leaves as it is, and is lost, is refused with the rule that has it not tracked."""
    flow = replace(FLOW, bridge="nat0", out="enp0s1", uplink="")
    facts = replace(article, nft=["\t\tcounter packets 2 bytes 104 notrack"])

    def objections(source: str) -> tuple[Finding, ...]:
        lost = {OUT: Fate(None, lost="lost after postrouting", source=source)}
        return judgement.judged(flow, Verdicts({}, lost), facts).objections

    (said,) = objections(flow.address)
    assert "it is not tracked (`notrack`): let that rule leave out nat0" in str(said)
    assert objections("192.168.64.3") == ()


def test_left(article: Facts) -> None:
    """A rule that the copy has not makes what passes there unknown."""
    asked = Verdicts({}, {OUT: PASSES}, left=("-A FORWARD -m nfacct: no such object",))

    (warning,) = judgement.judged(FLOW, asked, article).warnings

    assert "is unknown (-A FORWARD -m nfacct: no such object)" in warning.what


def test_ports(article: Facts) -> None:
    """The ports that rules name are tried, and those that are usual."""
    rules = ["-A INPUT -p tcp -m multiport --dports 8080,8443 -j ACCEPT"]
    facts = replace(article, iptables=rules, nft=["tcp dport { 22, 9090 } accept"])

    sent = [one for one in questions.reaching(FLOW, facts) if one.sender == "LAN"]
    ports = {packet.port for packet in sent if packet.protocol == "tcp"}

    assert ports == {22, 80, 443, 8080, 8443, 9090}


FIREWALLD = [
    "table inet firewalld { # progname firewalld",
    "\tchain filter_INPUT_ZONES {",
    '\t\tiifname "enp0s1" goto filter_IN_work',
    "\t\tgoto filter_IN_home",
    "\t}",
    "\tchain filter_FWD_work_allow {",
    '\t\toifname "enp0s1" accept',
    "\t}",
    "}",
]
JOINS = "firewall-cmd --zone=work --add-interface=br0"
RICH = 'rule family="ipv4" source address="192.168.64.50"'


@pytest.mark.parametrize(
    ("hook", "flow", "nft", "said"),
    [
        ("forward", FLOW, FIREWALLD, [JOINS]),
        ("forward", FLOW, [one for one in FIREWALLD if " accept" not in one], [JOINS, "--add-f"]),
        ("input", FLOW, FIREWALLD, [JOINS]),
        ("forward", FLOW, [], ["firewall-cmd --add-interface=br0"]),
        (
            "forward",
            replace(FLOW, uplink="", out="enp0s2"),
            FIREWALLD,
            ["--zone=home --add-interface=br0", "--zone=home --add-interface=enp0s2"],
        ),
        (
            "input",
            replace(FLOW, stays=True),
            FIREWALLD,
            [f'firewall-cmd --zone=drop --add-rich-rule={RICH} protocol value="icmp" accept'],
        ),
    ],
)
def test_zoned(hook: str, flow: Flow, nft: list[str], said: list[str], article: Facts) -> None:
    """What firewalld drops is opened in its own words, by the uplink's zone; others' is not."""
    chain = "filter_IN_drop" if hook == "input" else "filter_FWD_drop"
    drop = Drop(hook, "inet firewalld", chain, "drop", every=True)
    facts = replace(article, nft=nft)
    packet = Packet("namespace", "192.168.64.100", "icmp")

    found = [" ".join(one) for one in fixes.zoned(drop, [packet], flow, facts)]

    assert len(found) == len(said)
    assert all(words in line for words, line in zip(said, found, strict=True))
    assert fixes.zoned(replace(drop, table="inet own"), [packet], flow, facts) == []


@pytest.mark.parametrize(
    ("way", "answers", "counts"),
    [
        ("icmp", True, []),
        ("tcp", True, []),
        ("icmp", False, ["icmp"]),
    ],
)
def test_greeted(way: str, answers: bool, counts: list[str], article: Facts) -> None:
    """Who answers a ping or a connection is reached; if neither, only the ping is to pass."""
    flow = replace(FLOW, host=("192.168.64.100",))
    sent = Packet("namespace", "192.168.64.100", "icmp")
    fates = dict.fromkeys((sent, questions.greetings(flow)[sent]), Fate(False, INPUT))
    fates |= {one: Fate(True) for one in fates if one.protocol == way and answers}

    found = [
        *map(str, judgement.judged(flow, Verdicts({}, fates, outs=("br0",)), article).objections)
    ]

    assert [one for one in ("icmp", "tcp") if f"-p {one}" in " ".join(found)] == counts


def test_kept_address(article: Facts) -> None:
    """An address of the host that a rule keeps to another device is said, and is no objection."""
    flow = replace(FLOW, host=("192.168.64.100", "10.9.0.2"))
    rule = Drop("prerouting", "ip wg", "preraw", 'iifname != "wg0" ip daddr 10.9.0.2 drop')
    fates = {Packet("namespace", "10.9.0.2", "icmp"): Fate(False, rule)}

    verdict = judgement.judged(flow, Verdicts({}, fates), article)

    published = {Packet("LAN", "10.9.0.2", "tcp", 80): Fate(False, rule)}
    (said,) = judgement.judged(flow, Verdicts({}, published), article).objections

    assert str(said).startswith(
        "the firewall drops what comes to port 80, which is passed on (`iifname"
    )
    assert verdict.objections == ()
    assert "keeps 192.168.64.50 from 10.9.0.2" in verdict.warnings[0].what


@pytest.mark.parametrize(
    ("programs", "iptables", "presumed"),
    [
        (["iptables"], ["-P FORWARD DROP"], True),
        (["iptables"], ["-P FORWARD ACCEPT", "-A FORWARD -j REJECT"], True),
        (["iptables"], ["-P FORWARD ACCEPT", "-A FORWARD -s 10.0.0.1 -j DROP"], False),
        (["nft", "iptables"], ["-P FORWARD DROP"], False),
    ],
)
def test_presumed(programs: list[str], iptables: list[str], presumed: bool) -> None:
    """Without nft what gets no answer is taken to be dropped at the end of FORWARD, if that may."""
    facts = Facts(programs=programs, iptables=iptables)
    found = judgement.presumed({SSH: PASSES, OUT: Fate(None, lost="no trace")}, facts)

    assert found[SSH] == PASSES
    assert (found[OUT].drop is not None) is presumed


def test_match_on_the_way(article: Facts) -> None:
    """A chain that ends in a drop is not opened where a rule with a match leads to it."""
    drop = Drop("forward", "ip filter", "JAIL", "-A JAIL -j DROP", every=True)
    for way, opens in (("-A FORWARD -s 10.0.0.0/8 -j JAIL", False), ("-A FORWARD -j JAIL", True)):
        facts = replace(article, iptables=["-N JAIL", way, "-A JAIL -j DROP"])

        assert fixes.is_for_all(drop, facts) is opens


@pytest.mark.parametrize("rule", ["-A V -p tcp -j TPROXY --on-port 1", "tproxy to :1"])
def test_proxy(rule: str, article: Facts) -> None:
    """What a rule hands to a proxy, which a copy has not, is unknown, and said once."""
    found = dropped(*(Drop("prerouting", "ip mangle", "V", f"{rule}{n}") for n in range(2)))

    verdict = judgement.judged(FLOW, Verdicts({}, found), article)

    assert verdict.objections == ()
    (said,) = [one.what for one in verdict.warnings if "a program decides" in one.what]
    assert said.endswith("is unknown (a program decides in ip mangle V)")
