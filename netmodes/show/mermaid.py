"""A view as a Mermaid graph, which GitHub draws; see mermaid.js.org/syntax/flowchart.html."""

from collections.abc import Iterator

from netmodes.script import render
from netmodes.show.view import Device, Place, View

#: Characters that are syntax in a label, each with Mermaid's entity for it.
ENTITIES = str.maketrans({"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;"})


def graph(view: View) -> str:
    """The graph: a subgraph for the host and each namespace, an edge for each cable and port."""
    places = (view.host, *view.namespaces)
    ids = {
        (place.name, device.name): f"p{row}d{column}"
        for row, place in enumerate(places)
        for column, device in enumerate(place.devices)
    }
    notes = [
        {"id": f"f{index}", "text": f"{finding.level}: {finding.what}"}
        for index, finding in enumerate(view.findings)
    ]
    return render.render(
        "show.mmd.j2",
        {"label": label},
        places=[_place(place, index, ids) for index, place in enumerate(places)],
        edges=list(_edges(view, ids)),
        notes=notes,
        outside=[ids["", one.name] for one in view.host.devices if one.outside],
        wrong=[ids[place.name, one.name] for place in places for one in place.devices if one.wrong],
    )


def label(lines: str) -> str:
    """Lines as a Mermaid label, with entities for the characters that are syntax."""
    return '"' + "<br/>".join(line.translate(ENTITIES) for line in lines.split("\n")) + '"'


def _place(place: Place, index: int, ids: dict[tuple[str, str], str]) -> dict[str, object]:
    """A subgraph: its devices, and its routes as a node of their own."""
    title = f"namespace {place.name}: {place.mode}" if place.name else "host"
    nodes = [{"id": ids[place.name, one.name], "text": _text(one)} for one in place.devices]
    if text := "\n".join((*place.routes, *place.published)) or place.unseen:
        nodes.append({"id": f"p{index}r", "text": text})
    return {"id": f"p{index}", "title": title, "nodes": nodes}


def _text(device: Device) -> str:
    state = "" if device.state == "up" else f" {device.state}"
    return "\n".join(
        filter(None, (device.name + state, device.kind, device.mac, *device.addresses))
    )


def _edges(view: View, ids: dict[tuple[str, str], str]) -> Iterator[tuple[str, str]]:
    """From a bridge to its ports, and from the host's end of a cable to the namespace's."""
    for device in view.host.devices:
        this = ids["", device.name]
        if ("", device.master) in ids:
            yield ids["", device.master], this
        if device.cable in ids and (device.cable[0] or device.name < device.cable[1]):
            yield this, ids[device.cable]
