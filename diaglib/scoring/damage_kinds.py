"""The faults that diagrams are damaged with, each as a function of its amount. Used by `damage` and notebook 05.

Rule: they imitate what language models do to coordinates (forgotten widths, repeated lines, miscounted steps) and what
hands do (places and sizes off); an amount of 0..1 goes from hardly visible to ruinous.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from math import exp

from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, LINES, SHAPES, Node

Change = Callable[[list[Node], float, random.Random], list[Node]]


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


def _stack(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    """Some nodes come to stand exactly on another one, smaller or larger, as when a model gives a place of its grid twice."""
    moved, onto = _some(nodes, 0.5 * amount, rng), rng.choices(nodes, k=len(nodes))
    result = list(nodes)
    for i in moved:
        factor = rng.choice((0.35, 0.5, 0.7, 1.0, 1.4))
        width, height = max(nodes[i].width * factor, 8), max(nodes[i].height * factor, 8)
        result[i] = replace(nodes[i], x=onto[i].x, y=onto[i].y, width=width, height=height)
    return result


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
    chosen = sorted(_some(nodes, max(amount, 2 / len(nodes)), rng)) if len(nodes) > 1 else []
    places = [(nodes[i].x, nodes[i].y) for i in chosen]
    places = places[1:] + places[:1]
    result = list(nodes)
    for i, (x, y) in zip(chosen, places, strict=True):
        result[i] = replace(nodes[i], x=x, y=y)
    return result


def _drift(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    """Each node is a little further on than it should be, as when a model miscounts a step: rows lean and run out."""
    dx, dy = rng.gauss(0, 14 * amount), rng.gauss(0, 9 * amount) + 2 * amount
    return [replace(node, x=node.x + dx * i, y=node.y + dy * i) for i, node in enumerate(nodes)]


def _crowd(nodes: list[Node], amount: float, rng: random.Random) -> list[Node]:
    """In some rows or columns the steps are too small, as when a model forgets the widths: each shape covers the last."""
    across = rng.random() < 0.5
    factors: dict[int, tuple[float, float]] = {}
    moved = []
    for node in nodes:
        key, along = (round(node.y / 12), node.x) if across else (round(node.x / 12), node.y)
        start, factor = factors.setdefault(key, (along, 1 - 0.9 * amount * rng.random()))
        at = start + (along - start) * factor
        moved.append(replace(node, x=at) if across else replace(node, y=at))
    return moved


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


KINDS: dict[str, Change] = {
    "jitter": _jitter,
    "scatter": _scatter,
    "pile": _pile,
    "stack": _stack,
    "squash": _squash,
    "crowd": _crowd,
    "row slip": _row_slip,
    "drift": _drift,
    "grow": _grow,
    "resize": _resize,
    "stretch": _stretch,
    "shift": _shift,
    "swap": _swap,
    "rewire": _rewire,
    "shrink": _shrink,
    "unlink": _unlink,
    "cut": _cut,
    "restyle": _restyle,
}
