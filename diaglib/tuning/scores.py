"""How good answers are: the published structural score, a strict one, exact plans and seconds, by family, with intervals.

Used by notebooks 03 and 04. Rule: an answer that is no diagram scores 0, it is not left out.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from diaglib.diagram import Diagram, Plan, parse, structural_score
from diaglib.llm import load
from diaglib.statistics import mean_interval
from diaglib.tuning.rows import Row
from diaglib.tuning.writers import HubWriter

MAX_NODE_TOKENS = 1280


@dataclass(frozen=True)
class Scored:
    """One answer: its text and the diagram it stands for where it is one; `structure` is the published score, `score` the
    strict one, `exact` whether the plan is the target in everything."""

    row: Row
    text: str
    diagram: Diagram | None
    structure: float
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
            "structure": fmean(one.structure for one in chosen),
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
        structure = structural_score(answer, target, network) if found else 0.0
        return Scored(row, text, found, structure, structure, exact)  # node lines tell no kinds
    plan, answer_plan = Plan.from_text(row.answer), plan_of(text)
    if answer_plan is None:
        return Scored(row, text, None, 0.0, 0.0, False)
    diagram = answer_plan.layout()
    structure = structural_score(diagram, plan.layout(), plan.family == "network")
    return Scored(row, text, diagram, structure, kind_score(answer_plan, plan), _parts(answer_plan) == _parts(plan))


def kind_score(answer: Plan, target: Plan) -> float:
    """Intersection over union of the nodes of two plans, 0..1; a node is its kind and the kinds of what it comes from.

    Stricter than the published structural score, for which a chain is a chain, whatever stands in it: a recurrent network
    in place of a transformer of as many layers has 1.0 there and nearly nothing here. Sizes and labels do not count.
    """
    one, other = _kinds_with_sources(answer), _kinds_with_sources(target)
    return (one & other).total() / (one | other).total()


def _kinds_with_sources(plan: Plan) -> Counter[tuple[str, tuple[str, ...]]]:
    sources: dict[int, list[str]] = {node.id: [] for node in plan.nodes}
    for node in plan.nodes:
        for target in node.links:
            sources[target].append(node.kind)
    return Counter((node.kind, tuple(sorted(sources[node.id]))) for node in plan.nodes)


def _parts(plan: Plan) -> list[tuple]:
    return [(node.kind, node.label.lower(), node.size, node.kernel, node.filters, node.heads, node.links) for node in plan.nodes]


def score_answers(
    model: str | Path,
    rows: Sequence[Row],
    samples: int = 1,
    temperature: float = 0.0,
    seed: int = 0,
    answer_format: str = "plan",
) -> Scores:
    """What a model (`tiny`, a folder, a hub id) answers to the rows' prompts, each answer scored against the row's.

    With `samples` above 1 the answers are drawn at `temperature`, and every row stands there that many times. Node lines are
    asked for in the published words, plans as the model was tuned to read them.
    """
    writer = load(model)
    prompts = [row.prompt for row in rows]
    start = time.perf_counter()
    if answer_format == "nodes":
        asked = HubWriter(writer.tokenizer, "nodes")
        found = writer.answers(
            [asked.prompt_text(prompt) for prompt in prompts], samples, temperature, seed, MAX_NODE_TOKENS, [asked.stop]
        )
        texts = [[answer.text.removesuffix(asked.stop) for answer in answers] for answers in found]
    else:
        texts = writer.plan_texts(prompts, samples, temperature, seed)
    seconds = (time.perf_counter() - start) / max(1, len(rows) * samples)
    answers = [
        scored(row, given[place] if place < len(given) else "", answer_format)
        for row, given in zip(rows, texts, strict=True)
        for place in range(samples)
    ]
    return Scores(answers, seconds)
