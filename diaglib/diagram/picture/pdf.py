"""The canvas of PDF pictures: one page of vectors with the used part of the font embedded (reportlab)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, Colour
from diaglib.diagram.picture.fonts import BASELINE_EM, LINE_HEIGHT_EM, font_stream
from diaglib.diagram.picture.paint import DASH_PX, Text
from diaglib.diagram.picture.routing import LINK_WIDTH_PX, OUTLINE_WIDTH_PX, Head, Outline, Point, Route

POINTS_PER_PX = 0.75
_FONT_NAME = "diaglib-text"


class PdfCanvas:
    """Draws on a 750 x 450 pt page; `document` closes it. Equal diagrams give equal bytes (no time stamp)."""

    def __init__(self) -> None:
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.ttfonts import TTFont
        from reportlab.pdfgen.canvas import Canvas

        if _FONT_NAME not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(_FONT_NAME, font_stream()))
        self._buffer = io.BytesIO()
        size = (CANVAS_WIDTH_PX * POINTS_PER_PX, CANVAS_HEIGHT_PX * POINTS_PER_PX)
        self._page: Any = Canvas(self._buffer, pagesize=size, invariant=1)
        self._page.setTitle("Diagram")
        self._page.scale(POINTS_PER_PX, POINTS_PER_PX)

    def lines(self, links: Sequence[Route]) -> None:
        self._page.setLineWidth(LINK_WIDTH_PX)
        for link in links:
            self._page.setStrokeColorRGB(*_unit(link.colour))
            self._page.setDash(*([list(DASH_PX)] if link.dashed else []))
            self._path(link.points, closed=False)
        self._page.setDash()

    def shapes(self, outlines: Sequence[Outline]) -> None:
        self._page.setLineWidth(OUTLINE_WIDTH_PX)
        for shape in outlines:
            self._page.setFillColorRGB(*_unit(shape.fill))
            self._page.setStrokeColorRGB(*_unit(shape.stroke))
            left, bottom = shape.x - shape.half_width, CANVAS_HEIGHT_PX - shape.y - shape.half_height
            width, height = 2 * shape.half_width, 2 * shape.half_height
            if shape.shape == "circle":
                self._page.ellipse(left, bottom, left + width, bottom + height, stroke=1, fill=1)
            elif shape.radius:
                self._page.roundRect(left, bottom, width, height, shape.radius, stroke=1, fill=1)
            else:
                self._page.rect(left, bottom, width, height, stroke=1, fill=1)

    def heads(self, heads: Sequence[tuple[Head, Colour]]) -> None:
        for head, colour in heads:
            self._page.setFillColorRGB(*_unit(colour))
            self._path(head, closed=True)

    def texts(self, texts: Sequence[Text]) -> None:
        for text in texts:
            self._page.saveState()
            self._page.translate(text.x, CANVAS_HEIGHT_PX - text.y)
            if text.rotated:
                self._page.rotate(90)
            self._page.setFillColorRGB(*_unit(text.colour))
            self._page.setFont(_FONT_NAME, text.size_px)
            for i, line in enumerate(text.lines):
                down = ((i - (len(text.lines) - 1) / 2) * LINE_HEIGHT_EM + BASELINE_EM) * text.size_px
                self._page.drawCentredString(0, -down, line)
            self._page.restoreState()

    def document(self) -> bytes:
        """The finished file."""
        self._page.showPage()
        self._page.save()
        return self._buffer.getvalue()

    def _path(self, points: Sequence[Point], closed: bool) -> None:
        path = self._page.beginPath()
        path.moveTo(points[0][0], CANVAS_HEIGHT_PX - points[0][1])
        for x, y in points[1:]:
            path.lineTo(x, CANVAS_HEIGHT_PX - y)
        if closed:
            path.close()
        self._page.drawPath(path, stroke=0 if closed else 1, fill=1 if closed else 0)


def _unit(colour: Colour) -> tuple[float, float, float]:
    return colour[0] / 255, colour[1] / 255, colour[2] / 255
