"""Why a diagram stands where it stands, in words: faults that can be counted, what is tidy, and which rated ones are near.

Used by `rank` and `draw`. Rule: a count is counted in the text; what was only seen in a picture is said to be seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from diaglib.diagram.geometry import Box, overlap_area, segment_meets_box, segments_cross
from diaglib.diagram.legibility import MAX_EDGES_MEASURED
from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, Diagram, Node
from diaglib.scoring.geometry import FEATURES, MAX_NODES_MEASURED

if TYPE_CHECKING:
    from diaglib.scoring.taste import Neighbour

EDGE_MARGIN_PX = 1.0  # a shape that lies on the edge of the canvas is not off it
INSIDE_PX = 2.0  # a link that touches the outermost 2 px of a shape does not run through it
CLOSE = 0.75  # of the distance two rated diagrams usually have
NEAREST_TOLD = 3
NUMBERS = ("no", "one", "two", "three")
# feature -> words where it is at least the first number, words where it is at most the second
TIDY: tuple[tuple[str, float, str, float, str], ...] = (
    ("gap_evenness", 0.9, "nodes evenly spaced", 0.6, "nodes unevenly spaced"),
    ("alignment_best", 0.97, "nodes aligned", 0.6, "nodes not aligned"),
    ("link_length_evenness", 0.9, "links of even length", 0.5, "links of very different lengths"),
    ("nearest_gap", 0.75, "", 0.3, "nodes crowded"),
)
SEEN: tuple[tuple[str, float, str], ...] = (
    ("free_of_overlap", 0.8, "nodes overlap"),
    ("free_of_crossings", 0.75, "links cross"),
    ("free_of_tunnels", 0.7, "links run through nodes"),
    ("inside_canvas", 0.85, "nodes leave the picture"),
)


def fault_counts(diagram: Diagram) -> dict[str, int]:
    """Crossings of links, pairs of overlapping nodes, links that run through nodes, nodes off the canvas.

    The first 500 nodes and 350 links are counted.
    """
    nodes = diagram.nodes[:MAX_NODES_MEASURED]
    boxes = [node.box for node in nodes]
    links = diagram.edges()[:MAX_EDGES_MEASURED]
    ends = [((a.x, a.y), (b.x, b.y), {a.id, b.id}) for a, b in links]
    shapes = [(node.id, box) for node in nodes if (box := _inside(node)) is not None]
    return {
        "crossing": sum(segments_cross(a, b, c, d) for (a, b, one), (c, d, other) in combinations(ends, 2) if not one & other),
        "overlap": sum(overlap_area(one, other) > 0 for one, other in combinations(boxes, 2)),
        "link through a node": sum(
            any(segment_meets_box(*a, *b, box) for number, box in shapes if number not in own) for a, b, own in ends
        ),
        "node off the canvas": sum(
            min(left, top) < -EDGE_MARGIN_PX
            or right > CANVAS_WIDTH_PX + EDGE_MARGIN_PX
            or bottom > CANVAS_HEIGHT_PX + EDGE_MARGIN_PX
            for left, top, right, bottom in boxes
        ),
    }


def _inside(node: Node) -> Box | None:
    """The box a link must not run through: a shape's less 2 px a side, in a circle the box inside it."""
    inner = sqrt(0.5) if node.shape == "circle" else 1.0
    half_width, half_height = node.width * inner / 2 - INSIDE_PX, node.height * inner / 2 - INSIDE_PX
    if half_width <= 0 or half_height <= 0:
        return None
    return (node.x - half_width, node.y - half_height, node.x + half_width, node.y + half_height)


def diagram_reasons(diagram: Diagram, geometry: np.ndarray) -> list[str]:
    """Counted faults, then what is tidy or untidy; `geometry` is the diagram's row of `features`."""
    counts = fault_counts(diagram)
    words = [_count(number, what) for what, number in counts.items() if number]
    return (words or ["no crossings, overlaps or nodes off the canvas"]) + _tidiness(geometry)


def picture_reasons(geometry: np.ndarray) -> list[str]:
    """What the CNN sees in a picture without a text; `geometry` is its predicted row of `features`."""
    value = dict(zip(FEATURES, geometry, strict=True))
    faults = [words for name, least, words in SEEN if value[name] < least]
    return [f"seen in the picture: {', '.join(faults or ['no overlaps or crossings'])}", *_tidiness(geometry)]


def _tidiness(geometry: np.ndarray) -> list[str]:
    value = dict(zip(FEATURES, geometry, strict=True))
    words = [good if value[name] >= high else bad if value[name] <= low else "" for name, high, good, low, bad in TIDY]
    return [word for word in words if word]


def _count(number: int, what: str) -> str:
    first, space, rest = what.partition(" ")
    plural = first if number == 1 else first + "s"
    return f"{number} {plural}{space}{rest}"


def taste_reason(neighbours: Sequence[Neighbour]) -> str:
    """Which of the ratings are near: `close to three diagrams you rated 5`."""
    near = [round(neighbour.score) for neighbour in neighbours[:NEAREST_TOLD] if neighbour.distance <= CLOSE]
    if not near:
        return "unlike anything you rated"
    told = sorted(Counter(near).items(), key=lambda item: (-item[1], -item[0]))
    parts = [f"{NUMBERS[count]} diagram{'s' * (count > 1)} you rated {score}" for score, count in told]
    return "close to " + " and ".join(parts)
