"""Places a plan on the canvas: networks and flowcharts by the published rules, other looks by a style.

Used by every notebook through `plan.layout(style)`. Rule: no shape overlaps another or leaves the canvas, ever.
"""

from __future__ import annotations

from diaglib.diagram.layout.flow import place_flowchart
from diaglib.diagram.layout.network import place_network
from diaglib.diagram.model import Diagram
from diaglib.diagram.plan import Plan
from diaglib.diagram.style import Style


def place(plan: Plan, style: Style | None = None) -> Diagram:
    """The plan on 1000 x 600 px; nodes are numbered from 0 in plan order (in node view layer by layer).

    Default: one shape a plan node, except that small dense nets are drawn node by node (the published rule).
    Raises ValueError for an invalid plan and for one that does not fit, saying what to do.
    """
    if problems := plan.problems():
        raise ValueError(f"this plan cannot be drawn: {problems[0]}")
    position = {node.id: i for i, node in enumerate(plan.nodes)}
    links = [tuple(sorted({position[target] for target in node.links})) for node in plan.nodes]
    arrange = place_network if plan.family == "network" else place_flowchart
    return arrange(plan, links, style or Style())
