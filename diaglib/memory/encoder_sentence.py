"""Encoders of sentence-transformers: loading, judging by cosine, and the one trainer that fine-tunes any of them.

Used in the profiles t4 and a100 and by notebook 06. Rules: safetensors only, no remote code; the threshold lies beside the model.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.memory.evaluation import calibrated_threshold
from diaglib.memory.items import one_line
from diaglib.memory.lines import chit_chat
from diaglib.memory.ngrams import MAX_CHARACTERS
from diaglib.memory.pairs import SAME_KEYS, Line, Pair, hard_pairs, key_and_value, product

if TYPE_CHECKING:
    import numpy as np

NGRAMS = "ngrams"
PUBLISHED_BASE = "klue/roberta-base"
PUBLISHED_THRESHOLD = 0.6
CALIBRATION_FILE = "memory.json"


class SentenceEncoder:
    """A sentence-transformers model that compares `[key: value]` with a message by the cosine of their embeddings."""

    def __init__(self, model: Any, name: str, threshold: float = PUBLISHED_THRESHOLD) -> None:
        self.model, self.name, self.threshold = model, name, threshold

    @classmethod
    def load(cls, model: str, device: str | None = None) -> SentenceEncoder:
        """A folder or hub id; a bare language model gets mean pooling, as published. The threshold is the one calibrated with
        the model, else the published 0.6."""
        loaded = _load(model, device)
        calibration = Path(model) / CALIBRATION_FILE
        limit = PUBLISHED_THRESHOLD
        if calibration.is_file():
            limit = float(json.loads(calibration.read_text(encoding="utf-8"))["threshold"])
        return cls(loaded, model, limit)

    def save(self, folder: str | Path) -> Path:
        """Model and threshold into a folder that `load` takes."""
        folder = Path(folder)
        self.model.save_pretrained(str(folder), safe_serialization=True, create_model_card=False)
        (folder / CALIBRATION_FILE).write_text(json.dumps({"threshold": self.threshold}) + "\n", encoding="utf-8")
        return folder

    def memory_vectors(self, memories: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 (memories, dimensions)."""
        return self._encode([_as_trained(memory) for memory in memories])

    def message_vectors(self, messages: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 (messages, dimensions)."""
        return self._encode([one_line(message[:MAX_CHARACTERS]) for message in messages])

    def similarity(self, memories: Sequence[str], messages: Sequence[str]) -> np.ndarray:
        """Cosine of every memory (rows) and message (columns), what lies below 0 cut off."""
        import numpy as np

        if not len(memories) or not len(messages):
            return np.zeros((len(memories), len(messages)))
        return np.clip(self.memory_vectors(memories) @ self.message_vectors(messages).T, 0, 1)

    def _encode(self, texts: Sequence[str]) -> np.ndarray:
        return self.model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True)


@dataclass(frozen=True, slots=True)
class FineTuning:
    """Sizes of a fine-tuning: `epochs`, `batch_size` in pairs, `learning_rate`, `max_pairs` (drawn by `seed`), the `precision`
    and `silence` its threshold is calibrated for."""

    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 2e-5
    max_pairs: int = 20_000
    precision: float = 0.85
    silence: float = 0.9
    seed: int = 0
    half_precision: str = "no"  # "fp16" on a T4, "bf16" on an A100


def fine_tune(
    base: str, lines: Sequence[Line], held_out: Sequence[Line], settings: FineTuning, folder: str | Path
) -> tuple[SentenceEncoder, list[dict[str, float]]]:
    """Fine-tunes a model on the product of lines and on hard pairs by the published cosine loss; calibrates and saves it.

    `base` is a hub id, a folder, or `ngrams` for an embedding from scratch. Returns the encoder and the training curve: step and
    loss. Raises ValueError where there are too few lines to train on or to calibrate with.
    """
    if len(lines) < 2 or len(held_out) < 2:
        raise ValueError(f"{len(lines)} lines to train on and {len(held_out)} held out: give at least two of each")
    import torch
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from sentence_transformers.base.model_card import BaseModelCardCallback
    from sentence_transformers.sentence_transformer.losses import CosineSimilarityLoss
    from transformers import ProgressCallback, set_seed

    folder = Path(folder)
    set_seed(settings.seed)
    if base == NGRAMS:
        from diaglib.memory.encoder_module import NgramEmbedding

        model = SentenceTransformer(modules=[NgramEmbedding()])
    else:
        model = _load(base)
    pairs = chosen_pairs(lines, settings.max_pairs, settings.seed)
    columns = {
        "memory": [_as_trained(pair.memory) for pair in pairs],
        "message": [pair.message for pair in pairs],
        "label": [pair.target for pair in pairs],
    }
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(folder / "training"),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        warmup_steps=0.1,
        seed=settings.seed,
        fp16=settings.half_precision == "fp16",
        bf16=settings.half_precision == "bf16",
        logging_steps=0.02,
        save_strategy="no",
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to="none",
    )
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=Dataset.from_dict(columns), loss=CosineSimilarityLoss(model)
    )
    trainer.remove_callback(ProgressCallback)
    for callback in [one for one in trainer.callback_handler.callbacks if isinstance(one, BaseModelCardCallback)]:
        trainer.remove_callback(callback)  # it computes examples for a card we do not write
    trainer.train()
    encoder = SentenceEncoder(model, str(folder))
    encoder.threshold = calibrated_threshold(encoder, held_out, chit_chat(), settings.precision, settings.silence)
    encoder.save(folder)
    curve = [{"step": row["step"], "loss": row["loss"]} for row in trainer.state.log_history if "loss" in row]
    return encoder, curve


def chosen_pairs(lines: Sequence[Line], max_pairs: int, seed: int = 0) -> list[Pair]:
    """At most so many pairs: all the hard ones, the rest of the product, half of it pairs that share a word where there are."""
    import random

    rng = random.Random(seed)
    hard = hard_pairs(lines, chit_chat(), seed)
    if len(lines) ** 2 + len(hard) <= max_pairs:
        return product(lines) + hard
    hard = rng.sample(hard, min(len(hard), max_pairs // 3))
    # the product of 2,000 lines has 4 million pairs: draw from it without making it
    related: list[Pair] = []
    unrelated: list[Pair] = []
    wanted = max_pairs - len(hard)
    for _ in range(50 * wanted):
        pair = _drawn(rng.choice(lines), rng.choice(lines))
        (related if pair.target else unrelated).append(pair)
        if len(related) >= wanted // 2 and len(unrelated) >= wanted - wanted // 2:
            break
    return hard + related[: wanted // 2] + unrelated[: wanted - wanted // 2]


def _drawn(one: Line, other: Line) -> Pair:
    return product([one, other])[1]


def _as_trained(memory: str) -> str:
    key, value = key_and_value(memory)
    return f"[{SAME_KEYS.get(key, key)}: {value}]"


def _load(model: str, device: str | None = None) -> Any:
    """A SentenceTransformer from safetensors, without remote code: our own module is named here, not read from the folder."""
    from sentence_transformers import SentenceTransformer

    from diaglib.memory.encoder_module import NgramEmbedding

    modules = Path(model) / "modules.json"
    if modules.is_file() and NgramEmbedding.__name__ in modules.read_text(encoding="utf-8"):
        return SentenceTransformer(modules=[NgramEmbedding.load(model)], device=device)
    return SentenceTransformer(model, device=device, trust_remote_code=False, model_kwargs={"use_safetensors": True})
