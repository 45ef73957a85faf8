"""The LAN of an uplink: which of its subnets is joined, and which of its addresses are free."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_interface

import pytest
from console import machine
from networks import named

from netmodes import Bridged, Facts, Plan, Refused
from netmodes.machine.entries import Address, Neighbour, Route
from netmodes.machine.printed import route_from
from netmodes.machine.values import ip


def with_addresses(facts: Facts, *addresses: str, first: bool = False) -> Facts:
    """The same machine with more addresses on its last device, the uplink."""
    *others, uplink = facts.known("links")
    more = tuple(_address(one if "/" in one else f"{one}/24") for one in addresses)
    every = (*more, *uplink.addresses) if first else (*uplink.addresses, *more)
    return replace(facts, links=[*others, replace(uplink, addresses=every)])


def _address(text: str) -> Address:
    found = ip_interface(text)
    return Address(found.ip, found.network.prefixlen)


def pair(plan: Plan) -> tuple[str, str]:
    """Both addresses of a plan, the host's first."""
    return plan.parameters["bridge_address"], plan.parameters["address"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("article", ("192.168.64.100/24", "192.168.64.50/24")),
        ("busy", ("192.168.64.100/24", "192.168.64.51/24")),
        ("uplink-16", ("172.16.0.100/16", "172.16.0.50/16")),
        ("uplink-25", ("192.168.64.228/25", "192.168.64.178/25")),
    ],
)
def test_lan_addresses(name: str, expected: tuple[str, str]) -> None:
    """On the LAN they are hosts 100 and 50 of the uplink's subnet, counted up past known ones."""
    assert pair(Bridged(uplink="enp0s1").plan(machine(name))) == expected


@pytest.mark.parametrize("scope", ["global", "link"])
def test_link_local(article: Facts, scope: str) -> None:
    """A link-local subnet is not joined: beside another not, alone the uplink is refused."""
    beside = with_addresses(article, "169.254.3.4/16", first=True)
    *others, uplink = article.known("links")
    only = replace(uplink, addresses=(replace(_address("169.254.3.4/16"), scope=scope),))
    alone = replace(article, links=[*others, only])

    assert pair(Bridged(uplink="enp0s1").plan(beside)) == ("192.168.64.100/24", "192.168.64.50/24")
    assert [one for one in Bridged(uplink="enp0s1").plan(beside).notices if "several" in one] == []
    with pytest.raises(Refused, match=r"enp0s1 has only 169.254.3.4/16, which is link-local, so"):
        Bridged(uplink="enp0s1").plan(alone)


def test_lan_addresses_of_others(article: Facts) -> None:
    """The host's, the gateways' and other namespaces' addresses are passed over."""
    network = named("B", address="192.168.64.51/24")
    taken = replace(
        with_addresses(article, "192.168.64.50"),
        routes=[
            *article.known("routes"),
            Route(IPv4Network("10.0.0.0/8"), gateway=IPv4Address("192.168.64.52")),
        ],
        networks=[network],
    )

    assert pair(Bridged(uplink="enp0s1").plan(taken))[1] == "192.168.64.53/24"


@pytest.mark.parametrize("address", ["192.168.64.50/24", "192.168.64.100/24"])
@pytest.mark.parametrize("end", ["address", "bridge_address"])
def test_lan_address_beside_one_given(end: str, address: str, article: Facts) -> None:
    """An address that is given is not derived for the other end as well."""
    near, far = pair(Bridged(uplink="enp0s1", **{end: address}).plan(article))

    assert address in (near, far)
    assert near != far


def test_lan_addresses_meet_on_a_full_lan(article: Facts) -> None:
    """Both ends get different addresses even where counting .50 up comes to the bridge's."""
    full = with_addresses(article, *(f"192.168.64.{host}" for host in range(50, 100)))

    near, far = pair(Bridged(uplink="enp0s1").plan(full))

    assert (near, far) == ("192.168.64.100/24", "192.168.64.101/24")


def test_lan_is_small() -> None:
    """In a subnet without a host of the article's number the first free ones are taken."""
    small = machine("uplink-26")

    assert pair(Bridged(uplink="enp0s1").plan(small)) == ("192.168.64.2/26", "192.168.64.50/26")


@pytest.mark.parametrize(("prefix", "far"), [(27, "192.168.64.4"), (29, "192.168.64.4")])
def test_lan_is_smaller(article: Facts, prefix: int, far: str) -> None:
    """Both are the first free ones of a subnet that has neither number."""
    *others, uplink = article.known("links")
    alone = replace(uplink, addresses=(_address(f"192.168.64.3/{prefix}"),))
    plan = Bridged(uplink="enp0s1").plan(replace(article, links=[*others, alone]))

    assert pair(plan) == (f"192.168.64.2/{prefix}", f"{far}/{prefix}")


