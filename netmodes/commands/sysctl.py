"""The words of sysctl: a setting of the kernel, or of one device."""

from collections.abc import Iterator

from netmodes.commands import looks
from netmodes.machine.facts import Facts
from netmodes.plan.step import Step, in_namespace
from netmodes.plan.undo import BEFORE, Undo

#: What users may do without root, as a new namespace has it (ip-sysctl.rst), and as a lab reads it,
#: which cannot write it.
OF_USERS = {
    "net.ipv4.ip_unprivileged_port_start": ("1024",),
    "net.ipv4.ping_group_range": ("1 0", "65534 65534"),
}


def write(key: str, value: int, why: str) -> Step:
    """``sysctl -w key=value``; the undo restores the value, unless somebody has changed it."""
    return Step(
        ("sysctl", "-w", f"{key}={value}"),
        why,
        undo=Undo(looks.setting(key), ("sysctl", "-w", f"{key}={BEFORE}")),
        share=f"sysctl {key}",
    )


def write_settings(device: str, settings: dict[str, str], why: str) -> Step:
    """``sysctl -w`` of a device's own settings, by name; they vanish with the device."""
    words = [f"{device_key(device, name)}={value}" for name, value in sorted(settings.items())]
    return Step(("sysctl", "-w", *words), why)


def as_on_host(namespace: str, facts: Facts) -> Iterator[Step]:
    """Let users ping in a namespace, and listen on low ports, where they may on the host."""
    here = {key: facts.known("sysctls").get(key) for key in OF_USERS}
    words = [f"{key}={value}" for key, value in here.items() if value not in (None, *OF_USERS[key])]
    if words:
        why = f"users may ping in {namespace}, and listen there, as on the host"
        yield Step(in_namespace(namespace, "sysctl", "-w", *words), why).as_guard(
            f"in {namespace} root alone may ping, or listen on ports that users have on the host"
        )


def device_key(device: str, name: str) -> str:
    """The key of a device's own setting; with slashes where the device's name has a dot.

    Args:
        device: the device.
        name: family and setting, like ``ipv4.rp_filter``.
    """
    family, _, setting = name.partition(".")
    return ("/" if "." in device else ".").join(("net", family, "conf", device, setting))
