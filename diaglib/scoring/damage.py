"""Damaged versions of our own clean diagrams: what readability is learnt from before a person has rated anything.

Used by notebook 05 and by `diaglib train-readability`. Rule: every fault has a kind and an amount that are kept, so that
errors can be shown by kind, and the same seed gives the same diagrams.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import exp

from diaglib.dataset.rows import tell
from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, LINES, SHAPES, Diagram, Node
from diaglib.diagram.style import Style, random_style

CLEAN_SCORE = 5.0
BEST_DAMAGED_SCORE = 4.0  # as published: people gave machine-made diagrams 0 to 4
Change = Callable[[list[Node], float, random.Random], list[Node]]


@dataclass(frozen=True, slots=True)
class Specimen:
    """A diagram, what was done to it (kind -> amount, 0..1; empty for a clean one) and its score, 0..5."""

    diagram: Diagram
    faults: dict[str, float]
    score: float


def clean_diagram(rng: random.Random) -> Diagram:
    """A diagram of the generator: half in the default style, half in others; a third of all with captions."""
    while True:
        plan = tell(rng).plan
        style = Style() if rng.random() < 0.5 else random_style(rng.randrange(2**30), plan)
        style = replace(style, labels=rng.random() < 1 / 3)
        try:
            diagram = plan.layout(style)
        except ValueError:  # a few plans do not fit the canvas in some styles
            continue
        return _on_a_grid(diagram, rng) if rng.random() < 0.25 else diagram


def specimens(count: int, seed: int = 0, clean_share: float = 0.25) -> Iterator[Specimen]:
    """`count` diagrams, a share of them clean, the others with one to three faults. Number i depends on the seed and i alone."""
    for number in range(count):
        rng = random.Random(f"readability {seed} {number}")
        diagram = clean_diagram(rng)
        if rng.random() < clean_share:
            yield Specimen(diagram, {}, CLEAN_SCORE)
            continue
        kinds = rng.sample(list(KINDS), rng.choices((1, 2, 3), (0.45, 0.35, 0.2))[0])
        if set(kinds) <= HARMLESS:  # on their own they can hardly be told from a clean diagram
            kinds.append(rng.choice(sorted(set(KINDS) - HARMLESS)))
        faults = {kind: rng.uniform(0.08, 1.0) for kind in kinds}
        yield Specimen(damaged(diagram, faults, rng), faults, damage_score(faults))


def damaged(diagram: Diagram, faults: dict[str, float], rng: random.Random) -> Diagram:
    """The diagram with these faults (kind -> amount, 0..1), in this order. Raises KeyError for an unknown kind."""
    nodes = list(diagram.nodes)
    for kind, amount in faults.items():
        nodes = KINDS[kind][0](nodes, amount, rng)
    return Diagram(tuple(nodes))


def damage_score(faults: dict[str, float]) -> float:
    """4 exp(-sum of weight x amount): the best a damaged diagram can have, less for every fault; 5 without faults.

    The weights are ours, and a prior until a person has rated: what breaks spacing and alignment weighs most.
    """
    return BEST_DAMAGED_SCORE * exp(-sum(KINDS[kind][1] * amount for kind, amount in faults.items())) if faults else CLEAN_SCORE


def _on_a_grid(diagram: Diagram, rng: random.Random) -> Diagram:
    """The plainest clean layout: depth by breadth on even rows or columns, each centred, with no care for the links.

    It stands for generators other than ours, so that links which pass behind a node do not alone mean damage.
    """
    nodes, depth = diagram.nodes, _depths(diagram)
    ranks: dict[int, list[Node]] = {}
    for node in nodes:
        ranks.setdefault(depth[node.id], []).append(node)
    widest = max(len(rank) for rank in ranks.values())
    if len(ranks) > 12 or widest > 12:
        return diagram
    across = rng.random() < 0.6
    long, short = (CANVAS_WIDTH_PX, CANVAS_HEIGHT_PX) if across else (CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX)
    step, breadth = long / (len(ranks) + 1), short / (widest + 1)
    size_along, size_breadth = step * rng.uniform(0.4, 0.7), breadth * rng.uniform(0.4, 0.7)
    placed = {}
    for number, rank in enumerate(ranks[key] for key in sorted(ranks)):
        for place, node in enumerate(rank):
            along, side = step * (number + 1), short / 2 + breadth * (place - (len(rank) - 1) / 2)
            x, y = (along, side) if across else (side, along)
            width, height = (size_along, size_breadth) if across else (size_breadth, size_along)
            placed[node.id] = replace(node, x=x, y=y, width=width, height=height)
    return Diagram(tuple(placed[node.id] for node in nodes))


def _depths(diagram: Diagram) -> dict[int, int]:
    """Least number of links from a node that nothing points to, by id; 0 where there is no way."""
    targets = {target for node in diagram.nodes for target in node.links}
    links = {node.id: node.links for node in diagram.nodes}
    depth = {node.id: 0 for node in diagram.nodes if node.id not in targets}
    front = list(depth)
    while front:
        reached = {target: depth[i] + 1 for i in front for target in links.get(i, ()) if target not in depth and target in links}
        depth |= reached
        front = list(reached)
    return {node.id: depth.get(node.id, 0) for node in diagram.nodes}


def _some(nodes: list[Node], amount: float, rng: random.Random) -> set[int]:
    """Places of at least one node and at most all of them, more with the amount."""
    return set(rng.sample(range(len(nodes)), max(1, round(amount * len(nodes)))))


def _jitter(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    sigma = 3 + 60 * amount**1.5
    return [replace(node, x=node.x + rng.gauss(0, sigma), y=node.y + rng.gauss(0, sigma)) for node in nodes]


def _resize(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    def factor() -> float:
        return exp(rng.gauss(0, 0.1 + 0.6 * amount))

    return [replace(node, width=node.width * factor(), height=node.height * factor()) for node in nodes]


def _grow(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    wide, high = 1 + 2 * amount * rng.random(), 1 + 2 * amount
    if rng.random() < 0.5:
        wide, high = high, wide
    return [replace(node, width=node.width * wide, height=node.height * high) for node in nodes]


def _shrink(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    factor = 1 - 0.85 * amount
    return [replace(node, width=max(node.width * factor, 3), height=max(node.height * factor, 3)) for node in nodes]


def _pile(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    """Some nodes come to lie on, or nearly on, another one, as when a model repeats a line."""
    offset, onto = rng.choice((0.0, 5.0, 25.0)), rng.choices(nodes, k=len(nodes))
    moved = _some(nodes, 0.7 * amount, rng)
    return [
        replace(node, x=other.x + rng.uniform(-offset, offset), y=other.y + rng.uniform(-offset, offset)) if i in moved else node
        for i, (node, other) in enumerate(zip(nodes, onto, strict=True))
    ]


def _rewire(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    ids, chosen = [node.id for node in nodes], _some(nodes, amount, rng)
    more = rng.choice((0, 0, 1, 3))
    return [
        replace(node, links=tuple(rng.sample(ids, min(len(node.links) + more, len(ids))))) if i in chosen else node
        for i, node in enumerate(nodes)
    ]


def _unlink(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    chosen = _some(nodes, 0.8 * amount, rng)
    ids = {nodes[i].id for i in chosen}
    return [
        replace(node, links=() if i in chosen else tuple(link for link in node.links if link not in ids))
        for i, node in enumerate(nodes)
    ]


def _shift(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    """Everything moves one way, in part off the canvas."""
    dx = rng.choice((-1, 1)) * CANVAS_WIDTH_PX * 0.5 * amount * rng.random()
    dy = rng.choice((-1, 1)) * CANVAS_HEIGHT_PX * 0.6 * amount
    return [replace(node, x=node.x + dx, y=node.y + dy) for node in nodes]


def _squash(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    """Places move towards one point, sizes stay: everything crowds there."""
    x, y = rng.uniform(0.2, 0.8) * CANVAS_WIDTH_PX, rng.uniform(0.2, 0.8) * CANVAS_HEIGHT_PX
    factors = [1 - 0.85 * amount, 1 - 0.85 * amount * rng.choice((0.0, 0.0, 1.0))]
    rng.shuffle(factors)
    return [replace(node, x=x + (node.x - x) * factors[0], y=y + (node.y - y) * factors[1]) for node in nodes]


def _stretch(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    """Places move away from a corner along one axis, over the edge of the canvas."""
    factors = [1 + 1.2 * amount, 1.0]
    rng.shuffle(factors)
    return [replace(node, x=node.x * factors[0], y=node.y * factors[1]) for node in nodes]


def _scatter(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    chosen = _some(nodes, amount, rng)
    return [
        replace(node, x=rng.uniform(40, CANVAS_WIDTH_PX - 40), y=rng.uniform(40, CANVAS_HEIGHT_PX - 40)) if i in chosen else node
        for i, node in enumerate(nodes)
    ]


def _swap(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    """Some nodes change places: tidy to look at, with links across everything."""
    chosen = sorted(_some(nodes, amount, rng))
    places = [(nodes[i].x, nodes[i].y) for i in chosen]
    rng.shuffle(places)
    result = list(nodes)
    for i, (x, y) in zip(chosen, places, strict=True):
        result[i] = replace(nodes[i], x=x, y=y)
    return result


def _drift(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    """Each node is a little further on than it should be, as when a model miscounts a step: rows lean and run out."""
    dx, dy = rng.gauss(0, 14 * amount), rng.gauss(0, 9 * amount) + 2 * amount
    return [replace(node, x=node.x + dx * i, y=node.y + dy * i) for i, node in enumerate(nodes)]


def _row_slip(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    """Whole rows or columns slide along themselves and towards their neighbours."""
    rows: dict[int, tuple[float, float]] = {}
    across = rng.random() < 0.5
    moved = []
    for node in nodes:
        key = round((node.y if across else node.x) / 12)
        slide, near = rows.setdefault(key, (rng.gauss(0, 130 * amount), rng.gauss(0, 45 * amount)))
        dx, dy = (slide, near) if across else (near, slide)
        moved.append(replace(node, x=node.x + dx, y=node.y + dy))
    return moved


def _restyle(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    """Some nodes get a shape, a fill and a line of their own: colours that mean nothing."""
    chosen = _some(nodes, amount, rng)

    def channel() -> int:
        return rng.randrange(0, 256, 16)

    return [
        replace(node, shape=rng.choice(SHAPES), fill=(channel(), channel(), channel()), line=rng.choice(LINES))
        if i in chosen
        else node
        for i, node in enumerate(nodes)
    ]


def _cut(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    """The last part is missing."""
    return nodes[: max(2, round(len(nodes) * (1 - 0.7 * amount)))]


# kind -> (what it does, weight in the score)
KINDS: dict[str, tuple[Change, float]] = {
    "jitter": (_jitter, 1.0),
    "scatter": (_scatter, 1.1),
    "pile": (_pile, 1.1),
    "squash": (_squash, 1.0),
    "row slip": (_row_slip, 0.7),
    "drift": (_drift, 0.7),
    "grow": (_grow, 0.7),
    "resize": (_resize, 0.5),
    "stretch": (_stretch, 0.5),
    "shift": (_shift, 0.5),
    "swap": (_swap, 0.4),
    "rewire": (_rewire, 0.4),
    "shrink": (_shrink, 0.3),
    "unlink": (_unlink, 0.3),
    "cut": (_cut, 0.2),
    "restyle": (_restyle, 0.1),
}
HARMLESS = frozenset({"cut", "restyle"})