def test_lan_second_subnet(article: Facts) -> None:
    """An address may be of any subnet of the uplink's, if both ends are of one."""
    two = with_addresses(article, "10.0.0.3")
    given = Bridged(uplink="enp0s1", bridge_address="10.0.0.1/24", address="10.0.0.2/24")

    assert pair(given.plan(two)) == ("10.0.0.1/24", "10.0.0.2/24")
    with pytest.raises(Refused, match="is outside"):
        given.plan(article)


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("192.168.64.3/24", "the host's own"),
        ("192.168.64.1/24", "the gateway's"),
        ("192.168.64.50/24", "namespace A's"),
    ],
)
@pytest.mark.parametrize("end", ["address", "bridge_address"])
def test_lan_address_taken(end: str, address: str, whose: str, article: Facts) -> None:
    """An address that is known to be somebody's is refused, with whose."""
    network = named("A", address="192.168.64.50/24")
    facts = replace(article, networks=[network])

    with pytest.raises(Refused, match=f"{ip_interface(address).ip} is {whose}"):
        Bridged(namespace="B", uplink="enp0s1", **{end: address}).plan(facts)


def test_gateways_subnet(article: Facts) -> None:
    """Of several subnets the default gateway's is joined, and the plan says so."""
    plan = Bridged(uplink="enp0s1").plan(with_addresses(article, "10.7.0.3", first=True))

    assert pair(plan) == ("192.168.64.100/24", "192.168.64.50/24")
    says = "enp0s1 has several subnets: the namespace joins 192.168.64.0/24, the default gateway's"
    assert any(notice.startswith(says) for notice in plan.notices)


def test_best_gateways_subnet(article: Facts) -> None:
    """Of several default routes the preferred one counts, as for the kernel."""
    facts = with_addresses(article, "10.7.0.3")
    better = route_from({"dst": "default", "gateway": "10.7.0.1", "dev": "enp0s1", "metric": 5})
    plan = Bridged(uplink="enp0s1").plan(replace(facts, routes=[*facts.known("routes"), better]))

    assert pair(plan) == ("10.7.0.100/24", "10.7.0.50/24")


def test_no_gateways_subnet(article: Facts) -> None:
    """Without a default gateway the first subnet is joined, and the plan says what that lacks."""
    facts = replace(with_addresses(article, "10.7.0.3", first=True), routes=[])
    plan = Bridged(uplink="enp0s1").plan(facts)

    assert pair(plan) == ("10.7.0.100/24", "10.7.0.50/24")
    assert "joins 10.7.0.0/24, in which is no default gateway" in plan.notices[0]


@pytest.mark.parametrize("given", ["address", "bridge_address"])
def test_other_subnet(given: str, article: Facts) -> None:
    """One address of another subnet is enough: the other end follows."""
    options = {given: "10.7.0.9/24"}
    near, far = pair(Bridged(uplink="enp0s1", **options).plan(with_addresses(article, "10.7.0.3")))

    assert {near, far} < {"10.7.0.9/24", "10.7.0.50/24", "10.7.0.100/24"}


def test_outside_several_subnets(article: Facts) -> None:
    """A refusal of an address names every subnet that there is."""
    facts = with_addresses(article, "10.7.0.3")
    says = r"is outside 192\.168\.64\.0/24 and 10\.7\.0\.0/24, the subnets of enp0s1"
    with pytest.raises(Refused, match=says):
        Bridged(uplink="enp0s1", address="10.8.0.9/24").plan(facts)


def test_service_address(article: Facts) -> None:
    """A /32 is no subnet to join, and says nothing of the others."""
    plan = Bridged(uplink="enp0s1").plan(with_addresses(article, "10.7.0.9/32", first=True))

    assert pair(plan) == ("192.168.64.100/24", "192.168.64.50/24")
    assert not any("several subnets" in notice for notice in plan.notices)


def test_no_subnet(article: Facts) -> None:
    """A host that has a /32 alone, as clouds give it, is sent to nat."""
    *others, uplink = article.known("links")
    alone = replace(uplink, addresses=(_address("192.168.64.3/32"),))
    with pytest.raises(Refused, match=r"has 192.168.64.3/32, so there is no subnet .*modes nat`"):
        Bridged(uplink="enp0s1").plan(replace(article, links=[*others, alone]))


def test_full_subnet(article: Facts) -> None:
    """Where not even two addresses are free, none are asked for."""
    *others, uplink = article.known("links")
    alone = replace(uplink, addresses=(_address("192.168.64.2/30"),))
    with pytest.raises(Refused, match="no free host: use `netmodes nat`"):
        Bridged(uplink="enp0s1").plan(replace(article, links=[*others, alone]))


def test_large_subnet(article: Facts) -> None:
    """Of millions of addresses that the host routes elsewhere none is looked at one by one."""
    *others, uplink = article.known("links")
    large = replace(uplink, addresses=(_address("10.0.0.3/8"),))
    elsewhere = [route_from({"dst": dst, "dev": "tun0"}) for dst in ("10.0.0.0/9", "10.128.0.0/10")]
    routes = [*article.known("routes"), *elsewhere]
    plan = Bridged(uplink="enp0s1").plan(replace(article, links=[*others, large], routes=routes))

    assert pair(plan) == ("10.192.0.0/8", "10.192.0.1/8")


