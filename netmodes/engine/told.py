"""What a script of ours tells on stderr: lines, which are shown as a run's are, and the rest."""

from collections.abc import Callable

#: How a line begins that the script shows, and how what is wrong begins, which is the last.
SHOWN, WRONG = b"[#] ", b"Error: "

#: How a line ends that what it reads follows, and the end of that.
READS, END = b" <<'STDIN'", b"STDIN"


class Told:
    """Hears a script out.

    Args:
        say: is given each line that the script shows, without its beginning; and what a command of
            it complains of.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.rest, self.text = b"", list[bytes]()
        self.wrong, self.complaints = list[bytes](), list[str]()

    def hear(self, part: bytes) -> None:
        *lines, self.rest = (self.rest + part).split(b"\n")
        for line in lines:
            self._line(line)

    def _line(self, line: bytes) -> None:
        if self.text or line.startswith(SHOWN):
            self._complain()
            self.text.append(line if self.text else line.removeprefix(SHOWN))
            if line == END or not self.text[0].endswith(READS):
                self.say(_decoded(self.text))
                self.text = []
        elif line.startswith(WRONG) or not self.wrong:
            self._complain()
            self.wrong = [line]
        else:
            self.wrong.append(line)

    def _complain(self) -> None:
        """What was thought to be the end was not: a command has said it."""
        for line in filter(None, self.wrong):
            self.complaints.append(_decoded([line]))
            self.say(f"# {self.complaints[-1]}")
        self.wrong = []

    def trouble(self, status: int) -> str:
        """What is wrong, with what the commands have said; "" where the script ended in 0."""
        self.hear(b"\n")
        if status == 0 or not (self.wrong and self.wrong[0].startswith(WRONG)):
            self._complain()
        if status == 0:
            return ""
        said = f" ({'; '.join(self.complaints)})" if self.complaints else ""
        wrong = _decoded(self.wrong).removeprefix(WRONG.decode()).rstrip()
        return (wrong or f"not wholly down, for bash ended with status {status}") + said


def _decoded(lines: list[bytes]) -> str:
    return b"\n".join(lines).decode(errors="replace")
