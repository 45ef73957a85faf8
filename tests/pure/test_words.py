"""One meaning a word: a word that another has replaced does not come back."""

import re

import pytest
from places import ROOT

pytestmark = pytest.mark.once

FILES = [
    path
    for folder in ("netmodes", "templates", "scripts", "docs")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.is_file() and path.suffix != ".pyc"
]

#: The beginning of each word that is gone, and what replaces it. Add a word, in its alphabetical
#: place, once no file has it any more.
INSTEAD = {
    "as typed": "the command",
    "burdens": "uplink_warnings",
    "Cell": "Promise",
    "insist": "--anyway",
    "kernel-facts": "docs/kernel.md",
    "mend": "fix, advice",
    "obstacles": "uplink_errors",
    "really there": "as it is",
    "reflect": "hairpin",
    "Said": "Judgement",
    "splitlines": "lines_of, for others' text may have U+2028 in a line",
    "stray": "an address on a port",
    "Tries": "Observations",
    "Walk": "Trace",
}


@pytest.mark.parametrize("word", INSTEAD)
def test_gone(word: str) -> None:
    """No file of the program, its scripts and its pages has the word."""
    pattern = re.compile(rf"(?<![A-Za-z]){word}")

    assert {path.name: INSTEAD[word] for path in FILES if pattern.search(path.read_text())} == {}
