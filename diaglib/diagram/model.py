"""What a diagram is: nodes with a place, a look and links, on a canvas of 1000 x 600 px.

Used by every notebook. Rule: frozen values; drawing, text and scores are functions beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CANVAS_WIDTH_PX = 1000
CANVAS_HEIGHT_PX = 600
SHAPES = ("rectangle", "round rectangle", "circle")
LINES = ("solid arrow", "solid line", "dashed line")

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Node:
    """One shape of a diagram and the connections that leave it.

    `x`, `y` are the centre in px from the top left; `width`, `height` in px; `fill` and `stroke` (the line colour)
    are RGB, 0..255; `links` are the ids of the nodes it points to, drawn as `line`.
    """

    id: int
    x: float
    y: float
    shape: str = "rectangle"
    width: float = 50
    height: float = 50
    line: str = "solid arrow"
    fill: Colour = (240, 240, 240)
    stroke: Colour = (0, 0, 0)
    links: tuple[int, ...] = ()
    label: str = ""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in px."""
        return (
            self.x - self.width / 2,
            self.y - self.height / 2,
            self.x + self.width / 2,
            self.y + self.height / 2,
        )


@dataclass(frozen=True, slots=True)
class Diagram:
    """Nodes in drawing order. Make one with `parse(text).diagram` or `plan.layout()`."""

    nodes: tuple[Node, ...] = ()

    def edges(self) -> list[tuple[Node, Node]]:
        """(source, target) of every link whose target exists, in order; a link to itself is left out."""
        by_id = {node.id: node for node in self.nodes}
        return [(node, by_id[target]) for node in self.nodes for target in node.links if target in by_id and target != node.id]

    def to_text(self) -> str:
        """The published node lines, one node a line; `parse` reads exactly this diagram back."""
        from diaglib.diagram.text import write_lines

        return write_lines(self)

    def to_svg(self) -> str:
        """A complete SVG document."""
        from diaglib.diagram.picture import draw_svg

        return draw_svg(self)

    def to_png(self, path: str | Path, scale: float = 1.0) -> Path:
        """Writes a PNG of 1000 x 600 px times `scale`."""
        from diaglib.diagram.picture import write_png

        return write_png(self, path, scale)

    def to_pdf(self, path: str | Path) -> Path:
        """Writes a one-page vector PDF."""
        from diaglib.diagram.picture import write_pdf

        return write_pdf(self, path)

    def to_pptx(self, path: str | Path) -> Path:
        """Writes one slide with native shapes and connectors glued to them."""
        from diaglib.diagram.slides import write_pptx

        return write_pptx([self], path)

    def to_drawio(self) -> str:
        """draw.io (diagrams.net) XML."""
        from diaglib.diagram.interchange import to_drawio

        return to_drawio(self)

    def to_mermaid(self) -> str:
        """A Mermaid flowchart; places are left to Mermaid."""
        from diaglib.diagram.interchange import to_mermaid

        return to_mermaid(self)

    def to_dot(self) -> str:
        """Graphviz DOT with pinned places (`neato -n` keeps them)."""
        from diaglib.diagram.interchange import to_dot

        return to_dot(self)

    def legibility(self) -> dict[str, float]:
        """How easily this reads: parts each 0 (worst) .. 1 (best), and their total as `score`."""
        from diaglib.diagram.legibility import measure

        return measure(self)


def bounding_box(nodes: Sequence[Node]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of all nodes in px. Raises ValueError where there are none."""
    if not nodes:
        raise ValueError("a diagram without nodes has no bounding box")
    boxes = [node.box for node in nodes]
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
