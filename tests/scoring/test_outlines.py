"""What is drawn with a closed outline is found to the pixel, whatever its colours; gaps between lines are no shapes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diaglib.diagram import Diagram, Node
from diaglib.diagram.picture import draw_pixels
from diaglib.scoring.node_boxes import find_nodes
from diaglib.scoring.node_maps import CHANNELS, COLUMNS, NODE, ROWS
from diaglib.scoring.outlines import MOST_AREAS, NO_AREA, OTHER_AREA, PAPER, trace_outlines
from diaglib.scoring.pictures import Picture, draw_picture, read_picture
from diaglib.scoring.readability_network import see
from tests.scoring.test_node_boxes import perfect_answer

GREEN, WHITE = (192, 224, 208), (255, 255, 255)
BOX = Node(0, 200, 300, "rectangle", 120, 80, fill=GREEN)
ROUND = Node(1, 500, 300, "round rectangle", 100, 100, fill=WHITE)
CIRCLE = Node(2, 800, 100, "circle", 60, 160, fill=(90, 120, 200))
NOTHING_SEEN = np.where(np.arange(CHANNELS)[:, None, None] == NODE, -8.0, 0.0) * np.ones((1, ROWS, COLUMNS))


def found(picture: Picture, seen: Diagram | None = None) -> tuple[Node, ...]:
    """The shapes where the CNN has seen all of `seen`, or nothing."""
    answer = NOTHING_SEEN if seen is None else perfect_answer(seen)
    return find_nodes(answer, picture.ink, picture.outlines).nodes


def test_every_shape_is_found_to_the_pixel_without_the_network() -> None:
    nodes = {node.shape: node for node in found(draw_picture(Diagram((BOX, ROUND, CIRCLE))))}
    for drawn in (BOX, ROUND, CIRCLE):
        node = nodes[drawn.shape]
        assert np.abs(np.array(node.box) - drawn.box).max() <= 1
        assert np.abs(np.array(node.fill) - drawn.fill).max() <= 2


def test_a_small_shape_on_a_large_one_of_the_same_fill_is_found_where_the_network_missed_it() -> None:
    small = Node(3, 200, 300, "rectangle", 30, 30, fill=GREEN)
    nodes = found(draw_picture(Diagram((BOX, small))), Diagram((BOX,)))
    assert sorted(round(node.width) for node in nodes) == [30, 120]
    assert nodes[0].fill == nodes[1].fill


def test_what_lies_half_hidden_is_the_networks_to_find() -> None:
    front = Node(4, 250, 330, "rectangle", 120, 80, fill=(224, 208, 192))
    both = Diagram((BOX, front))
    nodes = found(draw_picture(both), both)
    assert len(nodes) == 2
    assert any(np.abs(np.array(node.box) - BOX.box).max() < 4 for node in nodes)


def test_white_gaps_between_shapes_and_lines_are_no_shapes() -> None:
    page = draw_pixels(Diagram((replace(BOX, x=200), replace(BOX, id=1, x=400)))).copy()
    page[262, 260:340] = page[338, 260:340] = 0  # two lines close a white box between the two
    picture = Picture(draw_picture(Diagram()).ink, trace_outlines(page))
    assert sorted(node.x for node in found(picture)) == pytest.approx([200, 400], abs=1)


def test_a_box_on_bare_paper_and_a_white_one_with_a_side_missing_are_none() -> None:
    seen = Diagram((BOX, replace(ROUND, shape="rectangle")))
    nodes = found(draw_picture(Diagram((BOX,))), seen)
    assert len(nodes) == 1
    assert np.abs(np.array(nodes[0].box) - BOX.box).max() <= 1


def test_areas_name_what_lies_under_a_place() -> None:
    outlines = trace_outlines(draw_pixels(Diagram((BOX, CIRCLE))))
    of_box = next(place for place, node in enumerate(outlines.nodes) if node.shape == "rectangle")
    assert outlines.under(np.array(BOX.box) * 0.4) == (of_box, 1.0)
    assert outlines.under(np.array([200.0, 100, 240, 140]))[0] == PAPER
    assert outlines.under(np.array([900.0, 900, 950, 950])) == (NO_AREA, 0.0)
    assert set(np.unique(outlines.areas)) <= {0, 1, PAPER, OTHER_AREA, NO_AREA}


def test_hundreds_of_areas_and_noise_are_bounded() -> None:
    page = np.full((600, 1000, 3), 255, np.uint8)
    page[::12], page[:, ::12] = 0, 0
    assert len(trace_outlines(page).nodes) == MOST_AREAS
    noise = np.random.default_rng(0).integers(0, 256, (600, 1000, 3), np.uint8)
    assert trace_outlines(noise).nodes == ()


@pytest.mark.parametrize("name", ["half.png", "twice.png", "a.jpg"])
def test_other_sizes_and_kinds_of_file_show_the_same_shapes(name: str, tmp_path: Path) -> None:
    diagram = Diagram((BOX, ROUND, replace(CIRCLE, width=120.0)))
    picture = Image.fromarray(draw_pixels(diagram))
    size = {"half.png": (500, 300), "twice.png": (2000, 1200), "a.jpg": (1000, 600)}[name]
    picture.resize(size, Image.Resampling.LANCZOS).save(tmp_path / name)
    nodes = see([read_picture(tmp_path / name)]).shapes[0].nodes
    assert len(nodes) == 3
    for drawn in diagram.nodes:
        nearest = min(nodes, key=lambda node: abs(node.x - drawn.x))
        assert np.abs(np.array(nearest.box) - drawn.box).max() <= 4
