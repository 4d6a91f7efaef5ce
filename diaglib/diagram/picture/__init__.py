"""One drawing routine (`paint`) and its three canvases: pixels, SVG, PDF. Loads no image library until a picture is made."""

from diaglib.diagram.picture.files import (
    draw_pixels,
    draw_svg,
    encode_pdf,
    encode_pixels,
    encode_png,
    write_pdf,
    write_png,
    write_svg,
)

__all__ = [
    "draw_pixels",
    "draw_svg",
    "encode_pdf",
    "encode_pixels",
    "encode_png",
    "write_pdf",
    "write_png",
    "write_svg",
]
