"""One run of a trainer, whichever: its arguments, resuming, what may go wrong while it trains, and its record.

Used by `sft` and `preference`. Rule: a finished run is known by `result.json`, which is written last; anything else in its folder
is resumed from the last whole checkpoint, to the same losses.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from diaglib.environment import read_environment
from diaglib.files import write_whole
from diaglib.tuning.checkpoints import CheckpointFolder
from diaglib.tuning.errors import TuningError
from diaglib.tuning.loading import Base
from diaglib.tuning.rows import Row
from diaglib.tuning.settings import TuningSettings

RESULT, RUN = "result.json", "run.json"


@dataclass(frozen=True)
class Tuned:
    """A finished run: its folder, that of the model (for `--model` and notebook 07), of the adapter if any, and the record."""

    folder: Path
    model_folder: Path
    adapter_folder: Path | None
    record: dict[str, Any]


def finished(folder: Path) -> Tuned | None:
    """The finished run of a folder, or None."""
    try:
        record = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    adapter = folder / "adapter"
    return Tuned(folder, folder / "model", adapter if adapter.is_dir() else None, record)


def run_key(kind: str, base: str, rows: Sequence[Sequence[Row]], settings: TuningSettings, **more: Any) -> dict[str, Any]:
    """What decides the result of a run; of a base in a folder the weights, not its name alone."""
    content = json.dumps([[(row.prompt, row.answer) for row in part] for part in rows]).encode()
    known = {"kind": kind, "base": base, "rows": hashlib.sha256(content).hexdigest()[:16], "settings": asdict(settings)}
    return known | {"base weights": weights_digest(base)} | more


def weights_digest(model: str | Path) -> str:
    """Of the weights of a model in a folder; empty for one of the hub, whose name is all that is known of it here."""
    weights = Path(model) / "model.safetensors"
    return hashlib.sha256(weights.read_bytes()).hexdigest()[:16] if weights.is_file() else ""


def claim(folder: Path, key: dict[str, Any], replace: bool = False) -> Tuned | None:
    """Notes in `folder` which run it holds; the finished run where it is this one.

    With `replace` another run that it holds is moved beside it, as `<folder>.before`; one of these is kept.
    Raises TuningError where it holds another run, naming what differs, or cannot be written.
    """
    checkpoints = CheckpointFolder(folder / "checkpoints")
    checkpoints.require_room(0)
    note = folder / RUN
    if note.is_file():
        before = json.loads(note.read_text(encoding="utf-8"))
        if before != key and replace:
            aside = folder.with_name(folder.name + ".before")
            shutil.rmtree(aside, ignore_errors=True)
            folder.rename(aside)
            return claim(folder, key)
        if before != key:
            differs = [name for name in key if before.get(name) != key[name]]
            if differs == ["settings"]:
                differs = [name for name, value in key["settings"].items() if before["settings"].get(name) != value]
            raise TuningError(
                "rows", f"{folder} holds a run with other {', '.join(differs)}: choose another folder, or remove this one"
            )
        return finished(folder)
    write_whole(note, json.dumps(key).encode())  # every process of a run writes the same
    return None


def trainer_arguments(base: Base, settings: TuningSettings, folder: Path, validates: bool) -> dict[str, Any]:
    """Arguments that every TRL trainer takes."""
    import torch

    return {
        "output_dir": str(folder / "checkpoints"),
        "max_steps": settings.steps,
        "per_device_train_batch_size": settings.batch_rows,
        "per_device_eval_batch_size": settings.batch_rows,
        "gradient_accumulation_steps": settings.accumulation,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": settings.warm_up_steps,
        "weight_decay": settings.weight_decay,
        "fp16": base.precision == "fp16",
        "bf16": base.precision == "bf16",
        "activation_checkpointing": settings.activation_checkpointing,
        "logging_steps": 1,
        "eval_strategy": "steps" if validates else "no",
        "eval_steps": settings.checkpoint_steps if validates else None,
        "save_strategy": "steps",
        "save_steps": settings.checkpoint_steps,
        "save_total_limit": 3,  # the best, the last, and the one before in case the last is lost
        "load_best_model_at_end": validates,
        "metric_for_best_model": "eval_loss" if validates else None,
        "greater_is_better": False if validates else None,
        "remove_unused_columns": False,
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": not torch.cuda.is_available(),
        "dataloader_pin_memory": torch.cuda.is_available(),
        "seed": settings.seed,
        "max_length": None,  # too long rows were left out and counted, none is cut
    }


def train(
    trainer: Any, base: Base, settings: TuningSettings, folder: Path, title: str, live: bool, advice: Callable[[], str]
) -> dict[str, Any]:
    """Trains, or goes on from the last whole checkpoint; returns the record. Raises TuningError for what goes wrong.

    `advice` says what to change where memory runs out.
    """
    import torch
    from transformers import EarlyStoppingCallback
    from transformers.trainer_callback import PrinterCallback

    from diaglib.llm.hub_loading import is_out_of_memory
    from diaglib.tuning.quiet import quiet_libraries
    from diaglib.tuning.watch import Curves, LearningCheck

    checkpoints = CheckpointFolder(folder / "checkpoints")
    checkpoints.require_room(base.checkpoint_megabytes)
    trainer.checkpoint_folder = checkpoints
    for weight in trainer.model.parameters():  # a T4 cannot scale the gradients of bfloat16 adapters, which TRL makes
        if weight.requires_grad and weight.dtype in (torch.float16, torch.bfloat16):
            weight.data = weight.data.float()
    learning = LearningCheck(trainer.model)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(learning)
    trainer.add_callback(Curves(title, live))
    if trainer.args.load_best_model_at_end:
        trainer.add_callback(EarlyStoppingCallback(settings.patience))
    last = checkpoints.last()
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    start, processor_start = time.perf_counter(), time.process_time()
    try:
        with quiet_libraries():
            trainer.train(resume_from_checkpoint=str(last) if last else None)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise TuningError(
            "memory", f"memory ran out at step {trainer.state.global_step + 1}: {advice()}; {checkpoints.safe()}"
        ) from error
    history = trainer.state.log_history
    return {
        "base": base.name,
        "kind": trainer._name,
        "settings": asdict(settings),
        "precision": base.precision,
        "precision_reason": base.precision_reason,
        "steps": trainer.state.global_step,
        "stopped_early": trainer.state.global_step < settings.steps,
        "best_step": trainer.state.best_global_step,
        "best_validation_loss": trainer.state.best_metric,
        "losses": [(entry["step"], float(entry["loss"])) for entry in history if "loss" in entry],
        "validation_losses": [(entry["step"], float(entry["eval_loss"])) for entry in history if "eval_loss" in entry],
        "seconds": time.perf_counter() - start,
        "processor_seconds": time.process_time() - processor_start,
        "resumed_from": last.name if last else None,
        "trained_parameters": base.trainable_parameters,
        "peak_allocated_mib": torch.cuda.max_memory_allocated() / 2**20 if on_gpu else None,
        "peak_reserved_mib": torch.cuda.max_memory_reserved() / 2**20 if on_gpu else None,
        "learning": learning.found,
        "environment": asdict(read_environment()),
    }
