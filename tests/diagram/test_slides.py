"""Slides: native shapes with the right look and words, and connectors that are glued at both ends."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pptx import Presentation
from pptx.enum.dml import MSO_LINE
from pptx.enum.shapes import MSO_SHAPE
from pptx.oxml.ns import qn

from diaglib.diagram import Diagram, Node, Plan
from diaglib.diagram.picture.routing import outline
from diaglib.diagram.slides import EMU_PER_PX, HANGUL_FONT, LEFT_EMU, glue, sites, write_pptx

MIXED = Diagram(
    (
        Node(4, 100, 60, "circle", 80, 40, "dashed line", (1, 2, 3), (250, 0, 16), (7, 99, 4), "conv 3×3\n30×30"),
        Node(7, 300, 60, "round rectangle", 90, 50, "solid line", (255, 255, 255), (0, 0, 0), (9,), "합성곱 층"),
        Node(9, 500, 160.5, "rectangle", 60.5, 30, "solid arrow", (0, 0, 0), (0, 0, 255), (4,), "a & <b>\x0b"),
    )
)


def opened(path):
    """The shapes and connectors of each slide, as PowerPoint would find them."""
    found = []
    for slide in Presentation(path).slides:
        connectors = [shape for shape in slide.shapes if shape._element.tag == qn("p:cxnSp")]
        found.append(([shape for shape in slide.shapes if shape._element.tag == qn("p:sp")], connectors))
    return found


def ends(connector):
    """((shape id, site), (shape id, site)) of the glue."""
    glued = connector._element.nvCxnSpPr.cNvCxnSpPr
    return tuple((end.id, end.idx) for end in (glued.stCxn, glued.endCxn))


def px(connector):
    """Where a straight connector begins and ends, in px of the canvas."""
    places = ((connector.begin_x, connector.begin_y), (connector.end_x, connector.end_y))
    return [((x - LEFT_EMU) / EMU_PER_PX, y / EMU_PER_PX) for x, y in places]


def bent_path(connector):
    """The four corners of a bentConnector3 in px, by the standard's own path, flips and rotation."""
    frame = connector._element.spPr.xfrm
    (guide,) = connector._element.spPr.prstGeom.gd_lst
    bend = frame.cx * int(guide.fmla.removeprefix("val ")) / 100_000
    corners = []
    for x, y in ((0, 0), (bend, 0), (bend, frame.cy), (frame.cx, frame.cy)):
        x, y = x - frame.cx / 2, y - frame.cy / 2
        x, y = (-x if frame.flipH else x), (-y if frame.flipV else y)
        turn = math.radians(frame.rot)
        x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
        corners.append(((frame.x + frame.cx / 2 + x - LEFT_EMU) / EMU_PER_PX, (frame.y + frame.cy / 2 + y) / EMU_PER_PX))
    return corners


def test_shapes_are_native_with_place_size_colours_and_words(tmp_path):
    ((shapes, _),) = opened(MIXED.to_pptx(tmp_path / "a.pptx"))
    assert [shape.auto_shape_type for shape in shapes] == [MSO_SHAPE.OVAL, MSO_SHAPE.ROUNDED_RECTANGLE, MSO_SHAPE.RECTANGLE]
    for shape, node in zip(shapes, MIXED.nodes, strict=True):
        assert (shape.left + shape.width / 2 - LEFT_EMU) / EMU_PER_PX == pytest.approx(node.x, abs=0.01)
        assert (shape.top + shape.height / 2) / EMU_PER_PX == pytest.approx(node.y, abs=0.01)
        assert (shape.width / EMU_PER_PX, shape.height / EMU_PER_PX) == pytest.approx((node.width, node.height), abs=0.01)
        assert (tuple(shape.fill.fore_color.rgb), tuple(shape.line.color.rgb)) == (node.fill, node.stroke)
    assert [shape.text_frame.text for shape in shapes] == ["conv 3×3\n30×30", "합성곱 층", "a & <b>"]


def test_labels_fit_and_have_a_font_for_hangul(tmp_path):
    large = Diagram(
        (Node(0, 500, 300, width=900, height=500, label="word"), Node(1, 50, 50, width=60, height=20, label="word word"))
    )
    ((shapes, _),) = opened(large.to_pptx(tmp_path / "a.pptx"))
    runs = [shape.text_frame.paragraphs[0].runs[0] for shape in shapes]
    assert runs[0].font.size > runs[1].font.size
    assert all(5 <= run.font.size.pt <= 16 for run in runs)
    assert all(run._r.rPr.find(qn("a:ea")).get("typeface") == HANGUL_FONT for run in runs)
    assert all(shape._element.txBody.bodyPr.find(qn("a:normAutofit")) is not None for shape in shapes)


def test_a_tall_narrow_shape_has_its_words_turned(tmp_path):
    tall = Diagram((Node(0, 500, 300, width=22, height=400, label="fully connected layer"),))
    ((shapes, _),) = opened(tall.to_pptx(tmp_path / "a.pptx"))
    assert shapes[0]._element.txBody.bodyPr.get("vert") == "vert270"


def test_every_connector_is_glued_at_both_ends_where_it_touches(tmp_path):
    ((shapes, connectors),) = opened(MIXED.to_pptx(tmp_path / "a.pptx"))
    number = {shape.shape_id: i for i, shape in enumerate(shapes)}
    assert [tuple(number[shape] for shape, _ in ends(connector)) for connector in connectors] == [(0, 1), (1, 2), (2, 0)]
    for connector in connectors:
        for (shape, site), place in zip(ends(connector), px(connector), strict=True):
            assert sites(outline(MIXED.nodes[number[shape]]))[site] == pytest.approx(place, abs=0.01)
    assert len({shape.shape_id for shape in shapes + connectors}) == 6


