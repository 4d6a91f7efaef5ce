"""How close the structure of a diagram is to that of another: the published score. Used by notebooks 01, 03 and 04.

Rule: places, sizes, colours and labels do not count; only who points to whom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean, pstdev

from diaglib.diagram.model import Diagram, Node
from diaglib.diagram.plan import Plan, PlanNode


def _out_degrees_pointed_to(nodes: Sequence[Node] | Sequence[PlanNode]) -> Counter[tuple[int, ...]]:
    out_degree = {node.id: len(node.links) for node in nodes}
    return Counter(tuple(out_degree[link] for link in node.links if link in out_degree) for node in nodes)


def link_overlap(answer: Diagram | Plan, target: Diagram | Plan) -> float:
    """Intersection over union of two multisets, 0..1; a member is the list of out-degrees of the nodes a node points to."""
    one, other = _out_degrees_pointed_to(answer.nodes), _out_degrees_pointed_to(target.nodes)
    union = (one | other).total()
    return (one & other).total() / union if union else 0.0


def _mean_degree_agreement(answer: Diagram, target: Diagram) -> float | None:
    """1 where the mean out-degrees agree, 0 where they are three standard deviations apart; None where a spread is zero.

    The published definition counts a node without links as one link.
    """
    one = [max(1, len(node.links)) for node in answer.nodes]
    other = [max(1, len(node.links)) for node in target.nodes]
    if not one or not other or not pstdev(one) or not pstdev(other):
        return None
    distance = abs(fmean(one) - fmean(other)) * (1 / pstdev(one) + 1 / pstdev(other))
    return max(3.0 - distance, 0.0) / 3.0


def structural_score(answer: Diagram, target: Diagram, network: bool) -> float:
    """The published structural score, 0..1, 1.0 for an equal structure.

    Flowcharts: the link overlap. Networks: its mean with the agreement of the mean out-degrees, where that is defined.
    """
    overlap = link_overlap(answer, target)
    agreement = _mean_degree_agreement(answer, target) if network else None
    return overlap if agreement is None else (overlap + agreement) / 2
