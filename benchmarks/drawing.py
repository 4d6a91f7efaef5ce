"""How long drawing one diagram takes: this library, matplotlib drawing the same shapes, and graphviz.

    python benchmarks/drawing.py [--repeat 50]

Prints a table in milliseconds (median and 95th percentile, warm) and ends with one JSON line. The diagram has 20 nodes
with labels and 31 links. Not covered: the time to import a library, and graphviz without the start of its process.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import subprocess
import time
from collections.abc import Callable

from diaglib.diagram import Diagram, Node
from diaglib.diagram.picture import draw_pixels, draw_svg, encode_pdf, encode_pixels
from diaglib.diagram.picture.labels import fit_label, text_colour
from diaglib.diagram.picture.routing import outline, routes

FILLS = ((224, 236, 250), (253, 232, 214), (222, 243, 226), (250, 226, 238), (240, 236, 214))
SHAPES = ("rectangle", "round rectangle", "circle")


def diagram_of_20(label: str = "") -> Diagram:
    """Four rows of five labelled shapes with links to the right and down."""
    words = ("input\n32×32", "conv 3×3\n30×30", "max pool", "dense 128", "BERT encoder", "training data")
    nodes = []
    for i in range(20):
        links = ((i + 1,) if i % 5 < 4 else ()) + ((i + 5,) if i < 15 else ())
        place = (110 + 190 * (i % 5), 90 + 140 * (i // 5))
        line = "dashed line" if i % 7 == 6 else "solid arrow"
        text = f"{words[i % 6]} {label}".strip()
        nodes.append(Node(i, *place, SHAPES[i % 3], 124, 64, line, FILLS[i % 5], (50, 50, 80), links, text))
    return Diagram(tuple(nodes))


def milliseconds(work: Callable[[int], object], repeat: int) -> tuple[float, float]:
    """Median and 95th percentile of `repeat` calls after two to warm up."""
    times = []
    for number in range(-2, repeat):
        start = time.perf_counter()
        work(number)
        if number >= 0:
            times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return times[len(times) // 2], times[min(int(len(times) * 0.95), len(times) - 1)]


def draw_with_matplotlib(diagram: Diagram, encode: bool) -> object:
    """The same shapes, lines, heads and words as patches and texts on an Agg figure of 1000 x 600 px."""
    from matplotlib import patches
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    def rgb(colour: tuple[int, int, int]) -> tuple[float, ...]:
        return tuple(channel / 255 for channel in colour)

    figure = Figure(figsize=(10, 6), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1000), ylim=(600, 0))
    axes.axis("off")
    shapes = [outline(node) for node in diagram.nodes]
    for link in routes(diagram, shapes):
        axes.plot(*zip(*link.points, strict=True), color=rgb(link.colour), linewidth=0.9, linestyle="--" if link.dashed else "-")
        if link.head:
            axes.add_patch(patches.Polygon(link.head, color=rgb(link.colour)))
    for shape in shapes:
        look = {"facecolor": rgb(shape.fill), "edgecolor": rgb(shape.stroke), "zorder": 2}
        corner, size = (shape.x - shape.half_width, shape.y - shape.half_height), (2 * shape.half_width, 2 * shape.half_height)
        if shape.shape == "circle":
            axes.add_patch(patches.Ellipse((shape.x, shape.y), *size, **look))
        elif shape.radius:
            style = patches.BoxStyle.Round(pad=0, rounding_size=shape.radius)
            axes.add_patch(patches.FancyBboxPatch(corner, *size, boxstyle=style, **look))
        else:
            axes.add_patch(patches.Rectangle(corner, *size, **look))
        fitted = fit_label(shape)
        words = "\n".join(fitted.lines)
        place = {"ha": "center", "va": "center", "rotation": 90 if fitted.rotated else 0, "zorder": 3}
        axes.text(shape.x, shape.y, words, fontsize=fitted.size_px * 0.72, color=rgb(text_colour(shape.fill)), **place)
    if encode:
        stream = io.BytesIO()
        figure.savefig(stream, format="png")
        return stream.getvalue()
    canvas.draw()
    return canvas.buffer_rgba()


def draw_with_graphviz(diagram: Diagram, program: str) -> bytes:
    """PNG by `neato -n`, which keeps the places and only draws."""
    command = [program, "-Kneato", "-n", "-Tpng"]
    return subprocess.run(command, input=diagram.to_dot().encode(), capture_output=True, check=True).stdout


def main() -> None:
    """Measures, prints the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=50, help="measured calls of each way (default 50)")
    repeat = max(parser.parse_args().repeat, 1)
    diagram = diagram_of_20()
    fresh = {number: diagram_of_20(str(1000 + number)) for number in range(-2, repeat)}
    pixels = draw_pixels(diagram)
    rows: list[tuple[str, str, Callable[[int], object]]] = [
        ("draw_ms", "diaglib: pixels", lambda _: draw_pixels(diagram)),
        ("draw_new_words_ms", "diaglib: pixels, words never drawn before", lambda number: draw_pixels(fresh[number])),
        ("encode_png_ms", "diaglib: PNG encoding alone", lambda _: encode_pixels(pixels)),
        ("svg_ms", "diaglib: SVG", lambda _: draw_svg(diagram)),
        ("pdf_ms", "diaglib: PDF", lambda _: encode_pdf(diagram)),
        ("matplotlib_draw_ms", "matplotlib: pixels", lambda _: draw_with_matplotlib(diagram, encode=False)),
        ("matplotlib_png_ms", "matplotlib: PNG", lambda _: draw_with_matplotlib(diagram, encode=True)),
    ]
    if program := shutil.which("dot"):
        rows.append(("graphviz_png_ms", "graphviz: PNG, with its process", lambda _: draw_with_graphviz(diagram, program)))
    result: dict[str, float | int | str | None] = {
        "benchmark": "drawing",
        "nodes": 20,
        "links": len(diagram.edges()),
        "n": repeat,
    }
    print(f"{'20 nodes with labels, ' + str(result['links']) + ' links':44} {'median ms':>10} {'95% ms':>8}")
    for key, name, work in rows:
        median, late = milliseconds(work, repeat)
        result[key] = round(median, 3)
        print(f"{name:44} {median:10.2f} {late:8.2f}")
    if not program:
        result["graphviz_png_ms"] = None
        print(f"{'graphviz':44} {'not installed (no `dot` on PATH)':>19}")
    result["times_faster_than_matplotlib"] = round(float(result["matplotlib_draw_ms"]) / float(result["draw_ms"]), 1)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
