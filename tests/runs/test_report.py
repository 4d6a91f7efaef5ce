"""The page of a run: what it shows at its top, tables that sort, and hostile output that stays words."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import time
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import nbformat
import pytest
from browser import HAS_BROWSER, asked_for, console, open_browser, show_at

from diaglib.diagram.picture.cards import card, grid
from diaglib.runs.report import TEMPLATES, write_report

HOSTILE = (
    "<script>document.title = 'taken over'</script><img src=x onerror=\"document.title = 'taken over'\">"
    '<img src="https://example.invalid/spy.png"><style>@import "https://example.invalid/spy.css";</style>'
)
TABLE = (
    "<table><thead><tr><th>model</th><th>MiB</th></tr></thead><tbody>"
    "<tr><td>b</td><td>1,200</td></tr><tr><td>a</td><td>90</td></tr><tr><td>c</td><td>OOM</td></tr></tbody></table>"
)


WIDE_COLUMNS = [f"measured column {number}" for number in range(26)]
WIDE_TABLE = (
    f"<table><thead><tr>{''.join(f'<th>{name}</th>' for name in ('candidate', *WIDE_COLUMNS))}</tr></thead><tbody>"
    f"<tr><td>deepseek-ai/DeepSeek-Coder-V2-Lite-Instruct</td>{'<td>1,234</td>' * 26}</tr></tbody></table>"
)


def write_page(folder: Path, *outputs) -> Path:
    """The report of a notebook with a parameters cell and one that shows `outputs`."""
    v4 = nbformat.v4
    cells = [
        v4.new_markdown_cell("# 01 Good\n\n## First"),
        v4.new_code_cell("SEED = 'none'  # any", metadata={"tags": ["injected-parameters"]}),
        v4.new_code_cell("show()", outputs=list(outputs)),
    ]
    nbformat.write(v4.new_notebook(cells=cells), folder / "notebook.ipynb")
    write_report(folder / "notebook.ipynb", folder / "report.html")
    return folder / "report.html"


def shown_html(text: str):
    return nbformat.v4.new_output("display_data", data={"text/html": text})


@pytest.fixture
def page(tmp_path):
    """The path of a report whose notebook shows a table, a picture and what a hostile model wrote."""
    v4 = nbformat.v4
    shown = [
        v4.new_output("display_data", data={"text/html": TABLE}),
        v4.new_output("display_data", data={"text/html": HOSTILE, "text/plain": "hostile"}),
        v4.new_output("display_data", data={"image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'}),
    ]
    cells = [
        v4.new_markdown_cell("# 01 Good"),
        v4.new_markdown_cell("## First"),
        v4.new_code_cell("show()", outputs=shown),
        v4.new_markdown_cell("## Second <b>part</b>"),
    ]
    (tmp_path / "run").mkdir()
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "run" / "notebook.ipynb")
    report = tmp_path / "run" / "report.html"
    write_report(tmp_path / "run" / "notebook.ipynb", report, ["profile local", "<b>fact</b>"], "cell 3: <i>broken</i>")
    return report


def test_facts_error_and_contents_stand_at_the_top_escaped(page) -> None:
    top = page.read_text().split('<h2 id="1-first">')[0]
    assert "<li>&lt;b&gt;fact&lt;/b&gt;</li>" in top
    assert re.search(r'role="alert".*cell 3: &lt;i&gt;broken&lt;/i&gt;', top, re.DOTALL)
    assert '<a href="#1-first">First</a>' in top


def test_pictures_are_named_after_their_section(page) -> None:
    assert 'alt="First"' in page.read_text()


def test_the_policy_lets_only_the_reports_own_script_run(page) -> None:
    text = page.read_text()
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)[-1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'content="(default-src[^"]*)"', text)[1].replace("&#39;", "'")
    assert f"script-src 'sha256-{digest}'" in policy
    assert "unsafe-eval" not in policy


@pytest.mark.skipif(not HAS_BROWSER, reason="no chromium with its driver on this machine")
def test_in_a_browser_tables_sort_and_nothing_hostile_happens(page, tmp_path) -> None:
    with open_browser(tmp_path / "browser") as driver:
        show_at(driver, 1280)
        driver.get(f"file://{page}")
        heads = driver.find_elements("css selector", "th.sorts")

        def column(number: int) -> list[str]:
            return [cell.text for cell in driver.find_elements("css selector", f"tbody td:nth-child({number})")]

        heads[1].click()
        assert column(2) == ["90", "1,200", "OOM"]
        heads[1].click()
        assert column(2) == ["OOM", "1,200", "90"]
        heads[0].click()
        assert column(1) == ["a", "b", "c"]
        assert driver.find_element("css selector", "button.csv").text == "save as CSV"
        assert driver.title == "01 Good"
        assert asked_for(driver) == []
        complaints = console(driver)
        assert complaints, "the browser tells what it did not run"
        assert all("Content Security Policy" in words or "ERR_FILE_NOT_FOUND" in words for words in complaints), complaints


def test_what_a_cell_prints_is_one_box_and_progress_its_last_state(tmp_path) -> None:
    printed = [nbformat.v4.new_output("stream", text=text) for text in ("1 of 2\n", "10%\r50%", "\r100%\n", "2 of 2\n")]
    text = write_page(tmp_path, *printed).read_text()
    assert text.count('<div class="output_subarea output_stream') == 1
    assert re.search(r"<pre>1 of 2\n100%\n2 of 2\n?</pre>", text)


def test_an_installed_library_brings_all_that_a_report_is_made_of() -> None:
    project = tomllib.loads((TEMPLATES.parents[2] / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["diaglib"]
    missing = [file.name for file in TEMPLATES.iterdir() if not any(fnmatch(f"x/{file.name}", one) for one in patterns)]
    assert missing == []


def print_page(driver, paper: dict[str, float], tries: int = 5) -> str:
    """The page as a PDF, base64: a browser on a busy machine answers "Printing failed" at times, and prints the next moment."""
    from selenium.common.exceptions import WebDriverException

    try:
        return driver.execute_cdp_cmd("Page.printToPDF", paper)["data"]
    except WebDriverException as error:
        if tries < 2 or "Printing failed" not in str(error):
            raise
    time.sleep(2)
    return print_page(driver, paper, tries - 1)


@pytest.mark.skipif(not HAS_BROWSER, reason="no chromium with its driver on this machine")
def test_on_paper_no_column_of_a_wide_table_is_lost_and_afterwards_it_is_whole_again(tmp_path) -> None:
    import pypdfium2

    with open_browser(tmp_path / "browser") as driver:
        driver.get(f"file://{write_page(tmp_path, shown_html(WIDE_TABLE))}")
        a4 = {"paperWidth": 8.27, "paperHeight": 11.69}
        printed = io.BytesIO(base64.b64decode(print_page(driver, a4)))
        assert len(driver.find_elements("css selector", "table")) == 1
        assert driver.find_element("css selector", "table").is_displayed()
    inside = []
    for sheet in pypdfium2.PdfDocument(printed):
        text = sheet.get_textpage()
        places = [text.get_charbox(place) for place in range(text.count_chars())]
        assert max(right for _, _, right, _ in places) <= sheet.get_width()
        inside.append(text.get_text_bounded())
    words = " ".join(" ".join(inside).split())
    assert [name for name in WIDE_COLUMNS if name not in words] == []
    assert words.count("candidate") > 1, "each part names its rows"


@pytest.mark.skipif(not HAS_BROWSER, reason="no chromium with its driver on this machine")
def test_in_the_dark_only_pictures_are_white(tmp_path) -> None:
    cards = grid([card("title", "words", '<img src="data:,">')])
    shown = [shown_html(WIDE_TABLE), shown_html(cards), nbformat.v4.new_output("stream", text="printed")]
    report = write_page(tmp_path, *shown)
    brightness = """
      const luma = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).reduce((sum, part) => sum + parseFloat(part) / 3, 0);
      return [...document.querySelectorAll(arguments[0])].filter((one) => one.offsetWidth).map((one) => {
        let behind = one;
        while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
        return [luma(getComputedStyle(one).color), luma(getComputedStyle(behind).backgroundColor)];
      })"""
    with open_browser(tmp_path / "browser") as driver:
        dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
        driver.get(f"file://{report}")
        for place in ("td", "th", "figcaption", "figcaption b", ".output_stream pre", ".highlight pre", ".highlight span", "p"):
            found = driver.execute_script(brightness, place)
            assert all(ink - ground > 80 and ground < 80 for ink, ground in found), (place, found)
            assert found or place == "p"
        assert [ground for _, ground in driver.execute_script(brightness, "figure img")] == [255]


@pytest.mark.skipif(not HAS_BROWSER, reason="no chromium with its driver on this machine")
@pytest.mark.parametrize("width", [390, 500])
def test_on_a_phone_a_table_scrolls_in_its_box_and_names_are_not_broken(tmp_path, width) -> None:
    with open_browser(tmp_path / "browser") as driver:
        show_at(driver, width)
        driver.get(f"file://{write_page(tmp_path, shown_html(WIDE_TABLE))}")
        assert driver.execute_script("return document.documentElement.scrollWidth") == width
        name, value = driver.find_elements("css selector", "td")[:2]
        assert name.size["height"] == value.size["height"] < 50
