"""Every mode on every host of tests/hosts: as promised and the host unharmed, or a true refusal."""

import json
import re
from collections.abc import Callable
from shlex import split
from typing import Any

import pytest
from hosts import FETCH, Host, command, hosts, reachable, serve
from labs import Done, Lab
from state import State, state

#: One of these is tried at every commit; of all others a slice.
OFTEN = ("docker-nat", "static-bridged", "two-subnets-bridged")

pytestmark = pytest.mark.long

#: The exit status of a rehearsal.
FORETOLD = {"as promised": 0, "a difference": 1, "unknown": 3}

#: A line of a run, with what it reads.
LINE = re.compile(r"^\[#\] .*?(?: <<'STDIN'\n(?:.*\n)*?STDIN)?\n", re.M)

#: Pings until one is answered.
PING = ("ping", "-n", "-c", "1", "-i", "0.2", "-w", "2")

#: What `why` is asked, and real packets; port 80 of 8.8.8.8 listens.
TARGETS = ("192.168.64.1", "192.168.64.7", "8.8.8.8", "8.8.8.8:80")


def cases() -> list[Any]:
    """Every host with every mode."""
    return [_case(host, mode) for host in hosts() for mode in host.cases]


def _case(host: Host, mode: str) -> Any:  # noqa: ANN401
    """A host and a mode."""
    name = f"{host.name}-{mode.replace(' ', '')}"
    marks = [] if name in OFTEN else [pytest.mark.sweep]
    return pytest.param(host, mode, id=name, marks=marks)


@pytest.mark.parametrize(("host", "mode"), cases())
def test_mode(labs: Callable[[], Lab], lab: Lab, host: Host, mode: str) -> None:
    """The mode is as promised: its promises are kept, the host reaches and is reached as before
    from the same source, and after `down` all is as before; or its refusal leads on."""
    if mode == "isolated":
        lab.have_dummies()
    serve(lab)
    host.make(lab)
    argv = command(mode)
    if host.expects(mode)[0] == "refused":
        argv = refused(lab, host, mode)
    before, who = state(lab.ok), reachable(lab, host.also)
    reached = who.reached(lab)

    up = lab.run("netmodes", *argv)
    assert up.returncode == 0, up.stderr
    assert [words for words in host.said(f"{mode} says") if words not in up.stderr] == []
    assert {*reached} - {*who.reached(lab)} == set()
    as_promised(lab, host, argv[0])
    why_is_true(lab)
    host.while_up(lab)
    down = lab.run("netmodes", "down", "A")

    assert (down.returncode, LINE.sub("", down.stderr)) == (0, "A is down.\n")
    assert state(lab.ok) == expected(labs, host, before)


def refused(lab: Lab, host: Host, mode: str) -> list[str]:
    """The command that goes after a refusal, as of a dry run, once its fix was typed."""
    before = state(lab.ok)
    done = lab.run("netmodes", *command(mode))

    assert done.returncode == 1, done.stderr
    assert host.expects(mode)[1] in done.stderr
    assert lab.run("netmodes", *command(mode), "--dry-run").stderr == done.stderr
    assert state(lab.ok) == before
    return led_on(lab, host, mode, done)


def led_on(lab: Lab, host: Host, mode: str, refusal: Done) -> list[str]:
    """The command that goes once the fix was typed, and that of what is refused then."""
    fix = printed_fix(lab, refusal) or typed(host, mode, refusal)
    if fix.startswith("netmodes "):
        return split(fix)[1:]
    if fix.startswith("--"):
        return [*command(mode), *split(fix)]
    lab.ok("bash", "-euc", fix)
    done = lab.run("netmodes", *command(mode), "--dry-run")
    assert done.stderr != refusal.stderr
    return led_on(lab, host, mode, done) if done.returncode else command(mode)


def printed_fix(lab: Lab, refusal: Done) -> str:
    """The command of a refusal: all after its last colon, or what is in backticks."""
    said = refusal.stderr.strip().removesuffix(", or go on with --anyway")
    quoted = re.findall(r"`([^`]+)`", said)
    rest = said.rpartition("): " if "): " in said else ": ")[2]
    is_command = lab.run("which", rest.split()[0]).returncode == 0
    return rest if is_command else quoted[0] if quoted else ""


