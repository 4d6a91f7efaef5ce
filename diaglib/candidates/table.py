"""Records as one table: quality with its interval, memory, times, LoRA cost, and a failure as a value beside them.

Used by notebook 01. Rule: figures of quality are judged anew from the kept answers each time; nothing in the table is typed in.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from diaglib.candidates.failures import DONE
from diaglib.candidates.settings import Settings
from diaglib.candidates.store import ANSWERS_FILE, read_answers
from diaglib.candidates.tasks import get_task
from diaglib.files import write_whole
from diaglib.statistics import wilson_interval

if TYPE_CHECKING:
    import pandas

# columns of the table that every task has, in order; the task's own figures stand between the two groups
FIRST = ("candidate", "status", "reason", "quantisation_needed", "precision", "passed", "asked", "rate", "low", "high")
LAST = (
    "parameters",
    "weights_mib",
    "memory_mib",
    "peak_process_mib",
    "peak_allocated_mib",
    "peak_reserved_mib",
    "load_s",
    "first_token_s",
    "decode_tokens_per_s",
    "response_s",
    "tokens_an_answer",
)


def results_table(
    records: Sequence[Mapping[str, Any]],
    task: str,
    settings: Settings,
    root: Path,
    *extra: Mapping[str, Mapping[str, Any]],
) -> pandas.DataFrame:
    """A row a record, in the given order.

    `passed` of `asked` is what the task counts as a pass, `low` and `high` its 95% interval; `memory_mib` is the peak the GPU
    had to reserve, or the process's on a CPU; `lora_r16_s` and its like are of each rank. `extra` are more columns by name of
    the candidate: predicted memory, published figures, ratings.
    """
    import pandas

    rows = [_row(record, task, settings, root) for record in records]
    for row in rows:
        for beside in extra:
            row |= beside.get(row["candidate"], {})
    names = list(dict.fromkeys(name for row in rows for name in row))
    own = [name for name in names if name not in (*FIRST, *LAST, "baseline") and not name.startswith("lora_")]
    lora = [name for name in names if name.startswith("lora_")]
    return pandas.DataFrame(rows).reindex(columns=[*FIRST, *own, *LAST, *lora, "baseline"])


def _row(record: Mapping[str, Any], task: str, settings: Settings, root: Path) -> dict[str, Any]:
    measured = record["measured"]
    row = {"candidate": record["name"], **{name: record[name] for name in ("status", "reason", "quantisation_needed")}}
    row |= {name: measured.get(name) for name in ("precision", *LAST)}
    row["memory_mib"] = measured.get("peak_reserved_mib") or measured.get("peak_process_mib")
    row["baseline"] = record["subject"]["baseline"]
    if record["status"] != DONE:
        return row
    figures = get_task(task).judge(read_answers(record, root), settings)
    if figures.get("asked"):
        low, high = wilson_interval(figures["passed"], figures["asked"])
        row |= figures | {"rate": figures["passed"] / figures["asked"], "low": low, "high": high}
    for rank, cost in record["lora"].items():
        row[f"lora_r{rank}_s"] = cost.get("seconds")
        row[f"lora_r{rank}_mib"] = cost.get("peak_reserved_mib") or cost.get("peak_process_mib")
        row[f"lora_r{rank}_loss"] = cost.get("final_loss")
        if cost["status"] != DONE:
            row[f"lora_r{rank}_reason"] = f"{cost['status']}: {cost['reason']}"
    return row


def tried_before(records: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Every way of holding weights that did not fit, with its reason."""
    return [{"candidate": record["name"], **rung} for record in records for rung in record["tried"]]


def comparison(
    records: Sequence[Mapping[str, Any]], table: pandas.DataFrame, root: Path, task: str, best: str | None
) -> pandas.DataFrame:
    """The chosen candidate against each other row: on the same questions with McNemar's test, where the task has right answers;
    else the difference of what the rule looks at."""
    import pandas

    from diaglib.candidates.tasks.mcqa import right_answers
    from diaglib.statistics import mcnemar_p

    measured = table[(table.status == DONE) & table.low.notna()]
    if task != "mcqa" or best is None:
        return measured[["candidate", "passed", "asked", "low", "memory_mib", "response_s"]]
    right = {record["name"]: right_answers(read_answers(record, root)) for record in records if record["status"] == DONE}
    own = right.pop(best)
    rows = []
    for name, other in right.items():
        shared = own.keys() & other.keys()
        only_best = sum(own[item] and not other[item] for item in shared)
        only_other = sum(other[item] and not own[item] for item in shared)
        found = {"against": name, "questions": len(shared), f"only {best} right": only_best, "only the other right": only_other}
        rows.append(found | {"p (McNemar)": mcnemar_p(only_best, only_other)})
    return pandas.DataFrame(rows)


