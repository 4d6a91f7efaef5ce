"""How a diagram looks: direction, view, palette, shapes, lines; and how to draw several distinct looks of one plan.

Used by notebooks 02 and 07. Rule: every fill is pale enough for dark text (WCAG contrast of at least 4.5).
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diaglib.diagram.kinds import DATA_KINDS, LAYER_KINDS
from diaglib.diagram.model import LINES, Colour

if TYPE_CHECKING:
    from diaglib.diagram.plan import Plan

DIRECTIONS = ("auto", "right", "down")
VIEWS = ("auto", "node", "layer")
SHAPE_SETS = ("published", "swapped", "rectangle", "round rectangle")
LABEL_COLOUR: Colour = (32, 32, 32)
MAX_NODE_VIEW_PRODUCT = 45
MAX_NODE_VARIANT_PRODUCT = 130  # up to here the nodes of a layer are still told apart, so a variant may show them
MIN_TEXT_CONTRAST = 4.5


@dataclass(frozen=True, slots=True)
class Palette:
    """Fills and the stroke (outline and line colour) that goes with each, as RGB 0..255."""

    fills: tuple[Colour, ...]
    strokes: tuple[Colour, ...]


def _hex(text: str) -> tuple[Colour, ...]:
    """Colours from `rrggbb` words."""
    return tuple((int(word[:2], 16), int(word[2:4], 16), int(word[4:], 16)) for word in text.split())


def _tints(text: str, paleness: float, depth: float) -> Palette:
    """A palette of one fill and one stroke per hue: mixed with white by `paleness`, darkened to `depth` of itself."""
    hues = _hex(text)
    fills = tuple(tuple(round(255 * paleness + part * (1 - paleness)) for part in hue) for hue in hues)
    strokes = tuple(tuple(round(part * depth) for part in hue) for hue in hues)
    return Palette(fills, strokes)  # type: ignore[arg-type]


PALETTES: dict[str, Palette] = {
    # the manner of the published diagrams: greyish tints in steps of 16, lines nearly black
    "published": Palette(
        _hex("d0e0f0 f0e0d0 e0f0e0 e0d0e8 f0f0d0 d0d0d0 d0e8e8 f0d8e0 e8e8e8 d0d0f0 e0e0c0 f8f8f8"),
        _hex("203048 604020 205030 503060 505020 303030 204848 602840 505050 303060 484828 000000"),
    ),
    # Okabe & Ito (2008), Color Universal Design: distinct for every common colour blindness
    "okabe-ito": _tints("56b4e9 e69f00 009e73 cc79a7 f0e442 0072b2 d55e00 999999", 0.55, 0.45),
    # Paul Tol, Colour Schemes (2021), `light` and `pale`: distinct as backgrounds of black text
    "tol": _tints("77aadd ee8866 eedd88 ffaabb 99ddff 44bb99 bbcc33 aaaa00 dddddd", 0.4, 0.45),
    "mono": Palette(
        _hex("ffffff e6e6e6 f4f4f4 d2d2d2 fafafa dcdcdc ececec c8c8c8"), _hex("000000 1e1e1e 3c3c3c 282828 505050 141414")
    ),
    "pastel": _tints("5b8ff9 5ad8a6 f6bd16 e8684a 6dc8ec 9270ca ff9d4d 269a99 ff99c3 7d8fb3", 0.72, 0.5),
    "ocean": _tints("0b7285 1971c2 2b8a3e 5c7cfa 3bc9db 12b886 74c0fc 868e96", 0.7, 0.62),
    "warm": _tints("e8590c f08c00 c2255c 9c36b5 e03131 a9723a d6336c 846358", 0.74, 0.62),
    "slide": Palette(
        _hex("dae8fc d5e8d4 ffe6cc fff2cc f8cecc e1d5e7 f5f5f5 cce5e5"),
        _hex("3f628f 4f7a38 a86a00 8f7420 964440 74557f 555555 2f7070"),
    ),
}


@dataclass(frozen=True, slots=True)
class Style:
    """One look. `auto` means the published rule.

    direction: the way the links run; view: one shape a node or one a layer (networks); palette: a name in `PALETTES`;
    labels: whether shapes carry their captions; shapes: which shape a kind gets; line: one of `model.LINES`, or `auto`;
    first_colour: the palette's colour that the first kind gets. Raises ValueError for a value that is not known.
    """

    direction: str = "auto"
    view: str = "auto"
    palette: str = "published"
    labels: bool = True
    shapes: str = "published"
    line: str = "auto"
    first_colour: int = 0

    def __post_init__(self) -> None:
        for name, known in (
            ("direction", DIRECTIONS),
            ("view", VIEWS),
            ("palette", PALETTES),
            ("shapes", SHAPE_SETS),
            ("line", ("auto", *LINES)),
        ):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} '{getattr(self, name)}' is not known: choose one of {', '.join(known)}")


@dataclass(frozen=True, slots=True)
class Look:
    """Fill, stroke and shape of one kind."""

    fill: Colour
    stroke: Colour
    shape: str


def looks(plan: Plan, style: Style) -> dict[str, Look]:
    """One colour and shape per kind, in the order the kinds come; a second round of the fills gets other strokes."""
    palette = PALETTES[style.palette]
    kinds = list(dict.fromkeys(node.kind for node in plan.nodes))
    found = {}
    for i, kind in enumerate(kinds):
        turn, place = i // len(palette.fills), (i + style.first_colour) % len(palette.fills)
        stroke = palette.strokes[(place + 3 * turn) % len(palette.strokes)]
        found[kind] = Look(palette.fills[place], stroke, shape_of(kind, style.shapes))
    return found


def shape_of(kind: str, shapes: str = "published") -> str:
    """Published: databases and models are circles, other data round, work and layers square, ends and poolings round."""
    if shapes in {"rectangle", "round rectangle"}:
        return shapes
    if kind in {"db", "model"}:
        return "circle"
    rounded = kind in {"input", "output", "pool", "add", "concat", "norm", "dropout", "embedding"}
    if kind not in LAYER_KINDS:
        rounded = kind in DATA_KINDS
    return "round rectangle" if rounded != (shapes == "swapped") else "rectangle"


def fits_node_view(plan: Plan) -> bool:
    """The published rule: dense layers only, one after the other, no two neighbours with over 45 links between them."""
    return drawable_node_by_node(plan) and _largest_product(plan) <= MAX_NODE_VIEW_PRODUCT


def _largest_product(plan: Plan) -> int:
    """The most links between two neighbouring layers of a chain that is linked fully."""
    sizes = [node.size or 0 for node in plan.nodes]
    return max((a * b for a, b in itertools.pairwise(sizes)), default=sizes[0])


def drawable_node_by_node(plan: Plan) -> bool:
    """Whether the plan is a chain of dense layers whose sizes are all known."""
    kinds = {node.kind for node in plan.nodes}
    known = all(node.size is not None and not node.is_map for node in plan.nodes)
    return bool(plan.nodes) and kinds <= {"input", "dense", "output"} and known and plan.is_chain


def random_style(seed: int, plan: Plan) -> Style:
    """One readable look of this plan, the same for the same seed."""
    return styles(plan, 2, seed)[1]


def styles(plan: Plan, count: int, seed: int = 0) -> list[Style]:
    """`count` looks, the first the default, no two alike while the choices last (over 100 for any plan).

    Neighbours in the list differ in palette and, as far as the plan allows, in direction or view, so that even a few
    looks are clearly different ones.
    """
    if count <= 0:
        return []
    generator = random.Random(seed)
    views: tuple[str, ...] = ("auto",)
    if drawable_node_by_node(plan) and _largest_product(plan) <= MAX_NODE_VARIANT_PRODUCT:
        views = ("auto", "layer" if fits_node_view(plan) else "node")  # the published rule first, then the other one
    layouts = list(itertools.product(("right", "down"), views))
    shape_sets = ["published", "swapped", "round rectangle"]
    palettes = [name for name in PALETTES if name != Style().palette]
    for choices in (layouts, shape_sets, palettes):
        generator.shuffle(choices)
    palettes.append(Style().palette)
    found: dict[Style, None] = {Style(): None}
    for turn in range(40 * count):
        if len(found) >= count:
            break
        # one step further with each round of the palettes, so that a palette comes back in another arrangement
        lap = turn // len(palettes)
        direction, view = layouts[(turn + lap) % len(layouts)]
        palette, shapes = palettes[turn % len(palettes)], shape_sets[(turn + lap) % len(shape_sets)]
        first = generator.randrange(len(PALETTES[palette].fills))
        found.setdefault(Style(direction, view, palette, True, shapes, "auto", first))
    return list(found)[:count]


def relative_luminance(colour: Colour) -> float:
    """0 (black) .. 1 (white). Source: WCAG 2.2, relative luminance."""
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """1 (the same) .. 21 (black on white). Source: WCAG 2.2, contrast ratio; text needs at least 4.5."""
    light, dark = sorted((relative_luminance(one), relative_luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
