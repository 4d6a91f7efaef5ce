"""Pictures from anywhere: every size, mode and kind is read alike, or refused in words within bounded memory."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diaglib.diagram import Diagram, Plan
from diaglib.scoring.pictures import HEIGHT_PX, MAX_DECODED_BYTES, WIDTH_PX, draw_ink, read_picture

NET = Plan.from_text("0 input 4\n1 dense 6\n2 dense 3\n3 output 1").layout()


@pytest.fixture
def picture(tmp_path: Path) -> Image.Image:
    return Image.open(NET.to_png(tmp_path / "net.png")).convert("RGB")


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_a_file_shows_what_the_diagram_shows(tmp_path: Path) -> None:
    assert difference(read_picture(NET.to_png(tmp_path / "a.png")).ink, draw_ink([NET])[0]) < 0.5  # rounding only


def test_drawing_nothing_gives_an_empty_array() -> None:
    assert draw_ink([]).shape == (0, HEIGHT_PX, WIDTH_PX, 3)
    assert not draw_ink([Diagram()]).any()


@pytest.mark.parametrize("size", [(500, 300), (2000, 1200), (1730, 1038)])
def test_size_makes_little_difference(size: tuple[int, int], picture: Image.Image, tmp_path: Path) -> None:
    picture.resize(size, Image.Resampling.LANCZOS).save(tmp_path / "other.png")
    assert difference(read_picture(tmp_path / "other.png").ink, draw_ink([NET])[0]) < 2.5


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_every_mode_is_read_as_the_grey_it_shows(mode: str, picture: Image.Image, tmp_path: Path) -> None:
    grey = picture.convert("L")
    if mode == "I;16":
        converted = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    elif mode == "CMYK":
        converted = grey.convert("RGB").convert("CMYK")
    else:
        converted = grey.convert(mode)
    file = tmp_path / ("x.tif" if mode == "CMYK" else "x.png")
    converted.save(file)
    grey.convert("RGB").save(tmp_path / "grey.png")
    assert difference(read_picture(file).ink, read_picture(tmp_path / "grey.png").ink) < 2


def test_transparent_paper_is_white(tmp_path: Path) -> None:
    Image.new("RGBA", (1000, 600), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert not read_picture(tmp_path / "clear.png").ink.any()


def test_another_shape_is_not_stretched(tmp_path: Path) -> None:
    Image.new("RGB", (600, 600), (0, 0, 0)).save(tmp_path / "square.png")
    inked = read_picture(tmp_path / "square.png").ink[..., 0] > 0
    assert inked.any(axis=0).sum() == HEIGHT_PX
    assert inked.any(axis=1).all()


def test_an_animated_file_is_its_first_frame(picture: Image.Image, tmp_path: Path) -> None:
    black = Image.new("RGB", picture.size)
    picture.save(tmp_path / "film.gif", save_all=True, append_images=[black])
    assert difference(read_picture(tmp_path / "film.gif").ink, draw_ink([NET])[0]) < 3


def test_a_truncated_file_is_refused_in_words(tmp_path: Path) -> None:
    whole = NET.to_png(tmp_path / "a.png").read_bytes()
    for length in (0, 10, 40, len(whole) // 2):
        (tmp_path / "cut.png").write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"cut\.png"):
            read_picture(tmp_path / "cut.png")


def test_what_is_no_picture_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("hello")
    with pytest.raises(ValueError, match="not a picture"):
        read_picture(tmp_path / "a.png")
    with pytest.raises(ValueError, match="folder"):
        read_picture(tmp_path)
    with pytest.raises(OSError, match="none"):
        read_picture(tmp_path / "none.png")


def claimed_png(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def test_a_picture_too_large_to_decode_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(claimed_png(20_000, 20_000))
    assert MAX_DECODED_BYTES < 20_000 * 20_000 * 4
    with pytest.raises(ValueError, match="smaller copy"):
        read_picture(tmp_path / "huge.png")


def test_a_picture_20_000_px_wide_is_read(tmp_path: Path) -> None:
    wide = Image.new("1", (20_000, 1_200), 1)
    wide.paste(0, (0, 0, 10_000, 1_200))
    wide.save(tmp_path / "wide.png")
    ink = read_picture(tmp_path / "wide.png").ink[..., 0]
    assert ink[HEIGHT_PX // 2, : WIDTH_PX // 2 - 1].min() == 255
    assert ink[HEIGHT_PX // 2, WIDTH_PX // 2 + 1 :].max() == 0
