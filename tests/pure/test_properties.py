"""Whatever the input: a refusal in one line, or commands that hold it as it is."""

import json
import re
import shlex
import tempfile
from dataclasses import fields, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

import pytest
from bash import heard
from console import machine, netmodes
from hypothesis import example, given, settings
from hypothesis import strategies as st
from places import FACTS

from netmodes import (
    MODES,
    Bridged,
    Facts,
    HostOnly,
    Mode,
    Plan,
    Refused,
    Requirement,
    Step,
    Topology,
    Undo,
    journal,
)
from netmodes.machine.entries import Address, Route
from netmodes.plan.look import Look, literal
from netmodes.plan.undo import BEFORE

ARTICLE = Facts.from_json((FACTS / "article.json").read_text())

#: Words that a shell, ip, Python or a template could take for more than a word.
NASTY = [
    "", " ", "-n", "--", "--help", "-", ".", "..", "*", "~", "#", "\\", "!!", "&", "a b", "a;b",
    "a\nb", "a\n", "\t", "'", '"', "''", "$(id)", "`id`", "${HOME}", "$'\\x41'", "%n", "%s%n", "{}",
    "{before}", "JSON", "STDIN", "ü", "名", "\u2028", "\u202e", "x" * 200, "a", "lo", "all", "if3",
    "lock", "0", "1e3", "10.0.0.1", "10.0.0.1/24", "0.0.0.0/0", "192.168.64.3/24", "::1/64",
]  # fmt: skip

#: Any text that can be a word of a command line: all but NUL and what is no text.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,15}", fullmatch=True)
IPS = st.builds(IPv4Address, st.integers(0, 2**32 - 1))
CIDRS = st.builds("{}/{}".format, IPS, st.integers(0, 33))
LAN = st.builds("192.168.64.{}/{}".format, st.integers(0, 256), st.sampled_from([23, 24, 25]))
ANYTHING = st.sampled_from(NASTY) | TEXT | NAMES | CIDRS | LAN

#: What a parameter may well be, by the end of its name; the others are names.
LIKELY = {"address": LAN | CIDRS, "gateway": LAN.map(lambda cidr: cidr.partition("/")[0])}


def examples(times: float) -> settings:
    """So many times what the profile draws: few on the other Pythons."""
    return settings(max_examples=int(settings.default.max_examples * times))


def parameters(mode: str) -> list[str]:
    """The names of a mode's parameters."""
    return [field.name for field in MODES[mode].options()]


