"""The door: it makes the fields of facts of a table, and refuses what is none.

What a table does not have is unknown.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from netmodes.errors import Refused
from netmodes.machine import values
from netmodes.machine.entries import Link, Neighbour, Route
from netmodes.machine.nics import deaf_as_port, hardware, listening, managers
from netmodes.machine.printed import entries, link_from, neighbour_from, route_from, route_got
from netmodes.machine.resolv import names, resolvers
from netmodes.machine.rule import Rule, rule_from
from netmodes.machine.settings import device_sysctls, sysctls, with_ip_forward
from netmodes.machine.table import NOT_INSTALLED, Table, not_facts
from netmodes.plan.log import MEMBERS, run_from
from netmodes.plan.network import Network, unreadable
from netmodes.plan.plan import Plan
from netmodes.plan.text import NOT_AS_WRITTEN, lines_of, one_line, plain, text, texts

T = TypeVar("T")

#: What nft and iptables say where the kernel has no nf_tables, or none of iptables' own tables.
UNSUPPORTED = re.compile("not supported|initialization failed: Invalid|Table does not exist")


def fields_of(table: Table) -> dict[str, Any]:
    """The fields of ``Facts``, but for the networks.

    Raises:
        Refused: a value is not what it is taken for; or `ip` could not tell what there is.
    """
    found = {name: _parsed(name, parse, table) for name, parse in FIELDS.items()}
    links = found["links"] or []
    return found | {name: _parsed(name, parse, table, links) for name, parse in BY_LINK.items()}


def _parsed(name: str, parse: Callable[..., T], *given: object) -> T:
    try:
        return parse(*given)
    except Refused:
        raise
    except NOT_AS_WRITTEN as error:
        raise not_facts(f"{name}: {error or type(error).__name__}") from error


def links_from(table: Table) -> list[Link] | None:
    """Every device with its addresses.

    Raises:
        Refused: they cannot be read.
    """
    found: list[Link] | None = _parsed("links", FIELDS["links"], table)
    return found


def _links(table: Table, name: str) -> list[Link] | None:
    links = _entries(table, name, link_from)
    if links is not None and not any(link.name == "lo" for link in links):
        raise Refused("`ip` lists no loopback, which every machine has: try again")
    return links


def _routes(table: Table, name: str) -> list[Route] | None:
    version = {"routes": 4, "routes6": 6}[name]
    found = _entries(table, name, lambda entry: route_from(entry, version))
    locked = [line for line in table.lines(f"{name} text") or () if " lock " in line]
    return [_with_locks(one, locked) for one in found] if found and locked else found


def _with_locks(route: Route, lines: list[str]) -> Route:
    """A route with the locks of its metrics, which JSON leaves out."""
    if not route.metrics:
        return route
    line = next(filter(route.is_told_by, lines), "")
    return replace(route, locked=tuple(key for key, _ in route.metrics if f" {key} lock " in line))


def _neighbours(table: Table) -> list[Neighbour] | None:
    """The permanent neighbours, then those that a device answers for."""
    printed = [table.output(name) for name in ("neighbours", "proxies")]
    if None in printed:
        return None
    lists = (json.loads(text or "[]", strict=False) for text in printed)
    return [neighbour_from(entry) for found in lists for entry in entries(found)]


def _entries(table: Table, name: str, parse: Callable[[dict[str, Any]], T]) -> list[T] | None:
    """The entries that an ``ip -j`` command printed; None if it did not run.

    Raises:
        Refused: it failed, or printed no JSON.
    """
    status, error = table.failure(name) or (0, "")
    if status == NOT_INSTALLED:
        raise Refused("there is no `ip` on PATH: install iproute2")
    if status:
        raise Refused(f"the machine's {name} cannot be read: `ip` says {error.strip()!r}")
    printed = table.output(name)
    try:
        found = None if printed is None else [*entries(json.loads(printed, strict=False))]
    except (ValueError, RecursionError):
        raise Refused("`ip -j` prints no JSON: install iproute2") from None
    return None if found is None else [*map(parse, found)]


def _namespaces(table: Table) -> list[str] | None:
    paths = (Path(path) for path in table.paths("named"))
    found = sorted(path.name for path in paths if path.parent == Path("/run/netns"))
    return found if "named" in table else None


def _tc(table: Table) -> dict[str, list[str] | None] | None:
    """The lines of ``tc filter show`` for each uplink, egress and then ingress."""
    if "uplinks" not in table:
        return None
    names, asked = table.paths("uplinks"), {*filterable(table, table.paths("uplinks"))}
    return {name: _filters(table, name, name in asked) for name in names}


def _filters(table: Table, name: str, asked: bool) -> list[str] | None:
    both = [table.lines(entry) for entry in (f"tc {name}", f"tc {name} ingress")]
    if both == [None, None] and f"tc {name}" not in table and not asked:
        return []
    return None if None in both else [line for one in both for line in one or ()]


def filterable(table: Table, names: Iterable[str]) -> list[str]:
    """Those of these devices that have a queue which takes tc's filters; all if that is unknown."""
    printed = table.lines("qdiscs")
    words = [line.split() for line in printed or ()]
    queued = {line[4] for line in words if line[3:4] == ["dev"] and line[1] != "noqueue"}
    return [name for name in names if printed is None or name in queued]


def _programs(table: Table) -> list[str] | None:
    """The firewalls' programs that are installed, and that the kernel knows."""
    found = [name for name in ("nft", "iptables") if name in table and _works(table.failure(name))]
    return found if "nft" in table or "iptables" in table else None


