"""From the CNN's answer to the shapes of a picture: peaks become boxes, and their sides snap to the outlines drawn there.

Used by notebook 05. Rule: what is found is a `Diagram` like any other, without links, so that it is measured like one.
"""

from __future__ import annotations

import numpy as np

from diaglib.diagram.model import Colour, Diagram, Node
from diaglib.scoring.node_maps import CIRCLE, NODE, SCALE, SIDES, cell_middles, unbend
from diaglib.scoring.pictures import HEIGHT_PX, WIDTH_PX

LEAST_PROBABILITY = 0.3
SAME_BOX_IOU = 0.9
MOST_NODES = 200
SNAP_PX, SNAP_SHARE = 4.0, 0.12  # as far as a side may move: px of the picture, or this share of the shape if more
LEAST_STEP = 12.0  # of ink, summed over colours, for a side to snap to
_OUTSIDE = np.array([-1, -1, 1, 1])
_SHADES = 16  # fills nearer than this look the same


def find_nodes(answer: np.ndarray, ink: np.ndarray) -> Diagram:
    """The shapes in one picture, in canvas px. `answer` is (6, 60, 100) as the CNN gives it, `ink` uint8 (240, 400, 3).

    Fills are coarse, only so that shapes of one look can be told. At most 200, the surest ones. About 4 ms.
    """
    boxes, circles = _peaks(answer)
    boxes = _snapped(boxes, circles, ink.astype(np.float32))
    nodes = []
    for i, (box, circle) in enumerate(zip(boxes, circles, strict=True)):
        left, top, right, bottom = (float(side) for side in box / SCALE)
        nodes.append(
            Node(
                i, (left + right) / 2, (top + bottom) / 2, "circle" if circle else "rectangle", max(right - left, 1.0),
                max(bottom - top, 1.0), fill=_fill(box, ink),
            )
        )  # fmt: skip
    return Diagram(tuple(nodes))


def _peaks(answer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Boxes in picture px (k, 4), left, top, right, bottom, and which are circles (k,); in reading order."""
    probability = 1 / (1 + np.exp(-np.clip(answer[NODE].astype(np.float64), -30, 30)))
    padded = np.pad(probability, 1)
    rows, columns = probability.shape
    around = np.max([padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)], axis=0)
    row, column = np.nonzero((probability >= LEAST_PROBABILITY) & (probability >= around))
    distances = unbend(answer[SIDES, row, column].T.astype(np.float64))
    x, y = (middles[row, column] for middles in cell_middles())
    boxes = np.column_stack([x, y, x, y]) + _OUTSIDE * distances
    kept: list[int] = []
    for i in np.argsort(-probability[row, column], kind="stable"):
        if len(kept) < MOST_NODES and (not kept or _overlap_share(boxes[i], boxes[kept]).max() < SAME_BOX_IOU):
            kept.append(int(i))
    kept.sort()
    return boxes[kept], answer[CIRCLE, row, column][kept] > 0


def box_agreement(one: Diagram, other: Diagram) -> np.ndarray:
    """Intersection over union of every node's box with every one of the other diagram, (nodes, other nodes)."""
    boxes = np.array([node.box for node in other.nodes], float).reshape(-1, 4)
    return np.array([_overlap_share(np.array(node.box), boxes) for node in one.nodes]).reshape(len(one.nodes), len(boxes))


def _overlap_share(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of a box with others (k, 4)."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.clip(sides, 0.0, None).prod(axis=1)
    areas = np.clip(others[:, 2:] - others[:, :2], 0.0, None).prod(axis=1) + np.clip(box[2:] - box[:2], 0.0, None).prod()
    return shared / np.maximum(areas - shared, 1e-9)


def _snapped(boxes: np.ndarray, circles: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """Every side moved to the middle of the strongest step of ink near it, looked for along its middle part."""
    result = boxes.copy()
    for box, circle, moved in zip(boxes, circles, result, strict=True):
        for side in range(4):
            upright = side in (0, 2)
            length, limit = (HEIGHT_PX, WIDTH_PX) if upright else (WIDTH_PX, HEIGHT_PX)
            low, high = (box[1], box[3]) if upright else (box[0], box[2])
            half = (high - low) * (0.12 if circle else 0.3)
            start, stop = int(max((low + high) / 2 - half, 0)), int(min((low + high) / 2 + half + 1, length))
            across = box[2] - box[0] if upright else box[3] - box[1]
            reach = max(min(SNAP_PX, max(0.3 * across, 1.5)), SNAP_SHARE * across)
            first, last = max(int(np.floor(box[side] - reach)) - 2, 0), min(int(np.ceil(box[side] + reach)) + 3, limit)
            if last - first < 3 or stop <= start:
                continue  # outside the picture there is no outline to find
            strip = ink[start:stop, first:last] if upright else ink[first:last, start:stop].transpose(1, 0, 2)
            step = np.abs(np.diff(np.median(strip, axis=0), axis=0)).sum(axis=-1)
            place = np.arange(first + 1, last, dtype=float)
            near = step * np.exp(-(((place - box[side]) / (0.6 * reach + 0.5)) ** 2) / 2)
            best = int(near.argmax())
            if near[best] >= LEAST_STEP:
                around = slice(max(best - 2, 0), best + 3)  # an outline is two steps, into the line and out of it
                moved[side] = (place[around] * step[around]).sum() / step[around].sum()
    return result


def _fill(box: np.ndarray, ink: np.ndarray) -> Colour:
    """The middling colour inside a box, in coarse shades."""
    low = np.clip(box[:2] + 0.2 * (box[2:] - box[:2]), 0, (WIDTH_PX - 1, HEIGHT_PX - 1)).astype(int)
    high = np.maximum(np.clip(box[2:] - 0.2 * (box[2:] - box[:2]), 0, (WIDTH_PX, HEIGHT_PX)).astype(int), low + 1)
    inside = np.median(ink[low[1] : high[1], low[0] : high[0]].reshape(-1, 3), axis=0)
    red, green, blue = (int(255 - _SHADES * (value // _SHADES)) for value in inside)
    return red, green, blue
