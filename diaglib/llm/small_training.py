"""Trains a small Llama on encoded rows: the one loop behind the embedded models `tiny` and `tiny-chat`.

Inputs: a model, a source of batches, settings with a budget of steps or of minutes. Outputs: model.safetensors (fp16),
config.json, training.json. Rule: a killed run goes on from its last checkpoint; the learning rate falls to zero over the budget.
"""

from __future__ import annotations

import io
import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from diaglib.environment import training_autocast
from diaglib.files import write_whole

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM

CHECKPOINT = "checkpoint.pt"
LOSSES_AVERAGED = 100  # the loss that is shown and recorded is the mean of the last so many steps


@dataclass(frozen=True)
class TrainingSettings:
    """Sizes of a model and the schedule of its training; the budget is `steps` or `minutes`, whichever is given."""

    width: int
    layers: int
    heads: int
    feed_forward: int
    batch_tokens: int  # of a batch, padding included
    learning_rate: float  # at the end of the warm-up
    weight_decay: float
    warm_up_steps: int
    steps: int | None = None
    minutes: float | None = None
    prompt_loss_weight: float = 0.1  # of a token of the prompt beside one of the answer
    seed: int = 0
    checkpoint_minutes: float = 3.0

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError(f"a training has a budget of steps or of minutes: steps={self.steps}, minutes={self.minutes}")


@dataclass(frozen=True)
class EncodedRow:
    """Ids of prompt and answer, and where the answer starts."""

    ids: list[int]
    prompt_length: int


@dataclass(frozen=True)
class Batch:
    """Rows and the shape they are padded to: (size, length) ids."""

    rows: list[EncodedRow]
    size: int
    length: int


def padded_tensors(batch: Batch, pad_id: int, prompt_weight: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Inputs, targets and loss weights of a batch, each (size, length - 1), padded on the right."""
    import torch

    ids = torch.full((batch.size, batch.length), pad_id)
    weights = torch.zeros((batch.size, batch.length))
    for i, row in enumerate(batch.rows):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        weights[i, 1 : row.prompt_length] = prompt_weight
        weights[i, row.prompt_length : len(row.ids)] = 1.0
    return ids[:, :-1], ids[:, 1:], weights[:, 1:]


def new_model(settings: TrainingSettings, vocabulary: int, pad_id: int, end_id: int, **marks: str) -> LlamaForCausalLM:
    """A Llama of random weights, from the seed of the settings; `marks` are further fields of its config.json."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(settings.seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=settings.feed_forward,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        rope_theta=10_000.0,
        pad_token_id=pad_id,
        bos_token_id=None,
        eos_token_id=end_id,
        **marks,
    )
    return LlamaForCausalLM(config)


def is_finished(folder: Path) -> bool:
    """Whether a folder holds a model that no training is in the middle of."""
    return (folder / "model.safetensors").exists() and not (folder / CHECKPOINT).exists()


def train_model(
    folder: Path,
    model: LlamaForCausalLM,
    batches_from: Callable[[int], Iterator[Batch]],
    settings: TrainingSettings,
    shapes: int | None = None,
) -> dict[str, Any]:
    """Trains until the budget is spent and writes the model to `folder`; returns what training.json is to record.

    `batches_from` gives the batches that follow so many steps. `shapes` is how many shapes of batches come: the step is compiled
    for each of them; None where lengths vary freely. A checkpoint in `folder` is resumed, and removed by `finish`.
    Raises FloatingPointError where the loss is no number.
    """
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.to(device)
    optimizer = _optimizer_of(model, settings)
    state: dict[str, Any] = {"step": 0, "seconds": 0.0, "rows": 0, "tokens": 0, "answer_tokens": 0}
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        state |= saved["state"]
    loss_of = _loss_of(model, device, shapes)
    counted, budget = ("step", settings.steps) if settings.minutes is None else ("seconds", settings.minutes * 60)
    started = last_save = time.monotonic() - state["seconds"]
    bar = tqdm(total=int(budget or 0), initial=int(state[counted]), unit=counted[:4], desc="training", mininterval=5)
    losses: list[float] = []
    for batch in batches_from(state["step"]):
        spent = state[counted] / budget if budget else 1.0
        if spent >= 1:
            break
        warm = min(1.0, (state["step"] + 1) / settings.warm_up_steps)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * warm * (1 - spent)
        tensors = padded_tensors(batch, model.config.pad_token_id, settings.prompt_loss_weight)
        loss = loss_of(*(tensor.to(device) for tensor in tensors))
        losses = [*losses[1 - LOSSES_AVERAGED :], float(loss.detach())]
        if not math.isfinite(losses[-1]):
            raise FloatingPointError(f"loss is {losses[-1]} at step {state['step']}; the last checkpoint is kept in {checkpoint}")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        state["step"] += 1
        state["rows"] += len(batch.rows)
        state["tokens"] += sum(len(row.ids) for row in batch.rows)
        state["answer_tokens"] += sum(len(row.ids) - row.prompt_length for row in batch.rows)
        state["seconds"] = time.monotonic() - started
        bar.update(int(state[counted]) - bar.n)
        bar.set_postfix(step=state["step"], loss=f"{sum(losses) / len(losses):.4f}", refresh=False)
        if time.monotonic() - last_save >= settings.checkpoint_minutes * 60:
            last_save = time.monotonic()
            buffer = io.BytesIO()
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "state": state}, buffer)
            write_whole(checkpoint, buffer.getvalue())
    bar.close()
    return state | {
        "loss": sum(losses) / max(len(losses), 1),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "vocabulary": model.config.vocab_size,
        "settings": {name: value for name, value in asdict(settings).items() if value is not None},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores" if device == "cpu" else torch.cuda.get_device_name(),
        "torch": torch.__version__,
    }


def finish(folder: Path, model: LlamaForCausalLM, record: dict[str, Any]) -> None:
    """Writes the model in half precision and its training.json; then the checkpoint goes, and the run is finished."""
    model.half().save_pretrained(folder)
    write_whole(folder / "training.json", json.dumps(record, indent=2).encode())
    (folder / CHECKPOINT).unlink(missing_ok=True)


def _optimizer_of(model: torch.nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer:
    """AdamW; embeddings and norms do not decay."""
    import torch

    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    groups = [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98), fused=True)


def _loss_of(model: torch.nn.Module, device: str, shapes: int | None) -> Callable[..., torch.Tensor]:
    """The weighted loss; compiled where shapes are few: on a CPU most of a small model's time is overhead between operations."""
    import torch

    def loss_of(inputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        with training_autocast(device):
            logits = model(input_ids=inputs, use_cache=False).logits
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
        return (losses * weights.flatten()).sum() / weights.sum()

    if shapes is None:
        return loss_of
    torch._dynamo.config.recompile_limit = 2 * shapes
    return torch.compile(loss_of, dynamic=False)
