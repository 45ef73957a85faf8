"""The hand-over's routes: the lines of ``ip -batch`` that move them, and touch no other device's.

Two NICs may have a route to one destination with one metric; the kernel takes the first. What came
first does so again, and the others stay (docs/kernel.md#equal-routes).

A route from a router advertisement is never made by hand: a stand-in with a worse metric serves
until the kernel has learned it again (docs/kernel.md#advertised-routes). One serves for all that
differ by metric, also for the stand-in that an earlier run has left.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_network
from itertools import takewhile

from netmodes.machine.entries import ROUTE_WORDS, Address, Route
from netmodes.machine.facts import Facts
from netmodes.machine.values import Ip

#: A route's metrics that have the same words in both commands.
METRICS = ("mtu", "advmss", "hoplimit", "initcwnd", "initrwnd", "window", "reordering", "quickack")

#: Worse than the kernel's own for advertised routes (1024, net/ipv6/route.h).
STAND_IN = 2048


def unmovable(route: Route) -> list[str]:
    """The words of a route that ``ip route add`` cannot repeat here, by ``ip``'s names."""
    return [*route.others, *(word for word, _ in route.metrics if word not in METRICS)]


class Routes:
    """The uplink's routes in the order in which they move: next hops need those without any.

    What goes to the front goes there backwards.
    """

    def __init__(self, uplink: str, facts: Facts) -> None:
        self.equals: dict[object, list[Route]] = {}
        for route in facts.every_route():
            self.equals.setdefault(route.key, []).append(route)
        routes = facts.routes_through(uplink)
        front = [route for route in routes if self._verb(route) == "prepend"]
        order = [*reversed(front), *(one for one in routes if self._verb(one) != "prepend")]
        self.moving = sorted(order, key=lambda route: route.gateway is not None)
        learned = [one for one in self.moving if one.is_advertised]
        firsts = {(one.to, one.gateway, one.table): one for one in reversed(learned)}
        self.served = [one for one in learned if one not in firsts.values()]
        self.broadcasts = [
            equals[0]
            for equals in self.equals.values()
            if (equals[0].dev, equals[0].type) == (uplink, "broadcast")
            if {one.dev for one in equals} != {uplink}
        ]

    def lines(
        self, route: Route, old: str, new: str, write: Callable[[int], str] = str
    ) -> Iterator[str]:
        """The lines that move a route; an IPv4 one leaves the old device with its last address."""
        verb = self._verb(route)
        if route not in self.served:
            yield f"route {verb} {in_words(route, new, write)}"
        has_equal = not route.is_advertised or route.metric == STAND_IN
        if route.is_6 and verb == "append" and has_equal:
            yield f"route del {in_words(route, old)}"

    def first_again(self, device: str) -> Iterator[str]:
        """The lines that put the broadcast routes that the kernel made with addresses in front."""
        for route in self.broadcasts:
            if route.protocol == "kernel":
                yield f"route del {in_words(route, device)}"
                yield f"route prepend {in_words(route, device)}"

    def _verb(self, route: Route) -> str:
        """The verb that puts a route where it was among its equals.

        IPv6 makes one multipath route of equal ones with next hops, and has no `prepend`: there
        `replace` takes the first, which is the uplink's own.
        """
        before = takewhile(lambda one: one != route, self.equals[route.key])
        leads = not route.is_advertised and all(one.dev == route.dev for one in before)
        if route.is_6:
            return "replace" if leads and route.gateway is None else "append"
        return "prepend" if leads else "append"

    def returns(self, made: Route) -> bool:
        """Whether the kernel makes a route again where it was, with its address."""
        equals = self.equals.get(made.key, [])
        same = [one for one in equals if as_made(one) == made]
        return bool(same) and (len(equals) == 1 or same[0].is_advertised)


def first_to(ip: Ip, facts: Facts) -> str:
    """The device of the first on-link route to an address; "" for none."""
    routes = facts.known("routes")
    near = [one for one in routes if one.table == "main" and not one.gateway and ip in one.to]
    order = sorted(near, key=lambda one: (-one.to.prefixlen, one.metric or 0))
    return order[0].dev if order else ""


def made_with(address: Address, device: str) -> Route | None:
    """The route that the kernel adds with an address (fib_add_ifaddr, inet6_addr_add), if any."""
    subnet = ip_network(f"{address.peer or address.ip}/{address.prefixlen}", strict=False)
    made = Route(subnet, device, protocol="kernel", metric=address.metric)
    if not address.marks.isdisjoint(("secondary", "noprefixroute")):
        return None
    if address.is_6:
        return replace(made, metric=address.metric or 256)
    alone = subnet.prefixlen == subnet.max_prefixlen and not address.peer
    return None if alone else replace(made, scope="link", prefsrc=address.ip)


def as_made(route: Route) -> Route:
    """A route without what the kernel adds to one that it makes."""
    return replace(route, flags=(), pref="", expires=None)


def metrics_of(route: Route) -> list[str]:
    """The metrics of a route, with their locks, in words."""
    return [f"{key}{' lock' * (key in route.locked)} {value}" for key, value in route.metrics]


def in_words(route: Route, device: str, write: Callable[[int], str] = str) -> str:
    """A route through this device, for ``ip route``.

    ``::/0`` stands for an IPv6 default, because ``default`` would be IPv4's.
    """
    route = route.through(device)
    if route.is_advertised:
        route = replace(route, metric=STAND_IN, protocol="boot")
    words = route.words(*ROUTE_WORDS).split(" ")
    words[:1] = ["::/0"] if route.is_default and route.is_6 else words[:1]
    words[:0] = [route.type] if route.type != "unicast" else []
    words += [flag for flag in route.flags if flag == "onlink"]
    words += metrics_of(route)
    if route.expires is not None:
        words += ["expires", write(route.expires)]
    return " ".join(words)
