"""Pictures: golden PNGs, SVG, PDF. `PYTHONPATH=. python tests/diagram/test_picture.py` draws the golden ones again."""

import io
import random
import re
import subprocess
import sys
import warnings
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from diaglib.diagram import Diagram, Node
from diaglib.diagram.model import LINES, SHAPES
from diaglib.diagram.picture import draw_pixels, draw_svg, encode_pdf, encode_png, fonts, write_pdf, write_png, write_svg

GOLDEN = Path(__file__).with_name("golden")
GOLDEN_WIDTH_PX = 500
FILLS = ((224, 236, 250), (253, 232, 214), (222, 243, 226), (250, 226, 238), (240, 236, 214), (40, 60, 110))
SVG = "{http://www.w3.org/2000/svg}"


def dense() -> Diagram:
    """A fully linked net of 4, 6, 3 and 1 circles."""
    layers = ((0, 4), (4, 10), (10, 13), (13, 14))
    nodes = []
    for number, (first, end) in enumerate(layers):
        targets = tuple(range(*layers[number + 1])) if number < 3 else ()
        for i in range(first, end):
            y = 300 + (i - (first + end - 1) / 2) * 80
            nodes.append(Node(i, 150 + 230 * number, y, "circle", 52, 52, fill=FILLS[number], stroke=(60, 60, 90), links=targets))
    return Diagram(tuple(nodes))


def cnn() -> Diagram:
    """Labelled layers from left to right, narrow ones with turned text, one dark fill."""
    captions = ("input image\n32×32", "conv 3×3\n16 filters\n30×30", "max pool 2×2\n15×15", "flatten", "dense\n128", "output\n10")
    shapes = ((110, 420), (90, 380), (70, 260), (26, 300), (44, 200), (80, 60))
    return Diagram(
        tuple(
            Node(
                i,
                90 + 160 * i,
                300,
                SHAPES[i % 2],
                *shapes[i],
                fill=FILLS[i],
                stroke=(70, 70, 120),
                links=(i + 1,),
                label=caption,
            )
            for i, caption in enumerate(captions)
        )
    )


def flow() -> Diagram:
    """A flowchart in Korean and English: every line style, links both ways, a bent link, an ellipse."""
    steps = (
        ("고객 질문", 110, 120, "round rectangle", LINES[0], (1,)),
        ("임베딩 모델\nBERT-base multilingual", 330, 120, "rectangle", LINES[0], (2, 3)),
        ("벡터 DB", 330, 330, "circle", LINES[0], (1, 3)),
        ("search top-k passages", 560, 120, "rectangle", LINES[1], (4,)),
        ("LLM", 780, 120, "circle", LINES[0], (5, 0)),
        ("답변 <html> & “quotes”", 780, 420, "round rectangle", LINES[2], (2,)),
    )
    return Diagram(
        tuple(
            Node(i, x, y, shape, 130, 70, line, FILLS[i], (40, 90, 60), links, label)
            for i, (label, x, y, shape, line, links) in enumerate(steps)
        )
    )


def heap(count: int = 500) -> Diagram:
    """A mess: every value that may be wrong is wrong somewhere."""
    choose = random.Random(1)
    odd = [float("nan"), float("inf"), -1e12, 0, -50, 1e9]

    def value(most: float) -> float:
        return choose.choice([*odd, *(choose.random() * most for _ in range(24))])

    return Diagram(
        tuple(
            Node(
                choose.choice([i, i, 7]),
                value(1000),
                value(600),
                choose.choice([*SHAPES, "blob"]),
                value(80),
                value(60),
                choose.choice([*LINES, "wavy"]),
                (choose.randrange(-9, 300), 0, 999),
                (0, 0, 0),
                tuple(choose.randrange(count + 20) for _ in range(8)),
                choose.choice(["", "<b>", "한글", "x" * 300]),
            )
            for i in range(count)
        )
    )


SAMPLES = {"dense": dense, "cnn": cnn, "flow": flow}


