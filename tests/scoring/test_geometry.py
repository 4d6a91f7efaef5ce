"""Geometry features: each notices its own damage, none tells how large a diagram is, none fails."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diaglib.diagram import Diagram, Node, Plan
from diaglib.scoring import FEATURES, features

FLOW = Plan.from_text(
    '0 db "raw"\n1 func "clean"\n2 str\n3 model "BERT"\n4 numeric\n5 func "PCA"\n6 chart\n7 process "cluster" < 4\n8 db "store"'
).layout()
GRID = Diagram(
    tuple(
        Node(3 * row + column, 200 + 300 * column, 120 + 180 * row, links=(3 * row + column + 1,) if column < 2 else ())
        for row in range(3)
        for column in range(3)
    )
)


def of(diagram: Diagram) -> dict[str, float]:
    return dict(zip(FEATURES, features([diagram])[0].tolist(), strict=True))


def moved(diagram: Diagram, places: dict[int, dict[str, object]]) -> Diagram:
    return Diagram(tuple(replace(node, **places.get(node.id, {})) for node in diagram.nodes))  # type: ignore[arg-type]


def test_a_grid_is_tidy() -> None:
    parts = of(GRID)
    for name in (
        "free_of_overlap", "inside_canvas", "alignment_x", "alignment_y", "share_on_a_line", "step_evenness",
        "line_step_evenness", "line_centring", "free_of_crossings", "free_of_tunnels", "share_of_links_visible", "flow",
        "straightness", "margin_balance_x", "margin_balance_y", "share_of_nodes_linked",
    ):  # fmt: skip
        assert parts[name] == pytest.approx(1.0, abs=1e-4), name


@pytest.mark.parametrize(
    ("names", "places"),
    [
        (("free_of_overlap", "share_of_nodes_apart", "share_of_centres_visible", "least_gap"), {4: {"x": 205, "y": 300}}),
        (("inside_canvas", "share_of_nodes_inside", "margin"), {8: {"x": 1100}}),
        (("alignment_best", "share_on_a_line"), {4: {"x": 560, "y": 350}}),
        (("step_evenness",), {3: {"x": 230}, 4: {"x": 440}, 5: {"x": 830}}),
        (("width_evenness", "look_size_evenness", "squareness"), {4: {"width": 90, "height": 20}}),
        (("free_of_crossings", "crossing_angle"), {0: {"links": (4,)}, 1: {"links": (3,)}}),
        (("free_of_tunnels", "straightness"), {0: {"links": (2, 8)}}),
        (("share_of_nodes_linked",), {6: {"links": ()}}),
        (("flow",), {0: {"links": ()}, 1: {"links": (0,)}}),
        (("share_of_links_one_way",), {1: {"links": (0, 2)}}),
        (("least_side",), {4: {"width": 8, "height": 8}}),
        (("share_of_links_visible", "size_against_gap"), {n: {"width": 296} for n in range(9)}),
        (("label_fit",), {4: {"label": "a caption far too long for its little box"}}),
    ],
)
def test_features_notice_their_fault(names: tuple[str, ...], places: dict[int, dict[str, object]]) -> None:
    before, after = of(GRID), of(moved(GRID, places))
    for name in names:
        assert after[name] < before[name] - 0.02, name


def test_features_do_not_tell_the_order_or_the_place_of_nodes_in_the_text() -> None:
    """A score must depend on what is seen, not on how the text lists it."""
    nodes = list(FLOW.nodes)
    random.Random(1).shuffle(nodes)
    assert np.allclose(features([FLOW]), features([Diagram(tuple(nodes))]), atol=1e-6)


def test_no_feature_counts_nodes_or_links() -> None:
    """Counts say who drew a diagram, not how it reads: a longer chain of the same steps measures the same."""

    def chain(length: int) -> Diagram:
        step = 800 / (length - 1)
        size = step / 3
        nodes = [
            Node(i, 100 + step * i, 300, width=size, height=size, links=(i + 1,) if i < length - 1 else ()) for i in range(length)
        ]
        return Diagram(tuple(nodes))

    short, long = of(chain(5)), of(chain(9))
    scale_free = ("alignment_best", "step_evenness", "gap_evenness", "size_against_gap", "straightness", "flow", "squareness")
    for name in scale_free:
        assert short[name] == pytest.approx(long[name], abs=1e-4), name


def test_an_empty_diagram_is_a_row_of_zeros() -> None:
    assert not features([Diagram()]).any()
    assert features([]).shape == (0, len(FEATURES))


numbers = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 50.0, 1e300, -3.0])
nodes_of_any_kind = st.builds(
    Node,
    id=st.integers(0, 6),
    x=numbers,
    y=numbers,
    shape=st.sampled_from(["rectangle", "circle", "hexagon"]),
    width=numbers,
    height=numbers,
    links=st.lists(st.integers(0, 8), max_size=6).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(nodes_of_any_kind, max_size=9))
def test_whatever_the_diagram_every_feature_is_within_0_and_1(nodes: list[Node]) -> None:
    row = features([Diagram(tuple(nodes))])[0]
    assert np.isfinite(row).all()
    assert row.min() >= 0
    assert row.max() <= 1


def test_five_hundred_nodes_all_linked_are_measured() -> None:
    rng = random.Random(0)
    nodes = [Node(i, rng.uniform(0, 1000), rng.uniform(0, 600), links=tuple(range(500))) for i in range(500)]
    assert np.isfinite(features([Diagram(tuple(nodes))])).all()
