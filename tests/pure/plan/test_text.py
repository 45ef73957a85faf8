"""Text that somebody else wrote: no shell takes it as a command, no terminal acts on it."""

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netmodes.plan.step import Step, line
from netmodes.plan.text import comment, document, lines_of, one_line, visible

#: Lines that could end a here-document or a comment, begin a command, or be one.
HOSTILE = st.lists(
    st.sampled_from(["STDIN", "STDIN_", "'", '"', "$(exit 7)", "`exit 7`", "exit 7", "\r", "\x1b["])
).map("\n".join)

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


def bash(script: str) -> str:
    """What bash prints for a script, to its last byte."""
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    return done.stdout.decode()


@given(text=st.text(st.sampled_from("a\r\v\f\x1c\x85\u2028\n")))
def test_lines(text: str) -> None:
    """The lines of a text are those that bash reads."""
    script = f"mapfile -t all {document(text, 'E')}\nprintf '%s\\0' \"${{all[@]}}\""

    assert lines_of(text) == (bash(script).split("\0")[:-1] if text else [])


@given(text=HOSTILE)
@example(text="STDIN\nexit 7\n: <<'STDIN'\n")
def test_document(text: str) -> None:
    """A here-document gives a command just this text, and a newline where it has none."""
    expected = text if text.endswith("\n") or not text else f"{text}\n"

    assert bash(f"{line(('cat',), text)}\necho end") == f"{expected}end\n"
    assert bash(f"cat {document(text, 'STDIN')}") == expected


@given(text=HOSTILE)
def test_comment(text: str) -> None:
    """A comment runs nothing, whatever it has in it."""
    assert bash(f"{comment(text)}\necho end") == "end\n"
    assert "\x1b" not in comment(text)


@pytest.mark.parametrize("value", ["two\nlines", "\x1b[31m", "\ud800", "\u2028", 3, None, ["a"]])
def test_one_line(value: object) -> None:
    """What is not one line of printed text is refused, as a step's purpose too."""
    with pytest.raises(ValueError, match="text"):
        one_line(value)
    with pytest.raises(ValueError, match="text"):
        Step(("true",), value)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", SHOWN, ids=ascii)
def test_visible(text: str) -> None:
    """Control characters, lone bytes and changes of direction are escaped, lines are kept."""
    assert visible(text) == SHOWN[text]
    assert visible(text).encode()


def test_visible_word() -> None:
    """A word of others can begin no line of its own."""
    assert visible("x\n[#] y", keep="") == r"x\n[#] y"
