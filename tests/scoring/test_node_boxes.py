"""What the CNN is asked for can be read back: the maps of a diagram, taken as an answer, give its shapes again."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from diaglib.diagram import Diagram, Node
from diaglib.scoring.damage import clean_diagram
from diaglib.scoring.node_boxes import box_agreement, find_nodes
from diaglib.scoring.node_maps import CHANNELS, CIRCLE, COLUMNS, NODE, ROWS, SIDES, bend, node_maps, unbend
from diaglib.scoring.pictures import draw_ink
from diaglib.scoring.visibility import as_seen, visibility

THREE = Diagram(
    (Node(0, 200, 300, "rectangle", 120, 80), Node(1, 500, 300, "circle", 100, 100), Node(2, 800, 100, "rectangle", 60, 160))
)


def perfect_answer(diagram: Diagram, blur_px: float = 0.0) -> np.ndarray:
    maps = node_maps([diagram])
    answer = np.zeros((CHANNELS, ROWS, COLUMNS), np.float32)
    answer[NODE] = np.where(maps.node[0] >= 1, 8.0, -8.0)
    answer[SIDES] = bend(unbend(maps.sides[0]) + blur_px).transpose(2, 0, 1)
    answer[CIRCLE] = maps.circle[0] - 0.5
    return answer


@pytest.mark.parametrize("seed", range(6))
def test_a_perfect_answer_gives_the_shapes_back(seed: int) -> None:
    diagram = as_seen(clean_diagram(random.Random(seed)))
    found = find_nodes(perfect_answer(diagram), draw_ink([diagram])[0])
    assert len(found.nodes) == len(diagram.nodes)
    best = box_agreement(diagram, found)
    assert best.max(axis=1).min() > 0.75  # a side of 10 px may be off by one
    for node, which in zip(diagram.nodes, best.argmax(axis=1), strict=True):
        assert (found.nodes[which].shape == "circle") == (node.shape == "circle")


def test_sides_snap_to_the_outlines_drawn() -> None:
    ink = draw_ink([THREE])[0]
    off = 2.0  # picture px, 5 of the canvas
    for node in find_nodes(perfect_answer(THREE, off), ink).nodes:
        true = next(one for one in THREE.nodes if abs(one.x - node.x) < 30)
        assert abs(np.array(node.box) - true.box).max() < 1.5
    on_grey = find_nodes(perfect_answer(THREE, off), np.full_like(ink, 40)).nodes[0]
    assert abs(np.array(on_grey.box) - THREE.nodes[0].box).min() > 4  # nothing to snap to
    assert find_nodes(perfect_answer(THREE, off), np.zeros_like(ink)) == Diagram()  # white, and no outline: a gap


def test_no_node_is_no_shape_and_the_same_box_counts_once() -> None:
    ink = draw_ink([THREE])[0]
    assert find_nodes(perfect_answer(Diagram()), ink) == Diagram()
    answer = perfect_answer(THREE)
    row, column = np.argwhere(answer[NODE] > 0)[0]
    answer[NODE, row, column + 2] = 7.0  # a second peak that sees the same box
    x = np.array([8.0, 0, -8.0, 0])  # two cells further right the left side is further off and the right side nearer
    answer[SIDES, row, column + 2] = bend(unbend(answer[SIDES, row, column]) + x)
    assert len(find_nodes(answer, ink).nodes) == 3


def test_distances_bend_and_unbend() -> None:
    distances = np.linspace(-400, 400, 81)
    assert np.allclose(unbend(bend(distances)), distances)
    assert np.isfinite(unbend(np.array([1e6, -1e6]))).all()


def test_a_covered_shape_is_not_seen_and_half_a_one_stands_where_it_shows() -> None:
    back, front = Node(0, 300, 300, width=100, height=60), Node(1, 300, 300, width=140, height=90)
    assert [node.id for node in as_seen(Diagram((back, front))).nodes] == [1]
    assert [node.id for node in as_seen(Diagram((front, replace(back, id=2)))).nodes] == [1, 2]
    shifted = visibility((back, replace(front, x=350.0)))
    assert 0.2 < shifted.share[0] < 0.4
    assert shifted.places[0, 0] < 280
    off = visibility((replace(back, x=-500.0), replace(back, x=float("nan"))))
    assert not off.share.any()
