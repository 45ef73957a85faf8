"""Devices that somebody has renamed since the run: ours, and those that must not be lost.

The scripts do the same (templates/renamed.sh).
"""

import shlex

from netmodes.engine.runner import Runner
from netmodes.errors import Refused
from netmodes.journal import Journal
from netmodes.plan.log import Note, Run
from netmodes.plan.undo import Undo


def other_name(undo: Undo, note: Note, runner: Runner) -> str:
    """The name that somebody has given to a device of this run since, or ""."""
    if not undo.renamed or not note.after or note.after == note.before:
        return ""
    name = runner.word(undo.by_another_name(note.after))
    return "" if name in (None, undo.device) else str(name)


def refuse_to_cut_off(run: Run, runner: Runner) -> None:
    """Refuse to undo a hand-over by names that the uplink, or its bridge, does not have any more.

    Raises:
        Refused: the uplink is renamed; or the bridge is, and its name is another device's.
    """
    net, steps = run.plan.topology, run.plan.all_steps
    bridges = [
        (note, undo)
        for note in run.notes
        if net.bridge and (undo := steps[note.index].undo) and undo.device == net.bridge
    ]
    if not bridges or not net.uplink:
        return
    note, undo = bridges[0]
    index = _index_before(run.plan.name, net.uplink)
    now = runner.word(undo.by_index(index)) if index else None
    if now not in (None, net.uplink):
        what = f"{now} is {net.uplink}, the uplink of {run.plan.name}, renamed"
        raise Refused(f"{what}: `ip link set {shlex.quote(now)} name {net.uplink}` first")
    if (now := other_name(undo, note, runner)) and runner.word(undo.by_name()) is not None:
        what = f"{now} is {net.bridge} of {run.plan.name}, renamed, and another has its name"
        raise Refused(f"{what}: rename that one first")


def _index_before(name: str, device: str) -> str:
    """The ifindex that a device had before the run; "" if that is unknown."""
    links = Journal(name).links_before()
    return next((str(link["ifindex"]) for link in links if link["ifname"] == device), "")
