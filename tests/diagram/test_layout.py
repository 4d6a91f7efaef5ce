"""Layout: the published rules, nothing over another shape or off the canvas, readable looks."""

from __future__ import annotations

import random
from itertools import pairwise
from math import hypot, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diaglib.diagram import Diagram, Node, Plan, PlanNode
from diaglib.diagram.caption_fit import font_px, line_choices, text_width_em
from diaglib.diagram.geometry import crossing_angle_degrees, segment_meets_box, segments_cross
from diaglib.diagram.kinds import DATA_KINDS, LAYER_KINDS, WORK_KINDS
from diaglib.diagram.layout.graph import Frame, layered_frames
from diaglib.diagram.layout.lanes import clear_lanes, hits_and_crossings
from diaglib.diagram.layout.ranks import isotonic, rank_and_order, ranks_of, without_cycles
from diaglib.diagram.style import LABEL_COLOUR, PALETTES, Style, contrast, random_style, shape_of, styles

STEP_KINDS = sorted(DATA_KINDS | WORK_KINDS)
UNET = """0 input 256
1 down f64
2 down f128
3 down f256
4 down f512
5 bottleneck f1024
6 up f512 < 5 4
7 up f256 < 6 3
8 up f128 < 7 2
9 up f64 < 8 1
10 output"""
ENCODER_DECODER = "\n".join(
    [
        "0 input",
        "1 embedding",
        *(f"{i} encoder" for i in range(2, 8)),
        '8 input "target" < -',
        "9 embedding",
        *(f"{i} decoder < {i - 1} 7" for i in range(10, 16)),
        "16 output",
    ]
)


def dense(*sizes: int) -> Plan:
    kinds = ["input", *["dense"] * (len(sizes) - 2), "output"]
    return Plan.chain([PlanNode(0, kind, size=size) for kind, size in zip(kinds, sizes, strict=True)])


def overlapping(diagram: Diagram) -> list[tuple[int, int]]:
    boxes = [(node.id, node.box) for node in diagram.nodes]
    return [
        (i, j)
        for k, (i, a) in enumerate(boxes)
        for j, b in boxes[k + 1 :]
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]


def outside(diagram: Diagram) -> list[int]:
    return [n.id for n in diagram.nodes if n.box[0] < 0 or n.box[1] < 0 or n.box[2] > 1000 or n.box[3] > 600]


def links_through_shapes(diagram: Diagram) -> int:
    return sum(
        segment_meets_box(a.x, a.y, b.x, b.y, node.box)
        for a, b in diagram.edges()
        for node in diagram.nodes
        if node.id not in (a.id, b.id)
    )


def distance_px(node: Node, a: Node, b: Node) -> float:
    """From the centre of `node` to the nearest point of the link a-b."""
    dx, dy = b.x - a.x, b.y - a.y
    share = ((node.x - a.x) * dx + (node.y - a.y) * dy) / (dx * dx + dy * dy)
    share = min(max(share, 0.0), 1.0)
    return hypot(node.x - a.x - share * dx, node.y - a.y - share * dy)


def check_drawing(plan: Plan, diagram: Diagram) -> None:
    """What must hold of every drawing with one shape a plan node."""
    assert [node.id for node in diagram.nodes] == list(range(len(plan.nodes)))
    position = {node.id: i for i, node in enumerate(plan.nodes)}
    for node, drawn in zip(plan.nodes, diagram.nodes, strict=True):
        assert drawn.links == tuple(sorted(position[target] for target in node.links))
        assert min(drawn.width, drawn.height) >= 6
        assert all(isinstance(value, int) for value in (drawn.x, drawn.y, drawn.width, drawn.height))
    assert overlapping(diagram) == []
    assert outside(diagram) == []


