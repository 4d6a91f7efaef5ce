"""The page of a run: what it shows at its top, tables that sort, and hostile output that stays words."""

from __future__ import annotations

import base64
import hashlib
import re

import nbformat
import pytest
from browser import HAS_BROWSER, asked_for, console, open_browser, show_at

from diaglib.runs.report import write_report

HOSTILE = (
    "<script>document.title = 'taken over'</script><img src=x onerror=\"document.title = 'taken over'\">"
    '<img src="https://example.invalid/spy.png"><style>@import "https://example.invalid/spy.css";</style>'
)
TABLE = (
    "<table><thead><tr><th>model</th><th>MiB</th></tr></thead><tbody>"
    "<tr><td>b</td><td>1,200</td></tr><tr><td>a</td><td>90</td></tr><tr><td>c</td><td>OOM</td></tr></tbody></table>"
)


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
