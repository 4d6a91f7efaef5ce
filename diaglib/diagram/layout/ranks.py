"""Ranks and order of a graph: cycles broken, long links led through dummy nodes, crossings reduced by sweeps.

Used by layout_graph. The frame is Sugiyama, Tagawa & Toda (1981) with the median sweeps and transpositions of
Gansner et al., A Technique for Drawing Directed Graphs (1993); places by least squares (pool adjacent violators).
Nodes are numbers 0..count-1, links are pairs of them; results are in units of one rank and one slot.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from math import ceil, floor, sqrt

Edge = tuple[int, int]
MAX_DUMMY_NODES = 1500
DUMMY_SLOT = 0.8  # a passing line needs less room than a shape


@dataclass(slots=True)
class Placed:
    """Rank (along the links) and slot (across them) of every node; the slots of one rank are at least 1 apart."""

    rank: list[float]
    slot: list[float]


def rank_and_order(count: int, edges: list[Edge]) -> Placed:
    """Places each connected part on its own and packs the parts beside each other."""
    parts = connected_parts(count, edges)
    part_of = {node: i for i, part in enumerate(parts) for node in part}
    part_edges: list[list[Edge]] = [[] for _ in parts]
    for edge in edges:
        part_edges[part_of[edge[0]]].append(edge)
    placed = []
    for part, links in zip(parts, part_edges, strict=True):
        local = {node: i for i, node in enumerate(part)}
        placed.append(_place_part(len(part), [(local[a], local[b]) for a, b in links]))
    return _pack(count, parts, placed)


def connected_parts(count: int, edges: list[Edge]) -> list[list[int]]:
    """Weakly connected parts, each in ascending order, by first node."""
    around: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        around[a].append(b)
        around[b].append(a)
    seen = [False] * count
    parts = []
    for start in range(count):
        if seen[start]:
            continue
        seen[start], part = True, [start]
        for node in part:
            for other in around[node]:
                if not seen[other]:
                    seen[other] = True
                    part.append(other)
        parts.append(sorted(part))
    return parts


def without_cycles(count: int, edges: list[Edge]) -> list[Edge]:
    """The links with those turned round that close a cycle in a depth-first walk from the sources, in plan order."""
    after: list[list[int]] = [[] for _ in range(count)]
    has_source = [False] * count
    for a, b in edges:
        after[a].append(b)
        has_source[b] = True
    state = [0] * count  # 1 on the walk's path, 2 done
    done: dict[Edge, None] = {}
    for root in sorted(range(count), key=lambda node: (has_source[node], node)):
        if state[root]:
            continue
        state[root] = 1
        stack = [(root, iter(after[root]))]
        while stack:
            node, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                state[node] = 2
                stack.pop()
                continue
            done.setdefault((target, node) if state[target] == 1 else (node, target))
            if not state[target]:
                state[target] = 1
                stack.append((target, iter(after[target])))
    return list(done)


def ranks_of(count: int, edges: list[Edge]) -> list[int]:
    """Longest-path ranks of an acyclic graph, then each node drawn to the side where more of its links are."""
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        after[a].append(b)
        before[b].append(a)
    waiting = [len(sources) for sources in before]
    order = [node for node in range(count) if not waiting[node]]
    rank = [0] * count
    for node in order:
        for target in after[node]:
            rank[target] = max(rank[target], rank[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                order.append(target)
    for _ in range(3):
        for node in reversed(order):
            if after[node] and len(after[node]) >= len(before[node]):
                rank[node] = min(rank[target] for target in after[node]) - 1
        for node in order:
            if before[node] and len(before[node]) > len(after[node]):
                rank[node] = max(rank[source] for source in before[node]) + 1
    least = min(rank, default=0)
    return [value - least for value in rank]


def _place_part(count: int, edges: list[Edge]) -> Placed:
    """Rank and slot of the nodes of one connected part."""
    edges = without_cycles(count, edges)
    rank = ranks_of(count, edges)
    layers: list[list[int]] = [[] for _ in range(max(rank) + 1)]
    up: list[list[int]] = [[] for _ in range(count)]
    down: list[list[int]] = [[] for _ in range(count)]
    many = sum(rank[b] - rank[a] - 1 for a, b in edges) > MAX_DUMMY_NODES
    for node in _walk_order(count, edges, rank):
        layers[rank[node]].append(node)
    for a, b in edges:
        last = a
        if many and rank[b] - rank[a] > 1:
            continue
        for level in range(rank[a] + 1, rank[b]):
            dummy = len(up)
            up.append([last])
            down.append([])
            down[last].append(dummy)
            layers[level].append(dummy)
            last = dummy
        down[last].append(b)
        up[b].append(last)
    if any(len(layer) > 1 for layer in layers):
        layers = _fewer_crossings(layers, up, down)
    slot = _slots(layers, up, down, count)
    # on a half-slot grid, which keeps the distances of 1 and makes nearly aligned shapes aligned
    return Placed([float(value) for value in rank], [floor(2 * value + 0.5) / 2 for value in slot[:count]])


def _walk_order(count: int, edges: list[Edge], rank: list[int]) -> list[int]:
    """Nodes in depth-first order from the first rank: branches stay together."""
    around: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        around[a].append(b)
        around[b].append(a)
    seen = [False] * count
    order = []
    for root in sorted(range(count), key=lambda node: (rank[node], node)):
        stack = [root]
        while stack:
            node = stack.pop()
            if not seen[node]:
                seen[node] = True
                order.append(node)
                stack += reversed(around[node])
    return order


def _fewer_crossings(layers: list[list[int]], up: list[list[int]], down: list[list[int]]) -> list[list[int]]:
    """Sweeps down and up by medians, with transpositions, keeping the best order seen."""
    place = [0] * len(up)
    for layer in layers:
        for i, node in enumerate(layer):
            place[node] = i
    best, best_count = [layer[:] for layer in layers], _all_crossings(layers, down, place)
    sweeps = 8 if len(up) < 120 else 4
    stale = 0
    for sweep in range(sweeps):
        if not best_count or stale >= 3:
            break
        neighbours = up if sweep % 2 == 0 else down
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            keyed = []
            for i, node in enumerate(layer):
                places = sorted(place[other] for other in neighbours[node])
                middle = len(places) // 2
                # the mean of the two medians; a node without neighbours on that side stays where it is
                key = (places[middle] + places[~middle]) / 2 if places else float(i)
                keyed.append((key, i, node))
            keyed.sort()
            layer[:] = [node for _, _, node in keyed]
            for i, node in enumerate(layer):
                place[node] = i
        _transpose(layers, up, down, place)
        count = _all_crossings(layers, down, place)
        if count < best_count:
            best, best_count, stale = [layer[:] for layer in layers], count, 0
        else:
            stale += 1
    return best


def _all_crossings(layers: list[list[int]], down: list[list[int]], place: list[int]) -> int:
    """Crossings between all neighbouring layers: inversions in the target order (Barth, Jünger & Mutzel 2002)."""
    total = 0
    for layer in layers[:-1]:
        seen: list[int] = []
        for node in layer:
            targets = sorted(place[target] for target in down[node])
            for target in targets:
                total += len(seen) - bisect_left(seen, target + 1)
            for target in targets:
                insort(seen, target)
    return total


def _transpose(layers: list[list[int]], up: list[list[int]], down: list[list[int]], place: list[int]) -> None:
    """Swaps neighbours in a layer while that saves crossings, in place."""
    for _ in range(3):
        changed = False
        for layer in layers:
            for i in range(len(layer) - 1):
                a, b = layer[i], layer[i + 1]
                saved = 0
                for sides in (up, down):
                    for one in sides[a]:
                        for other in sides[b]:
                            saved += (place[one] > place[other]) - (place[one] < place[other])
                if saved > 0:
                    layer[i], layer[i + 1] = b, a
                    place[a], place[b] = i + 1, i
                    changed = True
        if not changed:
            return


def _slots(layers: list[list[int]], up: list[list[int]], down: list[list[int]], count: int) -> list[float]:
    """Slots that keep the order and draw each node to the mean of its neighbours; long links are kept straight."""
    slot = [0.0] * len(up)
    for layer in layers:
        for i, node in enumerate(layer):
            slot[node] = i - (len(layer) - 1) / 2
    for sweep in range(6):
        sides = (up,) if sweep % 3 == 0 else (down,) if sweep % 3 == 1 else (up, down)
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted, weight, offset, at = [], [], [], 0.0
            for i, node in enumerate(layer):
                if i:
                    at += 1.0 if node < count and layer[i - 1] < count else DUMMY_SLOT
                near = [slot[other] for side in sides for other in side[node]]
                wanted.append((sum(near) / len(near) if near else slot[node]) - at)
                weight.append(4.0 if node >= count else 0.2 if not near else 1.0 + 0.5 * len(near))
                offset.append(at)
            for node, value, shift in zip(layer, isotonic(wanted, weight), offset, strict=True):
                slot[node] = value + shift
    return slot


def isotonic(values: list[float], weights: list[float]) -> list[float]:
    """The non-decreasing sequence nearest to `values` in weighted least squares (pool adjacent violators)."""
    blocks: list[list[float]] = []  # mean, weight, length
    for value, weight in zip(values, weights, strict=True):
        blocks.append([value, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, heavy, length = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * heavy) / (last[1] + heavy)
            last[1] += heavy
            last[2] += length
    return [mean for mean, _, length in blocks for _ in range(int(length))]


def _pack(count: int, parts: list[list[int]], placed: list[Placed]) -> Placed:
    """Parts on shelves across the links; short parts share a shelf one after another."""
    sizes = []
    for part in placed:
        low = min(part.slot)
        part.slot = [value - low for value in part.slot]
        sizes.append((int(max(part.rank)) + 1, max(part.slot) + 1))
    length = max(max(size[0] for size in sizes), ceil(sqrt(sum(a * b for a, b in sizes))) if len(parts) > 1 else 1)
    shelves: list[list[float]] = []  # used length, first slot, width
    result = Placed([0.0] * count, [0.0] * count)
    for i in sorted(range(len(parts)), key=lambda i: (-sizes[i][0], parts[i][0])):
        long, wide = sizes[i]
        shelf = next((shelf for shelf in shelves if shelf[0] + long <= length and shelf[2] >= wide), None)
        if shelf is None:
            shelf = [0, shelves[-1][1] + shelves[-1][2] if shelves else 0.0, wide]
            shelves.append(shelf)
        for node, rank, slot in zip(parts[i], placed[i].rank, placed[i].slot, strict=True):
            result.rank[node] = rank + shelf[0]
            result.slot[node] = slot + shelf[1]
        shelf[0] += long
    return result
