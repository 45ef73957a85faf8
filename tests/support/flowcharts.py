"""A Mermaid flowchart, read for the tests."""

import re


class Graph:
    """A Mermaid flowchart, read by a parser that knows only what we write, and forgives nothing.

    The grammar is that of mermaid.js.org/syntax/flowchart.html; every label is quoted.
    """

    ID = r"([a-z]\w*)"
    TEXT = r'"((?:[^"<>#&]|<br/>|#(?:\d+|[a-z]+);)+)"'
    RESERVED = frozenset("end graph subgraph class classDef click style default".split())

    def __init__(self, text: str) -> None:
        self.nodes: dict[str, str] = {}
        self.edges: set[tuple[str, str]] = set()
        self.wrong: list[str] = []
        self.depth = 0
        first, *lines = text.splitlines()
        assert first == "graph LR"
        for line in lines:
            self.read(line.strip())
        assert self.depth == 0

    def read(self, line: str) -> None:
        """One statement."""
        shapes = "|".join([rf"\[{self.TEXT}\]", rf"\(\[{self.TEXT}\]\)", rf">{self.TEXT}\]"])
        if line == "end":
            self.depth -= 1
        elif found := re.fullmatch(rf"subgraph {self.ID}\[{self.TEXT}\]", line):
            self.depth += 1
            self.define(found[1], found[2])
        elif found := re.fullmatch(rf"{self.ID}(?:{shapes})", line):
            self.define(found[1], found[2] or found[3] or found[4])
        elif found := re.fullmatch(rf"{self.ID} --- {self.ID}", line):
            assert {found[1], found[2]} <= self.nodes.keys()
            self.edges.add((found[1], found[2]))
        elif found := re.fullmatch(r"class ([a-z\d,]+) wrong", line):
            self.wrong = found[1].split(",")
            assert {*self.wrong} <= self.nodes.keys()
        else:
            assert line == "classDef wrong stroke:#c00,stroke-width:3px"

    def define(self, name: str, text: str) -> None:
        """A node or a subgraph."""
        assert name not in self.nodes
        assert name not in self.RESERVED
        assert self.depth in (0, 1)
        self.nodes[name] = text
