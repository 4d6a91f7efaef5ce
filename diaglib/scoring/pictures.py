"""Picture files and diagrams as what the readability CNN sees: ink of 400 x 240 px. Used by notebook 05 and `diaglib score`.

Rule: any size, mode or kind of file is read within bounded memory, or refused in words; no file is trusted.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.diagram.model import Diagram

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

WIDTH_PX, HEIGHT_PX = 400, 240
MAX_DECODED_BYTES = 512 * 2**20
MAX_FILE_BYTES = 256 * 2**20
_BYTES_A_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2, "LA": 4, "PA": 4}  # Pillow's memory; 4 for all other modes
_DRAFT_PX = (4 * WIDTH_PX, 4 * HEIGHT_PX)  # a JPEG is decoded at no less than this
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM")


def draw_ink(diagrams: Iterable[Diagram]) -> np.ndarray:
    """Uint8 (n, 240, 400, 3), 0 paper .. 255 ink (255 - RGB): what `read_ink` makes of their pictures. About 3 ms each."""
    import numpy as np
    from PIL import Image

    from diaglib.diagram.picture import draw_pixels

    paper = np.full((HEIGHT_PX, WIDTH_PX, 3), 255, np.uint8)
    return 255 - np.stack([paper, *(np.asarray(_on_paper(Image.fromarray(draw_pixels(d)))) for d in diagrams)])[1:]


def read_ink(path: str | Path) -> np.ndarray:
    """Uint8 (240, 400, 3) ink of a picture file: its first frame, on white paper, fitted into 5:3 without stretching.

    Raises ValueError, in words, for what is no picture, is cut off, or would need more than 512 MiB to decode; OSError
    where the file cannot be opened.
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
            rgb = _on_paper(_smaller(picture))
    except UnidentifiedImageError:
        raise ValueError(f"{path.name} is not a picture this library reads ({', '.join(FORMATS)})") from None
    except (OSError, SyntaxError, EOFError, IndexError, TypeError, OverflowError, MemoryError) as error:
        raise ValueError(f"{path.name} cannot be read as a picture: {error or type(error).__name__}") from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    return 255 - np.asarray(rgb, np.uint8)


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
    factor = min(picture.width // (2 * WIDTH_PX), picture.height // (2 * HEIGHT_PX))
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


def _on_paper(picture: Image.Image) -> Image.Image:
    """Area-averaged to fit 400 x 240 px, centred on white."""
    from PIL import Image

    rgb = _rgb(picture)
    scale = min(WIDTH_PX / rgb.width, HEIGHT_PX / rgb.height)
    size = (max(round(rgb.width * scale), 1), max(round(rgb.height * scale), 1))
    filters: Any = Image.Resampling
    rgb = rgb.resize(size, filters.BOX if scale < 1 else filters.BILINEAR)
    if size == (WIDTH_PX, HEIGHT_PX):
        return rgb
    paper = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), (255, 255, 255))
    paper.paste(rgb, (math.floor((WIDTH_PX - size[0]) / 2), math.floor((HEIGHT_PX - size[1]) / 2)))
    return paper
