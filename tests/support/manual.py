"""The manual's pages: netmodes(1) and one a command, from what ``--help`` says.

``python tests/support/manual.py`` writes each page of share/man/man1 again.
"""

import re
from collections.abc import Iterator
from inspect import cleandoc

import click
from console import commands
from places import ROOT

from netmodes import __version__, cli
from netmodes.cli import cli as netmodes

PAGES = ROOT / "share/man/man1"

#: What the kernel and ``ip`` keep, and we.
FILES = {
    "/run/netns/NAME": "the namespace",
    "/run/netmodes/NAME": "its journal: what has run, and down.sh, which undoes it without Python",
    "/etc/netns/NAME": "files that stand for those in /etc in the namespace (ip-netns(8))",
}

#: The option that click gives every command; once it has, it keeps the first context's names.
HELP = {"-h, --help": "Show this message and exit."}


def pages() -> dict[str, str]:
    """Every page by the name of its file."""
    whole = click.Context(netmodes, info_name="netmodes", **netmodes.context_settings)
    own = [click.Context(command, whole, info_name=name) for name, command in commands().items()]
    names = (context.command_path.replace(" ", "-") for context in [whole, *own])
    return {f"{name}.1": page(name, one) for name, one in zip(names, [whole, *own], strict=True)}


def page(name: str, context: click.Context) -> str:
    """One command's page."""
    command = context.command
    usage = " ".join(command.collect_usage_pieces(context))
    about, _, example = cleandoc(command.help or "").partition("Example: ")
    records = filter(None, (item.get_help_record(context) for item in command.params))
    lines = [
        f'.TH "{name.upper()}" 1 "" "netmodes {__version__}" "netmodes"',
        *(".SH NAME", escaped(f"{name} - {command.get_short_help_str(limit=1000).rstrip('.')}")),
        *(".SH SYNOPSIS", f".B {escaped(context.command_path)}", escaped(usage)),
        *(".SH DESCRIPTION", *description(about)),
        *(".SH OPTIONS", *tagged(dict(records) | HELP)),
        *([".SH EXAMPLE", *verbatim(example)] if example else []),
        *(of_all() if command is netmodes else [".SH SEE ALSO", ".BR netmodes (1)"]),
    ]
    return re.sub(r"(?<=\n)(\.SH .*\n)\.PP\n", r"\1", "\n".join([*lines, ""]))


def of_all() -> Iterator[str]:
    """What netmodes(1) has beside."""
    yield ".SH COMMANDS"
    for name, command in commands().items():
        yield from (".TP", rf".BR netmodes\-{escaped(name)} (1)")
        yield escaped(command.get_short_help_str(limit=1000))
    yield from (".SH EXIT STATUS", *description((cli.__doc__ or "").partition("\n\n")[2]))
    yield from (".SH FILES", *tagged(FILES), ".SH SEE ALSO", ".BR ip\\-netns (8)")


def tagged(meanings: dict[str, str]) -> Iterator[str]:
    """Each word with its meaning indented below it."""
    for word, meaning in meanings.items():
        yield from (".TP", f".B {escaped(word)}", escaped(meaning))


def description(text: str) -> Iterator[str]:
    """Paragraphs; one that begins with \\b keeps its lines."""
    for paragraph in text.strip().split("\n\n"):
        if paragraph.startswith("\b"):
            yield from verbatim(paragraph.removeprefix("\b\n"))
        else:
            yield from (".PP", escaped(" ".join(paragraph.split())))


def verbatim(text: str) -> Iterator[str]:
    """Lines as they are."""
    yield from (".PP", ".RS 4", ".nf", *map(escaped, text.rstrip().split("\n")), ".fi", ".RE")


def escaped(text: str) -> str:
    """Text without what roff would act on; code is bold."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    text = re.sub(r"(`+)([^`]+)\1", r"\\fB\2\\fR", text)
    return r"\&" + text if text.startswith((".", "'")) else text


def main() -> None:
    """Write all pages again."""
    PAGES.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (PAGES / name).write_text(text)


if __name__ == "__main__":
    main()
