"""The hand-over's way back: a line of ``ip -batch`` for all that was the uplink's.

What is not on the bridge any more has left it, and stays away: a virtual IP has moved to another
machine, or somebody has deleted a route. Where the bridge itself is gone everything comes back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from netmodes.commands import looks
from netmodes.commands.addresses import bare
from netmodes.commands.handover_batch import as_it_was, deleted, entered, settled
from netmodes.commands.handover_routes import (
    STAND_IN,
    Routes,
    as_made,
    in_words,
    made_with,
    metrics_of,
)
from netmodes.machine.entries import ROUTE_WORDS, Address, Neighbour, Route
from netmodes.machine.facts import Facts
from netmodes.plan.look import Look, literal
from netmodes.plan.undo import Undo, seconds_left

#: Lists the addresses of a bridge as lines for its uplink, after what else is said of each.
ADDRESSES = """\
found=$(ip -o addr show) || exit
printf '%s\\n' "$found" | while read -r _ device _ address rest; do
    [ "$device" = "$0" ] || continue
    case $rest in peer*) address="$address ${rest%% scope *}" ;; esac
    case $rest in *noprefixroute*) address="$address noprefixroute" ;; esac
    echo "$rest|addr add $address dev $1"
done
"""

#: Lists the routes of a bridge as lines for its uplink, after their family; all but these, and one
#: that is on several lines. A line with ``default`` alone would be IPv4's.
ROUTES = """\
for family in 4 6; do
    found=$(ip -$family route show table all) || exit
    printf '%s\\n' "$found" |
        sed -nE "/^.nexthop/d; s/ dead//; s/ linkdown//; s/ *\\$//; / dev $2( |\\$)/p" |
        grep -vxF -e "$3" | while read -r line; do
        case $family$line in 6default*) line="::/0${line#default}" ;; esac
        echo "$family|route append ${line%% dev "$0"*} dev $1${line#* dev "$0"}"
    done
done
"""

#: Lists the routes of a bridge, its addresses' too, by what tells each from all others.
KEYS = """\
found=$(ip $0 route show table all) || exit
printf '%s\\n' "$found" | sed -nE "
/^.nexthop/d
/ metric /!s/ *\\$/ metric 0/
s/^(.*) dev $1( table [^ ]+)?( .*)?( metric [0-9]+).*/\\1\\2\\4/p"
"""

#: Lists all addresses and all neighbours of a sort in one line.
NEIGHBOURS = """\
addresses=$(ip -o addr show) || exit
found=$(ip neigh show $0) || exit
echo $addresses "|" $found
"""

#: Lists the neighbours of a bridge that were entered by hand as lines for its uplink.
ENTERED = """\
found=$(ip neigh show nud permanent && ip neigh show proxy) || exit
printf '%s\\n' "$found" | while read -r ip _ device rest; do
    case "$device $rest" in
    "$0 proxy"*) echo "neigh replace proxy $ip dev $1${rest#proxy}" ;;
    "$0 lladdr "*PERMANENT*)
        echo "neigh replace $ip ${rest%% PERMANENT*} dev $1 nud permanent${rest##*PERMANENT}" ;;
    esac
done
"""

#: A line of the batch, and the look that finds that it must be left out.
Line = tuple[str, Look | None]


def undo(uplink: str, bridge: str, bridge_address: str, facts: Facts) -> Undo:
    """How the hand-over is undone; the host's addresses tell where it has got to."""
    ours = _any(item.ip for item in deleted(facts.global_addresses(uplink)))
    # On the bridge, even if a DHCP client has given one to the uplink as well; or on neither.
    where = [f'{looks.named(name)}.*"local":"({ours})"' for name in (bridge, uplink)]
    lines = [*_Back(uplink, bridge, bridge_address, facts).lines()]
    return Undo(
        looks.links(*where, f'"ifname":"{literal(uplink)}",()'),
        ("ip", "-force", "-batch", "-"),
        "".join(f"{line}\n" for line, _ in lines),
        unless=tuple((line, look) for line, look in lines if look),
        carried=tuple(_carried(uplink, bridge, bridge_address, facts)),
    )


def _carried(uplink: str, bridge: str, bridge_address: str, facts: Facts) -> Iterator[Look]:
    """What somebody has given to the bridge meanwhile, as lines that give it to the uplink."""
    addresses = facts.global_addresses(uplink)
    known = _any([*(item.ip for item in addresses), bare(bridge_address)])
    yield Look(
        ("sh", "-c", ADDRESSES, bridge, uplink),
        ("^[^|]*[|](.*)$",),
        given=f"addr add ({known})[/ ]",
        but=f"dynamic|temporary|mngtmpaddr|addr add ({known}|fe80:[^ ]*)[/ ]",
    )
    entered_before = _any(one.ip for one in facts.neighbours_on(uplink))
    but = f"replace (proxy )?({entered_before}) " if entered_before else ""
    yield Look(("sh", "-c", ENTERED, bridge, uplink), ("^(.*)$",), but=but)
    routes = "\n".join(_shown(one, bridge) for one in facts.routes_through(uplink))
    argv = ("sh", "-c", ROUTES, bridge, uplink, literal(bridge), routes)
    for family in (4, 6):
        own = [item.ip for item in addresses if item.ip.version == family]
        yield Look(
            argv,
            (f"^{family}[|](.*)$",),
            given=f" local ({_any(own)}) dev " if own else "",
            but=f" (proto (kernel|ra)|expires|nhid|metric {STAND_IN}) ",
        )


