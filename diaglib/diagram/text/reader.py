"""Makes nodes of bracketed rows: which value is which field, in ten-, eight- and eleven-field rows and damaged ones.

Rule: a value is taken for a field only where its type fits, so that one missing field does not shift the others.
"""

from __future__ import annotations

import math
import re

from diaglib.diagram.model import Colour, Node
from diaglib.diagram.text.scanner import Item, Row, is_numeric, to_number

Fault = tuple[str, str]

DEFAULT_SIDE_PX = 50
_SHAPES = {
    "circle": "circle",
    "ellipse": "circle",
    "oval": "circle",
    "rectangle": "rectangle",
    "rect": "rectangle",
    "square": "rectangle",
    "box": "rectangle",
    "roundrectangle": "round rectangle",
    "roundedrectangle": "round rectangle",
    "roundrect": "round rectangle",
}
_LINES = {
    "solidarrow": "solid arrow",
    "solid": "solid arrow",  # the two-line prompt of candidate testing: a line that points to a node
    "arrow": "solid arrow",
    "solidline": "solid line",
    "line": "solid line",
    "dashedline": "dashed line",
    "dashed": "dashed line",
    "dashedarrow": "dashed line",
    "dash": "dashed line",
    "dotted": "dashed line",
    "dottedline": "dashed line",
}
_COLOURS: dict[str, Colour] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "lightgray": (211, 211, 211),
    "lightgrey": (211, 211, 211),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "lightblue": (173, 216, 230),
    "lightgreen": (144, 238, 144),
    "yellow": (255, 255, 0),
    "orange": (255, 165, 0),
    "purple": (128, 0, 128),
    "pink": (255, 192, 203),
    "brown": (165, 42, 42),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
}
_NOT_LETTERS = re.compile(r"[^a-z]+")
_LEADING_NUMBER = re.compile(r"\s*([-+]?(?:[0-9]{1,18}\.?[0-9]{0,40}|\.[0-9]{1,40}))\s*(?:px)?\s*$", re.IGNORECASE)
_NUMBERED = re.compile(r"[^0-9]{0,40}?(-?[0-9]{1,18})(?:\.0*)?\s*$")
_KEY_BEFORE = re.compile(r"(-?[0-9]{1,18})['\"]?[ \t]*[:=][ \t]*$")
_HEX = re.compile(r"\s*#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\s*$")
_DECIMAL = re.compile(r"[0-9]*\.[0-9]+|[0-9]+")
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def read_row(row: Row, text: str) -> tuple[Node | None, bool, list[Fault]]:
    """The node a row says (None where number, place or shape cannot be read), whether all ten fields are there,
    and (kind, words) of every fault.
    """
    items = row.items
    at = 3 if type(items[3]) is str and not is_numeric(items[3]) and is_numeric(items[2]) else 2
    shape_words = items[at]
    if type(shape_words) is not str:
        return None, False, [("unreadable row", f"no shape after the place: {row.excerpt(text)}")]
    if "," in shape_words:  # two missing quotes join fields: 'circle, 62, 75, solid arrow'
        first, *others = (part.strip() for part in shape_words.split(","))
        shape_words, items = first, [*items[:at], first, *others, *items[at + 1 :]]
    number = whole(items[0]) if at == 3 else _key_before(row, text)
    x, y = to_px(items[at - 2]), to_px(items[at - 1])
    shape = _SHAPES.get(_NOT_LETTERS.sub("", shape_words.lower()))
    if number is None or x is None or y is None or (shape is None and len(items) < 8):
        what = "node number" if number is None else "place" if x is None or y is None else "shape"
        return None, False, [("unreadable row", f"no readable {what}: {row.excerpt(text)}")]
    faults: list[Fault] = []
    where = f"node {number}"
    if shape is None:
        faults.append(("unknown shape", f"{where}: '{shape_words[:40]}' is not a shape; drawn as a rectangle"))
    if row.ending == "row":
        faults.append(("not closed", f"{where}: the row has no closing bracket"))
    is_dict = text[row.start] == "{"
    if is_dict:
        faults.append(("dict row", f"{where}: fields by name; a node line is a list"))
    rest = _Rest(items, at + 1, where, faults)
    width, height = rest.size()
    line = rest.line()
    fill, stroke = rest.colour("fill colour"), rest.colour("line colour")
    links = rest.links()
    label = rest.label()
    node = Node(
        number,
        x,
        y,
        shape or "rectangle",
        DEFAULT_SIDE_PX if width is None else width,
        DEFAULT_SIDE_PX if height is None else height,
        line or "solid arrow",
        fill or (240, 240, 240),
        stroke or (0, 0, 0),
        links or (),
        label,
    )
    return node, rest.complete and shape is not None and not is_dict, faults


