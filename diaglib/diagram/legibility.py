"""How easily a diagram reads: parts measured from its geometry, each 0 (worst) .. 1 (best), and a total.

Used by draw (ranking), notebook 05 (features of the learnt score) and `check`. Rule: works on anything `parse` returns
(no nodes, coincident nodes, sizes of zero, links to nobody, 500 nodes all linked) within bounded cost.

Most parts take the square root of a share of faults: the first fault is what a reader notices, and a share of one
fault in many would otherwise hide near 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import exp, hypot, isfinite, sqrt
from statistics import fmean, pstdev

from diaglib.diagram.caption_fit import font_px
from diaglib.diagram.geometry import Box, box_gap, crossing_angle_degrees, overlap_area, segment_meets_box, segments_cross
from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, Diagram, Node

IDEAL_ANGLE_DEGREES = 70.0
COMFORTABLE_GAP_PX = 25.0
ALIGNED_PX = 4.0
COMFORTABLE_FONT_PX = 12.0
MAX_EDGES_MEASURED = 350
MAX_COORDINATE_PX = 1e6

# Weights of the total. Faults that hide content (shapes over shapes, outside the canvas, lines through shapes, captions
# too small) count most: what cannot be seen cannot be read. Crossings come next, the aesthetic with the largest effect
# on errors and time in Purchase's studies (1997, 2002); tidiness (spacing, alignment, even lengths and sizes) last,
# where effects on reading are small and taste is large.
WEIGHTS: dict[str, float] = {
    "node_overlap": 4.0,
    "off_canvas": 3.0,
    "edges_through_nodes": 3.0,
    "label_fit": 3.0,
    "edge_crossings": 2.0,
    "spacing": 2.0,
    "alignment": 1.5,
    "isolated_nodes": 1.0,
    "crossing_angle": 0.5,
    "edge_length_evenness": 0.5,
    "spacing_evenness": 0.5,
    "size_evenness": 0.5,
    "flow": 0.5,
}


def measure(diagram: Diagram) -> dict[str, float]:
    """Every part of `WEIGHTS` and `score`, each 0..1.

    `score` is the weighted geometric mean of 0.03 + 0.97 part: a fault is not bought back by tidiness elsewhere, and a
    part at 0 still leaves the others a say. A diagram without nodes shows nothing: all 0. Links beyond 350 are sampled
    evenly. Cost: about nodes^2 + 350 nodes + 350^2 tests at most.
    """
    if not diagram.nodes:
        return dict.fromkeys((*WEIGHTS, "score"), 0.0)
    nodes = [_Clean(node) for node in diagram.nodes]
    by_id = {node.id: i for i, node in enumerate(nodes)}
    edges = [(i, by_id[t]) for i, node in enumerate(nodes) for t in node.links if t in by_id and by_id[t] != i]
    linked = {end for edge in edges for end in edge}
    if len(edges) > MAX_EDGES_MEASURED:
        edges = [edges[i * len(edges) // MAX_EDGES_MEASURED] for i in range(MAX_EDGES_MEASURED)]
    boxes = [node.box for node in nodes]
    gaps = _nearest_gaps(boxes)
    crossings, angle = edge_crossings(nodes, edges)
    parts = {
        "node_overlap": node_overlap(boxes),
        "off_canvas": off_canvas(boxes),
        "edges_through_nodes": edges_through_nodes(nodes, edges),
        "label_fit": label_fit(diagram.nodes),
        "edge_crossings": crossings,
        "spacing": fmean(1.0 - exp(-gap / COMFORTABLE_GAP_PX) for gap in gaps) if gaps else 1.0,
        "alignment": alignment(nodes),
        "isolated_nodes": len(linked) / len(nodes) if len(nodes) > 1 else 1.0,
        "crossing_angle": angle,
        "edge_length_evenness": evenness([hypot(nodes[a].x - nodes[b].x, nodes[a].y - nodes[b].y) for a, b in edges]),
        "spacing_evenness": evenness(gaps),
        "size_evenness": size_evenness(nodes),
        "flow": flow(nodes, edges),
    }
    total = sum(WEIGHTS.values())
    score = 1.0
    for name, weight in WEIGHTS.items():
        score *= (0.03 + 0.97 * parts[name]) ** (weight / total)
    return parts | {"score": score}


class _Clean:
    """A node with finite numbers only: what is not a number counts as 0, what is absurd is cut to a million px."""

    __slots__ = ("box", "height", "id", "links", "look", "width", "x", "y")

    def __init__(self, node: Node) -> None:
        self.id, self.links, self.look = node.id, node.links, (node.shape, node.fill)
        self.x, self.y = _finite(node.x), _finite(node.y)
        self.width, self.height = abs(_finite(node.width)), abs(_finite(node.height))
        half_width, half_height = self.width / 2, self.height / 2
        self.box: Box = (self.x - half_width, self.y - half_height, self.x + half_width, self.y + half_height)


def _finite(value: float) -> float:
    return min(max(float(value), -MAX_COORDINATE_PX), MAX_COORDINATE_PX) if isfinite(value) else 0.0


def node_overlap(boxes: Sequence[Box]) -> float:
    """1 - sqrt(mean over nodes of the share of the node that others cover, at most 1).

    Coincident centres of empty boxes count as covered. Source: node occlusion, Dunne & Shneiderman (2009, Improving
    Graph Drawing Readability by Incorporating Readability Metrics).
    """
    covered = [0.0] * len(boxes)
    areas = [max((box[2] - box[0]) * (box[3] - box[1]), 1e-9) for box in boxes]
    order = sorted(range(len(boxes)), key=lambda i: boxes[i][0])
    for k, i in enumerate(order):
        for j in order[k + 1 :]:
            if boxes[j][0] > boxes[i][2]:
                break
            shared = overlap_area(boxes[i], boxes[j])
            if shared == 0.0 and boxes[i] == boxes[j]:
                shared = max(areas[i], areas[j])
            if shared:
                covered[i] += shared / areas[i]
                covered[j] += shared / areas[j]
    return 1.0 - sqrt(fmean(min(share, 1.0) for share in covered))


def off_canvas(boxes: Sequence[Box]) -> float:
    """1 - sqrt(mean over nodes of the share of the node that lies outside 1000 x 600 px)."""
    canvas = (0.0, 0.0, float(CANVAS_WIDTH_PX), float(CANVAS_HEIGHT_PX))
    outside = []
    for box in boxes:
        area = (box[2] - box[0]) * (box[3] - box[1])
        if area > 0:
            outside.append(1.0 - min(overlap_area(box, canvas) / area, 1.0))
        else:
            inside = min(box[0], box[1]) >= 0 and box[2] <= canvas[2] and box[3] <= canvas[3]
            outside.append(0.0 if inside else 1.0)
    return 1.0 - sqrt(fmean(outside))


def edge_crossings(nodes: Sequence[_Clean], edges: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Crossings, and the angle at them, of straight links between centres.

    Crossings: 1 - sqrt(c / c_max), c_max the pairs of links without a common end (Purchase 2002, Metrics for Graph
    Drawing Aesthetics; the square root is ours). Angle: 1 - mean(|70 - angle| / 70), 1 without crossings (Ware et al.
    2002 and Huang 2008: near-right crossings cost little; 70 degrees from Dunne & Shneiderman 2009).
    """
    points = [(node.x, node.y) for node in nodes]
    possible = crossings = 0
    deviation = 0.0
    for i, (a, b) in enumerate(edges):
        for c, d in edges[:i]:
            if a in (c, d) or b in (c, d):
                continue
            possible += 1
            if segments_cross(points[a], points[b], points[c], points[d]):
                crossings += 1
                angle = crossing_angle_degrees(points[a], points[b], points[c], points[d])
                deviation += abs(IDEAL_ANGLE_DEGREES - angle) / IDEAL_ANGLE_DEGREES
    if not crossings:
        return 1.0, 1.0
    return 1.0 - sqrt(crossings / possible), 1.0 - min(deviation / crossings, 1.0)