def _shown(route: Route, device: str) -> str:
    """The line of a route through this device, as ``ip route`` prints it."""
    keys = (key for key in ROUTE_WORDS if key != "pref")
    words = [f"{route.type} {route.through(device).words(*keys)}".removeprefix("unicast ")]
    words += ["onlink"] * ("onlink" in route.flags)
    words += metrics_of(route)
    return " ".join([*words, *([f"pref {route.pref}"] if route.pref else [])])


class _Back:
    """The way back of one uplink from its bridge."""

    def __init__(self, uplink: str, bridge: str, bridge_address: str, facts: Facts) -> None:
        self.uplink, self.bridge, self.facts = uplink, bridge, facts
        self.mac = facts.known_link(uplink).mac
        self.bridge_address = bridge_address
        self.addresses = facts.global_addresses(uplink)
        self.routes = Routes(uplink, facts)

    def lines(self) -> Iterator[Line]:
        """The lines, in the order of docs/kernel.md#way-back.

        IPv6 addresses go ahead, without their routes: an advertisement that the uplink hears first
        would give it the same ones, deaf for a second (docs/kernel.md#ipv6-addresses).
        """
        elsewhere = f'{looks.named(self.uplink)}.*"master":'
        theirs = looks.links(elsewhere, but=f'"master":"{literal(self.bridge)}"')
        four, six = ([one for one in self.addresses if one.is_6 == is_6] for is_6 in (False, True))
        yield from self._added(reversed(six))
        yield f"link set {self.uplink} nomaster", theirs
        yield from self._added(four)
        for one in self.facts.neighbours_on(self.uplink):
            yield f"neigh replace {entered(one, self.uplink)}", self._forgotten(one)
        for item in six:
            yield f"addr change {settled(item)} dev {self.uplink}", self._lost(item.ip)
        yield from self._routes()
        own = self.bridge_address
        yield f"addr del {own} dev {self.bridge}", self._lost(bare(own))
        for item in (*reversed(four), *six):
            yield f"addr del {item} dev {self.bridge}", self._lost(item.ip)

    def _added(self, addresses: Iterable[Address]) -> Iterator[Line]:
        for item in addresses:
            yield f"addr add {as_it_was(item)} dev {self.uplink}", self._lost(item.ip)

    def _lost(self, ip: object) -> Look:
        """The bridge, by its MAC, without this address."""
        ours = f'{looks.named(self.bridge)}.*"address":"{literal(self.mac)}"'
        return looks.links(ours, but=f'"local":"{literal(str(ip))}"')

    def _forgotten(self, one: Neighbour) -> Look:
        """A bridge that has an address of ours, and not this neighbour."""
        ours = _any(item.ip for item in deleted(self.addresses))
        bridge = literal(self.bridge)
        return Look(
            ("sh", "-c", NEIGHBOURS, "proxy" if one.proxy else "nud permanent"),
            (f": {bridge} inet6? ({ours})[/ ]",),
            but=f"[|].* {literal(str(one.ip))} dev {bridge}( |$)",
        )

    def _routes(self) -> Iterator[Line]:
        """The routes, but those that the kernel has made with their addresses as they were."""
        made = {made_with(item, self.uplink): item.ip for item in self.addresses}
        kept = [one for one in made if one and self.routes.returns(one)]
        for one, ip in made.items():
            if one and one not in kept:
                yield f"route del {in_words(one, self.uplink)}", self._lost(ip)
        for line in self.routes.first_again(self.uplink):
            yield line, None
        for route in self.routes.moving:
            if as_made(route) not in kept:
                look = self._deleted(route)
                for line in self.routes.lines(route, self.bridge, self.uplink, seconds_left):
                    yield line, look

    def _deleted(self, route: Route) -> Look | None:
        """A bridge that has an address of ours, and not this route; None where that is unknown."""
        ours = [one.ip for one in deleted(self.addresses) if one.is_6 == route.is_6]
        if not ours or route.is_advertised:
            return None
        family = "-6" if route.is_6 else "-4"
        return Look(
            ("sh", "-c", KEYS, family, literal(self.bridge)),
            (f"^local ({_any(ours)}) ",),
            lacks=_key(route),
        )


def _key(route: Route) -> str:
    """What tells a route of the bridge from all others, as KEYS has it."""
    kind = "" if route.type == "unicast" else f"{route.type} "
    words = replace(route, metric=route.metric or 0).words("gateway", "table", "metric")
    return f"{kind}{words}"


def _any(ips: Iterable[object]) -> str:
    return "|".join(literal(str(ip)) for ip in ips)