@st.composite
def graphs(draw: st.DrawFn, kinds: list[str], most: int = 40) -> Plan:
    """Random graphs: forward links, some backward ones (cycles), parts without connection."""
    count = draw(st.integers(1, most))
    seed = draw(st.integers(0, 2**32))
    density = draw(st.sampled_from([0.0, 0.3, 1.0, 2.0]))
    backward = draw(st.sampled_from([0.0, 0.2]))
    generator = random.Random(seed)
    links: list[set[int]] = [set() for _ in range(count)]
    for node in range(1, count):
        if generator.random() < 0.85:
            links[generator.randrange(max(0, node - 4), node)].add(node)
    for _ in range(int(density * count)):
        a, b = generator.randrange(count), generator.randrange(count)
        if a != b:
            a, b = (max(a, b), min(a, b)) if generator.random() < backward else (min(a, b), max(a, b))
            links[a].add(b)
    words = ["data", "embedding model", "문서 검색", "x", "a rather long caption for one box", ""]
    nodes = [
        PlanNode(
            i, generator.choice(kinds), generator.choice(words), generator.choice([None, 1, 7, 512]), tuple(sorted(links[i]))
        )
        for i in range(count)
    ]
    return Plan(tuple(nodes))


@settings(max_examples=60, deadline=None)
@given(graphs(STEP_KINDS))
def test_any_flowchart_fits(plan: Plan) -> None:
    check_drawing(plan, plan.layout())


@settings(max_examples=40, deadline=None)
@given(graphs(sorted(LAYER_KINDS)))
def test_any_network_graph_fits(plan: Plan) -> None:
    check_drawing(plan, plan.layout(Style(view="layer")))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 60),
    st.sampled_from(["auto", "right", "down"]),
    st.lists(st.sampled_from([None, 1, 2, 30, 1_000_000]), min_size=60, max_size=60),
    st.sampled_from(["conv", "dense", "encoder"]),
)
def test_any_chain_of_layers_fits(count: int, direction: str, sizes: list[int | None], kind: str) -> None:
    plan = Plan(tuple(PlanNode(i, kind, "layer", sizes[i], (i + 1,) if i + 1 < count else ()) for i in range(count)))
    diagram = plan.layout(Style(direction=direction, view="layer"))
    check_drawing(plan, diagram)
    assert links_through_shapes(diagram) == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 45), min_size=2, max_size=10), st.sampled_from(["auto", "right", "down"]))
def test_dense_nets_of_at_most_45_links_are_drawn_node_by_node(sizes: list[int], direction: str) -> None:
    plan = dense(*sizes)
    diagram = plan.layout(Style(direction=direction))
    assert overlapping(diagram) == []
    assert outside(diagram) == []
    if max(a * b for a, b in pairwise(sizes)) > 45:
        assert len(diagram.nodes) == len(sizes)
        return
    assert len(diagram.nodes) == sum(sizes)
    first = 0
    for size, after in pairwise([*sizes, 0]):
        for node in diagram.nodes[first : first + size]:
            assert node.shape == "circle"
            assert node.links == tuple(range(first + size, first + size + after))
        first += size
    for a, b in diagram.edges():
        for node in diagram.nodes:
            assert node.id in (a.id, b.id) or distance_px(node, a, b) > node.width / 2


def test_published_directions_and_lengths() -> None:
    """More than 8 layers run right, else down; a length is log(size+1)/log(max+1) of 75% of the width or 60% of the height."""
    down = dense(784, 128, 64, 10).layout()
    assert [node.x for node in down.nodes] == [500] * 4
    assert [node.width for node in down.nodes] == pytest.approx([750 * log(s + 1) / log(785) for s in (784, 128, 64, 10)], abs=2)
    plan = Plan.from_text("0 input 64\n1 conv\n2 conv\n3 pool\n4 conv\n5 pool\n6 dense 256\n7 dense 64\n8 output 32")
    right = plan.layout()
    assert [node.y for node in right.nodes] == [300] * 9
    heights = [360 * log(node.size + 1) / log(257) for node in plan.nodes]
    assert [node.height for node in right.nodes] == pytest.approx(heights, abs=2)
    assert plan.layout(Style(direction="down")).nodes[0].x == 500


