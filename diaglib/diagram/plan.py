"""A plan: the structure and labels of a diagram, without places. It is what the language model writes.

Used by every notebook. Rule: a plan says what is there; `layout` says where. The text form is in `plan_text`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from diaglib.diagram.kinds import DEFAULT_KERNEL, IMAGE_KINDS, LAYER_KINDS, NAMES, SPATIAL_KINDS, side_after

if TYPE_CHECKING:
    from diaglib.diagram.model import Diagram
    from diaglib.diagram.style import Style

MAX_PLAN_NODES = 200
MAX_LAYER_SIZE = 1_000_000
MAX_LABEL_CHARACTERS = 80
_KEEPS_SIDE = frozenset({"norm", "dropout", "add", "concat"})


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A layer of a network or a step of a flowchart.

    `kind` is one of `kinds.NAMES`; `label` its name in words; `size` the nodes of a dense layer or the map side in px
    of an input image, convolution or pooling (None in flowcharts and where it is not known); `links` the ids it
    points to; `kernel` the side of a convolution or pooling window; `filters` output channels; `heads` attention heads.
    """

    id: int
    kind: str
    label: str = ""
    size: int | None = None
    links: tuple[int, ...] = ()
    kernel: int | None = None
    filters: int | None = None
    heads: int | None = None

    @property
    def caption(self) -> str:
        """The words drawn in the shape: name, window, filters, heads, and size, a line break between them."""
        first = self.label or NAMES.get(self.kind, self.kind)
        if self.kernel:
            first += f" {self.kernel}×{self.kernel}"
        parts = [first]
        if self.heads:
            parts.append(f"{self.heads} heads")
        if self.filters:
            parts.append(f"{self.filters} filters")
        if self.size is not None:
            parts.append(f"{self.size}×{self.size}" if self.is_map else str(self.size))
        return "\n".join(parts)

    @property
    def is_map(self) -> bool:
        """Whether `size` is the side of a square map (an input image says so by its label)."""
        return self.kind in SPATIAL_KINDS or (self.kind == "input" and "image" in self.label.lower())


@dataclass(frozen=True, slots=True)
class Plan:
    """Layers or steps in the order they are told. Make one with `Plan.of(nodes)`, which fills labels and map sides."""

    nodes: tuple[PlanNode, ...] = ()

    @classmethod
    def of(cls, nodes: Sequence[PlanNode]) -> Plan:
        """A plan with every label filled and every map side that follows from the input worked out."""
        return cls(complete(nodes))

    @classmethod
    def chain(cls, nodes: Sequence[PlanNode]) -> Plan:
        """A plan in which every node points to the next; ids are given anew, from 0."""
        last = len(nodes) - 1
        linked = [replace(node, id=i, links=(i + 1,) if i < last else ()) for i, node in enumerate(nodes)]
        return cls.of(linked)

    @classmethod
    def from_text(cls, text: str) -> Plan:
        """Reads the compact text form. Raises ValueError with line and reason where it is not a valid plan."""
        from diaglib.diagram.plan_text import read_plan

        return read_plan(text)

    def to_text(self) -> str:
        """The compact text form, closed by the line `end`; `from_text` reads exactly this plan back."""
        from diaglib.diagram.plan_text import write_plan

        return write_plan(self)

    @property
    def family(self) -> str:
        """`network` where the nodes are layers, else `flowchart`."""
        return "network" if any(node.kind in LAYER_KINDS for node in self.nodes) else "flowchart"

    @property
    def is_chain(self) -> bool:
        """Whether every node points to the next one and to nothing else."""
        nodes = self.nodes
        return all(a.links == (b.id,) for a, b in pairwise(nodes)) and not nodes[-1].links

    def problems(self) -> list[str]:
        """What is wrong with this plan, in words; empty where nothing is."""
        return validate(self)

    def layout(self, style: Style | None = None) -> Diagram:
        """Places the plan on the 1000 x 600 px canvas. Raises ValueError where it does not fit, with what to do."""
        from diaglib.diagram.layout import place

        return place(self, style)


