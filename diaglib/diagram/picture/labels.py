"""Words inside shapes: cleaned, wrapped, shrunk, turned and at last cut so that they fit; worked out once for every picture."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from diaglib.diagram.model import Colour
from diaglib.diagram.picture.fonts import LINE_HEIGHT_EM, text_width_em
from diaglib.diagram.picture.routing import Outline

MAX_FONT_PX = 16.0
MIN_FONT_PX = 7.0
FONT_STEP_PX = 0.5
PADDING_PX = 4.0
MAX_LABEL_LINES = 12
MAX_LABEL_CHARACTERS = 400
MIN_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3
# what a layout must gain in font size to be preferred over captions with their own line breaks, read from left to right
_JOINED_PREFERENCE = 0.85
_TURNED_PREFERENCE = 0.7
_SYLLABLES_PREFERENCE = 0.75
_SPACES = re.compile(r"[^\S\n]+")
_PIECES = re.compile(r"( ?)([^ ]+)")
# Hangul, kana and Han characters, between which a line may break, each with the marks that follow it
_SYLLABLES = re.compile(r"( ?)([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3][^ \w]*|[^ \u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+)")


@dataclass(frozen=True, slots=True)
class FittedLabel:
    """Lines as drawn, font size in px, whether they run from bottom to top, and whether words were cut off."""

    lines: tuple[str, ...] = ()
    size_px: float = 0.0
    rotated: bool = False
    elided: bool = False


def clean_label(label: str) -> str:
    """One-line spaces, at most 400 characters; control, bidirectional-override and half characters are taken out."""
    text = str(label)[: 4 * MAX_LABEL_CHARACTERS].replace("\r\n", "\n").replace("\t", " ")
    kept = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp"))
    lines = [_SPACES.sub(" ", line).strip() for line in kept[:MAX_LABEL_CHARACTERS].split("\n")]
    return "\n".join(line for line in lines if line)


def fit_label(shape: Outline) -> FittedLabel:
    """The largest text of 7 to 16 px that fits the shape: own line breaks first, then joined lines, then turned by 90°.

    Words are only broken, and then cut with an ellipsis, where 7 px is still too large; no line at all where not even
    one character fits.
    """
    return _fit(clean_label(shape.label), shape.shape, round(shape.half_width, 1), round(shape.half_height, 1))


@lru_cache(maxsize=4096)
def _fit(text: str, shape: str, half_width: float, half_height: float) -> FittedLabel:
    if not text:
        return FittedLabel()
    paragraphs = text.split("\n")
    whole = [_PIECES.findall(paragraph) for paragraph in paragraphs]
    joined = [_PIECES.findall(" · ".join(paragraphs))]
    syllables = [_SYLLABLES.findall(paragraph) for paragraph in paragraphs]
    choices = [(whole, False, 1.0)]
    if len(paragraphs) > 1:
        choices.append((joined, False, _JOINED_PREFERENCE))
    if syllables != whole:
        choices.append((syllables, False, _SYLLABLES_PREFERENCE))
    if half_height > 1.5 * half_width:
        choices += [(pieces, True, preference * _TURNED_PREFERENCE) for pieces, _, preference in choices]
    best, best_value = None, 0.0
    for pieces, rotated, preference in choices:
        width, height = (half_height, half_width) if rotated else (half_width, half_height)
        size = MAX_FONT_PX
        while size >= MIN_FONT_PX and size * preference > best_value:
            lines = _wrap(pieces, shape, width, height, size)
            if lines:
                best, best_value = FittedLabel(lines, size, rotated), size * preference
                break
            size -= FONT_STEP_PX
    if best:
        return best
    turned = half_height > 1.5 * half_width
    return _cut(" ".join(paragraphs), shape, *((half_height, half_width) if turned else (half_width, half_height)), turned)


def _room_px(shape: str, half_width: float, half_height: float, top: float, bottom: float) -> float:
    """Width free for text between two heights measured from the middle."""
    far = max(abs(top), abs(bottom))
    if shape != "circle":
        return 2 * (half_width - min(PADDING_PX, 0.2 * half_width)) if far <= half_height - min(2.0, 0.1 * half_height) else 0.0
    inner = half_height - min(2.0, 0.1 * half_height)
    return 2 * (half_width - min(2.0, 0.1 * half_width)) * math.sqrt(1 - (far / inner) ** 2) if far < inner else 0.0


def _line_room_px(shape: str, half_width: float, half_height: float, size: float, index: int, count: int) -> float:
    """Room of line `index` of `count`; letters take about 0.95 em of a line's height."""
    middle = (index - (count - 1) / 2) * LINE_HEIGHT_EM * size
    return _room_px(shape, half_width, half_height, middle - 0.475 * size, middle + 0.475 * size)


