"""Facts as a file: the table that `netmodes facts` prints, with other values in it."""

import json
from typing import Any

from netmodes import Facts
from netmodes.machine.table import Table

#: Where each of the facts comes from that a mode cannot do without.
SOURCES = {
    "links": "links",
    "routes": "routes",
    "routes6": "routes6",
    "namespaces": "named",
    "sysctls": "settings",
    "device_sysctls": "uplinks",
    "networks": "journals",
}


def table_of(facts: Facts) -> Table:
    """What the facts were read from."""
    assert facts.table is not None
    return facts.table


def printed(facts: Facts, name: str, value: Any) -> str:  # noqa: ANN401
    """The facts as a file, with another output of the command of this name: JSON, or lines."""
    output = "\n".join(value) if name in ("nft", "iptables") else json.dumps(value)
    entries = table_of(facts).entries
    return Table({**entries, name: {**entries[name], "output": output}}).to_json()


def without(facts: Facts, fact: str) -> str:
    """The facts as a file, without what one of them comes from."""
    entries = table_of(facts).entries.items()
    return Table({name: one for name, one in entries if name != SOURCES[fact]}).to_json()
