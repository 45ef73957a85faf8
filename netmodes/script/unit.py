"""A systemd unit that runs an exported script: the network is up from boot on."""

from netmodes.plan.text import called
from netmodes.script.render import render

#: Where the script of a network is that comes back after a reboot.
SCRIPT = "/etc/netmodes/{}.sh"


def unit(mode: str, names: tuple[str, ...]) -> str:
    """The unit of a mode's network, named after the first of its namespaces."""
    name = names[0]
    return render(
        "unit.service.j2",
        {},
        mode=mode,
        namespace=name,
        called=f"namespace{'s' * bool(names[1:])} {called(names)}",
        script=SCRIPT.format(name),
        unit=f"netmodes-{name}.service",
    )
