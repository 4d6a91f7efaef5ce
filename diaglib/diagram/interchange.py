"""A diagram in the words of other tools: draw.io XML, Mermaid and Graphviz DOT. Used by notebook 07.

Rule: whatever a label holds, it stays a label: every format's own escapes, no HTML, no control characters.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, LINES, Colour, Diagram
from diaglib.diagram.picture.fonts import FONT_FAMILY
from diaglib.diagram.picture.labels import MAX_FONT_PX, MIN_FONT_PX, clean_label, fit_label, text_colour
from diaglib.diagram.picture.routing import LINK_WIDTH_PX, OUTLINE_WIDTH_PX, Outline, Point, outline, routes

PX_PER_INCH = 72  # one px of the canvas is one point of Graphviz

_DRAWIO_SHAPES = {
    "rectangle": "rounded=0;",
    "round rectangle": "rounded=1;absoluteArcSize=1;arcSize={arc};",
    "circle": "ellipse;",
}
_MERMAID_SHAPES = {"rectangle": ("[", "]"), "round rectangle": ("(", ")"), "circle": ("((", "))")}
_MERMAID_LINES = dict(zip(LINES, ("-->", "---", "-.-"), strict=True))
_DOT_SHAPES = {"rectangle": ("box", "filled"), "round rectangle": ("box", "filled,rounded"), "circle": ("ellipse", "filled")}
# letters and digits of any script, spaces and a few signs mean nothing in Mermaid; the rest is written by number
_NOT_PLAIN = re.compile(r"[^\w ×·]|_")


def indexed_links(diagram: Diagram) -> list[tuple[int, int]]:
    """(place of the source, place of the target) of every link once; links to itself or to no node are left out.

    Places, not numbers, since two nodes may have the same number: the last one is linked to, as in the pictures.
    """
    place = {node.id: i for i, node in enumerate(diagram.nodes)}
    return [
        (i, place[target])
        for i, node in enumerate(diagram.nodes)
        for target in dict.fromkeys(node.links)
        if target in place and place[target] != i
    ]


def bends(diagram: Diagram) -> dict[tuple[int, int], tuple[Point, ...]]:
    """The points of every link that the pictures bend around a third node, by the numbers of source and target."""
    outlines = [outline(node) for node in diagram.nodes]
    return {(route.source, route.target): route.points for route in routes(diagram, outlines) if len(route.points) > 2}


def line_of(name: str) -> str:
    """The line as drawn: an unknown one is a solid arrow."""
    return name if name in LINES else LINES[0]


def to_drawio(diagram: Diagram) -> str:
    """An mxfile with one page of native shapes; connectors are attached to the shapes and move with them."""
    file = ElementTree.Element("mxfile", host="diaglib")
    page = ElementTree.SubElement(file, "diagram", id="diagram", name="Diagram")
    graph = ElementTree.SubElement(
        page,
        "mxGraphModel",
        {"grid": "1", "gridSize": "10", "page": "1", "pageScale": "1", "math": "0", "shadow": "0"}
        | {"pageWidth": str(CANVAS_WIDTH_PX), "pageHeight": str(CANVAS_HEIGHT_PX)},
    )
    root = ElementTree.SubElement(graph, "root")
    ElementTree.SubElement(root, "mxCell", id="0")
    ElementTree.SubElement(root, "mxCell", {"id": "1", "parent": "0"})
    # connectors first: they lie below the shapes, as in the pictures
    bent = bends(diagram)
    for number, (source, target) in enumerate(indexed_links(diagram)):
        node = diagram.nodes[source]
        edge = {"id": f"link{number}", "value": "", "style": _drawio_line(line_of(node.line), outline(node).stroke)}
        ends = {"edge": "1", "parent": "1", "source": f"node{source}", "target": f"node{target}"}
        cell = ElementTree.SubElement(root, "mxCell", edge | ends)
        geometry = ElementTree.SubElement(cell, "mxGeometry", {"relative": "1", "as": "geometry"})
        if points := bent.get((node.id, diagram.nodes[target].id)):
            cell.set("style", "curved=1;" + edge["style"])
            way = ElementTree.SubElement(geometry, "Array", {"as": "points"})
            for x, y in (points[len(points) // 3], points[-1 - len(points) // 3]):
                ElementTree.SubElement(way, "mxPoint", {"x": _number(x), "y": _number(y)})
    for number, node in enumerate(diagram.nodes):
        shape = outline(node)
        vertex = {"id": f"node{number}", "value": clean_label(node.label), "style": _drawio_shape(shape)}
        cell = ElementTree.SubElement(root, "mxCell", vertex | {"vertex": "1", "parent": "1"})
        box = {
            "x": _number(shape.x - shape.half_width),
            "y": _number(shape.y - shape.half_height),
            "width": _number(2 * shape.half_width),
            "height": _number(2 * shape.half_height),
        }
        ElementTree.SubElement(cell, "mxGeometry", box | {"as": "geometry"})
    ElementTree.indent(file)
    return ElementTree.tostring(file, encoding="unicode", xml_declaration=False) + "\n"


def _drawio_shape(shape: Outline) -> str:
    fitted = fit_label(shape)
    return (
        _DRAWIO_SHAPES[shape.shape].format(arc=_number(2 * shape.radius))
        + "whiteSpace=wrap;html=0;spacing=2;"  # html=0: a label is words, never markup
        + f"fillColor={_hex(shape.fill)};strokeColor={_hex(shape.stroke)};strokeWidth={_number(OUTLINE_WIDTH_PX)};"
        + f"fontColor={_hex(text_colour(shape.fill))};fontSize={_number(fitted.size_px or MIN_FONT_PX)};"
        + ("horizontal=0;" if fitted.rotated else "")
    )


def _drawio_line(line: str, colour: Colour) -> str:
    arrow = "endArrow=block;endFill=1;endSize=6;" if line == "solid arrow" else "endArrow=none;"
    dashed = "dashed=1;" if line == "dashed line" else ""
    return f"html=0;rounded=0;{arrow}{dashed}strokeColor={_hex(colour)};strokeWidth={_number(LINK_WIDTH_PX)};"


def to_mermaid(diagram: Diagram) -> str:
    """A Mermaid flowchart in the direction most links run; Mermaid places the nodes itself."""
    links = indexed_links(diagram)
    shapes = [outline(node) for node in diagram.nodes]
    lines = [f"flowchart {_direction(shapes, links)}"]
    for number, shape in enumerate(shapes):
        opening, closing = _MERMAID_SHAPES[shape.shape]
        words = clean_label(shape.label).split("\n")
        text = "<br/>".join(_NOT_PLAIN.sub(lambda match: f"#{ord(match[0])};", line) for line in words) or " "
        lines.append(f'    node{number}{opening}"{text}"{closing}')
    for source, target in links:
        lines.append(f"    node{source} {_MERMAID_LINES[line_of(diagram.nodes[source].line)]} node{target}")
    for number, shape in enumerate(shapes):
        paint = f"fill:{_hex(shape.fill)},stroke:{_hex(shape.stroke)},color:{_hex(text_colour(shape.fill))}"
        lines.append(f"    style node{number} {paint}")
    for number, (source, _) in enumerate(links):
        lines.append(f"    linkStyle {number} stroke:{_hex(shapes[source].stroke)}")
    return "\n".join(lines) + "\n"


def _direction(shapes: list[Outline], links: list[tuple[int, int]]) -> str:
    """TB, BT, LR or RL, whichever the sum of the links' absolute and signed steps points to."""
    steps = [(shapes[target].x - shapes[source].x, shapes[target].y - shapes[source].y) for source, target in links]
    across, down = sum(x for x, _ in steps), sum(y for _, y in steps)
    if sum(abs(x) for x, _ in steps) > sum(abs(y) for _, y in steps):
        return "LR" if across >= 0 else "RL"
    return "TB" if down >= 0 else "BT"


