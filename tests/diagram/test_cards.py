"""Frames of diagrams and texts: words stay words, and no colour of the page is named."""

import re

from diaglib.diagram import Plan
from diaglib.diagram.picture.cards import card, grid, picture
from diaglib.tuning.report import texts_side_by_side

HOSTILE = "<script>x</script>\"'&"


def test_what_a_model_wrote_is_shown_as_text() -> None:
    diagram = Plan.from_text("0 input 3\n1 output 2\nend").layout()
    for markup in (
        card(HOSTILE, HOSTILE, picture(diagram, HOSTILE)),
        texts_side_by_side(HOSTILE, {HOSTILE: HOSTILE}).data,
    ):
        assert "<script" not in markup
        assert markup.count("&lt;script&gt;x&lt;/script&gt;&quot;&#x27;&amp;") == 3


def test_a_frame_leaves_ink_and_ground_to_its_page() -> None:
    markup = grid([card("title", "words", "shown")])
    assert not re.search(r"[;\"](color|background)[^;]*:", markup)
