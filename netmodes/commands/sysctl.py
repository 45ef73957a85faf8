"""The words of sysctl: a setting of the kernel, or of one device."""

from netmodes.commands import looks
from netmodes.plan.step import Step
from netmodes.plan.undo import BEFORE, Undo


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


def device_key(device: str, name: str) -> str:
    """The key of a device's own setting; with slashes where the device's name has a dot.

    Args:
        device: the device.
        name: family and setting, like ``ipv4.rp_filter``.
    """
    family, _, setting = name.partition(".")
    return ("/" if "." in device else ".").join(("net", family, "conf", device, setting))
