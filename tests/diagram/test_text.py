"""Node lines: written exactly, read tolerantly, never evaluated, never slow."""

import ast
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from diaglib.diagram import Diagram, Node, Plan, parse
from diaglib.diagram.model import LINES, SHAPES
from diaglib.diagram.text import MAX_CHARACTERS, MAX_NODES, write_lines
from diaglib.diagram.text.scanner import _TOKEN

PUBLISHED = "[0, 232, 120, 'circle', 62, 75, 'solid arrow', (192, 192, 224), (0, 0, 0), [6, 7, 8]]"
PUBLISHED_NODE = Node(0, 232, 120, "circle", 62, 75, "solid arrow", (192, 192, 224), (0, 0, 0), (6, 7, 8))

whole = st.integers(-(10**17), 10**17)
places = st.one_of(st.integers(-2000, 2000), whole, st.floats(allow_nan=False, allow_infinity=False))
sides = st.one_of(st.integers(0, 2000), st.floats(0, allow_infinity=False, allow_nan=False))
colours = st.tuples(*[st.integers(0, 255)] * 3)
texts = st.text(st.characters(), max_size=30) | st.text("'\"\\, :[](){}#\n\r\tn12px\u2028합성곱\ud800", max_size=30)
nodes = st.builds(
    Node,
    id=whole,
    x=places,
    y=places,
    shape=st.sampled_from(SHAPES),
    width=sides,
    height=sides,
    line=st.sampled_from(LINES),
    fill=colours,
    stroke=colours,
    links=st.lists(whole, max_size=5).map(tuple),
    label=texts,
)
diagrams = st.lists(nodes, max_size=8).map(lambda found: Diagram(tuple(found)))


def kinds(text):
    return [problem.kind for problem in parse(text).problems]


def first(text):
    found = parse(text).diagram.nodes
    assert found, parse(text).problems
    return found[0]


@given(diagrams)
@example(Diagram((Node(1, 0.1, 5e-324, label='it\'s "so"\\\n합성곱 3×3'), Node(1, 1e22, -0.0, label="', (0,0,0)"))))
@example(
    Diagram(
        (Node(1, 0, 0, label='x", y'), Node(2, 0, 0, label="'"), Node(3, 0, 0, label="\\"), Node(4, 0, 0, label="[1, 2, 3, 'a'"))
    )
)
def test_reading_what_was_written_gives_the_same_diagram(diagram):
    text = write_lines(diagram)
    assert parse(text).diagram == diagram
    assert len(text.splitlines()) == len(diagram.nodes)
    text.encode()


@given(diagrams)
def test_reading_keeps_the_kind_of_number(diagram):
    back = parse(write_lines(diagram)).diagram
    assert write_lines(back) == write_lines(diagram)


def test_written_lines_are_the_published_format():
    assert write_lines(Diagram((PUBLISHED_NODE,))) == PUBLISHED
    assert ast.literal_eval(write_lines(Diagram((Node(3, 1.5, 2, label="a'b\n"),))))[10] == "a'b\n"


@pytest.mark.parametrize(
    "node",
    [
        Node(1, float("nan"), 0),
        Node(1, float("inf"), 0),
        Node(1, 0, 0, shape="star"),
        Node(1, 0, 0, line="wavy"),
        Node(1, 0, 0, width=-1),
        Node(1, 0, 0, fill=(0, 0, 256)),
        Node(10**18, 0, 0),
    ],
)
def test_what_no_line_can_hold_is_refused_with_the_node_named(node):
    with pytest.raises(ValueError, match=f"node {node.id}"):
        write_lines(Diagram((node,)))


def test_the_published_line_is_read_without_problems_but_its_links():
    assert first(PUBLISHED) == PUBLISHED_NODE
    assert kinds(PUBLISHED) == ["unknown link"]


