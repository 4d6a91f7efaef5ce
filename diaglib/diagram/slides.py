"""Diagrams as PowerPoint slides one can edit: native shapes, and connectors glued to them. Used by notebook 07.

Rule: what can be moved in the slide keeps its links; nothing is a picture.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diaglib.diagram.interchange import bends, indexed_links, line_of
from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, Diagram
from diaglib.diagram.picture.labels import MIN_FONT_PX, clean_label, fit_label, text_colour
from diaglib.diagram.picture.routing import LINK_WIDTH_PX, OUTLINE_WIDTH_PX, Outline, Point, outline
from diaglib.files import write_whole

SLIDE_WIDTH_EMU, SLIDE_HEIGHT_EMU = 12_192_000, 6_858_000  # 13.333 x 7.5 inches, 16:9
EMU_PER_PX = SLIDE_HEIGHT_EMU // CANVAS_HEIGHT_PX
LEFT_EMU = (SLIDE_WIDTH_EMU - CANVAS_WIDTH_PX * EMU_PER_PX) // 2  # the canvas is a little narrower than the slide
POINTS_PER_PX = EMU_PER_PX / 12_700
HANGUL_FONT = "Malgun Gothic"  # on every Windows and Office for Mac; other systems put their own Hangul font in its place
BYPASS_PX = 18.0
_MIN_EXTENT_EMU = 12_700  # what PowerPoint itself stores where a bent connector has no extent to measure its bend by
_DIAGONAL = math.sqrt(0.5)
# connection sites by number, as shares of the half sizes (ISO/IEC 29500-1, presetShapeDefinitions.xml)
_BOX_SITES = ((0.0, -1.0), (-1.0, 0.0), (0.0, 1.0), (1.0, 0.0))
_OVAL_SITES = (
    *((0.0, -1.0), (-_DIAGONAL, -_DIAGONAL), (-1.0, 0.0), (-_DIAGONAL, _DIAGONAL)),
    *((0.0, 1.0), (_DIAGONAL, _DIAGONAL), (1.0, 0.0), (_DIAGONAL, -_DIAGONAL)),
)


@dataclass(frozen=True, slots=True)
class Glue:
    """How a connector runs: the site numbers at both ends, and for a bent one its axis and the place of its middle part.

    `axis`: 0 leaves sideways, 1 up or down, None is straight; `channel_px` is the x (or y) that it runs along.
    """

    source_site: int
    target_site: int
    axis: int | None = None
    channel_px: float = 0.0


def write_pptx(diagrams: Sequence[Diagram], path: str | Path) -> Path:
    """Writes one 16:9 slide a diagram; an existing file is replaced.

    Raises ValueError where there is no diagram, and OSError naming the path where its folder cannot be written.
    """
    from pptx import Presentation
    from pptx.util import Emu

    if not diagrams:
        raise ValueError("no diagram to write: pass at least one")
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = Emu(SLIDE_WIDTH_EMU), Emu(SLIDE_HEIGHT_EMU)
    blank = presentation.slide_layouts.get_by_name("Blank")
    for diagram in diagrams:
        _fill_slide(presentation.slides.add_slide(blank), diagram)
    properties = presentation.core_properties
    properties.title, properties.author, properties.last_modified_by = "Diagrams", "diaglib", "diaglib"
    file = io.BytesIO()
    presentation.save(file)
    return write_whole(path, file.getvalue())


def _fill_slide(slide: Any, diagram: Diagram) -> None:
    slide.shapes.turbo_add_enabled = True  # else every new shape looks at all earlier ones
    outlines = [outline(node) for node in diagram.nodes]
    shapes = [_add_shape(slide, shape) for shape in outlines]
    bent = bends(diagram)
    drawn: set[tuple[int, int]] = set()
    for source, target in indexed_links(diagram):
        one, other = outlines[source], outlines[target]
        points = bent.get((one.id, other.id), ())
        if (target, source) in drawn:  # the way back must not hide the way there
            points = _beside(one, other)
        drawn.add((source, target))
        run = glue(one, other, points)
        connector = _add_connector(slide, one, other, run)
        _join(connector, shapes[source], shapes[target], run)
        _paint_line(connector, one, line_of(diagram.nodes[source].line))
        shapes[0]._element.addprevious(connector._element)  # below the shapes, as in the pictures


def _add_shape(slide: Any, shape: Outline) -> Any:
    from pptx.dml.color import RGBColor
    from pptx.enum.shapes import MSO_SHAPE
    from pptx.util import Emu

    kinds = {"rectangle": MSO_SHAPE.RECTANGLE, "round rectangle": MSO_SHAPE.ROUNDED_RECTANGLE, "circle": MSO_SHAPE.OVAL}
    left, top = _emu(shape.x - shape.half_width, shape.y - shape.half_height)
    width, height = (Emu(round(2 * half * EMU_PER_PX)) for half in (shape.half_width, shape.half_height))
    made = slide.shapes.add_shape(kinds[shape.shape], left, top, width, height)
    made.name = clean_label(shape.label).replace("\n", " ")[:60] or f"node {shape.id}"
    if shape.shape == "round rectangle":
        made.adjustments[0] = shape.radius / (2 * min(shape.half_width, shape.half_height))
    made.shadow.inherit = False
    made.fill.solid()
    made.fill.fore_color.rgb = RGBColor(*shape.fill)
    made.line.color.rgb = RGBColor(*shape.stroke)
    made.line.width = Emu(round(OUTLINE_WIDTH_PX * EMU_PER_PX))
    _write_label(made.text_frame, shape)
    return made


def _write_label(frame: Any, shape: Outline) -> None:
    """The label, one paragraph a line, in the font size that fits; PowerPoint shrinks it further when it is edited."""
    from pptx.dml.color import RGBColor
    from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
    from pptx.oxml.ns import qn
    from pptx.util import Pt

    label = clean_label(shape.label)
    room = shape
    if shape.shape == "circle":  # slides set text into the rectangle inside an oval
        halves = shape.half_width * _DIAGONAL, shape.half_height * _DIAGONAL
        room = replace(shape, shape="rectangle", half_width=halves[0], half_height=halves[1])
    fitted = fit_label(room)
    if not fitted.elided and not _same_words("".join(fitted.lines), label):
        label = label.replace("\n", " · ")  # the lines fit only as one
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    frame.word_wrap = not fitted.elided  # what does not fit hangs over evenly, and is not cut into letters
    frame.auto_size = MSO_AUTO_SIZE.TEXT_TO_FIT_SHAPE
    if fitted.rotated:
        frame._txBody.bodyPr.set("vert", "vert270")
    frame.text = label
    for paragraph in frame.paragraphs:
        paragraph.alignment = PP_ALIGN.CENTER
        for run in paragraph.runs:
            run.font.size = Pt(int((fitted.size_px or MIN_FONT_PX) * POINTS_PER_PX * 2) / 2)
            run.font.color.rgb = RGBColor(*text_colour(shape.fill))
            properties = run._r.get_or_add_rPr()
            properties.append(properties.makeelement(qn("a:ea"), {"typeface": HANGUL_FONT}))


def _same_words(one: str, other: str) -> bool:
    return re.sub(r"\s", "", one) == re.sub(r"\s", "", other)


def sites(shape: Outline) -> list[Point]:
    """Places of a shape's connection sites in px, by their number in PowerPoint."""
    shares = _OVAL_SITES if shape.shape == "circle" else _BOX_SITES
    return [(shape.x + across * shape.half_width, shape.y + down * shape.half_height) for across, down in shares]


