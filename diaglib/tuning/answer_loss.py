"""How likely a model finds the written answers: nats a token, row by row. Notebook 03, for what generated answers do not show.

Rule: the loss is over the answer and its end mark, as in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from diaglib.tuning.encoded import Collator, encode_rows
from diaglib.tuning.loading import load_base
from diaglib.tuning.rows import Row
from diaglib.tuning.settings import TuningSettings

ROWS_AT_ONCE = 32


def answer_losses(model: str | Path, rows: Sequence[Row], settings: TuningSettings) -> list[float]:
    """Mean negative log-likelihood of the answer tokens of every row that fits in `settings.max_tokens`, in their order.

    `model` is loaded once more, with all its weights: for models that are small. Raises TuningError where no row fits.
    """
    import torch

    from diaglib.tuning.trainers import answer_log_probabilities, answer_logits

    base = load_base(str(model), replace(settings, method="full", activation_checkpointing=False))
    encoded = encode_rows(rows, base.writer, settings.max_tokens).rows
    collate = Collator(base.writer.tokenizer.pad_token_id)
    losses: list[float] = []
    base.model.eval()
    with torch.no_grad():
        for start in range(0, len(encoded), ROWS_AT_ONCE):
            batch = collate([encoded[i] for i in range(start, min(start + ROWS_AT_ONCE, len(encoded)))])
            logits, targets = answer_logits(base.model, batch["input_ids"], batch["labels"])
            total = answer_log_probabilities(logits, targets).sum(1)
            losses += (-total / (targets >= 0).sum(1)).tolist()
    return losses
