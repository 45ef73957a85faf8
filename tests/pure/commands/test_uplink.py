"""The uplink: what keeps a NIC from being bridged, and what must not have changed meanwhile."""

from dataclasses import replace
from ipaddress import IPv4Network, ip_address

import pytest
from console import machine
from networks import named
from tables import table_of

from netmodes import Bridged, Facts, Refused
from netmodes.commands.notices import addresses_on_port
from netmodes.commands.requirements import uplink_unchanged
from netmodes.commands.uplink import suggestion, uplink_warnings, validate_uplink
from netmodes.machine.entries import Address, Link, Route
from netmodes.machine.printed import link_from

#: What `ip` prints on the article's machine for each requirement of its uplink.
#: What `ip -4 route show default` prints on the article's machine.
ROUTES = "default via 192.168.64.1 dev enp0s1 proto dhcp src 192.168.64.3 metric 100 \n"


@pytest.fixture
def nics() -> Facts:
    """A machine with one NIC of every kind."""
    return machine("nics")


@pytest.mark.parametrize("uplink", ["enp0s1", "enp0s5.7", "bond0"])
def test_uplink(uplink: str, nics: Facts) -> None:
    """A NIC, a VLAN on one and a bond can be bridged."""
    assert validate_uplink(uplink, nics) is None


@pytest.mark.parametrize(
    ("uplink", "says"),
    [
        ("eth7", "there is no device eth7"),
        ("lo", "is the loopback"),
        ("enp0s2", "is enslaved to bond0"),
        ("enp0s3", "is enslaved to blue"),
        ("enp0s4", "carries macvlan4"),
        ("enp0s5", r"carries enp0s5\.7"),
        ("bridge7", "is a bridge"),
        ("wg0", "is no Ethernet device"),
    ],
)
def test_uplink_refused(uplink: str, says: str, nics: Facts) -> None:
    """A device that cannot become a bridge's port is refused, with what keeps it."""
    with pytest.raises(Refused, match=says):
        validate_uplink(uplink, nics)


@pytest.mark.parametrize("uplink", ["enp0s1", "br7"])
def test_somebodys_bridge(uplink: str, article: Facts) -> None:
    """Where the default route goes through somebody's bridge, neither it nor its port is advised,
    but `nat`."""
    links = [
        *(
            replace(one, master="br7") if one.name == "enp0s1" else one
            for one in article.links or ()
        ),
        Link("br7", type="ether", kind="bridge"),
    ]
    routes = [replace(route, dev="br7") for route in article.routes or ()]

    with pytest.raises(Refused, match="use `netmodes nat`"):
        validate_uplink(uplink, replace(article, links=links, routes=routes))


def test_loopback(article: Facts) -> None:
    """The loopback is refused for what it is, not for its name."""
    with pytest.raises(Refused, match="loopback"):
        Bridged(uplink="lo").plan(article)


@pytest.mark.parametrize("kind", ["macvlan", "macvtap", "ipvlan", "ipvtap", "vlan"])
def test_children(kind: str, article: Facts) -> None:
    """Every kind of device that lives on a NIC keeps it from being bridged."""
    child = Link("child0", below="enp0s1", kind=kind)
    facts = replace(article, links=[*article.known("links"), child])

    with pytest.raises(Refused, match="carries child0"):
        validate_uplink("enp0s1", facts)


def test_veth_peer(article: Facts) -> None:
    """The peer of a NIC that is itself an end of a veth pair is no child of it."""
    peer = Link("peer0", below="enp0s1", kind="veth")
    facts = replace(article, links=[*article.known("links"), peer])

    assert validate_uplink("enp0s1", facts) is None


def test_suggestion(nics: Facts) -> None:
    """A refusal names the NIC of the default route, and where there is none the command for it."""
    with pytest.raises(Refused, match=r"\(`--uplink enp0s1`\)"):
        validate_uplink("eth7", nics)
    with pytest.raises(Refused, match="`ip link` shows all"):
        validate_uplink("eth7", replace(nics, routes=[]))


def test_suggestion_is_another(nics: Facts) -> None:
    """A refusal never suggests the uplink that it refuses."""
    facts = replace(nics, routes=[Route(IPv4Network("0.0.0.0/0"), "wg0")])

    with pytest.raises(Refused) as refusal:
        validate_uplink("wg0", facts)

    assert "--uplink wg0" not in str(refusal.value)


def test_suggestion_behind_a_bridge() -> None:
    """Where the default route goes through a bridge of ours, its uplink is the NIC to name."""
    assert "(`--uplink enp0s1`)" in suggestion(machine("bridged-up"))


def test_no_address(nics: Facts) -> None:
    """An uplink without an address has no subnet to join."""
    with pytest.raises(Refused, match="enp0s6 has no IPv4 address"):
        Bridged(uplink="enp0s6").plan(nics)


