"""A view as a picture in 80 columns: the host on the left, its namespaces on the right."""

import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from netmodes.plan.text import visible
from netmodes.show.view import Device, Place, View
from netmodes.show.wrapping import wrap

#: Columns of the host's box, between the boxes, and of a namespace's box, without frames.
LEFT, GAP, RIGHT = 33, 3, 36

#: Ends the first row of a device that a finding is about.
WRONG = " !"

#: The first row of a device that is not up, or that a finding is about.
NOT_UP = re.compile(rf"[\w.@:-]+(  \w+)?(  (down|no carrier)({WRONG})?|{WRONG})")

#: Words of a route that stay on one line with the next.
PAIRS = re.compile(r"\b(via|dev|metric) ")


def draw(view: View) -> str:
    """The picture, without the findings."""
    sheet = _Sheet()
    spaces = {place.name: place for place in view.namespaces}
    for device, branch, below, trunk in _tree(_ports(view.host.devices)):
        place = spaces.pop(device.cable[0], None) if device.cable else None
        rows = [branch, below, *_rows(device, LEFT - len(below), cable=place is None)]
        if place is not None:
            sheet.add(rows, trunk, _box(place, device.cable))
        else:
            sheet.add(rows, trunk, [" the LAN"] if device.outside else [])
    for place in spaces.values():
        sheet.beside(_box(place))
    return sheet.drawn(view.host.routes)


class _Sheet:
    """Two columns that grow downwards, and the rows where a cable connects them."""

    def __init__(self) -> None:
        self.left = ["host", ""]  # the host's name and the top of its box
        self.right: list[str] = []
        self.cables: set[int] = set()

    def add(self, rows: list[str], trunk: str, box: list[str]) -> None:
        """Add a device of the host, and what its cable leads to.

        Args:
            rows: the text before its first row, the text before the others; then the rows.
            trunk: fills the rows between this device and the one above.
            box: drawn beside it, its first row in a frame at the cable; may be empty.
        """
        branch, below, first, *more = rows
        row = len(self.left)
        if box:
            above = next((index for index, text in enumerate(box) if text.startswith("│")), 0)
            row = max(row, len(self.right) + bool(self.right) + above)
            self.cables.add(row)
            self.right += [""] * (row - above - len(self.right)) + box
        self.left += [trunk] * (row - len(self.left))
        self.left += [branch + first, *(below + text for text in more)]

    def beside(self, box: list[str]) -> None:
        """Add a namespace that no cable leads to."""
        self.right += ["", *box] if self.right else box

    def drawn(self, routes: tuple[str, ...]) -> str:
        """Both columns, the host's in its frame and with its routes."""
        name, _, *rows = self.left
        left = [name, *_frame(rows, routes, LEFT)]
        lines = []
        for row, (near, far) in enumerate(zip_longest(left, self.right, fillvalue="")):
            if row in self.cables:
                lines.append(f"{near[:-1]}├{'─' * GAP}{far.replace('│', '┤', 1)}")
            else:
                lines.append(f"{near:<{LEFT + 4 + GAP}}{far}")
        return "".join(f"{line.rstrip()}\n" for line in lines)


def _ports(devices: tuple[Device, ...]) -> dict[str, list[Device]]:
    """The devices by their master; "" for none here."""
    names, found = {device.name for device in devices}, dict[str, list[Device]]()
    for device in devices:
        found.setdefault(device.master if device.master in names else "", []).append(device)
    return found


def _tree(
    ports: dict[str, list[Device]], master: str = "", margin: str = ""
) -> Iterator[tuple[Device, str, str, str]]:
    """Each device below its master.

    With it, the text before its first row and before the others, and what fills the rows above.
    """
    for device in ports.get(master, ()):
        last = device is ports[master][-1]
        branch, inner = ("└─ ", "   ") if last else ("├─ ", "│  ")
        inner = margin + inner if master else ""
        below = inner + ("│ " if device.name in ports else "  ")
        yield device, margin + branch if master else "", below, margin + "│" if master else ""
        yield from _tree(ports, device.name, inner)


def _rows(device: Device, width: int, *, cable: bool) -> list[str]:
    """A device as text, with its cable if that is not drawn."""
    what = [device.kind] if device.kind not in ("", "veth") else []
    state = [device.state] if device.state != "up" else []
    rows = ["  ".join([device.name, *what, *state]) + (WRONG if device.wrong else "")]
    rows += [device.mac] if device.mac else []
    rows += device.addresses
    if cable and device.cable:
        place, end = device.cable
        rows.append(f"cable to {end} " + (f"in {place}" if place else "on the host"))
    return _wrapped(rows, width)


def _box(place: Place, cable: tuple[str, str] | None = None) -> list[str]:
    """A namespace; the device at the end of the cable comes first."""
    end = cable[1] if cable else None
    devices = sorted(place.devices, key=lambda one: (one.name != end, one.name == "lo"))
    rows = [f"({place.unseen})"] if place.unseen else []
    for device in devices:
        first, *more = _rows(device, RIGHT - 2, cable=device.name != end)
        rows += [first, *(f"  {text}" for text in more)]
    title = wrap(visible(f"namespace {place.name}: {place.mode}", keep=""), RIGHT + 4, cut=True)
    return [*title, *_frame(rows, (*place.routes, *place.published), RIGHT)]


def _frame(rows: list[str], routes: Iterable[str], width: int) -> list[str]:
    """Rows in a box, with the routes in a part of their own."""
    line = "─" * (width + 2)
    ways = _wrapped(routes, width)
    box = [f"┌{line}┐", *(f"│ {text:<{width}} │" for text in rows)]
    box += [f"├{line}┤", *(f"│ {text:<{width}} │" for text in ways)] if ways else []
    return [*box, f"└{line}┘"]


def _wrapped(rows: Iterable[str], width: int) -> list[str]:
    shown = [visible(row, keep="") for row in rows]
    return [part for row in shown for part in wrap(row, width, more="  ", whole=PAIRS, cut=True)]
