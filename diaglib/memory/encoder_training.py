"""Trains what `local` knows of Korean on our lines: n-gram embedding, model of keys and of their words, memory side.

Used by `diaglib memory train` and notebook 06. Rule: a line is never learnt by heart: openings, endings, values and n-grams vary.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diaglib.memory.associations import all_associated_lines, associated_lines, keys_of_values, load_associations
from diaglib.memory.encoder_local import LocalEncoder
from diaglib.memory.encoder_said import PREFIX, said_arrays
from diaglib.memory.encoder_wordings import vary
from diaglib.memory.lines import Topic, message_variants
from diaglib.memory.ngrams import BUCKETS, overlap_ids
from diaglib.memory.pairs import Line

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Sizes of a training.

    `members` embeddings of that `width` (even), `epochs` over fresh wordings, `batch_size` in lines, the share of n-grams left
    out; for the judge the `folds`, the `stores` of each writer and the `sweep_stores` of each of our sweeps over all keys, at
    most `set_stores` sets and `unknown_stores` of keys it does not know a fold, how many `judges` are averaged, their width and
    steps, and what finding the right memory first weighs beside the error; `precision` and `silence` are what the threshold
    is calibrated for.
    """

    members: int = 3
    width: int = 48
    epochs: int = 9
    batch_size: int = 128
    learning_rate: float = 1.5e-2
    weight_decay: float = 0.02
    gram_dropout: float = 0.5
    values_per_message: int = 2
    folds: int = 6
    stores: int = 24
    sweep_stores: int = 48
    set_stores: int = 100
    unknown_stores: int = 200
    judges: int = 4
    judge_width: int = 24
    judge_steps: int = 2_500
    first_weight: float = 0.02
    precision: float = 0.75
    silence: float = 0.85
    seed: int = 0


def train_embedding(
    topics: Sequence[Topic], chat: Sequence[str], settings: TrainingSettings, history: list[dict[str, float]] | None = None
) -> LocalEncoder:
    """One member: embedding, key model, word model, memory side and subjects on those topics, without a judge.

    `history` gets a row an epoch: epoch and mean loss.
    """
    import torch

    from diaglib.memory.encoder_network import Network

    rng = random.Random(settings.seed)
    torch.manual_seed(settings.seed)
    network = Network(topics, settings.width, settings.gram_dropout)
    variants, associations, keys = message_variants(), load_associations(), keys_of_values(topics)
    rows_of_grams, others = network.parameters()
    optimizers = [
        torch.optim.SparseAdam(rows_of_grams, settings.learning_rate),
        torch.optim.AdamW(others, settings.learning_rate, weight_decay=settings.weight_decay),
    ]
    rates = (settings.learning_rate, settings.learning_rate / 2)
    for epoch in range(settings.epochs):
        lines = [line for topic in topics for line in topic.lines(rng, settings.values_per_message, variants)]
        lines += associated_lines(associations, keys, rng)
        rows = [Line(line.key, line.value, vary(line.message, rng)) for line in lines]
        rows += [Line("", "", vary(message, rng)) for message in rng.choices(list(chat), k=len(lines) // 12 + 1)]
        rng.shuffle(rows)
        batches = [rows[at : at + settings.batch_size] for at in range(0, len(rows), settings.batch_size)]
        total = 0.0
        for number, batch in enumerate(batches):
            loss = network.loss(batch, rng)
            done = (epoch + number / len(batches)) / settings.epochs
            for optimizer, rate in zip(optimizers, rates, strict=True):
                optimizer.zero_grad()
                optimizer.param_groups[0]["lr"] = rate * min(1.0, 20 * done + 0.05, 1.02 - done)
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            total += float(loss.detach())
        if history is not None:
            history.append({"epoch": epoch + 1, "loss": total / len(batches)})
    every_line = [line for topic in topics for line in topic.lines(rng, len(topic.values))]
    said = [line for topic in topics for line in topic.lines(rng)] + all_associated_lines(associations, keys)
    arrays = network.arrays() | {"rarity": _rarity(every_line, chat)} | said_arrays(said, network.keys)
    return LocalEncoder(arrays, network.keys, network.words)


def as_members(encoders: Sequence[LocalEncoder]) -> LocalEncoder:
    """One encoder of several that were trained on the same topics from different seeds."""
    import numpy as np

    first, together = encoders[0], {}
    for name, array in first.arrays.items():
        others = [encoder.arrays[name] for encoder in encoders]
        if name == "value_subjects":
            together[name] = np.concatenate(others, axis=1) / np.sqrt(len(others))
        else:
            together[name] = array if name == "rarity" or name.startswith(PREFIX) else np.concatenate(others)
    return LocalEncoder(together, first.keys, first.words)


def _rarity(lines: Sequence[Line], chat: Sequence[str]) -> np.ndarray:
    """Weight of every bucket of `overlap_ids`: the log of how rarely it occurs, (BUCKETS,)."""
    import numpy as np

    texts = [*{line.message for line in lines}, *{line.memory for line in lines}, *chat]
    counts = np.zeros(BUCKETS)
    for text in texts:
        counts[overlap_ids(text)] += 1
    return np.log((len(texts) + 1) / (counts + 1)).astype(np.float32)
