"""What a LoRA of a rank costs on a fresh model: seconds, peak memory, losses. Used by the child processes of notebook 01.

Rule: a rank starts from weights just loaded and from peaks set back; gradients that stay zero are an error, not a result.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from diaglib.candidates.resources import read_peaks
from diaglib.candidates.settings import Settings

LEARNING_RATE = 2e-4
IGNORED = -100


def lora_cost(writer: Any, rows: Sequence[tuple[str, str]], rank: int, settings: Settings) -> dict[str, Any]:
    """Trains on (prompt, answer) rows. Peaks are those since the caller set them back, loading included.

    Returns `seconds`, `steps`, `first_loss`, `final_loss` (means of an epoch), `trained_parameters`, `targets` and the peaks.
    Raises RuntimeError where no gradient reaches the adapter, ValueError where no layer takes one.
    """
    import torch
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    from diaglib.llm.adapters import lora_target_modules

    torch.manual_seed(settings.seed)
    model = writer.model
    targets = lora_target_modules(model)
    model.train()  # before any forward: 4-bit weights on a CPU are repacked in eval mode and then have no gradient
    if getattr(model, "is_quantized", False):
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    model = get_peft_model(model, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=targets, task_type="CAUSAL_LM"))
    model.config.use_cache = False
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in trained:  # optimizer steps in half precision are lost
        parameter.data = parameter.data.float()
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE)
    encoded = [writer.training_ids(prompt, answer) for prompt, answer in rows[: settings.lora_rows]]
    encoded.sort(key=lambda row: -len(row[0]))  # the longest batch first: memory that runs out does so at once
    batches = [_batch(encoded[i : i + settings.lora_batch], model.device) for i in range(0, len(encoded), settings.lora_batch)]
    half = next((p.dtype for p in model.parameters() if p.dtype in (torch.float16, torch.bfloat16)), None)
    scaler = torch.amp.GradScaler(enabled=half is torch.float16 and model.device.type == "cuda")
    epochs: list[float] = []
    start = time.perf_counter()
    for _ in range(settings.lora_epochs):
        losses: list[float] = []
        for batch in batches:
            with torch.autocast(model.device.type, dtype=half, enabled=half is not None):
                loss = model(**batch).loss
            scaler.scale(loss).backward()
            if not epochs and not losses:
                _refuse_zero_gradients(trained)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad(set_to_none=True)
            losses.append(float(loss.detach()))
        epochs.append(fmean(losses))
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return {
        "seconds": round(time.perf_counter() - start, 3),
        "steps": settings.lora_epochs * len(batches),
        "first_loss": round(epochs[0], 4),
        "final_loss": round(epochs[-1], 4),
        "trained_parameters": sum(parameter.numel() for parameter in trained),
        "targets": ", ".join(sorted(targets)),
        **read_peaks(),
    }


def _batch(rows: Sequence[tuple[list[int], int]], device: Any) -> dict[str, Any]:
    """Right-padded ids, mask and labels; the loss is taken on the answers."""
    import torch

    longest = max(len(ids) for ids, _ in rows)
    padded = [ids + [0] * (longest - len(ids)) for ids, _ in rows]
    mask = [[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows]
    labels = [[IGNORED] * prompt + ids[prompt:] + [IGNORED] * (longest - len(ids)) for ids, prompt in rows]
    tensors = {"input_ids": padded, "attention_mask": mask, "labels": labels}
    return {name: torch.tensor(value, device=device) for name, value in tensors.items()}


def _refuse_zero_gradients(trained: Sequence[Any]) -> None:
    if not any(parameter.grad is not None and bool(parameter.grad.abs().max() > 0) for parameter in trained):
        raise RuntimeError("no gradient reaches the adapter: its cost would be that of doing nothing")
