"""``check``: whom it sends to, and where it has nothing to try."""

import re

import pytest
from click.testing import CliRunner
from networks import up

from netmodes import MODES, Facts
from netmodes.cli import cli
from netmodes.diagnose.probes import probes


@pytest.mark.parametrize("mode", MODES)
def test_only_named_addresses(mode: str, article: Facts) -> None:
    """Whatever the mode, only addresses of this machine, its routes and the user are tried."""
    plan = MODES[mode](**MODES[mode].needed()).plan(article)
    own = {value.partition("/")[0] for value in plan.parameters.values() if "/" in value}

    wanted = list(probes(up(plan), article, "9.8.7.6"))

    sent_to = set(re.findall(r"\d+\.\d+\.\d+\.\d+", str([one.argv for one in wanted])))
    assert sent_to <= {*own, "192.168.64.3", "192.168.64.1", "9.8.7.6"}
    assert "9.8.7.6" in sent_to


@pytest.mark.parametrize("instead", [["--dry-run"], ["--export", "-"]])
def test_check_tries_what_runs(instead: list[str]) -> None:
    """Where nothing runs there is nothing to check."""
    done = CliRunner().invoke(cli, ["host-only", "--check", *instead])

    assert done.exit_code == 2
    assert "--check tries a network that is up" in done.output
