"""The programs that netmodes runs: in which package each comes."""

import re

from places import ROOT

from netmodes.plan.programs import PROGRAMS

SCRIPTS = ROOT / "scripts"


def test_packages_of_the_scripts() -> None:
    """What scripts/ install comes in the package that netmodes names."""
    texts = [(SCRIPTS / name).read_text() for name in ("setup", "test", "bench")]
    wanted = {
        program: package
        for program, package in re.findall(r"^ *want (\S+) (\S+)", "".join(texts), re.M)
        if program in PROGRAMS
    }

    assert len(wanted) > 4
    assert wanted == {program: PROGRAMS[program].package for program in wanted}
