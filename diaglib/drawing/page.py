"""The page that shows a drawing: one HTML file with pictures, scores and warnings that opens without a network.

Used by `files`. Rule: everything that came from outside is escaped; the SVG is our own and stands inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diaglib.drawing.draw import Drawing

TEMPLATE_FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(TEMPLATE_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("page.html.j2")


def render_page(prompt: str, drawings: Sequence[Drawing], files: Sequence[dict[str, str]], notes: Sequence[str] = ()) -> str:
    """The HTML of the page; `files` are file names by format for every drawing, relative to the page; `notes` say how the
    scores were made."""
    return _template().render(
        prompt=prompt,
        notes=notes,
        shown=[
            {
                "drawing": drawing,
                "picture": _as_picture(drawing.diagram.to_svg()),
                "alt": describe(drawing),
                "files": names,
                "scores": [
                    (name, value)
                    for name, value in (("readability", drawing.readability), ("taste", drawing.taste))
                    if value is not None
                ],
                "parts": [(name.replace("_", " "), value) for name, value in drawing.legibility.items()],
            }
            for drawing, names in zip(drawings, files, strict=True)
        ],
    )


def _as_picture(svg: str) -> str:
    """A data address of the SVG: inside an `img` it can neither run scripts nor clash with another picture's ids."""
    from base64 import b64encode

    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()


def describe(drawing: Drawing) -> str:
    """The diagram in words, for those who do not see it."""
    captions = [node.caption.replace("\n", " ") for node in drawing.plan.nodes]
    shown = captions if len(captions) <= 20 else [*captions[:18], f"{len(captions) - 19} more", captions[-1]]
    if drawing.plan.is_chain:
        return f"Diagram of {len(captions)} {'layers' if drawing.plan.family == 'network' else 'steps'}: " + " → ".join(shown)
    links = sum(len(node.links) for node in drawing.plan.nodes)
    return f"Diagram of {len(captions)} shapes and {links} links: " + ", ".join(shown)
