"""The pages for people, README.md and docs: their sessions run, and the first drawn as a picture.

``python tests/support/pages.py`` writes what their sessions print again, and docs/session.svg.
"""

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from shlex import quote

from labs import Lab
from places import ROOT

PAGES = sorted([*ROOT.glob("README*.md"), ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])

#: The picture at the top of README.md, and the page whose session it shows.
PICTURE, PICTURED = ROOT / "docs/session.svg", ROOT / "docs/session.md"

SESSION = re.compile(r"```console\n(.*?)```", re.DOTALL)
PROMPT = "$ "

#: What is otherwise in each run: round trips, and the MACs that the kernel makes up.
UNSTEADY = re.compile(r"\S+ ms|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")

#: What happens at another terminal while a command waits to be confirmed.
SECOND = "until netmodes list 2>/dev/null | grep -q unconfirmed; do sleep 0.05; done"

#: Each line of a session is typed at a terminal of 80 columns, and its errors are seen.
BEGIN = "cd $(mktemp -d)\nexport COLUMNS=80 LC_ALL=C.UTF-8\nexec 2>&1\n"
NEXT = "netmodes down --all >/dev/null 2>&1\nprintf '\\0\\n'\n"


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of a page that are in this language."""
    return re.findall(rf"^```{language}\n(.*?)```", page.read_text(), re.DOTALL | re.MULTILINE)


def steady(text: str) -> str:
    """A session without what is otherwise in each run."""
    return UNSTEADY.sub("…", text)


def typed(session: str) -> str:
    """The lines behind a session's prompts, each printed with its prompt and then run."""
    lines = [line for line in session.splitlines() if line.startswith(PROMPT)]
    return "".join(f"printf '%s\\n' {quote(line)}\n{_command(line)}\n" for line in lines)


def _command(line: str) -> str:
    """A line without its prompt; what waits to be confirmed has come to that before the next."""
    command = line.removeprefix(PROMPT)
    return f"{command}\n{SECOND}" if command.endswith(" &") else command


def run(lab: Lab, sessions: Iterable[str]) -> list[str]:
    """What the lab's machine prints at sessions that follow one another, each from nothing."""
    return lab.sh(BEGIN + NEXT.join(map(typed, sessions))).stdout.split("\0\n")


def written(lab: Lab, text: str) -> str:
    """A page with its sessions as they are in this lab."""
    parts = SESSION.split(text)
    sessions = parts[1::2]
    now = run(lab, sessions) if sessions else []
    for place, (before, after) in enumerate(zip(sessions, now, strict=True)):
        if steady(before) != steady(after):
            parts[2 * place + 1] = after
    return "".join(
        f"```console\n{part}```" if place % 2 else part for place, part in enumerate(parts)
    )


def picture(session: str) -> str:
    """A session as a terminal of 80 columns shows it, in SVG."""
    rows = [row for line in session.splitlines() for row in _rows(line)]
    shown = "\n".join(
        f'<text x="20" y="{20 * place + 56}"{look}>{escape(row)}</text>'
        for place, (row, look) in enumerate(rows)
    )
    return SVG.format(height=20 * len(rows) + 56, rows=shown)


def _rows(line: str) -> list[tuple[str, str]]:
    """A line as rows of the terminal, with their look: what is typed stands out."""
    look = ""
    if line.startswith(PROMPT):
        look = ' fill="#7ee787" font-weight="bold"'
    elif line.startswith("[#] "):
        look = ' fill="#9ecbff"'
    return [(line[begin : begin + 80], look) for begin in range(0, len(line), 80)]


SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 808 {height}" xml:space="preserve" \
font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="16" \
fill="#e6edf3">
<rect width="100%" height="100%" rx="10" fill="#161b22"/>
<g fill="#484f58"><circle cx="28" cy="22" r="6"/><circle cx="48" cy="22" r="6"/>\
<circle cx="68" cy="22" r="6"/></g>
{rows}
</svg>
"""


def main() -> None:
    """Write all again."""
    for page in PAGES:
        text = page.read_text()
        if SESSION.search(text):
            with Lab() as lab:
                page.write_text(written(lab, text))
    PICTURE.write_text(picture(blocks(PICTURED, "console")[0]))


if __name__ == "__main__":
    main()
