"""Many pings from one namespace, as to a large machine's addresses: one command sends them all."""

import re

from netmodes.diagnose.probes import ping
from netmodes.engine.record import Outcome
from netmodes.engine.runner import Runner
from netmodes.plan.step import line
from netmodes.plan.undo import Argv

#: So many are many.
MANY = 8

#: What each of them is, without its target; what sends all; and what tells of an answer.
PING = ping("")[:-1]
ALL = ("xargs", "-P", "0", "-n", "1", *PING)
ANSWERED = re.compile(r"^\d+ bytes from ([^ ]+): .*$", re.MULTILINE)


def answered(argvs: list[Argv], runner: Runner) -> dict[Argv, Outcome]:
    """The results of those of many pings that are answered; the others are to be sent again."""
    found: dict[Argv, Outcome] = {}
    for inner in dict.fromkeys(argv[:4] for argv in argvs if argv[4:-1] == PING):
        targets = dict.fromkeys(argv[-1] for argv in argvs if argv[:-1] == (*inner, *PING))
        if len(targets) >= MANY:
            done = runner.run((*inner, *ALL), "".join(f"{target}\n" for target in targets))
            for one in ANSWERED.finditer(done.stdout):
                argv = (*inner, *PING, one[1])
                found[argv] = Outcome(line(argv), 0, one[0], "", done.seconds)
    return found
