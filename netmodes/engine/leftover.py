"""What a reboot leaves of a network: the files in /etc/netns, which their mark tells."""

from pathlib import Path

from netmodes.engine.runner import Runner
from netmodes.errors import CommandFailed
from netmodes.journal import Journal
from netmodes.machine.read import namespace_files
from netmodes.machine.resolv import NETNS
from netmodes.place import NAMESPACES


def leftovers() -> list[str]:
    """The names whose files are all that is left; somebody else's namespace may have one too."""
    found = namespace_files().items()
    return [name for name, files in found if any(files.values()) and _is_gone(name)]


def _is_gone(name: str) -> bool:
    return not Journal(name).folder.exists() and not (NAMESPACES / name).exists()


def remove_leftover(name: str, runner: Runner) -> bool:
    """Remove the files of a network that is gone; whether there were any.

    Raises:
        CommandFailed: they cannot be removed.
    """
    if name not in leftovers():
        return False
    folder = f"{NETNS}/{name}"
    files = [f"{folder}/{file}" for file, ours in namespace_files()[name].items() if ours]
    runner.say("# left from before a reboot")
    for argv in (
        ("rm", *files),
        ("rmdir", "--parents", "--ignore-fail-on-non-empty", folder),
    ):
        outcome = runner.run(argv)
        # /etc/netns itself may be a link, or mounted.
        if outcome.status != 0 and (argv[0] == "rm" or Path(folder).exists()):
            raise CommandFailed(outcome.line, outcome.status, outcome.stderr)
    return True
