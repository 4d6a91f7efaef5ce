"""Where links begin and end."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from diaglib.diagram import Diagram, Node
from diaglib.diagram.model import SHAPES
from diaglib.diagram.picture.routing import MAX_POSITION_PX, MAX_SIZE_PX, boundary_point, outline, routes

sizes = st.floats(4, 300)
places = st.tuples(st.floats(0, 1000), st.floats(0, 600))


def distance_to_edge(shape, point):
    """Signed distance in px from a point to the drawn edge (an approximation for ellipses that is exact at 0)."""
    x, y = abs(point[0] - shape.x), abs(point[1] - shape.y)
    if shape.shape == "circle":
        return (math.hypot(x / shape.half_width, y / shape.half_height) - 1) * min(shape.half_width, shape.half_height)
    x, y = x - shape.half_width + shape.radius, y - shape.half_height + shape.radius
    return math.hypot(max(x, 0), max(y, 0)) + min(max(x, y), 0) - shape.radius


def links_of(*nodes):
    diagram = Diagram(nodes)
    outlines = [outline(node) for node in nodes]
    return routes(diagram, outlines), {shape.id: shape for shape in outlines}


@given(st.lists(st.tuples(places, st.sampled_from(SHAPES), sizes, sizes), min_size=2, max_size=6), st.booleans())
def test_a_link_runs_from_edge_to_edge_straight_paired_or_bent(data, both_ways):
    nodes = [Node(i, *place, shape, width, height) for i, (place, shape, width, height) in enumerate(data)]
    last = len(nodes) - 1
    nodes[0] = Node(0, *data[0][0], *data[0][1:], links=(last,))
    if both_ways:
        nodes[last] = Node(last, *data[last][0], *data[last][1:], links=(0,))
    found, shapes = links_of(*nodes)
    assume(not any(route.above for route in found))
    for route in found:
        assert distance_to_edge(shapes[route.source], route.points[0]) == pytest.approx(0, abs=1e-6)
        assert distance_to_edge(shapes[route.target], route.head[0]) == pytest.approx(0, abs=1e-6)


@given(places, st.sampled_from(SHAPES), sizes, sizes, st.floats(0, 6.29), st.floats(-0.3, 0.3))
def test_a_ray_leaves_a_shape_at_its_edge_and_ahead(place, shape, width, height, angle, off):
    drawn = outline(Node(0, *place, shape, width, height))
    direction = (math.cos(angle), math.sin(angle))
    gap = off * min(drawn.half_width, drawn.half_height)
    shift = (-direction[1] * gap, direction[0] * gap)
    x, y = boundary_point(drawn, direction, shift)
    assert distance_to_edge(drawn, (x, y)) == pytest.approx(0, abs=1e-6)
    ahead = (x - drawn.x - shift[0]) * direction[0] + (y - drawn.y - shift[1]) * direction[1]
    sideways = (x - drawn.x - shift[0]) * direction[1] - (y - drawn.y - shift[1]) * direction[0]
    assert ahead > 0
    assert sideways == pytest.approx(0, abs=1e-6)


def test_two_opposite_links_run_side_by_side():
    found, _ = links_of(Node(0, 100, 300, links=(1,)), Node(1, 400, 300, links=(0,)))
    (_, there), (_, back) = (route.points for route in found)
    assert abs(there[1] - back[1]) == pytest.approx(10)


def test_a_link_hidden_behind_a_third_node_is_bent_around_it():
    nodes = Node(0, 500, 80, width=200, links=(1, 2)), Node(1, 500, 200, width=220, links=(2,)), Node(2, 500, 320, width=200)
    found, shapes = links_of(*nodes)
    skip = next(route for route in found if (route.source, route.target) == (0, 2))
    assert len(skip.points) > 2
    assert all(distance_to_edge(shapes[1], point) > 2 for point in skip.points)
    assert all(len(route.points) == 2 for route in found if route is not skip)


def test_a_link_between_overlapping_shapes_is_drawn_over_them():
    (route,), _ = links_of(Node(0, 100, 100, width=80, height=80, links=(1,)), Node(1, 120, 100, width=80, height=80))
    assert route.above
    assert route.points[0] == (100, 100)
    assert route.head[0] == (120, 100)


def test_links_without_a_line_to_draw_are_left_out():
    """A published renderer divides by zero where two linked nodes coincide."""
    found, _ = links_of(Node(0, 100, 100, links=(0, 1, 99)), Node(1, 100, 100, links=(0,)))
    assert found == []


def test_a_link_given_twice_is_drawn_once_and_a_line_has_no_head():
    found, _ = links_of(Node(0, 100, 100, line="dashed line", links=(1, 1)), Node(1, 300, 100))
    assert len(found) == 1
    assert found[0].dashed
    assert found[0].head is None


anything = st.one_of(st.floats(), st.integers(-(10**15), 10**15))


@given(st.lists(st.tuples(anything, anything, anything, anything, st.sampled_from([*SHAPES, "blob"])), max_size=8))
def test_every_number_of_a_route_is_finite_and_bounded(data):
    nodes = [Node(i, x, y, shape, w, h, links=tuple(range(8))) for i, (x, y, w, h, shape) in enumerate(data)]
    found, shapes = links_of(*nodes)
    limit = MAX_POSITION_PX + MAX_SIZE_PX
    for route in found:
        for x, y in (*route.points, *route.head):
            assert abs(x) <= limit
            assert abs(y) <= limit
    for shape in shapes.values():
        assert 1 <= shape.half_width <= MAX_SIZE_PX
