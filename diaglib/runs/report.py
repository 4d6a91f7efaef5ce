"""Makes the pages people read: one report a notebook, one index a profile.

Used by `diaglib run`. Rule: a page opens with no network and names no path of the machine it was made on.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from sysconfig import get_path
from tempfile import gettempdir
from typing import Any

from diaglib.files import write_whole
from diaglib.profiles import Profile
from diaglib.runs.report_font import with_hangul_font
from diaglib.runs.series import LIBRARY, Entry, output_root

TEMPLATES = Path(__file__).with_name("report_template")
_BADGE = re.compile(r"\[!\[[^\]]*\]\([^)]*\)\]\((?P<address>[^)]*)\)")
_PICTURES = {"image/svg+xml": "headline.svg", "image/png": "headline.png"}
_SECTION = re.compile(r"<h2[^>]*>(?P<title>.*?)</h2>", re.DOTALL)
_NO_NAME = re.compile(r'alt="(No description has been provided for this image)?"')
_FIRST_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


def write_report(notebook: Path, report: Path, facts: Sequence[str] = (), error: str = "", leaves: str = "") -> None:
    """The executed notebook as one self-contained HTML file, and its headline picture beside it.

    `facts` are told at the top, and `error`, the reason of a run that did not come to its end. `leaves` is linked as what
    the notebook leaves behind. The headline is the first picture of the cell tagged `headline`, else of the first cell
    that shows one.
    """
    import nbformat
    from nbconvert import HTMLExporter
    from pygments.formatters import HtmlFormatter

    book = nbformat.read(notebook, as_version=4)
    title = notebook.parent.name
    for cell in book.cells:
        if cell.cell_type == "markdown":
            cell.source = _BADGE.sub(r"[Open in Colab](\g<address>)", cell.source)  # a badge is loaded from the network
            if first := _FIRST_TITLE.search(cell.source):
                title = first[1] if title == notebook.parent.name else title
    for old in _PICTURES.values():
        (report.parent / old).unlink(missing_ok=True)
    if found := find_headline(book.cells):
        (report.parent / found[0]).write_bytes(found[1])
    exporter = HTMLExporter(
        template_name=TEMPLATES.name,
        extra_template_basedirs=[str(TEMPLATES.parent)],
        embed_images=True,
        exclude_anchor_links=True,
    )
    script = (TEMPLATES / "tables.js").read_text(encoding="utf-8")
    told = {
        "title": title,
        "style": (TEMPLATES / "style.css").read_text(encoding="utf-8"),
        "leaves": leaves,
        "facts": facts,
        "error": error,
        "policy": content_policy(script),
        "dark_code": HtmlFormatter(style="github-dark").get_style_defs(".highlight"),
    }
    page, _ = exporter.from_notebook_node(book, {"diaglib": told})
    page = with_hangul_font(hide_machine_paths(_with_contents(page)))
    write_whole(report, page.replace("<!-- script -->", f"<script>{script}</script>").encode())


def content_policy(script: str) -> str:
    """What a browser may do on a report: show what is in the page and run this one script, known by its hash.

    A script or an address that reached the page in a model's answer does nothing. Source: W3C, CSP level 3.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; script-src 'sha256-{digest}'"


def _with_contents(page: str) -> str:
    """The page with its sections listed and linked at the top, and every picture named after its section."""
    places = list(_SECTION.finditer(page))
    titles = [re.sub(r"<[^>]*>", "", place["title"]).strip() for place in places]  # escaped already, as it stands in the page
    addresses = [f"{number}-{re.sub(r'[^a-z0-9]+', '-', title.lower()).strip('-')}" for number, title in enumerate(titles, 1)]
    listed = "".join(f'<li><a href="#{address}">{title}</a></li>' for address, title in zip(addresses, titles, strict=True))
    contents = f'<nav class="contents" aria-label="contents"><ol>{listed}</ol></nav>' if len(places) > 1 else ""
    parts = [page[: places[0].start()] if places else page]
    for place, following, title, address in zip_longest(places, places[1:], titles, addresses):
        section = page[place.end() : following.start() if following else len(page)]
        here = f'<a class="here" href="#{address}" aria-label="link to this section">#</a>'
        parts.append(f'<h2 id="{address}">{place["title"]}{here}</h2>')
        name = title.replace('"', "&quot;").replace("\\", "&#92;")  # a backslash would speak to `re`
        parts.append(_NO_NAME.sub(f'alt="{name}"', section))
    return "".join(parts).replace("<!-- contents -->", contents, 1)


