"""Several diagrams side by side in a notebook, each with its words. Used by notebooks 01, 02, 05 and 07."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from diaglib.diagram.picture.cards import card, grid, picture

if TYPE_CHECKING:
    from IPython.display import HTML

    from diaglib.diagram import Diagram


def gallery(items: Iterable[tuple[str, str, Diagram]], columns: int = 2) -> HTML:
    """(title, words, diagram) as a grid of cards, to be the value of a notebook cell; the words keep their line breaks."""
    from IPython.display import HTML

    return HTML(grid([card(f"{title}\n", words, picture(diagram)) for title, words, diagram in items], columns))
