"""Links as straight lines between centres: lengths, crossings, angles, nodes they run through. Part of `features`.

Used by notebook 05. Rule: all pairs at once in numpy, at most 350 links and 500 nodes.
"""

from __future__ import annotations

import numpy as np

from diaglib.diagram.legibility import IDEAL_ANGLE_DEGREES
from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX

VISIBLE_LINK_PX = 15.0
LINK_FEATURES = (
    "share_of_nodes_linked",
    "free_of_crossings",  # 1 - sqrt(crossings / pairs of links without a common end)
    "crossing_angle",  # 1 - mean(|70 - angle| / 70), 1 without crossings
    "free_of_tunnels",  # 1 - sqrt(share of links that run through a third node)
    "link_length",  # mean length / diagonal of the canvas
    "link_length_evenness",
    "longest_link",  # longest / diagonal
    "share_of_links_visible",  # at least 15 px of the link between its two nodes
    "flow",  # links that run in the main direction, right or down
    "straightness",  # mean |cos 2 angle|: 1 for level and upright links, 0 for diagonal ones
    "angular_resolution",  # mean over nodes of the least angle between two of its links / the best possible
    "share_of_links_one_way",  # links without a link back
)
_DIAGONAL_PX = float(np.hypot(CANVAS_WIDTH_PX, CANVAS_HEIGHT_PX))


def measure_links(
    centres: np.ndarray, sizes: np.ndarray, circles: np.ndarray, links: np.ndarray, linked: np.ndarray
) -> list[float]:
    """Numbers in the order of `LINK_FEATURES`. `links` is (e, 2) indices; `linked` says which nodes have any link at all.

    Sources of the aesthetics: Purchase (2002), Dunne & Shneiderman (2009), Huang (2008), as in `diagram.legibility`.
    """
    share_linked = float(linked.mean()) if len(linked) > 1 else 1.0
    if not len(links):
        return [share_linked, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    first, second = links.T
    step = centres[second] - centres[first]
    length = np.hypot(*step.T)
    angle = np.arctan2(step[:, 1], step[:, 0])
    right = ((step[:, 0] > 1) | ((step[:, 0] >= -1) & (step[:, 1] >= 0))).mean()
    down = ((step[:, 1] > 1) | ((step[:, 1] >= -1) & (step[:, 0] >= 0))).mean()
    even = 1.0 / (1.0 + length.std() / length.mean()) if length.mean() > 0 else 1.0
    pairs = {(int(a), int(b)) for a, b in links}
    one_way = sum((b, a) not in pairs for a, b in pairs) / len(pairs)
    crossing_free, crossing_angle = _crossings(centres, links, step)
    return [
        share_linked, crossing_free, crossing_angle, _tunnels(centres, sizes, circles, links, step),
        float(length.mean()) / _DIAGONAL_PX, float(even), float(length.max()) / _DIAGONAL_PX,
        float((_visible(sizes, links, step, length) >= VISIBLE_LINK_PX).mean()), float(max(right, down)),
        float(np.abs(np.cos(2 * angle)).mean()), _angular_resolution(links, angle), one_way,
    ]  # fmt: skip


def _cross(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]


def _crossings(centres: np.ndarray, links: np.ndarray, step: np.ndarray) -> tuple[float, float]:
    first, second = links.T
    ends = [centres[first], centres[second]]
    # side of the line i on which the ends of j lie, (links, links)
    sides = [_cross(step[:, None], end[None] - ends[0][:, None]) for end in ends]
    splits = sides[0] * sides[1] < 0
    apart = ~((first[:, None] == first) | (first[:, None] == second) | (second[:, None] == first) | (second[:, None] == second))
    apart = np.triu(apart, 1)
    crossing = splits & splits.T & apart
    count, possible = int(crossing.sum()), int(apart.sum())
    if not count:
        return 1.0, 1.0
    i, j = np.nonzero(crossing)
    lengths = np.maximum(np.hypot(*step[i].T) * np.hypot(*step[j].T), 1e-9)
    degrees = np.degrees(np.arccos(np.minimum(np.abs((step[i] * step[j]).sum(axis=1)) / lengths, 1.0)))
    deviation = float((np.abs(IDEAL_ANGLE_DEGREES - degrees) / IDEAL_ANGLE_DEGREES).mean())
    return 1.0 - float(np.sqrt(count / possible)), 1.0 - min(deviation, 1.0)


def _tunnels(centres: np.ndarray, sizes: np.ndarray, circles: np.ndarray, links: np.ndarray, step: np.ndarray) -> float:
    """1 - sqrt(share of links through a node that is not their end): a box less 2 px a side, in a circle the box inside."""
    half = sizes / 2 * np.where(circles, np.sqrt(0.5), 1.0)[:, None] - 2
    safe = np.where(np.abs(step) < 1e-6, 1e-6, step)[:, None]
    start = centres[links[:, 0]][:, None]
    low, high = (centres - half - start) / safe, (centres + half - start) / safe
    enter, leave = np.minimum(low, high).max(axis=2), np.maximum(low, high).min(axis=2)
    hit = (enter < leave) & (leave > 0) & (enter < 1) & (half > 0).all(axis=1)
    rows = np.arange(len(links))
    hit[rows, links[:, 0]] = hit[rows, links[:, 1]] = False
    return 1.0 - float(np.sqrt(hit.any(axis=1).mean()))


def _visible(sizes: np.ndarray, links: np.ndarray, step: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Length of every link outside the boxes of its two nodes, in px."""
    direction = np.abs(step) / np.maximum(length, 1e-9)[:, None]
    half = sizes / 2
    inside = [(half[ends] / np.maximum(direction, 1e-6)).min(axis=1) for ends in links.T]
    return length - inside[0] - inside[1]


def _angular_resolution(links: np.ndarray, angle: np.ndarray) -> float:
    """Mean over nodes with at least two links of their least angle between neighbours, as a share of an even spread."""
    node = np.concatenate([links[:, 0], links[:, 1]])
    heading = np.concatenate([angle, angle + np.pi]) % (2 * np.pi)
    order = np.lexsort((heading, node))
    node, heading = node[order], heading[order]
    shares = []
    for group in np.split(heading, np.flatnonzero(np.diff(node)) + 1):
        if len(group) > 1:
            gaps = np.diff(group, append=group[0] + 2 * np.pi)
            shares.append(gaps.min() / (2 * np.pi / len(group)))
    return float(np.mean(shares)) if shares else 1.0
