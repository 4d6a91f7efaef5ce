"""The closed outlines of a drawn picture: areas of one flat colour that have the form of a box or an ellipse, to the pixel.

Used beside the CNN, which finds what is half hidden but no side to the pixel. Rule: nothing is learnt here; an area counts
by its form, whatever the colours of fill and line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, Colour, Node

LINE_PX = 2  # from the last flat pixel of a fill to the middle of its outline
LEAST_SIDE_PX = 6  # of a flat area
FLATTEST_STEP = 6  # of any colour between neighbours
PAPER, OTHER_AREA, NO_AREA, MOST_AREAS = 255, 254, 253, 250
_STEP = 2.5  # canvas px for one of the CNN's picture
_BOX_SHARE, _ELLIPSE_SHARES, _SAME_FORM = 0.9, (0.74, 0.84), 0.9
_LEAST_SHARE = 0.3
_WHITE = 250


@dataclass(frozen=True, slots=True)
class Outlines:
    """`nodes` in canvas px, without links; `areas` uint8 (240, 400) says for every pixel of the CNN's picture on which node's
    fill it lies (its place in `nodes`), or PAPER around the drawing, an
    OTHER_AREA, or NO_AREA: lines and captions."""

    nodes: tuple[Node, ...]
    areas: np.ndarray

    def under(self, box: np.ndarray) -> tuple[int, float]:
        """What lies under most of the inside of a box (left, top, right, bottom in picture px), and its share of it."""
        low = np.maximum(box[:2] + 1, 0).astype(int)
        high = np.maximum(np.ceil(box[2:] - 1), 0).astype(int)
        inside = self.areas[low[1] : high[1], low[0] : high[0]]
        if not inside.size:
            return NO_AREA, 0.0
        counts = np.bincount(inside.ravel(), minlength=PAPER + 1)
        counts[NO_AREA] = 0
        most = int(counts.argmax())
        return (most, counts[most] / counts.sum()) if counts[most] else (NO_AREA, 0.0)


NO_OUTLINES = Outlines((), np.full((int(CANVAS_HEIGHT_PX / _STEP), int(CANVAS_WIDTH_PX / _STEP)), NO_AREA, np.uint8))


def trace_outlines(page: np.ndarray) -> Outlines:
    """Of an RGB picture, uint8 (600, 1000, 3): at most 250 areas, the largest. About 8 ms."""
    import cv2

    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    steps = cv2.subtract(cv2.dilate(page, cross), cv2.erode(page, cross))
    flat = cv2.inRange(steps, (0, 0, 0), (FLATTEST_STEP,) * 3)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(flat, connectivity=4)
    left, top, width, height, area = boxes.T
    large = (np.minimum(width, height) >= LEAST_SIDE_PX) & (area >= _LEAST_SHARE * width * height)
    large[0] = False  # what is not flat
    codes = np.full(count, OTHER_AREA, np.uint8)
    codes[0] = NO_AREA
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    for label in edge[edge > 0]:
        x, y = left[label], top[label]
        first = int(np.argmax(labels[y, x : x + width[label]] == label))
        if page[y, x + first].min() >= _WHITE:
            codes[label] = PAPER
    nodes: list[Node] = []
    for label in sorted(np.flatnonzero(large), key=lambda place: -int(area[place])):
        window = (slice(top[label], top[label] + height[label]), slice(left[label], left[label] + width[label]))
        mask = (labels[window] == label).astype(np.uint8)
        shape = _form(mask)
        if shape and len(nodes) < MOST_AREAS:
            codes[label] = len(nodes)
            fill: Colour = tuple(int(value) for value in cv2.mean(page[window], mask)[:3])  # type: ignore[assignment]
            nodes.append(
                Node(
                    len(nodes), float(left[label] + width[label] / 2), float(top[label] + height[label] / 2), shape,
                    float(width[label] + 2 * LINE_PX), float(height[label] + 2 * LINE_PX), fill=fill,
                )
            )  # fmt: skip
    rows, columns = (((np.arange(size / _STEP) + 0.5) * _STEP).astype(int) for size in (CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX))
    return Outlines(tuple(nodes), codes[labels[np.ix_(rows, columns)]])


def _form(mask: np.ndarray) -> str | None:
    """The shape that an area, 1 in `mask`, has with its holes filled; None where it is none."""
    import cv2

    height, width = mask.shape
    if height >= CANVAS_HEIGHT_PX - 4 and width >= CANVAS_WIDTH_PX - 4:
        return None  # the paper itself
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(mask), contours, -1, 1, cv2.FILLED)
    share = float(filled.mean())
    if share >= _BOX_SHARE:
        corners = int(filled[0, 0]) + int(filled[0, -1]) + int(filled[-1, 0]) + int(filled[-1, -1])
        return "rectangle" if corners >= 2 else "round rectangle"
    if not _ELLIPSE_SHARES[0] <= share <= _ELLIPSE_SHARES[1]:
        return None
    y, x = np.ogrid[:height, :width]
    ellipse = ((x + 0.5) * 2 / width - 1) ** 2 + ((y + 0.5) * 2 / height - 1) ** 2 <= 1
    same = (ellipse & (filled > 0)).sum() / (ellipse | (filled > 0)).sum()
    return "circle" if same >= _SAME_FORM else None
