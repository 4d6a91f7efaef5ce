"""How good answers are: the published structural score, exact plans, tokens and seconds, by family, with intervals.

Used by notebooks 03 and 04. Rule: an answer that is no diagram scores 0, it is not left out.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from diaglib.diagram import Diagram, Plan, parse, structural_score
from diaglib.llm import load
from diaglib.statistics import mean_interval
from diaglib.tuning.rows import Row


@dataclass(frozen=True)
class Scored:
    """One answer: its text, the diagram it stands for where it is one, its score, and whether it is exactly the target."""

    row: Row
    text: str
    diagram: Diagram | None
    score: float
    exact: bool


@dataclass(frozen=True)
class Scores:
    """Answers to many rows, the seconds one took and, where the model tells, the tokens."""

    answers: list[Scored]
    seconds_each: float

    def values(self, families: Sequence[str] | None = None) -> list[float]:
        """Scores in the order of the rows, of some families or of all."""
        return [one.score for one in self.answers if families is None or one.row.family in families]

    def summary(self, families: Sequence[str] | None = None) -> dict[str, Any]:
        """Mean score with its interval, share of exact plans, and how many answers they are of."""
        chosen = [one for one in self.answers if families is None or one.row.family in families]
        low, high = mean_interval([one.score for one in chosen])
        return {
            "answers": len(chosen),
            "score": fmean(one.score for one in chosen),
            "low": low,
            "high": high,
            "exact": fmean(one.exact for one in chosen),
            "valid": fmean(one.diagram is not None for one in chosen),
        }


def plan_of(text: str) -> Plan | None:
    """The plan a text stands for, or None."""
    try:
        return Plan.from_text(text)
    except ValueError:
        return None


def scored(row: Row, text: str, answer_format: str = "plan") -> Scored:
    """One answer against its row's target."""
    if answer_format == "nodes":
        target, answer = parse(row.answer).diagram, parse(text).diagram
        network = row.family not in ("flowchart", "pipeline")
        found = answer if answer.nodes else None
        exact = found is not None and found.to_text() == target.to_text()
        return Scored(row, text, found, structural_score(answer, target, network) if found else 0.0, exact)
    plan, answer_plan = Plan.from_text(row.answer), plan_of(text)
    if answer_plan is None:
        return Scored(row, text, None, 0.0, False)
    diagram = answer_plan.layout()
    score = structural_score(diagram, plan.layout(), plan.family == "network")
    return Scored(row, text, diagram, score, _parts(answer_plan) == _parts(plan))


def _parts(plan: Plan) -> list[tuple]:
    return [(node.kind, node.label.lower(), node.size, node.kernel, node.filters, node.heads, node.links) for node in plan.nodes]


def score_answers(model: str | Path, rows: Sequence[Row], samples: int = 1, temperature: float = 0.0, seed: int = 0) -> Scores:
    """Plans that a model (`tiny`, a folder, a hub id) writes for the rows' prompts, each scored against the row's plan.

    With `samples` above 1 the answers are drawn at `temperature`, and every row stands there that many times.
    """
    writer = load(model)
    start = time.perf_counter()
    texts = writer.plan_texts([row.prompt for row in rows], samples, temperature, seed)
    seconds = (time.perf_counter() - start) / max(1, len(rows) * samples)
    answers = [
        scored(row, found[place] if place < len(found) else "")
        for row, found in zip(rows, texts, strict=True)
        for place in range(samples)
    ]
    return Scores(answers, seconds)
