"""What can be measured of a diagram's places, sizes and links: one row of numbers per diagram, for the learnt scores.

Used by notebook 05 (readability, taste). Rule: nothing that tells who drew it (how many nodes or links, problems of the
text) and nothing that fails: coincident nodes, sizes of zero, NaN and 500 nodes all give finite numbers in bounded time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diaglib.diagram.legibility import COMFORTABLE_GAP_PX, MAX_EDGES_MEASURED, label_fit
from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, Diagram
from diaglib.scoring.link_geometry import LINK_FEATURES, measure_links

ALIGNED_PX = 4.0
SAME_LINE_PX = 6.0
MAX_COORDINATE_PX = 20_000.0
MAX_NODES_MEASURED = 500
BOX_FEATURES = (
    "free_of_overlap",  # 1 - sqrt(mean share of a node that others cover)
    "share_of_nodes_apart",  # nodes that touch no other node
    "share_of_centres_visible",  # nodes whose centre lies in no other node
    "inside_canvas",  # 1 - sqrt(mean share of a node outside the canvas)
    "share_of_nodes_inside",  # nodes wholly inside
    "margin",  # least distance to the canvas edge: 0.5 at the edge, 1 from 100 px inwards
    "margin_balance_x",  # 1 - difference of left and right margin in canvas widths
    "margin_balance_y",
    "canvas_width_used",
    "canvas_height_used",
    "ink",  # sqrt(area of the nodes / area of the canvas)
    "nearest_gap",  # mean of 1 - exp(-gap / 25 px) to the nearest node
    "least_gap",  # the same for the two nearest nodes of all
    "gap_evenness",  # 1 / (1 + coefficient of variation)
    "neighbour_evenness",  # the same for distances of nearest centres
    "alignment_x",  # mean of exp(-d / 4 px), d to the nearest other centre along x
    "alignment_y",
    "alignment_best",  # the better of both for every node
    "share_on_a_line",  # nodes in a row or column of at least two
    "step_evenness",  # evenness of the steps inside rows or columns, whichever is more even
    "line_step_evenness",  # evenness of the steps between rows or between columns, whichever is more even
    "line_centring",  # how well rows, or columns, share one middle
    "width_evenness",
    "height_evenness",
    "look_size_evenness",  # evenness of width or height among nodes of one shape and fill
    "least_side",  # smallest side of any node, 1 from 40 px
    "squareness",  # mean of the shorter by the longer side
    "size_against_gap",  # mean gap / (mean gap + mean shorter side)
)
LABEL_FEATURES = ("label_fit",)
FEATURES: tuple[str, ...] = (*BOX_FEATURES, *LINK_FEATURES, *LABEL_FEATURES)
# what whoever draws may choose: none of these alone says that something went wrong
FREE_CHOICES = (
    *("margin", "canvas_width_used", "canvas_height_used", "ink", "width_evenness", "height_evenness", "least_side"),
    *("squareness", "link_length", "longest_link", "flow", "label_fit"),
)


def features(diagrams: Sequence[Diagram]) -> np.ndarray:
    """Float32 (n, len(FEATURES)), every number in 0..1; a diagram without nodes is a row of zeros.

    1 is the tidier end wherever there is one. About 1 ms each; links beyond 350 are sampled evenly, nodes beyond 500
    are left out.
    """
    rows = np.zeros((len(diagrams), len(FEATURES)), np.float32)
    for row, diagram in zip(rows, diagrams, strict=True):
        if diagram.nodes:
            row[:] = _measure(diagram)
    return rows


def _measure(diagram: Diagram) -> np.ndarray:
    nodes = diagram.nodes[:MAX_NODES_MEASURED]
    numbers = np.array([(node.x, node.y, node.width, node.height) for node in nodes], float)
    numbers = np.clip(np.nan_to_num(numbers, nan=0.0), -MAX_COORDINATE_PX, MAX_COORDINATE_PX)
    centres, sizes = numbers[:, :2], np.abs(numbers[:, 2:])
    place = {node.id: i for i, node in enumerate(nodes)}
    links = [(i, place[t]) for i, node in enumerate(nodes) for t in dict.fromkeys(node.links) if t in place and place[t] != i]
    linked = np.zeros(len(nodes), bool)
    linked[[end for link in links for end in link]] = True
    if len(links) > MAX_EDGES_MEASURED:
        links = [links[i * len(links) // MAX_EDGES_MEASURED] for i in range(MAX_EDGES_MEASURED)]
    looks = [hash((node.shape, node.fill)) for node in nodes]
    circles = np.array([node.shape == "circle" for node in nodes])
    values = [
        *_overlaps(centres, sizes),
        *_canvas_use(centres, sizes),
        *_spacing(centres, sizes),
        *_alignment(centres),
        *_sizes(centres, sizes, looks),
        *measure_links(centres, sizes, circles, np.array(links, int).reshape(-1, 2), linked),
        label_fit(nodes),
    ]
    return np.clip(np.nan_to_num(np.array(values), nan=0.0), 0.0, 1.0)


def evenness(values: np.ndarray) -> float:
    """1 / (1 + coefficient of variation); 1 for fewer than two values or all zero."""
    mean = float(np.mean(values)) if len(values) > 1 else 0.0
    return 1.0 / (1.0 + float(np.std(values)) / mean) if mean > 0 else 1.0


def _overlaps(centres: np.ndarray, sizes: np.ndarray) -> list[float]:
    low, high = centres - sizes / 2, centres + sizes / 2
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    area = np.where((shared > 0).all(axis=2), shared[..., 0] * shared[..., 1], 0.0)
    inside = ((centres[:, None] > low) & (centres[:, None] < high)).all(axis=2)
    inside |= (np.abs(centres[:, None] - centres) < 1).all(axis=2)  # nodes without a size lie on each other too
    np.fill_diagonal(area, 0.0)
    np.fill_diagonal(inside, False)
    covered = np.minimum(area.sum(axis=1) / np.maximum(sizes.prod(axis=1), 1.0), 1.0)
    covered = np.maximum(covered, inside.any(axis=1) * (sizes.prod(axis=1) < 1.0))
    return [1.0 - np.sqrt(covered.mean()), 1.0 - (area > 0).any(axis=1).mean(), 1.0 - inside.any(axis=1).mean()]


def _canvas_use(centres: np.ndarray, sizes: np.ndarray) -> list[float]:
    canvas = np.array((CANVAS_WIDTH_PX, CANVAS_HEIGHT_PX), float)
    low, high = centres - sizes / 2, centres + sizes / 2
    seen = np.clip(np.minimum(high, canvas) - np.maximum(low, 0.0), 0.0, None).prod(axis=1)
    outside = 1.0 - np.minimum(seen / np.maximum(sizes.prod(axis=1), 1e-9), 1.0)
    whole = ((low >= -1) & (high <= canvas + 1)).all(axis=1)
    outside = np.where(sizes.prod(axis=1) > 0, outside, ~whole)
    before, after = low.min(axis=0), canvas - high.max(axis=0)
    used = np.clip(np.minimum(high.max(axis=0), canvas) - np.maximum(low.min(axis=0), 0.0), 0.0, None) / canvas
    balance = 1.0 - np.minimum(np.abs(before - after) / canvas, 1.0)
    margin = 0.5 + min(before.min(), after.min()) / 200
    return [1.0 - np.sqrt(outside.mean()), whole.mean(), margin, *balance, *used, np.sqrt(seen.sum() / canvas.prod())]


def _spacing(centres: np.ndarray, sizes: np.ndarray) -> list[float]:
    if len(centres) < 2:
        return [1.0] * 4
    apart = np.abs(centres[:, None] - centres)
    gaps = np.hypot(*np.moveaxis(np.clip(apart - (sizes[:, None] + sizes) / 2, 0.0, None), 2, 0))
    distances = np.hypot(*np.moveaxis(apart, 2, 0))
    np.fill_diagonal(gaps, np.inf)
    np.fill_diagonal(distances, np.inf)
    nearest = gaps.min(axis=1)
    comfort = 1.0 - np.exp(-nearest / COMFORTABLE_GAP_PX)
    return [comfort.mean(), comfort.min(), evenness(nearest), evenness(distances.min(axis=1))]


def _alignment(centres: np.ndarray) -> list[float]:
    if len(centres) < 2:
        return [1.0] * 7
    apart = np.abs(centres[:, None] - centres)
    same_place = (apart < 1).all(axis=2)  # a node on top of another one is not aligned with it
    near = np.exp(-np.where(same_place[..., None], np.inf, apart) / ALIGNED_PX).max(axis=1)
    steps, line_steps, middles, on_line = zip(*(_lines(centres, axis) for axis in (0, 1)), strict=True)
    return [
        *near.mean(axis=0), near.max(axis=1).mean(), np.logical_or(*on_line).mean(),
        max(steps), max(line_steps), max(middles),
    ]  # fmt: skip


def _lines(centres: np.ndarray, axis: int) -> tuple[float, float, float, np.ndarray]:
    """Lines of nodes that share the coordinate `axis` (0: columns, 1: rows), grouped where the next one is at most 6 px on.

    Returns the evenness of the steps inside lines of three or more (weighted by their steps; 0.5 where there is no such
    line), the evenness of the steps between lines, how well the middles of the lines agree, and who is on a line.
    """
    order = np.argsort(centres[:, axis], kind="stable")
    at, along = centres[order, axis], centres[order, 1 - axis]
    starts = np.flatnonzero(np.diff(at, prepend=-np.inf) > SAME_LINE_PX)
    groups = np.split(along, starts[1:])
    counts = np.array([len(group) for group in groups])
    on_line = np.zeros(len(centres), bool)
    on_line[order] = np.repeat(counts > 1, counts)
    long = [np.diff(np.sort(group)) for group in groups if len(group) > 2]
    inside = sum(evenness(steps) * len(steps) for steps in long) / sum(map(len, long)) if long else 0.5
    middles = np.array([(group.min() + group.max()) / 2 for group in groups])
    extent = (CANVAS_WIDTH_PX, CANVAS_HEIGHT_PX)[1 - axis]
    centring = 1.0 - min(4 * float(np.average(np.abs(middles - np.median(middles)), weights=counts)) / extent, 1.0)
    between = evenness(np.diff(at[starts])) if len(starts) < len(centres) else 0.5
    return inside, between, centring if len(starts) > 1 else 0.5, on_line


def _sizes(centres: np.ndarray, sizes: np.ndarray, looks: Sequence[int]) -> list[float]:
    shorter, longer = sizes.min(axis=1), sizes.max(axis=1)
    keys = np.array(looks)
    even = 0.0
    for look in set(looks):
        group = sizes[keys == look]
        even += max(evenness(group[:, 0]), evenness(group[:, 1])) * len(group)
    if len(centres) > 1:
        distances = np.abs(centres[:, None] - centres) - (sizes[:, None] + sizes) / 2
        gaps = np.clip(distances.max(axis=2), 0.0, None)
        np.fill_diagonal(gaps, np.inf)
        gap = float(gaps.min(axis=1).mean())
    else:
        gap = float(CANVAS_WIDTH_PX)
    return [
        evenness(sizes[:, 0]), evenness(sizes[:, 1]), even / len(sizes), min(shorter.min() / 40, 1.0),
        float((shorter / np.maximum(longer, 1.0)).mean()), gap / (gap + max(float(shorter.mean()), 1.0)),
    ]  # fmt: skip
