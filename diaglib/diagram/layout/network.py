"""Networks: node by node for small dense nets, else one shape a layer whose length tells the layer's size.

Used by layout. Published rules kept: more than 8 layers run left to right, else top to bottom; node view for dense
nets with at most 45 links between two layers; length log(size+1)/log(max+1) of 60% of the height or 75% of the width.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, hypot, log
from statistics import median

from diaglib.diagram.caption_fit import font_px, line_choices
from diaglib.diagram.layout.branches import parallel_frame, skip_frame, u_frame
from diaglib.diagram.layout.graph import Want, best_drawing, folds_of, layered_frames
from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, Diagram, Node
from diaglib.diagram.plan import Plan, PlanNode
from diaglib.diagram.style import Look, Style, drawable_node_by_node, fits_node_view, looks

MAX_LAYERS_DOWN = 8
MAX_LAYERS_A_ROW = {"right": 24, "down": 14}
LENGTH_SHARE = {"right": 0.6, "down": 0.75}  # of the height, of the width
MARGIN_PX = 30
MIN_SHAPE_PX = 6
CAPTION_FONT_PX = 11.0
LETTERS = {"input": "x", "dense": "h", "output": "y"}  # the usual names of the nodes of a net


def place_network(plan: Plan, links: list[tuple[int, ...]], style: Style) -> Diagram:
    """Layers or their nodes on the canvas. `links` are the plan's, as sorted positions in `plan.nodes`.

    Raises ValueError where a view cannot show this plan or the shapes do not fit.
    """
    if style.view == "node" and not drawable_node_by_node(plan):
        raise ValueError("only a chain of dense layers with known sizes can be drawn node by node: use view='layer'")
    down = len(plan.nodes) <= MAX_LAYERS_DOWN
    direction = style.direction if style.direction != "auto" else "down" if down else "right"
    if style.view == "node" or (style.view == "auto" and fits_node_view(plan)):
        diagram = _node_view(plan, direction, style)
        if diagram:
            return diagram
        if style.view == "node":
            raise ValueError(
                f"{len(plan.nodes)} layers of up to {max(node.size or 0 for node in plan.nodes)} nodes do not fit node by node: "
                "use view='layer', or the other direction"
            )
    if plan.is_chain:
        return _chain(plan, direction, style)
    return _branched(plan, links, style)


def _node_view(plan: Plan, direction: str, style: Style) -> Diagram | None:
    """A circle a node, layer by layer, every node linked to all of the next; None where they would be below 6 px."""
    sizes = [node.size or 0 for node in plan.nodes]
    right = direction == "right"
    long, wide = (CANVAS_WIDTH_PX, CANVAS_HEIGHT_PX) if right else (CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX)
    step_along = min((long - 2 * MARGIN_PX) / len(sizes), 240)
    step_across = min((wide - 2 * MARGIN_PX) / max(sizes), 130)
    diameter = min(0.62 * step_across, 0.55 * step_along, 75)
    for a, b in pairwise(sizes):
        # the flattest link must leave its row before it meets the neighbour, half a diameter and 1 px away
        span = step_across * ((a + b) / 2 - 1)
        if max(a, b) > 1:
            diameter = min(diameter, 2 * (step_across * step_along / hypot(step_along, span) - 1))
    side = int(diameter) // 2 * 2
    if side < MIN_SHAPE_PX:
        return None
    look = looks(plan, style)
    line = "solid arrow" if style.line == "auto" else style.line
    nodes: list[Node] = []
    hidden = 0
    for i, (layer, size) in enumerate(zip(plan.nodes, sizes, strict=True)):
        paint = look[layer.kind]
        place_along = long / 2 + (i - (len(sizes) - 1) / 2) * step_along
        first = len(nodes)
        after = tuple(range(first + size, first + size + sizes[i + 1])) if i + 1 < len(sizes) else ()
        for k in range(size):
            place_across = wide / 2 + (k - (size - 1) / 2) * step_across
            x, y = (place_along, place_across) if right else (place_across, place_along)
            name = f"{LETTERS[layer.kind]}{k + 1 + (hidden if layer.kind == 'dense' else 0)}"
            label = name if style.labels and side >= 22 else ""
            nodes.append(Node(first + k, round(x), round(y), "circle", side, side, line, paint.fill, paint.stroke, after, label))
        hidden += size if layer.kind == "dense" else 0
    return Diagram(tuple(nodes))


def length_shares(plan: Plan) -> list[float]:
    """Each layer's length as a share of the longest, 0..1; layers of unknown size take the middle of the known ones."""
    largest = max((node.size for node in plan.nodes if node.size is not None), default=0)
    known = [log(node.size + 1) / log(largest + 1) for node in plan.nodes if node.size is not None]
    middle = median(known) if known else 1.0
    return [middle if node.size is None else log(node.size + 1) / log(largest + 1) for node in plan.nodes]


@dataclass(frozen=True, slots=True)
class _Grid:
    """How a chain is folded: shapes a row, room along and across a row in px, thickness and full length of a shape."""

    per_row: int
    step_along: float
    step_across: float
    thickness: float
    full: float


