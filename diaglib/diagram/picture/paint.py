"""The one drawing routine: a diagram becomes a few primitive shapes, painted in one order on any canvas.

PNG, SVG and PDF are three small canvases; a place, a width or a font size is worked out here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from diaglib.diagram.model import Colour, Diagram
from diaglib.diagram.picture.labels import fit_label, text_colour
from diaglib.diagram.picture.routing import Head, Outline, Route, outline, routes

DASH_PX = (8.0, 5.0)  # ink, gap


@dataclass(frozen=True, slots=True)
class Text:
    """A label: lines centred around (x, y), `size_px` high, from bottom to top where `rotated`."""

    lines: tuple[str, ...]
    x: float
    y: float
    size_px: float
    rotated: bool
    colour: Colour


class Canvas(Protocol):
    """What a picture format must be able to draw; coordinates are canvas px from the top left."""

    def lines(self, links: Sequence[Route]) -> None:
        """Links without their heads, 1.5 px wide, some dashed."""

    def shapes(self, outlines: Sequence[Outline]) -> None:
        """Filled nodes with a 1.5 px outline, in this order."""

    def heads(self, heads: Sequence[tuple[Head, Colour]]) -> None:
        """Filled triangles."""

    def texts(self, texts: Sequence[Text]) -> None:
        """Labels."""


def paint(diagram: Diagram, canvas: Canvas) -> None:
    """Paints links, shapes, links between overlapping shapes, arrow heads (never hidden by a shape), then labels.

    Time is linear in nodes and links once there are more than some thousand of them.
    """
    outlines = [outline(node) for node in diagram.nodes]
    links = routes(diagram, outlines)
    canvas.lines([link for link in links if not link.above])
    canvas.shapes(outlines)
    if above := [link for link in links if link.above]:
        canvas.lines(above)
    canvas.heads([(link.head, link.colour) for link in links if link.head])
    canvas.texts(texts(outlines))


def texts(outlines: Sequence[Outline]) -> list[Text]:
    """The labels that have room, each in the colour that reads on its shape."""
    found = []
    for shape in outlines:
        if shape.label and (fitted := fit_label(shape)).lines:
            found.append(Text(fitted.lines, shape.x, shape.y, fitted.size_px, fitted.rotated, text_colour(shape.fill)))
    return found
