"""TRL's ORPO and DPO trainers for rows that come as ids: batches by length, a loss that is no number named, careful checkpoints.

Used by `preference`. Rule: what a loss means is as TRL and its paper define it, over the answer's tokens.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional
from trl import DPOTrainer
from trl.experimental.orpo import ORPOTrainer

from diaglib.tuning.encoded import NOT_LEARNT
from diaglib.tuning.trainers import Careful, answer_log_probabilities, answer_logits


class PairTrainer(Careful, ORPOTrainer):
    """ORPO (Hong, Lee and Thorne 2024): the likelihood of the chosen answers, and the odds of chosen against rejected ones.

    Two things differ from TRL's: the likelihood is of the answer without the prompt, as in our SFT, and no logits are computed
    for prompts, which is most of what did not fit on a small card.
    """

    def tokenize_row(self, feature: Any, model: Any = None) -> dict[str, Any]:
        """The rows come as ids."""
        return {}

    def concatenated_forward(self, model: Any, batch: dict[str, Any]) -> tuple:
        ids, labels = _both_sides(batch, self.processing_class.pad_token_id)
        logits, targets = answer_logits(model, ids, labels)
        log_probabilities = answer_log_probabilities(logits, targets)
        counts = (targets != NOT_LEARNT).sum(1)
        means = log_probabilities.sum(1) / counts.clamp(min=1)
        chosen = len(batch["chosen_labels"])
        likelihood = -log_probabilities[:chosen].sum() / counts[:chosen].sum()
        return means[:chosen], means[chosen:], logits[:chosen], logits[chosen:], likelihood

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        rows = inputs.pop("row", [])
        result = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        self._require_finite(result[0] if return_outputs else result, rows)
        return result


class ReferenceTrainer(Careful, DPOTrainer):
    """DPO (Rafailov et al. 2023): how much likelier the chosen answers became than the rejected, against a frozen reference.

    The reference is the start of the run: of an adapter a frozen copy (or the base alone), of all weights a second model.
    """

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset  # the rows come as ids

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        rows = inputs.pop("row", [])
        pad_id = self.processing_class.pad_token_id
        ids, labels = _both_sides(inputs, pad_id)
        # an answer cannot see what comes after it, so padding needs no mask; TRL counts tokens by it
        sides = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "completion_mask": (labels != NOT_LEARNT).long()}
        result = super().compute_loss(model, sides, return_outputs, num_items_in_batch)
        self._require_finite(result[0] if return_outputs else result, rows)
        return result


def _both_sides(batch: dict[str, Any], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and labels of the chosen answers, and below them the rejected."""
    ids, labels = (
        _stacked(batch[f"chosen_{name}"], batch[f"rejected_{name}"], fill)
        for name, fill in (("input_ids", pad_id), ("labels", NOT_LEARNT))
    )
    return ids, labels


def _stacked(one: torch.Tensor, other: torch.Tensor, fill: int) -> torch.Tensor:
    """Two batches of rows as one, padded on the right."""
    longest = max(one.shape[1], other.shape[1])
    return torch.cat([functional.pad(part, (0, longest - part.shape[1]), value=fill) for part in (one, other)])
