"""Cuts a sentence into words, numbers and marks for the embedded model's own vocabulary.

Used by `tokenizer`. Rule: every number, in digits or words, becomes one piece with its value; nothing is lost but spaces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen".split()
    )
}
_TENS = {
    word: value
    for value, word in zip(range(20, 100, 10), "twenty thirty forty fifty sixty seventy eighty ninety".split(), strict=True)
}
_SCALES = {"hundred": 100, "thousand": 1000}

_PIECE = re.compile(
    r"(?P<thousands>(?<![\d,])[1-9],\d{3}(?![\d,]))"
    r"|(?P<decimal>\d{1,9}\.\d{1,9})"
    r"|(?P<number>\d+)"
    r"|(?P<times>[xX×](?=\s?\d))"
    r"|(?P<word>[^\W\d_]+(?:\d+[^\W\d_]+)*(?:\d(?!\d))?)"  # a single digit at the end is an index: h1, conv2
    r"|(?P<arrow>-+>|=+>|→)"
    r"|(?P<mark>[^\w\s]|_|\n)"
)
MAX_NUMBER_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Piece:
    """`text` in lower case, its place in the sentence in characters, and its value where it is a number."""

    text: str
    start: int
    end: int
    value: int | None = None


def cut(sentence: str) -> list[Piece]:
    """Pieces of a sentence in order. Linear in its length."""
    pieces: list[Piece] = []
    for match in _PIECE.finditer(sentence):
        kind, text, start, end = match.lastgroup, match.group(), match.start(), match.end()
        if kind == "thousands":
            pieces.append(Piece(text, start, end, int(text.replace(",", ""))))
        elif kind == "number" and len(text) <= MAX_NUMBER_DIGITS:
            pieces.append(Piece(text, start, end, int(text)))
        elif kind in ("decimal", "number"):
            pieces.append(Piece("<decimal>", start, end))
        elif kind == "times":
            pieces.append(Piece("x", start, end))
        elif kind == "arrow":
            pieces.append(Piece("->", start, end))
        else:
            pieces.append(Piece(text.lower(), start, end))
    return _join_number_words(pieces, sentence)


def _join_number_words(pieces: list[Piece], sentence: str) -> list[Piece]:
    """`one hundred twenty-eight`, `two dozen` become one piece each."""
    joined: list[Piece] = []
    i = 0
    while i < len(pieces):
        value, length = _spelled(pieces, i, sentence)
        if length:
            joined.append(Piece(pieces[i].text, pieces[i].start, pieces[i + length - 1].end, value))
            i += length
        else:
            joined.append(pieces[i])
            i += 1
    return joined


def _spelled(pieces: list[Piece], first: int, sentence: str) -> tuple[int, int]:
    """Value and length in pieces of the number words that start at `first`; (0, 0) where there are none."""
    total = current = length = 0
    last = ""
    i = first
    while i < len(pieces):
        word = pieces[i].text
        if i > first and sentence[pieces[i - 1].end : pieces[i].start].strip(" "):
            break
        if word == "-" and last == "ten" and i + 1 < len(pieces) and 0 < _UNITS.get(pieces[i + 1].text, 0) < 10:
            i += 1
            continue
        if word == "and" and last == "scale" and i + 1 < len(pieces) and pieces[i + 1].text in _UNITS | _TENS:
            i += 1
            continue
        if word in _UNITS and (last in ("", "scale") or (last == "ten" and 0 < _UNITS[word] < 10)):
            current, last = current + _UNITS[word], "unit"
        elif word in _TENS and last in ("", "scale"):
            current, last = current + _TENS[word], "ten"
        elif word in _SCALES and (last or (pieces[i].text == "hundred" and first and pieces[first - 1].text == "a")):
            current = max(current, 1) * _SCALES[word]
            if word == "thousand":
                total, current = total + current, 0
            last = "scale"
        elif word == "dozen":
            current, last = max(current, 1) * 12, "dozen"
            return total + current, i - first + 1
        else:
            break
        i += 1
        length = i - first
    return total + current, length
