"""Several namespaces in one plan: their names, devices and addresses, and what is refused."""

import json
from dataclasses import replace

import pytest
from console import machine, netmodes
from networks import up
from places import FACTS

from netmodes import Bridged, Facts, HostOnly, Isolated, Mode, Nat, Plan, Refused
from netmodes.machine.entries import Link
from netmodes.plan.log import Run, run_from
from netmodes.plan.look import Look

NAMES = ("A", "B", "C")

MODES = (Isolated, HostOnly, Nat, lambda **given: Bridged(uplink="enp0s1", **given))


@pytest.mark.parametrize("mode", MODES)
def test_json(mode: type[Mode], article: Facts) -> None:
    """A plan of several goes through JSON and comes out the same."""
    plan = mode(namespace=NAMES).plan(article)

    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
    assert (plan.name, plan.namespaces) == ("A+2", NAMES)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_twice(mode: type[Mode], article: Facts) -> None:
    """No two have the same address or cable; the device inside has one name in all."""
    nets = mode(namespace=NAMES).plan(article).topologies.values()

    assert len({net.address for net in nets}) == len(NAMES)
    assert len({net.host_device for net in nets}) in (len(NAMES), 1 if mode is Isolated else 0)
    assert len({net.device for net in nets}) == 1


def test_sequence_or_text(article: Facts) -> None:
    """A sequence of names is the text of them; of one name the plan is the article's."""
    assert Nat(namespace=["A", "B"]) == Nat(namespace="A,B")
    assert Nat(namespace=["A"]).plan(article) == Nat().plan(article)


def test_networks(article: Facts) -> None:
    """Each namespace is a network of its own, with the options that it would have alone."""
    run = Run(Nat(namespace=NAMES).plan(article), (), "up")
    second = run.networks[1]

    assert [one.name for one in run.networks] == list(NAMES)
    assert (second.journal, second.parameters["namespace"]) == ("A+2", "B")
    assert second.parameters["address"] == second.topology.address == "10.64.0.12/24"


def test_some_have_left(article: Facts) -> None:
    """Those that are down are no networks; one that has begun to leave is interrupted."""
    plan = Nat(namespace=NAMES).plan(article)
    log = ["began 1.5", "up", "leave A", "leave C"]
    networks = run_from(plan, log, ("B", "C")).networks

    assert [(one.name, one.state) for one in networks] == [("B", "up"), ("C", "interrupted")]


def test_counts_past_what_is_taken(article: Facts) -> None:
    """Addresses and devices that others have are passed over."""
    first = up(Nat(namespace=("X", "Y")).plan(article))
    facts = replace(article, networks=[first], links=[*article.known("links"), Link("veth2")])
    nets = HostOnly(namespace=NAMES).plan(facts).topologies.values()

    assert [net.host_device for net in nets] == ["veth0", "veth3", "veth4"]


def test_counted_to_an_index(article: Facts) -> None:
    """No name is counted to that ip reads as a device's index."""
    with pytest.raises(Refused, match="device name 'if1' reads as a device's index"):
        Nat(namespace=("A", "B"), host_device="if").plan(article)


def test_taken_name(article: Facts) -> None:
    """None of the names may be in use."""
    facts = replace(article, namespaces=["C"])

    with pytest.raises(Refused, match="namespace C exists and is not ours"):
        Nat(namespace=NAMES).plan(facts)


def test_full_bridge() -> None:
    """A bridge holds 1,023 ports, and no more are begun."""
    facts = machine("nat-up")
    ports = [Link(f"port{number}", master="nat0") for number in range(1020)]
    full = replace(facts, links=[*facts.known("links"), *ports])

    assert Nat(namespace=("B", "C")).plan(full)
    with pytest.raises(Refused, match="nat0 has 1021 ports and holds 1023"):
        Nat(namespace=("B", "C", "D")).plan(full)


def test_not_as_many_addresses() -> None:
    """A plan whose namespaces are not those it has addresses for is none."""
    data = Nat(namespace=NAMES).plan(machine("article")).to_dict()

    with pytest.raises(ValueError, match="its namespaces"):
        Plan.from_dict({**data, "namespaces": ["A", "B"]})


def test_pairs() -> None:
    """A look for several things tells each by its name, in their order."""
    look = Look(("list",), ("^([0-9]+) (.*)$",), item=2, among=("b", "a", "c"))

    assert look.word("1 a\n2 b\n3 d") == "b=2 a=1"
    assert look.word("3 d") is None
    assert replace(look, among=()).word("3 d\n1 a") == "d=3 a=1"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-n", "A", "-n", "B", "--count", "3"), "--count numbers one name: give one -n"),
        (("--count", "0"), "it takes 1 to 1000 namespaces"),
        (("--count", "1001"), "it takes 1 to 1000 namespaces"),
    ],
)
def test_wrong_count(words: tuple[str, ...], said: str) -> None:
    """A count that means nothing is wrong usage."""
    done = netmodes("nat", *words, "--dry-run", "--facts", str(FACTS / "article.json"))

    assert done.status == 2
    assert said in done.stderr


def test_count_of_one(article: Facts) -> None:
    """One that is numbered is one namespace, in the article's form."""
    given = ("--dry-run", "--facts", str(FACTS / "article.json"))

    assert netmodes("nat", "-n", "A", "--count", "1", *given) == netmodes("nat", "-n", "A1", *given)
