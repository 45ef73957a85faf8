"""The settings of a table: those that modes depend on, and devices' own."""

import re
from collections.abc import Iterable

from netmodes.machine import values
from netmodes.machine.table import Table

#: Where settings are, and those of a device.
SYS = "/proc/sys"
CONF = re.compile(r"/proc/sys/net/(ipv[46])/conf/([^/]+)/([a-z0-9_]+)")

#: The settings that modes depend on.
SYSCTLS = (
    "net.ipv4.ip_forward",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv6.conf.all.disable_ipv6",
    "net.ipv6.conf.all.forwarding",
    "net.ipv6.conf.default.accept_ra",
    "net.bridge.bridge-nf-call-iptables",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
)

#: A device's sysctls that are not settings of its own.
SETTLED = ("forwarding", "mc_forwarding", "stable_secret", "disable_ipv6", "mtu")


def sysctls(table: Table) -> dict[str, str | None] | None:
    """The settings by name; in a namespace those that ``sysctl`` printed."""
    if (printed := table.lines("sysctls")) is not None:
        pairs = (line.partition(" = ") for line in printed)
        return {name.replace("/", "."): values.line(value) for name, _, value in pairs}
    texts = table.texts("settings")
    found = {name: texts.get(f"{SYS}/{name.replace('.', '/')}") for name in SYSCTLS}
    known = {name: values.setting(text) for name, text in found.items() if text is not None}
    return {**dict.fromkeys(found), **known} if "settings" in table else None


def _conf(table: Table, family: str, setting: str = "") -> Iterable[tuple[str, str, str]]:
    """The settings of devices in the table: the device, the setting, its value."""
    for path, held in sorted(table.texts("settings").items()):
        found = CONF.fullmatch(path)
        if found and found[1] == family and setting in ("", found[3]):
            yield values.device(found[2]), found[3], values.setting(held)


def with_ip_forward(table: Table) -> dict[str, str] | None:
    """The settings that switching ip_forward on and off changes (docs/kernel.md#ip-forwarding)."""
    on = {f"{name}/{key}": value for name, key, value in _conf(table, "ipv4", "forwarding")}
    changed = {name: value for name, value in on.items() if value == "1"}
    if ("all", "accept_redirects", "0") in _conf(table, "ipv4", "accept_redirects"):
        changed["all/accept_redirects"] = "0"
    found = {f"net/ipv4/conf/{name}": value for name, value in sorted(changed.items())}
    return found if "settings" in table else None


def device_sysctls(table: Table) -> dict[str, dict[str, str]] | None:
    """The settings of each uplink that differ from a new device's, and its ``rp_filter``."""
    if "uplinks" not in table:
        return None
    names, found = {*map(values.device, table.paths("uplinks"))}, dict[str, dict[str, str]]()
    for family in ("ipv4", "ipv6"):
        every = [*_conf(table, family)]
        usual = {key: value for name, key, value in every if name == "default"}
        for name, key, value in every:
            differs = key not in SETTLED and value != usual.get(key)
            if name in names and (differs or key == "rp_filter"):
                found.setdefault(name, {})[f"{family}.{key}"] = value
    return found
