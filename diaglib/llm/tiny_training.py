"""Trains the embedded model from scratch on generated rows: `python -m diaglib train --minutes 90`.

Used to make `diaglib/llm/tiny/`. Inputs: a seed and a time budget. Outputs: model.safetensors (fp16), config.json,
vocabulary.json, training.json. Rule: a killed run goes on from its last checkpoint; every row is fresh, none is seen twice.
"""

from __future__ import annotations

import json
import math
import os
import platform
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from diaglib.dataset.rows import FAMILIES, Told, tell
from diaglib.environment import training_autocast
from diaglib.llm.pieces import cut
from diaglib.llm.tokenizer import TinyTokenizer

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM

BUCKETS_TOKENS = (64, 128, 224, 384)  # few lengths, so that the compiled step is made few times


@dataclass(frozen=True)
class TinySettings:
    """Sizes and schedule; the defaults are what the shipped model was made with."""

    width: int = 192
    layers: int = 6
    heads: int = 6
    feed_forward: int = 512
    vocabulary_rows: int = 60_000
    vocabulary_words: int = 2_800
    batch_tokens: int = 1_536
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    warm_up_steps: int = 300
    prompt_loss_weight: float = 0.1
    minutes: float = 120.0
    seed: int = 0
    checkpoint_minutes: float = 3.0
    start_from: str | None = None  # folder of a finished model whose weights and vocabulary the training goes on with
    vocabulary_from: str | None = None  # folder of a model whose words are taken over, its weights are not
    families: tuple[str, ...] | None = None  # only rows of these; None: all


@dataclass(frozen=True)
class EncodedRow:
    """Ids of sentence and plan, and where the plan starts."""

    ids: list[int]
    prompt_length: int


def build_vocabulary(settings: TinySettings) -> TinyTokenizer:
    """The most frequent words of generated sentences; the rest are slots.

    Names of everyday steps do not count, for they tell nothing but themselves: as slots they are copied more surely.
    """
    counts: Counter[str] = Counter()
    for number in range(settings.vocabulary_rows):
        told = tell(random.Random(f"vocabulary {settings.seed} {number}"))
        names = [node.label for node in told.plan.nodes if told.family == "pipeline" and node.kind in ("process", "decision")]
        only_names = {piece.text for name in names for piece in cut(name)}
        counts.update({piece.text for piece in cut(told.sentence) if piece.value is None} - only_names)
    frequent = sorted((word for word, count in counts.items() if count >= 12), key=lambda word: (-counts[word], word))
    return TinyTokenizer(frequent[: settings.vocabulary_words])


def encode(told: Told, tokenizer: TinyTokenizer, rng: random.Random | None = None) -> EncodedRow | None:
    """Ids of a row; None where it cannot be written or is longer than the largest bucket.

    With `rng`, some words that name a step of a flowchart are hidden, so that the model meets unknown names more often.
    Words that tell a kind of layer are never hidden: nothing else says it.
    """
    hidden: set[str] = set()
    if rng is not None and told.plan.family == "flowchart" and rng.random() < 0.25:
        share = rng.uniform(0.05, 0.3)
        names = sorted({piece.text for node in told.plan.nodes for piece in cut(node.label)})
        hidden = {word for word in names if word.isalpha() and rng.random() < share}
    context = tokenizer.context(told.sentence, hidden)
    answer = tokenizer.plan_ids(told.plan, context, told.stated_sizes)
    prompt = tokenizer.prompt_ids(context)
    if answer is None or len(prompt) + len(answer) > BUCKETS_TOKENS[-1]:
        return None
    return EncodedRow(prompt + answer, len(prompt))


