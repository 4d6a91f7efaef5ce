"""draw.io, Mermaid and DOT: every node, link and look arrives, and no label escapes from its quotes."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diaglib.diagram import Diagram, Node

HOSTILE = [
    'say "hi"',
    "<script>alert(1)</script>",
    "a\nb",
    "x]; end; subgraph",
    "end",
    "`md` **b** 1. - #35; &quot; &amp;",
    "\\",
    "\\N \\",
    '"]',
    "--> node0",
    "%% no",
    "\0\x0b\ufffe\ud800",
    "합성곱 3×3\n30×30",
    "",
]


def three(label=""):
    return Diagram(
        (
            Node(4, 100, 60, "circle", 80, 40, "dashed line", (1, 2, 3), (250, 0, 16), (7, 4, 99, 7), label),
            Node(7, 300, 60, "round rectangle", 90, 50, "solid line", (255, 255, 255), (0, 0, 0), (9,), label),
            Node(9, 500, 80.5, "rectangle", 60.5, 30, "solid arrow", (0, 0, 0), (0, 0, 255), (4,), label),
        )
    )


def printable(label):
    """What every format keeps of a label: lines without control characters, half characters and outer spaces."""
    kept = "".join(c for c in label if c == "\n" or (c.isprintable() and not "\ud800" <= c <= "\udfff"))
    return "\n".join(line.strip() for line in kept.split("\n") if line.strip())


def drawio_cells(text):
    root = ElementTree.fromstring(text)
    assert root.tag == "mxfile"
    cells = {cell.get("id"): cell for cell in root.iter("mxCell")}
    assert len(cells) == len(list(root.iter("mxCell")))
    return cells


def style(cell):
    return dict(part.partition("=")[::2] for part in cell.get("style").rstrip(";").split(";"))


def test_drawio_has_every_node_with_its_place_shape_and_colours():
    cells = drawio_cells(three("conv").to_drawio())
    nodes = [cell for cell in cells.values() if cell.get("vertex") == "1"]
    boxes = [tuple(float(cell.find("mxGeometry").get(key)) for key in ("x", "y", "width", "height")) for cell in nodes]
    assert boxes == [(60, 40, 80, 40), (255, 35, 90, 50), (469.75, 65.5, 60.5, 30)]
    assert ["ellipse" in style(cell) for cell in nodes] == [True, False, False]
    assert [style(cell).get("rounded") for cell in nodes] == [None, "1", "0"]
    assert [style(cell)["fillColor"] for cell in nodes] == ["#010203", "#ffffff", "#000000"]
    assert [style(cell)["strokeColor"] for cell in nodes] == ["#fa0010", "#000000", "#0000ff"]
    assert style(nodes[0])["fontColor"] == "#ffffff"
    assert {cell.get("value") for cell in nodes} == {"conv"}


def test_drawio_links_are_attached_at_both_ends_with_their_look():
    cells = drawio_cells(three().to_drawio())
    links = [cell for cell in cells.values() if cell.get("edge") == "1"]
    boxes = {key: cell.find("mxGeometry").get("x") for key, cell in cells.items() if cell.get("vertex")}
    ends = [(boxes[cell.get("source")], boxes[cell.get("target")]) for cell in links]
    assert ends == [("60", "255"), ("255", "469.75"), ("469.75", "60")]
    looks = [(style(cell)["endArrow"], style(cell).get("dashed"), style(cell)["strokeColor"]) for cell in links]
    assert looks == [("none", "1", "#fa0010"), ("none", None, "#000000"), ("block", None, "#0000ff")]


def test_drawio_leads_a_link_around_the_node_in_between():
    column = Diagram((Node(0, 500, 100, links=(2,)), Node(1, 500, 300, width=80), Node(2, 500, 500)))
    (link,) = (cell for cell in drawio_cells(column.to_drawio()).values() if cell.get("edge"))
    places = [float(point.get("x")) for point in link.iter("mxPoint")]
    assert len(places) == 2
    assert all(not 460 <= x <= 540 for x in places)


@pytest.mark.parametrize("label", HOSTILE)
def test_drawio_labels_are_words_and_never_markup(label):
    cells = drawio_cells(three(label).to_drawio())
    nodes = [cell for cell in cells.values() if cell.get("vertex")]
    assert [cell.get("value") for cell in nodes] == [printable(label)] * 3
    assert all(style(cell)["html"] == "0" for cell in nodes)


MERMAID_NODE = re.compile(r'    node(\d+)(\[|\(\(|\()"([^"]*)"(\]|\)\)|\))')
MERMAID_LINK = re.compile(r"    node(\d+) (-->|---|-\.-) node(\d+)")


def mermaid_parts(text):
    """Nodes (number, brackets, label decoded) and links; fails on any line that Mermaid would not read as one of ours."""
    first, *lines = text.splitlines()
    assert re.fullmatch("flowchart (TB|BT|LR|RL)", first)
    nodes, links = [], []
    for line in lines:
        if node := MERMAID_NODE.fullmatch(line):
            plain = node[3].replace("<br/>", "\n")
            assert not re.search(r"[<>`\"\[\](){}|&\\*%-]", plain)
            assert not re.search(r"#(?!\d+;)|(?<!\d);", plain)
            nodes.append((int(node[1]), node[2], re.sub(r"#(\d+);", lambda code: chr(int(code[1])), plain)))
        elif link := MERMAID_LINK.fullmatch(line):
            links.append((int(link[1]), link[2], int(link[3])))
        else:
            assert re.fullmatch(r"    (style node\d+ fill:#\w{6},stroke:#\w{6},color:#\w{6}|linkStyle \d+ stroke:#\w{6})", line)
    return nodes, links


@pytest.mark.parametrize("label", HOSTILE)
def test_mermaid_has_every_node_and_link_whatever_the_label(label):
    nodes, links = mermaid_parts(three(label).to_mermaid())
    assert nodes == [(0, "((", printable(label) or " "), (1, "(", printable(label) or " "), (2, "[", printable(label) or " ")]
    assert links == [(0, "-.-", 1), (1, "---", 2), (2, "-->", 0)]


def test_mermaid_runs_the_way_the_links_do():
    def chain(x, y):
        return Diagram((Node(0, 500, 300, links=(1,)), Node(1, 500 + x, 300 + y))).to_mermaid().split("\n")[0]

    assert [chain(200, 50), chain(-200, 50), chain(50, 200), chain(50, -200)] == [
        f"flowchart {d}" for d in ("LR", "RL", "TB", "BT")
    ]


DOT_QUOTED = r'"((?:[^"\\\n]|\\.)*)"'
DOT_STATEMENT = re.compile(rf"  (\w+)(?: -> (\w+))? \[((?:\w+=(?:{DOT_QUOTED}|[\w.]+)(?:, )?)+)\];")


def dot_parts(text):
    """(name, target or None, attributes) of every statement; fails on any line that is not one whole statement."""
    lines = text.splitlines()
    assert (lines[0], lines[-1]) == ("digraph diagram {", "}")
    found = []
    for line in lines[1:-1]:
        statement = DOT_STATEMENT.fullmatch(line)
        assert statement, line
        pairs = re.findall(rf"(\w+)=(?:{DOT_QUOTED}|([\w.]+))", statement[3])
        found.append((statement[1], statement[2], {key: quoted or bare for key, quoted, bare in pairs}))
    return found


@pytest.mark.parametrize("label", HOSTILE)
def test_dot_pins_every_node_and_keeps_labels_inside_their_quotes(label):
    parts = dot_parts(three(label).to_dot())
    nodes = [attributes for name, target, attributes in parts if re.fullmatch(r"node\d+", name) and not target]
    links = [(name, target, attributes) for name, target, attributes in parts if target]
    assert [node["pos"] for node in nodes] == ["100,540!", "300,540!", "500,519.5!"]
    assert [round(float(node["width"]) * 72, 2) for node in nodes] == [80, 90, 60.5]
    assert [round(float(node["height"]) * 72, 2) for node in nodes] == [40, 50, 30]
    assert [node["shape"] for node in nodes] == ["ellipse", "box", "box"]
    decoded = [re.sub(r"\\(.)", lambda c: "\n" if c[1] == "n" else c[1], node["label"]).replace("&amp;", "&") for node in nodes]
    assert decoded == [printable(label)] * 3
    assert [(name, target) for name, target, _ in links] == [("node0", "node1"), ("node1", "node2"), ("node2", "node0")]
    assert [(a.get("style"), a.get("arrowhead"), a["color"]) for _, _, a in links] == [
        ("dashed", "none", "#fa0010"),
        (None, "none", "#000000"),
        (None, None, "#0000ff"),
    ]


@given(st.text(max_size=40))
@example("`1. [x](javascript:alert(1))`")
def test_no_label_breaks_any_format(label):
    diagram = three(label)
    assert len(drawio_cells(diagram.to_drawio())) == 2 + 3 + 3
    assert [len(part) for part in mermaid_parts(diagram.to_mermaid())] == [3, 3]
    assert len(dot_parts(diagram.to_dot())) == 3 + 3 + 3


def test_nodes_with_the_same_number_keep_separate_shapes():
    twins = Diagram((Node(1, 10, 10, links=(2,)), Node(1, 90, 10, links=(2,)), Node(2, 50, 90, links=(1,))))
    assert mermaid_parts(twins.to_mermaid())[1] == [(0, "-->", 2), (1, "-->", 2), (2, "-->", 1)]
    assert len(drawio_cells(twins.to_drawio())) == 2 + 3 + 3


def test_an_empty_diagram_and_strange_numbers_are_still_valid():
    assert len(drawio_cells(Diagram().to_drawio())) == 2
    assert mermaid_parts(Diagram().to_mermaid()) == ([], [])
    assert len(dot_parts(Diagram().to_dot())) == 3
    strange = Diagram((Node(1, float("nan"), 1e300, "blob", -5, float("inf"), "wavy", links=(2,)), Node(2, -1, -1)))
    assert len(drawio_cells(strange.to_drawio())) == 2 + 2 + 1
    for text in (strange.to_drawio(), strange.to_dot()):
        assert not re.search(r"nan|inf\b|e\+", text)
