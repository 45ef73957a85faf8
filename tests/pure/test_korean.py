"""The Korean pages explain the very commands of the modes."""

import re

import pytest
from places import ROOT

from netmodes import MODES, Facts

pytestmark = pytest.mark.once

PARAMETERS = {"bridged": {"uplink": "enp0s1"}}

PAGE = (ROOT / "docs/ko/commands.md").read_text()


@pytest.mark.parametrize("name", MODES)
def test_commands(name: str, article: Facts) -> None:
    """Each mode's part has its lines on the article's machine, in order, each with its words."""
    part = re.search(rf"^## {name}: .*?(?=^## |\Z)", PAGE, re.S | re.M)
    assert part is not None
    lines = re.findall(r"```sh\n(.*?)\n```\n(.*?)\n", part[0], re.S)
    steps = MODES[name](**PARAMETERS.get(name, {})).plan(article).steps

    assert [command for command, _ in lines] == [str(step) for step in steps]
    assert [words.startswith("*보호.*") for _, words in lines] == [step.guard for step in steps]