def test_line_looks_are_dashes_colours_and_arrow_heads(tmp_path):
    ((_, connectors),) = opened(MIXED.to_pptx(tmp_path / "a.pptx"))
    heads = [connector.line._ln.find(qn("a:tailEnd")) for connector in connectors]
    assert [head is not None and head.get("type") for head in heads] == [False, False, "triangle"]
    assert [connector.line.dash_style for connector in connectors] == [MSO_LINE.DASH, None, None]
    assert [tuple(connector.line.color.rgb) for connector in connectors] == [(250, 0, 16), (0, 0, 0), (0, 0, 255)]


def test_connectors_lie_below_the_shapes(tmp_path):
    slide = Presentation(MIXED.to_pptx(tmp_path / "a.pptx")).slides[0]
    tags = [shape._element.tag.rpartition("}")[2] for shape in slide.shapes]
    assert tags == ["cxnSp"] * 3 + ["sp"] * 3


@pytest.mark.parametrize(("x", "y", "expected"), [(300, 0, (3, 1)), (-300, 0, (1, 3)), (0, 300, (2, 0)), (0, -300, (0, 2))])
def test_glue_takes_the_sides_that_face_each_other(x, y, expected):
    one, other = outline(Node(0, 500, 300)), outline(Node(1, 500 + x, 300 + y))
    run = glue(one, other)
    assert (run.source_site, run.target_site, run.axis) == (*expected, None)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("widths", [(60, 60), (60, 100), (100, 60)])
def test_a_link_past_a_node_in_between_runs_around_it(tmp_path, turned, back, widths):
    """A skip link drawn straight would vanish behind the node between; the bent one must keep both ends on their sites."""
    nodes = [Node(i, 500, 100 + 180 * i, "rectangle", width, 40) for i, width in enumerate((widths[0], 120, widths[1]))]
    if turned:
        nodes = [replace(node, x=node.y, y=300, width=40, height=node.width) for node in nodes]
    first, last = (2, 0) if back else (0, 2)
    nodes[first] = replace(nodes[first], links=(last,))
    diagram = Diagram(tuple(nodes))
    ((shapes, (connector,)),) = opened(diagram.to_pptx(tmp_path / "a.pptx"))
    assert connector._element.spPr.prstGeom.get("prst") == "bentConnector3"
    path = bent_path(connector)
    number = {shape.shape_id: i for i, shape in enumerate(shapes)}
    for (shape, site), place in zip(ends(connector), (path[0], path[3]), strict=True):
        assert sites(outline(diagram.nodes[number[shape]]))[site] == pytest.approx(place, abs=1.2)
    left, top, right, bottom = nodes[1].box
    across = 1 if turned else 0
    low, high = ((left, right), (top, bottom))[across]
    assert path[1][across] == pytest.approx(path[2][across], abs=0.01)
    assert not low <= path[1][across] <= high
    assert [number[shape] for shape, _ in ends(connector)] == [first, last]


def test_the_way_back_does_not_hide_the_way_there(tmp_path):
    pair = Diagram((Node(0, 200, 300, links=(1,)), Node(1, 600, 300, links=(0,))))
    ((_, (there, back)),) = opened(pair.to_pptx(tmp_path / "a.pptx"))
    assert [y for _, y in px(there)] == [300, 300]
    assert {round(y) for _, y in bent_path(back)} != {300}


def test_one_slide_a_diagram_and_an_existing_file_is_replaced(tmp_path):
    path = tmp_path / "a.pptx"
    path.write_text("old")
    assert write_pptx([MIXED, Diagram(), MIXED], path) == path
    assert [(len(shapes), len(connectors)) for shapes, connectors in opened(path)] == [(3, 3), (0, 0), (3, 3)]
    assert [file.name for file in tmp_path.iterdir()] == ["a.pptx"]


def test_a_missing_folder_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(OSError, match=r"nowhere.a\.pptx.*folder that exists"):
        MIXED.to_pptx(tmp_path / "nowhere" / "a.pptx")
    with pytest.raises(ValueError, match="at least one"):
        write_pptx([], tmp_path / "a.pptx")


def test_a_plan_becomes_a_slide_with_every_layer_and_link(tmp_path):
    plan = Plan.from_text("0 input 32\n1 conv\n2 conv\n3 pool\n4 dense 128\n5 output 10\nend")
    diagram = plan.layout()
    ((shapes, connectors),) = opened(diagram.to_pptx(tmp_path / "a.pptx"))
    assert (len(shapes), len(connectors)) == (len(diagram.nodes), len(diagram.edges()))
    assert "conv 3×3" in shapes[1].text_frame.text


@given(st.text(max_size=30), st.sampled_from(["circle", "rectangle"]), st.floats() | st.integers(-2000, 2000))
@settings(max_examples=25, deadline=None)
def test_no_label_or_number_makes_a_file_that_cannot_be_opened(tmp_path_factory, label, shape, number):
    path = tmp_path_factory.mktemp("slides") / "a.pptx"
    strange = Diagram((Node(1, number, 10, shape, number, 40, links=(2, 1), label=label), Node(2, 10, number, label=label)))
    ((shapes, connectors),) = opened(strange.to_pptx(path))
    assert len(shapes) == 2
    assert len(connectors) == 1
