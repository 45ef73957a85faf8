"""The listings that looks read, and what tells a thing in them.

Each is a command that lists all of a kind, with a line that no complete listing lacks.
"""

from dataclasses import replace

from netmodes.plan.look import Argv, Look, literal
from netmodes.plan.look import links as links

#: The devices of a network namespace, each of which has a loopback.
LOOPBACK = r'^\[\{.*"ifname":"lo",.*\}\]$'

#: What a device that is up has in its entry.
UP = r'"flags":\[[^]]*"UP"'

#: Lists the named namespaces, their files in /etc, and the network namespace that it runs in:
#: path, inode and birth, then what changes with a file's text: inode, size and time (find(1)).
FILES = (
    *("find", "-H", "/etc", "/run", "/proc/self/ns/net"),
    *("(", "-path", "/etc", "-o", "-path", "/run", "-o", "-path", "/proc/*"),
    *("-o", "-path", "/etc/netns*", "-o", "-path", "/run/netns*", ")"),
    *("-printf", r"%p %i.%C@ %i.%s.%T@\n", "-o", "-prune"),
)

TABLES = ("nft", "-j", "list", "tables")
#: Says so where nft is not installed or the kernel has no nf_tables: then there are no rules.
RULESET = (
    "sh",
    "-c",
    "command -v nft >/dev/null || { echo nftables v: none; exit; }; "
    'rules=$(nft list ruleset 2>&1) && printf "%s\\n" "$rules" && nft --version && exit; '
    'case $rules in *"not supported"* | *"failed: Invalid"*) echo nftables v: none ;; '
    "*) exit 1 ;; esac",
)


def files(*patterns: str) -> Look:
    """A look at /run/netns and /etc/netns; its last line is its own network namespace."""
    return Look(FILES, patterns, whole="/proc/self/ns/net [0-9. ]+$")


def namespace(name: str) -> Look:
    """A named namespace, by inode and birth, for inodes alone are reused."""
    return files(rf"^/run/netns/{literal(name)} ([0-9]+\.[0-9]+\.[0-9]+) ")


def namespaces(names: Argv) -> Look:
    """Named namespaces, as ``namespace`` tells each."""
    return replace(files(r"^/run/netns/([^ ]+) ([0-9]+\.[0-9]+\.[0-9]+) "), item=1, among=names)


def folder(path: str) -> Look:
    """A folder of files for a namespace, by inode."""
    return files(rf"^{literal(path)} ([0-9]+)\.")


def file(path: str) -> Look:
    """A file for a namespace, by inode, size and time of its text."""
    return files(rf"^{literal(path)} [0-9.]+ ([0-9.]+)$")


def folders(paths: Argv) -> Look:
    """Folders of files for namespaces, as ``folder`` tells each."""
    return replace(files(r"^([^ ]+) ([0-9]+)\."), item=1, among=paths)


def files_in_folders() -> Look:
    """A file in each folder of files for a namespace that has any."""
    return replace(files(r"^(/etc/netns/[^/ ]+)/([^/ ]+) "), item=1)


def all_files(paths: Argv) -> Look:
    """Files for namespaces, as ``file`` tells each."""
    return replace(files(r"^([^ ]+) [0-9.]+ ([0-9.]+)$"), item=1, among=paths)


def in_group(group: str) -> Look:
    """All devices of this group, by name and ifindex."""
    found = f'"ifindex":([0-9]+),.*"ifname":"([^"]+)",.*"group":"{group}"'
    return links(found, item=2)


def device(name: str, kind: str) -> Look:
    """A device of this kind, by its ifindex, which a host uses once."""
    return links(f'{named(name)}.*"info_kind":"{kind}"')


def named(name: str) -> str:
    """The beginning of a device's entry, with its ifindex."""
    return rf'\{{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"{literal(name)}",'


def setting(key: str, value: str = "[0-9-]+") -> Look:
    """A setting's value, a number; a device's own is gone with the device.

    ``sysctl`` prints a device's dots as slashes, and passes over what does not exist (``-e``).
    """
    always = "net.ipv4.conf.lo.forwarding"
    printed = key.translate(str.maketrans("/.", "./")) if "/" in key else key
    found = f"^{literal(printed)} = ({value})$"
    return Look(("sysctl", "-e", key, always), (found,), f"{literal(always)} = [01]$")


def table(name: str) -> Look:
    """A table of nft of the family ip, by its handle, which a kernel uses once."""
    found = f'"family": "ip", "name": "{literal(name)}", "handle": ([0-9]+)'
    return Look(TABLES, (found,), r'^\{"nftables": \[\{"metainfo": .*\]\}$')


def ruleset(pattern: str) -> Look:
    """A look at every rule of nft, which may have none."""
    return Look(RULESET, (pattern,), "nftables v[^ ]+ .*$")


def element(element: str) -> Look:
    """An element of a set of nft, whose words no other set has."""
    return ruleset(f"[^0-9]({literal(element)})[ ,]")


def rule(table: str, rule: Argv, target: Argv) -> Look:
    """A rule of iptables, by its target's name.

    Args:
        table: its table.
        rule: its chain and its matches, in the words and the order of ``iptables-save``.
        target: the target with its options.
    """
    name, *rest = target
    end = "".join(f" {word}" for word in rest)
    pattern = f"^-A {literal(' '.join(rule))} -j ({name}){literal(end)}$"
    return saved_rules(table, pattern)


def saved_rules(table: str, pattern: str) -> Look:
    """A look at a table of iptables."""
    return Look(("iptables-save", "-t", table), (pattern,), "COMMIT")
