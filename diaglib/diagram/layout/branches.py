"""Two arrangements that people know from papers: the U of encoder-decoder nets, and branches side by side.

Used by layout_network as candidates beside the layered drawing. Places are in ranks and slots, as everywhere in
layout_graph; each function returns None where the graph is not of its form.
"""

from __future__ import annotations

from itertools import pairwise

from diaglib.diagram.layout.graph import Frame
from diaglib.diagram.layout.ranks import Edge, connected_parts

MAX_BRANCHES = 5
HUB_LINKS = 2  # links of one node into a later branch that make it a branch's end


def u_frame(count: int, edges: list[Edge]) -> Frame | None:
    """A chain with at least two nested skip links: down the left arm, through the bottom, up the right arm.

    Nodes joined by a skip link share a row, so that every skip link is level (Ronneberger et al. 2015, figure 1).
    """
    chain = {(i, i + 1) for i in range(count - 1)}
    skips = sorted(set(edges) - chain)
    if not chain <= set(edges) or len(skips) < 2 or any(b < a for a, b in skips):
        return None
    if any(not (a < c and d < b) for (a, b), (c, d) in pairwise(skips)):
        return None
    row = [0.0] * count
    level = 0.0
    for (a, b), (c, d) in pairwise(skips):
        step = max(c - a, b - d)
        for i in range(c - a):
            row[a + i] = level + step * i / (c - a)
        for i in range(b - d):
            row[b - i] = level + step * i / (b - d)
        level += step
    inner_left, inner_right = skips[-1]
    row[inner_left] = row[inner_right] = level
    first, last = skips[0]
    for i in range(first):
        row[i] = float(i - first)
    for i in range(last + 1, count):
        row[i] = float(last - i)
    slot = [0.0 if i <= inner_left else 2.0 for i in range(count)]
    bottom = list(range(inner_left + 1, inner_right))
    while len(bottom) > 3:  # a long bottom lengthens both arms
        level += 1
        row[bottom[0]], slot[bottom[0]] = level, 0.0
        if len(bottom) > 4:
            row[bottom[-1]], slot[bottom[-1]] = level, 2.0
            bottom = bottom[1:-1]
        else:
            bottom = bottom[1:]
    for i, node in enumerate(bottom):
        row[node], slot[node] = level + 1, 1.0 + (i - (len(bottom) - 1) / 2)
    return Frame(row, slot, familiar=True)


def skip_frame(count: int, edges: list[Edge]) -> Frame | None:
    """A chain whose skip links do not interleave: what a link skips moves aside, a column for each link around it.

    So the skip link itself runs straight, as the identity path of a residual net (He et al. 2016, figure 2).
    """
    chain = {(i, i + 1) for i in range(count - 1)}
    skips = sorted(set(edges) - chain)
    if not chain <= set(edges) or not skips or any(b < a for a, b in skips):
        return None
    depth = [0.0] * count
    for a, b in skips:
        if any(a < c < b < d for c, d in skips):
            return None
        for i in range(a + 1, b):
            depth[i] += 1.0
    return Frame([float(i) for i in range(count)], depth, familiar=max(depth) <= 1)


def parallel_frame(count: int, edges: list[Edge]) -> Frame | None:
    """Two to five chains side by side with links across, as an encoder beside its decoder (Vaswani et al. 2017)."""
    if len(connected_parts(count, edges)) > 1 or any(b < a for a, b in edges):
        return None
    branches = _branches(count, edges)
    if not 2 <= len(branches) <= MAX_BRANCHES:
        return None
    longest = max(len(branch) for branch in branches)
    along, across, at = [0.0] * count, [0.0] * count, 0.0
    for column, branch in enumerate(branches):
        members = {node: i for i, node in enumerate(branch)}
        # as near to the nodes it is fed by as the longest branch allows: the drawing does not grow
        pulls = [along[a] - members[b] for a, b in edges if b in members and a not in members and a < branch[-1]]
        start = round(sum(pulls) / len(pulls)) if pulls else 0
        start = min(max(start, 0), longest - len(branch))
        for node, i in members.items():
            along[node] = float(start + i)
        # far enough that a slanting link reaches its end's box before it meets the box's neighbour
        slants = [abs(along[a] - along[b]) for a, b in edges if b in members and a in branches[column - 1]]
        at += min(max(1.5, 0.7 * max(slants, default=0.0)), 4.0) if column else 0.0
        for node in branch:
            across[node] = at
    return Frame(along, across, familiar=True)


def _branches(count: int, edges: list[Edge]) -> list[list[int]]:
    """Chains of nodes: each follows the nearest earlier node that feeds it, unless that one is a hub or is taken."""
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        before[b].append(a)
        after[a].append(b)
    branch_of: dict[int, list[int]] = {}
    branches: list[list[int]] = []
    for node in range(count):
        source = max(before[node], default=-1)
        hub = source >= 0 and _is_hub(source, node, before, after)
        if source >= 0 and not hub and branch_of[source][-1] == source:
            branch_of[node] = branch_of[source]
        else:
            branches.append([])
            branch_of[node] = branches[-1]
        branch_of[node].append(node)
    return branches


def _is_hub(source: int, node: int, before: list[list[int]], after: list[list[int]]) -> bool:
    """Whether `source` also feeds two or more later nodes that hang on others: the memory of an encoder."""
    return sum(1 for target in after[source] if target > node and max(before[target]) != source) >= HUB_LINKS