class _Rest:
    """The fields after the shape, taken one after another; `complete` falls with the first that is missing."""

    def __init__(self, items: list[Item], position: int, where: str, faults: list[Fault]):
        self.items, self.position, self.where, self.faults = items, position, where, faults
        self.complete = True

    def _next(self) -> Item | None:
        return self.items[self.position] if self.position < len(self.items) else None

    def _missing(self, name: str, kind: str = "missing field") -> None:
        self.complete = False
        self.faults.append((kind, f"{self.where}: no {name}; the default is used"))

    def size(self) -> tuple[int | float | None, int | float | None]:
        sides: list[int | float] = []
        for item in self.items[self.position : self.position + 2]:
            side = to_px(item)
            if side is None:
                break
            sides.append(side)
        self.position += len(sides)
        if not sides:
            self._missing("width and height", "no size")
            return None, None
        if len(sides) == 1:
            self._missing("height")
            sides *= 2  # a diameter, most likely
        if min(sides) < 0:
            self.complete = False
            self.faults.append(("bad size", f"{self.where}: a negative size; {DEFAULT_SIDE_PX} px is used"))
            return None, None
        return sides[0], sides[1]

    def line(self) -> str | None:
        item = self._next()
        if type(item) is not str or _colour_parts(item) is not None:
            self._missing("line shape")
            return None
        self.position += 1
        line = _LINES.get(_NOT_LETTERS.sub("", item.lower()))
        if line is None:
            self.complete = False
            self.faults.append(("unknown line", f"{self.where}: '{item[:40]}' is not a line shape; drawn as a solid arrow"))
        return line

    def colour(self, name: str) -> Colour | None:
        parts = _colour_parts(self._next())
        if parts is None:
            self._missing(name)
            return None
        self.position += 1
        colour = tuple(min(max(round(part), 0), 255) for part in parts)
        if colour != tuple(parts):
            self.faults.append(("bad colour", f"{self.where}: {name} {tuple(parts)} is not three whole numbers from 0 to 255"))
        return colour  # type: ignore[return-value]

    def links(self) -> tuple[int, ...] | None:
        item = self._next()
        if item is None:
            self._missing("list of links")
            return None
        self.position += 1
        if type(item) is str and _NOT_LETTERS.sub("", item.lower()) in ("none", "null"):
            return ()
        if type(item) is str:
            return tuple(map(int, _WHOLE.findall(item)))
        if type(item) is not list:  # bare numbers without their brackets
            item = [item]
            while type(self._next()) in (int, float):
                item.append(self._next())
                self.position += 1
        links = [whole(target) for target in item]
        if None in links:
            self.faults.append(("bad link", f"{self.where}: a link is not a node number; left out"))
        return tuple(target for target in links if target is not None)

    def label(self) -> str:
        item = self._next()
        label = ""
        if type(item) is str:
            label = item
            self.position += 1
        if extra := len(self.items) - self.position:
            self.faults.append(("extra field", f"{self.where}: {extra} more than the eleven fields; left out"))
        return label


def to_px(item: Item) -> int | float | None:
    """A finite number, also from `'232'` and `'62px'`; None where it is not one."""
    if type(item) is str:
        match = _LEADING_NUMBER.match(item)
        item = to_number(match[1]) if match else item
    return item if type(item) in (int, float) and math.isfinite(item) else None  # type: ignore[arg-type, return-value]


def whole(item: Item) -> int | None:
    """A node number, also from `3.0`, `'3'` and `'node 3'`; None where it is not one."""
    if type(item) is str:
        match = _NUMBERED.match(item)
        return int(match[1]) if match else None
    return int(item) if type(item) in (int, float) and math.isfinite(item) and int(item) == item else None  # type: ignore


def _key_before(row: Row, text: str) -> int | None:
    """The number in `12: [` or `"node12": [`."""
    match = _KEY_BEFORE.search(text[max(0, row.start - 40) : row.start])
    return int(match[1]) if match else None


def _colour_parts(item: Item | None) -> list[int | float] | None:
    """Three parts of a colour: (192, 192, 224), '(192, 192, 224)', '#C0C0E0', 'red', or 0..1 as in (0.75, 0.75, 0.88)."""
    if type(item) is str:
        if hexadecimal := _HEX.match(item):
            digits = hexadecimal[1]
            if len(digits) == 3:
                digits = "".join(digit * 2 for digit in digits)
            return [int(digits[i : i + 2], 16) for i in (0, 2, 4)]
        if named := _COLOURS.get(_NOT_LETTERS.sub("", item.lower())):
            return list(named)
        item = [to_number(part) for part in _DECIMAL.findall(item[:60])]
    if type(item) is not list or len(item) not in (3, 4):
        return None
    parts = [part for part in map(to_px, item[:3]) if part is not None]
    if len(parts) < 3:
        return None
    if any(part != int(part) for part in parts) and all(0 <= part <= 1 for part in parts):
        return [round(part * 255) for part in parts]
    return parts
