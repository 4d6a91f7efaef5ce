"""The canvas of PNG pictures: OpenCV polygons with anti-aliased edges, and text masks; needs no system library.

A 20-node picture takes about 1 ms. Rule: coordinates are scaled here, everything else comes from `drawing`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, Colour
from diaglib.diagram.picture.fonts import text_mask
from diaglib.diagram.picture.paint import DASH_PX, Text
from diaglib.diagram.picture.routing import HEAD_LENGTH_PX, LINK_WIDTH_PX, OUTLINE_WIDTH_PX, Head, Outline, Point, Route

if TYPE_CHECKING:
    import numpy as np

_SHIFT = 4  # OpenCV takes coordinates in 1/16 px
# OpenCV's anti-aliasing adds about half a pixel to each side of a polygon
_SPREAD_PX = 0.35
_THIN_PX = 1.75  # below this OpenCV's own anti-aliased line of one pixel (about 1.2 px) is the better match


class PixelCanvas:
    """`pixels` is uint8 (height, width, 3) RGB on white paper."""

    def __init__(self, width_px: int) -> None:
        import numpy as np

        self.scale = width_px / CANVAS_WIDTH_PX
        height_px = max(round(width_px * CANVAS_HEIGHT_PX / CANVAS_WIDTH_PX), 1)
        self.pixels = np.full((height_px, width_px, 3), 255, np.uint8)

    def lines(self, links: Sequence[Route]) -> None:
        import cv2
        import numpy as np

        pieces: dict[Colour, list[tuple[Point, Point]]] = {}
        for link in links:
            parts = dashes(link.points) if link.dashed else pairwise(link.points)
            pieces.setdefault(link.colour, []).extend(parts)
        width = LINK_WIDTH_PX * self.scale
        for colour, parts in pieces.items():
            if not parts:
                continue
            ends = np.array(parts) * self.scale  # (pieces, 2, 2)
            if width < _THIN_PX:
                cv2.polylines(self.pixels, list(_fixed(ends)), False, colour, 1, cv2.LINE_AA, _SHIFT)
                continue
            step = ends[:, 1] - ends[:, 0]
            length = np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-6)[:, None]
            side = step[:, ::-1] * (-1, 1) / length * (width / 2 - _SPREAD_PX)
            corners = np.stack([ends[:, 0] + side, ends[:, 1] + side, ends[:, 1] - side, ends[:, 0] - side], axis=1)
            for polygon in _fixed(corners):
                self._fill(polygon, colour)

    def shapes(self, outlines: Sequence[Outline]) -> None:
        line = OUTLINE_WIDTH_PX * self.scale / 2
        for shape in outlines:
            if shape.shape == "rectangle":
                self._rectangle(shape)
                continue
            for grow, colour in ((line, shape.stroke), (-line, shape.fill)):
                polygon = _rounded(shape, self.scale, grow - _SPREAD_PX)
                if polygon is not None:
                    self._fill(_fixed(polygon), colour)

    def heads(self, heads: Sequence[tuple[Head, Colour]]) -> None:
        import numpy as np

        if heads:
            corners = np.array([head for head, _ in heads]) * self.scale
            middle = corners.mean(axis=1, keepdims=True)
            corners = middle + (corners - middle) * (1 - 2 * _SPREAD_PX / (HEAD_LENGTH_PX * self.scale + 1))
            for polygon, (_, colour) in zip(_fixed(corners), heads, strict=True):
                self._fill(polygon, colour)

    def texts(self, texts: Sequence[Text]) -> None:
        for text in texts:
            keep, ink = _ink(text.lines, text.size_px * self.scale, text.rotated, text.colour)
            self._blend(keep, ink, text.x * self.scale, text.y * self.scale)

    def reduced(self, times: int) -> np.ndarray:
        """The picture with squares of `times` x `times` px averaged (a last row that is not whole is stretched)."""
        import cv2

        height, width = self.pixels.shape[:2]
        return cv2.resize(self.pixels, (width // times, max(round(height / times), 1)), interpolation=cv2.INTER_AREA)

    def _fill(self, polygon: np.ndarray, colour: Colour) -> None:
        import cv2

        cv2.fillConvexPoly(self.pixels, polygon, colour, cv2.LINE_AA, _SHIFT)

    def _rectangle(self, shape: Outline) -> None:
        """Edges on whole pixels: straight outlines stay sharp, which matters more than half a pixel of place.

        What is left of the outline's width beyond whole pixels becomes one row of mixed colour inside.
        """
        import cv2

        x, y, half_width, half_height = (v * self.scale for v in (shape.x, shape.y, shape.half_width, shape.half_height))
        line = OUTLINE_WIDTH_PX * self.scale
        whole = max(int(line), 1)
        rest = max(line - whole, 0.0)
        left, top = round(x - half_width - line / 2), round(y - half_height - line / 2)
        right, bottom = round(x + half_width + line / 2), round(y + half_height + line / 2)
        mixed = tuple(round(rest * ink + (1 - rest) * paper) for ink, paper in zip(shape.stroke, shape.fill, strict=True))
        height, width = self.pixels.shape[:2]
        for inset, colour in ((0, shape.stroke), (whole, mixed), (whole + 1, shape.fill)):
            x0, x1 = max(left + inset, 0), min(right - inset, width)
            y0, y1 = max(top + inset, 0), min(bottom - inset, height)
            if x0 < x1 and y0 < y1:
                cv2.rectangle(self.pixels, (x0, y0), (x1 - 1, y1 - 1), colour, cv2.FILLED)

    def _blend(self, keep: np.ndarray, ink: np.ndarray, x: float, y: float) -> None:
        height, width = keep.shape[:2]
        left, top = round(x - width / 2), round(y - height / 2)
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + width, self.pixels.shape[1]), min(top + height, self.pixels.shape[0])
        if x0 < x1 and y0 < y1:
            part = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
            paper = self.pixels[y0:y1, x0:x1]
            paper[:] = (paper * keep[part] + ink[part]) >> 8


@lru_cache(maxsize=512)
def _ink(lines: tuple[str, ...], size_px: float, rotated: bool, colour: Colour) -> tuple[np.ndarray, np.ndarray]:
    """Two uint16 (height, width, 3): what to keep of the paper, 0..256, and the ink to add, 0..65,280."""
    import numpy as np

    mask = text_mask(lines, size_px, rotated).astype(np.uint16)[:, :, None]
    share = mask + (mask >> 7)  # 0..256, so that a shift divides exactly
    return np.repeat(256 - share, 3, axis=2), share * np.array(colour, np.uint16)


def dashes(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    """The inked pieces of a dashed line; those far off the canvas are left out."""
    ink, gap = DASH_PX
    period = ink + gap
    pieces = []
    along = 0.0
    for (ax, ay), (bx, by) in pairwise(points):
        length = max(math.hypot(bx - ax, by - ay), 1e-9)
        first, last = _visible(ax, ay, (bx - ax) / length, (by - ay) / length, length)
        number = math.floor((along + first) / period)
        while (begin := number * period - along) < last:
            a, b = max(begin, first, 0.0) / length, min(begin + ink, last, length) / length
            if a < b:
                pieces.append(((ax + (bx - ax) * a, ay + (by - ay) * a), (ax + (bx - ax) * b, ay + (by - ay) * b)))
            number += 1
        along += length
    return pieces


def _visible(x: float, y: float, dx: float, dy: float, length: float) -> tuple[float, float]:
    """From where to where along a segment it is on or near the canvas (slab test)."""
    first, last = 0.0, length
    for at, step, most in ((x, dx, CANVAS_WIDTH_PX), (y, dy, CANVAS_HEIGHT_PX)):
        if abs(step) > 1e-9:
            enter, leave = sorted(((-20 - at) / step, (most + 20 - at) / step))
            first, last = max(first, enter), min(last, leave)
        elif not -20 <= at <= most + 20:
            last = -1.0
    return first, last


def _rounded(shape: Outline, scale: float, grow: float) -> np.ndarray | None:
    """Corner points of an ellipse or rounded rectangle in px, grown on every side; None where nothing is left of it."""
    import numpy as np

    half_width, half_height = shape.half_width * scale + grow, shape.half_height * scale + grow
    if half_width <= 0.2 or half_height <= 0.2:
        return None
    if shape.shape == "circle":
        angles = _angles(32 if max(half_width, half_height) < 40 else 96)
        return np.array((shape.x * scale, shape.y * scale)) + angles * (half_width, half_height)
    radius = min(max(shape.radius * scale + grow, 0.5), half_width, half_height)
    angles = _angles(32)
    # each quarter of the circle moves to its corner; a point on an axis belongs to one quarter only, edges close the rest
    signs = np.where(angles >= 0, 1.0, -1.0)
    return np.array((shape.x * scale, shape.y * scale)) + angles * radius + signs * (half_width - radius, half_height - radius)


_UNIT: dict[int, np.ndarray] = {}


def _angles(count: int) -> np.ndarray:
    """Points of the unit circle, none of them on an axis, so that each quarter has as many."""
    import numpy as np

    if count not in _UNIT:
        turn = (np.arange(count) + 0.5) * (2 * math.pi / count)
        _UNIT[count] = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return _UNIT[count]


def _fixed(points: np.ndarray) -> np.ndarray:
    """Canvas coordinates (0 is the left edge of the first pixel) in OpenCV's fixed point (0 is its middle)."""
    import numpy as np

    return np.round((points - 0.5) * (1 << _SHIFT)).astype(np.int32)
