"""Pictures of a diagram: pixels, PNG, SVG and PDF, all by the routine in `drawing`; works without a display or GL.

Used by notebooks 02, 05 and 07. Rule: a file is either whole or not there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from diaglib.diagram.model import CANVAS_WIDTH_PX, Diagram
from diaglib.diagram.picture.paint import paint
from diaglib.files import write_whole

if TYPE_CHECKING:
    import numpy as np

MIN_WIDTH_PX = 16
MAX_WIDTH_PX = 8000  # 115 MB of pixels


def draw_pixels(diagram: Diagram, width_px: int = CANVAS_WIDTH_PX) -> np.ndarray:
    """The picture as uint8 (0.6 width_px, width_px, 3), RGB, white paper. Raises ValueError outside 16..8000 px.

    Below 1000 px it is drawn larger and averaged, which keeps thin lines and small words as pale as they should be.
    """
    from diaglib.diagram.picture.pixels import PixelCanvas

    if not MIN_WIDTH_PX <= width_px <= MAX_WIDTH_PX:
        raise ValueError(f"a picture is {MIN_WIDTH_PX} to {MAX_WIDTH_PX} px wide, not {width_px}: choose another width")
    width_px = int(width_px)
    times = -(-CANVAS_WIDTH_PX // width_px)
    canvas = PixelCanvas(width_px * times)
    paint(diagram, canvas)
    return canvas.reduced(times) if times > 1 else canvas.pixels


def draw_svg(diagram: Diagram) -> str:
    """A complete SVG document of 1000 x 600 px; safe to put into a page, whatever the labels hold."""
    from diaglib.diagram.picture.svg import SvgCanvas

    canvas = SvgCanvas()
    paint(diagram, canvas)
    return canvas.document(diagram)


def encode_png(diagram: Diagram, scale: float = 1.0) -> bytes:
    """A PNG of 1000 x 600 px times `scale` (0.016 to 8)."""
    return encode_pixels(draw_pixels(diagram, _width_px(scale)))


def encode_pixels(pixels: np.ndarray) -> bytes:
    """A PNG of RGB pixels, uint8 (height, width, 3)."""
    import cv2

    # flat areas need no row filter: three times faster than any other, and smaller
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # an old OpenCV has no such option
        options += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    done, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise ValueError(f"these pixels of shape {pixels.shape} and type {pixels.dtype} are not an RGB picture")
    return data.tobytes()


def encode_pdf(diagram: Diagram) -> bytes:
    """A one-page vector PDF of 750 x 450 pt with its font embedded."""
    from diaglib.diagram.picture.pdf import PdfCanvas

    canvas = PdfCanvas()
    paint(diagram, canvas)
    return canvas.document()


def write_png(diagram: Diagram, path: str | Path, scale: float = 1.0) -> Path:
    """Writes `encode_png`; an existing file is replaced. Raises OSError naming the folder where it cannot be written."""
    return write_whole(path, encode_png(diagram, scale))


def write_svg(diagram: Diagram, path: str | Path) -> Path:
    """Writes `draw_svg` as UTF-8; an existing file is replaced. Raises OSError like `write_png`."""
    return write_whole(path, draw_svg(diagram).encode())


def write_pdf(diagram: Diagram, path: str | Path) -> Path:
    """Writes `encode_pdf`; an existing file is replaced. Raises OSError like `write_png`."""
    return write_whole(path, encode_pdf(diagram))


def _width_px(scale: float) -> int:
    width = scale * CANVAS_WIDTH_PX
    if not MIN_WIDTH_PX <= width <= MAX_WIDTH_PX:
        raise ValueError(f"scale {scale} makes a picture {width:.0f} px wide; choose 0.016 to 8")
    return round(width)
