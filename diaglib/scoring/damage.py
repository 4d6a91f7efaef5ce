"""Damaged versions of our own clean diagrams: what readability is learnt from before a person has rated anything.

Used by notebook 05 and by `diaglib train-readability`. Rule: every fault has a kind and an amount that are kept, so that
errors can be shown by kind, and the same seed gives the same diagrams.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import exp, log

import numpy as np

from diaglib.dataset.rows import tell
from diaglib.diagram.geometry import box_gap
from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, Colour, Diagram, Node, bounding_box
from diaglib.diagram.style import Style, random_style
from diaglib.scoring.damage_kinds import KINDS
from diaglib.scoring.geometry import FEATURES, features

PUBLISHED_MIXTURE = {"dense": 0.25, "cnn": 0.15, "flowchart": 0.6}  # two networks to three flowcharts
CLEAN_SCORE = 5.0
BEST_DAMAGED_SCORE = 4.0  # as published: people gave machine-made diagrams 0 to 4
# What a fault took from the diagram it was done to, by feature. A prior until a person has rated: spacing and alignment
# are the strongest single signals of readability, then what hides content; links weigh least. The other half of the
# harm is the fall of `Diagram.legibility()`, whose weights come from the literature and let one grave fault decide.
HARM = {
    "nearest_gap": 1.0,
    "least_gap": 0.5,
    "gap_evenness": 0.5,
    "alignment_best": 1.0,
    "share_on_a_line": 0.5,
    "step_evenness": 0.5,
    "free_of_overlap": 1.0,
    "share_of_centres_visible": 0.5,
    "inside_canvas": 0.5,
    "look_size_evenness": 0.25,
    "free_of_crossings": 0.25,
    "free_of_tunnels": 0.25,
    "share_of_links_visible": 0.25,
    "share_of_nodes_linked": 0.25,
}
FALLS_TO_A_THIRD = 2.5  # weighted falls that leave 1 / e of the best score
LEAST_HARM = 0.05  # less can hardly be seen
_HARM_WEIGHTS = np.array([HARM.get(name, 0.0) for name in FEATURES])


@dataclass(frozen=True, slots=True)
class Specimen:
    """A diagram, what was done to it (kind -> amount, 0..1; empty for a clean one) and its score, 0..5."""

    diagram: Diagram
    faults: dict[str, float]
    score: float


def clean_diagram(rng: random.Random) -> Diagram:
    """A diagram of the generator: half of its own mixture, half of the published one; half in the default style, half in
    others; a third of all with captions, a third in colours of no palette, some as squares of a size for every look. Small
    networks show their nodes more often than not.
    """
    while True:
        plan = tell(rng, PUBLISHED_MIXTURE if rng.random() < 0.5 else None).plan
        style = Style() if rng.random() < 0.5 else random_style(rng.randrange(2**30), plan)
        style = replace(style, labels=rng.random() < 1 / 3, view="node" if rng.random() < 0.6 else style.view)
        try:
            diagram = plan.layout(style)
        except ValueError:  # a few plans do not fit the canvas in some styles
            continue
        if rng.random() < 0.35:
            diagram = _on_a_grid(diagram, rng)
        if rng.random() < 1 / 3:
            diagram = _in_any_colours(diagram, rng)
        if rng.random() < 0.3:
            diagram = _square_by_look(diagram, rng)
        return _whole_px(_free_choices(diagram, rng))


def specimens(count: int, seed: int = 0, clean_share: float = 0.25) -> Iterator[Specimen]:
    """`count` diagrams, a share of them clean, the others with one to four faults. Number i depends on the seed and i alone.

    A damaged one gets further faults until the harm can be seen.
    """
    for number in range(count):
        rng = random.Random(f"readability {seed} {number}")
        diagram = clean_diagram(rng)
        if rng.random() < clean_share:
            yield Specimen(diagram, {}, CLEAN_SCORE)
            continue
        wanted = rng.choices((1, 2, 3, 4), (0.35, 0.3, 0.2, 0.15))[0]
        faults: dict[str, float] = {}
        result, harm = diagram, 0.0
        for kind in rng.sample(list(KINDS), len(KINDS)):
            if len(faults) >= wanted and harm >= LEAST_HARM:
                break
            faults[kind] = rng.uniform(0.08, 1.0)
            result = damaged(result, {kind: faults[kind]}, rng)
            if len(faults) >= wanted:
                harm = harm_done(diagram, [result])[0]
        yield Specimen(result, faults, damage_score(harm))


def damaged(diagram: Diagram, faults: dict[str, float], rng: random.Random) -> Diagram:
    """The diagram with these faults (kind -> amount, 0..1), in this order. Raises KeyError for an unknown kind."""
    nodes = list(diagram.nodes)
    for kind, amount in faults.items():
        nodes = KINDS[kind](nodes, amount, rng)
    return Diagram(tuple(nodes))


def harm_done(clean: Diagram, versions: Sequence[Diagram]) -> list[float]:
    """How much each version lost against the clean diagram, 0 for nothing.

    The mean of two: the falls of its features, weighted by `HARM`, in units of 2.5; and the logarithm of the fall of its
    legibility.
    """
    measured = features([clean, *versions]).astype(float)
    falls = np.clip(measured[0] - measured[1:], 0.0, None) @ _HARM_WEIGHTS / FALLS_TO_A_THIRD
    before = clean.legibility()["score"]
    lost = [max(log(before / max(version.legibility()["score"], 1e-3)), 0.0) for version in versions]
    return [float(fall + loss) / 2 for fall, loss in zip(falls, lost, strict=True)]


def damage_score(harm: float) -> float:
    """4 exp(-1.4 harm): the best a damaged diagram can have, less for every harm; the mean of specimens is about 2."""
    return BEST_DAMAGED_SCORE * exp(-1.4 * harm)


def _in_any_colours(diagram: Diagram, rng: random.Random) -> Diagram:
    """Other fills and lines, one for each that was there: pale, or paper white as outlines alone; lines are dark."""

    def fill() -> Colour:
        return (255, 255, 255) if rng.random() < 0.3 else (rng.randint(180, 255), rng.randint(180, 255), rng.randint(180, 255))

    fills = {colour: fill() for colour in dict.fromkeys(node.fill for node in diagram.nodes)}
    strokes = {
        colour: (rng.randint(0, 128), rng.randint(0, 128), rng.randint(0, 128))
        for colour in dict.fromkeys(node.stroke for node in diagram.nodes)
    }
    return Diagram(tuple(replace(node, fill=fills[node.fill], stroke=strokes[node.stroke]) for node in diagram.nodes))


def _square_by_look(diagram: Diagram, rng: random.Random) -> Diagram:
    """Squares and circles of one size for every shape and fill, as generators draw that know no captions; places stay, and
    nothing comes nearer to its neighbours than it was.
    """
    room = min((min(node.width, node.height) for node in diagram.nodes), default=0.0)
    nearest = min((box_gap(a.box, b.box) for a, b in combinations(diagram.nodes, 2)), default=0.0)
    largest = room + max(nearest - 20, 0) if nearest > 0 else room
    if largest < 12:
        return diagram
    sides = {look: rng.uniform(max(0.25 * largest, 10), largest) for look in dict.fromkeys(map(_look, diagram.nodes))}
    return Diagram(tuple(replace(node, width=sides[_look(node)], height=sides[_look(node)]) for node in diagram.nodes))


def _look(node: Node) -> tuple[str, Colour]:
    return node.shape, node.fill


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


def _free_choices(diagram: Diagram, rng: random.Random) -> Diagram:
    """What another generator may choose freely without being less readable: how much of the canvas it uses and where, how
    large the shapes are, which way it runs. Varied so that none of these means damage; nothing comes to touch or leave.
    """
    box = bounding_box(diagram.nodes)
    left, top, right, bottom = box
    apart = _least_stretch(diagram)
    spread = [rng.uniform(max(0.55, min(apart, 1.0)), 1.0) if rng.random() < 0.6 else 1.0 for _ in range(2)]
    size = rng.uniform(0.6, 1.0) if rng.random() < 0.5 else 1.0
    size = min(size, *spread)
    flip = [rng.random() < 0.15 for _ in range(2)]
    room = [CANVAS_WIDTH_PX - (right - left) * spread[0], CANVAS_HEIGHT_PX - (bottom - top) * spread[1]]
    centred = rng.random() < 0.6
    move = [space * (0.5 if centred else rng.uniform(0.25, 0.75)) for space in room]

    def place(value: float, low: float, high: float, axis: int) -> float:
        inside = (high - value if flip[axis] else value - low) * spread[axis]
        return move[axis] + inside

    return Diagram(
        tuple(
            replace(
                node, x=place(node.x, left, right, 0), y=place(node.y, top, bottom, 1),
                width=node.width * size, height=node.height * size,
            )
            for node in diagram.nodes
        )
    )  # fmt: skip


def _least_stretch(diagram: Diagram) -> float:
    """The factor to which all places may shrink, sizes with them, for gaps of at least 10 px to stay."""
    gaps = [box_gap(one.box, other.box) for one, other in combinations(diagram.nodes, 2)]
    return 10 / max(min(gaps, default=100.0), 10.0)


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


def _whole_px(diagram: Diagram) -> Diagram:
    """As node lines give it: whole pixels."""
    return Diagram(
        tuple(
            replace(node, x=round(node.x), y=round(node.y), width=round(node.width), height=round(node.height))
            for node in diagram.nodes
        )
    )