def glue(source: Outline, target: Outline, points: Sequence[Point] = ()) -> Glue:
    """Straight between the sites nearest to each other, or around what is in between where `points` are a bent route."""
    if not points:
        pairs = [
            (round(math.dist(one, other), 3), i, j)
            for i, one in enumerate(sites(source))
            for j, other in enumerate(sites(target))
        ]
        _, source_site, target_site = min(pairs)
        return Glue(source_site, target_site)
    # bent: leave and arrive on the side to which the route bulges, and run along its outermost point
    axis = 0 if abs(target.y - source.y) >= abs(target.x - source.x) else 1
    middle = ((source.x + target.x) / 2, (source.y + target.y) / 2)[axis]
    bulge = max((point[axis] - middle for point in points), key=abs)
    sign = 1.0 if bulge >= 0 else -1.0
    edges = [(shape.x + sign * shape.half_width, shape.y + sign * shape.half_height)[axis] for shape in (source, target)]
    channel = sign * max(sign * (middle + bulge), *(sign * edge + BYPASS_PX for edge in edges))
    share = (sign, 0.0) if axis == 0 else (0.0, sign)
    numbers = [(_OVAL_SITES if shape.shape == "circle" else _BOX_SITES).index(share) for shape in (source, target)]
    return Glue(numbers[0], numbers[1], axis, channel)