def blocks(pixels: np.ndarray, side: int = 4) -> np.ndarray:
    """Means of squares, in which anti-aliasing averages out."""
    height, width = (size // side * side for size in pixels.shape[:2])
    return pixels[:height, :width].reshape(height // side, side, width // side, side, 3).mean(axis=(1, 3))


def difference(one: np.ndarray, other: np.ndarray, level: float = 40) -> tuple[float, float]:
    """Mean difference of the pixels, and share of 4 x 4 px squares that differ by more than `level` of 255."""
    squares = np.abs(blocks(one) - blocks(other)).max(axis=2)
    return float(np.abs(one.astype(float) - other).mean()), float((squares > level).mean())


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two small pictures agree but for anti-aliasing."""
    mean, clear = difference(one, other, level=20)
    return mean < 1.0 and clear < 0.0005


@pytest.mark.parametrize("name", SAMPLES)
def test_pictures_look_like_the_golden_ones(name):
    golden = np.asarray(Image.open(GOLDEN / f"{name}.png").convert("RGB"))
    assert same(draw_pixels(SAMPLES[name](), GOLDEN_WIDTH_PX), golden)


def test_the_comparison_sees_one_lost_label_one_lost_link_and_one_moved_shape():
    from dataclasses import replace

    diagram = cnn()
    whole = draw_pixels(diagram, GOLDEN_WIDTH_PX)
    for change in ({"label": ""}, {"links": ()}, {"x": 260}):
        nodes = list(diagram.nodes)
        nodes[1] = replace(nodes[1], **change)
        assert not same(draw_pixels(Diagram(tuple(nodes)), GOLDEN_WIDTH_PX), whole), change


@pytest.mark.parametrize("name", SAMPLES)
def test_pdf_and_png_show_the_same(name):
    diagram = SAMPLES[name]()
    page = pypdfium2.PdfDocument(encode_pdf(diagram))[0]
    pdf = np.asarray(page.render(scale=4 / 3).to_pil().convert("RGB"))
    png = draw_pixels(diagram)
    assert pdf.shape == png.shape
    mean, clear = difference(pdf, png)
    assert mean < 2.5
    assert clear < 0.004


def test_pdf_embeds_a_part_of_the_font_and_keeps_its_text():
    data = encode_pdf(flow())
    assert b"/FontFile2" in data
    assert len(data) < 100_000
    words = pypdfium2.PdfDocument(data)[0].get_textpage().get_text_range()
    assert "고객 질문" in words
    assert "search top-k" in words
    assert data == encode_pdf(flow())


def svg_numbers(diagram: Diagram):
    """Shapes (x, y, half width, half height), head tips, and texts (x, y, words) of the SVG."""
    root = ElementTree.fromstring(draw_svg(diagram))
    shapes = []
    for element in root.iter():
        at = {key: float(value) for key, value in element.attrib.items() if re.fullmatch(r"-?[0-9.]+", value)}
        if element.tag == f"{SVG}ellipse":
            shapes.append((at["cx"], at["cy"], at["rx"], at["ry"]))
        elif element.tag == f"{SVG}rect" and "x" in at:
            shapes.append((at["x"] + at["width"] / 2, at["y"] + at["height"] / 2, at["width"] / 2, at["height"] / 2))
    words = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    return root, shapes, words


@pytest.mark.parametrize("name", SAMPLES)
def test_svg_holds_every_shape_and_word(name):
    diagram = SAMPLES[name]()
    root, shapes, words = svg_numbers(diagram)
    assert root.attrib["viewBox"] == "0 0 1000 600"
    assert (root.attrib["width"], root.attrib["height"], root.attrib["role"]) == ("1000", "600", "img")
    assert str(len(diagram.nodes)) in root.attrib["aria-label"]
    assert shapes == [pytest.approx((n.x, n.y, n.width / 2, n.height / 2), abs=0.01) for n in diagram.nodes]
    assert "".join("".join(words).split()) == "".join("".join(n.label for n in diagram.nodes).split())
    assert [t.text for t in root.iter(f"{SVG}title")] == [n.label.replace("\n", ", ") or f"node {n.id}" for n in diagram.nodes]
    arrows = sum(node.line == "solid arrow" for node, _ in diagram.edges())
    assert len(list(root.iter(f"{SVG}polygon"))) == arrows
    assert len(list(root.iter(f"{SVG}polyline"))) == len(diagram.edges())


def test_svg_text_stands_where_the_png_has_ink():
    diagram = Diagram((Node(0, 300, 200, width=120, height=60, fill=(255, 255, 255), label="HHHH\nEEEE"),))
    root, _, _ = svg_numbers(diagram)
    ink = draw_pixels(diagram)[175:225, 245:355].min(axis=2) < 128
    rows = np.flatnonzero(ink.any(axis=1)) + 175
    baselines = [float(text.attrib["y"]) for text in root.iter(f"{SVG}text")]
    assert rows.max() + 1 == pytest.approx(baselines[1], abs=1)
    assert np.diff(rows).max() > 3  # the gap between the two lines
    assert rows[np.argmax(np.diff(rows))] + 1 == pytest.approx(baselines[0], abs=1)


HOSTILE = [
    "<script>alert(1)</script>",
    "\"' onload='x",
    "]]>&amp;<!--",
    "a\x00\x08\x1bb",
    "\u202eabc\u2066",
    "\ud800\ufffe",
    "\x85\u2028",
]


@pytest.mark.parametrize("label", HOSTILE)
def test_svg_is_well_formed_for_hostile_labels(label):
    text = draw_svg(Diagram((Node(0, 300, 300, width=400, height=200, label=label),)))
    root = ElementTree.fromstring(text)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {"svg", "rect", "g", "title", "text"}
    assert not any(name.startswith("on") or "href" in name for element in root.iter() for name in element.attrib)
    text.encode("utf-8")


@given(st.text(max_size=120))
@settings(max_examples=60)
def test_any_label_gives_a_well_formed_svg_and_a_picture(label):
    diagram = Diagram((Node(0, 300, 300, "circle", 200, 100, label=label),))
    ElementTree.fromstring(draw_svg(diagram))
    assert draw_pixels(diagram).shape == (600, 1000, 3)


def test_a_heap_of_500_wrong_nodes_is_drawn_in_every_format():
    diagram = heap()
    assert draw_pixels(diagram).min() < 50
    text = draw_svg(diagram)
    ElementTree.fromstring(text)
    assert not re.search(r'="[^"]*\b(nan|inf)\b', text)
    assert len(text) < 2_000_000
    assert encode_pdf(diagram).startswith(b"%PDF")


def test_an_empty_diagram_is_white_paper():
    assert draw_pixels(Diagram()).min() == 255
    ElementTree.fromstring(draw_svg(Diagram()))
    assert encode_pdf(Diagram()).startswith(b"%PDF")


def test_arrow_heads_are_seen_over_a_later_shape():
    red, black = (255, 0, 0), (0, 0, 0)
    nodes = (
        Node(0, 100, 300, stroke=red, links=(1,)),
        Node(1, 400, 300, stroke=black),
        Node(2, 360, 300, width=60, height=600, stroke=black, fill=(0, 255, 0)),  # no way around it
    )
    assert tuple(draw_pixels(Diagram(nodes))[300, 371]) == red


def test_fill_and_stroke_are_the_node_s():
    pixels = draw_pixels(Diagram((Node(0, 100, 100, width=80, height=40, fill=(10, 200, 30), stroke=(200, 0, 90)),)))
    assert tuple(pixels[100, 100]) == (10, 200, 30)
    assert tuple(pixels[100, 59]) == (200, 0, 90)
    assert tuple(pixels[100, 50]) == (255, 255, 255)


def test_png_has_the_drawn_pixels_at_any_scale(tmp_path):
    diagram = flow()
    for scale, size in ((1.0, (1000, 600)), (0.5, (500, 300)), (2.0, (2000, 1200))):
        picture = Image.open(write_png(diagram, tmp_path / "flow.png", scale))
        assert picture.size == size
        assert np.array_equal(np.asarray(picture), draw_pixels(diagram, size[0]))
    large = Image.open(io.BytesIO(encode_png(diagram, 2.0))).reduce(2)
    mean, clear = difference(np.asarray(large), draw_pixels(diagram))
    assert mean < 2.5
    assert clear < 0.004


def test_small_pictures_are_the_large_one_averaged():
    large = Image.fromarray(draw_pixels(flow()))
    for width in (500, 200, 333):
        small = draw_pixels(flow(), width)
        expected = np.asarray(large.resize((width, small.shape[0]), Image.Resampling.BOX))
        assert small.shape == (round(0.6 * width), width, 3)
        assert difference(small, expected)[0] < 1.5


def test_absurd_sizes_are_refused_with_words():
    with pytest.raises(ValueError, match="scale 100 makes a picture 100000 px wide"):
        encode_png(dense(), 100)
    with pytest.raises(ValueError, match="16 to 8000 px wide"):
        draw_pixels(dense(), 3)


@pytest.mark.parametrize("write", [write_png, write_svg, write_pdf])
def test_files_are_whole_and_nothing_else_is_left(write, tmp_path):
    path = tmp_path / "그림"
    path.write_text("old")
    assert write(flow(), path) == path
    assert path.stat().st_size > 1000
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", [write_png, write_svg, write_pdf])
def test_a_folder_that_cannot_be_written_is_named(write, tmp_path):
    (tmp_path / "file").write_text("")
    for folder in ("missing", "file"):
        with pytest.raises(OSError, match=rf"cannot write .*{folder}.x.*choose a folder"):
            write(cnn(), tmp_path / folder / "x")
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="cannot write"):
        write(cnn(), tmp_path / "taken")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "taken"]


@pytest.fixture
def fresh_fonts():
    """Empties the font caches before and after."""
    from diaglib.diagram.picture import labels
    from diaglib.diagram.picture import pixels as picture_pixels

    caches = [
        value for module in (fonts, labels, picture_pixels) for value in vars(module).values() if hasattr(value, "cache_clear")
    ]
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.usefixtures("fresh_fonts")
def test_without_the_korean_font_a_warning_says_what_to_install(monkeypatch):
    monkeypatch.setattr(fonts, "find_spec", lambda package: None)
    with pytest.warns(UserWarning, match="pip install koreanize-matplotlib"):
        pixels = draw_pixels(cnn())
    assert not same(pixels, draw_pixels(Diagram()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # told once
        draw_pixels(flow())
        ElementTree.fromstring(draw_svg(flow()))
    assert fonts.font_path() is None
    assert fonts.font_stream().read(4) in (b"\0\1\0\0", b"OTTO")


def test_svg_loads_neither_matplotlib_nor_opencv():
    code = (
        "import sys; from diaglib.diagram import Diagram, Node; Diagram((Node(0, 1, 1, label='한'), )).to_svg(); "
        "print([m for m in ('cv2', 'matplotlib', 'torch', 'reportlab', 'koreanize_matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for sample, make in SAMPLES.items():
        Image.fromarray(draw_pixels(make(), GOLDEN_WIDTH_PX)).save(GOLDEN / f"{sample}.png", optimize=True)
