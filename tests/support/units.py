"""Services made of what the head of a unit of ours shows."""

import re


def service(unit: str, command: str) -> str:
    """A service that runs a command in the unit's namespace, by the lines of its example."""
    lines = "".join(re.findall(r"^#     (\[?[A-Z].*\n)", unit, re.M))
    return lines.replace("[Service]\n", f"[Service]\nExecStart={command}\n")
