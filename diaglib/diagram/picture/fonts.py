"""The one font of all pictures (NanumGothic, Latin and Hangul), its text widths, and text drawn as grey masks.

Rules: no font file is in the repository; it comes with the package koreanize-matplotlib, found without importing it.
Glyphs stand one after the other by their advance widths, without kerning, so that every picture format agrees.
"""

from __future__ import annotations

import io
import math
import warnings
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

FONT_FAMILY = 'NanumGothic, "Noto Sans KR", sans-serif'
LINE_HEIGHT_EM = 1.2
BASELINE_EM = 0.35  # half the height of a capital: a line is centred by its capitals
_OVERSAMPLING = 4  # glyphs are drawn larger and averaged, so that small text keeps the proportions of large text
_DARKENING = 0.75  # thin strokes averaged over pixels look pale: coverage ** 0.75 gives them the weight of large text
_UNIT_PX = 1000
# (package, file in it), best first; DejaVu has no Hangul
_CANDIDATES = (("koreanize_matplotlib", "fonts/NanumGothic.ttf"), ("matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf"))


@lru_cache(maxsize=1)
def font_path() -> Path | None:
    """The font file used; None stands for the one inside Pillow. Warns once where NanumGothic is not installed."""
    for package, file in _CANDIDATES:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(folder) / file
            if path.is_file():
                if package != _CANDIDATES[0][0]:
                    _warn(path.stem)
                return path
    _warn("Pillow's built-in font")
    return None


def _warn(used: str) -> None:
    warnings.warn(
        f"NanumGothic was not found: labels are drawn with {used}, Hangul as empty boxes. "
        "Install it with: pip install koreanize-matplotlib",
        stacklevel=4,
    )


def font_stream() -> io.BytesIO:
    """The whole font file as a fresh stream, for documents that embed a part of it."""
    path = font_path()
    return io.BytesIO(path.read_bytes() if path else _font(_UNIT_PX).font_bytes)


@lru_cache(maxsize=64)
def _font(size_px: float) -> Any:
    from PIL import ImageFont

    path = font_path()
    if path is None:
        return ImageFont.load_default(size_px)
    # BASIC: the same glyphs whether or not the machine has libraqm
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=16_384)
def _advance_em(character: str) -> float:
    return float(_font(_UNIT_PX).getlength(character)) / _UNIT_PX


@lru_cache(maxsize=16_384)
def text_width_em(text: str) -> float:
    """Width of one line of text in units of the font size."""
    return sum(map(_advance_em, text))


@lru_cache(maxsize=16_384)
def _glyph(character: str, size_px: float, phase: int) -> tuple[np.ndarray, int, int]:
    """Ink coverage of a glyph whose origin is `phase` quarters of a px right of a pixel's edge; left and top of the array.

    Left and top are px from the origin, y down, so that top is negative for what stands on the baseline.
    """
    import numpy as np
    from PIL import Image, ImageDraw

    over = _OVERSAMPLING
    font = _font(size_px * over)
    x0, y0, x1, y1 = font.getbbox(character, anchor="ls")
    left, top = math.floor((x0 + phase) / over), math.floor(y0 / over)
    right, bottom = max(math.ceil((x1 + phase) / over), left + 1), max(math.ceil(y1 / over), top + 1)
    image = Image.new("L", ((right - left) * over, (bottom - top) * over), 0)
    ImageDraw.Draw(image).text((phase - left * over, -top * over), character, fill=255, font=font, anchor="ls")
    coverage = np.asarray(image.reduce(over), np.float64) / 255
    return np.round(255 * coverage**_DARKENING).astype(np.uint8), left, top


def text_mask(lines: tuple[str, ...], size_px: float, rotated: bool) -> np.ndarray:
    """Lines of text, each centred, as ink coverage: uint8 (height, width), 0 paper .. 255 ink.

    The middle of the array is the middle of the block; `rotated` reads from bottom to top. Baselines lie on whole
    pixels, glyphs on quarters of a pixel.
    """
    import numpy as np

    # the array is larger than the text by about an em, for accents, descenders and overhanging glyphs
    width = int(max(map(text_width_em, lines)) * size_px + size_px) + 2
    height = int((len(lines) * LINE_HEIGHT_EM + 0.5) * size_px) + 2
    mask = np.zeros((height, width), np.uint8)
    for i, line in enumerate(lines):
        middle = height / 2 + (i - (len(lines) - 1) / 2) * LINE_HEIGHT_EM * size_px
        baseline = round(middle + BASELINE_EM * size_px)
        x = (width - text_width_em(line) * size_px) / 2
        for character in line:
            quarters = round(x * _OVERSAMPLING)
            x += _advance_em(character) * size_px
            if character == " ":
                continue
            glyph, left, top = _glyph(character, size_px, quarters % _OVERSAMPLING)
            left, top = max(left + quarters // _OVERSAMPLING, 0), max(top + baseline, 0)
            place = mask[top : top + glyph.shape[0], left : left + glyph.shape[1]]
            np.maximum(place, glyph[: place.shape[0], : place.shape[1]], out=place)
    return np.ascontiguousarray(np.rot90(mask)) if rotated else mask