@pytest.mark.parametrize("uplink", ["a b", "enp0s1\n", "lo", "type"])
def test_name(uplink: str) -> None:
    """An uplink whose name is none is refused when the mode is made."""
    with pytest.raises(Refused):
        Bridged(uplink=uplink)


def fails(machine: Facts, before: str = "", after: str = "", routes: str = ROUTES) -> list[str]:
    """What a script rendered for the article's machine says where devices or routes changed."""
    links = (table_of(machine).output("links") or "").replace(before, after)
    required = uplink_unchanged("enp0s1", machine)
    found = {one: one.look.word(links if "addr" in one.look.argv else routes) for one in required}
    return [one.otherwise for one, word in found.items() if (word is not None) != one.found]


@pytest.mark.parametrize("name", ["article", "rich", "advertised"])
def test_unchanged(name: str) -> None:
    """On the machine as it was rendered for, each of the uplink's requirements holds."""
    facts = machine(name)
    routes = "".join(f"{route.words()} \n" for route in facts.default_routes())

    assert fails(facts, routes=routes) == []


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('"enp0s1"', '"enp0s10"', "there is no device enp0s1 on this machine"),
        ('"addr_info":[{"family":"inet","local":"192', '"linkinfo":{"info_slave_kind":"bridge"},'
         '"addr_info":[{"family":"inet","local":"192', "enp0s1 is a port of a bridge"),
        ('"addr_info":[{"family":"inet","local":"192', '"linkinfo":{"info_slave_kind":"bond"},'
         '"addr_info":[{"family":"inet","local":"192', "enp0s1 is a port of a bond"),
        ("4a:9e:7e:55:59:ee", "4a:9e:7e:55:59:ef", "enp0s1 has another MAC than 4a:9e:7e:55:59:ee"),
        ("192.168.64.3", "192.168.64.33", "enp0s1 has no address 192.168.64.3/24"),
        ('"prefixlen":24', '"prefixlen":25', "enp0s1 has no address 192.168.64.3/24"),
    ],
)  # fmt: skip
def test_changed(before: str, after: str, says: str, article: Facts) -> None:
    """A master or another MAC, address, prefix or NIC fails its requirement."""
    assert fails(article, before, after)[0].startswith(f"{says}: export again")


@pytest.mark.parametrize(
    "routes", ["", ROUTES.replace("64.1", "64.11"), ROUTES.replace("enp0s1", "enp0s10")]
)
def test_changed_route(routes: str, article: Facts) -> None:
    """Another gateway, or one through another NIC, fails its requirement."""
    otherwise = "there is no route `default via 192.168.64.1 dev enp0s1`: export again"

    assert fails(article, routes=routes) == [otherwise]


def test_unchanged_without_gateway(article: Facts) -> None:
    """A default route that has no gateway is looked for through its NIC."""
    facts = replace(article, routes=[Route(IPv4Network("0.0.0.0/0"), "enp0s1", scope="link")])

    assert fails(facts, routes="default dev enp0s1 scope link ") == []
    assert len(fails(facts, routes="default via 192.168.64.1 dev enp0s2 ")) == 1


def test_unchanged_addresses() -> None:
    """Every address that is to move is looked for, of both families."""
    said = [one.otherwise for one in uplink_unchanged("enp0s1", machine("rich"))]

    assert [text.split()[4].strip(":") for text in said if " has no address " in text] == [
        "169.254.7.7/16",
        "192.168.64.3/24",
        "10.9.0.2/16",
        "10.10.0.1",
        "192.168.64.4/24",
        "fd00:64::3/64",
    ]


#: A bridge that has none of the port's addresses, and one that has them all.
BARE = Link("br0")


@pytest.mark.parametrize(
    ("networks", "bridge_has_it", "remedy"),
    [
        ([], False, "ip link set enp0s1 nomaster"),
        (["A"], False, "`netmodes down A`, then put it up without --verbatim"),
        (["A", "B"], False, "`netmodes down A B`, then put it up without --verbatim"),
        (["A"], True, "ip addr del 192.168.64.3/24 dev enp0s1"),
        ([], True, "ip addr del 192.168.64.3/24 dev enp0s1"),
    ],
)
def test_stray(networks: list[str], bridge_has_it: bool, remedy: str, article: Facts) -> None:
    """A port that has an address is the article's trap; its remedy leaves the host the address."""
    port = replace(article.known_link("enp0s1"), master="br0")
    bridge = replace(BARE, addresses=port.addresses if bridge_has_it else ())
    ours = [named(name, "bridged", bridge="br0", uplink="enp0s1") for name in networks]

    finding = addresses_on_port("enp0s1", replace(article, links=[port, bridge], networks=ours))

    assert finding is not None
    assert "enp0s1 is a port of br0, yet has 192.168.64.3/24" in finding.what
    assert finding.remedy == remedy


