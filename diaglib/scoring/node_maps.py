"""What the readability CNN learns to find: for every cell of the picture, is there a node here, and how far are its sides?

Used to train it, and to read its answer. Rule: a node stands where it can be seen, with the whole box it is drawn with.
Source of the scheme: Zhou, Wang & Krähenbühl, Objects as Points (2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from diaglib.diagram.model import CANVAS_WIDTH_PX, Diagram
from diaglib.scoring.pictures import HEIGHT_PX, WIDTH_PX
from diaglib.scoring.visibility import LEAST_SHARE_SEEN, visibility

CELL_PX = 4  # of the picture that the CNN sees
ROWS, COLUMNS = HEIGHT_PX // CELL_PX, WIDTH_PX // CELL_PX
SCALE = WIDTH_PX / CANVAS_WIDTH_PX
# channels of the answer
NODE, SIDES, CIRCLE, CHANNELS = 0, slice(1, 5), 5, 6
_SPREAD_PX = 1.0 * CELL_PX
_NEAR = 2  # cells on each side that still count
_BEND_PX = 4.0
_FURTHEST_PX = 1000.0


@dataclass(frozen=True, slots=True)
class NodeMaps:
    """Targets of n pictures. `node` (n, 60, 100), 1 where a node stands, less beside it, 0 elsewhere; it is also how much the
    others count there: `sides` (n, 60, 100, 4), distances from the cell to left, top, right and bottom as `bend` makes
    them, and `circle` (n, 60, 100).
    """

    node: np.ndarray
    sides: np.ndarray
    circle: np.ndarray


def bend(distances_px: np.ndarray) -> np.ndarray:
    """Distances in picture px on a scale where small ones count more: sign(d) log(1 + |d| / 4)."""
    return np.sign(distances_px) * np.log1p(np.abs(distances_px) / _BEND_PX)


def unbend(bent: np.ndarray) -> np.ndarray:
    """The inverse of `bend`, within 1,000 px."""
    return np.sign(bent) * _BEND_PX * np.expm1(np.minimum(np.abs(bent), np.log1p(_FURTHEST_PX / _BEND_PX)))


def cell_middles() -> tuple[np.ndarray, np.ndarray]:
    """x and y in picture px of the middle of every cell, (60, 100) each."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    return (columns + 0.5) * CELL_PX, (rows + 0.5) * CELL_PX


def node_maps(diagrams: Sequence[Diagram]) -> NodeMaps:
    """The targets of diagrams; nodes that can hardly be seen are not asked for. About 0.5 ms each."""
    shape = (len(diagrams), ROWS, COLUMNS)
    maps = NodeMaps(np.zeros(shape, np.float32), np.zeros((*shape, 4), np.float32), np.zeros(shape, np.float32))
    x, y = cell_middles()
    for number, diagram in enumerate(diagrams):
        seen = visibility(diagram.nodes)
        for node, share, place in zip(diagram.nodes, seen.share, seen.places * SCALE, strict=True):
            if share < LEAST_SHARE_SEEN:
                continue
            column, row = min(int(place[0] / CELL_PX), COLUMNS - 1), min(int(place[1] / CELL_PX), ROWS - 1)
            near = (slice(max(row - _NEAR, 0), row + _NEAR + 1), slice(max(column - _NEAR, 0), column + _NEAR + 1))
            strength = np.exp(-((x[near] - place[0]) ** 2 + (y[near] - place[1]) ** 2) / (2 * _SPREAD_PX**2))
            strength[row - near[0].start, column - near[1].start] = 1.0
            here = (number, *near)
            won = strength >= maps.node[here]  # where two nodes stand side by side each keeps its own cells
            left, top, right, bottom = (side * SCALE for side in node.box)
            distances = bend(np.stack([x[near] - left, y[near] - top, right - x[near], bottom - y[near]], axis=-1))
            maps.sides[here] = np.where(won[..., None], distances, maps.sides[here])
            maps.circle[here] = np.where(won, node.shape == "circle", maps.circle[here])
            maps.node[here] = np.maximum(maps.node[here], strength)
    return maps
