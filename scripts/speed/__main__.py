"""Measures netmodes side by side with others; `scripts/bench` runs it on an empty machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import datapath
import large
import many
import one
import page
import plot
import rehearsals
import verbs
from figures import Figures
from machines import FailedError, make_lan

PARTS = {
    "one": one,
    "many": many,
    "verbs": verbs,
    "rehearsals": rehearsals,
    "large": large,
    "datapath": datapath,
}
DOCS = Path(__file__).parents[2] / "docs"


def main() -> None:
    """Measure the parts that are asked for; print the page, and write it."""
    options = arguments()
    make_lan()
    figures = Figures()
    for name in options.part:
        sizes = (options.sizes,) if name == "many" else ()
        PARTS[name].measure(figures, options.rounds, *sizes)
    text = page.render([PARTS[name] for name in options.part], figures)
    print(text)
    if options.write:
        Path(DOCS, "speed.md").write_text(text + "\n")
        Path(DOCS, "speed.svg").write_text(plot.render(figures))


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser("scripts/bench", description=__doc__)
    parser.add_argument("--part", action="append", choices=PARTS, help="this alone; repeatable")
    parser.add_argument(
        "--sizes", type=numbers, default="1,10,100,400,1000", help="how many namespaces"
    )
    parser.add_argument("--rounds", type=int, default=9, help="fewer where each takes long")
    parser.add_argument("--write", action="store_true", help="write docs/speed.md and speed.svg")
    options = parser.parse_args()
    options.part = options.part or [*PARTS]
    return options


def numbers(words: str) -> list[int]:
    """Numbers with commas between them."""
    return [int(word) for word in words.split(",")]


if __name__ == "__main__":
    try:
        main()
    except (FailedError, KeyboardInterrupt) as error:
        sys.exit(f"Error: {error or 'interrupted'}")
