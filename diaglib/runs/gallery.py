"""Several diagrams side by side in a notebook, each with its words. Used by notebooks 02 and 07.

Rule: the pictures travel inside the page, so that a report opens without a network.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.display import HTML

    from diaglib.diagram import Diagram


def gallery(items: Iterable[tuple[str, str, Diagram]], columns: int = 2) -> HTML:
    """(title, words, diagram) as a grid of cards, to be the value of a notebook cell; the words keep their line breaks."""
    from IPython.display import HTML

    cards = "".join(_card(*item) for item in items)
    widths = f"repeat(auto-fit,minmax(min(100%,{900 // columns - 20}px),1fr))"  # on a phone one below the other
    return HTML(f'<div style="display:grid;grid-template-columns:{widths};gap:16px">{cards}</div>')


def _card(title: str, words: str, diagram: Diagram) -> str:
    picture = base64.b64encode(diagram.to_svg().encode()).decode()
    return (
        '<figure style="margin:0;border:1px solid #dfe3ea;border-radius:8px;padding:12px;background:#fff;color:#1d2433">'
        f'<figcaption style="font-size:13px;line-height:1.45;white-space:pre-wrap"><b>{html.escape(title)}</b>\n'
        f"{html.escape(words)}</figcaption>"
        f'<img alt="" style="width:100%" src="data:image/svg+xml;base64,{picture}"></figure>'
    )
