"""The programs that netmodes, its scripts and its lab run, and where each comes from."""

from pathlib import Path
from typing import NamedTuple

from netmodes.plan.finding import Finding

#: The file by which Python runs netmodes itself, wherever it is installed.
ITSELF = str(Path(__file__).parents[1] / "__main__.py")


class Program(NamedTuple):
    """Debian's package of a program, and what needs the program; "" where any mode may."""

    package: str
    purpose: str = ""


PROGRAMS = {
    "bash": Program("bash"),
    "cat": Program("coreutils"),
    "cp": Program("coreutils", "`netmodes lab`"),
    "find": Program("findutils"),
    "flock": Program("util-linux", "exported scripts"),
    "getent": Program("libc-bin"),
    "grep": Program("grep"),
    "ip": Program("iproute2"),
    "iptables": Program("iptables", "bridged where a firewall drops"),
    "iptables-save": Program("iptables", "bridged where a firewall drops"),
    "kill": Program("procps"),
    "mkdir": Program("coreutils"),
    "nft": Program("nftables", "nat and seeing the firewall"),
    "nsenter": Program("util-linux"),
    "ping": Program("iputils-ping"),
    "rm": Program("coreutils"),
    "rmdir": Program("coreutils"),
    "sed": Program("sed"),
    "setsid": Program("util-linux", "--confirm"),
    "setpriv": Program("util-linux", "`netmodes exec`"),
    "sh": Program("dash"),
    "ss": Program("iproute2"),
    "stat": Program("coreutils"),
    "sysctl": Program("procps"),
    "tc": Program("iproute2", "seeing tc filters"),
    "tee": Program("coreutils"),
    "timeout": Program("coreutils"),
    "unshare": Program("util-linux", "`netmodes doctor`"),
    "xargs": Program("findutils", "`netmodes check`"),
}

#: Programs that scripts alone run.
COREUTILS = ("chmod", "dd", "mv", "readlink")


def package_of(name: str) -> str:
    """Debian's package of a program; one that is not listed is taken for a package itself."""
    package = "coreutils" if name in COREUTILS else name
    return PROGRAMS.get(name, Program(package)).package


def missing(name: str) -> Finding:
    """The finding for a program that is not installed; an error where any mode may run it."""
    package, purpose = PROGRAMS.get(name, Program(name))
    what, evidence = f"there is no `{name}` on PATH", f"command -v {name}"
    advice = f"install {package}" + (f", for {purpose}" if purpose else "")
    return Finding("warning" if purpose else "error", what, evidence, advice=advice)
