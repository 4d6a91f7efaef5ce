"""Trains what `local` knows of Korean on our lines: n-gram embedding, model of keys and of their words, memory side.

Used by `diaglib memory train` and notebook 06. Rule: a line is never learnt by heart: openings, endings, values and n-grams vary.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diaglib.memory.associations import all_associated_lines, associated_lines, keys_of_values, load_associations
from diaglib.memory.encoder_local import LocalEncoder
from diaglib.memory.encoder_said import PREFIX, said_arrays
from diaglib.memory.encoder_wordings import part_of_key, vary
from diaglib.memory.lines import Topic, message_variants
from diaglib.memory.ngrams import BUCKETS, overlap_ids
from diaglib.memory.pairs import Line, key_words, targets

if TYPE_CHECKING:
    import numpy as np
    import torch

# beside the key's cross-entropy, 1.0
EDGE_WEIGHTS = {"words": 4.0, "cosine": 2.0, "contrast": 0.5, "values": 0.3, "subjects": 1.0}
CONTRAST_SCALE = 12.0
VALUES_A_STEP = 32
REFERENCE_VALUES = 1_000  # values whose suiting a message is compared with
HIDDEN_HEADS = ("message_in", "key_in", "value_in", "message_subject", "value_subject")


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Sizes of a training.

    `members` embeddings of that `width`, `epochs` over fresh wordings, `batch_size` in lines, the share of n-grams left out;
    for the judge the `folds`, the `stores` of each writer and the `sweep_stores` of each of our sweeps over all keys, at most
    `set_stores` sets and `unknown_stores` of keys it does not know a fold, how many `judges` are averaged, their width and
    steps, and what finding the right memory first weighs beside the error; `precision` and `silence` are what the threshold
    is calibrated for.
    """

    members: int = 3
    width: int = 46
    epochs: int = 9
    batch_size: int = 128
    learning_rate: float = 2e-2
    weight_decay: float = 0.02
    gram_dropout: float = 0.5
    values_per_message: int = 2
    folds: int = 6
    stores: int = 24
    sweep_stores: int = 48
    set_stores: int = 1_000
    unknown_stores: int = 200
    judges: int = 4
    judge_width: int = 24
    judge_steps: int = 1_500
    first_weight: float = 0.05
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

    rng = random.Random(settings.seed)
    torch.manual_seed(settings.seed)
    model = _Model(topics, settings)
    variants, associations, keys = message_variants(), load_associations(), keys_of_values(topics)
    # rows that a batch does not touch stay as they are: many times faster than a dense step over all buckets
    optimizers = [
        torch.optim.SparseAdam(model.table.parameters(), settings.learning_rate),
        torch.optim.AdamW(model.heads.parameters(), settings.learning_rate, weight_decay=settings.weight_decay),
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
            loss = model.loss(batch, rng)
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
    arrays = model.arrays() | {"rarity": _rarity(every_line, chat)} | said_arrays(said, model.keys)
    return LocalEncoder(arrays, model.keys, model.words)


class _Model:
    """The parts that learn together, and the tables their targets come from. The last "key" is no memory at all."""

    def __init__(self, topics: Sequence[Topic], settings: TrainingSettings) -> None:
        import torch

        from diaglib.memory.encoder_module import NgramEmbedding

        self.keys = sorted({topic.key for topic in topics})
        self.words = sorted({word for key in self.keys for word in key_words(key)})
        self.place = {key: place for place, key in enumerate(self.keys)}
        self.in_key = torch.tensor([[float(word in key_words(key)) for word in self.words] for key in [*self.keys, ""]])
        overlap = torch.tensor(targets(self.keys, self.keys), dtype=torch.float32)
        self.overlap = torch.cat([overlap, torch.zeros(1, len(self.keys))])
        self.with_value: dict[str, set[int]] = {}
        for topic in topics:
            for value in topic.values:
                self.with_value.setdefault(value, set()).add(self.place[topic.key])
        self.values = sorted(self.with_value)
        self.value_place = {value: place for place, value in enumerate(self.values)}
        width = settings.width
        self.table = NgramEmbedding(width, settings.gram_dropout, sparse=True)
        self.heads = torch.nn.ModuleDict(
            {
                "key_out": torch.nn.Linear(width, len(self.keys) + 1),
                "word_out": torch.nn.Linear(width, len(self.words)),
                **{name: torch.nn.Linear(width, width, bias=False) for name in HIDDEN_HEADS},
            }
        )

    def loss(self, batch: Sequence[Line], rng: random.Random) -> torch.Tensor:
        """Which key, which of its words, how near to every memory of the batch, which of its values is spoken of, and which
        keys a bare value suggests."""
        import torch
        import torch.nn.functional as F

        place = torch.tensor([self.place.get(line.key, len(self.keys)) for line in batch])
        hidden = self._embed([line.message for line in batch])
        loss = F.cross_entropy(self.heads["key_out"](hidden), place, label_smoothing=0.05)
        of_words = F.binary_cross_entropy_with_logits(self.heads["word_out"](hidden), self.in_key[place])
        told = [line for line in batch if line.key]
        memory = self.heads["key_in"](self._embed([part_of_key(line.key, rng) for line in told]))
        memory = memory + self.heads["value_in"](self._embed([line.value if rng.random() < 0.8 else "" for line in told]))
        cosine = F.normalize(self.heads["message_in"](hidden)) @ F.normalize(memory).T
        wanted = self.overlap[place][:, [self.place[line.key] for line in told]]
        same = (wanted == 1).float()
        asked = same.sum(1) > 0
        contrast = _right_ones(cosine[asked], same[asked])
        speaking = hidden[[place for place, line in enumerate(batch) if line.key]]
        of_told = self._embed([line.value for line in told])
        subjects = F.normalize(self.heads["message_subject"](speaking)) @ F.normalize(self.heads["value_subject"](of_told)).T
        value = torch.tensor([self.value_place[line.value] for line in told])
        of_subjects = _right_ones(subjects, (value[:, None] == value[None]).float())
        some = rng.sample(self.values, min(VALUES_A_STEP, len(self.values)))
        suggested = torch.zeros(len(some), len(self.keys) + 1)
        for row, value in enumerate(some):
            suggested[row, list(self.with_value[value])] = 1 / len(self.with_value[value])
        of_values = F.cross_entropy(self.heads["key_out"](self._embed(some)), suggested)
        weights = EDGE_WEIGHTS
        return (
            loss
            + weights["words"] * of_words
            + weights["cosine"] * F.mse_loss(cosine, wanted)
            + weights["contrast"] * contrast
            + weights["values"] * of_values
            + weights["subjects"] * of_subjects
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything learnt, by the names that `Reader` knows, of one member."""
        import torch
        import torch.nn.functional as F

        named = {name: head.weight for name, head in self.heads.items()}
        named |= {"embedding": self.table.embedding.weight}
        named |= {"key_bias": self.heads["key_out"].bias, "word_bias": self.heads["word_out"].bias}
        arrays = {name: array.detach().numpy()[None] for name, array in named.items()}
        self.table.eval()
        with torch.no_grad():
            some = self.values[:: max(1, len(self.values) // REFERENCE_VALUES)]
            subjects = F.normalize(self.heads["value_subject"](self._embed(some)))
        return arrays | {"value_subjects": subjects.numpy()}

    def _embed(self, texts: Sequence[str]) -> Any:
        return self.table(self.table.preprocess(texts))["sentence_embedding"]


def _right_ones(cosines: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Contrastive loss: every row should choose among the columns those that are 1 in `right` (van den Oord et al. 2018)."""
    import torch.nn.functional as F

    chances = F.log_softmax(cosines * CONTRAST_SCALE, dim=1)
    return -(chances * right / right.sum(1, keepdim=True)).sum(1).mean()


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