def _beside(source: Outline, target: Outline) -> tuple[Point, ...]:
    """A point to the left of the way from source to target, outside both."""
    dx, dy = target.x - source.x, target.y - source.y
    middle = ((source.x + target.x) / 2, (source.y + target.y) / 2)
    return ((middle[0] + math.copysign(1.0, dy), middle[1] - math.copysign(1.0, dx)),)


def _add_connector(slide: Any, source: Outline, target: Outline, run: Glue) -> Any:
    from pptx.enum.shapes import MSO_CONNECTOR

    begin = _emu(*sites(source)[run.source_site])
    end = _emu(*sites(target)[run.target_site])
    if run.axis is None:
        return slide.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, *begin, *end)
    connector = slide.shapes.add_connector(MSO_CONNECTOR.ELBOW, *begin, *end)
    _bend(connector._element, begin, end, run.axis, _emu(run.channel_px, run.channel_px)[run.axis])
    return connector


def _bend(element: Any, begin: tuple[int, int], end: tuple[int, int], axis: int, channel: int) -> None:
    """Frame and adjustment of a `bentConnector3`: out to the channel, along it, and back in.

    Its own path runs sideways first; one that runs up or down first is the same, turned by 90 degrees about its middle
    (ISO/IEC 29500-1, 20.1.7.6: flips come before the rotation).
    """
    along, across = end[axis] - begin[axis], end[1 - axis] - begin[1 - axis]
    width, height = max(abs(along), _MIN_EXTENT_EMU), abs(across)
    forward = -1 if along < 0 else 1
    middle = [0, 0]
    middle[axis] = begin[axis] + forward * width // 2
    middle[1 - axis] = (begin[1 - axis] + end[1 - axis]) // 2
    frame = element.spPr.get_or_add_xfrm()
    frame.x, frame.y, frame.cx, frame.cy = middle[0] - width // 2, middle[1] - height // 2, width, height
    frame.rot = 90.0 * axis
    frame.flipH = along < 0
    frame.flipV = across > 0 if axis else across < 0
    share = forward * (channel - begin[axis]) / width
    element.spPr.prstGeom.rewrite_guides([("adj1", round(share * 100_000))])


def _join(connector: Any, source: Any, target: Any, run: Glue) -> None:
    """Glues both ends. python-pptx's own `begin_connect` knows four sites, and an oval has eight."""
    ends = connector._element.nvCxnSpPr.cNvCxnSpPr
    start, stop = ends.get_or_add_stCxn(), ends.get_or_add_endCxn()
    start.id, start.idx = source.shape_id, run.source_site
    stop.id, stop.idx = target.shape_id, run.target_site


def _paint_line(connector: Any, source: Outline, line: str) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.dml import MSO_LINE
    from pptx.oxml.ns import qn
    from pptx.util import Emu

    connector.line.color.rgb = RGBColor(*source.stroke)
    connector.line.width = Emu(round(LINK_WIDTH_PX * EMU_PER_PX))
    if line == "dashed line":
        connector.line.dash_style = MSO_LINE.DASH
    if line == "solid arrow":  # the end of a line is its tail end; python-pptx has no arrow heads
        properties = connector.line._get_or_add_ln()
        properties.append(properties.makeelement(qn("a:tailEnd"), {"type": "triangle", "w": "med", "len": "med"}))
    style = connector._element.find(qn("p:style"))
    if style is not None:  # the theme's shadow
        connector._element.remove(style)


def _emu(x: float, y: float) -> tuple[int, int]:
    return LEFT_EMU + round(x * EMU_PER_PX), round(y * EMU_PER_PX)
