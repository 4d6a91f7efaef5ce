"""The canvas of SVG pictures: plain text, everything escaped, no reference to anything outside the file."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, Colour, Diagram
from diaglib.diagram.picture.fonts import BASELINE_EM, FONT_FAMILY, LINE_HEIGHT_EM, text_width_em
from diaglib.diagram.picture.labels import clean_label
from diaglib.diagram.picture.paint import DASH_PX, Text
from diaglib.diagram.picture.routing import LINK_WIDTH_PX, OUTLINE_WIDTH_PX, Head, Outline, Point, Route

_MAX_SUMMARY_CHARACTERS = 300


class SvgCanvas:
    """Gathers elements; `document` closes them into one SVG."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def lines(self, links: Sequence[Route]) -> None:
        self.parts.append(f'<g fill="none" stroke-width="{_number(LINK_WIDTH_PX)}">')
        dash = f' stroke-dasharray="{_number(DASH_PX[0])} {_number(DASH_PX[1])}"'
        for link in links:
            dashed = dash if link.dashed else ""
            self.parts.append(f'<polyline points="{_points(link.points)}" stroke="{_hex(link.colour)}"{dashed}/>')
        self.parts.append("</g>")

    def shapes(self, outlines: Sequence[Outline]) -> None:
        self.parts.append(f'<g stroke-width="{_number(OUTLINE_WIDTH_PX)}">')
        for shape in outlines:
            title = escape(clean_label(shape.label).replace("\n", ", ") or f"node {shape.id}")
            look = f'fill="{_hex(shape.fill)}" stroke="{_hex(shape.stroke)}"'
            if shape.shape == "circle":
                drawn = (
                    f'<ellipse cx="{_number(shape.x)}" cy="{_number(shape.y)}" '
                    f'rx="{_number(shape.half_width)}" ry="{_number(shape.half_height)}" {look}/>'
                )
            else:
                corner = f' rx="{_number(shape.radius)}"' if shape.radius else ""
                drawn = (
                    f'<rect x="{_number(shape.x - shape.half_width)}" y="{_number(shape.y - shape.half_height)}" '
                    f'width="{_number(2 * shape.half_width)}" height="{_number(2 * shape.half_height)}"{corner} {look}/>'
                )
            self.parts.append(f"<g><title>{title}</title>{drawn}</g>")
        self.parts.append("</g>")

    def heads(self, heads: Sequence[tuple[Head, Colour]]) -> None:
        self.parts += [f'<polygon points="{_points(head)}" fill="{_hex(colour)}"/>' for head, colour in heads]

    def texts(self, texts: Sequence[Text]) -> None:
        # pointer-events: the pointer falls through to the shape, whose title is the tooltip
        self.parts.append(f'<g font-family="{escape(FONT_FAMILY)}" text-anchor="middle" pointer-events="none">')
        for text in texts:
            turn = f' transform="rotate(-90 {_number(text.x)} {_number(text.y)})"' if text.rotated else ""
            self.parts.append(f'<g font-size="{_number(text.size_px)}" fill="{_hex(text.colour)}"{turn}>')
            for i, line in enumerate(text.lines):
                y = text.y + ((i - (len(text.lines) - 1) / 2) * LINE_HEIGHT_EM + BASELINE_EM) * text.size_px
                # textLength keeps the words inside the shape where another font stands in
                width = text_width_em(line) * text.size_px
                self.parts.append(
                    f'<text x="{_number(text.x)}" y="{_number(y)}" textLength="{_number(width)}" '
                    f'lengthAdjust="spacingAndGlyphs">{escape(line)}</text>'
                )
            self.parts.append("</g>")
        self.parts.append("</g>")

    def document(self, diagram: Diagram) -> str:
        """The whole SVG, 1000 x 600 px, with a summary for screen readers."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{CANVAS_WIDTH_PX}" height="{CANVAS_HEIGHT_PX}" '
            f'viewBox="0 0 {CANVAS_WIDTH_PX} {CANVAS_HEIGHT_PX}" role="img" aria-label="{escape(_summary(diagram))}">\n'
            '<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(self.parts) + "\n</svg>\n"
        )


def _summary(diagram: Diagram) -> str:
    words = ", ".join(label.replace("\n", " ") for node in diagram.nodes if (label := clean_label(node.label)))
    if len(words) > _MAX_SUMMARY_CHARACTERS:
        words = words[:_MAX_SUMMARY_CHARACTERS].rstrip(", ") + "…"
    return f"Diagram of {len(diagram.nodes)} nodes and {len(diagram.edges())} links" + (f": {words}" if words else "")


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