def _works(failure: tuple[int, str] | None) -> bool:
    return not failure or (failure[0] != NOT_INSTALLED and not UNSUPPORTED.search(failure[1]))


def _peer(table: Table) -> str | None:
    """The address of the SSH session's client; "" for none, or where sshd does not know it."""
    words = (table.output("ssh") or "").split()
    try:
        peer = str(values.ip(words[0].partition("%")[0])) if words else ""
    except ValueError:
        peer = ""
    return peer if "ssh" in table else None


def _way(name: str, table: Table) -> str | None:
    if name not in table:
        return None
    route = route_got(table.output(name) or "")
    return route.dev if route else ""


def _policy(name: str, table: Table) -> list[Rule] | None:
    lines = table.lines(name)
    return None if lines is None else [*map(rule_from, lines)]


def _rules(name: str, quoted: str, table: Table) -> list[str] | None:
    """The rules of a firewall, each on one line: a comment may have newlines, and say anything."""
    printed = table.output(name)
    whole = re.compile(quoted, re.DOTALL)
    flat = whole.sub(lambda comment: comment[0].replace("\n", " "), printed or "")
    return None if printed is None else lines_of(flat)


def _ability(name: str, parse: Callable[[Any], Any], table: Table) -> Any:  # noqa: ANN401
    """What the doctor asks about, which netmodes alone can find out."""
    found = values.table((table.entries.get("abilities") or {}).get("output", {})).get(name)
    return None if found is None else parse(found)


def _names_of(value: Any) -> list[str]:  # noqa: ANN401
    return [*texts(values.listed(value))]


def _texts_of(value: Any) -> dict[str, str]:  # noqa: ANN401
    return {name: text(one) for name, one in values.table(value).items()}


def _by_link(
    name: str, of_link: Callable[[Link, Table], T], table: Table, links: list[Link]
) -> dict[str, T] | None:
    """What an entry tells of each device, by its name; None where it was not read, or failed."""
    is_known = name in table and table.failure(name) is None
    return {link.name: of_link(link, table) for link in links} if is_known else None


def _processes(table: Table) -> dict[str, str] | None:
    """The inode in what `/proc/4242/ns/net` leads to, `net:[4026532444]`, by the process."""
    found = table.texts("processes")
    numbers = {path.split("/")[2]: re.sub("[^0-9]", "", to) for path, to in found.items()}
    return numbers if "processes" in table else None


FIELDS: dict[str, Callable[[Table], Any]] = {
    "links": partial(Table.once, parse=_links, name="links"),
    **{name: partial(Table.once, parse=_routes, name=name) for name in ("routes", "routes6")},
    "neighbours": _neighbours,
    "namespaces": _namespaces,
    "sysctls": sysctls,
    "with_ip_forward": with_ip_forward,
    "device_sysctls": device_sysctls,
    "names": names,
    "resolvers": resolvers,
    "tc": _tc,
    "listening": listening,
    "processes": _processes,
    "programs": _programs,
    "peer": _peer,
    "ssh": partial(_way, "route to ssh"),
    "exit": partial(_way, "route outside"),
    "nft": partial(_rules, "nft", r'"[^"]*"'),
    "iptables": partial(_rules, "iptables", r'"(?:\\.|[^"\\])*"'),
    **{name: partial(_policy, name) for name in ("rules", "rules6")},
    "missing": partial(_ability, "missing", _names_of),
    "kinds": partial(_ability, "kinds", lambda found: {**values.table(found)}),
    "fixed": partial(_ability, "fixed", _names_of),
    "privileges": partial(_ability, "privileges", one_line),
    "user_namespaces": partial(_ability, "user_namespaces", _texts_of),
}

#: What needs the devices as well.
BY_LINK: dict[str, Callable[[Table, list[Link]], Any]] = {
    "managers": partial(_by_link, "managers", managers),
    "bound": partial(_by_link, "bound", deaf_as_port),
    "nics": partial(_by_link, "nics", hardware),
}


def _journals(table: Table) -> dict[str, dict[str, str]]:
    """The files of each network's journal, by name."""
    found: dict[str, dict[str, str]] = {}
    for path, held in sorted(table.texts("journals").items()):
        found.setdefault(Path(path).parent.name, {})[Path(path).name] = held
    return found


def networks_of(table: Table) -> list[Network]:
    """The networks of ours, without the steps that they share: these are rendered anew."""
    found = _parsed("journals", _journals, table).items()
    each = [_parsed("journals", _networks, name, files) for name, files in found]
    return [network for networks in each for network in networks]


def _networks(name: str, files: dict[str, str]) -> list[Network]:
    several = MEMBERS in files
    name = name if several else plain(name)
    try:
        plan = Plan.from_dict(json.loads(files["plan.json"]))
        names = tuple(map(plain, lines_of(files.get(MEMBERS, ""))))
        run = run_from(plan, lines_of(files["log"]), names)
        if several and plan.name != name:
            raise ValueError(f"it is of {plan.name}")
        return [replace(one, shares=(), name=one.name if several else name) for one in run.networks]
    except NOT_AS_WRITTEN:
        return [unreadable(one_line(name))]


def tables_before(table: Table) -> Iterator[tuple[str, Table]]:
    """What was read before each network, by its name, where it is of this format."""
    for name, files in _parsed("journals", _journals, table).items():
        with suppress(Refused):
            yield name, Table.from_json(files.get("before.json", ""))
