"""Selection rules as data, in registry/rules.toml: which candidates a task takes, which rule dropped the others and why.

Used by notebook 01. Rule: what a candidate leaves out is no reason to drop it; the report says that it is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from diaglib.candidates.registry import REGISTRY_FOLDER, TASKS, Candidate, FieldError, place_of, read_tables, user_files
from diaglib.footprint import PRECISIONS, fits, predict_generation, read_gpu

RULES_FILE = REGISTRY_FOLDER / "rules.toml"
OPERATORS = ("at_most", "at_least", "one_of", "none_of", "contains", "is")
_RULE_FIELDS = ("name", "tasks", "why", "field", "fits", "precision", *OPERATORS)
_CANDIDATE_FIELDS = tuple(one.name for one in fields(Candidate))


@dataclass(frozen=True, slots=True)
class Rule:
    """What a candidate of these tasks must be: `field` compared by `operator` with `value`, or fit a card."""

    name: str
    tasks: tuple[str, ...]
    why: str
    operator: str
    value: Any
    field: str = ""
    precision: str = "nf4"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A candidate with the rules that dropped it (none: it stays) in words, and what they could not look at."""

    candidate: Candidate
    dropped_by: tuple[str, ...]
    not_known: tuple[str, ...]

    @property
    def stays(self) -> bool:
        return not self.dropped_by


def load_rules(task: str, extra: str | Path | None = None) -> list[Rule]:
    """The rules of a task; one of the user's file takes the place of the one of its name.

    Raises ValueError for an unknown task, and for an error in a file by file, line and field.
    """
    if task not in TASKS:
        raise ValueError(f"there is no task '{task}'; known: {', '.join(TASKS)}")
    found: dict[str, Rule] = {}
    for path in [RULES_FILE, *user_files(extra)]:
        text, tables = read_tables(path, "rule")
        for number, table in enumerate(tables):
            try:
                rule = _rule(table)
            except FieldError as error:
                raise ValueError(f"{place_of(path, text, 'rule', number, error.field)}: {error}") from None
            found[rule.name] = rule
    return [rule for rule in found.values() if task in rule.tasks]


def select(candidates: Sequence[Candidate], rules: Sequence[Rule]) -> list[Verdict]:
    """A verdict on every candidate, in order."""
    verdicts = []
    for candidate in candidates:
        outcomes = [(rule, _outcome(rule, candidate)) for rule in rules]
        dropped = tuple(f"{rule.name}: {words}; {rule.why}" for rule, (passes, words) in outcomes if passes is False)
        unknown = tuple(f"{rule.name}: {words}" for rule, (passes, words) in outcomes if passes is None)
        verdicts.append(Verdict(candidate, dropped, unknown))
    return verdicts


def _outcome(rule: Rule, candidate: Candidate) -> tuple[bool | None, str]:
    """Whether it passes (None: not known), and what there is to say."""
    if rule.operator == "fits":
        return _fits(rule, candidate)
    value = getattr(candidate, rule.field)
    if value is None or (value in ("", ()) and rule.field != "speciality"):
        return None, f"{rule.field} is not known"
    passes = {
        "at_most": lambda: value <= rule.value,
        "at_least": lambda: value >= rule.value,
        "one_of": lambda: value in rule.value,
        "none_of": lambda: value not in rule.value,
        "contains": lambda: rule.value in value,
        "is": lambda: value == rule.value,
    }[rule.operator]()
    shown = ", ".join(value) if isinstance(value, tuple) else value
    wanted = "" if rule.operator in ("none_of", "is") else f", wanted {rule.operator.replace('_', ' ')} {_shown(rule.value)}"
    return passes, f"{rule.field} is {str(shown).lower()}{wanted}"


def _fits(rule: Rule, candidate: Candidate) -> tuple[bool | None, str]:
    if candidate.architecture is None:
        return None, "architecture is not known"
    gpu = read_gpu(rule.value)
    needed = predict_generation(candidate.architecture, candidate.quantised or rule.precision).total_mib
    return fits(needed, gpu), f"generation takes {needed:,.0f} MiB, {gpu.name} has room for {gpu.room_mib:,.0f}"


def _rule(table: dict[str, Any]) -> Rule:
    for name in ("name", "tasks", "why"):
        if name not in table:
            raise FieldError(name, "is missing")
    for name in table:
        if name not in _RULE_FIELDS:
            raise FieldError(name, f"is not known; known: {', '.join(_RULE_FIELDS)}")
    for name in ("name", "why"):
        if not isinstance(table[name], str):
            raise FieldError(name, f"is {table[name]!r}, it must be text")
    tasks = table["tasks"]
    if not isinstance(tasks, list) or any(task not in TASKS for task in tasks):
        raise FieldError("tasks", f"is {tasks!r}; known: {', '.join(TASKS)}")
    operators = [name for name in (*OPERATORS, "fits") if name in table]
    if len(operators) != 1:
        raise FieldError(operators[1] if operators else "name", f"a rule has one of {', '.join((*OPERATORS, 'fits'))}")
    operator, value = operators[0], table[operators[0]]
    if operator == "fits":
        try:
            read_gpu(value)
        except ValueError as error:
            raise FieldError("fits", str(error)) from None
        if table.get("precision", "nf4") not in PRECISIONS:
            raise FieldError("precision", f"is {table['precision']!r}; known: {', '.join(PRECISIONS)}")
    else:
        _check_comparison(table, operator, value)
    return Rule(table["name"], tuple(tasks), table["why"], operator, value, table.get("field", ""), table.get("precision", "nf4"))


def _check_comparison(table: dict[str, Any], operator: str, value: Any) -> None:
    if table.get("field") not in _CANDIDATE_FIELDS:
        raise FieldError("field", f"is {table.get('field')!r}, it must be of a candidate: {', '.join(_CANDIDATE_FIELDS)}")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if operator in ("at_most", "at_least") and not (is_number and table["field"] in ("parameters_b", "leaderboard_average")):
        raise FieldError(operator, "compares parameters_b or leaderboard_average with a number")
    if operator in ("one_of", "none_of") and not isinstance(value, list):
        raise FieldError(operator, f"is {value!r}, it must be a list")
    if operator == "contains" and table["field"] not in ("tasks", "languages"):
        raise FieldError(operator, "is for lists: tasks or languages")


def _shown(value: Any) -> str:
    return " or ".join(str(one) or "none" for one in value) if isinstance(value, list) else str(value)
