"""Where drawn things begin and end: outlines, the routes of links, arrow heads. Worked out once, used by every picture.

Rule: whatever a diagram holds (NaN, negative sizes, links to nobody, 500 nodes in a heap), every number that leaves
this module is finite and bounded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, LINES, SHAPES, Colour, Diagram, Node

if TYPE_CHECKING:
    import numpy as np

OUTLINE_WIDTH_PX = 1.5
LINK_WIDTH_PX = 1.25
HEAD_LENGTH_PX = 9.0
HEAD_WIDTH_PX = 7.0
PAIR_GAP_PX = 5.0  # each of two opposite links is moved this far to its left
CORNER_RADIUS_PX = 12.0
MAX_POSITION_PX = 10_000.0
MAX_SIZE_PX = 5_000.0
MIN_SIZE_PX = 2.0  # a node of size 0 stays visible as a dot
MAX_BEND_TESTS = 250_000  # links x nodes; a heap beyond this keeps straight links
MAX_BENDS = 60

Point = tuple[float, float]
Head = tuple[Point, Point, Point]


@dataclass(frozen=True, slots=True)
class Outline:
    """The boundary of a node as drawn: finite, inside +-10,000 px, at least 2 px wide and high."""

    id: int
    x: float
    y: float
    half_width: float
    half_height: float
    shape: str
    radius: float
    fill: Colour
    stroke: Colour
    label: str


@dataclass(frozen=True, slots=True)
class Route:
    """A link as drawn: points from the source's edge to the target's; `head` is tip, left, right of the arrow head.

    With a head, the last point is the middle of its base, so that the line does not blunt the tip. `above` says that
    source and target overlap, so that the link must be drawn over the shapes to be seen.
    """

    source: int
    target: int
    points: tuple[Point, ...]
    head: Head | None
    colour: Colour
    dashed: bool
    above: bool = False


def outline(node: Node) -> Outline:
    """The drawn boundary of a node; an unknown shape is a rectangle, a negative size counts as its absolute value."""
    half_width = max(abs(_finite(node.width, MAX_SIZE_PX)), MIN_SIZE_PX) / 2
    half_height = max(abs(_finite(node.height, MAX_SIZE_PX)), MIN_SIZE_PX) / 2
    shape = node.shape if node.shape in SHAPES else SHAPES[0]
    radius = min(CORNER_RADIUS_PX, 0.5 * half_width, 0.5 * half_height) if shape == "round rectangle" else 0.0
    x, y = _finite(node.x, MAX_POSITION_PX), _finite(node.y, MAX_POSITION_PX)
    fill, stroke = _colour(node.fill), _colour(node.stroke)
    return Outline(node.id, x, y, half_width, half_height, shape, radius, fill, stroke, node.label)


def boundary_point(shape: Outline, direction: Point, shift: Point = (0.0, 0.0)) -> Point:
    """Where the ray from the centre moved by `shift` (px, inside the shape) leaves the shape; `direction` has length 1."""
    dx, dy = direction
    px, py = shift
    if shape.shape == "circle":
        reach = _ellipse_reach(px, py, dx, dy, shape.half_width, shape.half_height)
        return shape.x + px + reach * dx, shape.y + py + reach * dy
    across = (math.copysign(shape.half_width, dx) - px) / dx if dx else math.inf
    down = (math.copysign(shape.half_height, dy) - py) / dy if dy else math.inf
    reach = min(across, down)
    if radius := shape.radius:
        hit_x, hit_y = px + reach * dx, py + reach * dy
        corner_x = math.copysign(shape.half_width - radius, hit_x)
        corner_y = math.copysign(shape.half_height - radius, hit_y)
        if abs(hit_x) > abs(corner_x) and abs(hit_y) > abs(corner_y):
            reach = _ellipse_reach(px - corner_x, py - corner_y, dx, dy, radius, radius)
    return shape.x + px + reach * dx, shape.y + py + reach * dy


def routes(diagram: Diagram, outlines: Sequence[Outline]) -> list[Route]:
    """Every link once, in order; links to itself, to missing nodes, and between equal centres have no line to draw.

    Two links in opposite directions run side by side. A straight link that would vanish behind a third node is bent
    around it. `outlines` belong to `diagram.nodes`, one each; of nodes with the same id the last one is linked to.
    """
    place = {node.id: i for i, node in enumerate(diagram.nodes)}
    pairs = [
        (i, place[target])
        for i, node in enumerate(diagram.nodes)
        for target in dict.fromkeys(node.links)
        if target in place and place[target] != i
    ]
    both_ways = set(pairs)
    blocked = _blocked(pairs, outlines)
    bends = 0
    found = []
    for number, (i, j) in enumerate(pairs):
        source, target, line = outlines[i], outlines[j], diagram.nodes[i].line
        distance = math.hypot(target.x - source.x, target.y - source.y)
        if distance < 1e-3:
            continue
        bent = None
        if number in blocked and bends < MAX_BENDS:
            bent = _bent(source, target, distance, outlines)
            bends += 1
        points, above = (bent, False) if bent else _straight(source, target, distance, (j, i) in both_ways)
        head = None
        if line not in LINES[1:]:
            points, head = _with_head(points)
        found.append(Route(source.id, target.id, points, head, source.stroke, line == LINES[2], above))
    return found


def _straight(source: Outline, target: Outline, distance: float, paired: bool) -> tuple[tuple[Point, ...], bool]:
    """The two ends on the edges (or the two centres where the shapes overlap), and whether the shapes overlap."""
    dx, dy = (target.x - source.x) / distance, (target.y - source.y) / distance
    shift = (0.0, 0.0)
    if paired:
        thinnest = min(source.half_width, source.half_height, target.half_width, target.half_height)
        gap = min(PAIR_GAP_PX, 0.3 * thinnest)
        shift = (dy * gap, -dx * gap)
    start, end = boundary_point(source, (dx, dy), shift), boundary_point(target, (-dx, -dy), shift)
    if (end[0] - start[0]) * dx + (end[1] - start[1]) * dy <= 0.5:
        start, end = (source.x + shift[0], source.y + shift[1]), (target.x + shift[0], target.y + shift[1])
        return (start, end), True
    return (start, end), False


def _with_head(points: tuple[Point, ...]) -> tuple[tuple[Point, ...], Head]:
    """The line shortened to the base of an arrow head, and the head with its tip at the old end."""
    tip = points[-1]
    reach = min(HEAD_LENGTH_PX, 0.6 * math.dist(points[0], tip))
    wide = reach * HEAD_WIDTH_PX / HEAD_LENGTH_PX / 2
    # a bent line is approached from where it leaves the head, so that head and line meet without a kink
    before = points[0] if len(points) == 2 else next(point for point in reversed(points) if math.dist(point, tip) >= reach)
    length = math.dist(before, tip) or 1.0
    dx, dy = (tip[0] - before[0]) / length, (tip[1] - before[1]) / length
    x, y = tip[0] - dx * reach, tip[1] - dy * reach
    kept = [point for point in points[1:-1] if math.dist(point, tip) > reach] if len(points) > 2 else []
    return (points[0], *kept, (x, y)), (tip, (x - dy * wide, y + dx * wide), (x + dy * wide, y - dx * wide))


def _blocked(pairs: Sequence[tuple[int, int]], outlines: Sequence[Outline]) -> set[int]:
    """Numbers of the pairs whose straight line passes through the box of a third node (slab test, all at once)."""
    if not pairs or len(outlines) < 3 or len(pairs) * len(outlines) > MAX_BEND_TESTS:
        return set()
    import numpy as np

    centre = np.array([(o.x, o.y) for o in outlines])
    half = np.maximum(np.array([(o.half_width, o.half_height) for o in outlines]) - 3.0, 0.5)
    first, second = np.array(pairs).T
    start, step = centre[first][:, None], (centre[second] - centre[first])[:, None]
    step = np.where(np.abs(step) < 1e-6, 1e-6, step)
    low, high = (centre - half - start) / step, (centre + half - start) / step
    enter, leave = np.minimum(low, high).max(axis=2), np.maximum(low, high).min(axis=2)
    hit = (enter < leave) & (leave > 0) & (enter < 1)
    rows = np.arange(len(pairs))
    hit[rows, first] = hit[rows, second] = False
    return set(np.flatnonzero(hit.any(axis=1)).tolist())


def _bent(source: Outline, target: Outline, distance: float, outlines: Sequence[Outline]) -> tuple[Point, ...] | None:
    """The flattest curve from edge to edge that stays on the canvas and clear of all other nodes; None where there is none.

    Along a row or column the curve leaves and enters at the side, as skip connections are drawn; else it is an arc.
    """
    import numpy as np

    box = np.array([(o.x, o.y, o.half_width + 4, o.half_height + 4) for o in outlines if o is not source and o is not target])
    dx, dy = (target.x - source.x) / distance, (target.y - source.y) / distance
    across = (box[:, 0] - source.x) * -dy + (box[:, 1] - source.y) * dx
    along = (box[:, 0] - source.x) * dx + (box[:, 1] - source.y) * dy
    reach = abs(dy) * box[:, 2] + abs(dx) * box[:, 3]
    extent = abs(dx) * box[:, 2] + abs(dy) * box[:, 3]
    near = (np.abs(across) < reach) & (along > -extent) & (along < distance + extent)
    if not near.any():
        return None
    sides = (float((across + reach)[near].max()), float((across - reach)[near].min()))
    aligned = min(abs(dx), abs(dy)) < 0.2
    clear = 10 + 0.1 * distance if aligned else 6 + 0.04 * distance
    bulges = [side * more + math.copysign(clear, side) for side in sides for more in (1, 1.3, 1.8, 2.5)]
    for bulge in sorted(bulges, key=abs):
        out = math.copysign(1.0, bulge)
        normal = (-dy * out, dx * out)
        if aligned:
            ends = [boundary_point(shape, normal) for shape in (source, target)]
            # a cubic reaches three quarters of the way to its two middle points
            outmost = max(abs((x - source.x) * normal[0] + (y - source.y) * normal[1]) for x, y in ends)
            height = max(abs(bulge) - outmost, 24.0) / 0.75
            middles = [(x + normal[0] * height, y + normal[1] * height) for x, y in ends]
        else:
            peak = ((source.x + target.x) / 2 - dy * 2 * bulge, (source.y + target.y) / 2 + dx * 2 * bulge)
            ends = [boundary_point(shape, _direction(shape, peak)) for shape in (source, target)]
            middles = [(x + (peak[0] - x) * 2 / 3, y + (peak[1] - y) * 2 / 3) for x, y in ends]
        curve = _bernstein() @ np.array([ends[0], *middles, ends[1]])
        if curve.min() < 2 or (curve > (CANVAS_WIDTH_PX - 2, CANVAS_HEIGHT_PX - 2)).any():
            continue
        if not (np.abs(curve[:, None] - box[:, :2]) < box[:, 2:]).all(axis=2).any():
            return tuple((float(x), float(y)) for x, y in curve)
    return None


@lru_cache(maxsize=1)
def _bernstein() -> np.ndarray:
    """Weights of the four points of a cubic Bezier curve at 25 places along it, (25, 4)."""
    import numpy as np

    t = np.linspace(0.0, 1.0, 25)
    return np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)


def _direction(shape: Outline, point: Point) -> Point:
    dx, dy = point[0] - shape.x, point[1] - shape.y
    length = math.hypot(dx, dy) or 1.0
    return dx / length, dy / length


def _ellipse_reach(px: float, py: float, dx: float, dy: float, a: float, b: float) -> float:
    """The larger t at which (px, py) + t (dx, dy) meets the ellipse of half axes a, b around the origin."""
    u, v, p, q = dx / a, dy / b, px / a, py / b
    square, middle = u * u + v * v, u * p + v * q
    return (-middle + math.sqrt(max(middle * middle - square * (p * p + q * q - 1), 0.0))) / square


def _finite(value: float, limit: float) -> float:
    """The value inside -limit..limit; NaN is 0."""
    value = float(value)
    return 0.0 if math.isnan(value) else min(max(value, -limit), limit)


def _colour(value: Sequence[float]) -> Colour:
    """RGB as whole numbers in 0..255; what is not three numbers is black."""
    channels = [int(max(_finite(channel, 255.0), 0.0)) for channel in tuple(value)[:3]]
    return (channels[0], channels[1], channels[2]) if len(channels) == 3 else (0, 0, 0)
