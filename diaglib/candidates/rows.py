"""The rows of a report: the offline ones of the local profile, and the candidates that the rules let through on a GPU.

Used by notebook 01. Rule: a row's name says what it is; an error in local_rows.toml is told by file, row and field.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.candidates.fit import fit_row
from diaglib.candidates.rules import Verdict, load_rules, select
from diaglib.candidates.subject import AS_SAVED, Subject
from diaglib.candidates.tasks import TASKS, get_task
from diaglib.footprint import Gpu

if TYPE_CHECKING:
    import pandas

LOCAL_FILE = Path(__file__).with_name("local_rows.toml")
LOCAL_PROFILE = "local"
_SHOWN_STAGES = {"generate": "answer", "lora_r16": "LoRA r16", "lora_r64": "LoRA r64", "orpo": "ORPO"}
_COMMIT = re.compile(r"[0-9a-f]{40}")


def verdicts(task: str, extra: str | Path | None = None) -> list[Verdict]:
    """Every candidate of a task with what the rules say of it. Raises ValueError or FileNotFoundError for a wrong file."""
    from diaglib.candidates.registry import load_candidates

    return select(load_candidates(task, extra), load_rules(task, extra))


def subjects(profile: str, task: str, only: str = "", weights: str = "saved", extra: str | Path | None = None) -> list[Subject]:
    """What is measured in a profile: with `local` the offline rows, else every candidate that no rule drops.

    `only` are parts of names with semicolons between. `weights` "random" takes architectures in place of checkpoints.
    Raises ValueError where nothing is left, listing the names.
    """
    if weights not in ("saved", "random"):
        raise ValueError(f"weights '{weights}' are not known: saved or random")
    found = local_subjects(task) if profile == LOCAL_PROFILE else hub_subjects(verdicts(task, extra))
    parts = [part.strip().lower() for part in only.split(";") if part.strip()]
    chosen = [one for one in found if not parts or any(part in one.name.lower() for part in parts)]
    if not chosen:
        raise ValueError(f"no row is called like '{only}'; there are: {'; '.join(one.name for one in found)}")
    if weights == "random":
        if profile == LOCAL_PROFILE:
            raise ValueError("random weights are for the hub's architectures: take profile t4 or a100")
        return [replace(one, weights="random") for one in chosen]
    return chosen


def local_subjects(task: str, path: Path = LOCAL_FILE) -> list[Subject]:
    """What can be measured with no network for a task. Raises ValueError."""
    get_task(task)
    known = {field.name for field in fields(Subject)}
    found = []
    for number, table in enumerate(tomllib.loads(path.read_text(encoding="utf-8"))["row"], 1):
        where = f"{path.name}, row {number} ({table.get('name', 'no name')})"
        tasks = table.pop("tasks", list(TASKS))
        if unknown := [one for one in tasks if one not in TASKS]:
            raise ValueError(f"{where}: tasks: there is no task '{unknown[0]}'; known: {', '.join(TASKS)}")
        if wrong := (set(table) - known) | ({"name", "model"} - set(table)):
            raise ValueError(f"{where}: '{sorted(wrong)[0]}' is missing or not known; known: {', '.join(sorted(known))}")
        if task in tasks:
            found.append(Subject(**table))
    return found


def hub_subjects(judged: Sequence[Verdict]) -> list[Subject]:
    """A subject for every candidate that stays; code of a repository runs only where the registry pins a commit."""
    found = []
    for verdict in judged:
        one = verdict.candidate
        if verdict.stays:
            pinned = one.own_code and bool(_COMMIT.fullmatch(one.revision))
            precision = AS_SAVED if one.quantised else None
            found.append(Subject(one.id, one.id, precision, one.revision, trust_remote_code=pinned))
    return found


def selection_table(judged: Sequence[Verdict]) -> pandas.DataFrame:
    """Each candidate with what is known of it, the rule that dropped it, what a rule could not look at, and published figures."""
    import pandas

    return pandas.DataFrame(
        [
            {
                "candidate": verdict.candidate.id,
                "parameters, B": verdict.candidate.parameters_b,
                "licence": verdict.candidate.licence,
                "gated": verdict.candidate.gated,
                "leaderboard": verdict.candidate.leaderboard_average,
                "stays": verdict.stays,
                "dropped by": "; ".join(verdict.dropped_by),
                "not known": "; ".join(verdict.not_known),
            }
            | published_figures(verdict)
            for verdict in judged
        ]
    )


def published_figures(verdict: Verdict) -> dict[str, Any]:
    """What others measured of a candidate, each figure as a column that says so."""
    return {f"published: {name}": value for name, value in verdict.candidate.published.items()}


def fit_table(judged: Sequence[Verdict], gpu: Gpu) -> pandas.DataFrame:
    """For each candidate that stays: predicted weights, and each stage as MiB in the first precision that fits, or "no"."""
    import pandas

    rows = []
    for row in (fit_row(verdict.candidate, gpu) for verdict in judged if verdict.stays):
        shown = {"model": row["model"], f"weights, MiB in {row['precision']}": row["weights_mib"]}
        for stage, words in _SHOWN_STAGES.items():
            fitting, needed = row[f"{stage}_fits_in"], row[f"{stage}_fitting_mib"]
            shown[words] = f"{needed:,.0f} in {fitting}" if needed is not None else fitting
        rows.append(shown | {"note": row["note"]})
    table = pandas.DataFrame(rows)
    weights = [name for name in table if name.startswith("weights")]  # a column for each way that checkpoints are saved
    return table[["model", *weights, *_SHOWN_STAGES.values(), "note"]] if rows else table


def known_beside(judged: Sequence[Verdict], gpu: Gpu) -> dict[str, dict[str, Any]]:
    """By name of the candidate: predicted figures, to stand beside the measured ones, and the published ones."""
    beside: dict[str, dict[str, Any]] = {}
    for verdict in judged:
        row = fit_row(verdict.candidate, gpu)
        found: dict[str, Any] = {"predicted_weights_mib": row["weights_mib"], "predicted_generate_mib": row["generate_mib"]}
        found |= published_figures(verdict)
        beside[verdict.candidate.id] = found
    return beside