@pytest.mark.parametrize(
    "text",
    [
        "[0, 232, 120, circle, 62, 75, solid arrow, (192, 192, 224), (0, 0, 0), [6, 7, 8]]",
        "[0, 232, 120, 'circle, 62, 75, 'solid arrow', (192, 192, 224), (0, 0, 0), [6, 7, 8]]",
        "[0, 232, 120, circle', 62, 75, solid arrow', (192, 192, 224), (0, 0, 0), [6, 7, 8]]",
        "[0, 232, 120, 'circle\", 62, 75, \"solid arrow', (192, 192, 224), (0, 0, 0), [6, 7, 8]]",
        "[0, 232, 120, 'circle, 62, 75, solid arrow', (192, 192, 224), (0, 0, 0), [6, 7, 8]]",
        "[0, 232, 120, “circle”, 62, 75, “solid arrow”, (192, 192, 224), (0, 0, 0), [6, 7, 8]]",
        "['0', '232', '120', 'circle', '62', '75', 'solid arrow', '(192, 192, 224)', '(0, 0, 0)', '[6, 7, 8]']",
        "[0, 232.0, 120.0, 'circle', 62.0, 75.0, 'solid arrow', (192, 192, 224), (0, 0, 0), [6.0, 7.0, 8.0]]",
        "[0, 232px, '120px', 'Circle', 62 px, '75 px', 'Solid Arrow', (192, 192, 224), (0, 0, 0), ['6', '7', 'node 8']]",
        "[0, 232, 120, 'circle', 62, 75, 'solid_arrow', '#C0C0E0', '#000000', [6, 7, 8]]",
        "[0, 232, 120, 'circle', 62, 75, 'solid arrow', rgb(192, 192, 224), black, [6, 7, 8]]",
        "[0, 232, 120, 'circle', 62, 75, 'solid arrow', #C0C0E0, #000, [6, 7, 8]]".replace("#000,", "'#000',"),
        "(0, 232, 120, 'circle', 62, 75, 'solid arrow', [192, 192, 224], [0, 0, 0], (6, 7, 8))",
        "0: [232, 120, 'circle', 62, 75, 'solid arrow', (192, 192, 224), (0, 0, 0), [6, 7, 8]]",
        "0: [0, 232, 120, 'circle', 62, 75, 'solid arrow', (192, 192, 224), (0, 0, 0), [6, 7, 8]]",
        '{"node0": [232, 120, "circle", 62, 75, "solid arrow", [192, 192, 224], [0, 0, 0], [6, 7, 8]]}',
        "Sure, it's here (see below:\n```python\nmodel = [\n" + PUBLISHED + ",  # isn't it\n]\n```\n",
        json.dumps([[0, 232, 120, "circle", 62, 75, "solid arrow", [192, 192, 224], [0, 0, 0], [6, 7, 8]]], indent=2),
        json.dumps([[0, 232, 120, "circle", 62, 75, "solid arrow", [192, 192, 224], [0, 0, 0], ["6", "7", "8"]]], indent=2),
        "[0 232 120 'circle' 62 75 'solid arrow' (192 192 224) (0 0 0) [6 7 8]]",
        PUBLISHED.replace(", 7, 8]]", ", 7, 8]") + "\n" + PUBLISHED,
    ],
)
def test_damage_of_real_answers_is_read(text):
    assert first(text) == PUBLISHED_NODE
    assert first(text + "\n[1, 2, 3, 'circle', 4, 5, 'solid li") == PUBLISHED_NODE


def rows(count, row="[{}, 10, 20, 'circle', 30, 40, 'solid line', (1, 2, 3), (4, 5, 6), []]"):
    return [row.format(number) for number in range(count)]


@pytest.mark.parametrize("text", ["[" + ", ".join(rows(4)) + "]", "[\n  " + ",\n  ".join(rows(4)) + "\n]", "\n".join(rows(4))])
def test_lists_of_lists_on_one_line_or_many_are_compliant(text):
    parsed = parse(text)
    assert parsed.compliant
    assert not parsed.problems
    assert [node.id for node in parsed.diagram.nodes] == [0, 1, 2, 3]


