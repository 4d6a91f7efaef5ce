"""Tuning's settings as a prediction of memory: what fits a card, and the smallest change that does where memory ran out.

Used by notebooks 03 and 04 and where memory ran out. Rule: the forecast is `diaglib.footprint`'s, nothing is fitted here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from diaglib.footprint import (
    Gpu,
    TrainingPlan,
    fits,
    predict_training,
    read_architecture,
    smallest_change_that_fits,
)
from diaglib.tuning.errors import TuningError
from diaglib.tuning.settings import TuningSettings

Kind = Literal["sft", "orpo", "dpo"]


def training_plan(settings: TuningSettings, precision: str, kind: Kind, tokens: int = 0) -> TrainingPlan:
    """What decides the memory of a run; `tokens` is the longest row, `max_tokens` where it is not known."""
    return TrainingPlan(
        precision={"qlora": "nf4", "full": "fp32"}.get(settings.method, precision),
        rank=0 if settings.method == "full" else settings.lora_rank,
        rows=settings.batch_rows,
        tokens=tokens or settings.max_tokens,
        method=kind,
        checkpointing=settings.activation_checkpointing,
    )


def smallest_change(config: Any, settings: TuningSettings, precision: str, kind: Kind, gpu: Gpu | None = None) -> str:
    """Words on what to change so that a run of this model fits `gpu` (the one here), or why nothing helps.

    Memory ran out, so what the prediction thinks would have fitted is halved first.
    """
    if gpu is None:
        gpu = gpu_here()
    try:
        architecture = read_architecture(config)
        plan = training_plan(settings, precision, kind)
        change = smallest_change_that_fits(architecture, plan, gpu)
        if change is not None and change.plan == plan:  # something else holds memory too: less than predicted is left
            change = smallest_change_that_fits(architecture, plan, replace(gpu, memory_mib=round(change.predicted_mib)))
    except ValueError as error:
        return f"take a smaller batch_rows, or method qlora (no prediction: {error})"
    if change is None:
        return f"nothing makes this model fit {gpu.name} by prediction: take a smaller one, or a larger card"
    return f"{change.words}: predicted {change.predicted_mib:,.0f} MiB of {gpu.room_mib:,.0f} on {gpu.name}"


def require_fit(config: Any, settings: TuningSettings, precision: str, kind: Kind, gpu: Gpu | None = None) -> None:
    """Raises TuningError where a run does not fit `gpu` (the one here) by prediction, saying what would; what cannot be
    predicted is tried.
    """
    if gpu is None:
        gpu = gpu_here()
    try:
        architecture = read_architecture(config)
    except ValueError:
        return
    mib = predict_training(architecture, training_plan(settings, precision, kind)).total_mib
    if fits(mib, gpu):
        return
    advice = smallest_change(config, settings, precision, kind, gpu)
    without = predict_training(architecture, training_plan(settings, precision, "orpo")).total_mib
    instead = " ORPO, which needs no reference, fits." if kind == "dpo" and fits(without, gpu) else ""
    raise TuningError(
        "memory",
        f"{kind.upper()} takes {mib:,.0f} MiB by prediction, {gpu.name} has room for {gpu.room_mib:,.0f}: {advice}.{instead}",
    )


def gpu_here() -> Gpu:
    """The GPU of this machine, or its free main memory where there is none."""
    import psutil
    import torch

    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        return Gpu(properties.name, properties.total_memory // 2**20)
    return Gpu("this machine's memory", psutil.virtual_memory().available // 2**20, context_mib=0)


def predicted_rows(config: Any, settings: TuningSettings, precision: str, tokens: int, gpu: Gpu) -> list[dict[str, Any]]:
    """Predicted MiB of one model, tuned in the ways that notebooks 03 and 04 offer, and whether they fit `gpu`.

    `tokens` is the longest row. Raises ValueError for an architecture that is not known.
    """
    architecture = read_architecture(config)
    lora, qlora = replace(settings, method="lora"), replace(settings, method="qlora")
    ways: list[tuple[str, TuningSettings, Kind]] = [
        ("SFT, LoRA rank 16", replace(lora, lora_rank=16), "sft"),
        ("SFT, LoRA rank 128", replace(lora, lora_rank=128), "sft"),
        ("SFT, QLoRA rank 16", replace(qlora, lora_rank=16), "sft"),
        ("ORPO, QLoRA rank 16", replace(qlora, lora_rank=16), "orpo"),
        ("DPO, QLoRA rank 16", replace(qlora, lora_rank=16), "dpo"),
        ("DPO, all weights", replace(settings, method="full"), "dpo"),
    ]
    rows = []
    for words, changed, kind in ways:
        mib = predict_training(architecture, training_plan(changed, precision, kind, tokens)).total_mib
        rows.append({"run": words, "predicted MiB": mib, "room MiB": gpu.room_mib, "fits": fits(mib, gpu)})
    return rows
