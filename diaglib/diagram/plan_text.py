"""The compact text form of a plan: one node a line, about 3 tokens each, closed by `end`.

    0 input 32          id, kind, size
    1 conv k3 f16       k kernel side, f filters, h heads; map sides follow from the input unless given
    2 model "BERT" < 0 1    sources, where they are not just the line before; `< -` for none
    3 output 10 > 0     a link back to an earlier line
    end

Rule: read by hand-written code in linear time, never evaluated; `write_plan` and `read_plan` are inverse.
"""

from __future__ import annotations

import re
from dataclasses import replace

from diaglib.diagram.kinds import NAMES
from diaglib.diagram.plan import (
    MAX_LABEL_CHARACTERS,
    MAX_PLAN_NODES,
    Plan,
    PlanNode,
    default_kernel,
    default_label,
    following_sides,
    reads_image,
)

END_MARK = "end"
MAX_PLAN_CHARACTERS = 20_000
_ATTRIBUTES = {"k": "kernel", "f": "filters", "h": "heads"}
_LABEL = rf'"([^"\n]{{0,{MAX_LABEL_CHARACTERS}}})"'
_PIECE = re.compile(_LABEL + r"|([khf]?)([0-9]{1,7})(?![0-9a-z])|([<>])|(-)|([a-z]+)")


def write_plan(plan: Plan) -> str:
    """Text of a plan; what `Plan.of` fills in by itself is left out. Raises ValueError for an invalid plan."""
    if problems := plan.problems():
        raise ValueError(f"not a valid plan: {problems[0]}")
    position = {node.id: i for i, node in enumerate(plan.nodes)}
    sources: dict[int, list[int]] = {node.id: [] for node in plan.nodes}
    for node in plan.nodes:
        for target in node.links:
            if position[target] > position[node.id]:
                sources[target].append(node.id)
    bare = _without_defaults(plan)
    lines = []
    for i, node in enumerate(bare):
        parts = [str(node.id), node.kind]
        if node.size is not None:
            parts.append(str(node.size))
        parts += [f"{key}{value}" for key, name in _ATTRIBUTES.items() if (value := getattr(node, name)) is not None]
        if node.label:
            parts.append('"' + node.label.replace('"', "'").replace("\n", " ") + '"')
        if i and sources[node.id] != [bare[i - 1].id]:
            parts += ["<", *(map(str, sources[node.id]) if sources[node.id] else "-")]
        if back := [target for target in node.links if position[target] < i]:
            parts += [">", *map(str, back)]
        lines.append(" ".join(parts))
    return "\n".join([*lines, END_MARK])


def _without_defaults(plan: Plan) -> list[PlanNode]:
    """The nodes without what `Plan.of` works out again: default labels and kernels, map sides that follow."""
    following = following_sides(plan.nodes)
    image = reads_image(plan.nodes)
    return [
        replace(
            node,
            label="" if node.label == default_label(node.kind, image) else node.label,
            kernel=None if node.kernel == default_kernel(node.kind, node.label) else node.kernel,
            size=None if node.size is not None and node.size == following.get(node.id) else node.size,
        )
        for node in plan.nodes
    ]


def read_plan(text: str) -> Plan:
    """Reads lines up to `end` (or the end of the text). Raises ValueError naming line and reason."""
    if len(text) > MAX_PLAN_CHARACTERS:
        raise ValueError(f"a plan has at most {MAX_PLAN_CHARACTERS} characters, this text has {len(text)}")
    nodes: list[PlanNode] = []
    links: dict[int, list[int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line == END_MARK:
            break
        if not line:
            continue
        if len(nodes) >= MAX_PLAN_NODES:
            raise ValueError(f"line {number}: more than {MAX_PLAN_NODES} nodes")
        node, sources, back = _read_line(line, number)
        if node.id in links:
            raise ValueError(f"line {number}: node {node.id} is there already")
        links[node.id] = back
        if sources is None:
            sources = [nodes[-1].id] if nodes else []
        for source in sources:
            if source not in links or source == node.id:
                raise ValueError(f"line {number}: '< {source}' names no earlier node")
            links[source].append(node.id)
        nodes.append(node)
    plan = Plan.of([replace(node, links=tuple(sorted(set(links[node.id])))) for node in nodes])
    if problems := plan.problems():
        raise ValueError(problems[0])
    return plan


def _read_line(line: str, number: int) -> tuple[PlanNode, list[int] | None, list[int]]:
    """One node, its sources (None where not given), and its links back."""
    pieces = _PIECE.findall(line)
    if _PIECE.sub("", line).strip():
        raise ValueError(f"line {number}: cannot read '{_PIECE.sub('', line).strip()[:40]}'")
    if len(pieces) < 2 or not pieces[0][2] or pieces[0][1] or not pieces[1][5]:
        raise ValueError(f"line {number}: a node starts with its number and kind")
    kind = pieces[1][5]
    if kind not in NAMES:
        raise ValueError(f"line {number}: '{kind}' is not a kind of node; known: {', '.join(NAMES)}")
    fields: dict[str, int | str] = {}
    side: list[int] | None = None
    sources: list[int] | None = None
    back: list[int] = []
    for label, key, digits, arrow, dash, word in pieces[2:]:
        if word:
            raise ValueError(f"line {number}: '{word}' is not expected here")
        if arrow:
            side = back
            if arrow == "<":
                side = sources = []
        elif digits and side is not None and not key:
            side.append(int(digits))
        elif dash:
            if side is not sources or sources:
                raise ValueError(f"line {number}: '-' stands alone after '<'")
        else:
            name = _ATTRIBUTES[key] if key else "size" if digits else "label"
            if name in fields or side is not None:
                raise ValueError(f"line {number}: '{digits or label}' is one too many")
            fields[name] = int(digits) if digits else label
    return PlanNode(int(pieces[0][2]), kind, **fields), sources, back  # type: ignore[arg-type]
