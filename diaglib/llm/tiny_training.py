"""Trains the embedded model from scratch on generated rows: `python -m diaglib train --minutes 90`.

Used to make `diaglib/llm/tiny/`. Inputs: a seed and a time budget. Outputs: model.safetensors (fp16), config.json,
vocabulary.json, training.json. Rule: every row is fresh, none is seen twice.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.dataset.rows import FAMILIES, Told, tell
from diaglib.llm.pieces import cut
from diaglib.llm.small_training import CHECKPOINT, Batch, EncodedRow, TrainingSettings, finish, new_model, train_model
from diaglib.llm.tokenizer import TinyTokenizer

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

BUCKETS_TOKENS = (64, 128, 224, 384)  # few lengths, so that the compiled step is made few times
TINY_SETTINGS = TrainingSettings(  # what the shipped model is made with
    width=192,
    layers=6,
    heads=6,
    feed_forward=512,
    batch_tokens=1_536,
    learning_rate=2e-3,
    weight_decay=0.05,
    warm_up_steps=300,
    minutes=120.0,
)


@dataclass(frozen=True)
class TinySources:
    """What a training of the embedded model starts from, and the rows it sees."""

    start_from: str | None = None  # folder of a finished model whose weights and vocabulary the training goes on with
    vocabulary_from: str | None = None  # folder of a model whose words are taken over, its weights are not
    vocabulary_rows: int = 60_000  # generated, for a vocabulary of its own
    vocabulary_words: int = 2_800  # of it, at the most
    families: tuple[str, ...] | None = None  # only rows of these; None: all


def build_vocabulary(sources: TinySources, seed: int) -> TinyTokenizer:
    """The most frequent words of generated sentences; the rest are slots.

    Names of everyday steps do not count, for they tell nothing but themselves: as slots they are copied more surely.
    """
    counts: Counter[str] = Counter()
    for number in range(sources.vocabulary_rows):
        told = tell(random.Random(f"vocabulary {seed} {number}"))
        names = [node.label for node in told.plan.nodes if told.family == "pipeline" and node.kind in ("process", "decision")]
        only_names = {piece.text for name in names for piece in cut(name)}
        counts.update({piece.text for piece in cut(told.sentence) if piece.value is None} - only_names)
    frequent = sorted((word for word, count in counts.items() if count >= 12), key=lambda word: (-counts[word], word))
    return TinyTokenizer(frequent[: sources.vocabulary_words])


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
    tokenizer: TinyTokenizer, settings: TrainingSettings, families: tuple[str, ...] | None, start: int, pool_rows: int = 768
) -> Iterator[Batch]:
    """Endless batches of rows of similar length.

    `start` is the number of the first pool: the steps done so far, of which there are more than pools, so no row comes twice.
    """
    pool_number = start
    shares = None if families is None else {name: FAMILIES[name][1] for name in families}
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
            made += [Batch(rows[i : i + size], size, bucket) for i in range(0, len(rows) - size // 2, size)]
        rng.shuffle(made)
        yield from made


def train(folder: Path, settings: TrainingSettings = TINY_SETTINGS, sources: TinySources | None = None) -> dict[str, Any]:
    """Trains until the budget is spent and writes the model to `folder`; returns what training.json records.

    A run that was stopped in `folder` goes on. Raises ValueError where `start_from` holds no model, FloatingPointError where the
    loss is no number.
    """
    sources = sources or TinySources()
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary_folder = folder if (folder / CHECKPOINT).exists() else sources.start_from or sources.vocabulary_from
    tokenizer = TinyTokenizer.load(Path(vocabulary_folder)) if vocabulary_folder else build_vocabulary(sources, settings.seed)
    tokenizer.save(folder)
    if sources.start_from is None:
        model = new_model(settings, len(tokenizer), tokenizer.pad_id, tokenizer.end_id)
    else:
        model = _weights_of(Path(sources.start_from))
    record = train_model(
        folder, model, lambda step: batches(tokenizer, settings, sources.families, step), settings, len(BUCKETS_TOKENS)
    )
    record["settings"] |= {name: value for name, value in asdict(sources).items() if value is not None}
    finish(folder, model, record)
    return record


def _weights_of(folder: Path) -> LlamaForCausalLM:
    """A finished model in the precision of training; ValueError where the folder holds none."""
    import torch
    from transformers import LlamaForCausalLM

    if not (folder / "model.safetensors").exists():
        raise ValueError(f"{folder} holds no model.safetensors: name the folder of a finished training to start from")
    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
