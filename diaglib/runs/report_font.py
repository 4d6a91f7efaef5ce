"""The Hangul of a report, carried inside it: few machines outside Korea have a font for it. Used by `diaglib run`.

Rule: a page opens with no network and shows the same letters everywhere; only the letters it holds are carried.
"""

from __future__ import annotations

import base64
import io
import re

from diaglib.diagram.picture.fonts import font_path, font_stream

_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_RANGES = "U+1100-11FF, U+3130-318F, U+AC00-D7A3"


def with_hangul_font(page: str) -> str:
    """The page with a font of its Hangul in its head; as it is where it holds none, or where this machine has no such font."""
    letters = "".join(sorted(set(_HANGUL.findall(page))))
    path = font_path()
    if not letters or path is None or "Nanum" not in path.stem:
        return page
    from fontTools import subset

    options = subset.Options(flavor="woff", layout_features=[], hinting=False, notdef_outline=True)
    options.drop_tables += [f"TSI{number}" for number in range(6)]  # the font makers' own notes
    font = subset.load_font(font_stream(), options)
    chosen = subset.Subsetter(options)
    chosen.populate(text=letters)
    chosen.subset(font)
    data = io.BytesIO()
    subset.save_font(font, data, options)
    face = (
        f'@font-face {{ font-family: "NanumGothic"; unicode-range: {_RANGES}; '
        "font-display: block; "
        f"src: url(data:font/woff;base64,{base64.b64encode(data.getvalue()).decode()}) format('woff'); }}"
    )
    return page.replace("</head>", f"<style>{face}</style>\n</head>", 1)
