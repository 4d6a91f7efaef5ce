"""A report carries the Hangul it shows, and nothing where it shows none."""

import base64
import io
import re

from diaglib.runs.report_font import with_hangul_font

PAGE = "<html><head><title>x</title></head><body>{}</body></html>"


def test_a_page_carries_the_letters_it_holds_and_no_others() -> None:
    from fontTools.ttLib import TTFont

    page = with_hangul_font(PAGE.format("기억 기억 memory"))
    data = re.search(r"data:font/woff;base64,([^)]*)\)", page)[1]
    letters = set(TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap())
    assert {ord("기"), ord("억")} <= letters
    assert ord("값") not in letters
    assert page.index("@font-face") < page.index("</head>")


def test_a_page_without_hangul_stays_as_it_is() -> None:
    assert with_hangul_font(PAGE.format("memory")) == PAGE.format("memory")
