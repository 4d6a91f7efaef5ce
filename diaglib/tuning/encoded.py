"""Rows as token ids, batches of similar length in an order that a resumed run finds again, and the batch tensors.

Used by notebooks 03 and 04. Rules: the loss is on the answer alone; rows that are too long are counted, not cut.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diaglib.tuning.errors import TuningError
from diaglib.tuning.rows import Row
from diaglib.tuning.writers import Writer

if TYPE_CHECKING:
    import datasets

NOT_LEARNT = -100  # the label that torch's cross entropy leaves out


@dataclass(frozen=True)
class Encoded:
    """Rows as a `datasets.Dataset` (input_ids, labels, length, row) with what was left out, and why."""

    rows: datasets.Dataset
    too_long: int
    not_writable: int
    answer_tokens: int

    @property
    def told(self) -> str:
        """What was left out, in words; empty where nothing was."""
        parts = [f"{self.too_long} too long"] * bool(self.too_long)
        parts += [f"{self.not_writable} that this model's vocabulary cannot write"] * bool(self.not_writable)
        return f"left out of {len(self.rows) + self.too_long + self.not_writable} rows: {', '.join(parts)}" if parts else ""


def encode_rows(rows: Sequence[Row], writer: Writer, max_tokens: int) -> Encoded:
    """Ids of all rows of at most `max_tokens`. Raises TuningError where none is left."""
    import datasets

    kept: list[dict[str, Any]] = []
    too_long = not_writable = answer_tokens = 0
    for row in rows:
        ids = writer.encode(row.prompt, row.answer)
        if ids is None:
            not_writable += 1
        elif len(ids[0]) + len(ids[1]) > max_tokens:
            too_long += 1
        else:
            kept.append(as_features(*ids) | {"row": row.number})
            answer_tokens += len(ids[1])
    if not kept:
        raise TuningError(
            "rows",
            f"none of {len(rows)} rows can be used: {too_long} are longer than {max_tokens} tokens (raise max_tokens), "
            f"{not_writable} cannot be written by this model",
        )
    return Encoded(datasets.Dataset.from_list(kept), too_long, not_writable, answer_tokens)


def as_features(prompt_ids: list[int], answer_ids: list[int]) -> dict[str, Any]:
    """One sequence with labels on its answer alone."""
    ids = prompt_ids + answer_ids
    return {"input_ids": ids, "labels": [NOT_LEARNT] * len(prompt_ids) + answer_ids, "length": len(ids)}


class LengthGroups:
    """Row numbers epoch by epoch: batches of similar length in random order, the longest first so that a lack of memory
    shows at once. The order depends on seed and epoch alone."""

    def __init__(self, lengths: Sequence[int], rows_a_batch: int, seed: int) -> None:
        self.lengths, self.rows_a_batch, self.seed, self.epoch = list(lengths), rows_a_batch, seed, 0

    def __len__(self) -> int:
        return len(self.lengths)

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before every epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        rng = random.Random(f"{self.seed} {self.epoch}")
        order = list(range(len(self.lengths)))
        rng.shuffle(order)
        order.sort(key=lambda i: -self.lengths[i])  # stable: rows of one length stay shuffled
        batches = [order[i : i + self.rows_a_batch] for i in range(0, len(order), self.rows_a_batch)]
        # a short last batch stays last, so that all others are whole
        first, last = batches[:1], batches[-1:] if len(batches) > 1 and len(batches[-1]) < self.rows_a_batch else []
        middle = batches[1 : len(batches) - len(last)]
        rng.shuffle(middle)
        for batch in [*first, *middle, *last]:
            yield from batch


@dataclass(frozen=True)
class Collator:
    """Features to tensors, padded on the right: an answer cannot see what comes after it, so no attention mask is needed and
    the quickest attention kernels can be used. Names with a prefix (`chosen_input_ids`) are padded alike."""

    pad_id: int

    def __call__(self, features: Sequence[dict[str, Any]]) -> dict[str, Any]:
        import torch

        batch: dict[str, Any] = {"row": [feature["row"] for feature in features]}
        for name in features[0]:
            if name.endswith(("input_ids", "labels")):
                fill = NOT_LEARNT if name.endswith("labels") else self.pad_id
                longest = max(len(feature[name]) for feature in features)
                batch[name] = torch.tensor([[*feature[name], *[fill] * (longest - len(feature[name]))] for feature in features])
        return batch
