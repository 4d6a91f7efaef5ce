"""Flowcharts: layered, few crossings, links clear of shapes, shapes sized for their captions.

Used by layout. Published rules kept: databases and models are circles, links between data only are dashed.
"""

from __future__ import annotations

from diaglib.diagram.kinds import DATA_KINDS
from diaglib.diagram.layout.graph import Want, best_drawing, layered_frames
from diaglib.diagram.model import Diagram, Node
from diaglib.diagram.plan import Plan
from diaglib.diagram.style import Style, looks


def place_flowchart(plan: Plan, links: list[tuple[int, ...]], style: Style) -> Diagram:
    """One shape a step. `links` are the plan's, as sorted positions in `plan.nodes`.

    Raises ValueError where the shapes do not fit the canvas.
    """
    look = looks(plan, style)
    wants = [Want(node.caption if style.labels else "", look[node.kind].shape) for node in plan.nodes]
    edges = [(i, target) for i, targets in enumerate(links) for target in targets]
    shapes = best_drawing(layered_frames(len(wants), edges), wants, edges, style.direction)
    nodes = []
    for i, (node, want, shape) in enumerate(zip(plan.nodes, wants, shapes, strict=True)):
        paint = look[node.kind]
        line = line_of(plan, i, links[i], style)
        box = (shape.x, shape.y, paint.shape, shape.width, shape.height)
        nodes.append(Node(i, *box, line, paint.fill, paint.stroke, links[i], want.caption))
    return Diagram(tuple(nodes))


def line_of(plan: Plan, position: int, targets: tuple[int, ...], style: Style) -> str:
    """Published rule: dashed where data points to data only; the style's line where it names one."""
    if style.line != "auto":
        return style.line
    data = [plan.nodes[i].kind in DATA_KINDS for i in (position, *targets)]
    return "dashed line" if targets and all(data) else "solid arrow"
