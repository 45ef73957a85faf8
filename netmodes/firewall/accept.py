"""The command that has a chain accept something, for iptables and for nft."""

from netmodes.firewall.netlink import ARP, Event
from netmodes.plan.undo import Argv
from netmodes.plan.verdict import Drop

#: What a rule asks of a packet, in the words of iptables and of nft.
Asked = tuple[Argv, Argv]

#: That it is an answer.
ANSWERS: Asked = (
    ("-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED"),
    ("ct", "state", "established,related"),
)

#: That it begins no connection.
GOES_ON: Asked = ("!", "--syn"), ("tcp", "flags", "&", "(fin|syn|rst|ack)", "!=", "syn")


def accepting(program: str, drop: Drop, chain: str, *asked: Asked) -> Argv:
    """The command by which the program that drops a packet accepts in a chain what is asked for."""
    words = [word for one in asked for word in one[program == "nft"]]
    if program == "nft":
        return ("nft", "insert", "rule", *drop.table.split(), chain, *words, "accept")
    return (program, *drop.of_table, "-I", chain, *words, "-j", "ACCEPT")


def device(way: str, name: str) -> Asked:
    """By which device it comes in ("i") or leaves ("o")."""
    return (f"-{way}", name), (f"{way}ifname", name)


def address(way: str, ip: str) -> Asked:
    """The address that it is from ("saddr") or for ("daddr")."""
    return (f"-{way[0]}", ip), ("ip", way, ip)


def port(protocol: str, end: str, number: int) -> Asked:
    """The port that it is from ("sport") or for ("dport")."""
    return ("-p", protocol, f"--{end}", str(number)), (protocol, end, str(number))


def packet(at: Event) -> list[Asked]:
    """That it is just this one."""
    if at.flow == ARP:
        return [((), ("arp", "saddr", "ip", at.source, "arp", "daddr", "ip", at.target))]
    asked = [address("saddr", at.source), address("daddr", at.target)]
    if not at.port:
        name = "echo-reply" if at.answer else "echo-request"
        return [*asked, (("-p", "icmp", "--icmp-type", name), ("icmp", "type", name))]
    end = "sport" if at.answer else "dport"
    goes_on = [GOES_ON] if at.answer and at.protocol == "tcp" else []
    return [*asked, port(at.protocol, end, at.port), *goes_on]
