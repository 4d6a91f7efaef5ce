"""From places in ranks and slots to shapes in px: several candidate drawings are sized and the most readable is taken.

Used by layout_flow and layout_network. A candidate is a `Frame`: where each node is along and across the flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, hypot

from diaglib.diagram.caption_fit import CIRCLE_SHARE, MIN_LEGIBLE_FONT_PX, font_px, line_choices
from diaglib.diagram.layout.lanes import clear_lanes, hits_and_crossings
from diaglib.diagram.layout.ranks import Edge, rank_and_order
from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX

MARGIN_PX = 16
MIN_SHAPE_PX = 6
GOOD_FONT_PX = 13.0
SHAPE_ALONG = 0.64  # share of a rank's room that the shape takes; the rest is for the arrow
SHAPE_ACROSS = 0.82
MIN_ARROW_PX = 22
MAX_SEARCHED_LINKS = 300  # beyond it no straight-line drawing is free of crossings, and the search would take seconds


@dataclass(slots=True)
class Frame:
    """One candidate: places along and across the flow (in ranks and slots), the folds made, and what it costs."""

    along: list[float]
    across: list[float]
    folds: int = 0
    hits: int = 0
    crossings: int = 0
    familiar: bool = False  # an arrangement known from papers, whose links may run against the flow

    def cleared(self, edges: Sequence[Edge]) -> Frame:
        """The same with lanes cleared and hits and crossings counted."""
        if len(edges) > MAX_SEARCHED_LINKS:
            return self
        hits, crossings = hits_and_crossings(self.along, self.across, edges)
        across = self.across
        if hits or crossings:
            across = clear_lanes(self.along, self.across, edges)
            hits, crossings = hits_and_crossings(self.along, across, edges)
        return replace(self, across=across, hits=hits, crossings=crossings)


@dataclass(frozen=True, slots=True)
class Want:
    """What a shape should carry: its caption, its shape, and its length across the flow as a share of the room."""

    caption: str
    shape: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """A placed shape in whole px, and the font size in px that its caption can have."""

    x: int
    y: int
    width: int
    height: int
    font: float


@dataclass(slots=True)
class Drawing:
    """A sized candidate; `cost` is lower for the more readable one."""

    shapes: list[Shape]
    cost: float


def layered_frames(count: int, edges: list[Edge]) -> list[Frame]:
    """The layered drawing, whole and folded."""
    placed = rank_and_order(count, edges)
    whole = Frame(placed.rank, placed.slot)
    return [whole, *folds_of(whole)]


def folds_of(frame: Frame) -> list[Frame]:
    """The frame cut into 2, 3 … bands like a serpentine, where it is long and not wide."""
    ranks = int(max(frame.along) - min(frame.along)) + 1
    width = max(frame.across) - min(frame.across) + 1
    if ranks <= 6 or width > 6:
        return []
    most = min(8, max(2, ceil(ranks / 6)))
    return [folded(frame, bands) for bands in range(2, most + 1)]


def folded(frame: Frame, bands: int) -> Frame:
    """Cuts the ranks into bands laid beside each other, every second one turned round, so that the flow snakes."""
    first = min(frame.along)
    ranks = int(max(frame.along) - first) + 1
    length = ceil(ranks / bands)
    along, across, start = frame.along[:], frame.across[:], 0.0
    for band in range(ceil(ranks / length)):
        members = [i for i, rank in enumerate(frame.along) if band * length <= rank - first < (band + 1) * length]
        low = min(frame.across[i] for i in members)
        high = max(frame.across[i] for i in members)
        for i in members:
            place = frame.along[i] - first - band * length
            along[i] = place if band % 2 == 0 else length - 1 - place
            across[i] = frame.across[i] - low + start
        start += high - low + 1.0
    return Frame(along, across, folds=bands - 1)


def best_drawing(frames: Sequence[Frame], wants: Sequence[Want], edges: Sequence[Edge], direction: str) -> list[Shape]:
    """The cheapest candidate over both directions (or the given one). Raises ValueError where none has room."""
    directions = ("right", "down") if direction == "auto" else (direction,)
    # lanes are cleared, which is the costly part, only where a candidate could still win
    hopes = [
        (drawing.cost, i, way)
        for i, frame in enumerate(frames)
        for way in directions
        if (drawing := sized(frame, wants, edges, way))
    ]
    cleared: dict[int, Frame] = {}
    best: Drawing | None = None
    for hope, i, way in sorted(hopes):
        if best is not None and hope >= best.cost:
            break
        if i not in cleared:
            cleared[i] = frames[i].cleared(edges)
        drawing = sized(cleared[i], wants, edges, way)
        if drawing and (best is None or drawing.cost < best.cost):
            best = drawing
    if best is None:
        raise ValueError(
            f"{len(wants)} shapes do not fit the {CANVAS_WIDTH_PX} x {CANVAS_HEIGHT_PX} px canvas side by side: "
            "use fewer nodes, another direction, or split the diagram"
        )
    return best.shapes


def sized(frame: Frame, wants: Sequence[Want], edges: Sequence[Edge], direction: str) -> Drawing | None:
    """Shapes in px for one candidate, or None where they would be smaller than 6 px."""
    along = [value - min(frame.along) for value in frame.along]
    across = [value - min(frame.across) for value in frame.across]
    ranks, slots = max(along) + 1, max(across) + 1
    right = direction == "right"
    room_along = (CANVAS_WIDTH_PX if right else CANVAS_HEIGHT_PX) - 2 * MARGIN_PX
    room_across = (CANVAS_HEIGHT_PX if right else CANVAS_WIDTH_PX) - 2 * MARGIN_PX
    # small diagrams keep together instead of spreading to the corners
    pitch_along = min(room_along / ranks, 220 if right else 130)
    pitch_across = min(room_across / slots, (150 if right else 300) * (1.6 if any(want.share for want in wants) else 1.0))
    limit_along = max(pitch_along * SHAPE_ALONG, pitch_along - 60)
    limit_along = min(limit_along, max(pitch_along - MIN_ARROW_PX, pitch_along * 0.5))
    limit_across = pitch_across * SHAPE_ACROSS
    if min(limit_along, limit_across) < MIN_SHAPE_PX:
        return None
    width_limit, height_limit = (limit_along, limit_across) if right else (limit_across, limit_along)
    width, height = caption_room(wants, width_limit, height_limit)
    start_along = ((CANVAS_WIDTH_PX if right else CANVAS_HEIGHT_PX) - ranks * pitch_along) / 2
    start_across = ((CANVAS_HEIGHT_PX if right else CANVAS_WIDTH_PX) - slots * pitch_across) / 2
    shapes = []
    for want, place, slot in zip(wants, along, across, strict=True):
        main = round(start_along + (place + 0.5) * pitch_along)
        cross = round(start_across + (slot + 0.5) * pitch_across)
        wide, tall = width, height
        if want.share is not None:
            length = max(want.share * limit_across, min(limit_across, 40))
            wide, tall = (min(limit_along, max(width, 24)), length) if right else (length, height)
        elif want.shape == "circle":
            wide, tall = min(width * 1.15, width_limit), min(height * 1.35, height_limit)
        wide, tall = int(wide) // 2 * 2, int(tall) // 2 * 2  # even, so that edges fall on whole px
        font = font_px(want.caption, want.shape, wide, tall)
        shapes.append(Shape(main if right else cross, cross if right else main, wide, tall, font))
    return Drawing(shapes, _cost(frame, shapes, edges, right, pitch_along - (width if right else height)))


def caption_room(wants: Sequence[Want], width_limit: float, height_limit: float) -> tuple[float, float]:
    """One width and height for all shapes: enough for the captions at 14 px where the limits allow it.

    Captions break into more lines where the width is short, and where that is not enough they are turned upright.
    """
    widest, tallest = min(250.0, width_limit), min(84.0 if width_limit > 100 else 130.0, height_limit)
    width, height = 110.0, 50.0
    for want in wants:
        grow = 1.0 / CIRCLE_SHARE if want.shape == "circle" else 1.0
        choices = line_choices(want.caption)
        needs = [
            ((em * 14 + 10) * grow, (lines * 1.2 * 14 + 8) * (grow if lines > 1 else 1.0))
            for em, lines in (*choices, *line_choices(want.caption.replace("\n", " · ")))
            if lines <= 3
        ]
        fitting = [need for need in needs if need[0] <= widest and need[1] <= tallest]
        if fitting:
            need = min(fitting)
        elif choices[0][0] * 11 + 6 > widest:
            need = (0.0, choices[len(choices) // 2][0] * 13 + 10)
        else:
            need = (choices[0][0] * 14 + 10, choices[0][1] * 1.2 * 14 + 10)
        width, height = max(width, need[0]), max(height, need[1])
    return min(width, widest), min(height, tallest)


def _cost(frame: Frame, shapes: Sequence[Shape], edges: Sequence[Edge], right: bool, arrow_px: float) -> float:
    """Lower reads better: hits and crossings first, then small captions, long or short or backward links, folds."""
    fonts = [shape.font for shape in shapes]
    small = sum(max(0.0, GOOD_FONT_PX - font) for font in fonts) / (GOOD_FONT_PX * len(fonts))
    least = max(0.0, MIN_LEGIBLE_FONT_PX - min(fonts)) / MIN_LEGIBLE_FONT_PX
    back, length = 0, 0.0
    for a, b in edges:
        one, other = shapes[a], shapes[b]
        back += (one.x > other.x) if right else (one.y > other.y)
        length += hypot(one.x - other.x, one.y - other.y)
    length /= max(1, len(edges))
    cost = 5.0 * frame.hits + 0.7 * frame.crossings + 20.0 * small + 6.0 * least + 0.6 * frame.folds
    cost += length / 250 + max(0.0, MIN_ARROW_PX - arrow_px) / 12
    xs, ys = [shape.x for shape in shapes], [shape.y for shape in shapes]
    used = (max(xs) - min(xs) + 150) * (max(ys) - min(ys) + 90) / (CANVAS_WIDTH_PX * CANVAS_HEIGHT_PX)
    # the canvas is wider than tall, and people read along its width
    cost += 1.0 - min(used, 1.0) + (0.0 if right else 0.4)
    return cost - 2.0 if frame.familiar else cost + (0.0 if frame.folds else 0.5 * back)
