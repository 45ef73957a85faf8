"""Questions to the machine: a command that changes nothing, a file, a route; and as entries."""

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from glob import has_magic
from pathlib import Path
from select import POLLIN, poll
from subprocess import CompletedProcess, Popen, TimeoutExpired
from typing import IO, Any, TypeVar

from netmodes.errors import Unknown
from netmodes.holder import stat_of
from netmodes.machine.entries import Route
from netmodes.machine.path import environment
from netmodes.machine.printed import route_got
from netmodes.machine.table import NOT_INSTALLED
from netmodes.plan.look import PATIENCE
from netmodes.plan.text import NOT_AS_WRITTEN, lines_of
from netmodes.plan.undo import Argv

Key = TypeVar("Key")

#: An entry of a table: where from, and its "output".
Entry = dict[str, Any]

#: Where to, in the words of ``ip route get``: an address, perhaps with a source or a mark.
Asked = tuple[str, ...]

#: Settings that nobody but root may know, and that are never copied.
SECRETS = ("stable_secret", "tcp_fastopen_key")

#: A started command, with what it prints and what it says is wrong.
Started = tuple[Popen[bytes], IO[bytes], IO[bytes]]

#: One ``ip`` for several questions: it prints a line of JSON for each.
BATCH = ("ip", "-d", "-j", "-batch", "-")

#: The status of ``ip`` where the kernel says no.
NO_ROUTE = 2


def ask(*argv: str) -> CompletedProcess[str] | None:
    """Run a command that changes nothing; None if the program is not installed."""
    return ask_all({0: argv})[0]


def ask_all(argvs: Mapping[Key, Argv]) -> dict[Key, CompletedProcess[str] | None]:
    """The same for several commands, which run side by side."""
    return asking(argvs)()


def asking(argvs: Mapping[Key, Argv]) -> Callable[[], dict[Key, CompletedProcess[str] | None]]:
    """Start such commands; what it returns waits for them.

    One ``ip`` answers for several that differ by their questions alone; if it has no answer to one
    of them, each is asked by itself, and says why.
    """
    asked = dict.fromkeys(argvs.values())
    alike = [argv for argv in asked if _may_be_a_line(argv)]
    alike = alike if alike[1:] else []
    questions = "".join(f"{' '.join(argv[3:])}\n" for argv in alike)
    batch = _start(BATCH, questions) if alike else None
    running = {argv: _start(argv) for argv in asked if argv not in alike}

    def answers() -> dict[Key, CompletedProcess[str] | None]:
        known = _by_line(alike, _end(batch))
        late = {argv: _start(argv) for argv in alike if argv not in known}
        found = known | {argv: _end(one) for argv, one in (running | late).items()}
        return {key: found[argv] for key, argv in argvs.items()}

    return answers


def _may_be_a_line(argv: Argv) -> bool:
    """Whether a command can be a line of ``BATCH``; none of its words needs quotes there."""
    return argv[:3] == BATCH[:3] and " ".join(argv) == shlex.join(argv)


def _by_line(
    argvs: Sequence[Argv], done: CompletedProcess[str] | None
) -> dict[Argv, CompletedProcess[str]]:
    """What each line of a batch printed; nothing unless all of them have."""
    printed = lines(done) or []
    if len(printed) != len(argvs):
        return {}
    each = zip(argvs, printed, strict=True)
    return {argv: CompletedProcess(argv, 0, f"{line}\n", "") for argv, line in each}


def _start(argv: Argv, text: str = "") -> Started | None:
    """Start a command that prints into memory: a pipe is soon full, and nobody may read it yet."""
    printed, said = in_memory(), in_memory()
    try:
        with in_memory(text) as read:
            child = Popen(argv, stdin=read, stdout=printed, stderr=said, env=environment())
    except (FileNotFoundError, PermissionError):
        printed.close()
        said.close()
        return None
    return child, printed, said


def _end(started: Started | None) -> CompletedProcess[str] | None:
    """Wait for a started command and take its output; one that hangs is ended, and has failed."""
    if started is None:
        return None
    child, printed, said = started
    with printed, said:
        if not ends(child, PATIENCE):
            child.kill()
            child.wait()
            return CompletedProcess(child.args, child.returncode, "", f"takes over {PATIENCE:g} s")
        texts = (content(one, "surrogateescape") for one in (printed, said))
        return CompletedProcess(child.args, child.wait(), *texts)


def in_memory(text: str = "") -> IO[bytes]:
    """A file with this text that no file system has."""
    file = os.fdopen(os.memfd_create("netmodes"), "w+b", buffering=0)
    file.write(text.encode())
    file.seek(0)
    return file


