"""Finds the bracketed rows of node lines in any text: prose, fences, code, lists of lists, damaged quotes.

Rule: one pass, one token after another, no evaluation. Every pattern is linear: what a token may look at ahead is
either consumed with it or ends at a character from which no token of the same kind starts again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_DIGITS = 18
MAX_DEPTH = 50

# where a value may end
_END = r"(?=[ \t]*+(?:[,:=\])}\n\r#]|\Z))"
_PLAIN = r"[^,:=\[\](){}'\"\\\n#]*+"
_TOKEN = re.compile(
    rf"""\s*+(?:
      [\[(](?P<flat>[-+0-9.,\s]*+)[\])]                                   # (192, 192, 224) or [6, 7] or []
    | (?P<open>[\[({{])
    | (?P<close>[\])}}])
    | (?P<number>[-+]?(?:[0-9]{{1,{MAX_DIGITS}}}(?:\.[0-9]{{0,40}})?|\.[0-9]{{1,40}})(?:[eE][-+]?[0-9]{{1,3}})?)
        (?:[ ]?px)?(?=[\s,:=\])}}\#]|\Z)
    | '(?P<single>(?:[^'"\\\n]++|\\.|"(?!\s*+[,\])]))*+)'{_END}
    | "(?P<double>(?:[^'"\\\n]++|\\.|'(?!\s*+[,\])]))*+)"{_END}
    | ['"](?P<broken>[^'"\\\n,\[\](){{}}]++)['"]?{_END}                   # 'circle, or 'circle"
    | (?P<hex>\#[0-9a-fA-F]{{6}}(?![0-9a-zA-Z]))
    | (?:\#|//)[^\n]*+(?P<comment>)
    | [A-Za-z_.]++(?=\()(?P<call>)                                        # rgb(1, 2, 3)
    | (?P<word>[^\s,:=\[\](){{}}'"\\\#]{_PLAIN}(?:'(?=\w){_PLAIN})*+)(?:['"]{_END})?
    | (?:\\.|.)?(?P<junk>)
    )(?:[ \t]*+[,:=]|)""",
    re.VERBOSE | re.DOTALL,
)
_OPEN = re.compile(r"[\[({]")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_NUMERIC = r"['\"]?-?[0-9.]{1,9}(?:[ ]?px)?['\"]?\s{0,9},\s{0,99}"
# a row begins: number, x, y, then a shape; used to notice that the row before was never closed
_ROW_START = re.compile(
    rf"[\[(]\s{{0,99}}['\"]?[A-Za-z_ ]{{0,10}}[0-9]{{1,9}}['\"]?\s{{0,9}},\s{{0,99}}(?:{_NUMERIC}){{1,2}}"
    r"['\"]?(?i:rect|round|circ|oval|elli|square)"
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}

Item = int | float | str | list


@dataclass(slots=True)
class Row:
    """The values between two brackets that may be a node: where it starts, and what ended it.

    `ending`: `bracket`, `row` (the next row began before this one was closed) or `text` (the text ended).
    """

    start: int
    items: list[Item]
    ending: str = "bracket"

    def excerpt(self, text: str) -> str:
        """The first 60 characters on one line, for messages."""
        words = " ".join(text[self.start : self.start + 200].split())
        return words if len(words) <= 60 else words[:57] + "..."


def rows(text: str) -> Iterator[Row]:
    """Every bracketed row that looks like a node, in the order they close; at most one with the ending `text`, last."""
    match_token = _TOKEN.match
    find_open = _OPEN.search
    stack: list[Row] = []
    row: Row | None = None
    position, found = 0, False
    length = len(text)
    while position < length:
        if row is None:
            opening = find_open(text, position)
            if opening is None:
                break
            position = opening.start()
        token = match_token(text, position)
        assert token is not None  # the last alternative takes anything, and even nothing
        kind = token.lastgroup
        end = token.end()
        if kind == "open":
            start = token.start("open")
            if row is not None and _looks_like_node(row.items) and _ROW_START.match(text, start):
                row.ending = "row"
                found = True
                yield row
                stack.pop()
            row = Row(start, [])
            stack.append(row)
            if len(stack) > MAX_DEPTH:  # a row needs what is inside it, never what is far around it
                del stack[0]
            position = start + 1
            continue
        position = end if end > position else position + 1
        if row is None or kind == "junk" or kind == "comment" or kind == "call":
            continue
        if kind == "close":
            stack.pop()
            closed, row = row, stack[-1] if stack else None
            if _looks_like_node(closed.items):
                found = True
                yield closed
            elif row is not None and text[end - 1] not in ":=":
                row.items.append(closed.items)
            continue
        if text[end - 1] in ":=":  # a key of a dict or a keyword: its value follows
            continue
        row.items.append(_value(kind or "word", token[kind or "word"]))
    if unfinished := _unfinished(stack, found, text):
        unfinished.ending = "text"
        yield unfinished


def _value(kind: str, words: str) -> Item:
    """What a token says: a list of numbers, a number, or words with their escapes undone."""
    if kind == "flat":
        return [to_number(part) for part in _NUMBER.findall(words)] if words else []
    if kind == "number":
        return to_number(words)
    if kind == "word":
        return words.rstrip()
    return _ESCAPE.sub(_unescape, words) if "\\" in words else words


def to_number(digits: str) -> int | float:
    """An int where the text has no point and no exponent, so that writing it again gives the same text."""
    try:
        return int(digits) if len(digits) <= MAX_DIGITS + 1 else float(digits)
    except ValueError:
        return float(digits)


def _looks_like_node(items: list[Item]) -> bool:
    """Three or two scalars and then a word: number, x, y, shape; the number may stand before the bracket."""
    if len(items) < 4:
        return False
    first, second, third, fourth = items[:4]
    if type(second) is list or type(first) is list:
        return False
    return (type(fourth) is str and is_numeric(second) and is_numeric(third)) or (
        type(third) is str and is_numeric(first) and is_numeric(second) and not is_numeric(third)
    )


def is_numeric(item: Item) -> bool:
    """Whether an item is a number, or a string that begins with one (`'62px'`)."""
    if type(item) is str:
        return item.lstrip()[:1].isdigit() or item.lstrip()[:1] in ("-", ".", "+")
    return type(item) is not list


def _unfinished(stack: list[Row], found: bool, text: str) -> Row | None:
    """The row the text ends in, if there is one: it looks like a node, or follows rows that did."""
    for row in reversed(stack[-3:]):
        if _looks_like_node(row.items) or (found and text[row.start] in "[(" and row.items and is_numeric(row.items[0])):
            return row
    if found and stack and text[stack[-1].start] == "[" and not stack[-1].items:
        return stack[-1]
    return None


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPED.get(match[3], match[0])