def batches(
    tokenizer: TinyTokenizer, settings: TinySettings, start: int, pool_rows: int = 768
) -> Iterator[tuple[list[EncodedRow], int]]:
    """Endless batches of rows of similar length, with their bucket.

    `start` is the number of the first pool: the steps done so far, of which there are more than pools, so no row comes twice.
    """
    pool_number = start
    shares = None if settings.families is None else {name: FAMILIES[name][1] for name in settings.families}
    while True:
        rng = random.Random(f"{settings.seed} {pool_number}")
        pool = [row for _ in range(pool_rows) if (row := encode(tell(rng, shares), tokenizer, rng)) is not None]
        pool_number += 1
        by_bucket: dict[int, list[EncodedRow]] = {}
        for row in pool:
            by_bucket.setdefault(next(b for b in BUCKETS_TOKENS if b >= len(row.ids)), []).append(row)
        made = []
        for bucket, rows in by_bucket.items():
            size = settings.batch_tokens // bucket
            made += [(rows[i : i + size], bucket) for i in range(0, len(rows) - size // 2, size)]
        rng.shuffle(made)
        yield from made


def padded_tensors(
    rows: list[EncodedRow], bucket: int, size: int, pad_id: int, prompt_weight: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Inputs, targets and loss weights of a batch, each (size, bucket - 1), padded on the right."""
    import torch

    ids = torch.full((size, bucket), pad_id)
    weights = torch.zeros((size, bucket))
    for i, row in enumerate(rows):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        weights[i, 1 : row.prompt_length] = prompt_weight
        weights[i, row.prompt_length : len(row.ids)] = 1.0
    return ids[:, :-1], ids[:, 1:], weights[:, 1:]


def optimizer_of(model: torch.nn.Module, learning_rate: float, weight_decay: float) -> torch.optim.Optimizer:
    """AdamW; embeddings and norms do not decay."""
    import torch

    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98), fused=True)


def train(folder: Path, settings: TinySettings) -> dict:
    """Trains until the budget is spent and writes the model to `folder`; returns what training.json records.

    A checkpoint in `folder/checkpoint.pt` is resumed; it is removed when the model is finished.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    torch.manual_seed(settings.seed)
    vocabulary_folder = folder if checkpoint.exists() else settings.start_from or settings.vocabulary_from
    tokenizer = TinyTokenizer.load(Path(vocabulary_folder)) if vocabulary_folder else build_vocabulary(settings)
    tokenizer.save(folder)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=settings.feed_forward,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        rope_theta=10_000.0,
        pad_token_id=tokenizer.pad_id,
        bos_token_id=None,
        eos_token_id=tokenizer.end_id,
    )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = LlamaForCausalLM(config) if settings.start_from is None else _weights_of(Path(settings.start_from))
    model = model.to(device)
    optimizer = optimizer_of(model, settings.learning_rate, settings.weight_decay)
    state: dict[str, Any] = {"step": 0, "seconds": 0.0, "rows": 0, "answer_tokens": 0}
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        state = saved["state"]
    loss_of = _compiled_loss(model, device)
    budget_s = settings.minutes * 60
    started = last_save = time.monotonic() - state["seconds"]
    bar = tqdm(total=int(budget_s), initial=int(state["seconds"]), unit="s", desc="training", mininterval=5)
    recent: list[float] = []
    for rows, bucket in batches(tokenizer, settings, state["step"]):
        spent_s = time.monotonic() - started
        if spent_s >= budget_s:
            break
        warm = min(1.0, (state["step"] + 1) / settings.warm_up_steps)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * warm * (1 - spent_s / budget_s)
        size = settings.batch_tokens // bucket
        inputs, targets, weights = (
            t.to(device) for t in padded_tensors(rows, bucket, size, tokenizer.pad_id, settings.prompt_loss_weight)
        )
        loss = loss_of(inputs, targets, weights)
        loss_value = float(loss.detach())
        if not math.isfinite(loss_value):
            raise FloatingPointError(f"loss is {loss_value} at step {state['step']}; the last checkpoint is kept in {checkpoint}")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        recent = [*recent[-99:], loss_value]
        state["step"] += 1
        state["rows"] += len(rows)
        state["answer_tokens"] += sum(len(row.ids) - row.prompt_length for row in rows)
        state["seconds"] = time.monotonic() - started
        bar.update(int(state["seconds"]) - bar.n)
        bar.set_postfix(step=state["step"], loss=f"{sum(recent) / len(recent):.4f}", refresh=False)
        if time.monotonic() - last_save > settings.checkpoint_minutes * 60:
            last_save = time.monotonic()
            part = checkpoint.with_suffix(".part")
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "state": state}, part)
            os.replace(part, checkpoint)
    bar.close()
    record = {
        **state,
        "loss": sum(recent) / max(len(recent), 1),
        "parameters": sum(p.numel() for p in model.parameters()),
        "vocabulary": len(tokenizer),
        "settings": asdict(settings),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores" if device == "cpu" else torch.cuda.get_device_name(),
        "torch": torch.__version__,
    }
    model.half().save_pretrained(folder)
    (folder / "training.json").write_text(json.dumps(record, indent=2))
    checkpoint.unlink(missing_ok=True)
    return record


def _weights_of(folder: Path) -> LlamaForCausalLM:
    """A finished model in the precision of training; ValueError where the folder holds none."""
    import torch
    from transformers import LlamaForCausalLM

    if not (folder / "model.safetensors").exists():
        raise ValueError(f"{folder} holds no model.safetensors: name the folder of a finished training to start from")
    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)


def _compiled_loss(model: torch.nn.Module, device: str) -> Callable[..., torch.Tensor]:
    """The weighted loss as one compiled function: on a CPU most of a small model's time is overhead between operations."""
    import torch

    def loss_of(inputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        with training_autocast(device):
            logits = model(input_ids=inputs, use_cache=False).logits
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
        return (losses * weights.flatten()).sum() / weights.sum()

    torch._dynamo.config.recompile_limit = 2 * len(BUCKETS_TOKENS)
    return torch.compile(loss_of, dynamic=False)