def content(file: IO[bytes], errors: str = "replace") -> str:
    """All that a file holds, whoever has written it."""
    file.seek(0)
    return file.read().decode(errors=errors)


def ends(process: Popen[bytes], seconds: float) -> bool:
    """Whether a process ends within these seconds; ``Popen.wait`` would sleep between looks."""
    try:
        watched = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # Linux before 5.3, or Python was built there
        with suppress(TimeoutExpired):
            process.wait(seconds)
        return process.returncode is not None
    try:
        waiting = poll()  # unlike select, it takes any descriptor
        waiting.register(watched, POLLIN)
        return bool(waiting.poll(1000 * seconds))
    finally:
        os.close(watched)


def lines(done: CompletedProcess[str] | None) -> list[str] | None:
    """The lines that a command printed; None if it failed or is not installed."""
    return lines_of(done.stdout) if done and done.returncode == 0 else None


def contents(path: Path | str) -> str | None:
    """The text of a file; None if it cannot be read.

    A pipe is not read, for that would wait for a writer.
    """
    try:
        if not os.path.isfile(path):  # noqa: PTH113
            return None
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read().decode(errors="replace")
    except OSError:
        return None


def text_of(path: Path) -> str | None:
    """The same without its last newlines."""
    found = contents(path)
    return None if found is None else found.rstrip("\n")


def way(*asked: str) -> Argv:
    """The command that tells a route."""
    return ("ip", "-d", "-j", "route", "get", *asked)


def route_to(address: str) -> Route | None:
    """The host's route to an address; None for none, or without ``ip``.

    Raises:
        Unknown: what ``ip`` printed is no route.
    """
    return routes_to([(address,)])[address,]


def routes_to(asked: Iterable[Asked]) -> dict[Asked, Route | None]:
    """The host's route for each of these, as ``route_to`` has it."""
    return asking_routes(asked)()


def asking_routes(asked: Iterable[Asked]) -> Callable[[], dict[Asked, Route | None]]:
    """Ask the same; what it returns waits for the answers."""
    argvs = {words: way(*words) for words in asked}
    answers = asking(argvs)
    return lambda: {words: _route(argvs[words], done) for words, done in answers().items()}


def _route(argv: Argv, done: CompletedProcess[str] | None) -> Route | None:
    if done is None or done.returncode == NO_ROUTE:
        return None
    try:
        if done.returncode == 0:
            return route_got(done.stdout)
    except NOT_AS_WRITTEN:
        pass
    raise Unknown(shlex.join(argv), "prints no route")


def ancestors() -> Iterator[str]:
    """This process and those above it, up to PID 1."""
    pid = os.getpid()
    while pid > 1 and (stat := stat_of(pid)):
        yield str(pid)
        pid = int(stat[1])


def outputs(argvs: Mapping[str, Argv]) -> dict[str, Entry]:
    """Run commands, all at once."""
    return printing(argvs)()


def printing(argvs: Mapping[str, Argv]) -> Callable[[], dict[str, Entry]]:
    """Start commands; what it returns waits for what they print."""
    answers = asking(argvs)
    return lambda: {name: _output(argvs[name], done) for name, done in answers().items()}


def _output(argv: tuple[str, ...], done: CompletedProcess[str] | None) -> Entry:
    if done is not None and done.returncode == 0:
        return {"command": [*argv], "output": done.stdout}
    status, error = (NOT_INSTALLED, "") if done is None else (done.returncode % 256, done.stderr)
    return {"command": [*argv], "status": status, "error": error}


def texts_at(*patterns: str) -> Entry:
    """The files of these names and patterns that can be read."""
    paths = (path for path in globs(*patterns) if not path.endswith(SECRETS))
    texts = {path: contents(path) for path in paths}
    known = {path: text for path, text in texts.items() if text is not None}
    return {"files": [*patterns], "output": known}


def links_at(*paths: str) -> Entry:
    """What these links lead to; "" for one that may not be read."""
    found = {}
    for path in paths:
        try:
            found[path] = str(Path(path).readlink())
        except PermissionError:
            found[path] = ""
        except OSError:  # there is none
            continue
    return {"links": [*paths], "output": found}


def globs(*patterns: str) -> list[str]:
    """The paths that match these patterns, or the ones that are named."""
    return [path for each in patterns for path in _matching(each)]


def _matching(pattern: str) -> Iterable[str]:
    if not has_magic(pattern):
        return filter(os.path.lexists, [pattern])
    return map(str, Path("/").glob(pattern.removeprefix("/")))
