"""What others have named is shown so that no terminal acts on it."""

import pytest

from netmodes.plan.text import visible

SHOWN = {
    "plain ─ text, ä": "plain ─ text, ä",
    "\x1b[2J": r"\x1b[2J",
    "\x9b2J\x85": r"\x9b2J\x85",
    "\u202eexe.sh\u2066\u200f": r"\u202eexe.sh\u2066\u200f",
    "a\rb\b\x7f": r"a\rb\x08\x7f",
    "caf\udce9": r"caf\xe9",
    "\ud800\u2028": r"\ud800\u2028",
    "two\nlines\t": "two\nlines\t",
}


@pytest.mark.parametrize("text", SHOWN, ids=ascii)
def test_visible(text: str) -> None:
    """Control characters, lone bytes and changes of direction are escaped, lines are kept."""
    assert visible(text) == SHOWN[text]
    assert visible(text).encode()


def test_visible_word() -> None:
    """A word of others can begin no line of its own."""
    assert visible("x\n[#] y", keep="") == r"x\n[#] y"
