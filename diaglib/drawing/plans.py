"""Sentences to checked plans: the model answers, contradicting answers are sampled again, the best is kept and flagged.

Used by `draw` and notebook 07. Rule: the model is asked in batches, one call a round for all prompts that need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from diaglib.check import check
from diaglib.check.verdict import Verdict
from diaglib.diagram.plan import Plan
from diaglib.drawing.prompts import PromptError, read_prompt
from diaglib.drawing.second_opinions import SECOND_OPINIONS, TEMPERATURE, closest_to_all, wants_second_opinions

# each further round is a little bolder: a wrong answer repeated is of no use
RETRY_TEMPERATURES = (0.5, 0.8, 1.0)
SAMPLES_A_RETRY = 4


@runtime_checkable
class PlanWriter(Protocol):
    """What `diaglib.llm.load` returns, as far as plans are concerned."""

    def plan_texts(
        self, prompts: Sequence[str], count: int, temperature: float, seed: int, grammar: bool = False
    ) -> list[list[str]]: ...


@dataclass(frozen=True, slots=True)
class CheckedPlan:
    """A valid plan, what the check says about it, and why the model itself is in doubt (empty where it is not)."""

    plan: Plan
    verdict: Verdict
    doubt: str = ""

    @property
    def faults(self) -> int:
        return len(self.verdict.contradictions)

    @property
    def flags(self) -> tuple[str, ...]:
        """Everything that speaks against the plan, in words."""
        return (*self.verdict.contradictions, self.doubt) if self.doubt else self.verdict.contradictions


def load_writer(model: str | Path | PlanWriter) -> PlanWriter:
    """The model object itself, or what `diaglib.llm.load` makes of `tiny`, a path or a hub id."""
    if isinstance(model, str | Path):
        from diaglib.llm import load

        return load(str(model))
    return model


def write_plans(
    prompts: Sequence[str],
    model: str | Path | PlanWriter = "tiny",
    count: int = 1,
    temperature: float = 0.0,
    seed: int = 0,
) -> list[list[Plan]]:
    """Up to `count` valid plans for every prompt, [] where nothing valid came or the prompt cannot be drawn.

    `temperature` 0 is greedy, with second opinions where the check leaves something open and one plan is asked for. Plans
    that contradict their sentence are sampled again and kept only where nothing better came: `write_checked_plans` tells
    which. Raises TypeError for a single string in place of a list.
    """
    checked = write_checked_plans(prompts, model, count, temperature, seed)
    return [[item.plan for item in items] for items in checked]


def write_checked_plans(
    prompts: Sequence[str],
    model: str | Path | PlanWriter = "tiny",
    count: int = 1,
    temperature: float = 0.0,
    seed: int = 0,
    retries: int = len(RETRY_TEMPERATURES),
) -> list[list[CheckedPlan]]:
    """As `write_plans`, with the verdict of each plan; `retries` rounds for those that contradict.

    With 0 retries the first answers are returned as they came, without second opinions.
    """
    if isinstance(prompts, str):
        raise TypeError("prompts is one string: give a list, such as write_plans(['a network with 4 inputs …'])")
    if count < 1:
        raise ValueError(f"count {count} is not a number of plans: it is 1 or more")
    readable = [i for i, prompt in enumerate(prompts) if _is_readable(prompt)]
    results: list[list[CheckedPlan]] = [[] for _ in prompts]
    if not readable:
        return results
    writer = load_writer(model)
    texts = writer.plan_texts([prompts[i] for i in readable], count, temperature, seed)
    for i, answers in zip(readable, texts, strict=True):
        results[i] = [item for text in answers[:count] if (item := _read(prompts[i], text))]
    for turn, retry_temperature in enumerate(RETRY_TEMPERATURES[:retries], 1):
        wanting = [i for i in readable if len(results[i]) < count or any(item.faults for item in results[i])]
        if not wanting:
            break
        bolder = max(retry_temperature, temperature)
        texts = writer.plan_texts([prompts[i] for i in wanting], SAMPLES_A_RETRY, bolder, seed + turn)
        for i, answers in zip(wanting, texts, strict=True):
            fresh = [item for text in answers if (item := _read(prompts[i], text))]
            results[i] = _better(results[i], fresh, count)
    if retries and count == 1 and temperature <= 0:
        _ask_again_where_open(prompts, results, writer, seed)
    return results


def _ask_again_where_open(prompts: Sequence[str], results: list[list[CheckedPlan]], writer: PlanWriter, seed: int) -> None:
    """Replaces what the check leaves open by the answer that most further answers agree with, and says where few do."""
    open_ones = [i for i, items in enumerate(results) if items and wants_second_opinions(items[0].plan, items[0].verdict)]
    if not open_ones:
        return
    texts = writer.plan_texts([prompts[i] for i in open_ones], SECOND_OPINIONS, TEMPERATURE, seed + len(RETRY_TEMPERATURES) + 1)
    for i, answers in zip(open_ones, texts, strict=True):
        fresh = [item for text in answers if (item := _read(prompts[i], text))]
        fewest = min(item.faults for item in (*results[i], *fresh))
        pool = [item for item in (*results[i], *fresh) if item.faults == fewest]
        opinion = closest_to_all([item.plan for item in pool], [item.plan for item in fresh])
        results[i] = [replace(pool[opinion.chosen], doubt=opinion.doubt)]


def _is_readable(prompt: str) -> bool:
    try:
        read_prompt(prompt)
    except PromptError:
        return False
    return True


def _read(prompt: str, text: str) -> CheckedPlan | None:
    """The plan of an answer; None where it is not a valid plan."""
    try:
        plan = Plan.from_text(text)
    except ValueError:
        return None
    return CheckedPlan(plan, check(prompt, plan))


def _better(kept: list[CheckedPlan], fresh: list[CheckedPlan], count: int) -> list[CheckedPlan]:
    """`kept` with its faulty plans replaced by fresh ones with fewer contradictions, and empty places filled."""
    pool = sorted(fresh, key=lambda item: item.faults)
    result = list(kept)
    for place, item in enumerate(kept):
        if pool and pool[0].faults < item.faults:
            result[place] = pool[0]
            pool = [*pool[1:], pool[0]] if len(pool) > 1 and pool[1].faults == pool[0].faults else pool
    return result + pool[: max(count - len(result), 0)]
