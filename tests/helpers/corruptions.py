"""Wrong plans made from a right one in a systematic way: what a small model gets wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from diaglib.diagram.kinds import SPATIAL_KINDS
from diaglib.diagram.plan import Plan, PlanNode
from diaglib.diagram.plan_text import write_plan

OTHER_KIND = {
    "dense": "conv", "conv": "dense", "pool": "conv", "lstm": "gru", "gru": "lstm", "rnn": "lstm", "encoder": "decoder",
    "decoder": "encoder", "dropout": "norm", "norm": "dropout", "attention": "feedforward", "feedforward": "attention",
}  # fmt: skip


def wrong_plans(plan: Plan) -> Iterator[tuple[str, Plan]]:
    """(what was done, wrong plan); plans that say the same as the right one are left out."""
    same = comparable(plan)
    for name, wrong in _network(plan) if plan.family == "network" else _flowchart(plan):
        if not wrong.problems() and comparable(wrong) != same:
            yield name, wrong


def comparable(plan: Plan) -> tuple:
    """What makes two plans the same drawing."""
    return tuple((n.kind, n.size, n.kernel, n.filters, n.heads, n.label, n.links) for n in plan.nodes)


def _network(plan: Plan) -> Iterator[tuple[str, Plan]]:
    nodes = _bare(plan)
    for i, node in enumerate(nodes):
        if node.size is not None and node.kind not in SPATIAL_KINDS:
            for value in (node.size + 1, node.size * 2, next((n.size for n in nodes if n.size not in {None, node.size}), None)):
                if value:
                    yield "change a size", _with(nodes, i, replace(node, size=value))
        if node.kind in {"conv", "pool"}:
            yield "change a window", _with(nodes, i, replace(node, kernel=(node.kernel or 3) + 2))
        if node.filters:
            yield "change filters", _with(nodes, i, replace(node, filters=node.filters * 2 + 1))
        if node.heads:
            yield "change heads", _with(nodes, i, replace(node, heads=node.heads + 1))
        if node.kind in OTHER_KIND and plan.is_chain:
            yield "change a kind", _with(nodes, i, PlanNode(node.id, OTHER_KIND[node.kind], size=node.size, links=node.links))
    if not plan.is_chain:
        return
    optional = {"input", "output", "embedding", "position", "flatten"}
    inner = [i for i in range(1, len(nodes) - 1) if nodes[i].kind not in optional or nodes[i].size is not None]
    for i in inner:
        yield "drop a layer", Plan.chain(nodes[:i] + nodes[i + 1 :])
        yield "repeat a layer", Plan.chain(nodes[: i + 1] + nodes[i:])
    for i in inner[:-1]:
        swapped = [*nodes]
        swapped[i], swapped[i + 1] = swapped[i + 1], swapped[i]
        yield "swap two layers", Plan.chain(swapped)
    yield "add a layer", Plan.chain([*nodes[:-1], PlanNode(0, "dropout"), nodes[-1]])
    yield "add a layer", Plan.chain([*nodes[:-1], PlanNode(0, "dense", size=77), nodes[-1]])


def _flowchart(plan: Plan) -> Iterator[tuple[str, Plan]]:
    nodes = list(plan.nodes)
    if plan.is_chain:
        for i in range(len(nodes)):
            yield "drop a step", Plan.chain(nodes[:i] + nodes[i + 1 :])
        for i in range(len(nodes) - 1):
            swapped = [*nodes]
            swapped[i], swapped[i + 1] = swapped[i + 1], swapped[i]
            yield "swap two steps", Plan.chain(swapped)
        yield "invent a step", Plan.chain([*nodes, PlanNode(0, "process", "approve the budget")])
    for i, node in enumerate(nodes):
        yield "rename a step", _with(nodes, i, replace(node, label="customer signature" if i % 2 else "hotel booking"))


def _with(nodes: list[PlanNode], i: int, node: PlanNode) -> Plan:
    return Plan.of([*nodes[:i], node, *nodes[i + 1 :]])


def _bare(plan: Plan) -> list[PlanNode]:
    """Nodes without the map sides that follow from the input, so that they are worked out anew."""
    text_plan = Plan.from_text(write_plan(plan))
    sized = [replace(n, size=None) if n.kind in SPATIAL_KINDS else n for n in text_plan.nodes]
    return [replace(n, label="") if n.kind != "pool" else n for n in sized]
