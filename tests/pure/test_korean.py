"""The Korean pages have the commands of the modes, and what the English README has."""

import re

import pytest
from pages import blocks
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
    lines = re.findall(r"```bash\n(.*?)\n```\n(.*?)\n", part[0], re.S)
    steps = MODES[name](**PARAMETERS.get(name, {})).plan(article).steps

    assert [command for command, _ in lines] == [str(step) for step in steps]
    assert [words.startswith("*보호.*") for _, words in lines] == [step.guard for step in steps]


@pytest.mark.parametrize("language", ["console", "python", "sh", "text"])
def test_readme(language: str) -> None:
    """The Korean README has the blocks of the English one, but for comments and captions."""
    english, korean = (
        [
            "\n".join(re.split(r"  +# |: ", line)[0] for line in block.splitlines())
            for block in blocks(ROOT / name, language)
        ]
        for name in ("README.md", "README.ko.md")
    )

    assert english
    assert korean == english


def test_sections() -> None:
    """It has a section for each of the English one's."""
    english, korean = (
        re.findall("^#+", (ROOT / name).read_text(), re.M) for name in ("README.md", "README.ko.md")
    )
    assert korean == english
