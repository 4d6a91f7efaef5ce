"""What to change when a training does not fit: the smallest change that does, by prediction.

Used by the out-of-memory message of notebooks 03 and 04. Rule: changes are tried from the one that leaves the result as it is to
the one that costs quality.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from diaglib.footprint.architecture import Architecture
from diaglib.footprint.gpus import Gpu, fits
from diaglib.footprint.predict import TrainingPlan, predict_training

LEAST_TOKENS = 64
LEAST_RANK = 8
DEFAULT_RANK = 16


@dataclass(frozen=True, slots=True)
class Change:
    """A plan that fits, what differs from the one that did not (in words), and its predicted MiB."""

    plan: TrainingPlan
    words: str
    predicted_mib: float


def smallest_change_that_fits(architecture: Architecture, plan: TrainingPlan, gpu: Gpu) -> Change | None:
    """The first plan that fits `gpu`: by one change alone where one is enough, else by several together.

    The order: activation checkpointing and fewer rows a step (same result, slower), LoRA instead of all weights, weights in
    NF4, shorter rows, a smaller rank. None where nothing helps: then the model is too large. A plan that fits already is
    returned with the words "no change".
    """
    predicted = predict_training(architecture, plan).total_mib
    if fits(predicted, gpu):
        return Change(plan, "no change", predicted)
    groups = _groups(plan)
    together, latest = [], plan
    for number in range(len(groups)):
        steps = _groups(latest)[number]
        together += steps
        latest = steps[-1] if steps else latest
    for candidate in [*(one for group in groups for one in group), *together]:
        predicted = predict_training(architecture, candidate).total_mib
        if fits(predicted, gpu):
            return Change(candidate, _words(plan, candidate), predicted)
    return None


def _groups(plan: TrainingPlan) -> list[list[TrainingPlan]]:
    """Plans that differ in one thing, mild to strong, grouped by the thing."""
    in_4_bits = replace(plan, precision="nf4", rank=plan.rank or DEFAULT_RANK)
    return [
        [] if plan.checkpointing else [replace(plan, checkpointing=True)],
        [replace(plan, rows=rows) for rows in _halves(plan.rows, 1)],
        [] if plan.rank else [replace(plan, rank=DEFAULT_RANK)],
        [] if plan.precision in ("nf4", "gptq") else [in_4_bits],
        [replace(plan, tokens=tokens) for tokens in _halves(plan.tokens, LEAST_TOKENS)],
        [replace(plan, rank=rank) for rank in _halves(plan.rank, LEAST_RANK)],
    ]


def _halves(value: int, least: int) -> Iterator[int]:
    while value // 2 >= least:
        value //= 2
        yield value


def _words(before: TrainingPlan, after: TrainingPlan) -> str:
    parts = []
    if after.checkpointing != before.checkpointing:
        parts.append("switch activation checkpointing on (same result, about a third slower)")
    if after.rows != before.rows:
        parts.append(
            f"take {after.rows} instead of {before.rows} rows a step and accumulate gradients over "
            f"{before.rows // after.rows} steps (same result)"
        )
    if after.precision != before.precision:
        parts.append(f"hold the weights in {after.precision} instead of {before.precision}")
    if after.rank != before.rank:
        parts.append(f"take LoRA rank {after.rank} instead of " + (str(before.rank) if before.rank else "tuning all weights"))
    if after.tokens != before.tokens:
        parts.append(f"allow rows of {after.tokens} instead of {before.tokens} tokens")
    return ", and ".join(parts)
