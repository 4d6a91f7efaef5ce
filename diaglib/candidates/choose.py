"""Which candidate is taken, by a rule that is a line of text, and why; and which ones nobody would take.

Used by notebook 01. Rule: the choice is computed from the table; a baseline and a failed row can never be chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diaglib.candidates.failures import DONE

if TYPE_CHECKING:
    import pandas

RULE = "high low, low memory_mib, low response_s"


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen candidate (None where none can be), the ranking behind it, and the reason in words."""

    name: str | None
    ranking: tuple[str, ...]
    reason: str


def read_rule(text: str, columns: Sequence[str]) -> list[tuple[str, bool]]:
    """(column, highest first) of a rule: `high COLUMN` or `low COLUMN`, with commas between, the most important first.

    Raises ValueError for another word or a column that is not there.
    """
    keys = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        word, _, column = part.partition(" ")
        if word not in ("high", "low") or column.strip() not in columns:
            known = ", ".join(columns)
            raise ValueError(f"rule '{part}': write 'high COLUMN' or 'low COLUMN', with commas between; columns: {known}")
        keys.append((column.strip(), word == "high"))
    if not keys:
        raise ValueError(f"the rule is empty: write one such as '{RULE}'")
    return keys


def choose(table: pandas.DataFrame, rule: str = RULE) -> Choice:
    """Ranks the candidates that were measured by the rule; what decided between the first two is said."""
    keys = read_rule(rule, [str(column) for column in table.select_dtypes("number").columns])
    able = [row for row in table.to_dict("records") if row["status"] == DONE and not row["baseline"] and _complete(row, keys[:1])]
    if not able:
        failed = sum(table.status != DONE)
        return Choice(None, (), f"None can be chosen: {failed} of {len(table)} rows failed and no other has figures of quality.")
    able.sort(key=lambda row: [_ordered(row[column], highest) for column, highest in keys])
    names = tuple(row["candidate"] for row in able)
    return Choice(names[0], names, _reason(able, keys))


def _complete(row: Mapping[str, Any], keys: Sequence[tuple[str, bool]]) -> bool:
    return all(row[column] is not None and row[column] == row[column] for column, _ in keys)


def _ordered(value: Any, highest: bool) -> float:
    if value is None or value != value:
        return float("inf")  # not measured counts as worst
    return -float(value) if highest else float(value)


def _reason(able: Sequence[Mapping[str, Any]], keys: Sequence[tuple[str, bool]]) -> str:
    best = able[0]
    if len(able) == 1:
        return f"{best['candidate']} is the only candidate with figures of quality."
    second = able[1]
    for place, (column, highest) in enumerate(keys):
        if best[column] == second[column]:
            continue
        shared = ", ".join(name.replace("_", " ") for name, _ in keys[:place])
        tie = f"{best['candidate']} and {second['candidate']} are equal in {shared}; " if place else ""
        what = f"the {'highest' if highest else 'lowest'} {column.replace('_', ' ')}"
        return f"{tie}{best['candidate']} has {what}: {best[column]:.4g} against {second[column]:.4g} of {second['candidate']}."
    return (
        f"{best['candidate']} and {second['candidate']} are equal in all that the rule looks at; the first in the list is taken."
    )


def pareto_front(table: pandas.DataFrame, gain: str = "low", cost: str = "memory_mib") -> list[str]:
    """Candidates that no other one beats in both: a higher `gain` at no more `cost`, or the same `gain` at less."""
    rows = [row for row in table.to_dict("records") if row["status"] == DONE and _complete(row, [(gain, True), (cost, False)])]
    rows = [row for row in rows if not row["baseline"]]
    return [
        row["candidate"]
        for row in rows
        if not any(
            other[gain] >= row[gain] and other[cost] <= row[cost] and (other[gain], other[cost]) != (row[gain], row[cost])
            for other in rows
        )
    ]
