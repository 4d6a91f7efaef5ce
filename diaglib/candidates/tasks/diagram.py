"""Sentence to diagram: the two published rounds (node lines of 8 and of 10 fields) and the short plan format.

Used by notebook 01 with TASK = "diagram". Rule: compliance is the parser's verdict, structure is compared with a known target.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from statistics import fmean
from typing import TYPE_CHECKING, Any

from diaglib.candidates.settings import Settings
from diaglib.candidates.subject import content_key
from diaglib.candidates.tasks import answer_row
from diaglib.check import check
from diaglib.dataset.rows import told_rows
from diaglib.diagram.model import Diagram
from diaglib.diagram.plan import Plan, PlanNode
from diaglib.diagram.structural_score import structural_score
from diaglib.diagram.text import parse
from diaglib.llm.hub import Answer
from diaglib.llm.instructions import node_lines_prompt, plan_part

if TYPE_CHECKING:
    import pandas

name = "diagram"
# the sentence of the published candidate test
TEST_SENTENCE = (
    "A deep learning model with 2 input nodes, 4 and 6 nodes in each of the 2 hidden layers, and 1 node in the output layer"
)
FIELDS = {"round 1": 8, "round 2": 10}
ROUND_2_TEMPERATURE = 1.0
LEAST_NODES = 3
# far from the seeds that training starts at
_SENTENCES_SEED, _TUNING_SEED = 770_001, 770_002
_AT_ONCE = 16
_TIMED_ALONE = 4


@lru_cache(maxsize=4)
def sentences(count: int) -> tuple[tuple[str, str], ...]:
    """(sentence, plan text) pairs that the plan format is asked for: the published one, then generated ones."""
    layers = [
        PlanNode(0, "input", size=2),
        PlanNode(1, "dense", size=4),
        PlanNode(2, "dense", size=6),
        PlanNode(3, "output", size=1),
    ]
    published = (TEST_SENTENCE, Plan.chain(layers).to_text())
    return published, *((told.sentence, told.plan.to_text()) for told in told_rows(_SENTENCES_SEED, count - 1))


def configuration(settings: Settings) -> dict[str, Any]:
    asked = sentences(settings.diagram_sentences)
    prompts = {round_: node_lines_prompt(TEST_SENTENCE, FIELDS[round_]) for round_ in settings.diagram_rounds if round_ in FIELDS}
    return {"sentences": content_key(asked), "prompts": content_key(prompts), "temperature": ROUND_2_TEMPERATURE}


def sample_prompt(settings: Settings) -> str:
    return TEST_SENTENCE


def ask(writer: Any, settings: Settings) -> list[dict[str, Any]]:
    """Round 1: one greedy answer; round 2: samples of the published sentence; plan: one greedy answer a sentence.

    A writer that knows plans only is asked for plans only. The first few are asked one at a time, as a user would, and
    timed; the rest in batches, without a time.
    """
    rows: list[dict[str, Any]] = []
    for round_ in settings.diagram_rounds:
        if round_ == "plan":
            rows += _ask_plans(writer, settings)
        elif hasattr(writer, "hub"):
            rows += _ask_node_lines(writer, round_, settings)
    return rows


def _ask_node_lines(writer: Any, round_: str, settings: Settings) -> list[dict[str, Any]]:
    prompt = node_lines_prompt(TEST_SENTENCE, FIELDS[round_])
    count, temperature = (1, 0.0) if round_ == "round 1" else (settings.diagram_samples, ROUND_2_TEMPERATURE)
    start = time.perf_counter()
    found = writer.answers([prompt], count, temperature, settings.seed, settings.diagram_new_tokens)[0]
    seconds = time.perf_counter() - start if count == 1 else None
    target = sentences(1)[0][1]
    return [_row(round_, 0, prompt, target, answer, seconds, i) for i, answer in enumerate(found)]


def _ask_plans(writer: Any, settings: Settings) -> list[dict[str, Any]]:
    asked = [sentence for sentence, _ in sentences(settings.diagram_sentences)]
    targets = [target for _, target in sentences(settings.diagram_sentences)]
    alone = range(min(_TIMED_ALONE, len(asked)))
    batches = [[i] for i in alone] + [
        list(range(i, min(i + _AT_ONCE, len(asked)))) for i in range(len(alone), len(asked), _AT_ONCE)
    ]
    rows: list[dict[str, Any]] = []
    for batch in batches:
        start = time.perf_counter()
        found = writer.plan_answers([asked[i] for i in batch], 1, 0.0, settings.seed, settings.diagram_new_tokens)
        seconds = time.perf_counter() - start if len(batch) == 1 else None
        rows += [_row("plan", i, asked[i], targets[i], answers[0], seconds) for i, answers in zip(batch, found, strict=True)]
    return rows


def _row(
    part: str, item: int, prompt: str, target: str, answer: Answer, seconds: float | None, sample: int = 0
) -> dict[str, Any]:
    """An answer with the plan it should have been, so that it is judged by what was asked then."""
    tokens = len(answer.tokens)
    return answer_row(part, str(item), prompt, answer.text, tokens, answer.stopped, seconds, sample, extra=target)


# judging ------------------------------------------------------------------------------------------------------------------


def read_answer(part: str, text: str) -> tuple[Diagram | None, bool, str]:
    """The diagram of an answer, whether it is compliant, and the verdict in words."""
    if part == "plan":
        try:
            plan = Plan.from_text(plan_part(text))
        except ValueError as error:
            return None, False, str(error)
        nodes = len(plan.nodes)
        few = "" if nodes >= LEAST_NODES else f"only {nodes} layers or steps"
        return plan.layout(), not few, few or f"a plan of {nodes} layers or steps"
    parsed = parse(text)
    words = "; ".join(dict.fromkeys(problem.words for problem in parsed.problems[:3])) or "no problem found"
    compliant = parsed.compliant if part == "round 2" else len(parsed.diagram.nodes) >= LEAST_NODES
    return (parsed.diagram if parsed.diagram.nodes else None), compliant, f"{len(parsed.diagram.nodes)} nodes; {words}"


def judge(answers: pandas.DataFrame, settings: Settings) -> dict[str, Any]:
    """Figures of every round: compliant k of n with its interval, right ones, structural score, nodes, cut-off answers.

    Right is: compliant, and nothing in it contradicts the sentence. The choice is made by the right plans, or by the
    compliant answers where no plans were asked for: with a grammar every answer is compliant, whatever it says.
    """
    figures: dict[str, dict[str, Any]] = {}
    for part, rows in answers.groupby("part", sort=False):
        verdicts = [_verdict(str(part), row) for row in rows.itertuples()]
        compliant, right = (sum(verdict[key] for verdict in verdicts) for key in ("compliant", "right"))
        nodes = [verdict["nodes"] for verdict in verdicts if verdict["nodes"]]
        figures[str(part)] = {
            "passed": right if part == "plan" else compliant,
            "asked": len(verdicts),
            "compliant": compliant,
            "structural_score": fmean(verdict["score"] for verdict in verdicts),
            "nodes": fmean(nodes) if nodes else 0.0,
            "cut_off": int((~rows.stopped).sum()),
        }
    if not figures:
        return {}
    deciding = "plan" if "plan" in figures else list(figures)[-1]
    others = {f"{part}: {key}": value for part, found in figures.items() if part != deciding for key, value in found.items()}
    return figures[deciding] | others


def _verdict(part: str, row: Any) -> dict[str, Any]:
    diagram, compliant, _ = read_answer(part, row.answer)
    if diagram is None:
        return {"compliant": False, "right": False, "score": 0.0, "nodes": 0}
    plan = Plan.from_text(row.extra)
    right = compliant and part == "plan" and not check(row.prompt, Plan.from_text(plan_part(row.answer))).contradictions
    score = structural_score(diagram, plan.layout(), plan.family == "network")
    return {"compliant": compliant, "right": right, "score": score, "nodes": len(diagram.nodes)}


def tuning_rows(settings: Settings) -> Sequence[tuple[str, str]]:
    return [(told.sentence, told.plan.to_text()) for told in told_rows(_TUNING_SEED, settings.lora_rows)]
