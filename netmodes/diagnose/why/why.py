"""``why``: where a packet from a namespace to an address or a name is lost."""

from dataclasses import replace

from netmodes.diagnose.inspection import Inspection
from netmodes.diagnose.lookup import resolve_in_namespace
from netmodes.diagnose.target import validate_machine
from netmodes.diagnose.why.follow import follow_packet
from netmodes.engine.runner import Runner
from netmodes.machine.read import host_facts, namespace_facts
from netmodes.plan.answer import Answer
from netmodes.plan.network import Network


def follow_target(network: Network, host_name: str, port: str, runner: Runner) -> Answer:
    """Follow a packet to a host and port, as ``target.parse`` gives them; see ``network.why``."""
    inspection = Inspection(network, host_facts(uplink=""), namespace_facts(network.name))
    address, looked_up = resolve_in_namespace(inspection, host_name, runner)
    if address is None:
        return looked_up
    validate_machine(address, inspection.host, inspection.namespace)
    answer = follow_packet(inspection, address, port, runner)
    return replace(answer, hops=(*looked_up.hops, *answer.hops))
