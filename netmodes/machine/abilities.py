"""What this user can do on this machine: programs, kinds of device, privileges, user namespaces.

Nothing here loads a kernel module, for the module would stay (docs/kernel.md#dummy0).
"""

import os
from pathlib import Path

from netmodes.machine.path import find
from netmodes.machine.permissions import MASKED, no_permission, no_sysfs, status
from netmodes.machine.printed import Json
from netmodes.machine.query import ask, text_of
from netmodes.plan.finding import Finding
from netmodes.plan.programs import PROGRAMS

#: The kinds of device that modes make, and what each is for.
KINDS = {"veth": "every mode but isolated", "bridge": "bridged and nat", "dummy": "isolated"}

#: The command that makes a user root in a new network namespace, for the lab.
UNSHARE = ("unshare", "--user", "--map-root-user", "--net", "--mount", "--propagation", "private")

#: Folders that modes write.
FOLDERS = ("/proc/sys/net", "/etc", "/run")

#: The sysctls that can forbid user namespaces, each with a value that does and one that does not.
SETTINGS = {
    "user.max_user_namespaces": ("0", "10000"),
    "kernel.unprivileged_userns_clone": ("0", "1"),
    "kernel.apparmor_restrict_unprivileged_userns": ("1", "0"),
}

MODULES = Path("/lib/modules")
LOADED = Path("/proc/modules")  # exists only if the kernel can load modules


def read() -> Json:
    """The fields of ``Facts`` that only ``netmodes doctor`` needs."""
    return {
        "missing": missing(),
        "kinds": {name: known for name in KINDS if (known := has_kind(name)) is not None},
        "privileges": privileges(),
        "user_namespaces": user_namespaces(),
        "fixed": [folder for folder in FOLDERS if is_fixed(Path(folder))],
    }


def missing() -> list[str]:
    """The programs that netmodes runs and that are not installed."""
    return [name for name in PROGRAMS if not find(name)]


def is_fixed(folder: Path) -> bool:
    """Whether a folder is on a read-only mount, as a container's are, also for root."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def has_kind(kind: str, *, try_it: bool = True) -> bool | None:
    """Whether a device of this kind can be made; None if neither its module nor a try tells."""
    if Path("/sys/module", kind).exists():
        return True
    lists = [MODULES / os.uname().release / name for name in ("modules.builtin", "modules.dep")]
    if all(path.exists() for path in lists):
        return any(f"/{kind}.ko" in (text_of(path) or "") for path in lists)
    return _try_kind(kind) if try_it and not LOADED.exists() else None


def no_kind(kind: str) -> Finding:
    """The finding for a kernel that cannot make a device of this kind."""
    purpose = f", for {KINDS[kind]}" if kind in KINDS else ""
    what = f"this kernel has no device type {kind}{purpose}"
    advice = f"`modprobe {kind}`, or install what holds it (Ubuntu: linux-modules-extra)"
    return Finding("error", what, f"modinfo {kind}", advice=advice)


def _try_kind(kind: str) -> bool | None:
    """Try to make one, in a network namespace that ends with the command."""
    place = ("unshare", "--net") if os.geteuid() == 0 else UNSHARE
    tried = ask(*place, "--", "ip", "link", "add", "try0", "type", kind)
    if tried is None:
        return None
    if tried.returncode == 0:
        return True
    missing = "Unknown device type" in tried.stderr or "not supported" in tried.stderr
    return False if missing else None


def privileges() -> str:
    """What this user may do: "root", "bounded" (root, but no capabilities), "sudo" or "none"."""
    if os.geteuid() == 0:
        return "bounded" if no_permission() else "root"
    return "sudo" if find("sudo") and status().get("NoNewPrivs") != "1" else "none"


def user_namespaces() -> dict[str, str] | None:
    """Why this user may not make a user namespace.

    Returns:
        "why", the error of ``unshare``, and "setting", the sysctl behind it or ""; an empty dict if
        it is allowed; None if ``unshare`` is not installed.
    """
    tried = ask(*UNSHARE, "--", "ip", "link", "set", "lo", "up")
    if tried is None:
        return None
    if tried.returncode == 0:
        below_a_container = no_sysfs(*UNSHARE, "--")  # then `ip netns exec` fails
        return {"why": MASKED, "setting": ""} if below_a_container else {}
    files = {name: Path("/proc/sys", *name.split(".")) for name in SETTINGS}
    forbidding = (name for name, (value, _) in SETTINGS.items() if text_of(files[name]) == value)
    return {"why": tried.stderr.strip(), "setting": next(forbidding, "")}


def no_user_namespaces(why: str, setting: str) -> Finding:
    """The finding for a user who may not make a user namespace, and so no lab."""
    what = f"this machine does not allow a user its own namespaces ({why})"
    evidence = "unshare --user --map-root-user --net true"
    if why == MASKED:
        return Finding("warning", what, "grep ' /sys' /proc/mounts", advice="give it --privileged")
    if not setting:
        return Finding("warning", what, evidence, advice="try it as root")
    return Finding("warning", what, evidence, fix=f"sysctl -w {setting}={SETTINGS[setting][1]}")
