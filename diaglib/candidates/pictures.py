"""The pictures of notebook 01: memory against the lower bound, intervals, latency, LoRA cost by rank, answers side by side.

Rule: each takes the table or the records and returns a figure; what failed is named, not left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.candidates.choose import pareto_front
from diaglib.candidates.failures import DONE
from diaglib.candidates.store import read_answers

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from diaglib.diagram import Diagram

_MODEL, _BASELINE, _FRONT = "#1f5fbf", "#9aa3b2", "#d1622b"


def _axes(rows: int, width: float = 9) -> tuple[Figure, Any]:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(width, 0.42 * rows + 1.2), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _colours(table: pandas.DataFrame) -> list[str]:
    return [_BASELINE if baseline else _MODEL for baseline in table.baseline]


def memory_against_quality(table: pandas.DataFrame) -> Figure:
    """Each measured candidate by peak memory and lower bound; the line joins those that no other one beats in both."""
    shown = table[(table.status == DONE) & table.low.notna() & table.memory_mib.notna()]
    figure, axes = _axes(8)
    front = shown[shown.candidate.isin(pareto_front(shown))].sort_values("memory_mib")
    axes.plot(front.memory_mib, front.low, color=_FRONT, lw=1.2, zorder=1, label="no other is better in both")
    axes.scatter(shown.memory_mib, shown.low, color=_colours(shown), s=42, zorder=2)
    _label_points(axes, shown)
    axes.set(xlabel="peak memory, MiB", ylabel="pass rate, lower end of its 95% interval")
    axes.margins(x=0.18, y=0.12)
    if len(front):
        axes.legend(frameon=False)
    return figure


def _label_points(axes: Any, shown: pandas.DataFrame) -> None:
    """Names beside the points, moved down where they would stand on one another or on a point."""
    taken: list[tuple[float, float]] = []
    x_range = max(float(shown.memory_mib.max() - shown.memory_mib.min()), 1.0)
    y_range = max(float(shown.low.max() - shown.low.min()), 0.01)
    points = [(float(x), float(y)) for x, y in zip(shown.memory_mib, shown.low, strict=True)]
    for row in shown.sort_values("low", ascending=False).itertuples():
        x, y = float(row.memory_mib), float(row.low)
        place = y
        in_the_way = [*taken, *(point for point in points if point[0] > x)]
        while any(abs(x - other_x) < 0.3 * x_range and abs(place - other_y) < 0.045 * y_range for other_x, other_y in in_the_way):
            place -= 0.046 * y_range
        taken.append((x, place))
        colour = "#5b6475" if row.baseline else "#1d2433"
        axes.annotate(
            row.candidate, (x, y), xytext=(x + 0.015 * x_range, place), textcoords="data", fontsize=8, va="center", color=colour
        )


def intervals(table: pandas.DataFrame) -> Figure:
    """Pass rate of each row with its 95% interval; a failed row says why there is none."""
    shown = table.iloc[::-1]
    figure, axes = _axes(len(shown))
    for place, (row, colour) in enumerate(zip(shown.itertuples(), _colours(shown), strict=True)):
        if row.status == DONE and row.rate == row.rate:
            axes.plot([row.low, row.high], [place, place], color=colour, lw=2)
            axes.plot(row.rate, place, "o", color=colour)
            axes.text(1.02, place, f"{int(row.passed)}/{int(row.asked)}", fontsize=8, va="center")
        else:
            axes.text(
                0.01, place, row.status if row.status != DONE else "no answers asked for", fontsize=8, va="center", color=_FRONT
            )
    axes.set_yticks(range(len(shown)), shown.candidate)
    axes.set(xlim=(0, 1), xlabel="pass rate with its 95% interval (Wilson), k/n at the right")
    return figure


def latency(table: pandas.DataFrame) -> Figure:
    """Seconds an answer takes, and the seconds to its first token."""
    shown = table[(table.status == DONE) & table.first_token_s.notna()].iloc[::-1]
    figure, axes = _axes(max(len(shown), 1))
    answered = shown.response_s.fillna(0)
    axes.barh(shown.candidate, answered, color="#a9c4ea", label="whole answer")
    axes.barh(shown.candidate, shown.first_token_s, color=_MODEL, height=0.4, label="first token")
    for place, row in enumerate(shown.itertuples()):
        words = f" {row.decode_tokens_per_s:,.0f} tokens/s"
        axes.text(max(row.response_s or 0, row.first_token_s), place, words, fontsize=8, va="center")
    axes.set(xlabel="seconds")
    axes.margins(x=0.15)
    if len(shown):
        # above the bars: the longest may be anywhere
        axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    else:
        _say(axes, "no row with a model was measured")
    return figure


def lora_cost(table: pandas.DataFrame) -> Figure:
    """Peak memory and seconds of a LoRA at each rank, a line a candidate."""
    import matplotlib.pyplot as plt

    figure, pair = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
    ranks = sorted(int(str(name)[6:-2]) for name in table.columns if str(name).startswith("lora_r") and str(name).endswith("_s"))
    for axes, unit, words in zip(pair, ("mib", "s"), ("peak memory, MiB", "seconds"), strict=True):
        for row in table.to_dict("records"):
            values = [row.get(f"lora_r{rank}_{unit}") for rank in ranks]
            if any(value is not None and value == value for value in values):
                axes.plot(ranks, values, "o-", label=row["candidate"], ms=4)
        axes.set(xlabel="LoRA rank", ylabel=words, xticks=ranks)
        axes.spines[["top", "right"]].set_visible(False)
    if pair[0].lines:
        pair[1].legend(frameon=False, fontsize=8)
    else:
        _say(pair[0], "no row was tuned")
    return figure


def _say(axes: Any, words: str) -> None:
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color="#5b6475")


def drawn_answers(
    records: Sequence[Mapping[str, Any]], root: Path, item: int = 0, part: str = "plan"
) -> list[tuple[str, str, Diagram]]:
    """(candidate, verdict, diagram) of every candidate's answer to one sentence, for a gallery; an answer without a diagram
    is an empty canvas with its reason."""
    from diaglib.candidates.tasks.diagram import read_answer
    from diaglib.diagram import Diagram

    found = []
    for record in records:
        answers = read_answers(record, root)
        rows = answers[(answers.part == part) & (answers.item == str(item))]
        if rows.empty:
            continue
        diagram, compliant, words = read_answer(part, rows.iloc[0].answer)
        verdict = ("compliant: " if compliant else "not compliant: ") + words
        found.append((record["name"], verdict[:300], diagram if diagram is not None else Diagram(())))
    return found


def answers_side_by_side(records: Sequence[Mapping[str, Any]], root: Path, items: int = 6) -> pandas.DataFrame:
    """Prompts as rows, candidates as columns, the first characters of each answer as cells; of questions, what was written."""
    import pandas

    columns: dict[str, pandas.Series] = {}
    for record in records:
        answers = read_answers(record, root)
        rows = answers[answers.part == answers.part.iloc[-1]].head(items) if len(answers) else answers
        if len(rows):
            prompts = rows.prompt.str.split("문제: ").str[-1].str.split("\n").str[0]
            columns[record["name"]] = pandas.Series(rows.answer.str.slice(0, 120).tolist(), index=prompts)
    return pandas.DataFrame(columns)