def test_a_tiny_layer_is_long_enough_for_its_caption() -> None:
    node = dense(100_000, 5_000, 1).layout().nodes[2]
    assert font_px(node.label, node.shape, node.width, node.height) >= 11


def test_one_colour_and_shape_for_each_kind() -> None:
    diagram = Plan.from_text("0 input 64\n1 conv\n2 conv\n3 pool\n4 conv\n5 pool\n6 dense 9\n7 output 2").layout()
    looks = [(node.fill, node.shape) for node in diagram.nodes]
    assert looks[1] == looks[2] == looks[4]
    assert looks[3] == looks[5]
    assert len({look[0] for look in looks}) == 5


@pytest.mark.parametrize("text", [UNET, ENCODER_DECODER], ids=["unet", "encoder-decoder"])
@pytest.mark.parametrize("direction", ["auto", "right", "down"])
def test_skip_and_cross_links_run_clear(text: str, direction: str) -> None:
    diagram = Plan.from_text(text).layout(Style(direction=direction))
    assert links_through_shapes(diagram) == 0
    parts = diagram.legibility()
    assert parts["edge_crossings"] == 1
    assert parts["label_fit"] > 0.9


def test_skip_links_of_a_u_net_are_level() -> None:
    nodes = Plan.from_text(UNET).layout().nodes
    assert [nodes[a].x - nodes[b].x for a, b in ((1, 9), (2, 8), (3, 7), (4, 6))] == [0, 0, 0, 0]
    assert len({nodes[i].y for i in range(5)}) == 1


def test_residual_links_are_straight() -> None:
    plan = Plan.from_text("0 input\n1 conv\n2 conv\n3 add < 2 0\n4 conv\n5 conv\n6 add < 5 3\n7 output")
    nodes = plan.layout(Style(direction="down")).nodes
    assert len({nodes[i].x for i in (0, 3, 6, 7)}) == 1
    assert nodes[1].x == nodes[2].x != nodes[0].x


def test_a_long_chain_snakes_through_rows() -> None:
    plan = Plan.chain([PlanNode(0, "conv") for _ in range(60)])
    nodes = plan.layout().nodes
    rows = sorted({node.y for node in nodes})
    assert len(rows) >= 3
    assert all(abs(a.x - b.x) < 3 or a.y == b.y for a, b in pairwise(nodes))
    assert min(font_px(node.label, node.shape, node.width, node.height) for node in nodes) >= 9


def test_captions_of_22_layers_are_legible() -> None:
    layers = ["0 input 512"] + [f"{i} {'pool' if i % 3 == 0 else 'conv'}" for i in range(1, 16)]
    layers += [f"{i} dense {2 ** (25 - i)}" for i in range(16, 21)] + ["21 output 1"]
    diagram = Plan.from_text("\n".join(layers)).layout()
    assert len(diagram.nodes) == 22
    assert min(node.width for node in diagram.nodes) >= 26
    assert diagram.legibility()["label_fit"] > 0.75


def test_links_between_data_only_are_dashed() -> None:
    plan = Plan.from_text("0 numeric\n1 chart\n2 db < 0\n3 model < 1\n4 str < 3 2")
    assert [node.line for node in plan.layout().nodes] == [
        "dashed line",
        "solid arrow",
        "dashed line",
        "solid arrow",
        "solid arrow",
    ]
    assert {node.line for node in plan.layout(Style(line="solid line")).nodes} == {"solid line"}


def test_databases_and_models_are_circles_and_data_differ_from_work() -> None:
    assert {shape_of(kind) for kind in ("db", "model")} == {"circle"}
    assert {shape_of(kind) for kind in DATA_KINDS - {"db"}} == {"round rectangle"}
    assert {shape_of(kind) for kind in WORK_KINDS - {"model"}} == {"rectangle"}