def test_a_row_cut_off_by_the_end_is_dropped_and_reported_with_its_line():
    text = "\n".join(rows(5))
    for cut in range(1, len(rows(5)[4])):
        parsed = parse(text[:-cut])
        assert len(parsed.diagram.nodes) == 4
        problems = [(problem.kind, problem.line) for problem in parsed.problems]
        assert problems == [("cut off", 5)], text[:-cut]


def test_three_nodes_with_all_ten_fields_are_compliant_and_two_are_not():
    assert not parse("\n".join(rows(2))).compliant
    assert parse("\n".join(rows(3))).compliant
    assert not parse("\n".join(rows(1) * 3)).compliant, "one node told three times is one node"


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("[{}, 10, 20, 'circle', 'solid line', (1, 2, 3), (4, 5, 6), []]", "no size"),
        ("[{}, 10, 20, 'circle', 30, 'solid line', (1, 2, 3), (4, 5, 6), []]", "missing field"),
        ("[{}, 10, 20, 'circle', 30, 40, (1, 2, 3), (4, 5, 6), []]", "missing field"),
        ("[{}, 10, 20, 'circle', 30, 40, 'solid line', (1, 2, 3), []]", "missing field"),
        ("[{}, 10, 20, 'circle', 30, 40, 'solid line', (1, 2, 3), (4, 5, 6)]", "missing field"),
        ("[{}, 10, 20, 'blob', 30, 40, 'solid line', (1, 2, 3), (4, 5, 6), []]", "unknown shape"),
        ("[{}, 10, 20, 'circle', 30, 40, 'wavy', (1, 2, 3), (4, 5, 6), []]", "unknown line"),
        ("[{}, 10, 20, 'circle', -30, 40, 'solid line', (1, 2, 3), (4, 5, 6), []]", "bad size"),
    ],
)
def test_incomplete_rows_are_kept_with_a_problem_and_do_not_count(row, kind):
    parsed = parse("\n".join(rows(4, row)))
    assert len(parsed.diagram.nodes) == 4
    assert not parsed.compliant
    assert [(problem.kind, problem.line) for problem in parsed.problems] == [(kind, line) for line in (1, 2, 3, 4)]
    assert all(node.x == 10 and node.shape in SHAPES and node.width >= 0 for node in parsed.diagram.nodes)
    assert parse(write_lines(parsed.diagram)).diagram == parsed.diagram


def test_eight_fields_of_the_first_round_are_read_in_their_order():
    node = first("[3, 10, 20, 'circle', 'dashed', (1, 2, 3), (4, 5, 6), [1]]")
    assert (node.id, node.line, node.fill, node.stroke, node.links) == (3, "dashed line", (1, 2, 3), (4, 5, 6), (1,))


def test_an_eleventh_field_is_the_label():
    assert first(PUBLISHED[:-1] + ", 'conv 3x3']").label == "conv 3x3"
    assert first(PUBLISHED[:-1] + ', "it\'s, well, \\"5\\"\\n합"]').label == 'it\'s, well, "5"\n합'
    assert "extra field" in kinds(PUBLISHED[:-1] + ", 'a', 'b']")


def test_numbers_given_twice_and_links_to_nowhere_are_kept_and_reported():
    text = "\n".join(rows(3, "[{}, 10, 20, 'circle', 30, 40, 'solid line', (1, 2, 3), (4, 5, 6), [0, 9]]") + rows(1))
    parsed = parse(text)
    assert [node.id for node in parsed.diagram.nodes] == [0, 1, 2, 0]
    assert [(p.kind, p.line) for p in parsed.problems] == [("unknown link", i) for i in (1, 2, 3)] + [("duplicate number", 4)]
    assert "9" in parsed.problems[0].words


