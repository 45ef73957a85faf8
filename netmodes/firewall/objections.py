"""What in a firewall would stop a mode, or stops others where modes go on."""

from collections.abc import Iterator
from dataclasses import replace

from netmodes.firewall.judgement import judged
from netmodes.firewall.naming import naming
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.verdict import Flow, Verdict, Verdicts

#: Whether bridged frames go through iptables; there only with the module br_netfilter.
BRIDGE_NF = "net.bridge.bridge-nf-call-iptables"


def judge(flow: Flow, facts: Facts) -> Verdict:
    """What the host's firewall does with what a mode has it forward."""
    asked = facts.verdicts or Verdicts()
    found = judged(flow, asked, facts)
    if not flow.uplink:
        return found
    named = naming(flow.uplink, flow.bridge, facts, seen=bool(asked.up))
    return replace(found, objections=found.objections or tuple(named))


def filters(facts: Facts) -> Iterator[Finding]:
    """What netmodes gets past by itself, but nothing else does."""
    if "-P FORWARD DROP" in (facts.iptables or []):
        yield Finding(
            "warning",
            "iptables drops what is forwarded, but what its rules accept",
            "iptables -S FORWARD",
            advice="nothing for bridged and nat, which add the rules that they need",
        )
    if (facts.sysctls or {}).get(BRIDGE_NF) == "1":
        yield Finding(
            "warning",
            "br_netfilter sends what a bridge passes on through iptables too (Docker may need it)",
            f"sysctl {BRIDGE_NF}",
            advice="nothing for bridged and nat, which are tried with it",
        )