def find_headline(cells: list[Any]) -> tuple[str, bytes] | None:
    """File name and content of the picture that stands for a notebook, or None where it shows none."""
    tagged = [cell for cell in cells if "headline" in cell.metadata.get("tags", ())]
    for cell in [*tagged, *cells]:
        for output in cell.get("outputs", ()):
            for kind, file in _PICTURES.items():
                if data := output.get("data", {}).get(kind):
                    return file, data.encode() if kind == "image/svg+xml" else base64.b64decode(data)
    return None


def headline_words(notebook: Path) -> str:
    """The sentence the cell tagged `headline` ends with, without its marks; empty where it has none."""
    import nbformat

    for cell in nbformat.read(notebook, as_version=4).cells:
        if "headline" in cell.metadata.get("tags", ()):
            for output in reversed(cell.get("outputs", ())):
                if words := output.get("data", {}).get("text/markdown"):
                    return re.sub(r"[*`>]", "", words).strip()
    return ""


def hide_machine_paths(text: str) -> str:
    """Paths as they would be on any machine: `outputs` for where runs write, relative to this folder, `~` for the home,
    `python` for the interpreter's, `tmp` for temporary files. Ways to them over `..` are hidden too."""
    here, outputs = Path.cwd(), output_root().resolve()
    places = {str(place): "" for place in (LIBRARY.parent, here, here.resolve())}
    places |= {gettempdir(): "tmp", str(Path.home()): "~", sys.prefix: "python", get_path("stdlib"): "python"}
    if not outputs.is_relative_to(here.resolve()):
        places |= {str(outputs): "outputs", os.path.abspath(output_root()): "outputs"}
    ways = {os.path.relpath(place): shown for place, shown in places.items()}
    places |= {way: shown for way, shown in ways.items() if way.startswith("..")}
    for place in sorted(places, key=len, reverse=True):  # the most exact first
        if Path(place).name not in ("", ".."):
            whole = rf"(?:(?<![\w.~/+])|(?<=file://)){re.escape(place)}"  # never inside another path or a picture's data
            shown = places[place]
            text = re.sub(rf"{whole}/", f"{shown}/" if shown else "", text)
            text = re.sub(rf"{whole}(?![\w.-]*\w)", shown or ".", text)
    return text


def write_index(folder: Path, profile: Profile, entries: Sequence[Entry]) -> Path:
    """`index.html` of a profile's runs: every notebook with its state, time, reports and headline picture."""
    from jinja2 import Environment, FileSystemLoader

    from diaglib.runs.execute import REPORT_FILE
    from diaglib.runs.records import read_result

    results = [read_result(folder / entry.name) for entry in entries]
    rows = []
    for entry, result in zip(entries, results, strict=True):
        place = folder / entry.name
        rows.append(
            {
                "name": entry.name,
                "number": entry.number,
                "title": entry.name.replace("_", " "),
                "question": entry.question,
                "result": result,
                "report": (place / REPORT_FILE).exists(),
                "picture": next((file for file in _PICTURES.values() if (place / file).exists()), ""),
                "leaves": entry.left(place),
            }
        )
    finished = sum(result is not None and result.status == "done" for result in results)
    template = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True).get_template("series.html.j2")
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    page = template.render(profile=profile, rows=rows, finished=finished, style=style)
    return write_whole(folder / "index.html", hide_machine_paths(page).encode())
