"""From the CNN's answer and the closed outlines to the shapes of a picture: each makes good what the other cannot see.

Used by notebook 05. Rule: what is found is a `Diagram` like any other, without links, so that it is measured like one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from diaglib.diagram.model import Colour, Diagram, Node
from diaglib.scoring.node_maps import CIRCLE, NODE, SCALE, SIDES, cell_middles, unbend
from diaglib.scoring.outlines import LINE_PX, NO_OUTLINES, PAPER, Outlines
from diaglib.scoring.pictures import HEIGHT_PX, WIDTH_PX

LEAST_PROBABILITY = 0.3
SAME_BOX_IOU, SAME_SHAPE_IOU = 0.9, 0.5  # of two boxes of the CNN, and of one and an outline
MOST_NODES = 200
SNAP_PX, SNAP_SHARE = 4.0, 0.12  # as far as a side may move: px of the picture, or this share of the shape if more
LEAST_STEP, OUTLINE_STEP = 12.0, 60.0  # of ink, summed over colours: for a side to snap to, and to count as drawn
LEAST_SIDE_PX = 5.0  # of the canvas: less is a gap between lines
LEAST_ALONE_PX = (10.0, 18.0)  # sides of an outline that the CNN did not see: of a coloured area, and of a white one
SAME_AREA, INSIDE_AREA, ON_PAPER = 0.7, 0.7, 0.5  # shares from which a box shows the area under it and no other, or paper
SAME_FILL = 8  # colours no further apart look the same
_OUTSIDE = np.array([-1, -1, 1, 1])
_WHITE = 250


def find_nodes(answer: np.ndarray, ink: np.ndarray, outlines: Outlines = NO_OUTLINES) -> Diagram:
    """The shapes in one picture, in canvas px. `answer` is (6, 60, 100) as the CNN gives it, `ink` uint8 (240, 400, 3).

    A box that shows a closed outline takes its sides; one on bare paper is none, nor is a white one with a side missing.
    Outlines that the CNN did not see are shapes too unless lines may have made them; without `outlines` the CNN alone tells.
    Fills that look the same are the same. At most 200 boxes of the CNN, the surest ones.
    """
    boxes, circles = _peaks(answer)
    boxes, closed = _snapped(boxes, circles, ink.astype(np.float32))
    nodes: list[Node] = []
    shown = set()
    for box, circle, drawn in zip(boxes, circles, closed, strict=True):
        sides = box / SCALE
        if min(sides[2:] - sides[:2]) < LEAST_SIDE_PX:
            continue
        place, share = outlines.under(box)
        if place < len(outlines.nodes) and share >= SAME_AREA and _share_within(sides, outlines.nodes[place]) >= INSIDE_AREA:
            shown.add(place)
        elif not (place == PAPER and share >= ON_PAPER):
            (x, y), (width, height) = (sides[:2] + sides[2:]) / 2, sides[2:] - sides[:2]
            fill, shape = _fill(box, ink), "circle" if circle else "rectangle"
            if drawn or min(fill) < _WHITE:
                nodes.append(Node(0, float(x), float(y), shape, float(width), float(height), fill=fill))
    nodes += [outlines.nodes[place] for place in sorted(shown)]
    for place, node in enumerate(outlines.nodes):
        if place not in shown and _stands(node, nodes):
            nodes.append(node)
    return Diagram(tuple(_in_same_fills(nodes)))


def _share_within(box: np.ndarray, node: Node) -> float:
    """The share of a box that lies in a node's box."""
    return float(_shared_areas(box, np.array([node.box]))[0] / max((box[2:] - box[:2]).prod(), 1e-9))


def _stands(node: Node, others: Sequence[Node]) -> bool:
    """Whether an outline that the CNN did not see is a shape: none of those found, and not closed by other shapes and lines."""
    white = min(node.fill) >= _WHITE
    box, boxes = np.array(node.box), np.array([other.box for other in others]).reshape(-1, 4)
    side = min(node.width, node.height)
    if side < LEAST_ALONE_PX[0] or _overlap_share(box, boxes).max(initial=0.0) >= SAME_SHAPE_IOU:
        return False
    if not white or any(_holds(other, box) for other in others):
        return True
    gaps = np.maximum(boxes[:, :2] - box[2:], box[:2] - boxes[:, 2:]).max(axis=1, initial=-np.inf)
    return side >= LEAST_ALONE_PX[1] and not (gaps <= LINE_PX).any()


def _holds(node: Node, box: np.ndarray) -> bool:
    """Whether a box lies wholly in a node's shape."""
    corners = box.reshape(2, 2)
    off = np.abs(corners - (node.x, node.y)) / (node.width / 2, node.height / 2)
    if node.shape != "circle":
        return bool((off <= 1.05).all())
    return bool((off.max(axis=0) ** 2).sum() < 1)


def _in_same_fills(nodes: Sequence[Node]) -> list[Node]:
    """The nodes numbered, each with the fill of the first that looks the same."""
    fills: list[Colour] = []
    result = []
    for i, node in enumerate(nodes):
        fill = next((one for one in fills if max(abs(a - b) for a, b in zip(one, node.fill, strict=True)) <= SAME_FILL), None)
        if fill is None:
            fills.append(fill := node.fill)
        result.append(replace(node, id=i, fill=fill))
    return result


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
    shared = _shared_areas(box, others)
    areas = np.clip(others[:, 2:] - others[:, :2], 0.0, None).prod(axis=1) + np.clip(box[2:] - box[:2], 0.0, None).prod()
    return shared / np.maximum(areas - shared, 1e-9)


def _shared_areas(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Areas (k,) that a box shares with others (k, 4)."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return np.clip(sides, 0.0, None).prod(axis=1)


def _snapped(boxes: np.ndarray, circles: np.ndarray, ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every side moved to the middle of the strongest step of ink near it, looked for along its middle part; and whether (k,)
    all sides in the picture are outlines."""
    result, drawn = boxes.copy(), np.ones(len(boxes), bool)
    for number, (box, circle, moved) in enumerate(zip(boxes, circles, result, strict=True)):
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
            drawn[number] &= step[best] >= OUTLINE_STEP
            if near[best] >= LEAST_STEP:
                around = slice(max(best - 2, 0), best + 3)  # an outline is two steps, into the line and out of it
                moved[side] = (place[around] * step[around]).sum() / step[around].sum()
    return result, drawn


def _fill(box: np.ndarray, ink: np.ndarray) -> Colour:
    """The middling colour inside a box."""
    low = np.clip(box[:2] + 0.2 * (box[2:] - box[:2]), 0, (WIDTH_PX - 1, HEIGHT_PX - 1)).astype(int)
    high = np.maximum(np.clip(box[2:] - 0.2 * (box[2:] - box[:2]), 0, (WIDTH_PX, HEIGHT_PX)).astype(int), low + 1)
    inside = np.median(ink[low[1] : high[1], low[0] : high[0]].reshape(-1, 3), axis=0)
    red, green, blue = (int(255 - value) for value in inside)
    return red, green, blue
