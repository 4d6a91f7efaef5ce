"""Diagrams and texts in frames side by side, as markup for a notebook or a page. Used by notebooks 01 to 05 and 07.

Rule: the pictures travel inside the page, so that it opens without a network; words are shown as text, never as markup.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diaglib.diagram.model import Diagram


def grid(cards: Sequence[str], columns: int = 2) -> str:
    """Cards in at most so many columns; fewer on a phone."""
    widths = f"repeat(auto-fit,minmax(min(100%,max({600 // columns}px,{100 / columns:.1f}% - 16px)),1fr))"
    return f'<div style="display:grid;grid-template-columns:{widths};gap:16px">{"".join(cards)}</div>'


def card(title: str, words: str, shown: str) -> str:
    """A frame with a title, words under it and markup to show; it names no colour, so that a dark page stays dark."""
    return (
        '<figure style="margin:0;border:1px solid #8886;border-radius:8px;padding:12px">'
        f'<figcaption style="font-size:13px;line-height:1.45;white-space:pre-wrap"><b>{html.escape(title)}</b>'
        f"{html.escape(words)}</figcaption>{shown}</figure>"
    )


def picture(diagram: Diagram, words: str = "") -> str:
    """A diagram as an image in the page; `words` for those who do not see it."""
    data = base64.b64encode(diagram.to_svg().encode()).decode()
    return f'<img alt="{html.escape(words)}" style="width:100%" src="data:image/svg+xml;base64,{data}">'