def test_colours_out_of_range_are_brought_in_and_reported():
    text = "[0, 10, 20, 'circle', 30, 40, 'solid line', (0.5, 0.5, 1.0), (300, -4, 6), []]"
    assert (first(text).fill, first(text).stroke) == ((128, 128, 255), (255, 0, 6))
    assert kinds(text) == ["bad colour"]


def test_a_row_that_cannot_be_placed_is_left_out_with_words():
    parsed = parse("[x, 10, 20, 'circle', 30, 40, 'solid line', (1, 2, 3), (4, 5, 6), []]")
    assert not parsed.diagram.nodes
    assert {problem.kind for problem in parsed.problems} == {"unreadable row", "no nodes"}


def test_other_things_have_no_nodes_and_say_so():
    plan = Plan.from_text('0 input 32\n1 conv k3 f16\n2 pool\n3 dense 128 "a [b, c]"\nend').to_text()
    for text in ("", "   \n", plan, "a poem (with 1, 2, 3)", "[node No., X position (px), Y position (px), shape]", "\0\ud800"):
        parsed = parse(text)
        assert parsed.diagram == Diagram()
        assert not parsed.compliant
        assert [(problem.line, problem.kind) for problem in parsed.problems] == [(1, "no nodes")]


def test_code_in_a_text_is_never_run():
    assert parse("[__import__('os').abort(), 10, 20, 'circle', (lambda: 1/0)(), 40, exit()]").diagram == Diagram()


def test_more_than_the_bounds_is_reported():
    many = parse("\n".join(rows(MAX_NODES + 5)))
    assert len(many.diagram.nodes) == MAX_NODES
    assert [(problem.kind, problem.line) for problem in many.problems] == [("too many nodes", MAX_NODES + 1)]
    long = parse("\n".join(rows(3)) + " " * MAX_CHARACTERS + rows(4)[3])
    assert len(long.diagram.nodes) == 3
    assert [problem.kind for problem in long.problems] == ["too long"]


fragments = st.sampled_from(
    ["[", "]", "(", ")", "{", "}", "'", '"', "\\", ",", ":", "=", "#", "\n", " ", "1", "-", ".", "e", "px", "circle", "//", "\0"]  # noqa: RUF005
    + ["[1, 2, 3, 'circle', ", "4, 5, 'solid', (0, 0, 0)", PUBLISHED, "1e999", "9" * 30, "\ud800", "합", "'[1, 2]'", "²", "１"]
)


@given(st.text() | st.lists(fragments, max_size=40).map("".join))
@settings(max_examples=400)
def test_no_text_makes_the_parser_fail(text):
    parsed = parse(text)
    assert parsed.compliant <= (len(parsed.diagram.nodes) >= 3)
    assert all(1 <= problem.line <= text.count("\n") + 1 and problem.words for problem in parsed.problems)
    assert bool(parsed.diagram.nodes) != ("no nodes" in {problem.kind for problem in parsed.problems})
    assert parse(write_lines(parsed.diagram)).diagram == parsed.diagram


@given(st.lists(fragments, max_size=60).map("".join))
@settings(max_examples=300)
def test_every_token_moves_on_and_tokens_never_overlap(text):
    """Linear time: as many steps as characters at most, each step starting where the last one ended."""
    position = steps = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        assert token.start() == position
        assert token.end() > position
        position = token.end()
        steps += 1
    assert steps <= len(text)


@pytest.mark.parametrize("unit", ["[", "(", "{", "[(", "'", "['", "['\"", "[\\'", "[' ", "['\",", "[1,", "[\n'", "[#", "[']'"])
def test_a_flood_of_brackets_or_quotes_is_read_to_its_end(unit):
    parsed = parse(unit * (MAX_CHARACTERS // len(unit)))
    assert not parsed.diagram.nodes
    assert len(parsed.problems) <= 2


def test_rows_are_found_at_any_depth():
    deep = "[" * 1000 + ", ".join(rows(3)) + "]" * 1000 + rows(4)[3]
    assert [node.id for node in parse(deep).diagram.nodes] == [0, 1, 2, 3]
