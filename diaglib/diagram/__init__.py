"""What a diagram is: plan, node lines, layout, picture, exports, legibility. Loads no heavy library."""

from diaglib.diagram.model import Diagram, Node
from diaglib.diagram.plan import Plan, PlanNode
from diaglib.diagram.structural_score import structural_score
from diaglib.diagram.style import PALETTES, Style, random_style, styles
from diaglib.diagram.text import parse

__all__ = ["PALETTES", "Diagram", "Node", "Plan", "PlanNode", "Style", "parse", "random_style", "structural_score", "styles"]
