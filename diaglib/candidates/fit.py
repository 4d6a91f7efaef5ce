"""What every candidate is predicted to need, and in which precision it fits a card: nothing is downloaded or run.

Used by notebook 01 and `diaglib fit`. Rule: unquantised first; a stage that fits in no precision says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from diaglib.candidates.registry import Candidate
from diaglib.footprint import (
    Architecture,
    Footprint,
    Gpu,
    TrainingPlan,
    fits,
    predict_generation,
    predict_training,
    predict_weights_mib,
)

LORA_RANKS = (16, 32, 64, 128)
# one answer, a prompt and an answer as long as those of round 1
PROMPT_TOKENS, NEW_TOKENS = 256, 512
# short plans make short rows; a row of ORPO is a pair
SFT_ROWS, ORPO_ROWS, ROW_TOKENS = 4, 2, 512
WEIGHT_PRECISIONS = ("bf16", "int8", "nf4", "gptq")
NO_FIT = "no"


def stages(ranks: Iterable[int] = LORA_RANKS) -> list[str]:
    """The columns: generation, LoRA by rank, ORPO."""
    return ["generate", *(f"lora_r{rank}" for rank in ranks), "orpo"]


def fit_rows(candidates: Iterable[Candidate], gpu: Gpu) -> list[dict[str, Any]]:
    """A row a candidate: `weights_mib` (in 16 bits, or as the checkpoint is saved), `weights_by_precision_mib`, and for each
    stage `<stage>_mib` (the same precision) and `<stage>_fits_in`: the first precision that fits `gpu`, or "no".
    """
    return [fit_row(candidate, gpu) for candidate in candidates]


def fit_row(candidate: Candidate, gpu: Gpu) -> dict[str, Any]:
    """The row of one candidate; its figures are None where its architecture is not known."""
    row: dict[str, Any] = {
        "model": candidate.id,
        "tasks": list(candidate.tasks),
        "architecture": candidate.architecture.model_type if candidate.architecture else None,
        "parameters": candidate.architecture.parameters if candidate.architecture else None,
        "saved_in": candidate.quantised or "16 bits",
        "gpu": gpu.name,
        "room_mib": round(gpu.room_mib),
        "note": _note(candidate),
    }
    held = candidate.quantised or ("bf16" if gpu.has_bf16 else "fp16")
    precisions = [held] if candidate.quantised else [held, *_packings(candidate.architecture)]
    row["precision"] = held
    row["weights_mib"] = None if candidate.architecture is None else round(predict_weights_mib(candidate.architecture, held), 1)
    row["weights_by_precision_mib"] = (
        {}
        if candidate.architecture is None
        else {one: round(predict_weights_mib(candidate.architecture, one), 1) for one in WEIGHT_PRECISIONS}
    )
    for stage in stages():
        # GPTQ weights are tuned through kernels that this library does not carry
        allowed = [one for one in precisions if stage == "generate" or one != "gptq"]
        needed = (
            {one: predict_stage(candidate.architecture, stage, one).total_mib for one in allowed}
            if candidate.architecture
            else {}
        )
        row[f"{stage}_mib"] = round(needed[held], 1) if held in needed else None
        fitting = [one for one in allowed if one in needed and fits(needed[one], gpu)]
        row[f"{stage}_fits_in"] = (fitting[0] if fitting else NO_FIT) if needed else None
        row[f"{stage}_fitting_mib"] = round(needed[fitting[0]], 1) if fitting else None
    return row


def predict_stage(architecture: Architecture, stage: str, precision: str) -> Footprint:
    """The footprint of one column: one answer; a step of LoRA with 4 rows, or of ORPO (rank 16) with 2 pairs, of 512 tokens."""
    if stage == "generate":
        return predict_generation(architecture, precision, 1, PROMPT_TOKENS, NEW_TOKENS)
    if stage == "orpo":
        return predict_training(architecture, TrainingPlan(precision, 16, ORPO_ROWS, ROW_TOKENS, "orpo"))
    return predict_training(architecture, TrainingPlan(precision, int(stage.removeprefix("lora_r")), SFT_ROWS, ROW_TOKENS))


def fit_summary(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many candidates can do each stage on the card, in whatever precision."""
    rows = list(rows)
    return {stage: sum(row[f"{stage}_fits_in"] not in (None, NO_FIT) for row in rows) for stage in stages()}


def _packings(architecture: Architecture | None) -> list[str]:
    """Ways to pack the weights. GPTQ of packed experts is not read by the libraries used here."""
    return ["int8", "nf4", "gptq"] if architecture is None or not architecture.n_routed_experts else ["int8", "nf4"]


def _note(candidate: Candidate) -> str:
    parts = []
    if candidate.architecture is None:
        parts.append("architecture not known: give it in the registry, or fetch its config.json")
    elif candidate.architecture.has_packed_experts:
        parts.append("routed experts stay in 16 bits when quantised")
    if candidate.deduced:
        parts.append(f"deduced: {candidate.deduced}")
    if candidate.own_code:
        parts.append("brings code of its own")
    if candidate.gated:
        parts.append("gated")
    return "; ".join(parts)