def test_stray_link_local(article: Facts) -> None:
    """A link-local address, as dhcpcd gives a container's cable, goes; the container stays on."""
    own = Address(ip_address("169.254.108.8"), 16)
    port = Link("veth9", kind="veth", master="docker0", addresses=(own,))

    finding = addresses_on_port("veth9", replace(article, links=[port, Link("docker0")]))

    assert finding is not None
    assert finding.fix == "ip addr del 169.254.108.8/16 dev veth9"


def test_stray_of_nothing(article: Facts) -> None:
    """A port without an address, an address on no port, and no device at all are no trap."""
    port = replace(article.known_link("enp0s1"), master="br0", addresses=())

    assert addresses_on_port("enp0s1", replace(article, links=[port, BARE])) is None
    assert addresses_on_port("enp0s1", article) is None
    assert addresses_on_port("eth7", article) is None


def test_no_stray(nics: Facts) -> None:
    """What a VRF holds may have addresses: they are in its table, and reached."""
    assert nics.known_link("enp0s3").master
    assert addresses_on_port("enp0s3", nics) is None


# Who manages the uplink.


@pytest.mark.parametrize(
    ("manager", "line"),
    [
        ("NetworkManager", "nmcli device set enp0s1 managed no"),
        ("systemd-networkd", ">/run/systemd/network/00-enp0s1.network && networkctl reload"),
        ("dhclient 42", "kill -STOP 42"),
        ("udhcpc 42", "kill -STOP 42"),
    ],
)
def test_managed(manager: str, line: str, article: Facts) -> None:
    """Each manager is named, with what it does and the one line that tells it not to."""
    (finding,) = uplink_warnings("enp0s1", replace(article, managers={"enp0s1": [manager]}))

    assert finding.what.startswith(f"{manager.split()[0]} ")
    assert "enp0s1 its address again" in finding.what or "an address again" in finding.what
    assert line in finding.remedy
    assert finding.notice.splitlines() == [f"{finding.what}:", f"  {finding.remedy}"]


@pytest.mark.parametrize(
    ("managers", "names"),
    [
        (None, []),
        ({}, []),
        ({"enp0s1": []}, []),
        ({"enp0s10": ["NetworkManager"]}, []),
        ({"enp0s1": ["dhclient"]}, ["dhclient"]),
        (
            {"enp0s1": ["NetworkManager", "dhclient"], "lo": ["dhcpcd"]},
            ["NetworkManager", "dhclient"],
        ),
    ],
)
def test_notices(managers: dict[str, list[str]] | None, names: list[str], article: Facts) -> None:
    """A plan warns of each manager of its uplink, and of no other device's."""
    plan = Bridged(uplink="enp0s1").plan(replace(article, managers=managers))

    assert [notice.split()[0] for notice in plan.notices] == names


def test_tunnels(article: Facts) -> None:
    """Each tunnel that is bound to the uplink is named before the run, and no other."""
    more = [
        Link("vxlan7", kind="vxlan", below="enp0s1"),
        Link("gre7", kind="gre", below="enp0s1"),
        Link("gre8", kind="gre", below="enp0s2"),
    ]
    facts = replace(article, links=[*article.known("links"), *more])
    (finding,) = uplink_warnings("enp0s1", facts)

    says = "tunnels bound to enp0s1 lead nowhere while it is a port: vxlan7 (vxlan), gre7 (gre)"
    assert finding.what == says
    assert any(notice.startswith(says) for notice in Bridged(uplink="enp0s1").plan(facts).notices)


def test_vxlan() -> None:
    """A vxlan tells the device that it is bound to among its own details."""
    info = {"info_kind": "vxlan", "info_data": {"id": 7, "link": "enp0s1"}}

    assert link_from({"ifname": "vxlan7", "linkinfo": info}).below == "enp0s1"


def test_altname(article: Facts) -> None:
    """An uplink may be named by another of its names, and no device of ours takes one of them."""
    *others, uplink = article.known("links")
    named = replace(uplink, altnames=("enx4a9e7e5559ee0123456789", "veth0"))
    facts = replace(article, links=[*others, named])
    by_altname = Bridged(uplink="enx4a9e7e5559ee0123456789").plan(facts)

    assert by_altname == Bridged(uplink="enp0s1").plan(facts)
    assert by_altname.topology.host_device == "veth2"


def test_own_cable() -> None:
    """The cable of another network of ours is no uplink."""
    with pytest.raises(Refused, match="veth0 is the cable of A and leads nowhere else"):
        Bridged(namespace="B", uplink="veth0").plan(machine("host-only-up"))


def test_joins_without_uplink(article: Facts) -> None:
    """On a bridge of ours that is up no uplink need be named; on none, or another, it must be."""
    up = machine("bridged-up")

    assert Bridged(namespace="B").plan(up) == Bridged(namespace="B", uplink="enp0s1").plan(up)
    for facts, bridge in ((article, ""), (up, "br7")):
        with pytest.raises(Refused, match="bridged needs --uplink: the default route goes through"):
            Bridged(namespace="B", bridge=bridge).plan(facts)