def to_dot(diagram: Diagram) -> str:
    """Graphviz DOT with every node pinned where it is, one px a point: `neato -n -Tsvg` (or `dot`, which obeys `layout`)."""
    lines = [
        "digraph diagram {",
        f"  graph [layout=neato, inputscale={PX_PER_INCH}, notranslate=true, splines=line, outputorder=edgesfirst];",
        f'  node [fixedsize=true, margin=0, penwidth={_number(OUTLINE_WIDTH_PX)}, fontname="{FONT_FAMILY.split(",")[0]}"];',
        f"  edge [arrowsize=0.7, penwidth={_number(LINK_WIDTH_PX)}];",
    ]
    for number, node in enumerate(diagram.nodes):
        shape = outline(node)
        kind, style = _DOT_SHAPES[shape.shape]
        # Graphviz counts y from the bottom, and sizes in inches
        lines.append(
            f'  node{number} [label="{_dot_label(node.label)}", shape={kind}, style="{style}", '
            f'pos="{_number(shape.x)},{_number(CANVAS_HEIGHT_PX - shape.y)}!", '
            f"width={2 * shape.half_width / PX_PER_INCH:.5f}, height={2 * shape.half_height / PX_PER_INCH:.5f}, "
            f'fillcolor="{_hex(shape.fill)}", color="{_hex(shape.stroke)}", '
            f'fontcolor="{_hex(text_colour(shape.fill))}", fontsize={_number(fit_label(shape).size_px or MAX_FONT_PX / 2)}];'
        )
    for source, target in indexed_links(diagram):
        node = diagram.nodes[source]
        line = line_of(node.line)
        head = "" if line == "solid arrow" else ", arrowhead=none"
        dashed = ", style=dashed" if line == "dashed line" else ""
        lines.append(f'  node{source} -> node{target} [color="{_hex(outline(node).stroke)}"{head}{dashed}];')
    return "\n".join([*lines, "}"]) + "\n"


def _dot_label(label: str) -> str:
    """Inside double quotes: backslash, quote and line break by DOT's escapes, `&` so that no entity is read."""
    words = clean_label(label).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return words.replace("\n", "\\n")


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