def rated(path: str | Path, records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """By name of the candidate, a person's mean rating and how many answers were rated; nothing where no file is named.

    Raises ValueError for a wrong file, or for a candidate that is not in the table.
    """
    from diaglib.candidates.tasks.chat import read_ratings

    if not path:
        return {}
    found = read_ratings(path)
    known = [record["name"] for record in records]
    if unknown := [name for name in found if name not in known]:
        raise ValueError(f"{path}: there is no candidate '{unknown[0]}' in the table; known: {', '.join(known)}")
    return {name: {"rating": fmean(given), "ratings": len(given)} for name, given in found.items()}


def write_kept_answers(records: Sequence[Mapping[str, Any]], root: Path, folder: Path, task: str) -> list[Path]:
    """All answers of the run in one parquet file; for chat also a sheet that a person fills with ratings."""
    import pandas

    from diaglib.candidates.tasks.chat import write_rating_sheet

    answers = {record["name"]: read_answers(record, root) for record in records if record["status"] == DONE}
    kept = [rows.assign(candidate=name) for name, rows in answers.items() if len(rows)]
    if not kept:
        return []
    together = pandas.concat(kept, ignore_index=True).to_parquet(index=False)
    sheets = [write_rating_sheet(folder / "ratings.csv", answers)] if task == "chat" else []
    return [write_whole(folder / ANSWERS_FILE, together), *sheets]


# HTML ---------------------------------------------------------------------------------------------------------------------

_SCRIPT = """
<script>
for (const head of document.querySelectorAll('#results th')) head.onclick = () => {
  const body = head.closest('table').tBodies[0], up = head.dataset.up = head.dataset.up === '1' ? '' : '1'
  const key = row => { const text = row.cells[head.cellIndex].dataset.key
    return text === '' ? null : isNaN(text) ? text : +text }
  const rows = [...body.rows].sort((a, b) => { const x = key(a), y = key(b)
    return x === null ? 1 : y === null ? -1 : (x > y ? 1 : x < y ? -1 : 0) * (up ? 1 : -1) })
  body.append(...rows)
}
</script>
"""
_STYLE = (  # colours are those of the report it stands in, and fit white paper elsewhere
    "<style>#ID{overflow:auto;max-height:640px;border:1px solid var(--line,#dfe3ea);border-radius:8px}"
    "#ID table{border-collapse:collapse;font-size:12px;margin:0}"
    "#ID th{position:sticky;top:0;background:var(--code,#f3f5f9);color:var(--ink,#1d2433);cursor:pointer;text-align:left;"
    "vertical-align:bottom;white-space:normal}"
    "#ID td,#ID th{padding:4px 8px;border-bottom:1px solid var(--line,#eceff4)}#ID td.n{text-align:right;white-space:nowrap}"
    "#ID td:first-child{white-space:nowrap;font-weight:600;text-align:left}"
    "#ID tr.failed td{background:var(--alarm,#fdf1f0)}#ID tr.baseline td{color:var(--soft,#5b6475)}"
    "#ID td.long{min-width:18em;text-align:left}"
    "@media print{#ID{max-height:none;overflow:visible;border:0}#ID th{position:static}"
    "#ID td:first-child{white-space:normal;min-width:12em}#ID td.long{min-width:12em}}</style>"
)
# every column fits on a page of A4
_PAPER_STYLE = (
    "<style>@media print{@page{size:landscape;margin:8mm}body #results table{font-size:5.5pt}"
    "body #results :is(td,th){padding:2px 3px;white-space:normal;min-width:0}"
    "body #results :is(th,.long){overflow-wrap:anywhere}}</style>"
)


def as_html(table: pandas.DataFrame, name: str = "results") -> str:
    """The table as HTML, failed rows and baselines marked; columns that are empty throughout are left out.

    It carries no script: a report brings its own for sorting, and the page of `write_table` has one.
    """
    shown = table.drop(columns=["baseline"], errors="ignore").dropna(axis="columns", how="all")
    shown = shown.loc[:, [column for column in shown if not (shown[column].astype(str).str.strip() == "").all()]]
    head = "".join(f"<th>{html.escape(_heading(str(column)))}</th>" for column in shown)
    body = []
    for index, row in shown.iterrows():
        kind = (
            "failed" if table.loc[index].get("status", DONE) != DONE else "baseline" if table.loc[index].get("baseline") else ""
        )
        body.append(f'<tr class="{kind}">' + "".join(_cell(value) for value in row) + "</tr>")
    parts = f'<div id="{name}"><table><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    return (_STYLE + parts).replace("#ID", f"#{name}")


def _heading(name: str) -> str:
    return name.replace("_", " ").replace(" mib", " MiB").replace(" per s", "/s")


def _cell(value: Any) -> str:
    if value is None or value != value:  # NaN
        return '<td data-key=""></td>'
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, (int, float)) or hasattr(value, "dtype"):
        number = float(value)
        shown = f"{number:,.0f}" if (number == int(number) and abs(number) >= 1) or abs(number) >= 1000 else f"{number:.3g}"
        return f'<td class="n" data-key="{number}">{shown}</td>'
    text = str(value)
    long = ' class="long"' if len(text) > 40 else ""
    return f'<td{long} data-key="{html.escape(text, quote=True)}">{html.escape(text)}</td>'


def write_table(table: pandas.DataFrame, folder: Path) -> list[Path]:
    """results.csv, results.json and results.html (a page by itself that opens with no network)."""
    folder.mkdir(parents=True, exist_ok=True)
    head = (
        '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Candidates</title>'
        f'{_PAPER_STYLE}<body style="font-family:sans-serif">'
    )
    documents = {
        "results.csv": table.to_csv(index=False),
        "results.json": json.dumps(json.loads(table.to_json(orient="records")), ensure_ascii=False, indent=1),
        "results.html": head + as_html(table) + _SCRIPT,
    }
    return [write_whole(folder / name, text.encode()) for name, text in documents.items()]