@st.composite
def one_odd(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A mode with one parameter of any kind."""
    mode = draw(st.sampled_from(list(MODES)))
    return mode, {draw(st.sampled_from(parameters(mode))): draw(ANYTHING)}


@st.composite
def likely(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A mode with all parameters that it may well take, or a few of them."""
    mode = draw(st.sampled_from(list(MODES)))
    kinds = {name: LIKELY.get(name.rpartition("_")[2], NAMES) for name in parameters(mode)}
    kinds.pop("uplink", None)
    return mode, draw(st.fixed_dictionaries({}, optional=kinds))


def attempt(given: tuple[str, dict[str, str]]) -> Plan | Refused:
    """The plan of a mode with these parameters on the article's machine, or why there is none."""
    mode, values = given
    uplink = {"uplink": "enp0s1"} if mode == "bridged" else {}
    try:
        return MODES[mode](**{**uplink, **values}).plan(ARTICLE)
    except Refused as refusal:
        return refusal


PLANS = likely().map(attempt).filter(lambda result: isinstance(result, Plan))


@given(one_odd() | likely())
@examples(5)
def test_value(given: tuple[str, dict[str, str]]) -> None:
    """A value is refused in one line, or is itself a word of the commands or of what they read."""
    result = attempt(given)

    if isinstance(result, Refused):
        assert len(str(result).splitlines()) == 1
    else:
        words = {word for step in result.steps for word in step.command}
        words |= {word for step in result.steps for word in (step.stdin or "").split()}
        assert {value for value in given[1].values() if value} <= words


@given(PLANS)
def test_json(plan: Plan) -> None:
    """Whatever its parameters, a plan comes back whole from JSON."""
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


@given(PLANS)
def test_devices_differ(plan: Plan) -> None:
    """No two devices of a plan have one name, since all of them are made on the host."""
    keys = plan.parameters.keys() & {"uplink", "bridge", "host_device", "device"}

    assert len({plan.parameters[key] for key in keys}) == len(keys)


# What bash makes of a script.


class Ran(list[tuple[str, ...]]):
    """What a script runs, which makes a listing once between two commands."""

    def __init__(self) -> None:
        self.listed: set[tuple[str, ...]] = set()

    def command(self, argv: tuple[str, ...]) -> None:
        """Run a command."""
        self.append(argv)
        self.listed.clear()

    def look(self, argv: tuple[str, ...]) -> None:
        """Make a listing, unless it is known."""
        if argv not in self.listed:
            self.append(argv)
        self.listed.add(argv)


def run_of(plan: Plan, requirements: bool = False) -> list[tuple[str, ...]]:
    """What a run of the plan runs: each step, and before and after each group the looks."""
    ran = Ran()
    for one in plan.requirements * requirements:
        ran.look(one.look.argv)
    for _, group in plan.groups:
        looks = [step.undo.look.argv for _, step in group if step.undo]
        for argv in looks:
            ran.look(argv)
        for _, step in group:
            ran.command(step.command)
        for argv in looks:
            ran.look(argv)
    return ran


#: Stubs list nothing: whatever is found will do.
ANY = """
    prepare
    list() {
        if [ -z "${LISTED[$1]+yes}" ]; then run_listing "$1"; fi
        LISTED[$1]= PRINTED=
    }
    socket() { :; }
    """


@given(PLANS)
@examples(0.5)
def test_script_of_a_mode(plan: Plan) -> None:
    """Bash, given a mode's script, runs just the argv of its plan."""
    ran = heard(plan, f"{ANY}die() {{ :; }}\nrequirements\nup\n")

    assert ran == run_of(plan, requirements=True)


STEP = Step(("ip", "up"), "why")
REQUIREMENT = Requirement(Look(("ip", "show"), ()), False, "otherwise")


def plan_of(*steps: Step, required: Requirement = REQUIREMENT) -> Plan:
    """A plan of any steps."""
    names = {"namespace": "A", "device": "dummy0", "address": "10.0.0.1/24"}
    net = Topology("dummy0", "10.0.0.1/24")
    return Plan("isolated", ("A",), names, net, steps, (required,))


PATHS = re.compile("/proc/uptime|/run/netmodes")
WORDS = st.lists(
    (st.sampled_from(NASTY) | TEXT).filter(
        lambda word: BEFORE not in word and not PATHS.search(word)
    )
)


@given(WORDS, WORDS)
def test_script_of_any_step(words: list[str], looked: list[str]) -> None:
    """Bash hands any words to the program as they are: the script has no way out of a word."""
    undo = Undo(Look(("stat", *looked), ()), ("ip", "down"))
    plan = plan_of(Step(("ip", *words), "why", undo=undo), Step(("sysctl", *words), "why", "A"))

    ran = heard(plan, f"{ANY}up\n")

    assert ran == run_of(plan)


@given(WORDS, TEXT)
@examples(0.5)
def test_script_of_any_requirement(words: list[str], otherwise: str) -> None:
    """The same for a requirement, and what it says where that does not hold."""
    required = Requirement(Look(("ip", *words), ()), True, otherwise)

    ran = heard(plan_of(STEP, required=required), 'prepare\ndie() { stat "$1"; }\nrequirements\n')

    assert ran == [("ip", *words), ("stat", otherwise)]


LINES = st.text("*?[a]\\ '\"\n", max_size=8).filter(lambda text: not text.endswith("\n"))


#: Patterns with words in them, some of which say how a line begins.
FORMS = st.sampled_from(["({})", "^{}()", "^a{}?()$", "^a{}*()", "^({}|a)"])


@given(LINES, LINES.filter(bool), FORMS, LINES, LINES.filter(lambda text: "\n" not in text))
@examples(0.5)
def test_script_of_what_is_found(
    listing: str, wanted: str, form: str, but: str, lacks: str
) -> None:
    """Bash finds in a listing what Python finds, whatever stands in it."""
    look = Look(("ip",), (form.format(literal(wanted)),), but=literal(but), lacks=lacks)
    words = shlex.join(["find_in", "0", *look.patterns])
    listed = f"prepare\nWHOLE=() LISTED[0]={shlex.quote(listing)}\n"

    given = f"BUT={shlex.quote(look.but)} LACKS={shlex.quote(lacks)}"

    ran = heard(plan_of(STEP), f"{listed}{given} {words} && stat\n:\n")

    assert (("stat",) in ran) == (look.word(listing) is not None)


@given(WORDS, TEXT)
@examples(0.5)
def test_undo_of_any_step(words: list[str], before: str) -> None:
    """Bash puts what was there before into the undo as it is, wherever it stands."""
    undo = Undo(Look(("stat",), ()), ("ip", BEFORE, *words, f"key={BEFORE}!"))
    plan = plan_of(Step(("ip", "up"), "why", undo=undo))

    ran = heard(plan, f"prepare\nundo 0 {shlex.quote(before)}\n")

    assert ran == [undo.command(before)]


@given(WORDS, TEXT)
@example([], "enp0s1:$(id)`id`$HOME\\")
@examples(0.5)
def test_undo_of_any_batch(words: list[str], label: str) -> None:
    """Bash hands an undo's input on as it is, whatever a label or a route on the machine holds."""
    # The tests' own machine stands where these paths do.
    words = [word for word in [*words, label] if word.isprintable() and not PATHS.search(word)]
    given = "".join(f"addr add {word}\n" for word in ["0.0.0.1", *words])
    undo = Undo(Look(("stat",), ()), ("ip", "-batch", "-"), given)
    plan = plan_of(Step(("ip", "up"), "why", undo=undo))

    ran = heard(plan, 'show() { stat "$@" "$(cat; printf .)"; }\nundo 0\n')

    assert ran == [("stat", "ip", "-batch", "-", f"{given}.")]


# Addresses that nobody gave.


@st.composite
def machines(draw: st.DrawFn) -> Facts:
    """A machine with an uplink in some subnet, a gateway there, and routes to others."""
    host = IPv4Interface(f"{draw(IPS)}/{draw(st.integers(8, 30))}")
    others = draw(st.lists(CIDRS.filter(lambda cidr: not cidr.endswith("/33")), max_size=5))
    nearby = draw(st.lists(st.integers(195, 255).map("192.168.{}.0/24".format), max_size=20))
    gateway = host.network[draw(st.integers(0, host.network.num_addresses - 1))]
    address = Address(host.ip, host.network.prefixlen)
    *links, uplink = ARTICLE.known("links")
    return replace(
        ARTICLE,
        links=[*links, replace(uplink, addresses=(address,))],
        routes=[
            Route(IPv4Network("0.0.0.0/0"), "enp0s1", gateway),
            Route(host.network, "enp0s1"),
            *(Route(IPv4Interface(other).network) for other in [*others, *nearby]),
        ],
    )


def settled(mode: Mode, facts: Facts) -> dict[str, str] | None:
    """The parameters of a mode's plan, or None where it is refused."""
    try:
        return mode.plan(facts).parameters
    except Refused:
        return None


def assert_pair(near: IPv4Interface, far: IPv4Interface) -> None:
    """Both are hosts of one subnet, and not the same."""
    assert near.network == far.network
    assert near.ip != far.ip
    for end in (near.ip, far.ip):
        assert end not in (near.network.network_address, near.network.broadcast_address)


@given(machines(), st.just("") | CIDRS, st.just("") | CIDRS)
def test_own_pair(facts: Facts, host_address: str, address: str) -> None:
    """Host-only's addresses are two hosts of one subnet, which no route leads to, but defaults."""
    found = settled(HostOnly(), facts)
    try:
        found = settled(HostOnly(host_address=host_address, address=address), facts)
    except Refused:
        assert host_address or address
    if found is None:
        return

    near, far = IPv4Interface(found["host_address"]), IPv4Interface(found["address"])
    assert_pair(near, far)
    subnets = [route.subnet for route in facts.known("routes")]
    assert not [subnet for subnet in subnets if subnet and subnet.overlaps(near.network)]


@given(machines())
def test_lan_pair(facts: Facts) -> None:
    """Bridged's addresses are two hosts of the uplink's subnet, neither its own nor a gateway's."""
    found = settled(Bridged(uplink="enp0s1"), facts)
    if found is None:
        return

    near, far = IPv4Interface(found["bridge_address"]), IPv4Interface(found["address"])
    (uplink,) = facts.addresses("enp0s1")
    gateways = [route.gateway for route in facts.default_routes()]
    assert_pair(near, far)
    assert near.network == uplink.network
    assert {near.ip, far.ip}.isdisjoint({uplink.ip, *gateways})
    assert IPv4Address(found["gateway"]) == near.ip


# The command line.

OPTIONS = [
    "--dry-run", "--verbatim", "--force", "--anyway", "--json", "--facts", "--help", "-h", "-n",
    "--namespace", "--device", "--address", "--host-device", "--host-address", "--uplink",
    "--bridge", "--gateway", "--bridge-address", "--kill", "--all", "--user",
    "--no-such-option", "--",
]  # fmt: skip

#: All but --export, which would write a file wherever it likes.
ARGUMENTS = st.lists(
    (st.sampled_from([*OPTIONS, "enp0s1"]) | ANYTHING).filter(lambda word: "--ex" not in word)
)


def assert_civil(*arguments: str, lines: int = 1) -> None:
    """The command line ends as it should, and says what is wrong if anything is."""
    done = netmodes(*arguments)

    assert done.status in (0, 1, 2)
    assert ("Error: " in done.stderr) == (done.status != 0)
    assert done.status != 1 or 1 <= len(done.stderr.splitlines()) <= lines


@given(st.sampled_from(list(MODES)), ARGUMENTS)
def test_arguments_of_a_mode(mode: str, arguments: list[str]) -> None:
    """No arguments of a mode come to a traceback or to another exit status than 0, 1 or 2."""
    harmless = ["--dry-run", "--facts", str(FACTS / "article.json")]

    assert_civil(mode, *harmless, *arguments)


VERBS = ["down", "exec", "confirm", "list", "facts", "", "--version"]


@given(st.sampled_from(VERBS) | TEXT, ARGUMENTS)
def test_arguments_of_a_verb(verb: str, arguments: list[str]) -> None:
    """No arguments of another command do either, where nothing is up and nothing can be run."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setenv("PATH", folder)
        patch.setattr("netmodes.machine.path.SBIN", ())
        patch.setattr(journal, "ROOT", Path(folder))

        assert_civil(verb, *arguments, lines=max(1, len(arguments)))


KEYS = "ifname dst dev name parameters addr_info gateway metrics enp0s1 shared uplink".split()
JSON = st.recursive(
    st.none() | st.integers() | st.text() | st.sampled_from(["lo", "10.0.0.0/8"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=10,
)
MODE = st.sampled_from([["isolated"], ["host-only"], ["bridged", "--uplink", "enp0s1"], ["nat"]])
PARTS = [field.name for field in fields(Facts)]


@given(MODE, st.sampled_from(PARTS), JSON)
@example(["nat"], "iptables", [None])
@examples(2)
def test_any_facts(mode: list[str], part: str, value: object) -> None:
    """No file of facts comes to a traceback, whatever JSON it holds."""
    assert_civil_with({**json.loads(ARTICLE.to_json()), part: value}, *mode)


@given(st.sampled_from(["rich", "advertised", "docker", "managed", "bridged-up"]), st.data())
@examples(2)
def test_almost_facts(name: str, data: st.DataObject) -> None:
    """Nor does a file where any one value among those that matter is another."""
    facts = json.loads(machine(name).to_json())
    place = facts
    while place and isinstance(place, dict | list):
        keys = range(len(place)) if isinstance(place, list) else sorted(place)
        parent, key = place, data.draw(st.sampled_from(keys))
        place = place[key]
    parent[key] = data.draw(JSON)

    assert_civil_with(facts, "bridged", "-n", "B", "--uplink", "enp0s1")


def assert_civil_with(facts: object, *mode: str) -> None:
    """A dry run for the machine of these facts ends as it should."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(facts, file)
        file.flush()

        assert_civil(*mode, "--dry-run", "--facts", file.name)