def test_a_flowchart_of_the_published_kind_has_no_fault() -> None:
    """Main chains with side branches and extra inputs, probability 0.2 each."""
    for seed in range(40):
        generator = random.Random(seed)
        count = generator.randint(4, 11)
        links: list[list[int]] = [[i + 1] if i + 1 < count else [] for i in range(count)]
        for i in range(count):
            if generator.random() < 0.2:
                links.append([i])
            if generator.random() < 0.2:
                links[i].append(len(links))
                links.append([])
        kinds = [generator.choice(STEP_KINDS) for _ in links]
        plan = Plan.of([PlanNode(i, kind, links=tuple(links[i])) for i, kind in enumerate(kinds)])
        diagram = plan.layout()
        check_drawing(plan, diagram)
        assert links_through_shapes(diagram) == 0, plan.to_text()
        parts = diagram.legibility()
        assert parts["edge_crossings"] == 1, plan.to_text()
        assert parts["label_fit"] > 0.9, plan.to_text()


def test_far_fewer_crossings_than_a_breadth_first_order() -> None:
    ours = naive = 0
    for seed in range(30):
        generator = random.Random(seed)
        edges = sorted({(generator.randrange(max(0, b - 6), b), b) for b in range(1, 20) for _ in range(2)})
        generator.shuffle(edges)
        ranks = ranks_of(20, edges)
        by_rank: dict[int, int] = {}
        slots = []
        for node in range(20):
            slots.append(float(by_rank.get(ranks[node], 0)))
            by_rank[ranks[node]] = by_rank.get(ranks[node], 0) + 1
        naive += hits_and_crossings([float(rank) for rank in ranks], slots, edges)[1]
        placed = rank_and_order(20, edges)
        ours += hits_and_crossings(placed.rank, placed.slot, edges)[1]
    assert naive > 100
    assert ours < 0.6 * naive


def test_a_shape_in_the_way_of_a_link_is_moved_aside() -> None:
    along, across, edges = [0.0, 1.0, 2.0], [0.0, 0.0, 0.0], [(0, 1), (1, 2), (0, 2)]
    assert hits_and_crossings(along, across, edges)[0] == 1
    moved = clear_lanes(along, across, edges)
    assert hits_and_crossings(along, moved, edges)[0] == 0


def test_slots_of_one_rank_keep_their_distance() -> None:
    for seed in range(20):
        generator = random.Random(seed)
        edges = sorted({tuple(sorted(generator.sample(range(25), 2))) for _ in range(40)})
        for frame in layered_frames(25, edges):  # type: ignore[arg-type]
            cleared: Frame = frame.cleared(edges)  # type: ignore[arg-type]
            places = list(zip(cleared.along, cleared.across, strict=True))
            for i, (x, y) in enumerate(places):
                assert all(abs(x - u) > 0.99 or abs(y - v) > 0.99 for u, v in places[:i])


def test_cycles_are_broken_by_turning_links_round() -> None:
    turned = without_cycles(4, [(0, 1), (1, 2), (2, 0), (2, 3)])
    assert set(turned) == {(0, 1), (1, 2), (0, 2), (2, 3)}
    assert ranks_of(4, turned) == [0, 1, 2, 3]


def test_side_inputs_stand_just_before_their_consumer() -> None:
    assert ranks_of(6, [(0, 1), (1, 2), (2, 3), (4, 5), (5, 3)]) == [0, 1, 2, 3, 1, 2]


def test_isotonic_is_the_nearest_rising_sequence() -> None:
    assert isotonic([1, 3, 2, 5], [1, 1, 1, 1]) == [1, 2.5, 2.5, 5]
    assert isotonic([4, 0], [3, 1]) == [3, 3]


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(ValueError, match="view='layer'"):
        dense(400, 2).layout(Style(view="node"))
    with pytest.raises(ValueError, match="view='layer'"):
        Plan.from_text(UNET).layout(Style(view="node"))
    with pytest.raises(ValueError, match="cannot be drawn: the plan has no nodes"):
        Plan().layout()
    with pytest.raises(ValueError, match="fewer nodes"):
        Plan(tuple(PlanNode(i, "func", links=(199,) if i < 199 else ()) for i in range(200))).layout()