ELSEWHERE = {
    "a route by another device": {"dst": "192.168.64.50", "dev": "veth9"},
    "a route by another router": {
        "dst": "192.168.64.48/28",
        "dev": "enp0s1",
        "gateway": "10.0.0.1",
    },
    "a route of another table": {"dst": "192.168.64.50", "dev": "veth9", "table": "7"},
    "a local address": {"dst": "192.168.64.50", "dev": "lo", "type": "local", "table": "local"},
    "a route that forbids": {"dst": "192.168.64.50", "type": "unreachable"},
}


@pytest.mark.parametrize("route", ELSEWHERE.values(), ids=ELSEWHERE)
def test_elsewhere(route: dict[str, str], article: Facts) -> None:
    """An address that the host routes elsewhere is passed over; if it is given, refused."""
    facts = replace(article, routes=[*article.known("routes"), route_from(route)])
    plan = Bridged(uplink="enp0s1").plan(facts)

    assert plan.parameters["address"] in ("192.168.64.51/24", "192.168.64.64/24")
    with pytest.raises(Refused, match=r"192\.168\.64\.50 is not on the LAN for the host"):
        Bridged(uplink="enp0s1", address="192.168.64.50/24").plan(facts)


@pytest.mark.parametrize(
    ("neighbour", "says"),
    [
        (Neighbour(ip("192.168.64.50"), "enp0s1", proxy=True), "answered for by enp0s1"),
        (Neighbour(ip("192.168.64.50"), "enp0s1", "4a:9e:7e:55:59:00"), "a static neighbour on"),
    ],
    ids=["proxy", "static"],
)
def test_neighbour(neighbour: Neighbour, says: str, article: Facts) -> None:
    """An address that somebody has entered as a neighbour's is not free."""
    facts = replace(article, neighbours=[neighbour])

    assert Bridged(uplink="enp0s1").plan(facts).parameters["address"] == "192.168.64.51/24"
    with pytest.raises(Refused, match=says):
        Bridged(uplink="enp0s1", address="192.168.64.50/24").plan(facts)


def test_route_of_the_lan(article: Facts) -> None:
    """A route for a part of the LAN straight out by the uplink takes no address."""
    route = route_from({"dst": "192.168.64.50", "dev": "enp0s1"})
    plan = Bridged(uplink="enp0s1").plan(replace(article, routes=[*article.known("routes"), route]))

    assert plan.parameters["address"] == "192.168.64.50/24"


OTHER_WAY = "the host leads outside by enp0s2, where nobody may know 192.168.64.0/24"


def test_other_way(article: Facts) -> None:
    """Where the host leads outside by another NIC, perhaps translated, the plan says so first."""
    other = route_from({"dst": "default", "gateway": "10.7.0.1", "dev": "enp0s2", "metric": 50})
    facts = replace(article, routes=[*article.known("routes"), other])
    with pytest.raises(Refused, match=OTHER_WAY):
        Bridged(uplink="enp0s1").plan(facts)
    by_vpn = replace(article, exit="wg0")
    with pytest.raises(Refused, match=OTHER_WAY.replace("enp0s2", "wg0")):
        Bridged(uplink="enp0s1").plan(by_vpn)
    notice, _ = Bridged(uplink="enp0s1").plan(replace(facts, nft=["masquerade"])).notices

    assert notice.startswith(OTHER_WAY)
    assert notice.endswith("`--gateway 192.168.64.1` for a router of enp0s1's LAN")
    assert Bridged(uplink="enp0s1", gateway="192.168.64.1").plan(facts).notices == ()


def test_same_lan(article: Facts) -> None:
    """Another NIC that leads outside is nothing to say if it is in the same LAN, or only a part of
    the outside is reached by it."""
    nic = replace(article.known("links")[-1], name="enp0s2")
    both = replace(article, links=[*article.known("links"), nic], exit="enp0s2")
    route = route_from({"dst": "8.8.8.8", "dev": "wg0"})
    part = replace(article, routes=[*article.known("routes"), route], exit="wg0")

    assert Bridged(uplink="enp0s1").plan(both).notices == ()
    assert Bridged(uplink="enp0s1").plan(part).notices == ()


@pytest.mark.parametrize(("gateway", "metric"), [("10.7.0.1", 500), ("192.168.64.2", 50)])
def test_same_way(gateway: str, metric: int, article: Facts) -> None:
    """Another NIC's default route is nothing to say if it is not preferred, or of the same LAN."""
    other = {"dst": "default", "gateway": gateway, "dev": "enp0s2", "metric": metric}
    facts = replace(article, routes=[*article.known("routes"), route_from(other)])

    assert Bridged(uplink="enp0s1").plan(facts).notices == ()