def _wrap(
    paragraphs: list[list[tuple[str, str]]], shape: str, half_width: float, half_height: float, size: float
) -> tuple[str, ...] | None:
    """Greedy wrapping of (space before, piece) into the fewest lines that fit; None where no number of lines does."""
    most = min(MAX_LABEL_LINES, int(2 * half_height / (LINE_HEIGHT_EM * size)) + 1)
    for count in range(len(paragraphs), most + 1):
        rooms = [_line_room_px(shape, half_width, half_height, size, i, count) / size for i in range(count)]
        if min(rooms) <= 0:
            return None
        lines: list[str] = []
        for pieces in paragraphs:
            current = ""
            for space, piece in pieces:
                longer = current + space + piece if current else piece
                if not current or (len(lines) < count and text_width_em(longer) <= rooms[len(lines)]):
                    current = longer
                else:
                    lines.append(current)
                    current = piece
            lines.append(current)
        # fewer lines than planned would sit elsewhere: that case was the smaller count
        if len(lines) == count and all(text_width_em(line) <= room for line, room in zip(lines, rooms, strict=True)):
            return tuple(lines)
    return None


def _cut(text: str, shape: str, half_width: float, half_height: float, rotated: bool) -> FittedLabel:
    """Text at the smallest size, broken anywhere; the last line ends in an ellipsis where something is left over."""
    best = FittedLabel(size_px=MIN_FONT_PX, rotated=rotated, elided=True)
    for count in range(1, min(MAX_LABEL_LINES, int(2 * half_height / (LINE_HEIGHT_EM * MIN_FONT_PX)) + 1) + 1):
        rooms = [_line_room_px(shape, half_width, half_height, MIN_FONT_PX, i, count) / MIN_FONT_PX for i in range(count)]
        if min(rooms) < text_width_em("M"):
            break
        rest, lines = text, []
        for i, room in enumerate(rooms):
            last = i == count - 1
            taken = _longest_prefix(rest, room)
            if taken < len(rest) and last:
                lines.append(rest[: _longest_prefix(rest, room - text_width_em("…"))].rstrip() + "…")
            else:
                space = rest.rfind(" ", 0, taken + 1)
                taken = space if taken < len(rest) and space > taken // 2 else taken
                lines.append(rest[:taken].strip())
            rest = rest[taken:].lstrip()
            if not rest:
                return FittedLabel(tuple(lines), MIN_FONT_PX, rotated, False) if last else best
        best = FittedLabel(tuple(lines), MIN_FONT_PX, rotated, True)
    return best


def _longest_prefix(text: str, room_em: float) -> int:
    width = 0.0
    for i, character in enumerate(text):
        width += text_width_em(character)
        if width > room_em:
            return i
    return len(text)


def luminance(colour: Colour) -> float:
    """Relative luminance of an RGB colour, 0..1 (WCAG 2.2)."""
    parts = [value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: Colour, b: Colour) -> float:
    """Contrast of two RGB colours, 1..21 (WCAG 2.2)."""
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@lru_cache(maxsize=1024)
def text_colour(fill: Colour) -> Colour:
    """Near-black, else white, else black: the first with a contrast of at least 4.5 (one of the last two always has)."""
    for colour in ((24, 24, 32), (255, 255, 255)):
        if contrast(colour, fill) >= MIN_CONTRAST:
            return colour
    return (0, 0, 0)