def test_a_dense_net_too_long_for_circles_is_drawn_by_layer() -> None:
    """45 links between neighbours at most, and yet 40 rows of circles have no room."""
    plan = dense(*[5] * 40)
    assert len(plan.layout(Style(direction="down")).nodes) == 40
    with pytest.raises(ValueError, match="other direction"):
        plan.layout(Style(view="node", direction="down"))


def test_200_layers_still_fit() -> None:
    plan = Plan.chain([PlanNode(0, "conv") for _ in range(200)])
    check_drawing(plan, plan.layout())


def test_without_labels_nothing_is_written() -> None:
    for plan in (dense(3, 4, 2), Plan.from_text(UNET), dense(300, 40, 2), Plan.from_text("0 db\n1 model\n2 chart")):
        assert {node.label for node in plan.layout(Style(labels=False)).nodes} == {""}
        assert "" not in {node.label for node in plan.layout().nodes}


def test_nodes_of_a_dense_net_are_named_as_in_textbooks() -> None:
    labels = [node.label for node in dense(2, 3, 2, 1).layout().nodes]
    assert labels == ["x1", "x2", "h1", "h2", "h3", "h4", "h5", "y1"]


@pytest.mark.parametrize("name", PALETTES)
def test_palettes_are_readable(name: str) -> None:
    """Text 4.5:1 on every fill, lines 3:1 on white (WCAG 2.2), no fill twice."""
    palette = PALETTES[name]
    assert min(contrast(LABEL_COLOUR, fill) for fill in palette.fills) >= 4.5
    assert min(contrast((255, 255, 255), stroke) for stroke in palette.strokes) >= 3
    assert len(set(palette.fills)) == len(palette.fills)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("text", ["0 input 4\n1 dense 3\n2 output 1", "0 input 64\n1 conv\n2 output 9", "0 db\n1 func\n2 chart"])
def test_styles_are_distinct_and_repeatable(text: str) -> None:
    plan = Plan.from_text(text)
    looks = styles(plan, 12, seed=3)
    assert looks[0] == Style()
    assert len(set(looks)) == 12
    assert looks == styles(plan, 12, seed=3) != styles(plan, 12, seed=4)
    assert len({plan.layout(look).nodes for look in looks}) == 12
    assert all(a.palette != b.palette for a, b in pairwise(looks[1:]))
    assert random_style(5, plan) == random_style(5, plan)
    assert styles(plan, 0) == []


@pytest.mark.parametrize("field", ["direction", "view", "palette", "shapes", "line"])
def test_an_unknown_style_value_is_named(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} 'sideways' is not known: choose one of"):
        Style(**{field: "sideways"})


def test_caption_width_counts_hangul_as_wide() -> None:
    assert text_width_em("ab") == pytest.approx(1.1)
    assert text_width_em("한글") == 2.0


def test_captions_break_at_spaces_and_keep_their_lines() -> None:
    assert line_choices("max pool\n14") == ((pytest.approx(2.2), 3), (pytest.approx(4.4), 2))
    assert font_px("a\nb", "rectangle", 200, 20) > 12  # joined into one row
    assert font_px("encoder block", "rectangle", 28, 200) > font_px("encoder block", "rectangle", 28, 30)  # turned
    assert font_px("x", "rectangle", 2, 2) == 0


def test_geometry_of_touching_things() -> None:
    box = (0.0, 0.0, 10.0, 10.0)
    assert segment_meets_box(-5, 5, 15, 5, box)
    assert segment_meets_box(4, 4, 5, 5, box)
    assert not segment_meets_box(-5, 10, 15, 10, box)
    assert not segment_meets_box(-5, 4, 4, -5.1, box)
    assert segments_cross((0, 0), (2, 2), (0, 2), (2, 0))
    assert not segments_cross((0, 0), (2, 2), (2, 2), (3, 0))
    assert not segments_cross((0, 0), (2, 2), (1, 1), (3, 3))
    assert crossing_angle_degrees((0, 0), (2, 0), (1, -1), (2, 0)) == pytest.approx(45)