def _chain(plan: Plan, direction: str, style: Style) -> Diagram:
    """One shape a layer, in one row (or column), or snaking through several where they would be too thin."""
    right = direction == "right"
    count = len(plan.nodes)
    captions = [node.caption if style.labels else "" for node in plan.nodes]
    shares = length_shares(plan)
    sized = any(node.size is not None for node in plan.nodes)
    look = looks(plan, style)
    fewest = ceil(count / MAX_LAYERS_A_ROW[direction])
    # up to 24 layers stay in one row as published; longer chains take the fold with the largest captions
    folds = [fewest] if fewest == 1 else sorted({*range(fewest, fewest + 4), max(1, round((count / 1.6) ** 0.5))})
    best: tuple[float, list[tuple[int, int, int, int]]] | None = None
    for rows in folds:
        grid = _grid(count, ceil(count / rows), right, sized, captions)
        if min(grid.thickness, grid.full) >= MIN_SHAPE_PX:
            boxes, font = _chain_boxes(plan.nodes, captions, shares, look, grid, right)
            if best is None or font > best[0] + 0.25:
                best = font, boxes
    if best is None:
        raise ValueError(f"{count} layers do not fit the canvas one after another: use fewer layers")
    line = "solid arrow" if style.line == "auto" else style.line
    nodes = []
    for i, (layer, caption, (x, y, width, height)) in enumerate(zip(plan.nodes, captions, best[1], strict=True)):
        paint = look[layer.kind]
        after = (i + 1,) if i + 1 < count else ()
        nodes.append(Node(i, x, y, paint.shape, width, height, line, paint.fill, paint.stroke, after, caption))
    return Diagram(tuple(nodes))


def _grid(count: int, per_row: int, right: bool, sized: bool, captions: list[str]) -> _Grid:
    """Room for `per_row` shapes in each row (column, where the chain runs down)."""
    rows = ceil(count / per_row)
    long, wide = (CANVAS_WIDTH_PX, CANVAS_HEIGHT_PX) if right else (CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX)
    step_along = min((long - 2 * MARGIN_PX) / per_row, 150 if right else 120)
    step_across = (wide - 2 * MARGIN_PX) / rows
    thickness = min(step_along * 0.66, 90 if right else 75)
    full = LENGTH_SHARE["right" if right else "down"] * wide if rows == 1 else step_across * 0.8
    if not sized:  # no size to show: as long as the captions need
        need = max((line_choices(caption)[-1 if thickness > 40 and right else 0][0] for caption in captions), default=1.0)
        full = min(full, max(120.0 if right else 160.0, need * 15 + 16))
    return _Grid(per_row, step_along, step_across, thickness, full)


def _chain_boxes(
    layers: tuple[PlanNode, ...], captions: list[str], shares: list[float], look: dict[str, Look], grid: _Grid, right: bool
) -> tuple[list[tuple[int, int, int, int]], float]:
    """x, y, width, height of every layer, and the mean of the smaller half of the caption fonts in px."""
    rows = ceil(len(layers) / grid.per_row)
    long, wide = (CANVAS_WIDTH_PX, CANVAS_HEIGHT_PX) if right else (CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX)
    boxes, fonts = [], []
    for i, (layer, caption, share) in enumerate(zip(layers, captions, shares, strict=True)):
        row, place = divmod(i, grid.per_row)
        if row % 2:
            place = grid.per_row - 1 - place
        along = long / 2 + (place - (grid.per_row - 1) / 2) * grid.step_along
        across = wide / 2 + (row - (rows - 1) / 2) * grid.step_across
        length = max(grid.full * share, min(grid.full, _caption_length(caption, grid.thickness)))
        width, height = (grid.thickness, length) if right else (length, grid.thickness)
        wide_px, tall_px = int(width) // 2 * 2, int(height) // 2 * 2
        x, y = (along, across) if right else (across, along)
        boxes.append((round(x), round(y), wide_px, tall_px))
        fonts.append(font_px(caption, look[layer.kind].shape, wide_px, tall_px))
    fonts = sorted(fonts)[: ceil(len(fonts) / 2)]
    return boxes, sum(fonts) / len(fonts)


def _caption_length(caption: str, thickness: float) -> float:
    """The least length of a shape of this thickness that carries the caption at 11 px (a size of 1 is very short)."""
    if not caption:
        return MIN_SHAPE_PX
    lines_that_fit = max(1, int((thickness - 4) / (1.2 * CAPTION_FONT_PX)))
    for em, lines in line_choices(caption):
        if lines <= lines_that_fit:
            return em * CAPTION_FONT_PX + 10
    return line_choices(caption)[-1][0] * CAPTION_FONT_PX + 10


def _branched(plan: Plan, links: list[tuple[int, ...]], style: Style) -> Diagram:
    """Layers with skip, cross or parallel links: layered, as a U, or as parallel branches, whichever reads best."""
    look = looks(plan, style)
    edges = [(i, target) for i, targets in enumerate(links) for target in targets]
    sized = any(node.size is not None for node in plan.nodes)
    shares: list[float | None] = list(length_shares(plan)) if sized else [None] * len(links)
    wants = [
        Want(node.caption if style.labels else "", look[node.kind].shape, share)
        for node, share in zip(plan.nodes, shares, strict=True)
    ]
    frames = layered_frames(len(wants), edges)
    for build in (u_frame, skip_frame, parallel_frame):
        if frame := build(len(wants), edges):
            frames += [frame, *folds_of(frame)]
    shapes = best_drawing(frames, wants, edges, style.direction)
    line = "solid arrow" if style.line == "auto" else style.line
    nodes = []
    for i, (node, want, shape) in enumerate(zip(plan.nodes, wants, shapes, strict=True)):
        paint = look[node.kind]
        box = (shape.x, shape.y, paint.shape, shape.width, shape.height)
        nodes.append(Node(i, *box, line, paint.fill, paint.stroke, links[i], want.caption))
    return Diagram(tuple(nodes))