def edges_through_nodes(nodes: Sequence[_Clean], edges: Sequence[tuple[int, int]]) -> float:
    """1 - sqrt(share of links that run through a node which is not their end).

    A shape counts with its box less 2 px on each side (touching is no fault), a circle with the box inside it. Source:
    edge tunnels, Dunne & Shneiderman (2009).
    """
    if not edges:
        return 1.0
    boxes = []
    for i, node in enumerate(nodes):
        inner = sqrt(0.5) if node.look[0] == "circle" else 1.0
        half_width, half_height = node.width * inner / 2 - 2, node.height * inner / 2 - 2
        if half_width > 0 and half_height > 0:
            boxes.append((i, (node.x - half_width, node.y - half_height, node.x + half_width, node.y + half_height)))
    through = 0
    for a, b in edges:
        ax, ay, bx, by = nodes[a].x, nodes[a].y, nodes[b].x, nodes[b].y
        through += any(segment_meets_box(ax, ay, bx, by, box) for i, box in boxes if i != a and i != b)
    return 1.0 - sqrt(through / len(edges))


def label_fit(nodes: Iterable[Node]) -> float:
    """Mean over labelled nodes of min(1, font / 12 px), the font being the largest with which the label fits its shape.

    1 where nothing is labelled. 12 px at 1000 px width is about the 9 pt that print takes as comfortable.
    """
    fits = [
        min(1.0, font_px(node.label, node.shape, abs(_finite(node.width)), abs(_finite(node.height))) / COMFORTABLE_FONT_PX)
        for node in nodes
        if node.label
    ]
    return fmean(fits) if fits else 1.0


