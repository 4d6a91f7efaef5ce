"""Picture files and diagrams as what is looked at: ink of 400 x 240 px for the networks, and the outlines drawn there.

Used by notebook 05 and `diaglib score`.
Rule: any size, mode or kind of file is read within bounded memory, or refused in words; no file is trusted.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.diagram.model import CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX, Diagram
from diaglib.scoring.outlines import Outlines, trace_outlines

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

WIDTH_PX, HEIGHT_PX = 400, 240
MAX_DECODED_BYTES = 512 * 2**20
MAX_FILE_BYTES = 256 * 2**20
_BYTES_A_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2, "LA": 4, "PA": 4}  # Pillow's memory; 4 for all other modes
_DRAFT_PX = (4 * WIDTH_PX, 4 * HEIGHT_PX)  # a JPEG is decoded at no less than this
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM")


@dataclass(frozen=True, slots=True)
class Picture:
    """`ink` uint8 (240, 400, 3), 0 paper .. 255 ink (255 - RGB), and the closed `outlines` of the picture at canvas size."""

    ink: np.ndarray
    outlines: Outlines


def draw_picture(diagram: Diagram) -> Picture:
    """What `read_picture` makes of a diagram's picture. About 12 ms."""
    from diaglib.diagram.picture import draw_pixels

    return _picture(draw_pixels(diagram))


def draw_ink(diagrams: Iterable[Diagram]) -> np.ndarray:
    """Uint8 (n, 240, 400, 3), the ink of their pictures alone. About 3 ms each."""
    import numpy as np

    from diaglib.diagram.picture import draw_pixels

    return np.concatenate([np.zeros((0, HEIGHT_PX, WIDTH_PX, 3), np.uint8), *(_ink(draw_pixels(d))[None] for d in diagrams)])


def stack_ink(pictures: Sequence[Picture]) -> np.ndarray:
    """Uint8 (n, 240, 400, 3)."""
    import numpy as np

    return np.concatenate([np.zeros((0, HEIGHT_PX, WIDTH_PX, 3), np.uint8), *(picture.ink[None] for picture in pictures)])


def _picture(page: np.ndarray) -> Picture:
    return Picture(_ink(page), trace_outlines(page))


def _ink(page: np.ndarray) -> np.ndarray:
    import numpy as np
    from PIL import Image

    return 255 - np.asarray(_on_paper(Image.fromarray(page), WIDTH_PX, HEIGHT_PX), np.uint8)


def read_picture(path: str | Path) -> Picture:
    """A picture file: its first frame, on white paper, fitted into 5:3 without stretching.

    Raises ValueError, in words, for what is no picture, is cut off, or would need more than 512 MiB to decode; OSError
    where the file cannot be opened. About 20 ms for 1000 x 600 px.
    """
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path.name} is a folder, not a picture")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ValueError(f"{path.name} is larger than {MAX_FILE_BYTES // 2**20} MiB: give a smaller copy")
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # our own limit below counts bytes, before any is decoded
    try:
        with Image.open(io.BytesIO(path.read_bytes()), formats=FORMATS) as picture:
            _refuse_too_large(picture, path.name)
            page = np.asarray(_on_paper(_smaller(picture), CANVAS_WIDTH_PX, CANVAS_HEIGHT_PX), np.uint8)
    except UnidentifiedImageError:
        raise ValueError(f"{path.name} is not a picture this library reads ({', '.join(FORMATS)})") from None
    except (OSError, SyntaxError, EOFError, IndexError, TypeError, OverflowError, MemoryError) as error:
        raise ValueError(f"{path.name} cannot be read as a picture: {error or type(error).__name__}") from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    return _picture(page)


def _refuse_too_large(picture: Image.Image, name: str) -> None:
    width, height = picture.size
    if width < 1 or height < 1:
        raise ValueError(f"{name} has no pixels")
    needed = width * height * _BYTES_A_PIXEL.get(picture.mode, 4)
    if picture.format == "JPEG":
        times = min(width // _DRAFT_PX[0], height // _DRAFT_PX[1])
        needed //= next(factor for factor in (8, 4, 2, 1) if times >= factor or factor == 1) ** 2
    if needed > MAX_DECODED_BYTES:
        raise ValueError(
            f"{name} is {width} x {height} px: decoding it would take {needed / 2**20:.0f} MiB, "
            f"more than {MAX_DECODED_BYTES // 2**20}; give a smaller copy"
        )


def _smaller(picture: Image.Image) -> Image.Image:
    """Decodes, then reduces by a whole factor in the file's own mode, so that few pixels are ever converted."""
    picture.draft(None, _DRAFT_PX)  # a JPEG is decoded at a half, a quarter or an eighth
    picture.load()
    factor = min(picture.width // CANVAS_WIDTH_PX, picture.height // CANVAS_HEIGHT_PX)
    if factor < 2:
        return picture
    if picture.mode in {"P", "PA", "1"} or picture.mode.startswith("I;16"):  # cannot be averaged as they are
        return _in_strips(picture, factor)
    return picture.reduce(factor)


def _in_strips(picture: Image.Image, factor: int) -> Image.Image:
    from PIL import Image

    small = Image.new("RGB", (picture.width // factor, picture.height // factor))
    rows = 64
    for top in range(0, small.height, rows):
        count = min(rows, small.height - top)
        strip = picture.crop((0, top * factor, small.width * factor, (top + count) * factor))
        small.paste(_rgb(strip).reduce(factor), (0, top))
    return small


def _rgb(picture: Image.Image) -> Image.Image:
    """Any mode as RGB on white paper. 16-bit grey is scaled by its own range where it is not scaled to 8 bits."""
    import numpy as np
    from PIL import Image

    if picture.mode.startswith("I") or picture.mode == "F":
        grey = np.nan_to_num(np.asarray(picture, np.float64))
        top = 65535.0 if grey.max() > 255 else 255.0 if grey.max() > 1 else 1.0
        return Image.fromarray((np.clip(grey / top, 0, 1) * 255).astype(np.uint8)).convert("RGB")
    if "A" in picture.getbands() or "transparency" in picture.info:
        inked = picture.convert("RGBA")
        paper = Image.new("RGBA", inked.size, (255, 255, 255, 255))
        return Image.alpha_composite(paper, inked).convert("RGB")
    return picture.convert("RGB")


def _on_paper(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Area-averaged to fit that size, centred on white."""
    from PIL import Image

    rgb = _rgb(picture)
    scale = min(width / rgb.width, height / rgb.height)
    size = (max(round(rgb.width * scale), 1), max(round(rgb.height * scale), 1))
    filters: Any = Image.Resampling
    rgb = rgb.resize(size, filters.BOX if scale < 1 else filters.BILINEAR)
    if size == (width, height):
        return rgb
    paper = Image.new("RGB", (width, height), (255, 255, 255))
    paper.paste(rgb, (math.floor((width - size[0]) / 2), math.floor((height - size[1]) / 2)))
    return paper
