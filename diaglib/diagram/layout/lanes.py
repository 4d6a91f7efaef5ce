"""Keeps straight links clear of shapes: nodes in the way are moved across the flow to the cheapest free slot.

Used by layout_graph. A local search over true straight-line hits and crossings (the sweeps of layout_ranks see bent
lines only), bounded by a number of geometry tests, so that its cost does not depend on the machine.
"""

from __future__ import annotations

from collections.abc import Sequence

from diaglib.diagram.geometry import Box, segment_meets_box, segments_cross
from diaglib.diagram.layout.ranks import Edge

HALF_ALONG = 0.36  # half a shape's room along the flow, in ranks
HALF_ACROSS = 0.42  # half a shape's room across it, in slots
HIT_COST = 8.0
CROSSING_COST = 1.0
BEND_COST = 0.15  # a slot of sideways drift of a link
WIDENING_COST = 1.5  # a slot by which the drawing grows
CLEAR = 0.999
TEST_BUDGET = 20_000
CROSSING_TESTS = 5_000  # spent on links that merely cross; the rest is kept for links through shapes


def hits_and_crossings(along: Sequence[float], across: Sequence[float], edges: Sequence[Edge]) -> tuple[int, int]:
    """How many (link, shape) pairs meet and how many pairs of links cross, in rank and slot units."""
    boxes = [_box(x, y) for x, y in zip(along, across, strict=True)]
    hits = sum(
        segment_meets_box(along[a], across[a], along[b], across[b], box)
        for a, b in edges
        for node, box in enumerate(boxes)
        if node not in (a, b)
    )
    points = list(zip(along, across, strict=True))
    crossings = 0
    for i, (a, b) in enumerate(edges):
        for c, d in edges[:i]:
            if a != c and a != d and b != c and b != d and segments_cross(points[a], points[b], points[c], points[d]):
                crossings += 1
    return hits, crossings


def clear_lanes(along: Sequence[float], across: Sequence[float], edges: Sequence[Edge]) -> list[float]:
    """New places across the flow, no two shapes nearer than a slot, with as few hits and crossings as the search finds."""
    search = _Search(list(along), list(across), list(edges))
    for _ in range(4):
        if not search.improve():
            break
    return search.across


def _box(x: float, y: float) -> Box:
    return x - HALF_ALONG, y - HALF_ACROSS, x + HALF_ALONG, y + HALF_ACROSS


class _Search:
    """The places as they change, the links at each node, and the tests still allowed."""

    def __init__(self, along: list[float], across: list[float], edges: list[Edge]) -> None:
        self.along, self.across, self.edges = along, across, edges
        self.budget = TEST_BUDGET
        self.links: list[list[Edge]] = [[] for _ in along]
        self.others: list[list[Edge]] = [[] for _ in along]
        for edge in edges:
            self.links[edge[0]].append(edge)
            self.links[edge[1]].append(edge)
        for node in range(len(along)):
            self.others[node] = [edge for edge in edges if node not in edge]

    def troubled(self) -> dict[int, float]:
        """Nodes at a hit (the shape hit first) or a crossing, the worst first."""
        along, across = self.along, self.across
        trouble: dict[int, float] = {}
        for node in range(len(along)):
            box = _box(along[node], across[node])
            for a, b in self.others[node]:
                if segment_meets_box(along[a], across[a], along[b], across[b], box):
                    for one, blame in ((node, 3.0), (a, 1.0), (b, 1.0)):
                        trouble[one] = trouble.get(one, 0.0) + blame
        points = list(zip(along, across, strict=True))
        for i, (a, b) in enumerate(self.edges):
            for c, d in self.edges[:i]:
                if a != c and a != d and b != c and b != d and segments_cross(points[a], points[b], points[c], points[d]):
                    for one in (a, b, c, d):
                        trouble[one] = trouble.get(one, 0.0) + 0.1
        self.budget -= len(self.edges) * (len(along) + len(self.edges) // 2)
        return dict(sorted(trouble.items(), key=lambda item: -item[1]))

    def cost(self, node: int) -> float:
        """Of this node where it is now: hits and crossings of its links, links through it, sideways drift."""
        along, across = self.along, self.across
        total = 0.0
        box = _box(along[node], across[node])
        others = self.others[node]
        for a, b in others:
            if segment_meets_box(along[a], across[a], along[b], across[b], box):
                total += HIT_COST
        for a, b in self.links[node]:
            ax, ay, bx, by = along[a], across[a], along[b], across[b]
            total += BEND_COST * abs(ay - by)
            low, high = (ax, bx) if ax < bx else (bx, ax)
            for other in range(len(along)):
                x = along[other]
                if low - HALF_ALONG < x < high + HALF_ALONG and other != a and other != b:
                    total += HIT_COST * segment_meets_box(ax, ay, bx, by, _box(x, across[other]))
            far = b if a == node else a
            for c, d in others:
                if c != far and d != far:
                    one, two = along[c], along[d]
                    if (one > low or two > low) and (one < high or two < high):
                        total += CROSSING_COST * segments_cross((ax, ay), (bx, by), (one, across[c]), (two, across[d]))
        self.budget -= len(others) + len(self.links[node]) * (len(along) + len(others)) // 2
        return total

    def improve(self) -> bool:
        """One round over the troubled nodes; whether anything moved."""
        moved = False
        low, high = min(self.across), max(self.across)
        for node, blame in self.troubled().items():
            if self.budget <= 0:
                return False
            if blame < 1.0 and self.budget < TEST_BUDGET - CROSSING_TESTS:
                continue
            here = self.across[node]
            beside = [
                self.across[other]
                for other in range(len(self.along))
                if other != node and abs(self.along[other] - self.along[node]) < CLEAR
            ]
            best, best_cost = here, self.cost(node) - 1e-6
            steps = int(2 * (high - low)) + 5
            choices = [round(low) - 1 + step / 2 for step in range(steps)]
            for choice in sorted(choices, key=lambda value: abs(value - here)):
                if self.budget <= 0 or best_cost <= 0:
                    break
                grown = max(0.0, low - choice, choice - high) * WIDENING_COST
                if grown >= best_cost or any(abs(choice - other) < CLEAR for other in beside):
                    continue
                self.across[node] = choice
                cost = self.cost(node) + grown
                if cost < best_cost:
                    best, best_cost = choice, cost
            self.across[node] = best
            moved = moved or best != here
        return moved