def typed(host: Host, mode: str, refusal: Done) -> str:
    """What a host's file types where the refusal names only an option."""
    (line,) = host.said(f"{mode} then")
    assert line.split()[0] in refusal.stderr
    return line


def as_promised(lab: Lab, host: Host, mode: str) -> None:
    """Every promise is kept, not by pings alone; the LAN reaches a bridged namespace, no other."""
    report = lab.run("netmodes", "check", "A", "--outside", "8.8.8.8", "--json")
    results = json.loads(report.stdout)["results"]
    own = [one for one in results if one["from"] == "namespace"]
    unknown = [one for one in own if one["got"] is None and one["to"] not in host.said("unknown")]
    differing = [one for one in results if one["differs"]]
    address = json.loads(lab.ok("ip", "-n", "A", "-j", "-4", "addr"))[-1]["addr_info"][0]["local"]
    ping = ("nsenter", "--net=/run/lan/neighbour", *PING)

    assert unknown + differing == []
    assert lab.netmodes("check", "A").returncode == 0
    assert answers(lab, "8.8.8.8", "80") is (mode in ("bridged", "nat"))
    assert (lab.run(*ping, address).returncode == 0) is (mode == "bridged")


def why_is_true(lab: Lab) -> None:
    """`why` says of each packet what a real one finds."""
    said = {target: lab.netmodes("why", "A", target).returncode == 0 for target in TARGETS}
    real = {target: answers(lab, *target.split(":")) for target in TARGETS}

    assert said == real


def answers(lab: Lab, address: str, port: str = "") -> bool:
    """Whether an address answers A's ping, or with a port has a page for it."""
    fetch = ("timeout", "2", "bash", "-c", FETCH, address)
    argv = fetch if port else (*PING, address)
    return lab.inside(*argv).returncode == 0


def expected(labs: Callable[[], Lab], host: Host, before: State) -> State:
    """The state after `down`: as before, but for what was done meanwhile."""
    if not host.said("meanwhile"):
        return before
    with labs() as twin:
        host.make(twin)
        host.while_up(twin)
        return state(twin.ok)


def rehearsals() -> list[Any]:
    """Every host with every mode that it does not refuse."""
    found = [(host, mode) for host in hosts() for mode in host.cases]
    return [
        pytest.param(
            *(host, mode, *host.foretells(mode)), id=f"{host.name}-{mode.replace(' ', '')}"
        )
        for host, mode in found
        if host.expects(mode)[0] != "refused"
    ]


@pytest.mark.sweep
@pytest.mark.parametrize(("host", "mode", "word", "words"), rehearsals())
def test_rehearsal(lab: Lab, host: Host, mode: str, word: str, words: str) -> None:
    """A rehearsal foretells what the mode does on this host, and touches nothing."""
    if mode == "isolated":
        lab.have_dummies()
    host.make(lab)
    before = state(lab.ok)
    done = lab.run("netmodes", *command(mode), "--rehearse", timeout=120)

    assert done.returncode == FORETOLD[word], done.stdout + done.stderr
    assert words in done.stdout + done.stderr
    assert state(lab.ok) == before


@pytest.mark.sweep
@pytest.mark.parametrize("host", [pytest.param(host, id=host.name) for host in hosts()])
def test_doctor(labs: Callable[[], Lab], lab: Lab, host: Host) -> None:
    """The doctor finds what the host's file says, beside what it finds in every lab."""
    with labs() as plain:
        usual = findings(plain)
    host.make(lab)
    found = [one for one in findings(lab) if one not in usual]
    says = host.said("doctor says")

    assert len(found) == len(says), found
    assert all(any(words in one["what"] for one in found) for words in says), found
    for finding in found:
        lab.ok("bash", "-c", finding["evidence"])


def findings(lab: Lab) -> list[dict[str, str]]:
    """What the doctor finds."""
    found: list[dict[str, str]] = json.loads(lab.run("netmodes", "doctor", "--json").stdout)
    return found
