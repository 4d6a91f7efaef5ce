"""The choice is computed from the table by a rule that a user writes, and the table shows failures as values."""

import json
import shutil
import subprocess

import pandas
import pytest

from diaglib.candidates.choose import choose, pareto_front, read_rule
from diaglib.candidates.pictures import intervals, latency, lora_cost, memory_against_quality
from diaglib.candidates.table import FIRST, LAST, as_html, comparison, rated, write_table

ROWS = [
    {"candidate": "large", "status": "done", "passed": 9, "asked": 10, "rate": 0.9, "low": 0.6, "high": 0.98, "memory_mib": 900.0,
     "response_s": 2.0, "first_token_s": 0.1, "decode_tokens_per_s": 30.0, "lora_r16_s": 3.0, "lora_r16_mib": 990.0},
    {"candidate": "small", "status": "done", "passed": 9, "asked": 10, "rate": 0.9, "low": 0.6, "high": 0.98, "memory_mib": 100.0,
     "response_s": 3.0, "first_token_s": 0.2, "decode_tokens_per_s": 90.0, "lora_r16_s": 1.0, "lora_r16_mib": 110.0},
    {"candidate": "poor", "status": "done", "passed": 1, "asked": 10, "rate": 0.1, "low": 0.02, "high": 0.4, "memory_mib": 50.0,
     "response_s": 1.0, "first_token_s": 0.1, "decode_tokens_per_s": 99.0},
    {"candidate": "floor", "status": "done", "passed": 10, "asked": 10, "rate": 1.0, "low": 0.7, "high": 1.0, "memory_mib": 1.0,
     "baseline": True},
    {"candidate": "<b>gone</b>", "status": "out of memory", "reason": "needs 31,000 MiB"},
]  # fmt: skip


@pytest.fixture
def table() -> pandas.DataFrame:
    lora = ["lora_r16_s", "lora_r16_mib"]
    frame = pandas.DataFrame(ROWS).reindex(columns=[*FIRST, *LAST, *lora, "baseline"])
    return frame.assign(baseline=frame.baseline.eq(True))


def test_the_higher_bound_wins_then_less_memory_then_less_time(table):
    choice = choose(table)
    assert choice.name == "small"
    assert choice.ranking == ("small", "large", "poor")
    assert choice.reason == "small and large are equal in low; small has the lowest memory mib: 100 against 900 of large."


def test_a_user_changes_the_rule_and_a_wrong_one_lists_the_columns(table):
    assert choose(table, "low response_s").name == "poor"
    assert choose(table, "high low, low response_s").name == "large"
    for wrong in ("memory_mib", "high beauty", ""):
        with pytest.raises(ValueError, match="rule"):
            read_rule(wrong, ["memory_mib"])


def test_a_baseline_or_a_failed_row_is_never_chosen(table):
    assert "floor" not in choose(table).ranking
    none = choose(table[table.candidate.isin(["floor", "<b>gone</b>"])])
    assert none.name is None
    assert "1 of 2 rows failed" in none.reason


def test_the_front_holds_those_that_none_beats_in_both(table):
    assert pareto_front(table) == ["small", "poor"]


def test_the_table_is_html_that_sorts_and_escapes_what_models_are_called(table):
    page = as_html(table)
    assert "<b>gone</b>" not in page
    assert "&lt;b&gt;gone" in page
    assert "needs 31,000 MiB" in page
    assert "load s" not in page, "a column that is empty throughout is left out"


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on this machine")
def test_a_click_on_a_heading_sorts_with_empty_cells_last(table, tmp_path):
    page = next(path for path in write_table(table, tmp_path) if path.suffix == ".html")
    probe = (
        "<script>const head = [...document.querySelectorAll('th')].find(h => h.textContent === 'memory MiB');"
        "const names = () => [...document.querySelectorAll('tbody tr')].map(r => r.cells[0].textContent);"
        "head.click(); const up = names(); head.click(); document.title = JSON.stringify([up, names()])</script>"
    )
    page.write_text(page.read_text() + probe)
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'b'}", "--dump-dom"]
    shown = subprocess.run(["chromium", *options, f"file://{page}"], capture_output=True, text=True, check=True).stdout
    up, down = json.loads(shown.split("<title>")[-1].split("</title>")[0].replace("&lt;", "<").replace("&gt;", ">"))
    assert up == ["floor", "poor", "small", "large", "<b>gone</b>"]
    assert down == ["large", "small", "poor", "floor", "<b>gone</b>"]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on this machine")
def test_on_paper_the_page_of_the_table_loses_no_column(tmp_path):
    import pypdfium2

    row = {f"measured column {number}": 1.0001 + number for number in range(38)}
    wide = pandas.DataFrame([{"candidate": "one", "status": "done", **row, "reason": "word " * 20}])
    page = next(path for path in write_table(wide, tmp_path) if path.suffix == ".html")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'b'}"]
    subprocess.run(["chromium", *options, f"--print-to-pdf={tmp_path / 'page.pdf'}", f"file://{page}"], check=True)
    sheets = [sheet.get_textpage().get_text_bounded().split() for sheet in pypdfium2.PdfDocument(tmp_path / "page.pdf")]
    assert len(sheets) == 1
    assert [f"{value:.3g}" for value in row.values() if f"{value:.3g}" not in sheets[0]] == []


def test_every_picture_is_drawn_of_a_table_with_failures_and_of_one_without_figures(table):
    import matplotlib.pyplot as plt

    failed = table[table.status != "done"]
    for draw in (intervals, latency, lora_cost, memory_against_quality):
        for one in (table, failed):
            assert draw(one).axes
    texts = [text.get_text() for text in intervals(table).axes[0].texts]
    assert "out of memory" in texts
    assert "9/10" in texts
    plt.close("all")


def test_models_are_compared_on_the_same_questions(monkeypatch, table):
    answers = {"large": "1110", "small": "1000"}

    def right(rows, part="likelihood"):
        return {str(i): digit == "1" for i, digit in enumerate(answers[rows])}

    monkeypatch.setattr("diaglib.candidates.tasks.mcqa.right_answers", right)
    monkeypatch.setattr("diaglib.candidates.table.read_answers", lambda record, root: record["name"])
    records = [{"name": name, "status": "done"} for name in answers]
    found = comparison(records, table, None, "mcqa", "large").iloc[0]
    assert (found["against"], found["only large right"], found["only the other right"]) == ("small", 2, 0)
    assert found["p (McNemar)"] == 0.5


def test_ratings_of_an_unknown_candidate_list_the_known(tmp_path):
    (tmp_path / "r.csv").write_text("candidate,message,rating\none,x,4\none,y,5\n", encoding="utf-8")
    assert rated(tmp_path / "r.csv", [{"name": "one"}]) == {"one": {"rating": 4.5, "ratings": 2}}
    with pytest.raises(ValueError, match="no candidate 'one' in the table; known: two"):
        rated(tmp_path / "r.csv", [{"name": "two"}])
    assert rated("", []) == {}