def alignment(nodes: Sequence[_Clean]) -> float:
    """Mean over nodes of exp(-d / 4 px), d the least difference in x or in y to another node's centre.

    Coincident centres do not count as aligned. Source: the grid aesthetic of Purchase (2002), made soft.
    """
    if len(nodes) < 2:
        return 1.0
    least = [MAX_COORDINATE_PX] * len(nodes)
    for along, across in ((lambda node: node.x, lambda node: node.y), (lambda node: node.y, lambda node: node.x)):
        order = sorted(range(len(nodes)), key=lambda i: (along(nodes[i]), across(nodes[i])))
        for i, j in pairwise(order):
            step = abs(along(nodes[i]) - along(nodes[j]))
            if step or across(nodes[i]) != across(nodes[j]):
                least[i], least[j] = min(least[i], step), min(least[j], step)
    return fmean(exp(-step / ALIGNED_PX) for step in least)


def _nearest_gaps(boxes: Sequence[Box]) -> list[float]:
    """For every box the distance in px to the nearest other one. Empty for a single box.

    `spacing` is the mean of 1 - exp(-gap / 25 px): 0 where shapes touch, .63 at 25 px, .9 at 60 px.
    """
    if len(boxes) < 2:
        return []
    nearest = [hypot(CANVAS_WIDTH_PX, CANVAS_HEIGHT_PX)] * len(boxes)
    order = sorted(range(len(boxes)), key=lambda i: boxes[i][0])
    for k, i in enumerate(order):
        box = boxes[i]
        for j in order[k + 1 :]:
            # boxes further right start even further away; all that follow matter only while nearer than the best
            if boxes[j][0] - box[2] > nearest[i] and boxes[j][0] - box[2] > 400:
                break
            gap = box_gap(box, boxes[j])
            if gap < nearest[i]:
                nearest[i] = gap
            if gap < nearest[j]:
                nearest[j] = gap
    return nearest


def evenness(values: Sequence[float]) -> float:
    """1 / (1 + coefficient of variation); 1 for fewer than two values or all zero.

    For link lengths this is the uniform-edge-length aesthetic (Purchase 2002; Kamada & Kawai 1989).
    """
    mean = fmean(values) if len(values) > 1 else 0.0
    return 1.0 / (1.0 + pstdev(values) / mean) if mean > 0 else 1.0


def size_evenness(nodes: Sequence[_Clean]) -> float:
    """Mean over looks (shape and fill) of the evenness of width or of height, whichever is more even.

    Shapes that mean the same should be of one size; in networks one side tells the layer's size and may differ.
    """
    groups: dict[object, list[_Clean]] = {}
    for node in nodes:
        groups.setdefault(node.look, []).append(node)
    pairs = [(evenness([n.width for n in group]), evenness([n.height for n in group]), len(group)) for group in groups.values()]
    return sum(max(width, height) * count for width, height, count in pairs) / len(nodes)


def flow(nodes: Sequence[_Clean], edges: Sequence[tuple[int, int]]) -> float:
    """Share of links that run in the main direction, right or down, whichever more links follow; 1 without links.

    A link across the direction (within 1 px) follows it where it runs right or down. Source: consistent flow
    direction (upward flow), Purchase (2002).
    """
    if not edges:
        return 1.0
    right = down = 0
    for a, b in edges:
        dx, dy = nodes[b].x - nodes[a].x, nodes[b].y - nodes[a].y
        right += dx > 1 or (dx >= -1 and dy >= 0)
        down += dy > 1 or (dy >= -1 and dx >= 0)
    return max(right, down) / len(edges)