def reads_image(nodes: Sequence[PlanNode]) -> bool:
    """Whether this is a network over maps, so that its input is an image."""
    return any(node.kind in IMAGE_KINDS for node in nodes)


def default_label(kind: str, image: bool) -> str:
    """The name of a node that was given none."""
    return "input image" if kind == "input" and image else NAMES.get(kind, kind)


def default_kernel(kind: str, label: str) -> int | None:
    """The window of a layer that was given none; a global pooling looks at the whole map at once."""
    return None if "global" in label else DEFAULT_KERNEL.get(kind)


def following_sides(nodes: Sequence[PlanNode]) -> dict[int, int]:
    """Map side in px of every convolution, pooling and up-conv as it follows from the layer that points to it.

    Where maps are added up (residual networks) convolutions are padded: both sides of an addition have one size.
    """
    image = reads_image(nodes)
    padded = any(node.kind == "add" for node in nodes)
    sides: dict[int, int] = {}
    following: dict[int, int] = {}
    source: dict[int, int] = {}
    for node in nodes:
        for target in node.links:
            source.setdefault(target, node.id)
    for node in nodes:
        before = sides.get(source.get(node.id, -1))
        side = node.size if node.kind == "input" and image else before if node.kind in _KEEPS_SIDE else None
        if node.kind in SPATIAL_KINDS:
            if before is not None:
                whole = "global" in node.label
                kept = padded and node.kind == "conv"
                following[node.id] = 1 if whole else before if kept else max(side_after(node.kind, before, node.kernel), 0)
            side = node.size if node.size is not None else following.get(node.id)
        if side is not None:
            sides[node.id] = side
    return following


def complete(nodes: Sequence[PlanNode]) -> tuple[PlanNode, ...]:
    """Fills default labels and kernels, and map sides that follow from the input image."""
    image = reads_image(nodes)
    named = []
    for node in nodes:
        label = node.label or default_label(node.kind, image)
        named.append(replace(node, label=label, kernel=node.kernel or default_kernel(node.kind, label)))
    if not image:
        return tuple(named)
    following = following_sides(named)
    return tuple(replace(node, size=following.get(node.id)) if node.size is None else node for node in named)


def validate(plan: Plan) -> list[str]:
    """Every rule a plan must keep: known kinds, unique ids, links that exist, sizes that can be, one family."""
    problems = []
    if not plan.nodes:
        return ["the plan has no nodes"]
    if len(plan.nodes) > MAX_PLAN_NODES:
        problems.append(f"{len(plan.nodes)} nodes are more than the {MAX_PLAN_NODES} that fit a diagram")
    ids = [node.id for node in plan.nodes]
    if len(set(ids)) != len(ids):
        problems.append("two nodes have the same number")
    known = set(ids)
    network = plan.family == "network"
    for node in plan.nodes:
        where = f"node {node.id} ({node.label or node.kind})"
        if node.kind not in NAMES:
            problems.append(f"{where}: '{node.kind}' is not a kind of node")
        elif network != (node.kind in LAYER_KINDS):
            problems.append(f"{where}: layers and flowchart steps do not mix")
        if missing := [target for target in node.links if target not in known]:
            problems.append(f"{where} points to node {missing[0]}, which does not exist")
        if node.id in node.links:
            problems.append(f"{where} points to itself")
        for name in ("size", "kernel", "filters", "heads"):
            value = getattr(node, name)
            if value is not None and not 1 <= value <= MAX_LAYER_SIZE:
                reason = "the map has shrunk to nothing" if name == "size" and node.kind in SPATIAL_KINDS else ""
                problems.append(f"{where}: {name} {value} is not in 1..{MAX_LAYER_SIZE}" + (f" ({reason})" if reason else ""))
        if len(node.label) > MAX_LABEL_CHARACTERS:
            problems.append(f"{where}: a label has at most {MAX_LABEL_CHARACTERS} characters")
    return problems
