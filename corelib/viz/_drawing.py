"""Drawing: boxes and arrows in Graphviz's language. The text is the same in every run: boxes are numbered as they are drawn."""

from __future__ import annotations

import os
from pathlib import Path

_KINDS = {
    "function": 'fillcolor="#eeeeee"',
    "leaf": 'fillcolor="#cfe2f3"',
    "output": 'fillcolor="#d9ead3"',
    "saved": 'fillcolor="#fce5cd", style="filled,rounded"',
    "layer": 'fillcolor="#cfe2f3"',
    "group": 'fillcolor="#eeeeee"',
}
"""The looks of a box by what it stands for."""
_TEXTS = (".dot", ".gv")
_PICTURES = (".svg", ".png", ".pdf")
_INSTALL = (
    'Install both: pip install "corelib[viz]" for the package, and the program from https://graphviz.org/download '
    "(apt install graphviz, brew install graphviz, conda install graphviz). The picture's text, `drawing.dot`, needs neither"
)


class GraphvizError(RuntimeError):
    """A picture cannot be made: the package graphviz or its program `dot` is not installed, or refused the drawing. The message says which."""


class Drawing:
    """Boxes and arrows. `dot` is the drawing's text in Graphviz's language; `nodes` and `edges` say how many of each it has.

    >>> import corelib as torch
    >>> from corelib import viz
    >>> drawing = viz.graph(torch.ones(2, requires_grad=True).exp())
    >>> drawing
    <Drawing of 3 boxes and 2 arrows; .dot, .svg(), .save(path)>
    >>> print(drawing.dot.splitlines()[0])
    digraph {
    """

    def __init__(self, direction: str = "TB") -> None:
        self.nodes = self.edges = 0
        self._lines = [f'    graph [rankdir="{direction}"]', '    node [shape="box", style="filled", fontname="sans-serif", fontsize="10"]', '    edge [fontname="sans-serif", fontsize="9"]']

    @property
    def dot(self) -> str:
        """The drawing's text in Graphviz's language."""
        return "\n".join(["digraph {", *self._lines, "}"]) + "\n"

    def box(self, kind: str, *lines: str) -> str:
        """Draw a box with some lines of text; its name, for arrows."""
        name = f"n{self.nodes}"
        self.nodes += 1
        self._lines.append(f"    {name} [label={quoted(*lines)}, {_KINDS[kind]}]")
        return name

    def arrow(self, start: str, end: str, label: str = "", dashed: bool = False) -> None:
        """Draw an arrow between two boxes."""
        looks = ([f"label={quoted(label)}"] if label else []) + (['style="dashed"'] if dashed else [])
        self.edges += 1
        self._lines.append(f"    {start} -> {end}" + (f" [{', '.join(looks)}]" if looks else ""))

    def svg(self) -> str:
        """The drawing as an SVG. GraphvizError where Graphviz is not there."""
        return self._drawn("svg").decode("utf-8")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the drawing: its text for a name that ends in .dot or .gv, a picture for .svg, .png and .pdf. ValueError for another ending."""
        file = Path(path)
        ending = file.suffix.lower()
        if ending in _TEXTS:
            file.write_text(self.dot, encoding="utf-8")
        elif ending in _PICTURES:
            file.write_bytes(self._drawn(ending[1:]))
        else:
            raise ValueError(f"Drawing.save(): argument 'path' (={str(path)!r}) must end in one of {', '.join((*_TEXTS, *_PICTURES))}")

    def _drawn(self, form: str) -> bytes:
        try:
            import graphviz  # type: ignore[import-untyped]  # no types; of the extra `viz`
        except ImportError as error:
            raise GraphvizError(f"drawing a picture needs the package graphviz and its program dot, and the package is not installed. {_INSTALL}") from error
        try:
            made: bytes = graphviz.Source(self.dot).pipe(format=form)
        except graphviz.ExecutableNotFound as error:
            raise GraphvizError(f"drawing a picture needs Graphviz's program dot, which is not on the PATH. {_INSTALL}") from error
        except graphviz.CalledProcessError as error:
            raise GraphvizError(f"Graphviz could not draw this: {error}") from error
        return made

    def _repr_svg_(self) -> str | None:
        """What a notebook shows; nothing where Graphviz is not there, and the notebook shows the text instead."""
        try:
            return self.svg()
        except GraphvizError:
            return None

    def __repr__(self) -> str:
        return f"<Drawing of {self.nodes} boxes and {self.edges} arrows; .dot, .svg(), .save(path)>"


def quoted(*lines: str) -> str:
    r"""Lines of text as a label.

    >>> print(quoted('say "a\\b"', "twice"))
    "say \"a\\b\"\ntwice"
    """
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for line in lines]
    return '"' + "\\n".join(escaped) + '"'


def shape_text(shape: object) -> str:
    """A shape as it stands in a box.

    >>> shape_text((2, 3)), shape_text(())
    ('(2, 3)', '()')
    """
    return str(tuple(shape)) if isinstance(shape, (tuple, list)) else ""
