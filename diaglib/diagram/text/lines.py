"""The published node lines: one node a line, written exactly and read tolerantly. Used by every notebook.

    [0, 232, 120, 'circle', 62, 75, 'solid arrow', (192, 192, 224), (0, 0, 0), [6, 7, 8], 'conv 3x3']

Rule: `parse(write_lines(diagram)).diagram == diagram`; no text whatever makes `parse` fail, evaluate or slow down.
The pieces: `text_scanner` finds bracketed rows, `text_reader` makes nodes of them.
"""

from __future__ import annotations

import math
import operator
import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from diaglib.diagram.model import LINES, SHAPES, Diagram, Node
from diaglib.diagram.text.reader import read_row
from diaglib.diagram.text.scanner import MAX_DIGITS, rows

MAX_CHARACTERS = 200_000
MAX_NODES = 500
MIN_COMPLIANT_NODES = 3

_NAMED_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# quotes, backslashes, and whatever breaks a line, is invisible or cannot be encoded (lone surrogates)
_TO_ESCAPE = re.compile("[\\\\'\"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the text that is not as it should be: its line (from 1), a `kind` to count by, and words for people.

    Kinds: `no nodes`, `too long`, `too many nodes`, `cut off`, `not closed`, `unreadable row`, `missing field`,
    `no size`, `unknown shape`, `unknown line`, `bad colour`, `bad size`, `bad link`, `extra field`, `dict row`,
    `duplicate number`, `unknown link`.
    """

    line: int
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says: the diagram, what is wrong with the text, and whether it keeps the published format.

    `compliant`: at least 3 nodes (numbers, that is) with all ten fields there, readable and of a known shape and line.
    """

    diagram: Diagram
    problems: tuple[Problem, ...]
    compliant: bool


def parse(text: str) -> Parsed:
    """Reads node lines out of whatever a model wrote around them; time linear in the text, nothing is evaluated.

    Reads the first 200,000 characters and 500 rows, and says so where there is more. A node is kept where its number,
    place and shape are readable; what else is missing gets the defaults of `Node` and a problem. Duplicated numbers
    and links to nodes that do not exist are kept and reported. A row that the end of the text cuts off is dropped.
    """
    problems: list[Problem] = []
    whole_length = len(text)
    text = text[:MAX_CHARACTERS]
    line_ends: list[int] = []

    def report(offset: int, kind: str, words: str) -> None:
        if not line_ends:
            line_ends.extend(match.start() for match in re.finditer("\n", text))
            line_ends.append(len(text))
        problems.append(Problem(bisect_left(line_ends, offset) + 1, kind, words))

    nodes: list[Node] = []
    starts: list[int] = []
    complete: set[int] = set()
    for count, row in enumerate(rows(text)):
        if row.ending == "text":
            what = "inside this row, which is left out" if row.items else "before this list is closed"
            report(row.start, "cut off", f"the text ends {what}: {row.excerpt(text)}")
            break
        if count >= MAX_NODES:
            report(row.start, "too many nodes", f"only the first {MAX_NODES} rows are read")
            break
        node, is_complete, faults = read_row(row, text)
        for kind, words in faults:
            report(row.start, kind, words)
        if node is not None:
            nodes.append(node)
            starts.append(row.start)
            if is_complete:
                complete.add(node.id)
    _check_numbers(nodes, starts, report)
    if whole_length > MAX_CHARACTERS:
        report(len(text), "too long", f"{whole_length} characters; only the first {MAX_CHARACTERS} are read")
    if not nodes:
        report(0, "no nodes", "no node line such as [0, 232, 120, 'circle', 62, 75, 'solid arrow', (192, 192, 224), ...] found")
    problems.sort(key=lambda problem: problem.line)
    return Parsed(Diagram(tuple(nodes)), tuple(problems), len(complete) >= MIN_COMPLIANT_NODES)


def _check_numbers(nodes: list[Node], starts: list[int], report: Callable[[int, str, str], None]) -> None:
    """Reports numbers given twice and links that lead nowhere."""
    known = {node.id for node in nodes}
    seen: set[int] = set()
    for node, start in zip(nodes, starts, strict=True):
        if node.id in seen:
            report(start, "duplicate number", f"node {node.id} is there already")
        seen.add(node.id)
        if missing := [target for target in node.links if target not in known]:
            listed = ", ".join(map(str, missing[:5])) + (" ..." if len(missing) > 5 else "")
            report(start, "unknown link", f"node {node.id} points to {listed}, which the text does not have")


def write_lines(diagram: Diagram) -> str:
    """Node lines of a diagram, ten fields each and the label as the eleventh where there is one.

    Raises ValueError, naming the node, for values that no node line can hold: a shape or line that is not one of the
    published three, a number that is not finite or has more than 18 digits, a negative size, a colour outside 0..255.
    """
    return "\n".join(_write_node(node) for node in diagram.nodes)


def _write_node(node: Node) -> str:
    if node.shape not in SHAPES or node.line not in LINES:
        raise ValueError(f"node {node.id}: shape {node.shape!r} with line {node.line!r}: use one of {SHAPES} and of {LINES}")
    if node.width < 0 or node.height < 0:
        raise ValueError(f"node {node.id}: width {node.width} and height {node.height} must not be negative")
    for colour in (node.fill, node.stroke):
        if len(colour) != 3 or not all(0 <= int(part) == part <= 255 for part in colour):
            raise ValueError(f"node {node.id}: colour {colour!r} is not three whole numbers from 0 to 255")
    where = f"node {node.id}"
    x, y, width, height = (_number(value, where) for value in (node.x, node.y, node.width, node.height))
    fill, stroke = (f"({int(r)}, {int(g)}, {int(b)})" for r, g, b in (node.fill, node.stroke))
    links = ", ".join(_whole(target, where) for target in node.links)
    label = f", {_quote(node.label)}" if node.label else ""
    identity = _whole(node.id, where)
    return f"[{identity}, {x}, {y}, '{node.shape}', {width}, {height}, '{node.line}', {fill}, {stroke}, [{links}]{label}]"


def _number(value: float, where: str) -> str:
    try:
        return _whole(operator.index(value), where)  # type: ignore[arg-type]  # ints of any library, numpy's too
    except TypeError:
        number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{where}: {number} is not a finite number")
    return repr(number)


def _whole(value: int, where: str) -> str:
    digits = str(int(value))
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise ValueError(f"{where}: {digits[:40]} has more than {MAX_DIGITS} digits")
    return digits


def _quote(label: str) -> str:
    return "'" + _TO_ESCAPE.sub(lambda match: _NAMED_ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}", label) + "'"
