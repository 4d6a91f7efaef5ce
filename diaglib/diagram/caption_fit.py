"""How large a caption can be drawn inside a shape: estimated from character counts, without a font.

Used by the layout (to size shapes) and by legibility. Rule: pure arithmetic, the same on every machine.
"""

from __future__ import annotations

from functools import lru_cache

LATIN_WIDTH_EM = 0.55
WIDE_WIDTH_EM = 1.0
LINE_HEIGHT_EM = 1.2
PADDING_PX = 4.0
CIRCLE_SHARE = 0.72  # a text block of usual proportions fills about this share of an ellipse's width and height
MAX_FONT_PX = 16.0
TURNED_SHARE = 0.7
MIN_LEGIBLE_FONT_PX = 9.0


def text_width_em(text: str) -> float:
    """Width in font sizes: 0.55 a character, 1.0 for Hangul, Chinese, Japanese and full-width signs."""
    return sum(WIDE_WIDTH_EM if ord(character) >= 0x1100 and _is_wide(ord(character)) else LATIN_WIDTH_EM for character in text)


def _is_wide(code: int) -> bool:
    """Whether a code point takes a full square. Source: Unicode TR 11, the wide blocks."""
    return 0x1100 <= code <= 0x11FF or 0x2E80 <= code <= 0xD7FF or 0xF900 <= code <= 0xFAFF or 0xFF00 <= code <= 0xFF60


@lru_cache(maxsize=4096)
def line_choices(caption: str) -> tuple[tuple[float, int], ...]:
    """Every useful way to break a caption: (widest line in em, number of lines), narrower with more lines.

    Given line breaks are kept; further ones come at spaces only, greedily for every width that a word run can have.
    """
    paragraphs = [[text_width_em(word) for word in line.split()] or [0.0] for line in caption[:400].split("\n")]
    widths = {sum(words) + LATIN_WIDTH_EM * (len(words) - 1) for words in paragraphs}
    for words in paragraphs:
        for start in range(min(len(words), 12)):
            total = -LATIN_WIDTH_EM
            for word in words[start : start + 12]:
                total += word + LATIN_WIDTH_EM
                widths.add(total)
    choices: list[tuple[float, int]] = []
    least = max(word for words in paragraphs for word in words)
    for width in sorted(width for width in widths if width >= least):
        lines = sum(_line_count(words, width) for words in paragraphs)
        if not choices or lines < choices[-1][1]:
            choices.append((width, lines))
    return tuple((max(width, 0.5), lines) for width, lines in choices)


def _line_count(words: list[float], width: float) -> int:
    """Lines that a greedy break of these word widths into `width` takes."""
    lines, used = 1, -LATIN_WIDTH_EM
    for word in words:
        if used + LATIN_WIDTH_EM + word > width + 1e-9 and used > 0:
            lines, used = lines + 1, -LATIN_WIDTH_EM
        used += LATIN_WIDTH_EM + word
    return lines


def font_px(caption: str, shape: str, width: float, height: float) -> float:
    """The largest font in px, at most 16, with which the caption fits the shape; a turned caption counts 0.7 of its size.

    Its lines may be joined into one row, and turned by 90 degrees in a shape 1.5 times as tall as wide, as the
    pictures do. Returns 16 for an empty caption, 0 where the shape has no room. Source of the 0.7: turned text is read
    at about half the speed of level text (Byrne 2002, Reading Vertical Text), size makes up for some of it.
    """
    if not caption:
        return MAX_FONT_PX
    if shape == "circle":
        width, height = width * CIRCLE_SHARE, height * CIRCLE_SHARE
    else:
        width, height = width - 2 * PADDING_PX, height - PADDING_PX
    if width <= 0 or height <= 0:
        return 0.0
    best = 0.0
    for text in {caption, caption.replace("\n", " · ")}:
        for em, lines in line_choices(text):
            tall = LINE_HEIGHT_EM * lines
            best = max(best, min(width / em, height / tall, MAX_FONT_PX))
            if height > 1.5 * width:
                best = max(best, TURNED_SHARE * min(height / em, width / tall, MAX_FONT_PX))
    return best
